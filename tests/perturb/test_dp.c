/* Counts, hierarchies and percentiles under differential privacy: what must hold of every output. */
#include "perturb_support.h"

#include <math.h>
#include <stdlib.h>

static const DpPrivacy LAPLACE = {DP_LAPLACE, DP_ADD_REMOVE, {1, 2}, 1, 1};
static const DpPrivacy GAUSSIAN = {DP_GAUSSIAN, DP_ADD_REMOVE, {1, 8}, 2, 1};

static void permits(void **state)
{
    UNUSED(state);
    DpCountOptions o = {.min_noisy_n = INT64_MIN};
    int64_t counts[3] = {10, 0, 5};
    DpCount out[3];
    BudgetPermit p = permit_for(&LAPLACE), none = {0};
    assert_ok(dp_counts(&p, &LAPLACE, &o, counts, 3, out, NULL));
    assert_int_equal(dp_counts(&p, &LAPLACE, &o, counts, 3, out, NULL), ERR_DENIED); /* once */
    assert_int_equal(dp_counts(&none, &LAPLACE, &o, counts, 3, out, NULL), ERR_DENIED);
    /* paid for less than is drawn */
    DpPrivacy more[5] = {LAPLACE, LAPLACE, LAPLACE, LAPLACE, LAPLACE};
    more[0].amount = (Ratio){1, 1};
    more[1].cells_per_person = 2;
    more[2].neighbours = DP_REPLACE;
    more[3].mechanism = DP_GAUSSIAN;
    more[4].per_cell = 2;
    for (int i = 0; i < 5; i++) {
        p = permit_for(&LAPLACE);
        assert_int_equal(dp_counts(&p, &more[i], &o, counts, 3, out, NULL), ERR_DENIED);
        assert_true(p.used);
    }
    counts[1] = -1;
    p = permit_for(&LAPLACE);
    assert_int_equal(dp_counts(&p, &LAPLACE, &o, counts, 3, out, NULL), ERR_INVALID);
}

static void gate_and_invariants(void **state)
{
    UNUSED(state);
    enum { N = 2000 };
    int64_t *counts = calloc(N, sizeof *counts), width;
    bool *invariants = calloc(N, sizeof *invariants);
    DpCount *out = calloc(N, sizeof *out);
    DpCountOptions o = {.min_noisy_n = 20, .invariants = invariants};
    size_t below = 0, outside = 0, changed = 0;
    for (size_t i = 0; i < N; i++) {
        counts[i] = (int64_t)(i % 40);
        invariants[i] = i % 10 == 0;
    }
    BudgetPermit p = permit_for(&GAUSSIAN);
    coins_test_seed(20);
    assert_ok(dp_counts(&p, &GAUSSIAN, &o, counts, N, out, NULL));
    assert_ok(dp_expected_error(&GAUSSIAN, &width, NULL));
    for (size_t i = 0; i < N; i++) {
        if (invariants[i]) {
            assert_true(out[i].shown && out[i].value == counts[i] && out[i].half_width == 0);
            continue;
        }
        assert_int_equal(out[i].half_width, width);
        assert_true(out[i].shown ? out[i].value >= 20 : out[i].value == 0);
        below += !out[i].shown;
        changed += out[i].shown && out[i].value != counts[i];
        outside += out[i].shown && llabs(out[i].value - counts[i]) > width;
    }
    assert_true(below > 700 && below < 1100 && changed > 500);
    assert_true(outside > 0 && outside < 150);
    free(counts);
    free(invariants);
    free(out);
}

static void bounding(void **state)
{
    UNUSED(state);
    enum { N = 3000 };
    static const uint64_t key[2] = {1, 2};
    uint64_t persons[N];
    uint32_t cells[N];
    bool keep[N], again[N];
    Rng rng;
    rng_init(&rng, 9, 0);
    for (size_t i = 0; i < N; i++) {
        persons[i] = rng_below(&rng, 300);
        cells[i] = (uint32_t)rng_below(&rng, 30);
    }
    assert_ok(contributions_bound(persons, cells, N, 4, key, keep, NULL));
    for (size_t i = 0; i < N; i++) {
        size_t kept = 0, same = 0;
        for (size_t k = 0; k < N; k++) {
            kept += keep[k] && persons[k] == persons[i];
            same += keep[k] && persons[k] == persons[i] && cells[k] == cells[i];
        }
        assert_true(kept <= 4 && same <= 1);
    }
    /* without person 0 everybody else's rows stay as they were */
    size_t n = 0, at[N];
    for (size_t i = 0; i < N; i++)
        if (persons[i] != 0) {
            at[n] = i;
            persons[n] = persons[i];
            cells[n++] = cells[i];
        }
    assert_ok(contributions_bound(persons, cells, n, 4, key, again, NULL));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(again[i], keep[at[i]]);
    assert_int_equal(contributions_bound(persons, cells, n, 0, key, again, NULL), ERR_INVALID);
}

