# case.sh HF2C CASE: the program built from an oracle case answers as transformers did.
. "$(dirname "$0")/common.sh"
case=$2
"$HF2C" build "$case" -o program
status=0
python3 "$ORACLE/check_jsonl.py" ./program "$case" || status=$?
[ "$status" = 2 ] && skip "the case has no rows for a program"
exit "$status"
