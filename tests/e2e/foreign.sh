# Programs for other processors and systems: the host's labels and scores. Linux programs run by qemu's user emulation, WebAssembly by
# node, Windows programs by Wine.
. "$(dirname "$0")/common.sh"
python3 - "$EXAMPLES/kjv-genre/golden.json" >verses <<'PY'
import json, sys
for verse in json.load(open(sys.argv[1]))["verses"][:12]:
    print(verse["text"])
PY
# Node 20 crashes when it ends while its threads still compile; hence --single-threaded below.
cat >wasi.mjs <<'JS'
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";
const wasi = new WASI({ version: "preview1", args: process.argv.slice(2) });
const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), wasi.getImportObject());
process.exitCode = wasi.start(instance);
JS
export WINEPREFIX=$WORK/wine WINEDEBUG=-all
compiler() { sed -n 's/^compiler *= *//p' "$ROOT/targets/$1.target"; }
"$HF2C" build "$EXAMPLES/kjv-genre" --target c11 -o host >build.log || fail "$(cat build.log)"
./host <verses >wanted
ran=""
# try TARGET RUNNER...: builds and compares where compiler and runner are there.
try() {
    local target=$1 program=$1.program
    shift
    command -v "$(compiler "$target")" >/dev/null && { [ $# -eq 0 ] || command -v "$1" >/dev/null; } || return 0
    [ "$target" != windows-x86-64 ] || program=genre.exe
    "$HF2C" build "$EXAMPLES/kjv-genre" --target "$target" -o "$program" >build.log 2>&1 || fail "$(cat build.log)"
    local threads=(--threads 1)
    timeout 300 "$@" "./$program" "${threads[@]}" <verses >found || fail "$target: status $?"
    diff wanted found || fail "$target: other labels or scores"
    ran="$ran $target"
}
try aarch64 qemu-aarch64
try riscv64 qemu-riscv64
try s390x qemu-s390x
[ "$(uname -m)" != x86_64 ] || try i686
[ ! -e /usr/include/wasm32-wasi/stdio.h ] || try wasm32 node --single-threaded --no-warnings wasi.mjs
try windows-x86-64 wine
[ -n "$ran" ] || skip "no cross compiler with an emulator (gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
echo "same results:$ran"

# A target whose compiler is missing says what to install.
env PATH=/nowhere "$HF2C" build "$EXAMPLES/kjv-genre" --target s390x -o missing >missing.log 2>&1 && fail "built without a compiler"
grep -q "package gcc-s390x-linux-gnu" missing.log || fail "no package is named: $(cat missing.log)"
