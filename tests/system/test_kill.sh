#!/usr/bin/env bash
#
# A run may end at any moment. `cairn run` is killed (SIGKILL) after random delays, run after run on the same home,
# until it gets through; then a new home, until KILLS runs were killed. Each finished home must equal the one that was
# never disturbed: the release byte for byte, the loads and their row counts, nothing lost or doubled.
#
# Environment: KILLS (20), SEED (1), PEOPLE (1200).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

kills=${KILLS:-20}
RANDOM=$SEED
state "$work/state" "${PEOPLE:-1200}" --first-year 2023 --last-year 2024
inbox=$work/state/inbox

home "$work/calm"
began=$(now)
must_run "$work/calm" "$inbox" --quiet
span=$(calc "$(now) - $began")
calm=$(release_of "$work/calm")
[ -n "$calm" ] || give_up "an undisturbed run publishes" "$work/run.log"
loads_of "$work/calm" >"$work/calm.loads"
note "an undisturbed run takes $span s; seed $SEED"

# attempt HOME DELAY: true when the run ended by itself, and well; 137 when it was killed.
attempt()
{
    local code
    "$CAIRN" run --home "$1" --inbox "$inbox" --quiet >"$work/run.log" 2>&1 &
    local pid=$!
    sleep "$2"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    code=$?
    return $code
}

killed=0
homes=0
broken=0
while [ "$killed" -lt "$kills" ] && [ "$broken" -eq 0 ]; do
    homes=$((homes + 1))
    dir=$work/home-$homes
    home "$dir" --keys-from "$work/calm/keys"
    here=0
    while :; do
        # Uniform over the length of a whole run. Each killed run leaves less to do, so later steps are hit too; after
        # eight the home is let through, lest short delays go on for ever.
        delay=$(calc "$span * $RANDOM / 32768")
        [ "$here" -lt 8 ] && [ "$killed" -lt "$kills" ] || delay=600
        if [ "$delay" = 600 ]; then
            run "$dir" "$inbox" --quiet
        else
            attempt "$dir" "$delay"
        fi
        code=$?
        if [ "$code" -eq 137 ]; then
            killed=$((killed + 1))
            here=$((here + 1))
            continue
        fi
        if [ "$code" -ne 0 ]; then
            fail "home $homes: a resumed run ends well (exit code $code)" "$work/run.log"
            broken=1
        fi
        break
    done
    [ "$broken" -eq 0 ] || break
    check_same "home $homes, killed $here times: the release equals the undisturbed one" "$calm" "$(release_of "$dir")" ||
        broken=1
    loads_of "$dir" >"$work/loads"
    check_same "home $homes: no load or row is lost or doubled" "$work/calm.loads" "$work/loads" || broken=1
    check "home $homes: doctor finds it healthy" "$CAIRN" doctor --home "$dir" || broken=1
    check_equal "home $homes: one release, no leftover" \
        "$(find "$dir/releases" -mindepth 1 -maxdepth 1 -type d | wc -l) $(find "$dir/tmp" -mindepth 1 | wc -l)" "1 0" || broken=1
    [ "$broken" -eq 1 ] || rm -rf "$dir"
done
check_equal "runs were killed" "$killed" "$kills"
finish
