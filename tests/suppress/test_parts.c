/*
 * Cuts of hierarchical tables, against what the codes of the table say; and the pattern that comes of asking parts.
 */
#include "suppress/suppress.h"

#include "audit/audit.h"
#include "protect_attack.h"
#include "protect_tables.h"
#include "suppress/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

/* protect_tree: 14 regions of one district; 6 fields of 8 programmes; 8 groups. A code's number is its place in the
 * order total, first level, second level. */
enum { REGIONS = 14, PLACES = 29, FIELDS = 6, PROGRAMMES = 55, GROUPS = 9, SLAB = 2 * PROGRAMMES * GROUPS };

static uint32_t region_of(uint32_t cell) /* 0: the total */
{
    uint32_t place = cell / GROUPS / PROGRAMMES;
    return place <= REGIONS ? place : place - REGIONS;
}

static uint32_t field_of(uint32_t cell)
{
    uint32_t programme = cell / GROUPS % PROGRAMMES;
    return programme <= FIELDS ? programme : 1 + (programme - FIELDS - 1) / 8;
}

/* Cells are in one part when the codes say so, and in no other. */
static void check_cut(const Cut *cut, uint32_t cells, uint32_t (*code)(uint32_t cell))
{
    uint32_t *part = calloc(cells, sizeof *part); /* by code: the part, plus one */
    uint32_t *seen = calloc(cut->count, sizeof *seen);
    assert_true(part && seen);
    for (uint32_t c = 0; c < cells; c++) {
        uint32_t mine = cut->part_of[c], want = code(c);
        assert_true(mine < cut->count);
        if (part[want] == 0) {
            part[want] = mine + 1;
            assert_true(mine == 0 || seen[mine]++ == 0);
        }
        assert_int_equal(part[want], mine + 1);
    }
    assert_int_equal(part[0], 1); /* part 0 is what no slab has */
    free(part);
    free(seen);
}

static uint32_t both(uint32_t cell)
{
    uint32_t region = region_of(cell), field = field_of(cell);
    return region == 0 || field == 0 ? 0 : region * (FIELDS + 1) + field;
}

static void test_cuts_follow_the_hierarchy(void **state)
{
    UNUSED(state);
    SdcProblem p = {0};
    Error err = ERROR_INIT;
    Arena a;
    Cut *cuts;
    uint32_t count;
    arena_init(&a, 0);
    assert_int_equal(protect_tree(1, 7, &p, &err), OK);
    assert_int_equal(p.cell_count, PLACES * PROGRAMMES * GROUPS);
    assert_int_equal(parts_cut(&p, SLAB, &a, &cuts, &count, &err), OK);
    assert_int_equal(count, 3); /* groups have no levels */
    for (uint32_t i = 1; i < count; i++)
        assert_true(cuts[i].largest >= cuts[i - 1].largest);
    for (uint32_t i = 0; i < count; i++) {
        bool regions = cuts[i].count == REGIONS + 1, fields = cuts[i].count == FIELDS + 1;
        assert_true(regions || fields || cuts[i].count == (REGIONS + 1) * (FIELDS + 1));
        check_cut(&cuts[i], p.cell_count, regions ? region_of : fields ? field_of : both);
    }
    arena_free(&a);
    sdc_free(&p);
}

