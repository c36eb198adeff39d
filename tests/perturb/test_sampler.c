/*
 * The samplers as a whole, in the shape of Tumult Core's tests: 100,000 draws, chi-square, accepted at p > 1e-20 for
 * the right scale and rejected at p < 1e-20 for a scale 30 percent off. Neither flaky nor blind.
 */
#include "perturb_support.h"

#include <math.h>
#include <stdlib.h>

#define DRAWS 100000
#define REACH 4000

static double log_weight(DpMechanism m, double scale, int64_t x)
{
    return m == DP_LAPLACE ? -fabs((double)x) / scale : -(double)x * (double)x / (2 * scale);
}

/* Expected numbers for -REACH .. REACH; scale: of Laplace, or sigma^2. */
static void expected_numbers(DpMechanism m, double scale, double *out)
{
    double all = 0;
    for (int64_t x = -REACH; x <= REACH; x++)
        all += out[x + REACH] = exp(log_weight(m, scale, x));
    for (int64_t x = 0; x <= 2 * REACH; x++)
        out[x] *= DRAWS / all;
}

static void draw_all(DpMechanism m, uint64_t num, uint64_t den, uint64_t *counts)
{
    Noise noise;
    Coins *coins;
    assert_ok(noise_init(&noise, m, num, den, NULL));
    assert_ok(coins_new(&coins, NULL));
    memset(counts, 0, (2 * REACH + 1) * sizeof *counts);
    for (int i = 0; i < DRAWS; i++) {
        int64_t x = noise_draw(&noise, coins);
        assert_in_range(x + REACH, 0, 2 * REACH);
        counts[x + REACH]++;
    }
    coins_free(coins);
}

static const struct {
    DpMechanism mechanism;
    uint64_t num, den;
} CASES[] = {
    {DP_LAPLACE, 1, 1},
    {DP_LAPLACE, 10, 1},
    {DP_LAPLACE, 7, 3},
    {DP_LAPLACE, 1, 2},
    {DP_LAPLACE, 200, 1},
    {DP_LAPLACE, 1000000007, 100000000},
    {DP_GAUSSIAN, 1, 1},
    {DP_GAUSSIAN, 100, 1},
    {DP_GAUSSIAN, 7, 3},
    {DP_GAUSSIAN, 1, 2},
    {DP_GAUSSIAN, 40000, 1},
    {DP_GAUSSIAN, 1000000007, 100000000},
    {DP_GAUSSIAN, UINT64_C(1099511627773), UINT64_C(99511627776)},
};

static void right_and_wrong_scales(void **state)
{
    UNUSED(state);
    uint64_t *counts = calloc(2 * REACH + 1, sizeof *counts);
    double *expected = calloc(2 * REACH + 1, sizeof *expected);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        double scale = (double)CASES[i].num / (double)CASES[i].den;
        double wrong = CASES[i].mechanism == DP_LAPLACE ? 0.7 : 0.49,
               more = CASES[i].mechanism == DP_LAPLACE ? 1.3 : 1.69;
        coins_test_seed(100 + i);
        draw_all(CASES[i].mechanism, CASES[i].num, CASES[i].den, counts);
        expected_numbers(CASES[i].mechanism, scale, expected);
        assert_true(fit_p(counts, expected, 2 * REACH + 1) > 1e-20);
        expected_numbers(CASES[i].mechanism, scale * wrong, expected);
        assert_true(fit_p(counts, expected, 2 * REACH + 1) < 1e-20);
        expected_numbers(CASES[i].mechanism, scale * more, expected);
        assert_true(fit_p(counts, expected, 2 * REACH + 1) < 1e-20);
    }
    free(counts);
    free(expected);
}

static void exponential_coin(void **state)
{
    UNUSED(state);
    static const uint64_t gammas[][2] = {{0, 1}, {1, 2}, {1, 1}, {7, 3}, {1, 1000000}, {30, 1}};
    Coins *coins;
    coins_test_seed(5);
    assert_ok(coins_new(&coins, NULL));
    for (size_t i = 0; i < COUNT_OF(gammas); i++) {
        double p = exp(-(double)gammas[i][0] / (double)gammas[i][1]);
        uint64_t hits = 0;
        for (int k = 0; k < DRAWS; k++)
            hits += bernoulli_exp(coins, gammas[i][0], gammas[i][1]);
        assert_true(p >= share_low(hits, DRAWS, 1e-12) && p <= share_high(hits, DRAWS, 1e-12));
    }
    /* fractions of more than 64 bits: the same probability through the wide path */
    uint64_t hits = 0;
    u128 wide = (u128)1 << 90;
    for (int k = 0; k < DRAWS; k++)
        hits += bernoulli_exp(coins, wide, 2 * wide);
    assert_true(exp(-0.5) >= share_low(hits, DRAWS, 1e-12) && exp(-0.5) <= share_high(hits, DRAWS, 1e-12));
    coins_free(coins);
}

