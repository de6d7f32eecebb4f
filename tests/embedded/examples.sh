# examples/firmware: the projects build from their Makefiles, fit what they say, give the host's answers over the board's serial port, and are
# the same byte for byte when they are built again; the component compiles.
. "$(dirname "$0")/../e2e/common.sh"
for tool in arm-none-eabi-gcc qemu-system-arm make; do command -v $tool >/dev/null || skip "$tool is missing (Debian: gcc-arm-none-eabi qemu-system-arm make)"; done
cp -r "$EXAMPLES/firmware" firmware
cd firmware
export HF2C

# board PROJECT LINES: its answers to the lines of standard input, in ../PROJECT.said
board() {
    rm -f line
    mkfifo line
    qemu-system-arm -M mps2-an500 -display none -monitor none -serial stdio -kernel "$1/image.elf" <line >"../$1.said" 2>/dev/null &
    local emulator=$! i
    exec 3>line # stays open: the port has no end
    cat >&3
    for ((i = 0; i < 600; i++)); do
        [ "$(wc -l <"../$1.said")" -lt "$2" ] || break
        sleep 0.2
    done
    kill $emulator
    wait $emulator || true
    exec 3>&-
    tr -d '\r' <"../$1.said" >"../$1.answers"
}
# image PROJECT MODEL
image() {
    make -s -C "$1" MODEL="$EXAMPLES/$2" >log 2>&1 || fail "$1: $(cat log)"
    arm-none-eabi-nm "$1/image.elf" | awk '{print $NF}' | grep -xE '_*((m|c|re)alloc|free|sbrk|[a-z]*printf|exit|abort)(_r)?' && fail "$1: the symbols above must not be in the image"
    arm-none-eabi-objcopy -O binary "$1/image.elf" "$1.first" # what is flashed
    rm -r "$1/model" "$1/image.elf"
    make -s -C "$1" MODEL="$EXAMPLES/$2" >log 2>&1 || fail "$1, again: $(cat log)"
    arm-none-eabi-objcopy -O binary "$1/image.elf" "$1.second"
    cmp "$1.first" "$1.second" || fail "$1: another image when it is built again"
}

image classify kjv-genre
printf 'Thou shalt not steal.\nThe LORD is my shepherd\n' >../verses
"$HF2C" build "$EXAMPLES/kjv-genre" --precision q8 --target c11 -o ../genre >/dev/null
../genre <../verses >../wanted
board classify 2 <../verses
diff ../wanted ../classify.answers || fail "classify: other answers than the host's"

image write kjv-writer
"$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 --cache q8 --target c11 -o ../writer >/dev/null
echo "And it came to pass" >../prompt
../writer "$(cat ../prompt)" --max-new-tokens 40 --no-do-sample >../wanted
board write 1 <../prompt
diff ../wanted ../write.answers || fail "write: another text than the host's"

if command -v riscv64-unknown-elf-gcc >/dev/null; then
    make -s -C component check MODEL="$EXAMPLES/kjv-genre" >log 2>&1 || fail "component: $(cat log)"
    arm-none-eabi-gcc -xc++ -std=c++17 -Wall -Wextra -fsyntax-only -include component/src/kjv_genre.h /dev/null 2>log || ! command -v arm-none-eabi-g++ >/dev/null || fail "the header in C++: $(cat log)"
fi
echo "classify, write: the host's answers"
