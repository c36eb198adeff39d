#!/usr/bin/env bash
#
# Between data and noise there is no floating point: the files on that way compile with every floating register
# forbidden, which a single double would prevent. And the program knows no seed: the test's source of coins is not in it.
#
# Environment: CC (with arguments), CAIRN, CAIRN_SOURCE, PERTURB_TEST (a test program that has the seed), PERTURB_REAL
# (one that is linked as the program is); the files are the arguments.
set -u
export LC_ALL=C
number=0 failed=0
say()
{
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        failed=1
    fi
}
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-test-integers-XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2206
compile=($CC -std=c17 -D_GNU_SOURCE -O2 -mgeneral-regs-only -I "$CAIRN_SOURCE/src" -c -o "$work/out.o")

# gcc refuses a double outright; clang turns it into calls of the soft-float library, which the object then names.
integers_only()
{
    "${compile[@]}" "$1" 2>"$work/log" || return 1
    ! nm -u "$work/out.o" | grep -E '__(add|sub|mul|div|neg|eq|ne|lt|le|gt|ge|unord|float|fix|extend|trunc)[a-z]*(sf|df|xf|tf)' >"$work/log"
}

echo 'int whole(int a); int whole(int a) { return a + 1; }' >"$work/whole.c"
if ! "${compile[@]}" "$work/whole.c" 2>/dev/null; then
    echo "1..0 # SKIP the compiler has no -mgeneral-regs-only"
    exit 0
fi
echo 'double half(double a); double half(double a) { return a / 2; }' >"$work/half.c"
! integers_only "$work/half.c"
say $? "a planted double is refused"
{
    echo '#include "perturb/sampler.h"'
    echo 'int64_t near(int64_t a); int64_t near(int64_t a) { return (int64_t)((double)a * 1.5); }'
} >"$work/near.c"
! integers_only "$work/near.c"
say $? "a planted double behind the room's header is refused"
for file in "$@"; do
    integers_only "$file"
    code=$?
    [ $code = 0 ] || sed 's/^/# /' "$work/log"
    say $code "${file##*/}: integers only"
done
nm "$PERTURB_TEST" 2>/dev/null | grep -q coins_test_seed
say $? "the seed is seen where it is"
nm "$PERTURB_REAL" 2>/dev/null | grep -q coins_fill
say $? "the system's coins are seen where they are"
for program in "$PERTURB_REAL" "$CAIRN"; do
    ! nm "$program" 2>/dev/null | grep -q coins_test_seed
    say $? "${program##*/} has no seed"
done
echo "1..$number"
exit $failed