static void uniform_below(void **state)
{
    UNUSED(state);
    Coins *coins;
    uint64_t counts[7];
    double expected[7];
    coins_test_seed(6);
    assert_ok(coins_new(&coins, NULL));
    for (uint64_t n = 2; n <= 7; n++) {
        memset(counts, 0, sizeof counts);
        for (int k = 0; k < DRAWS; k++)
            counts[coins_below(coins, n)]++;
        for (size_t i = 0; i < n; i++)
            expected[i] = DRAWS / (double)n;
        assert_true(fit_p(counts, expected, n) > 1e-20);
    }
    /* a bound at which a plain remainder would be wrong by a half */
    uint64_t big = UINT64_C(3) << 62, low = 0;
    for (int k = 0; k < DRAWS; k++)
        low += coins_below(coins, big) < big / 3;
    assert_true(1.0 / 3 > share_low(low, DRAWS, 1e-12) && 1.0 / 3 < share_high(low, DRAWS, 1e-12));
    assert_int_equal(coins_below(coins, 1), 0);
    coins_free(coins);
}

static void limits(void **state)
{
    UNUSED(state);
    Noise noise;
    assert_int_equal(noise_init(&noise, DP_LAPLACE, 0, 1, NULL), ERR_LIMIT);
    assert_int_equal(noise_init(&noise, DP_LAPLACE, 1, 0, NULL), ERR_LIMIT);
    assert_int_equal(noise_init(&noise, DP_LAPLACE, NOISE_MAX + 1, 1, NULL), ERR_LIMIT);
    assert_int_equal(noise_init(&noise, DP_GAUSSIAN, 1, NOISE_MAX + 1, NULL), ERR_LIMIT);
    assert_ok(noise_init(&noise, DP_GAUSSIAN, (u128)NOISE_MAX * 6, (u128)NOISE_MAX * 4, NULL)); /* lowest terms count */
    assert_int_equal(noise.num, 3);
    assert_int_equal(noise.den, 2);
    for (uint64_t v = 0; v < 200000; v++)
        assert_true(root_floor(v) * root_floor(v) <= v && (root_floor(v) + 1) * (root_floor(v) + 1) > v);
    assert_true(root_floor(~(u128)0) == UINT64_MAX);
    /* the largest parameters there are: no product leaves its type */
    static const uint64_t ends[] = {1, 2, NOISE_MAX - 1, NOISE_MAX};
    Coins *coins;
    coins_test_seed(8);
    assert_ok(coins_new(&coins, NULL));
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        for (size_t k = 0; k < COUNT_OF(ends); k++)
            for (int m = 0; m < 2; m++) {
                assert_ok(noise_init(&noise, (DpMechanism)m, ends[i], ends[k], NULL));
                for (int n = 0; n < 2000; n++) {
                    double y = (double)noise_draw(&noise, coins), s = (double)noise.num / (double)noise.den;
                    assert_true(fabs(y) <= 60 * (m == DP_LAPLACE ? s : sqrt(s)) + 1);
                }
            }
    coins_free(coins);
}

static void half_widths(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Noise noise;
        Coins *coins;
        assert_ok(noise_init(&noise, CASES[i].mechanism, CASES[i].num, CASES[i].den, NULL));
        int64_t w = noise_half_width(&noise), inside = 0, narrower = 0;
        double sum = 0;
        coins_test_seed(300 + i);
        assert_ok(coins_new(&coins, NULL));
        for (int k = 0; k < DRAWS; k++) {
            int64_t x = noise_draw(&noise, coins);
            inside += x >= -w && x <= w;
            narrower += x > -w && x < w;
            sum += (double)x * (double)x;
        }
        coins_free(coins);
        assert_true(share_high((uint64_t)inside, DRAWS, 1e-9) >= 0.95);
        assert_true(w == 0 || share_low((uint64_t)narrower, DRAWS, 1e-9) < 0.95); /* no wider than it must be */
        assert_true(sum / DRAWS <= 1.05 * noise_variance(&noise));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_below),
        cmocka_unit_test(exponential_coin),
        cmocka_unit_test(right_and_wrong_scales),
        cmocka_unit_test(limits),
        cmocka_unit_test(half_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
