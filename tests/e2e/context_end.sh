# Where the context ends, a text ends: with a message for people, without an error for programs. What does not fit at all is refused, and the
# next request is answered.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
"$HF2C" build "$ORACLE/gemma3" --max-rows 4 -o windows
./writer "In the beginning" --max-new-tokens 600 --min-new-tokens 508 >out 2>err || fail "status $?: $(cat err)"
grep -q 'the context is full' err || fail "no message: $(cat err)"
[ "$(wc -w <out)" -gt 200 ] || fail "too short: $(cat out)"
long=$(printf 'and it came to pass %.0s' {1..300})
refused 1 'tokens, the model' ./writer "$long"

request() { printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 600, "min_new_tokens": 100%s}}\n' "$1" "$2"; }
for program in writer windows; do
    for kwargs in '' ', "num_beams": 2' ', "prompt_lookup_num_tokens": 5'; do
        request "In the beginning" "$kwargs"
        request "$long" "$kwargs"
        request "In the beginning" "$kwargs"
    done | ./$program --jsonl >answers || true
    [ "$(wc -l <answers)" = 9 ] || fail "$program: $(wc -l <answers) answers"
    [ "$(grep -c '"error"' answers)" = 3 ] || fail "$program: $(grep -c '"error"' answers) errors: $(cut -c1-200 answers)"
    sed -n 1p answers >first && sed -n 3p answers >third && sed -n 7p answers >guessed
    cmp first third && cmp first guessed || fail "$program: the same request has different answers"
done
