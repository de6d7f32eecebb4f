"""Random settings of generation against generate() of transformers, on the tiny models of tests/oracle and on kjv-writer.

    generation_settings.py HF2C [--settings N] [--seed S] [MODEL...]

Greedy search and beam search must give the same ids. For sampling the scores from which the first token is drawn must be the same:
the same tokens survive the cut-offs, with the same scores. Where two choices are as good as equal (their scores differ by
less than 1e-4), either is right, and that is counted apart.
"""
import argparse
import json
import logging
import math
import os
import random
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")
import torch  # noqa: E402
import transformers  # noqa: E402

transformers.logging.set_verbosity(logging.CRITICAL)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = ["tests/oracle/gpt2", "tests/oracle/llama3", "tests/oracle/gemma2", "tests/oracle/bart", "tests/oracle/t5-v1_1",
          "tests/oracle/marian", "tests/oracle/mamba", "examples/kjv-writer"]
PROMPTS = ["In the beginning", "And it came to pass, that", "The", "a b c a b c a b", "Moses said unto the LORD, the LORD said"]
CLOSE = 1e-4


def some(rng, share):
    return rng.random() < share


def random_lengths(rng, s, prompt):
    if some(rng, 0.8):
        s["max_new_tokens"] = rng.randint(1, 24)
    else:
        s["max_length"] = prompt + rng.randint(1, 16)
    if some(rng, 0.2):
        s["min_new_tokens"] = rng.randint(0, 12)
    if some(rng, 0.2):
        s["min_length"] = rng.randint(0, prompt + 12)


def random_rules(rng, s, ids):
    """ids: tokens that the model likes to write."""
    pick = lambda n: [rng.choice(ids) for _ in range(n)]
    choices = {
        "repetition_penalty": lambda: round(rng.uniform(0.7, 2), 2),
        "no_repeat_ngram_size": lambda: rng.randint(1, 4),
        "encoder_repetition_penalty": lambda: round(rng.uniform(0.7, 2), 2),
        "encoder_no_repeat_ngram_size": lambda: rng.randint(1, 3),
        "bad_words_ids": lambda: [pick(rng.randint(1, 2)) for _ in range(rng.randint(1, 3))],
        "sequence_bias": lambda: [[one, round(rng.uniform(-4, 4), 2)] for one in unique([pick(rng.randint(1, 2)) for _ in range(3)])],
        "suppress_tokens": lambda: pick(rng.randint(1, 3)),
        "begin_suppress_tokens": lambda: pick(rng.randint(1, 3)),
        "forced_eos_token_id": lambda: rng.choice(ids),
        "exponential_decay_length_penalty": lambda: [rng.randint(0, 4), round(rng.uniform(1.01, 1.5), 2)],
        "eos_token_id": lambda: rng.choice([rng.choice(ids), sorted(set(pick(2)))]),
    }
    for name, value in choices.items():
        if some(rng, 0.18):
            s[name] = value()


def unique(lists):
    return [list(one) for one in dict.fromkeys(map(tuple, lists))]


def random_beams(rng, s):
    s["num_beams"] = rng.randint(2, 5)
    if some(rng, 0.4):
        s["length_penalty"] = round(rng.uniform(-1, 2), 2)
    if some(rng, 0.6):
        s["early_stopping"] = rng.choice([True, False, "never"])
    if some(rng, 0.4):
        s["num_return_sequences"] = rng.randint(1, s["num_beams"])


def random_sampling(rng, s):
    s.update(do_sample=True, max_new_tokens=1, top_k=0)
    s.pop("max_length", None)
    choices = {"temperature": lambda: round(rng.uniform(0.2, 3), 2), "top_k": lambda: rng.randint(1, 60), "top_p": lambda: round(rng.uniform(0.05, 1), 3),
               "min_p": lambda: round(rng.uniform(0, 0.6), 3), "typical_p": lambda: round(rng.uniform(0.05, 0.99), 3),
               "epsilon_cutoff": lambda: round(rng.uniform(1e-4, 0.05), 5), "eta_cutoff": lambda: round(rng.uniform(1e-4, 0.05), 5)}
    for name, value in choices.items():
        if some(rng, 0.4):
            s[name] = value()


class Theirs:
    def __init__(self, folder):
        config = transformers.AutoConfig.from_pretrained(folder)
        kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
        self.model = kind.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.encoder = config.is_encoder_decoder
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.tokenizer.padding_side = "right" if self.encoder else "left"

    def generate(self, prompts, settings):
        settings = dict(settings)
        if "sequence_bias" in settings:
            settings["sequence_bias"] = {tuple(ids): bias for ids, bias in settings["sequence_bias"]}
        inputs = self.tokenizer(prompts, return_tensors="pt", padding=True)
        inputs.pop("token_type_ids", None)
        with torch.no_grad():
            return self.model.generate(**inputs, **{"do_sample": False, **settings}, tokenizer=self.tokenizer, output_scores=True,
                                       return_dict_in_generate=True)


