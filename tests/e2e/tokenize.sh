# hf2c tokenize answers every row of the tokenizers' golden files over --jsonl, and says what is wrong with a line.
. "$(dirname "$0")/common.sh"
cat >check.py <<'PYTHON'
import json, os, subprocess, sys
hf2c, root = sys.argv[1:]
FIELDS = {"single": ["ids", "tokens", "offsets", "word_ids"], "pair": ["ids", "tokens", "offsets", "word_ids", "type_ids"],
          "pair_truncated": ["ids", "tokens", "offsets", "type_ids"]}

def questions(row):
    """Pairs of a request and what must stand in its answer."""
    kind = row["kind"]
    if kind in FIELDS:
        asked = {key: row[key] for key in ("text", "pair", "truncation") if key in row}
        yield asked, {key: row[key] for key in FIELDS[kind]}
    if kind == "single":
        yield {"text": row["text"], "add_special_tokens": False}, {"ids": row["ids_no_special"]}
    if kind == "batch":
        keys = ("ids", "attention_mask", "type_ids")
        yield ({key: row[key] for key in ("texts", "truncation", "padding")},
               {"encodings": [{key: e[key] for key in keys} for e in row["encodings"]]})
    if "decode_skip" in row:
        yield {"decode": row["ids"], "skip_special_tokens": True}, {"text": row["decode_skip"]}
        yield {"decode": row["ids"], "skip_special_tokens": False}, {"text": row["decode_keep"]}

total = wrong = 0
for name in sorted(os.listdir(root)):
    rows = [json.loads(line) for line in open(f"{root}/{name}/golden.jsonl", encoding="utf-8")]
    asked = [question for row in rows for question in questions(row)]
    done = subprocess.run([hf2c, "tokenize", f"{root}/{name}", "--jsonl"], input="".join(json.dumps(q) + "\n" for q, _ in asked),
                          capture_output=True, encoding="utf-8")
    answers = done.stdout.split("\n")[:-1]
    if done.returncode or len(answers) != len(asked):
        sys.exit(f"{name}: status {done.returncode}, {len(answers)} answers to {len(asked)} requests: {done.stderr}")
    for (question, want), line in zip(asked, answers):
        got = json.loads(line)
        total += 1
        if any(got.get(key) != want[key] for key in want):
            wrong += 1
            print(f"{name}: {json.dumps(question)[:200]}: got {line[:200]}")
print(f"{total} requests, {wrong} wrong")
sys.exit(wrong > 0 or total < 24000)
PYTHON
python3 check.py "$HF2C" "$ORACLE/tokenizers"

cat >bad.jsonl <<'LINES'
{"text": "a"} b
{"text": 1}
{"texts": ["a", 2]}
{"decode": [1.5]}
{"decode": [-1]}
{"text": "a", "texts": []}
{"text": "a", "colour": 1}
{"text": "a", "truncation": {"max_length": 9, "strategy": "none"}}
{"text": "a", "truncation": {}}
[1]
{"messages": 3}
LINES
"$HF2C" tokenize "$EXAMPLES/kjv-genre" --jsonl <bad.jsonl >answers
[ "$(grep -c '^{"error": "..*"}$' answers)" = "$(wc -l <bad.jsonl)" ] || fail "$(cat answers)"
"$HF2C" tokenize "$EXAMPLES/kjv-genre" "In the beginning" | grep -q '7-16 *beginning'
refused 1 'no tokenizer' "$HF2C" tokenize "$(mkdir -p x && cp "$EXAMPLES/kjv-genre/config.json" x && echo x)" text
