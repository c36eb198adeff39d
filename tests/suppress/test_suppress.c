/*
 * Patterns against enumeration: on tables small enough, every whole-numbered table that agrees with what is published
 * is written down, and each sensitive cell must reach its levels among them.
 */
#include "suppress/suppress.h"

#include "audit/audit.h"
#include "protect_attack.h"
#include "protect_tables.h"
#include "suppress/engine.h"
#include "suppress/local.h"
#include "suppress/wide.h"
#include "suppress/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#define MAX_INNER 12
#define MAX_CELLS 32
#define FEW 6 /* counts below are sensitive */

/* A table whose cells are sums over sets of inner cells: any hierarchy, nested or not. */
typedef struct Tiny {
    uint32_t inner;           /* cells 0 .. inner-1 */
    uint32_t sets;            /* cells inner .. inner+sets-1 */
    uint32_t mask[MAX_CELLS]; /* inner cells of a set */
    int64_t value[MAX_CELLS];
} Tiny;

static void tiny_sums(Tiny *t)
{
    for (uint32_t s = 0; s < t->sets; s++) {
        t->value[t->inner + s] = 0;
        for (uint32_t i = 0; i < t->inner; i++)
            if (t->mask[s] >> i & 1)
                t->value[t->inner + s] += t->value[i];
    }
}

/* Rows and columns of a grid, a total, and sometimes a pair of rows joined. */
static void tiny_random(Rng *r, Tiny *t)
{
    uint32_t rows = 2 + rng_ppm(r, 400000), columns = 2 + rng_ppm(r, rows == 3 ? 150000 : 500000);
    *t = (Tiny){.inner = rows * columns};
    for (uint32_t i = 0; i < t->inner; i++)
        t->value[i] = rng_ppm(r, 150000) ? 0 : rng_between(r, 1, 9);
    for (uint32_t a = 0; a < rows; a++, t->sets++)
        for (uint32_t b = 0; b < columns; b++)
            t->mask[t->sets] |= UINT32_C(1) << (a * columns + b);
    for (uint32_t b = 0; b < columns; b++, t->sets++)
        for (uint32_t a = 0; a < rows; a++)
            t->mask[t->sets] |= UINT32_C(1) << (a * columns + b);
    if (rng_ppm(r, 700000))
        t->mask[t->sets++] = (UINT32_C(1) << t->inner) - 1;
    if (rows == 3 && rng_ppm(r, 500000)) {
        t->mask[t->sets] = t->mask[0] | t->mask[1];
        t->sets++;
    }
    tiny_sums(t);
}

static void tiny_problem(const Tiny *t, SdcProblem *p)
{
    Error err = ERROR_INIT;
    uint32_t terms = 0, k = 0;
    for (uint32_t s = 0; s < t->sets; s++)
        terms += (uint32_t)__builtin_popcount(t->mask[s]) + 1;
    assert_int_equal(sdc_new(t->inner + t->sets, t->sets, terms, p, &err), OK);
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        int64_t v = t->value[i];
        *c = (SdcCell){.value = v, .cost = v + 1, .upper = v + 3, .lower = v < 3 ? 0 : v - 3};
        if (v == 0)
            *c = (SdcCell){.cost = 1, .status = SDC_FROZEN};
        else if (i >= t->inner && t->mask[i - t->inner] % 5 == 2)
            c->status = SDC_FROZEN; /* a margin that somebody needs */
        else if (v < FEW)
            *c = (SdcCell){.value = v,
                .upper = v + 3,
                .lower = v < 3 ? 0 : v - 3,
                .upl = 1 + (v & 1),
                .lpl = 1,
                .status = SDC_SENSITIVE};
    }
    for (uint32_t s = 0; s < t->sets; s++) {
        for (uint32_t i = 0; i < t->inner; i++)
            if (t->mask[s] >> i & 1) {
                p->cell[k] = i;
                p->coef[k++] = 1;
            }
        p->cell[k] = t->inner + s;
        p->coef[k++] = -1;
        p->start[s + 1] = k;
    }
}

/* What the attacker sees of each cell, by writing down all tables. */
typedef struct Seen {
    int64_t low[MAX_CELLS], high[MAX_CELLS];
} Seen;

static bool hidden(const SdcProblem *p, uint32_t i)
{
    return p->cells[i].status == SDC_SENSITIVE || p->cells[i].status == SDC_SECONDARY;
}

/* Sets that end with inner cell `last` are complete. */
static bool agrees(const Tiny *t, const SdcProblem *p, uint32_t last, Tiny *guess)
{
    for (uint32_t s = 0; s < t->sets; s++) {
        if (t->mask[s] >> last != 1)
            continue;
        uint32_t cell = t->inner + s;
        int64_t sum = 0;
        for (uint32_t i = 0; i <= last; i++)
            sum += t->mask[s] >> i & 1 ? guess->value[i] : 0;
        if (hidden(p, cell) ? sum < p->cells[cell].lower || sum > p->cells[cell].upper : sum != t->value[cell])
            return false;
        guess->value[cell] = sum;
    }
    return true;
}

static void enumerate(const Tiny *t, const SdcProblem *p, uint32_t next, Tiny *guess, Seen *seen)
{
    if (next < t->inner) {
        int64_t low = hidden(p, next) ? p->cells[next].lower : t->value[next];
        int64_t high = hidden(p, next) ? p->cells[next].upper : t->value[next];
        for (guess->value[next] = low; guess->value[next] <= high; guess->value[next]++)
            if (agrees(t, p, next, guess))
                enumerate(t, p, next + 1, guess, seen);
        return;
    }
    for (uint32_t i = 0; i < t->inner + t->sets; i++) {
        seen->low[i] = guess->value[i] < seen->low[i] ? guess->value[i] : seen->low[i];
        seen->high[i] = guess->value[i] > seen->high[i] ? guess->value[i] : seen->high[i];
    }
}

static Seen attack(const Tiny *t, const SdcProblem *p)
{
    Seen seen;
    Tiny guess = *t;
    for (uint32_t i = 0; i < MAX_CELLS; i++) {
        seen.low[i] = INT64_MAX;
        seen.high[i] = INT64_MIN;
    }
    enumerate(t, p, 0, &guess, &seen);
    return seen;
}

