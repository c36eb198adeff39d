/* The wrapper keeps its promises: strict statuses, warm starts, scaling, the sign of duals, refused input. */
#include "lp/lp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define INF INFINITY

/* A table of two rows and two columns, all margins given: x0 + x1 = a, x2 + x3 = b, x0 + x2 = c, x1 + x3 = d. */
static const uint32_t START[] = {0, 2, 4, 6, 8};
static const uint32_t COLUMN[] = {0, 1, 2, 3, 0, 2, 1, 3};
static const double ONES[] = {1, 1, 1, 1, 1, 1, 1, 1};
static const double ZEROS[4] = {0};
static const double FREE[4] = {INF, INF, INF, INF};

static void assert_near(double found, double expected, double tolerance)
{
    if (fabs(found - expected) > tolerance)
        fail_msg("%.9g instead of %.9g", found, expected);
}

static Lp *square(const double margins[4])
{
    const LpMatrix m = {4, 4, START, COLUMN, ONES, ZEROS, FREE, margins, margins};
    Lp *lp = NULL;
    Error err = ERROR_INIT;
    assert_int_equal(lp_new(&m, &lp, &err), OK);
    return lp;
}

static double best(Lp *lp, uint32_t column, bool maximise)
{
    lp_clear_costs(lp);
    lp_set_cost(lp, column, 1);
    assert_int_equal(lp_solve(lp, maximise, 0), LP_OPTIMAL);
    return lp_objective(lp);
}

static void test_intervals(void **state)
{
    UNUSED(state);
    const double margins[] = {7, 5, 4, 8};
    Lp *lp = square(margins);
    for (int again = 0; again < 2; again++) {
        assert_near(best(lp, 0, true), 4, 1e-9);
        assert_near(best(lp, 0, false), 0, 1e-9);
        assert_near(best(lp, 3, true), 5, 1e-9);
        assert_near(best(lp, 3, false), 1, 1e-9);
    }
    const double *x = lp_columns(lp);
    assert_near(x[0] + x[1], 7, 1e-9);
    assert_near(x[1] + x[3], 8, 1e-9);
    lp_free(lp);
}

static void test_bounds_and_rows_change(void **state)
{
    UNUSED(state);
    const double margins[] = {7, 5, 4, 8}, two[] = {1, 2};
    const uint32_t columns[] = {0, 3};
    Lp *lp = square(margins);
    Error err = ERROR_INIT;
    lp_set_bounds(lp, 1, 5, INF);
    assert_near(best(lp, 0, true), 2, 1e-9);
    lp_set_bounds(lp, 1, 0, INF);
    assert_near(best(lp, 0, true), 4, 1e-9);
    /* x0 + 2 x3 = 3 x0 + 2, so at most 8 means x0 at most 2 */
    assert_int_equal(lp_add_row(lp, 2, columns, two, -INF, 8, &err), OK);
    assert_near(best(lp, 0, true), 2, 1e-9);
    lp_set_row(lp, 4, -INF, 5);
    assert_near(best(lp, 0, true), 1, 1e-9);
    for (int i = 0; i < 20; i++) /* more rows than there was room for */
        assert_int_equal(lp_add_row(lp, 1, columns, two, -INF, 0.5, &err), OK);
    assert_near(best(lp, 0, true), 0.5, 1e-9);
    assert_non_null(lp_duals(lp));
    lp_free(lp);
}

static void test_statuses(void **state)
{
    UNUSED(state);
    const double margins[] = {7, 5, 4, 8}, odd[] = {7, 5, 4, 9}, open[] = {0}, full[] = {INF}, one[] = {1};
    const uint32_t none[] = {0, 0};
    Lp *lp = square(odd);
    lp_set_cost(lp, 0, 1);
    assert_int_equal(lp_solve(lp, true, 0), LP_INFEASIBLE);
    assert_int_equal(lp_solve(lp, false, 0), LP_INFEASIBLE);
    lp_free(lp);
    lp = square(margins);
    lp_set_bounds(lp, 0, 5, 6);
    assert_int_equal(lp_solve(lp, true, 0), LP_INFEASIBLE);
    lp_set_bounds(lp, 0, 0, 6); /* and it recovers */
    assert_near(best(lp, 0, true), 4, 1e-9);
    lp_free(lp);
    const LpMatrix alone = {1, 1, none, COLUMN, one, open, full, open, open};
    Error err = ERROR_INIT;
    assert_int_equal(lp_new(&alone, &lp, &err), OK);
    lp_set_cost(lp, 0, 1);
    assert_int_equal(lp_solve(lp, true, 0), LP_UNBOUNDED);
    assert_near(best(lp, 0, false), 0, 1e-9);
    lp_free(lp);
}

