# Nothing half-written: after SIGINT, SIGTERM, kill -9 at any moment, a full disk, a file-size limit. What was there before stays.
. "$(dirname "$0")/common.sh"
build=("$HF2C" build "$EXAMPLES/kjv-writer" -o)

# A handled signal leaves nothing at all; the process ends by that signal.
for signal in INT TERM HUP; do
    for delay in 0.02 0.1 0.4 1; do
        mkdir out
        "${build[@]}" out/program >/dev/null 2>&1 &
        job=$!
        sleep "$delay"
        kill -$signal $job 2>/dev/null || true
        wait $job || true
        [ -e out/program ] && ./out/program --info >/dev/null
        rm -f out/program
        sleep 0.2 # compilers that were running end by themselves
        nothing_left out
        rm -r out
    done
done

# kill -9 may leave temporaries, never a broken result; the next build of the same output sweeps them.
mkdir out
for delay in 0.03 0.1 0.3 0.8; do
    "${build[@]}" out/program >/dev/null 2>&1 &
    job=$!
    sleep "$delay"
    kill -9 $job 2>/dev/null || true
    wait $job 2>/dev/null || true
    [ ! -e out/program ] || ./out/program --info >/dev/null
done
sleep 1
"${build[@]}" out/program >/dev/null
nothing_left out program

# A limit of the file size, and a full disk where one can be mounted: an error, and the old program still runs.
cp out/program before
(ulimit -f 1000; refused 1 'program|weights|sources' "${build[@]}" out/program)
cmp before out/program
nothing_left out program
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=1m tmpfs small 2>/dev/null; then
    AT_END+=("umount $WORK/small")
    refused 1 'No space left' "${build[@]}" small/program
    nothing_left small
    refused 1 'No space left' "$HF2C" build "$EXAMPLES/kjv-writer" --emit c -o small/folder
    nothing_left small
    refused 1 'No space left' "$HF2C" new "$EXAMPLES/kjv-writer" -o small/new --save
    nothing_left small
fi
