# kjv-genre labels the verses of its golden file as transformers does, and so reaches the accuracy there.
. "$(dirname "$0")/common.sh"
"$HF2C" build "$EXAMPLES/kjv-genre" -o genre
python3 "$ORACLE/check_verses.py" ./genre "$EXAMPLES/kjv-genre/golden.json"
