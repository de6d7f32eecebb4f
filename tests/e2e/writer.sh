# kjv-writer generates what transformers generates, token for token: greedy, beams, penalties.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
python3 "$ORACLE/check_jsonl.py" ./writer "$EXAMPLES/kjv-writer"

# Settings of generation_config.json are the program's defaults, as if they were given.
mkdir changed
cp "$EXAMPLES"/kjv-writer/{config,tokenizer,tokenizer_config}.json "$EXAMPLES/kjv-writer/model.safetensors" changed/
echo '{"eos_token_id": 1, "do_sample": true, "top_k": 0, "typical_p": 0.6, "epsilon_cutoff": 0.002, "eta_cutoff": 0.003, "min_new_tokens": 12,
       "encoder_repetition_penalty": 1.2, "encoder_no_repeat_ngram_size": 2, "min_p": 0.01, "max_new_tokens": 30}' >changed/generation_config.json
for seed in 1 2 3; do
    "$HF2C" interpret changed -- "And Moses said unto Aaron, Moses said" --seed $seed >defaults
    ./writer "And Moses said unto Aaron, Moses said" --seed $seed --do-sample --top-k 0 --typical-p 0.6 --epsilon-cutoff 0.002 --eta-cutoff 0.003 \
        --min-new-tokens 12 --encoder-repetition-penalty 1.2 --encoder-no-repeat-ngram-size 2 --min-p 0.01 --max-new-tokens 30 | cmp - defaults
done

# Scores of every token on request: what was chosen greedily has the highest.
echo '{"prompts": ["In the", "Moses said"], "kwargs": {"max_new_tokens": 3, "output_scores": true}}' | ./writer --jsonl | python3 -c "
import json, sys
answer = json.loads(sys.stdin.readline())
assert [len(s) for s in answer['scores']] == [3, 3] and all(len(t) == 2048 for s in answer['scores'] for t in s)
for ids, scores in zip(answer['output_ids'], answer['scores']):
    assert ids[-3:] == [max(range(2048), key=t.__getitem__) for t in scores], ids"
