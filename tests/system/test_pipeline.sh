#!/usr/bin/env bash
#
# From agency files to a published release, and again: the answer is there, verifies, counts what it must, and the
# quarantine holds exactly the errors that the synthetic state planted.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# reported_errors HOME: source,file,row of every row some report calls an error, loads and refused files alike.
reported_errors()
{
    local report receipt source file
    for report in "$1"/loads/*/report.csv "$1"/inbox-reports/*/report.csv; do
        receipt=${report%report.csv}receipt.json
        [ -f "$receipt" ] || continue
        { read -r source && read -r file; } < <("$CAIRN_JSON_GET" source file.name <"$receipt")
        # Rows whose severity is error; only the last column may hold a comma.
        awk -F, -v head="$source,$file" '$1 ~ /^[0-9]+$/ && $5 == "error" { print head "," $1 }' "$report"
    done | sort -u
}

state "$work/state" "${PEOPLE:-3000}"
files=$(find "$work/state/inbox" -type f | wc -l)
home "$work/home"
must_run "$work/home" "$work/state/inbox" --json --quiet
cp "$work/run.log" "$work/first.json"

check "run --json prints one JSON document" "$CAIRN_JSON_GET" ingest.files release.seconds <"$work/first.json"
release=$(release_of "$work/home")
check "a release is in force" test -f "$release/index.html"
check "it has a manifest and a signature" test -f "$release/manifest.json" -a -f "$release/manifest.sig"
check "its manifest is JSON" "$CAIRN_JSON_GET" <"$release/manifest.json"
bad=0
for table in "$release"/data/*.json; do
    "$CAIRN_JSON_GET" <"$table" >/dev/null 2>&1 || { note "not JSON: $table"; bad=$((bad + 1)); }
done
check_equal "every JSON table parses" "$bad" 0
check_equal "a JSON table stands beside every CSV table" "$(ls "$release"/data/*.csv | sed 's/csv$/json/')" \
    "$(ls "$release"/data/*.csv | sed 's/csv$/json/' | xargs -r ls)"
check "verify accepts the release" "$CAIRN" verify "$release"
check "doctor finds the home healthy" "$CAIRN" doctor --home "$work/home"
check "verify accepts the ledger's chain" "$CAIRN" verify --home "$work/home"

# An answer that leaves: protected, kept in the asker's history, refused where two answers together would tell more.
ask()
{
    local user=$1
    shift
    "$CAIRN" measure "$@" --home "$work/home" --purpose "an answer to a request" --agreement cde-slds --answer-to "$user"
}
check_code "a question is answered to somebody outside" 0 ask ann graduation_rate_4yr --by race_ethnicity
cp "$work/check.out" "$work/answer.csv"
check_equal "no group under the minimum is in it" \
    "$(awk -F, 'NR > 1 && $7 != "*" && $7 > 0 && $7 < 16' "$work/answer.csv")" ""
check "small groups are hidden, larger ones shown" test "$(grep -c '[*],[*]$' "$work/answer.csv")" -gt 0 \
    -a "$(grep -c 'white,[0-9]*,[0-9]*$' "$work/answer.csv")" -gt 0
check_equal "it is an entry of the asker's history" "$(wc -l <"$work/home/answers/ann@graduation_rate_4yr/ledger.csv")" 2
check_code "the same question again" 0 ask ann graduation_rate_4yr --by race_ethnicity
check_same "has the same answer" "$work/answer.csv" "$work/check.out"
check_equal "and is no second entry" "$(wc -l <"$work/home/answers/ann@graduation_rate_4yr/ledger.csv")" 2
# Another measure of the same people: beside the graduates that the release prints, one or two further completers would
# be a group. Such figures are hidden, the others are told.
# true_hits MEASURE: year and how many have the outcome, for the state.
true_hits()
{
    "$CAIRN" measure "$1" --home "$work/home" --purpose "what is true" --agreement cde-slds --format csv 2>/dev/null |
        awk -F, '$3 == "state" && $7 == "all" { print $2, $9 }'
}
join <(true_hits graduation_rate_4yr) <(true_hits completion_rate_4yr) | awk '{ print $1, ($3 - $2 == 1 || $3 - $2 == 2) }' >"$work/few"
check "in some years one or two are no graduates but completers, in others not" \
    test "$(cut -d ' ' -f 2 "$work/few" | sort -u | wc -l)" -eq 2
for user in ann bob; do
    check_code "of another measure $user is told what leaves no few" 0 ask $user completion_rate_4yr
    check_equal "and nothing that does" "$(awk -F, '$2 == "state" && $5 == "all" { print $1, ($8 == "*") }' "$work/check.out")" \
        "$(cat "$work/few")"
done
find "$work/home/answers" -type f | sort >"$work/before"
check_code "a measure that no family of the release names stays inside" $EXIT_DENIED ask ann mobility_rate
check_code "pooled figures are not answered" $EXIT_USAGE ask ann graduation_rate_4yr --pool years=2
check_same "a refusal writes nothing" <(cat "$work/before") <(find "$work/home/answers" -type f | sort)
check_code "he may ask of other people" 0 ask bob award_employment_rate_q2
printf '0002,00,00\n' >>"$work/home/answers/bob@award_employment_rate_q2/ledger.csv"
check_code "a history that was changed answers nobody" $EXIT_CORRUPT ask bob award_employment_rate_q2
rm -r "$work/home/answers/ann@graduation_rate_4yr"
check_code "a history that was taken away is missed" $EXIT_CORRUPT ask ann graduation_rate_4yr
check "doctor and verify still hold" "$CAIRN" verify --home "$work/home"

# What status says is what the reports and receipts say.
read -r loaded refused < <("$CAIRN_JSON_GET" ingest.loaded ingest.refused <"$work/first.json" | tr '\n' ' ')
check_equal "every file was loaded or refused" "$((loaded + refused))" "$files"
check_equal "status counts the loads" "$(status_of "$work/home" loads)" "$loaded"
check_equal "status counts the accepted rows" "$(status_of "$work/home" rows_accepted)" \
    "$(cat "$work"/home/loads/*/receipt.json | awk -F'[:,]' '/"rows_accepted"/ { n += $2 } END { print n }')"
