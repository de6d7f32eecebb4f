#!/bin/sh
# All code points through the normalizers and pre-tokenizers, beside HF tokenizers from PyPI.
#
#   tests/bench/tokenizer_unicode.sh HF2C WORK_FOLDER
set -eu
here=$(dirname "$0")
python=$(sh "$here/venv.sh" tokenizers)
exec "$python" "$here/unicode_tokenizers.py" "$1" "$2"
