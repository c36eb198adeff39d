/*
 * Lp: linear programs through COIN-OR Clp, as small as disclosure control needs them.
 *
 * The only room that includes Clp's header. Numbers are doubles, so an answer is a claim: whoever rests safety on one
 * verifies it in integers (audit), and anything but LP_OPTIMAL counts as "not shown to be protected".
 */
#ifndef CAIRN_LP_LP_H
#define CAIRN_LP_LP_H

#include "base/base.h"

/* LP_OPTIMAL only when Clp claims optimality of the unscaled problem too; LP_STOPPED at the pivot limit, and within
 * some pivots when the process is asked to stop (cancel_asked; whoever goes on asks cancel_check); LP_FAILED for
 * everything Clp calls abandoned, uncertain or cut off, after one more try from the slack basis. */
typedef enum LpStatus { LP_OPTIMAL, LP_INFEASIBLE, LP_UNBOUNDED, LP_STOPPED, LP_FAILED } LpStatus;

typedef struct Lp Lp; /* not shared between threads; deterministic: one thread, fixed pivot rules, no clock */

/* Columns 0 .. columns-1 with bounds lower, upper (infinite: -INFINITY, INFINITY), rows in CSR form with row_lower <=
 * A x <= row_upper. No column twice in a row. */
typedef struct LpMatrix {
    uint32_t columns, rows;
    const uint32_t *start; /* rows + 1 */
    const uint32_t *column;
    const double *value;
    const double *lower, *upper;         /* columns */
    const double *row_lower, *row_upper; /* rows */
} LpMatrix;
/* Copies everything. All costs are 0. Where the largest finite bound passes 1e6, columns and bounds are divided by one
 * power of two inside, so that Clp's absolute tolerances mean the same for every table; callers see their own units.
 * Free with lp_free. ERR_NOMEM; ERR_INVALID for bad indexes or numbers; ERR_LIMIT beyond 2^31 - 1 entries. */
MUST_USE Status lp_new(const LpMatrix *m, Lp **out, Error *err);
void lp_free(Lp *lp); /* NULL is fine */

void lp_set_cost(Lp *lp, uint32_t column, double cost);
void lp_clear_costs(Lp *lp);
void lp_set_bounds(Lp *lp, uint32_t column, double lower, double upper);
void lp_set_row(Lp *lp, uint32_t row, double lower, double upper);
/* Adds lower <= sum of value * column <= upper as the last row. */
MUST_USE Status lp_add_row(
    Lp *lp, uint32_t count, const uint32_t *column, const double *value, double lower, double upper, Error *err);
/* Values to begin the next solve from (one a column, within bounds; feasible ones save the whole first phase). */
void lp_start(Lp *lp, const double *values);
/* Minimises (or maximises) from the basis of the last solve, at most iteration_limit pivots (0: no limit): primal
 * simplex when only costs changed since, else dual. */
LpStatus lp_solve(Lp *lp, bool maximise, uint32_t iteration_limit);
double lp_objective(const Lp *lp);
const double *lp_columns(const Lp *lp); /* values of the last solution; valid until the next call */
/* One a row, of the last solution, in the sense of the costs given: cost - dual * A is the reduced cost, for both
 * directions. Valid until the next call. */
const double *lp_duals(const Lp *lp);
uint64_t lp_pivots(const Lp *lp); /* of all solves together */

#endif
