# How a program with 5 GB of weights begins, and what it takes of memory: bash tests/bench/loading.sh build/hf2c WORK
# The weights are zeros in a file with holes, so that they take no room on the disk.
set -euo pipefail
HF2C=$(realpath "$1")
EXAMPLE=$(realpath "$(dirname "$0")/../../examples/kjv-writer")
mkdir -p "$2" && cd "$2"
if [ ! -e big.weights ]; then
    "$HF2C" new "$EXAMPLE" -o big --set hidden_size=2048 --set intermediate_size=8192 --set num_hidden_layers=20 \
        --set num_attention_heads=16 --set num_key_value_heads=8 --set head_dim=128
    cp "$EXAMPLE"/tokenizer*.json big/
    python3 - <<'PYTHON'
import json
config = json.load(open("big/config.json"))
h, f, v, kv = 2048, 8192, config["vocab_size"], 8 * 128
shapes = {"model.embed_tokens.weight": [v, h], "model.norm.weight": [h]}
if not config["tie_word_embeddings"]: shapes["lm_head.weight"] = [v, h]
for i in range(config["num_hidden_layers"]):
    p = f"model.layers.{i}."
    shapes |= {p + "input_layernorm.weight": [h], p + "post_attention_layernorm.weight": [h],
               p + "self_attn.q_proj.weight": [h, h], p + "self_attn.k_proj.weight": [kv, h], p + "self_attn.v_proj.weight": [kv, h],
               p + "self_attn.o_proj.weight": [h, h], p + "mlp.gate_proj.weight": [f, h], p + "mlp.up_proj.weight": [f, h],
               p + "mlp.down_proj.weight": [h, f]}
header, at = {}, 0
for name, shape in shapes.items():
    size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
    header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
    at += size
text = json.dumps(header).encode()
with open("big/model.safetensors", "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    file.truncate(8 + len(text) + at)
PYTHON
    "$HF2C" build big --precision f32 --detach-weights --max-seq 64 -o big.program
    fallocate --dig-holes big.weights
fi
python3 - <<'PYTHON'
import os, subprocess, time
size = os.path.getsize("big.weights")
print(f"weights {size / 1e9:.2f} GB, on the disk {os.stat('big.weights').st_blocks * 512 / 1e6:.1f} MB")
def run(what, *arguments):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        child = subprocess.Popen(["./big.program", *arguments], stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - begin)
    print(f"{what}: {1000 * sorted(times)[2]:.1f} ms, at most {usage.ru_maxrss / 1024:.0f} MB of memory")
run("begin and end (--info)", "--info")
run("one token of text", "In", "--max-new-tokens", "1")
PYTHON