check_equal "status names the release" "$(status_of "$work/home" release)" "$(basename "$release")"
rows=$(status_of "$work/home" rows_accepted)
loads_of "$work/home" >"$work/loads"
truth_rows=$(($(wc -l <"$work/state/truth/records.csv") - 1))
taken=$(awk 'NR == FNR { named[$1] = 1; next } $2 in named { n += $5 } END { print n + 0 }' \
    <(tail -n +2 "$work/state/truth/records.csv" | cut -d , -f 1 | sort -u) "$work/loads")
check "of $truth_rows rows that name somebody at least 99 in 100 were taken ($taken)" \
    test "$taken" -ge $((truth_rows * 99 / 100)) -a "$taken" -le "$truth_rows"

awk -F, 'NR > 1 { print $1 "," $2 "," $3 }' "$work/state/truth/planted_errors.csv" | sort -u >"$work/planted"
reported_errors "$work/home" >"$work/reported"
check "errors were planted ($(wc -l <"$work/planted"))" test -s "$work/planted"
check_same "the reports' errors are exactly the planted ones, at their rows" "$work/planted" "$work/reported"

# Nobody's name or number may stand in anything a sender or an operator reads.
awk -F, 'NR > 1 && $6 != "" { print $6 }' "$work/state/truth/people.csv" | head -n 2000 >"$work/ssns"
told=("$release" "$work/home/loads")
[ ! -d "$work/home/inbox-reports" ] || told+=("$work/home/inbox-reports")
check_code "no report, receipt or release holds a social security number" 1 \
    grep -rqFf "$work/ssns" "${told[@]}" --include=*.csv --include=*.json --include=*.html
