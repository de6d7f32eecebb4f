"""Random shapes of families, for family_settings.py: draw() changes a config of tests/oracle; keys that it lacks stay away."""
import json
import os
import re

CASES = ["gpt2", "llama2", "llama3", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi-2", "phi-3", "gpt-neox", "gpt-j", "opt", "bloom", "mpt",
         "falcon-7b", "falcon-new", "falcon-rw-alibi", "stablelm", "olmo2", "smollm3", "starcoder2", "mixtral", "qwen3-moe", "gpt-oss",
         "deepseek-v2", "deepseek-v3", "mamba", "mamba2", "bert-mlm", "albert-mlm", "distilbert-mlm", "roberta-mlm", "electra-sentiment",
         "mpnet-base", "modernbert-base", "deberta-v3-nli", "deberta-v1-nli", "bart", "t5-v1_0", "t5-v1_1", "marian", "mbart", "pegasus",
         "nllb-m2m100", "vit-cls", "deit-cls", "dinov2", "swin-cls", "convnext-cls", "resnet-cls", "yolos", "wav2vec2-ctc", "hubert-ctc", "whisper"]
# Families without a case of their own: what they are made of.
OTHERS = {
    "granite": ("llama2", {"model_type": "granite", "architectures": ["GraniteForCausalLM"], "embedding_multiplier": 3.0, "residual_multiplier": 0.5,
                           "attention_multiplier": 0.3, "logits_scaling": 2.0, "attention_bias": False, "mlp_bias": False}),
    "qwen2-moe": ("qwen3-moe", {"model_type": "qwen2_moe", "architectures": ["Qwen2MoeForCausalLM"], "shared_expert_intermediate_size": 20, "head_dim": 8,
                                "num_experts": 4, "num_local_experts": None, "qkv_bias": True, "use_sliding_window": False, "layer_types": None}),
    "gemma": ("gemma2", {"model_type": "gemma", "architectures": ["GemmaForCausalLM"], "layer_types": None, "sliding_window": None,
                         "hidden_act": "gelu_pytorch_tanh"}),
    "camembert": ("roberta-mlm", {"model_type": "camembert", "architectures": ["CamembertForMaskedLM"]}),
    "xlm-r": ("roberta-mlm", {"model_type": "xlm-roberta", "architectures": ["XLMRobertaForMaskedLM"]}),
    "mt5": ("t5-v1_1", {"model_type": "mt5", "architectures": ["MT5ForConditionalGeneration"]}),
}
CASES += sorted(OTHERS) + ["clip"]
ACTIVATIONS = ["gelu", "gelu_new", "relu", "silu", "gelu_pytorch_tanh", "quick_gelu", "mish", "tanh", "gelu_fast", "relu2", "leaky_relu", "hardswish",
               "laplace", "sqrtsoftplus", "relu6", "sigmoid", "gelu_10", "gelu_accurate", "linear"]
