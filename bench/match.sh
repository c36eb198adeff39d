#!/usr/bin/env bash
#
# Linkage, printed: a million made-up records and ten million, de-duplicated; Splink on the same file, fields and blocking
# rules; accuracy on public files with known truth, each with the config that --suggest proposes and nothing else.
#
# Environment, set by meson.build: CAIRN, MEASURED, GEN_PEOPLE, JSON_GET, CAIRN_SOURCE.
# Knobs: MATCH_ROWS (1000000), MATCH_ROWS_LARGE (10000000; 0: left out), THREADS (2), SPLINK (what pip installs, "splink";
# empty: left out), SPLINK_PYTHON (a python that has it; otherwise a virtual environment is made), CAIRN_SHARED_DATA.
set -euo pipefail
export LC_ALL=C
: "${CAIRN:?}" "${MEASURED:?}" "${GEN_PEOPLE:?}" "${JSON_GET:?}" "${CAIRN_SOURCE:?}"
export CAIRN_POLICY=$CAIRN_SOURCE/policy/colorado
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$CAIRN_SOURCE"
rows=${MATCH_ROWS:-1000000} large=${MATCH_ROWS_LARGE:-10000000} threads=${THREADS:-2}
data=${CAIRN_SHARED_DATA:-$CAIRN_SOURCE/../shared/data}/linkage
rules="last_name+birth_date first_name+birth_date postal_code+birth_date last_name+first_name+postal_code"

get() { "$JSON_GET" "$2" <"$1"; }
rounded() { awk -v v="$1" -v d="${2:-4}" 'BEGIN { printf "%.*f", d, v }'; }

# run NAME FILE OPTION...: the answer in $work/NAME.json, seconds and memory as the last line of $work/steps.
run()
{
    local name=$1
    shift
    printf '  %s ...\n' "$name" >&2
    "$MEASURED" "$work/steps" "$name" "$CAIRN" match "$@" --json >"$work/$name.json"
}
# From the file to clusters: CPU seconds of the four steps.
engine_cpu() { awk -v a="$(get "$1" cpu_seconds.read)" -v b="$(get "$1" cpu_seconds.train)" -v c="$(get "$1" cpu_seconds.pairs)" -v d="$(get "$1" cpu_seconds.clusters)" 'BEGIN { print a + b + c + d }'; }
line()
{
    local json=$work/$1.json
    printf '%-34s %8s s %8s CPU s %7s MiB, of it engine %s CPU s; %s pairs compared, %s links\n' "$2" \
        $(awk -v n="$1" '$1 == n { print $2, $3, $4 }' "$work/steps") "$(rounded "$(engine_cpu "$json")" 2)" "$(get "$json" compared)" "$(get "$json" links)"
}
f1s() # JSON: candidate recall, pairs, clusters
{
    printf '%-11s candidates recall %s; pairs P %s R %s F1 %s; clusters P %s R %s F1 %s\n' "$2" "$(rounded "$(get "$1" truth.candidates.recall)")" \
        $(for what in pairs clusters; do for of in precision recall f1; do rounded "$(get "$1" truth.$what.$of)"; echo; done; done)
}

# --- speed --------------------------------------------------------------------------------------------------------

"$GEN_PEOPLE" "$rows" 1 policy/colorado "$work/people.csv"
run whole "$work/people.csv" --out "$work/out" --threads 1
run rules "$work/people.csv" --config bench/match.toml --out "$work/out" --threads 1
run truth "$work/people.csv" --truth cluster --threads "$threads"
run rules-truth "$work/people.csv" --config bench/match.toml --truth cluster --threads "$threads"
sed 's/^keys = \["last_name", "first_name", "postal_code"\]/keys = ["postal_code", "birth_date:year"]/' bench/match.toml >"$work/loose.toml"
run loose "$work/people.csv" --config "$work/loose.toml" --out "$work/out" --threads 1
rm -rf "$work/out"

echo "-- linkage: $rows made-up records (bench/gen_people.c, seed 1), files to files"
line whole "proposed config, 1 thread"
line rules "five fields, four rules, 1 thread"
line loose "and a loose rule, 1 thread"
# The difference between the two runs leaves out what blocks cost, the quotient does not.
awk -v n="$(get "$work/loose.json" compared)" -v s="$(get "$work/loose.json" cpu_seconds.pairs)" \
    -v m="$(get "$work/rules.json" compared)" -v t="$(get "$work/rules.json" cpu_seconds.pairs)" \
    'BEGIN {
        if (s - t < 0.1)
            print "scored pairs: too few to tell their speed (goal 20 M/s; take a MATCH_ROWS of a million)"
        else
            printf "scored pairs: %.1f M/s on one core, %.1f M/s with the building of blocks (goal 20)\n", (n - m) / (s - t) / 1e6, n / s / 1e6
    }'
