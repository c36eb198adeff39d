/* The attacker against problems whose every table can be counted, and against counterexamples from the field. */
#include "grids.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define CELLS_MAX 64
#define U SDC_SENSITIVE
#define M SDC_SECONDARY

static AuditReport attack(const SdcProblem *p, const AuditOptions *o)
{
    AuditReport r;
    Error err = ERROR_INIT;
    if (audit_problem(p, o, &r, &err) != OK)
        fail_msg("%s", err.message);
    return r;
}

static const AuditCell *cell_of(const AuditReport *r, uint32_t cell)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->cells[i].cell == cell)
            return &r->cells[i];
    fail_msg("cell %u is not in the report", cell);
    return NULL;
}

typedef struct Counted {
    const SdcProblem *p;
    int64_t low[CELLS_MAX], high[CELLS_MAX];
    bool moves_without[CELLS_MAX][CELLS_MAX]; /* [s][k]: k differs somewhere while s is true */
    uint64_t tables;
} Counted;

static void count_one(const int64_t *values, void *ctx)
{
    Counted *c = ctx;
    c->tables++;
    for (uint32_t i = 0; i < c->p->cell_count; i++) {
        c->low[i] = values[i] < c->low[i] ? values[i] : c->low[i];
        c->high[i] = values[i] > c->high[i] ? values[i] : c->high[i];
        for (uint32_t k = 0; k < c->p->cell_count; k++)
            if (values[i] == c->p->cells[i].value && values[k] != c->p->cells[k].value)
                c->moves_without[i][k] = true;
    }
}

static void count_all(const SdcProblem *p, Counted *c)
{
    memset(c, 0, sizeof *c);
    c->p = p;
    for (uint32_t i = 0; i < p->cell_count; i++)
        c->low[i] = c->high[i] = p->cells[i].value;
    each_table(p, count_one, c);
}

/* Offers tables and what is none: each counted table, several times as far, back, and with a move too many, too few,
 * too far, twice, of a cell that is printed, of one that there is not. */
typedef struct Offering {
    const SdcProblem *p;
    AuditOffered *offered;
    uint32_t count;
} Offering;

#define OFFERED_MOST 40

static void offer(AuditOffered *o, const AuditMove *moves, size_t count)
{
    Error err = ERROR_INIT;
    assert_int_equal(audit_offer(o, moves, count, &err), OK);
}

/* Equations hold, bounds perhaps not. */
static void offer_times(AuditOffered *o, const AuditMove *moves, size_t count, int64_t times)
{
    AuditMove more[CELLS_MAX];
    for (size_t i = 0; i < count; i++)
        more[i] = (AuditMove){moves[i].cell, moves[i].by * times};
    offer(o, more, count);
}

static void offer_one(const int64_t *values, void *ctx)
{
    Offering *f = ctx;
    AuditMove moves[CELLS_MAX + 1] = {0};
    size_t n = 0;
    uint32_t cells = f->p->cell_count;
    if (f->count++ >= OFFERED_MOST)
        return;
    for (uint32_t i = cells; i-- > 0;) /* in an order that is nobody's */
        if (values[i] != f->p->cells[i].value)
            moves[n++] = (AuditMove){i, values[i] - f->p->cells[i].value};
    offer(f->offered, moves, n);
    if (n == 0)
        return;
    offer_times(f->offered, moves, n, 3);
    offer_times(f->offered, moves, n, -3);
    offer(f->offered, moves, n - 1);
    moves[n] = moves[n - 1];
    offer(f->offered, moves, n + 1);
    moves[n] = (AuditMove){f->count % cells, 1};
    offer(f->offered, moves, n + 1);
    moves[n] = (AuditMove){cells + f->count, 1};
    offer(f->offered, moves, n + 1);
    moves[n - 1].by += moves[n - 1].by > 0 ? 1 : -1;
    offer(f->offered, moves, n);
    moves[n - 1].by = INT64_MAX;
    offer(f->offered, moves, n);
    moves[n - 1].by = 0;
    offer(f->offered, moves, n);
}

