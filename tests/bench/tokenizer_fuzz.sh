#!/bin/sh
# Compiled tokenizers against HF tokenizers from PyPI on random texts: those of tests/oracle/tokenizers, and random components.
#
#   tests/bench/tokenizer_fuzz.sh HF2C WORK_FOLDER [SECONDS [SEED]]
set -eu
here=$(dirname "$0")
work=$2
mkdir -p "$work"
python=$(sh "$here/venv.sh" tokenizers)
export TOKENIZERS_PARALLELISM=false RUST_BACKTRACE=0
exec "$python" "$here/fuzz_tokenizers.py" "$1" "$work" "${3:-600}" "${4:-$(date +%s)}" "$here"/../oracle/tokenizers/*/
