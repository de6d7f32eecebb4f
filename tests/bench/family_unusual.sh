#!/bin/sh
# Unusual values of each key of each family's config: computed as transformers does, or refused. transformers and torch come from PyPI.
#
#   tests/bench/family_unusual.sh HF2C [--key KEY] [--random N [--seed S]] [CASE...]
set -eu
here=$(dirname "$0")
python=$(sh "$here/venv.sh" torch transformers==5.23.0)
export TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1 HF_HUB_DISABLE_PROGRESS_BARS=1 OMP_NUM_THREADS=1
exec "$python" "$here/family_unusual.py" "$@"
