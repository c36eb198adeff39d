/*
 * One demand, asked twice: where the auditor accepts the widest pattern there is (everything suppressed that may be),
 * protecting must not end in "nothing protects", and where he does not, it must.
 */
#include "protectfile/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MAX_ROWS 4

typedef struct Grid {
    uint32_t rows, columns;
    SdcProblem problem;
    uint8_t singleton[64];
} Grid;

static uint32_t cell_at(const Grid *g, uint32_t r, uint32_t c)
{
    return r * (g->columns + 1) + c;
}

/* A grid with its margins; values 1 are one person who knows it, zeros and some margins are public. */
static void grid_random(Rng *rng, Grid *g)
{
    Error err = ERROR_INIT;
    *g = (Grid){.rows = 2 + (uint32_t)rng_below(rng, MAX_ROWS - 1), .columns = 2 + (uint32_t)rng_below(rng, 2)};
    uint32_t lines = g->rows + 1, width = g->columns + 1, at = 0, row = 0;
    SdcProblem *p = &g->problem;
    assert_int_equal(sdc_new(lines * width, lines + width, 2 * lines * width, p, &err), OK);
    for (uint32_t r = 0; r < lines; r++)
        for (uint32_t c = 0; c < width; c++) {
            int64_t v = rng_ppm(rng, 200000) ? 0 : rng_ppm(rng, 400000) ? 1 : rng_between(rng, 2, 9);
            if (c == g->columns || r == g->rows)
                v = 0;
            for (uint32_t k = 0; c == g->columns && k < c; k++)
                v += p->cells[cell_at(g, r, k)].value;
            for (uint32_t k = 0; r == g->rows && c < g->columns && k < r; k++)
                v += p->cells[cell_at(g, k, c)].value;
            p->cells[cell_at(g, r, c)] = (SdcCell){.value = v, .cost = v + 1, .upper = v + 20};
        }
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        g->singleton[i] = c->value == 1;
        if (c->value == 0 || (c->value > 5 && rng_ppm(rng, 350000)))
            c->status = SDC_FROZEN;
        else if (c->value < 5) {
            c->status = SDC_SENSITIVE;
            c->lpl = 1;
            c->upl = 5 - c->value;
            c->spl = rng_ppm(rng, 300000) ? 6 : 0;
        }
    }
    for (uint32_t r = 0; r < lines; r++, p->start[++row] = at)
        for (uint32_t c = 0; c < width; c++) {
            p->cell[at] = cell_at(g, r, c);
            p->coef[at++] = c == g->columns ? -1 : 1;
        }
    for (uint32_t c = 0; c < width; c++, p->start[++row] = at)
        for (uint32_t r = 0; r < lines; r++) {
            p->cell[at] = cell_at(g, r, c);
            p->coef[at++] = r == g->rows ? -1 : 1;
        }
}

/* What the auditor says of the widest pattern. */
static bool acceptable(const Grid *g, AuditReason *reason)
{
    Error err = ERROR_INIT;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport report = {0};
    SdcProblem wide = g->problem;
    SdcCell cells[64];
    memcpy(cells, g->problem.cells, wide.cell_count * sizeof *cells);
    wide.cells = cells;
    for (uint32_t i = 0; i < wide.cell_count; i++)
        if (cells[i].status == SDC_OPEN)
            cells[i].status = SDC_SECONDARY;
    o.singleton = g->singleton;
    assert_int_equal(audit_problem(&wide, &o, &report, &err), OK);
    bool accepted = report.exposed + report.unproven == 0;
    *reason = AUDIT_BY_NOTHING;
    for (size_t i = 0; i < report.count; i++)
        if (report.cells[i].verdict != AUDIT_PROTECTED && *reason != AUDIT_BY_OUTSIDER)
            *reason = report.cells[i].reason;
    audit_report_free(&report);
    return accepted;
}

static void test_both_ask_the_same(void **state)
{
    UNUSED(state);
    uint32_t accepted = 0, by_outsider = 0, by_singleton = 0;
    for (uint64_t seed = 0; seed < 800; seed++) {
        Rng rng;
        Grid g;
        Rows rows;
        Error err = ERROR_INIT;
        AuditReason reason;
        rng_init(&rng, 20261129, seed);
        grid_random(&rng, &g);
        bool may = acceptable(&g, &reason);
        const ProtectOptions options = {.threads = 1};
        Pattern pattern = {.problem = &g.problem, .singleton = g.singleton, .options = &options};
        assert_int_equal(rows_make(&g.problem, &rows, &err), OK);
        Status st = pattern_make(&pattern, &rows, &err);
        if (st != (may ? OK : ERR_DENIED))
            fail_msg("table %u: the widest pattern is %s, protecting says %s", (unsigned)seed, may ? "safe" : "not",
                st == OK ? "OK" : err.message);
        accepted += may;
        by_outsider += !may && reason == AUDIT_BY_OUTSIDER;
        by_singleton += !may && reason == AUDIT_BY_SINGLETON;
        rows_free(&rows);
        sdc_free(&g.problem);
    }
    assert_true(accepted > 200 && by_outsider > 100 && by_singleton > 100); /* the tables ask all of it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_ask_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
