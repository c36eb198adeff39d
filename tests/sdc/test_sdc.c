/* Problems: JJ text in and out, exact decimals, and what the check refuses. */
#include "sdc/sdc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "sdc/jj_number.h"

static const char small[] = "0\n4\n0 10 10 s 0 20 0 0 0\n1 3 3 u 0 6 1 1 0\n2 5.5 5.5 s 0 11 0 0 0\n"
                            "3 1.5 1.5 m 0 2000 0 0 0\n1\n0 4 : 0 (-1) 1 (1) 2 (1) 3 (1)\n";

static Status read_text(const char *text, SdcProblem *p, Error *err)
{
    *err = (Error){.status = OK};
    return sdc_read_jj(slice_of(text), "t.jj", p, err);
}

static void test_numbers(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        bool ok;
        int64_t mantissa;
        int32_t exponent;
    } cases[] = {
        {"0", true, 0, 0},
        {"-0.00", true, 0, 0},
        {"2.06099e+10", true, 206099, 5},
        {"233.9999875", true, 2339999875, -7},
        {"1e50", true, 1, 50},
        {"+12.50", true, 125, -1},
        {"-.5", true, -5, -1},
        {"7.", true, 7, 0},
        {"0.001", true, 1, -3},
        {"000120000000000000000000000", true, 12, 22},
        {"123456789012345678", true, 123456789012345678, 0},
        {"1234567890123456789", false, 0, 0},
        {"", false, 0, 0},
        {".", false, 0, 0},
        {"-", false, 0, 0},
        {"1.2.3", false, 0, 0},
        {"1e", false, 0, 0},
        {"1e999", false, 0, 0},
        {"nan", false, 0, 0},
        {"0x10", false, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        JjNumber n;
        assert_int_equal(jj_number_parse(slice_of(cases[i].text), &n), cases[i].ok);
        if (cases[i].ok) {
            assert_int_equal(n.mantissa, cases[i].mantissa);
            assert_int_equal(n.exponent, cases[i].exponent);
        }
    }
}

static void test_rounding_of_numbers(void **state)
{
    UNUSED(state);
    static const struct {
        JjNumber n;
        uint32_t decimals;
        JjRound how;
        int64_t rounded;
    } cases[] = {{{15, -1}, 0, JJ_NEAREST, 2}, {{-15, -1}, 0, JJ_NEAREST, -2}, {{14, -1}, 0, JJ_NEAREST, 1},
        {{149, -2}, 1, JJ_NEAREST, 15}, {{5, -9}, 0, JJ_NEAREST, 0}, {{5, -9}, 0, JJ_UP, 1}, {{-5, -9}, 0, JJ_UP, 0},
        {{-5, -9}, 0, JJ_DOWN, -1}, {{3, 2}, 1, JJ_UP, 3000}, {{1, -40}, 3, JJ_NEAREST, 0}, {{1, -40}, 3, JJ_UP, 1},
        {{-1, -40}, 3, JJ_DOWN, -1}, {{-144, -2}, 1, JJ_NEAREST, -14}, {{-141, -2}, 1, JJ_DOWN, -15}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t v;
        assert_true(jj_number_round(cases[i].n, cases[i].decimals, cases[i].how, SDC_VALUE_MAX, &v));
        assert_int_equal(v, cases[i].rounded);
    }
}

static void test_read(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    assert_int_equal(read_text(small, &p, &err), OK);
    assert_int_equal(p.cell_count, 4);
    assert_int_equal(p.row_count, 1);
    assert_int_equal(p.value_decimals, 1);
    assert_int_equal(p.cells[0].value, 100);
    assert_int_equal(p.cells[2].value, 55);
    assert_int_equal(p.cells[2].cost, 55);
    assert_int_equal(p.cells[1].upl, 10);
    assert_int_equal(p.cells[3].upper, 20000);
    assert_int_equal(p.cells[0].status, SDC_OPEN);
    assert_int_equal(p.cells[1].status, SDC_SENSITIVE);
    assert_int_equal(p.cells[3].status, SDC_SECONDARY);
    assert_true(p.scale > 0.0999 && p.scale < 0.1001);
    assert_int_equal(sdc_check(&p, &err), OK);
    sdc_free(&p);
    sdc_free(&p);
}

/* As tau-ARGUS writes them: levels with three decimals more than values, a level of a thousandth where there is none,
 * lines that end in a blank, totals with -1; and what other public problems have: CR LF, negative values, exponents, an
 * equation twice, one without cells, coefficients other than 1. */
