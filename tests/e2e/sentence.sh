# sentence-transformers folders with several poolings side by side, dense layers and a norm: what they make of token states is worked out
# here from the program's own feature-extraction; modules and functions that are not known are refused by name.
. "$(dirname "$0")/common.sh"
cat >make.py <<'PYTHON'
import array, json, os, random, shutil, struct, sys
oracle, folder = sys.argv[1:]
shutil.copytree(oracle, folder, ignore=shutil.ignore_patterns("golden*"))
hidden = json.load(open(folder + "/config.json"))["hidden_size"]
modules = ["Transformer", "Pooling", "Dense", "Dense", "Normalize"]
paths = ["", "1_Pooling", "2_Dense", "3_Dense", "4_Normalize"]
json.dump([{"idx": i, "name": str(i), "path": p, "type": "sentence_transformers.models." + m} for i, (m, p) in enumerate(zip(modules, paths))],
          open(folder + "/modules.json", "w"))
for path in paths[1:4]:
    os.mkdir(f"{folder}/{path}")
modes = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False}
json.dump({"word_embedding_dimension": hidden, **modes}, open(folder + "/1_Pooling/config.json", "w"))
random.seed(3)
for path, n, k, bias, function in (("2_Dense", 7, 2 * hidden, True, "torch.nn.modules.activation.Tanh"), ("3_Dense", 5, 7, False, "torch.nn.modules.linear.Identity")):
    settings = {"in_features": k, "out_features": n, "bias": bias, "activation_function": function}
    json.dump(settings, open(f"{folder}/{path}/config.json", "w"))
    tensors = {"linear.weight": [n, k]} | ({"linear.bias": [n]} if bias else {})
    header, data = {}, array.array("f")
    for name, shape in tensors.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [4 * len(data), 4 * (len(data) + count)]}
        data.extend(random.uniform(-0.3, 0.3) for _ in range(count))
    text = json.dumps(header).encode()
    open(f"{folder}/{path}/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data.tobytes())
PYTHON
python3 make.py "$ORACLE/bert-base" model
"$HF2C" build model -o program
cat >check.py <<'PYTHON'
import array, json, math, struct, subprocess
def ask(task, text):
    done = subprocess.run(["./program", "--task", task, "--json", text], capture_output=True, check=True, encoding="utf-8")
    return json.loads(done.stdout)
def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = array.array("f", file.read())
    return {name: data[t["data_offsets"][0] // 4:t["data_offsets"][1] // 4] for name, t in header.items()}
def dense(x, path, n):
    t = tensors(path)
    bias = t.get("linear.bias", [0] * n)
    return [sum(x[k] * t["linear.weight"][i * len(x) + k] for k in range(len(x))) + bias[i] for i in range(n)]
for text in ("the cat", "a much longer sentence about nothing at all, and a dog"):
    states = ask("feature-extraction", text)[0]
    mean = [sum(column) / len(states) for column in zip(*states)]
    x = [math.tanh(v) for v in dense(states[0] + mean, "model/2_Dense/model.safetensors", 7)]
    x = dense(x, "model/3_Dense/model.safetensors", 5)
    length = math.sqrt(sum(v * v for v in x))
    found = ask("sentence-embedding", text)
    assert len(found) == 5 and all(abs(a - b / length) < 1e-5 for a, b in zip(found, x)), (found, x)
PYTHON
python3 check.py
"$HF2C" inspect model | grep -q 'sentence-embedding'
"$HF2C" interpret model -- --json "the cat" >interpreted
./program --json "the cat" | cmp - interpreted
sed -i 's/activation.Tanh/activation.Softplus/' model/2_Dense/config.json
refused 1 'Softplus' "$HF2C" build model -o none
sed -i 's/activation.Softplus/activation.Tanh/; s/"out_features": 7/"out_features": 8/' model/2_Dense/config.json
refused 1 'linear.weight.*found shape' "$HF2C" build model -o none
sed -i 's/models.Dense/models.LSTM/' model/modules.json
refused 1 'LSTM' "$HF2C" build model -o none
