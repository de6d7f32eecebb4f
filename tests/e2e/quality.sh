# What each precision costs kjv-writer on its kept-out text, and that f32 is what the golden says (README has the whole table).
. "$(dirname "$0")/common.sh"
MODEL=$EXAMPLES/kjv-writer
python3 - "$EXAMPLES/kjv-genre/golden.json" <<'PYTHON'
import json, sys
json.dump([verse["text"] for verse in json.load(open(sys.argv[1]))["verses"][:200]], open("verses.json", "w"))
PYTHON
"$HF2C" bench "$MODEL" --quality "$MODEL/kept_out.json" --windows 100 --precision bf16,q8,q4 >all.txt
"$HF2C" bench "$MODEL" --quality "$MODEL/kept_out.json" --windows 20 --precision f16,q4 --calibrate verses.json >some.txt
cat all.txt some.txt
python3 - "$MODEL/golden.json" <<'PYTHON'
import json, sys
def rows(path):
    for line in open(path):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 7 and cells[1].isdigit(): yield cells[0], (float(cells[2]), float(cells[4].split()[0]))
all, some = dict(rows("all.txt")), dict(rows("some.txt"))
golden = json.load(open(sys.argv[1]))["held_out_nll_per_token_float32"]["value"]
assert abs(all["f32"][0] - golden) < 2e-5, (all["f32"], golden)
limits = [(all, "bf16", 0.1), (some, "f16", 0.1), (all, "q8", 0.1), (all, "q4", 2), (some, "q4", 2), (some, "q4, calibrated", 1)]
for table, name, percent in limits: assert abs(table[name][1]) <= percent, (name, table[name], percent)
assert some["q4, calibrated"][1] < some["q4"][1], some
PYTHON
