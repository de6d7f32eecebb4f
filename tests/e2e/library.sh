# A static and a shared library with their header: from C with both compilers, from C++, from Python.
. "$(dirname "$0")/common.sh"
verse="And it came to pass in those days"
"$HF2C" build "$EXAMPLES/kjv-genre" --emit lib -o kjv_genre
nothing_left . kjv_genre.a kjv_genre.so kjv_genre.h hf2c.h
strict="-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror"
clang $strict -I. "$EXAMPLES/library/main.c" kjv_genre.a -fopenmp -lm -o with-archive
gcc $strict -I. "$EXAMPLES/library/main.c" kjv_genre.so -Wl,-rpath,. -o with-shared
./with-archive "$verse" | tee archive.txt
./with-shared "$verse" | cmp - archive.txt
python3 "$EXAMPLES/python/genre.py" ./kjv_genre.so "$verse" | cmp - archive.txt
# The program that is built as a whole says the same.
"$HF2C" build "$EXAMPLES/kjv-genre" -o program
[ "$(./program --json "$verse" | python3 -c "import json, sys; print(json.loads(sys.stdin.readline())[0]['label'])")" = "$(cut -d' ' -f1 archive.txt)" ]

# With gcc alone; and what an archive brings into a program is prefixed.
mkdir gcc
"$HF2C" build "$EXAMPLES/kjv-genre" --emit lib --cc gcc -o gcc/kjv_genre
gcc $strict -Igcc "$EXAMPLES/library/main.c" gcc/kjv_genre.a -fopenmp -lm -o gcc/program
gcc/program "$verse" | cut -c1-16 | cmp - <(cut -c1-16 archive.txt)
for library in kjv_genre.a gcc/kjv_genre.a; do
    strange=$(nm --defined-only --extern-only "$library" | awk 'NF == 3 && $3 !~ /^(hf2c_|kjv_genre_)/ {print $3}')
    [ -z "$strange" ] || fail "$library defines $strange"
done
strange=$(nm -D --defined-only kjv_genre.so | awk '$3 !~ /^(hf2c_|kjv_genre_|_init|_fini)/ {print $3}')
[ -z "$strange" ] || fail "kjv_genre.so defines $strange"

# In C++ the header compiles as it is.
printf '#include "kjv_genre.h"\nint main() { return kjv_genre_model.abi == HF2C_ABI ? 0 : 1; }\n' >main.cpp
if command -v g++ >/dev/null; then
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I. main.cpp kjv_genre.so -Wl,-rpath,. -o cpp
    ./cpp
fi
