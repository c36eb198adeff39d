/*
 * Local's question as a linear program of its own over all cells that may move.
 *
 * Made anew for each question and begun from y = 0 with all slacks basic, which is dual feasible whatever the costs:
 * begun from the last question's basis, whose prices no longer fit once cells have become cheap, Clp took a hundred
 * times as long. Smaller programs pay more: equations that follow from others are left out, cells that an equation
 * a = b ties together are one column (twins), and what stands alone in an equation does not move.
 */
#include "suppress/wide.h"

#include <math.h>

#include "lp/lp.h"

#define MOVED 1e-7 /* of the target */
#define ROOM 1e6   /* of the target: farther than any move goes, and small enough for Clp's absolute tolerances */
#define TRUST 1e-5

struct Wide {
    const Net *net;
    /* groups of twins and the independent equations among them */
    uint32_t group_count, row_count;
    uint32_t *group; /* a net's cell */
    uint32_t *row_start, *row_group;
    double *row_coef;
    uint32_t *group_start, *group_row; /* the same by group */
    /* the question, by group and by row */
    uint8_t *open;
    double *up, *down, *cost, *moved;
    uint32_t *column;
    double *side; /* of an equation: what is not open moves so much */
    uint32_t *left, *stack;
    LocalTerm *terms;
    double *off;
    Arena arena;
};

/* --- the net, made smaller ------------------------------------------------------------------------------------- */

static uint32_t row_length(const Net *n, uint32_t r)
{
    return n->row_start[r + 1] - n->row_start[r];
}

static Status find_twins(Wide *w, Arena *scratch, Error *err)
{
    const Net *n = w->net;
    uint32_t *parent, *number;
    TRY(arena_new(scratch, uint32_t, (size_t)n->cell_count + 1, &parent, err));
    TRY(arena_new(scratch, uint32_t, (size_t)n->cell_count + 1, &number, err));
    TRY(arena_new(&w->arena, uint32_t, (size_t)n->cell_count + 1, &w->group, err));
    forest_init(parent, n->cell_count);
    for (uint32_t r = 0; r < n->row_count; r++) {
        uint32_t k = n->row_start[r];
        if (row_length(n, r) == 2 && n->row_coef[k] == -n->row_coef[k + 1])
            forest_unite(parent, n->row_cell[k], n->row_cell[k + 1]);
    }
    memset(number, 0xff, n->cell_count * sizeof *number);
    for (uint32_t j = 0; j < n->cell_count; j++) {
        uint32_t root = forest_root(parent, j);
        if (number[root] == NET_NONE)
            number[root] = w->group_count++;
        w->group[j] = number[root];
    }
    return OK;
}

/* Equation r among groups, at the end of the list; nothing when twins take each other's place. */
static void append_row(Wide *w, uint32_t r, uint32_t *place)
{
    const Net *n = w->net;
    uint32_t from = w->row_start[w->row_count], at = from, kept = from;
    for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++) {
        uint32_t g = w->group[n->row_cell[k]];
        if (place[g] == NET_NONE) {
            place[g] = at;
            w->row_group[at] = g;
            w->row_coef[at++] = 0;
        }
        w->row_coef[place[g]] += n->row_coef[k];
    }
    for (uint32_t i = from; i < at; i++) {
        place[w->row_group[i]] = NET_NONE;
        if (w->row_coef[i] != 0) {
            w->row_group[kept] = w->row_group[i];
            w->row_coef[kept++] = w->row_coef[i];
        }
    }
    if (kept > from)
        w->row_start[++w->row_count] = kept;
}

static Status rows_of_groups(Wide *w, const uint8_t *independent, Arena *scratch, Error *err)
{
    const Net *n = w->net;
    size_t entries = (size_t)n->row_start[n->row_count] + 1;
    uint32_t *place;
    TRY(arena_new(scratch, uint32_t, (size_t)w->group_count + 1, &place, err));
    TRY(arena_new(&w->arena, uint32_t, (size_t)n->row_count + 2, &w->row_start, err));
    TRY(arena_new(&w->arena, uint32_t, entries, &w->row_group, err));
    TRY(arena_new(&w->arena, double, entries, &w->row_coef, err));
    memset(place, 0xff, w->group_count * sizeof *place);
    for (uint32_t r = 0; r < n->row_count; r++)
        if (independent[r])
            append_row(w, r, place);
    TRY(arena_new(&w->arena, uint32_t, (size_t)w->group_count + 2, &w->group_start, err));
    TRY(arena_new(&w->arena, uint32_t, entries, &w->group_row, err));
    for (uint32_t k = 0; k < w->row_start[w->row_count]; k++)
        w->group_start[w->row_group[k] + 2]++;
    for (uint32_t g = 0; g < w->group_count; g++)
        w->group_start[g + 2] += w->group_start[g + 1];
    for (uint32_t r = 0; r < w->row_count; r++)
        for (uint32_t k = w->row_start[r]; k < w->row_start[r + 1]; k++)
            w->group_row[w->group_start[w->row_group[k] + 1]++] = r;
    return OK;
}

