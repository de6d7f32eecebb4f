#!/usr/bin/env bash
# How many instructions a verse of kjv-genre and a token of kjv-writer are on AArch64 without and with its products of bytes:
# tests/bench/instructions.sh HF2C. qemu-aarch64 counts those of one run and of one with twice the work; the difference is what stands here.
set -euo pipefail
HF2C=$(realpath "$1")
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 - "$ROOT/examples/kjv-genre/golden.json" <<'PY'
import json, sys
verse = json.load(open(sys.argv[1]))["verses"][0]["text"] + "\n"
open("one", "w").write(verse)
open("two", "w").write(verse + verse)
PY

# executed PROGRAM ARGUMENT...: instructions of a run
executed() { qemu-aarch64 -singlestep -d exec,nochain -D /dev/fd/3 "$@" --threads 1 3>&1 >/dev/null | grep -c ^Trace; }
writes() { executed ./kjv-writer --max-new-tokens "$1" "In the beginning"; }

printf '| model | precision | target | instructions |\n|---|---|---|---:|\n'
for precision in q8 q4; do
    for target in aarch64 aarch64-dotprod aarch64-i8mm; do
        for model in kjv-genre kjv-writer; do
            "$HF2C" build "$ROOT/examples/$model" --target "$target" --precision "$precision" -o "$model" >log 2>&1 || { cat log >&2; exit 1; }
        done
        printf '| kjv-genre | %s | %s | %s |\n' "$precision" "$target" $(($(executed ./kjv-genre <two) - $(executed ./kjv-genre <one)))
        printf '| kjv-writer | %s | %s | %s |\n' "$precision" "$target" $(($(writes 4) - $(writes 3)))
    done
done