/* What the report says must be what counting says: intervals, verdicts, standards; whatever was offered. */
static void compare(const SdcProblem *p, const uint8_t *singleton, unsigned threads)
{
    Counted c;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    o.depth = AUDIT_INTERVALS;
    o.cells = AUDIT_SUPPRESSED_CELLS;
    o.singleton = singleton;
    o.effort.threads = threads;
    Offering offering = {.p = p};
    Error err = ERROR_INIT;
    assert_int_equal(audit_offered_new(&offering.offered, &err), OK);
    each_table(p, offer_one, &offering);
    o.offered = threads > 1 ? offering.offered : NULL;
    AuditReport r = attack(p, &o);
    audit_offered_free(offering.offered);
    count_all(p, &c);
    for (size_t i = 0; i < r.count; i++) {
        const AuditCell *a = &r.cells[i];
        const SdcCell *s = &p->cells[a->cell];
        assert_int_equal(a->low, c.low[a->cell]);
        assert_int_equal(a->high, c.high[a->cell]);
        assert_int_equal(a->seen_low, c.low[a->cell]);
        assert_int_equal(a->seen_high, c.high[a->cell]);
        int64_t width = a->high - a->low;
        bool outside = width > 0 && a->high >= s->value + s->upl && a->low <= s->value - s->lpl && width >= s->spl;
        bool inside = true;
        for (uint32_t k = 0; k < p->cell_count && singleton; k++)
            inside = inside && (!singleton[k] || k == a->cell || c.moves_without[k][a->cell]);
        assert_int_equal((a->standards & AUDIT_PS1) != 0, width > 0);
        assert_int_equal((a->standards & AUDIT_PS1_STAR) != 0, outside);
        assert_int_equal((a->standards & AUDIT_PS2_STAR) != 0, width > 0 && inside);
        assert_int_equal(a->verdict, outside && inside ? AUDIT_PROTECTED : AUDIT_EXPOSED);
    }
    audit_report_free(&r);
}

static void random_grid(SdcProblem *p, Rng *rng)
{
    uint32_t rows = 2 + (uint32_t)rng_below(rng, 2), columns = 2 + (uint32_t)rng_below(rng, 3);
    int64_t inner[16];
    for (uint32_t i = 0; i < rows * columns; i++)
        inner[i] = rng_between(rng, 0, 5);
    grid_make(p, rows, columns, inner);
    for (uint32_t c = 0; c < p->cell_count; c++) {
        int64_t value = p->cells[c].value;
        if (rng_below(rng, 100) >= 55 || value > 8)
            continue;
        if (rng_below(rng, 2))
            grid_hide(p, c, U, value + (int64_t)rng_below(rng, 4), value > 0, 1 + (int64_t)rng_below(rng, 2));
        else
            grid_hide(p, c, M, value + (int64_t)rng_below(rng, 4), 0, 0);
        if (rng_below(rng, 4) == 0)
            p->cells[c].lower = value - (value > 0);
        if (p->cells[c].status == U && rng_below(rng, 4) == 0)
            p->cells[c].spl = 3;
    }
}

static void test_random_grids(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 20240501, 0);
    for (int i = 0; i < 3000; i++) {
        SdcProblem p;
        uint8_t singleton[CELLS_MAX] = {0};
        random_grid(&p, &rng);
        for (uint32_t c = 0; c < p.cell_count; c++)
            singleton[c] = (p.cells[c].status == U || p.cells[c].status == M) && p.cells[c].value == 1;
        compare(&p, i % 2 ? singleton : NULL, 1 + (unsigned)i % 2);
        sdc_free(&p);
    }
}

/* Equations that are no sums of a table: coefficients other than 1, so that linear intervals are wider than whole ones.
 */
static void test_random_equations(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 7, 1);
    for (int i = 0; i < 3000; i++) {
        SdcProblem p;
        Error err = ERROR_INIT;
        uint32_t cells = 3 + (uint32_t)rng_below(&rng, 4), rows = 1 + (uint32_t)rng_below(&rng, 3);
        assert_int_equal(sdc_new(cells, rows, cells * rows, &p, &err), OK);
        for (uint32_t c = 0; c < cells; c++) {
            p.cells[c].value = rng_between(&rng, 0, 5);
            grid_hide(&p, c, rng_below(&rng, 2) ? U : M, p.cells[c].value + rng_between(&rng, 0, 4), 0, 0);
            p.cells[c].upl = p.cells[c].status == U;
        }
        for (uint32_t r = 0, n = 0; r < rows; r++) {
            for (uint32_t c = 0; c < cells; c++) {
                int32_t coef = (int32_t)rng_between(&rng, -3, 3);
                p.cell[n] = c;
                p.coef[n++] = coef ? coef : 1;
                p.rhs[r] += (coef ? coef : 1) * p.cells[c].value;
            }
            p.start[r + 1] = n;
        }
        compare(&p, NULL, 1);
        sdc_free(&p);
    }
}

