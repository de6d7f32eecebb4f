# The QEMU board of a target, sourced with its name: $board, $mhz (its clock), the addresses $code, $data and $slow (where weights lie), and
# how many verses it classifies in seconds.
case $1 in
cortex-m3) board="qemu-system-arm -M mps2-an385" mhz=25 code=0x0 data=0x20000000 slow=0x21000000 verses=2 ;;
cortex-m7) board="qemu-system-arm -M mps2-an500" mhz=25 code=0x0 data=0x20000000 slow=0x60000000 verses=20 ;;
cortex-m33) board="qemu-system-arm -M mps2-an505" mhz=20 code=0x10000000 data=0x38000000 slow=0x80000000 verses=5 ;;
cortex-m55) board="qemu-system-arm -M mps3-an547" mhz=32 code=0x0 data=0x21000000 slow=0x60000000 verses=5 ;;
rv32imafc) board="qemu-system-riscv32 -M virt -bios none" mhz=10 code=0x80000000 data=0x80400000 slow=0x81000000 verses=5 ;;
*) board="" ;;
esac