static bool safe(const SdcProblem *p, const Seen *seen, uint32_t i)
{
    const SdcCell *c = &p->cells[i];
    return c->status != SDC_SENSITIVE || (seen->high[i] >= c->value + c->upl && seen->low[i] <= c->value - c->lpl);
}

/* The auditor of these tests. */
static Status audit_by_enumeration(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    const Tiny *t = ctx;
    Seen seen = attack(t, p);
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (!safe(p, &seen, i))
            TRY(vec_push(
                shorts, ((SuppressShort){i, seen.high[i] - p->cells[i].value, p->cells[i].value - seen.low[i]}), err));
    return OK;
}

static bool is_leak(const SuppressReport *r, uint32_t cell)
{
    for (size_t i = 0; i < r->leak_count; i++)
        if (r->leaks[i].cell == cell)
            return true;
    return false;
}

static void solve(SdcProblem *p, const Tiny *t, SuppressOptions o, SuppressReport *r)
{
    Error err = ERROR_INIT;
    union {
        const Tiny *in;
        void *out;
    } ctx = {.in = t};
    o.audit = audit_by_enumeration;
    o.audit_ctx = ctx.out;
    if (suppress_solve(p, &o, r, &err) != OK)
        fail_msg("%s", err.message);
}

static SuppressOptions quick(void)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    o.effort = 300;
    return o;
}

/* With everything suppressed that may be, a reported cell is still found out; with one of the blamed cells thawed as
 * well, it is not, as far as moves of fractions go: so the blame is never on a cell that changes nothing. */
static void check_leaks(const Tiny *t, SdcProblem *given, const SuppressReport *r)
{
    for (uint32_t i = 0; i < given->cell_count; i++)
        if (given->cells[i].status == SDC_OPEN)
            given->cells[i].status = SDC_SECONDARY;
    if (r->leak_count == 0)
        return;
    Seen seen = attack(t, given);
    for (size_t i = 0; i < r->leak_count; i++) {
        const SuppressLeak *leak = &r->leaks[i];
        const SdcCell *c = &given->cells[leak->cell];
        int64_t reached = leak->target > 0 ? seen.high[leak->cell] - c->value : c->value - seen.low[leak->cell];
        assert_true(reached < (leak->target > 0 ? leak->target : -leak->target));
        for (size_t k = 0; k < leak->frozen_count; k++)
            assert_int_equal(given->cells[leak->frozen[k]].status, SDC_FROZEN);
    }
}

/* tables seed .. seed + count - 1 */
static void check_tables(uint64_t seed, uint64_t count, SuppressOptions o, uint32_t *protected_cells, uint32_t *leaks)
{
    for (uint64_t last = seed + count; seed < last; seed++) {
        Rng r;
        Tiny t;
        SdcProblem p = {0}, given = {0};
        SuppressReport report = {0};
        rng_init(&r, 20261129, seed);
        tiny_random(&r, &t);
        tiny_problem(&t, &p);
        tiny_problem(&t, &given);
        solve(&p, &t, o, &report);
        Seen seen = attack(&t, &p);
        for (uint32_t i = 0; i < p.cell_count; i++) {
            SdcCell before = given.cells[i];
            if (before.status == SDC_FROZEN)
                assert_int_equal(p.cells[i].status, SDC_FROZEN);
            if (p.cells[i].status != SDC_SENSITIVE)
                continue;
            if (is_leak(&report, i))
                ++*leaks;
            else if (!safe(&p, &seen, i))
                fail_msg("table %u: cell %u is unprotected and not reported", (unsigned)seed, i);
            else
                ++*protected_cells;
        }
        check_leaks(&t, &given, &report);
        sdc_free(&given);
        suppress_report_free(&report);
        sdc_free(&p);
    }
}

static void test_against_enumeration(void **state)
{
    UNUSED(state);
    uint32_t protected_cells = 0, leaks = 0;
    check_tables(0, 1000, quick(), &protected_cells, &leaks);
    assert_true(protected_cells > 500 && leaks > 0);
}

/* The way of large nets, on small ones. */
static SuppressOptions as_if_large(void)
{
    SuppressOptions o = quick();
    o.near_cells = o.large_rows = o.far_rows = 1;
    o.exact_cells = 0;
    return o;
}

static void test_large_against_enumeration(void **state)
{
    UNUSED(state);
    for (uint32_t far_rows = 1; far_rows != 0; far_rows = far_rows == 1 ? UINT32_MAX : 0) {
        uint32_t protected_cells = 0, leaks = 0;
        SuppressOptions o = as_if_large();
        o.far_rows = far_rows;
        check_tables(0, 300, o, &protected_cells, &leaks);
        assert_true(protected_cells > 100 && leaks > 0);
    }
}

/* A ring: a[i] + b[i] and b[i] + a[i + 1] are published, and c[i] = a[i] besides. The one move there is goes all the
 * way round: no window holds it, and Clp sees a[i] and c[i] as one. */
#define RING 400

static void ring(SdcProblem *p)
{
    Error err = ERROR_INIT;
    uint32_t at = 0, row = 0;
    assert_int_equal(sdc_new(3 * RING, 3 * RING, 6 * RING, p, &err), OK);
    for (uint32_t i = 0; i < 3 * RING; i++)
        p->cells[i] = (SdcCell){.value = 20, .upper = 60, .cost = 1 + i % 7, .status = SDC_OPEN};
    p->cells[0].status = SDC_SENSITIVE;
    p->cells[0].upl = p->cells[0].lpl = 10;
    for (uint32_t i = 0; i < RING; i++) {
        const uint32_t pairs[3][2] = {{i, RING + i}, {RING + i, (i + 1) % RING}, {i, 2 * RING + i}};
        for (uint32_t k = 0; k < 3; k++) {
            p->cell[at] = pairs[k][0];
            p->coef[at++] = 1;
            p->cell[at] = pairs[k][1];
            p->coef[at++] = k == 2 ? -1 : 1;
            p->rhs[row] = k == 2 ? 0 : 40;
            p->start[++row] = at;
        }
    }
}

