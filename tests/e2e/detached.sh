# Weights in a file beside the program, also beyond 4 GB; a file that is not the model's is refused.
. "$(dirname "$0")/common.sh"
verse="And God said, Let there be light"
"$HF2C" build "$EXAMPLES/kjv-genre" -o whole
mkdir out
"$HF2C" build "$EXAMPLES/kjv-genre" --detach-weights -o out/genre
nothing_left out genre kjv_genre.weights
[ "$(stat -c %s out/genre)" -lt "$(stat -c %s out/kjv_genre.weights)" ]
./whole --json "$verse" >whole.txt
out/genre --json "$verse" | cmp - whole.txt
(cd / && "$WORK/out/genre" --json "$verse") | cmp - whole.txt
cp out/kjv_genre.weights good
out/genre --check | grep -q '^kjv-genre: [0-9]* bytes of weights, the checksum holds$' || fail "--check"
./whole --check | cmp - <(out/genre --check)

# What inspect tells is what the program uses: by its own report, in the file, and in memory, which two processes share.
cat >uses.py <<'PYTHON'
import json, os, re, subprocess, sys

# The row of inspect, which holds for the program and its file of weights.
def check(model, precision, program, weights):
    hf2c = os.environ["HF2C"]
    table = json.loads(subprocess.run([hf2c, "inspect", model, "--json"], stdout=subprocess.PIPE, check=True).stdout)
    row = next(r for r in table["precisions"] if r["precision"] == precision)
    text = subprocess.run([program, "--info"], stdout=subprocess.PIPE, check=True, text=True).stdout
    info = dict(re.findall(r"^(\w+) +(\d+) bytes", text, re.M))
    assert int(info["weights"]) == row["weights_bytes"] == os.path.getsize(weights), (info, row)
    assert int(info["workspace"]) == row["workspace_bytes"] and int(info.get("cache", 0)) == row["state_bytes"], (info, row)
    return row
if __name__ == "__main__": check(*sys.argv[1:])
PYTHON
export HF2C
python3 - out/genre "$verse" "$EXAMPLES/kjv-genre" <<'PYTHON'
import json, os, re, subprocess, sys
from uses import check
row = check(sys.argv[3], "stored", sys.argv[1], "out/kjv_genre.weights")
if not os.path.exists("/proc/self/smaps"): sys.exit()
def start():
    program = subprocess.Popen([sys.argv[1], "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    program.stdin.write(json.dumps({"inputs": sys.argv[2]}).encode() + b"\n")
    program.stdin.flush()
    program.stdout.readline()
    return program
def kilobytes(program):
    text = open(f"/proc/{program.pid}/smaps").read()
    part = text[text.index("kjv_genre.weights"):]
    return {key: int(re.search(rf"^{key}: +(\d+) kB", part, re.M)[1]) for key in ("Size", "Rss", "Pss", "Private_Dirty")}
programs = [start(), start()]
for use in map(kilobytes, programs):
    print(use)
    assert use["Size"] * 1024 >= row["weights_bytes"] > (use["Size"] - 64) * 1024, use
    assert use["Rss"] > 1024 and use["Pss"] <= 0.55 * use["Rss"] and use["Private_Dirty"] == 0, use
for program in programs:
    program.stdin.close()
    program.wait()
PYTHON

# Huge pages: the same answers from a file, from the program's end; the file is let go.
out/genre --huge-pages --json "$verse" | cmp - whole.txt
./whole --huge-pages --threads 1 --json "$verse" | cmp - whole.txt
./whole --huge-pages --check | cmp - <(out/genre --check)
if grep -q '\[\(always\|madvise\)\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
    out/genre --huge-pages --info | grep -q '^pages  *huge, of this process alone$' || fail "--info does not tell of huge pages"
    python3 - out/genre "$verse" <<'PYTHON'
import json, re, subprocess, sys
program = subprocess.Popen([sys.argv[1], "--jsonl", "--huge-pages"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
program.stdin.write(json.dumps({"inputs": sys.argv[2]}).encode() + b"\n")
program.stdin.flush()
program.stdout.readline()
assert "kjv_genre.weights" not in open(f"/proc/{program.pid}/maps").read()
print("kB in huge pages:", sum(map(int, re.findall(r"^AnonHugePages: +(\d+) kB", open(f"/proc/{program.pid}/smaps").read(), re.M))))
program.stdin.close()
program.wait()
PYTHON
fi

# The same of an encoder-decoder, of a quantised checkpoint as it is, and of weights that are rounded.
uses() {
    "$HF2C" build "$1" ${2:+--precision $2} --detach-weights -o uses/program
    python3 uses.py "$1" "${2:-stored}" uses/program uses/*.weights
    rm -r uses
}
mkdir uses && uses "$ORACLE/t5-v1_0" ""
mkdir uses && uses "$ORACLE/llama-gptq" ""
mkdir uses && uses "$EXAMPLES/kjv-genre" nf4_double

# wrong PATTERN OFFSET BYTE: refused by name with this byte there.
wrong() {
    cp good out/kjv_genre.weights
    printf "$3" | dd of=out/kjv_genre.weights bs=1 seek="$2" conv=notrunc status=none
    refused 1 "kjv_genre.weights: weights: .*$1" out/genre "$verse"
}
wrong 'this is no file of weights' 3 X
wrong 'layout of another version' 8 '\001'
wrong 'of another model' 24 '\001\002\003'
wrong 'damaged' 63 X
cp good out/kjv_genre.weights
python3 - <<'PYTHON'
with open("out/kjv_genre.weights", "r+b") as file:  # one bit, in the middle
    file.seek(1000000)
    byte = file.read(1)[0]
    file.seek(1000000)
    file.write(bytes([byte ^ 16]))
PYTHON
refused 1 'kjv-genre: weights: the checksum does not hold' out/genre --check
cp good out/kjv_genre.weights
truncate -s -64 out/kjv_genre.weights
refused 1 'weights: they are cut off' out/genre "$verse"
: >out/kjv_genre.weights
refused 1 'weights: too short' out/genre "$verse"
rm out/kjv_genre.weights
refused 1 'weights: cannot be opened' out/genre "$verse"
"$HF2C" build "$EXAMPLES/kjv-writer" --detach-weights -o out/writer
mv out/kjv_writer.weights out/kjv_genre.weights
refused 1 'of another model' out/genre "$verse"
rm -r out

# A LLaMA of 1.1 billion parameters, all zero, so that its file takes no room; packed as f32 they are 4.5 GB.
room=$(df --output=avail -B1M . | tail -1)
memory=$(awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
[ "$room" -gt 7000 ] && [ "$memory" -gt 6000 ] || { echo "no room for the file beyond 4 GB ($room MB, memory $memory MB): left out"; exit 0; }
bash "$ROOT/tests/sparse_model.sh" "$HF2C" big 18
"$HF2C" build big --precision f32 --detach-weights --max-seq 64 -o giant
[ "$(stat -c %s big.weights)" -gt 4294967296 ]
# Zero weights make equal logits: greedy takes id 0 each time, which this tokenizer spells <|begin|>.
printf '{"prompts": ["In"], "kwargs": {"max_new_tokens": 2, "do_sample": false, "eos_token_id": 1}}\n' | ./giant --jsonl >answer.txt
cat answer.txt
python3 -c "import json; assert json.loads(open('answer.txt').readline())['output_ids'][0][-2:] == [0, 0]"
