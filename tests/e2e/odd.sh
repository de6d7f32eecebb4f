#!/usr/bin/env bash
# Odd settings of families: every group of each folder of tests/odd, interpreted and in double.
. "$(dirname "$0")/common.sh"
for folder in "$ROOT"/tests/odd/*/; do
    "$HF2C" verify "$folder" --engines interpreter,reference >"$WORK/said" || { cat "$WORK/said"; exit 1; }
done
