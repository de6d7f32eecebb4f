# Products of bytes: scalar, by the DSP extension, by Helium: each the bits of plain C, and a model on a Cortex-M55 uses Helium's.
. "$(dirname "$0")/../e2e/common.sh"
here=$ROOT/tests/embedded
for tool in arm-none-eabi-gcc qemu-system-arm; do command -v $tool >/dev/null || skip "$tool is missing (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)"; done
mkdir none
for core in cortex-m3 cortex-m7 cortex-m55; do
    . "$here/board.sh" $core
    board_image none dot image.elf -DHF2C_SIMD="$(target isa)" -I"$ROOT"
    board_run image.elf >said || fail "$core: $(cat said)"
    echo "$core: $(cat said)"
done
"$HF2C" build "$EXAMPLES/kjv-genre" --target cortex-m55 --max-seq 16 --precision q8 -o model >/dev/null
grep -q vmladav model/kjv_genre.c || fail "a Cortex-M55's model does not use Helium"
! grep -q "immintrin\|arm_acle" model/kjv_genre.c || fail "a Cortex-M55's model has code for other processors"
