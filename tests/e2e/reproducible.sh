# The same input gives the same bytes, whatever the folder, time, locale and environment.
. "$(dirname "$0")/common.sh"
export TZ=UTC
mkdir -p here "there/a deeper one"
for model in kjv-genre kjv-writer; do
    cp -r "$EXAMPLES/$model" here/
    cp -r "$EXAMPLES/$model" "there/a deeper one/"
    touch -d 2001-02-03 "there/a deeper one/$model"/*
    (cd here && env -u SOURCE_DATE_EPOCH LC_ALL=C "$HF2C" build "$model" --emit c -o c && "$HF2C" build "$model" -o program)
    sleep 1.1
    (cd "there/a deeper one" && env LC_ALL=de_DE.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Tokyo HOME=/nonexistent "$HF2C" build "./$model/" --emit c -o c &&
        "$HF2C" build "$WORK/there/a deeper one/$model" -o program)
    diff -r here/c "there/a deeper one/c" || fail "$model: the folders differ"
    cmp here/program "there/a deeper one/program" || fail "$model: the programs differ"
    rm -r here/c here/program "there/a deeper one/c" "there/a deeper one/program"
done
