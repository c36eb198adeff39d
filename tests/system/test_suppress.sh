#!/usr/bin/env bash
#
# Families that suppress: stars in the files, the attack in the manifest, the same again, beside pools that are out, and a
# corrected file that would show by subtraction.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-6000}" --first-year 2023 --last-year 2024
cp -r "$CAIRN_SOURCE/policy" "$work/policy"
rule=$work/policy/colorado/release/coarse.toml
lane() # lane LANE: of the two lineages that are not the cohort's
{
    sed -i '/^protection = /d; s/^name = "\(award\|wioa\)"$/&\nprotection = "'"$1"'"/' "$rule"
}

lane suppress
home "$work/home" --policy "$work/policy/colorado"
must_run "$work/home" "$work/state/inbox" --quiet
first=$(release_of "$work/home")
csv=$first/data/wioa_employment_rate_q2.csv
check "hidden figures are stars, with a reason" grep -q ',\*,\*,,,,,few_people$' "$csv"
check "some are shown" grep -Eq ',state,CO,.*,[0-9.]+,[0-9]+,[0-9]*,[0-9]*,[0-9.]*,[0-9.]*,$' "$csv"
check "a family that pools has no star" bash -c "! grep -q ',\*,' '$first/data/graduation_rate_4yr.csv'"
check "the manifest names the lane" grep -q '"lane": "suppress"' "$first/manifest.json"
check "and an attack that found nothing" grep -q '"unprotected": 0' "$first/manifest.json"
check "but not how many hidden counts are small" bash -c "! grep -q 'sensitive\|unknowns\|equations' '$first/manifest.json'"
check "nor does a page say which share of people is hidden" bash -c "! grep -q 'nearly all\|small groups</th>' '$first'/measure-*.html"
check "the page says why" grep -q 'few people stand behind the figure' "$first/measure-wioa_employment_rate_q2.html"
check "the release verifies" "$CAIRN" verify "$first"

# What it hides would come back by an answer: a state whose figure it hides is the sum of what it shows and of few people.
leaves() { "$CAIRN" "$@" --home "$work/home" --answer-to ann --purpose "an answer to a request" --agreement cde-slds; }
check_code "a measure with hidden figures is not answered" $EXIT_DENIED leaves measure wioa_employment_rate_q2
check_text "and why" "$work/check.err" 'a release in force hides figures of wioa_[a-z0-9_]+ by suppression'
check "nothing is kept of it" test ! -e "$work/home/answers/ann.told"

check "made again" "$CAIRN" release --home "$work/home" --force --quiet
check_equal "it is the same" "$(release_of "$work/home")" "$first"
check_equal "and the only one" "$(find "$work/home/releases" -name manifest.json | wc -l)" 1

compare() { "$CAIRN" release --home "$work/home" --compare "$@"; }
asked=(--purpose "which lane" --agreement cde-slds)
check_code "what readers would see is a look inside" $EXIT_USAGE compare --family wioa --json
check_code "under an agreement in force" $EXIT_DENIED compare --family wioa --purpose "which lane" --agreement nobody
check_code "and such a role" $EXIT_DENIED compare --family wioa "${asked[@]}" --role nobody
check_equal "nothing was shown" "$(grep -c 'figures shown' "$work/check.out")" 0
check_code "a purpose is for that alone" $EXIT_USAGE "$CAIRN" release --home "$work/home" --purpose "which lane"
check "none of these is in the ledger" bash -c "! grep -qa 'which lane' '$work'/home/ledger.db*"
check_code "what readers would see" 0 compare --family wioa --json "${asked[@]}"
check "by both lanes" test "$(grep -c '"possible": true' "$work/check.out")" = 2
check "the ledger has it" grep -qa "which lane" "$work"/home/ledger.db*
check_code "a lineage that is too large for the solver" 0 compare --family cohort "${asked[@]}"
check_text "can pool only, and the answer says so" "$work/check.out" 'suppress: not possible: family cohort'
check_code "of no such family" $EXIT_NOT_FOUND compare --family nobody "${asked[@]}"

# Rows that a sender leaves out of corrected files: who they were would follow from the two releases. All files, because
# of some years nothing may be shown that could be subtracted.
mkdir -p "$work/corrected/wioa_pirl"
for file in "$work"/state/inbox/wioa_pirl/*.csv; do
    awk 'NR == 1 || NR % 3' "$file" >"$work/corrected/wioa_pirl/$(basename "$file")"
done
check_code "a correction of what is out is refused" $EXIT_DENIED run "$work/home" "$work/corrected" --quiet
check_equal "the earlier release stays in force" "$(release_of "$work/home")" "$first"
must_run "$work/home" "$work/corrected" --quiet --replace "a corrected file"
check "unless it is replaced" test "$(release_of "$work/home")" != "$first"
check "which withdraws the earlier one" grep -qx "$(basename "$first")" "$work/home/releases/WITHDRAWN"

# The lane is said once a lineage, and is one of two.
cp "$rule" "$work/rule.toml"
sed -i 's/^name = "wioa_earnings"$/&\nprotection = "suppress"/' "$rule"
check_code "a family that coarsens another has no lane of its own" $EXIT_INVALID "$CAIRN" release --home "$work/home" --force --quiet
cp "$work/rule.toml" "$rule"
lane hide
check_code "an unknown lane is refused" $EXIT_INVALID "$CAIRN" release --home "$work/home" --force --quiet
finish
