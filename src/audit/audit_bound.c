/*
 * Linear programs over a piece, and what their answers prove.
 *
 * Clp calculates in doubles. Its optimum is used twice, each time as a hint: the solution, rounded, is checked by
 * piece_holds; and the duals, rounded to multiples of 2^-36, are put into weak duality, which gives a valid bound for
 * every choice of duals (Neumaier and Shcherbina 2004 do the same with directed rounding; whole numbers need none).
 */
#include "audit/attack.h"

#include <math.h>

#define DUAL_BITS 36
#define DUAL_MAX 1e12 /* a dual beyond is no dual of a table */

static double deviation_end(int64_t end, int64_t at)
{
    if (end == ENDLESS || end == -ENDLESS)
        return end > 0 ? INFINITY : -INFINITY;
    return (double)(end - at);
}

static Wide row_at(const Piece *p, const int64_t *x, uint32_t r)
{
    Wide sum = 0;
    for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
        sum += (Wide)p->coef[i] * x[p->var[i]];
    return sum;
}

static double row_end(int64_t end, Wide at)
{
    if (end == ENDLESS || end == -ENDLESS)
        return end > 0 ? INFINITY : -INFINITY;
    return (double)((Wide)end - at);
}

Status program_make(const Piece *p, const int64_t *point, Lp **out, Error *err)
{
    Arena a;
    double *value = NULL, *lower = NULL, *upper = NULL, *row_lower = NULL, *row_upper = NULL;
    Status st;
    arena_init(&a, 0);
    TRY_OUT(arena_new(&a, double, (size_t)p->start[p->rows] + 1, &value, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->vars + 1, &lower, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->vars + 1, &upper, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->rows + 1, &row_lower, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->rows + 1, &row_upper, err));
    for (uint32_t i = 0; i < p->start[p->rows]; i++)
        value[i] = (double)p->coef[i];
    for (uint32_t v = 0; v < p->vars; v++) {
        lower[v] = deviation_end(p->low[v], point[v]);
        upper[v] = deviation_end(p->high[v], point[v]);
    }
    for (uint32_t r = 0; r < p->rows; r++) {
        Wide at = row_at(p, point, r);
        row_lower[r] = row_end(p->row_low[r], at);
        row_upper[r] = row_end(p->row_high[r], at);
    }
    const LpMatrix m = {p->vars, p->rows, p->start, p->var, value, lower, upper, row_lower, row_upper};
    st = lp_new(&m, out, err);
out:
    arena_free(&a);
    return st;
}

/* Entry i of the piece's rows is entries 2 i and 2 i + 1. */
static void split_rows(const Piece *p, uint32_t *start, uint32_t *column, double *value)
{
    for (uint32_t r = 0; r <= p->rows; r++)
        start[r] = 2 * p->start[r];
    for (uint32_t i = 0; i < p->start[p->rows]; i++) {
        column[2 * i] = 2 * p->var[i];
        column[2 * i + 1] = 2 * p->var[i] + 1;
        value[2 * i] = (double)p->coef[i];
        value[2 * i + 1] = -(double)p->coef[i];
    }
}

Status program_split(const Piece *p, const int64_t *point, Lp **out, Error *err)
{
    Arena a;
    double *value = NULL, *lower = NULL, *upper = NULL, *row_lower = NULL, *row_upper = NULL;
    uint32_t *start = NULL, *column = NULL;
    size_t entries = 2 * (size_t)p->start[p->rows];
    Status st;
    arena_init(&a, 0);
    TRY_OUT(arena_new(&a, uint32_t, (size_t)p->rows + 1, &start, err));
    TRY_OUT(arena_new(&a, uint32_t, entries + 1, &column, err));
    TRY_OUT(arena_new(&a, double, entries + 1, &value, err));
    TRY_OUT(arena_new(&a, double, 2 * (size_t)p->vars + 1, &lower, err));
    TRY_OUT(arena_new(&a, double, 2 * (size_t)p->vars + 1, &upper, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->rows + 1, &row_lower, err));
    TRY_OUT(arena_new(&a, double, (size_t)p->rows + 1, &row_upper, err));
    split_rows(p, start, column, value);
    for (uint32_t v = 0; v < p->vars; v++) {
        upper[2 * v] = deviation_end(p->high[v], point[v]);
        upper[2 * v + 1] = -deviation_end(p->low[v], point[v]);
    }
    for (uint32_t r = 0; r < p->rows; r++) {
        Wide at = row_at(p, point, r);
        row_lower[r] = row_end(p->row_low[r], at);
        row_upper[r] = row_end(p->row_high[r], at);
    }
    const LpMatrix m = {2 * p->vars, p->rows, start, column, value, lower, upper, row_lower, row_upper};
    st = lp_new(&m, out, err);
out:
    arena_free(&a);
    return st;
}

/* sum += factor * end, where end is the deviation that makes it largest. False: endless, or too large. */
static bool add_worst(Wide *sum, Wide factor, int64_t low, int64_t high, Wide at, bool maximise)
{
    if (factor == 0)
        return true;
    int64_t end = (factor > 0) == maximise ? high : low;
    Wide term;
    if (end == ENDLESS || end == -ENDLESS || __builtin_mul_overflow(factor, (Wide)end - at, &term))
        return false;
    return !__builtin_add_overflow(*sum, term, sum);
}

static Wide whole_dual(const Piece *p, uint32_t r, double dual, bool maximise)
{
    if (!isfinite(dual) || fabs(dual) > DUAL_MAX)
        return 0;
    Wide d = llround(dual * (double)((int64_t)1 << DUAL_BITS) > 9e18 ? 0 : dual * (double)((int64_t)1 << DUAL_BITS));
    int64_t end = (d > 0) == maximise ? p->row_high[r] : p->row_low[r];
    return end == ENDLESS || end == -ENDLESS ? 0 : d;
}

bool program_bound(const Piece *p, const int64_t *point, const Lp *lp, uint32_t var, bool maximise, int64_t *bound)
{
    const Wide one = (Wide)1 << DUAL_BITS;
    const double *dual = lp_duals(lp);
    Wide sum = 0;
    void *reduced_out;
    if (mem_zalloc(p->vars, sizeof(Wide), &reduced_out, NULL) != OK)
        return false;
    Wide *reduced = reduced_out;
    bool ok = true;
    reduced[var] = one;
    for (uint32_t r = 0; r < p->rows && ok; r++) {
        Wide d = whole_dual(p, r, dual[r], maximise);
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
            reduced[p->var[i]] -= d * p->coef[i];
        ok = add_worst(&sum, d, p->row_low[r], p->row_high[r], d == 0 ? 0 : row_at(p, point, r), maximise);
    }
    for (uint32_t v = 0; v < p->vars && ok; v++)
        ok = add_worst(&sum, reduced[v], p->low[v], p->high[v], point[v], maximise);
    mem_free(reduced_out);
    if (ok)
        *bound = wide_clamp((maximise ? wide_floor_div(sum, one) : wide_ceil_div(sum, one)) + point[var]);
    return ok;
}