static void test_large_far_answers(void **state)
{
    UNUSED(state);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t published = i % 2 * RING;
        SdcProblem p = {0};
        SuppressReport r = {0};
        Error err = ERROR_INIT;
        SuppressOptions o = as_if_large();
        o.far_rows = i / 2 ? UINT32_MAX : 1;
        ring(&p);
        if (published > 0)
            p.cells[published].status = SDC_FROZEN;
        assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
        assert_int_equal(r.leak_count, published ? 2 : 0); /* upwards and downwards */
        assert_int_equal(r.secondaries, published ? 0 : 3 * RING - 1);
        suppress_report_free(&r);
        sdc_free(&p);
    }
}

/* The enumeration must be able to find fault: without secondaries tables leak. */
static void test_enumeration_finds_leaks(void **state)
{
    UNUSED(state);
    uint32_t open = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        Rng r;
        Tiny t;
        SdcProblem p = {0};
        rng_init(&r, 7, seed);
        tiny_random(&r, &t);
        tiny_problem(&t, &p);
        Seen seen = attack(&t, &p);
        for (uint32_t i = 0; i < p.cell_count; i++)
            open += !safe(&p, &seen, i);
        sdc_free(&p);
    }
    assert_true(open > 20);
}

/* 3 x 3 with margins; the middle is sensitive. */
static void square(SdcProblem *p)
{
    Tiny t = {.inner = 9, .sets = 6, .mask = {7, 56, 448, 73, 146, 292}, .value = {20, 30, 40, 50, 3, 70, 80, 90, 100}};
    tiny_sums(&t);
    tiny_problem(&t, p);
    for (uint32_t i = 0; i < p->cell_count; i++) {
        p->cells[i].lower = 0;
        p->cells[i].upper = 2 * p->cells[i].value;
    }
}

static void test_square(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    square(&p);
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(r.leak_count, 0);
    assert_int_equal(r.secondaries, 3);
    assert_int_equal(r.cost, 21 + 31 + 51);
    assert_int_equal(p.cells[0].status, SDC_SECONDARY);
    assert_int_equal(p.cells[1].status, SDC_SECONDARY);
    assert_int_equal(p.cells[3].status, SDC_SECONDARY);
    suppress_report_free(&r);
    sdc_free(&p);
}

/* An auditor who finds a cell short though its levels are reached, as for a singleton: no target can be raised, and
 * one cell after another is suppressed beside it until none is left. */
static Status never_content(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    uint32_t *asked = ctx;
    ++*asked;
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (p->cells[i].status == SDC_SENSITIVE)
            TRY(vec_push(shorts, ((SuppressShort){i, p->cells[i].upl, p->cells[i].lpl}), err));
    return OK;
}

static bool has_sensitive(const SdcProblem *p, uint32_t row)
{
    for (uint32_t k = p->start[row]; k < p->start[row + 1]; k++)
        if (p->cells[p->cell[k]].status == SDC_SENSITIVE)
            return true;
    return false;
}

static Status show_nobody(const SuppressTerm *terms, size_t count, void *ctx, Error *err)
{
    UNUSED(terms);
    UNUSED(count);
    UNUSED(ctx);
    UNUSED(err);
    return OK;
}

/* shows: whether somebody is shown witnesses. *asked: how often the auditor was. */
static void never_succeed(bool shows, uint32_t *asked)
{
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    *asked = 0;
    o.audit = never_content;
    o.audit_ctx = asked;
    o.show = shows ? show_nobody : NULL;
    square(&p);
    assert_int_equal(suppress_solve(&p, &o, &r, &err), ERR_LIMIT);
    assert_true(*asked > 1);
    for (uint32_t row = 0; row < p.row_count; row++)
        for (uint32_t k = p.start[row]; k < p.start[row + 1] && has_sensitive(&p, row); k++)
            assert_int_not_equal(p.cells[p.cell[k]].status, SDC_OPEN);
    for (uint32_t i = 0; i < p.cell_count; i++) /* beyond them, too: hidden cells lead on to others */
        assert_true(p.cells[i].status != SDC_OPEN || p.cells[i].lower == p.cells[i].upper);
    assert_non_null(strstr(err.message, "1 cells are unprotected"));
    assert_int_equal(r.secondaries, 0);
    sdc_free(&p);
}

static void test_unprotected_is_no_success(void **state)
{
    UNUSED(state);
    uint32_t alone, shown;
    never_succeed(false, &alone);
    never_succeed(true, &shown);
    assert_int_equal(shown, alone); /* no witness is looked for where no side is short */
}

typedef struct Stubborn {
    uint32_t hidden[8], rounds;
} Stubborn;

/* Finds cell 0 short for six rounds, whatever is hidden. */
static Status find_short(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    Stubborn *s = ctx;
    for (uint32_t c = 0; c < p->cell_count; c++)
        s->hidden[s->rounds] += p->cells[c].status == SDC_SECONDARY;
    return s->rounds++ < 6 ? vec_push(shorts, ((SuppressShort){.cell = 0, .up = 0, .down = 0}), err) : OK;
}

/* A target that its bounds keep from growing: what is opened beside the cell doubles each round, until nothing is left.
 */
static void test_short_cell_gets_more_each_round(void **state)
{
    UNUSED(state);
    enum { CELLS = 101 };
    static const uint32_t more[] = {1, 2, 4, 8, 16, 32};
    SdcProblem p = {0};
    SuppressReport r = {0};
    Stubborn s = {0};
    Error err = ERROR_INIT;
    SuppressOptions o = quick();
    o.audit = find_short;
    o.audit_ctx = &s;
    assert_int_equal(sdc_new(CELLS, 1, CELLS, &p, &err), OK);
    for (uint32_t c = 0; c < CELLS; c++) {
        p.cells[c] = (SdcCell){.value = 1, .upper = 5, .cost = 1, .status = SDC_OPEN};
        p.cell[c] = c;
        p.coef[c] = 1;
    }
    p.cells[0].status = SDC_SENSITIVE;
    p.cells[0].upl = 4;
    p.rhs[0] = CELLS;
    p.start[1] = CELLS;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(s.rounds, 7);
    for (uint32_t i = 0; i < COUNT_OF(more); i++)
        assert_int_equal(s.hidden[i + 1] - s.hidden[i], more[i]);
    suppress_report_free(&r);
    sdc_free(&p);
}

