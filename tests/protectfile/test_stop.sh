#!/usr/bin/env bash
#
# cairn protect and cairn audit end soon after they are asked to (SIGTERM), write nothing and say so by their exit code,
# in the middle of questions that would go on for long.
#
# usage: test_stop.sh CAIRN
set -uo pipefail
export LC_ALL=C
cairn=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; [ $# -lt 2 ] || sed 's/^/# /' "$2"; }

# A table of 30 x 30 x 30 with all margins, numbers 0 to 59. complement: which of four inner cells are suppressed, too.
table() # complement
{
    awk -v k=30 -v complement="$1" '
        function at(x, y, z) { return (x * (k + 1) + y) * (k + 1) + z }
        BEGIN {
            seed = 7
            for (x = 0; x < k; x++) for (y = 0; y < k; y++) for (z = 0; z < k; z++) {
                seed = (seed * 1103515245 + 12345) % 2147483648
                v = int(seed / 65536) % 60
                for (i = 0; i < 8; i++) value[at(i % 2 ? k : x, int(i / 2) % 2 ? k : y, i >= 4 ? k : z)] += v
                mark[at(x, y, z)] = v > 0 && v < 10 ? "u" : v % 4 < complement ? "m" : "s"
            }
            cells = (k + 1) ^ 3
            printf "0\n%d\n", cells
            for (c = 0; c < cells; c++) {
                m = mark[c] == "" ? "s" : mark[c]
                printf "%d %d %d %s 0 %d %s 0\n", c, value[c], value[c] + 1, m, value[c] * 4 + 100, m == "u" ? "1 10" : "0 0"
            }
            printf "%d\n", 3 * (k + 1) ^ 2
            for (d = 0; d < 3; d++) for (a = 0; a <= k; a++) for (b = 0; b <= k; b++) {
                printf "0 %d :", k + 1
                for (i = 0; i <= k; i++)
                    printf " %d (%d)", d == 0 ? at(i, a, b) : d == 1 ? at(a, i, b) : at(a, b, i), i < k ? 1 : -1
                print ""
            }
        }'
}

# A second or two, and more where the machine is busy and the program full of checks.
MOST=8
stops() # what, command...
{
    local what=$1 begin took code
    shift
    "$@" >out.log 2>&1 &
    local pid=$!
    sleep 1.5
    kill -0 "$pid" 2>/dev/null || { not_ok "$what: it had ended before" out.log; return; }
    begin=$(date +%s%N)
    kill -TERM "$pid"
    wait "$pid"
    code=$?
    took=$((($(date +%s%N) - begin) / 1000000))
    echo "# $what: $took ms after SIGTERM"
    if [ "$code" -ne 130 ]; then not_ok "$what: exit code $code" out.log
    elif [ "$took" -gt $((MOST * 1000)) ]; then not_ok "$what: ended after $took ms"
    else ok "$what"; fi
}

table 0 >open.jj
table 2 >hidden.jj
stops "protecting is stopped" "$cairn" protect --jj open.jj --threads 2 --out made.jj --proof made.proof
if [ ! -e made.jj ] && [ ! -e made.proof ]; then ok "nothing was written"; else not_ok "something was written"; fi
stops "an audit is stopped" "$cairn" audit --jj hidden.jj --threads 2
echo "1..$n"
