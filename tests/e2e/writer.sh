# kjv-writer generates what transformers generates, token for token: greedy, beams, penalties.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
python3 "$ORACLE/check_jsonl.py" ./writer "$EXAMPLES/kjv-writer"
