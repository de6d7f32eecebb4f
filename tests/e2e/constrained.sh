# Constrained output: random schemas and choices on vocabularies of several kinds; what cannot be done is refused by name.
. "$(dirname "$0")/common.sh"
mkdir schemas
python3 "$ROOT/tests/e2e/constrained.py" "$HF2C" "$EXAMPLES/kjv-writer" schemas --schemas 40 --seed 7
for case in llama2 llama3 gpt2 gemma2; do
    python3 "$ROOT/tests/e2e/constrained.py" "$HF2C" "$ORACLE/$case" schemas --schemas 4 --seed 3
done

# As a built program; the same as interpreted.
echo '{"type": "object", "properties": {"verse": {"type": "string", "maxLength": 40}, "chapter": {"type": "integer", "minimum": 1, "maximum": 150}}, "required": ["verse", "chapter"]}' >psalm.json
"$HF2C" build "$EXAMPLES/kjv-writer" --json-schema psalm.json -o psalm
./psalm --no-return-full-text "A Psalm of David: " >built
"$HF2C" interpret "$EXAMPLES/kjv-writer" --json-schema psalm.json -- --no-return-full-text "A Psalm of David: " | cmp - built
python3 -c "import json; v = json.load(open('built')); assert set(v) == {'verse', 'chapter'} and 1 <= v['chapter'] <= 150, v"
"$HF2C" run "$EXAMPLES/kjv-writer" --json-schema psalm.json -- --no-return-full-text "A Psalm of David: " | cmp - built
echo '{"const": 3}' >psalm.json # another schema of that name is another program
[ "$("$HF2C" run "$EXAMPLES/kjv-writer" --json-schema psalm.json -- --no-return-full-text "A")" = 3 ] || fail "an old schema in the cache"
refused 1 'max_new_tokens: the constraint.s shortest text has [0-9]+ tokens, there is room for 2' ./psalm --max-new-tokens 2 "A"
refused 1 'stop_strings' ./psalm --stop-strings x "A"

# Choices: of a model that reads with one tokenizer and of encoder-decoders, whose vocabularies do not know '{'.
for case in gpt2 llama2 t5-v1_1 bart mbart nllb-m2m100 marian pegasus; do
    for options in "" "--num-beams 3" "--do-sample --seed 5" "--max-new-tokens 6"; do
        "$HF2C" interpret "$ORACLE/$case" --choices "yes,no,maybe so" -- --json --num-return-sequences 1 $options "Is it?" >answer
        grep -Eq '"(Is it\?)?(yes|no|maybe so)"}\]$' answer || fail "$case $options: $(cat answer)"
    done
done
"$HF2C" interpret "$ORACLE/gpt2" --choices '["a, b", "\u00df\ud83d\ude00"]' -- --no-return-full-text "Is it?" >answer
grep -qx -e 'a, b' -e 'ß😀' answer || fail "$(cat answer)"

# What is not known is named, with its place.
said() { # PATTERN SCHEMA
    printf '%s' "$2" >schema.json
    refused 1 "$1" "$HF2C" interpret "$EXAMPLES/kjv-writer" --json-schema schema.json -- "A"
}
said 'schema.json: #/properties/x: the keyword "multipleOf" is not supported' '{"properties": {"x": {"multipleOf": 3}}}'
said '#: the keyword "type" beside "anyOf" is not supported' '{"type": "string", "anyOf": [{}]}'
said 'allOf of several' '{"allOf": [{}, {"type": "string"}]}'
said 'oneOf: a value may be valid for alternatives 0 and 1' '{"oneOf": [{"type": "integer"}, {"type": "number"}]}'
said 'oneOf: a value may be valid' '{"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"b": {"type": "string"}}}]}'
said '#/items: \$ref: there is no "#/\$defs/y"' '{"items": {"$ref": "#/$defs/y"}}'
said 'only references into this schema' '{"$ref": "https://example.org/x.json"}'
said 'pattern: .*look-around' '{"type": "string", "pattern": "a(?=b)c"}'
said 'pattern: .*unfinished group' '{"type": "string", "pattern": "(a"}'
said 'format: supported are' '{"type": "string", "format": "email"}'
said 'minLength: wanted a whole number' '{"type": "string", "minLength": -1}'
said 'minimum: of numbers only whole' '{"type": "number", "minimum": 0.5}'
said 'required: "b" is no property' '{"type": "object", "properties": {"a": {}}, "required": ["b"], "additionalProperties": false}'
said 'there is no text that it allows' '{"type": "string", "minLength": 3, "maxLength": 2}'
said 'there is no text that it allows' '{"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}, "required": ["n"]}}}'
said 'more than 40000 states' '{"type": "array", "items": {"type": "string", "maxLength": 500}, "minItems": 40}'
said 'type: wanted' '{"type": "text"}'
said 'wanted a schema' '3'
said 'schema.json' '{"type": '
refused 1 'no-such-file' "$HF2C" interpret "$EXAMPLES/kjv-writer" --json-schema no-such-file -- "A"
refused 1 'an empty text is no choice' "$HF2C" interpret "$EXAMPLES/kjv-writer" --choices "a,,b" -- "A"
refused 1 'wanted only one' "$HF2C" interpret "$EXAMPLES/kjv-writer" --choices "a" --json-schema schema.json -- "A"
refused 1 'cannot write any' "$HF2C" interpret "$ORACLE/t5-v1_1" --choices '{' -- "A"
refused 1 'for models that generate' "$HF2C" interpret "$EXAMPLES/kjv-genre" --choices "a,b" -- "A"
