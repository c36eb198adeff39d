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
"$CAIRN" completion bash >"$work/bash"
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
        grep -qF -- "$option" "$work/bash" || { note "$command $option is not completed"; missing=$((missing + 1)); }
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
one_measure=$("$CAIRN" measure list | awk 'NR == 1 { print $1 }')
json "measure test of one" vectors measure test "$one_measure"
check_code "a measure nobody knows" $EXIT_NOT_FOUND "$CAIRN" measure test nothing
file=$(find "$work/state/inbox/cde_student_demographic" -type f | head -n 1)
json "ingest of a file" outcome ingest --home "$work/home" --source cde_student_demographic "$file" --quiet
check_code "an inbox is not reinstated" $EXIT_USAGE "$CAIRN" ingest --home "$work/home" --reinstate
sed '$d' "$file" >"$work/$(basename "$file")"
json "a file that replaces another" supersedes ingest --home "$work/home" --source cde_student_demographic "$work/$(basename "$file")" --quiet
json "the other again" superseded_by ingest --home "$work/home" --source cde_student_demographic "$file" --quiet
check_equal "it stays superseded" "$("$CAIRN_JSON_GET" outcome <"$work/out.json")" already
json "the other reinstated" reinstates ingest --home "$work/home" --source cde_student_demographic --reinstate "$file" --quiet
check_equal "it is loaded" "$("$CAIRN_JSON_GET" outcome <"$work/out.json")" loaded
json profile contract profile "$file"
json "ingest of an inbox" files ingest --home "$work/home" --inbox "$work/state/inbox" --quiet
json run release.skipped run --home "$work/home" --inbox "$work/state/inbox" --quiet
for step in link build measure release; do
    json $step $step.skipped $step --home "$work/home" --quiet
    check_equal "$step is up to date after run" "$("$CAIRN_JSON_GET" $step.skipped <"$work/out.json")" true
done

# One question at a time: nothing without a purpose and an agreement, nothing that others can read.
ask=(--home "$work/home" --purpose "a test" --agreement cde-slds)
json "measure explain" text measure explain graduation_rate_4yr
json "measure of one" 0.measure measure big_three_rate --years 1990-2100 --by sex --level county "${ask[@]}"
json "measure as known" 0.value measure big_three_rate --as-known-on 2100-01-01 "${ask[@]}"
json "measure compare" note measure compare graduation_rate_4yr completion_rate_4yr "${ask[@]}"
check_code "before the first build nothing was known" 5 "$CAIRN" measure completion_rate_4yr --as-known-on 1990-01-01 "${ask[@]}"
"$CAIRN" measure completion_rate_4yr --years 1990 "${ask[@]}" >"$work/nothing"
check_code "a question without an answer says so" 0 grep -q '^no figures' "$work/nothing"
check_code "figures need a purpose" $EXIT_USAGE "$CAIRN" measure completion_rate_4yr --home "$work/home" --agreement cde-slds
check_code "figures need an agreement in force" $EXIT_DENIED \
    "$CAIRN" measure completion_rate_4yr --home "$work/home" --purpose "a test" --agreement nobody
check_code "a role nobody has" $EXIT_DENIED "$CAIRN" measure completion_rate_4yr "${ask[@]}" --role emperor
check_code "a split nobody knows" $EXIT_INVALID "$CAIRN" measure completion_rate_4yr "${ask[@]}" --by shoes
check_code "four splits" $EXIT_USAGE "$CAIRN" measure completion_rate_4yr "${ask[@]}" --by sex,disability,migrant,foster
check_code "a figure as CSV and as a chart" 0 \
    "$CAIRN" measure completion_rate_4yr "${ask[@]}" --format csv --out "$work/figures.csv" --chart "$work/figures.svg"
check_equal "for nobody else to read" "$(stat -c %a "$work/figures.csv" "$work/figures.svg" | sort -u)" 600
check "the chart is SVG" grep -q '^<svg xmlns=' "$work/figures.svg"
check_code "Parquet needs a file" $EXIT_USAGE "$CAIRN" measure completion_rate_4yr "${ask[@]}" --format parquet
check_code "Parquet in a file" 0 \
    "$CAIRN" measure completion_rate_4yr "${ask[@]}" --format parquet --out "$work/figures.parquet"
check_code "who was left out" 0 "$CAIRN" measure completion_rate_4yr "${ask[@]}" --who excluded
check "persons come with a head" grep -q '^person,year,county' "$work/check.out"
check "every question is in the ledger" grep -qsa '"purpose":"a test"' "$work/home/ledger.db" "$work/home/ledger.db-wal"

json "verify of a release" ok verify "$(release_of "$work/home")"
key=$("$CAIRN" keys list --json --home "$work/home" | "$CAIRN_JSON_GET" release_public_key)
json "verify of a release against the home's key" ok verify "$(release_of "$work/home")" --key "$key"
check_code "verify refuses a release that another key signed" $EXIT_CORRUPT \
    "$CAIRN" verify "$(release_of "$work/home")" --key "$(printf '%064d' 7)"
check_code "a key is 64 hex digits" $EXIT_USAGE "$CAIRN" verify "$(release_of "$work/home")" --key abc
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

# --- policy and agreements -------------------------------------------------------------------------------------

check "check accepts the shipped policy" "$CAIRN" check --json
check_equal "every contract of it has an agreement in force" \
    "$("$CAIRN_JSON_GET" contracts_without_agreement <"$work/check.log" 2>&1)" 0

