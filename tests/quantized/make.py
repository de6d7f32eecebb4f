"""Makes the checkpoints of this folder: small matrices, quantised and packed by each method as its own tools store them, beside the numbers
that they stand for, which are computed from codes and parameters before they are packed. Needs numpy.

    python3 tests/quantized/make.py        # writes CASE/config.json, CASE/model.safetensors, CASE/expected.safetensors
"""
import json
import os
import struct

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
TYPES = {"float32": "F32", "float16": "F16", "int32": "I32", "int64": "I64", "int8": "I8", "uint8": "U8", "uint16": "BF16"}


class Fp8(np.ndarray):
    """Bytes that are fp8 numbers."""


def write(path, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        kind = "F8_E4M3" if isinstance(values, Fp8) else TYPES[str(values.dtype)]
        piece = np.ascontiguousarray(values).tobytes()
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def case(name, config, tensors, expected, **more):
    folder = os.path.join(FOLDER, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({"model_type": "llama", **more, "quantization_config": config}, file, indent=1)
        file.write("\n")
    write(os.path.join(folder, "model.safetensors"), {**tensors, "model.norm.weight": np.ones(4, np.float32)})
    write(os.path.join(folder, "expected.safetensors"), {k: v.astype(np.float32) for k, v in expected.items()})


def stream(numbers, bits):
    """[n, ...] numbers of so many bits, packed one after another along the first dimension into words of 32 bits."""
    count = numbers.shape[0]
    words = np.zeros(((count * bits + 31) // 32,) + numbers.shape[1:], np.uint64)
    for i in range(count):
        word, shift = divmod(i * bits, 32)
        value = numbers[i].astype(np.uint64) << np.uint64(shift)
        words[word] |= value & np.uint64(0xFFFFFFFF)
        if shift + bits > 32:
            words[word + 1] |= value >> np.uint64(32)
    return words.astype(np.uint32).view(np.int32)


def bfloat16(values):
    return (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def of_bfloat16(values):
    return (values.astype(np.uint32) << 16).view(np.float32)


def scales(random, shape):
    return (random.uniform(0.5, 1.5, shape) * 0.02).astype(np.float16)


def gptq(random, bits, group, act_order=False, symmetric=False, second=False, rows=64, columns=128, **more):
    groups = 1 if group == -1 else -(-columns // group)
    size = columns if group == -1 else group
    codes = random.integers(0, 1 << bits, (rows, columns))
    zeros = np.full((groups, rows), 1 << (bits - 1)) if symmetric else random.integers(0, 1 << bits, (groups, rows))
    scale = scales(random, (groups, rows))
    index = np.arange(columns) // size
    if act_order:
        index = random.permutation(index)
    stored = zeros if second else (zeros - 1) & ((1 << bits) - 1)
    config = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": act_order, "sym": symmetric}
    if second:
        config["checkpoint_format"] = "gptq_v2"
    module = "model.layers.0.self_attn.q_proj"
    tensors = {module + ".qweight": stream(codes.T, bits), module + ".qzeros": np.ascontiguousarray(stream(stored.T, bits).T),
               module + ".scales": scale, module + ".g_idx": index.astype(np.int32)}
    values = (codes - zeros[index].T).astype(np.float32) * scale[index].T.astype(np.float32)
    name = f"gptq-{bits}bit" + ("-act-order" if act_order else "") + ("-v2" if second else "") + ("-whole" if group == -1 else "")
    return name, config, tensors, {module + ".weight": values}, more


def gptq_gpt2(random):
    """GPT-2 keeps weights as [in, out] and GPTQ packs them as those of a linear."""
    name, config, tensors, expected, _ = gptq(random, 4, 32)
    return "gptq-gpt2", config, tensors, {k: v.T for k, v in expected.items()}, {"model_type": "gpt2"}


def compressed(name, weights, tensors, expected, form):
    config = {"quant_method": "compressed-tensors", "format": form, "ignore": ["lm_head"],
              "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}}
    return name, config, tensors, expected, {}


def packed(random, name, bits, group, zero, act_order=False, rows=44, columns=96):
    groups = columns // group
    codes = random.integers(0, 1 << bits, (rows, columns))
    scale = bfloat16(scales(random, (rows, groups)))
    zeros = random.integers(0, 1 << bits, (rows, groups)) if zero else np.full((rows, groups), 1 << (bits - 1))
    index = np.arange(columns) // group
    if act_order:
        index = random.permutation(index)
    module = "model.layers.0.mlp.up_proj"
    tensors = {module + ".weight_packed": np.ascontiguousarray(stream(codes.T, bits).T), module + ".weight_scale": scale,
               module + ".weight_shape": np.array([rows, columns], np.int64)}
    if zero:
        tensors[module + ".weight_zero_point"] = stream(zeros, bits)
    if act_order:
        tensors[module + ".weight_g_idx"] = index.astype(np.int32)
    values = (codes - zeros[:, index]).astype(np.float32) * of_bfloat16(scale)[:, index]
    weights = {"num_bits": bits, "type": "int", "symmetric": not zero, "strategy": "group", "group_size": group}
    return compressed(name, weights, tensors, {module + ".weight": values}, "pack-quantized")


def whole(random, name, zero, rows=40, columns=72):
    codes = random.integers(-128, 128, (rows, columns)).astype(np.int8)
    scale = scales(random, (rows, 1)).astype(np.float32)
    zeros = random.integers(-20, 20, (rows, 1)).astype(np.int8)
    module = "model.layers.0.mlp.down_proj"
    tensors = {module + ".weight": codes, module + ".weight_scale": scale, module + ".input_scale": np.ones(1, np.float32)}
    if zero:
        tensors[module + ".weight_zero_point"] = zeros
    shifted = codes.astype(np.float32) - (zeros.astype(np.float32) if zero else 0)
    weights = {"num_bits": 8, "type": "int", "symmetric": not zero, "strategy": "channel"}
    return compressed(name, weights, tensors, {module + ".weight": shifted * scale}, "int-quantized")


def fp8_table():
    """e4m3 without infinities, from its definition."""
    values = np.zeros(256, np.float32)
    for code in range(256):
        exponent, mantissa = code >> 3 & 15, code & 7
        magnitude = (8 + mantissa) * 2.0 ** (exponent - 10) if exponent else mantissa * 2.0**-9
        values[code] = -magnitude if code >> 7 else magnitude
    return values


def fp8(random, name, shape, scale_shape, block=None, method="fp8", form=None):
    codes = random.integers(0, 127, shape).astype(np.uint8) | (random.integers(0, 2, shape).astype(np.uint8) << 7)
    scale = random.uniform(0.001, 0.01, scale_shape).astype(np.float32)
    module = "model.layers.0.mlp.gate_proj"
    expanded = scale
    if block:
        expanded = np.repeat(np.repeat(scale, block[0], 0), block[1], 1)[: shape[0], : shape[1]]
    values = fp8_table()[codes] * expanded
    tensors = {module + ".weight": codes.view(Fp8), module + (".weight_scale_inv" if block and not form else ".weight_scale"): scale}
    config = {"quant_method": method, "modules_to_not_convert": ["lm_head"]}
    if form:
        return compressed(name, {"num_bits": 8, "type": "float", "strategy": "channel"}, tensors, {module + ".weight": values}, form)
    if block:
        config["weight_block_size"] = list(block)
    return name, config, tensors, {module + ".weight": values}, {}


def mxfp4(random, experts=2, rows=12, columns=96):
    table = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
    codes = random.integers(0, 16, (experts, rows, columns))
    exponents = random.integers(115, 130, (experts, rows, columns // 32)).astype(np.uint8)
    pairs = codes.reshape(experts, rows, columns // 32, 16, 2)
    blocks = (pairs[..., 0] | pairs[..., 1] << 4).astype(np.uint8)
    values = table[codes] * np.repeat(np.ldexp(np.float32(1), exponents.astype(np.int32) - 127), 32, 2)
    name = "model.layers.0.mlp.experts.gate_up_proj"
    tensors = {name + "_blocks": blocks, name + "_scales": exponents, name + "_bias": np.zeros((experts, rows), np.float32)}
    return "mxfp4", {"quant_method": "mxfp4"}, tensors, {name: values.transpose(0, 2, 1)}, {"model_type": "gpt_oss"}


def main():
    random = np.random.default_rng(7)
    cases = [
        gptq(random, 2, 64),
        gptq(random, 3, 32),
        gptq(random, 4, 32, act_order=True),
        gptq(random, 4, -1, symmetric=True),
        gptq(random, 4, 64, second=True),
        gptq(random, 8, 64, symmetric=True),
        gptq_gpt2(random),
        packed(random, "compressed-w4a16", 4, 32, False),
        packed(random, "compressed-w4a16-zero", 4, 32, True),
        packed(random, "compressed-w8a16-act-order", 8, 48, False, act_order=True),
        whole(random, "compressed-int8", False),
        whole(random, "compressed-int8-zero", True),
        fp8(random, "compressed-fp8", (24, 136), (24, 1), form="float-quantized"),
        fp8(random, "fp8-blocks", (136, 200), (2, 2), block=(128, 128)),
        fp8(random, "fp8-rows", (24, 128), (24, 1), method="fbgemm_fp8"),
        fp8(random, "fp8-tensor", (8, 64), (1,)),
        mxfp4(random),
    ]
    for name, config, tensors, expected, more in cases:
        case(name, config, tensors, expected, **more)


if __name__ == "__main__":
    main()