/* A table of three rows and three columns whose four hidden corners protect each other. */
static void corners(SdcProblem *p)
{
    static const int64_t inner[] = {3, 20, 5, 20, 30, 20, 4, 20, 6};
    grid_make(p, 3, 3, inner);
    grid_hide(p, 0, U, 13, 1, 2);
    grid_hide(p, 2, M, 20, 0, 0);
    grid_hide(p, 8, M, 20, 0, 0);
    grid_hide(p, 10, M, 20, 0, 0);
}

static void test_planted(void **state)
{
    UNUSED(state);
    static const struct {
        const char *what;
        int64_t print; /* a cell of the pattern that is printed after all; -1 */
        AuditVerdict verdict;
        AuditReason reason;
    } cases[] = {
        {"as it should be", -1, AUDIT_PROTECTED, AUDIT_BY_NOTHING},
        {"a secondary is skipped", 2, AUDIT_EXPOSED, AUDIT_BY_OUTSIDER},
        {"another is skipped", 10, AUDIT_EXPOSED, AUDIT_BY_OUTSIDER},
        {"the sensitive cell itself is printed", 0, AUDIT_EXPOSED, AUDIT_BY_PRINT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        SdcProblem p;
        uint8_t printed[CELLS_MAX] = {0};
        AuditOptions o = AUDIT_OPTIONS_INIT;
        Buf text;
        Error err = ERROR_INIT;
        corners(&p);
        if (cases[i].print >= 0)
            printed[cases[i].print] = 1;
        o.printed = printed;
        AuditReport r = attack(&p, &o);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.cells[0].verdict, cases[i].verdict);
        assert_int_equal(r.cells[0].reason, cases[i].reason);
        assert_int_equal(r.exposed, cases[i].verdict == AUDIT_EXPOSED);
        buf_init(&text, 0);
        assert_int_equal(audit_report_text(&p, &r, &text, &err), OK);
        assert_int_equal(text.len > 0, cases[i].verdict != AUDIT_PROTECTED);
        if (cases[i].reason == AUDIT_BY_OUTSIDER)
            assert_non_null(strstr(buf_z(&text), "it can only be 3"));
        buf_free(&text);
        audit_report_free(&r);
        sdc_free(&p);
    }
}

/* The hidden row total must hide, too: one leaked total between two suppressed cells of a column gives both away. */
static void test_leaked_total(void **state)
{
    UNUSED(state);
    SdcProblem p;
    uint8_t printed[CELLS_MAX] = {0};
    AuditOptions o = AUDIT_OPTIONS_INIT;
    static const int64_t inner[] = {3, 20, 4, 30};
    grid_make(&p, 2, 2, inner);
    grid_hide(&p, 0, U, 13, 1, 2);
    grid_hide(&p, 2, M, 60, 0, 0);
    grid_hide(&p, 3, M, 13, 0, 0);
    grid_hide(&p, 5, M, 80, 0, 0);
    AuditReport r = attack(&p, &o);
    assert_int_equal(r.cells[0].verdict, AUDIT_PROTECTED);
    audit_report_free(&r);
    printed[5] = 1;
    o.printed = printed;
    r = attack(&p, &o);
    assert_int_equal(r.cells[0].verdict, AUDIT_EXPOSED);
    assert_int_equal(r.cells[0].low, 3);
    assert_int_equal(r.cells[0].high, 3);
    audit_report_free(&r);
    sdc_free(&p);
}

/* An attacker who forgets that counts are whole sees 2 x + 2 y = 2 z + 6 less sharply than this one. */
static void test_broken_table_is_refused(void **state)
{
    UNUSED(state);
    SdcProblem p;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport r;
    Error err = ERROR_INIT;
    corners(&p);
    p.cells[5].value++;
    p.cells[5].upper++;
    assert_int_equal(audit_problem(&p, &o, &r, &err), ERR_INVALID);
    assert_non_null(err.message[0] ? err.message : NULL);
    sdc_free(&p);
}

/* ---- Counterexamples from sdcTools/UserSupport ---------------------------------------------------------------------
 */

/* Regions with a value each, counted in two hierarchies that do not nest; every pattern of suppression of up to six
 * published numbers is attacked and compared with counting. */
typedef struct Linked {
    uint32_t regions, groups;
    int64_t n[8];
    uint8_t of[8][8]; /* group, region */
} Linked;