awk -F, 'NR > 1 && $4 != 0 { print $4 }' "$work/state/truth/people.csv" | head -n 2000 >"$work/sasids"
check_code "nor a student number" 1 grep -rqFf "$work/sasids" "$release" --include=*.csv --include=*.json --include=*.html

# Groups that overlap are stored of no measure: gaps between them rest on the figures that are asked for there and then.
inside=(--home "$work/home" --purpose test --agreement cde-slds --level district --format csv --by race_any_part)
"$CAIRN" measure graduation_rate_4yr "${inside[@]}" --years 2024 | awk -F, 'NR > 1 { print $4 "," $7 "," $8 "," $9 }' |
    sort >"$work/asked"
"$CAIRN" equity graduation_rate_4yr "${inside[@]}" --year 2024 --out "$work/gaps.csv" 2>"$work/equity.err"
# The title of a group holds a comma and stands in quotes.
sed '1d; s/"[^"]*"//' "$work/gaps.csv" | awk -F, '{ print $1 "," $3 "," $5 "," $6 }' | sort >"$work/compared"
check "groups that overlap are compared ($(wc -l <"$work/compared") of them)" test "$(wc -l <"$work/compared")" -ge 50
check_same "their persons are those of the measure" "$work/asked" "$work/compared"
"$CAIRN" equity graduation_rate_4yr "${inside[@]}" --table disparity >"$work/disparity.csv"
check_text "an index of shares is refused, and says why" "$work/disparity.csv" ',theil_t,,,,,groups overlap'
check_text "the range is given" "$work/disparity.csv" ',range_difference,[0-9.]+,'

# Small districts together are named by those they are made of.
joined=(--home "$work/home" --purpose test --agreement cde-slds --by disability --level district --pool units --format csv)
"$CAIRN" measure graduation_rate_4yr "${joined[@]}" | awk -F, 'NR > 1 && $2 == 2024 { print $4 "," $8 "," $9 }' | sort >"$work/asked"
"$CAIRN" equity graduation_rate_4yr "${joined[@]}" --year 2024 >"$work/joined.csv"
sed '1d; s/"[^"]*"/TITLE/g' "$work/joined.csv" | awk -F, '{ print $1 "," $5 "," $6 }' | sort >"$work/compared"
check_text "districts are put together" "$work/joined.csv" '^[0-9]+-POOLED,[0-9 ]+ together,'
check_same "their persons are those of the measure, joined alike" "$work/asked" "$work/compared"

# Another rule than the measure's own, and another day's knowledge, are asked for as well; both are told.
ruled=(--home "$work/home" --purpose test --agreement cde-slds --by sex)
"$CAIRN" measure hs_employment_1yr@wioa "${ruled[@]}" --format csv >"$work/ruled.csv"
check_equal "figures of another rule say which" "$(sed 1d "$work/ruled.csv" | cut -d , -f 1 | sort -u)" hs_employment_1yr@wioa
"$CAIRN" equity hs_employment_1yr -d wioa "${ruled[@]}" --as-known-on 2100-01-01 --out "$work/ruled.json"
check_equal "gaps of another rule say which" "$("$CAIRN_JSON_GET" definition <"$work/ruled.json")" wioa
check_equal "and of which day" "$("$CAIRN_JSON_GET" as_known_on <"$work/ruled.json")" 2100-01-01
year=$("$CAIRN_JSON_GET" year <"$work/ruled.json")
"$CAIRN" equity hs_employment_1yr -d wioa "${ruled[@]}" --out "$work/ruled_gaps.csv"
awk -F, -v y="$year" 'NR > 1 && $2 == y { print $8 "," $9 }' "$work/ruled.csv" | sort >"$work/asked"
sed '1d; s/"[^"]*"/GROUP/g' "$work/ruled_gaps.csv" | awk -F, '{ print $5 "," $6 }' | sort >"$work/compared"
check_same "their persons are those of the measure under that rule" "$work/asked" "$work/compared"

