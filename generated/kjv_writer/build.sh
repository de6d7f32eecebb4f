#!/bin/sh
# Builds the program kjv_writer here; hf2c is not needed. CC, CFLAGS and OUT may be set.
set -e
cd "$(dirname "$0")"
: "${CC:=clang}"
: "${OUT:=kjv_writer}"
THREADS=$(echo 'int main(void){return 0;}' | "$CC" -fopenmp -x c - -o /dev/null 2>/dev/null && echo -fopenmp || true)
"$CC" -O3 -march=x86-64-v4 -ffunction-sections -fdata-sections $THREADS $CFLAGS *.c -o "$OUT" -Wl,--gc-sections -lm