static void linked_make(SdcProblem *p, const Linked *l)
{
    Error err = ERROR_INIT;
    uint32_t cells = l->regions + l->groups, entries = 0, n = 0;
    for (uint32_t g = 0; g < l->groups; g++)
        for (uint32_t r = 0; r < l->regions; r++)
            entries += l->of[g][r];
    assert_int_equal(sdc_new(cells, l->groups, entries + l->groups, p, &err), OK);
    for (uint32_t r = 0; r < l->regions; r++)
        p->cells[r].value = l->n[r];
    for (uint32_t g = 0; g < l->groups; g++) {
        for (uint32_t r = 0; r < l->regions; r++)
            if (l->of[g][r]) {
                p->cell[n] = r;
                p->coef[n++] = 1;
                p->cells[l->regions + g].value += l->n[r];
            }
        p->cell[n] = l->regions + g;
        p->coef[n++] = -1;
        p->start[g + 1] = n;
    }
    for (uint32_t c = 0; c < cells; c++) {
        p->cells[c].upper = p->cells[c].value;
        p->cells[c].status = SDC_OPEN;
    }
}

static void linked_patterns(const Linked *l, int64_t threshold)
{
    uint32_t cells = l->regions + l->groups;
    for (uint32_t mask = 0; mask < 1U << cells; mask++) {
        SdcProblem p;
        uint32_t hidden = 0;
        linked_make(&p, l);
        for (uint32_t c = 0; c < cells; c++) {
            bool small = p.cells[c].value < threshold;
            if (!small && !(mask >> c & 1))
                continue;
            hidden++;
            grid_hide(&p, c, small ? U : M, p.cells[c].value + 3, small, small);
        }
        if (hidden <= 7 && mask % 3 == 0)
            compare(&p, NULL, 1);
        sdc_free(&p);
    }
}

/* #133: two aggregating variables; a result was published from which suppressed cells could be calculated. */
static void test_user_support_133(void **state)
{
    UNUSED(state);
    static const Linked l = {5, 6, {11, 7, 3, 9, 4},
        {{1, 0, 1, 0, 0}, {0, 0, 0, 1, 1}, {0, 1, 0, 0, 0}, {1, 1, 0, 0, 0}, {0, 0, 1, 1, 1}, {1, 1, 1, 1, 1}}};
    SdcProblem p;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    linked_patterns(&l, 5);
    /* regions I = 3, K = 4 hidden with J: safe in counties, but county-4 = B and BIG give A, and county-1 gives I */
    linked_make(&p, &l);
    grid_hide(&p, 2, U, 13, 1, 1);
    grid_hide(&p, 0, M, 30, 0, 0);
    grid_hide(&p, 4, U, 14, 1, 1);
    grid_hide(&p, 3, M, 30, 0, 0);
    AuditReport r = attack(&p, &o);
    assert_int_equal(cell_of(&r, 2)->verdict, AUDIT_EXPOSED);
    assert_int_equal(cell_of(&r, 2)->low, 3);
    assert_int_equal(cell_of(&r, 2)->high, 3);
    assert_int_equal(cell_of(&r, 4)->verdict, AUDIT_PROTECTED);
    audit_report_free(&r);
    sdc_free(&p);
}

/* #136: protecting linked tables one after the other until nothing changes is not protecting them together. */
static void test_user_support_136(void **state)
{
    UNUSED(state);
    /* A B I J K L M N; county-1 = A B I J, county-2 = K L M N, BIG = L M, small = A B I J K N, total */
    static const Linked l = {8, 5, {2, 2, 8, 8, 3, 3, 3, 7},
        {{1, 1, 1, 1, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 1, 1, 0}, {1, 1, 1, 1, 1, 0, 0, 1},
            {1, 1, 1, 1, 1, 1, 1, 1}}};
    SdcProblem p;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    linked_patterns(&l, 4);
    /* Each table alone looks safe: county-2 hides K, L, M; BIG hides L, M; small hides A, B, K. Together county-2 and
     * BIG leave K = 3. */
    linked_make(&p, &l);
    for (uint32_t c = 0; c < 8; c++)
        if (p.cells[c].value < 4)
            grid_hide(&p, c, U, 10, 1, 1);
    AuditReport r = attack(&p, &o);
    assert_int_equal(cell_of(&r, 4)->verdict, AUDIT_EXPOSED);
    assert_int_equal(cell_of(&r, 4)->high, 3);
    assert_int_equal(cell_of(&r, 0)->verdict, AUDIT_PROTECTED);
    assert_int_equal(cell_of(&r, 5)->verdict, AUDIT_PROTECTED);
    audit_report_free(&r);
    sdc_free(&p);
}

/* #135: singletons detected by twos are not detected by threes. Row 1 of the table is 1 1 7 1 0, row 2 is
 * 1 0 0 2 8. Hiding all ones and the 2: the contributor of each 1 subtracts himself. */
