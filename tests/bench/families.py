"""The table of families: each architecture, the file that defines it, how long that is, the ops that no other file uses, and, given hf2c, the
worst error of its cases in tests/oracle against transformers, as a share of what the case tolerates: above 1 it fails.

    families.py [HF2C [--target TARGET]]
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ARCH, ORACLE = os.path.join(os.path.dirname(TESTS), "compiler", "arch"), os.path.join(TESTS, "oracle")
CANCELLING = {"mamba": ["--atol", "0.01"]}  # its golden is outside of its tolerance in double too: values near 1000 cancel


def read_sources():
    return {name: open(os.path.join(ARCH, name), encoding="utf-8").read() for name in sorted(os.listdir(ARCH)) if name.endswith(".c")}


def file_of(sources, architecture):
    pattern = re.compile(rf"Architecture arch_{architecture} =|^[A-Z0-9_]+\({architecture}[,)]", re.MULTILINE)
    return next(name for name, text in sources.items() if pattern.search(text))


def own_ops(sources, file):
    ops = {name: set(re.findall(r"\bOP_([a-z0-9_]+)", text)) for name, text in sources.items()}
    return sorted(ops[file] - set().union(*(found for name, found in ops.items() if name != file)) - {"none"})


def verify(hf2c, target, case):
    engines = ["--engines", "compiled,interpreter"] + (["--target", target] if target else [])
    command = [hf2c, "verify", os.path.join(ORACLE, case), *engines, *CANCELLING.get(case, [])]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    shares = re.findall(r"^(?:compiled|interpreter): \d+ tensors, largest error \S+, at most (\S+) of", done.stdout, re.MULTILINE)
    if len(shares) != 2:
        raise SystemExit(f"{case}: hf2c verify failed: {done.stderr.strip() or done.stdout[-300:]}")
    return max(float(share) for share in shares)


def worst_errors(hf2c, target):
    cases = [case for case in sorted(os.listdir(ORACLE)) if os.path.exists(os.path.join(ORACLE, case, "golden.safetensors"))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        shares = list(pool.map(lambda case: verify(hf2c, target, case), cases))
    worst = collections.defaultdict(lambda: (0.0, "", 0))
    for case, share in zip(cases, shares):
        with open(os.path.join(ORACLE, case, "config.json"), encoding="utf-8") as file:
            kind = json.load(file)["model_type"].replace("-", "_")
        most, name, count = worst[kind]
        worst[kind] = (max(most, share), case if share >= most else name, count + 1)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c", nargs="?")
    parser.add_argument("--target")
    arguments = parser.parse_args()
    sources = read_sources()
    worst = worst_errors(arguments.hf2c, arguments.target) if arguments.hf2c else {}
    print("| architecture | file | lines | ops of its own | cases | worst share of the tolerance |\n|---|---|---:|---|---:|---|")
    with open(os.path.join(ARCH, "archs.def"), encoding="utf-8") as file:
        names = re.findall(r"^ARCH\((\w+)\)", file.read(), re.MULTILINE)
    for name in names:
        source = file_of(sources, name)
        most, case, count = worst.get(name, (0.0, "", 0))
        shown = f"{most:.3f} ({case})" if count else ""
        lines = sources[source].count("\n")
        print(f"| `{name}` | {source} | {lines} | {', '.join(own_ops(sources, source))} | {count} | {shown} |")


if __name__ == "__main__":
    main()
