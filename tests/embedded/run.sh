# A transformer without an operating system: kjv-genre for a Cortex-M7, run by QEMU's MPS2 board (AN500). Its labels must be those of
# the same model built for this machine and of the golden file, and its image must hold no allocator, no stdio and no way to exit.
. "$(dirname "$0")/../e2e/common.sh"
here=$ROOT/tests/embedded
model=$EXAMPLES/kjv-genre
verses=20

for tool in arm-none-eabi-gcc qemu-system-arm; do
    command -v $tool >/dev/null || skip "$tool is missing (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)"
done

"$HF2C" build "$model" --target cortex-m7 --max-seq 128 -o firmware
"$HF2C" build "$model" -o host
ls firmware | grep -E '^(cli_|.*_main\.c)' && fail "the files above are for hosted programs"

target() { sed -n "s/^$1 *= *//p" "$ROOT/targets/cortex-m7.target"; }
cd firmware
"$(target compiler)" -std=c11 -Wall -Wextra -Wpedantic -Werror $(target flags) -DHF2C_WEIGHTS_SECTION='".weights,\"a\",%progbits"' -I. \
    *.c "$here"/*.c -nostartfiles --specs=nano.specs -T "$here/mps2-an500.ld" -Wl,--gc-sections $(target link) -o ../image.elf
cd ..

arm-none-eabi-nm image.elf | awk '{print $NF}' > symbols
grep -q "^kjv_genre_classify$" symbols || fail "the image lacks the model"
forbidden='(m|c|re)alloc|free|sbrk|[a-z]*printf|f?(open|close|read|write|puts|putc)|exit|abort|raise|assert_func|std(in|out|err)'
grep -xE "_*($forbidden)(_r)?" symbols && fail "the symbols above must not be in the image"

python3 - "$model/golden.json" $verses <<'EOF'
import json, sys
golden = json.load(open(sys.argv[1], encoding="utf-8"))["verses"][:int(sys.argv[2])]
with open("verses.txt", "w", encoding="utf-8") as out:
    out.writelines(verse["text"] + "\n" for verse in golden)
with open("golden.txt", "w", encoding="utf-8") as out:
    out.writelines("%s %.4f\n" % (verse["label"], verse["score"]) for verse in golden)
EOF
./host < verses.txt | tr -s ' ' > host.txt
timeout 300 qemu-system-arm -M mps2-an500 -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
    -kernel image.elf > board.txt || fail "the board: $(cat board.txt)"

# Labels are equal; scores may differ in the last digit.
python3 - $verses <<'EOF'
import sys
rows = {name: [line.split() for line in open(name + ".txt", encoding="utf-8")] for name in ("golden", "host", "board")}
stack = rows["board"].pop()
if any(len(r) != int(sys.argv[1]) for r in rows.values()):
    sys.exit("verses: " + ", ".join("%s %d" % (name, len(r)) for name, r in rows.items()))
wrong = 0
for number, (golden, host, board) in enumerate(zip(*rows.values()), 1):
    if not golden[0] == host[0] == board[0] or max(abs(float(a[1]) - float(golden[1])) for a in (host, board)) > 2e-4:
        print("verse", number, "golden", golden, "host", host, "board", board)
        wrong += 1
print("%d verses, %d differ; stack %s bytes" % (len(rows["golden"]), wrong, stack[1]))
sys.exit(wrong > 0)
EOF
arm-none-eabi-size -A image.elf | awk '$1 ~ /^\.(text|weights|data|bss|stack)$/ { printf "%-9s %8d bytes\n", $1, $2 }'