f1s "$work/truth.json" proposed
f1s "$work/rules-truth.json" "four rules"

# --- the peer -----------------------------------------------------------------------------------------------------

peer=${SPLINK-splink}
python=${SPLINK_PYTHON:-}
if [ -n "$peer" ] && [ -z "$python" ]; then
    printf '  installing %s ...\n' "$peer" >&2
    if python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 && "$work/venv/bin/pip" install --quiet "$peer" >>"$work/venv.log" 2>&1; then
        python=$work/venv/bin/python
    fi
fi
echo "-- beside Splink: same file, fields and rules, one thread, reading to clusters"
if [ -z "$peer" ] || [ -z "$python" ]; then
    echo "Splink is not here (no python3 with venv, no network, or SPLINK is empty): left out"
else
    printf '  splink ...\n' >&2
    # shellcheck disable=SC2086 # one word a rule
    if "$python" bench/splink_peer.py "$work/people.csv" 1 $rules >"$work/splink.json" 2>"$work/splink.err"; then
        figure() { rounded "$(get "$work/splink.json" "$1")" "$2"; }
        printf 'Splink %s: %s s, %s CPU s, %s MiB; candidates recall %s; pairs F1 %s at 0.5, %s at its best threshold; clusters F1 %s at its best\n' \
            "$(get "$work/splink.json" splink)" "$(figure seconds 1)" "$(figure cpu_seconds 1)" "$(figure peak_mib 0)" \
            "$(figure candidates.recall 4)" "$(figure pairs_at_half.f1 4)" "$(figure pairs_best.f1 4)" "$(figure clusters_best.f1 4)"
        f1s "$work/rules-truth.json" cairn
        awk -v s="$(get "$work/splink.json" cpu_seconds)" -v c="$(engine_cpu "$work/rules.json")" \
            'BEGIN { printf "CPU time: Splink %.1f, cairn %.1f: %.1f times (goal 20)\n", s, c, s / c }'
    else
        echo "Splink failed: $(tail -n 1 "$work/splink.err")"
    fi
fi

# --- accuracy -----------------------------------------------------------------------------------------------------

# truth FILE...: who is who in FEBRL's files, where the id says it.
truth() { echo id,cluster; awk -F, 'FNR > 1 { split($1, part, "-"); print $1 "," part[2] }' "$@"; }
accuracy() # NAME FILE OPTION...
{
    local name=$1
    shift
    run "$name" "$@" --threads "$threads"
    f1s "$work/$name.json" "$name"
}
echo "-- accuracy on public files with truth, each with the proposed config"
if [ -d "$data/febrl" ]; then
    for n in 1 2 3; do
        truth "$data/febrl/dataset$n.csv" >"$work/febrl$n.truth"
        accuracy "FEBRL$n" "$data/febrl/dataset$n.csv" --truth "$work/febrl$n.truth"
    done
    truth "$data/febrl/dataset4a.csv" "$data/febrl/dataset4b.csv" >"$work/febrl4.truth"
    accuracy FEBRL4 "$data/febrl/dataset4a.csv" "$data/febrl/dataset4b.csv" --unique all --truth "$work/febrl4.truth"
    mkdir "$work/nossn"
    for side in a b; do sed 's/,[^,]*$//' "$data/febrl/dataset4$side.csv" >"$work/nossn/dataset4$side.csv"; done
    accuracy FEBRL4-no-SSN "$work/nossn/dataset4a.csv" "$work/nossn/dataset4b.csv" --unique all --truth "$work/febrl4.truth"
    accuracy RLdata500 "$data/rldata/RLdata500.csv" --truth ent_id
    accuracy RLdata10000 "$data/rldata/RLdata10000.csv" --truth ent_id
    accuracy fake_1000 "$data/fake_1000/fake_1000.csv" --truth cluster
else
    echo "no public data in $data (set CAIRN_SHARED_DATA): left out"
fi

# --- ten million --------------------------------------------------------------------------------------------------

if [ "$large" -gt 0 ]; then
    rm -f "$work/people.csv"
    "$GEN_PEOPLE" "$large" 2 policy/colorado "$work/large.csv"
    run large "$work/large.csv" --config bench/match.toml --out "$work/out" --threads "$threads"
    echo "-- linkage: $large made-up records, five fields, four rules, $threads threads (goal: 2 minutes, 8 GiB)"
    line large "from file to files"
fi
