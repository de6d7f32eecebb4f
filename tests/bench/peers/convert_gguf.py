"""A model folder as GGUF for llama.cpp, as its own converter lays it out, then through its own quantiser.

    convert_gguf.py FOLDER FORMAT OUT        FORMAT: F32, BF16 or one of llama.cpp's, such as Q4_0 or IQ4_NL
"""
import ctypes
import json
import os
import sys

import gguf
import llama_cpp as llama
import torch
from safetensors.torch import load_file

LAYER = {  # below the name of a layer
    "llama": {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down"},
    "gpt2": {
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down"}}
LAYER["qwen2"] = LAYER["llama"]
REST = {"embed_tokens": "token_embd", "norm": "output_norm", "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "lm_head": "output"}


def renamed(name, family):
    """llama.cpp's name for a tensor of transformers."""
    stem, kind = name.removeprefix("model.").removeprefix("transformer.").rsplit(".", 1)
    parts = stem.split(".", 2)
    if parts[0] in ("layers", "h"):
        return f"blk.{parts[1]}.{LAYER[family][parts[2]]}.{kind}"
    return f"{REST[stem]}.{kind}"


def interleaved(weight, heads):
    """Rows of q and k in the order that llama.cpp's rotation of neighbours wants."""
    rows = weight.shape[0] // heads
    return weight.reshape(heads, 2, rows // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write_shape(writer, config):
    def of(*names):
        return next(config[name] for name in names if name in config)

    heads = of("num_attention_heads", "n_head")
    writer.add_block_count(of("num_hidden_layers", "n_layer"))
    writer.add_context_length(of("max_position_embeddings", "n_positions"))
    writer.add_embedding_length(of("hidden_size", "n_embd"))
    writer.add_head_count(heads)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    if config["model_type"] == "gpt2":
        writer.add_feed_forward_length(4 * config["n_embd"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        return
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if config["model_type"] == "llama":
        writer.add_rope_dimension_count(config.get("head_dim", config["hidden_size"] // heads))


def rope_factors(config):
    """What llama3's scaling divides each frequency by: a tensor in GGUF."""
    scaling = config["rope_scaling"]
    size = config["head_dim"]
    frequency = 1.0 / config["rope_theta"] ** (torch.arange(0, size, 2, dtype=torch.float64) / size)
    waves = scaling["original_max_position_embeddings"] * frequency / (2 * torch.pi)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    smooth = ((waves - low) / (high - low)).clamp(0, 1)
    return (1 / ((1 - smooth) / scaling["factor"] + smooth)).float()


def write_tensor(writer, name, tensor, precision):
    if tensor.dim() < 2 or precision == "F32" or name == "position_embd.weight":
        writer.add_tensor(name, tensor.float().numpy())
        return
    data = tensor.bfloat16().contiguous().view(torch.int16).numpy()
    writer.add_tensor(name, data.view("uint8"), raw_dtype=gguf.GGMLQuantizationType.BF16)


def convert(folder, precision, out):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    family = config["model_type"]
    writer = gguf.GGUFWriter(out, family)
    write_shape(writer, config)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if precision == "F32" else gguf.LlamaFileType.MOSTLY_BF16)
    heads = {"q_proj": config.get("num_attention_heads"), "k_proj": config.get("num_key_value_heads")}
    for name, tensor in load_file(os.path.join(folder, "model.safetensors")).items():
        if name.endswith((".attn.bias", ".attn.masked_bias")) and family == "gpt2":
            continue  # masks, no parameters
        projection = name.split(".")[-2]
        if family == "gpt2" and projection.startswith("c_") and tensor.dim() == 2:
            tensor = tensor.T.contiguous()
        if family == "llama" and projection in heads:
            tensor = interleaved(tensor, heads[projection])
        write_tensor(writer, renamed(name, family), tensor, precision)
    if config.get("rope_scaling"):
        writer.add_tensor("rope_freqs.weight", rope_factors(config).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantize(source, precision, out):
    params = llama.llama_model_quantize_default_params()
    params.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{precision}")
    params.nthread = os.cpu_count()
    status = llama.llama_model_quantize(source.encode(), out.encode(), ctypes.byref(params))
    if status:
        raise SystemExit(f"llama_model_quantize: {status}")


def main(folder, precision, out):
    if precision in ("F32", "BF16"):
        convert(folder, precision, out)
        return
    wide = os.path.join(os.path.dirname(out), "wide.gguf")
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        stored = json.load(file).get("torch_dtype", "float32")
    convert(folder, "BF16" if stored == "bfloat16" else "F32", wide)
    quantize(wide, precision, out)
    os.remove(wide)


if __name__ == "__main__":
    main(*sys.argv[1:])