# Crossings and pooled years are asked for too, and the file's name says the format.
crossed=(--home "$work/home" --purpose test --agreement cde-slds --by disability,sex --pool years=2)
"$CAIRN" measure graduation_rate_4yr "${crossed[@]}" --format csv >"$work/pooled.csv"
"$CAIRN" equity graduation_rate_4yr "${crossed[@]}" --out "$work/crossed.json"
year=$("$CAIRN_JSON_GET" year <"$work/crossed.json")
awk -F, -v y="$year" 'NR > 1 && $2 == y' "$work/pooled.csv" | sed 's/"[^"]*"/GROUP/g' | awk -F, '{ print $8 "," $9 }' | sort >"$work/asked"
"$CAIRN" equity graduation_rate_4yr "${crossed[@]}" --out "$work/crossed.csv"
sed '1d; s/"[^"]*"/GROUP/g' "$work/crossed.csv" | awk -F, '{ print $5 "," $6 }' | sort >"$work/compared"
check "crossed and pooled groups are compared ($(wc -l <"$work/compared") of them)" test "$(wc -l <"$work/compared")" -ge 4
check_same "their persons are those of the measure, pooled alike" "$work/asked" "$work/compared"
check_equal "and the result says what was pooled" "$("$CAIRN_JSON_GET" pooled <"$work/crossed.json")" "$((year - 1))-$year"

# A second run has nothing to do and changes nothing.
cp -a "$release" "$work/release-before"
must_run "$work/home" "$work/state/inbox"
check_equal "a second run finds every step up to date" "$(grep -c 'up to date' "$work/run.log")" 4
check_equal "the same release stays in force" "$(release_of "$work/home")" "$release"
check_same "and its bytes are the same" "$work/release-before" "$release"
check_equal "no row was taken twice" "$(status_of "$work/home" rows_accepted)" "$rows"
must_run "$work/home" "$work/state/inbox" --force --verbose
check_equal "a forced run publishes the same release" "$(release_of "$work/home")" "$release"
# Operators read what a run logs: who was left out of a measure is told by its size only.
grep -E 'measure=[a-z0-9_]+ year=[0-9]+ excluded=' "$work/run.log" >"$work/excluded"
check "a run tells who was left out ($(wc -l <"$work/excluded") lines)" test -s "$work/excluded"
check_code "but not how many" 1 grep -vE ' rows=(under_100|hundreds|thousands|ten_thousand_or_more)$' "$work/excluded"
check_equal "there is one release" "$(find "$work/home/releases" -mindepth 1 -maxdepth 1 -type d | wc -l)" 1

# A correction: the last year's file again with one row less supersedes, and what was is kept.
last=$(find "$work/state/inbox/cde_student_demographic" -name '*.csv' | sort | tail -n 1)
mkdir -p "$work/correction"
sed '2d' "$last" >"$work/correction/$(basename "$last")"
check_code "a corrected file is taken" 0 \
    "$CAIRN" ingest --home "$work/home" --source cde_student_demographic "$work/correction/$(basename "$last")" --json --quiet
check_equal "it supersedes the first one" "$("$CAIRN_JSON_GET" supersedes <"$work/check.out" | grep -c '[0-9a-f]')" 1
check_equal "both are kept, one is current" "$(status_of "$work/home" loads) $(status_of "$work/home" loads_current)" \
    "$((loaded + 1)) $loaded"
check_code "the same file again is a no-op" 0 \
    "$CAIRN" ingest --home "$work/home" --source cde_student_demographic "$work/correction/$(basename "$last")" --json --quiet
check_equal "and is said to be one" "$("$CAIRN_JSON_GET" outcome <"$work/check.out")" already
finish
