#!/usr/bin/env bash
#
# A synthetic class of the size of the state's, printed with the rounding and the tiers of the state's graduation
# workbook of 2024, gives tables of the workbook's shape. That measures equal this truth is what test_truth.sh holds. The
# workbook is not part of the repository; without it this is skipped.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

data=${CAIRN_SHARED_DATA:-$CAIRN_SOURCE/../shared/data}/colorado
if [ ! -d "$data" ]; then
    skip "a class printed as the workbook has its shape" "no public data in $data (set CAIRN_SHARED_DATA)"
    finish
elif [ -z "${WORKBOOK_SHAPE:-}" ]; then
    skip "a class printed as the workbook has its shape" "no workbook_shape program"
    finish
fi

# The last of twelve grades and years is all that is needed; so many people have a class of 69,301 among them.
"$CAIRN" synth --people 506000 --seed 2024 --first-year 2024 --last-year 2024 --out "$work/state" --quiet >"$work/synth.log" 2>&1 ||
    give_up "a state of the size of the state's is made" "$work/synth.log"
"$WORKBOOK_SHAPE" "$work/state/truth" "$data" 2024 >"$work/shape" 2>&1
code=$?
sed 's/^/# /' "$work/shape"
check_equal "no check of workbook_shape was missed" "$(grep -c '^holds: \|^FAILS: ' "$work/shape")" 4
check_equal "a class printed as the workbook has its shape" $code 0
finish
