# The emitted CUDA without a GPU: the very same files as C++, on the pretended runtime of shim/, through the whole program. What
# the schedule, the plan's offsets and the glue get wrong shows here.
. "$(dirname "$0")/../e2e/common.sh"
shim=$ROOT/tests/cuda/shim
strict="-O3 -Wall -Wextra -Wpedantic -Werror"

# compiled_here FOLDER PROGRAM FLAGS...
compiled_here() {
    local folder=$1 program=$2 objects=$2.objects source
    shift 2
    mkdir "$objects"
    for source in "$folder"/*.c; do gcc -std=c11 $strict -Wa,-I"$folder" "$@" -c "$source" -o "$objects/$(basename "$source").o"; done
    for source in "$folder"/*.cu; do
        g++ -std=c++17 $strict -I"$shim" "$@" -x c++ -c "$source" -o "$objects/$(basename "$source").o" || fail "$source"
    done
    g++ "$objects"/*.o -o "$program" -lm -pthread
}

command -v g++ >/dev/null || skip "there is no g++"
for model in kjv-genre kjv-writer bart t5-v1_0; do
    folder=$EXAMPLES/$model
    [ -d "$folder" ] || folder=$ORACLE/$model
    "$HF2C" build "$folder" --target cuda-sm80 --emit c -o "made-$model"
    compiled_here "made-$model" "$model"
    compiled_here "made-$model" "$model-test" -DHF2C_SELF_TEST
    "./$model-test"
done
python3 "$ORACLE/check_verses.py" ./kjv-genre "$EXAMPLES/kjv-genre/golden.json" 100
python3 "$ORACLE/check_jsonl.py" ./kjv-writer "$EXAMPLES/kjv-writer"
python3 "$ORACLE/check_jsonl.py" ./bart "$ORACLE/bart"
python3 "$ORACLE/check_jsonl.py" ./t5-v1_0 "$ORACLE/t5-v1_0"