static void test_user_support_135(void **state)
{
    UNUSED(state);
    static const int64_t inner[] = {1, 1, 7, 1, 0, 1, 0, 0, 2, 8};
    SdcProblem p;
    uint8_t singleton[CELLS_MAX] = {0};
    AuditOptions o = AUDIT_OPTIONS_INIT;
    grid_make(&p, 2, 5, inner);
    const uint32_t small[] = {0, 3, 6, 9};
    for (size_t i = 0; i < COUNT_OF(small); i++)
        grid_hide(&p, small[i], U, 3, 1, 1);
    for (uint32_t c = 0; c < p.cell_count; c++)
        singleton[c] = p.cells[c].status == U && p.cells[c].value == 1;
    AuditReport r = attack(&p, &o);
    for (size_t i = 0; i < r.count; i++)
        assert_int_equal(r.cells[i].verdict, AUDIT_PROTECTED);
    audit_report_free(&r);
    o.singleton = singleton;
    compare(&p, singleton, 1);
    r = attack(&p, &o);
    for (size_t i = 0; i < r.count; i++) {
        assert_int_equal(r.cells[i].verdict, AUDIT_EXPOSED);
        assert_int_equal(r.cells[i].reason, AUDIT_BY_SINGLETON);
        assert_true(singleton[r.cells[i].partner]);
        assert_true(r.cells[i].standards & AUDIT_PS1_STAR);
        assert_false(r.cells[i].standards & AUDIT_PS2_STAR);
    }
    audit_report_free(&r);
    sdc_free(&p);
    /* three singletons in one row of three, each known to be at least one: everybody knows all of them (#194, case 3)
     */
    static const int64_t threes[] = {1, 1, 1, 5, 6, 7};
    grid_make(&p, 2, 3, threes);
    for (uint32_t c = 0; c < 3; c++) {
        grid_hide(&p, c, U, 3, 0, 1);
        grid_hide(&p, c + 4, M, 20, 0, 0);
        p.cells[c].lower = 1;
    }
    o.singleton = NULL;
    r = attack(&p, &o);
    for (size_t i = 0; i < r.count; i++) {
        assert_int_equal(r.cells[i].verdict, AUDIT_EXPOSED);
        assert_int_equal(r.cells[i].high, 1);
    }
    audit_report_free(&r);
    sdc_free(&p);
}

/* The only student of a county is the only one of her school, the other school having none: she finds herself. Whoever
 * is alone beside her in another county is found by her all the same. */
static void test_the_same_people(void **state)
{
    UNUSED(state);
    /* county = school + none; state = county + other + third; third is printed in the second round */
    SdcProblem p;
    Error err = ERROR_INIT;
    static const int64_t value[] = {1, 1, 0, 1, 1, 3};
    static const uint32_t cell[] = {0, 1, 2, 5, 0, 3, 4}, same[] = {0, 0, 2, 3, 4, 5};
    static const int32_t coef[] = {1, -1, -1, 1, -1, -1, -1};
    const uint8_t singleton[] = {1, 1, 0, 1, 0, 0};
    AuditOptions o = AUDIT_OPTIONS_INIT;
    assert_int_equal(sdc_new(6, 2, 7, &p, &err), OK);
    memcpy(p.cell, cell, sizeof cell);
    memcpy(p.coef, coef, sizeof coef);
    p.start[1] = 3;
    p.start[2] = 7;
    for (uint32_t c = 0; c < 6; c++)
        p.cells[c] = (SdcCell){.value = value[c], .upper = 10, .status = c < 2 || c == 3 ? U : c == 4 ? M : SDC_FROZEN};
    for (uint32_t c = 0; c < 4; c++)
        p.cells[c].upl = p.cells[c].status == U;
    o.singleton = singleton;
    AuditReport r = attack(&p, &o);
    assert_int_equal(cell_of(&r, 0)->reason, AUDIT_BY_SINGLETON);
    assert_int_equal(cell_of(&r, 1)->reason, AUDIT_BY_SINGLETON);
    audit_report_free(&r);
    o.same = same;
    r = attack(&p, &o);
    for (size_t i = 0; i < r.count; i++)
        assert_int_equal(r.cells[i].verdict, AUDIT_PROTECTED);
    audit_report_free(&r);
    p.cells[4].status = SDC_FROZEN;
    r = attack(&p, &o);
    for (size_t i = 0; i < r.count; i++) {
        assert_int_equal(r.cells[i].verdict, AUDIT_EXPOSED);
        assert_int_equal(r.cells[i].reason, AUDIT_BY_SINGLETON);
    }
    audit_report_free(&r);
    sdc_free(&p);
}

typedef struct Dominance {
    int64_t largest[8];
} Dominance;