/* --- hierarchies --------------------------------------------------------------------------------------------- */

/* Least squares by the normal equations over the leaves, solved densely. */
static void normal_equations(const TreeFit *f, double *fitted)
{
    enum { M = 16 };
    size_t leaf_of[M], leaves = 0;
    double in[M][M] = {{0}}, a[M][M + 1] = {{0}};
    for (size_t i = 0; i < f->n; i++) {
        bool leaf = true;
        for (size_t k = 0; k < f->n; k++)
            leaf = leaf && f->parent[k] != i;
        if (leaf)
            leaf_of[leaves++] = i;
    }
    for (size_t l = 0; l < leaves; l++)
        for (size_t i = leaf_of[l];; i = f->parent[i]) {
            in[i][l] = 1;
            if (f->parent[i] == TREE_ROOT)
                break;
        }
    for (size_t i = 0; i < f->n; i++)
        for (size_t l = 0; l < leaves && f->variance[i] > 0; l++) {
            for (size_t k = 0; k < leaves; k++)
                a[l][k] += in[i][l] * in[i][k] / f->variance[i];
            a[l][leaves] += in[i][l] * f->y[i] / f->variance[i];
        }
    for (size_t l = 0; l < leaves; l++)
        for (size_t r = 0; r < leaves; r++) {
            double times = r == l ? 0 : a[r][l] / a[l][l];
            for (size_t k = 0; k <= leaves && r != l; k++)
                a[r][k] -= times * a[l][k];
        }
    for (size_t i = 0; i < f->n; i++) {
        fitted[i] = 0;
        for (size_t l = 0; l < leaves; l++)
            fitted[i] += in[i][l] * a[l][leaves] / a[l][l];
    }
}

static void fit_is_least_squares(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 4, 0);
    for (int round = 0; round < 2000; round++) {
        size_t n = rng_below(&rng, 14) + 2;
        uint32_t parent[16];
        double y[16], variance[16], z[16], w[16], want[16];
        for (size_t i = 0; i < n; i++) {
            parent[i] = i == 0 ? TREE_ROOT : (uint32_t)rng_below(&rng, i);
            y[i] = (double)rng_between(&rng, -50, 200);
            variance[i] = (double)rng_between(&rng, 1, 400) / 4;
        }
        /* some inner nodes unmeasured */
        for (size_t i = 1; i < n; i++)
            if (rng_below(&rng, 5) == 0)
                variance[parent[i]] = -1;
        TreeFit f = {n, parent, y, variance, z, w};
        assert_ok(tree_least_squares(&f, NULL));
        normal_equations(&f, want);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(z[i] - want[i]) < 1e-6 * (1 + fabs(want[i])));
    }
}

typedef struct TestTree {
    size_t n;
    uint32_t parent[400], levels;
    int64_t counts[400];
    bool invariants[400];
} TestTree;

static void random_tree(Rng *rng, TestTree *t, uint32_t levels)
{
    uint32_t level[400] = {0};
    *t = (TestTree){.n = 1, .levels = levels, .parent = {TREE_ROOT}};
    for (size_t i = 0; i < t->n; i++) {
        if (level[i] + 1 >= levels)
            continue;
        uint64_t children = i == 0 || rng_below(rng, 5) > 0 ? rng_below(rng, 4) + 1 : 0;
        if (level[i] + 1 < levels && i + 1 == t->n && children == 0)
            children = 1; /* the tree is as deep as it says */
        for (uint64_t c = 0; c < children && t->n < 400; c++) {
            level[t->n] = level[i] + 1;
            t->parent[t->n++] = (uint32_t)i;
        }
    }
    uint32_t deepest = 0;
    for (size_t i = t->n; i-- > 0;) {
        bool inner = false;
        for (size_t k = i + 1; k < t->n; k++)
            inner = inner || t->parent[k] == i;
        if (!inner)
            t->counts[i] = rng_below(rng, 3) == 0 ? 0 : (int64_t)rng_below(rng, 60);
        if (t->parent[i] != TREE_ROOT)
            t->counts[t->parent[i]] += t->counts[i];
        deepest = level[i] > deepest ? level[i] : deepest;
    }
    t->levels = deepest + 1;
}

