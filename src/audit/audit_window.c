/*
 * Windows: a cell's protection usually lies near by.
 *
 * Everything but some dozens of unknowns around one is held where the known solution has it, and a small program asks
 * how far the one can move. A yes is a yes for the whole; only a no must be asked again with more. So the price of an
 * audit follows the number of sensitive cells, not the size of the system.
 */
#include "audit/attack.h"

#include <math.h>
#include <stdlib.h>

#define ROW_SHARE 64 /* unknowns looked at in one row: a state total has hundreds */
#define WAITED 0.5
#define MOVED 1e-6
#define WINDOW_NODES 300

/* Which unknown comes next: one with the fewest rows that the window does not touch yet, so that the window closes on
 * itself and something in it can move; of equals the first found. A bucket for each number of such rows. */
#define BUCKETS 8
typedef struct Growth {
    Reach *r;
    uint32_t hold;
    VEC(uint32_t) waiting[BUCKETS];
    size_t next[BUCKETS];
    uint32_t count;
    Status status;
} Growth;

static void growth_wait(Growth *g, uint32_t v)
{
    uint32_t left = g->r->rows_left[v];
    uint32_t bucket = left < BUCKETS ? left : BUCKETS - 1;
    if (vec_push(&g->waiting[bucket], v, NULL) != OK)
        g->status = ERR_NOMEM;
}

/* A row is touched: its unknowns have one row less to go. Of a long row only those next to v. */
static void growth_touch(Growth *g, uint32_t row, uint32_t v)
{
    Reach *r = g->r;
    const Piece *p = r->piece;
    uint32_t from = p->start[row], n = p->start[row + 1] - from, at = 0;
    if (r->row_stamp[row] == r->stamp_now)
        return;
    r->row_stamp[row] = r->stamp_now;
    while (n > ROW_SHARE && p->var[from + at] != v)
        at++;
    for (uint32_t i = 0; i < n && i <= ROW_SHARE; i++) {
        uint32_t u = p->var[from + (at + i) % n];
        if (u == g->hold || p->low[u] == p->high[u])
            continue;
        if (r->left_stamp[u] != r->stamp_now) {
            r->left_stamp[u] = r->stamp_now;
            r->rows_left[u] = p->use_start[u + 1] - p->use_start[u];
        }
        r->rows_left[u]--;
        if (r->stamp[u] != r->stamp_now)
            growth_wait(g, u);
    }
}

/* A quotient is taken whole or not at all; a held variable inside keeps its value by its bounds. */
static void growth_add(Growth *g, uint32_t v)
{
    Reach *r = g->r;
    const Piece *p = r->piece;
    if (r->stamp[v] == r->stamp_now)
        return;
    r->stamp[v] = r->stamp_now;
    r->list[g->count++] = v;
    for (uint32_t u = p->use_start[v]; u < p->use_start[v + 1]; u++)
        if (p->use[u] < p->rows)
            growth_touch(g, p->use[u], v);
}

static void growth_quotients(Growth *g, uint32_t v)
{
    const Piece *p = g->r->piece;
    for (uint32_t u = p->use_start[v]; u < p->use_start[v + 1]; u++) {
        if (p->use[u] < p->rows)
            continue;
        const Quotient *q = &p->quotient[p->use[u] - p->rows];
        const uint32_t vars[] = {q->a, q->b, q->c, q->d};
        for (size_t i = 0; i < COUNT_OF(vars); i++)
            if (vars[i] != AUDIT_NONE)
                growth_add(g, vars[i]);
    }
}

