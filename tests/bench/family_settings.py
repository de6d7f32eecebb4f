"""Families in odd shapes against transformers: random settings of the configs in tests/oracle, random classes of AutoModel, random weights;
outputs are compared by `hf2c verify`.

    family_settings.py HF2C [--settings N] [--seed S] [--old] [--engines LIST] [CASE...]

transformers builds the model, saves it and gives the outputs for random inputs, padded batches among them. What it cannot build is no question
to hf2c; what hf2c refuses by name is shown.
"""
import argparse
import collections
import json
import logging
import os
import random
import shutil
import subprocess
import tempfile
import warnings

warnings.filterwarnings("ignore")
import safetensors.torch  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

import family_shapes  # noqa: E402

transformers.logging.set_verbosity(logging.CRITICAL)
transformers.logging.disable_progress_bar()
ORACLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "oracle")
OUTPUTS = ["logits", "start_logits", "end_logits", "last_hidden_state", "pooler_output", "encoder_last_hidden_state", "pred_boxes"]


def randomize(model):
    for parameter in model.parameters():
        with torch.no_grad():
            if not parameter.requires_grad:  # sinusoids that checkpoints do not hold
                continue
            if parameter.dim() > 1:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
            else:
                parameter.add_(0.2 * torch.randn_like(parameter))
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.3)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)


def random_ids(rng, config, rows, length):
    others = [i for i in range(5, config["vocab_size"]) if i not in (config.get("pad_token_id"), config.get("eos_token_id"))]
    return torch.tensor([[rng.choice(others) for _ in range(length)] for _ in range(rows)])


def text_inputs(rng, config, rows):
    """A batch has padding on the right, where an encoder reads it."""
    length = rng.randint(3, 23)
    ids, mask = random_ids(rng, config, rows, length), torch.ones(rows, length, dtype=torch.long)
    for row in range(1, rows):
        mask[row, rng.randint(1, length):] = 0
    inputs = {"input_ids": torch.where(mask > 0, ids, config.get("pad_token_id") or 0), "attention_mask": mask}
    if (config.get("type_vocab_size") or 0) > 1:
        inputs["token_type_ids"] = torch.randint(0, config["type_vocab_size"], ids.shape)
    if config.get("is_encoder_decoder") and "EncoderModel" not in config["architectures"][0]:
        target = config | {"vocab_size": config.get("decoder_vocab_size") or config["vocab_size"]}
        inputs["decoder_input_ids"] = random_ids(rng, target, rows, rng.randint(1, 9))
    return inputs


def clip_inputs(rng, config):
    """Texts end with the end mark, which pads them too."""
    text, vision = config["text_config"], config["vision_config"]
    length, end = rng.randint(3, text["max_position_embeddings"]), text["eos_token_id"]
    lengths = torch.tensor([[length]] + [[rng.randint(2, length)] for _ in range(2)])
    ids = torch.tensor([[rng.randrange(3, end) for _ in range(length)] for _ in lengths])
    mask = (torch.arange(length)[None] < lengths).long()
    sides = family_shapes.picture_sides(vision)
    return {"input_ids": torch.where(torch.arange(length)[None] < lengths - 1, ids, end), "attention_mask": mask,
            "pixel_values": torch.randn(2, vision["num_channels"], *sides)}


def run(model, inputs):
    """Outputs as hf2c names and shapes them: each choice is a sequence, and CLIP's are those of its parts."""
    with torch.no_grad():
        if "MultipleChoice" in type(model).__name__:
            outputs = model(**{key: value[None] for key, value in inputs.items()})
            return {"logits": outputs["logits"].reshape(-1, 1)}
        outputs = model(**inputs)
        if model.config.model_type != "clip":
            return {name: outputs.get(name) for name in OUTPUTS}
        parts = {"text": outputs.text_model_output, "vision": outputs.vision_model_output}
        found = {f"{name}_last_hidden_state": part.last_hidden_state for name, part in parts.items()}
        return found | {"text_embeds": outputs.text_embeds, "image_embeds": outputs.image_embeds,
                        "text_pooler": parts["text"].pooler_output,
                        "vision_pooler": parts["vision"].pooler_output}


def random_inputs(rng, config):
    kind = config["model_type"]
    if kind == "clip":
        return {"clip": clip_inputs(rng, config)}
    if kind == "whisper":
        features = torch.randn(1, config["num_mel_bins"], 2 * config["max_source_positions"])
        return {"single": {"input_features": features, "decoder_input_ids": random_ids(rng, config, 1, rng.randint(1, 9))}}
    if "conv_stride" in config and "conv_dim" in config:
        return {"single": {"input_values": torch.randn(1, rng.randint(700, 4000))}}
    if "num_channels" in config and "vocab_size" not in config:
        sides = family_shapes.picture_sides(config)
        return {group: {"pixel_values": torch.randn(1, config["num_channels"], *sides)} for group in ("image0", "image1")}
    groups = {"single": text_inputs(rng, config, 1), "other": text_inputs(rng, config, 1)}
    if family_shapes.is_encoder(config):
        groups["batch"] = text_inputs(rng, config, 3)
    return groups


