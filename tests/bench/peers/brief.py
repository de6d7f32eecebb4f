"""The README's table: hf2c, the fastest peer, and how many times as fast hf2c is.

    brief.py RESULTS.json
"""
import sys

import models
from results import HF2C, Results, number


def cell(results, rows, tokens):
    """tokens: of a subject whose speed is in tokens/s; 0: it is in ms."""
    own = [r for r in rows if r and r["peer"] == HF2C]
    others = sorted((r for r in rows if r and r["peer"] != HF2C), key=lambda r: r["seconds"])
    if not own:
        return ""

    def speed(row):
        return number(tokens / row["seconds"] if tokens else 1e3 * row["seconds"])

    text = f"{speed(own[0])} ({100 * own[0]['share']:.0f} %)"
    if not others:
        return text
    ratio = results.ratio(own[0])
    return f"{text}, {others[0]['peer']} {speed(others[0])}: " + (f"**{ratio:.2f} x**" if ratio >= 1 else f"{ratio:.2f} x")


def print_brief(results, decoder):
    titles = ["decode at 128, tokens/s", "decode at 2048 (GPT-2: 896)", "prompt of 512, tokens/s"] if decoder else ["1 x 32, ms", "1 x 128, ms", "8 x 128, ms"]
    print(f"| {results.threads[0]} threads | " + " | ".join(titles) + " |\n|---|" + "---|" * len(titles))
    for model, group, members in results.entrants(decoder):
        weights = next((precision for peer, precision in members if peer == HF2C), group)
        cells = [cell(results, [results.row(model, group, *one, results.threads[0], subject) for one in members], (512 if subject.startswith("prompt") else 1) if decoder else 0)
                 for _, subject in models.subjects(model)[:models.SHOWN]]
        print(f"| {models.MODELS[model][0]} {weights} | " + " | ".join(cells) + " |")


def main(path):
    results = Results(path)
    for number_of_table, decoder in enumerate(kind for kind in (True, False) if results.entrants(kind)):
        if number_of_table:
            print()
        print_brief(results, decoder)


if __name__ == "__main__":
    main(sys.argv[1])
