#!/usr/bin/env bash
# hf2c beside its peers: the same weights, one machine, in turns; a table and a picture.
#
#   bash tests/bench/run.sh [MODELS] [PEERS] [OPTION...]     lists with commas, or all; options of peers/compare.py: --threads, --rounds
#   bash tests/bench/run.sh --short                          hf2c's own rows, some three minutes
#
# MODELS: llama-1b, qwen-0.5b, gpt2, bert-base, distilbert, minilm. PEERS: hf2c, llama.cpp, onnxruntime, openvino, ctranslate2, torch.
# What takes room lies in $HF2C_BENCH (~/.cache/hf2c/bench), some 30 GB for everything; what is there already is not made again. The results
# go to $RESULTS (tests/bench/results): results.json, results.md, results.svg. HF2C is the program; by default build/hf2c, which is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/bench/peers
cache=${HF2C_BENCH:-${XDG_CACHE_HOME:-$HOME/.cache}/hf2c/bench}
results=${RESULTS:-tests/bench/results}
mkdir -p "$cache"

if [ -z "${HF2C:-}" ]; then
    cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
    cmake --build build --target hf2c >/dev/null
    HF2C=build/hf2c
fi

if [ "${1:-}" = --short ]; then
    shift
    python3 "$here/compare.py" "$HF2C" "$cache" "$cache/short.json" --models gpt2,bert-base,minilm --peers hf2c --threads 2 "$@"
    exec python3 "$here/table.py" "$cache/short.json"
fi

models=all peers=all
[[ ${1:---} == --* ]] || { models=$1; shift; }
[[ ${1:---} == --* ]] || { peers=$1; shift; }
[ "$models" != all ] || models=llama-1b,qwen-0.5b,gpt2,bert-base,distilbert,minilm
[ "$peers" != all ] || peers=hf2c,llama.cpp,onnxruntime,openvino,ctranslate2,torch

# llama.cpp is built for this processor; the others choose their code at run time.
export PIP_NO_BINARY=llama-cpp-python
export CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF"
python=python3 found=
for peer in ${peers//,/ }; do
    packages=$(python3 "$here/entrants.py" "$peer")
    # shellcheck disable=SC2086
    if [ -z "$packages" ] || python=$(sh tests/bench/venv.sh $packages); then found=$found,$peer; else echo "$peer: left out, it cannot be installed" >&2; fi
done

mkdir -p "$results"
"$python" "$here/compare.py" "$HF2C" "$cache" "$results/results.json" --models "$models" --peers "${found#,}" "$@"
{ python3 "$here/table.py" "$results/results.json"; python3 "$here/goals.py" "$results/results.json"; } >"$results/results.md"
python3 "$here/picture.py" "$results/results.json" >"$results/results.svg"
cat "$results/results.md"