/* A chain of totals of two, two and three levels: parts as small as asked for, but never the lowest level. */
static void test_cut_finer(void **state)
{
    UNUSED(state);
    enum { CELLS = 15, ROWS = 7 }; /* 0; 1 2; 3 .. 6; 7 .. 14 */
    SdcProblem p = {0};
    Error err = ERROR_INIT;
    Arena a;
    Cut *cuts;
    uint32_t count;
    arena_init(&a, 0);
    assert_int_equal(sdc_new(CELLS, ROWS, 3 * ROWS, &p, &err), OK);
    for (uint32_t c = 0; c < CELLS; c++)
        p.cells[c] = (SdcCell){.value = c < 1 ? 8 : c < 3 ? 4 : c < 7 ? 2 : 1, .upper = 20, .status = SDC_OPEN};
    for (uint32_t r = 0; r < ROWS; r++) {
        for (uint32_t k = 0; k < 3; k++) {
            p.cell[3 * r + k] = k == 0 ? r : 2 * r + k;
            p.coef[3 * r + k] = k == 0 ? -1 : 1;
        }
        p.start[r + 1] = 3 * r + 3;
    }
    static const struct {
        uint32_t most, count;
        uint32_t part_of[CELLS];
    } cases[] = {
        {7, 3, {0, 1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2}},
        {3, 7, {0, 1, 2, 3, 4, 5, 6, 3, 3, 4, 4, 5, 5, 6, 6}},
        {1, 7, {0, 1, 2, 3, 4, 5, 6, 3, 3, 4, 4, 5, 5, 6, 6}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(parts_cut(&p, cases[i].most, &a, &cuts, &count, &err), OK);
        assert_int_equal(count, 1);
        assert_int_equal(cuts[0].count, cases[i].count);
        assert_memory_equal(cuts[0].part_of, cases[i].part_of, sizeof cases[i].part_of);
    }
    arena_free(&a);
    sdc_free(&p);
}

/* No level to cut at, no equation, totals that go round in a circle. */
static void test_no_hierarchy(void **state)
{
    UNUSED(state);
    SdcProblem cube = {0}, empty = {0}, circle = {0};
    Error err = ERROR_INIT;
    Arena a;
    Cut *cuts;
    uint32_t count = 7;
    arena_init(&a, 0);
    assert_int_equal(protect_cube(4, 10, 1, &cube, &err), OK);
    assert_int_equal(parts_cut(&cube, 10, &a, &cuts, &count, &err), OK);
    assert_int_equal(count, 0);
    assert_int_equal(sdc_new(3, 0, 0, &empty, &err), OK);
    assert_int_equal(parts_cut(&empty, 10, &a, &cuts, &count, &err), OK);
    assert_int_equal(count, 0);
    assert_int_equal(sdc_new(3, 3, 6, &circle, &err), OK);
    for (uint32_t r = 0; r < 3; r++) {
        circle.cell[2 * r] = r;
        circle.coef[2 * r] = -1;
        circle.cell[2 * r + 1] = (r + 1) % 3;
        circle.coef[2 * r + 1] = 1;
        circle.start[r + 1] = 2 * r + 2;
    }
    assert_int_equal(parts_cut(&circle, 10, &a, &cuts, &count, &err), OK);
    assert_int_equal(count, 0);
    arena_free(&a);
    sdc_free(&cube);
    sdc_free(&empty);
    sdc_free(&circle);
}

static Status attack(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    AuditOptions o = AUDIT_OPTIONS_INIT;
    UNUSED(ctx);
    return protect_attack(p, &o, shorts, err);
}

/* Small tables by the way of the largest: safe, and the same for any number of threads. With singletons, too. */
static void test_parts_protect(void **state)
{
    UNUSED(state);
    uint32_t secondaries = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        SdcProblem first = {0};
        uint8_t *singleton = NULL;
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            SdcProblem p = {0};
            SuppressReport report = {0};
            SuppressShorts shorts = {0};
            SuppressOptions o = SUPPRESS_OPTIONS_INIT;
            Error err = ERROR_INIT;
            assert_int_equal(protect_small_tree(seed, &p, &err), OK);
            free(singleton);
            singleton = calloc(p.cell_count, 1);
            assert_non_null(singleton);
            for (uint32_t c = 0; c < p.cell_count; c++)
                singleton[c] = p.cells[c].status == SDC_SENSITIVE && p.cells[c].value == 1;
            o.near_cells = o.large_rows = o.far_rows = 1;
            o.exact_cells = 0;
            o.effort = seed % 2 ? 0 : 20000;
            o.threads = threads;
            o.singleton = seed % 3 ? NULL : singleton;
            o.audit = attack;
            assert_int_equal(suppress_solve(&p, &o, &report, &err), OK);
            assert_int_equal(attack(&p, &shorts, NULL, &err), OK);
            for (size_t i = 0; i < shorts.len; i++) {
                bool told = false;
                for (size_t k = 0; k < report.leak_count; k++)
                    told = told || report.leaks[k].cell == shorts.at[i].cell;
                assert_true(told);
            }
            secondaries += report.secondaries;
            vec_free(&shorts);
            suppress_report_free(&report);
            if (threads == 1) {
                first = p;
                continue;
            }
            assert_memory_equal(first.cells, p.cells, p.cell_count * sizeof *p.cells);
            sdc_free(&p);
        }
        free(singleton);
        sdc_free(&first);
    }
    assert_true(secondaries > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_follow_the_hierarchy),
        cmocka_unit_test(test_cut_finer),
        cmocka_unit_test(test_no_hierarchy),
        cmocka_unit_test(test_parts_protect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