static void test_frozen_cells_and_explanation(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    square(&p);
    p.cells[0].status = SDC_FROZEN;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(r.leak_count, 0);
    assert_true(r.cost > 21 + 31 + 51);
    assert_int_equal(p.cells[0].status, SDC_FROZEN);
    suppress_report_free(&r);
    sdc_free(&p);

    /* the middle row is published but for the sensitive cell: its total forces the leak, and so does each other cell */
    square(&p);
    p.cells[3].status = p.cells[5].status = p.cells[10].status = SDC_FROZEN;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(r.leak_count, 2); /* upwards and downwards */
    assert_int_equal(r.leaks[0].cell, 4);
    assert_int_equal(r.leaks[0].frozen_count, 3);
    assert_int_equal(r.leaks[0].frozen[0], 3);
    assert_int_equal(r.leaks[0].frozen[1], 5);
    assert_int_equal(r.leaks[0].frozen[2], 10);
    suppress_report_free(&r);
    sdc_free(&p);
}

static Status attack_for_limits(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    return protect_attack(p, ctx, shorts, err);
}

/* Questions that end at a limit prove nothing: no cell of a table that can be protected is called a leak, and the
 * auditor has the last word. */
static void test_limits_are_no_leaks(void **state)
{
    uint32_t undecided = 0, protected_tables = 0;
    UNUSED(state);
    for (uint64_t seed = 0; seed < 12; seed++) {
        SdcProblem p = {0};
        SuppressReport r = {0};
        SuppressOptions o = SUPPRESS_OPTIONS_INIT;
        Error err = ERROR_INIT;
        AuditOptions ask = AUDIT_OPTIONS_INIT;
        o.effort = 0;
        o.exact_cells = 0;
        assert_int_equal(protect_cube(5, 9, seed, &p, &err), OK);
        assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
        size_t leaks = r.leak_count; /* with limits that nothing reaches */
        suppress_report_free(&r);
        sdc_free(&p);

        o.question_pivots = 1;
        assert_int_equal(protect_cube(5, 9, seed, &p, &err), OK);
        assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
        for (size_t i = 0; i < r.leak_count; i++)
            undecided += r.leaks[i].undecided;
        assert_true(r.leak_count >= leaks);
        suppress_report_free(&r);
        sdc_free(&p);

        o.audit = attack_for_limits;
        o.audit_ctx = &ask;
        assert_int_equal(protect_cube(5, 9, seed, &p, &err), OK);
        Status st = suppress_solve(&p, &o, &r, &err);
        assert_true(st == OK || st == ERR_LIMIT); /* never a leak that is none */
        protected_tables += st == OK;
        for (size_t i = 0; st == OK && i < r.leak_count; i++)
            assert_false(r.leaks[i].undecided);
        if (st == OK)
            assert_true(r.leak_count <= leaks);
        suppress_report_free(&r);
        sdc_free(&p);
    }
    assert_true(undecided > 20 && protected_tables > 3);
}

static void test_sums(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    square(&p);
    p.cells[3].value = 4; /* the cheapest companion: together 7 */
    p.cells[3].cost = 1;
    p.cells[10].value = 4 + 3 + 70;
    p.cells[12].value = 20 + 4 + 80;
    assert_int_equal(sdc_check(&p, &err), OK);
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(p.cells[5].status, SDC_OPEN);
    assert_int_equal(p.cells[10].status, SDC_OPEN);
    suppress_report_free(&r);
    o.min_sum = 10;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_true(r.sum_rounds >= 1);
    assert_int_equal(r.leak_count, 0);
    assert_true(p.cells[5].status == SDC_SECONDARY || p.cells[10].status == SDC_SECONDARY);
    assert_int_equal(p.cell_count, 15);
    suppress_report_free(&r);
    sdc_free(&p);
}

/* Two singletons in one row know each other's cell; a third cell must hide them. */
static void test_singletons(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    uint8_t singleton[15] = {0};
    square(&p);
    p.cells[3] = (SdcCell){.value = 50, .upper = 100, .upl = 2, .lpl = 2, .status = SDC_SENSITIVE};
    singleton[3] = singleton[4] = 1;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(p.cells[5].status, SDC_OPEN);
    assert_int_equal(p.cells[10].status, SDC_OPEN);
    suppress_report_free(&r);
    o.singleton = singleton;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    assert_int_equal(r.leak_count, 0);
    assert_true(p.cells[5].status == SDC_SECONDARY || p.cells[10].status == SDC_SECONDARY);
    suppress_report_free(&r);
    sdc_free(&p);
}

static void test_same_for_any_threads(void **state)
{
    UNUSED(state);
    Tiny t;
    Rng r;
    rng_init(&r, 3, 3);
    tiny_random(&r, &t);
    /* many copies side by side are as many blocks */
    SdcProblem one = {0}, all[2];
    const uint32_t copies = 12;
    Error err = ERROR_INIT;
    tiny_problem(&t, &one);
    uint32_t terms = one.start[one.row_count];
    for (int k = 0; k < 2; k++) {
        SuppressReport report = {0};
        SuppressOptions o = quick();
        o.threads = k ? 4 : 1;
        assert_int_equal(sdc_new(copies * one.cell_count, copies * one.row_count, copies * terms, &all[k], &err), OK);
        for (uint32_t c = 0; c < copies; c++) {
            memcpy(all[k].cells + c * one.cell_count, one.cells, one.cell_count * sizeof *one.cells);
            for (uint32_t i = 0; i < terms; i++) {
                all[k].cell[c * terms + i] = one.cell[i] + c * one.cell_count;
                all[k].coef[c * terms + i] = one.coef[i];
            }
            for (uint32_t i = 0; i <= one.row_count; i++)
                all[k].start[c * one.row_count + i] = c * terms + one.start[i];
        }
        assert_int_equal(suppress_solve(&all[k], &o, &report, &err), OK);
        suppress_report_free(&report);
    }
    assert_memory_equal(all[0].cells, all[1].cells, all[0].cell_count * sizeof *all[0].cells);
    sdc_free(&one);
    sdc_free(&all[0]);
    sdc_free(&all[1]);
}