static void test_read_as_others_write(void **state)
{
    UNUSED(state);
    SdcProblem p;
    Error err = ERROR_INIT;
    const char *text = "0\r\n5\r\n"
                       "0 10.50 11 s  0.00 21.00 0.00000 0.00000 0.00\r\n"
                       "1 12.00 12 u  6.00 24.00 1.80000 1.80000 3.60\r\n"
                       "2 -1.50 1 s  -3.00 0.00 0.00000 0.00000 0.00\r\n"
                       "3 0.00 1 z  0.00 0.00 0.00000 0.00000 0.00\r\n"
                       "4 2.1e+01 1 u  0 1e3 0.00000 0.00100 0.00\r\n"
                       "4\r\n"
                       "0 4 : 0 (-1) 1 (1) 2 (1) 3 (1) \r\n"
                       "0 4 : 0 (-1) 1 (1) 2 (1) 3 (1) \r\n"
                       "0 2 : 4 (0.5) 0 (-1) \r\n"
                       "0 0 :\r\n";
    if (read_text(text, &p, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(sdc_check(&p, &err), OK);
    assert_int_equal(p.value_decimals, 3);
    assert_int_equal(p.cells[0].value, 10500);
    assert_int_equal(p.cells[1].lpl, 1800);
    assert_int_equal(p.cells[1].spl, 3600);
    assert_int_equal(p.cells[2].value, -1500);
    assert_int_equal(p.cells[2].lower, -3000);
    assert_int_equal(p.cells[3].status, SDC_FROZEN);
    assert_int_equal(p.cells[4].value, 21000);
    assert_int_equal(p.cells[4].upl, 1);
    assert_int_equal(p.row_count, 4);
    assert_int_equal(p.coef[p.start[2]], 5);
    assert_int_equal(p.coef[p.start[2] + 1], -10);
    assert_int_equal(p.start[4], p.start[3]);
    sdc_free(&p);
}

static void test_write_gives_it_back(void **state)
{
    SdcProblem p = {0};
    Error err;
    Buf out;
    UNUSED(state);
    buf_init(&out, 0);
    assert_int_equal(read_text(small, &p, &err), OK);
    assert_int_equal(sdc_write_jj(&p, &out, &err), OK);
    assert_string_equal(buf_z(&out), small);
    buf_free(&out);
    sdc_free(&p);
}

static void test_bounds_are_cut(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    assert_int_equal(read_text("0 1\n0 5 1 s -1e30 1e+50 0 0 0\n0\n", &p, &err), OK);
    assert_int_equal(p.cells[0].lower, -SDC_VALUE_MAX);
    assert_int_equal(p.cells[0].upper, SDC_VALUE_MAX);
    assert_int_equal(sdc_check(&p, &err), OK);
    sdc_free(&p);
}

static void test_costs_that_are_too_fine_are_rounded(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    assert_int_equal(
        read_text("0 2 0 5 123456789012.00006 s 0 9 0 0 0 1 5 900000000000000000 s 0 9 0 0 0 0", &p, &err), OK);
    assert_int_equal(p.cost_decimals, 0);
    assert_int_equal(p.cells[0].cost, 123456789012);
    assert_int_equal(sdc_check(&p, &err), OK);
    sdc_free(&p);
}

static void test_decimals_that_do_not_fit(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    assert_int_equal(
        read_text("0 2 0 200000000000000000 1 s 0 1e18 0 0 0 1 5.2599 1 u 5.2001 5.38 0.01 0.0101 0 0", &p, &err), OK);
    assert_int_equal(p.value_decimals, 0);
    assert_int_equal(p.lost_decimals, 4);
    assert_int_equal(p.cells[1].value, 5);
    assert_int_equal(p.cells[1].lower, 5);
    assert_int_equal(p.cells[1].upper, 5);
    assert_int_equal(p.cells[1].lpl, 1);
    assert_int_equal(p.cells[1].upl, 1);
    sdc_free(&p);
    assert_int_equal(read_text("0 1 0 1e-30 1 s 0 1e-30 0 0 0 0", &p, &err), OK);
    assert_int_equal(p.value_decimals, 18);
    assert_int_equal(sdc_check(&p, &err), OK);
    sdc_free(&p);
}

static void test_refused_text(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *message;
        uint64_t line;
    } cases[] = {
        {"", "ends where a number", 1},
        {"0\nx\n", "not the number of cells", 2},
        {"0\n4000000000\n", "too short for the count", 2},
        {"0\n1\n0 1 1 q 0 2 0 0 0\n0\n", "must be s, u, m or z", 3},
        {"0\n1\n1 1 1 s 0 2 0 0 0\n0\n", "not the number of a cell", 3},
        {"0\n2\n0 1 1 s 0 2 0 0 0\n0 1 1 s 0 2 0 0 0\n0\n", "was there before", 4},
        {"0\n1\n0 1 -1 s 0 2 0 0 0\n0\n", "negative cost", 3},
        {"0\n1\n0 1 1 u 0 2 -1 0 0\n0\n", "negative protection", 3},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n1\n0 2 : 0 (1) 0 (1)\n", "twice", 5},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n1\n0 1 : 0 (0)\n", "coefficient 0", 5},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n1\n0 1 : 0 1\n", "expected '('", 5},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n1\n0 1 0 (1)\n", "expected ':'", 5},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n0\n7\n", "more text", 5},
        {"0\n1\n0 1e30 1 s 0 2 0 0 0\n0\n", "larger than 10^18", 0},
        {"0\n1\n0 1 1e60 s 0 2 0 0 0\n0\n", "costs of all cells", 0},
        {"0\n1\n0 1 1 s 0 2 0 0 0\n1\n1 1 : 0 (3000000000)\n", "coefficient or the right side", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        SdcProblem p = {0};
        Error err;
        assert_int_equal(read_text(cases[i].text, &p, &err), ERR_INVALID);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_string_equal(err.file, "t.jj");
        assert_int_equal(err.line, cases[i].line);
        assert_null(p.cells);
    }
}

