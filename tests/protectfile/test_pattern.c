/*
 * One demand, asked twice: where the auditor accepts the widest pattern there is (everything suppressed that may be),
 * protecting must not end in "nothing protects", and where he does not, it must, and name cells that force the leak.
 */
#include "protectfile/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

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

/* The grid with everything suppressed that may be, and of the published cells all but those in `keep`, NULL: none. */
static void widest(const Grid *g, const uint8_t *keep, SdcProblem *out, SdcCell *cells)
{
    *out = g->problem;
    out->cells = cells;
    memcpy(cells, g->problem.cells, out->cell_count * sizeof *cells);
    for (uint32_t i = 0; i < out->cell_count; i++) {
        if (cells[i].status == SDC_OPEN || (keep && !keep[i] && cells[i].status == SDC_FROZEN))
            cells[i].status = SDC_SECONDARY;
    }
}

/* What the auditor says of it. */
static bool acceptable(const Grid *g, const uint8_t *keep, uint32_t cell, AuditReason *reason)
{
    Error err = ERROR_INIT;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport report = {0};
    SdcProblem wide;
    SdcCell cells[64];
    widest(g, keep, &wide, cells);
    o.singleton = g->singleton;
    assert_int_equal(audit_problem(&wide, &o, &report, &err), OK);
    bool accepted = true;
    *reason = AUDIT_BY_NOTHING;
    for (size_t i = 0; i < report.count; i++) {
        if (report.cells[i].verdict == AUDIT_PROTECTED || (cell != AUDIT_NONE && report.cells[i].cell != cell))
            continue;
        accepted = false;
        if (*reason != AUDIT_BY_OUTSIDER)
            *reason = report.cells[i].reason;
    }
    audit_report_free(&report);
    return accepted;
}

/* "nothing protects [cell 3]: ...: [cell 5]; [cell 7]": with all other published cells taken back it is still so. */
static void check_message(const Grid *g, const char *message)
{
    uint8_t keep[64] = {0};
    uint32_t named = 0, cell = AUDIT_NONE;
    AuditReason reason;
    assert_null(strstr(message, "more"));
    for (const char *at = strstr(message, "[cell "); at; at = strstr(at + 1, "[cell ")) {
        uint32_t n = (uint32_t)strtoul(at + 6, NULL, 10);
        if (cell == AUDIT_NONE) {
            cell = n;
            continue;
        }
        keep[n] = 1;
        named++;
    }
    assert_true(named > 0);
    if (strstr(message, "is published: "))
        assert_false(acceptable(g, keep, cell, &reason));
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
        bool may = acceptable(&g, NULL, AUDIT_NONE, &reason);
        const ProtectOptions options = {.threads = 1};
        Pattern pattern = {.problem = &g.problem, .singleton = g.singleton, .options = &options};
        assert_int_equal(rows_make(&g.problem, &rows, &err), OK);
        Status st = pattern_make(&pattern, &rows, &err);
        if (st != (may ? OK : ERR_DENIED))
            fail_msg("table %u: the widest pattern is %s, protecting says %s", (unsigned)seed, may ? "safe" : "not",
                st == OK ? "OK" : err.message);
        if (!may)
            check_message(&g, err.message);
        accepted += may;
        by_outsider += !may && reason == AUDIT_BY_OUTSIDER;
        by_singleton += !may && reason == AUDIT_BY_SINGLETON;
        rows_free(&rows);
        sdc_free(&g.problem);
    }
    assert_true(accepted > 200 && by_outsider > 100 && by_singleton > 100); /* the tables ask all of it */
}

/* One equation: a total and its parts. */
static void one_sum(SdcProblem *p, const int64_t *parts, uint32_t count)
{
    Error err = ERROR_INIT;
    int64_t total = 0;
    assert_int_equal(sdc_new(count + 1, 1, count + 1, p, &err), OK);
    for (uint32_t i = 0; i < count; i++) {
        p->cells[i] = (SdcCell){.value = parts[i], .upper = 50, .cost = 1};
        total += parts[i];
    }
    p->cells[count] = (SdcCell){.value = total, .upper = 50, .cost = 1, .status = SDC_FROZEN};
    for (uint32_t i = 0; i <= count; i++) {
        p->cell[i] = i;
        p->coef[i] = i == count ? -1 : 1;
    }
    p->start[1] = count + 1;
    p->cells[0].status = SDC_SENSITIVE;
    p->cells[0].lpl = 1;
    p->cells[0].upl = 7;
}

static void refused(SdcProblem *p, const char *message)
{
    Error err = ERROR_INIT;
    Rows rows;
    const ProtectOptions options = {.threads = 1};
    Pattern pattern = {.problem = p, .options = &options};
    assert_int_equal(rows_make(p, &rows, &err), OK);
    assert_int_equal(pattern_make(&pattern, &rows, &err), ERR_DENIED);
    assert_string_equal(err.message, message);
    rows_free(&rows);
    sdc_free(p);
}

static void test_zeros_and_ranges_are_named(void **state)
{
    UNUSED(state);
    SdcProblem p;
    one_sum(&p, (const int64_t[]){3, 0, 0}, 3);
    p.cells[1].status = p.cells[2].status = SDC_FROZEN;
    p.cells[2].upper = 0;
    refused(&p, "nothing protects [cell 0]: it follows from what is published: [cell 3]");
    one_sum(&p, (const int64_t[]){3, 0, 0}, 3);
    p.cells[1].status = p.cells[2].status = SDC_FROZEN;
    p.cells[2].upper = 0;
    p.cells[0].upl = 0;
    refused(&p, "nothing protects [cell 0]: it follows from what is published: [cell 1] (nobody is there); "
                "[cell 3]");
    one_sum(&p, (const int64_t[]){3, 20}, 2);
    p.cells[0].upper = 6; /* as a coded rate says */
    refused(&p, "nothing protects [cell 0]: it follows from what everybody knows of [cell 0] (0 to 6)");
    one_sum(&p, (const int64_t[]){3, 20}, 2);
    p.cells[1].lower = 19;
    refused(&p, "nothing protects [cell 0]: it follows from what is published: [cell 2]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ask_the_same), cmocka_unit_test(test_zeros_and_ranges_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