static void check_tree(const TestTree *t, const DpCount *out)
{
    int64_t sums[400] = {0};
    for (size_t i = t->n; i-- > 0;) {
        bool inner = false;
        for (size_t k = i + 1; k < t->n; k++)
            inner = inner || t->parent[k] == i;
        assert_true(out[i].value >= 0 && out[i].shown);
        if (t->invariants[i])
            assert_true(out[i].value == t->counts[i] && out[i].half_width == 0);
        if (inner)
            assert_int_equal(out[i].value, sums[i]);
        if (t->parent[i] != TREE_ROOT)
            sums[t->parent[i]] += out[i].value;
    }
}

static void trees_add_up(void **state)
{
    UNUSED(state);
    static const Ratio shares[3][5] = {{{1, 5}, {1, 5}, {1, 5}, {1, 5}, {1, 5}},
        {{0, 1}, {1, 2}, {0, 1}, {1, 4}, {1, 4}}, {{1, 10}, {1, 10}, {1, 10}, {1, 10}, {1, 10}}};
    Rng rng;
    TestTree t;
    DpCount out[400];
    rng_init(&rng, 6, 0);
    coins_test_seed(60);
    for (int round = 0; round < 600; round++) {
        random_tree(&rng, &t, 5);
        const Ratio *s = shares[round % 3];
        Ratio own[5];
        for (uint32_t l = 0; l < t.levels; l++)
            own[l] = s[5 - t.levels + l];
        for (size_t i = 0; i < t.n; i++)
            t.invariants[i] = rng_below(&rng, 8) == 0;
        DpTree tree = {t.n, t.parent, t.counts, t.invariants, own, t.levels};
        const DpPrivacy *p = round % 2 ? &LAPLACE : &GAUSSIAN;
        BudgetPermit permit = permit_for(p);
        Error err = ERROR_INIT;
        Status st = dp_tree(&permit, p, &tree, out, &err);
        if (st == ERR_INVALID && strstr(err.message, "not measured"))
            continue; /* a leaf on a level without a share */
        assert_ok(st);
        check_tree(&t, out);
    }
}

/* The fit is worth it: the root of a wide tree is nearer to the truth than its own measurement alone. */
static void error_bars_hold(void **state)
{
    UNUSED(state);
    static const Ratio shares[3] = {{1, 3}, {1, 3}, {1, 3}};
    enum { N = 1 + 5 + 25, ROUNDS = 2000 };
    uint32_t parent[N];
    int64_t counts[N] = {0};
    DpCount out[N];
    size_t outside = 0;
    double square = 0;
    for (size_t i = 0; i < N; i++)
        parent[i] = i == 0 ? TREE_ROOT : (uint32_t)((i - 1) / 5);
    for (size_t i = N; i-- > 0;) {
        counts[i] += i >= 6 ? 1000 + (int64_t)i : 0;
        if (i > 0)
            counts[parent[i]] += counts[i];
    }
    DpTree tree = {N, parent, counts, NULL, shares, 3};
    Noise own;
    assert_ok(dp_noise(&GAUSSIAN, shares[1], REACH_COARSE, &own, NULL));
    coins_test_seed(90);
    for (int r = 0; r < ROUNDS; r++) {
        BudgetPermit permit = permit_for(&GAUSSIAN);
        assert_ok(dp_tree(&permit, &GAUSSIAN, &tree, out, NULL));
        for (size_t i = 0; i < N; i++)
            outside += llabs(out[i].value - counts[i]) > out[i].half_width;
        for (size_t i = 1; i < 6; i++)
            square += (double)((out[i].value - counts[i]) * (out[i].value - counts[i]));
    }
    assert_true(outside < (size_t)(N * ROUNDS) * 5 / 100);
    assert_true(outside > (size_t)(N * ROUNDS) / 200);
    assert_true(square / (5 * ROUNDS) < 0.95 * noise_variance(&own));
}

