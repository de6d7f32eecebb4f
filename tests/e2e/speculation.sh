# What makes generation faster changes nothing: requests that follow each other in one program, which keeps what they begin with
# alike, and guesses from the text.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer

# Requests that begin alike, one after another.
prompts=("In the beginning" "In the beginning God created the heaven and the earth." "In the beginning God created the sea."
         "And it came to pass, that" "And it came to pass, that when" "In the beginning")
request() { printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 48%s}}\n' "$1" "$2"; }

for kwargs in '' ', "do_sample": true, "seed": 11' ', "num_beams": 3' ', "repetition_penalty": 1.3'; do
    for prompt in "${prompts[@]}"; do request "$prompt" "$kwargs"; done >requests
    while read -r line; do ./writer --jsonl <<<"$line"; done <requests >alone
    ./writer --jsonl <requests >together
    cmp alone together || fail "answers depend on the requests before: $kwargs"
    [ "$kwargs" = ', "num_beams": 3' ] && continue
    for prompt in "${prompts[@]}"; do request "$prompt" "$kwargs, \"prompt_lookup_num_tokens\": 6"; done | ./writer --jsonl >guessed
    cmp alone guessed || fail "answers depend on guesses: $kwargs"
done
grep -q generated_text alone || fail "no answers: $(cat alone)"

./writer --bench --threads 1 >bench
grep -Eq '^guesses +[0-9.]+ tokens per call' bench || fail "no gain in: $(cat bench)"
refused 1 'prompt_lookup_num_tokens must be 0 with num_beams' ./writer --num-beams 2 --prompt-lookup-num-tokens 4 "In the"