/* Problems side by side: blocks of one. */
static void side_by_side(SdcProblem *one, uint32_t count, SdcProblem *out)
{
    uint32_t cells = 0, rows = 0, terms = 0;
    Error err = ERROR_INIT;
    for (uint32_t i = 0; i < count; i++) {
        cells += one[i].cell_count;
        rows += one[i].row_count;
        terms += one[i].start[one[i].row_count];
    }
    assert_int_equal(sdc_new(cells, rows, terms, out, &err), OK);
    cells = rows = terms = 0;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out->cells + cells, one[i].cells, one[i].cell_count * sizeof *out->cells);
        for (uint32_t k = 0; k < one[i].start[one[i].row_count]; k++) {
            out->cell[terms + k] = cells + one[i].cell[k];
            out->coef[terms + k] = one[i].coef[k];
        }
        for (uint32_t r = 0; r <= one[i].row_count; r++)
            out->start[rows + r] = terms + one[i].start[r];
        cells += one[i].cell_count;
        rows += one[i].row_count;
        terms += one[i].start[one[i].row_count];
    }
}

typedef struct Attacks {
    AuditMemory *memory;
    AuditOffered *offered;
    unsigned threads;
    uint32_t count;
} Attacks;

static Status attack_pattern(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    Attacks *a = ctx;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    o.memory = a->memory;
    o.offered = a->offered;
    o.effort.threads = a->threads;
    a->count++;
    return protect_attack(p, &o, shorts, err);
}

static Status offer_table(const SuppressTerm *terms, size_t count, void *ctx, Error *err)
{
    Attacks *a = ctx;
    AuditMove *moves = calloc(count + 1, sizeof *moves);
    assert_non_null(moves);
    for (size_t i = 0; i < count; i++)
        moves[i] = (AuditMove){terms[i].cell, terms[i].value};
    Status st = audit_offer(a->offered, moves, count, err);
    free(moves);
    return st;
}

/* The way of large nets (windows, repair after an attack with memory that is offered witnesses): the same pattern for
 * any number of threads, and an attack without memory and without offers finds nothing either. */
static void test_large_same_for_any_threads(void **state)
{
    UNUSED(state);
    enum { CUBES = 2, SIDE = 12 };
    SdcProblem cubes[CUBES], first = {0};
    Error err = ERROR_INIT;
    uint32_t attacks = 0;
    for (uint32_t i = 0; i < CUBES; i++)
        assert_int_equal(protect_cube(SIDE, 10 + i, 7 + i, &cubes[i], &err), OK);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        SdcProblem p = {0};
        SuppressReport report = {0};
        SuppressOptions o = quick();
        Attacks a = {.threads = threads};
        assert_int_equal(audit_memory_new(&a.memory, &err), OK);
        assert_int_equal(audit_offered_new(&a.offered, &err), OK);
        side_by_side(cubes, CUBES, &p);
        o.effort = 0;
        o.exact_cells = 0;
        o.near_cells = o.large_rows = o.far_rows = 200;
        o.threads = threads;
        o.audit = attack_pattern;
        o.show = offer_table;
        o.audit_ctx = &a;
        assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
        assert_int_equal(report.leak_count, 0);
        assert_int_equal(report.unprotected, 0);
        assert_true(report.secondaries > 0);
        attacks += a.count;
        audit_memory_free(a.memory);
        audit_offered_free(a.offered);
        a.memory = NULL;
        a.offered = NULL;
        SuppressShorts shorts = {0};
        assert_int_equal(attack_pattern(&p, &shorts, &a, &err), OK);
        assert_int_equal(shorts.len, 0);
        vec_free(&shorts);
        suppress_report_free(&report);
        if (threads == 1) {
            first = p;
            continue;
        }
        assert_memory_equal(first.cells, p.cells, p.cell_count * sizeof *p.cells);
        sdc_free(&p);
    }
    assert_true(attacks >= 2);
    sdc_free(&first);
    for (uint32_t i = 0; i < CUBES; i++)
        sdc_free(&cubes[i]);
}

typedef struct Shown {
    VEC(SuppressTerm) terms;
    VEC(size_t) start;
} Shown;

static Status keep_table(const SuppressTerm *terms, size_t count, void *ctx, Error *err)
{
    Shown *s = ctx;
    TRY(vec_push(&s->start, s->terms.len, err));
    for (size_t i = 0; i < count; i++)
        TRY(vec_push(&s->terms, terms[i], err));
    return OK;
}

/* Hidden cells alone, each once, within bounds, every equation as it was. Notes how far cells went. */
static void check_shown(const SdcProblem *p, const SuppressTerm *terms, size_t count, int64_t *up, int64_t *down)
{
    int64_t *by = calloc(p->cell_count, sizeof *by);
    assert_non_null(by);
    for (size_t i = 0; i < count; i++) {
        uint32_t c = terms[i].cell;
        assert_true(c < p->cell_count && terms[i].value != 0 && by[c] == 0);
        assert_true(p->cells[c].status == SDC_SENSITIVE || p->cells[c].status == SDC_SECONDARY);
        by[c] = terms[i].value;
        assert_in_range(p->cells[c].value + by[c], p->cells[c].lower, p->cells[c].upper);
        up[c] = by[c] > up[c] ? by[c] : up[c];
        down[c] = -by[c] > down[c] ? -by[c] : down[c];
    }
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = 0;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            sum += p->coef[k] * by[p->cell[k]];
        assert_int_equal(sum, 0);
    }
    free(by);
}

/* What is shown is a table of the pattern that comes out, also where sums were cells of our own on the way and where
 * trials put witnesses aside; and it is shown for most cells. */
