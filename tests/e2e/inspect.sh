# What inspect says: for people, as JSON, as pictures, as reference pages that are those in the repository.
. "$(dirname "$0")/common.sh"
"$HF2C" inspect "$EXAMPLES/kjv-writer" | grep -q '^parameters *3,475,712$'
"$HF2C" inspect "$EXAMPLES/kjv-genre" --json >genre.json
"$HF2C" inspect "$EXAMPLES/kjv-writer/config.json" --json --max-seq 256 >config.json
python3 - <<'PYTHON'
import json
genre, config = json.load(open("genre.json")), json.load(open("config.json"))
assert genre["parameters"] == 955014 and genre["labels"] == ["Law", "History", "Poetry", "Prophecy", "Gospel", "Letter"], genre
rows = {row["precision"]: row for row in genre["precisions"]}
assert rows["stored"]["weights_bytes"] == rows["f32"]["weights_bytes"] > 4 * 955014, rows
assert rows["bf16"]["weights_bytes"] == rows["f16"]["weights_bytes"] < 0.51 * rows["f32"]["weights_bytes"] + 65536, rows
assert "stored" not in {row["precision"] for row in config["precisions"]}, config
assert config["precisions"][0]["state_bytes"] == 2 * 4 * 256 * 128 * 4, config  # keys and values, layers, positions, width, f32
PYTHON
"$HF2C" inspect "$EXAMPLES/kjv-genre" --graph graph.dot >/dev/null
grep -q 'cluster_left' graph.dot
if command -v dot >/dev/null; then
    "$HF2C" inspect "$EXAMPLES/kjv-genre" --graph graph.svg >/dev/null
    python3 -c "import xml.dom.minidom as x; assert x.parse('graph.svg').documentElement.tagName == 'svg'"
fi
mkdir bare
ln -s "$(command -v sh)" bare/sh
refused 1 graphviz env PATH="$WORK/bare" "$HF2C" inspect "$EXAMPLES/kjv-genre" --graph none.svg
refused 1 'none.png' "$HF2C" inspect "$EXAMPLES/kjv-genre" --graph none.png
"$HF2C" inspect --reference ops | cmp - "$ROOT/compiler/ir/ops.md"
"$HF2C" inspect --reference passes | cmp - "$ROOT/compiler/pass/passes.md"
"$HF2C" inspect --reference families | cmp - "$ROOT/compiler/arch/families.md"
python3 "$ROOT/tests/bench/families.py" | grep "^| .yolos. | yolos.c | [0-9]" >/dev/null
"$HF2C" inspect --reference targets | grep -q x86-64-v3
