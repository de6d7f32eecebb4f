"""Each number of each family's config set to 0, -1, 1, 3 and what is beyond 32 bits: no run may end by a signal, by an internal error or never.

    family_numbers.py HF2C [CASE...]

What `hf2c inspect` accepts is initialised at random and run on the inputs of the case's goldens, where the number is small.
"""
import collections
import concurrent.futures
import copy
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

ORACLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "oracle")
VALUES = [0, -1, 1, 3, (1 << 31) - 1, 1 << 31, (1 << 32) + 1]
SMALL, MEMORY, SECONDS = 1 << 10, 6 << 30, 60
PROCESSORS = ["preprocessor_config.json"]  # the configs of some do not say how large pictures are


def read_config(case):
    with open(os.path.join(ORACLE, case, "config.json"), encoding="utf-8") as file:
        return json.load(file)


def cases_of_families():
    first = {}
    for case in sorted(os.listdir(ORACLE)):
        if os.path.exists(os.path.join(ORACLE, case, "golden.safetensors")) and os.path.exists(os.path.join(ORACLE, case, "config.json")):
            first.setdefault(read_config(case)["model_type"], case)
    return list(first.values())


def paths(value, path=()):
    """Of all numbers, those that are not there (null) among them."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else []
    for key, item in items:
        if item is None or isinstance(item, (int, float)):
            yield path + (key,)
        yield from paths(item, path + (key,))


def changed(config, path, value):
    config = copy.deepcopy(config)
    at = config
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return config


def run(*command):
    """(exit status, whether that is a fault, what was said)"""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return -1, True, f"not done in {SECONDS} s"
    return done.returncode, done.returncode not in (0, 1) or "internal error" in done.stderr, done.stderr.strip()[-200:]


def check(hf2c, case, path, value):
    with tempfile.TemporaryDirectory() as folder:
        config, model = os.path.join(folder, "config.json"), os.path.join(folder, "model")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(changed(read_config(case), path, value), file)
        processors = [os.path.join(ORACLE, case, name) for name in PROCESSORS if os.path.exists(os.path.join(ORACLE, case, name))]
        for processor in processors:
            shutil.copy(processor, folder)
        status, fault, said = run(hf2c, "inspect", config)
        if status == 0 and abs(value) < SMALL:
            status, fault, said = run(hf2c, "new", config, "-o", model, "--save")
            for processor in processors if status == 0 else []:
                shutil.copy(processor, model)
            golden = os.path.join(ORACLE, case, "golden.safetensors")
            if status == 0:
                status, fault, said = run(hf2c, "verify", model, "--golden", golden, "--engines", "interpreter,reference", "--atol", "1e30")
    return "fault" if fault else "refused" if status else "fine", f"{case}: {'.'.join(map(str, path))} = {value}: {status} {said}"


def main():
    hf2c, cases = sys.argv[1], sys.argv[2:] or cases_of_families()
    counts = collections.Counter()
    jobs = [(hf2c, case, path, value) for case in cases for path in paths(read_config(case)) for value in VALUES]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for outcome, text in pool.map(lambda job: check(*job), jobs):
            counts[outcome] += 1
            if outcome == "fault":
                print(text, flush=True)
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    raise SystemExit(counts["fault"] > 0)


if __name__ == "__main__":
    main()
