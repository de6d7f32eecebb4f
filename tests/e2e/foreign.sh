# Programs for other processors and systems: the host's labels and scores. Linux programs run by qemu's user emulation, WebAssembly by
# node and wasmtime (a package of PyPI), Windows programs by Wine.
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
cat >run_wasi.py <<'PY'
import sys
import wasmtime
engine = wasmtime.Engine()
linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
wasi.argv = sys.argv[1:]
wasi.inherit_stdin(), wasi.inherit_stdout(), wasi.inherit_stderr()
store.set_wasi(wasi)
linker.define_wasi()
instance = linker.instantiate(store, wasmtime.Module.from_file(engine, sys.argv[1]))
try:
    instance.exports(store)["_start"](store)
except wasmtime.ExitTrap as ended:
    sys.exit(ended.code)
PY
# wanted PRECISION: what the host says, in wanted.PRECISION
wanted() {
    "$HF2C" build "$EXAMPLES/kjv-genre" --target c11 --precision "$1" -o "host.$1" >build.log || fail "$(cat build.log)"
    "./host.$1" <verses >"wanted.$1"
}
for precision in stored q4z; do wanted "$precision"; done
ran=""
# try TARGET PRECISION RUNNER...: builds and compares where compiler and runner are there.
try() {
    local target=$1 precision=$2 program=$1.program
    shift 2
    command -v "$(compiler "$target")" >/dev/null && { [ $# -eq 0 ] || command -v "$1" >/dev/null; } || return 0
    [[ "$target" != windows* ]] || program=genre.exe
    "$HF2C" build "$EXAMPLES/kjv-genre" --target "$target" --precision "$precision" -o "$program" >build.log 2>&1 || fail "$(cat build.log)"
    local threads=(--threads 1)
    timeout 300 "$@" "./$program" "${threads[@]}" <verses >found || fail "$target, $precision: status $?"
    diff "wanted.$precision" found || fail "$target, $precision: other labels or scores"
    ran="$ran $target($precision)"
}
# products TARGET: whole tiles of bytes, of all heights and lengths, have the host's bits.
products() {
    local isa flags
    isa=$(sed -n 's/^isa *= *//p' "$ROOT/targets/$1.target") flags=$(sed -n 's/^flags *= *//p' "$ROOT/targets/$1.target")
    command -v "$(compiler "$1")" >/dev/null && command -v qemu-aarch64 >/dev/null || return 0
    # shellcheck disable=SC2086
    "$(compiler "$1")" -std=c11 $flags -I"$ROOT" -DPRODUCTS_ISA="$isa" "$ROOT/tests/e2e/products.c" -o "products.$1" -static -lm
    qemu-aarch64 "./products.$1" >products.found || fail "$1: products: status $?"
    diff products.wanted products.found || fail "$1: other products of bytes"
}
cc -std=c11 -O2 -I"$ROOT" -DPRODUCTS_ISA=c11 "$ROOT/tests/e2e/products.c" -o products.host -lm
./products.host >products.wanted
for target in aarch64 aarch64-dotprod aarch64-i8mm; do products "$target"; done
try aarch64 q4z qemu-aarch64
for precision in q8 q4; do wanted "$precision"; done
for precision in q8 q4 q4z; do try aarch64-dotprod $precision qemu-aarch64; done
for precision in q8 q4 q4z; do try aarch64-i8mm $precision qemu-aarch64; done
try riscv64 stored qemu-riscv64
for precision in stored q4z; do try s390x $precision qemu-s390x; done
[ "$(uname -m)" != x86_64 ] || try i686 stored
if [ -e /usr/include/wasm32-wasi/stdio.h ]; then
    try wasm32 stored node --single-threaded --no-warnings wasi.mjs
    python3 -c "import wasmtime" 2>/dev/null || python3 -m pip install -q --target package wasmtime 2>pip.log || true
    ! PYTHONPATH=package python3 -c "import wasmtime" 2>/dev/null || try wasm32 q4z env PYTHONPATH=package python3 run_wasi.py
fi
try windows-x86-64 stored wine
! grep -q avx2 /proc/cpuinfo || try windows-x86-64-v3 q4z wine
[ -n "$ran" ] || skip "no cross compiler with an emulator (gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
echo "same results:$ran"

# A target whose compiler is missing says what to install.
env PATH=/nowhere "$HF2C" build "$EXAMPLES/kjv-genre" --target s390x -o missing >missing.log 2>&1 && fail "built without a compiler"
grep -q "package gcc-s390x-linux-gnu" missing.log || fail "no package is named: $(cat missing.log)"
