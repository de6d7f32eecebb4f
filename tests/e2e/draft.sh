# A draft in the same program changes no answer, whether it guesses well or not; one with other tokens is refused.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
"$HF2C" build "$EXAMPLES/kjv-writer" --draft "$EXAMPLES/kjv-writer" -o twins
"$HF2C" new "$EXAMPLES/kjv-writer" --set num_hidden_layers=1 --set hidden_size=64 --set intermediate_size=96 --set num_attention_heads=2 \
    --set num_key_value_heads=1 --seed 5 --save -o small >/dev/null
cp "$EXAMPLES"/kjv-writer/tokenizer*.json small/
"$HF2C" build "$EXAMPLES/kjv-writer" --draft small -o random

request() { printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 40%s}}\n' "$1" "$2"; }
for kwargs in '' ', "do_sample": true, "seed": 11' ', "do_sample": true, "temperature": 0.7, "top_p": 0.9' ', "num_beams": 2' \
    ', "repetition_penalty": 1.3, "num_assistant_tokens": 9' ', "num_return_sequences": 3, "do_sample": true'; do
    for prompt in "In the beginning" "In the beginning God created" "And it came to pass, that"; do request "$prompt" "$kwargs"; done
done >requests
for program in writer twins random; do ./$program --jsonl <requests >$program.out; done
grep -q error writer.out && fail "$(grep error writer.out)"
for program in twins random; do cmp writer.out $program.out || fail "$program answers otherwise"; done

./twins --bench --threads 1 >bench
grep -q '^draft .* 4.00 of 4.00 guesses right\|^draft .* 3\.[0-9]* of 3\.[0-9]* guesses right' bench || fail "$(cat bench)"
refused 1 'tokens, kjv-writer has 2048' "$HF2C" build "$EXAMPLES/kjv-writer" --draft "$ORACLE/llama3" -o no
refused 1 'is no model that continues texts' "$HF2C" build "$EXAMPLES/kjv-writer" --draft "$EXAMPLES/kjv-genre" -o no
rm small/tokenizer*.json
refused 1 'has no tokenizer' "$HF2C" build "$EXAMPLES/kjv-writer" --draft small -o no
