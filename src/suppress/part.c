/* The program over a window: two columns a cell, an equation each that the window touches, begun from y = 0. */
#include "suppress/part.h"

#include <math.h>

#include "lp/lp.h"

#define MOVED 1e-7 /* of the target */
#define ROOM 1e6   /* of the target: as in wide.c */
#define TRUST 1e-5

struct Part {
    const Net *net;
    uint8_t *open; /* a net's cell; clean between questions */
    /* by a net's cell and equation, of those in the window alone */
    uint32_t *column, *left;
    double *side;
    uint32_t *stack;
    LocalTerm *terms;
    Arena arena;
};

Status part_new(const Net *net, Part **out, Error *err)
{
    Part *p = NULL;
    Status st;
    size_t cells = (size_t)net->cell_count + 1, rows = (size_t)net->row_count + 1;
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    arena_init(&p->arena, 0);
    p->net = net;
    TRY_OUT(arena_new(&p->arena, uint8_t, cells, &p->open, err));
    TRY_OUT(arena_new(&p->arena, uint32_t, cells, &p->column, err));
    TRY_OUT(arena_new(&p->arena, uint32_t, rows, &p->left, err));
    TRY_OUT(arena_new(&p->arena, double, rows, &p->side, err));
    TRY_OUT(arena_new(&p->arena, uint32_t, rows, &p->stack, err));
    TRY_OUT(arena_new(&p->arena, LocalTerm, cells, &p->terms, err));
    *out = p;
    return OK;
out:
    part_free(p);
    return st;
}

void part_free(Part *p)
{
    if (!p)
        return;
    arena_free(&p->arena);
    mem_free(p);
}

static void close_cell(Part *p, uint32_t j, uint32_t *top)
{
    const Net *n = p->net;
    p->open[j] = 0;
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
        if (--p->left[n->col_row[k]] == 1)
            p->stack[(*top)++] = n->col_row[k];
}

/* What stands alone in an equation that the asked cell does not move cannot move either, again and again. */
static void close_lone(Part *p, const WindowPart *w)
{
    const Net *n = p->net;
    uint32_t top = 0;
    for (uint32_t i = 0; i < w->row_count; i++)
        if (p->left[w->rows[i]] == 1)
            p->stack[top++] = w->rows[i];
    while (top > 0) {
        uint32_t r = p->stack[--top];
        for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1] && p->left[r] == 1 && p->side[r] == 0; k++)
            if (p->open[n->row_cell[k]])
                close_cell(p, n->row_cell[k], &top);
    }
}

/* The asked cell moves by one unit of the target and becomes the right side. False: an equation is left alone with it.
 */
static bool describe(Part *p, const LocalQuery *q, const WindowPart *w)
{
    const Net *n = p->net;
    double y = q->target > 0 ? 1 : -1;
    for (uint32_t i = 0; i < w->row_count; i++) {
        p->left[w->rows[i]] = 0;
        p->side[w->rows[i]] = 0;
    }
    for (uint32_t i = 0; i < w->cell_count; i++) {
        uint32_t j = w->cells[i];
        p->open[j] = j != q->cell;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
            if (j == q->cell)
                p->side[n->col_row[k]] = -n->col_coef[k] * y;
            else
                p->left[n->col_row[k]]++;
    }
    close_lone(p, w);
    for (uint32_t i = 0; i < w->row_count; i++)
        if (p->left[w->rows[i]] == 0 && p->side[w->rows[i]] != 0)
            return false;
    return true;
}