static Status work_new(Wide *w, Error *err)
{
    size_t groups = (size_t)w->group_count + 1, rows = (size_t)w->row_count + 1;
    TRY(arena_new(&w->arena, uint8_t, groups, &w->open, err));
    TRY(arena_new(&w->arena, double, groups, &w->up, err));
    TRY(arena_new(&w->arena, double, groups, &w->down, err));
    TRY(arena_new(&w->arena, double, groups, &w->cost, err));
    TRY(arena_new(&w->arena, double, groups, &w->moved, err));
    TRY(arena_new(&w->arena, uint32_t, groups, &w->column, err));
    TRY(arena_new(&w->arena, double, rows, &w->side, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &w->left, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &w->stack, err));
    TRY(arena_new(&w->arena, LocalTerm, (size_t)w->net->cell_count + 1, &w->terms, err));
    return arena_new(&w->arena, double, (size_t)w->net->row_count + 1, &w->off, err);
}

Status wide_new(const Net *net, Wide **out, Error *err)
{
    Wide *w = NULL;
    Arena scratch;
    uint8_t *independent;
    Status st;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    arena_init(&scratch, 0);
    w->net = net;
    TRY_OUT(arena_new(&scratch, uint8_t, (size_t)net->row_count + 1, &independent, err));
    TRY_OUT(wide_independent(net, independent, err));
    TRY_OUT(find_twins(w, &scratch, err));
    TRY_OUT(rows_of_groups(w, independent, &scratch, err));
    TRY_OUT(work_new(w, err));
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
    arena_free(&w->arena);
    mem_free(w);
}

/* --- a question ------------------------------------------------------------------------------------------------- */

/* Twins move together: as far as the narrowest can, at the cost of all, and only when each may. */
static void describe_groups(Wide *w, const LocalQuery *q)
{
    const Net *n = w->net;
    double per_unit = 1 / fabs(q->target);
    for (uint32_t g = 0; g < w->group_count; g++) {
        w->open[g] = 1;
        w->up[g] = w->down[g] = ROOM;
        w->cost[g] = w->moved[g] = 0;
    }
    for (uint32_t j = 0; j < n->cell_count; j++) {
        uint32_t g = w->group[j];
        w->open[g] &= q->allowed[j] || j == q->cell;
        w->up[g] = fmin(w->up[g], n->up[j] * per_unit);
        w->down[g] = fmin(w->down[g], n->down[j] * per_unit);
        w->cost[g] += j == q->cell ? 0 : q->cost[j];
    }
}

static void close_group(Wide *w, uint32_t g, uint32_t *top)
{
    w->open[g] = 0;
    for (uint32_t k = w->group_start[g]; k < w->group_start[g + 1]; k++)
        if (--w->left[w->group_row[k]] == 1)
            w->stack[(*top)++] = w->group_row[k];
}

/* What stands alone in an equation that nothing else moves does not move either, again and again. */
static void close_lone(Wide *w)
{
    uint32_t top = 0;
    for (uint32_t r = 0; r < w->row_count; r++) {
        w->left[r] = 0;
        for (uint32_t k = w->row_start[r]; k < w->row_start[r + 1]; k++)
            w->left[r] += w->open[w->row_group[k]];
        if (w->left[r] == 1)
            w->stack[top++] = r;
    }
    while (top > 0) {
        uint32_t r = w->stack[--top];
        for (uint32_t k = w->row_start[r]; k < w->row_start[r + 1] && w->side[r] == 0; k++)
            if (w->open[w->row_group[k]]) {
                close_group(w, w->row_group[k], &top);
                break;
            }
    }
}

/* The asked group moves by one unit of the target: it becomes the right side. False: an equation is left alone with
 * it, or its twins cannot. */
