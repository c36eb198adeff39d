/*
 * Formulas against values worked out elsewhere: mpmath with 40 digits, from the definitions (binomial sums for
 * Clopper-Pearson, the score equation checked for Koopman, exact fractions for Kitagawa). The Newcombe example 56/70
 * against 48/80 is the paper's own (0.0524, 0.3339). Then properties over many made-up counts.
 */
#include "equity/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define Z 1.96

static void near(double have, double want, double tolerance, const char *what)
{
    double scale = fmax(1, fabs(want));
    if (!(fabs(have - want) <= tolerance * scale))
        fail_msg("%s: %.17g, wanted %.17g", what, have, want);
}

static void near_interval(Interval have, double low, double high, const char *what)
{
    near(have.low, low, 1e-10, what);
    near(have.high, high, 1e-10, what);
}

typedef struct OneRate {
    Count c;
    double low, high;
} OneRate;

static void test_wilson(void **state)
{
    static const OneRate rows[] = {{{0, 10}, 0, 0.277540168766617}, {{10, 10}, 0.722459831233383, 1},
        {{3, 10}, 0.107789287486212, 0.603226780020435}, {{81, 263}, 0.25528761306367, 0.366210684053422},
        {{15, 148}, 0.0623858451403346, 0.160488518670373}, {{1, 1000000}, 1.76520036093558e-7, 5.66505752290209e-6}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        near_interval(interval_wilson(rows[i].c, Z), rows[i].low, rows[i].high, "wilson");
    assert_true(isnan(interval_wilson((Count){0, 0}, Z).low));
}

static void test_clopper_pearson(void **state)
{
    static const OneRate rows[] = {{{0, 10}, 0, 0.308497107818761}, {{10, 10}, 0.691502892181239, 1},
        {{3, 10}, 0.0667395111777345, 0.652452850059997}, {{81, 263}, 0.252736745585271, 0.367621922601351},
        {{15, 148}, 0.0578440100834486, 0.161650490349479}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        near_interval(interval_clopper_pearson(rows[i].c, 0.95), rows[i].low, rows[i].high, "clopper-pearson");
}

typedef struct TwoRates {
    Count a, b;
    double low, high;
} TwoRates;

static void test_two_rates(void **state)
{
    static const TwoRates newcombe[] = {{{56, 70}, {48, 80}, 0.0524287134146678, 0.333874934947193},
        {{9, 10}, {3, 10}, 0.170514741858921, 0.809019976372266},
        {{0, 10}, {0, 20}, -0.161130125494933, 0.277540168766617}, {{10, 10}, {0, 20}, 0.679077170302556, 1}};
    static const TwoRates katz[] = {{{56, 70}, {48, 80}, 1.07662219205079, 1.65125500003989},
        {{9, 10}, {3, 10}, 1.13833008756976, 7.90631829754602}};
    static const TwoRates koopman[] = {{{56, 70}, {48, 80}, 1.07981725788842, 1.67081292247065},
        {{9, 10}, {3, 10}, 1.35321920304996, 8.46782565226685},
        {{36, 40}, {16, 80}, 2.93954759464524, 7.15228505947144}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(newcombe); i++)
        near_interval(
            interval_newcombe(newcombe[i].a, newcombe[i].b, Z), newcombe[i].low, newcombe[i].high, "newcombe");
    for (size_t i = 0; i < COUNT_OF(katz); i++)
        near_interval(interval_katz(katz[i].a, katz[i].b, Z), katz[i].low, katz[i].high, "katz");
    for (size_t i = 0; i < COUNT_OF(koopman); i++)
        near_interval(interval_koopman(koopman[i].a, koopman[i].b, Z), koopman[i].low, koopman[i].high, "koopman");
    near(stats_two_rates((Count){56, 70}, (Count){48, 80}), 0.00804508136819658, 1e-12, "p");
    near(stats_two_rates((Count){9, 10}, (Count){3, 10}), 0.00616989932054416, 1e-12, "p");
    near(stats_two_rates((Count){50, 100}, (Count){50, 100}), 1, 0, "p of equal rates");
    near(stats_two_rates((Count){0, 5}, (Count){0, 9}), 1, 0, "p of no hits");
    /* Zeros: no Katz; Koopman still bounds one side. */
    assert_true(isnan(interval_katz((Count){0, 10}, (Count){3, 10}, Z).low));
    Interval none = interval_koopman((Count){0, 10}, (Count){5, 10}, Z);
    assert_true(none.low == 0 && none.high > 0 && none.high < 1);
    Interval all = interval_koopman((Count){5, 10}, (Count){0, 10}, Z);
    assert_true(all.low > 1 && isinf(all.high));
}

static void test_distributions(void **state)
{
    static const double t[][2] = {{1, 12.7062047361747}, {2, 4.30265272974946}, {3, 3.18244630528371},
        {10, 2.22813885198627}, {30, 2.04227245630124}};
    static const double beta[][4] = {{2, 3, 0.4, 0.5248}, {0.5, 0.5, 0.25, 0.333333333333333},
        {100, 200, 0.3, 0.10884306564491}, {5000, 3, 0.999, 0.124357374037414}};
    UNUSED(state);
    near(stats_normal_z(0.95), 1.9599639845400542, 1e-14, "z");
    for (size_t i = 0; i < COUNT_OF(t); i++)
        near(stats_student_t(0.95, t[i][0]), t[i][1], 1e-10, "t");
    for (size_t i = 0; i < COUNT_OF(beta); i++)
        near(stats_beta(beta[i][0], beta[i][1], beta[i][2]), beta[i][3], 1e-10, "beta");
    assert_true(stats_beta(2, 3, 0) == 0 && stats_beta(2, 3, 1) == 1);
}

/* The example of Benjamini and Hochberg 1995, section 3: four of fifteen are rejected at 0.05. */
static void test_benjamini_hochberg(void **state)
{
    static const double p[] = {0.0201, 0.0001, 0.0004, 0.0095, 0.0019, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, NAN,
        0.4262, 0.5719, 0.6528, 0.7590, 1.0};
    static const double want[] = {0.0603, 0.0015, 0.003, 0.035625, 0.0095, 0.0638571429, 0.0638571429, 0.0645, 0.0765,
        0.486, NAN, 0.5811818182, 0.714875, 0.7532307692, 0.8132142857, 1};
    double have[COUNT_OF(p)];
    size_t rejected = 0;
    UNUSED(state);
    assert_int_equal(stats_benjamini_hochberg(p, COUNT_OF(p), have, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(p); i++) {
        assert_true(isnan(p[i]) == isnan(have[i]));
        if (!isnan(p[i]))
            near(have[i], want[i], 1e-9, "adjusted p");
        rejected += have[i] <= 0.05;
    }
    assert_int_equal(rejected, 4);
    mem_fail_after(0);
    assert_int_equal(stats_benjamini_hochberg(p, COUNT_OF(p), have, NULL), ERR_NOMEM);
    mem_fail_after(-1);
}

/* --- flags --- */

static const PpgRule ppg = {.z = 1960000, .floor = 20000, .insufficient_n = 10};

static void test_ppg1(void **state)
{
    static const struct {
        Count group, others;
        Flag flag;
        const char *why;
    } rows[] = {
        {{0, 10}, {100, 100}, FLAG_INSUFFICIENT, "ten persons say nothing"},
        {{0, 11}, {100, 100}, FLAG_RAISED, "eleven do"},
        {{5, 100}, {0, 0}, FLAG_INSUFFICIENT, "nobody else"},
        {{60, 100}, {50, 100}, FLAG_CLEAR, "better than the others"},
        {{0, 100}, {2, 100}, FLAG_RAISED, "exactly the floor, and no spread at a rate of 0"},
        {{0, 100}, {1999, 100000}, FLAG_CLEAR, "a hair less than the floor"},
        /* p = 1/2, n = 2401: 1.96 / 2 / 49 = 0.02 exactly, so both conditions meet in one point. n is odd: p = 1/2 */
        /* needs twice as many: n = 9604, z sqrt(p q / n) = 0.01, floor 0.02 decides. */
        {{4802, 9604}, {52, 100}, FLAG_RAISED, "floor decides: two points exactly"},
        {{4803, 9604}, {52, 100}, FLAG_CLEAR, "one person more"},
        /* p = 1/2, n = 196: 1.96 / 2 / 14 = 0.07 exactly: others at 57 %. */
        {{98, 196}, {57, 100}, FLAG_RAISED, "on the margin exactly"},
        {{98, 196}, {56999, 100000}, FLAG_CLEAR, "a hair above it"},
        {{98, 196}, {57001, 100000}, FLAG_RAISED, "a hair below it"},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (gap_ppg1(rows[i].group, rows[i].others, &ppg) != rows[i].flag)
            fail_msg("%s", rows[i].why);
    near(gap_ppg1_margin((Count){98, 196}, &ppg), 0.07, 1e-15, "margin");
    near(gap_ppg1_margin((Count){0, 196}, &ppg), 0.02, 1e-15, "floor");
}

static void test_eighty(void **state)
{
    static const EightyRule rule = {.threshold = 800000, .share = 20000};
    UNUSED(state);
    assert_int_equal(gap_eighty((Count){40, 100}, (Count){50, 100}, 1000, &rule), FLAG_CLEAR);
    assert_int_equal(gap_eighty((Count){39, 100}, (Count){50, 100}, 1000, &rule), FLAG_RAISED);
    assert_int_equal(gap_eighty((Count){0, 19}, (Count){50, 100}, 1000, &rule), FLAG_INSUFFICIENT);
    assert_int_equal(gap_eighty((Count){0, 20}, (Count){50, 100}, 1000, &rule), FLAG_RAISED);
    assert_int_equal(gap_eighty((Count){0, 100}, (Count){0, 100}, 1000, &rule), FLAG_INSUFFICIENT);
    /* exactly on the share for every number of persons; in binary 29 of 1000 need not be 0.029 */
    for (int64_t n = 1; n < 1000; n++) {
        const EightyRule exact = {.threshold = 800000, .share = n * 1000};
        assert_true(group_is_large((Count){0, n}, 1000, &exact));
        assert_false(group_is_large((Count){0, n - 1}, 1000, &exact));
    }
    assert_int_equal(gap_representation((Count){4, 10}, (Count){50, 100}, 800000), FLAG_CLEAR);
    assert_int_equal(gap_representation((Count){399, 1000}, (Count){500, 1000}, 800000), FLAG_RAISED);
    assert_int_equal(gap_representation((Count){0, 10}, (Count){0, 100}, 800000), FLAG_INSUFFICIENT);
    /* Share of hits over share of persons is the ratio of rates. */
    near(gap_ratio((Count){3, 12}, (Count){10, 30}), (3.0 / 10) / (12.0 / 30), 1e-15, "representation");
}

static void test_risk(void **state)
{
    static const RiskRule rule = {.min_cell = 10, .min_n = 30, .threshold = 2000000};
    Count with;
    Flag flag;
    UNUSED(state);
    assert_int_equal(gap_risk((Count){20, 40}, (Count){25, 100}, (Count){0, 0}, &rule, &with, &flag), RISK_OTHERS);
    assert_int_equal(flag, FLAG_CLEAR); /* exactly two is not above two */
    assert_int_equal(with.hits, 25);
    assert_int_equal(gap_risk((Count){21, 40}, (Count){25, 100}, (Count){0, 0}, &rule, &with, &flag), RISK_OTHERS);
    assert_int_equal(flag, FLAG_RAISED);
    /* Others too few: the alternate ratio, against the state. */
    assert_int_equal(gap_risk((Count){21, 40}, (Count){9, 100}, (Count){100, 1000}, &rule, &with, &flag), RISK_STATE);
    assert_int_equal(with.n, 1000);
    assert_int_equal(flag, FLAG_RAISED);
    assert_int_equal(gap_risk((Count){9, 40}, (Count){50, 100}, (Count){0, 0}, &rule, &with, &flag), RISK_NONE);
    assert_int_equal(gap_risk((Count){20, 29}, (Count){50, 100}, (Count){0, 0}, &rule, &with, &flag), RISK_NONE);
    assert_int_equal(gap_risk((Count){20, 40}, (Count){9, 20}, (Count){9, 20}, &rule, &with, &flag), RISK_NONE);
    assert_int_equal(flag, FLAG_INSUFFICIENT);
}

static void test_students(void **state)
{
    UNUSED(state);
    /* 0.6 of 50 is 30: 30 - 20. */
    assert_int_equal(gap_students_parity((Count){20, 50}, (Count){60, 100}), 10);
    assert_int_equal(gap_students_parity((Count){20, 50}, (Count){61, 100}), 11);
    assert_int_equal(gap_students_parity((Count){30, 50}, (Count){60, 100}), 0);
    assert_int_equal(gap_students_parity((Count){0, 0}, (Count){60, 100}), 0);
    /* 7 points exactly at p = 1/2, n = 196: the least that is less is one more. */
    assert_int_equal(gap_students_unflag((Count){98, 196}, (Count){57, 100}, &ppg), 1);
    assert_int_equal(gap_students_unflag((Count){98, 196}, (Count){50, 100}, &ppg), 0);
}

static void test_large_counts_do_not_overflow(void **state)
{
    UNUSED(state);
    const Count many = {4999999, 10000000}, others = {5400000, 10000000};
    assert_int_equal(gap_ppg1(many, others, &ppg), FLAG_RAISED);
    assert_int_equal(gap_ppg1(others, many, &ppg), FLAG_CLEAR);
    assert_int_equal(gap_students_parity(many, others), 400001);
}

/* --- trust --- */

static void test_reliability(void **state)
{
    static const NchsRule rule = {
        .min_n = 30, .width_good = 0.05, .width_bad = 0.30, .relative = 1.30, .confidence = 0.95};
    UNUSED(state);
    assert_int_equal(rate_reliability((Count){15, 29}, &rule), UNRELIABLE);
    assert_int_equal(rate_reliability((Count){15, 30}, &rule), UNRELIABLE); /* width 0.37 */
    assert_int_equal(rate_reliability((Count){50, 100}, &rule), RELIABLE);
    assert_int_equal(rate_reliability((Count){2, 100}, &rule), UNRELIABLE);  /* width 0.068 of 0.02 */
    assert_int_equal(rate_reliability((Count){98, 100}, &rule), UNRELIABLE); /* the same from above */
    assert_int_equal(rate_reliability((Count){2000, 100000}, &rule), RELIABLE);
    assert_int_equal(rate_reliability((Count){0, 100}, &rule), RELIABLE_REVIEW);
    assert_int_equal(rate_reliability((Count){1000, 1000}, &rule), RELIABLE_REVIEW);
}

static void test_link_bounds(void **state)
{
    /* 300 pairs, 297 right; 6 missed; 20 of 120 not covered. */
    static const LinkCounts links = {
        .pairs = 300, .correct = 297000000, .missed = 6000000, .base = 120, .covered = 100};
    UNUSED(state);
    near(link_precision(&links), 0.99, 1e-15, "precision");
    near(link_recall(&links), 297.0 / 303, 1e-15, "recall");
    Interval b = rate_link_bounds((Count){50, 100}, &links, MISSED_IS_NO_HIT);
    near_interval(b, 0.495, 0.7 + 6.0 / 303, "bounds");
    b = rate_link_bounds((Count){50, 100}, &links, MISSED_IS_HIT);
    near_interval(b, 0.3 - 6.0 / 303, 0.505, "bounds turned round");
    b = rate_link_bounds((Count){99, 100}, &links, MISSED_IS_NO_HIT);
    near_interval(b, 0.9801, 1, "bounds end at 1");
    static const LinkCounts perfect = {.pairs = 10, .correct = 10000000, .base = 100, .covered = 100};
    near_interval(rate_link_bounds((Count){50, 100}, &perfect, MISSED_IS_NO_HIT), 0.5, 0.5, "perfect links");
    assert_true(isnan(link_precision(&(LinkCounts){0})) && isnan(link_recall(&(LinkCounts){0})));
}

/* --- indices and decompositions --- */

static const Count three[] = {{40, 100}, {180, 300}, {540, 600}};

static void test_disparity(void **state)
{
    static const double want[DISPARITY_COUNT] = {0.5, 2.25, 0.0324, 28.9473684210526, 0.0336562240101482,
        0.0303645825332462, 0.714285714285714, 0.118421052631579};
    UNUSED(state);
    for (Disparity d = 0; d < DISPARITY_COUNT; d++)
        near(disparity_estimate(d, three, 3, Z).value, want[d], 1e-12, disparity_names[d]);
    near(disparity_estimate(DISPARITY_VARIANCE, three, 3, Z).error, 0.00490387601800861, 1e-8, "error of variance");
    near(disparity_estimate(DISPARITY_THEIL, three, 3, Z).error, 0.00542632039993578, 1e-8, "error of Theil");
    near(disparity_estimate(DISPARITY_LOG_DEVIATION, three, 3, Z).error, 0.0066920109202669, 1e-8, "error of MLD");
    /* The error of a range is that of a difference. */
    near(disparity_estimate(DISPARITY_RANGE, three, 3, Z).error, sqrt(0.4 * 0.6 / 100 + 0.9 * 0.1 / 600), 1e-8,
        "error of range");
    static const Count nobody[] = {{0, 10}, {5, 10}};
    assert_true(isnan(disparity_estimate(DISPARITY_RANGE_RATIO, nobody, 2, Z).value));
    assert_true(isnan(disparity_estimate(DISPARITY_LOG_DEVIATION, nobody, 2, Z).value));
    near(disparity_estimate(DISPARITY_THEIL, nobody, 2, Z).value, log(2), 1e-12, "Theil with a zero");
    static const Count equal[] = {{20, 40}, {50, 100}};
    for (Disparity d = 0; d < DISPARITY_COUNT; d++)
        near(disparity_estimate(d, equal, 2, Z).value, d == DISPARITY_RANGE_RATIO ? 1 : 0, 1e-15, "equal rates");
}

static void test_kitagawa(void **state)
{
    static const Count other[] = {{90, 200}, {300, 500}, {210, 300}};
    static const double rate[] = {-3.0 / 400, 0, 9.0 / 100}, mix[] = {-17.0 / 400, -3.0 / 25, 6.0 / 25};
    KitagawaPart parts[3];
    UNUSED(state);
    KitagawaPart sum = kitagawa(three, other, 3, parts);
    for (size_t i = 0; i < 3; i++) {
        near(parts[i].rate, rate[i], 1e-14, "rate part");
        near(parts[i].composition, mix[i], 1e-14, "composition part");
    }
    near(sum.rate + sum.composition, 0.76 - 0.6, 1e-14, "the gap");
    /* A group that only one side has is all mix. */
    static const Count only[] = {{10, 20}, {30, 40}}, without[] = {{10, 20}, {0, 0}};
    sum = kitagawa(only, without, 2, parts);
    near(parts[1].rate, 0, 0, "missing group");
    near(sum.rate + sum.composition, 40.0 / 60 - 0.5, 1e-14, "the gap with a missing group");
}

static EarningsSum sum_of(const double *y, size_t n)
{
    EarningsSum s = {0};
    for (size_t i = 0; i < n; i++) {
        s.n++;
        s.total += y[i];
        s.ylny += y[i] * log(y[i]);
    }
    return s;
}

static void test_theil(void **state)
{
    static const double a[] = {1000, 2000, 3000}, b[] = {4000, 4000}, c[] = {500, 9500, 10000, 20000};
    const EarningsSum groups[] = {sum_of(a, 3), sum_of(b, 2), sum_of(c, 4), {0}};
    double within[4];
    UNUSED(state);
    TheilParts t = theil_decompose(groups, 4, within);
    near(t.total, 0.425901290282785, 1e-12, "T");
    near(t.between, 0.196252413958623, 1e-12, "between");
    near(t.within, 0.229648876324162, 1e-12, "within");
    near(within[0], 0.087208023960758, 1e-12, "T of a group");
    near(within[1], 0, 1e-12, "equal earnings");
    near(within[2], 0.296944779443505, 1e-12, "T of a group");
    near(within[3], 0, 0, "nobody");
}

static void test_trend(void **state)
{
    static const TrendPoint known[] = {{2020, 80, 4}, {2021, 82, 1}, {2022, 81, 2}, {2023, 85, 1}};
    static const TrendPoint unknown[] = {{2020, 80, NAN}, {2021, 82, NAN}, {2022, 81, NAN}, {2023, 85, NAN}};
    UNUSED(state);
    Estimate e = trend_slope(known, 4, 0.95);
    near(e.value, 1.5, 1e-12, "weighted slope");
    near(e.error, 0.586301969977929, 1e-12, "its error");
    near(e.interval.high, 1.5 + 1.9599639845400542 * 0.586301969977929, 1e-12, "its interval");
    e = trend_slope(unknown, 4, 0.95);
    near(e.value, 1.4, 1e-12, "slope");
    near(e.error, 0.648074069840786, 1e-12, "its error");
    near(e.interval.low, 1.4 - 4.30265272974946 * 0.648074069840786, 1e-9, "its interval");
    assert_true(isnan(trend_slope(known, 1, 0.95).value) && isnan(trend_slope(unknown, 2, 0.95).value));
    static const TrendPoint same[] = {{2020, 80, 1}, {2020, 82, 1}};
    assert_true(isnan(trend_slope(same, 2, 0.95).value));
    near(count_variance((Count){0, 96}), 0.02 * 0.98 / 100, 1e-15, "variance");
}

/* --- properties --- */

static Count made_up(Rng *rng, int64_t most)
{
    int64_t n = 1 + (int64_t)rng_below(rng, (uint64_t)most);
    return (Count){(int64_t)rng_below(rng, (uint64_t)n + 1), n};
}

static void check_pair(Count a, Count b)
{
    double pa = count_rate(a), d = pa - count_rate(b);
    Interval w = interval_wilson(a, Z), n = interval_newcombe(a, b, Z), k = interval_koopman(a, b, Z);
    assert_true(w.low <= pa && pa <= w.high && w.low >= 0 && w.high <= 1);
    assert_true(n.low <= d + 1e-12 && d <= n.high + 1e-12 && n.low >= -1 - 1e-12 && n.high <= 1 + 1e-12);
    if (b.hits > 0)
        assert_true(k.low <= gap_ratio(a, b) * (1 + 1e-9) && k.high >= gap_ratio(a, b) * (1 - 1e-9));
    /* A difference turned round is its mirror; one person more does not lower a bound. */
    Interval back = interval_newcombe(b, a, Z);
    near(back.low, -n.high, 1e-12, "mirror");
    if (a.hits < a.n) {
        Interval more = interval_wilson((Count){a.hits + 1, a.n}, Z);
        assert_true(more.low >= w.low && more.high >= w.high);
    }
    int64_t need = gap_students_parity(a, b), unflag = gap_students_unflag(a, b, &ppg);
    assert_true(unflag <= need && a.hits + need <= a.n);
    assert_true(count_rate((Count){a.hits + need, a.n}) >= count_rate(b) - 1e-12);
    if (need > 0)
        assert_true(count_rate((Count){a.hits + need - 1, a.n}) < count_rate(b));
    if (gap_ppg1(a, b, &ppg) == FLAG_RAISED) {
        assert_true(unflag > 0 && gap_ppg1((Count){a.hits + unflag, a.n}, b, &ppg) == FLAG_CLEAR);
        assert_true(d <= -gap_ppg1_margin(a, &ppg) + 1e-12);
    } else if (a.n > ppg.insufficient_n) {
        assert_true(d >= -gap_ppg1_margin(a, &ppg) - 1e-12);
    }
}

static void test_properties(void **state)
{
    Rng rng;
    UNUSED(state);
    rng_init(&rng, 20261129, 0);
    for (int i = 0; i < 3000; i++)
        check_pair(made_up(&rng, 400), made_up(&rng, 400));
}

static void test_decompositions_add_up(void **state)
{
    Rng rng;
    UNUSED(state);
    rng_init(&rng, 4, 0);
    for (int i = 0; i < 500; i++) {
        Count a[6], b[6], all_a = {0, 0}, all_b = {0, 0};
        EarningsSum groups[6];
        KitagawaPart parts[6];
        double within[6], y[50];
        for (size_t g = 0; g < 6; g++) {
            a[g] = made_up(&rng, 300);
            b[g] = made_up(&rng, 300);
            all_a = (Count){all_a.hits + a[g].hits, all_a.n + a[g].n};
            all_b = (Count){all_b.hits + b[g].hits, all_b.n + b[g].n};
            size_t n = 1 + rng_below(&rng, 50);
            for (size_t k = 0; k < n; k++)
                y[k] = 1 + (double)rng_below(&rng, 100000) / 7;
            groups[g] = sum_of(y, n);
        }
        KitagawaPart sum = kitagawa(a, b, 6, parts);
        near(sum.rate + sum.composition, gap_points(all_a, all_b), 1e-12, "Kitagawa adds up");
        TheilParts t = theil_decompose(groups, 6, within);
        near(t.between + t.within, t.total, 1e-12, "Theil adds up");
        assert_true(t.between >= -1e-12 && t.within >= -1e-12);
    }
}

/* Clopper-Pearson covers at least 95 % whatever the rate: exact coverage by binomial sums. */
static void test_clopper_pearson_covers(void **state)
{
    enum { N = 20 };
    Interval at[N + 1];
    UNUSED(state);
    for (int64_t x = 0; x <= N; x++)
        at[x] = interval_clopper_pearson((Count){x, N}, 0.95);
    for (int k = 1; k < 100; k++) {
        double p = k / 100.0, term = pow(1 - p, N), covered = 0;
        for (int x = 0; x <= N; x++) {
            covered += at[x].low <= p && p <= at[x].high ? term : 0;
            term *= (N - x) / (x + 1.0) * p / (1 - p);
        }
        assert_true(covered >= 0.95);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_clopper_pearson),
        cmocka_unit_test(test_two_rates),
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_benjamini_hochberg),
        cmocka_unit_test(test_ppg1),
        cmocka_unit_test(test_eighty),
        cmocka_unit_test(test_risk),
        cmocka_unit_test(test_students),
        cmocka_unit_test(test_large_counts_do_not_overflow),
        cmocka_unit_test(test_reliability),
        cmocka_unit_test(test_link_bounds),
        cmocka_unit_test(test_disparity),
        cmocka_unit_test(test_kitagawa),
        cmocka_unit_test(test_theil),
        cmocka_unit_test(test_trend),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_decompositions_add_up),
        cmocka_unit_test(test_clopper_pearson_covers),
    };
    return cmocka_run_group_tests_name("equity/stats", tests, NULL, NULL);
}