static void test_shown_witnesses_are_tables(void **state)
{
    UNUSED(state);
    for (uint32_t way = 0; way < 3; way++) {
        SdcProblem p = {0};
        SuppressReport report = {0};
        SuppressOptions o = quick();
        Shown shown = {0};
        Error err = ERROR_INIT;
        assert_int_equal(protect_cube(8, 12, 7 + way, &p, &err), OK);
        o.near_cells = o.large_rows = way == 0 ? 100 : UINT32_MAX;
        o.exact_cells = 0;
        o.effort = 5000;
        o.min_sum = way == 2 ? 40 : 0;
        o.show = keep_table;
        o.audit_ctx = &shown;
        assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
        assert_true(way != 2 || report.sum_rounds > 0);
        int64_t *up = calloc(p.cell_count, sizeof *up), *down = calloc(p.cell_count, sizeof *down);
        assert_true(up && down && shown.start.len > 10);
        for (size_t i = 0; i < shown.start.len; i++) {
            size_t first = shown.start.at[i];
            size_t end = i + 1 < shown.start.len ? shown.start.at[i + 1] : shown.terms.len;
            check_shown(&p, shown.terms.at + first, end - first, up, down);
        }
        uint32_t sensitive = 0, moved = 0;
        for (uint32_t c = 0; c < p.cell_count; c++) {
            sensitive += p.cells[c].status == SDC_SENSITIVE;
            moved += p.cells[c].status == SDC_SENSITIVE && (up[c] > 0 || down[c] > 0);
        }
        assert_true(moved > sensitive * 3 / 4);
        free(up);
        free(down);
        vec_free(&shown.terms);
        vec_free(&shown.start);
        suppress_report_free(&report);
        sdc_free(&p);
    }
}

/* A pattern that is put aside comes back whole: its cells, its price, and a witness for every need. */
static void test_kept_pattern_comes_back(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    Error err = ERROR_INIT;
    Net net = {0};
    Engine *e = NULL;
    EngineKept kept;
    assert_int_equal(protect_cube(8, 12, 7, &p, &err), OK);
    int64_t *up = calloc(p.cell_count, sizeof *up), *down = calloc(p.cell_count, sizeof *down);
    uint8_t *none = calloc(p.cell_count, 1), *usable = calloc(p.cell_count, 1);
    assert_true(up && down && none && usable);
    for (uint32_t i = 0; i < p.cell_count; i++) {
        up[i] = p.cells[i].upl;
        down[i] = p.cells[i].lpl;
        usable[i] = p.cells[i].status != SDC_FROZEN && p.cells[i].upper > p.cells[i].lower;
    }
    assert_int_equal(net_build(&p, usable, NULL, &net, &err), OK);
    const EngineSetup setup = {.up = up,
        .down = down,
        .settled = none,
        .whole = none,
        .seed = 1,
        .threads = 1,
        .near_cells = UINT32_MAX,
        .large_rows = UINT32_MAX,
        .far_rows = UINT32_MAX,
        .keeps_moves = true};
    assert_int_equal(engine_new(&net, &setup, &e, &err), OK);
    assert_int_equal(engine_meet_all(e, ENGINE_BY_LEVEL_DOWN, &err), OK);
    int64_t price = engine_price(e);
    uint32_t met = 0, again = 0;
    for (size_t i = 0; i < e->needs.len; i++)
        met += e->needs.at[i].met;
    assert_int_equal(engine_keep(e, &kept, &err), OK);
    engine_reset(e);
    assert_int_equal(engine_meet_all(e, ENGINE_BY_VALUE, &err), OK);
    assert_true(engine_price(e) != price);
    assert_int_equal(engine_back(e, &kept, &err), OK);
    assert_int_equal(engine_price(e), price);
    for (size_t i = 0; i < e->needs.len; i++) {
        again += e->needs.at[i].met;
        for (uint32_t u = 0; u < e->needs.at[i].use_count; u++)
            assert_true(e->in[e->needs.at[i].use[u]]);
    }
    assert_int_equal(again, met);
    assert_int_equal(engine_clean(e, 100000, &err), OK); /* works with the lists of who uses a cell */
    assert_true(engine_price(e) <= price);
    engine_kept_free(&kept);
    engine_free(e);
    net_free(&net);
    sdc_free(&p);
    free(up);
    free(down);
    free(none);
    free(usable);
}

/* k = a + b and a = b + 1: one more for k is a half for the others, two more are one each. room: of k. */
static size_t shown_of_halves(int64_t room)
{
    SdcProblem p = {0};
    SuppressReport report = {0};
    SuppressOptions o = quick();
    Shown shown = {0};
    Error err = ERROR_INIT;
    assert_int_equal(sdc_new(3, 2, 5, &p, &err), OK);
    p.cells[0] = (SdcCell){.value = 5, .upper = 5 + room, .lpl = 0, .upl = 1, .status = SDC_SENSITIVE};
    p.cells[1] = (SdcCell){.value = 3, .cost = 3, .upper = 6};
    p.cells[2] = (SdcCell){.value = 2, .cost = 2, .upper = 4};
    memcpy(p.start, (uint32_t[]){0, 3, 5}, 3 * sizeof *p.start);
    memcpy(p.cell, (uint32_t[]){1, 2, 0, 1, 2}, 5 * sizeof *p.cell);
    memcpy(p.coef, (int32_t[]){1, 1, -1, 1, -1}, 5 * sizeof *p.coef);
    p.rhs[1] = 1;
    o.show = keep_table;
    o.audit_ctx = &shown;
    assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
    int64_t up[3] = {0}, down[3] = {0};
    for (size_t i = 0; i < shown.start.len; i++)
        check_shown(&p, shown.terms.at + shown.start.at[i], 3, up, down);
    assert_true(shown.start.len == 0 || up[0] == 2);
    size_t count = shown.start.len;
    vec_free(&shown.terms);
    vec_free(&shown.start);
    suppress_report_free(&report);
    sdc_free(&p);
    return count;
}

/* k = a + b + c + d, a = b and d = 2 g: one more for k alone is halves of the cheap ones; of whole numbers only c gives
 * it. d is the cheapest that is open beside k, and does not help. */
static void halves_or_dear(SdcProblem *p)
{
    enum { A, B, C, D, G, K };
    Error err = ERROR_INIT;
    assert_int_equal(sdc_new(6, 3, 9, p, &err), OK);
    for (uint32_t i = 0; i < 6; i++)
        p->cells[i] = (SdcCell){.value = 1, .cost = 1, .upper = 5};
    p->cells[C].cost = 10;
    p->cells[D] = (SdcCell){.value = 2, .cost = 5, .upper = 5};
    p->cells[K] = (SdcCell){.value = 5, .upper = 6, .upl = 1, .status = SDC_SENSITIVE};
    memcpy(p->start, (uint32_t[]){0, 5, 7, 9}, 4 * sizeof *p->start);
    memcpy(p->cell, (uint32_t[]){A, B, C, D, K, A, B, D, G}, 9 * sizeof *p->cell);
    memcpy(p->coef, (int32_t[]){1, 1, 1, 1, -1, 1, -1, 1, -2}, 9 * sizeof *p->coef);
}

