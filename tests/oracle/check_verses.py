#!/usr/bin/env python3
"""Lets a program built from kjv-genre label the verses of the golden file and compares labels, scores and accuracy.

    check_verses.py PROGRAM GOLDEN_JSON [COUNT]

COUNT: only the first so many verses (and no accuracy). Exits 1 on any difference. Python's standard library only.
"""
import json
import subprocess
import sys

golden = json.load(open(sys.argv[2], encoding="utf-8"))
count = int(sys.argv[3]) if len(sys.argv) > 3 else len(golden["verses"])
verses = golden["verses"][:count]
lines = "".join(json.dumps(verse["text"]) + "\n" for verse in verses)
done = subprocess.run([sys.argv[1], "--jsonl"], input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=True)
answers = [json.loads(line)[0] for line in done.stdout.splitlines()]
if len(answers) != len(verses):
    sys.exit(f"{len(answers)} answers for {len(verses)} verses")
labels = sum(a["label"] == v["label"] for a, v in zip(answers, verses))
worst = max(abs(a["score"] - v["score"]) for a, v in zip(answers, verses))
accuracy = sum(a["label"] == v["genre"] for a, v in zip(answers, verses)) / len(verses)
print(f"{labels} of {len(verses)} labels as transformers, scores differ by {worst:.1e} at most, accuracy {accuracy}")
whole = count == len(golden["verses"])
sys.exit(labels != len(verses) or worst > 1e-4 or (whole and accuracy != golden["accuracy"]))
