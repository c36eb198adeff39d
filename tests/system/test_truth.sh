#!/usr/bin/env bash
#
# What the pipeline says, against what truly happened in the synthetic state: the links pair by pair, the measures with
# the links as found, and the measures with perfect links, which must agree to the last person.
#
# Environment: LINK_QUALITY and TRUTH_CHECK (programs, set by meson.build), PEOPLE (10000).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

min_precision=0.995
# School rows carry no social security number and wage rows no birth date: a person without a college or programme row in
# between has a name, a county and an age to be recognised by. Who has a common name, or none in any wage file, is what
# recall lacks.
min_recall=0.975
max_error_selected=8
max_error=2.0 # percentage points, mean over years, of a state-wide rate

state "$work/state" "${PEOPLE:-10000}"
home "$work/home"
must_run "$work/home" "$work/state/inbox" --quiet
truth=$work/state/truth

"$LINK_QUALITY" "$work/home" "$truth" >"$work/quality" 2>"$work/quality.err" || give_up "links are compared with the truth" "$work/quality.err"
value() { awk -v name="$1" '$1 == name { print $2 }' "$work/quality"; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 >= b + 0) }'; }

note "records $(value records), of them unclear $(value unclear); persons $(awk '$1 == "persons" { print $2 " found, " $4 " true" }' "$work/quality")"
sed -n 's/^missed /# missed: /p' "$work/quality"
note "precision $(value precision), recall $(value recall), F1 $(value f1)"
check "there are records to judge" at_least "$(value records)" 10000
check "precision $(value precision) is at least $min_precision" at_least "$(value precision)" $min_precision
check "recall $(value recall) is at least $min_recall" at_least "$(value recall)" $min_recall

# Mean absolute error of each state-wide rate over the years, in percentage points.
awk '$1 == "measure" && $6 > 0 && $9 > 0 {
        e = 100 * ($5 / $6 - $8 / $9); sum[$2] += e < 0 ? -e : e; n[$2]++; worst[$2] = (e < 0 ? -e : e) > worst[$2] ? (e < 0 ? -e : e) : worst[$2]
    }
    END { for (m in n) printf "%s %d %.3f %.3f\n", m, n[m], sum[m] / n[m], worst[m] }' "$work/quality" | sort >"$work/errors"
check "measures are there to judge ($(wc -l <"$work/errors"))" test "$(wc -l <"$work/errors")" -ge 5
while read -r measure years error worst; do
    limit=$max_error
    # Its few people who can be seen are not a sample of all: it is off by who they are, not only by missed links.
    case $measure in hs_employment_*) limit=$max_error_selected ;; esac
    check "$measure with the links as found: off by $error points on average over $years years, $worst at worst" \
        at_least "$limit" "$error"
done <"$work/errors"

# What came after school: percentage points, or percent of the dollars where the figure is a median. Reported; at this size
# a year has too few people for a limit.
awk '$1 == "later" && $6 > 0 && $9 > 0 {
        e = $2 ~ /earnings/ ? 100 * ($5 / $8 - 1) : $5 - $8; e = e < 0 ? -e : e
        sum[$2] += e; n[$2]++; found[$2] += $6; true_[$2] += $9
    }
    END { for (m in n) printf "%s %.2f %d %d %d\n", m, sum[m] / n[m], n[m], found[m], true_[m] }' "$work/quality" | sort >"$work/later"
while read -r measure error years found true; do
    note "$measure with the links as found: off by $error on average over $years years; $found people, truly $true"
done <"$work/later"
check "what came after school is there to judge ($(wc -l <"$work/later"))" test "$(wc -l <"$work/later")" -ge 10

if [ ! -x "${TRUTH_CHECK:-}" ]; then
    skip "with perfect links every measure agrees with the truth" "no truth_check program"
    finish
fi

# Earnings ten years after need a state with that many years, but of it only who finished in one year, and the wages and
# enrollments of their tenth year: the other files never come, and their rows are nobody's.
state "$work/long" 8000 --first-year 2008
(
    cd "$work/long/inbox" && shopt -s nullglob
    for file in cde_end_of_year/*_2014.* surds_degree/*_fy2014.* surds_enrollment/*_{2014,2022,2023,2024,2025}_* \
        nsc_{detail_hs,block}/*_2014* nsc_detail/* cdle_wage_*/*_{2022Q4,2023Q?,2024Q?,2025Q?}.*; do
        mkdir -p "../few/${file%/*}" && cp "$file" "../few/$file" && echo "${file/\//,}"
    done >../few.csv
)
awk -F, 'NR == FNR { came[$1 "," $2]; next } FNR == 1 || ($1 "," $2) in came' "$work/long/few.csv" \
    "$work/long/truth/records.csv" >"$work/records.csv"
mv "$work/records.csv" "$work/long/truth/records.csv"
home "$work/long/home"
"$CAIRN" ingest --home "$work/long/home" --inbox "$work/long/few" --quiet >"$work/ingest.log" 2>&1
check "the files about ten years after came in" test "$(status_of "$work/long/home" loads)" -ge 30

# agrees NAME HOME TRUTH...
agrees()
{
    local name=$1
    shift
    if "$TRUTH_CHECK" "$@" >"$work/truth.log" 2>&1; then
        tail -n 1 "$work/truth.log" | sed 's/^/# /'
        pass "$name"
    else
        fail "$name" "$work/truth.log"
    fi
}
agrees "with perfect links every measure agrees with the truth, person by person" \
    "$work/home" "$truth" "$work/long/home" "$work/long/truth"

# A measure that nobody wrote the truth of must not pass.
cp -r "$CAIRN_SOURCE/policy" "$work/policy"
measures=$work/policy/colorado/measures
sed 's/^name = .*/name = "untold_rate"/' "$measures/credential_rate.toml" >"$measures/untold_rate.toml"
home "$work/untold" --policy "$work/policy/colorado"
check_code "a measure without a truth is a failure" 1 "$TRUTH_CHECK" "$work/untold" "$truth"
check_text "it is named" "$work/check.out" '^untold_rate: nobody has written down'
finish
