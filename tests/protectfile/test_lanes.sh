#!/usr/bin/env bash
#
# The lanes of cairn protect: tables rounded, changed by cell keys, made private; what they promise in what leaves; and
# what each refuses.
#
# usage: test_lanes.sh CAIRN SOURCE
set -uo pipefail
export LC_ALL=C
cairn=$(realpath "$1") source=$2
export CAIRN_POLICY=$source/policy/colorado
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; [ $# -lt 2 ] || sed 's/^/# /' "$2"; }
code() # what, expected exit code, command...
{
    local what=$1 expected=$2 got
    shift 2
    "$@" >out.log 2>&1
    got=$?
    if [ "$got" -eq "$expected" ]; then ok "$what"; else not_ok "$what: exit code $got, expected $expected" out.log; fi
}
has() { if grep -q -e "$2" "$3"; then ok "$1"; else not_ok "$1" "$3"; fi; }
hasnt() { if grep -q -e "$2" "$3"; then not_ok "$1" "$3"; else ok "$1"; fi; }
same() { if diff -r "$2" "$3" >out.log; then ok "$1"; else not_ok "$1" out.log; fi; }

policy() # lines about lanes
{
    cat <<P
schema = "cairn.protection/1"
name = "lanes"
version = "1"
title = "Lanes"
effective_from = 2026-01-01
status = "assumed"
source = "a test"
$1
[[parameter]]
name = "min_n"
value = 10
meaning = "fewest people"
status = "assumed"
source = "a test"
P
}
header() # table name, more lines of the table, more columns
{
    cat <<H
schema = "cairn.tables/1"
name = "$1"
title = "A class"
[[dimension]]
name = "school"
total = "all"
codes = ["A", "B", "C"]
[[dimension]]
name = "group"
total = "all"
codes = ["x", "y"]
[[table]]
name = "students"
file = "students.csv"
$2
[[table.by]]
dimension = "school"
column = "school"
[[table.by]]
dimension = "group"
column = "group"
[[table.count]]
name = "students"
$3
H
}
cp "$source"/docs/lanes/*.toml .
# persons first; the table is counted from them
awk 'BEGIN { print "id,school,group,wage,employer,passed"; split("A A B B C C", s); split("x y x y x y", g);
    split("4 36 26 24 30 33", k);
    for (i = 1; i <= 6; i++) for (j = 1; j <= k[i]; j++)
        printf "p%d-%d,%s,%s,%d,e%d,%d\n", i, j, s[i], g[i], 20000 + 137 * j + 11 * i, j % 7, (j % 3 > 0) }' >persons.csv
awk -F, 'NR > 1 { for (a = 0; a < 2; a++) for (b = 0; b < 2; b++) { k = (a ? $2 : "all") "," (b ? $3 : "all"); n[k]++; p[k] += $6 } }
    END { print "school,group,students,passed,median"; fflush(); for (k in n) print k "," n[k] "," p[k] ",30000" | "sort" }' persons.csv \
    >students.csv
echo "a secret of more than sixteen bytes" >key
multiples() { awk -F, 'NR > 1 && $3 % 5 != 0 { exit 1 }' "$1"; }
adds_up()
{
    awk -F, 'NR > 1 { v[$1, $2] = $3 } END { split("all A B C", s); for (i = 1; i <= 4; i++)
        if (v[s[i], "all"] != v[s[i], "x"] + v[s[i], "y"]) exit 1;
        if (v["all", "x"] != v["A", "x"] + v["B", "x"] + v["C", "x"]) exit 1 }' "$1"
}

# --- rounding ---
header class "" '[[table.count]]
name = "passed"
part_of = "students"
[[table.median]]
name = "median"
people = "students"' >with_median.toml
cut -d, -f1-4 students.csv >counts.csv
cp students.csv full.csv
cp counts.csv students.csv
header class "" '[[table.count]]
name = "passed"
part_of = "students"' >tables.toml
policy 'lane = "round"
lane_file = "rounding.toml"' >round.toml
code "a table is rounded" 0 "$cairn" protect tables.toml --policy round.toml --key key --out rounded
multiples rounded/students.csv && ok "to multiples of five" || not_ok "multiples of five" rounded/students.csv
adds_up rounded/students.csv && ok "that add up" || not_ok "that add up" rounded/students.csv
hasnt "nothing is suppressed" '\*' rounded/students.csv
has "the label goes out with it" '"lane": "rounding"' rounded/audit.json
has "with what it does not promise" 'does_not' rounded/audit.json
has "and into the readable report" 'The true count lies anywhere' rounded/inside/report.html
has "the published header says the interval" '^rounded = ' rounded/tables.toml
code "the audit takes figures for intervals" 0 "$cairn" audit rounded/tables.toml
"$cairn" protect tables.toml --policy round.toml --key key --out again >/dev/null
same "the same key, the same figures" rounded again
code "no key, no rounding" 3 "$cairn" protect tables.toml --policy round.toml --out none
[ ! -e none ] && ok "and nothing is written" || not_ok "nothing is written"
policy 'lane = "round"' >bad.toml
code "a lane without its file is refused" 3 "$cairn" protect tables.toml --policy bad.toml --out none
policy 'lane = "round"
lane_file = "cell_key.toml"' >bad.toml
code "so is the file of another lane" 3 "$cairn" protect tables.toml --policy bad.toml --key key --out none
policy 'lane = "blur"
lane_file = "rounding.toml"' >bad.toml
code "and a lane that is none" 3 "$cairn" protect tables.toml --policy bad.toml --key key --out none

# --- cell keys ---
policy 'lane = "cell_key"
lane_file = "cell_key.toml"' >keys.toml
code "cell keys need the records behind" 3 "$cairn" protect tables.toml --policy keys.toml --key key --out none
has "the message says how" 'record keys' out.log
people='contributions = { file = "persons.csv", person = "id", value = "wage", employer = "employer" }'
header class "$people" '[[table.count]]
name = "passed"
part_of = "students"' >people.toml
code "counts with cell keys" 0 "$cairn" protect people.toml --policy keys.toml --key key --out keyed
awk -F, 'NR == FNR { v[$1, $2] = $3; next } FNR > 1 { d = $3 - v[$1, $2]; if (d > 5 || d < -5 || $3 == 1 || $3 == 2) exit 1
    if (d != 0) moved = 1 } END { exit !moved }' counts.csv keyed/students.csv && ok "noise within its bounds" \
    || not_ok "noise within its bounds" keyed/students.csv
has "the label says what it is not" 'not differential privacy' keyed/audit.json
hasnt "deviation and variance are secrets" 'deviation' keyed/audit.json
hasnt "persons stay inside" 'persons' keyed/tables.toml
code "the outsider learns nothing from noise" 0 "$cairn" audit keyed/tables.toml
# the same people in another table have the same noise
header other "$people" '[[table.count]]
name = "passed"
part_of = "students"' >other.toml
"$cairn" protect other.toml --policy keys.toml --key key --out other >/dev/null
same "the same people, the same noise, in another set" keyed/students.csv other/students.csv
# a column of keys instead of persons
awk -F, 'NR == 1 { print $0 ",key"; next } { printf "%s,%016x\n", $0, NR * 7919 }' counts.csv >students.csv
header class "" '[[table.count]]
name = "passed"
part_of = "students"
cell_key = "key"' | sed '0,/^name = "students"$/!b' >keycol.toml
sed -i '/^\[\[table.count\]\]$/{n;s/^name = "students"$/name = "students"\ncell_key = "key"/}' keycol.toml
code "a column of cell keys" 0 "$cairn" protect keycol.toml --policy keys.toml --key key --out keycol
hasnt "which does not leave" 'key' keycol/students.csv
sed -i '2s/,[0-9a-f]*$/,xyz/' students.csv
code "a key that is none is refused" 3 "$cairn" protect keycol.toml --policy keys.toml --key key --out none
has "by file and row" 'students.csv' out.log
cp counts.csv students.csv
sed '5d' persons.csv >short.csv
sed 's/persons.csv/short.csv/' people.toml >short.toml
code "persons and counts must agree" 3 "$cairn" protect short.toml --policy keys.toml --key key --out none
sed '5p' persons.csv >twice.csv
sed 's/persons.csv/twice.csv/' people.toml >twice.toml
code "a person stands once" 3 "$cairn" protect twice.toml --policy keys.toml --key key --out none

# totals of money by cell keys
mkdir -p money
awk 'BEGIN { print "id,place"; for (i = 1; i <= 50; i++) printf "w%d,%s\n", i, i % 2 ? "a" : "b" }' >money/persons.csv
printf 'place,workers,wages,largest\nall,50,500000,60000\na,25,300000,60000\nb,25,200000,20000\n' >money/wages.csv
cat >money/tables.toml <<'HEAD'
schema = "cairn.tables/1"
name = "money"
[[dimension]]
name = "place"
total = "all"
codes = ["a", "b"]
[[table]]
name = "wages"
file = "wages.csv"
contributions = { file = "persons.csv", person = "id" }
[[table.by]]
dimension = "place"
column = "place"
[[table.count]]
name = "workers"
[[table.total]]
name = "wages"
contributors = "workers"
top = ["largest"]
HEAD
sed 's/^magnitude_per_mille = .*/magnitude_per_mille = 0/' "$source/docs/lanes/cell_key.toml" >none.lane
sed 's/^magnitude_per_mille = .*/magnitude_per_mille = 100/' "$source/docs/lanes/cell_key.toml" >money.lane
grep -q '^magnitude_per_mille = 100' money.lane || sed -i '/^\[cell_key\]/a magnitude_per_mille = 100' money.lane
policy 'lane = "cell_key"
lane_file = "none.lane"' >none.policy
code "totals have no figure without a step" 3 "$cairn" protect money/tables.toml --policy none.policy --key key --out none
policy 'lane = "cell_key"
lane_file = "money.lane"' >money.policy
code "totals with noise by cell keys" 0 "$cairn" protect money/tables.toml --policy money.policy --key key --out moneyed
hasnt "the largest contribution stays inside" 'largest' moneyed/wages.csv
awk -F, 'NR == FNR { v[$1] = $3; l[$1] = $4; next } FNR > 1 { d = $3 - v[$1]; if (d < 0) d = -d
    if (d > 5 * l[$1] / 10) exit 1; if (d > 0) moved = 1 } END { exit !moved }' money/wages.csv moneyed/wages.csv \
    && ok "by steps of a tenth of it, five at most" || not_ok "steps" moneyed/wages.csv
