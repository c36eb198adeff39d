/* Differences of two values: a table, and against the length of a longest common subsequence by brute force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "review/differences.h"

static void table(void **state)
{
    UNUSED(state);
    static const struct {
        const char *a, *b, *a_marks, *b_marks; /* x: differs */
    } cases[] = {
        {"SMITH", "SMITH", ".....", "....."}, {"Smith", "SMITH", ".....", "....."},
        {"SMITH", "SMYTH", "..x..", "..x.."}, {"JON", "JOHN", "...", "..x."}, {"ANN", "", "xxx", ""}, {"", "", "", ""},
        {"2001-02-03", "2001-03-02", "......x...", "........x."},
        {"G\xc3\xb3mez", "Gomez", ".xx...", ".x..."}, /* a character is one mark, however many bytes */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool a[64], b[64];
        Slice x = slice_of(cases[i].a), y = slice_of(cases[i].b);
        mark_differences(x, y, a, b);
        size_t wrong = 0;
        if (i == 6) { /* one of two equally good answers: only the counts are fixed */
            for (size_t k = 0; k < x.len; k++)
                wrong += a[k];
            assert_true(wrong >= 1 && wrong <= 2);
            continue;
        }
        for (size_t k = 0; k < x.len; k++)
            wrong += a[k] != (cases[i].a_marks[k] == 'x');
        for (size_t k = 0; k < y.len; k++)
            wrong += b[k] != (cases[i].b_marks[k] == 'x');
        if (wrong)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
}

static size_t longest_common(const char *a, size_t n, const char *b, size_t m)
{
    if (n == 0 || m == 0)
        return 0;
    if (a[0] == b[0])
        return 1 + longest_common(a + 1, n - 1, b + 1, m - 1);
    size_t x = longest_common(a + 1, n - 1, b, m), y = longest_common(a, n, b + 1, m - 1);
    return x > y ? x : y;
}

static void what_is_left_is_common(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 5, 1);
    for (int round = 0; round < 3000; round++) {
        char a[9], b[9], left[2][9] = {{0}};
        bool am[9], bm[9];
        size_t n = rng_below(&rng, 9), m = rng_below(&rng, 9), kept[2] = {0};
        for (size_t i = 0; i < n; i++)
            a[i] = (char)('A' + rng_below(&rng, 3));
        for (size_t i = 0; i < m; i++)
            b[i] = (char)('A' + rng_below(&rng, 3));
        mark_differences((Slice){a, n}, (Slice){b, m}, am, bm);
        for (size_t i = 0; i < n; i++)
            if (!am[i])
                left[0][kept[0]++] = a[i];
        for (size_t i = 0; i < m; i++)
            if (!bm[i])
                left[1][kept[1]++] = b[i];
        assert_string_equal(left[0], left[1]);
        assert_int_equal(kept[0], longest_common(a, n, b, m));
    }
}

/* Longer than what is looked at: the rest counts as different, and nothing is written beyond. */
static void long_values(void **state)
{
    UNUSED(state);
    static char a[1000], b[1000];
    static bool am[1000], bm[1000];
    memset(a, 'A', sizeof a);
    memset(b, 'A', sizeof b);
    mark_differences((Slice){a, sizeof a}, (Slice){b, sizeof b}, am, bm);
    for (size_t i = 0; i < sizeof a; i++)
        assert_int_equal(am[i], i >= DIFFERENCES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table), cmocka_unit_test(what_is_left_is_common), cmocka_unit_test(long_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