class Ours:
    def __init__(self, hf2c, folder):
        self.process = subprocess.Popen([hf2c, "interpret", folder, "--", "--jsonl", "--threads", "1"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, encoding="utf-8")

    def generate(self, prompts, settings):
        kwargs = {"do_sample": False, "output_scores": True, **settings}
        self.process.stdin.write(json.dumps({"prompts": prompts, "kwargs": kwargs}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def compare_ids(settings, theirs, ours):
    want, got = theirs.sequences.tolist(), ours["output_ids"]
    if want == got:
        return None
    if settings.get("num_beams", 1) > 1:
        close = all(math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE) for a, b in zip(theirs.sequences_scores.tolist(), ours["sequences_scores"]))
        return "tie" if close and len(want) == len(got) else f"ids {got}, want {want}"
    for row, (a, b) in enumerate(zip(want, got)):
        at = next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), None)
        if at is None:
            continue
        step = at - (len(a) - len(theirs.scores))
        scores = theirs.scores[step][row] if 0 <= step < len(theirs.scores) else None
        if scores is None or abs(float(scores[a[at]] - scores[b[at]])) > CLOSE:
            return f"row {row}, position {at}: ids {got}, want {want}"
    return "tie"


def compare_scores(theirs, ours):
    """Of the first token; a token at the edge of a cut-off may fall on either side when its neighbours are as likely."""
    for row, want in enumerate(theirs.scores[0].tolist()):
        got = ours["scores"][row][0]
        edge = min((w for w in want if w > -math.inf), default=0)
        for id_, (w, g) in enumerate(zip(want, got)):
            if (w > -math.inf) != (g > -math.inf):
                if abs(max(w, g) - edge) < CLOSE:
                    return "tie"
                return f"row {row}: token {id_} has {g}, want {w}; {sum(v > -math.inf for v in got)} survive, want {sum(v > -math.inf for v in want)}"
            if w > -math.inf and not math.isclose(w, g, rel_tol=1e-3, abs_tol=1e-3):
                return f"row {row}: token {id_} has {g}, want {w}"
    return None


def check_model(arguments, folder, rng, report):
    theirs, ours = Theirs(folder), Ours(arguments.hf2c, folder)
    likes = sorted({i for row in theirs.generate(PROMPTS, {"max_new_tokens": 24}).sequences.tolist() for i in row})
    special = set(theirs.tokenizer.all_special_ids)
    likes = [i for i in likes if i not in special] or [5, 6, 7]
    for _ in range(arguments.settings):
        prompts = rng.sample(PROMPTS, rng.choice([1, 1, 2, 3]))
        longest = 1 if theirs.encoder else max(len(theirs.tokenizer(p)["input_ids"]) for p in prompts)
        settings = {}
        random_lengths(rng, settings, longest)
        random_rules(rng, settings, likes)
        kind = rng.choice(["greedy", "beams", "sampling"])
        if kind == "beams":
            random_beams(rng, settings)
        if kind == "sampling":
            random_sampling(rng, settings)
        try:
            want = theirs.generate(prompts, settings)
        except Exception as problem:  # settings that transformers refuses
            report["refused"].append((settings, str(problem)[:200]))
            continue
        if any(bool(torch.isnan(scores).any()) for scores in want.scores):  # a ban and exponential_decay_length_penalty make NaN
            report["refused"].append((settings, "scores that are not numbers"))
            continue
        got = ours.generate(prompts, settings)
        difference = got["error"] if "error" in got else compare_scores(want, got) if kind == "sampling" else compare_ids(settings, want, got)
        report["compared"][kind] = report["compared"].get(kind, 0) + 1
        if difference == "tie":
            report["ties"] += 1
        elif difference:
            report["differ"].append((os.path.basename(folder), prompts, settings, difference))
            print(f"differs: {os.path.basename(folder)} {json.dumps(prompts)} {json.dumps(settings)}: {difference[:400]}", flush=True)
    ours.process.stdin.close()
    ours.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c")
    parser.add_argument("models", nargs="*", default=[os.path.join(ROOT, one) for one in MODELS])
    parser.add_argument("--settings", type=int, default=60, help="for each model")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    arguments = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    print(f"seed {arguments.seed}, transformers {transformers.__version__}, torch {torch.__version__}", flush=True)
    report = {"compared": {}, "ties": 0, "differ": [], "refused": []}
    for folder in arguments.models:
        check_model(arguments, folder, random.Random(f"{arguments.seed} {os.path.basename(folder)}"), report)
    total = sum(report["compared"].values())
    print(f"{total} settings compared ({', '.join(f'{k} {v}' for k, v in sorted(report['compared'].items()))}): {total - len(report['differ']) - report['ties']} "
          f"the same, {report['ties']} that two choices tie in, {len(report['differ'])} differ; {len(report['refused'])} that transformers refuses or has no numbers for")
    for settings, problem in report["refused"][:3]:
        print(f"  refused, for example: {json.dumps(settings)}: {problem}")
    return 1 if report["differ"] or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
