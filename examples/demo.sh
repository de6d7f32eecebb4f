#!/usr/bin/env bash
# Builds hf2c, turns the two example models into programs, and runs them.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/packages.sh
# shellcheck disable=SC2086
need_packages $BUILD_PACKAGES

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# Says the command as one would type it, then does it.
run() {
    local word
    printf '$'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9_./=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "${word/#$out/.}" ;; esac
    done
    echo
    "$@"
}

say "hf2c itself"
log=$(mktemp)
{ cmake -S . -B build-demo -G Ninja -DHF2C_TESTS=OFF && cmake --build build-demo -j "$(nproc)"; } >"$log" 2>&1 || { cat "$log"; exit 1; }
tail -1 "$log"
rm "$log"
PATH=$PWD/build-demo:$PATH
out=$PWD/build-demo/made
mkdir -p "$out"

say "A classifier: BERT, 0.96 M parameters, trained on the King James Bible of 1611"
run hf2c build examples/kjv-genre -o "$out/genre"
run "$out/genre" "And God said, Let there be light: and there was light." \
    "The LORD is my shepherd; I shall not want." \
    "Paul, an apostle of Jesus Christ by the will of God, to the saints which are at Ephesus."
run "$out/genre" --json "Thou shalt not steal."

say "A writer: LLaMA architecture, 3.5 M parameters"
run hf2c build examples/kjv-writer -o "$out/writer"
run "$out/writer" "In the beginning" --max-new-tokens 60 --no-do-sample
run "$out/writer" "And the king said" --max-new-tokens 60 --do-sample --temperature 0.8 --top-p 0.95 --seed 7

say "Sizes: weights and code in one file, nothing else to install"
(cd "$out" && ls -l genre writer | awk '{printf "%10d bytes  %s\n", $5, $9}')

say "Speed on this machine"
run "$out/genre" --bench
run "$out/writer" --bench
