/*
 * Problems of the shapes of the public collection, small: their equations hold, they are the same for one seed, and
 * their patterns are safe and the same for any number of threads, by the way of small nets and by that of large ones.
 */
#include "suppress/suppress.h"

#include "audit/audit.h"
#include "protect_attack.h"
#include "protect_shapes.h"
#include "suppress/engine.h"
#include "suppress/round.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>

#define PERCENT 35

static Status attack(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    AuditOptions o = AUDIT_OPTIONS_INIT;
    UNUSED(ctx);
    return protect_attack(p, &o, shorts, err);
}

static void make(size_t shape, uint64_t seed, SdcProblem *p)
{
    Error err = ERROR_INIT;
    assert_int_equal(protect_shape(protect_shape_name(shape), seed, PERCENT, p, &err), OK);
    assert_int_equal(sdc_check(p, &err), OK);
    assert_true(p->cell_count > 0 && p->row_count > 0);
}

static void test_one_seed_one_problem(void **state)
{
    UNUSED(state);
    SdcProblem unknown = {0};
    Error err = ERROR_INIT;
    for (size_t i = 0; protect_shape_name(i); i++) {
        SdcProblem a = {0}, b = {0}, other = {0};
        make(i, 3, &a);
        make(i, 3, &b);
        make(i, 4, &other);
        assert_int_equal(a.cell_count, b.cell_count);
        assert_int_equal(a.row_count, b.row_count);
        assert_memory_equal(a.cells, b.cells, a.cell_count * sizeof *a.cells);
        assert_memory_equal(a.cell, b.cell, a.start[a.row_count] * sizeof *a.cell);
        assert_true(
            a.cell_count != other.cell_count || memcmp(a.cells, other.cells, a.cell_count * sizeof *a.cells) != 0);
        sdc_free(&a);
        sdc_free(&b);
        sdc_free(&other);
    }
    assert_int_equal(protect_shape("nobody", 1, 100, &unknown, &err), ERR_INVALID);
}

/* What is told as a leak is the auditor's, too; all else is protected. */
static void check_pattern(const SdcProblem *p, const SuppressReport *report)
{
    SuppressShorts shorts = {0};
    Error err = ERROR_INIT;
    assert_int_equal(attack(p, &shorts, NULL, &err), OK);
    for (size_t i = 0; i < shorts.len; i++) {
        bool told = false;
        for (size_t k = 0; k < report->leak_count; k++)
            told = told || report->leaks[k].cell == shorts.at[i].cell;
        assert_true(told);
    }
    vec_free(&shorts);
}

static void protect(size_t shape, bool large, unsigned threads, SdcProblem *p)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    SuppressReport report = {0};
    Error err = ERROR_INIT;
    make(shape, 1, p);
    o.effort = 2000;
    o.exact_cells = 0;
    o.threads = threads;
    o.audit = attack;
    if (large)
        o.near_cells = o.large_rows = o.far_rows = 1;
    assert_int_equal(suppress_solve(p, &o, &report, &err), OK);
    check_pattern(p, &report);
    suppress_report_free(&report);
}

static void test_shapes_protected(void **state)
{
    UNUSED(state);
    for (size_t i = 0; protect_shape_name(i); i++)
        for (int large = 0; large < 2; large++) {
            SdcProblem one = {0}, three = {0};
            protect(i, large, 1, &one);
            protect(i, large, 3, &three);
            assert_memory_equal(one.cells, three.cells, one.cell_count * sizeof *one.cells);
            sdc_free(&one);
            sdc_free(&three);
        }
}

/* --- rounding ----------------------------------------------------------------------------------------------------- */

static bool holds(const SdcProblem *p, const WholeMove *m)
{
    int64_t *value = calloc(p->cell_count, sizeof *value);
    bool good = true;
    assert_non_null(value);
    for (uint32_t i = 0; i < m->count; i++) {
        const SdcCell *c = &p->cells[m->terms[i].cell];
        value[m->terms[i].cell] = m->terms[i].value;
        good = good && c->value + m->terms[i].value >= c->lower && c->value + m->terms[i].value <= c->upper;
    }
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = 0;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            sum += p->coef[k] * value[p->cell[k]];
        good = good && sum == 0;
    }
    free(value);
    return good;
}

