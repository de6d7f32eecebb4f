#!/bin/sh
# Prints the path of a Python that has these packages of PyPI, in a virtual environment under the cache folder.
#
#   tests/bench/venv.sh PACKAGE[==VERSION]...
set -eu
venv=${HF2C_BENCH:-${XDG_CACHE_HOME:-$HOME/.cache}/hf2c/bench}/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" >&2
for package in "$@"; do
    "$venv/bin/python" - "$package" <<'PYTHON' || "$venv/bin/python" -m pip -q install "$package" >&2
import importlib.metadata, sys
name, _, version = sys.argv[1].partition("==")
try:
    found = importlib.metadata.version(name)
except importlib.metadata.PackageNotFoundError:
    sys.exit(1)
sys.exit(version not in ("", found))
PYTHON
done
echo "$venv/bin/python"
