#!/usr/bin/env bash
# Tests and times the example models on a GPU: bash tests/gpu.sh [PART...]
#
#   emit    writes the models' CUDA and C sources to build-gpu/sources (builds hf2c first, unless HF2C names one)
#   build   compiles them for this GPU, or for the one that TARGET names (cuda-sm80, cuda-sm90 ...)
#   kernels compares every CUDA kernel with the CPU's, where `build` could make that program
#   check   self-tests; golden generations and labels; the same answers as the C program
#   memory  compute-sanitizer: memcheck and racecheck
#   speed   tokens per second of prompts and of decoding, GPU and CPU
#
# Without a PART all run in this order; one that has passed is not repeated (remove build-gpu/passed). A GPU machine that cannot build
# hf2c gets build-gpu/sources (below 48 MB) from one that can; it needs nvcc, a C compiler and python3. Each part takes minutes.
set -euo pipefail
root=$(realpath "$(dirname "$0")/..")
work=$root/build-gpu
sources=$work/sources
programs=$work/programs
models="kjv-genre kjv-writer"
command -v nvcc >/dev/null || PATH=$PATH:${CUDA_HOME:-/usr/local/cuda}/bin

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAIL: $*" >&2; exit 1; }

# 90 for compute capability 9.0; nothing without a GPU.
capability() { { have nvidia-smi && nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null || true; } | head -n 1 | tr -cd 0-9; }

targets() { (cd "$root/targets" && ls cuda-sm*.target | sed 's/\.target$//'); }

# The newest target that the GPU can run.
target() {
    local name best= gpu
    gpu=$(capability)
    if [ -n "${TARGET:-}" ]; then
        echo "$TARGET"
        return
    fi
    for name in $(targets | sort -t m -k 2 -n); do
        if [ -n "$gpu" ] && [ "${name#cuda-sm}" -le "$gpu" ]; then best=$name; fi
    done
    [ -n "$best" ] || fail "no target for compute capability ${gpu:-unknown}: TARGET names one of" $(targets)
    echo "$best"
}

# ---- the parts ----

part_emit() {
    local hf2c=${HF2C:-} model name
    if [ -z "$hf2c" ]; then
        cmake -S "$root" -B "$work/cmake" -DHF2C_TESTS=ON >/dev/null
        cmake --build "$work/cmake" --target hf2c -j "$(nproc)" >"$work/emit.log" || fail "hf2c does not build: $work/emit.log"
        hf2c=$work/cmake/hf2c
    fi
    rm -rf "$sources"
    mkdir -p "$sources"
    for model in $models; do
        "$hf2c" build "$root/examples/$model" --target c11 --emit c -o "$sources/$model-c11"
        for name in $(targets); do
            "$hf2c" build "$root/examples/$model" --target "$name" --emit c -o "$sources/$model-$name"
        done
    done
}

part_build() {
    local name model process started
    have nvcc || fail "nvcc is missing"
    name=$(target)
    mkdir -p "$programs"
    for model in $models; do
        [ -d "$sources/$model-$name" ] || fail "$sources/$model-$name is missing: bash tests/gpu.sh emit"
        CC=gcc OUT=$programs/$model-cpu sh "$sources/$model-c11/build.sh" & started=($!)
        OUT=$programs/$model sh "$sources/$model-$name/build.sh" & started+=($!)
        CFLAGS=-DHF2C_SELF_TEST OUT=$programs/$model-test sh "$sources/$model-$name/build.sh" & started+=($!)
        for process in "${started[@]}"; do wait "$process" || fail "$model does not build"; done
    done
    if [ -f "$work/cmake/build.ninja" ] || [ -f "$work/cmake/Makefile" ]; then
        cmake --build "$work/cmake" --target cuda_gpu_kernels >"$work/build.log" || fail "kernels: $work/build.log"
        cp "$work/cmake/tests/cuda/cuda_gpu_kernels" "$programs/kernels"
        ldd "$programs/kernels" | sed -n 's/^.*cmocka.* => \([^ ]*\) .*/\1/p' | xargs -I{} cp {} "$programs"
    fi
}

part_kernels() {
    if [ -x "$programs/kernels" ]; then
        LD_LIBRARY_PATH=$programs "$programs/kernels"
    else
        echo "not run: the comparison needs a machine with cmake and cmocka to build it"
    fi
}

part_check() {
    local model
    for model in $models; do "$programs/$model-test"; done
    python3 "$root/tests/oracle/check_verses.py" "$programs/kjv-genre" "$root/examples/kjv-genre/golden.json"
    python3 "$root/tests/oracle/check_jsonl.py" "$programs/kjv-writer" "$root/examples/kjv-writer"
    # What no golden says: the C program's own answer, and the same answer twice.
    local question=("And the king said" --max-new-tokens 200 --no-do-sample)
    "$programs/kjv-writer-cpu" "${question[@]}" >"$work/cpu.txt"
    "$programs/kjv-writer" "${question[@]}" >"$work/gpu.txt"
    "$programs/kjv-writer" "${question[@]}" | cmp - "$work/gpu.txt" || fail "two runs on the GPU differ"
    cmp "$work/cpu.txt" "$work/gpu.txt" || fail "CPU and GPU write different texts: $work/cpu.txt $work/gpu.txt"
    echo "200 tokens: CPU and GPU write the same, twice"
}

part_memory() {
    local tool
    if ! have compute-sanitizer; then
        echo "not run: compute-sanitizer is missing"
        return
    fi
    for tool in memcheck racecheck; do
        compute-sanitizer --tool $tool --error-exitcode 9 "$programs/kjv-genre" "And God said, Let there be light: and there was light."
        compute-sanitizer --tool $tool --error-exitcode 9 "$programs/kjv-writer" "In the beginning" --max-new-tokens 4 --no-do-sample
    done
}

part_speed() {
    local model
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem --format=csv,noheader
    for model in $models; do
        echo "-- $model, GPU"
        "$programs/$model" --bench
        echo "-- $model, CPU, plain C"
        "$programs/$model-cpu" --bench
    done
}

# ---- which of them ----

run_part() {
    say "$1"
    declare -F "part_$1" >/dev/null || fail "no part \"$1\"; parts: emit build kernels check memory speed"
    mkdir -p "$work/passed"
    "part_$1"
    touch "$work/passed/$1"
}

if [ $# -gt 0 ]; then
    for part in "$@"; do run_part "$part"; done
    exit 0
fi
if [ -z "$(capability)" ]; then
    echo "no GPU here: nothing was run on one (bash tests/gpu.sh emit build prepares a machine that has one)"
    exit 0
fi
for part in emit build kernels check memory speed; do
    if [ -e "$work/passed/$part" ] || { [ $part = emit ] && [ -d "$sources" ]; }; then
        say "$part: done before"
    else
        run_part "$part"
    fi
done
say "all parts passed on $(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1), $(target)"
