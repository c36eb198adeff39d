#!/usr/bin/env bash
#
# `cairn cohort` over a generation of made-up people: what a script says is what the catalogue's measure says, to the last
# digit; saved versions, their order, their bytes; what is refused, and how.
source "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

: "${SAMPLE_HOME:?set SAMPLE_HOME to the program tests/cohort/sample_home}"
# The made-up people live in districts of their own, which this policy's list has too.
cp -r "$(dirname "$CAIRN_POLICY")" "$work/policies"
CAIRN_POLICY=$work/policies/$(basename "$CAIRN_POLICY")
for i in $(seq 0 25); do
    printf '%04d,Made-up %d,08001,Adams,urban,district,\n' "$i" "$i"
done | grep -v '^0010,\|^0020,' >>"$CAIRN_POLICY/reference/districts.csv"
"$SAMPLE_HOME" "$work/home" "$CAIRN_POLICY" >"$work/sample.log" 2>&1 || give_up "a home with a generation" "$work/sample.log"
why=(--purpose "to see what happens" --agreement cde-slds)
cohort() { "$CAIRN" cohort "$@" --home "$work/home"; }
ask() { cohort "$@" "${why[@]}"; }

# --- the same as the catalogue ---

# figures FILE...: without the first column, the name.
figures() { cut -d, -f2- "$1" | grep -v '^year,' ; }

# catalogue MEASURE LEVEL SPLIT: all persons, then the split, as a script of the same name answers.
catalogue()
{
    local measure=$1 level=$2 split=$3
    "$CAIRN" measure "$measure" --home "$work/home" --level "$level" --format csv "${why[@]}" >"$work/all.csv" 2>"$work/all.err" &&
        "$CAIRN" measure "$measure" --home "$work/home" --level "$level" --by "$split" --format csv "${why[@]}" >"$work/split.csv" 2>>"$work/all.err" &&
        ask run "$work/$measure.cohort" --format csv >"$work/cohort.csv" 2>"$work/cohort.err" || {
        cat "$work/all.err" "$work/cohort.err" >"$work/both.err"
        fail "$measure can be asked both ways" "$work/both.err"
        return 1
    }
    { figures "$work/all.csv"; figures "$work/split.csv"; } >"$work/want"
    figures "$work/cohort.csv" >"$work/got"
    check "$measure has figures to compare ($(wc -l <"$work/want"))" test "$(wc -l <"$work/want")" -ge 4
    check_same "a script that says what $measure says, says its figures" "$work/want" "$work/got"
}

cat >"$work/graduation_rate_4yr.cohort" <<'EOF'
cohort  "Four-year graduation"
who     in the graduating class
reached earned a diploma with the class
by      race_ethnicity
level   district
minimum 16
EOF
catalogue graduation_rate_4yr district race_ethnicity
cat >"$work/graduation_rate_5yr.cohort" <<'EOF'
cohort  "Five-year graduation"
who     in the graduating class seen after 5 years
reached earned a diploma with the class within 5 years
by      sex
minimum 16
level   county
EOF
catalogue graduation_rate_5yr county sex
cat >"$work/matriculation_rate.cohort" <<'EOF'
cohort  "Matriculation"
who     graduated
reached matriculated
by      race_ethnicity
level   school
minimum 16
EOF
catalogue matriculation_rate school race_ethnicity
cat >"$work/hs_employment_rate_q2.cohort" <<'EOF'
cohort  "Employment after high school"
who     completed high school
not     in college in the fall after high school
counted known by a social security number
from    completion
reached employed in quarter 2 by the wioa rule
by      english_learner
level   county
EOF
catalogue hs_employment_rate_q2 county english_learner
cat >"$work/hs_median_earnings_q2.cohort" <<'EOF'
cohort  "Earnings after high school"
who     completed high school
not     in college in the fall after high school
reached earnings in quarter 2
by      sex
EOF
catalogue hs_median_earnings_q2 state sex
cat >"$work/wioa_employment_rate_q2.cohort" <<'EOF'
cohort  "Employment after a workforce programme"
who     left a workforce programme
reached employed in quarter 2
by      race_ethnicity
level   county
EOF
catalogue wioa_employment_rate_q2 county race_ethnicity
cat >"$work/award_median_earnings_q2.cohort" <<'EOF'
cohort  "Earnings after a college award"
who     earned a college award
reached earnings in quarter 2
by      sex
level   county
EOF
catalogue award_median_earnings_q2 county sex
cat >"$work/ps_persistence_rate.cohort" <<'EOF'
cohort  "Persistence"
who     began college
reached persisted to the next fall
by      sex
level   county
EOF
catalogue ps_persistence_rate county sex

