# hf2c run: builds once, runs from the cache after that; two at once, another option, an older leftover, a model that does not compile.
. "$(dirname "$0")/common.sh"
export XDG_CACHE_HOME=$WORK/cache
mkdir cache model
cp "$EXAMPLES"/kjv-genre/*.json "$EXAMPLES"/kjv-genre/model.safetensors model/
# Programs; compiled objects have a folder of their own.
entries() { ls -A -I objects cache/hf2c | wc -l; }
built() { find cache/hf2c -name MODEL.md -newer mark | wc -l; }

"$HF2C" run model -- "And Moses said unto Pharaoh" >first &
"$HF2C" run model -- "And Moses said unto Pharaoh" >second &
wait
[ -s first ] && cmp first second || fail "two at once differ"
[ "$(entries)" = 1 ] || fail "the cache holds: $(ls -A cache/hf2c)"

touch mark
"$HF2C" run model -- "And Moses said unto Pharaoh" | cmp - first
[ "$(built)" = 0 ] || fail "built again without need"

# The program's own options, input and exit status come through.
echo "And Moses said unto Pharaoh" | "$HF2C" run model -- --json | grep -q '"label"' || fail "no JSON"
refused 2 "." "$HF2C" run model -- --no-such-option

"$HF2C" run model --target c11 -- "And Moses said unto Pharaoh" >c11
[ "$(entries)" = 2 ] || fail "another target shares a program"
"$HF2C" run model --detach-weights -- "And Moses said unto Pharaoh" | cmp - first
[ "$(entries)" = 3 ] || fail "detached weights share a program"

# A file of the model changes: another program.
sleep 0.01
sed -i 's/"Law"/"LAW"/' model/config.json
touch model/config.json
"$HF2C" run model -- "And Moses said unto Pharaoh" | sed 's/LAW/Law/' | cmp - first
[ "$(entries)" = 4 ] || fail "a changed model shares a program"

# What cannot be built leaves nothing.
echo '{"architectures": ["BertForSequenceClassification"], "model_type": "none"}' >model/config.json
refused 1 "model_type" "$HF2C" run model -- "x"
refused 1 "firmware" "$HF2C" run "$EXAMPLES/kjv-genre" --target cortex-m7 -- "x"
[ "$(entries)" = 4 ] || fail "left behind: $(ls -A cache/hf2c)"
XDG_CACHE_HOME=relative HOME= refused 1 "cache" "$HF2C" run "$EXAMPLES/kjv-genre" -- "x"