static void bad_trees(void **state)
{
    UNUSED(state);
    static const uint32_t good[3] = {TREE_ROOT, 0, 0}, late[3] = {1, TREE_ROOT, 1};
    static const int64_t sums[3] = {5, 2, 3}, off[3] = {6, 2, 3};
    static const Ratio halves[3] = {{1, 2}, {1, 2}, {1, 2}}, much[2] = {{1, 2}, {2, 3}}, none[2] = {{1, 1}, {0, 1}};
    const struct {
        DpTree t;
        const char *says;
    } cases[] = {
        {{3, good, off, NULL, halves, 2}, "not the sum"},
        {{3, late, sums, NULL, halves, 2}, "before its parent"},
        {{3, good, sums, NULL, halves, 3}, "2 levels, but 3"},
        {{3, good, sums, NULL, much, 2}, "more than 1"},
        {{3, good, sums, NULL, none, 2}, "not measured"},
        {{0, good, sums, NULL, halves, 0}, "levels"},
    };
    DpCount out[3];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Error err = ERROR_INIT;
        BudgetPermit permit = permit_for(&LAPLACE);
        assert_int_equal(dp_tree(&permit, &LAPLACE, &cases[i].t, out, &err), ERR_INVALID);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s", err.message);
    }
}

static void projection(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 12, 0);
    for (int round = 0; round < 5000; round++) {
        size_t n = rng_below(&rng, 12) + 1;
        double x[12], w[12];
        int64_t floors[12], out[12], total = 0, sum = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (double)rng_between(&rng, -4000, 9000) / 64;
            w[i] = i > 0 && rng_below(&rng, 6) == 0 ? 0 : (double)rng_between(&rng, 1, 90) / 8;
            floors[i] = w[i] > 0 && rng_below(&rng, 2) ? 0 : (int64_t)rng_below(&rng, 20);
            total += floors[i];
        }
        total += (int64_t)rng_below(&rng, 300);
        assert_ok(simplex_fit(x, w, floors, n, total, out, NULL));
        double cost = 0;
        for (size_t i = 0; i < n; i++) {
            assert_true(out[i] >= floors[i] && (w[i] > 0 || out[i] == floors[i]));
            sum += out[i];
            cost += w[i] > 0 ? ((double)out[i] - x[i]) * ((double)out[i] - x[i]) / w[i] : 0;
        }
        assert_int_equal(sum, total);
        /* moving two from one part to another never helps by more than rounding explains */
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k++)
                if (i != k && w[i] > 0 && w[k] > 0 && out[i] >= floors[i] + 2) {
                    double a = (double)out[i] - x[i], b = (double)out[k] - x[k];
                    double gain = (a * a - (a - 2) * (a - 2)) / w[i] + (b * b - (b + 2) * (b + 2)) / w[k];
                    assert_true(gain <= 1e-6 * (1 + cost));
                }
    }
}

/* --- percentiles --------------------------------------------------------------------------------------------- */

enum { BINS = 20 };
static int64_t edges[BINS + 1];
static const uint32_t PERCENTS[3] = {25, 50, 75};

static DpQuantileOptions quantile_options(void)
{
    for (int b = 0; b <= BINS; b++)
        edges[b] = (int64_t)b * 1000000; /* 0, 10,000 ... 200,000 dollars in cents */
    return (DpQuantileOptions){edges, BINS, PERCENTS, 3, 30, 100, 100};
}

