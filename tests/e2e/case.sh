# case.sh HF2C CASE: the program built from an oracle case answers as transformers did.
case=$(realpath "$2")
. "$(dirname "$0")/common.sh"
"$HF2C" build "$case" -o program
status=0
python3 "$ORACLE/check_jsonl.py" ./program "$case" || status=$?
[ "$status" = 2 ] && skip "the case has no rows for a program"
exit "$status"