static void test_pivot_limit(void **state)
{
    UNUSED(state);
    enum { N = 40 };
    uint32_t start[2 * N + 1], column[2 * N * N], at = 0;
    double value[2 * N * N], low[N * N] = {0}, high[N * N], sum[2 * N];
    for (uint32_t r = 0; r < 2 * N; r++) {
        start[r] = at;
        sum[r] = 100;
        for (uint32_t i = 0; i < N; i++, at++) {
            column[at] = r < N ? r * N + i : i * N + (r - N);
            value[at] = 1;
        }
    }
    start[2 * N] = at;
    for (size_t i = 0; i < N * N; i++)
        high[i] = 60;
    const LpMatrix m = {N * N, 2 * N, start, column, value, low, high, sum, sum};
    Lp *lp;
    Error err = ERROR_INIT;
    assert_int_equal(lp_new(&m, &lp, &err), OK);
    for (uint32_t i = 0; i < N * N; i++)
        lp_set_cost(lp, i, (i * 7919) % 101);
    assert_int_equal(lp_solve(lp, true, 3), LP_STOPPED);
    assert_int_equal(lp_solve(lp, true, 0), LP_OPTIMAL);
    assert_true(lp_pivots(lp) > 3);
    lp_free(lp);
}

/* Values of 1e11, as they occur in magnitude tables, where unscaled solvers call the truth infeasible. */
static void test_large_values(void **state)
{
    UNUSED(state);
    const double margins[] = {7e11, 5e11 + 3, 4e11, 8e11 + 3};
    Lp *lp = square(margins);
    assert_near(best(lp, 0, true), 4e11, 1);
    assert_near(best(lp, 3, true), 5e11 + 3, 1);
    assert_near(best(lp, 3, false), 1e11 + 3, 1);
    assert_near(lp_columns(lp)[3], 1e11 + 3, 1);
    lp_free(lp);
}

/* Weak duality for both directions: the bound made from duals and reduced costs meets the optimum. */
static void test_dual_signs(void **state)
{
    UNUSED(state);
    const double margins[] = {7, 5, 4, 8};
    for (int maximise = 0; maximise < 2; maximise++) {
        Lp *lp = square(margins);
        for (uint32_t i = 0; i < 4; i++)
            lp_set_bounds(lp, i, 0, 20);
        double found = best(lp, 3, maximise), bound = 0;
        const double *dual = lp_duals(lp);
        for (uint32_t r = 0; r < 4; r++)
            bound += dual[r] * margins[r];
        for (uint32_t c = 0; c < 4; c++) {
            double reduced = c == 3;
            for (uint32_t i = 0; i < 8; i++)
                reduced -= COLUMN[i] == c ? dual[i / 2] : 0;
            bound += reduced * ((reduced > 0) == (maximise == 1) ? 20 : 0);
        }
        assert_near(found, bound, 1e-9);
        lp_free(lp);
    }
}

static void test_refused(void **state)
{
    UNUSED(state);
    const uint32_t wrong[] = {0, 4, 2, 3, 0, 2, 1, 3}, twice[] = {0, 0, 2, 3, 0, 2, 1, 3}, back[] = {0, 3, 2, 6, 8};
    const double nan_entry[] = {1, 1, NAN, 1, 1, 1, 1, 1}, below[] = {-1, 1, 1, 1};
    const LpMatrix good = {4, 4, START, COLUMN, ONES, ZEROS, FREE, ZEROS, FREE};
    struct {
        LpMatrix m;
        const char *says;
    } cases[] = {
        {good, "no column 4"}, {good, "twice"}, {good, "ends before"}, {good, "no number"}, {good, "not an interval"}};
    cases[0].m.column = wrong;
    cases[1].m.column = twice;
    cases[2].m.start = back;
    cases[3].m.value = nan_entry;
    cases[4].m.upper = below;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Lp *lp = NULL;
        Error err = ERROR_INIT;
        assert_int_equal(lp_new(&cases[i].m, &lp, &err), ERR_INVALID);
        assert_non_null(strstr(err.message, cases[i].says));
        assert_null(lp);
    }
    Lp *lp = square(ZEROS);
    Error err = ERROR_INIT;
    assert_int_equal(lp_add_row(lp, 2, twice, ONES, 0, 1, &err), ERR_INVALID);
    assert_int_equal(lp_add_row(lp, 1, COLUMN, ONES, 2, 1, &err), ERR_INVALID);
    lp_free(lp);
}

static void test_no_memory(void **state)
{
    UNUSED(state);
    const LpMatrix m = {4, 4, START, COLUMN, ONES, ZEROS, FREE, ZEROS, FREE};
    for (long n = 0;; n++) {
        Lp *lp = NULL;
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = lp_new(&m, &lp, &err);
        if (st == OK)
            st = lp_add_row(lp, 2, COLUMN, ONES, 0, 1, &err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        lp_free(lp);
        if (!fired) {
            assert_int_equal(st, OK);
            assert_true(n > 5);
            break;
        }
        assert_int_equal(st, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_bounds_and_rows_change),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_pivot_limit),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_dual_signs),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