static bool growth_next(Growth *g, uint32_t *v)
{
    for (uint32_t b = 0; b < BUCKETS; b++)
        while (g->next[b] < g->waiting[b].len) {
            *v = g->waiting[b].at[g->next[b]++];
            uint32_t left = g->r->rows_left[*v];
            if (g->r->stamp[*v] != g->r->stamp_now && (left < BUCKETS ? left : BUCKETS - 1) == b)
                return true;
        }
    return false;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static Status window_list(Reach *r, const Goal *goal, uint32_t size, uint32_t *count, Error *err)
{
    Growth g = {.r = r, .hold = goal->hold};
    uint32_t v;
    r->stamp_now++;
    growth_add(&g, goal->var);
    while (g.count < size && g.status == OK && growth_next(&g, &v))
        growth_add(&g, v);
    for (uint32_t i = 0; i < g.count; i++)
        growth_quotients(&g, r->list[i]);
    for (uint32_t b = 0; b < BUCKETS; b++)
        vec_free(&g.waiting[b]);
    qsort(r->list, g.count, sizeof *r->list, ascending);
    *count = g.count;
    return g.status == OK ? OK : error_nomem(err);
}

bool goal_bound(Work *w, const Goal *goal, const int64_t *point)
{
    bool ok = goal->below ? work_high(w, goal->var, goal->target) : work_low(w, goal->var, goal->target);
    if (ok && goal->hold != AUDIT_NONE)
        ok = work_low(w, goal->hold, point[goal->hold]) && work_high(w, goal->hold, point[goal->hold]);
    return ok;
}

bool whole_rounded(const Piece *p, const double *deviation, const int64_t *point, int64_t *x)
{
    for (uint32_t v = 0; v < p->vars; v++) {
        Wide moved = (Wide)point[v] + (Wide)llround(fabs(deviation[v]) < 9e18 ? deviation[v] : 0);
        x[v] = moved < p->low[v] ? p->low[v] : moved > p->high[v] ? p->high[v] : (int64_t)moved;
    }
    return piece_holds(p, x);
}

Found whole_near(
    Work *w, const double *deviation, const int64_t *point, const Goal *goal, uint32_t node_limit, int64_t *x)
{
    const Piece *p = w->piece;
    bool holds = whole_rounded(p, deviation, point, x);
    bool far = goal->below ? x[goal->var] <= goal->target : x[goal->var] >= goal->target;
    bool held = goal->hold == AUDIT_NONE || x[goal->hold] == point[goal->hold];
    if (far && held && holds)
        return FOUND_ONE;
    void *guide;
    if (mem_alloc(p->vars * sizeof *x, &guide, NULL) != OK)
        return FOUND_LIMIT;
    memcpy(guide, x, p->vars * sizeof *x);
    size_t mark = w->trail.len;
    Found found = goal_bound(w, goal, point) ? search_point(w, guide, node_limit, x) : FOUND_NONE;
    work_undo(w, mark);
    mem_free(guide);
    return found;
}

/* Moving costs; what somebody still waits for costs less. Slight differences make the cheapest solution unique. */
static double move_cost(const Reach *r, uint32_t v)
{
    double cost = 1 + (double)(v * 2654435761U % 1024) / 8192;
    bool waited = r->want_low && (r->seen_high[v] < r->want_high[v] || r->seen_low[v] > r->want_low[v]);
    return waited ? cost * WAITED : cost;
}

bool least_move(Reach *r, const Piece *p, const int64_t *point, Lp *lp, const Goal *goal, double *deviation)
{
    uint32_t up = 2 * goal->var, down = up + 1;
    double far = (double)(goal->target - point[goal->var]);
    for (uint32_t v = 0; v < p->vars; v++) {
        double cost = move_cost(r, p->outer && p != r->piece ? p->outer[v] : v);
        lp_set_cost(lp, 2 * v, cost);
        lp_set_cost(lp, 2 * v + 1, cost);
    }
    lp_set_bounds(lp, up, goal->below ? 0 : far, goal->below ? 0 : far);
    lp_set_bounds(lp, down, goal->below ? -far : 0, goal->below ? -far : 0);
    if (goal->hold != AUDIT_NONE) {
        lp_set_bounds(lp, 2 * goal->hold, 0, 0);
        lp_set_bounds(lp, 2 * goal->hold + 1, 0, 0);
    }
    r->programs++;
    LpStatus status = lp_solve(lp, false, usual_pivots(r->effort, p));
    const double *y = lp_columns(lp);
    for (uint32_t v = 0; v < p->vars; v++)
        deviation[v] = y[2 * v] - y[2 * v + 1];
    return status == LP_OPTIMAL;
}

typedef struct Window {
    Arena arena;
    Piece sub;
    Work work;
    Lp *lp;
    int64_t *point, *x;
    double *deviation;
} Window;

/* Over the first count of r->list. */
static Status window_cut(Reach *r, const Goal *goal, uint32_t count, Window *w, Goal *local, Error *err)
{
    TRY(piece_cut(r->piece, r->list, count, r->point, &w->arena, &w->sub, err));
    TRY(arena_new(&w->arena, int64_t, (size_t)count + 1, &w->point, err));
    TRY(arena_new(&w->arena, int64_t, (size_t)count + 1, &w->x, err));
    TRY(arena_new(&w->arena, double, (size_t)count + 1, &w->deviation, err));
    *local = *goal;
    local->hold = AUDIT_NONE;
    for (uint32_t i = 0; i < count; i++) {
        w->point[i] = r->point[r->list[i]];
        if (r->list[i] == goal->var)
            local->var = i;
        if (r->list[i] == goal->hold) {
            local->hold = i;
            w->sub.low[i] = w->sub.high[i] = w->point[i];
        }
    }
    return work_init(&w->work, &w->sub, err);
}

static Status window_solve(Reach *r, const Goal *goal, uint32_t count, uint32_t node_limit, Found *found, Error *err)
{
    Window w = {0};
    Goal local;
    *found = FOUND_LIMIT;
    arena_init(&w.arena, 0);
    Status st = window_cut(r, goal, count, &w, &local, err);
    bool within =
        st == OK && (goal->below ? w.sub.low[local.var] <= goal->target : w.sub.high[local.var] >= goal->target);
    if (within)
        st = program_split(&w.sub, w.point, &w.lp, err);
    if (within && st == OK) {
        if (least_move(r, &w.sub, w.point, w.lp, &local, w.deviation))
            *found = whole_near(&w.work, w.deviation, w.point, &local, node_limit, w.x);
        r->pivots += lp_pivots(w.lp);
        reach_spend(r, &w.sub, lp_pivots(w.lp), w.work.steps);
        if (w.work.status != OK)
            st = error_nomem(err);
    }
    if (st == OK && *found == FOUND_ONE)
        st = reach_saw(r, &w.sub, w.x, err);
    else
        *found = FOUND_LIMIT; /* nothing found in a window is nothing shown */
    lp_free(w.lp);
    work_free(&w.work);
    arena_free(&w.arena);
    return st;
}

Status window_try(Reach *r, const Goal *goal, uint32_t size, Found *found, Error *err)
{
    uint32_t count;
    *found = FOUND_LIMIT;
    TRY(window_list(r, goal, size, &count, err));
    return window_solve(r, goal, count, WINDOW_NODES, found, err);
}

Status window_value(Reach *r, uint32_t var, int64_t value, uint32_t size, Found *found, Error *err)
{
    const Goal goal = {var, value < r->point[var], value, AUDIT_NONE};
    Window w = {0};
    Goal local;
    uint32_t count;
    *found = FOUND_LIMIT;
    TRY(window_list(r, &goal, size, &count, err));
    arena_init(&w.arena, 0);
    Status st = window_cut(r, &goal, count, &w, &local, err);
    if (st == OK && work_low(&w.work, local.var, value) && work_high(&w.work, local.var, value))
        *found = search_point(&w.work, w.point, WINDOW_NODES, w.x);
    if (st == OK && w.work.status != OK)
        st = error_nomem(err);
    if (st == OK && *found == FOUND_ONE)
        st = reach_saw(r, &w.sub, w.x, err);
    else
        *found = FOUND_LIMIT;
    work_free(&w.work);
    arena_free(&w.arena);
    return st;
}

Status window_support(Reach *r, const Goal *goal, uint32_t node_limit, Found *found, Error *err)
{
    Growth g = {.r = r, .hold = goal->hold};
    r->stamp_now++;
    for (uint32_t v = 0; v < r->piece->vars; v++)
        if (v == goal->var || (fabs(r->deviation[v]) > MOVED && v != goal->hold))
            growth_add(&g, v);
    for (uint32_t i = 0; i < g.count; i++)
        growth_quotients(&g, r->list[i]);
    for (uint32_t b = 0; b < BUCKETS; b++)
        vec_free(&g.waiting[b]);
    if (g.status != OK)
        return error_nomem(err);
    qsort(r->list, g.count, sizeof *r->list, ascending);
    return window_solve(r, goal, g.count, node_limit, found, err);
}

/* Rows that the window touches, whole. A variable's number in the part is rows_left[v] where left_stamp[v] is new: no
 * array here is as long as the piece. */
typedef struct Touched {
    Arena arena;
    Piece part;
    uint32_t *rows, row_count, entries;
    int64_t *point;
} Touched;

static Status touched_rows(Reach *r, uint32_t count, Touched *t, Error *err)
{
    const Piece *p = r->piece;
    size_t uses = 0;
    for (uint32_t i = 0; i < count; i++)
        uses += p->use_start[r->list[i] + 1] - p->use_start[r->list[i]];
    TRY(arena_new(&t->arena, uint32_t, uses + 1, &t->rows, err));
    r->stamp_now++;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t u = p->use_start[r->list[i]]; u < p->use_start[r->list[i] + 1]; u++) {
            uint32_t row = p->use[u];
            if (row >= p->rows || r->row_stamp[row] == r->stamp_now)
                continue;
            r->row_stamp[row] = r->stamp_now;
            t->rows[t->row_count++] = row;
            t->entries += p->start[row + 1] - p->start[row];
        }
    return OK;
}

