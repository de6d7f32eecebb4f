# Layers that keep only their window change nothing: a program whose calls are so short that its caches come round answers as one that keeps
# every position, greedily, by beams, with guesses, and when requests begin alike.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$ORACLE/gemma3" -o whole --max-rows 100
"$HF2C" build "$ORACLE/gemma3" -o windows --max-rows 4
"$HF2C" inspect "$ORACLE/gemma3" --max-rows 4 | grep -q '^windows .* keep 32 of 128' || fail "inspect does not tell of windows"
"$HF2C" verify "$ORACLE/gemma3" --max-rows 4 --engines compiled,interpreter >verified || fail "$(cat verified)"

long=$(printf '%s, ' {3..60} | sed 's/, $//')
request() { printf '{"prompts": [[%s]], "kwargs": {"max_new_tokens": 50, "eos_token_id": []%s}}\n' "$1" "$2"; }
for kwargs in '' ', "num_beams": 4' ', "prompt_lookup_num_tokens": 3' ', "do_sample": true, "seed": 4'; do
    for prompt in "$long" "$long, 7, 8" "3, 4, 5" "3, 4, 5, 6, 7, 8" "$long"; do request "$prompt" "$kwargs"; done
done >requests
for program in whole windows; do ./$program --jsonl <requests >$program.out; done
grep -q error whole.out && fail "$(grep error whole.out)"
cmp whole.out windows.out || fail "windows change answers"
[ "$(stat -c %s whole.out)" -gt 4000 ] || fail "short answers: $(cat whole.out)"
