# Caches in fewer bits: bytes as inspect says, answers that do not depend on how a prompt came, and what is refused.
. "$(dirname "$0")/common.sh"
"$HF2C" inspect "$EXAMPLES/kjv-writer" --json --max-seq 256 >writer.json
"$HF2C" inspect "$EXAMPLES/kjv-genre" --json >genre.json
python3 - <<'PYTHON'
import json
rows = {row["cache"]: row["state_bytes"] for row in json.load(open("writer.json"))["cache_formats"]}
numbers = 2 * 4 * 256 * 128  # keys and values, layers, positions, width
assert rows == {"f32": 4 * numbers, "bf16": 2 * numbers, "f16": 2 * numbers, "q8": numbers * 34 // 32}, rows
assert json.load(open("genre.json"))["cache_formats"] == []
PYTHON

# Rings, beams, guesses and texts that begin alike: rows are encoded once, so that pieces of any size read the same.
"$HF2C" build "$ORACLE/gemma3" -o whole --max-rows 100 --cache q8
"$HF2C" build "$ORACLE/gemma3" -o windows --max-rows 4 --cache q8
long=$(printf '%s, ' {3..60} | sed 's/, $//')
request() { printf '{"prompts": [[%s]], "kwargs": {"max_new_tokens": 40, "eos_token_id": []%s}}\n' "$1" "$2"; }
for kwargs in '' ', "num_beams": 4' ', "prompt_lookup_num_tokens": 3'; do
    for prompt in "$long" "$long, 7, 8" "3, 4, 5" "$long"; do request "$prompt" "$kwargs"; done
done >requests
for program in whole windows; do ./$program --jsonl <requests >$program.out; done
grep -q error whole.out && fail "$(grep error whole.out)"
cmp whole.out windows.out || fail "answers of a q8 cache depend on the size of calls"

# A prompt that is read when the program is built.
echo "1:1 In the beginning God created the heaven and the earth." >prompt.txt
"$HF2C" build "$EXAMPLES/kjv-writer" --cache q8 -o writer >built
grep -q 'state 557056 per sequence' built || fail "the state is not that of inspect: $(cat built)"
"$HF2C" build "$EXAMPLES/kjv-writer" --cache q8 --system-prompt prompt.txt -o baked
for text in "1:1 In the beginning God created the heaven and the earth. And" "And it came"; do
    for kwargs in '' ', "num_beams": 3'; do printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 100%s}}\n' "$text" "$kwargs"; done
done >texts
for program in writer baked; do ./$program --jsonl <texts >$program.out; done
grep -q generated_text writer.out || fail "$(cat writer.out)"
cmp writer.out baked.out || fail "a q8 cache that was filled at build time answers otherwise"
./writer --threads 1 --jsonl <texts | cmp - writer.out || fail "answers depend on the number of threads"

refused 1 'unknown cache precision "q4"; known: f32, bf16, f16, q8' "$HF2C" build "$EXAMPLES/kjv-writer" --cache q4 -o no
refused 1 'this model has no cache' "$HF2C" build "$EXAMPLES/kjv-genre" --cache q8 -o no
if "$HF2C" inspect "$EXAMPLES/kjv-writer" --target cortex-m7 --max-seq 64 --max-rows 8 --ram 170K >advice; then fail "it fits: $(cat advice)"; fi
grep -q -e '--cache q8' advice || fail "no smaller cache is advised: $(cat advice)"
