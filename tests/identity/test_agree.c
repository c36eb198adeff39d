/* Agreement of dates, and one edit against the textbook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "identity/identity_impl.h"

/* Oracle: the textbook dynamic programme of optimal string alignment. */
static size_t osa(Slice a, Slice b)
{
    size_t d[16][16];
    for (size_t i = 0; i <= a.len; i++)
        d[i][0] = i;
    for (size_t k = 0; k <= b.len; k++)
        d[0][k] = k;
    for (size_t i = 1; i <= a.len; i++)
        for (size_t k = 1; k <= b.len; k++) {
            size_t cost = a.ptr[i - 1] != b.ptr[k - 1];
            size_t best = d[i - 1][k - 1] + cost;
            if (d[i - 1][k] + 1 < best)
                best = d[i - 1][k] + 1;
            if (d[i][k - 1] + 1 < best)
                best = d[i][k - 1] + 1;
            if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] && a.ptr[i - 2] == b.ptr[k - 1] &&
                d[i - 2][k - 2] + 1 < best)
                best = d[i - 2][k - 2] + 1;
            d[i][k] = best;
        }
    return d[a.len][b.len];
}

static void one_edit_against_oracle(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 7, 1);
    size_t near = 0;
    for (int i = 0; i < 200000; i++) {
        char x[8], y[8];
        size_t n = rng_below(&r, 8), m = rng_below(&r, 8);
        for (size_t k = 0; k < n; k++)
            x[k] = (char)('A' + rng_below(&r, 3));
        for (size_t k = 0; k < m; k++)
            y[k] = (char)('A' + rng_below(&r, 3));
        Slice a = {x, n}, b = {y, m};
        bool expected = osa(a, b) <= 1;
        near += expected;
        assert_int_equal(within_one_edit(a, b), expected);
    }
    assert_true(near > 1000); /* the sample reaches both answers */
}

static void birth_dates(void **state)
{
    UNUSED(state);
    static const struct {
        const char *a, *b;
        int agreement;
    } cases[] = {
        {"2001-02-03", "2001-02-03", 2},
        {"2001-02-03", "2001-03-02", 1},
        {"2001-02-03", "2001-02-04", 1},
        {"2001-02-03", "2010-02-03", 1},
        {"2001-02-03", "1999-07-21", -1},
        {"", "2001-02-03", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(
            agree_birth(standard_birth_date(slice_of(cases[i].a)), standard_birth_date(slice_of(cases[i].b))),
            cases[i].agreement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_edit_against_oracle),
        cmocka_unit_test(birth_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
