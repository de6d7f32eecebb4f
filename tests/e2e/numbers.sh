# Weights with numbers that are none, or too small, are named.
. "$(dirname "$0")/common.sh"
cat >edit.py <<'PYTHON'
import json, struct, sys

def read(path):
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"], data[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]]) for name, t in header.items()}

def write(path, tensors):
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    open(path, "wb").write(len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in tensors.values()))
PYTHON

# put NAME ROW COLUMN NUMBER: a copy of the small BERT with this number there.
put() {
    rm -rf model && cp -r "$EXAMPLES/kjv-genre" model
    python3 - "$@" <<'PYTHON'
import struct, sys
from edit import read, write
name, row, column, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
tensors = read("model/model.safetensors")
dtype, shape, data = tensors[name]
data = bytearray(data)
struct.pack_into("<f", data, 4 * (row * shape[1] + column), number)
tensors[name] = (dtype, shape, bytes(data))
write("model/model.safetensors", tensors)
PYTHON
}
weight=bert.encoder.layer.1.output.dense.weight
put $weight 17 300 nan
refused 1 "weight $weight: element \[17, 300\] is NaN" "$HF2C" build model -o out
refused 1 "weight $weight: element \[17, 300\] is NaN" "$HF2C" build model --precision q4 -o out
put $weight 100 3 -inf
refused 1 "weight $weight: element \[100, 3\] is infinite" "$HF2C" build model --precision q8 -o out
[ ! -e out ] || fail "something was built"
put $weight 5 6 1e-41
"$HF2C" build model --emit c -o made 2>warned.txt
grep -q "warning: weight $weight: 1 of its numbers are subnormal, the first is element \[5, 6\], 9.99967e-42" warned.txt || fail "$(cat warned.txt)"

