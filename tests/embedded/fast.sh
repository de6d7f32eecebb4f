# Two memories: what steps touch most lies in the faster one, in a section of its own; the answers and bits are those of one memory; what
# cannot hold any part is refused.
. "$(dirname "$0")/../e2e/common.sh"
here=$ROOT/tests/embedded
for tool in arm-none-eabi-gcc qemu-system-arm; do command -v $tool >/dev/null || skip "$tool is missing (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)"; done
model=$EXAMPLES/kjv-genre options="--target cortex-m7 --max-seq 64 --precision q8"
. "$here/board.sh" cortex-m7
printf 'Thou shalt not steal.\nThe LORD is my shepherd; I shall not want.\n' >verses.txt
part() { sed -n "s/^| $1 | \([0-9]*\) |$/\1/p" "$2/MODEL.md"; }
# shellcheck disable=SC2086
for way in one "two --fast-ram 48K"; do
    set -- $way
    "$HF2C" build "$model" $options "${@:2}" -o "$1" >/dev/null
    board_image "$1" classify "$1.elf"
    board_run "$1.elf" >said || fail "$1: $(cat said)"
    grep -v '^stack' said >"$1.said"
done
grep -q "^bits" one.said || fail "no bits: $(cat one.said)"
diff one.said two.said || fail "other answers with two memories"
fast=$(part 'fast workspace: [0-9]* % of what steps touch' two)
[ "$fast" -gt 24576 ] && [ "$fast" -le 49152 ] || fail "fast workspace: $fast bytes"
[ "$(($(part workspace two) + fast))" -le "$(($(part workspace one) + 16384))" ] || fail "two memories need much more than one"
grep -q "call->fast + " two/kjv_genre.c || fail "nothing lies in the faster memory"
slow=$("${compiler%gcc}size" -A two.elf | awk '$1 == ".slow" { print $2 }')
[ "$slow" = "$(part workspace two)" ] || fail "slow memory: $slow bytes in the image"
# shellcheck disable=SC2086
"$HF2C" inspect "$model" $options --fast-ram 48K --ram 300K >said || fail "it fits: $(cat said)"
grep -qE "^  fast workspace +$fast" said || fail "inspect does not tell the fast workspace: $(cat said)"
grep -qE "^  workspace +$slow" said || fail "inspect does not tell the workspace: $(cat said)"
# shellcheck disable=SC2086
refused 1 "fast-ram: found 16 bytes, wanted at least [0-9]+: no part of the workspace is smaller" "$HF2C" build "$model" $options --fast-ram 16 -o chip
refused 1 "fast-ram is for firmware, not for target c11" "$HF2C" build "$model" --target c11 --fast-ram 64K -o chip
echo "the same bits; $fast bytes in the faster memory, $slow beside it: $(sed -n 's/^| fast workspace: \(.*\) | .*/\1/p' two/MODEL.md)"
