/* The real coins, as the program has them: no two streams alike, no bit that leans, none used twice. */
#include "perturb_support.h"

#include <math.h>
#include <stdlib.h>

static void no_two_streams_alike(void **state)
{
    UNUSED(state);
    Coins *a, *b;
    uint64_t equal = 0;
    assert_ok(coins_new(&a, NULL));
    assert_ok(coins_new(&b, NULL));
    for (int i = 0; i < 100000; i++)
        equal += coins_below(a, UINT64_C(1) << 40) == coins_below(b, UINT64_C(1) << 40);
    assert_true(equal < 5);
    coins_free(a);
    coins_free(b);
}

/* Over many refills: every bit of every byte, and no block twice. */
static void bits_do_not_lean(void **state)
{
    UNUSED(state);
    enum { FILLS = 200 };
    Coins *c;
    uint64_t ones[64] = {0}, words = 0, first[FILLS];
    assert_ok(coins_new(&c, NULL));
    for (int f = 0; f < FILLS; f++) {
        coins_fill(c);
        memcpy(&first[f], c->buffer, 8);
        for (size_t i = 0; i < sizeof c->buffer; i += 8, words++) {
            uint64_t v;
            memcpy(&v, c->buffer + i, 8);
            for (int bit = 0; bit < 64; bit++)
                ones[bit] += v >> bit & 1;
        }
    }
    for (int bit = 0; bit < 64; bit++) /* eight standard deviations */
        assert_true(fabs((double)ones[bit] - (double)words / 2) < 4 * sqrt((double)words));
    for (int f = 0; f < FILLS; f++)
        for (int g = 0; g < f; g++)
            assert_true(first[f] != first[g]);
    coins_free(c);
}

/* The same release twice: new noise, which is why the budget pays for a query once. */
static void noise_differs_from_run_to_run(void **state)
{
    UNUSED(state);
    enum { N = 200 };
    DpPrivacy p = {DP_LAPLACE, DP_ADD_REMOVE, {1, 20}, 1, 1};
    DpCountOptions o = {.min_noisy_n = INT64_MIN};
    int64_t counts[N] = {0}, sum = 0;
    DpCount a[N], b[N];
    size_t equal = 0;
    BudgetPermit first = permit_for(&p), second = permit_for(&p);
    assert_ok(dp_counts(&first, &p, &o, counts, N, a, NULL));
    assert_ok(dp_counts(&second, &p, &o, counts, N, b, NULL));
    for (size_t i = 0; i < N; i++) {
        equal += a[i].value == b[i].value;
        sum += llabs(a[i].value);
    }
    assert_true(equal < 30);
    assert_true(sum / N > 10 && sum / N < 40); /* mean of |noise| is the scale, 20 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_streams_alike),
        cmocka_unit_test(bits_do_not_lean),
        cmocka_unit_test(noise_differs_from_run_to_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
