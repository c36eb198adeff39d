#!/usr/bin/env bash
#
# Same files, same bytes: with one thread and with two, in whatever order the files come, and, the signature apart,
# under other keys.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" "${PEOPLE:-2500}" --first-year 2022 --last-year 2024
inbox=$work/state/inbox

home "$work/one"
must_run "$work/one" "$inbox" --threads 1 --quiet
one=$(release_of "$work/one")
[ -n "$one" ] || give_up "a run with one thread publishes" "$work/run.log"
note "$(find "$inbox" -type f | wc -l) files, release $(basename "$one"), $(find "$one" -type f | wc -l) files in it"

home "$work/two" --keys-from "$work/one/keys"
must_run "$work/two" "$inbox" --threads 2 --quiet
check_same "two threads give the release of one" "$one" "$(release_of "$work/two")"

home "$work/other-keys"
must_run "$work/other-keys" "$inbox" --threads 2 --quiet
check_same "other keys give the same release, the signature apart" "$one" "$(release_of "$work/other-keys")" -x manifest.sig
check_code "and another signature" 1 cmp -s "$one/manifest.sig" "$(release_of "$work/other-keys")/manifest.sig"
check_equal "the release has the same name" "$(basename "$(release_of "$work/other-keys")")" "$(basename "$one")"

# One file at a time, the last of the sorted names first, then everything with a shuffled order.
home "$work/backwards" --keys-from "$work/one/keys"
bad=0
while read -r file; do
    "$CAIRN" ingest --home "$work/backwards" --source "$(basename "$(dirname "$file")")" --quiet "$file" \
        >"$work/ingest.log" 2>&1
    case $? in
    0 | "$EXIT_INVALID") ;; # a file may be refused in either order
    *) bad=$((bad + 1)); note "$file: $(tail -n 1 "$work/ingest.log")" ;;
    esac
done < <(find "$inbox" -type f | sort -r)
check_equal "every file is taken one at a time, in reverse order" "$bad" 0
must_run "$work/backwards" "$inbox" --quiet
loads_of "$work/one" >"$work/one.loads"
loads_of "$work/backwards" >"$work/backwards.loads"
check_same "the loads are the same" "$work/one.loads" "$work/backwards.loads"
check_same "the release is the same" "$one" "$(release_of "$work/backwards")"

# In two parts with a release between them: half of the sources, then all.
home "$work/parts" --keys-from "$work/one/keys"
mkdir -p "$work/half"
for source in "$inbox"/cde_* "$inbox"/ref_*; do
    [ -d "$source" ] && ln -s "$source" "$work/half/"
done
must_run "$work/parts" "$work/half" --quiet
check_code "half of the files give another release" 1 diff -rq "$one" "$(release_of "$work/parts")"
must_run "$work/parts" "$inbox" --quiet --replace "the other half of the files"
check_same "all of them, taken in two parts, give the same release" "$one" "$(release_of "$work/parts")"
check_equal "the earlier release is kept" "$(find "$work/parts/releases" -mindepth 1 -maxdepth 1 -type d | wc -l)" 2
finish
