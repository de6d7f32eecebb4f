#!/bin/sh
# Chat templates in the style of well-known models, rendered by compiled tokenizers and by jinja2 from PyPI.
#
#   tests/bench/chat_templates.sh HF2C WORK_FOLDER
set -eu
here=$(dirname "$0")
python=$(sh "$here/venv.sh" jinja2)
exec "$python" "$here/chat_templates.py" "$1" "$2"
