#!/usr/bin/env bash
#
# The example program linked with each library finds the people, and neither library shows a name of the house.
#
# usage: test_library.sh EXAMPLE_SHARED EXAMPLE_STATIC SHARED STATIC
set -uo pipefail
export LC_ALL=C
n=0
check() # what, command...
{
    local what=$1
    shift
    n=$((n + 1))
    if "$@"; then echo "ok $n - $what"; else echo "not ok $n - $what"; fi
}
wanted='134 records, 100 people'
says() { "$1" | tee /dev/stderr | grep -qx -e "$2"; }
only_ours() # nm arguments: every defined global name begins with cairn_match_
{
    local names
    names=$(nm "$@" | awk 'NF >= 3 && $2 ~ /^[TDBRVW]$/ { sub(/@.*/, "", $3); print $3 }' | grep -v -e '^cairn_match_' -e '^CAIRN_MATCH_')
    [ -z "$names" ] || { echo "$names" | head -5 >&2; return 1; }
}
check 'shared: everybody is found' says "$1" "$wanted"
check 'static: everybody is found' says "$2" "$wanted"
check 'the example explains' says "$1" 'one person'
check 'shared library shows cairn_match_ only' only_ours -D --defined-only "$3"
check 'static library shows cairn_match_ only' only_ours -g --defined-only "$4"
check 'the names are there' sh -c "nm -D --defined-only '$3' | grep -q cairn_match_link"
echo "1..$n"
