# Weights with numbers that are none, or too small, are named; weights in act order stay in four bits and mean the same as their numbers in f32.
. "$(dirname "$0")/common.sh"
cat >edit.py <<'PYTHON'
import json, struct, sys

def read(path):
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"], data[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]]) for name, t in header.items()}

def write(path, tensors):
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    open(path, "wb").write(len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in tensors.values()))
PYTHON

# put NAME ROW COLUMN NUMBER: a copy of the small BERT with this number there.
put() {
    rm -rf model && cp -r "$EXAMPLES/kjv-genre" model
    python3 - "$@" <<'PYTHON'
import struct, sys
from edit import read, write
name, row, column, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
tensors = read("model/model.safetensors")
dtype, shape, data = tensors[name]
data = bytearray(data)
struct.pack_into("<f", data, 4 * (row * shape[1] + column), number)
tensors[name] = (dtype, shape, bytes(data))
write("model/model.safetensors", tensors)
PYTHON
}
weight=bert.encoder.layer.1.output.dense.weight
put $weight 17 300 nan
refused 1 "weight $weight: element \[17, 300\] is NaN" "$HF2C" build model -o out
refused 1 "weight $weight: element \[17, 300\] is NaN" "$HF2C" build model --precision q4 -o out
put $weight 100 3 -inf
refused 1 "weight $weight: element \[100, 3\] is infinite" "$HF2C" build model --precision q8 -o out
[ ! -e out ] || fail "something was built"
put $weight 5 6 1e-41
"$HF2C" build model --emit c -o made 2>warned.txt
grep -q "warning: weight $weight: 1 of its numbers are subnormal, the first is element \[5, 6\], 9.99967e-42" warned.txt || fail "$(cat warned.txt)"

# The groups of a GPTQ checkpoint's inputs in any order, and the same numbers as f32.
cp -r "$ORACLE/llama-gptq" order
cp -r "$ORACLE/llama-gptq" plain
rm -f {order,plain}/golden*
python3 - <<'PYTHON'
import json, random, struct
from edit import read, write
random.seed(7)
tensors = read("order/model.safetensors")
plain = {name: t for name, t in tensors.items() if not name.endswith((".qweight", ".qzeros", ".scales", ".g_idx"))}
words = lambda data: struct.unpack(f"<{len(data) // 4}I", data)
shuffled = {}
for name in [n[:-len(".qweight")] for n in tensors if n.endswith(".qweight")]:
    layer = name.split(".")[2] + name.split(".")[-2]  # q, k and v have one order, as their inputs are the same
    groups = list(struct.unpack(f"<{len(tensors[name + '.g_idx'][2]) // 4}i", tensors[name + ".g_idx"][2]))
    if (layer, len(groups)) not in shuffled:
        random.shuffle(groups)
        shuffled[layer, len(groups)] = groups
    groups = shuffled[layer, len(groups)]
    tensors[name + ".g_idx"] = ("I32", [len(groups)], struct.pack(f"<{len(groups)}i", *groups))
    dtype, (rows, outputs), data = tensors[name + ".qweight"]
    codes, zeros, scales = words(data), words(tensors[name + ".qzeros"][2]), tensors[name + ".scales"]
    assert scales[0] == "F16", scales[0]
    scale = struct.unpack(f"<{len(scales[2]) // 2}e", scales[2])
    values = []
    for n in range(outputs):
        for k, g in enumerate(groups):
            code = codes[k // 8 * outputs + n] >> 4 * (k % 8) & 15
            zero = (zeros[g * (outputs // 8) + n // 8] >> 4 * (n % 8) & 15) + 1 & 15
            values.append((code - zero) * scale[g * outputs + n])
    plain[name + ".weight"] = ("F32", [outputs, len(groups)], struct.pack(f"<{len(values)}f", *values))
write("order/model.safetensors", tensors)
write("plain/model.safetensors", plain)
config = json.load(open("plain/config.json"))
del config["quantization_config"]
json.dump(config, open("plain/config.json", "w"))
PYTHON
"$HF2C" inspect order --dump-plan >plan.txt
[ "$(grep -c 'linear_.*q4z' plan.txt)" -ge 4 ] || fail "$(cat plan.txt)"
! grep 'linear_.*f32' plan.txt | grep -qv '424' || fail "a weight in act order became f32: $(grep 'linear_.*f32' plan.txt)"
request='{"prompts": ["The children of", "In"], "kwargs": {"max_new_tokens": 8, "output_scores": true, "do_sample": false}}'
for model in order plain; do
    echo "$request" | "$HF2C" interpret $model -- --jsonl >$model.json
done
"$HF2C" build order -o ordered
echo "$request" | ./ordered --jsonl | cmp - order.json
python3 - <<'PYTHON'
import json
a, b = (json.loads(open(f"{model}.json").readline()) for model in ("order", "plain"))
assert a["output_ids"] == b["output_ids"], (a["output_ids"], b["output_ids"])
def numbers(value):
    if isinstance(value, list): return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, float) else []
x, y = numbers(a["scores"]), numbers(b["scores"])
assert len(x) == len(y) > 1000 and max(abs(p - q) for p, q in zip(x, y)) < 1e-3, (len(x), max(abs(p - q) for p, q in zip(x, y)))
PYTHON

# Scales in groups that begin and end within rows, nested as bitsandbytes nests them: the bits of the same numbers as f32. Rows of 6 and of 257 blocks.
for shape in "384 96" "64 16448"; do
    PYTHONPATH=. python3 "$ROOT/tests/e2e/double.py" "$ORACLE/llama-nf4-double" $shape
    for model in quantised plain; do
        echo "$request" | "$HF2C" interpret $model --no-pass fuse_norm -- --jsonl >$model.json
    done
    "$HF2C" inspect quantised --dump-plan >plan.txt
    grep -q "linear_.*nf4_double" plan.txt || fail "no doubly quantised weight was kept: $(cat plan.txt)"
    cmp quantised.json plain.json
done
