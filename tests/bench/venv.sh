#!/bin/sh
# Prints the path of a Python that has these packages of PyPI, in a virtual environment under the cache folder.
#
#   tests/bench/venv.sh PACKAGE[==VERSION]...
set -eu
venv=${HF2C_BENCH_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/hf2c-bench}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" >&2
for package in "$@"; do
    "$venv/bin/python" -c "import ${package%%=*}" 2>/dev/null || "$venv/bin/pip" -q install "$package" >&2
done
echo "$venv/bin/python"
