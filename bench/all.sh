#!/usr/bin/env bash
#
# Everything that `make bench` prints: each part runs by itself, the table comes last.
#
# Environment, set by meson.build: CAIRN, MEASURED, BENCH_INGEST, BENCH_KERNELS, BENCH_MATCH_COMPARE, BENCH_MEASURE,
# BENCH_PERTURB, BENCH_SYNTH, BENCH_TOKENS, BENCH_VAULT, CAIRN_SOURCE; CAIRN_SHARED_DATA (real data for the tokens) may
# be unset.
# Knobs: PEOPLE (200000) of the pipeline, RUNS (7) of the kernels, ROWS (2000000) of the ingest comparison,
# RECORDS (500000) of the vault, MATCH_ROWS (1000000) of pairs, SYNTH_PEOPLE (500000), THREADS (2), TMPDIR.
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
people=${PEOPLE:-200000}

cd "$CAIRN_SOURCE"
echo "ingest beside bare read_csv" >&2
"$BENCH_INGEST" "${ROWS:-2000000}" policy/colorado "$threads" >"$work/ingest.txt"
echo "kernels" >&2
"$BENCH_KERNELS" policy/colorado/synth/surnames.csv "${RUNS:-7}" >"$work/kernels.txt"
echo "pairs of records" >&2
"$BENCH_MATCH_COMPARE" "${MATCH_ROWS:-1000000}" policy/colorado >"$work/match_compare.txt"
echo "lanes of protection" >&2
"$BENCH_PERTURB" >"$work/perturb.txt"
febrl=${CAIRN_SHARED_DATA:-}/linkage/febrl
if [ -f "$febrl/dataset4a.csv" ]; then
    echo "tokens" >&2
    "$BENCH_TOKENS" "$febrl" "$work" >"$work/tokens.txt"
fi
echo "synth" >&2
"$BENCH_SYNTH" "${SYNTH_PEOPLE:-500000}" policy/colorado "$threads" >"$work/synth.txt"
if [ -n "${BENCH_VAULT:-}" ]; then
    echo "vault" >&2
    "$BENCH_VAULT" "${RECORDS:-500000}" "$work/vault" >"$work/vault.txt"
fi
echo "measure" >&2
"$BENCH_MEASURE" "$CAIRN_SOURCE/policy/colorado" "${MEASURE_PEOPLE:-100000}" >"$work/measure.txt"
echo "pipeline, $people people" >&2
measured synth "$CAIRN" synth --people "$people" --seed 1 --threads "$threads" --out "$work/state" --quiet
pipeline "$work/state" "$work/home"

printf '\n%s cores, %s MiB of memory, %s threads\n\n' "$(nproc)" "$(awk '/MemTotal/ { printf "%d", $2 / 1024 }' /proc/meminfo)" "$threads"
echo "-- ingest against bare read_csv of the same file into the same engine (goal: ratio 0.50)"
cat "$work/ingest.txt"
echo "-- kernels, CPU time (goals: Jaro-Winkler 100 with AVX2; Dice 300, with AVX-512 800)"
cat "$work/kernels.txt"
echo "-- figures, CPU time (goal: one table at most 1.3 times the best SQL by hand)"
cat "$work/measure.txt"
echo "-- rows to value numbers, pairs to patterns, one core, CPU time (goals: 1 M rows/s sealed, 30 M pairs/s)"
cat "$work/match_compare.txt"
echo "-- lanes of protection, one core, CPU time (goal: samplers 1 M/s)"
cat "$work/perturb.txt"
if [ -f "$work/tokens.txt" ]; then
    echo "-- tokens beside clear text (best: with the truth in hand; reach: share of true pairs compared)"
    cat "$work/tokens.txt"
fi
echo "-- synthetic people (goal: 1,000,000 a minute)"
cat "$work/synth.txt"
if [ -f "$work/vault.txt" ]; then
    echo "-- vault"
    cat "$work/vault.txt"
fi
echo "-- the whole way for $people people"
cat "$work/synth.out"
pipeline_table "$work/home"