static void test_whole_witness_before_more_cells(void **state)
{
    UNUSED(state);
    for (uint32_t shows = 0; shows < 2; shows++) {
        SdcProblem p = {0};
        SuppressReport report = {0};
        SuppressOptions o = quick();
        Error err = ERROR_INIT;
        Attacks attacked = {.threads = 1};
        halves_or_dear(&p);
        assert_int_equal(audit_offered_new(&attacked.offered, &err), OK);
        o.exact_cells = 0;
        o.audit = attack_pattern;
        o.show = shows ? offer_table : NULL;
        o.audit_ctx = &attacked;
        assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
        assert_int_equal(report.unprotected, 0);
        assert_int_equal(report.audit_rounds, shows ? 1 : 2);
        assert_int_equal(report.cost, shows ? 1 + 1 + 10 : 1 + 1 + 10 + 5 + 1);
        audit_offered_free(attacked.offered);
        suppress_report_free(&report);
        sdc_free(&p);
    }
}

static void test_fractions_are_shown_by_a_multiple(void **state)
{
    UNUSED(state);
    assert_int_equal(shown_of_halves(2), 1);
    assert_int_equal(shown_of_halves(1), 0);
}

/* A problem whose pattern is fixed: what is open is frozen, `mask` says which of the open cells are suppressed. */
static bool pattern_is_safe(const Tiny *t, uint32_t mask)
{
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    uint32_t open = 0;
    tiny_problem(t, &p);
    for (uint32_t i = 0; i < p.cell_count; i++)
        if (p.cells[i].status == SDC_OPEN)
            p.cells[i].status = mask >> open++ & 1 ? SDC_SECONDARY : SDC_FROZEN;
    o.effort = 0;
    o.exact_cells = 0;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    bool safe_now = r.leak_count == 0;
    suppress_report_free(&r);
    sdc_free(&p);
    return safe_now;
}

/* What the room says is optimal is compared with all patterns; and no secondary of it can go. */
static void test_optimum_against_all_patterns(void **state)
{
    UNUSED(state);
    uint32_t compared = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        Rng rng;
        Tiny t;
        SdcProblem p = {0}, given = {0};
        SuppressReport r = {0};
        SuppressOptions o = quick();
        Error err = ERROR_INIT;
        int64_t cheapest = INT64_MAX, cost[MAX_CELLS];
        uint32_t open = 0;
        rng_init(&rng, 99, seed);
        tiny_random(&rng, &t);
        tiny_problem(&t, &given);
        tiny_problem(&t, &p);
        for (uint32_t i = 0; i < given.cell_count; i++)
            if (given.cells[i].status == SDC_OPEN)
                cost[open++] = given.cells[i].cost;
        assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
        for (uint32_t mask = 0; mask < UINT32_C(1) << open && open <= 6 && r.leak_count == 0; mask++) {
            int64_t sum = 0;
            for (uint32_t i = 0; i < open; i++)
                sum += mask >> i & 1 ? cost[i] : 0;
            if (sum < cheapest && pattern_is_safe(&t, mask))
                cheapest = sum;
        }
        if (cheapest < INT64_MAX) {
            assert_true(r.bounded && r.optimal);
            assert_int_equal(r.cost, cheapest);
            compared += r.cost > 0;
        }
        suppress_report_free(&r);
        sdc_free(&p);
        sdc_free(&given);
    }
    assert_true(compared >= 10);
}

static void test_more_frozen_never_cheaper(void **state)
{
    UNUSED(state);
    uint32_t compared = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        int64_t before = 0;
        Rng rng;
        Tiny t;
        rng_init(&rng, 5, seed);
        tiny_random(&rng, &t);
        for (int round = 0; round < 2; round++) {
            SdcProblem p = {0};
            SuppressReport r = {0};
            SuppressOptions o = quick();
            Error err = ERROR_INIT;
            tiny_problem(&t, &p);
            for (uint32_t i = t.inner; i < p.cell_count && round == 1; i += 2)
                if (p.cells[i].status == SDC_OPEN)
                    p.cells[i].status = SDC_FROZEN;
            assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
            if (round == 0)
                before = r.cost;
            else if (r.leak_count == 0 && r.optimal) {
                assert_true(r.cost >= before);
                compared++;
            }
            suppress_report_free(&r);
            sdc_free(&p);
        }
    }
    assert_true(compared >= 10);
}

/* With one secondary published and nothing else to suppress, some need must be without a witness. */
static bool is_needed(const SdcProblem *solved, uint32_t cell)
{
    SdcProblem p = *solved;
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    SdcCell *cells = calloc(p.cell_count, sizeof *cells);
    assert_non_null(cells);
    for (uint32_t i = 0; i < p.cell_count; i++) {
        cells[i] = solved->cells[i];
        if (cells[i].status == SDC_OPEN || i == cell)
            cells[i].status = SDC_FROZEN;
    }
    p.cells = cells;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), OK);
    bool needed = r.leak_count > 0;
    suppress_report_free(&r);
    free(cells);
    return needed;
}

static void test_no_secondary_is_needless(void **state)
{
    Rng r;
    uint32_t asked = 0;
    UNUSED(state);
    rng_init(&r, 11, 5);
    for (uint32_t i = 0; i < 60; i++) {
        Tiny t;
        SdcProblem p = {0};
        SuppressReport report = {0};
        SuppressOptions o = quick();
        Error err = ERROR_INIT;
        o.exact_cells = 0; /* cleaning alone */
        tiny_random(&r, &t);
        tiny_problem(&t, &p);
        assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
        for (uint32_t c = 0; c < p.cell_count && report.leak_count == 0; c++)
            if (p.cells[c].status == SDC_SECONDARY) {
                assert_true(is_needed(&p, c));
                asked++;
            }
        suppress_report_free(&report);
        sdc_free(&p);
    }
    assert_true(asked > 20);
}