static Status touched_piece(Reach *r, Touched *t, Error *err)
{
    const Piece *p = r->piece;
    Piece *out = &t->part;
    size_t most = (size_t)t->entries + 1;
    TRY(arena_new(&t->arena, uint32_t, (size_t)t->row_count + 1, &out->start, err));
    TRY(arena_new(&t->arena, uint32_t, most, &out->var, err));
    TRY(arena_new(&t->arena, int64_t, most, &out->coef, err));
    TRY(arena_new(&t->arena, int64_t, (size_t)t->row_count + 1, &out->row_low, err));
    TRY(arena_new(&t->arena, int64_t, (size_t)t->row_count + 1, &out->row_high, err));
    TRY(arena_new(&t->arena, int64_t, most, &out->low, err));
    TRY(arena_new(&t->arena, int64_t, most, &out->high, err));
    TRY(arena_new(&t->arena, int64_t, most, &t->point, err));
    for (; out->rows < t->row_count; out->rows++) {
        uint32_t row = t->rows[out->rows], at = out->start[out->rows];
        for (uint32_t i = p->start[row]; i < p->start[row + 1]; i++, at++) {
            uint32_t v = p->var[i];
            if (r->left_stamp[v] != r->stamp_now) {
                r->left_stamp[v] = r->stamp_now;
                out->low[out->vars] = p->low[v];
                out->high[out->vars] = p->high[v];
                t->point[out->vars] = r->point[v];
                r->rows_left[v] = out->vars++;
            }
            out->var[at] = r->rows_left[v];
            out->coef[at] = p->coef[i];
        }
        out->row_low[out->rows] = p->row_low[row];
        out->row_high[out->rows] = p->row_high[row];
        out->start[out->rows + 1] = at;
    }
    return OK;
}

