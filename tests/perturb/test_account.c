/* Accounting against what others have published, and against the definition. */
#include "perturb_support.h"

#include <math.h>

/* Published figures are rounded, so the published epsilon must lie between those of the ends of rho's rounding. */
static const struct {
    const char *who;
    double rho, epsilon;
    bool tight; /* otherwise the quick conversion */
} PUBLISHED[] = {
    {"2020 Census redistricting, persons", 2.56, 17.14, true},
    {"2020 Census redistricting, housing units", 0.07, 2.47, true},
    {"2020 Census DHC, persons", 4.96, 26.34, false},
    {"2020 Census DHC, units", 7.70, 34.33, false},
};

static void published_pairs(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(PUBLISHED); i++) {
        int64_t low = (int64_t)((PUBLISHED[i].rho - 0.005) * 1e9), high = (int64_t)((PUBLISHED[i].rho + 0.005) * 1e9);
        double from = PUBLISHED[i].tight ? rho_to_epsilon_tight(low, 10) : rho_to_epsilon_quick(low, 10);
        double to = PUBLISHED[i].tight ? rho_to_epsilon_tight(high, 10) : rho_to_epsilon_quick(high, 10);
        if (PUBLISHED[i].epsilon < from - 0.005 || PUBLISHED[i].epsilon > to + 0.005)
            fail_msg("%s: %g is not in [%g, %g]", PUBLISHED[i].who, PUBLISHED[i].epsilon, from, to);
        /* and the other conversion would not explain it, or the test would be blind */
        double other = PUBLISHED[i].tight ? rho_to_epsilon_quick(low, 10) : rho_to_epsilon_tight(high, 10);
        assert_true(PUBLISHED[i].tight ? PUBLISHED[i].epsilon < other : PUBLISHED[i].epsilon > other);
    }
    /* rho 2.56 by hand: 2.56 + 2 sqrt(2.56 * 23.0259) = 17.9153; by Prop. 12 17.1583 */
    assert_true(fabs(rho_to_epsilon_quick(INT64_C(2560000000), 10) - 17.916) < 1e-9);
    assert_true(fabs(rho_to_epsilon_tight(INT64_C(2560000000), 10) - 17.159) < 1e-9);
    assert_true(rho_to_epsilon_tight(0, 10) == 0 && rho_to_epsilon_quick(0, 10) == 0);
}

/* Exact delta of Gaussian noise (Balle and Wang 2018): no conversion may promise less. */
static double gaussian_delta(double rho, double epsilon)
{
    double mu = sqrt(2 * rho);
    return 0.5 * erfc(-(mu / 2 - epsilon / mu) / sqrt(2)) -
           exp(epsilon) * 0.5 * erfc((mu / 2 + epsilon / mu) / sqrt(2));
}

static void never_below_the_truth(void **state)
{
    UNUSED(state);
    for (int64_t rho = 1000000; rho < 20 * RHO_ONE; rho = rho * 3 / 2)
        for (uint32_t d = 3; d <= 12; d += 3) {
            double tight = rho_to_epsilon_tight(rho, d), quick = rho_to_epsilon_quick(rho, d);
            assert_true(tight < quick);
            assert_true(gaussian_delta((double)rho / 1e9, tight) <= pow(10, -(double)d));
            /* an epsilon of a tenth less is not promised by the same formula */
            assert_true(rho_to_log_delta(rho, tight) <= -(double)d * log(10));
            assert_true(rho_to_log_delta(rho, tight * 0.9) > -(double)d * log(10));
        }
}

