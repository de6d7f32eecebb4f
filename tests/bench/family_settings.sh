#!/bin/sh
# Families in odd shapes: does hf2c compute what transformers does? transformers and torch come from PyPI.
#
#   tests/bench/family_settings.sh HF2C [--settings N] [--seed S] [--old] [--engines LIST] [CASE...]
set -eu
here=$(dirname "$0")
python=$(sh "$here/venv.sh" torch transformers==5.23.0)
export TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1 HF_HUB_DISABLE_PROGRESS_BARS=1 OMP_NUM_THREADS=1
exec "$python" "$here/family_settings.py" "$@"