sed -i '/^top = /d' money/tables.toml
sed -i 's/,[0-9]*$//; s/,largest//' money/wages.csv
code "without the largest contribution there is no step" 3 \
    "$cairn" protect money/tables.toml --policy money.policy --key key --out none

# --- fuzzy medians ---
cp full.csv students.csv
sed "s|^file = \"students.csv\"|&\n$people|" with_median.toml >median.toml
policy 'median_file = "fuzzy.toml"' >fuzzy.policy
code "medians by the fuzzy lane" 0 "$cairn" protect median.toml --policy fuzzy.policy --out fuzzy
hasnt "no median as it was" ',30000$' fuzzy/students.csv
has "it is labelled" '"lane": "fuzzy"' fuzzy/audit.json
code "which needs the persons" 3 "$cairn" protect with_median.toml --policy fuzzy.policy --out none
cp counts.csv students.csv

# --- differential privacy ---
header dpclass "" "" >dp_tables.toml
policy 'lane = "dp"
lane_file = "dp_counts.toml"' >dp.toml
code "no ledger, no noise" 3 "$cairn" protect dp_tables.toml --policy dp.toml --out none
"$cairn" budget open budget.jsonl --name test --rho 1 --policy-file dp.toml >/dev/null
code "a table of one count alone" 3 "$cairn" protect tables.toml --policy dp.toml --budget budget.jsonl --out none
[ "$(wc -l <budget.jsonl)" -eq 1 ] && ok "what is refused costs nothing" || not_ok "costs nothing" budget.jsonl
cut -d, -f1-3 counts.csv >students.csv
code "a private table" 0 "$cairn" protect dp_tables.toml --policy dp.toml --budget budget.jsonl --out private
[ "$(wc -l <budget.jsonl)" -eq 2 ] && ok "is paid for" || not_ok "is paid for" budget.jsonl
has "with error bars" 'half_width_95' private/errors.csv
has "says what it promises" '"differential_privacy": true' private/audit.json
has "names the line that paid" "$(tail -1 budget.jsonl | cut -c 10-73)" private/audit.json
code "and is not drawn again" 6 "$cairn" protect dp_tables.toml --policy dp.toml --budget budget.jsonl --out none
sed 's/dpclass/dpclass2/' dp_tables.toml >dp2.toml
sed 's/^file = "[^"]*"$/file = "errors.csv"/' dp_tables.toml >dp_errors.toml
cp "$(sed -n 's/^file = "\([^"]*\)"$/\1/p' dp_tables.toml | head -1)" errors.csv
lines=$(wc -l <budget.jsonl)
code "a table whose name an own file has is refused" 3 \
    "$cairn" protect dp_errors.toml --policy dp.toml --budget budget.jsonl --out none
[ "$(wc -l <budget.jsonl)" -eq "$lines" ] && ok "before it is paid for" || not_ok "before it is paid for" budget.jsonl

"$cairn" budget open poor.jsonl --name test --rho 1/8 --policy-file dp.toml >/dev/null
code "a budget that is short refuses" 7 "$cairn" protect dp2.toml --policy dp.toml --budget poor.jsonl --out none
# one hierarchy, its levels paid for by shares
mkdir -p tree
cat >tree/tables.toml <<'HEAD'
schema = "cairn.tables/1"
name = "tree"
[[dimension]]
name = "place"
total = "all"
open = true
separator = "/"
[[table]]
name = "places"
file = "places.csv"
[[table.by]]
dimension = "place"
column = "place"
[[table.count]]
name = "students"
HEAD
printf 'place,students\nall,700\nr1,400\nr2,300\nr1/a,150\nr1/b,250\nr2/c,299\nr2/d,1\n' >tree/places.csv
sed 's|^shares = .*|shares = ["1/10", "3/10", "6/10"]|' "$source/docs/lanes/dp_tree.toml" >tree.lane
policy 'lane = "dp"
lane_file = "tree.lane"' >tree.policy
code "a private hierarchy" 0 "$cairn" protect tree/tables.toml --policy tree.policy --budget budget.jsonl --out treed
has "is labelled" '"lane": "dp_tree"' treed/audit.json
has "with error bars" 'half_width_95' treed/errors.csv
awk -F, 'NR > 1 { v[$1] = $2; if ($2 < 0) exit 1 }
    END { exit v["all"] != v["r1"] + v["r2"] || v["r1"] != v["r1/a"] + v["r1/b"] || v["r2"] != v["r2/c"] + v["r2/d"] }' \
    treed/places.csv && ok "its sums hold, and nothing is negative" || not_ok "sums of the hierarchy" treed/places.csv
mkdir -p leaves
sed 's/"tree"/"leaves"/' tree/tables.toml >leaves/tables.toml
grep -v '^r[12],' tree/places.csv >leaves/places.csv
sed 's|^shares = .*|shares = ["1/10", "9/10"]|' "$source/docs/lanes/dp_tree.toml" >tree.lane
code "a level that is left out is none" 0 "$cairn" protect leaves/tables.toml --policy tree.policy --budget budget.jsonl --out leafed
cp "$source/docs/lanes/dp_tree.toml" tree.lane
lines=$(wc -l <budget.jsonl)
sed 's/"tree"/"tree2"/' tree/tables.toml >tree/tables2.toml
code "shares of other levels are refused" 3 "$cairn" protect tree/tables2.toml --policy tree.policy --budget budget.jsonl --out none
has "with both numbers" 'has 3 levels, but tree.lane has shares of 4' out.log
sed 's/"dpclass"/"dpclass3"/' dp_tables.toml >dp3.toml
code "and a table of two dimensions" 3 "$cairn" protect dp3.toml --policy tree.policy --budget budget.jsonl --out none
has "which is no hierarchy" 'divided in two ways' out.log
[ "$(wc -l <budget.jsonl)" -eq "$lines" ] && ok "what is refused costs nothing here, too" || not_ok "costs" budget.jsonl

# private medians beside private counts
mkdir -p med
awk 'BEGIN { print "id,place,wage"; for (i = 1; i <= 900; i++) printf "m%d,%s,%d\n", i, i % 3 ? "a" : "b", 20000 + 37 * i }' >med/persons.csv
cat >med/tables.toml <<'HEAD'
schema = "cairn.tables/1"
name = "wages"
[[dimension]]
name = "place"
total = "all"
codes = ["a", "b"]
[[table]]
name = "wages"
file = "wages.csv"
contributions = { file = "persons.csv", person = "id", value = "wage" }
[[table.by]]
dimension = "place"
column = "place"
[[table.count]]
name = "workers"
[[table.median]]
name = "median"
people = "workers"
HEAD
printf 'place,workers,median\nall,900,36000\na,600,36000\nb,300,36000\n' >med/wages.csv
cp "$source/docs/lanes/dp_quantiles.toml" quantiles.lane
policy 'lane = "dp"
lane_file = "dp_counts.toml"
median_file = "quantiles.lane"' >med.policy
"$cairn" budget open rich.jsonl --name test --rho 9 --policy-file med.policy >/dev/null
code "who is in a row and its total is in two" 3 "$cairn" protect med/tables.toml --policy med.policy --budget rich.jsonl --out none
[ "$(wc -l <rich.jsonl)" -eq 1 ] && ok "the counts beside them are not paid for either" || not_ok "paid for" rich.jsonl
has "and it is said" 'is in 2 rows, totals among them; the lane.s cells_per_person says 1' out.log
sed -i 's/^cells_per_person = .*/cells_per_person = 2/' quantiles.lane
sed -i 's/"wages"$/"wages2"/' med/tables.toml
"$cairn" budget open half.jsonl --name test --rho 3/4 --policy-file med.policy >/dev/null
code "a budget that pays for the counts and not for the medians pays for neither" 7 \
    "$cairn" protect med/tables.toml --policy med.policy --budget half.jsonl --out none
[ "$(wc -l <half.jsonl)" -eq 1 ] && ok "so that no figure is lost" || not_ok "paid for" half.jsonl
code "private medians" 0 "$cairn" protect med/tables.toml --policy med.policy --budget rich.jsonl --out medians
has "are paid for by a line of their own" '"query":"wages2/wages2/medians"' rich.jsonl
has "labelled" '"lane": "dp_quantiles"' medians/audit.json
has "and have an error bar" 'median of ' medians/errors.csv
awk -F, 'NR > 1 && ($3 == "*" || $3 < 25000 || $3 > 50000) { exit 1 }' medians/wages.csv && ok "near the truth" \
    || not_ok "near the truth" medians/wages.csv
policy 'median_file = "quantiles.lane"' >exact.policy
code "beside exact counts they are refused" 3 "$cairn" protect med/tables.toml --policy exact.policy --budget rich.jsonl --out none

# two lanes of the same people
{ header mixed "" ""; sed -n '/^\[\[table\]\]/,$p' dp_tables.toml | sed '0,/name = "students"/s//name = "exact"/; s/"students.csv"/"exact.csv"/'; } >mixed.toml
cp students.csv exact.csv
{ policy ''; printf '[[override]]\ntable = "students"\nlane = "dp"\nlane_file = "dp_counts.toml"\n'; } >mixed.policy
code "exact figures of the same people beside noise are refused" 3 \
    "$cairn" protect mixed.toml --policy mixed.policy --budget budget.jsonl --out none
has "and it says why" 'two lanes' out.log

code "a history takes exact figures only" 3 \
    "$cairn" protect dp_tables.toml --policy dp.toml --budget budget.jsonl --history hist --out none

# --- compared before choosing ---
policy 'compare_files = ["rounding.toml", "dp_counts.toml"]' >compare.policy
code "the policy's lanes are compared" 0 "$cairn" protect dp_tables.toml --policy compare.policy --compare
has "by their files" 'rounding: a figure is off by at most 9, by rounding.toml' out.log
has "and what is assumed is said" 'cell_keys: .* assumed (deviation 5)' out.log
# --- an asker's history in a data home ---
"$cairn" init home --policy "$CAIRN_POLICY" >/dev/null 2>&1
policy '' >plain.toml
code "an asker's first answer" 0 "$cairn" protect dp_tables.toml --policy plain.toml --out a1 --home home --user ann
has "is new" 'this one added' out.log
code "the same again" 0 "$cairn" protect dp_tables.toml --policy plain.toml --out a2 --home home --user ann
has "is known" '1 earlier, this one among them' out.log
code "another asker has another history" 0 "$cairn" protect dp_tables.toml --policy plain.toml --out a3 --home home --user bob
has "which was empty" '0 earlier' out.log
code "names are plain" 2 "$cairn" protect dp_tables.toml --policy plain.toml --out a4 --home home --user ../ann
code "names have small letters" 2 "$cairn" protect dp_tables.toml --policy plain.toml --out a4 --home home --user Ann
# a run that was killed between the history and the ledger: the same question again is answered, and noted
"$cairn" init late --policy "$CAIRN_POLICY" >/dev/null 2>&1
mkdir -p late/answers
cp -r home/answers/bob late/answers/bob
code "an answer that the ledger does not know of is given again" 0 \
    "$cairn" protect dp_tables.toml --policy plain.toml --out b1 --home late --user bob
has "as one that is known" 'this one among them' out.log
rm -r late/answers/bob
code "and is in the ledger now" 11 "$cairn" protect dp_tables.toml --policy plain.toml --out b2 --home late --user bob
rm -r home/answers/ann
code "a history that was taken away is missed" 11 "$cairn" protect dp_tables.toml --policy plain.toml --out a5 --home home --user ann
[ ! -e a5 ] && ok "and nothing is answered" || not_ok "nothing is answered"
echo "1..$n"