static void test_check(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    assert_int_equal(read_text(small, &p, &err), OK);
    SdcCell saved = p.cells[2];
#define REFUSES(change, text) \
    do { \
        change; \
        assert_int_equal(sdc_check(&p, &err), ERR_INVALID); \
        assert_non_null(strstr(err.message, text)); \
        p.cells[2] = saved; \
    } while (0)
    REFUSES(
        p.cells[2].value = 52, "equation 1 does not add up: it is off by -0.3 (-cell 0 + cell 1 + cell 2 + cell 3)");
    REFUSES(p.cells[2].upper = 54, "cell 2: value is not between its bounds");
    REFUSES(p.cells[2].cost = -1, "negative cost");
    REFUSES(p.cells[2].spl = -1, "negative protection level");
    REFUSES(p.cells[2].spl = 1, "not sensitive");
    REFUSES(p.cells[2].upper = INT64_MAX, "too large");
    REFUSES(p.cells[2].cost = INT64_MAX, "costs of all cells");
    REFUSES(p.cells[2].status = (SdcStatus)9, "unknown status");
    p.cell[1] = 0;
    assert_int_equal(sdc_check(&p, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "twice"));
    p.cell[1] = 4;
    assert_int_equal(sdc_check(&p, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "does not exist"));
    sdc_free(&p);
}

static void test_rounding_is_absorbed(void **state)
{
    SdcProblem p = {0};
    SdcRounding rounding;
    Error err;
    UNUSED(state);
    assert_int_equal(read_text("0 3 0 1000001 1 s 0 2e6 0 0 0 1 500000 1 s 0 2e6 0 0 0 2 500000 1 s 0 2e6 0 0 0\n"
                               "2 0 3 : 0 (-1) 1 (1) 2 (1) 0 2 : 1 (1) 2 (-1)",
                         &p, &err),
        OK);
    assert_int_equal(sdc_check(&p, &err), ERR_INVALID);
    assert_int_equal(sdc_absorb_rounding(&p, 0, &rounding, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "off by -1"));
    assert_int_equal(sdc_absorb_rounding(&p, 1, &rounding, &err), OK);
    assert_int_equal(rounding.rows, 1);
    assert_int_equal(rounding.worst, 0);
    assert_int_equal(rounding.worst_off, -1);
    assert_int_equal(sdc_check(&p, &err), OK);
    sdc_free(&p);
}

/* Parts that are 0 leave the total at 3 units: a level of all the room would be out of reach. */
static void test_rounding_cuts_levels(void **state)
{
    static const char *const exact = "0 3 0 20000000 1 u 0 2e9 20000000 5 0 1 10000000 1 s 0 2e9 0 0 0 "
                                     "2 %s 1 s 0 2e9 0 0 0 1 0 3 : 0 (-1) 1 (1) 2 (1)";
    static const struct {
        const char *part;
        int64_t level;
        uint32_t cut;
    } cases[] = {{"9999997", 19999997, 1}, {"9999900", 19999980, 1}, {"10000000", 20000000, 0}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        SdcProblem p = {0};
        SdcRounding rounding;
        Error err = ERROR_INIT;
        char text[300];
        snprintf(text, sizeof text, exact, cases[i].part);
        assert_int_equal(read_text(text, &p, &err), OK);
        assert_int_equal(sdc_absorb_rounding(&p, 10, &rounding, &err), OK);
        assert_int_equal(rounding.levels, cases[i].cut);
        assert_int_equal(p.cells[0].lpl, cases[i].level);
        assert_int_equal(p.cells[0].upl, 5);
        sdc_free(&p);
    }
}

