# hf2c bench: the table of a decoder and of an encoder, whole and plausible; nothing is said of how fast.
. "$(dirname "$0")/common.sh"
"$HF2C" bench "$EXAMPLES/kjv-writer" --repeat 2 --tokens 4 | tee writer.md
"$HF2C" bench "$EXAMPLES/kjv-genre" --repeat 1 --threads 1 | tee genre.md
for line in "start-up" "prompt of 128" "decoding 4" "weights, bytes" "workspace, bytes" "state of a sequence" "A decoded token reads"; do
    grep -q "$line" writer.md || fail "no $line"
done
for line in "1 x 8 tokens" "8 x 8 tokens" "8 x 32 tokens" "1 x 128 tokens"; do grep -q "$line" genre.md || fail "no $line"; done
# Every row of a table has as many cells as its head, and every measured value is a positive number.
awk -F'|' '/^\|/ { if (!cells) cells = NF; if (NF != cells) { print "cells: " $0; exit 1 } }
           /tokens\/s|, ms/ && /^\|/ { for (i = 3; i < NF; i++) if ($i + 0 <= 0) { print "value: " $0; exit 1 } }' writer.md ||
    fail "the table is broken"
refused 1 "repeat" "$HF2C" bench "$EXAMPLES/kjv-genre" --repeat 1000
