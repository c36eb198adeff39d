/* Fuzzy percentiles against a naive oracle, and each reason for not showing one. */
#include "perturb_support.h"

#include <stdlib.h>

static const FuzzyOptions MEDIAN = {50, 5, 16, 2, 3, 80, 100};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The smallest value that at least p percent of the values do not exceed, by counting. */
static int64_t naive(const int64_t *v, size_t n, unsigned p)
{
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t not_above = 0;
        for (size_t k = 0; k < n; k++)
            not_above += v[k] <= v[i];
        if (not_above * 100 >= p * n && v[i] < best)
            best = v[i];
    }
    return best;
}

static void agrees_with_counting(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 1, 0);
    for (int round = 0; round < 3000; round++) {
        FuzzyOptions o = {(uint32_t)rng_between(&rng, 6, 94), (uint32_t)rng_between(&rng, 1, 5), 1, 2, 0, 100,
            rng_between(&rng, 1, 150)};
        size_t n = rng_below(&rng, 60) + 1;
        int64_t v[60], copy[60], value;
        FuzzyVerdict verdict;
        for (size_t i = 0; i < n; i++)
            v[i] = copy[i] = rng_between(&rng, 0, 2000);
        assert_ok(fuzzy_percentile(&o, v, NULL, n, &verdict, &value, NULL));
        if (verdict != FUZZY_SHOWN) {
            assert_int_equal(verdict, FUZZY_FEW_IN_BAND);
            assert_int_equal(value, 0);
            continue;
        }
        int64_t sum = naive(copy, n, o.percent - o.spread) + naive(copy, n, o.percent + o.spread);
        assert_int_equal(value % o.rounding, 0);
        int64_t off = 2 * value - sum; /* half up: -rounding < off <= rounding */
        assert_true(off > -o.rounding && off <= o.rounding);
    }
}

/* Nine people: the 45th and 55th percentile are one person, whose wage would be printed. */
static void one_persons_wage_is_never_shown(void **state)
{
    UNUSED(state);
    FuzzyOptions o = MEDIAN;
    int64_t v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, value;
    FuzzyVerdict verdict;
    o.min_n = 1;
    o.min_employers = 0;
    assert_ok(fuzzy_percentile(&o, v, NULL, 9, &verdict, &value, NULL));
    assert_int_equal(verdict, FUZZY_FEW_IN_BAND);
    assert_ok(fuzzy_percentile(&o, v, NULL, 10, &verdict, &value, NULL));
    assert_int_equal(verdict, FUZZY_SHOWN);
    o.min_band = 1;
    assert_int_equal(fuzzy_percentile(&o, v, NULL, 10, &verdict, &value, NULL), ERR_INVALID);
}

static void minimums(void **state)
{
    UNUSED(state);
    int64_t v[20], value;
    uint64_t employers[20];
    FuzzyVerdict verdict;
    static const struct {
        size_t n, of_first, of_second; /* the rest: third */
        FuzzyVerdict want;
    } cases[] = {
        {20, 10, 6, FUZZY_SHOWN},
        {15, 7, 5, FUZZY_FEW_PEOPLE},
        {20, 10, 10, FUZZY_FEW_EMPLOYERS},
        {20, 16, 3, FUZZY_SHOWN}, /* exactly 80 percent */
        {20, 17, 2, FUZZY_ONE_EMPLOYER},
        {0, 0, 0, FUZZY_FEW_PEOPLE},
    };
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        for (size_t i = 0; i < cases[c].n; i++) {
            v[i] = (int64_t)((i * 7 + 3) % 20) * 1000;
            employers[i] = i < cases[c].of_first ? 9 : i < cases[c].of_first + cases[c].of_second ? 4 : 11;
        }
        assert_ok(fuzzy_percentile(&MEDIAN, v, employers, cases[c].n, &verdict, &value, NULL));
        assert_int_equal(verdict, cases[c].want);
        assert_true((value != 0) == (verdict == FUZZY_SHOWN));
        assert_true((fuzzy_reason(verdict)[0] == '\0') == (verdict == FUZZY_SHOWN));
    }
    qsort(v, 20, sizeof *v, by_value);
    assert_int_equal(fuzzy_percentile(&MEDIAN, v, NULL, 20, &verdict, &value, NULL), ERR_INVALID);
    v[3] = -1;
    assert_int_equal(fuzzy_percentile(&MEDIAN, v, employers, 20, &verdict, &value, NULL), ERR_INVALID);
    static const FuzzyOptions bad[] = {{4, 5, 16, 2, 0, 80, 1}, {95, 5, 16, 2, 0, 80, 1}, {50, 5, 0, 2, 0, 80, 1},
        {50, 5, 16, 2, 0, 0, 1}, {50, 5, 16, 2, 0, 101, 1}, {50, 5, 16, 2, 0, 80, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(fuzzy_percentile(&bad[i], v, employers, 0, &verdict, &value, NULL), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_counting),
        cmocka_unit_test(one_persons_wage_is_never_shown),
        cmocka_unit_test(minimums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
