# A prompt that is read when the program is built changes no answer, only the time to the first token.
. "$(dirname "$0")/common.sh"
{ echo "1:1 In the beginning God created the heaven and the earth."; echo "1:2 And the earth was without form, and void;"; } >prompt.txt
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
"$HF2C" build "$EXAMPLES/kjv-writer" --system-prompt prompt.txt -o baked
begin='1:1 In the beginning God created the heaven and the earth.\n1:2 And the earth was without form, and void;'
request() { printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 24%s}}\n' "$1" "$2"; }
for kwargs in '' ', "num_beams": 3' ', "do_sample": true, "num_return_sequences": 2'; do
    for prompt in "$begin and darkness" "$begin" "1:1 In the beginning God created the sea." "And" "$begin and darkness was"; do
        request "$prompt" "$kwargs"
    done
done >requests
for program in writer baked; do ./$program --jsonl <requests >$program.out; done
grep -q error writer.out && fail "$(grep error writer.out)"
cmp writer.out baked.out || fail "answers differ"
./baked --bench --threads 1 | grep -Eq '^baked prompt +[0-9]+ tokens' || fail "nothing measured"

# Windows and states, which hold all of it or nothing.
for model in gemma3 mamba; do
    "$HF2C" build "$ORACLE/$model" --max-rows 4 -o plain
    "$HF2C" build "$ORACLE/$model" --max-rows 4 --system-prompt prompt.txt -o with || continue
    printf '{"inputs": "%s", "kwargs": {"max_new_tokens": 8}}\n' "$begin and so" "$begin" "1:1 In" "$begin and so" >short
    for program in plain with; do ./$program --jsonl <short >$program.out; done
    grep -q generated_text plain.out || fail "$(cat plain.out)"
    cmp plain.out with.out || fail "$model: answers differ"
done
# In chats it is the system message, as the template writes it.
echo "You are a helpful assistant. Answer briefly and kindly." >system.txt
"$HF2C" build "$ORACLE/qwen2" -o plain
"$HF2C" build "$ORACLE/qwen2" --system-prompt system.txt -o with
message() { printf '{"inputs": [{"role": "system", "content": "%s"}, {"role": "user", "content": "%s"}], "kwargs": {"max_new_tokens": 8}}\n' "$1" "$2"; }
for user in "Hello there" "Why?"; do message "$(cat system.txt)" "$user"; message "You are a pirate." "$user"; done >chats
for program in plain with; do ./$program --jsonl <chats >$program.out; done
grep -q generated_text plain.out || fail "$(cat plain.out)"
cmp plain.out with.out || fail "answers of chats differ"
: >empty.txt
refused 1 'empty.txt is empty' "$HF2C" build "$EXAMPLES/kjv-writer" --system-prompt empty.txt -o no
refused 1 'is no model that continues texts' "$HF2C" build "$EXAMPLES/kjv-genre" --system-prompt prompt.txt -o no
for i in {1..40}; do cat prompt.txt; done >long.txt
refused 1 "the text has [0-9]+ tokens, the model takes at most 512" "$HF2C" build "$EXAMPLES/kjv-writer" --system-prompt long.txt -o no
