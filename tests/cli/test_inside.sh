#!/usr/bin/env bash
#
# equity and account on the command line: what needs no data home, and what is refused before one is looked at.
#
# usage: test_inside.sh CAIRN POLICY_FOLDER
set -euo pipefail

cairn=$1
policy=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail()
{
    echo "not ok: $*" >&2
    exit 1
}

# expect CODE WORDS COMMAND...: the exit code, and words of standard error
expect()
{
    local code=$1 words=$2 got=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" -eq "$code" ] || fail "$* ended with $got, not $code: $(cat "$work/err")"
    grep -qF -- "$words" "$work/err" || fail "$* does not say \"$words\": $(cat "$work/err")"
}

"$cairn" account list --policy "$policy" >"$work/list"
grep -q '^school_high *2027' "$work/list" || fail "account list does not name the framework from 2026-27"
"$cairn" account list --policy "$policy" --format csv | grep -q '^district,2013,.*,district,2010-07-01,2016-06-30,assumed,' ||
    fail "account list --format csv"
"$cairn" account list --policy "$policy" --json | grep -q '"name": "district"' || fail "account list --json"
"$cairn" equity --help | grep -q -- '--against-year' || fail "equity --help"
"$cairn" account --help | grep -q -- 'what-if' || fail "account --help"

usage=2
expect $usage "needs MEASURE" "$cairn" equity
expect $usage "none of list, rate" "$cairn" account judge --year 2024
expect $usage "needs --year" "$cairn" account rate
expect $usage "takes no further word" "$cairn" account rate weight.pwr=3 --year 2024
expect $usage "a format is text, csv, json or html" "$cairn" equity graduation_rate_4yr --format pdf
expect $usage "contradict" "$cairn" equity graduation_rate_4yr --format csv --json
expect $usage "questions of their own" "$cairn" equity graduation_rate_4yr --by sex --trend --against-year 2020
expect $usage "--since goes with --trend" "$cairn" equity graduation_rate_4yr --by sex --since 2020
expect $usage "--reference goes with" "$cairn" equity graduation_rate_4yr --by sex --trend --reference highest
expect $usage "whole number" "$cairn" equity graduation_rate_4yr --year soon
expect $usage "--pool takes years=N" "$cairn" equity graduation_rate_4yr --by sex --pool small=3
expect $usage "below the state" "$cairn" equity graduation_rate_4yr --by sex --pool years=2,units
expect $usage "--pool goes with gaps and trends" "$cairn" equity participation --by sex --pool years=2
expect $usage "takes a day as YYYY-MM-DD" "$cairn" equity graduation_rate_4yr --by sex --as-known-on yesterday
expect $usage "go with a measure" "$cairn" equity participation --by sex --definition wioa
expect $usage "go with a measure" "$cairn" equity participation --by sex --as-known-on 2026-01-01
expect $usage "both say which rule" "$cairn" measure hs_earnings_1yr@pseo --definition wioa
expect $usage "both say which rule" "$cairn" measure explain hs_earnings_1yr@pseo --definition wioa --policy "$policy"
"$cairn" measure explain hs_earnings_1yr@pseo --policy "$policy" >"$work/pseo"
"$cairn" measure explain hs_earnings_1yr --definition pseo --policy "$policy" | cmp - "$work/pseo" || fail "NAME@DEFINITION"
grep -q 'three quarters' "$work/pseo" || fail "explain of a rule that is not the measure's own"
expect $usage "list takes no further word" "$cairn" measure list graduation_rate_4yr --policy "$policy"
expect $usage "list takes no --by" "$cairn" measure list --by sex --policy "$policy"
expect $usage "test takes no --years" "$cairn" measure test graduation_rate_4yr --years 2024 --policy "$policy"
expect $usage "explain takes the name" "$cairn" measure explain --policy "$policy"
expect $usage "without a name takes no --by" "$cairn" measure --by sex
expect $usage "a question takes no --force" "$cairn" measure graduation_rate_4yr --force
expect 5 "near it are graduation_rate_4yr" "$cairn" measure explain graduation_rate_4y --policy "$policy"
expect 5 "near it are graduation_rate_4yr" "$cairn" measure test graduation_rate_4y --policy "$policy"
expect 5 "\"cairn measure list\" names them" "$cairn" measure test no_such_thing --policy "$policy"
expect 5 "the definitions are adrf, kentucky, leo" "$cairn" measure explain award_earnings_1yr --definition kentuky --policy "$policy"

"$cairn" init "$work/home" --policy "$policy" >/dev/null
export CAIRN_HOME=$work/home
# what is listed and explained is what the home's own policy says
env CAIRN_POLICY=/nowhere "$cairn" measure explain dropout_rate | grep -q '^numerator' || fail "measure explain of a home"
env CAIRN_POLICY=/nowhere "$cairn" measure list | grep -q '^dropout_rate ' || fail "measure list of a home"
env CAIRN_POLICY=/nowhere "$cairn" account list | grep -q '^district ' || fail "account list of a home"
expect $usage "needs --purpose" "$cairn" equity graduation_rate_4yr --by sex
expect $usage "needs --purpose" "$cairn" account rate --year 2024
# what a question does not read is not silently passed over
why=(--purpose "to see what happens" --agreement cde-slds)
expect $usage "--who takes no --by" "$cairn" measure graduation_rate_4yr --who hit --by sex "${why[@]}"
expect $usage "--who takes no --level" "$cairn" measure graduation_rate_4yr --who hit --level county "${why[@]}"
expect $usage "persons come as CSV only" "$cairn" measure graduation_rate_4yr --who hit --json "${why[@]}"
expect $usage "compare takes no --by" "$cairn" measure compare graduation_rate_4yr completion_rate_4yr --by sex "${why[@]}"
expect $usage "compare takes no --format" "$cairn" measure compare graduation_rate_4yr completion_rate_4yr --format csv \
    "${why[@]}"
expect $usage "Names end in .csv" "$cairn" measure graduation_rate_4yr --out "$work/a.xlsx" "${why[@]}"
expect $usage "published takes no --years" "$cairn" measure published graduation_rate_4yr --years 2024 "${why[@]}"
# each question is an entry of the ledger before it is answered, and no entry without what it must say
expect $usage "needs --purpose" "$cairn" measure graduation_rate_4yr --agreement cde-slds
expect 7 "purpose in words" "$cairn" measure graduation_rate_4yr --purpose x --agreement cde-slds
expect 7 "no role" "$cairn" measure graduation_rate_4yr --who hit "${why[@]}" --role analyst
grep -aqs 'measure.asked' "$work"/home/ledger.db* && fail "a question that was denied is in the ledger as asked"
expect 5 "" "$cairn" measure graduation_rate_4yr "${why[@]}"
grep -aqs 'measure.asked' "$work"/home/ledger.db* || fail "a question is not in the ledger"

expect 7 "" "$cairn" equity graduation_rate_4yr --by sex --purpose "to see what happens" --agreement no-such
expect 7 "" "$cairn" account explain --unit 1 --students --year 2024 --purpose "to see what happens" --agreement cde-slds --role analyst
expect 5 "" "$cairn" equity graduation_rate_4yr --by sex --purpose "to see what happens" --agreement cde-slds
echo "ok"
