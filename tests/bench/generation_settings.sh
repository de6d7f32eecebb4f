#!/bin/sh
# Random settings of generation: does a program answer as generate() of transformers does? transformers and torch come from PyPI.
#
#   tests/bench/generation_settings.sh HF2C WORK_FOLDER [--settings N] [--seed S] [MODEL...]
set -eu
hf2c=$1
work=$2
shift 2
mkdir -p "$work"
[ -x "$work/venv/bin/python" ] || { python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install torch transformers==5.23.0 sentencepiece sacremoses; }
export TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
exec "$work/venv/bin/python" "$(dirname "$0")/generation_settings.py" "$hf2c" "$@"