/* (1, 80): the largest contributor has more than 80 % of the sum. */
static bool dominated(const uint32_t *cells, size_t count, int64_t sum, void *ctx)
{
    const Dominance *d = ctx;
    int64_t largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = d->largest[cells[i]] > largest ? d->largest[cells[i]] : largest;
    return largest * 100 > sum * 80;
}

/* #160: the sum of what was suppressed still shows the dominant enterprise. */
static void test_user_support_160(void **state)
{
    UNUSED(state);
    Dominance d = {{900, 50, 30}};
    SdcProblem p;
    Error err = ERROR_INIT;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    static const int64_t values[] = {1000, 60, 40, 400, 300};
    assert_int_equal(sdc_new(6, 1, 6, &p, &err), OK);
    for (uint32_t c = 0; c < 6; c++) {
        p.cell[c] = c;
        p.coef[c] = c < 5 ? 1 : -1;
        p.cells[c].value = c < 5 ? values[c] : 1800;
        p.cells[c].upper = p.cells[c].value;
        p.cells[c].status = SDC_OPEN;
        if (c < 3)
            grid_hide(&p, c, U, 2 * values[c], values[c] / 20, values[c] / 20);
    }
    p.start[1] = 6;
    o.sum_rule = dominated;
    o.sum_ctx = &d;
    AuditReport r = attack(&p, &o);
    assert_int_equal(r.exposed, 3);
    assert_int_equal(r.cells[0].reason, AUDIT_BY_SUM);
    assert_int_equal(r.cells[0].partner, 0);
    audit_report_free(&r);
    grid_hide(&p, 3, M, 800, 0, 0); /* the one more suppression that was asked for */
    r = attack(&p, &o);
    assert_int_equal(r.exposed, 0);
    audit_report_free(&r);
    o.sum_rule = NULL;
    o.min_sum = 2000;
    r = attack(&p, &o);
    assert_int_equal(r.exposed, 3);
    audit_report_free(&r);
    sdc_free(&p);
}

/* ---- Larger: what windows and programs do ---------------------------------------------------------------------------
 */

static void wide_grid(SdcProblem *p, uint32_t side, uint64_t seed)
{
    Rng rng;
    rng_init(&rng, seed, 3);
    grid_make(p, side, side, NULL);
    for (uint32_t i = 0; i < side; i++)
        for (uint32_t j = 0; j < side; j++)
            p->cells[i * (side + 1) + j].value = rng_between(&rng, 1, 60);
    grid_sum(p);
    for (uint32_t i = 0; i < side; i++)
        for (uint32_t j = 0; j < side; j++) {
            uint32_t c = i * (side + 1) + j;
            if (p->cells[c].value < 10)
                grid_hide(p, c, U, p->cells[c].value + 10, 1, 10 - p->cells[c].value);
            else if (rng_below(&rng, 100) < 12)
                grid_hide(p, c, M, 2 * p->cells[c].value, 0, 0);
        }
}

static bool same(const AuditReport *a, const AuditReport *b)
{
    if (a->count != b->count || a->programs != b->programs || a->tables != b->tables)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const AuditCell *x = &a->cells[i], *y = &b->cells[i];
        if (x->cell != y->cell || x->verdict != y->verdict || x->reason != y->reason || x->partner != y->partner ||
            x->standards != y->standards || x->low != y->low || x->high != y->high || x->seen_low != y->seen_low ||
            x->seen_high != y->seen_high)
            return false;
    }
    return true;
}

static void attack_remembering(const SdcProblem *p, const AuditOptions *o, AuditMemory *memory, uint64_t *tables)
{
    AuditOptions with = *o;
    with.memory = memory;
    AuditReport alone = attack(p, o), again = attack(p, &with);
    assert_int_equal(alone.count, again.count);
    for (size_t i = 0; i < alone.count; i++) {
        assert_int_equal(alone.cells[i].cell, again.cells[i].cell);
        assert_int_equal(alone.cells[i].verdict, again.cells[i].verdict);
    }
    *tables = again.tables;
    audit_report_free(&alone);
    audit_report_free(&again);
}

/* A memory changes no verdict, whatever becomes of the pattern: it grows, shrinks, another problem comes, singletons
 * come. Where it grows, what held is not attacked again. */
