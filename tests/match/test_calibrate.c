/* Stated odds from labels: a known distortion is undone, order is kept, and the table tells right from wrong. */
#include <math.h>

#include "people.h"

/* Labels whose true log odds are slope * raw + shift (bits). */
static void draw_labels(Rng *r, double slope, double shift, LabelledOdds *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double raw = rng_unit(r) * 24 - 12;
        double p = 1 / (1 + exp2(-(slope * raw + shift)));
        out[i] = (LabelledOdds){(Weight)lround(raw * WEIGHT_BIT), rng_unit(r) < p};
    }
}

static void check_line(const MatchModel *m, double slope, double shift, double tolerance)
{
    for (int raw = -4; raw <= 4; raw++) {
        double p = weight_probability(calibrate(m, raw * WEIGHT_BIT)), want = 1 / (1 + exp2(-(slope * raw + shift)));
        if (!(fabs(p - want) <= tolerance))
            fail_msg("at %d bits: %g instead of %g", raw, p, want);
    }
}

static void check_rises(const MatchModel *m)
{
    Weight before = WEIGHT_MIN;
    for (Weight w = WEIGHT_MIN; w <= WEIGHT_MAX; w += 250) {
        Weight stated = calibrate(m, w);
        assert_true(stated >= before && stated >= WEIGHT_MIN && stated <= WEIGHT_MAX);
        before = stated;
    }
}

static void test_platt(void **state)
{
    MatchModel *m = NULL;
    LabelledOdds labels[180];
    Rng r;
    UNUSED(state);
    rng_init(&r, 9, 0);
    assert_ok(mem_zalloc(1, sizeof *m, (void **)&m, NULL));
    draw_labels(&r, 0.6, -1.5, labels, COUNT_OF(labels));
    assert_ok(calibrate_fit(m, labels, COUNT_OF(labels), NULL));
    assert_int_equal(m->knots, 2);
    check_line(m, 0.6, -1.5, 0.12);
    check_rises(m);
    match_model_free(m);
}

static void test_isotonic(void **state)
{
    enum { LABELS = 20000 };
    MatchModel *m = NULL;
    LabelledOdds *labels = NULL;
    Rng r;
    UNUSED(state);
    rng_init(&r, 10, 0);
    assert_ok(mem_zalloc(1, sizeof *m, (void **)&m, NULL));
    assert_ok(mem_zalloc(LABELS, sizeof *labels, (void **)&labels, NULL));
    draw_labels(&r, 0.5, -2, labels, LABELS);
    assert_ok(calibrate_fit(m, labels, LABELS, NULL));
    assert_true(m->knots > 2);
    check_line(m, 0.5, -2, 0.06);
    check_rises(m);
    mem_free(labels);
    match_model_free(m);
}

/* Labels of one kind, one label, labels that contradict the odds: sane answers. */
static void test_poor_labels(void **state)
{
    static const LabelledOdds one[] = {{3000, true}};
    static const LabelledOdds right[] = {{3000, true}, {5000, true}, {-1000, true}};
    static const LabelledOdds turned[] = {{-9000, true}, {-8000, true}, {8000, false}, {9000, false}};
    static const struct {
        const LabelledOdds *labels;
        size_t count;
    } cases[] = {{one, 1}, {right, 3}, {turned, 4}, {one, 0}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        MatchModel *m = NULL;
        assert_ok(mem_zalloc(1, sizeof *m, (void **)&m, NULL));
        assert_ok(calibrate_fit(m, cases[i].labels, cases[i].count, NULL));
        check_rises(m);
        match_model_free(m);
    }
}

static void test_table(void **state)
{
    CalibrationBin bins[CALIBRATION_BINS];
    LabelledOdds labels[100];
    UNUSED(state);
    for (int i = 0; i < 100; i++)
        labels[i] = (LabelledOdds){probability_weight(0.9), i < 70};
    calibration_table(labels, 100, bins);
    uint64_t pairs = 0;
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        pairs += bins[b].pairs;
        if (bins[b].pairs == 0)
            continue;
        assert_int_equal(bins[b].right, 70);
        assert_true(fabs(bins[b].stated - 0.9) < 0.001);
        /* Wilson's interval for 70 of 100, from his formula by hand */
        assert_true(fabs(bins[b].low - 0.6042) < 0.001 && fabs(bins[b].high - 0.7811) < 0.001);
        assert_true(bins[b].high < bins[b].stated); /* the table shows that this is not calibrated */
    }
    assert_int_equal(pairs, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_platt),
        cmocka_unit_test(test_isotonic),
        cmocka_unit_test(test_poor_labels),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
