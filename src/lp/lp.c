/*
 * One Clp model behind an opaque type.
 *
 * Costs and bounds are written straight into Clp's arrays, which it reads anew at every solve: a change costs one
 * store, not a copy of the whole vector. Scaling of the matrix is off while all entries are 1 or -1, as they are in
 * tables: it would be worked out again at each of thousands of solves and change nothing.
 */
#include "lp/lp.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include <Clp_C_Interface.h>

#include "lp/lp_stop.h"

#define LARGEST_BOUND 1e6 /* Clp's tolerance is 1e-7: a millionth of a person in a table of ten millions */
#define SCALING_OFF 0
#define SCALING_AUTO 3
/* Secondary statuses that say nothing against an optimum: none; the model had no entries and was solved by looking.
 * The others are optimal only after scaling, given up, undone by postsolve. */
#define SECONDARY_NONE 0
#define SECONDARY_EMPTY 6

struct Lp {
    Clp_Simplex *clp;
    double unit;     /* one unit inside is so many outside: a power of two */
    double *columns; /* of the last solution, outside units */
    double *duals;
    size_t rows, row_space;
    uint32_t column_count;
    bool bounds_changed; /* or rows, or never solved: the last basis may be infeasible */
    bool started;        /* begin from values, not from a basis */
    bool maximise;
    uint64_t pivots;
};

static double inside(const Lp *lp, double bound)
{
    return isinf(bound) ? copysign(DBL_MAX, bound) : bound / lp->unit;
}

static double unit_for(const LpMatrix *m)
{
    const double *lists[] = {m->lower, m->upper, m->row_lower, m->row_upper};
    double largest = 0, unit = 1;
    for (size_t l = 0; l < COUNT_OF(lists); l++)
        for (uint32_t i = 0; i < (l < 2 ? m->columns : m->rows); i++)
            if (!isinf(lists[l][i]) && fabs(lists[l][i]) > largest)
                largest = fabs(lists[l][i]);
    while (largest / unit > LARGEST_BOUND)
        unit *= 2;
    return unit;
}

static Status bounds_valid(const double *lower, const double *upper, uint32_t count, const char *what, Error *err)
{
    for (uint32_t i = 0; i < count; i++)
        if (isnan(lower[i]) || isnan(upper[i]) || lower[i] > upper[i])
            return error_set(err, ERR_INVALID, "linear program: bounds of %s %u are not an interval", what, i);
    return OK;
}

/* last_row[column] is the last row + 1 that used it. */
static Status row_valid(uint32_t row, const uint32_t *column, const double *value, size_t count, uint32_t columns,
    uint32_t *last_row, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (column[i] >= columns)
            return error_set(err, ERR_INVALID, "linear program: row %u has no column %u", row, column[i]);
        if (!isfinite(value[i]))
            return error_set(err, ERR_INVALID, "linear program: row %u has a coefficient that is no number", row);
        if (last_row[column[i]] == row + 1)
            return error_set(err, ERR_INVALID, "linear program: row %u has column %u twice", row, column[i]);
        last_row[column[i]] = row + 1;
    }
    return OK;
}

static Status matrix_valid(const LpMatrix *m, Error *err)
{
    void *seen;
    if (m->columns > INT_MAX || m->rows > INT_MAX || m->start[m->rows] > INT_MAX)
        return error_set(err, ERR_LIMIT, "linear program: more than %d rows, columns or entries", INT_MAX);
    TRY(bounds_valid(m->lower, m->upper, m->columns, "column", err));
    TRY(bounds_valid(m->row_lower, m->row_upper, m->rows, "row", err));
    TRY(mem_zalloc(m->columns, sizeof(uint32_t), &seen, err));
    Status st = OK;
    for (uint32_t r = 0; r < m->rows && st == OK; r++) {
        uint32_t from = m->start[r];
        if (m->start[r + 1] < from)
            st = error_set(err, ERR_INVALID, "linear program: row %u ends before it begins", r);
        else
            st = row_valid(r, m->column + from, m->value + from, m->start[r + 1] - from, m->columns, seen, err);
    }
    mem_free(seen);
    return st;
}

/* Clp wants columns; and numbers for its arrays, inside units. All of it is scratch. */
typedef struct ByColumn {
    CoinBigIndex *start;
    int *row;
    double *value, *lower, *upper, *row_lower, *row_upper;
    bool unit_entries;
} ByColumn;