static void test_memory(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    uint32_t saved = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        SdcProblem p;
        AuditMemory *memory;
        AuditOptions o = AUDIT_OPTIONS_INIT;
        Rng rng;
        uint8_t singleton[1000] = {0};
        uint64_t first, later;
        rng_init(&rng, 31, seed);
        wide_grid(&p, 10, seed);
        assert_true(p.cell_count <= sizeof singleton);
        assert_int_equal(audit_memory_new(&memory, &err), OK);
        attack_remembering(&p, &o, memory, &first);
        attack_remembering(&p, &o, memory, &later);
        saved += later < first;
        for (int step = 0; step < 12; step++) {
            uint32_t cell = (uint32_t)rng_below(&rng, p.cell_count);
            SdcCell *c = &p.cells[cell];
            switch (step % 4) {
            case 0: /* grows */
                c->status = c->status == SDC_OPEN ? SDC_SECONDARY : c->status;
                break;
            case 1: /* shrinks */
                c->status = c->status == SDC_SECONDARY ? SDC_OPEN : c->status;
                break;
            case 2: /* another level */
                c->upl += c->status == SDC_SENSITIVE;
                break;
            default: /* somebody knows his own cell */
                singleton[cell] = 1;
                o.singleton = singleton;
                break;
            }
            attack_remembering(&p, &o, memory, &later);
        }
        for (uint32_t i = 0; i < p.cell_count; i++) /* everything that was hidden is printed */
            p.cells[i].status = p.cells[i].status == SDC_SECONDARY ? SDC_OPEN : p.cells[i].status;
        attack_remembering(&p, &o, memory, &later);
        audit_memory_free(memory);
        sdc_free(&p);
    }
    assert_true(saved >= 3);
}

/* One unit round the corners of each rectangle; where one of them is printed, that is no table. */
static void offer_rectangles(uint32_t side, AuditOffered *o)
{
    uint32_t w = side + 1;
    for (uint32_t a = 0; a < side; a++)
        for (uint32_t b = a + 1; b < side; b++)
            for (uint32_t k = 0; k < side; k++)
                for (uint32_t l = k + 1; l < side; l++) {
                    const AuditMove moves[] = {{a * w + k, 1}, {a * w + l, -1}, {b * w + k, -1}, {b * w + l, 1}};
                    offer(o, moves, COUNT_OF(moves));
                }
}

/* What holds is not looked for again, and no verdict changes; what a pattern cannot do is not believed. */
static void test_offered_spares_programs(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    for (uint64_t seed = 0; seed < 4; seed++) {
        enum { SIDE = 14 };
        SdcProblem p;
        AuditOptions o = AUDIT_OPTIONS_INIT;
        AuditOffered *offered;
        wide_grid(&p, SIDE, seed);
        AuditReport alone = attack(&p, &o);
        assert_int_equal(audit_offered_new(&offered, &err), OK);
        offer_rectangles(SIDE, offered);
        o.offered = offered;
        AuditReport spared = attack(&p, &o);
        assert_true(alone.programs > 0 && spared.programs < alone.programs);
        assert_int_equal(alone.count, spared.count);
        for (size_t i = 0; i < alone.count; i++)
            assert_int_equal(alone.cells[i].verdict, spared.cells[i].verdict);
        audit_report_free(&alone);
        audit_report_free(&spared);
        audit_offered_free(offered);
        sdc_free(&p);
    }
}

/* Sixteen grids in one problem, so that there is something to share out: the same report for any number of threads. */
static void test_threads(void **state)
{
    UNUSED(state);
    SdcProblem p;
    Error err = ERROR_INIT;
    enum { SIDE = 14, COPIES = 6 };
    SdcProblem one[COPIES];
    uint32_t cells = 0, rows = 0, entries = 0, c = 0, r = 0, n = 0;
    for (uint32_t i = 0; i < COPIES; i++) {
        wide_grid(&one[i], SIDE, i);
        cells += one[i].cell_count;
        rows += one[i].row_count;
        entries += one[i].start[one[i].row_count];
    }
    assert_int_equal(sdc_new(cells, rows, entries, &p, &err), OK);
    for (uint32_t i = 0; i < COPIES; i++) {
        memcpy(p.cells + c, one[i].cells, one[i].cell_count * sizeof *p.cells);
        for (uint32_t k = 0; k < one[i].row_count; k++, r++) {
            for (uint32_t e = one[i].start[k]; e < one[i].start[k + 1]; e++, n++) {
                p.cell[n] = c + one[i].cell[e];
                p.coef[n] = one[i].coef[e];
            }
            p.start[r + 1] = n;
        }
        c += one[i].cell_count;
        sdc_free(&one[i]);
    }
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport first = attack(&p, &o);
    assert_true(first.programs > 0);
    for (unsigned threads = 2; threads <= 5; threads++) {
        o.effort.threads = threads;
        AuditReport again = attack(&p, &o);
        assert_true(same(&first, &again));
        audit_report_free(&again);
    }
    audit_report_free(&first);
    sdc_free(&p);
}

