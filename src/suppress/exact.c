/*
 * Branch and cut after Fischetti and Salazar (2001).
 *
 *     minimise  sum of price[j] * x[j],  x[j] in {0, 1}
 *
 * where the move of each need must exist within bounds scaled by x. When it does not, the local simplex ends with a
 * combination alpha of equations that proves it, and sum of alpha[j] * y[j] = 0 turns into a capacity cut
 *
 *     sum over j of min(|alpha[j]| * room[j], r) * x[j] >= r,  r = |alpha[k]| * level - what sensitive cells can carry,
 *
 * violated by x and valid for every pattern. Cuts are added to one master program, warm from node to node.
 */
#include "suppress/exact.h"

#include <math.h>

#include "lp/lp.h"

#define FRACTION 1e-6
#define SEPARATION_PIVOTS 3000
#define MOST_CUTS 20000
#define LEAST_VIOLATION 1e-4

typedef struct Tree {
    Engine *e;
    Net scaled; /* the engine's net with room scaled by x */
    Local *local;
    Lp *lp;
    double *x;
    double *coef; /* of the cut being made */
    uint32_t *column;
    double unit;  /* price of weight 1 in the master */
    int64_t best; /* price of the engine's pattern */
    uint8_t *best_in;
    uint64_t pivots, limit;
    uint32_t cuts;
    bool stopped;
    Arena arena;
} Tree;

static Status master(Tree *t, Error *err)
{
    const Engine *e = t->e;
    uint32_t n = e->net->cell_count;
    double *lower, *upper, none = 0;
    uint32_t start = 0, column = 0;
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &lower, err));
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &upper, err));
    for (uint32_t j = 0; j < n; j++) {
        lower[j] = e->must[j];
        upper[j] = 1;
    }
    LpMatrix m = {.columns = n,
        .rows = 0,
        .start = &start,
        .column = &column,
        .value = &none,
        .lower = lower,
        .upper = upper,
        .row_lower = &none,
        .row_upper = &none};
    TRY(lp_new(&m, &t->lp, err));
    t->unit = 1;
    for (uint32_t j = 0; j < n; j++)
        t->unit = (double)e->price[j] > t->unit ? (double)e->price[j] : t->unit;
    t->unit /= 1000;
    for (uint32_t j = 0; j < n; j++)
        lp_set_cost(t->lp, j, e->must[j] ? 0 : (double)e->price[j] / t->unit);
    return OK;
}

static Status tree_open(Engine *e, Tree *t, Error *err)
{
    uint32_t n = e->net->cell_count;
    t->e = e;
    arena_init(&t->arena, 0);
    t->scaled = *e->net;
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &t->scaled.up, err));
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &t->scaled.down, err));
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &t->x, err));
    TRY(arena_new(&t->arena, double, (size_t)n + 1, &t->coef, err));
    TRY(arena_new(&t->arena, uint32_t, (size_t)n + 1, &t->column, err));
    TRY(arena_new(&t->arena, uint8_t, (size_t)n + 1, &t->best_in, err));
    memcpy(t->best_in, e->in, n);
    t->best = engine_price(e);
    TRY(local_new(&t->scaled, &t->local, err));
    return master(t, err);
}

static void tree_close(Tree *t)
{
    local_free(t->local);
    lp_free(t->lp);
    arena_free(&t->arena);
}

/* The cut that a proof amounts to. False: none worth adding. */
static Status add_cut(Tree *t, const Need *need, const LocalAnswer *a, bool *added, Error *err)
{
    const Engine *e = t->e;
    double mine = 0, right, left = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->count; i++)
        mine = a->terms[i].cell == need->cell ? a->terms[i].value : mine;
    right = fabs(mine * need->target);
    double sign = mine * need->target > 0 ? 1 : -1;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t j = a->terms[i].cell;
        double toward = -sign * a->terms[i].value;
        double room = fabs(toward) * (toward > 0 ? e->net->up[j] : e->net->down[j]);
        if (j == need->cell)
            continue;
        if (e->must[j]) {
            right -= room;
        } else if (room > 0) {
            t->column[count] = j;
            t->coef[count++] = room;
        }
    }
    if (right <= 1e-9 * fabs(mine * need->target))
        return OK;
    for (uint32_t i = 0; i < count; i++) {
        t->coef[i] = t->coef[i] < right ? t->coef[i] / right : 1;
        left += t->coef[i] * t->x[t->column[i]];
    }
    if (left > 1 - LEAST_VIOLATION)
        return OK;
    *added = true;
    t->cuts++;
    return lp_add_row(t->lp, count, t->column, t->coef, 1, INFINITY, err);
}

