#!/usr/bin/env bash
#
# What changes, and changes back: a rule of the policy, and a file that its sender corrects. Each time the figures follow,
# and the way back leads to the release that was there before, byte for byte.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-2000}" --first-year 2023 --last-year 2024
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
must_run "$work/home" "$work/state/inbox" --quiet --replace "a stricter rule"
strict=$(release_of "$work/home")
check "a changed rule makes another release" test "$strict" != "$first" -a -f "$strict/manifest.json"
figures() { cat "$1"/data/*.csv | wc -l; }
check "it publishes less ($(figures "$strict") lines, before $(figures "$first"))" \
    test "$(figures "$strict")" -lt "$(figures "$first")"
check_same "the earlier release is as it was" "$work/first" "$first"

cp "$work/rule.toml" "$rule"
must_run "$work/home" "$work/state/inbox" --quiet --replace "the rule is as it was"
check_equal "the rule changed back, the first release is in force again" "$(release_of "$work/home")" "$first"
check_same "and its bytes are the same" "$work/first" "$first"

# A sender leaves rows out of a corrected file, then sends them all again, in another order: a new version of the file.
last=$(find "$work/state/inbox/cde_end_of_year" -name '*.csv' | sort | tail -n 1)
mkdir -p "$work/corrected/cde_end_of_year" "$work/again/cde_end_of_year"
awk 'NR == 1 || NR % 5' "$last" >"$work/corrected/cde_end_of_year/$(basename "$last")"
# What is out already can be subtracted from what follows the correction: refused until it is taken back.
check_code "a correction of what is out is refused" $EXIT_DENIED run "$work/home" "$work/corrected" --quiet
check_equal "the earlier release stays in force" "$(release_of "$work/home")" "$first"
check "the refusal says what can be done" grep -q -- "--withdraw" "$work/run.log"
check_code "withdrawing needs a reason" $EXIT_USAGE "$CAIRN" release --home "$work/home" --withdraw "$(basename "$first")"
check_code "and a release" $EXIT_NOT_FOUND "$CAIRN" release --home "$work/home" --withdraw 0123456789ab --reason x
check "a release is withdrawn" "$CAIRN" release --home "$work/home" --withdraw "$(basename "$first")" --reason "a wrong file"
check "the list tells so, and why" bash -c \
    "'$CAIRN' release --home '$work/home' --list | grep '^$(basename "$first")  withdrawn' | grep -q 'a wrong file'"
check "the folder stays as it was" diff -r "$work/first" "$first"
check "it is named among the withdrawn" grep -qx "$(basename "$first")" "$work/home/releases/WITHDRAWN"
must_run "$work/home" "$work/corrected" --quiet
corrected=$(release_of "$work/home")
check "a corrected file makes another release" test "$corrected" != "$first" -a -f "$corrected/manifest.json"
check_code "the figures follow it" 1 diff -rq "$first/data" "$corrected/data"
{ head -n 1 "$last" && tail -n +2 "$last" | tac; } >"$work/again/cde_end_of_year/$(basename "$last")"
must_run "$work/home" "$work/again" --quiet --replace "all rows are there"
back=$(release_of "$work/home")
check_same "a third version with all rows brings the figures back" "$first/data" "$back/data"
check "and all of it verifies" "$CAIRN" verify "$back"

# What was taken back does not go out again because nothing has changed since.
id=$(basename "$back")
check "the last one is withdrawn, too" "$CAIRN" release --home "$work/home" --withdraw "$id" --reason "to be looked at"
check_code "the next run does not publish it again" $EXIT_DENIED "$CAIRN" run --home "$work/home" --quiet
check_text "and says why" "$work/check.err" "release $id, which was withdrawn.*--force publishes it again"
check "it is named among the withdrawn still" grep -qx "$id" "$work/home/releases/WITHDRAWN"
check "unless somebody says so" "$CAIRN" release --home "$work/home" --force --quiet
check_equal "then it is in force as it was" "$(release_of "$work/home")" "$back"
check "doctor finds the home healthy" "$CAIRN" doctor --home "$work/home"
finish
