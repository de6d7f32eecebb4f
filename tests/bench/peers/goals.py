"""What hf2c wants to reach beside its peers, and whether it does.

    goals.py RESULTS.json
"""
import sys

import models
from results import HF2C, Results


class Goals:
    def __init__(self, path, threads):
        self.results, self.threads = Results(path), threads

    def own(self, model, group, subject):
        return next((r for r in self.results.all["rows"] if (r["model"], r["group"], r["subject"], r["peer"], r["threads"]) ==
                     (model, group, subject, HF2C, self.threads)), None)

    def share(self, model, group, subject, wanted):
        row = self.own(model, group, subject)
        if row:
            yield f"{models.MODELS[model][0]} {row['format']}, {subject}: share of the limit", f"{100 * wanted:.0f} %", f"{100 * row['share']:.0f} %", row["share"] >= wanted

    def times(self, model, group, subject, peer, wanted):
        """So many times as fast as that peer."""
        row = self.own(model, group, subject)
        other = next((r for r in self.results.all["rows"] if (r["model"], r["group"], r["subject"], r["peer"], r["threads"]) ==
                      (model, group, subject, peer, self.threads)), None)
        if row and other:
            ratio = other["seconds"] / row["seconds"]
            yield f"{models.MODELS[model][0]} {row['format']}, {subject}: beside {peer} {other['format']}", f"{wanted} x", f"{ratio:.2f} x", ratio >= wanted

    def loss(self, model, group, wanted):
        """Of speed, from the first context to the second."""
        rows = [self.own(model, group, f"decode at {c}") for c in models.MODELS[model][2]["contexts"]]
        if all(rows):
            lost = 1 - rows[0]["seconds"] / rows[1]["seconds"]
            yield f"{models.MODELS[model][0]} {rows[0]['format']}, {rows[1]['subject']}: slower than at 128 by", f"at most {100 * wanted:.0f} %", f"{100 * lost:.0f} %", lost <= wanted

    def cold(self, model, group, precision, wanted):
        row = self.results.cold.get((model, group, HF2C, precision))
        if row:
            name = f"{models.MODELS[model][0]} {precision}"
            yield f"{name}: cold start", f"at most {wanted} s", f"{row['seconds']:.3f} s", row["seconds"] <= wanted
            over = (row["peak"] - row["weights"]) / 1e6
            yield f"{name}: peak RSS over the weights", "at most 10 MB", f"{over:.1f} MB", over <= 10
            yield f"{name}: the program without weights", "at most 300 KB", f"{row['code'] / 1e3:.0f} KB", row["code"] <= 300e3

    def all(self):
        for group, share in (("bf16", 0.96), ("q8", 0.96), ("q4", 0.94), ("nf4", 0.92)):
            yield from self.share("llama-1b", group, "decode at 128", share)
        for group, ratio in (("q8", 1.75), ("q4", 2)):
            yield from self.times("llama-1b", group, "decode at 128", "llama.cpp", ratio)
        for group in ("bf16", "q8", "q4", "nf4"):
            yield from self.loss("llama-1b", group, 0.12)
        for group, ratio in (("q4", 2.9), ("q8", 3.4), ("bf16", 1.3)):
            yield from self.times("llama-1b", group, "prompt of 512", "llama.cpp", ratio)
        for group, share in (("q4", 0.85), ("bf16", 0.92)):
            yield from self.share("llama-1b", group, "prompt of 512", share)
        for group in ("bf16", "q8", "q4"):
            yield from self.share("llama-1b", group, "prompt of 16", 0.65)
            yield from self.share("llama-1b", group, "prompt of 4", 0.85)
        for model in ("gpt2", "qwen-0.5b"):
            for group, ratio in (("q4", 2), ("q8", 1.9)):
                yield from self.times(model, group, "decode at 128", "llama.cpp", ratio)
        for model in ("bert-base", "distilbert", "minilm"):
            for _, subject in models.subjects(model):
                for group in ("f32", "bf16"):
                    yield from self.times(model, group, subject, "openvino", 1.35 if model == "minilm" or subject == "1 x 32" else 1.08)
                yield from self.times(model, "int8", subject, "openvino", 1.6 if model == "minilm" else 1.15)
        for what in (("minilm", "f32", "f32", 0.02), ("gpt2", "q8", "q8", 0.03), ("llama-1b", "q4", "q4", 0.10)):
            yield from self.cold(*what)


def main(path):
    threads = Results(path).threads[0]
    found = list(Goals(path, threads).all())
    print(f"\n### Goals, {threads} threads: {sum(met for *_, met in found)} of {len(found)} met\n\n| | wanted | found | |\n|---|---:|---:|---|")
    for what, wanted, reached, met in found:
        print(f"| {what} | {wanted} | {reached} | {'met' if met else 'missed'} |")


if __name__ == "__main__":
    main(sys.argv[1])