/* Cuts for all needs that x does not meet. *open: some need is not met, cut or no cut. */
static Status separate(Tree *t, bool *added, bool *open, Error *err)
{
    Engine *e = t->e;
    uint32_t n = e->net->cell_count;
    *added = *open = false;
    for (uint32_t j = 0; j < n; j++) {
        double x = e->must[j] ? 1 : t->x[j];
        t->scaled.up[j] = e->net->up[j] * x;
        t->scaled.down[j] = e->net->down[j] * x;
    }
    for (size_t i = 0; i < e->needs.len && t->pivots < t->limit; i++) {
        const Need *need = &e->needs.at[i];
        LocalStatus status;
        LocalAnswer a;
        LocalQuery q = {.cell = need->cell,
            .target = need->target,
            .cost = e->cheap,
            .allowed = e->allowed,
            .pivot_limit = SEPARATION_PIVOTS,
            .row_limit = SEPARATION_PIVOTS,
            .cost_limit = INFINITY};
        if (need->knows != NET_NONE || need->hopeless)
            continue;
        TRY(local_solve(t->local, &q, &status, &a, err));
        t->pivots += a.pivots;
        *open = *open || status != LOCAL_FOUND;
        if (status == LOCAL_NONE)
            TRY(add_cut(t, need, &a, added, err));
    }
    return OK;
}

static int64_t bound_of(const Tree *t, double objective)
{
    return (int64_t)ceil(objective * t->unit - 1e-6 - fabs(objective) * t->unit * 1e-9);
}

/* The most undecided cell; NET_NONE: x is a pattern. */
static uint32_t undecided(const Tree *t)
{
    uint32_t best = NET_NONE;
    double most = FRACTION;
    for (uint32_t j = 0; j < t->e->net->cell_count; j++) {
        double x = t->x[j], distance = x < 0.5 ? x : 1 - x;
        double score = distance * (1 + (double)t->e->price[j] / t->unit / 1000);
        if (distance > FRACTION && score > most) {
            most = score;
            best = j;
        }
    }
    return best;
}

static void take_pattern(Tree *t)
{
    const Engine *e = t->e;
    int64_t price = 0;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        if (!e->must[j] && t->x[j] > 0.5)
            price += e->price[j];
    if (price >= t->best)
        return;
    t->best = price;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        t->best_in[j] = e->must[j] || t->x[j] > 0.5;
}

/* Solves and cuts until nothing is violated. *alive: this node may hold something cheaper than the best. */
static Status bound_node(Tree *t, int64_t *bound, bool *alive, bool *open, Error *err)
{
    bool added = true;
    *alive = false;
    while (added) {
        uint64_t before = lp_pivots(t->lp);
        LpStatus st = lp_solve(t->lp, false, 0);
        t->pivots += lp_pivots(t->lp) - before;
        TRY(cancel_check(err));
        if (st == LP_INFEASIBLE)
            return OK;
        if (st != LP_OPTIMAL || t->pivots >= t->limit || t->cuts >= MOST_CUTS) {
            t->stopped = true;
            return OK;
        }
        *bound = bound_of(t, lp_objective(t->lp));
        if (*bound >= t->best)
            return OK;
        const double *x = lp_columns(t->lp);
        for (uint32_t j = 0; j < t->e->net->cell_count; j++)
            t->x[j] = x[j] < FRACTION ? 0 : x[j] > 1 - FRACTION ? 1 : x[j];
        TRY(separate(t, &added, open, err));
    }
    *alive = true;
    return OK;
}

/* x of the root says which cells good patterns share: they are offered cheaper, and the heuristics try again. */
static Status round_root(Tree *t, Error *err)
{
    Engine *e = t->e;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        e->weight[j] *= 1.02 - t->x[j];
    engine_reset(e);
    Status st = engine_meet_all(e, ENGINE_BY_LEVEL_DOWN, err);
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        e->weight[j] /= 1.02 - t->x[j];
        if (!e->in[j])
            e->cost[j] = e->weight[j];
    }
    if (st == OK)
        st = engine_clean(e, t->limit / 8, err);
    if (st == OK && engine_price(e) < t->best) {
        t->best = engine_price(e);
        memcpy(t->best_in, e->in, e->net->cell_count);
    }
    return st;
}

static Status explore(Tree *t, uint32_t depth, int64_t *root_bound, Error *err)
{
    int64_t bound = 0;
    bool alive, open = false;
    TRY(bound_node(t, &bound, &alive, &open, err));
    if (depth == 0) {
        *root_bound = bound;
        if (alive)
            TRY(round_root(t, err));
    }
    if (!alive || bound >= t->best)
        return OK;
    uint32_t j = undecided(t);
    if (j == NET_NONE) {
        if (open)
            t->stopped = true; /* numbers gave no cut: nothing can be claimed about this node */
        else
            take_pattern(t);
        return OK;
    }
    for (int one = 1; one >= 0 && !t->stopped; one--) {
        lp_set_bounds(t->lp, j, one, one);
        TRY(explore(t, depth + 1, root_bound, err));
    }
    lp_set_bounds(t->lp, j, 0, 1);
    return OK;
}

Status exact_solve(Engine *e, uint64_t pivot_limit, ExactResult *out, Error *err)
{
    Tree t = {.limit = pivot_limit};
    int64_t root = 0;
    bool safe = true;
    Status st = tree_open(e, &t, err);
    if (st == OK)
        st = explore(&t, 0, &root, err);
    if (st == OK)
        st = engine_adopt(e, t.best_in, &safe, err);
    if (st == OK && !safe) { /* what the separation called met, the engine could not find: its own way again */
        t.stopped = true;
        st = engine_meet_all(e, ENGINE_BY_LEVEL_DOWN, err);
    }
    *out = (ExactResult){.bound = t.stopped ? root : t.best, .optimal = !t.stopped, .pivots = t.pivots};
    tree_close(&t);
    return st;
}
