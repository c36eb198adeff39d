/* Stated odds from labels: a known distortion is undone, order is kept, and the table tells right from wrong. */
#include <math.h>

#include "people.h"

/* Labels whose true log odds are slope * raw + shift (bits). */
static void draw_labels(Rng *r, double slope, double shift, LabelledOdds *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double raw = rng_unit(r) * 24 - 12;
        double p = 1 / (1 + exp2(-(slope * raw + shift)));
        out[i] = (LabelledOdds){(Weight)lround(raw * WEIGHT_BIT), rng_unit(r) < p, 1};
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
    check_line(m, 0.5, -2, 0.04);
    check_rises(m);
    mem_free(labels);
    match_model_free(m);
}

/* Of the pairs that are different one in five was drawn, where the answer was known beforehand: with weights the labels
 * say what all pairs say, without them they do not. */
static void drawn_by_answer(size_t n, double tolerance)
{
    MatchModel *m = NULL;
    LabelledOdds *labels = NULL;
    Rng r;
    size_t kept = 0;
    rng_init(&r, 11, 0);
    assert_ok(mem_zalloc(1, sizeof *m, (void **)&m, NULL));
    assert_ok(mem_zalloc(n, sizeof *labels, (void **)&labels, NULL));
    draw_labels(&r, 0.6, -1, labels, n);
    for (size_t i = 0; i < n; i++) {
        LabelledOdds l = labels[i];
        if (!l.match && rng_below(&r, 5) > 0)
            continue;
        l.weight = l.match ? 1 : 5;
        labels[kept++] = l;
    }
    assert_ok(calibrate_fit(m, labels, kept, NULL));
    check_line(m, 0.6, -1, tolerance);
    check_rises(m);
    for (size_t i = 0; i < kept; i++)
        labels[i].weight = 1;
    assert_ok(calibrate_fit(m, labels, kept, NULL));
    assert_true(weight_probability(calibrate(m, 0)) > 0.6); /* a third is right */
    mem_free(labels);
    match_model_free(m);
}

static void test_weights(void **state)
{
    UNUSED(state);
    drawn_by_answer(700, 0.10);   /* Platt */
    drawn_by_answer(40000, 0.06); /* isotonic */
}

/* A common factor of all weights says nothing. */
static void test_weights_scale(void **state)
{
    static const size_t counts[] = {150, 2000};
    UNUSED(state);
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        MatchModel *m[2] = {NULL, NULL};
        LabelledOdds *labels = NULL;
        Rng r;
        rng_init(&r, 12, c);
        assert_ok(mem_zalloc(counts[c], sizeof *labels, (void **)&labels, NULL));
        draw_labels(&r, 0.7, 1, labels, counts[c]);
        for (size_t k = 0; k < 2; k++) {
            assert_ok(mem_zalloc(1, sizeof *m[k], (void **)&m[k], NULL));
            assert_ok(calibrate_fit(m[k], labels, counts[c], NULL));
            for (size_t i = 0; i < counts[c]; i++)
                labels[i].weight *= 4096;
        }
        for (int raw = -8; raw <= 8; raw++)
            assert_true(abs(calibrate(m[0], raw * WEIGHT_BIT) - calibrate(m[1], raw * WEIGHT_BIT)) <= 1);
        match_model_free(m[0]);
        match_model_free(m[1]);
        mem_free(labels);
    }
}

/* Far out, where the model is as sure as can be, labels count like everywhere. */
static void test_sure_and_wrong(void **state)
{
    enum { LABELS = 100 };
    static const struct {
        int from, spread, right, want_bits;
    } cases[] = {
        {28000, 0, 50, 0}, {28000, 3000, 50, 0}, {-25000, 2000, 50, 0}, {20000, 8000, 80, 2}, {40000, 0, 80, 2}};
    UNUSED(state);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        LabelledOdds labels[LABELS];
        MatchModel *m = NULL;
        int sum = 0;
        for (int i = 0; i < LABELS; i++) {
            labels[i] =
                (LabelledOdds){cases[c].from + i * 37 % LABELS * cases[c].spread / LABELS, i < cases[c].right, 1};
            sum += labels[i].odds / LABELS;
        }
        assert_ok(mem_zalloc(1, sizeof *m, (void **)&m, NULL));
        assert_ok(calibrate_fit(m, labels, LABELS, NULL));
        Weight stated = calibrate(m, sum);
        if (abs(stated - cases[c].want_bits * WEIGHT_BIT) > WEIGHT_BIT / 4)
            fail_msg("case %zu: %d is stated as %d", c, sum, stated);
        check_rises(m);
        match_model_free(m);
    }
}

/* Labels of one kind, one label, labels that contradict the odds: sane answers. */
static void test_poor_labels(void **state)
{
    static const LabelledOdds one[] = {{3000, true, 1}};
    static const LabelledOdds right[] = {{3000, true, 1}, {5000, true, 1}, {-1000, true, 1}};
    static const LabelledOdds turned[] = {{-9000, true, 1}, {-8000, true, 1}, {8000, false, 1}, {9000, false, 1}};
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
        labels[i] = (LabelledOdds){probability_weight(0.9), i < 70, 1};
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
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_weights_scale),
        cmocka_unit_test(test_poor_labels),
        cmocka_unit_test(test_sure_and_wrong),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
