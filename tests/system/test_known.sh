#!/usr/bin/env bash
#
# An earlier figure, to the byte: after a resubmission, newcomers, a reviewer's merge, an undo, a full relinking and a
# changed definition, --as-known-on gives what was given on that day.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-2000}" --first-year 2019 --last-year 2024
mkdir -p "$work/policy"
cp -a "$CAIRN_SOURCE/policy/core" "$CAIRN_SOURCE/policy/colorado" "$work/policy/"
export CAIRN_POLICY=$work/policy/colorado
on() { export CAIRN_NOW=$1T12:00:00Z; }
on 2026-01-05
home "$work/home"
H=$work/home
cairn() { "$CAIRN" "$@" --home "$H" --quiet; }

measures="graduation_rate_4yr hs_employment_rate_q2 wioa_median_earnings_q2 hs_earnings_1yr ps_retention_rate dropout_rate
    credential_rate matriculation_four_year_rate hs_industry_1yr award_in_state_1yr"
agreement=$(basename "$(ls "$CAIRN_POLICY"/agreements/cdhe*.toml)" .toml)
ask() { cairn measure "$@" --purpose test --agreement "$agreement" --format csv; }
# figures DIR [OPTION...]: every column of some measures, crossed, and who is behind one of them
figures()
{
    local dir=$1 name
    shift
    mkdir -p "$dir"
    for name in $measures; do
        ask "$name" --by race_ethnicity "$@" >"$dir/$name.csv" 2>"$work/ask.log" || return 1
    done
    ask graduation_rate_4yr --by district,sex "$@" >"$dir/crossed.csv" 2>"$work/ask.log"
}
must_figures() { figures "$@" || give_up "figures $*" "$work/ask.log"; }

# The state's files without its last wage quarter and its last year of school.
mkdir -p "$work/first" "$work/later" "$work/again"
cp -a "$work/state/inbox/." "$work/first/"
last=$(find "$work/first" -path '*wage*' -type f | sort | tail -n 1)
source_of=$(basename "$(dirname "$last")")
mkdir -p "$work/later/$source_of"
mv "$last" "$work/later/$source_of/"

must_run "$H" "$work/first" --quiet
must_figures "$work/day1"
check "there are figures" test "$(cat "$work"/day1/*.csv | wc -l)" -gt 200

# A month later: newcomers.
on 2026-02-03
must_run "$H" "$work/later" --quiet --replace "a later delivery of wages"
must_figures "$work/day2"
check_code "newcomers moved a figure" 1 diff -rq "$work/day1" "$work/day2"

# A resubmission: half the rows of the last file of the end of the year.
on 2026-03-03
file=$(find "$work/first/cde_end_of_year" -type f | sort | tail -n 1)
mkdir -p "$work/again/cde_end_of_year"
awk 'NR == 1 || NR % 2 == 0' "$file" >"$work/again/cde_end_of_year/$(basename "$file")"
must_run "$H" "$work/again" --quiet --replace "a resubmission"
must_figures "$work/day3"
check_code "the resubmission moved a figure" 1 diff -rq "$work/day2" "$work/day3"

# Reviewers merge some and part some.
on 2026-04-03
cairn review export --reviewer Ann --out "$work/pairs.csv" >/dev/null
awk -F, 'NR > 1 && NR <= 40 { v = NR % 3 ? "same" : "different"; print $1 "," v ",Ann"; print $1 "," v ",Bo" }' \
    "$work/pairs.csv" | sed '1i pair,verdict,reviewer' >"$work/decisions.csv"
check "decisions are imported" cairn review import "$work/decisions.csv"
must_run "$H" "$work/again" --quiet --replace "decisions"
cairn identity journal | awk -F, '$3 != "" { print $4 }' | sort | uniq -c | sed 's/^/# /'
check "somebody was merged" bash -c "'$CAIRN' identity journal --home '$H' | grep -q ',merge,'"
must_figures "$work/day4"

# An undo of it, and after it everything relinked.
on 2026-05-03
check "undo" cairn identity undo
must_run "$H" "$work/again" --quiet --replace "an undo"
must_figures "$work/day5"
on 2026-06-03
check "everything is linked anew" cairn link --full
must_run "$H" "$work/again" --quiet --replace "relinked"
must_figures "$work/day6"

# A definition and lists that both policies know change: districts, the credentials that count, the level of colleges.
on 2026-07-03
sed -i '/^\[parameters.minimum_n\]/,/^value/ s/^value = .*/value = 17/' "$CAIRN_POLICY/measures/graduation_rate_4yr.toml"
awk -F, '!/^[0-9]/ || NR % 3 { print }' "$CAIRN_POLICY/reference/districts.csv" >"$work/districts.csv"
mv "$work/districts.csv" "$CAIRN_POLICY/reference/districts.csv"
awk -F, '!/^[A-Z]/ || NR % 2 { print }' "$CAIRN_POLICY/reference/credentials.csv" >"$work/credentials.csv"
mv "$work/credentials.csv" "$CAIRN_POLICY/reference/credentials.csv"
sed -i 's/,4-year,public,/,2-year,public,/' "$CAIRN_POLICY/reference/institutions.csv"
must_run "$H" "$work/again" --quiet --replace "another definition, a shorter list"

for day in 1:2026-01-05 2:2026-02-03 2:2026-03-02 3:2026-03-03 4:2026-04-20 5:2026-05-31 6:2026-06-03; do
    must_figures "$work/then" --as-known-on "${day#*:}"
    check_same "figures of day ${day%:*} on ${day#*:}" "$work/day${day%:*}" "$work/then"
    rm -r "$work/then"
done
must_figures "$work/now"
for name in crossed credential_rate matriculation_four_year_rate; do
    check_code "a definition or a list moved $name" 1 cmp "$work/day6/$name.csv" "$work/now/$name.csv"
done
must_figures "$work/today" --as-known-on 2026-07-03
check_same "known today is known now" "$work/now" "$work/today"
check_code "before the first build nothing was known" $EXIT_NOT_FOUND ask graduation_rate_4yr --as-known-on 2026-01-04
check "the warehouse holds no record's tag of its past" \
    bash -c "! grep -qa 'identity_moved\|record_tag' '$H'/warehouse/gen-*.duckdb"
check_equal "and its policies are nobody else's to read" \
    "$(find "$H/warehouse/policy" -type f ! -perm 600 | wc -l)" 0
# Without the kept policy today's rules stand in, and that is said.
rm -rf "$H/warehouse/policy"
"$CAIRN" measure dropout_rate --as-known-on 2026-01-05 --home "$H" --purpose test --agreement "$agreement" \
    >"$work/said.out" 2>"$work/said.err"
check_text "without it that is said" "$work/said.err" 'event=known.*not kept'
finish
