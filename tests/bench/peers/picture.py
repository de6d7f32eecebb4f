"""Results as a picture: how much of the machine's limit hf2c and the fastest peer use.

    picture.py RESULTS.json > RESULTS.svg
"""
import sys
from html import escape

import models
from results import HF2C, Results, number

LEFT, RIGHT, WIDTH, BAR, GAP, TOP = 300, 190, 1000, 11, 10, 64
COLOUR = {True: "#1f6feb", False: "#9aa4af"}


def pairs(results):
    """[(what, [row, row])]: hf2c first, then the fastest peer."""
    for decoder in (True, False):
        for model, group, members in results.entrants(decoder):
            for _, subject in models.subjects(model)[:models.SHOWN]:
                rows = [results.row(model, group, *one, results.threads[0], subject) for one in members]
                own = [r for r in rows if r and r["peer"] == HF2C]
                others = sorted((r for r in rows if r and r["peer"] != HF2C), key=lambda r: r["seconds"])
                if own and others:
                    yield f"{models.MODELS[model][0]} {own[0]['format']}, {subject}", [own[0], others[0]]


def speed(row):
    if row["subject"].startswith("decode"):
        return f"{number(1 / row['seconds'])} tokens/s"
    return f"{number(512 / row['seconds'])} tokens/s" if row["subject"].startswith("prompt") else f"{number(1e3 * row['seconds'])} ms"


def text(x, y, content, anchor="start", weight="normal", colour="#24292f"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">{escape(content)}</text>'


def main(path):
    results = Results(path)
    shown = list(pairs(results))
    scale = (WIDTH - LEFT - RIGHT) / 100
    height = TOP + len(shown) * (2 * BAR + GAP) + 12
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           text(12, 22, f"Share of what the machine can do, {results.threads[0]} threads: of its bandwidth (decode), of its arithmetic peak (the rest)", weight="bold"),
           f'<rect x="12" y="34" width="11" height="11" fill="{COLOUR[True]}"/>', text(28, 44, HF2C),
           f'<rect x="80" y="34" width="11" height="11" fill="{COLOUR[False]}"/>', text(96, 44, "the fastest peer")]
    for percent in range(0, 101, 25):
        x = LEFT + percent * scale
        out += [f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 8}" stroke="#d0d7de"/>', text(x, TOP - 12, f"{percent} %", "middle", colour="#57606a")]
    for i, (name, rows) in enumerate(shown):
        y = TOP + i * (2 * BAR + GAP)
        out.append(text(LEFT - 8, y + BAR + 4, name, "end"))
        for row in rows:
            length = 100 * scale * min(row["share"], 1.1)
            peer = "" if row["peer"] == HF2C else f", {row['peer']}"
            out.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{COLOUR[row["peer"] == HF2C]}"/>')
            out.append(text(round(LEFT + length + 4, 1), y + BAR - 2, f"{100 * row['share']:.0f} %, {speed(row)}{peer}", colour="#57606a"))
            y += BAR
    print("\n".join([*out, "</svg>"]))


if __name__ == "__main__":
    main(sys.argv[1])
