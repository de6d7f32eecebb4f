# The emitted folder builds in a place that knows nothing of hf2c, with both compilers, without a warning, and passes its self-test.
. "$(dirname "$0")/common.sh"
strict="-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror"

# elsewhere FOLDER COMPILER FLAGS: copies what was emitted into an empty folder and builds it there.
elsewhere() {
    mkdir "$1-$2"
    cp "$1"/* "$1-$2"
    (cd "$1-$2" && $2 $strict $3 ./*.c -lm -o program) || fail "$2 $3, $1"
}

"$HF2C" build "$EXAMPLES/kjv-genre" --target c11 --emit c -o genre
"$HF2C" build "$EXAMPLES/kjv-writer" --target c11 --emit c -o writer
elsewhere genre gcc -O1
elsewhere genre clang -DHF2C_SELF_TEST
elsewhere writer gcc -DHF2C_SELF_TEST
elsewhere writer clang -O1
genre-clang/program
writer-gcc/program
genre-gcc/program "And God said" | grep -q Law
writer-clang/program "In the beginning" --max-new-tokens 12 --no-do-sample >c11.txt

# The script that comes along, with the flags of this machine's target, says the same.
"$HF2C" build "$EXAMPLES/kjv-writer" --emit c -o native
env -i PATH="$PATH" OUT=built sh native/build.sh
native/built "In the beginning" --max-new-tokens 12 --no-do-sample | cmp - c11.txt

# Names that files or functions of the templates have are left to them.
for taken in f32 text; do
    "$HF2C" build "$EXAMPLES/kjv-writer" --target c11 --emit c --name "$taken" -o "taken-$taken"
    grep -q "^hf2c_status model_${taken}_decode" "taken-$taken/model_$taken.h" || fail "$taken is not called model_$taken"
done