/* Near simplex, Clp and a window as large as the net answer alike: what is possible, and what it costs. */
static void compare_answers(const Net *net, uint32_t cell, double target, uint32_t found[2])
{
    Local *local = NULL;
    Wide *wide = NULL;
    Window *window = NULL;
    LocalStatus status[3];
    LocalAnswer answer[3];
    Error err = ERROR_INIT;
    double cost[MAX_CELLS];
    uint8_t allowed[MAX_CELLS];
    for (uint32_t j = 0; j < net->cell_count; j++) {
        cost[j] = 1 + j % 7;
        allowed[j] = j % 4 != 3;
    }
    LocalQuery q = {cell, target, cost, allowed, 10000, 10000, INFINITY};
    assert_int_equal(local_new(net, &local, &err), OK);
    assert_int_equal(wide_new(net, &wide, &err), OK);
    assert_int_equal(window_new(net, &window, &err), OK);
    assert_int_equal(local_solve(local, &q, &status[0], &answer[0], &err), OK);
    assert_int_equal(wide_solve(wide, &q, &status[1], &answer[1], &err), OK);
    double near_cost = answer[0].cost;
    WindowWish wish = {.cell = cell, .size = net->cell_count, .allowed = allowed, .cost = cost};
    assert_int_equal(window_grow(window, &wish, &q.allowed, &err), OK);
    assert_int_equal(local_solve(local, &q, &status[2], &answer[2], &err), OK);
    assert_int_equal(status[0], status[1]);
    assert_int_equal(status[0], status[2]);
    if (status[0] == LOCAL_FOUND) {
        assert_true(fabs(near_cost - answer[1].cost) < 1e-6);
        assert_true(fabs(near_cost - answer[2].cost) < 1e-6);
        assert_int_equal(answer[1].terms[0].cell, cell);
    }
    found[status[0] == LOCAL_FOUND]++;
    local_free(local);
    wide_free(wide);
    window_free(window);
}

static void test_clp_answers_alike(void **state)
{
    Rng r;
    uint32_t found[2] = {0};
    UNUSED(state);
    rng_init(&r, 12, 5);
    for (uint32_t i = 0; i < 60; i++) {
        Tiny t;
        SdcProblem p = {0};
        Net net;
        Error err = ERROR_INIT;
        uint8_t usable[MAX_CELLS];
        tiny_random(&r, &t);
        tiny_problem(&t, &p);
        for (uint32_t c = 0; c < p.cell_count; c++)
            usable[c] = p.cells[c].status != SDC_FROZEN;
        assert_int_equal(net_build(&p, usable, NULL, &net, &err), OK);
        for (uint32_t c = 0; c < net.cell_count; c++)
            if (p.cells[net.outside[c]].status == SDC_SENSITIVE)
                compare_answers(&net, c, c % 2 ? 1 : -1, found);
        net_free(&net);
        sdc_free(&p);
    }
    assert_true(found[0] > 10 && found[1] > 10);
}

static void test_costs(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    uint8_t marked[15] = {0};
    square(&p);
    suppress_set_costs(&p, SUPPRESS_COST_VALUE);
    assert_int_equal(p.cells[0].cost, 20);
    assert_int_equal(p.cells[4].cost, 0);
    suppress_set_costs(&p, SUPPRESS_COST_UNIT);
    assert_int_equal(p.cells[0].cost, 1);
    p.cells[0].value = 1023;
    suppress_set_costs(&p, SUPPRESS_COST_LOG);
    assert_int_equal(p.cells[0].cost, 10001);
    p.cells[0].value = 2;
    suppress_set_costs(&p, SUPPRESS_COST_LOG);
    assert_int_equal(p.cells[0].cost, 1585);
    marked[0] = 1;
    suppress_keep(&p, marked, 10);
    assert_int_equal(p.cells[0].cost, 15850);
    sdc_free(&p);
}

static void test_bad_problem(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    SuppressReport r = {0};
    SuppressOptions o = quick();
    Error err = ERROR_INIT;
    square(&p);
    p.cells[0].value++;
    assert_int_equal(suppress_solve(&p, &o, &r, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "does not add up"));
    sdc_free(&p);
}

static void test_no_memory(void **state)
{
    UNUSED(state);
    SuppressOptions o = quick();
    long n = 0;
    for (;; n += 3) {
        SdcProblem p = {0};
        SuppressReport r = {0};
        Error err = ERROR_INIT;
        square(&p);
        Shown shown = {0};
        o.near_cells = n % 2 ? 1 : UINT32_MAX;
        o.show = keep_table;
        o.audit_ctx = &shown;
        mem_fail_after(n);
        Status st = suppress_solve(&p, &o, &r, &err);
        mem_fail_after(-1);
        suppress_report_free(&r);
        sdc_free(&p);
        vec_free(&shown.terms);
        vec_free(&shown.start);
        if (st == OK)
            break;
        assert_int_equal(st, ERR_NOMEM);
    }
    assert_true(n > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_square),
        cmocka_unit_test(test_unprotected_is_no_success),
        cmocka_unit_test(test_short_cell_gets_more_each_round),
        cmocka_unit_test(test_frozen_cells_and_explanation),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_singletons),
        cmocka_unit_test(test_same_for_any_threads),
        cmocka_unit_test(test_large_same_for_any_threads),
        cmocka_unit_test(test_shown_witnesses_are_tables),
        cmocka_unit_test(test_kept_pattern_comes_back),
        cmocka_unit_test(test_fractions_are_shown_by_a_multiple),
        cmocka_unit_test(test_whole_witness_before_more_cells),
        cmocka_unit_test(test_optimum_against_all_patterns),
        cmocka_unit_test(test_more_frozen_never_cheaper),
        cmocka_unit_test(test_no_secondary_is_needless),
        cmocka_unit_test(test_clp_answers_alike),
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_bad_problem),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_enumeration_finds_leaks),
        cmocka_unit_test(test_limits_are_no_leaks),
        cmocka_unit_test(test_against_enumeration),
        cmocka_unit_test(test_large_against_enumeration),
        cmocka_unit_test(test_large_far_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
