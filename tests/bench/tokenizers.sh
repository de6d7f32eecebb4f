#!/bin/sh
# Speed of compiled tokenizers beside HF tokenizers, tiktoken and sentencepiece: same text, same machine, one core, in turns.
# Vocabularies are trained here on text that the system has.
#
#   tests/bench/tokenizers.sh BENCH_TOKENIZERS WORK_FOLDER      (BENCH_TOKENIZERS: the program built from tokenizers.c)
set -eu
bench=$1
work=$2
mkdir -p "$work"
python=$(sh "$(dirname "$0")/venv.sh" tokenizers tiktoken sentencepiece)
export TOKENIZERS_PARALLELISM=false RAYON_NUM_THREADS=1 OMP_NUM_THREADS=1
exec "$python" "$(dirname "$0")/compare_tokenizers.py" "$bench" "$work"