static Status by_column(const Lp *lp, const LpMatrix *m, Arena *a, ByColumn *out, Error *err)
{
    size_t entries = m->start[m->rows];
    CoinBigIndex *next;
    TRY(arena_new(a, CoinBigIndex, (size_t)m->columns + 1, &out->start, err));
    TRY(arena_new(a, CoinBigIndex, (size_t)m->columns + 1, &next, err));
    TRY(arena_new(a, int, entries + 1, &out->row, err));
    TRY(arena_new(a, double, entries + 1, &out->value, err));
    TRY(arena_new(a, double, (size_t)m->columns + 1, &out->lower, err));
    TRY(arena_new(a, double, (size_t)m->columns + 1, &out->upper, err));
    TRY(arena_new(a, double, (size_t)m->rows + 1, &out->row_lower, err));
    TRY(arena_new(a, double, (size_t)m->rows + 1, &out->row_upper, err));
    out->unit_entries = true;
    for (size_t i = 0; i < entries; i++)
        out->start[m->column[i] + 1]++;
    for (uint32_t c = 0; c < m->columns; c++) {
        out->start[c + 1] += out->start[c];
        next[c] = out->start[c];
        out->lower[c] = inside(lp, m->lower[c]);
        out->upper[c] = inside(lp, m->upper[c]);
    }
    for (uint32_t r = 0; r < m->rows; r++) {
        out->row_lower[r] = inside(lp, m->row_lower[r]);
        out->row_upper[r] = inside(lp, m->row_upper[r]);
        for (uint32_t i = m->start[r]; i < m->start[r + 1]; i++) {
            CoinBigIndex at = next[m->column[i]]++;
            out->row[at] = (int)r;
            out->value[at] = m->value[i];
            out->unit_entries = out->unit_entries && fabs(m->value[i]) == 1;
        }
    }
    return OK;
}

static Status model_make(Lp *lp, const LpMatrix *m, Error *err)
{
    Arena scratch;
    ByColumn by = {0};
    void *columns, *duals;
    TRY(mem_zalloc((size_t)m->columns + 1, sizeof(double), &columns, err));
    lp->columns = columns;
    TRY(mem_zalloc((size_t)m->rows + 1, sizeof(double), &duals, err));
    lp->duals = duals;
    lp->rows = m->rows;
    lp->row_space = (size_t)m->rows + 1;
    lp->column_count = m->columns;
    arena_init(&scratch, 0);
    Status st = by_column(lp, m, &scratch, &by, err);
    if (st == OK) {
        lp->clp = Clp_newModel();
#ifdef LP_CAN_STOP
        lp_stop_install(lp->clp);
#endif
        Clp_setLogLevel(lp->clp, 0);
        Clp_scaling(lp->clp, by.unit_entries ? SCALING_OFF : SCALING_AUTO);
        Clp_loadProblem(lp->clp, (int)m->columns, (int)m->rows, by.start, by.row, by.value, by.lower, by.upper, NULL,
            by.row_lower, by.row_upper);
    }
    arena_free(&scratch);
    return st;
}

Status lp_new(const LpMatrix *m, Lp **out, Error *err)
{
    void *made;
    TRY(matrix_valid(m, err));
    TRY(mem_zalloc(1, sizeof(Lp), &made, err));
    Lp *lp = made;
    lp->unit = unit_for(m);
    lp->bounds_changed = true;
    Status st = model_make(lp, m, err);
    if (st != OK) {
        lp_free(lp);
        return st;
    }
    *out = lp;
    return OK;
}

void lp_free(Lp *lp)
{
    if (!lp)
        return;
    if (lp->clp)
        Clp_deleteModel(lp->clp);
    mem_free(lp->columns);
    mem_free(lp->duals);
    mem_free(lp);
}

void lp_set_cost(Lp *lp, uint32_t column, double cost)
{
    ASSERT(column < lp->column_count && isfinite(cost));
    Clp_objective(lp->clp)[column] = cost;
}

void lp_clear_costs(Lp *lp)
{
    memset(Clp_objective(lp->clp), 0, lp->column_count * sizeof(double));
}

void lp_set_bounds(Lp *lp, uint32_t column, double lower, double upper)
{
    ASSERT(column < lp->column_count && lower <= upper);
    Clp_columnLower(lp->clp)[column] = inside(lp, lower);
    Clp_columnUpper(lp->clp)[column] = inside(lp, upper);
    lp->bounds_changed = true;
}

void lp_set_row(Lp *lp, uint32_t row, double lower, double upper)
{
    ASSERT(row < lp->rows && lower <= upper);
    Clp_rowLower(lp->clp)[row] = inside(lp, lower);
    Clp_rowUpper(lp->clp)[row] = inside(lp, upper);
    lp->bounds_changed = true;
}

static Status duals_grow(Lp *lp, Error *err)
{
    if (lp->rows + 1 < lp->row_space)
        return OK;
    void *duals = lp->duals;
    TRY(mem_resize(&duals, lp->row_space * 2, sizeof(double), err));
    lp->duals = duals;
    lp->row_space *= 2;
    return OK;
}

