# How a program with 5 GB of weights begins, and what it takes of memory: bash tests/bench/loading.sh build/hf2c WORK
set -euo pipefail
HF2C=$(realpath "$1")
MODEL=$(realpath "$(dirname "$0")/../sparse_model.sh")
mkdir -p "$2" && cd "$2"
if [ ! -e big.weights ]; then
    bash "$MODEL" "$HF2C" big 20
    "$HF2C" build big --precision f32 --detach-weights --max-seq 64 -o big.program
    fallocate --dig-holes big.weights
fi
python3 - <<'PYTHON'
import os, subprocess, time
size = os.path.getsize("big.weights")
print(f"weights {size / 1e9:.2f} GB, on the disk {os.stat('big.weights').st_blocks * 512 / 1e6:.1f} MB")
def run(what, *arguments):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        child = subprocess.Popen(["./big.program", *arguments], stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - begin)
    print(f"{what}: {1000 * sorted(times)[2]:.1f} ms, at most {usage.ru_maxrss / 1024:.0f} MB of memory")
run("begin and end (--info)", "--info")
run("one token of text", "In", "--max-new-tokens", "1")
PYTHON
