# What building a model of 1.24 billion parameters takes (the shape of Llama-3.2-1B, random weights): bytes, MB/s, memory; also from a GPTQ checkpoint
# and from f32: bash tests/bench/packing.sh build/hf2c WORK [PRECISION...]. WORK gets up to 11 GB, and keeps the models.
set -euo pipefail
HF2C=$(realpath "$1")
WORK=$2
shift 2
mkdir -p "$WORK" && cd "$WORK"
cat >shape.json <<'JSON'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
 "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256, "max_position_embeddings": 2048, "rms_norm_eps": 1e-05,
 "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "bos_token_id": 0, "eos_token_id": 1}
JSON
[ -e llama-bf16/model.safetensors ] || "$HF2C" new shape.json -o llama-bf16 --save
python3 - <<'PYTHON'
# The same shape in 4 bits of GPTQ, groups of 128: random codes.
import json, os
if os.path.exists("llama-gptq/model.safetensors"): raise SystemExit
os.makedirs("llama-gptq", exist_ok=True)
config = json.load(open("shape.json"))
h, f, v, kv, group = config["hidden_size"], config["intermediate_size"], config["vocab_size"], 512, 128
config["quantization_config"] = {"quant_method": "gptq", "bits": 4, "group_size": group, "desc_act": False, "sym": False, "checkpoint_format": "gptq"}
json.dump(config, open("llama-gptq/config.json", "w"))
tensors = {"model.embed_tokens.weight": ("BF16", [v, h], 2), "model.norm.weight": ("BF16", [h], 2)}
for i in range(config["num_hidden_layers"]):
    p = f"model.layers.{i}."
    tensors |= {p + "input_layernorm.weight": ("BF16", [h], 2), p + "post_attention_layernorm.weight": ("BF16", [h], 2)}
    for name, outputs, inputs in [("self_attn.q_proj", h, h), ("self_attn.k_proj", kv, h), ("self_attn.v_proj", kv, h), ("self_attn.o_proj", h, h),
                                  ("mlp.gate_proj", f, h), ("mlp.up_proj", f, h), ("mlp.down_proj", h, f)]:
        tensors |= {f"{p}{name}.qweight": ("I32", [inputs // 8, outputs], 4), f"{p}{name}.qzeros": ("I32", [inputs // group, outputs // 8], 4),
                    f"{p}{name}.scales": ("F16", [inputs // group, outputs], 2)}
header, at = {}, 0
for name, (dtype, shape, size) in tensors.items():
    bytes = size * shape[0] * (shape[1] if len(shape) > 1 else 1)
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + bytes]}
    at += bytes
text = json.dumps(header).encode()
with open("llama-gptq/model.safetensors", "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    for name, (dtype, shape, size) in tensors.items():
        a, b = header[name]["data_offsets"]
        left = b - a
        while left > 0:  # scales, norms and embeddings: numbers near 0.01; codes: anything
            some = min(left, 1 << 24)
            file.write(os.urandom(some) if dtype == "I32" else {"F16": b"\x00\x21", "BF16": b"\x20\x3c"}[dtype] * (some // 2))
            left -= some
PYTHON
run() {
    python3 - "$HF2C" "$@" <<'PYTHON'
import os, subprocess, sys, time
hf2c, model, precision = sys.argv[1:]
os.makedirs("out", exist_ok=True)
begin = time.perf_counter()
child = subprocess.Popen([hf2c, "build", model, "--precision", precision, "--detach-weights", "--max-seq", "256", "-o", "out/program"], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
wall = time.perf_counter() - begin
if status: raise SystemExit(f"{model} {precision}: failed")
weights = next(name for name in os.listdir("out") if name.endswith(".weights"))
read = os.path.getsize(model + "/model.safetensors")
print(f"{model} as {precision}: weights {os.path.getsize('out/' + weights) / 1e9:.3f} GB, {wall:.1f} s ({read / wall / 1e6:.0f} MB/s read, compiling C included), "
      f"at most {usage.ru_maxrss / 1024:.0f} MB of memory")
PYTHON
    rm -r out
}
for precision in "${@:-f16 q8 q4 nf4_double}"; do for one in $precision; do run llama-bf16 "$one"; done; done
run llama-gptq stored
[ -e llama-f32/model.safetensors ] || { sed 's/bfloat16/float32/' shape.json >shape32.json && "$HF2C" new shape32.json -o llama-f32 --save; }
run llama-f32 f16