# --- forms of an answer ---

cat >"$work/contradiction.cohort" <<'EOF'
cohort  "Five of two"
who     graduated
reached employed within 2 quarters in at least 5 of them
EOF

script=$work/hs_employment_rate_q2.cohort
check_code "a table says where it comes from" 0 ask run "$script"
check_text "with the script's digest" "$work/check.out" "^script sha256 $(sha256sum "$script" | cut -d' ' -f1)"
check_text "and the generation and policy" "$work/check.out" '^generation 1, policy sha256 [0-9a-f]{64}$'
check_code "JSON" 0 ask run "$script" --json
check_equal "names the script" "$("$CAIRN_JSON_GET" script_sha256 <"$work/check.out")" "$(sha256sum "$script" | cut -d' ' -f1)"
for kind in csv json parquet svg; do
    check "to a file of the name .$kind" ask run "$script" --out "$work/answer.$kind"
done
check_equal "files are nobody else's" "$(stat -c %a "$work"/answer.* | sort -u)" 600
check_equal "a CSV file" "$(head -c 12 "$work/answer.csv")" "measure,year"
check_equal "a JSON file" "$("$CAIRN_JSON_GET" generation <"$work/answer.json")" 1
check_equal "a Parquet file" "$(head -c 4 "$work/answer.parquet")" "PAR1"
check_text "a chart, with an interval to each rate" "$work/answer.svg" 'class="whisker"'
check_text "and words above it" "$work/answer.svg" '<text class="title" x="0" y="16">Employment after high school</text>'
check "measure takes a file's name for the format too" "$CAIRN" measure graduation_rate_4yr --home "$work/home" --by english_learner --out "$work/measure.svg" "${why[@]}"
check_text "and draws the same bars" "$work/measure.svg" '>English learner, n.?.?[0-9]+</text>.*>[0-9.]+</text>'
check_code "a chart beside a chart" $EXIT_USAGE ask run "$script" --out "$work/a.svg" --chart "$work/b.svg"
check_code "JSON to a file of another name" $EXIT_USAGE ask run "$script" --json --out "$work/a.csv"
check_code "JSON as a chart" $EXIT_USAGE ask run "$script" --json --out "$work/a.svg"
check_code "JSON in another format" $EXIT_USAGE ask run "$script" --json --format csv
check "none of them wrote anything" sh -c "! ls '$work'/a.*"
check_code "no such format" $EXIT_USAGE ask run "$script" --format xml
check_code "persons are for those who may see them" 0 ask run "$script" --who hit --years 2024
check "and are listed" test "$(wc -l <"$work/check.out")" -gt 10
check_code "persons as JSON" $EXIT_USAGE ask run "$script" --who hit --json
check_code "persons to a file of JSON" $EXIT_USAGE ask run "$script" --who hit --out "$work/a.json"
check_code "more quarters with wages than quarters" $EXIT_INVALID ask run "$work/contradiction.cohort"
check_text "names both" "$work/check.err" '5 \(quarters with wages\) is more than 2 \(quarters looked at\)'
printf 'cohort "t"\nwho graduated\nand in district 0881\nreached matriculated\n' >"$work/typed.cohort"
check_code "a code that no district has" $EXIT_INVALID ask run "$work/typed.cohort"
check_text "is told with codes like it" "$work/check.err" 'typed.cohort:3: no district code is 0881 .*near it are 0880'
check_code "also where nobody is asked" $EXIT_INVALID cohort check "$work/typed.cohort"
check_code "a name that is no format's" $EXIT_USAGE ask run "$script" --out "$work/a.xlsx"
check_text "says which names are" "$work/check.err" 'Names end in .csv, .json, .parquet, .svg or .txt'
check "a name without an end is the table" ask run "$script" --out "$work/plain"
check_text "with coverage and links beside each figure" "$work/plain" '^year .* excluded +coverage +precision +recall'
check_code "a role that may not" $EXIT_DENIED ask run "$script" --who hit --role analyst
check_code "no purpose" $EXIT_USAGE cohort run "$script"
check "a question is in the ledger, by the script's content" \
    grep -aqs "sha256:$(sha256sum "$script" | cut -d' ' -f1)" "$work"/home/ledger.db "$work"/home/ledger.db-wal
