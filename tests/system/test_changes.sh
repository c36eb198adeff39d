#!/usr/bin/env bash
#
# What changes, and changes back: a rule of the policy, and a file that its sender corrects. Each time the figures follow,
# and the way back leads to the release that was there before, byte for byte.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-2000}"
cp -r "$CAIRN_SOURCE/policy" "$work/policy"
home "$work/home" --policy "$work/policy/colorado"
must_run "$work/home" "$work/state/inbox" --quiet
first=$(release_of "$work/home")
check "a release is in force" test -f "$first/manifest.json"
cp -a "$first" "$work/first"

# A protection rule is made stricter: another release, its manifest names the changed file, and the old one is kept.
rule=$work/policy/colorado/release/coarse.toml
cp "$rule" "$work/rule.toml"
sed -i '/^name = "min_n"/{n;s/16/40/}' "$rule"
check_code "the rule file was changed" 1 cmp -s "$rule" "$work/rule.toml"
must_run "$work/home" "$work/state/inbox" --quiet
strict=$(release_of "$work/home")
check "a changed rule makes another release" test "$strict" != "$first" -a -f "$strict/manifest.json"
figures() { cat "$1"/data/*.csv | wc -l; }
check "it publishes less ($(figures "$strict") lines, before $(figures "$first"))" \
    test "$(figures "$strict")" -lt "$(figures "$first")"
check_same "the earlier release is as it was" "$work/first" "$first"

cp "$work/rule.toml" "$rule"
must_run "$work/home" "$work/state/inbox" --quiet
check_equal "the rule changed back, the first release is in force again" "$(release_of "$work/home")" "$first"
check_same "and its bytes are the same" "$work/first" "$first"

# A sender leaves rows out of a corrected file, then sends them all again, in another order: a new version of the file.
last=$(find "$work/state/inbox/cde_end_of_year" -name '*.csv' | sort | tail -n 1)
mkdir -p "$work/corrected/cde_end_of_year" "$work/again/cde_end_of_year"
awk 'NR == 1 || NR % 5' "$last" >"$work/corrected/cde_end_of_year/$(basename "$last")"
must_run "$work/home" "$work/corrected" --quiet
corrected=$(release_of "$work/home")
check "a corrected file makes another release" test "$corrected" != "$first" -a -f "$corrected/manifest.json"
check_code "the figures follow it" 1 diff -rq "$first/data" "$corrected/data"
{ head -n 1 "$last" && tail -n +2 "$last" | tac; } >"$work/again/cde_end_of_year/$(basename "$last")"
must_run "$work/home" "$work/again" --quiet
back=$(release_of "$work/home")
check_same "a third version with all rows brings the figures back" "$first/data" "$back/data"
check "and all of it verifies" "$CAIRN" verify "$back"
check "doctor finds the home healthy" "$CAIRN" doctor --home "$work/home"
finish
