#!/usr/bin/env bash
#
# The yearly report from a sample release: only printed figures, the same bytes twice, nothing from a changed release.
source "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

check "a home" "$CAIRN" init "$work/home" --policy "$CAIRN_POLICY"
check_code "no release yet" $EXIT_NOT_FOUND "$CAIRN" report annual --home "$work/home" --out "$work/out"
check_text "says what to do" "$work/check.err" 'nothing was released'
check_code "no folder named" $EXIT_USAGE "$CAIRN" report annual --home "$work/home"
check_code "no such report" $EXIT_USAGE "$CAIRN" report monthly --home "$work/home" --out "$work/out"

check "a sample release" "$SAMPLE_RELEASE" "$work/home/releases" 100 "$work/home"
# `cairn release` names it once the ledger knows it; the sample has no ledger.
basename "$(find "$work/home/releases" -mindepth 1 -maxdepth 1 -type d)" >"$work/home/releases/CURRENT"
check_code "the report" 0 "$CAIRN" report annual --home "$work/home" --out "$work/out" --json
cp "$work/check.out" "$work/answer.json"
html=$("$CAIRN_JSON_GET" html <"$work/answer.json")
year=$("$CAIRN_JSON_GET" year <"$work/answer.json")
check "the page is there" test -s "$html"
check "the PDF's member is a path or null" grep -qE '"pdf": ?(null|".*\.pdf")' "$work/answer.json"
if command -v weasyprint >/dev/null; then
    check "the PDF is there" test -s "$work/out/annual-$year.pdf"
    cp "$work/out/annual-$year.pdf" "$work/first.pdf"
fi
check_equal "the page loads nothing" "$(grep -cE '<script|<link|src=|url\(' "$html")" 0
check "the release is named" grep -q "$("$CAIRN_JSON_GET" release <"$work/answer.json")" "$html"

# Measures that the release does not hold are named as readers know them.
notice=$(grep -F 'Not in this release' "$html")
check "what is missing is told" test -n "$notice"
codes=0
for file in "$CAIRN_POLICY"/measures/*.toml; do
    case $notice in *"$(basename "$file" .toml)"*) codes=$((codes + 1)) ;; esac
done
check_equal "by title, not by code" "$codes" 0

# The page's statewide figure is the one of the release's data file, and no other.
id=$(cat "$work/home/releases/CURRENT")
csv=$work/home/releases/$id/data/graduation_rate_4yr.csv
last=$(awk -F, '$3 == "state" && $8 == "all" { y = $2 } END { print y }' "$csv")
value=$(awk -F, -v y="$last" '$3 == "state" && $8 == "all" && $2 == y { print $12 }' "$csv")
check "the latest figure ($value in $last) stands in the page" grep -qF "<strong>$value% in $last.</strong>" "$html"

cp "$html" "$work/first.html"
check "once more" "$CAIRN" report annual --home "$work/home" --out "$work/out"
check_same "the same page" "$work/first.html" "$html"
if [ -e "$work/first.pdf" ]; then
    check_same "the same PDF" "$work/first.pdf" "$work/out/annual-$year.pdf"
fi

mkdir "$work/bin"
ln -s /bin/true "$work/bin/nothing"
check_code "without weasyprint" 0 env PATH="$work/bin" "$CAIRN" report annual --home "$work/home" --out "$work/bare"
check_text "says that there is no PDF" "$work/check.out" 'no PDF: weasyprint is not installed'
check_same "and makes the same page" "$work/first.html" "$work/bare/annual-$year.html"
check "and no PDF" test ! -e "$work/bare/annual-$year.pdf"

check "an earlier year" "$CAIRN" report annual --home "$work/home" --out "$work/early" --year $((last - 1))
check_equal "shows no later figure" "$(grep -c "in $last\." "$work/early/annual-$((last - 1)).html")" 0
check_code "a year before all figures" $EXIT_NOT_FOUND "$CAIRN" report annual --home "$work/home" --out "$work/none" --year 1950

# A release of an earlier version lists each input file by itself: as many files and rows all the same.
check "a home with an earlier version's release" "$CAIRN" init "$work/older" --policy "$CAIRN_POLICY"
check "which lists each file" "$SAMPLE_RELEASE" "$work/older/releases" 100 "$work/older" older
basename "$(find "$work/older/releases" -mindepth 1 -maxdepth 1 -type d)" >"$work/older/releases/CURRENT"
check "its report" "$CAIRN" report annual --home "$work/older" --out "$work/earlier"
row='<code>cde_end_of_year</code></span></th><td class="num">2</td><td class="num">133,000</td>'
check "files and rows of a source, told together" grep -qF "$row" "$html"
check "files and rows of a source, told one by one" grep -qF "$row" "$work/earlier/annual-$year.html"

chmod u+w "$work/home/releases/$id/data/graduation_rate_4yr.json"
printf ' ' >>"$work/home/releases/$id/data/graduation_rate_4yr.json"
check_code "a changed release is refused" $EXIT_CORRUPT "$CAIRN" report annual --home "$work/home" --out "$work/changed"
check "and nothing is written" test ! -e "$work/changed"

# --- the dictionary of the same home ---
check "dictionary of the policy" "$CAIRN" dictionary --policy "$CAIRN_POLICY" --format csv -o "$work/policy.csv"
check_equal "without a home no computed column" "$(head -1 "$work/policy.csv" | grep -c fill_percent)" 0
check "dictionary of the home" "$CAIRN" dictionary --home "$work/home" --format csv -o "$work/home.csv"
check_equal "with one there is" "$(head -1 "$work/home.csv" | grep -c 'years,fill_percent,breaks')" 1
check_equal "as many elements" "$(wc -l <"$work/home.csv")" "$(wc -l <"$work/policy.csv")"
check_code "a format that is none" $EXIT_USAGE "$CAIRN" dictionary --policy "$CAIRN_POLICY" --format pdf
check_code "home and policy" $EXIT_USAGE "$CAIRN" dictionary --home "$work/home" --policy "$CAIRN_POLICY"
check_code "a day that is none" $EXIT_USAGE "$CAIRN" dictionary --policy "$CAIRN_POLICY" --on 2024-13-01

finish