check_code "as known before the correction" 0 ask run "$work/graduation_rate_4yr.cohort" --as-known-on 2026-05-31 --format csv
figures "$work/check.out" >"$work/then"
check_code "and now" 0 ask run "$work/graduation_rate_4yr.cohort" --format csv
figures "$work/check.out" >"$work/now"
check "as many figures" test "$(wc -l <"$work/then")" -eq "$(wc -l <"$work/now")"
check "and others" sh -c "! cmp -s '$work/then' '$work/now'"

# --- explain ---

check_code "explained without a home" 0 env -u CAIRN_HOME "$CAIRN" cohort explain "$script"
check_text "in words" "$work/check.out" '^not +in college in the fall after high school$'
check_text "with SQL" "$work/check.out" '^WITH cohort_who AS'
check "without figures" test "$(grep -c 'unprotected' "$work/check.out")" -eq 0
check_code "explained with its funnel" 0 ask explain "$script" --json
cp "$work/check.out" "$work/funnel.json"
last=$("$CAIRN_JSON_GET" funnel.4.remain <"$work/funnel.json" 2>/dev/null)
ask run "$script" --format csv 2>/dev/null | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next } $col["split"] == "all" { n += $col["denominator"] } END { print n }' >"$work/denominator"
check_equal "whose last number is the denominator" "$last" "$(cat "$work/denominator")"
check_code "of an outcome that does not speak of all" 0 ask explain "$work/hs_median_earnings_q2.cohort"
grep -E '^ +[0-9]' "$work/check.out" | grep -v 'all years' >"$work/funnel"
check_text "the last step says so" "$work/funnel" 'of whom the outcome speaks: the denominator$'
check_equal "and of the others why" "$(awk '/not counted: / { why += $1; next } /the denominator$/ { last = $1; next } { before = $1 }
    END { print (before - last > 0 && before - last == why) }' "$work/funnel")" 1

# --- saved versions ---

check_code "saved" 0 ask save "$script" --name after-school
check_text "as the first version" "$work/check.out" '^saved after-school@1$'
check_code "saved again" 0 ask save "$script" --name after-school
check_text "is nothing new" "$work/check.out" '^after-school@1 has this text already; nothing was written$'
check_code "run by name" 0 ask run after-school@1 --json
cp "$work/check.out" "$work/first.json"
sed 's/quarter 2/quarter 3/' "$script" >"$work/later.cohort"
check_code "changed and saved" 0 ask save "$work/later.cohort" --name after-school
check_text "as the second version" "$work/check.out" '^saved after-school@2$'
check_code "the first version again" 0 ask run after-school@1 --json
check_same "gives the same bytes" "$work/first.json" "$work/check.out"
check_code "with one thread too" 0 ask run after-school@1 --json --threads 1
check_same "the same bytes" "$work/first.json" "$work/check.out"
check_code "shown" 0 cohort show after-school@1
check_same "as it was written" "$script" "$work/check.out"
check_code "listed" 0 cohort list
check_equal "twice" "$(grep -c '^after-school@[12] ' "$work/check.out")" 2
check_code "compared" 0 cohort diff after-school@1 after-school
check_text "the old line" "$work/check.out" '^- reached employed in quarter 2'
check_text "and the new one" "$work/check.out" '^\+ reached employed in quarter 3'
check_code "no such version" $EXIT_NOT_FOUND cohort show after-school@3
check_code "no such name" $EXIT_NOT_FOUND ask run before-school
check_code "no name for a cohort" $EXIT_USAGE ask save "$script" --name After_School
check_code "saving needs a purpose" $EXIT_USAGE cohort save "$script" --name after-school
check "the ledger's chain holds" sh -c "'$CAIRN' doctor --home '$work/home' | grep -q 'ledger chain'"

