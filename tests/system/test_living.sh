#!/usr/bin/env bash
#
# Living with links, through the commands: a second delivery changes nobody's id, runs and journal tell what happened,
# review goes out and comes back, decisions count, undo goes back, and pages and measures follow.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-2500}" --first-year 2022 --last-year 2024
home "$work/home"
H=$work/home
cairn() { "$CAIRN" "$@" --home "$H" --quiet; }

# All but the last wage quarter, then that.
mkdir -p "$work/first" "$work/second/cdle_wage_csv"
cp -a "$work/state/inbox/." "$work/first/"
last=$(find "$work/first/cdle_wage_csv" -type f | sort | tail -n 1)
[ -n "$last" ] || give_up "the state has wage files as CSV"
mv "$last" "$work/second/cdle_wage_csv/"
must_run "$H" "$work/first" --quiet
first=$(release_of "$H")
cairn identity runs >"$work/runs1.csv"
check_equal "the first run linked everything" "$(awk -F, 'NR > 1 { print $3 }' "$work/runs1.csv")" full
cairn identity journal >"$work/journal1.csv"
check "its journal has new persons only" awk -F, 'NR > 1 && $4 != "new" { exit 1 }' "$work/journal1.csv"

must_run "$H" "$work/second" --quiet --replace "a later delivery of wages"
cairn identity runs >"$work/runs2.csv"
check_equal "the second delivery linked the newcomers only" "$(awk -F, 'END { print $3 }' "$work/runs2.csv")" newcomers
check_equal "under the same model" "$(awk -F, 'NR > 1 { print $4 }' "$work/runs2.csv" | sort -u | wc -l)" 1
cairn identity map --run 2 >"$work/map.csv"
persons=$(awk -F, 'NR > 1 && $4 == "new" { n++ } END { print n + 0 }' "$work/journal1.csv")
changed=$(($(wc -l <"$work/map.csv") - 1))
check "of $persons persons at most one in fifty changed its id ($changed did)" test $((changed * 50)) -le "$persons"
check_code "another release came of it" 1 test "$first" = "$(release_of "$H")"

# Review.
cairn review list --json >"$work/list.json"
waiting=$("$CAIRN_JSON_GET" waiting <"$work/list.json")
check "pairs wait for review ($waiting)" test "${waiting:-0}" -gt 2
check_code "deciding needs a reviewer" $EXIT_USAGE cairn review decide x same
check_code "so does seeing" $EXIT_USAGE cairn review show x
check_code "and taking away" $EXIT_USAGE cairn review export
cairn review export --reviewer Ann --out "$work/pairs.csv" >/dev/null
check "they are exported" test "$(wc -l <"$work/pairs.csv")" -gt "$waiting"
check_equal "for the owner's eyes only" "$(stat -c %a "$work/pairs.csv")" 600
# The first pair: the two records are told apart, or, twice, to be one, whatever they are not now.
pair=$(awk -F, 'NR == 2 { print $1 }' "$work/pairs.csv")
a=${pair%-*} b=${pair#*-}
together() { cairn why "$1" "$2" | grep -q '^They are one person'; }
if together "$a" "$b"; then want=different; else want=same; fi
printf 'pair,verdict,reviewer\n%s,%s,Ann\n%s,%s,Bo\n' "$pair" "$want" "$pair" "$want" >"$work/decisions.csv"
check "decisions are imported" cairn review import "$work/decisions.csv"
check_equal "and settled" "$(cairn review list --json | "$CAIRN_JSON_GET" settled)" 1
check "the next link obeys" cairn link
if [ "$want" = same ]; then
    check "the two are one person now" together "$a" "$b"
else
    check_code "the two are two persons now" 1 together "$a" "$b"
fi
check "why says who decided" bash -c "'$CAIRN' why $a $b --home '$H' --quiet | grep -q 'Ann said $want'"
check_code "why shows no value without a purpose" $EXIT_DENIED cairn why "$a" "$b" --show-values

# Undo.
check "undo takes the decision's run back" cairn identity undo
if [ "$want" = same ]; then
    check_code "the two are as they were" 1 together "$a" "$b"
else
    check "the two are as they were" together "$a" "$b"
fi
check "and undo can be undone" cairn identity undo
if [ "$want" = same ]; then
    check "the decision stands again" together "$a" "$b"
else
    check_code "the decision stands again" 1 together "$a" "$b"
fi
check_code "there is no run 99" $EXIT_NOT_FOUND cairn identity undo --run 99

# Quality.
must_run "$H" "$work/second" --quiet --replace "a later delivery of wages"
cairn identity quality --json >"$work/quality.json"
check "expected quality is told by group" "$CAIRN_JSON_GET" groups <"$work/quality.json"
check "every table of the release carries it" \
    bash -c "head -n 1 '$(release_of "$H")'/data/graduation_rate_4yr.csv | grep -q 'link_precision,link_recall'"
check "a sample is drawn" cairn identity sample --size 40
"$CAIRN" identity quality --home "$H" >"$work/quality.txt"
check_text "nobody has judged it: no estimate" "$work/quality.txt" 'precision and recall are not known yet'
check "judged elsewhere" cairn review export --sample --blind --reviewer Cleo --out "$work/sample.csv"
awk -F, -v OFS=, 'NR > 1 { $(NF - 1) = "same"; $NF = "Cleo" } { print }' "$work/sample.csv" >"$work/judged.csv"
check "and taken back" cairn review import --sample --blind "$work/judged.csv"
"$CAIRN" identity quality --home "$H" >"$work/quality.txt"
check_text "the estimate stands" "$work/quality.txt" 'precision  [01]\.[0-9]{4}  \(95 %: [01]\.[0-9]{4} to [01]\.[0-9]{4}\)'
check "the ledger's chain is whole" "$CAIRN" verify --home "$H"
check "and tells who looked" grep -qa '"who":"Ann"' "$H/ledger.db" "$H/ledger.db-wal"
finish
