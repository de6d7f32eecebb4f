# The library's calls in text: the examples that generate and that ask in JSON, what a listener can do, sizes; C, C++ and Python.
. "$(dirname "$0")/common.sh"
strict="-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror"
"$HF2C" build "$EXAMPLES/kjv-writer" --emit lib -o kjv_writer
clang $strict -I. "$EXAMPLES/generation/main.c" kjv_writer.a -fopenmp -lm -o generation
./generation "And it came to pass" '{"max_new_tokens": 40, "do_sample": true, "seed": 7}' >generated
"$HF2C" interpret "$EXAMPLES/kjv-writer" -- "And it came to pass" --max-new-tokens 40 --do-sample --seed 7 >interpreted
[ "$(tr -cd . <generated | wc -c)" -le 3 ] && head -c 60 interpreted | cmp - <(head -c 60 generated) || fail "the example wrote $(cat generated)"
refused 1 'temperature must be' ./generation "x" '{"temperature": 0}'
PYTHONDONTWRITEBYTECODE=1 python3 "$EXAMPLES/python/writer.py" ./kjv_writer.so "And it came to pass" max_new_tokens=30 >python
"$HF2C" interpret "$EXAMPLES/kjv-writer" -- "And it came to pass" --max-new-tokens 30 | cmp - python

# Stops, rules for tokens, sizes; the request answers as the program does. With gcc and the sanitizers too.
"$HF2C" interpret "$EXAMPLES/kjv-writer" -- --json "In the" --max-new-tokens 20 >wanted
clang $strict -I. "$ROOT/tests/e2e/calls.c" kjv_writer.a -fopenmp -lm -o calls
./calls | cmp - wanted
"$HF2C" build "$EXAMPLES/kjv-writer" --emit c --target c11 -o sources
gcc -std=c11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Isources "$ROOT/tests/e2e/calls.c" \
    $(ls sources/*.c | grep -v _main.c) -Wa,-Isources -lm -o calls-sanitized
./calls-sanitized | cmp - wanted

# Any task; the header's scratch suffices for long texts.
context=$(python3 -c "print('And Jesus wept, and went unto the city of David. ' * 12)")
answers() { # CASE INPUTS...
    local case=$1 inputs
    shift
    "$HF2C" build "$ORACLE/$case" --emit lib --name qa -o qa
    clang $strict -I. "$EXAMPLES/answering/main.c" qa.a -fopenmp -lm -o answering
    for inputs in "$@"; do
        ./answering "$inputs" >answer || fail "$case: $inputs"
        echo "{\"inputs\": $inputs}" | "$HF2C" interpret "$ORACLE/$case" -- --jsonl | cmp - answer
    done
}
answers bert-ner "\"Jesus wept.\"" "\"$context\""
answers bert-qa "{\"question\": \"Who wept?\", \"context\": \"$context\"}"
refused 1 'inputs: a text alone' ./answering '"x"'
refused 2 'usage' ./answering

# An encoder-decoder: its state holds source and text.
mkdir t5
"$HF2C" build "$ORACLE/t5-v1_1" --emit lib --name kjv_writer -o t5/kjv_writer
clang $strict -It5 "$EXAMPLES/generation/main.c" t5/kjv_writer.a -fopenmp -lm -o t5/generation
t5/generation "translate this" '{"max_new_tokens": 12}' | cut -c15- >t5/text
"$HF2C" interpret "$ORACLE/t5-v1_1" -- "translate this" --max-new-tokens 12 | cmp - t5/text
