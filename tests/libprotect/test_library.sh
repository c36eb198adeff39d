#!/usr/bin/env bash
#
# The example program protects its table and finds what a careless publisher gives away; the library shows no name of the
# house.
#
# usage: test_library.sh EXAMPLE SHARED
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
says() { "$1" | tee /dev/stderr | grep -qx -e "$2"; }
only_ours()
{
    local names
    names=$(nm -D --defined-only "$1" | awk 'NF >= 3 && $2 ~ /^[TDBRVW]$/ { sub(/@.*/, "", $3); print $3 }' |
        grep -v -e '^cairn_protect_' -e '^CAIRN_PROTECT_')
    [ -z "$names" ] || { echo "$names" | head -5 >&2; return 1; }
}
check 'one cell by rule, three to protect it' says "$1" 'suppressed: 1 by rule, 3 to protect'
check 'the small cell is not printed' says "$1" 'A,x,[*]'
check 'totals are' says "$1" 'A,all,40'
check 'the careless table is seen through' says "$1" 'students, school A, group x is exactly 4'
check 'the library shows cairn_protect_ only' only_ours "$2"
check 'the names are there' sh -c "nm -D --defined-only '$2' | grep -q cairn_protect_run"
echo "1..$n"
