#!/usr/bin/env bash
#
# The state one to one, as a documented long run and no part of `make bench`: all of K-12 for twelve years, about two and
# a half million people, and the wages of those who work. Needs about 60 GB of disk, and time; see docs/benchmarks.md.
#
# usage: bench/state.sh BUILD_FOLDER FOLDER      (FOLDER keeps the state and the home; a state that is there is used again)
# Knobs: PEOPLE (2500000), FIRST_YEAR (2014), LAST_YEAR (2025), THREADS (2), MEMORY in MB (8192)
[ $# -eq 2 ] || { echo "usage: bench/state.sh BUILD_FOLDER FOLDER" >&2; exit 64; }
CAIRN_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "$1" && pwd) || exit 1
CAIRN=$build/src/cli/cairn
MEASURED=$build/bench/measured
export CAIRN MEASURED CAIRN_SOURCE
mkdir -p "$2" || exit 1
folder=$(cd "$2" && pwd)
work=$(mktemp -d "$folder/measured-XXXXXX")
trap 'rm -rf "$work"' EXIT
source "$CAIRN_SOURCE/bench/lib.sh"

people=${PEOPLE:-2500000}
if [ -d "$folder/state/truth" ]; then
    echo "the state in $folder/state is used again" >&2
else
    measured synth "$CAIRN" synth --people "$people" --seed 1 --threads "$threads" --first-year "${FIRST_YEAR:-2014}" \
        --last-year "${LAST_YEAR:-2025}" --first-grade 0 --out "$folder/state" --quiet
    cat "$work/synth.out"
fi
rm -rf "$folder/home"
# The home remembers the limit, so every step keeps to it.
pipeline "$folder/state" "$folder/home" --memory "${MEMORY:-8192}"
echo "-- one to one, $people people (goal, after synth: 600 s, 8192 MiB)"
pipeline_table "$folder/home"