Status lp_add_row(
    Lp *lp, uint32_t count, const uint32_t *column, const double *value, double lower, double upper, Error *err)
{
    void *seen, *columns;
    if (lp->rows >= INT_MAX || count > INT_MAX)
        return error_set(err, ERR_LIMIT, "linear program: more than %d rows", INT_MAX);
    uint32_t row = (uint32_t)lp->rows;
    TRY(bounds_valid(&lower, &upper, 1, "an added row", err));
    TRY(mem_zalloc(lp->column_count, sizeof(uint32_t), &seen, err));
    Status st = row_valid(row, column, value, count, lp->column_count, seen, err);
    mem_free(seen);
    TRY(st);
    TRY(duals_grow(lp, err));
    TRY(mem_zalloc(count, sizeof(int), &columns, err));
    const CoinBigIndex starts[2] = {0, (CoinBigIndex)count};
    bool units = true;
    for (uint32_t i = 0; i < count; i++) {
        ((int *)columns)[i] = (int)column[i];
        units = units && fabs(value[i]) == 1;
    }
    double low = inside(lp, lower), high = inside(lp, upper);
    Clp_addRows(lp->clp, 1, &low, &high, starts, columns, value);
    mem_free(columns);
    if (!units)
        Clp_scaling(lp->clp, SCALING_AUTO);
    lp->rows++;
    lp->bounds_changed = true;
    return OK;
}

/* Strict: what Clp hedges is a failure here. */
static LpStatus status_of(Clp_Simplex *clp)
{
    int secondary = Clp_secondaryStatus(clp);
    switch (Clp_status(clp)) {
    case 0:
        return secondary == SECONDARY_NONE || secondary == SECONDARY_EMPTY ? LP_OPTIMAL : LP_FAILED;
    case 1:
        return Clp_isDualObjectiveLimitReached(clp) ? LP_FAILED : LP_INFEASIBLE;
    case 2:
        return LP_UNBOUNDED;
    case 3:
    case LP_STOP_STATUS:
        return LP_STOPPED;
    default:
        return LP_FAILED;
    }
}

static void slack_basis(Lp *lp)
{
    const int basic = 1, at_lower = 3;
    for (uint32_t c = 0; c < lp->column_count; c++)
        Clp_setColumnStatus(lp->clp, (int)c, at_lower);
    for (size_t r = 0; r < lp->rows; r++)
        Clp_setRowStatus(lp->clp, (int)r, basic);
}

void lp_start(Lp *lp, const double *values)
{
    const int superbasic = 4, basic = 1;
    for (uint32_t c = 0; c < lp->column_count; c++) {
        lp->columns[c] = values[c] / lp->unit;
        Clp_setColumnStatus(lp->clp, (int)c, superbasic);
    }
    for (size_t r = 0; r < lp->rows; r++)
        Clp_setRowStatus(lp->clp, (int)r, basic);
    Clp_setColSolution(lp->clp, lp->columns);
    lp->started = true;
}

static LpStatus run(Lp *lp, bool primal)
{
    Clp_setNumberIterations(lp->clp, 0);
    Clp_setSecondaryStatus(lp->clp, 0); /* Clp keeps that of the last solve */
    if (primal)
        (void)Clp_primal(lp->clp, lp->started ? 1 : 0);
    else
        (void)Clp_dual(lp->clp, 0);
    lp->pivots += (uint64_t)Clp_numberIterations(lp->clp);
    return status_of(lp->clp);
}

LpStatus lp_solve(Lp *lp, bool maximise, uint32_t iteration_limit)
{
    bool primal = !lp->bounds_changed || lp->started;
    if (cancel_asked())
        return LP_STOPPED;
    lp->maximise = maximise;
    Clp_setOptimizationDirection(lp->clp, maximise ? -1 : 1);
    Clp_setMaximumIterations(
        lp->clp, iteration_limit > 0 && iteration_limit < INT_MAX ? (int)iteration_limit : INT_MAX);
    LpStatus st = run(lp, primal);
    lp->started = false;
    if (st == LP_FAILED || (st == LP_UNBOUNDED && !primal)) {
        slack_basis(lp);
        st = run(lp, true);
    }
    lp->bounds_changed = st != LP_OPTIMAL;
    return st;
}

double lp_objective(const Lp *lp)
{
    return Clp_objectiveValue(lp->clp) * lp->unit;
}

const double *lp_columns(const Lp *lp)
{
    const double *x = Clp_primalColumnSolution(lp->clp);
    for (uint32_t c = 0; c < lp->column_count; c++)
        lp->columns[c] = x[c] * lp->unit;
    return lp->columns;
}

const double *lp_duals(const Lp *lp)
{
    if (lp->rows > 0)
        memcpy(lp->duals, Clp_dualRowSolution(lp->clp), lp->rows * sizeof(double));
    return lp->duals;
}

uint64_t lp_pivots(const Lp *lp)
{
    return lp->pivots;
}