static bool move_asked(Wide *w, const LocalQuery *q)
{
    uint32_t g = w->group[q->cell];
    double y = q->target > 0 ? 1 : -1;
    memset(w->side, 0, w->row_count * sizeof *w->side);
    if (!w->open[g] || (y > 0 ? w->up[g] : w->down[g]) < 1 - MOVED)
        return false;
    w->open[g] = 0;
    w->moved[g] = y;
    for (uint32_t r = 0; r < w->row_count; r++)
        for (uint32_t k = w->row_start[r]; k < w->row_start[r + 1]; k++)
            if (w->row_group[k] == g)
                w->side[r] = -w->row_coef[k] * y;
    close_lone(w);
    for (uint32_t r = 0; r < w->row_count; r++)
        if (w->left[r] == 0 && w->side[r] != 0)
            return false;
    return true;
}

static Status program(Wide *w, Arena *a, LpMatrix *m, Error *err)
{
    size_t entries = 0, at = 0;
    uint32_t *start, *column, rows = 0, columns = 0;
    double *value, *lower, *upper, *side;
    for (uint32_t r = 0; r < w->row_count; r++)
        entries += 2 * (size_t)w->left[r];
    for (uint32_t g = 0; g < w->group_count; g++) {
        w->column[g] = columns;
        columns += w->open[g] ? 2 : 0;
    }
    TRY(arena_new(a, uint32_t, (size_t)w->row_count + 1, &start, err));
    TRY(arena_new(a, uint32_t, entries + 1, &column, err));
    TRY(arena_new(a, double, entries + 1, &value, err));
    TRY(arena_new(a, double, (size_t)columns + 1, &lower, err));
    TRY(arena_new(a, double, (size_t)columns + 1, &upper, err));
    TRY(arena_new(a, double, (size_t)w->row_count + 1, &side, err));
    for (uint32_t r = 0; r < w->row_count; r++) {
        if (w->left[r] == 0)
            continue;
        for (uint32_t k = w->row_start[r]; k < w->row_start[r + 1]; k++)
            for (uint32_t s = 0; s < 2 && w->open[w->row_group[k]]; s++) {
                column[at] = w->column[w->row_group[k]] + s;
                value[at++] = s ? -w->row_coef[k] : w->row_coef[k];
            }
        side[rows++] = w->side[r];
        start[rows] = (uint32_t)at;
    }
    for (uint32_t g = 0; g < w->group_count; g++)
        if (w->open[g]) {
            upper[w->column[g]] = w->up[g];
            upper[w->column[g] + 1] = w->down[g];
        }
    *m = (LpMatrix){columns, rows, start, column, value, lower, upper, side, side};
    return OK;
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
    return worst <= TRUST * fabs(target);
}

static LocalStatus take_answer(Wide *w, const LocalQuery *q, const double *x, LocalAnswer *out)
{
    for (uint32_t g = 0; g < w->group_count; g++)
        if (w->open[g])
            w->moved[g] = x[w->column[g]] - x[w->column[g] + 1];
    w->terms[out->count++] = (LocalTerm){q->cell, q->target};
    for (uint32_t j = 0; j < w->net->cell_count; j++) {
        double y = w->moved[w->group[j]];
        if (j == q->cell || fabs(y) <= MOVED)
            continue;
        w->terms[out->count++] = (LocalTerm){j, y * fabs(q->target)};
        out->cost += q->cost[j] * fabs(y);
    }
    out->terms = w->terms;
    if (out->cost > q->cost_limit)
        return LOCAL_DEAR;
    return holds(w, out, q->target) ? LOCAL_FOUND : LOCAL_STOPPED;
}

static Status solve(Wide *w, const LocalQuery *q, const LpMatrix *m, LocalStatus *status, LocalAnswer *out, Error *err)
{
    Lp *lp;
    TRY(lp_new(m, &lp, err));
    for (uint32_t g = 0; g < w->group_count; g++)
        for (uint32_t s = 0; s < 2 && w->open[g]; s++)
            lp_set_cost(lp, w->column[g] + s, w->cost[g]);
    LpStatus st = lp_solve(lp, false, q->pivot_limit);
    out->pivots = (uint32_t)lp_pivots(lp);
    *status = st == LP_INFEASIBLE ? LOCAL_NONE : LOCAL_STOPPED;
    if (st == LP_OPTIMAL)
        *status = take_answer(w, q, lp_columns(lp), out);
    lp_free(lp);
    return cancel_check(err); /* a solve that was ended says nothing */
}

Status wide_solve(Wide *w, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err)
{
    Arena scratch;
    LpMatrix m;
    *out = (LocalAnswer){0};
    *status = LOCAL_NONE;
    describe_groups(w, q);
    if (!move_asked(w, q))
        return OK;
    arena_init(&scratch, 0);
    Status st = program(w, &scratch, &m, err);
    if (st == OK)
        st = solve(w, q, &m, status, out, err);
    out->rows = m.rows;
    arena_free(&scratch);
    return st;
}
