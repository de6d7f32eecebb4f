# The QEMU board of a target, sourced with its name where $ROOT and $here (this folder) are set: $board, $mhz (its clock), the addresses $code, $data and $slow (where weights lie), and
# how many verses it classifies in seconds.
name=$1
case $name in
cortex-m3) board="qemu-system-arm -M mps2-an385" mhz=25 code=0x0 data=0x20000000 slow=0x21000000 verses=2 ;;
cortex-m7) board="qemu-system-arm -M mps2-an500" mhz=25 code=0x0 data=0x20000000 slow=0x60000000 verses=20 ;;
cortex-m33) board="qemu-system-arm -M mps2-an505" mhz=20 code=0x10000000 data=0x38000000 slow=0x80000000 verses=5 ;;
cortex-m55) board="qemu-system-arm -M mps3-an547" mhz=32 code=0x0 data=0x21000000 slow=0x60000000 verses=5 ;;
rv32imafc) board="qemu-system-riscv32 -M virt -bios none" mhz=10 code=0x80000000 data=0x80400000 slow=0x81000000 verses=5 ;;
rv64gc) board="qemu-system-riscv64 -M virt -bios none" mhz=10 code=0x80000000 data=0x80400000 slow=0x81000000 verses=5 ;;
*) board="" ;;
esac

target() { sed -n "s/^$1 *= *//p" "$ROOT/targets/$name.target"; }
compiler=$(target compiler)
# board_image FOLDER PROGRAM IMAGE OPTION...: links a firmware folder with one of the programs here
board_image() {
    # shellcheck disable=SC2046
    "$compiler" -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror $(target flags) -DBOARD_MHZ=$mhz -DHF2C_WEIGHTS_SECTION='.weights,"a",%progbits' "${@:4}" -I"$1" -Wa,-I"$1" -I"$here" \
        $(ls "$1"/*.c "$1"/*.S 2>/dev/null) "$here"/{startup,semihosting,text,"$2"}.c -nostartfiles -nostdlib -T "$here/board.ld" \
        -Wl,--defsym=code_origin=$code,--defsym=data_origin=$data,--defsym=slow_origin=$slow -Wl,--gc-sections -lgcc -o "$3"
}
# board_run IMAGE OPTION...: what it says
board_run() { timeout 600 $board "${@:2}" -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel "$1"; }
