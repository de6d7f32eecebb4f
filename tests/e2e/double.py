"""double.py SOURCE HIDDEN INNER: a Llama of one layer whose weights are doubly quantised as bitsandbytes lays them out, in `quantised`,
and the same numbers as f32 in `plain`. SOURCE: such a checkpoint, for its maps and configs."""
import array
import json
import random
import shutil
import struct
import sys

from edit import read, write

source, hidden, inner = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(hidden)
maps = {name.split(".weight.")[1]: t for name, t in read(source + "/model.safetensors").items() if name.endswith("_map")}
table, nested_table = (struct.unpack(f"<{len(maps[name][2]) // 4}f", maps[name][2]) for name in ("quant_map", "nested_quant_map"))
config = json.load(open(source + "/config.json"))
config.update(hidden_size=hidden, intermediate_size=inner, num_hidden_layers=1, head_dim=hidden // config["num_attention_heads"])
quantised, plain = {}, {}


def floats(count, middle, around):
    return array.array("f", (middle + random.uniform(-around, around) for _ in range(count)))


def add_plain(name, *shape):
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    quantised[name] = plain[name] = ("F32", list(shape), floats(count, 0, 0.05).tobytes())


def add_quantised(name, rows, columns):
    """Blocks of 64 go on from row to row; so do groups of 256 of their scales."""
    blocks = rows * columns // 64
    codes, indices = random.randbytes(32 * blocks), bytes(random.randrange(140, 256) for _ in range(blocks))
    outer, offset = floats(-(-blocks // 256), 0.05, 0.01), struct.unpack("<f", struct.pack("<f", 0.04))[0]
    scales = array.array("f", (nested_table[index] * outer[i // 256] for i, index in enumerate(indices)))
    scales = array.array("f", (scale + offset for scale in scales))
    numbers = array.array("f")
    for block, scale in enumerate(scales):
        of_code = [code * scale for code in table]
        for byte in codes[32 * block:32 * block + 32]:
            numbers.extend((of_code[byte >> 4], of_code[byte & 15]))
    state = json.dumps({"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [rows, columns], "nested_blocksize": 256,
                        "nested_dtype": "float32", "nested_offset": offset}).encode()
    quantised.update({
        name: ("U8", [len(codes), 1], codes), name + ".absmax": ("U8", [blocks], indices), name + ".quant_map": maps["quant_map"],
        name + ".nested_absmax": ("F32", [len(outer)], outer.tobytes()), name + ".nested_quant_map": maps["nested_quant_map"],
        name + ".quant_state.bitsandbytes__nf4": ("U8", [len(state)], state)})
    plain[name] = ("F32", [rows, columns], numbers.tobytes())


layer = "model.layers.0."
add_plain("model.embed_tokens.weight", config["vocab_size"], hidden)
for norm in "model.norm", layer + "input_layernorm", layer + "post_attention_layernorm":
    add_plain(norm + ".weight", hidden)
for name in "qkvo":
    add_quantised(f"{layer}self_attn.{name}_proj.weight", hidden, hidden)
for name, shape in (("gate", (inner, hidden)), ("up", (inner, hidden)), ("down", (hidden, inner))):
    add_quantised(f"{layer}mlp.{name}_proj.weight", *shape)
for folder, tensors in ("quantised", quantised), ("plain", plain):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("golden*", "model*"))
    write(folder + "/model.safetensors", tensors)
    if folder == "plain":
        config.pop("quantization_config")
    with open(folder + "/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
