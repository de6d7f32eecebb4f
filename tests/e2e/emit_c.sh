# The emitted folder builds in a place that knows nothing of hf2c, with both compilers, without a warning, and passes its self-test.
. "$(dirname "$0")/common.sh"
strict="-std=c11 -O1 -Wall -Wextra -Wpedantic -Werror"
for model in kjv-genre kjv-writer; do
    "$HF2C" build "$EXAMPLES/$model" --target c11 --emit c -o "made-$model"
    for compiler in gcc clang; do
        mkdir "empty-$compiler-$model"
        cp "made-$model"/* "empty-$compiler-$model"
        cd "empty-$compiler-$model"
        $compiler $strict -- *.c -lm -o program 2>&1 || fail "$compiler, $model"
        $compiler $strict -DHF2C_SELF_TEST -- *.c -lm -o test 2>&1 || fail "$compiler, $model, self-test"
        ./test
        ./program --info >/dev/null
        cd ..
    done
    [ "$model" = kjv-genre ] && arguments=("And God said") || arguments=("In the beginning" --max-new-tokens 12 --no-do-sample)
    empty-gcc-$model/program "${arguments[@]}" >gcc.txt
    empty-clang-$model/program "${arguments[@]}" >clang.txt
    cmp gcc.txt clang.txt
    # The script that comes along, with the flags of this machine's target.
    "$HF2C" build "$EXAMPLES/$model" --emit c -o "native-$model"
    env -i PATH="$PATH" OUT=built sh "native-$model/build.sh"
    "native-$model/built" "${arguments[@]}" >native.txt
    [ "$model" != kjv-writer ] || cmp gcc.txt native.txt
done
