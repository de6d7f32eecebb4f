#!/bin/sh
# Random settings of generation: does a program answer as generate() of transformers does? transformers and torch come from PyPI.
#
#   tests/bench/generation_settings.sh HF2C [--settings N] [--seed S] [MODEL...]
set -eu
here=$(dirname "$0")
python=$(sh "$here/venv.sh" torch transformers==5.23.0 sentencepiece sacremoses)
export TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
exec "$python" "$here/generation_settings.py" "$@"