# a policy whose blocks changed since, once beside the script and once in it
cp -r "$CAIRN_SOURCE/policy" "$work/policy"
cp -r "$work/home" "$work/other"
sed -i "s|policy_dir = .*|policy_dir = \"$work/policy/colorado\"|; s|$CAIRN_POLICY|$work/policy/colorado|" "$work/other/cairn.toml"
sed -i 's/^title = "Blocks: college"/title = "Blocks: at college"/' "$work/policy/colorado/cohorts/college.toml"
check_code "blocks that changed elsewhere" 0 "$CAIRN" cohort run after-school@1 --home "$work/other" "${why[@]}"
check_text "are told" "$work/check.out" 'changed since the script was saved; what it comes to did not'
sed -i 's/AND c.quarter - 1$/AND c.quarter - 2/; s/^WHERE a.enrolled$/WHERE a.enrolled AND TRUE/' "$work/policy/colorado/cohorts/college.toml"
check_code "a block of the script that changed" 0 "$CAIRN" cohort run after-school@1 --home "$work/other" "${why[@]}"
check_text "is told" "$work/check.out" 'changed since the script was saved, and what it comes to with them'
check_code "as CSV" 0 "$CAIRN" cohort run after-school@1 --home "$work/other" --format csv "${why[@]}"
check_text "on standard error" "$work/check.err" 'changed since the script was saved, and what it comes to with them'

# blocks of another time: old years keep them, and a script that they do not know leaves those years unanswered
blocks=$work/policy/colorado/cohorts
sed 's/^effective_from = .*/&\neffective_to = 2024-12-31/' "$blocks/work.toml" >"$blocks/work-old.toml"
sed -i 's/^effective_from = .*/effective_from = 2025-01-01/; s/^version = "1"/version = "2"/; s/"known by a social security number"/"known by number"/; s/^counted known by a social.*/counted known by number/' "$blocks/work.toml"
check_code "words of blocks that are no more" $EXIT_INVALID env -u CAIRN_HOME "$CAIRN" cohort check "$script" --policy "$work/policy/colorado"
sed 's/known by a social security number/known by number/' "$script" >"$work/new.cohort"
check_code "words that old blocks do not know" 0 env -u CAIRN_HOME "$CAIRN" cohort check "$work/new.cohort" --policy "$work/policy/colorado"
check_text "leave their years unanswered, and say so" "$work/check.out" 'note: years from 2010-07-01 to 2024-12-31 stay unanswered'
check_code "run" 0 "$CAIRN" cohort run "$work/new.cohort" --home "$work/other" --format csv "${why[@]}"
check_equal "the first year is one that is answered" "$(sed -n 2p "$work/check.out" | cut -d, -f2)" 2025
check_code "run without them, all years" 0 "$CAIRN" cohort run "$work/matriculation_rate.cohort" --home "$work/other" --format csv "${why[@]}"
check_equal "are answered, each by the blocks of its time" "$(sed -n 2p "$work/check.out" | cut -d, -f2)" 2024

# what no vector would show: a derived table that stays today's when it is asked what was known earlier
tables() # NEEDS PATTERN
{
    cp "$CAIRN_SOURCE/policy/colorado/cohorts/school.toml" "$blocks/school.toml"
    sed -i "s/^needs = \[\"k12_completion\", \"k12_end_of_year\"\]/needs = [$1]/" "$blocks/school.toml"
    check_code "needs = [$1]" $EXIT_INVALID env -u CAIRN_HOME "$CAIRN" cohort test --policy "$work/policy/colorado" &&
        check_text "is told" "$work/check.err" "$2"
}
tables '"k12_end_of_year"' 'block completes_within reads table k12_completion and does not name it'
tables '"k12_completion", "k12_ending"' 'needs a table k12_ending, which no file defines'

# --- what is refused, and how ---

