# Common code of the system tests; sourced by each test_*.sh, never run.
#
# A test is a bash script that drives the finished binary and prints TAP: "ok N - what must hold" or "not ok N - ...",
# what went wrong behind "# ", and the plan last. It needs bash, coreutils, diffutils and awk, nothing else; one of
# another program's features is used only after a look whether it is there, and its absence is a word and a SKIP.
#
# Environment: CAIRN (the binary), CAIRN_JSON_GET (tests/cli/json_get), CAIRN_SOURCE (the source tree), all set by
# meson.build; CAIRN_KEEP=1 keeps the scratch folder; SEED (1) is the seed of everything random here.
set -uo pipefail
export LC_ALL=C

: "${CAIRN:?set CAIRN to the cairn binary}"
: "${CAIRN_JSON_GET:?set CAIRN_JSON_GET to the program tests/cli/json_get}"
: "${CAIRN_SOURCE:?set CAIRN_SOURCE to the source tree}"
export CAIRN_POLICY=$CAIRN_SOURCE/policy/colorado CAIRN_WEB=$CAIRN_SOURCE/web/static
unset CAIRN_HOME CAIRN_NOW
SEED=${SEED:-1}

# Exit codes of the binary, as its manual page documents them.
readonly EXIT_USAGE=2 EXIT_INVALID=3 EXIT_NOT_FOUND=5 EXIT_EXISTS=6 EXIT_DENIED=7 EXIT_IO=9 EXIT_BUSY=10 EXIT_CORRUPT=11 EXIT_SIGNAL=130

work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-system-XXXXXX") || exit 1
tests=0
failures=0

# A test adds what it must undo (a mount, a child) to this list of commands.
undo=()
at_exit()
{
    local code=$? command
    for command in ${undo[@]+"${undo[@]}"}; do
        eval "$command" >/dev/null 2>&1
    done
    if [ "${CAIRN_KEEP:-}" = 1 ]; then
        echo "# kept: $work"
    else
        chmod -R u+w "$work" 2>/dev/null
        rm -rf "$work"
    fi
    exit $code
}
trap at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

note() { printf '# %s\n' "$*"; }

pass()
{
    tests=$((tests + 1))
    printf 'ok %d - %s\n' "$tests" "$1"
}

# fail NAME [FILE]: the file's end explains.
fail()
{
    tests=$((tests + 1))
    failures=$((failures + 1))
    printf 'not ok %d - %s\n' "$tests" "$1"
    if [ $# -gt 1 ] && [ -s "$2" ]; then
        tail -n 15 "$2" | cut -c 1-300 | sed 's/^/#   /'
    fi
}

skip()
{
    tests=$((tests + 1))
    printf 'ok %d - %s # SKIP %s\n' "$tests" "$1" "$2"
}

# Ends the script: the plan, and a failing code when anything failed.
finish()
{
    printf '1..%d\n' "$tests"
    [ "$failures" -eq 0 ] && [ "$tests" -gt 0 ]
    exit
}

# Nothing after this can hold.
give_up()
{
    fail "$@"
    finish
}

# check NAME COMMAND...: it must succeed.
check()
{
    local name=$1
    shift
    if "$@" >"$work/check.log" 2>&1; then
        pass "$name"
    else
        fail "$name" "$work/check.log"
        return 1
    fi
}

# check_code NAME CODE COMMAND...: it must end with exactly this code. Output is left in $work/check.out and .err.
check_code()
{
    local name=$1 want=$2 code
    shift 2
    "$@" >"$work/check.out" 2>"$work/check.err"
    code=$?
    if [ "$code" -eq "$want" ]; then
        pass "$name"
    else
        echo "exit code $code, not $want: $*" >>"$work/check.err"
        fail "$name" "$work/check.err"
        return 1
    fi
}

# check_text NAME FILE PATTERN: an extended regular expression that some line must match.
check_text()
{
    if grep -Eq -- "$3" "$2"; then
        pass "$1"
    else
        fail "$1: nothing matches \"$3\"" "$2"
        return 1
    fi
}

check_equal()
{
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1: \"$2\" is not \"$3\""
        return 1
    fi
}

# check_same NAME A B [DIFF_OPTION...]: two folders or files, byte for byte.
check_same()
{
    local name=$1 a=$2 b=$3
    shift 3
    if diff -rq "$@" "$a" "$b" >"$work/check.log" 2>&1; then
        pass "$name"
    else
        fail "$name" "$work/check.log"
        return 1
    fi
}

# --- the binary ------------------------------------------------------------------------------------------------

# state DIR PEOPLE [OPTION...]: the files of a synthetic state.
state()
{
    local dir=$1 people=$2
    shift 2
    "$CAIRN" synth --people "$people" --seed "$SEED" --out "$dir" --quiet "$@" >"$work/synth.log" 2>&1 ||
        give_up "synth of $people people" "$work/synth.log"
}

# home DIR [OPTION...]: an empty data home.
home()
{
    local dir=$1
    shift
    "$CAIRN" init "$dir" "$@" >"$work/init.log" 2>&1 || give_up "init $*" "$work/init.log"
}

# run HOME INBOX [OPTION...]: the whole pipeline; its words go to $work/run.log.
run()
{
    local dir=$1 inbox=$2
    shift 2
    "$CAIRN" run --home "$dir" --inbox "$inbox" "$@" >"$work/run.log" 2>&1
}

must_run()
{
    run "$@" || give_up "cairn run on $1" "$work/run.log"
}

# The folder of the release in force; empty when there is none.
release_of()
{
    local id
    id=$(cat "$1/releases/CURRENT" 2>/dev/null) && printf '%s/releases/%s\n' "$1" "$id"
}

# status_of HOME MEMBER
status_of() { "$CAIRN" status --home "$1" --json | "$CAIRN_JSON_GET" "$2"; }

# What ingest came to, without anything that depends on time: loads and their row counts, with each accepted once.
loads_of()
{
    local receipt
    for receipt in "$1"/loads/*/receipt.json; do
        printf '%s ' "$(basename "$(dirname "$receipt")")"
        "$CAIRN_JSON_GET" source file.name rows_read rows_accepted rows_rejected <"$receipt" | tr '\n' ' '
        echo
    done | sort
    status_of "$1" loads
    status_of "$1" rows_accepted
    status_of "$1" rows_rejected
}

# flip FILE OFFSET: changes one byte, whatever it was.
flip()
{
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf '%03o' $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Seconds with fractions, monotonic enough for a test.
now() { date +%s.%N; }
calc() { awk "BEGIN { printf \"%.3f\", $1 }"; }
