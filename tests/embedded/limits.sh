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
advice=$(sed -n 's/^  \(--precision.*\)   flash.*/\1/p' said | head -1)
[ -n "$advice" ] || fail "no advice: $(cat said)"
case $advice in *--max-seq*) ;; *) advice="$advice --max-seq 64" ;; esac
# shellcheck disable=SC2086
"$HF2C" build "$model" --target cortex-m7 $advice --ram 160K --flash 1500K -o chip >/dev/null || fail "the advice is wrong: $advice"
grep -q "stack, worst case" chip/MODEL.md || fail "MODEL.md does not tell the stack"