static Status program(Part *p, const LocalQuery *q, const WindowPart *w, Arena *a, LpMatrix *m, Error *err)
{
    const Net *n = p->net;
    size_t entries = 0, at = 0;
    uint32_t *start, *column, rows = 0, columns = 0;
    double *value, *lower, *upper, *side, per_unit = 1 / fabs(q->target);
    for (uint32_t i = 0; i < w->row_count; i++)
        entries += 2 * (size_t)p->left[w->rows[i]];
    for (uint32_t i = 0; i < w->cell_count; i++)
        if (p->open[w->cells[i]]) {
            p->column[w->cells[i]] = columns;
            columns += 2;
        }
    TRY(arena_new(a, uint32_t, (size_t)w->row_count + 1, &start, err));
    TRY(arena_new(a, uint32_t, entries + 1, &column, err));
    TRY(arena_new(a, double, entries + 1, &value, err));
    TRY(arena_new(a, double, (size_t)columns + 1, &lower, err));
    TRY(arena_new(a, double, (size_t)columns + 1, &upper, err));
    TRY(arena_new(a, double, (size_t)w->row_count + 1, &side, err));
    for (uint32_t i = 0; i < w->row_count; i++) {
        uint32_t r = w->rows[i];
        if (p->left[r] == 0)
            continue;
        for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++)
            for (uint32_t s = 0; s < 2 && p->open[n->row_cell[k]]; s++) {
                column[at] = p->column[n->row_cell[k]] + s;
                value[at++] = s ? -n->row_coef[k] : n->row_coef[k];
            }
        side[rows++] = p->side[r];
        start[rows] = (uint32_t)at;
    }
    for (uint32_t i = 0; i < w->cell_count; i++) {
        uint32_t j = w->cells[i];
        if (!p->open[j])
            continue;
        upper[p->column[j]] = fmin(ROOM, n->up[j] * per_unit);
        upper[p->column[j] + 1] = fmin(ROOM, n->down[j] * per_unit);
    }
    *m = (LpMatrix){columns, rows, start, column, value, lower, upper, side, side};
    return OK;
}

/* What Clp calls feasible is checked again, in all equations of what moves. */
static bool holds(Part *p, const WindowPart *w, const LocalAnswer *a, double target)
{
    const Net *n = p->net;
    double worst = 0;
    for (uint32_t i = 0; i < w->row_count; i++)
        p->side[w->rows[i]] = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t j = a->terms[i].cell;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
            p->side[n->col_row[k]] += n->col_coef[k] * a->terms[i].value;
    }
    for (uint32_t i = 0; i < w->row_count; i++)
        worst = fmax(worst, fabs(p->side[w->rows[i]]));
    return worst <= TRUST * fabs(target);
}

static LocalStatus take_answer(Part *p, const LocalQuery *q, const WindowPart *w, const double *x, LocalAnswer *out)
{
    p->terms[out->count++] = (LocalTerm){q->cell, q->target};
    for (uint32_t i = 0; i < w->cell_count; i++) {
        uint32_t j = w->cells[i];
        double y = p->open[j] ? x[p->column[j]] - x[p->column[j] + 1] : 0;
        if (fabs(y) <= MOVED)
            continue;
        p->terms[out->count++] = (LocalTerm){j, y * fabs(q->target)};
        out->cost += q->cost[j] * fabs(y);
    }
    out->terms = p->terms;
    return out->cost <= q->cost_limit && holds(p, w, out, q->target) ? LOCAL_FOUND : LOCAL_STOPPED;
}

static Status solve(Part *p, const LocalQuery *q, const WindowPart *w, const LpMatrix *m, LocalStatus *status,
    LocalAnswer *out, Error *err)
{
    Lp *lp;
    TRY(lp_new(m, &lp, err));
    for (uint32_t i = 0; i < w->cell_count; i++)
        for (uint32_t s = 0; s < 2 && p->open[w->cells[i]]; s++)
            lp_set_cost(lp, p->column[w->cells[i]] + s, q->cost[w->cells[i]]);
    if (lp_solve(lp, false, q->pivot_limit) == LP_OPTIMAL)
        *status = take_answer(p, q, w, lp_columns(lp), out);
    out->pivots = (uint32_t)lp_pivots(lp);
    lp_free(lp);
    return OK;
}

static Status ask(
    Part *p, const LocalQuery *q, const WindowPart *window, LocalStatus *status, LocalAnswer *out, Error *err)
{
    Arena scratch;
    LpMatrix m;
    if (!describe(p, q, window))
        return OK;
    arena_init(&scratch, 0);
    Status st = program(p, q, window, &scratch, &m, err);
    if (st == OK)
        st = solve(p, q, window, &m, status, out, err);
    arena_free(&scratch);
    return st;
}

Status part_solve(
    Part *p, const LocalQuery *q, const WindowPart *window, LocalStatus *status, LocalAnswer *out, Error *err)
{
    *out = (LocalAnswer){.rows = window->row_count};
    *status = LOCAL_STOPPED;
    Status st = ask(p, q, window, status, out, err);
    for (uint32_t i = 0; i < window->cell_count; i++)
        p->open[window->cells[i]] = 0;
    return st;
}
