# What the end-to-end tests share: bash tests/e2e/X.sh PATH_OF_HF2C. Each works in a temporary folder of its own, which goes at its end.
set -euo pipefail
HF2C=$(realpath "$1")
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
EXAMPLES=$ROOT/examples
ORACLE=$ROOT/tests/oracle
WORK=$(mktemp -d "${TMPDIR:-/tmp}/hf2c-e2e.XXXXXX")
# Not the cache of whoever runs the tests, but one that the tests share.
export XDG_CACHE_HOME=${HF2C_TEST_CACHE:-$(dirname "$HF2C")/test-cache}
AT_END=()
cleanup() {
    local command
    for command in "${AT_END[@]}"; do $command; done
    rm -rf "$WORK"
}
trap cleanup EXIT
cd "$WORK"

fail() { echo "FAIL: $*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }

# refused STATUS PATTERN COMMAND...: ends with that status and says what the pattern describes, in one line, without a crash.
refused() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$@" >refused.out 2>refused.err || status=$?
    [ "$status" = "$wanted" ] || fail "status $status, wanted $wanted: $* ($(cat refused.err))"
    grep -Eq -- "$pattern" refused.err || fail "no \"$pattern\" in \"$(cat refused.err)\": $*"
}

# nothing_left FOLDER NAME...: the folder holds just these files.
nothing_left() {
    local folder=$1
    shift
    [ "$(ls -A "$folder" | sort | tr '\n' ' ')" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ' | sed 's/^ $//')" ] ||
        fail "$folder holds: $(ls -A "$folder" | tr '\n' ' ')"
}
