# --budget: never more bytes than given, the same choice every time, and less lost than one format of that size; the program is the model that was chosen.
. "$(dirname "$0")/common.sh"
MODEL=$EXAMPLES/kjv-writer
python3 - "$EXAMPLES/kjv-genre/golden.json" <<'PYTHON'
import json, sys
json.dump([verse["text"] for verse in json.load(open(sys.argv[1]))["verses"][:60]], open("verses.json", "w"))
PYTHON
"$HF2C" bench "$MODEL" --quality "$MODEL/kept_out.json" --windows 2 --precision q4,q4z,q8 --budget 2180224,2600KB,2930K --calibrate verses.json >table.txt
"$HF2C" bench "$MODEL" --quality "$MODEL/kept_out.json" --windows 2 --precision q4z,q8 --budget 2600KB >plain.txt
cat table.txt
python3 - <<'PYTHON'
import re
def rows(path):
    for line in open(path):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 7 and cells[1].isdigit(): yield cells[0], (int(cells[1]), float(cells[5]))
table, plain = dict(rows("table.txt")), dict(rows("plain.txt"))
limits = {"2180224": 2180224, "2600KB": 2600000, "2930K": 2930 * 1024}
for text, limit in limits.items():
    assert 0.97 * limit < table[f"mixed, {text}, calibrated"][0] <= limit, (text, table)
assert table["mixed, 2180224, calibrated"][1] < table["q4z, calibrated"][1], table
losses = [table[f"mixed, {text}, calibrated"][1] for text in limits]
assert losses[0] > losses[1] > losses[2] > table["q8"][1], table
assert plain["mixed, 2600KB"][0] <= 2600000 and plain["mixed, 2600KB"][1] < plain["q4z"][1], plain
PYTHON

"$HF2C" build "$MODEL" --budget 2500000 --detach-weights -o mixed >choices.txt
"$HF2C" inspect "$MODEL" --budget 2500000 >again.txt
sed '/^mixed:/d' choices.txt | cmp - <(grep '^|' again.txt)
bytes=$(sed -n 's/^| all, of a budget.*| \([0-9]*\) of 2500000 .*/\1/p' choices.txt)
[ "$(stat -c %s kjv_writer.weights)" = "$bytes" ] && [ "$bytes" -le 2500000 ] || fail "$(stat -c %s kjv_writer.weights) bytes, told $bytes"
"$HF2C" interpret "$MODEL" --budget 2500000 -- "And it came" --max-new-tokens 12 >interpreted.txt 2>/dev/null
./mixed "And it came" --max-new-tokens 12 | cmp - interpreted.txt

# A model that predicts no tokens, and one whose codes are kept.
"$HF2C" inspect "$EXAMPLES/kjv-genre" --budget 900000 --json 2>genre.txt >genre.json
python3 -c "import json; row = json.load(open('genre.json'))['precisions'][0]; assert row['precision'] == 'budget' and row['weights_bytes'] <= 900000, row"
grep -q 'word_embeddings.weight | q8' genre.txt
"$HF2C" inspect "$ORACLE/llama-gptq" --budget 10MB | grep -q 'q_proj.* | 0.00 %'

refused 1 'budget 1M: found 1048576 bytes, wanted at least 1[0-9]{6}, ' "$HF2C" build "$MODEL" --budget 1M -o out
refused 1 'budget: found "lots", wanted bytes' "$HF2C" build "$MODEL" --budget lots -o out
refused 1 'precision: found "q3"' "$HF2C" build "$MODEL" --budget 3M --precision q4,q3 -o out
refused 1 'has no weights' "$HF2C" inspect "$MODEL/config.json" --budget 3M
[ ! -e out ] || fail "something was built"
