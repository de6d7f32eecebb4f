"""Differential fuzzing of compiled tokenizers against HF tokenizers: fuzz_tokenizers.py HF2C WORK SECONDS SEED [FOLDER...]

Every round takes a tokenizer (one of the folders, or random components), makes random texts and requests, and compares ids, tokens,
offsets, words, types and decoded texts. A difference is made smaller and kept in WORK/finds."""
import collections
import copy
import json
import os
import random
import resource
import subprocess
import sys
import time

from random_tokenizer import random_text, random_tokenizer
from tokenizers import Tokenizer

REQUESTS, MEMORY_MOST = 40, 4 << 30


# ---- what both are asked ----

def random_request(rng, size):
    kind = rng.random()
    if kind < 0.15:
        return {"decode": [rng.choice([rng.randrange(size + 3), rng.randrange(min(size, 40))]) for _ in range(rng.choice([0, 1, 3, 9, 30]))],
                "skip_special_tokens": rng.random() < 0.5}
    request = {"text": random_text(rng), "add_special_tokens": rng.random() < 0.8}
    if kind < 0.4:
        request["pair"] = random_text(rng)
    if rng.random() < 0.25:
        longest = rng.choice([3, 4, 5, 6, 8, 12])
        request["truncation"] = {"max_length": longest, "stride": rng.choice([0, 0, 1, 2]), "direction": rng.choice(["left", "right"]),
                                 "strategy": rng.choice(["longest_first", "longest_first", "only_first", "only_second"])}
    return request


def set_truncation(tokenizer, request):
    """False: limits that the setting itself refuses, or that leave less than nothing for the text, which is no limit at all there."""
    tokenizer.no_truncation()
    limits = request.get("truncation")
    if not limits:
        return True
    special = tokenizer.num_special_tokens_to_add("pair" in request) if request["add_special_tokens"] else 0
    try:
        tokenizer.enable_truncation(**limits)
    except ValueError:
        return False
    return limits["max_length"] >= special


def theirs(tokenizer, request):
    """What HF tokenizers answers; "error" where it raises one."""
    try:
        if "decode" in request:
            return {"text": tokenizer.decode(request["decode"], skip_special_tokens=request["skip_special_tokens"])}
        if not set_truncation(tokenizer, request):
            return "any"
        e = tokenizer.encode(request["text"], request.get("pair"), add_special_tokens=request["add_special_tokens"])
    except BaseException as error: # a panic of Rust is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return "any" if type(error).__name__ == "PanicException" else "error"
    return {"ids": e.ids, "tokens": e.tokens, "offsets": [list(o) for o in e.offsets], "type_ids": e.type_ids, "word_ids": e.word_ids}


def ours(hf2c, folder, requests):
    """Answers of the compiled tokenizer, or the text of the refusal."""
    lines = "".join(json.dumps(r) + "\n" for r in requests)
    done = subprocess.run([hf2c, "tokenize", folder, "--jsonl"], input=lines, capture_output=True, text=True, errors="surrogateescape",
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST)))
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    if done.returncode not in (0, 1) or (len(answers) != len(requests) and not done.stderr):
        return f"crash: status {done.returncode}: {done.stderr[-2000:]}"
    return answers if len(answers) == len(requests) else done.stderr.strip()


def same(wanted, found):
    if wanted == "any":
        return True
    if wanted == "error" or "error" in found:
        return wanted == "error" and "error" in found
    return wanted == found


# ---- one tokenizer ----

def fair(tokenizer, tree):
    """Whether HF tokenizers has one answer: of added tokens that are the same once normalized it takes any, which differs from run to
    run, and one of no characters splits the text at every byte."""
    normalize = tokenizer.normalizer.normalize_str if tokenizer.normalizer else str
    texts = [normalize(t["content"]) for t in tree["added_tokens"] if t["normalized"]]
    return all(texts) and len(set(texts)) == len(texts)


class Subject:
    """A tokenizer.json as both see it."""
    def __init__(self, hf2c, work, tree):
        self.hf2c, self.tree, self.folder = hf2c, tree, os.path.join(work, "subject")
        os.makedirs(self.folder, exist_ok=True)
        text = json.dumps(tree)
        for name, content in (("tokenizer.json", text), ("tokenizer_config.json", "{}")):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(content)
        try:
            self.tokenizer = Tokenizer.from_str(text)
        except BaseException:
            self.tokenizer = None
        if self.tokenizer and not fair(self.tokenizer, tree):
            self.tokenizer = None

    def differences(self, requests):
        """(request, theirs, ours) of the first difference; a refusal is a text; None when all is the same."""
        if self.tokenizer is None:
            return None
        answers = ours(self.hf2c, self.folder, requests)
        if isinstance(answers, str):
            return answers
        for request, found in zip(requests, answers):
            wanted = theirs(self.tokenizer, request)
            if not same(wanted, found):
                return request, wanted, found
        return None