static Status touched_solve(Reach *r, const Goal *goal, Touched *t, Error *err)
{
    Lp *lp = NULL;
    int64_t bound;
    double *nothing;
    uint32_t var = r->rows_left[goal->var];
    if (r->left_stamp[goal->var] != r->stamp_now)
        return OK;
    TRY(arena_new(&t->arena, double, (size_t)t->part.vars + 1, &nothing, err));
    TRY(program_make(&t->part, t->point, &lp, err));
    lp_start(lp, nothing);
    lp_set_cost(lp, var, 1);
    r->programs++;
    if (lp_solve(lp, !goal->below, usual_pivots(r->effort, &t->part)) == LP_OPTIMAL &&
        program_bound(&t->part, t->point, lp, var, !goal->below, &bound))
        reach_bound(r, goal, bound);
    r->pivots += lp_pivots(lp);
    reach_spend(r, &t->part, lp_pivots(lp), 0);
    lp_free(lp);
    return OK;
}

Status window_bound(Reach *r, const Goal *goal, uint32_t size, Error *err)
{
    Touched t = {0};
    uint32_t count;
    if (goal->hold != AUDIT_NONE)
        return OK;
    TRY(window_list(r, goal, size, &count, err));
    arena_init(&t.arena, 0);
    Status st = touched_rows(r, count, &t, err);
    if (st == OK)
        st = touched_piece(r, &t, err);
    if (st == OK)
        st = touched_solve(r, goal, &t, err);
    arena_free(&t.arena);
    return st;
}