WIDTHS = ["hidden_size", "n_embd", "d_model", "dim"]
HEADS = ["num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads", "decoder_attention_heads"]
KEY_HEADS = ["num_key_value_heads", "num_kv_heads"]
INNER = ["intermediate_size", "ffn_hidden_size", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim", "ffn_dim", "hidden_dim", "moe_intermediate_size"]
FUNCTIONS = ["hidden_act", "activation_function", "hidden_activation", "activation", "feat_extract_activation"]
LAYERS = ["num_hidden_layers", "n_layer", "n_layers", "encoder_layers", "decoder_layers", "num_layers", "num_decoder_layers"]
ENCODERS = ["albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "roberta", "xlm-roberta"]
ENCODER_CLASSES = ["Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering",
                   "ForMultipleChoice", "ForNextSentencePrediction"]
DECODER_CLASSES = ["Model", "ForCausalLM", "LMHeadModel", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"]
ENDING = re.compile(r"(LMHeadModel|MTModel|Model|For[A-Z]\w+)$")


def is_encoder(config):
    return config["model_type"] in ENCODERS


def case_config(oracle, case):
    """The config of a case, or of a family that tests/oracle does not have: it is made of a similar one's."""
    base, changes = OTHERS.get(case, (case, {}))
    with open(os.path.join(oracle, base, "config.json"), encoding="utf-8") as file:
        return json.load(file) | changes


def old_style(config):
    """The same as transformers 4 wrote it, where it had other keys."""
    old = {key: value for key, value in config.items() if key not in ("dtype", "rope_parameters", "rope_scaling")}
    old |= {"torch_dtype": config.get("dtype") or config.get("torch_dtype") or "float32", "transformers_version": "4.40.0"}
    rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    if isinstance(rope.get("sliding_attention"), dict):  # Gemma 3's
        old["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = dict(rope["full_attention"])
    if "rope_theta" in rope:
        old["rotary_emb_base" if config["model_type"] == "gpt_neox" else "rope_theta"] = rope.pop("rope_theta")
    if "partial_rotary_factor" in rope:
        old["rotary_pct" if config["model_type"] == "gpt_neox" else "partial_rotary_factor"] = rope.pop("partial_rotary_factor")
    if rope:
        old["rope_scaling"] = None if rope.get("rope_type") == "default" else rope
        if config["model_type"] != "gemma3_text":
            rope["type"] = rope.pop("rope_type", rope.get("type"))
    return old


def change(config, values):
    for key, value in values.items():
        if config.get(key) is not None:
            config[key] = value


def square(size):
    return list(size) if isinstance(size, (list, tuple)) else [size, size]


def picture_sides(config):
    return square(config.get("image_size", 32))


def draw_class(rng, config, known):
    """Another head that transformers has for the family, half of the time; T5 may be one of its relatives."""
    name = config["architectures"][0]
    stem = ENDING.sub("", name)
    if config["model_type"] == "t5":
        config["model_type"], stem = rng.choice([("t5", "T5"), ("mt5", "MT5"), ("umt5", "UMT5")])
        name = stem + rng.choice(["ForConditionalGeneration", "EncoderModel"])
    endings = ["Model"] if config.get("is_encoder_decoder") else ENCODER_CLASSES if is_encoder(config) else DECODER_CLASSES
    others = [stem + ending for ending in endings if known(stem + ending)]
    if "vocab_size" in config and "conv_dim" not in config and others and rng.random() < 0.5:
        name = rng.choice(others)
    config["architectures"] = [name]
    labels = 2 if "QuestionAnswering" in name else rng.randint(1, 5)
    if "ForCTC" not in name and "ForObjectDetection" not in name:
        config["id2label"] = {str(i): f"label {i}" for i in range(labels)}
        config["label2id"] = {f"label {i}": i for i in range(labels)}


def draw_attention(rng, config):
    """Tables of factors by frequency (longrope) hold the size of heads."""
    tables = [config.get(key) for key in ("rope_scaling", "rope_parameters")]
    if any(isinstance(table, dict) and any(isinstance(value, list) for value in table.values()) for table in tables):
        return
    heads, size = rng.choice([1, 2, 3, 5, 6]), rng.choice([8, 24, 40])
    keys = rng.choice([k for k in range(1, heads + 1) if heads % k == 0])
    same = config.get("num_key_value_heads") == config.get("num_attention_heads")
    change(config, dict.fromkeys(WIDTHS, heads * size))
    change(config, {"word_embed_proj_dim": heads * size, "d_kv": size, "head_dim": rng.choice([size, 18, 20]), "rotary_dim": 4,
                    "pooler_hidden_size": heads * size, "pooler_output_size": heads * size, "embedding_size": rng.choice([heads * size, 20])})
    change(config, dict.fromkeys(HEADS, heads))
    change(config, dict.fromkeys(KEY_HEADS, heads if same else keys))


def draw_latent_attention(rng, config):
    """Of DeepSeek."""
    rope = rng.choice([4, 6, 8])
    config.update(kv_lora_rank=rng.choice([7, 16]), qk_rope_head_dim=rope, head_dim=rope, qk_nope_head_dim=rng.choice([5, 8]), v_head_dim=rng.choice([6, 8]))
    config.update(qk_head_dim=config["qk_nope_head_dim"] + rope, num_key_value_heads=config["num_attention_heads"])
    change(config, {"q_lora_rank": rng.choice([9, 24])})


def draw_state_space(rng, config):
    """Of Mamba; Mamba2's heads have a size of their own."""
    config.update(hidden_size=8 * rng.choice([1, 3, 5]), state_size=rng.choice([5, 8, 13]), conv_kernel=rng.choice([2, 3, 4]))
    change(config, {"time_step_rank": rng.choice([1, 3])})
    if config["model_type"] == "mamba2":
        config["head_dim"] = 8
        config["num_heads"] = config["expand"] * config["hidden_size"] // config["head_dim"]
    else:
        config["intermediate_size"] = config["expand"] * config["hidden_size"]


def draw_picture(rng, config):
    kind = config["model_type"]
    config["num_channels"] = 3
    if kind == "swin":
        heads = rng.choice([1, 2, 3])
        config.update(embed_dim=8 * heads, num_heads=[heads, 2 * heads], hidden_size=16 * heads, window_size=rng.choice([2, 3, 4, 5]),
                      image_size=rng.choice([24, 32, 40]))
    elif kind in ("convnext", "resnet"):
        config["hidden_sizes"] = [rng.choice([8, 12, 20]) * (i + 1) for i in range(4)]
        change(config, {"embedding_size": 8, "layer_type": rng.choice(["basic", "bottleneck"]), "image_size": rng.choice([32, 40])})
        config["depths"] = [rng.randint(1, 2) for _ in range(4)]
    elif kind != "yolos":
        patch = rng.choice([4, 7, 8])
        config.update(patch_size=patch, image_size=patch * rng.randint(1, 5))


def draw_sound(rng, config):
    config["conv_dim"] = [rng.choice([8, 20])] * len(config["conv_dim"])
    config["num_conv_pos_embedding_groups"] = rng.choice([1, config["num_attention_heads"]])
    config["num_conv_pos_embeddings"] = rng.choice([3, 8, 16])
    change(config, {"output_hidden_size": config["hidden_size"]})


def draw_inner(rng, config):
    experts = any(config.get(key) for key in ("num_local_experts", "num_experts", "n_routed_experts"))  # whose product in torch wants whole 16 bytes
    change(config, dict.fromkeys(INNER, rng.choice([20, 36, 52] if experts else [17, 35, 50, 61])))
    if config["model_type"] == "falcon":
        config["ffn_hidden_size"] = rng.choice([17, 64])


def draw_clip(rng, config):
    for part in ("text_config", "vision_config"):
        draw_attention(rng, config[part])
        draw_inner(rng, config[part])
        change(config[part], {"hidden_act": rng.choice(ACTIVATIONS), "num_hidden_layers": rng.randint(1, 3)})
    patch = rng.choice([4, 7, 8])
    config["vision_config"].update(patch_size=patch, image_size=patch * rng.randint(1, 4))
    config["text_config"].update(max_position_embeddings=rng.choice([7, 20, 33]))
    config.update(projection_dim=rng.choice([5, 24]))
    return {key: config[key] for key in ("text_config", "vision_config", "projection_dim")}


def draw(rng, config, known):
    """Changes config; returns what was drawn, to be shown."""
    if config["model_type"] == "clip":
        return draw_clip(rng, config)
    before = dict(config)
    draw_class(rng, config, known)
    draw_attention(rng, config)
    draw_inner(rng, config)
    change(config, dict.fromkeys(FUNCTIONS, rng.choice(ACTIVATIONS)))
    change(config, {"feed_forward_proj": rng.choice(["relu", "gated-gelu", "gated-silu", "silu", "gelu"])})
    for key in ("dense_act_fn", "is_gated_act"):  # which T5 makes of feed_forward_proj
        config.pop(key, None)
    if "vocab_size" in config:
        change(config, dict.fromkeys(("vocab_size", "decoder_vocab_size"), config["vocab_size"] + 2 * rng.randint(0, 9) + 1))
    if config["model_type"] == "marian" and rng.random() < 0.5:  # two vocabularies
        config.update(share_encoder_decoder_embeddings=False, decoder_vocab_size=config["vocab_size"] + rng.randint(-30, 30))
        config["pad_token_id"] = config["decoder_start_token_id"] = 1
    change(config, {"sliding_window": rng.randint(1, 9), "local_attention": 2 * rng.randint(1, 6)})
    if "layer_types" not in config and config["model_type"] not in ("mpt", "distilbert", "swin", "dinov2", "yolos"):
        change(config, dict.fromkeys(LAYERS, rng.randint(1, 3)))
    if rng.random() < 0.5 and not config.get("is_encoder_decoder"):
        change(config, {"tie_word_embeddings": rng.random() < 0.5})
    if "kv_lora_rank" in config:
        draw_latent_attention(rng, config)
    if "state_size" in config:
        draw_state_space(rng, config)
    if "num_channels" in config:
        draw_picture(rng, config)
    if "conv_dim" in config:
        draw_sound(rng, config)
    return {key: value for key, value in config.items() if before.get(key) != value and key not in ("id2label", "label2id")}