def smaller_requests(request):
    for key in ("truncation", "pair"):
        if key in request:
            yield {k: v for k, v in request.items() if k != key}
    for key in ("text", "pair", "decode"):
        value = request.get(key)
        width = len(value) // 2 if value else 0
        while width >= 1:
            for at in range(0, len(value), width):
                yield {**request, key: value[:at] + value[at + width:]}
            width //= 2
        if value and len(value) == 1:
            yield {**request, key: value[:0]}


def smaller_trees(tree):
    for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        part = tree[key]
        if not part:
            continue
        yield {**tree, key: None}
        for steps in ("normalizers", "pretokenizers", "processors", "decoders"):
            for i in range(len(part.get(steps, []))):
                yield {**tree, key: part[steps][i]}
                yield {**tree, key: {**part, steps: part[steps][:i] + part[steps][i + 1:]}}
    for i in range(len(tree["added_tokens"])):
        if tree["added_tokens"][i]["content"] in str(tree["post_processor"]) or i + 1 < len(tree["added_tokens"]):
            continue # others would get its id
        yield {**tree, "added_tokens": tree["added_tokens"][:i] + tree["added_tokens"][i + 1:]}
        for flag in ("single_word", "lstrip", "rstrip", "normalized", "special"):
            if tree["added_tokens"][i].get(flag):
                changed = copy.deepcopy(tree)
                changed["added_tokens"][i][flag] = False
                yield changed
    merges = tree["model"].get("merges", [])
    width = len(merges) // 2
    while width >= 1:
        for at in range(0, len(merges), width):
            yield {**tree, "model": {**tree["model"], "merges": merges[:at] + merges[at + width:]}}
        width //= 2


def shrink(hf2c, work, tree, find, seconds=20):
    """A smaller tokenizer and request that still differ."""
    end, again = time.time() + seconds, True
    while again and time.time() < end:
        again = False
        for smaller in smaller_trees(tree):
            found = Subject(hf2c, work, smaller).differences([find[0]])
            if isinstance(found, tuple):
                tree, find, again = smaller, found, True
                break
        subject = Subject(hf2c, work, tree)
        for request in smaller_requests(find[0]):
            found = subject.differences([request])
            if isinstance(found, tuple):
                find, again = found, True
                break
    return tree, find


def report(work, name, tree, find):
    path = os.path.join(work, "finds", name + ".json")
    with open(path, "w") as file:
        json.dump({"tokenizer": tree, "request": find[0], "wanted": find[1], "found": find[2]}, file, indent=1)
    print(f"{path}\n  request {find[0]}\n  wanted {find[1]}\n  found  {find[2]}", flush=True)


def main():
    hf2c, work, seconds, seed, folders = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]
    os.makedirs(os.path.join(work, "finds"), exist_ok=True)
    known = [(os.path.basename(f), json.load(open(os.path.join(f, "tokenizer.json")))) for f in folders]
    print(f"seed {seed}, {len(known)} tokenizers and random ones, {seconds:.0f} s", flush=True)
    end, rounds, compared, finds, refused = time.time() + seconds, 0, 0, 0, collections.Counter()
    while time.time() < end:
        rounds += 1
        rng = random.Random(f"{seed}/{rounds}")
        name, tree = rng.choice(known) if known and rng.random() < 0.25 else ("random", random_tokenizer(f"{seed}/{rounds}"))
        subject = Subject(hf2c, work, tree)
        if subject.tokenizer is None:
            continue
        requests = [random_request(rng, subject.tokenizer.get_vocab_size()) for _ in range(REQUESTS)]
        found = subject.differences(requests)
        if isinstance(found, tuple):
            finds += 1
            tree, found = shrink(hf2c, work, tree, found)
            report(work, f"{seed}-{rounds}-{name}", tree, found)
        elif isinstance(found, str):
            refused[found.split("found ")[-1]] += 1
            if found.startswith("crash"):
                finds += 1
                print(found, f"in round {rounds}", flush=True)
        else:
            compared += len(requests)
    print(f"seed {seed}: {rounds} tokenizers, {compared} requests the same, {finds} differences")
    for text, count in refused.most_common():
        print(f"  refused {count}: {text}")
    return finds > 0


if __name__ == "__main__":
    sys.exit(main())