static void costs(void **state)
{
    UNUSED(state);
    static const struct {
        DpMechanism m;
        Ratio amount;
        int64_t rho;
    } cases[] = {
        {DP_GAUSSIAN, {1, 2}, 500000000},
        {DP_GAUSSIAN, {1, 3}, 333333334},
        {DP_LAPLACE, {1, 1}, 500000000},
        {DP_LAPLACE, {1, 3}, 55555556},
        {DP_LAPLACE, {2, 1}, 2000000000},
        {DP_GAUSSIAN, {1, 1000000000}, 1},
    };
    DpPrivacy p = {.cells_per_person = 3, .per_cell = 2};
    int64_t rho;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        p.mechanism = cases[i].m;
        p.amount = cases[i].amount;
        assert_ok(dp_cost(&p, &rho, NULL));
        assert_int_equal(rho, cases[i].rho);
    }
    p.amount = (Ratio){0, 1};
    assert_int_equal(dp_cost(&p, &rho, NULL), ERR_INVALID);
    p.amount = (Ratio){UINT64_C(999999999999999999), 1};
    assert_int_equal(dp_cost(&p, &rho, NULL), ERR_LIMIT);
    p.amount = (Ratio){1, 1};
    p.per_cell = 0;
    assert_int_equal(dp_cost(&p, &rho, NULL), ERR_INVALID);
}

static void ratios(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        uint64_t num, den;
    } good[] = {{"0.25", 1, 4}, {"3", 3, 1}, {"2/8", 1, 4}, {"0", 0, 1}, {"1.000000001", 1000000001, 1000000000},
        {"0.50", 1, 2}};
    static const char *const bad[] = {
        "", ".5", "1.", "-1", "1/0", "1e3", "1/2/3", "1.5/2", "0x1", " 1", "1234567890", "1/"};
    Ratio r;
    Buf text;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_ok(ratio_parse(slice_of(good[i].text), &r, NULL));
        assert_true(r.num == good[i].num && r.den == good[i].den);
        buf_init(&text, 0);
        ratio_print(r, &text);
        Ratio again;
        if (r.den <= 999999999 && r.num <= 999999999) {
            assert_ok(ratio_parse(buf_slice(&text), &again, NULL));
            assert_true(again.num == r.num && again.den == r.den);
        }
        buf_free(&text);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(ratio_parse(slice_of(bad[i]), &r, NULL), ERR_PARSE);
}

/* What one person can change decides the noise: worked by hand. */
static void sensitivities(void **state)
{
    UNUSED(state);
    static const struct {
        DpPrivacy p;
        DpReach reach;
        uint64_t num, den;
    } cases[] = {
        {{DP_LAPLACE, DP_ADD_REMOVE, {1, 1}, 1, 1}, REACH_FINEST, 1, 1},
        {{DP_LAPLACE, DP_REPLACE, {1, 1}, 1, 1}, REACH_FINEST, 2, 1},
        {{DP_LAPLACE, DP_ADD_REMOVE, {1, 2}, 3, 2}, REACH_FINEST, 12, 1},
        {{DP_LAPLACE, DP_ADD_REMOVE, {1, 2}, 3, 2}, REACH_COARSE, 12, 1},
        {{DP_GAUSSIAN, DP_ADD_REMOVE, {1, 2}, 1, 1}, REACH_FINEST, 1, 1},
        {{DP_GAUSSIAN, DP_REPLACE, {1, 2}, 1, 1}, REACH_FINEST, 2, 1},
        {{DP_GAUSSIAN, DP_ADD_REMOVE, {1, 10}, 3, 2}, REACH_FINEST, 60, 1},
        {{DP_GAUSSIAN, DP_ADD_REMOVE, {1, 10}, 3, 2}, REACH_COARSE, 180, 1},
        {{DP_GAUSSIAN, DP_REPLACE, {1, 10}, 3, 2}, REACH_COARSE, 360, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Noise n;
        assert_ok(dp_noise(&cases[i].p, (Ratio){1, 1}, cases[i].reach, &n, NULL));
        assert_int_equal(n.num, cases[i].num);
        assert_int_equal(n.den, cases[i].den);
    }
    Noise n;
    assert_ok(dp_noise(&cases[0].p, (Ratio){1, 4}, REACH_FINEST, &n, NULL));
    assert_int_equal(n.num, 4);
    DpPrivacy fine = {DP_GAUSSIAN, DP_REPLACE, {1, 999999999}, 1000000, 1000000};
    assert_int_equal(dp_noise(&fine, (Ratio){1, 1}, REACH_COARSE, &n, NULL), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_pairs),
        cmocka_unit_test(never_below_the_truth),
        cmocka_unit_test(costs),
        cmocka_unit_test(ratios),
        cmocka_unit_test(sensitivities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
