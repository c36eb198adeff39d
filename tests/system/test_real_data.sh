#!/usr/bin/env bash
#
# The real public files through the finished program: every one loads under its contract, no row is refused, and the
# pipeline behind them runs. The files are not part of the repository; without them this is skipped.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

data=${CAIRN_SHARED_DATA:-$CAIRN_SOURCE/../shared/data}
if [ ! -d "$data" ]; then
    skip "real public files load" "no public data in $data (set CAIRN_SHARED_DATA)"
    finish
fi

# contract, file, rows, name in the inbox
cat >"$work/files" <<'FILES'
edfi_student edfi/grand-bend/Student.xml 960 grand-bend.xml
edfi_program edfi/grand-bend/StudentProgram.xml 706 grand-bend.xml
edfi_student edfi/grand-bend-high-school/Student.xml 1400 grand-bend-high-school.xml
edfi_enrollment edfi/grand-bend-high-school/StudentEnrollment.xml 1400 grand-bend-high-school.xml
ref_grad_state colorado/co_grad_2024_state.csv 4
ref_grad_district_race_gender colorado/co_grad_2024_district_race_gender.csv 744
ref_grad_district_ipst colorado/co_grad_2024_district_ipst.csv 744
ref_grad_school_race_gender colorado/co_grad_2024_school_race_gender.csv 2973
ref_grad_school_ipst colorado/co_grad_2024_school_ipst.csv 2973
ref_ipeds_institutions reference/ipeds_hd2024_min.csv 6072
ref_ipeds_completions reference/ipeds_c2024_co.csv 4216
ref_cip reference/cip2020_titles.csv 2847
ref_cip_soc reference/cip2020_soc2018.csv 6097
ref_onet_occupations reference/onet30_1_occupation_data.csv 1016
ref_onet_job_zones reference/onet30_1_job_zones.csv 923
ref_onet_skills reference/onet30_1_skills.csv 62580
ref_onet_related reference/onet30_1_related_occupations.csv 18460
ref_oews_national reference/oews_national_2025.csv 1401
ref_bls_projections reference/bls_projections_2024_2034.csv 1113
ref_ceds_option_sets reference/ceds_option_sets.csv 1782
FILES

home "$work/home"
inbox=$work/home/inbox
while read -r source file rows name; do
    mkdir -p "$inbox/$source"
    cp "$data/$file" "$inbox/$source/${name:-$(basename "$file")}"
done <"$work/files"

check "the pipeline runs on them" "$CAIRN" run --home "$work/home" --json --quiet
cp "$work/check.log" "$work/run.json"
check_equal "no file is refused or denied" "$("$CAIRN_JSON_GET" ingest.refused ingest.denied <"$work/run.json" 2>&1 | tr '\n' ' ')" "0 0 "
check_equal "no row goes to quarantine" "$("$CAIRN_JSON_GET" ingest.rows_rejected <"$work/run.json" 2>&1)" 0

for receipt in "$work"/home/loads/*/receipt.json; do
    "$CAIRN_JSON_GET" source file.name rows_accepted <"$receipt" | tr '\n' ' '
    echo
done >"$work/taken"
while read -r source file rows name; do
    name=${name:-$(basename "$file")}
    check_equal "$source: all $rows rows of $file" "$(awk -v s="$source" -v f="$name" '$1 == s && $2 == f { print $3 }' "$work/taken")" "$rows"
done <"$work/files"
"$CAIRN" measure published graduation_rate_4yr --home "$work/home" --purpose test --agreement cde-slds >"$work/published" 2>&1
check_text "the state's own figure of 2024 is shown" "$work/published" '^2024 state +CO +all +all +69301 +84\.2'
check_text "a district's too" "$work/published" '^2024 district 0880 '
"$CAIRN" measure published completion_rate_7yr --home "$work/home" --purpose test --agreement cde-slds >"$work/published" 2>&1
check_text "and the seven-year look of the class of 2021" "$work/published" '^2021 state +CO +all +all +68081 +89\.6'
check_code "of other measures nothing is published" $EXIT_NOT_FOUND "$CAIRN" measure published dropout_rate --home "$work/home" \
    --purpose test --agreement cde-slds
check "doctor finds the home healthy" "$CAIRN" doctor --home "$work/home"
finish
