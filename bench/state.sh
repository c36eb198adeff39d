#!/usr/bin/env bash
#
# The state one to one, as a documented long run and no part of `make bench`: all of K-12 for twelve years, about two and
# a half million people, and the wages of those who work: 49 million wage rows of 94 million rows in all. With
#
#   PEOPLE=4000000 PARENT_PPM=1000000
#
# every parent is among the people, over the same number of students: 108 million wage rows of 156 million rows.
# Needs about 35 GB of disk (60 with all parents), and time; see docs/benchmarks.md.
#
# usage: bench/state.sh BUILD_FOLDER FOLDER      (FOLDER keeps the state and the home; a state that is there is used again)
# Knobs: PEOPLE (2500000), FIRST_YEAR (2014), LAST_YEAR (2025), THREADS (2), MEMORY in MB (8192), PARENT_PPM (as
# policy/colorado/synth/parameters.toml says)
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

# A policy folder like the one in use, with another share of parents: for synth only.
synth_policy()
{
    [ -n "${PARENT_PPM:-}" ] || { echo "$CAIRN_POLICY"; return; }
    mkdir "$work/policy"
    cp -r "$CAIRN_SOURCE/policy/core" "$CAIRN_POLICY" "$work/policy/"
    local parameters=$work/policy/${CAIRN_POLICY##*/}/synth/parameters.toml
    sed -i "/^key = \"parent_ppm\"/{n;s/^value = .*/value = $PARENT_PPM/}" "$parameters"
    grep -A 1 '^key = "parent_ppm"' "$parameters" | grep -q "^value = $PARENT_PPM\$" || {
        echo "bench: parent_ppm was not found in $parameters" >&2
        exit 1
    }
    echo "$work/policy/${CAIRN_POLICY##*/}"
}

if [ -d "$folder/state/truth" ]; then
    echo "the state in $folder/state is used again" >&2
else
    policy=$(synth_policy)
    measured synth "$CAIRN" synth --policy "$policy" --people "$people" --seed 1 --threads "$threads" \
        --first-year "${FIRST_YEAR:-2014}" --last-year "${LAST_YEAR:-2025}" --first-grade 0 --out "$folder/state" --quiet
    cat "$work/synth.out"
fi

# Accepted rows of the wage files.
wage_rows()
{
    cat "$folder"/home/loads/*/receipt.json | awk '/"source": "/ { wage = /"cdle_wage_/ }
        /"rows_accepted":/ && wage { gsub(/[^0-9]/, ""); rows += $0 } END { printf "%d", rows }'
}

rm -rf "$folder/home"
# The home remembers the limit, so every step keeps to it.
pipeline "$folder/state" "$folder/home" --memory "${MEMORY:-8192}"
echo "-- one to one, $people people, $(wage_rows) wage rows (goal, after synth: 600 s, 8192 MiB)"
pipeline_table "$folder/home"
