/*
 * Dual simplex over few equations.
 *
 * Every cell is split into a part up and a part down, both >= 0 and with the same cost, so that y = 0 with all slacks
 * basic is dual feasible: no phase one. An equation whose slack is basic costs nothing but its residual. The basis
 * matrix is therefore that of the equations whose slack has left, its inverse is kept dense, and grows by a border with
 * each new one (Koberstein 2005 for the rest: largest infeasibility, ratio test with bound flips).
 */
#include "suppress/local_pivot.h"

#include <math.h>

#define RESIDUAL_TRUST 1e-7

Status local_new(const Net *net, Local **out, Error *err)
{
    Local *l = NULL;
    Status st;
    TRY(mem_zalloc(1, sizeof *l, (void **)&l, err));
    arena_init(&l->arena, 0);
    l->net = net;
    size_t rows = (size_t)net->row_count + 1, cells = (size_t)net->cell_count + 1;
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->row_at, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->off, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->row_weight, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->column, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, rows, &l->column_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->column_at, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, rows, &l->row_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->rows, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, 2 * cells, &l->part_at, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, 2 * cells, &l->at_upper, err));
    TRY_OUT(arena_new(&l->arena, double, cells, &l->price, err));
    TRY_OUT(arena_new(&l->arena, double, cells, &l->alpha, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, cells, &l->cell_seen, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, cells, &l->alpha_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, cells, &l->cells, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, cells, &l->alphas, err));
    TRY_OUT(arena_new(&l->arena, Candidate, 2 * cells, &l->candidates, err));
    TRY_OUT(arena_new(&l->arena, LocalTerm, cells, &l->terms, err));
    *out = l;
    return OK;
out:
    local_free(l);
    return st;
}

void local_free(Local *l)
{
    if (!l)
        return;
    arena_free(&l->arena);
    mem_free(l->inverse);
    mem_free(l->part);
    mem_free(l->row);
    mem_free(l->value);
    mem_free(l->limit);
    mem_free(l->weight);
    mem_free(l->left);
    mem_free(l->entering);
    mem_free(l->step);
    mem_free(l->left_at);
    mem_free(l->entering_at);
    mem_free(l);
}

static void forget(Local *l)
{
    for (uint32_t i = 0; i < l->row_count; i++) {
        uint32_t r = l->rows[i];
        l->row_at[r] = 0;
        l->off[r] = 0;
        l->row_weight[r] = 0;
        l->row_seen[r] = 0;
    }
    for (uint32_t i = 0; i < l->cell_count; i++) {
        uint32_t j = l->cells[i];
        l->cell_seen[j] = 0;
        l->price[j] = 0;
        l->part_at[2 * j] = l->part_at[2 * j + 1] = 0;
        l->at_upper[2 * j] = l->at_upper[2 * j + 1] = 0;
    }
    l->row_count = l->cell_count = l->size = l->pivots = 0;
    l->objective = 0;
}

/* --- a query ------------------------------------------------------------------------------------------------------ */

static void start(Local *l)
{
    const Net *n = l->net;
    uint32_t k = l->q->cell;
    double y = l->q->target > 0 ? 1 : -1;
    for (uint32_t i = n->col_start[k]; i < n->col_start[k + 1]; i++) {
        see_row(l, n->col_row[i]);
        l->off[n->col_row[i]] = n->col_coef[i] * y;
    }
}

static double moved(const Local *l, uint32_t j)
{
    double y = 0;
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t part = 2 * j + s;
        double x = l->part_at[part] ? l->value[l->part_at[part] - 1] : l->at_upper[part] ? width(l, part) : 0;
        y += s ? -x : x;
    }
    return y;
}

/* Equations are checked anew from the answer itself: what the updates have lost shows here. */
static bool trustworthy(Local *l, uint32_t count)
{
    const Net *n = l->net;
    double worst = 0;
    for (uint32_t i = 0; i < l->row_count; i++)
        l->off[l->rows[i]] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = l->terms[i].cell;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
            see_row(l, n->col_row[k]);
            l->off[n->col_row[k]] += n->col_coef[k] * l->terms[i].value;
        }
    }
    for (uint32_t i = 0; i < l->row_count; i++)
        worst = fabs(l->off[l->rows[i]]) > worst ? fabs(l->off[l->rows[i]]) : worst;
    return worst <= RESIDUAL_TRUST * l->unit;
}

static bool take_answer(Local *l, LocalAnswer *out)
{
    uint32_t count = 0;
    l->terms[count++] = (LocalTerm){l->q->cell, l->q->target};
    out->cost = 0;
    for (uint32_t i = 0; i < l->cell_count; i++) {
        uint32_t j = l->cells[i];
        double y = j == l->q->cell ? 0 : moved(l, j);
        if (fabs(y) > FEASIBLE) {
            out->cost += fabs(y) * l->q->cost[j];
            l->terms[count++] = (LocalTerm){j, y * l->unit};
        }
    }
    out->terms = l->terms;
    out->count = count;
    return trustworthy(l, count);
}

static void take_ray(Local *l, LocalAnswer *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->alpha_count; i++)
        if (fabs(l->alpha[l->alphas[i]]) > PIVOT_LEAST)
            l->terms[count++] = (LocalTerm){l->alphas[i], l->alpha[l->alphas[i]]};
    out->terms = l->terms;
    out->count = count;
}

Status local_solve(Local *l, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err)
{
    Leaving v = {0};
    Status st = OK;
    l->q = q;
    l->unit = fabs(q->target);
    l->per_unit = 1 / l->unit;
    *out = (LocalAnswer){0};
    *status = LOCAL_FOUND;
    start(l);
    while (st == OK && *status == LOCAL_FOUND && local_leaving(l, &v)) {
        if (l->pivots++ >= q->pivot_limit || l->size >= q->row_limit || l->objective > q->cost_limit) {
            *status = l->objective > q->cost_limit ? LOCAL_DEAR : LOCAL_STOPPED;
            break;
        }
        st = cancel_check(err);
        if (st == OK)
            st = local_pivot(l, &v, status, err);
    }
    out->pivots = l->pivots;
    out->rows = l->row_count;
    if (st == OK && *status == LOCAL_FOUND && !take_answer(l, out))
        *status = LOCAL_STOPPED;
    if (st == OK && *status == LOCAL_NONE)
        take_ray(l, out);
    local_forget_alpha(l);
    forget(l);
    return st;
}
