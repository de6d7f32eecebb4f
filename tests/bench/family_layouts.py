"""Checkpoints of each family in the layouts in which they come: hf2c must read the same model from each, and refuse one that lacks a tensor.

    family_layouts.py HF2C [--seed S] [CASE...]

The weights are numbers that every stored type holds, so that none of the layouts changes them.
"""
import collections
import json
import os
import random
import subprocess
import tempfile

import family_settings
import family_shapes
import safetensors.torch
import torch
import transformers

TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]


def randomize(model):
    """Numbers of three bits between 2^-5 and 2^3, or zero."""
    family_settings.randomize(model)
    with torch.no_grad():
        for tensor in model.state_dict(keep_vars=True).values():
            if tensor.is_floating_point() and (tensor.requires_grad or not isinstance(tensor, torch.nn.Parameter)):
                rounded = tensor.to(torch.float8_e5m2).to(tensor.dtype)
                tensor.copy_(torch.where(rounded.abs() < 2 ** -5, torch.zeros_like(rounded), rounded.clamp(-7, 7)))


def plain(rng, tensors, prefix):
    return tensors


def bare(rng, tensors, prefix):
    """A checkpoint with a head whose body is named as it is without one."""
    short = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return short if len(short) == len(tensors) else tensors


def prefixed(rng, tensors, prefix):
    """A body named as it is under a head."""
    return tensors if any(name.startswith(prefix) for name in tensors) else {prefix + name: tensor for name, tensor in tensors.items()}


def old_names(rng, tensors, prefix):
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta",
             "parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    renamed = {}
    for name, tensor in tensors.items():
        for new, old in names.items():
            name = name[:-len(new)] + old if name.endswith(new) else name
        renamed[name] = tensor
    return renamed


def types(rng, tensors, prefix):
    def stored(tensor):
        exact = [kind for kind in TYPES if tensor.is_floating_point() and torch.equal(tensor.to(kind).to(tensor.dtype), tensor)]
        return tensor.to(rng.choice(exact)) if exact else tensor
    return {name: stored(tensor) for name, tensor in tensors.items()}


def extra(rng, tensors, prefix):
    return tensors | {prefix + "embeddings.position_ids": torch.arange(9)[None], prefix + "h.0.attn.masked": torch.ones(3, 3, dtype=torch.bool),
                      "scalar": torch.tensor(1.0), "bytes": torch.zeros(4, dtype=torch.uint8), "nothing": torch.zeros(0, 4)}


def lacking(rng, tensors, prefix):
    name = rng.choice(sorted(tensors))
    return {other: tensor for other, tensor in tensors.items() if other != name}


LAYOUTS = [plain, bare, prefixed, old_names, types, extra, lacking]


def write_shards(rng, folder, tensors):
    """Two files and an index, or one file."""
    for name in os.listdir(folder):
        if name.startswith("model"):
            os.remove(os.path.join(folder, name))
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    if rng.random() < 0.5 or len(tensors) < 2:
        safetensors.torch.save_file(tensors, os.path.join(folder, "model.safetensors"))
        return
    places = {name: f"model-{rng.randint(1, 2):05}-of-00002.safetensors" for name in tensors}
    for place in set(places.values()):
        safetensors.torch.save_file({name: tensors[name] for name in tensors if places[name] == place}, os.path.join(folder, place))
    with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
        json.dump({"metadata": {}, "weight_map": places}, file)


def verify(hf2c, folder):
    done = subprocess.run([hf2c, "verify", folder, "--engines", "interpreter"], capture_output=True, encoding="utf-8", errors="replace")
    failures = [line for line in done.stdout.splitlines() if "FAIL" in line] or done.stderr.strip().splitlines()[-1:]
    return done.returncode == 0, (failures or [str(done.returncode)])[0][-200:]


def compare(hf2c, rng, case):
    config = family_shapes.case_config(family_settings.ORACLE, case)
    if rng.random() < 0.5:
        family_shapes.draw_class(rng, config, lambda name: hasattr(transformers, name))
    with tempfile.TemporaryDirectory() as folder:
        family_settings.add_processor(config, case, folder)
        family_settings.write_case(rng, config, folder, randomize)
        saved = safetensors.torch.load_file(os.path.join(folder, "model.safetensors"))
        prefix = getattr(transformers, config["architectures"][0]).base_model_prefix + "."
        for layout in LAYOUTS:
            changed = layout(rng, dict(saved), prefix)
            write_shards(rng, folder, changed)
            right, said = verify(hf2c, folder)
            missing = sorted(saved.keys() - changed.keys())
            good = not right and missing[0] in said if layout is lacking else right
            yield "right" if good else "wrong", f"{config['architectures'][0]}, {layout.__name__}: {missing if layout is lacking else ''} {said}"


def main():
    arguments = family_settings.parser_of(__doc__).parse_intermixed_args()
    rng, counts = random.Random(arguments.seed), collections.Counter()
    print(f"seed {arguments.seed}")
    for case in arguments.case:
        for outcome, text in compare(arguments.hf2c, rng, case):
            counts[outcome] += 1
            if outcome != "right":
                print(f"{case}: {text}", flush=True)
    family_settings.end(counts, "wrong")


if __name__ == "__main__":
    main()
