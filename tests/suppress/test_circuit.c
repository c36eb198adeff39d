/*
 * Circuits of elimination, and blocks folded by their twins: what they claim is checked equation by equation.
 */
#include "suppress/suppress.h"

#include "audit/audit.h"
#include "protect_attack.h"
#include "protect_shapes.h"
#include "protect_tables.h"
#include "suppress/circuit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

static Status attack(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    AuditOptions o = AUDIT_OPTIONS_INIT;
    UNUSED(ctx);
    return protect_attack(p, &o, shorts, err);
}

/* A witness is a table: every equation, every bound, suppressed cells alone, as far as the need asks. */
static void check_move(const SdcProblem *p, const Engine *e, const Need *need)
{
    const WholeMove *m = need->move;
    int64_t *by = calloc(p->cell_count, sizeof *by);
    assert_true(by && m);
    for (uint32_t i = 0; i < m->count; i++)
        by[m->terms[i].cell] = m->terms[i].value;
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = 0;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            sum += p->coef[k] * by[p->cell[k]];
        assert_int_equal(sum, 0);
    }
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        const SdcCell *c = &p->cells[e->net->outside[j]];
        int64_t y = by[e->net->outside[j]];
        assert_true(y == 0 || e->in[j]);
        assert_true(c->value + y >= c->lower && c->value + y <= c->upper);
    }
    int64_t y = by[e->net->outside[need->cell]];
    assert_true(y != 0);
    free(by);
}

static size_t circuits_of(const SdcProblem *p, size_t *needs)
{
    Error err = ERROR_INIT;
    Net net = {0};
    Engine *e = NULL;
    uint32_t blocks;
    size_t met = 0, n = p->cell_count;
    uint8_t *usable = calloc(n, 1), *none = calloc(n, 1);
    uint32_t *block_of = calloc(n, sizeof *block_of);
    int64_t *up = calloc(n, sizeof *up), *down = calloc(n, sizeof *down);
    assert_true(usable && none && block_of && up && down);
    for (uint32_t i = 0; i < n; i++) {
        const SdcCell *c = &p->cells[i];
        usable[i] = c->status != SDC_FROZEN && c->upper > c->lower;
        up[i] = c->status == SDC_SENSITIVE ? c->upl : 0;
        down[i] = c->status == SDC_SENSITIVE ? c->lpl : 0;
    }
    assert_int_equal(net_blocks(p, usable, block_of, &blocks, &err), OK);
    assert_int_equal(net_build(p, usable, NULL, &net, &err), OK);
    const EngineSetup setup = {.up = up,
        .down = down,
        .settled = none,
        .whole = none,
        .seed = 1,
        .threads = 1,
        .near_cells = 1,
        .large_rows = 1,
        .far_rows = UINT32_MAX,
        .keeps_moves = true};
    assert_int_equal(engine_new(&net, &setup, &e, &err), OK);
    assert_int_equal(circuit_meet(e, &err), OK);
    for (size_t i = 0; i < e->needs.len; i++) {
        met += e->needs.at[i].met;
        if (e->needs.at[i].met)
            check_move(p, e, &e->needs.at[i]);
    }
    *needs += e->needs.len;
    engine_free(e);
    net_free(&net);
    free(usable);
    free(none);
    free(block_of);
    free(up);
    free(down);
    return met;
}

static void test_circuits_are_tables(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    size_t met = 0, needs = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        SdcProblem p = {0};
        assert_int_equal(protect_small_tree(seed, &p, &err), OK);
        met += circuits_of(&p, &needs);
        sdc_free(&p);
    }
    assert_true(needs > 100 && met > needs / 4);
}

/* Linked sparse tables: the circuits reach what bounds allow, nearly everywhere. */
static void test_linked_tables(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    size_t met = 0, needs = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        SdcProblem p = {0};
        assert_int_equal(protect_shape("five20", seed, 60, &p, &err), OK);
        met += circuits_of(&p, &needs);
        sdc_free(&p);
    }
    assert_true(needs > 100 && met > needs * 3 / 4);
}

/* A problem in which each cell of `p` has a twin, and half of the twins ask for less than the cell or for more. */
static void double_cells(const SdcProblem *p, SdcProblem *out)
{
    Error err = ERROR_INIT;
    uint32_t n = p->cell_count, terms = p->start[p->row_count];
    assert_int_equal(sdc_new(2 * n, p->row_count + n, terms + 2 * n, out, &err), OK);
    for (uint32_t i = 0; i < n; i++) {
        out->cells[i] = out->cells[n + i] = p->cells[i];
        if (p->cells[i].status == SDC_SENSITIVE && i % 2 == 0) {
            out->cells[n + i].status = SDC_OPEN;
            out->cells[n + i].upl = out->cells[n + i].lpl = 0;
        } else if (p->cells[i].status == SDC_SENSITIVE) {
            out->cells[n + i].upl = (p->cells[i].upl + 1) / 2;
        }
    }
    for (uint32_t k = 0; k < terms; k++) {
        out->cell[k] = p->cell[k] + (k % 3 == 0 ? n : 0);
        out->coef[k] = p->coef[k];
    }
    for (uint32_t r = 0; r < p->row_count; r++) {
        out->rhs[r] = p->rhs[r];
        out->start[r + 1] = p->start[r + 1];
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = terms + 2 * i;
        out->cell[at] = i;
        out->coef[at] = 1;
        out->cell[at + 1] = n + i;
        out->coef[at + 1] = -1;
        out->start[p->row_count + i + 1] = at + 2;
    }
}

/* Twins go together, cost both, and nothing is left open. */
static void test_twins(void **state)
{
    UNUSED(state);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        Error err = ERROR_INIT;
        SdcProblem p = {0}, q = {0};
        SuppressOptions o = SUPPRESS_OPTIONS_INIT;
        SuppressReport r = {0};
        SuppressShorts shorts = {0};
        assert_int_equal(protect_small_tree(seed, &p, &err), OK);
        double_cells(&p, &q);
        assert_int_equal(sdc_check(&q, &err), OK);
        o.effort = 2000;
        o.exact_pivots = 2000;
        o.audit = attack;
        assert_int_equal(suppress_solve(&q, &o, &r, &err), OK);
        uint32_t n = p.cell_count, leaks = 0;
        int64_t cost = 0;
        for (uint32_t i = 0; i < n; i++) {
            bool a = q.cells[i].status == SDC_SENSITIVE || q.cells[i].status == SDC_SECONDARY;
            bool b = q.cells[n + i].status == SDC_SENSITIVE || q.cells[n + i].status == SDC_SECONDARY;
            leaks += a != b;
        }
        for (uint32_t i = 0; i < q.cell_count; i++)
            cost += q.cells[i].status == SDC_SECONDARY ? q.cells[i].cost : 0;
        assert_true(r.leak_count > 0 || leaks == 0);
        assert_int_equal(cost, r.cost);
        assert_true(!r.bounded || r.leak_count > 0 || r.lower_bound <= r.cost);
        assert_int_equal(attack(&q, &shorts, NULL, &err), OK);
        for (size_t i = 0; i < shorts.len; i++) {
            bool told = false;
            for (size_t k = 0; k < r.leak_count; k++)
                told = told || r.leaks[k].cell == shorts.at[i].cell;
            assert_true(told);
        }
        vec_free(&shorts);
        suppress_report_free(&r);
        sdc_free(&p);
        sdc_free(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_circuits_are_tables), cmocka_unit_test(test_linked_tables), cmocka_unit_test(test_twins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
