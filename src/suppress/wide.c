/*
 * Local's question as one linear program over all cells, warm from one question to the next.
 */
#include "suppress/wide.h"

#include <math.h>

#include "lp/lp.h"

#define MOVED 1e-7 /* of the target */

struct Wide {
    const Net *net;
    Lp *lp;
    LocalTerm *terms;
    double *off;
    uint32_t fixed; /* cell whose bounds the last question changed */
    Arena arena;
};

static Status matrix(const Net *n, const uint8_t *independent, Arena *a, LpMatrix *m, Error *err)
{
    size_t entries = n->row_start[n->row_count], at = 0;
    uint32_t *start, *column, rows = 0;
    double *value, *lower, *upper, *zero;
    TRY(arena_new(a, uint32_t, (size_t)n->row_count + 1, &start, err));
    TRY(arena_new(a, uint32_t, 2 * entries + 1, &column, err));
    TRY(arena_new(a, double, 2 * entries + 1, &value, err));
    TRY(arena_new(a, double, 2 * (size_t)n->cell_count + 1, &lower, err));
    TRY(arena_new(a, double, 2 * (size_t)n->cell_count + 1, &upper, err));
    TRY(arena_new(a, double, (size_t)n->row_count + 1, &zero, err));
    for (uint32_t r = 0; r < n->row_count; r++) {
        if (!independent[r])
            continue;
        for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++)
            for (uint32_t s = 0; s < 2; s++) {
                column[at] = 2 * n->row_cell[k] + s;
                value[at++] = s ? -n->row_coef[k] : n->row_coef[k];
            }
        start[++rows] = (uint32_t)at;
    }
    for (uint32_t j = 0; j < n->cell_count; j++) {
        upper[2 * j] = n->up[j];
        upper[2 * j + 1] = n->down[j];
    }
    *m = (LpMatrix){.columns = 2 * n->cell_count, .rows = rows, .start = start, .column = column, .value = value,
        .lower = lower, .upper = upper, .row_lower = zero, .row_upper = zero};
    return OK;
}

Status wide_new(const Net *net, Wide **out, Error *err)
{
    Wide *w = NULL;
    Arena scratch;
    LpMatrix m;
    uint8_t *independent;
    Status st;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    arena_init(&scratch, 0);
    w->net = net;
    TRY_OUT(arena_new(&scratch, uint8_t, (size_t)net->row_count + 1, &independent, err));
    TRY_OUT(wide_independent(net, independent, err));
    TRY_OUT(matrix(net, independent, &scratch, &m, err));
    TRY_OUT(lp_new(&m, &w->lp, err));
    TRY_OUT(arena_new(&w->arena, LocalTerm, (size_t)net->cell_count + 1, &w->terms, err));
    TRY_OUT(arena_new(&w->arena, double, (size_t)net->row_count + 1, &w->off, err));
    *out = w;
    w = NULL;
out:
    arena_free(&scratch);
    wide_free(w);
    return st;
}

void wide_free(Wide *w)
{
    if (!w)
        return;
    lp_free(w->lp);
    arena_free(&w->arena);
    mem_free(w);
}

static void ask(Wide *w, const LocalQuery *q)
{
    const Net *n = w->net;
    for (uint32_t j = 0; j < n->cell_count; j++)
        for (uint32_t s = 0; s < 2; s++) {
            double most = q->allowed[j] ? (s ? n->down[j] : n->up[j]) : 0;
            bool mine = j == q->cell && (q->target < 0) == (s == 1);
            if (j == q->cell)
                most = mine ? fabs(q->target) : 0;
            lp_set_cost(w->lp, 2 * j + s, j == q->cell ? 0 : q->cost[j]);
            lp_set_bounds(w->lp, 2 * j + s, mine ? most : 0, most);
        }
}

/* What Clp calls feasible is checked again. */
static bool holds(Wide *w, const LocalAnswer *a, double target)
{
    const Net *n = w->net;
    double worst = 0;
    memset(w->off, 0, n->row_count * sizeof *w->off);
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t j = a->terms[i].cell;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
            w->off[n->col_row[k]] += n->col_coef[k] * a->terms[i].value;
    }
    for (uint32_t r = 0; r < n->row_count; r++)
        worst = fabs(w->off[r]) > worst ? fabs(w->off[r]) : worst;
    return worst <= 1e-5 * fabs(target);
}

Status wide_solve(Wide *w, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err)
{
    const Net *n = w->net;
    uint64_t before = lp_pivots(w->lp);
    UNUSED(err);
    *out = (LocalAnswer){0};
    ask(w, q);
    LpStatus st = lp_solve(w->lp, false, q->pivot_limit);
    out->pivots = (uint32_t)(lp_pivots(w->lp) - before);
    out->rows = n->row_count;
    *status = st == LP_INFEASIBLE ? LOCAL_NONE : LOCAL_STOPPED;
    if (st != LP_OPTIMAL)
        return OK;
    const double *x = lp_columns(w->lp);
    w->terms[out->count++] = (LocalTerm){q->cell, q->target};
    for (uint32_t j = 0; j < n->cell_count; j++) {
        double y = x[2 * j] - x[2 * j + 1];
        if (j != q->cell && fabs(y) > MOVED * fabs(q->target)) {
            w->terms[out->count++] = (LocalTerm){j, y};
            out->cost += q->cost[j] * fabs(y / q->target);
        }
    }
    out->terms = w->terms;
    *status = out->cost > q->cost_limit ? LOCAL_DEAR : holds(w, out, q->target) ? LOCAL_FOUND : LOCAL_STOPPED;
    return OK;
}