static void net_of_all(const SdcProblem *p, Net *net)
{
    Error err = ERROR_INIT;
    uint8_t *usable = calloc(p->cell_count, 1);
    assert_non_null(usable);
    memset(usable, 1, p->cell_count);
    assert_int_equal(net_build(p, usable, NULL, net, &err), OK);
    free(usable);
}

/* Three by three with margins; inner cells move by thirds, margins do not. Where no inner cell has room, there is no
 * table of whole numbers nearby. */
static void test_rounding(void **state)
{
    UNUSED(state);
    enum { SIDE = 3, WIDE = SIDE + 1 };
    static const uint8_t none[WIDE * WIDE];
    static const double move[SIDE][SIDE] = {
        {10, -20.0 / 3, -10.0 / 3}, {-20.0 / 3, 10, -10.0 / 3}, {-10.0 / 3, -10.0 / 3, 20.0 / 3}};
    for (int narrow = 0; narrow < 2; narrow++) {
        SdcProblem p = {0};
        Net net = {0};
        LocalTerm terms[SIDE * SIDE];
        WholeMove *m;
        Error err = ERROR_INIT;
        uint32_t at = 0, row = 0;
        assert_int_equal(sdc_new(WIDE * WIDE, 2 * WIDE, 2 * WIDE * WIDE, &p, &err), OK);
        for (uint32_t c = 0; c < WIDE * WIDE; c++)
            p.cells[c] = (SdcCell){.lower = narrow ? -6 : -20, .upper = 20, .status = SDC_SENSITIVE};
        for (uint32_t i = 0; i < WIDE; i++, p.start[++row] = at)
            for (uint32_t k = 0; k < WIDE; k++, at++)
                p.cell[at] = i * WIDE + k, p.coef[at] = k == SIDE ? -1 : 1;
        for (uint32_t i = 0; i < WIDE; i++, p.start[++row] = at)
            for (uint32_t k = 0; k < WIDE; k++, at++)
                p.cell[at] = k * WIDE + i, p.coef[at] = k == SIDE ? -1 : 1;
        net_of_all(&p, &net);
        assert_int_equal(net.cell_count, WIDE * WIDE);
        for (uint32_t i = 0; i < SIDE; i++)
            for (uint32_t k = 0; k < SIDE; k++)
                terms[i * SIDE + k] = (LocalTerm){i * WIDE + k, move[i][k]};
        assert_int_equal(round_move(&net, terms, SIDE * SIDE, none, &m, &err), OK);
        assert_true(narrow || m);
        assert_true(!m || holds(&p, m));
        assert_true(!m || (m->terms[0].cell == 0 && m->terms[0].value == 10));
        whole_drop(m);
        net_free(&net);
        sdc_free(&p);
    }
}

/* A request to stop ends the next question. Last, since it stays asked. */
static void test_stops_on_request(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    Net net = {0};
    Engine *e;
    Error err = ERROR_INIT;
    make(0, 1, &p);
    int64_t *up = calloc(p.cell_count, sizeof *up), *down = calloc(p.cell_count, sizeof *down);
    assert_non_null(up);
    uint8_t *none = calloc(p.cell_count, 1);
    assert_non_null(down);
    assert_non_null(none);
    for (uint32_t i = 0; i < p.cell_count; i++)
        up[i] = i < 3;
    net_of_all(&p, &net);
    EngineSetup setup = {.up = up,
        .down = down,
        .settled = none,
        .whole = none,
        .seed = 1,
        .threads = 1,
        .near_cells = 5000,
        .large_rows = 5000,
        .far_rows = 12000};
    assert_int_equal(engine_new(&net, &setup, &e, &err), OK);
    cancel_install();
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(engine_meet_all(e, ENGINE_BY_LEVEL_DOWN, &err), ERR_CANCELLED);
    engine_free(e);
    net_free(&net);
    sdc_free(&p);
    free(up);
    free(down);
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_seed_one_problem),
        cmocka_unit_test(test_shapes_protected),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_stops_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