# policy_without NAME SED_SCRIPT FILE: a copy of the policy, with one file edited; its folder is left in $policy. It
# keeps one measure, so that check does not work through the vectors of all: system/policy does that.
policy_without()
{
    mkdir "$work/$1"
    cp -r "$CAIRN_SOURCE/policy/." "$work/$1/"
    policy=$work/$1/colorado
    find "$policy/measures" -type f ! -name splits.toml ! -name matriculation_rate.toml -delete
    rm -r "$policy/equity" "$policy/accountability"
    sed -i "$2" "$policy/$3"
}

# denied NAME REASON: the demographic file under $policy is not let in, for that reason, and leaves nothing.
denied()
{
    local dir=$work/home-$(basename "$(dirname "$policy")")
    home "$dir" --policy "$policy"
    check_code "$1: denied" $EXIT_DENIED "$CAIRN" ingest --home "$dir" --source cde_student_demographic "$file" --json --quiet
    check_equal "$1: outcome" "$("$CAIRN_JSON_GET" outcome <"$work/check.out" 2>&1)" denied
    check_text "$1: the reason is named" "$work/check.out" "$2"
    check_equal "$1: nothing came in" "$(status_of "$dir" loads)$(ls "$dir/loads")" 0
    check_equal "$1: check tells of it" \
        "$("$CAIRN" check --policy "$policy" | grep -c '^no *cde_student_demographic ')" 1
}

policy_without expired 's/^effective_from = .*/effective_from = 2001-01-01\neffective_to = 2002-01-01/' agreements/cde-slds.toml
denied "an agreement that has ended" 'not in force'
policy_without uncovered 's/"sasid", //' agreements/cde-slds.toml
denied "an element no clause covers" 'sasid'
policy_without unsigned '' agreements/cde-slds.toml
rm "$policy/agreements/cde-slds.toml"
denied "no agreement" 'no agreement'

policy_without broken 's/^definition = .*//' sources/cde_irc.toml
check_code "check refuses a contract whose fields have no definition" $EXIT_INVALID "$CAIRN" check --policy "$policy"
check_text "and names file and line" "$work/check.err" 'cde_irc\.toml:[0-9]+'
policy_without unmapped 's/^credential_id = "r/no_such_column = "r/' sources/cde_irc.toml
check_code "check refuses a mapping onto a column that is not there" $EXIT_INVALID "$CAIRN" check --policy "$policy"
policy_without unfilled 's/^column = "birth_date"/column = "birth_day"/' identity/model.toml
check_code "check refuses a linking model with a column that nothing fills" $EXIT_INVALID "$CAIRN" check --policy "$policy"
check_text "and names file and column" "$work/check.err" 'model\.toml.*birth_day'
policy_without wrong 's/^2024 | 6           | 4 /2024 | 6           | 5 /' measures/matriculation_rate.toml
check_code "check refuses a measure that does not give what its test vector says" $EXIT_INVALID \
    "$CAIRN" check --policy "$policy"

# --- what a sender can get wrong -------------------------------------------------------------------------------

# taken NAME OUTCOME CODE FILE
taken()
{
    check_code "$1" "$3" "$CAIRN" ingest --home "$work/home" --source cde_student_demographic "$4" --json --quiet
    check_equal "$1: $2" "$("$CAIRN_JSON_GET" outcome <"$work/check.out" 2>&1)" "$2"
}
mkdir "$work/other"
cp "$file" "$work/other/again_2024.csv"
taken "the same content under another name" already 0 "$work/other/again_2024.csv"
awk 'NR == 1 { print $0 ",Shoe Size"; next } { print $0 ",42" }' "$file" >"$work/other/student_demographic_2031.csv"
taken "a column nobody knows" refused $EXIT_INVALID "$work/other/student_demographic_2031.csv"
gzip -c "$file" >"$work/other/student_demographic_2032.csv"
taken "a compressed file" refused $EXIT_INVALID "$work/other/student_demographic_2032.csv"
: >"$work/other/student_demographic_2033.csv"
taken "an empty file" refused $EXIT_INVALID "$work/other/student_demographic_2033.csv"
head -n 1 "$file" >"$work/other/student_demographic_2034.csv"
taken "a header without rows" refused $EXIT_INVALID "$work/other/student_demographic_2034.csv"

# Few numbers, each on many rows, look like a code list; social security numbers and names are none.
awk 'BEGIN { print "Worker SSN,Last Name,Grade"
    for (i = 0; i < 300; i++) printf "52143987%d,%s,%02d\n", i % 4, i % 2 ? "GARCIA" : "SMITH", 9 + i % 4 }' >"$work/people.csv"
check_code "a profile of people" 0 "$CAIRN" profile "$work/people.csv"
if grep -qE '52143987|GARCIA|SMITH' "$work/check.out"; then
    fail "a profile shows no person's number or name" "$work/check.out"
else
    pass "a profile shows no person's number or name"
fi

# What is no file, and what cannot be named, does not hold up the others.
mkdir -p "$work/odd/cde_irc"
mkfifo "$work/odd/cde_irc/pipe_2020.csv"
: >"$work/odd/cde_irc/$(printf 'irc_\377_2020.csv')"
: >"$work/odd/cde_irc/irc_2021.csv"
check_code "an inbox with a pipe and a name that is not UTF-8" $EXIT_INVALID \
    "$CAIRN" ingest --json --inbox "$work/odd" --home "$work/home"
check_equal "both files are refused, the pipe is passed over" \
    "$("$CAIRN_JSON_GET" files refused <"$work/check.out" 2>&1 | tr '\n' ' ')" "2 2 "

finish