static void percentiles(void **state)
{
    UNUSED(state);
    enum { N = 4000, GROUPS = 200 };
    DpQuantileOptions o = quantile_options();
    int64_t values[N];
    uint32_t group[N];
    int64_t noisy_n[GROUPS];
    DpQuantile *out = calloc(GROUPS * 3, sizeof *out);
    Rng rng;
    rng_init(&rng, 8, 0);
    /* group 0 holds 2,000 people with wages spread evenly over 20,000 to 120,000; the other groups ten each */
    for (size_t i = 0; i < N; i++) {
        group[i] = i < 2000 ? 0 : 1 + (uint32_t)(i % (GROUPS - 1));
        values[i] = 2000000 + (int64_t)(i % 2000) * 5000;
    }
    coins_test_seed(70);
    BudgetPermit permit = permit_for(&LAPLACE);
    assert_ok(dp_quantiles(&permit, &LAPLACE, &o, values, group, N, GROUPS, noisy_n, out, NULL));
    assert_true(llabs(noisy_n[0] - 2000) < 60);
    for (int k = 0; k < 3; k++) {
        int64_t truth = 2000000 + (int64_t)PERCENTS[k] * 100000;
        assert_true(out[k].shown && llabs(out[k].value - truth) < 300000);
        assert_true(out[k].low <= out[k].value && out[k].value <= out[k].high && out[k].low < out[k].high);
        assert_true(out[k].value % 100 == 0 && out[k].rank_error > 0 && out[k].rank_error < 30);
    }
    for (uint32_t g = 1; g < GROUPS; g++) /* ten people: the expected error alone forbids it */
        for (int k = 0; k < 3; k++)
            assert_false(out[g * 3 + (unsigned)k].shown);
    free(out);
}

/* The error bar of the rank covers 95 of 100, and the width known beforehand is the one that comes out. */
static void percentile_error_bars(void **state)
{
    UNUSED(state);
    enum { N = 600, ROUNDS = 3000 };
    DpQuantileOptions o = quantile_options();
    int64_t values[N], noisy_n;
    uint32_t group[N] = {0}, expected;
    DpQuantile out[3];
    size_t outside = 0, shown = 0;
    o.rounding = 1;
    for (size_t i = 0; i < N; i++)
        values[i] = (int64_t)(i * 20000000 / N); /* even over all bins */
    assert_ok(dp_expected_rank_error(&LAPLACE, BINS, 50, N, &expected, NULL));
    coins_test_seed(71);
    for (int r = 0; r < ROUNDS; r++) {
        BudgetPermit permit = permit_for(&LAPLACE);
        assert_ok(dp_quantiles(&permit, &LAPLACE, &o, values, group, N, 1, &noisy_n, out, NULL));
        if (!out[1].shown)
            continue;
        shown++;
        int64_t off = llabs(out[1].value - 10000000); /* a thousandth of the group is 20,000 */
        outside += off > (int64_t)out[1].rank_error * 20000;
        assert_true(abs((int)out[1].rank_error - (int)expected) <= 6);
    }
    assert_true(shown > ROUNDS * 9 / 10);
    assert_true(outside < shown * 6 / 100 && outside > shown / 200);
}

static void bad_percentiles(void **state)
{
    UNUSED(state);
    DpQuantileOptions good = quantile_options(), bad;
    int64_t value = 5, noisy_n[2];
    uint32_t group = 2, twice[2] = {50, 50};
    DpQuantile out[6];
    BudgetPermit permit = permit_for(&LAPLACE);
    assert_int_equal(dp_quantiles(&permit, &LAPLACE, &good, &value, &group, 1, 2, noisy_n, out, NULL), ERR_INVALID);
    for (int i = 0; i < 4; i++) {
        bad = good;
        bad.bins = i == 0 ? 1 : BINS;
        bad.percents = i == 1 ? twice : PERCENTS;
        bad.percent_count = i == 1 ? 2 : i == 2 ? 0 : 3;
        edges[3] = i == 3 ? edges[2] : 3000000;
        permit = permit_for(&LAPLACE);
        assert_int_equal(dp_quantiles(&permit, &LAPLACE, &bad, &value, &group, 0, 2, noisy_n, out, NULL), ERR_INVALID);
    }
    edges[3] = 3000000;
    DpPrivacy twice_a_cell = LAPLACE;
    twice_a_cell.per_cell = 2;
    permit = permit_for(&twice_a_cell);
    assert_int_equal(
        dp_quantiles(&permit, &twice_a_cell, &good, &value, &group, 0, 2, noisy_n, out, NULL), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permits),
        cmocka_unit_test(gate_and_invariants),
        cmocka_unit_test(bounding),
        cmocka_unit_test(projection),
        cmocka_unit_test(fit_is_least_squares),
        cmocka_unit_test(trees_add_up),
        cmocka_unit_test(error_bars_hold),
        cmocka_unit_test(bad_trees),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(percentile_error_bars),
        cmocka_unit_test(bad_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
