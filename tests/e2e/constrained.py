"""Random JSON schemas against a program that generates: every text must parse and be valid by a validator of its own.

    constrained.py HF2C MODEL WORK [--schemas N] [--seed S]

Each schema is compiled for the model's vocabulary and run by the interpreter: greedy, sampled with several seeds, by beams, with rules
that ban tokens, and with just as much room as the shortest text needs.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys

PATTERNS = ["^[a-z]{2,5}$", "^(red|green|blue)+$", "ab", "^\\d{3}-\\d{2}$", "^[^\"x]{0,3}$", "^\\w+\\s?\\w*$", "^.{1,4}$", "[äöü]|ß$"]
TEXTS = ["", "a", "yes, no", "\"", "\\", "line\nend", "Zoë", "日本", "😀", "/", "{}", " "]


def random_scalar(rng):
    return rng.choice([rng.choice(TEXTS), rng.randint(-5, 500), rng.random() < 0.5, None, 1.5, -0.25])


def random_string(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return {"type": "string"}
    if kind == 1:
        return {"type": "string", "pattern": rng.choice(PATTERNS)}
    if kind == 2:
        return {"type": "string", "format": rng.choice(["date", "time", "date-time", "uuid"])}
    low = rng.randrange(4)
    return {"type": "string", "minLength": low, "maxLength": low + rng.randrange(6)} if kind == 3 else {"type": "string", "minLength": low}


def random_number(rng):
    schema = {"type": rng.choice(["integer", "number"])}
    if rng.random() < 0.7:
        low = rng.choice([0, 1, 7, 99, -3, -120, 1000])
        schema[rng.choice(["minimum", "exclusiveMinimum"])] = low
        if rng.random() < 0.7:
            schema[rng.choice(["maximum", "exclusiveMaximum"])] = low + rng.choice([2, 5, 13, 100, 1234])
    elif rng.random() < 0.3:
        schema["maximum"] = rng.choice([-5, 0, 12])
    return schema


def random_object(rng, depth):
    names = rng.sample(["id", "name", "a b", "\"quoted\"", "größe", "x", "list", "inner"], rng.randrange(1, 4))
    schema = {"type": "object", "properties": {n: random_schema(rng, depth + 1) for n in names}}
    schema["required"] = [n for n in names if rng.random() < 0.6]
    if rng.random() < 0.5:
        schema["additionalProperties"] = False
    return schema


def random_array(rng, depth):
    schema = {"type": "array", "items": random_schema(rng, depth + 1)}
    if rng.random() < 0.6:
        schema["minItems"] = rng.randrange(3)
    if rng.random() < 0.6:
        schema["maxItems"] = schema.get("minItems", 0) + rng.randrange(3)
    return schema


def random_schema(rng, depth=0):
    kind = rng.randrange(10)
    if depth < 3 and (kind < 3 or depth == 0):
        return random_object(rng, depth) if rng.random() < 0.7 else random_array(rng, depth)
    if kind == 3:
        return {"enum": [random_scalar(rng) for _ in range(rng.randrange(1, 4))]}
    if kind == 4:
        return {"const": random_scalar(rng)}
    if kind == 5 and depth < 3:
        return {"anyOf": [random_schema(rng, depth + 1) for _ in range(2)]}
    if kind == 6:
        return {"type": rng.choice(["boolean", "null", ["boolean", "null", "string"]])}
    return random_number(rng) if kind == 7 else random_string(rng)


SPECIAL = [
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer", "minimum": 0, "maximum": 9}, "kids": {
        "type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 2}}, "required": ["v"], "additionalProperties": False}}},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "circle"}, "r": {"type": "number", "exclusiveMinimum": 0}},
                "required": ["kind", "r"]},
               {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number", "minimum": 0}},
                "required": ["kind", "side"]}]},
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 3}},
    {},
]


# ---- the validator ----

def is_type(value, name):
    if name == "integer":
        return not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value)
    kinds = {"null": type(None), "boolean": bool, "object": dict, "array": list, "string": str, "number": (int, float)}
    return isinstance(value, kinds[name]) and not (name == "number" and isinstance(value, bool))


def equal(a, b):
    return isinstance(a, bool) == isinstance(b, bool) and a == b


FORMATS = {"date": r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])", "time": r"([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ",
           "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"}
FORMATS["date-time"] = FORMATS["date"] + "T" + FORMATS["time"]


def valid_number(value, s):
    return not (("minimum" in s and value < s["minimum"]) or ("maximum" in s and value > s["maximum"]) or
                ("exclusiveMinimum" in s and value <= s["exclusiveMinimum"]) or ("exclusiveMaximum" in s and value >= s["exclusiveMaximum"]))


def valid_object(value, s, root):
    properties, others = s.get("properties", {}), s.get("additionalProperties", True)
    return all(n in value for n in s.get("required", [])) and all(
        valid(v, properties[n] if n in properties else others, root) for n, v in value.items())


def valid(value, s, root):
    if isinstance(s, bool):
        return s
    if "$ref" in s:
        target = root
        for part in s["$ref"].split("/")[1:]:
            target = target[part]
        return valid(value, target, root)
    types = s.get("type", [])
    if types and not any(is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
        return False
    if ("enum" in s and not any(equal(value, v) for v in s["enum"])) or ("const" in s and not equal(value, s["const"])):
        return False
    if "anyOf" in s and not any(valid(value, o, root) for o in s["anyOf"]):
        return False
    if "oneOf" in s and sum(valid(value, o, root) for o in s["oneOf"]) != 1:
        return False
    if isinstance(value, str):
        return (s.get("minLength", 0) <= len(value) <= s.get("maxLength", 1 << 30) and ("pattern" not in s or bool(re.search(s["pattern"], value)))
                and ("format" not in s or bool(re.fullmatch(FORMATS[s["format"]], value))))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return valid_number(value, s)
    if isinstance(value, list):
        return s.get("minItems", 0) <= len(value) <= s.get("maxItems", 1 << 30) and all(valid(v, s.get("items", True), root) for v in value)
    return valid_object(value, s, root) if isinstance(value, dict) else True


# ---- the program ----

def requests_for(rng, shortest):
    rooms = [shortest, shortest + 1, shortest + rng.randrange(2, 9), shortest + 60]
    for room in rooms:
        yield {"max_new_tokens": room}
        yield {"max_new_tokens": room, "do_sample": True, "top_k": 0, "temperature": 1.5, "seed": rng.randrange(1 << 30)}
    yield {"max_new_tokens": shortest + 12, "num_beams": 3, "num_return_sequences": 2}
    yield {"max_new_tokens": shortest + 12, "num_beams": 4, "do_sample": True, "top_k": 0, "seed": rng.randrange(1 << 30)}
    yield {"max_new_tokens": shortest + 30, "no_repeat_ngram_size": 1, "repetition_penalty": 3.0}
    yield {"max_new_tokens": shortest + 30, "min_new_tokens": shortest + 25, "do_sample": True, "top_k": 3, "seed": rng.randrange(1 << 30)}
    yield {"max_new_tokens": shortest + 20, "prompt_lookup_num_tokens": 3}


class Program:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def ask(self, kwargs):
        self.process.stdin.write(json.dumps({"inputs": "In the", "kwargs": {"return_full_text": False, **kwargs}}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": self.process.stderr.read()}


def check_schema(arguments, rng, number, schema):
    path = os.path.join(arguments.work, f"schema-{number}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(schema, file)
    program = Program([arguments.hf2c, "interpret", arguments.model, "--json-schema", path, "--", "--jsonl", "--threads", "1"])
    refused = program.ask({"max_new_tokens": 1})
    if isinstance(refused, dict) and "no text that it allows" in refused["error"]:
        return 0
    shortest = 1
    if isinstance(refused, dict):
        found = re.search(r"shortest text has (\d+) tokens", refused["error"])
        if not found:
            sys.exit(f"FAIL: {json.dumps(schema)}: {refused}")
        shortest = int(found.group(1))
    texts = 0
    for kwargs in requests_for(rng, shortest):
        answer = program.ask(kwargs)
        if isinstance(answer, dict):
            if shortest > 100 and "longest sequence" in answer["error"]:
                continue
            sys.exit(f"FAIL: {json.dumps(schema)} {kwargs}: {answer}")
        for one in answer:
            text = one["generated_text"]
            try:
                good = valid(json.loads(text), schema, schema)
            except ValueError as problem:
                sys.exit(f"FAIL: {json.dumps(schema)} {kwargs}: {text!r}: {problem}")
            if not good:
                sys.exit(f"FAIL: {json.dumps(schema)} {kwargs}: not valid: {text!r}")
            texts += 1
    program.process.stdin.close()
    if program.process.wait() != 0:
        sys.exit(f"FAIL: {json.dumps(schema)}: exit status {program.process.returncode}")
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hf2c")
    parser.add_argument("model")
    parser.add_argument("work")
    parser.add_argument("--schemas", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    schemas = SPECIAL + [random_schema(rng) for _ in range(arguments.schemas)]
    texts = sum(check_schema(arguments, rng, i, schema) for i, schema in enumerate(schemas))
    if texts < 10 * len(schemas):
        sys.exit(f"FAIL: only {texts} texts")
    print(f"{os.path.basename(arguments.model)}: {len(schemas)} schemas, seed {arguments.seed}: {texts} texts, all valid")


if __name__ == "__main__":
    main()
