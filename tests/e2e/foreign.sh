# Programs for other processors, run by qemu's user emulation: the host's labels and scores.
. "$(dirname "$0")/common.sh"
python3 - "$EXAMPLES/kjv-genre/golden.json" >verses <<'PY'
import json, sys
for verse in json.load(open(sys.argv[1]))["verses"][:12]:
    print(verse["text"])
PY
"$HF2C" build "$EXAMPLES/kjv-genre" --target c11 -o host >build.log || fail "$(cat build.log)"
./host <verses >wanted
ran=0
for machine in aarch64 riscv64; do
    command -v "qemu-$machine" >/dev/null && command -v "$machine-linux-gnu-gcc" >/dev/null || continue
    "$HF2C" build "$EXAMPLES/kjv-genre" --target "$machine" -o "$machine" >build.log 2>&1 || fail "$(cat build.log)"
    "qemu-$machine" "./$machine" --threads 1 <verses >found
    diff wanted found || fail "$machine: other labels or scores"
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || skip "no cross compiler with qemu-user (gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