def write_case(rng, config, folder, fill=randomize):
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    attention = "sdpa" if config["model_type"] == "falcon" else "eager"  # Falcon's eager code adds its biases twice
    loaded = transformers.AutoConfig.from_pretrained(folder, attn_implementation=attention)
    torch.manual_seed(rng.randint(0, 1 << 30))
    model = getattr(transformers, config["architectures"][0])(loaded).eval().float()
    fill(model)
    model.save_pretrained(folder)
    golden, scale = {}, 1.0
    for group, inputs in random_inputs(rng, config).items():
        for name, value in run(model, inputs).items():
            if isinstance(value, torch.Tensor):
                golden[f"{group}/{name}"] = value.clone(memory_format=torch.contiguous_format)
                scale = max(scale, float(value.abs().max()))
        golden.update({("audio" if key == "input_features" else group) + f"/{key}": value for key, value in inputs.items()})
    if not all(torch.isfinite(tensor).all() for tensor in golden.values()):
        raise ValueError("numbers that are not finite")
    safetensors.torch.save_file(golden, os.path.join(folder, "golden.safetensors"))
    with open(os.path.join(folder, "golden.json"), "w", encoding="utf-8") as file:
        json.dump({"tolerance": {"atol": 1e-4 * scale, "rtol": 1e-3}}, file)


def add_processor(config, case, folder):
    """The configs of some do not say how large pictures are, how long sounds."""
    if config["model_type"] in ("resnet", "whisper"):
        shutil.copy(os.path.join(ORACLE, case, "preprocessor_config.json"), folder)


def write_old_config(folder):
    """As transformers 4 would have written it; transformers 5 must read the same from it."""
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    before = transformers.AutoConfig.from_pretrained(folder)
    old = family_shapes.old_style(config)
    kinds = old.pop("layer_types", None)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(old, file)
    if kinds and transformers.AutoConfig.from_pretrained(folder).layer_types != kinds:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(old | {"layer_types": kinds}, file)
    after = transformers.AutoConfig.from_pretrained(folder)
    for rope in (getattr(after, "rope_parameters", None) or {},):
        rope.pop("type", None)
        rope.get("full_attention", {}).pop("type", None)
    differing = {key for key, value in before.to_dict().items() if after.to_dict().get(key) != value}
    if differing - {"transformers_version", "dtype"}:
        raise ValueError(f"the old config says something else: {[(before.to_dict()[key], after.to_dict().get(key)) for key in differing]}")


def compare(hf2c, rng, case, old=False, engines="interpreter"):
    """What came of one setting, and what to say of it."""
    config = family_shapes.case_config(ORACLE, case)
    shown = family_shapes.draw(rng, config, lambda name: hasattr(transformers, name))
    with tempfile.TemporaryDirectory() as folder:
        add_processor(config, case, folder)
        try:
            write_case(rng, config, folder)
            if old:
                write_old_config(folder)
        except Exception as error:
            return "transformers refuses", str(error).splitlines()[0][:300], shown
        done = subprocess.run([hf2c, "verify", folder, "--engines", engines], capture_output=True, encoding="utf-8")
    if done.returncode == 0:
        return "same", "", shown
    failures = [line for line in done.stdout.splitlines() if "FAIL" in line]
    return ("differs", failures[0], shown) if failures else ("hf2c refuses", done.stderr.strip().splitlines()[-1][:250], shown)


def parser_of(description):
    """What this and the other sweeps over families are asked."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c")
    parser.add_argument("case", nargs="*", default=family_shapes.CASES)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def end(counts, *faults):
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    raise SystemExit(any(counts[fault] for fault in faults))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--settings", type=int, default=4)
    parser.add_argument("--old", action="store_true", help="configs with the keys of transformers 4")
    parser.add_argument("--engines", default="interpreter")
    arguments = parser.parse_intermixed_args()
    rng, counts = random.Random(arguments.seed), collections.Counter()
    print(f"seed {arguments.seed}")
    for case in arguments.case:
        for _ in range(arguments.settings):
            outcome, text, shown = compare(arguments.hf2c, rng, case, arguments.old, arguments.engines)
            counts[outcome] += 1
            if outcome != "same":
                print(f"{case}: {outcome}: {text}\n    {shown}", flush=True)
    end(counts, "differs")


if __name__ == "__main__":
    main()
