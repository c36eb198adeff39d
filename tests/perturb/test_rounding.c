/* Controlled rounding: additive, in its interval, repeatable, and the interval is what an outsider learns. */
#include "perturb_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const Slice KEY = SLICE_INIT("a key of the rounding");

static RoundingOptions options(uint32_t base, uint32_t steps)
{
    return (RoundingOptions){base, steps, KEY, SLICE("table")};
}

/* A table of three dimensions with all margins: index 0 of a dimension is its total. */
static void cube(Rng *rng, uint32_t a, uint32_t b, uint32_t c, uint64_t most, SdcProblem *p)
{
    uint32_t A = a + 1, B = b + 1, C = c + 1, cells = A * B * C;
    uint32_t rows = B * C + A * C + A * B, nonzeros = B * C * A + A * C * B + A * B * C, k = 0, r = 0;
    assert_ok(sdc_new(cells, rows, nonzeros, p, NULL));
    uint32_t size[3] = {A, B, C}, stride[3] = {B * C, C, 1};
    for (uint32_t i = 0; i < cells; i++) {
        p->cells[i].upper = SDC_VALUE_MAX / 4;
        if (i / stride[0] > 0 && i / stride[1] % B > 0 && i % C > 0)
            p->cells[i].value = rng_below(rng, 3) ? (int64_t)rng_below(rng, most) : 0;
    }
    for (int d = 0; d < 3; d++)
        for (uint32_t i = 0; i < cells; i++) {
            if (i / stride[d] % size[d] != 0)
                continue;
            p->start[r] = k;
            p->cell[k] = i;
            p->coef[k++] = -1;
            int64_t sum = 0;
            for (uint32_t j = 1; j < size[d]; j++) {
                p->cell[k] = i + j * stride[d];
                p->coef[k++] = 1;
                sum += p->cells[i + j * stride[d]].value;
            }
            p->cells[i].value = sum;
            p->start[++r] = k;
        }
    /* margins of margins were summed before their parts in the first passes: once more in the right order */
    for (int again = 0; again < 3; again++)
        for (uint32_t row = 0; row < r; row++) {
            int64_t sum = 0;
            for (uint32_t j = p->start[row] + 1; j < p->start[row + 1]; j++)
                sum += p->cells[p->cell[j]].value;
            p->cells[p->cell[p->start[row]]].value = sum;
        }
    assert_ok(sdc_check(p, NULL));
}

static void check_rounded(
    const SdcProblem *p, const RoundingOptions *o, const RoundingReport *report, const int64_t *out)
{
    for (uint32_t i = 0; i < p->cell_count; i++) {
        int64_t low, high, v = p->cells[i].value;
        rounding_interval(out[i], o->base, report->steps, &low, &high);
        assert_true(out[i] % o->base == 0 && out[i] >= 0);
        assert_true(v >= low && v <= high);
        if (report->steps == 0 && v % o->base == 0)
            assert_int_equal(out[i], v);
    }
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = 0;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            sum += p->coef[k] * out[p->cell[k]];
        assert_int_equal(sum, p->rhs[r]);
    }
}

static void tables_of_all_shapes(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 2, 0);
    for (int round = 0; round < 120; round++) {
        SdcProblem p;
        RoundingReport report;
        static const uint32_t bases[] = {3, 5, 10, 7};
        RoundingOptions o = options(bases[round % 4], 2);
        bool flat = round % 3 == 0;
        cube(&rng, flat ? 1 : (uint32_t)rng_between(&rng, 1, 5), (uint32_t)rng_between(&rng, 1, 6),
            (uint32_t)rng_between(&rng, 1, 6), 40, &p);
        int64_t *out = calloc(p.cell_count, sizeof *out), *again = calloc(p.cell_count, sizeof *again);
        Error err = ERROR_INIT;
        if (rounding_table(&p, &o, out, &report, &err) != OK)
            fail_msg("%s", err.message);
        check_rounded(&p, &o, &report, out);
        if (flat)
            assert_int_equal(report.steps, 0); /* two-way tables always have a zero-restricted rounding */
        assert_ok(rounding_table(&p, &o, again, &report, NULL));
        assert_memory_equal(out, again, p.cell_count * sizeof *out);
        free(out);
        free(again);
        sdc_free(&p);
    }
}

/* What the programs alone did not finish: three dimensions with thousands of cells. */
static void a_large_cube(void **state)
{
    UNUSED(state);
    Rng rng;
    SdcProblem p;
    RoundingReport report;
    RoundingOptions o = options(5, 2);
    rng_init(&rng, 5, 0);
    cube(&rng, 13, 13, 13, 40, &p);
    int64_t *out = calloc(p.cell_count, sizeof *out), *again = calloc(p.cell_count, sizeof *again);
    assert_ok(rounding_table(&p, &o, out, &report, NULL));
    check_rounded(&p, &o, &report, out);
    assert_int_equal(report.steps, 0);
    assert_true(report.programs < 20);
    assert_ok(rounding_table(&p, &o, again, &report, NULL));
    assert_memory_equal(out, again, p.cell_count * sizeof *out);
    free(out);
    free(again);
    sdc_free(&p);
}