/* In two dimensions every corner of the attacker's polytope is whole: nothing may stay unproven, and levels decided
 * with windows agree with intervals worked out in full. */
static void test_levels_agree_with_intervals(void **state)
{
    UNUSED(state);
    for (uint64_t seed = 10; seed < 13; seed++) {
        SdcProblem p;
        AuditOptions o = AUDIT_OPTIONS_INIT;
        wide_grid(&p, 16, seed);
        AuditReport levels = attack(&p, &o);
        o.depth = AUDIT_INTERVALS;
        AuditReport full = attack(&p, &o);
        assert_int_equal(levels.unproven, 0);
        assert_int_equal(full.unproven, 0);
        assert_true(levels.count > 20 && levels.exposed < levels.count);
        for (size_t i = 0; i < full.count; i++) {
            const SdcCell *s = &p.cells[full.cells[i].cell];
            assert_int_equal(levels.cells[i].verdict, full.cells[i].verdict);
            assert_int_equal(full.cells[i].low, full.cells[i].seen_low);
            assert_int_equal(full.cells[i].high, full.cells[i].seen_high);
            bool wide = full.cells[i].high >= s->value + s->upl && full.cells[i].low <= s->value - s->lpl;
            assert_int_equal(full.cells[i].verdict == AUDIT_PROTECTED, wide);
        }
        audit_report_free(&levels);
        audit_report_free(&full);
        sdc_free(&p);
    }
}

/* Effort too small to decide must never end in "protected" without a table, only in "unproven". */
static void test_no_effort_is_unproven(void **state)
{
    UNUSED(state);
    SdcProblem p;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    wide_grid(&p, 16, 10);
    AuditReport good = attack(&p, &o);
    o.effort.pivot_limit = 1;
    o.effort.node_limit = 0;
    AuditReport poor = attack(&p, &o);
    assert_true(poor.unproven > 0);
    for (size_t i = 0; i < poor.count; i++) {
        if (poor.cells[i].verdict == AUDIT_PROTECTED)
            assert_int_equal(good.cells[i].verdict, AUDIT_PROTECTED);
        if (poor.cells[i].verdict == AUDIT_EXPOSED)
            assert_int_equal(good.cells[i].verdict, AUDIT_EXPOSED);
    }
    audit_report_free(&good);
    audit_report_free(&poor);
    sdc_free(&p);
}

/* A table that is found for one cell decides for all that it moves, also for those whose turn is over. */
static void test_later_tables_count(void **state)
{
    UNUSED(state);
    uint32_t shown = 0;
    for (uint32_t size = 8; size <= 16; size++)
        for (uint32_t limit = 0; limit <= 40; limit += 4) {
            SdcProblem p;
            AuditOptions o = AUDIT_OPTIONS_INIT;
            wide_grid(&p, size, 10);
            o.effort.pivot_limit = 1 + limit;
            o.effort.node_limit = limit;
            AuditReport r = attack(&p, &o);
            for (size_t i = 0; i < r.count; i++) {
                const AuditCell *c = &r.cells[i];
                const SdcCell *s = &p.cells[c->cell];
                bool reached = c->seen_high >= s->value + s->upl && c->seen_low <= s->value - s->lpl &&
                               c->seen_high > c->seen_low && c->seen_high - c->seen_low >= s->spl;
                assert_true(!reached || c->verdict == AUDIT_PROTECTED);
                shown += reached;
            }
            audit_report_free(&r);
            sdc_free(&p);
        }
    assert_true(shown > 0);
}

static void test_no_memory(void **state)
{
    UNUSED(state);
    SdcProblem p;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    corners(&p);
    bool done = false;
    for (long n = 0; !done; n++) {
        AuditReport r;
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = audit_problem(&p, &o, &r, &err);
        done = mem_fail_pending();
        mem_fail_after(-1);
        if (st == OK) /* an attempt that lacked memory may only have cost a proof */
            audit_report_free(&r);
        else
            assert_int_equal(st, ERR_NOMEM);
        assert_true(!done || st == OK);
    }
    sdc_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_grids),
        cmocka_unit_test(test_random_equations),
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_leaked_total),
        cmocka_unit_test(test_broken_table_is_refused),
        cmocka_unit_test(test_user_support_133),
        cmocka_unit_test(test_user_support_135),
        cmocka_unit_test(test_the_same_people),
        cmocka_unit_test(test_user_support_136),
        cmocka_unit_test(test_user_support_160),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_offered_spares_programs),
        cmocka_unit_test(test_levels_agree_with_intervals),
        cmocka_unit_test(test_no_effort_is_unproven),
        cmocka_unit_test(test_later_tables_count),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