# refused NAME TEXT PATTERN: a script that is one line away from right
refused()
{
    printf 'cohort "t"\nwho graduated\n%s\n' "$2" >"$work/bad.cohort"
    check_code "$1" $EXIT_INVALID env -u CAIRN_HOME "$CAIRN" cohort check "$work/bad.cohort" &&
        check_text "$1: says what would do" "$work/check.err" "$3"
}
refused "a keyword" 'reach matriculated' 'bad.cohort:3: word 1, "reach": .*Did you mean "reached"'
refused "a word of a phrase" 'reached employd in quarter 2' 'word 2, "employd".*Did you mean "employed"'
refused "a number out of range" 'reached employed in quarter 99' 'word 5, "99": here may stand a whole number from 1 to 60'
refused "a code" 'reached matriculated by colege' 'Did you mean "college"'
refused "a missing word" 'reached employed in quarter' 'word 5, the end of the line'
refused "a split" "$(printf 'reached matriculated\nby race_etnicity')" 'Did you mean "race_ethnicity"'
refused "an outcome as a trait" 'and matriculated' 'word 2, "matriculated"'
refused "quotes" "reached matriculated by '); drop" 'word 4'
refused "no outcome" '# nothing' 'no line "reached"'
printf 'cohort "t"\nwho began college\nreached persisted to the next fall\nlevel school\n' >"$work/bad.cohort"
check_code "a level finer than is known" $EXIT_INVALID env -u CAIRN_HOME "$CAIRN" cohort check "$work/bad.cohort"
check_text "is told with what is known" "$work/check.err" 'known by county at the finest, not by school'
check_code "an option that the verb does not read" $EXIT_USAGE cohort list --years 2024
check_code "no such verb" $EXIT_USAGE cohort walk
check_code "no such file" $EXIT_NOT_FOUND env -u CAIRN_HOME "$CAIRN" cohort check ./nowhere.cohort
for example in "$CAIRN_SOURCE"/docs/examples/cohorts/*.cohort; do
    check "example $(basename "$example")" env -u CAIRN_HOME "$CAIRN" cohort check "$example"
done
check_code "blocks" 0 env -u CAIRN_HOME "$CAIRN" cohort blocks --json
check "there are blocks" test "$("$CAIRN_JSON_GET" blocks.9.phrase <"$work/check.out" | wc -c)" -gt 5
check_code "no such block" $EXIT_NOT_FOUND env -u CAIRN_HOME "$CAIRN" cohort blocks nothing
check_code "vectors of all blocks" 0 env -u CAIRN_HOME "$CAIRN" cohort test --json
check "more than sixty blocks" test "$("$CAIRN_JSON_GET" blocks <"$work/check.out")" -gt 60

# --- answers that leave ---

# leaves USER NAME [OPTION...]: the answer to an asker, in $work/check.out.
leaves()
{
    local user=$1 name=$2
    shift 2
    cohort run "$work/$name.cohort" --answer-to "$user" "${why[@]}" "$@"
}
# of_2024 NAME LINE...: those who graduated in 2024, with further lines.
of_2024()
{
    local name=$1
    shift
    printf 'cohort "%s"\nwho graduated in 2024\nreached matriculated\n' "$name" >"$work/$name.cohort"
    printf '%s\n' "$@" >>"$work/$name.cohort"
}
# the state's figure of an answer
figure() { grep ',state,CO,,all,all,' "$work/check.out" | cut -d, -f7-; }

"$CAIRN" measure --home "$work/home" >"$work/results.log" 2>&1 || give_up "results" "$work/results.log"
cp -r "$work/policies" "$work/asking"
cp -r "$work/home" "$work/beside"
"$SAMPLE_HOME" "$work/talk" "$CAIRN_POLICY" nobody-asked >"$work/talk.log" 2>&1 || give_up "a home where nobody asked" "$work/talk.log"
"$CAIRN" measure --home "$work/talk" >"$work/talk.log" 2>&1 || give_up "results of it" "$work/talk.log"
for name in beside talk; do
    sed -i "s|policy_dir = .*|policy_dir = \"$work/asking/colorado\"|; s|$CAIRN_POLICY|$work/asking/colorado|" "$work/$name/cairn.toml"
done
of_2024 everybody
of_2024 renamed '# the same, in other words' 'note nothing else is meant'
of_2024 nested 'not in district 0001'
of_2024 half 'and in district 0000, 0001, 0002, 0004, 0005, 0007, 0008, 0009, 0010'
of_2024 other_half 'not in district 0000, 0001, 0002, 0004, 0005, 0007, 0008, 0009'
check_code "a cohort is answered" 0 leaves ann everybody
everybody=$(figure)
check "with a figure ($everybody)" test "${everybody%,*}" -ge 16
cp "$work/check.out" "$work/first"
check "kept with whom it counts" test "$(wc -l <"$work/home/answers/ann.told/ledger.csv")" -eq 2
check_code "the same again" 0 leaves ann everybody
check_same "is the same" "$work/first" "$work/check.out"
check_code "under another name, in other words" 0 leaves ann renamed
check_same "is the same too" "$work/first" "$work/check.out"
check "and nothing new was told" test "$(wc -l <"$work/home/answers/ann.told/ledger.csv")" -eq 2
check "somebody else may be told of all but one small district" leaves bob nested
check_code "he who knows of everybody" 0 leaves ann nested
check_equal "is not: the difference would be its few" "$(figure)" '*,*'
check_code "the other order" 0 leaves bob everybody
check_equal "is no other" "$(figure)" '*,*'
check_code "one half and what is not the other" 0 leaves cleo half
check "with a figure" test "$(figure)" != '*,*'
check_code "beside the other" 0 leaves cleo other_half
check "may be told" test "$(figure)" != '*,*'
check_code "with everybody" 0 leaves cleo everybody
check_equal "they are not: the sum of both less all is the district of both" "$(figure)" '*,*'
printf 'cohort "t"\nwho graduated\nreached matriculated\nlevel district\n' >"$work/districts.cohort"
printf 'cohort "t"\nwho graduated in 2025\nand in district 0001\nnot was english-learner in high school\nreached matriculated\n' >"$work/within.cohort"
check_code "districts" 0 leaves dora districts
check_text "are told" "$work/check.out" '^2025,district,0001,08003,all,all,34,'
check_code "those of one of them without a few" 0 leaves dora within
check_equal "are not" "$(figure)" '*,*'
# Figures that have nobody of the question can complete a sum: (A or B) - B - all of A but a few are those few.
of_2025() # NAME OUTCOME LINE...
{
    local name=$1 outcome=$2
    shift 2
    printf 'cohort "%s"\nwho graduated in 2025\nreached %s\n' "$name" "$outcome" >"$work/$name.cohort"
    printf '%s\n' "$@" >>"$work/$name.cohort"
}
of_2025 either matriculated 'and in district 0001, 0002'
of_2025 second matriculated 'and in district 0002'
for told in either second; do
    check_code "of two districts, or of one of them ($told)" 0 leaves "flo-$told" "$told"
    check_code "he is told of the first without a few" 0 leaves "flo-$told" within
    check "by a figure" test "$(figure)" != '*,*'
done
check_code "of both districts" 0 leaves gus either
check_code "and of the second" 0 leaves gus second
check "by figures" test "$(figure)" != '*,*'
check_code "who knows both" 0 leaves gus within
check_equal "is not told of the first without a few: the second completes the sum" "$(figure)" '*,*'

# A coded rate is a range, and what it says of the outcomes is part of a sum: of district 0010, two graduates.
by_two_year='matriculated by two-year'
of_2025 coded "$by_two_year" 'and in district 0005, 0009, 0014, 0018, 0019' 'level district'
of_2025 wider "$by_two_year" 'and in district 0005, 0010'
check_code "a sum of two districts" 0 leaves hal wider
check_equal "has an exact rate" "$(figure)" '66,9'
check_code "districts without the second" 0 leaves ida coded
cp "$work/check.out" "$work/coded"
check_text "the first has a coded rate" "$work/coded" '^2025,district,0005,08003,all,all,34,<13$'
check_code "beside it the sum of two" 0 leaves ida wider
check_equal "has none" "$(figure)" '66,*'
check_code "the districts again" 0 leaves ida coded
check_same "are the same" "$work/coded" "$work/check.out"
check_code "in the other order" 0 leaves hal coded
check_text "the first is hidden, its range too" "$work/check.out" '^2025,district,0005,08003,all,all,[*],[*]$'
check_equal "and no other more" "$(grep -v ',0005,' "$work/check.out")" "$(grep -v ',0005,' "$work/coded")"

# The home's ledger knows of an answer to olga of which nobody kept whom it counted (sample_home.c).
check_code "who was answered before people were kept" $EXIT_DENIED leaves olga everybody
check_text "is told why" "$work/check.err" 'olga was told of graduation_rate_4yr before it was kept whom answers count'
check_code "nor is he answered about the same people" $EXIT_DENIED "$CAIRN" measure graduation_rate_4yr \
    --home "$work/home" --answer-to olga "${why[@]}"
check_text "for the same reason" "$work/check.err" 'olga was told of graduation_rate_4yr before it was kept whom answers count'
check_code "JSON" 0 leaves dora within --json
check_equal "names the cohort" "$("$CAIRN_JSON_GET" cohort <"$work/check.out")" within.cohort
check_code "pooled figures are not answered" $EXIT_USAGE leaves dora districts --pool years=2
check_code "nor without a purpose" $EXIT_USAGE cohort run "$work/everybody.cohort" --answer-to eve
check_code "nor to anybody by any name" $EXIT_USAGE leaves 'Eve/..' everybody
check "no refusal leaves anything" test ! -e "$work/home/answers/eve.told"
printf 'x' >>"$work/home/answers/dora.told/0001.people"
check_code "kept people that were changed answer nobody" $EXIT_CORRUPT leaves dora everybody
rm -r "$work/home/answers/cleo.told"
check_code "and are missed" $EXIT_CORRUPT leaves cleo everybody
check "the ledger's chain holds" "$CAIRN" verify --home "$work/home"

# --- a release beside answers ---

# Everybody's question is harmless, whatever leaves later: the release prints the same. A district's graduates without a
# few are not, where the release prints the district.
rule=$work/asking/colorado/release/coarse.toml
rule_says() { sed -i "s/^$1 = .*/$1 = \"$2\"/" "$rule"; }
released() { "$CAIRN" release --home "$work/$1" "${@:2}"; }
told() # HOME USER NAME: an answer of another home
{
    "$CAIRN" cohort run "$work/$3.cohort" --home "$work/$1" --answer-to "$2" "${why[@]}"
}
check_code "an asker is told of a district without a few" 0 told beside adam within
check_code "another of everybody" 0 told beside wanda everybody
check_code "no release leaves beside them" $EXIT_DENIED released beside
check_text "it names the asker and what meets" "$work/check.err" \
    'adam would learn of a group of too few people .*: cohort-[0-9a-f]* of 2025, state, told to adam; .* of 2025, .*of this release'
