/*
 * A walk from multiples that nearly add up to some that do.
 *
 * In a table of three dimensions the linear program leaves some cells between two multiples, and fixing them one by one
 * runs into dead ends that only many programs get out of. Steps of the base, moved along the lines of the table, do: an
 * equation that is off and one of its cells are drawn, and the cell is moved unless that does more harm to the other
 * equations than the heat of the walk allows. Heat falls from stage to stage (simulated annealing, Kirkpatrick, Gelatt
 * and Vecchi 1983, on equations that are off alone, as WalkSAT does). Integers only, so that the walk is the same on
 * every machine; the number of moves is bounded.
 */
#include "perturb/rounding_impl.h"

#define STAGES 64
#define ODDS 16                   /* what adds as much or more to the squares is never done */
#define HOT (UINT64_C(3) << 29)   /* odds of a move that adds 1, in the first stage: 3/8 of 2^32 */
#define COOLER(q) ((q)*220 / 256) /* in the next; in the last 3 in 100,000 */

typedef struct Walk {
    const RoundingRepair *r;
    int64_t *y;
    int64_t *lack;               /* an equation's right side less its left one, in multiples */
    uint32_t *from, *row;        /* cell -> its equations */
    int32_t *coef;               /* beside row */
    uint32_t *off, *place, offs; /* equations that are off; equation -> its place among them + 1 */
    Rng rng;
    Arena arena;
} Walk;

static void set_lack(Walk *w, uint32_t r, int64_t lack)
{
    w->lack[r] = lack;
    if (lack != 0 && w->place[r] == 0) {
        w->off[w->offs++] = r;
        w->place[r] = w->offs;
    } else if (lack == 0 && w->place[r] != 0) {
        uint32_t last = w->off[--w->offs];
        w->off[w->place[r] - 1] = last;
        w->place[last] = w->place[r];
        w->place[r] = 0;
    }
}

static Status index_rows(Walk *w, Error *err)
{
    const SdcProblem *p = w->r->p;
    uint32_t entries = p->row_count ? p->start[p->row_count] : 0, *next;
    TRY(arena_new(&w->arena, uint32_t, (size_t)p->cell_count + 1, &w->from, err));
    TRY(arena_new(&w->arena, uint32_t, (size_t)p->cell_count + 1, &next, err));
    TRY(arena_new(&w->arena, uint32_t, (size_t)entries + 1, &w->row, err));
    TRY(arena_new(&w->arena, int32_t, (size_t)entries + 1, &w->coef, err));
    for (uint32_t k = 0; k < entries; k++)
        w->from[p->cell[k] + 1]++;
    for (uint32_t i = 0; i < p->cell_count; i++) {
        w->from[i + 1] += w->from[i];
        next[i] = w->from[i];
    }
    for (uint32_t r = 0; r < p->row_count; r++)
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
            w->row[next[p->cell[k]]] = r;
            w->coef[next[p->cell[k]]++] = p->coef[k];
        }
    return OK;
}

static Status measure(Walk *w, Error *err)
{
    const SdcProblem *p = w->r->p;
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = p->rhs[r] / w->r->base, term;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            if (CKD_MUL(&term, w->y[p->cell[k]], (int64_t)p->coef[k]) || CKD_SUB(&sum, sum, term))
                return error_set(err, ERR_LIMIT, "equation %" PRIu32 " does not fit into 64 bits", r + 1);
        if (sum > INT32_MAX || sum < -INT32_MAX)
            return error_set(err, ERR_LIMIT, "equation %" PRIu32 " is off by too much", r + 1);
        set_lack(w, r, sum);
    }
    return OK;
}

/* What moving a cell by one multiple adds to the squares of what the equations lack. */
static int64_t harm(const Walk *w, uint32_t cell, int64_t by)
{
    int64_t sum = 0;
    for (uint32_t k = w->from[cell]; k < w->from[cell + 1]; k++) {
        int64_t c = w->coef[k] * by;
        sum += c * c - 2 * c * w->lack[w->row[k]];
    }
    return sum;
}

static void move(Walk *w, uint32_t cell, int64_t by)
{
    w->y[cell] += by;
    for (uint32_t k = w->from[cell]; k < w->from[cell + 1]; k++)
        set_lack(w, w->row[k], w->lack[w->row[k]] - w->coef[k] * by);
}

/* A cell of equation r, drawn, towards what the equation lacks. odds[h]: of a move that adds h, times 2^32. */
static void step(Walk *w, uint32_t r, const uint64_t *odds)
{
    const SdcProblem *p = w->r->p;
    uint32_t k = p->start[r] + (uint32_t)rng_below(&w->rng, p->start[r + 1] - p->start[r]), cell = p->cell[k];
    int64_t by = (w->lack[r] > 0) == (p->coef[k] > 0) ? 1 : -1;
    if (w->y[cell] + by < w->r->least[cell] || w->y[cell] + by > w->r->most[cell])
        return;
    int64_t h = harm(w, cell, by);
    if (h <= 0 || (h < ODDS && rng_u64(&w->rng) >> 32 < odds[h]))
        move(w, cell, by);
}

/* An equation without cells cannot be helped. */
static bool is_hopeless(const Walk *w)
{
    for (uint32_t i = 0; i < w->offs; i++)
        if (w->r->p->start[w->off[i]] == w->r->p->start[w->off[i] + 1])
            return true;
    return false;
}

static Status cool_down(Walk *w, Error *err)
{
    uint64_t heat = HOT, odds[ODDS] = {UINT64_C(1) << 32};
    for (uint32_t stage = 0; stage < STAGES && w->offs > 0; stage++, heat = COOLER(heat)) {
        for (int h = 1; h < ODDS; h++)
            odds[h] = odds[h - 1] * heat >> 32;
        for (uint64_t i = 0; i < w->r->moves / STAGES && w->offs > 0; i++)
            step(w, w->off[rng_below(&w->rng, w->offs)], odds);
        TRY(cancel_check(err));
    }
    return OK;
}

static Status walk(Walk *w, bool *found, Error *err)
{
    size_t rows = (size_t)w->r->p->row_count + 1;
    TRY(arena_new(&w->arena, int64_t, rows, &w->lack, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &w->off, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &w->place, err));
    TRY(index_rows(w, err));
    TRY(measure(w, err));
    if (!is_hopeless(w))
        TRY(cool_down(w, err));
    *found = w->offs == 0;
    return OK;
}

Status rounding_repair(const RoundingRepair *r, int64_t *y, bool *found, Error *err)
{
    Walk w = {.r = r, .y = y};
    *found = false;
    arena_init(&w.arena, 0);
    rng_init(&w.rng, r->seed, 0);
    Status st = walk(&w, found, err);
    arena_free(&w.arena);
    return st;
}
