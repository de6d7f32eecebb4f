# Several models in one program: two shared libraries, and two archives, side by side.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-genre" --emit lib -o kjv_genre
"$HF2C" build "$EXAMPLES/kjv-writer" --emit lib -o kjv_writer
strict="-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror"
gcc $strict -I. "$EXAMPLES/several/main.c" kjv_genre.so kjv_writer.so -Wl,-rpath,. -o with-shared
clang $strict -I. "$EXAMPLES/several/main.c" kjv_genre.a kjv_writer.a -fopenmp -lm -o with-archives
clang $strict -I. "$EXAMPLES/several/main.c" kjv_writer.a kjv_genre.a -fopenmp -lm -o with-archives-turned
./with-shared >shared.txt
cat shared.txt
./with-archives | cmp - shared.txt
./with-archives-turned | cmp - shared.txt
# The ids are those of the golden file.
python3 - "$EXAMPLES/kjv-writer/golden.json" <<'PYTHON'
import json, sys
golden = next(g for g in json.load(open(sys.argv[1]))["generation"] if g["name"] == "greedy")
wanted = golden["output_ids"][0][5:29]
found = [int(word) for word in open("shared.txt").read().splitlines()[1].split()]
assert found == wanted, (found, wanted)
PYTHON
