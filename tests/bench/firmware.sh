#!/usr/bin/env bash
# What the example models take on a board, and how many instructions a token is: tests/bench/firmware.sh HF2C [TARGET...]. QEMU counts the
# instructions (-icount shift=0); a step's are exact to one tick of the board's clock, some 40 of them. For verses all of 64 tokens are
# counted, for text the token in the middle of 128.
set -euo pipefail
HF2C=$(realpath "$1")
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
here=$ROOT/tests/embedded
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count TARGET MODEL PRECISION OPTION...
count() {
    local model=$2 precision=$3 program=count_classify folder=$work/folder
    . "$here/board.sh" "$1"
    shift 3
    [ "$model" = kjv-genre ] || program=count_write
    rm -rf "$folder"
    "$HF2C" build "$ROOT/examples/$model" --target "$name" --precision "$precision" "$@" -o "$folder" >"$work/log" 2>&1 || { tail -1 "$work/log"; return 0; }
    board_image "$folder" $program "$work/image.elf" || return 0
    board_run "$work/image.elf" -icount shift=0 >"$work/said" || echo failed >>"$work/said"
    part() { sed -n "s/^| $1 | \([0-9]*\) |$/\1/p" "$folder/MODEL.md"; }
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$model" "$precision $*" "$name" "$(part weights)" "$(($(part code) + $(part 'constants of the code')))" \
        "$(part 'tokenizer and its tables')" "$(part workspace) + $(part state)" "$(part 'stack, worst case')" "$(head -1 "$work/said" | cut -d' ' -f1)"
}
printf '| model | precision | target | weights | code | tokenizer | workspace + cache | stack | instructions a token |\n|---|---|---|---:|---:|---:|---:|---:|---:|\n'
[ $# -gt 0 ] || set -- cortex-m7 cortex-m33 cortex-m55 cortex-m3 rv32imafc rv64gc
for target; do
    count "$target" kjv-genre f32 --max-seq 64
    count "$target" kjv-genre q8 --max-seq 64 --ram 128K
    count "$target" kjv-writer q8 --max-seq 128 --max-rows 8
    count "$target" kjv-writer q4 --max-seq 128 --max-rows 8
    count "$target" kjv-writer q4 --max-seq 128 --max-rows 8 --cache q8
done
