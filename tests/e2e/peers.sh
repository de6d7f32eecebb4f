# The table, the goals and the picture of tests/bench are those that its scripts make of the numbers beside them; so is the README's table.
. "$(dirname "$0")/common.sh"
scripts=$ROOT/tests/bench/peers results=$ROOT/tests/bench/results
{ python3 "$scripts/table.py" "$results/results.json"; python3 "$scripts/goals.py" "$results/results.json"; } | cmp - "$results/results.md"
python3 "$scripts/picture.py" "$results/results.json" | cmp - "$results/results.svg"
python3 "$scripts/brief.py" "$results/results.json" >brief.md
while IFS= read -r line; do grep -qxF -- "$line" "$ROOT/README.md" || fail "README.md lacks: $line"; done <brief.md

# A process of hf2c and one of a peer answer alike, and a peer that fails is left out by name.
"$HF2C" build "$EXAMPLES/kjv-writer" -o writer
cat >alike.py <<'PYTHON'
import os, sys
sys.path.insert(0, sys.argv[1])
from process import Failed, Process
with open("peer.py", "w", encoding="utf-8") as file:
    file.write("import sys\nsys.path.insert(0, %r)\nfrom runner import serve\n" % sys.argv[1] + """
class Peer:
    vocabulary = 2048
    def __init__(self, path, precision, threads):
        self.seen = []
    def forward(self, ids, past):
        self.seen = self.seen[:past] + ids
    def values(self):
        return self.seen[-3:]
serve(Peer)
""")
own, peer = Process(["./writer", "--bench", "-", "--threads", "1"], "."), Process([sys.executable, "peer.py", "-", "f32", "1"], ".")
for process in (own, peer):
    first = process.ask("decode 5 2")
    process.rest_while_others_run()
    process.go_on()
    assert process.ask("decode 5 2")[1] == first[1] and first[0] > 0, first
assert peer.ask("decode 5 2")[1] == [(7919 * i + 13) % 2048 for i in (4, 5, 6)]
for process in (own, peer):
    try:
        process.ask("encode 1 x 1")
        raise SystemExit("no failure")
    except Failed:
        pass
    assert process.close() > 1e6
PYTHON
python3 alike.py "$scripts"
