"""Results as Markdown.

    table.py RESULTS.json
"""
import sys

import models
from results import HF2C, Results, number


def cell(results, row, shown):
    """The speed, its share of the limit, and how it stands beside the fastest peer."""
    if not row:
        return ""
    text = f"{number(shown(row['seconds']))}, {100 * row['share']:.0f} %"
    ratio = results.ratio(row)
    return f"**{text}, {ratio:.2f}x**" if ratio else text


def cells_of_cold(results, key):
    row = results.cold.get(key)
    if not row:
        return ["", "", ""]
    start = f" ({number(row['start'])})" if row["start"] else ""
    return [number(row["seconds"]) + start, number(row["peak"] / 1e6), number(row["code"] / 1e6)]


def off(results, row):
    share = row and results.off(row)
    return "" if share is None or row is None else f"{100 * share:.2g} %"


def print_table(results, decoder, threads):
    kinds = "decode" if decoder else "encode"
    unit = "tokens/s" if decoder else "ms"
    known = [m for m in models.MODELS if models.is_decoder(m) == decoder]
    if not any(results.row(*key, *one, threads, models.subjects(key[0])[0][1]) for *key, members in results.entrants(decoder) for one in members):
        return
    titles = ["decode at 128", "decode at 2048 (GPT-2: 896)", "prompt of 512"] if decoder else [name for _, name in models.subjects(known[0])]
    head = ["model", "weights", "", *(["MB a token"] if decoder else []), *(f"{t}, {unit}" for t in titles), "off", "cold start, s", "peak RSS, MB", "code, MB"]
    left = 3
    print(f"\n### {'Text generation' if decoder else 'Encoders'}, {threads} thread{'s' if threads > 1 else ''}\n")
    print("| " + " | ".join(head) + " |\n|" + "---|" * left + "---:|" * (len(head) - left))
    for model, group, members in results.entrants(decoder):
        for peer, precision in members:
            rows = [results.row(model, group, peer, precision, threads, name) for _, name in models.subjects(model)[:models.SHOWN]]
            if not any(rows):
                continue
            columns = [models.MODELS[model][0], precision, peer]
            if decoder:
                columns.append(number(rows[0]["bytes"] / 1e6) if rows[0] else "")
            work = [1] * (len(rows) - 1) + [512]
            for row, tokens in zip(rows, work):
                columns.append(cell(results, row, (lambda s, t=tokens: t / s) if kinds == "decode" else (lambda s: 1e3 * s)))
            columns += [off(results, rows[-1]), *cells_of_cold(results, (model, group, peer, precision))]
            print("| " + " | ".join(columns) + " |")


def print_machine(results):
    for threads, machine in results.all["machine"].items():
        peaks = ", ".join(f"{kind} {machine[kind] / 1e9:.0f} GOP/s" for kind in ("f32", "bf16", "int8") if kind in machine)
        print(f"- {threads} thread{'s' if threads != '1' else ''}: reads {machine['bandwidth'] / 1e9:.1f} GB/s of memory at the beginning, {peaks}; "
              f"a barrier takes {1e6 * machine['barrier']:.2g} microseconds.")
    decodes = [r["limit"] / 1e9 for r in results.all["rows"] if "bytes" in r and r["threads"] == results.threads[0]]
    if decodes:
        print(f"- Beside the decode rows ({results.threads[0]} threads) it read {min(decodes):.1f} to {max(decodes):.1f} GB/s.")


def main(path):
    results = Results(path)
    print(f"{results.all['processor']}; {results.all['date']}; medians of {results.all['rounds']} rounds in turns"
          + (f"; {', '.join(v.replace('==', ' ') for v in results.all['versions'].values())}.\n" if results.all["versions"] else ".\n"))
    print_machine(results)
    print("\nEach cell: the speed; its share of the bandwidth probed beside it (decode) or of the arithmetic peak for its kind of weights (linear layers "
          f"only); for {HF2C} also how many times as fast it is as the fastest peer of the group. Off: the difference of its last row from that of "
          "hf2c with the most exact weights. Cold start: from the start of the process to its first result, files in the page cache (in brackets: Python "
          "and its imports). Code: the program without weights, or the peer's own package.")
    for threads in results.threads:
        for decoder in (True, False):
            print_table(results, decoder, threads)


if __name__ == "__main__":
    main(sys.argv[1])
