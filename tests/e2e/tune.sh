# hf2c build --tune: a file of measured numbers changes neither answers nor, once written, the build; a broken one is refused by its line.
. "$(dirname "$0")/common.sh"
text="And it came to pass"
printf '# of another machine\nalone = 0\nahead = 12288\n' >far.tune
for turn in one two; do "$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 --tune far.tune --emit c -o "$turn"; done
diff -r one two || fail "the folders differ"
grep -q '^#define HF2C_AHEAD 12288$' one/kjv_writer.c || fail "the distance is not in the source"
grep -q 'rows <= ' one/kjv_writer.c && fail "something is still done alone"
"$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 --tune far.tune -o tuned
"$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 -o plain
for threads in 1 2 3; do
    printf '{"prompts": ["%s"], "kwargs": {"max_new_tokens": 24, "do_sample": false, "output_scores": true}}\n' "$text" >request
    ./tuned --jsonl --threads $threads <request | cmp - <(./plain --jsonl --threads 1 <request) || fail "$threads threads: other answers"
done

# Where there is no such file, it is measured and written, and what is written can be read.
"$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 --tune here.tune --emit c -o measured
cat here.tune
grep -q '^ahead = [0-9]*$' here.tune || fail "nothing was written"
cp here.tune before
"$HF2C" build "$EXAMPLES/kjv-writer" --precision q4 --tune here.tune --emit c -o again
cmp here.tune before && diff -r measured again || fail "the file does not make the same build again"

printf 'alone = 5\npanel = 8\n' >wrong.tune
refused 1 'wrong.tune:2: found "panel", wanted alone or ahead' "$HF2C" build "$EXAMPLES/kjv-writer" --tune wrong.tune -o no
printf 'ahead = far\n' >wrong.tune
refused 1 'wrong.tune:1: ahead: found "far", wanted a number' "$HF2C" build "$EXAMPLES/kjv-writer" --tune wrong.tune -o no
refused 1 'no.tune: there is no such file, and this machine cannot run what target cortex-m7 has' \
    "$HF2C" build "$EXAMPLES/kjv-genre" --target cortex-m7 --tune no.tune -o no