/* Every allocation of reading fails in turn; nothing leaks (the sanitizers look) and the status says so. */
static void test_no_memory(void **state)
{
    SdcProblem p = {0};
    Error err;
    UNUSED(state);
    long n = 0;
    for (;; n++) {
        mem_fail_after(n);
        Status st = read_text(small, &p, &err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        if (st == OK)
            break;
        assert_true(fired);
        assert_int_equal(st, ERR_NOMEM);
    }
    assert_true(n > 3);
    sdc_free(&p);
}

static void read_shared(const char *dir, const char *name)
{
    Arena arena;
    const char *path;
    Buf text, again;
    SdcProblem p = {0}, q = {0};
    SdcRounding rounding;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    buf_init(&text, 0);
    buf_init(&again, 0);
    assert_int_equal(path_join(&arena, dir, name, &path, &err), OK);
    assert_int_equal(file_read(path, 0, &text, &err), OK);
    if (sdc_read_jj(buf_slice(&text), path, &p, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(sdc_absorb_rounding(&p, 100, &rounding, &err), OK);
    assert_int_equal(sdc_check(&p, &err), OK);
    assert_int_equal(sdc_write_jj(&p, &again, &err), OK);
    assert_int_equal(sdc_read_jj(buf_slice(&again), "again", &q, &err), OK);
    assert_memory_equal(p.cells, q.cells, sizeof *p.cells * p.cell_count);
    assert_memory_equal(p.rhs, q.rhs, sizeof *p.rhs * p.row_count);
    sdc_free(&p);
    sdc_free(&q);
    buf_free(&text);
    buf_free(&again);
    arena_free(&arena);
}

static void test_public_problems(void **state)
{
    UNUSED(state);
    const char *shared = env_get("CAIRN_SHARED_DATA");
    char dir[400];
    if (!shared)
        shared = SHARED_DATA_DIR;
    (void)snprintf(dir, sizeof dir, "%s/protection/csp", shared);
    if (!dir_exists(dir)) {
        print_message("skipped: no folder %s\n", dir);
        skip();
    }
    Arena arena;
    PathList list = {0};
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    assert_int_equal(dir_list(dir, &arena, &list, &err), OK);
    for (size_t i = 0; i < list.len; i++)
        if (slice_ends(slice_of(list.at[i]), SLICE(".jj")))
            read_shared(dir, list.at[i]);
    vec_free(&list);
    arena_free(&arena);
}

/* A chain of equations: the nearest open cell, of several the cheapest, never through what is published. */
static void test_nearest(void **state)
{
    /* 0 = 1 + 2, 2 = 3 + 4, 4 = 5 + 6: cells 0, 2 and 4 are in two equations or one */
    static const uint32_t cells[] = {0, 1, 2, 2, 3, 4, 4, 5, 6};
    static const SdcStatus status[] = {
        SDC_FROZEN, SDC_SENSITIVE, SDC_SECONDARY, SDC_FROZEN, SDC_SECONDARY, SDC_OPEN, SDC_OPEN};
    SdcProblem p = {0};
    SdcNearest near;
    Error err = ERROR_INIT;
    uint32_t found;
    UNUSED(state);
    assert_int_equal(sdc_new(7, 3, 9, &p, &err), OK);
    memcpy(p.cell, cells, sizeof cells);
    for (uint32_t r = 0; r <= 3; r++)
        p.start[r] = 3 * r;
    for (uint32_t c = 0; c < 7; c++)
        p.cells[c] = (SdcCell){.upper = 10, .status = status[c], .cost = 100 - c};
    assert_int_equal(sdc_nearest_new(&p, &near, &err), OK);
    assert_true(sdc_nearest_open(&near, 1, &found));
    assert_int_equal(found, 6); /* two suppressed cells away, cheaper than 5 */
    p.cells[3].status = SDC_OPEN;
    assert_true(sdc_nearest_open(&near, 1, &found));
    assert_int_equal(found, 3); /* nearer, though dearer */
    p.cells[3].status = SDC_SECONDARY;
    p.cells[5].cost = p.cells[6].cost;
    assert_true(sdc_nearest_open(&near, 1, &found));
    assert_int_equal(found, 5); /* of equal cost the first */
    p.cells[5].upper = 0;
    assert_true(sdc_nearest_open(&near, 1, &found));
    assert_int_equal(found, 6); /* not what everybody knows */
    p.cells[2].status = SDC_FROZEN;
    assert_false(sdc_nearest_open(&near, 1, &found));
    sdc_nearest_free(&near);
    sdc_nearest_free(&near);
    sdc_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rounding_of_numbers),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_as_others_write),
        cmocka_unit_test(test_write_gives_it_back),
        cmocka_unit_test(test_bounds_are_cut),
        cmocka_unit_test(test_costs_that_are_too_fine_are_rounded),
        cmocka_unit_test(test_decimals_that_do_not_fit),
        cmocka_unit_test(test_refused_text),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_rounding_is_absorbed),
        cmocka_unit_test(test_rounding_cuts_levels),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_public_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
