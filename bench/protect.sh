#!/usr/bin/env bash
#
# Protection, printed: public JJ problems, problems of the shapes of others, tables with all margins and a hierarchical
# release, each protected, attacked and repaired until no cell is unprotected; the cost over the optimum where that is
# known.
#
# Environment, set by meson.build: BENCH_PROTECT, CAIRN_SOURCE.
# Knobs: CAIRN_SHARED_DATA (its protection/csp/*.jj; without them only what is made here), SMALL (100 hierarchies whose
# optimum is proven), TREE (250000 cells; 0: left out), SECONDS_EACH (1200: then a problem is given up).
set -uo pipefail
export LC_ALL=C
: "${BENCH_PROTECT:?}" "${CAIRN_SOURCE:?}"
data=${CAIRN_SHARED_DATA:-$CAIRN_SOURCE/../shared/data}/protection/csp
tree=${TREE:-250000} each=${SECONDS_EACH:-1200}
failed=0

# A line a problem. What is given up or refused is said, and ends the run with 1.
protect()
{
    timeout "$each" "$BENCH_PROTECT" --audit "$@" || {
        local code=$?
        failed=1
        [ $code -ne 124 ] || echo "${*: -1}: given up after $each s"
    }
}

echo "-- protection, CPU time (goals: 0 unprotected; targus within 0.5 % of 1,016,577, table8 at most 120, hier13 at"
echo "   most 10.3 M, 60 s each; nine12 10 minutes; cube:20 20 s; cube:30 5 minutes; tree:250000 10 minutes; 4 GiB)"
found=0
for file in "$data"/*.jj; do
    [ -f "$file" ] || continue
    found=1
    protect "$file"
done
[ $found -eq 1 ] || echo "no JJ problems in $data (set CAIRN_SHARED_DATA): left out"
for shape in nine12 ninenew two5in6 nine5d five20 hier13 hier13x13x13 hier16 hier16x16x16 bts4 cbs dale osorio table3 jjtabel3; do
    protect "shape:$shape"
done
protect "small:${SMALL:-100}"
protect cube:20
protect cube:30
# At the default effort, as the command has it.
[ "$tree" -eq 0 ] || protect --threads 2 "tree:$tree"
exit $failed
