# nvcc makes a program of both example models; without a GPU it says so and ends with status 1.
. "$(dirname "$0")/../e2e/common.sh"
command -v nvcc >/dev/null || PATH=$PATH:${CUDA_HOME:-/usr/local/cuda}/bin
command -v nvcc >/dev/null || skip "there is no nvcc"
"$HF2C" build "$EXAMPLES/kjv-genre" --target cuda-sm90 -o genre
"$HF2C" build "$EXAMPLES/kjv-writer" --target cuda-sm80 --emit c -o made
env -i PATH="$PATH" OUT="$WORK/writer" sh made/build.sh
./genre --help >/dev/null
./writer --help >/dev/null
nvidia-smi >/dev/null 2>&1 && skip "built; there is a GPU, so that tests/gpu.sh runs them"
refused 1 "no usable GPU" ./genre "And God said"
refused 1 "no usable GPU" ./writer "In the beginning"
