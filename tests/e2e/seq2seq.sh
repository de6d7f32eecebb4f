# Encoder-decoders: prefixes of tasks, languages, several inputs, streaming; the library's calls; the interpreter and the reference agree.
. "$(dirname "$0")/common.sh"
cp -r "$ORACLE/t5-v1_0" t5
chmod -R u+w t5
python3 - <<'PYTHON'
import json
config = json.load(open("t5/config.json"))
config["task_specific_params"] = {
    "summarization": {"prefix": "summarize: ", "num_beams": 2, "max_length": 9, "early_stopping": True},
    "translation_en_to_de": {"prefix": "translate English to \"German\": "}}
json.dump(config, open("t5/config.json", "w"))
PYTHON
"$HF2C" build t5 -o program
"$HF2C" build "$ORACLE/t5-v1_0" -o plain
same() { [ "$1" = "$2" ] || fail "found $1, wanted $2"; }
same "$(./program --json --task summarization "a dog")" \
    "$(./plain --json --task summarization --num-beams 2 --early-stopping true --max-length 9 "summarize: a dog")"
same "$(./program --json --task summarization --prefix "" --max-length 5 --num-beams 1 "a dog")" \
    "$(./plain --json --task summarization --max-length 5 "a dog")"
same "$(./program --json --task translation --src-lang en --tgt-lang de --max-new-tokens 9 "a dog")" \
    "$(./plain --json --task translation --max-new-tokens 9 "translate English to \"German\": a dog")"
refused 1 'no such language' ./program --task translation --src-lang en --tgt-lang xx "a dog"

# Several inputs at once are each answered as alone, with one list around them; text for people is the same text.
one=$(./plain --json --max-new-tokens 7 "The capital of France is") two=$(./plain --json --max-new-tokens 7 "a dog")
all=$(printf '%s\n' '{"inputs": ["The capital of France is", "a dog"], "kwargs": {"max_new_tokens": 7}}' | ./plain --jsonl)
same "$all" "[${one:1:-1}, ${two:1:-1}]"
same "$(./plain --max-new-tokens 7 "a dog")" "$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])[0]["generated_text"])' "$two")"
same "$("$HF2C" interpret "$ORACLE/t5-v1_0" -- --json --max-new-tokens 7 "a dog")" "$two"
./plain --bench >bench.txt
grep -q '^decode' bench.txt

# Languages are tokens where the tokenizer has them.
"$HF2C" build "$ORACLE/nllb-m2m100" -o nllb
ids() { ./nllb --json --return-tensors --max-new-tokens 3 "$@" a; }
ids --tgt-lang fra_Latn | grep -q '"translation_token_ids": \[2, 426,' || fail "$(ids --tgt-lang fra_Latn)"
same "$(ids --src-lang eng_Latn --tgt-lang deu_Latn)" "$(ids)"
refused 1 'no such language' ./nllb --src-lang nobody a

# What is written may have tokens of its own: those of Marian's target_vocab.json.
two=$ROOT/tests/odd/marian-two-vocabularies wanted=اбjرíслexceptι\ if\ System
"$HF2C" build "$two" --emit c --name two -o two
(cd two && cc -O0 ./*.c -lm -o program)
write=(--max-new-tokens 12 --no-repeat-ngram-size 1 "And God said, Let there be light.")
same "$(two/program "${write[@]}")" "$wanted"
same "$(two/program --json "${write[@]}")" "[{\"translation_text\": \"$wanted\"}]"
same "$("$HF2C" interpret "$two" -- "${write[@]}")" "$wanted"
refused 1 'that write the tokens that they read' "$HF2C" interpret "$two" --choices 'a,b' -- a

# A library, by hand: the source, then one token after another.
"$HF2C" build "$ORACLE/bart" --emit c -o bart
(cd bart && cc -O1 -DHF2C_SELF_TEST *.c -lm -o self_test && ./self_test) || fail "the self-test fails"
