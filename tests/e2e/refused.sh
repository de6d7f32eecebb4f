# What cannot be compiled is refused by name, with the list of what can; nothing appears.
. "$(dirname "$0")/common.sh"
cp -r "$EXAMPLES/kjv-genre" model
edit() { python3 -c "import json, sys; c = json.load(open('model/config.json')); c[sys.argv[1]] = json.loads(sys.argv[2]); json.dump(c, open('model/config.json', 'w'))" "$@"; }
restore() { cp "$EXAMPLES/kjv-genre"/* model/; }

edit model_type '"mamba9"'
refused 1 'model_type.*"mamba9".*known: .*bert.*gpt2.*llama' "$HF2C" build model -o out
restore
edit architectures '["BertForStyleTransfer"]'
refused 1 'BertForStyleTransfer.*known' "$HF2C" build model -o out
edit architectures '["BertForCausalLM"]'
refused 1 'BertForCausalLM.*bert' "$HF2C" build model -o out
restore
edit hidden_act '"maxout"'
refused 1 'hidden_act.*maxout.*known: gelu' "$HF2C" build model -o out
edit hidden_act '"prelu"'
refused 1 'tensor "bert.encoder.layer.0.intermediate.act_fn.weight" is missing' "$HF2C" build model -o out
restore
edit add_cross_attention true
refused 1 'add_cross_attention.*known: false' "$HF2C" build model -o out
restore
edit hidden_size 100000000
refused 1 'hidden_size.*100000000' "$HF2C" build model -o out
restore
edit hidden_size 132
refused 1 'shape.*132' "$HF2C" build model -o out
restore
truncate -s -1 model/model.safetensors
refused 1 'model.safetensors' "$HF2C" build model -o out
printf '\377\377\377\377\377\377\377\177{}' >model/model.safetensors
refused 1 'model.safetensors.*header' "$HF2C" build model -o out
mv model/model.safetensors model/pytorch_model.bin
refused 1 'pytorch_model.bin.*convert' "$HF2C" build model -o out
rm model/pytorch_model.bin
restore
printf '{"a": [' >model/tokenizer.json
refused 1 'tokenizer.json' "$HF2C" build model -o out
restore
refused 1 'precision.*"q3".*f32' "$HF2C" build model -o out --precision q3
refused 1 'activations int8.*q8, q4' "$HF2C" build model -o out --activations int8
refused 1 'activations bf16.*--precision bf16' "$HF2C" build model -o out --activations bf16
refused 1 'activations llm.int8: no weight.*--precision int8' "$HF2C" build model -o out --activations llm.int8
echo "a text" >model/text
refused 1 'calibrate.*--precision q4' "$HF2C" build "$EXAMPLES/kjv-writer" -o out --calibrate model/text
rm model/text
refused 1 'target.*"z80".*x86-64-v3.*' "$HF2C" build model -o out --target z80
refused 1 'task.*"translation".*text-classification' "$HF2C" build model -o out --task translation
refused 1 'nowhere' "$HF2C" build nowhere -o out
refused 1 'a config alone has no weights' "$HF2C" build model/config.json -o out

# Numbers of a config that leave nothing to compute.
number() { python3 -c "import json, sys; c = json.load(open('$ORACLE/$1/config.json')); c['$2'] = $3; json.dump(c, open('config.json', 'w'))"; }
number convnext-cls image_size 3
refused 1 'patch_embeddings: pictures become smaller than its kernel of 4' "$HF2C" inspect config.json
number vit-cls image_size 3
refused 1 'image_size: pictures are smaller than patch_size' "$HF2C" inspect config.json
number mamba2 num_heads 0
refused 1 'num_heads: found 0' "$HF2C" inspect config.json
number swin-cls num_heads '[3, 4]'
refused 1 'num_heads: found 3, wanted a divisor of 16' "$HF2C" inspect config.json
rm config.json
refused 1 'not found.*clang|no-such-compiler' "$HF2C" build model -o out --cc no-such-compiler
refused 2 'no command "biuld"' "$HF2C" biuld model
refused 2 '--outptu' "$HF2C" build model --outptu x
refused 2 'which model' "$HF2C" build
nothing_left . model refused.err refused.out

# Options that name what there is not are refused, not ignored.
refused 1 'no pass "nonsense"' "$HF2C" build "$EXAMPLES/kjv-genre" --no-pass nonsense -o out
refused 1 'wanted all, before:PASS or after:PASS' "$HF2C" build "$EXAMPLES/kjv-genre" --dump-ir after:nonsense -o out
refused 1 'cortex-m7 has no system' "$HF2C" build "$EXAMPLES/kjv-genre" --target cortex-m7 --emit exe -o out
[ ! -e out ] || fail "something was built"
[ "$("$HF2C" interpret "$EXAMPLES/kjv-genre" --threads 1 -- --info | awk '$1 == "threads" {print $2}')" = 1 ] || fail "--threads is ignored"
