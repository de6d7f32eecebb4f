#!/usr/bin/env bash
# Tests everything: installs what is missing, builds hf2c three times (release, with ASan+UBSan, with TSan), runs the tests of each.
# The summary of the release tests, which are most of them, stands last.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/packages.sh
# shellcheck disable=SC2086
need_packages $BUILD_PACKAGES libcmocka-dev g++ python3 python3-pip graphviz gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
    gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc gcc-i686-linux-gnu libc6-dev-i386-cross \
    gcc-s390x-linux-gnu libc6-dev-s390x-cross gcc-mingw-w64-x86-64 wine wine64 lld wasi-libc libclang-rt-14-dev-wasm32 \
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user nodejs
# Debian keeps clang's sanitizers in a package of their own; elsewhere they come with clang.
if apt-cache show libclang-rt-dev >/dev/null 2>&1; then need_packages libclang-rt-dev; fi
# Ubuntu has no package of it.
if apt-cache show chromium >/dev/null 2>&1; then need_packages chromium; fi

jobs=$(nproc)
failed=()

# step PRESET: configures, builds and tests.
step() {
    printf '\n== %s\n' "$1"
    cmake --preset "$1" >"build-$1.log" || { cat "build-$1.log"; exit 1; }
    cmake --build --preset "$1" -j "$jobs" >"build-$1.log" || { tail -50 "build-$1.log"; exit 1; }
    rm -f "build-$1.log"
    ctest --preset "$1" -j "$jobs" || failed+=("$1")
}

step asan
step tsan
step release
if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}" >&2
    exit 1
fi
