/*
 * Random numbers: the published reference stream, uniformity by chi-square
 * (with a generator that is off by little, to show that the check can fail),
 * and values pinned for ever, since seeds name synthetic states.
 */
#include "harness.h"

#include <math.h>

static void test_reference_stream(void **state)
{
    UNUSED(state);
    /* xoshiro256** from state {1, 2, 3, 4} */
    static const uint64_t wanted[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    Rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_true(rng_u64(&r) == wanted[i]);
}

enum { CELLS = 97, DRAWS = 970000 };

/* A generator that gives the first cell half a percent of all draws too many. */
static uint64_t biased_below(Rng *r, uint64_t n)
{
    uint64_t v = rng_below(r, n);
    return rng_ppm(r, 5000) ? 0 : v;
}

static double chi_square(uint64_t (*below)(Rng *, uint64_t), uint64_t seed)
{
    uint64_t count[CELLS] = {0};
    Rng r;
    rng_init(&r, seed, 5);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t v = below(&r, CELLS);
        assert_true(v < CELLS);
        count[v]++;
    }
    double expected = (double)DRAWS / CELLS, sum = 0;
    for (int i = 0; i < CELLS; i++)
        sum += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    return sum;
}

static void test_uniform(void **state)
{
    UNUSED(state);
    /* 96 degrees of freedom: beyond 155 with probability 0.0001, below 53 likewise */
    for (uint64_t seed = 0; seed < 5; seed++) {
        double x = chi_square(rng_below, seed);
        assert_true(x < 155 && x > 50);
        assert_true(chi_square(biased_below, seed) > 155);
    }
}

static void test_ranges(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 1, 1);
    bool low = false, high = false;
    for (int i = 0; i < 10000; i++) {
        int64_t v = rng_between(&r, -3, 3);
        assert_true(v >= -3 && v <= 3);
        low |= v == -3;
        high |= v == 3;
        assert_int_equal(rng_between(&r, 9, 9), 9);
        assert_int_equal(rng_below(&r, 1), 0);
        assert_false(rng_ppm(&r, 0));
        assert_true(rng_ppm(&r, 1000000));
        double u = rng_unit(&r);
        assert_true(u >= 0 && u < 1);
        (void)rng_between(&r, INT64_MIN, INT64_MAX);
    }
    assert_true(low && high);
}

static void test_large_range_is_unbiased(void **state)
{
    UNUSED(state);
    /* n = 3 * 2^62: plain multiplication or modulo would favour a third of the values two to one */
    Rng r;
    rng_init(&r, 2, 0);
    uint64_t n = UINT64_C(3) << 62;
    int third[3] = {0};
    for (int i = 0; i < 90000; i++)
        third[rng_below(&r, n) >> 62]++;
    for (int i = 0; i < 3; i++)
        assert_in_range(third[i], 29300, 30700);
}

static void test_normal(void **state)
{
    UNUSED(state);
    enum { N = 400000 };
    Rng r;
    rng_init(&r, 9, 0);
    double sum = 0, squares = 0;
    int inside = 0;
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r);
        sum += x;
        squares += x * x;
        inside += fabs(x) < 1;
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(squares / N - 1) < 0.01);
    assert_true(fabs((double)inside / N - 0.6827) < 0.01);
}

static void test_pick(void **state)
{
    UNUSED(state);
    static const uint64_t cumulative[] = {0, 10, 10, 40, 100}; /* weights 0, 10, 0, 30, 60 */
    int count[5] = {0};
    Rng r;
    rng_init(&r, 12, 0);
    for (int i = 0; i < 100000; i++)
        count[rng_pick(&r, cumulative, 5)]++;
    assert_int_equal(count[0], 0);
    assert_int_equal(count[2], 0);
    assert_in_range(count[1], 9500, 10500);
    assert_in_range(count[3], 29300, 30700);
    assert_in_range(count[4], 59300, 60700);
}

static void test_streams_differ(void **state)
{
    UNUSED(state);
    Map seen;
    assert_ok(map_init(&seen, NULL));
    for (uint64_t seed = 0; seed < 40; seed++) {
        for (uint64_t stream = 0; stream < 40; stream++) {
            Rng r;
            rng_init(&r, seed, stream);
            uint64_t first = rng_u64(&r);
            bool was_new = false;
            assert_ok(map_put(&seen, (Slice){(const char *)&first, sizeof first}, 0, &was_new, NULL));
            assert_true(was_new);
        }
    }
    map_free(&seen);
}

static void test_pinned(void **state)
{
    UNUSED(state);
    static const struct {
        uint64_t seed, stream, first, second;
    } rows[] = {
        {UINT64_C(0), UINT64_C(0), UINT64_C(3511563966469552396), UINT64_C(1630724456284939571)},
        {UINT64_C(1), UINT64_C(0), UINT64_C(11830735285019107728), UINT64_C(5036556757258445044)},
        {UINT64_C(0), UINT64_C(1), UINT64_C(14275191303645040111), UINT64_C(3527927128015951383)},
        {UINT64_C(20261123), UINT64_C(4711), UINT64_C(10912255110583397967), UINT64_C(2736967533000811997)},
        {UINT64_C(18446744073709551615), UINT64_C(18446744073709551615), UINT64_C(15560894507665451217),
            UINT64_C(12934800668944310316)},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Rng r;
        rng_init(&r, rows[i].seed, rows[i].stream);
        assert_true(rng_u64(&r) == rows[i].first);
        assert_true(rng_u64(&r) == rows[i].second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_stream),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_large_range_is_unbiased),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_pinned),
    };
    return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
