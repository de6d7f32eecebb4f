# Transformers without an operating system, run by QEMU's boards: run.sh HF2C TARGET MODEL [PRECISION [OPTION...]]. Labels or text must
# be those of the same model built for this machine in portable C; the image must hold no allocator, no stdio, no arithmetic of double in
# software, no way to exit and no library but the compiler's own helpers; RAM with the painted stack, flash, and the stack must be what
# MODEL.md promises and what --ram and --flash allow; a call in slices must give the bits of the whole call.
. "$(dirname "$0")/../e2e/common.sh"
here=$ROOT/tests/embedded
model=$3
precision=${4:-stored}
more=("${@:5}")
most_stack=4096
case $precision in nf4* | fp4*) most_stack=6144 ;; esac # weights are decoded to floats there

. "$here/board.sh" "$2"
[ -n "$board" ] || fail "no board for $name"
for tool in "$compiler" "${board%% *}"; do
    command -v "$tool" >/dev/null || skip "$tool is missing (Debian: $(target package), qemu-system-arm or qemu-system-misc)"
done

if [ "$model" = kjv-genre ]; then program=classify options="--max-seq 64"; else program=write options="--max-seq 128 --max-rows 8"; fi
# option NAME: its value among the options
option() { printf "%s\n" "${more[@]}" | sed -n "/^--$1$/{n;p;}"; }
# shellcheck disable=SC2086
"$HF2C" build "$EXAMPLES/$model" --target "$name" $options --precision "$precision" "${more[@]}" -o firmware
cache=$(option cache)
"$HF2C" build "$EXAMPLES/$model" --precision "$precision" ${cache:+--cache "$cache"} --target c11 -o host
board_image firmware $program image.elf

nm=${compiler%gcc}nm
"$nm" image.elf | awk '{print $NF}' > symbols
grep -q "_weights$" symbols || fail "the image lacks the model"
forbidden='(m|c|re)alloc|free|sbrk|[a-z]*printf|f?(open|close|read|write|puts|putc)|exit|abort|raise|assert_func|std(in|out|err)|errno'
grep -xE "_*($forbidden)(_r)?" symbols && fail "the symbols above must not be in the image"
doubles='aeabi_(c?d[a-z0-9]*|[a-z]*2d)|(add|sub|mul|div|float[a-z]*)df[0-9]*|extendsfdf2|truncdfsf2|fixdf[a-z]*'
grep -xE "_*($doubles)" symbols && fail "the core has no arithmetic of double, and the image must not have any"

python3 - "$EXAMPLES" $verses <<'EOF'
import json, sys
golden = json.load(open(sys.argv[1] + "/kjv-genre/golden.json", encoding="utf-8"))["verses"]
golden = [verse for verse in golden if len(verse["text"]) < 160][:int(sys.argv[2])]
with open("verses.txt", "w", encoding="utf-8") as out:
    out.writelines(verse["text"] + "\n" for verse in golden)
open("prompt.txt", "w").write("And it came to pass")
EOF
board_run image.elf > board.txt ||
    fail "the board: $(cat board.txt)"
stack=$(sed -n 's/^stack \([0-9]*\) bytes$/\1/p' board.txt)
[ "$stack" -gt 0 ] && [ "$stack" -lt $most_stack ] || fail "stack: $stack bytes, wanted less than $most_stack"
# What MODEL.md promises.
part() { sed -n "s/^| $1 | \([0-9]*\) |$/\1/p" firmware/MODEL.md; }
promised=$(part 'stack, worst case')
[ "$stack" -le "$promised" ] || fail "stack: $stack bytes, promised $promised"
# The harness adds a little code of its own.
text=$("${compiler%gcc}size" -A image.elf | awk '$1 == ".text" { print $2 }')
tables=$(($(part code) + $(part 'constants of the code') + $(part 'tokenizer and its tables')))
[ "$text" -le $((tables + 6144)) ] && [ "$text" -ge $((tables - 6144)) ] || fail "code and tables: $text bytes in the image, promised $tables"
weights=$("${compiler%gcc}size" -A image.elf | awk '$1 == ".weights" { print $2 }')
[ "$weights" = "$(part weights)" ] || fail "weights: $weights bytes in the image"
image_code=$(($(part code) + $(part 'constants of the code')))
[ "$image_code" -lt 49152 ] || fail "code: $image_code bytes, wanted less than 48 KB"
# Limits hold for what was seen, too: painted stack, bytes of the image.
ram=$(option ram) flash=$(option flash)
seen=$(($(part workspace) + $(part state) + stack))
[ -z "$ram" ] || [ "$seen" -le $((${ram%K} * 1024)) ] || fail "RAM: $seen bytes"
[ -z "$flash" ] || [ $((text + weights)) -le "$flash" ] || fail "flash: $((text + weights)) bytes"
if [ "$model" = kjv-genre ]; then
    ./host < verses.txt | tr -s ' ' > host.txt
    grep -qE '^steps [0-9]+ same$' board.txt || fail "a call in slices gives other results: $(cat board.txt)"
    grep -vE '^(steps|bits|stack) ' board.txt > labels.txt
    python3 - <<'EOF'
import sys
host, board = ([line.split() for line in open(name, encoding="utf-8")] for name in ("host.txt", "labels.txt"))
wrong = [(h, b) for h, b in zip(host, board) if h[0] != b[0] or abs(float(h[1]) - float(b[1])) > 2e-4]
if len(host) != len(board) or wrong:
    sys.exit("%d verses on the host, %d on the board; different: %s" % (len(host), len(board), wrong))
EOF
else
    ./host "$(cat prompt.txt)" --max-new-tokens 24 --no-do-sample > host.txt
    head -n -1 board.txt | diff - host.txt || fail "another text"
fi
echo "$name, $model, $precision ${more[*]}: stack $stack bytes, promised $promised; RAM with it $seen, flash $((text + weights))"
"${compiler%gcc}size" -A image.elf | awk '$1 ~ /^\.(text|weights|data|bss|stack)$/ { printf "%-9s %8d bytes\n", $1, $2 }'
