# generated/ holds what hf2c makes of the example models, for reading: is it current? UPDATE=1 renews it:
# UPDATE=1 bash tests/e2e/generated.sh build/hf2c
. "$(dirname "$0")/common.sh"

# emitted MODEL TARGET FOLDER FILES...: the files that are the model's own; runtime and kernels are in runtime/ and templates/.
emitted() {
    local model=$1 target=$2 folder=$3
    shift 3
    "$HF2C" build "$EXAMPLES/$model" --target "$target" --emit c -o "$folder.made" >made.log || fail "$(cat made.log)"
    mkdir -p "$folder"
    for file in "$@"; do cp "$folder.made/$file" "$folder/"; done
}
emitted kjv-writer x86-64-v4 kjv_writer kjv_writer.{c,h} kjv_writer_{model,main,weights,test}.c MODEL.md build.sh
emitted kjv-genre x86-64-v4 kjv_genre kjv_genre.{c,h} kjv_genre_{model,main,weights,test}.c MODEL.md build.sh
emitted kjv-writer cuda-sm90 kjv_writer_cuda kjv_writer.cu kjv_writer_main.c MODEL.md
rm -rf ./*.made made.log

if [ "${UPDATE:-}" = 1 ]; then
    for folder in *; do rm -rf "$ROOT/generated/$folder" && cp -r "$folder" "$ROOT/generated/"; done
    exit 0
fi
for folder in *; do
    diff -ru "$ROOT/generated/$folder" "$folder" || fail "generated/$folder is not current: UPDATE=1 bash tests/e2e/generated.sh build/hf2c"
done
