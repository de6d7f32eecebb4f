"""Each key of each family's config, set to what it usually is not, or left out: hf2c must compute what transformers does then, or refuse it by name.

    family_unusual.py HF2C [--key KEY] [--random N [--seed S]] [CASE...]

With --random, N times three changes at once, and another class of AutoModel half of the time.

The keys are those that transformers writes for the family. Configs are read as they are written here, not as transformers would save them.
What transformers refuses is listed where hf2c accepts it.
"""
import collections
import copy
import json
import os
import random
import subprocess
import tempfile

import family_settings
import family_shapes
import transformers

# Of training, of generation, or names: they change no output of the model itself.
IDLE = set("""architectures model_type transformers_version dtype torch_dtype _name_or_path id2label label2id use_cache return_dict eos_token_id
    bos_token_id decoder_start_token_id is_encoder_decoder forced_bos_token_id forced_eos_token_id chunk_size_feed_forward output_attentions output_hidden_states
    initializer_range gradient_checkpointing num_hidden_layers _attn_implementation auto_map""".split())
WORDS = {"position_embedding_type": ["relative_key", "relative_key_query"], "rope_type": ["linear", "dynamic", "yarn", "llama3", "longrope", "foo"],
         "hidden_act": ["relu", "foo"], "feat_extract_norm": ["layer", "group"], "problem_type": ["foo"], "layer_type": ["basic", "bottleneck"],
         "feed_forward_proj": ["gated-gelu", "gelu", "foo"], "summary_type": ["first", "mean", "cls_index"], "attn_type": ["foo"]}
ABSENT = "absent"


def unusual(key, value):
    """Other values of the same kind, and of another kind for those that say nothing."""
    if isinstance(value, bool):
        return [not value]
    if value is None:
        return [True, 2, 0.5, "foo"] + WORDS.get(key, [])
    if isinstance(value, int):
        return [value + 1, 2 * value or 2, 0]
    if isinstance(value, float):
        return [value * 2 if value else 0.5, 0.0, None]
    if isinstance(value, str):
        return WORDS.get(key, ["foo"]) + ["relu"] * (key in family_shapes.FUNCTIONS)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [value[::-1], ["foo"] * len(value), value[:-1]]
    if isinstance(value, list) and value and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value):
        return [value[::-1], [item * 2 for item in value], value[:-1]]
    return []


def changes(config, defaults, prefix=()):
    """(path, value) of every change; objects are looked into."""
    for key in sorted(set(config) | set(defaults)):
        value = config.get(key, defaults.get(key))
        if key in IDLE or key.endswith("dropout") and isinstance(value, float) or "drop" in key and isinstance(value, float):
            continue
        if isinstance(value, dict):
            yield from changes(value, {}, prefix + (key,))
        else:
            yield from ((prefix + (key,), other) for other in unusual(key, value) if other != value)
            if key in config:
                yield prefix + (key,), ABSENT


def changed(config, path, value):
    config = copy.deepcopy(config)
    at = config
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value
    if value == ABSENT:
        del at[path[-1]]
    return config


def defaults_of(config):
    try:
        made = transformers.AutoConfig.for_model(config["model_type"]).to_dict()
    except Exception:
        return {}
    return {key: value for key, value in made.items() if not isinstance(value, dict)}


def compare(hf2c, case, config):
    with tempfile.TemporaryDirectory() as folder:
        family_settings.add_processor(config, case, folder)
        try:
            family_settings.write_case(random.Random(1), config, folder)
            refused = ""
        except Exception as error:
            refused = (str(error) or type(error).__name__).splitlines()[0][:80]
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        command = [hf2c, "verify", folder, "--engines", "interpreter"]
        if refused:
            command = [hf2c, "inspect", os.path.join(folder, "config.json")]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode < 0:
        return "crash", str(done.returncode)
    if refused:
        return ("accepted alone" if done.returncode == 0 else "both refuse"), refused
    if done.returncode == 0:
        return "same", ""
    failures = [line for line in done.stdout.splitlines() if "FAIL" in line]
    if failures:
        return "differs", failures[0]
    return "hf2c refuses", (done.stderr.strip().splitlines() or [str(done.returncode)])[-1][-200:]


def drawn(rng, usual, count):
    """(what was changed, config) of random changes that go together."""
    singly = list(changes(usual, defaults_of(usual)))
    for _ in range(count):
        config, chosen = copy.deepcopy(usual), rng.sample(singly, 3)
        if len({path[0] for path, _ in chosen}) < 3:
            continue
        for path, value in chosen:
            config = changed(config, path, value)
        if config["model_type"] != "clip":
            family_shapes.draw_class(rng, config, lambda name: hasattr(transformers, name))
        yield [(".".join(path), value) for path, value in chosen] + config["architectures"], config


def singly(usual, key):
    for path, value in changes(usual, defaults_of(usual)):
        if not key or key in path:
            yield [(".".join(path), value)], changed(usual, path, value)


def main():
    parser = family_settings.parser_of(__doc__)
    parser.add_argument("--key")
    parser.add_argument("--random", type=int)
    arguments = parser.parse_intermixed_args()
    rng, counts = random.Random(arguments.seed), collections.Counter()
    for case in arguments.case:
        usual = family_shapes.case_config(family_settings.ORACLE, case)
        for what, config in drawn(rng, usual, arguments.random) if arguments.random else singly(usual, arguments.key):
            outcome, text = compare(arguments.hf2c, case, config)
            counts[outcome] += 1
            if outcome not in ("same", "both refuse"):
                print(f"{case}: {json.dumps(what)}: {outcome}: {text}", flush=True)
    family_settings.end(counts, "differs", "crash")


if __name__ == "__main__":
    main()
