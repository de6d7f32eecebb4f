# The emitted CUDA without a GPU: the very same files as C++, on the pretended runtime of shim/, through the whole program. What
# the schedule, the plan's offsets and the glue get wrong shows here.
. "$(dirname "$0")/../e2e/common.sh"
shim=$ROOT/tests/cuda/shim
libraries=
strict="-O1 -Wall -Wextra -Wpedantic -Werror"

# compiled FLAGS SOURCES...: objects beside their sources.
compiled() {
    local flags=$1 source
    shift
    for source in "$@"; do
        case $source in
            *.c) gcc -std=c11 $strict -Wa,-I"${source%/*}" $flags -c "$source" -o "$source.o" ;;
            *) g++ -std=c++17 $strict -I"$shim" $flags -x c++ -c "$source" -o "$source.o" ;;
        esac || fail "$source"
    done
}

linked() { g++ "$1"/*.o -o "$2" -lm -pthread $libraries; }

command -v g++ >/dev/null || skip "there is no g++"

# made MODEL: its sources, and the program of them.
made() {
    local folder=$EXAMPLES/$1
    [ -d "$folder" ] || folder=$ORACLE/$1
    "$HF2C" build "$folder" --target cuda-sm80 --emit c -o "made-$1"
    compiled "" "made-$1"/*.c "made-$1"/*.cu
    linked "made-$1" "$1"
}

# self_test MODEL: with what compares a call with the reference evaluation in place of the program's main.
self_test() {
    compiled -DHF2C_SELF_TEST $(grep -l HF2C_SELF_TEST "made-$1"/*.c)
    linked "made-$1" "$1-test"
    "./$1-test"
}

# checked MODEL FOLDERS OPTIONS...
checked() { python3 "$ORACLE/check_jsonl.py" "./$1" "$2/$1" "${@:3}"; }

for model in kjv-genre kjv-writer bart t5-v1_0; do made "$model"; done
python3 "$ORACLE/check_verses.py" ./kjv-genre "$EXAMPLES/kjv-genre/golden.json" 100
checked kjv-writer "$EXAMPLES" --every 6 # each takes seconds here
for model in bart t5-v1_0; do checked "$model" "$ORACLE"; done
for model in kjv-genre kjv-writer bart t5-v1_0; do self_test "$model"; done
libraries="-lpng -ljpeg"
for model in clip yolos convnext-cls swin-cls; do made "$model"; done
for model in clip yolos; do checked "$model" "$ORACLE"; done
for model in convnext-cls swin-cls; do self_test "$model"; done
