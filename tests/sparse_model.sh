#!/usr/bin/env bash
# A LLaMA of zeros, whose weights lie in a file with holes, so that they take no room on the disk: as wide as 2048, with kjv-writer's tokenizer.
#
#   bash tests/sparse_model.sh HF2C FOLDER LAYERS
set -euo pipefail
example=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../examples/kjv-writer")
"$1" new "$example" -o "$2" --set hidden_size=2048 --set intermediate_size=8192 --set num_hidden_layers="$3" \
    --set num_attention_heads=16 --set num_key_value_heads=8 --set head_dim=128
cp "$example"/tokenizer*.json "$2/"
python3 - "$2" <<'PYTHON'
import json, sys
folder = sys.argv[1]
config = json.load(open(f"{folder}/config.json"))
h, f, v, kv = 2048, 8192, config["vocab_size"], 8 * 128
shapes = {"model.embed_tokens.weight": [v, h], "model.norm.weight": [h]}
if not config["tie_word_embeddings"]:
    shapes["lm_head.weight"] = [v, h]
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
with open(f"{folder}/model.safetensors", "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    file.truncate(8 + len(text) + at)
PYTHON
