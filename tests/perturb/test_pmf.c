/*
 * The samplers' exact distributions: every path through the tree of coins whose probability is at least a millionth of
 * a millionth is walked and added up. What was cut is known, so the bounds are rigorous: sum <= pmf <= sum + cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "coins_script.h"
#include "perturb/sampler.h"

#define REACH 12

typedef struct Walk {
    long double mass[2 * REACH + 1]; /* of -REACH .. REACH */
    long double beyond, total;
    unsigned long paths;
} Walk;

typedef int64_t (*Draw)(const void *what, Coins *c);

static void walk(Draw draw, const void *what, long double smallest, Walk *w)
{
    Coins *coins;
    *w = (Walk){.beyond = 0};
    assert_int_equal(coins_new(&coins, NULL), OK);
    script_begin(smallest);
    do {
        if (setjmp(script.cut))
            continue;
        int64_t x = draw(what, coins);
        if (x >= -REACH && x <= REACH)
            w->mass[x + REACH] += script.p;
        else
            w->beyond += script.p;
        w->total += script.p;
        w->paths++;
    } while (script_next());
    coins_free(coins);
}

static int64_t draw_noise(const void *what, Coins *c)
{
    return noise_draw(what, c);
}

static int64_t draw_exp(const void *what, Coins *c)
{
    const uint64_t *g = what;
    return bernoulli_exp(c, g[0], g[1]);
}

static void exponential_coin(void **state)
{
    UNUSED(state);
    static const uint64_t gammas[][2] = {{1, 2}, {1, 1}, {1, 3}, {5, 7}, {3, 2}, {4, 1}};
    for (size_t i = 0; i < COUNT_OF(gammas); i++) {
        Walk w;
        walk(draw_exp, gammas[i], 1e-15L, &w);
        long double p = expl(-(long double)gammas[i][0] / (long double)gammas[i][1]);
        assert_true(1 - w.total < 1e-11L);
        assert_true(fabsl(w.mass[REACH + 1] - p) < 1e-11L);
    }
}

static long double pmf(const Noise *n, int64_t x)
{
    long double all = 0, here = 0, scale = (long double)n->num / (long double)n->den;
    for (int64_t y = -2000; y <= 2000; y++) {
        long double d = (long double)y;
        long double e = n->mechanism == DP_LAPLACE ? expl(-fabsl(d) / scale) : expl(-d * d / (2 * scale));
        all += e;
        here = y == x ? e : here;
    }
    return here / all;
}

/* How far the walked mass is from this scale's, beyond what cutting explains. */
static long double off(const Walk *w, const Noise *n)
{
    long double worst = 0, cut = 1 - w->total;
    for (int64_t x = -REACH; x <= REACH; x++) {
        long double p = pmf(n, x), m = w->mass[x + REACH];
        worst = fmaxl(worst, fmaxl(m - p, p - m - cut));
    }
    return worst;
}

static void noise(void **state)
{
    UNUSED(state);
    static const struct {
        DpMechanism m;
        unsigned num, den;
        long double smallest, cut;
    } cases[] = {
        {DP_LAPLACE, 1, 1, 1e-10L, 1e-4L},
        {DP_LAPLACE, 2, 1, 1e-8L, 1e-2L},
        {DP_LAPLACE, 1, 2, 1e-7L, 2e-2L},
        {DP_LAPLACE, 3, 2, 1e-7L, 6e-2L},
        {DP_LAPLACE, 2, 3, 1e-7L, 9e-2L},
        {DP_GAUSSIAN, 1, 2, 2e-7L, 1.5e-1L},
        {DP_GAUSSIAN, 2, 3, 2e-7L, 1.5e-1L},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Noise n, wrong;
        Walk w;
        assert_int_equal(noise_init(&n, cases[i].m, cases[i].num, cases[i].den, NULL), OK);
        walk(draw_noise, &n, cases[i].smallest, &w);
        assert_true(w.paths > 100);
        assert_true(w.total <= 1 + 1e-12L);
        printf("%zu: %lu paths, cut %Lg, off %Lg\n", i, w.paths, 1 - w.total, off(&w, &n));
        if (1 - w.total > cases[i].cut)
            fail_msg("case %zu: %Lg was cut", i, 1 - w.total);
        assert_true(off(&w, &n) < 1e-12L);
        /* twice the scale would be seen */
        assert_int_equal(noise_init(&wrong, cases[i].m, 2 * cases[i].num, cases[i].den, NULL), OK);
        if (off(&w, &wrong) < 1e-3L)
            fail_msg("case %zu: a wrong scale passes", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_coin),
        cmocka_unit_test(noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
