# A chip's limits: a build that needs more is refused and leaves nothing; inspect tells the parts and what would fit, and that is true.
. "$(dirname "$0")/../e2e/common.sh"
command -v arm-none-eabi-gcc >/dev/null || skip "arm-none-eabi-gcc is missing (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi)"
model=$EXAMPLES/kjv-genre
refused 1 "bytes of flash are needed|weights take" "$HF2C" build "$model" --target cortex-m7 --max-seq 32 --flash 1M -o chip
refused 1 "bytes of RAM" "$HF2C" build "$model" --target cortex-m7 --max-seq 32 --ram 32K -o chip
refused 1 "wanted bytes" "$HF2C" build "$model" --target cortex-m7 --ram 12Q -o chip
[ ! -e chip ] || fail "a refused build left something"
"$HF2C" inspect "$model" --target cortex-m7 --max-seq 64 --ram 160K --flash 1500K >said && fail "it cannot fit: $(cat said)"
grep -q "bytes too few" said || fail "inspect does not say what is missing: $(cat said)"
grep -q "stack, worst case" said || fail "inspect does not tell the stack: $(cat said)"
"$HF2C" inspect "$EXAMPLES/kjv-writer" --target cortex-m7 --ram 256K --flash 2200000 >said && fail "it cannot fit: $(cat said)"
# Code differs from compiler to compiler, what changes give does not.
sed -n '/^Each alone/,$ { s/flash [0-9]*, RAM [0-9]*$/flash F, RAM R/; p }' said >advice
diff - advice <<'TEXT' || fail "other advice"
Each alone would take
  --max-rows 8        RAM 793600 less
  --cache q8          RAM 1540096 less
  --precision q8      flash 3256320 less  RAM 512 less
  --precision q4      flash 4993024 less  RAM 512 less
  --max-seq 256       RAM 1048576 less

It would fit with --precision q4 --cache q8 --max-rows 8 --max-seq 128: flash F, RAM R
TEXT
# What it says is true: the build, with these limits, takes so much.
promised=$(sed -n 's/^It would fit with .*: flash \([0-9]*\), RAM \([0-9]*\)$/\1 \2/p' said)
# shellcheck disable=SC2046
"$HF2C" build "$EXAMPLES/kjv-writer" --target cortex-m7 $(sed -n 's/^It would fit with \(.*\): flash.*/\1/p' said) --ram 256K --flash 2200000 -o chip >/dev/null ||
    fail "the advice is wrong"
total() { sed -n "s/^| \*\*$1\*\* | \([0-9]*\) |$/\1/p" chip/MODEL.md; }
[ "$promised" = "$(total flash) $(total RAM)" ] || fail "promised $promised, built $(total flash) $(total RAM)"
"$HF2C" inspect "$model" --target cortex-m7 --ram 16K --flash 130000 >said && fail "it cannot fit: $(cat said)"
grep -q '^Nothing of this is enough; with --precision q4 it would need flash [0-9]*, RAM [0-9]*$' said || fail "other advice: $(cat said)"