/* A single cell under many keys: the true values that can stand behind a figure are exactly the interval. */
static void the_interval_is_what_is_learnt(void **state)
{
    UNUSED(state);
    enum { BASE = 5, MOST = 40 };
    bool possible[MOST + BASE + 1][MOST + 1] = {{false}};
    double ups[BASE] = {0}, all[BASE] = {0};
    for (int64_t v = 0; v <= MOST; v++)
        for (int key = 0; key < 300; key++) {
            SdcProblem p;
            RoundingReport report;
            int64_t out;
            char name[40];
            snprintf(name, sizeof name, "table under key %d", key);
            RoundingOptions o = {BASE, 0, KEY, slice_of(name)};
            assert_ok(sdc_new(1, 0, 0, &p, NULL));
            p.cells[0].value = v;
            p.cells[0].upper = 1000;
            assert_ok(rounding_table(&p, &o, &out, &report, NULL));
            possible[out][v] = true;
            ups[v % BASE] += out > v;
            all[v % BASE]++;
            sdc_free(&p);
        }
    for (int64_t a = 0; a <= MOST - BASE; a += BASE) {
        int64_t low, high;
        rounding_interval(a, BASE, 0, &low, &high);
        assert_int_equal(low, a == 0 ? 0 : a - BASE + 1);
        assert_int_equal(high, a + BASE - 1);
        for (int64_t v = 0; v <= MOST; v++)
            assert_int_equal(possible[a][v], v >= low && v <= high);
    }
    /* the mean stays: up with probability rest / base */
    for (int r = 1; r < BASE; r++)
        assert_true(fabs(ups[r] / all[r] - (double)r / BASE) < 0.05);
    int64_t low, high;
    rounding_interval(20, 5, 2, &low, &high);
    assert_true(low == 6 && high == 34);
}

static void bad_tables(void **state)
{
    UNUSED(state);
    SdcProblem p;
    RoundingReport report;
    int64_t out[3];
    RoundingOptions o = options(5, 0);
    assert_ok(sdc_new(3, 1, 3, &p, NULL));
    for (uint32_t i = 0; i < 3; i++) {
        p.cells[i] = (SdcCell){.value = i == 0 ? 7 : i == 1 ? 3 : 4, .upper = 100};
        p.cell[i] = i;
        p.coef[i] = i == 0 ? -1 : 1;
    }
    p.start[1] = 3;
    assert_ok(rounding_table(&p, &o, out, &report, NULL));
    assert_int_equal(out[0], out[1] + out[2]);
    o.base = 1;
    assert_int_equal(rounding_table(&p, &o, out, &report, NULL), ERR_INVALID);
    o = options(5, 0);
    o.key = SLICE("short");
    assert_int_equal(rounding_table(&p, &o, out, &report, NULL), ERR_INVALID);
    o = options(5, 0);
    p.cells[0].value = 8;
    assert_int_equal(rounding_table(&p, &o, out, &report, NULL), ERR_INVALID); /* does not add up */
    p.cells[0].value = 9;
    p.rhs[0] = -2;
    assert_int_equal(rounding_table(&p, &o, out, &report, NULL), ERR_INVALID); /* no multiple of 5 */
    /* 6 becomes 5 or 10, 3 and 3 become 0 or 5 each: the two must not differ from their sum */
    p.rhs[0] = 0;
    p.cells[0].value = 6;
    p.cells[1].value = 3;
    p.cells[2].value = 3;
    assert_ok(rounding_table(&p, &o, out, &report, NULL));
    sdc_free(&p);
    /* 3 a = b: 8 -> 5 or 10, 24 -> 20 or 25, but 3 a is 15 or 30: none fits, one more step does */
    assert_ok(sdc_new(2, 1, 2, &p, NULL));
    p.cells[0] = (SdcCell){.value = 8, .upper = 100};
    p.cells[1] = (SdcCell){.value = 24, .upper = 100};
    p.cell[1] = 1;
    p.coef[0] = 3;
    p.coef[1] = -1;
    p.start[1] = 2;
    assert_int_equal(rounding_table(&p, &o, out, &report, NULL), ERR_LIMIT);
    o.max_steps = 1;
    assert_ok(rounding_table(&p, &o, out, &report, NULL));
    assert_int_equal(report.steps, 1);
    assert_int_equal(3 * out[0], out[1]);
    sdc_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_all_shapes),
        cmocka_unit_test(a_large_cube),
        cmocka_unit_test(the_interval_is_what_is_learnt),
        cmocka_unit_test(bad_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
