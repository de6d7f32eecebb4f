# The emitted CUDA without a GPU: the very same files as C++, on the pretended runtime of shim/, through the whole program. What
# the schedule, the plan's offsets and the glue get wrong shows here.
. "$(dirname "$0")/../e2e/common.sh"
shim=$ROOT/tests/cuda/shim
libraries=
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
    g++ "$objects"/*.o -o "$program" -lm -pthread $libraries
}

command -v g++ >/dev/null || skip "there is no g++"
# self_test MODEL: its folder, and a program that compares a call with the reference evaluation.
self_test() {
    local model=$1 folder=$EXAMPLES/$1
    [ -d "$folder" ] || folder=$ORACLE/$model
    "$HF2C" build "$folder" --target cuda-sm80 --emit c -o "made-$model"
    compiled_here "made-$model" "$model-test" -DHF2C_SELF_TEST
    "./$model-test"
}
for model in kjv-genre kjv-writer bart t5-v1_0; do
    self_test "$model"
    compiled_here "made-$model" "$model"
done
libraries="-lpng -ljpeg"
for model in convnext-cls swin-cls; do self_test "$model"; done
for model in clip yolos; do
    "$HF2C" build "$ORACLE/$model" --target cuda-sm80 --emit c -o "made-$model"
    compiled_here "made-$model" "$model"
    python3 "$ORACLE/check_jsonl.py" "./$model" "$ORACLE/$model"
done
python3 "$ORACLE/check_verses.py" ./kjv-genre "$EXAMPLES/kjv-genre/golden.json" 100
python3 "$ORACLE/check_jsonl.py" ./kjv-writer "$EXAMPLES/kjv-writer"
python3 "$ORACLE/check_jsonl.py" ./bart "$ORACLE/bart"
python3 "$ORACLE/check_jsonl.py" ./t5-v1_0 "$ORACLE/t5-v1_0"
