#!/usr/bin/env python3
"""Drives a built program through --jsonl and compares every row of an oracle case with what transformers returned.

    check_jsonl.py PROGRAM CASE_FOLDER [--tasks text-classification,generation,...] [--verbose]

Rows `pipelines` (by task), `generation` and `embed` of golden.json are covered. Texts, labels, ids and positions must be equal, scores
within 2e-3 relative. Prints rows compared and matched per kind, what is not covered and why; exits 1 on any mismatch, 2 when
nothing could be compared. Python's standard library only.
"""
import argparse
import array
import json
import math
import os
import struct
import subprocess
import sys

RELATIVE = 2e-3
SMALLEST = 1e-7  # scores below this compare absolutely
VECTOR_ABSOLUTE = 2e-4  # numbers of vectors (feature-extraction, embeddings), beside RELATIVE

# Tasks whose lists of inputs go through the model together.
TOGETHER = ("text-classification", "sentiment-analysis", "zero-shot-classification", "feature-extraction", "fill-mask", "ner",
            "token-classification")


def load_tensor(folder, name):
    """A float32 tensor of golden.safetensors as (shape, flat list), or None."""
    with open(os.path.join(folder, "golden.safetensors"), "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        if name not in header or header[name]["dtype"] != "F32":
            return None
        begin, end = header[name]["data_offsets"]
        file.seek(8 + size + begin)
        values = array.array("f")
        values.frombytes(file.read(end - begin))
    if sys.byteorder == "big":
        values.byteswap()
    return header[name]["shape"], list(values)


def same(got, want, path="", vectors=False):
    """None, or where and how the two differ."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or set(got) != set(want):
            return f"{path or 'answer'}: got {json.dumps(got)[:200]}, want keys {sorted(want)}"
        return next((d for k in want if (d := same(got[k], want[k], f"{path}.{k}", vectors))), None)
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{path or 'answer'}: got {json.dumps(got)[:200]}, want a list of {len(want)}"
        return next((d for i, w in enumerate(want) if (d := same(got[i], w, f"{path}[{i}]", vectors))), None)
    if isinstance(want, float):
        close = isinstance(got, (int, float)) and not isinstance(got, bool) and math.isclose(
            got, want, rel_tol=RELATIVE, abs_tol=VECTOR_ABSOLUTE if vectors else SMALLEST)
        return None if close else f"{path}: got {got}, want {want}"
    return None if type(got) is type(want) and got == want else f"{path}: got {got!r}, want {want!r}"


class Program:
    def __init__(self, path, task=None):
        command = [path, "--jsonl"] + (["--task", task] if task else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the program ended while it worked on {json.dumps(request)[:300]}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Report:
    def __init__(self, verbose):
        self.compared, self.matched, self.skipped, self.verbose = {}, {}, {}, verbose

    def add(self, kind, what, difference):
        self.compared[kind] = self.compared.get(kind, 0) + 1
        if difference is None:
            self.matched[kind] = self.matched.get(kind, 0) + 1
        if difference is not None or self.verbose:
            print(f"{'differs' if difference else 'same   '}  {kind}: {what}" + (f": {difference}" if difference else ""))

    def skip(self, kind, why):
        self.skipped.setdefault((kind, why), 0)
        self.skipped[kind, why] += 1

    def finish(self):
        for kind in sorted(self.compared):
            print(f"{kind:28} {self.matched.get(kind, 0):4} of {self.compared[kind]:4} rows match")
        for (kind, why), count in sorted(self.skipped.items()):
            print(f"{kind:28} {count:4} rows not covered: {why}")
        if not self.compared:
            print("nothing was compared")
            return 2
        return 0 if self.matched == self.compared else 1


def check_pipelines(program_path, folder, rows, wanted, report):
    programs = {}
    for row in rows:
        task = row["task"]
        if wanted and task not in wanted:
            report.skip(task, "left out by --tasks")
            continue
        if row.get("note", "").startswith("through generate()"):
            check_answers(program_path, task.split("/"), row, report)
            continue
        if task not in programs:
            programs[task] = Program(program_path, task)
        inputs = os.path.join(folder, row["inputs"]) if "image" in task or "object" in task or "speech" in task else row["inputs"]
        answer = programs[task].ask({"inputs": inputs, "kwargs": row["kwargs"]})
        difference = same(answer, row["output"], vectors=task == "feature-extraction")
        if isinstance(answer, dict) and "error" in answer:
            difference = answer["error"]
        report.add(task, f"{json.dumps(row['inputs'])[:60]} {json.dumps(row['kwargs'])}", difference)
    for task, program in programs.items():
        if program.close() != 0:
            report.add(task, "exit status", "not 0 at the end of its input")


def check_answers(program_path, tasks, row, report):
    """Rows of tasks that transformers no longer has as pipelines: the text that its generate() gave."""
    keys = {"translation": "translation_text", "summarization": "summary_text", "text2text-generation": "generated_text"}
    for task in tasks:
        program = Program(program_path, task)
        answer = program.ask({"inputs": row["inputs"], "kwargs": row["kwargs"]})
        report.add(task, row["inputs"][:60], same(answer, [{keys[task]: one["text"]} for one in row["output"]]))
        if program.close() != 0:
            report.add(task, "exit status", "not 0 at the end of its input")


def check_lists(program_path, rows, wanted, report):
    """A list of all texts of a task, which go through the model together, must be answered as lists of one are, to the last bit."""
    kinds = {}
    for row in rows:
        if row["task"] in TOGETHER and isinstance(row["inputs"], (str, dict)):
            kinds.setdefault((row["task"], json.dumps(row["kwargs"])), []).append(row["inputs"])
    for (task, kwargs), inputs in kinds.items():
        if wanted and task not in wanted:
            continue
        inputs = list(map(json.loads, dict.fromkeys(map(json.dumps, inputs)))) * 3
        program = Program(program_path, task)
        alone = [program.ask({"inputs": [one], "kwargs": json.loads(kwargs)}) for one in inputs]
        together = program.ask({"inputs": inputs, "kwargs": json.loads(kwargs)})
        program.close()
        if any(isinstance(answer, dict) for answer in alone):
            continue  # an error: the rows themselves report it
        equal = together == [answer[0] for answer in alone]
        report.add("lists", f"{len(inputs)} inputs of {task} {kwargs}", None if equal else "differs from one by one")


def check_speech(program_path, folder, rows, report):
    """What generate() wrote of audio.wav: one list of ids."""
    program = Program(program_path) if rows else None
    for row in rows:
        answer = program.ask({"prompts": [os.path.join(folder, "audio.wav")], "kwargs": row["kwargs"]})
        want = {"output_ids": [row["output_ids"]], "text": [row["text"]]}
        report.add("generation", row["name"], answer.get("error") or same(answer, want))
    if program and program.close() != 0:
        report.add("generation", "exit status", "not 0 at the end of its input")


def check_generation(program_path, rows, report):
    if not rows:
        return
    program = Program(program_path)
    for row in rows:
        kwargs = {"max_new_tokens": 16, "do_sample": False, **row["kwargs"]}
        scores = row.get("sequences_scores")
        if scores:
            kwargs["output_scores"] = True
        answer = program.ask({"prompts": row["prompts"], "kwargs": kwargs})
        if "error" in answer:
            report.add("generation", row["name"], answer["error"])
            continue
        want = {"output_ids": row["output_ids"], "text": row["text"]}
        if scores:
            want["sequences_scores"] = scores
        report.add("generation", row["name"], same(answer, want))
    if program.close() != 0:
        report.add("generation", "exit status", "not 0 at the end of its input")


def check_embeddings(program_path, folder, embed, report):
    texts = embed.get("texts") or []
    normalized = load_tensor(folder, "embed/normalized")
    if not normalized or not texts:
        report.skip("sentence-embedding", "no embed/normalized in the golden file")
        return
    width = normalized[0][-1]
    program = Program(program_path, "sentence-embedding")
    for i, text in enumerate(texts):
        answer = program.ask({"inputs": text, "kwargs": {"pooling": "mean", "normalize": True}})
        want = normalized[1][i * width:(i + 1) * width]
        if isinstance(answer, dict):
            report.add("sentence-embedding", text[:60], answer.get("error"))
            continue
        cosine = sum(a * b for a, b in zip(answer, want))
        good = len(answer) == width and cosine >= 0.99999
        report.add("sentence-embedding", text[:60], None if good else f"{len(answer)} numbers, cosine {cosine:.7f}")
    program.close()


def check_similarity(program_path, folder, embed, report):
    texts, cosines = embed.get("texts") or [], load_tensor(folder, "embed/cosine")
    if not cosines or not texts:
        return
    program = Program(program_path, "sentence-similarity")
    for i, text in enumerate(texts):
        answer = program.ask({"inputs": {"source_sentence": text, "sentences": texts}, "kwargs": {"pooling": "mean"}})
        want = cosines[1][i * len(texts):(i + 1) * len(texts)]
        difference = answer.get("error") if isinstance(answer, dict) else same(answer, want, vectors=True)
        report.add("sentence-similarity", text[:60], difference)
    program.close()


def check_features(program_path, folder, report):
    """The last hidden states of the pictures of a model without a head."""
    program = None
    for picture in ("image0", "image1"):
        golden = load_tensor(folder, picture + "/last_hidden_state")
        if not golden or load_tensor(folder, picture + "/logits"):
            continue
        program = program or Program(program_path, "image-feature-extraction")
        shape, values = golden
        want = [[values[i * shape[2]:(i + 1) * shape[2]] for i in range(shape[1])]]
        answer = program.ask({"inputs": os.path.join(folder, picture + ".png")})
        report.add("image-feature-extraction", picture, same(answer, want, vectors=True))
    if program:
        program.close()


def check_detections(program_path, folder, rows, report):
    """What post_process_object_detection gave, with boxes as the pipeline has them: cut to whole numbers."""
    program = Program(program_path, "object-detection") if rows else None
    for row in rows:
        names = ("xmin", "ymin", "xmax", "ymax")
        want = [{"score": score, "label": label, "box": {name: int(edge) for name, edge in zip(names, box)}}
                for score, label, box in zip(row["scores"], row["labels"], row["boxes"])]
        answer = program.ask({"inputs": os.path.join(folder, row["image"]), "kwargs": {"threshold": row["threshold"]}})
        report.add("object-detection", row["image"], same(answer, want))
    if program:
        program.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--tasks", help="only these, separated by commas; also: generation, sentence-embedding, sentence-similarity")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the rows of generation only every Nth: for slow machines")
    parser.add_argument("--verbose", action="store_true", help="print rows that match too")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.folder, "golden.json"), encoding="utf-8") as file:
        golden = json.load(file)
    wanted = set(arguments.tasks.split(",")) if arguments.tasks else set()
    report = Report(arguments.verbose)
    program = os.path.abspath(arguments.program)
    check_pipelines(program, arguments.folder, golden.get("pipelines", []), wanted, report)
    check_lists(program, golden.get("pipelines", []), wanted, report)
    if not wanted or "generation" in wanted:
        rows = golden.get("generation", [])[::arguments.every]
        check_generation(program, [row for row in rows if "prompts" in row], report)
        check_speech(program, arguments.folder, [row for row in rows if "prompts" not in row], report)
    if golden.get("embed") and (not wanted or "sentence-embedding" in wanted):
        check_embeddings(program, arguments.folder, golden["embed"], report)
    if golden.get("embed") and (not wanted or "sentence-similarity" in wanted):
        check_similarity(program, arguments.folder, golden["embed"], report)
    check_features(program, arguments.folder, report)
    check_detections(program, arguments.folder, golden.get("detections", []), report)
    for kind, why in (("sampling", "probabilities, not choices: compared by unit tests"), ("chat", "checked by hf2c tokenize"),
                      ("forward", "checked by hf2c verify"), ("precision", "checked by hf2c verify"),
                      ("quant", "checked by hf2c verify"), ("clip", "checked by hf2c verify"), ("ctc", "its text is that of the pipeline")):
        for _ in golden.get(kind) or []:
            report.skip(kind, why)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