check "but no number of people" bash -c "! grep -Eq '[^-0-9a-f](31|34)[^-0-9a-f]' '$work/check.err'"
check "and nothing was written" test ! -e "$work/beside/releases/CURRENT"
rule_says answers report
check_code "where the policy lets it, it leaves" 0 released beside
check_text "and says how many askers it tells more" "$work/check.out" 'warning  beside answers .2 of 3 askers'
check "so does its entry" grep -qa '"askers":3,"told_more":2' "$work"/beside/ledger.db*
check "the ledger keeps whom" grep -qa 'adam would learn of a group' "$work"/beside/ledger.db*
check "wanda is not among them" bash -c "! grep -qa 'wanda would learn' '$work'/beside/ledger.db*"
check "nor is it told to the public" bash -c "! grep -rq 'adam\|wanda' '$work/beside/releases'"
check_code "the same release again" 0 released beside --force
check "tells nobody more: it is out" bash -c "! grep -q 'beside answers' '$work/check.out'"
check_code "beside it a measure is answered" 0 "$CAIRN" measure matriculation_rate --home "$work/beside" --answer-to zoe "${why[@]}"
check_text "as it is printed" "$work/check.out" '^2025,state,CO,,all,all,520,30'
check_code "a district without a few is answered" 0 told beside zoe within
check_equal "but not told" "$(figure)" '*,*'
cp "$rule" "$work/rule"
sed '/^name = "cohort"/,/^name = "wioa"/ { /^name = "wioa"/!d }' "$work/rule" >"$rule"
check_code "who was told nothing gets an answer" 0 told beside zia within
check_equal "without the district, though the policy has taken in what is out" "$(figure)" '*,*'
cp "$work/rule" "$rule"

# Two who talk: what one may know and what the other may know, nobody may know together.
check_code "one of two who talk" 0 told talk ada everybody
rule_says askers agreement
check_code "the other, where those of an agreement are one" 0 told talk cid nested
check_equal "is not told of all but a small district" "$(figure)" '*,*'
rule_says askers all
check_code "nor where all are one" 0 told talk dan nested
check_equal "(all)" "$(figure)" '*,*'
rule_says askers user
check_code "where each is one" 0 told talk ben nested
check "he is" test "$(figure)" != '*,*'
rule_says askers nobody
check_code "another word is refused" $EXIT_INVALID told talk eve nested
check_text "and named" "$work/check.err" 'askers has no meaning "nobody"'

"$CAIRN" init "$work/empty" >/dev/null 2>&1
check_code "a home without a generation" $EXIT_NOT_FOUND "$CAIRN" cohort run "$script" --home "$work/empty" "${why[@]}"
finish
