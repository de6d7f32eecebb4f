"""What constrained output costs for each token: the same model with and without a schema, runs in turns.

    constrained.py HF2C MODEL [--tokens 200] [--rounds 15]

Prints the median time of a token without a schema, and with each of several.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

STRING = {"type": "string", "maxLength": 20}
SCHEMAS = {
    "one long string": {"type": "string"},
    "list of objects": {"type": "array", "minItems": 4, "items": {
        "type": "object", "properties": {"book": STRING, "chapter": {"type": "integer", "minimum": 1, "maximum": 150}, "law": {"type": "boolean"}},
        "required": ["book", "chapter", "law"]}},
    "list of choices": {"type": "array", "minItems": 20, "items": {"enum": ["Genesis", "Exodus", "Leviticus", "Numbers", "Deuteronomy"]}},
}


class Program:
    def __init__(self, hf2c, model, path, *options):
        subprocess.run([hf2c, "build", model, "-o", path, *options], check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen([path, "--jsonl", "--threads", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def run(self, tokens):
        kwargs = {"max_new_tokens": tokens, "min_new_tokens": tokens, "return_tensors": True}
        begin = time.perf_counter()
        self.process.stdin.write(json.dumps({"inputs": "And it came to pass", "kwargs": kwargs}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        seconds = time.perf_counter() - begin
        if isinstance(answer, dict):
            raise SystemExit(answer["error"])
        return seconds, len(answer[0]["generated_token_ids"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c")
    parser.add_argument("model")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        programs = {"without": Program(arguments.hf2c, arguments.model, os.path.join(work, "plain"))}
        for number, (name, schema) in enumerate(SCHEMAS.items()):
            path = os.path.join(work, f"{number}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(schema, file)
            programs[name] = Program(arguments.hf2c, arguments.model, os.path.join(work, f"program-{number}"), "--json-schema", path)
        times = {name: [] for name in programs}
        prompt = 0
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                seconds, ids = program.run(arguments.tokens)
                prompt = prompt or ids - arguments.tokens  # the first one writes just as many as it may
                times[name].append(seconds / (ids - prompt))
        base = statistics.median(times["without"])
        print(f"{'without':18} {base * 1e6:8.2f} us a token")
        for name in SCHEMAS:
            median = statistics.median(times[name])
            ratio = statistics.median(a / b for a, b in zip(times[name], times["without"]))
            print(f"{name:18} {median * 1e6:8.2f} us a token, {100 * (ratio - 1):+.1f} % (median of the rounds)")


if __name__ == "__main__":
    main()
