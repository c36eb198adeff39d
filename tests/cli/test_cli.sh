#!/usr/bin/env bash
#
# The command line itself: help of every command, the manual page, completion, wrong words, JSON for programs.
source "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

check "help" "$CAIRN" --help
cp "$work/check.log" "$work/overview"
commands=$(awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' "$work/overview")
check "the overview lists commands ($(echo "$commands" | wc -w))" test "$(echo "$commands" | wc -w)" -ge 15
for command in run init ingest link build measure release serve status profile synth doctor verify keys backup restore; do
    check_equal "$command is a command" "$(echo "$commands" | grep -cx "$command")" 1
done

"$CAIRN" man >"$work/cairn.1" 2>"$work/man.err" || fail "man" "$work/man.err"
for command in $commands; do
    if "$CAIRN" "$command" --help >"$work/help" 2>&1 && grep -q "^usage: cairn $command" "$work/help"; then
        pass "$command --help"
    else
        fail "$command --help" "$work/help"
    fi
    # Every option the help knows, the manual page knows, and completion offers.
    missing=0
    for option in $(grep -oE '^ +(-[a-z], )?--[a-z-]+' "$work/help" | grep -oE -- '--[a-z-]+'); do
        grep -qF -- "${option//-/\\-}" "$work/cairn.1" || { note "$command $option is not in the manual"; missing=$((missing + 1)); }
        "$CAIRN" completion bash | grep -qF -- "$option" || { note "$command $option is not completed"; missing=$((missing + 1)); }
    done
    check_equal "$command: manual and completion know its options" "$missing" 0
    check_code "$command refuses an unknown option" $EXIT_USAGE "$CAIRN" "$command" --no-such-option
    check_code "$command refuses too many words" $EXIT_USAGE "$CAIRN" "$command" a b c d e f
done

check_code "no command: the overview" 0 "$CAIRN"
check_same "as with --help" "$work/overview" "$work/check.out"
check_code "an unknown command" $EXIT_USAGE "$CAIRN" fly
check_text "is named" "$work/check.err" 'fly'
check_code "an option without its value" $EXIT_USAGE "$CAIRN" status --home
check_code "a flag with a value" $EXIT_USAGE "$CAIRN" status --json=yes
check_code "a number that is none" $EXIT_USAGE "$CAIRN" synth --people many --out "$work/x"
check_code "a number out of range" $EXIT_USAGE "$CAIRN" synth --people 1 --out "$work/x"
check_code "synth without --out" $EXIT_USAGE "$CAIRN" synth --people 100
check_code "keys with another word" $EXIT_USAGE "$CAIRN" keys burn
check_code "ingest of a file without --source" $EXIT_USAGE "$CAIRN" ingest --home "$work" file.csv
check_code "a shell nobody knows" $EXIT_USAGE "$CAIRN" completion tcsh
check "nothing was written" test ! -e "$work/x"

"$CAIRN" completion bash >"$work/bash"
check "bash reads its completion" bash -n "$work/bash"
# What a person would get: words for an empty word, options after a dash.
check_equal "bash completes a command" \
    "$(bash -c 'source "$1"; COMP_WORDS=(cairn sta); COMP_CWORD=1; _cairn; echo "${COMPREPLY[*]}"' - "$work/bash")" status
check_equal "bash completes an option" \
    "$(bash -c 'source "$1"; COMP_WORDS=(cairn synth --peo); COMP_CWORD=2; _cairn; echo "${COMPREPLY[*]}"' - "$work/bash")" --people
for shell in zsh fish; do
    check "completion for $shell" "$CAIRN" completion $shell
    cp "$work/check.log" "$work/completion"
    if command -v $shell >/dev/null; then
        check "$shell reads it" $shell -n "$work/completion"
    else
        skip "$shell reads it" "no $shell here"
    fi
done

check_text "the manual page has a title" "$work/cairn.1" '^\.TH CAIRN 1 '
check_text "and exit codes" "$work/cairn.1" '^\.SH EXIT STATUS'
if command -v mandoc >/dev/null; then
    mandoc -T lint -W error "$work/cairn.1" >"$work/lint" 2>&1
    check_equal "mandoc finds no error in it" "$(grep -c 'ERROR\|UNSUPP' "$work/lint")" 0
    check "mandoc renders it" mandoc -T utf8 "$work/cairn.1"
    check_text "with the run command" "$work/check.log" 'cairn run|c.?ca.?ai.?ir.?rn'
elif command -v man >/dev/null; then
    check "man renders it" man -l "$work/cairn.1"
else
    skip "the manual page is rendered" "neither mandoc nor man here"
fi

# --- for programs ----------------------------------------------------------------------------------------------

# json NAME MEMBER COMMAND...: standard output is one JSON document with that member.
json()
{
    local name=$1 member=$2
    shift 2
    if "$CAIRN" "$@" --json >"$work/out.json" 2>"$work/err" && "$CAIRN_JSON_GET" "$member" <"$work/out.json" >"$work/member" 2>>"$work/err"; then
        pass "$name --json"
    else
        fail "$name --json" "$work/err"
    fi
}

json version version version
json synth people synth --people 300 --out "$work/state" --first-year 2024 --last-year 2024 --quiet
json init home init "$work/home"
json status loads status --home "$work/home"
json doctor findings.0.check doctor --home "$work/home"
json "keys list" keys.0.purpose keys list --home "$work/home"
json "measure list" measures.0.name measure list
json check contracts check
json "measure test" vectors measure test
one_measure=$("$CAIRN" measure list | awk 'NR == 1 { print $1 }')
json "measure test of one" vectors measure test "$one_measure"
check_code "a measure nobody knows" $EXIT_NOT_FOUND "$CAIRN" measure test nothing
file=$(find "$work/state/inbox/cde_student_demographic" -type f | head -n 1)
json "ingest of a file" outcome ingest --home "$work/home" --source cde_student_demographic "$file" --quiet
json profile contract profile "$file"
json "ingest of an inbox" files ingest --home "$work/home" --inbox "$work/state/inbox" --quiet
json run release.skipped run --home "$work/home" --inbox "$work/state/inbox" --quiet
for step in link build measure release; do
    json $step $step.skipped $step --home "$work/home" --quiet
    check_equal "$step is up to date after run" "$("$CAIRN_JSON_GET" $step.skipped <"$work/out.json")" true
done
json "verify of a release" ok verify "$(release_of "$work/home")"
json backup path backup --with-keys --home "$work/home" "$work/copy"
json restore home restore "$work/copy" "$work/restored"
json "verify of a ledger" ok verify --home "$work/restored"
json "keys rotate" reboxed keys rotate --home "$work/home"

# json_error NAME CODE STATUS COMMAND...: standard error is one JSON object that names the class of the failure.
json_error()
{
    local name=$1 code=$2 class=$3
    shift 3
    if check_code "$name" "$code" "$CAIRN" "$@" --json; then
        check_equal "$name, as JSON" "$("$CAIRN_JSON_GET" error <"$work/check.err" 2>&1)" "$class"
    fi
}
json_error "no home" $EXIT_NOT_FOUND not_found status --home "$work/nowhere"
json_error "a home that is there" $EXIT_EXISTS exists init "$work/home"
json_error "a missing file" $EXIT_NOT_FOUND not_found ingest --home "$work/home" --source cde_irc "$work/nowhere"
json_error "a source nobody knows" $EXIT_NOT_FOUND not_found ingest --home "$work/home" --source nothing "$file"
json_error "an unknown option" $EXIT_USAGE usage status --home "$work/home" --nonsense
json_error "a command nobody knows" $EXIT_USAGE usage fly

# An unfit file: told apart from a fault of the program.
printf 'nothing,of,the,kind\n1,2,3,4\n' >"$work/unfit.csv"
check_code "a file of another kind is refused" $EXIT_INVALID \
    "$CAIRN" ingest --home "$work/home" --source cde_student_demographic "$work/unfit.csv" --json --quiet
check_equal "with outcome and reason" "$("$CAIRN_JSON_GET" outcome <"$work/check.out" 2>&1)" refused
check "and a report" test -s "$("$CAIRN_JSON_GET" report <"$work/check.out" 2>/dev/null)"

check "profile drafts a contract" "$CAIRN" profile "$file" --out "$work/draft.toml"
check_text "in TOML" "$work/draft.toml" '^schema *= *"cairn\.contract'
check_code "that shows no number of a student" 1 grep -qE '[^0-9][0-9]{10}[^0-9]' "$work/draft.toml"
finish
