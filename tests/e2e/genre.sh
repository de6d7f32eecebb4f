# kjv-genre labels the verses of its golden file as transformers does, and so reaches the accuracy there.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-genre" -o genre
cat >check.py <<'PYTHON'
import json, subprocess, sys
golden = json.load(open(sys.argv[1], encoding="utf-8"))
verses = golden["verses"]
lines = "".join(json.dumps(verse["text"]) + "\n" for verse in verses)
done = subprocess.run(["./genre", "--jsonl"], input=lines, capture_output=True, encoding="utf-8", check=True)
answers = [json.loads(line)[0] for line in done.stdout.splitlines()]
assert len(answers) == len(verses), f"{len(answers)} answers for {len(verses)} verses"
labels = sum(a["label"] == v["label"] for a, v in zip(answers, verses))
worst = max(abs(a["score"] - v["score"]) for a, v in zip(answers, verses))
accuracy = sum(a["label"] == v["genre"] for a, v in zip(answers, verses)) / len(verses)
print(f"{labels} of {len(verses)} labels as transformers, scores differ by {worst:.1e} at most, accuracy {accuracy}")
sys.exit(labels != len(verses) or worst > 1e-4 or accuracy != golden["accuracy"])
PYTHON
python3 check.py "$EXAMPLES/kjv-genre/golden.json"
