/*
 * The equations are solved for as many cells as they can be, each with coefficient 1 or -1: these follow from the rest,
 * which are free. One free cell moved by one unit, all other free cells held, is a move of whole numbers (a fundamental
 * circuit). A cell that follows is the one with the most room in its equation, so a circuit runs through cells that can
 * go far, as the greedy choice of a basis does that is best in its narrowest cell (Edmonds 1971).
 *
 * In sparse tables linked with each other next to nothing can be hidden unless most cells are: the cheapest move for a
 * need reaches through the whole net, and a simplex has to look at all of it. Here all circuits together cost less than
 * one such question.
 */
#include "suppress/circuit.h"

#include <math.h>
#include <stdlib.h>

#define WORK_MOST UINT64_C(2000000000)                  /* terms added in elimination; some 5 s */
#define CHOICES_MOST (WORK_MOST + UINT64_C(2000000000)) /* circuits looked at, beside that */
#define TERMS_MOST 30000000                             /* of all circuits together */
#define KEPT_MOST (UINT64_C(2) * TERMS_MOST)            /* and of elimination's steps; 480 MB */
#define COEF_MOST 1000000

typedef struct Term {
    uint32_t cell;
    int32_t coef;
} Term;

typedef struct Terms {
    Term *at;
    uint32_t count;
} Terms;

typedef struct Circuits {
    Engine *e;
    /* the equation at hand */
    int64_t *value; /* by cell */
    uint8_t *seen;
    uint32_t *list, count;
    /* cell = sum of terms; of cells that follow, without those that came before at first, of free cells in the end */
    Terms *follows;
    uint8_t *is_pivot;
    uint32_t *order, pivots;
    /* by free cell: what follows from it, and how many times it can go so far up and down */
    uint32_t *start;
    Term *circuit;
    double *up, *down;
    int64_t *price; /* of suppressing what is not */
    LocalTerm *move;
    uint64_t work, terms, kept; /* kept: terms that memory was taken for */
    bool fits;
    Arena arena;
} Circuits;

static Status circuits_new(Circuits *c, Error *err)
{
    size_t n = (size_t)c->e->net->cell_count + 2;
    TRY(arena_new(&c->arena, int64_t, n, &c->value, err));
    TRY(arena_new(&c->arena, uint8_t, n, &c->seen, err));
    TRY(arena_new(&c->arena, uint32_t, n, &c->list, err));
    TRY(arena_new(&c->arena, Terms, n, &c->follows, err));
    TRY(arena_new(&c->arena, uint8_t, n, &c->is_pivot, err));
    TRY(arena_new(&c->arena, uint32_t, n, &c->order, err));
    TRY(arena_new(&c->arena, uint32_t, n, &c->start, err));
    TRY(arena_new(&c->arena, double, n, &c->up, err));
    TRY(arena_new(&c->arena, double, n, &c->down, err));
    TRY(arena_new(&c->arena, int64_t, n, &c->price, err));
    return arena_new(&c->arena, LocalTerm, n, &c->move, err);
}

/* --- elimination ----------------------------------------------------------------------------------------------------
 */

static void add(Circuits *c, uint32_t cell, int64_t value)
{
    if (!c->seen[cell]) {
        c->seen[cell] = 1;
        c->list[c->count++] = cell;
        c->value[cell] = 0;
    }
    c->value[cell] += value;
    c->fits = c->fits && llabs((long long)c->value[cell]) <= COEF_MOST;
    c->work++;
}

static void add_follower(Circuits *c, uint32_t cell, int64_t times)
{
    const Terms *t = &c->follows[cell];
    for (uint32_t k = 0; k < t->count; k++)
        add(c, t->at[k].cell, t->at[k].coef * times);
}

static void forget(Circuits *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        c->seen[c->list[i]] = 0;
    c->count = 0;
}

/* Cells that follow are replaced. Their terms may have such that were found later: again and again. */
static void reduce(Circuits *c)
{
    for (bool again = true; again && c->fits && c->work < WORK_MOST;) {
        again = false;
        for (uint32_t i = 0; i < c->count && c->fits; i++) {
            uint32_t cell = c->list[i];
            int64_t times = c->value[cell];
            if (!c->is_pivot[cell] || times == 0)
                continue;
            c->value[cell] = 0;
            add_follower(c, cell, times);
            again = true;
        }
    }
}

static double room(const Circuits *c, uint32_t cell)
{
    return fmin(c->e->net->up[cell], c->e->net->down[cell]);
}

static int64_t common_divisor(const Circuits *c)
{
    int64_t common = 0;
    for (uint32_t i = 0; i < c->count && common != 1; i++)
        for (int64_t b = llabs((long long)c->value[c->list[i]]); b != 0;) {
            int64_t rest = common % b;
            common = b;
            b = rest;
        }
    return common;
}

/* The cell with the most room of those that all others are multiples of; NET_NONE. */
static uint32_t choose_pivot(const Circuits *c, int64_t common)
{
    uint32_t best = NET_NONE;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t cell = c->list[i];
        if (c->value[cell] == 0 || llabs((long long)c->value[cell]) != common)
            continue;
        if (best == NET_NONE || room(c, cell) > room(c, best) || (room(c, cell) == room(c, best) && cell < best))
            best = cell;
    }
    return best;
}

/* The terms at hand but for `cell`, divided by `by`. */
static Status keep(Circuits *c, uint32_t cell, int64_t by, Terms *t, Error *err)
{
    t->count = 0;
    c->kept += c->count;
    c->fits = c->fits && c->kept <= KEPT_MOST;
    if (!c->fits)
        return OK;
    TRY(arena_new(&c->arena, Term, (size_t)c->count + 1, &t->at, err));
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t other = c->list[i];
        if (other != cell && c->value[other] != 0)
            t->at[t->count++] = (Term){other, (int32_t)(c->value[other] / by)};
    }
    return OK;
}

static Status take_row(Circuits *c, uint32_t r, Error *err)
{
    const Net *n = c->e->net;
    for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++)
        if (c->e->allowed[n->row_cell[k]])
            add(c, n->row_cell[k], (int64_t)n->row_coef[k]);
    reduce(c);
    int64_t common = common_divisor(c);
    uint32_t cell = choose_pivot(c, common);
    Status st = OK;
    if (cell != NET_NONE && c->fits) {
        st = keep(c, cell, -c->value[cell], &c->follows[cell], err);
        c->is_pivot[cell] = 1;
        c->order[c->pivots++] = cell;
    } else {
        c->fits = c->fits && common == 0; /* an equation that nothing can be solved for */
    }
    forget(c);
    return st;
}

/* Backwards: what came later is of free cells alone by then. */
static Status free_cells_only(Circuits *c, Error *err)
{
    for (uint32_t i = c->pivots; i-- > 0 && c->fits;) {
        uint32_t cell = c->order[i];
        Terms own = c->follows[cell];
        for (uint32_t k = 0; k < own.count; k++) {
            if (c->is_pivot[own.at[k].cell])
                add_follower(c, own.at[k].cell, own.at[k].coef);
            else
                add(c, own.at[k].cell, own.at[k].coef);
        }
        TRY(keep(c, NET_NONE, 1, &c->follows[cell], err));
        c->terms += c->follows[cell].count;
        c->fits = c->fits && c->terms <= TERMS_MOST && c->work < WORK_MOST;
        forget(c);
        TRY(cancel_check(err));
    }
    return OK;
}

static Status eliminate(Circuits *c, Error *err)
{
    c->fits = true;
    for (uint32_t r = 0; r < c->e->net->row_count && c->fits; r++) {
        TRY(take_row(c, r, err));
        c->fits = c->fits && c->work < WORK_MOST;
        TRY(cancel_check(err));
    }
    return c->fits ? free_cells_only(c, err) : OK;
}

/* --- circuits -------------------------------------------------------------------------------------------------------
 */

static bool is_free(const Circuits *c, uint32_t cell)
{
    return c->e->allowed[cell] && !c->is_pivot[cell];
}

/* By free cell, itself first. */
static Status list_circuits(Circuits *c, Error *err)
{
    uint32_t n = c->e->net->cell_count, *next;
    TRY(arena_new(&c->arena, uint32_t, (size_t)n + 1, &next, err));
    TRY(arena_new(&c->arena, Term, c->terms + n + 1, &c->circuit, err));
    for (uint32_t j = 0; j < n; j++) {
        c->start[j + 1] += is_free(c, j);
        for (uint32_t k = 0; k < c->follows[j].count; k++)
            c->start[c->follows[j].at[k].cell + 1]++;
    }
    for (uint32_t j = 0; j < n; j++) {
        c->start[j + 1] += c->start[j];
        next[j] = c->start[j];
        if (is_free(c, j))
            c->circuit[next[j]++] = (Term){j, 1};
    }
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t k = 0; k < c->follows[j].count; k++) {
            Term t = c->follows[j].at[k];
            c->circuit[next[t.cell]++] = (Term){j, t.coef};
        }
    return OK;
}

static void measure(Circuits *c)
{
    const Engine *e = c->e;
    for (uint32_t f = 0; f < e->net->cell_count; f++) {
        c->up[f] = c->down[f] = INFINITY;
        for (uint32_t k = c->start[f]; k < c->start[f + 1]; k++) {
            uint32_t j = c->circuit[k].cell;
            double size = abs(c->circuit[k].coef), up = floor(e->net->up[j] / size),
                   down = floor(e->net->down[j] / size);
            c->up[f] = fmin(c->up[f], c->circuit[k].coef > 0 ? up : down);
            c->down[f] = fmin(c->down[f], c->circuit[k].coef > 0 ? down : up);
            c->price[f] += e->in[j] ? 0 : e->price[j];
        }
    }
}

/* How many times the circuit of a free cell must go for a cell that it moves by `coef`; 0: it cannot so often. */
static double times_for(const Circuits *c, uint32_t f, int32_t coef, double target)
{
    double times = ceil(fabs(target) / abs(coef)), sign = (target > 0) == (coef > 0) ? 1 : -1;
    return times <= (sign > 0 ? c->up[f] : c->down[f]) ? sign * times : 0;
}

typedef struct Choice {
    uint32_t need, free;
    int64_t price;
    double times;
} Choice;

static void consider(Circuits *c, uint32_t id, uint32_t f, int32_t coef, Choice *best)
{
    double times = times_for(c, f, coef, c->e->needs.at[id].target);
    c->work++;
    if (times != 0 && (best->free == NET_NONE || c->price[f] < best->price))
        *best = (Choice){id, f, c->price[f], times};
}

static bool is_asked(const Need *need)
{
    return !need->met && !need->hopeless && !need->whole && need->knows == NET_NONE && need->target != 0;
}

static Choice choose(Circuits *c, const IdList *needs)
{
    Choice best = {.free = NET_NONE};
    for (size_t i = 0; i < needs->len; i++) {
        const Need *need = &c->e->needs.at[needs->at[i]];
        c->work++;
        if (!is_asked(need))
            continue;
        if (is_free(c, need->cell))
            consider(c, needs->at[i], need->cell, 1, &best);
        for (uint32_t k = 0; k < c->follows[need->cell].count; k++)
            consider(c, needs->at[i], c->follows[need->cell].at[k].cell, c->follows[need->cell].at[k].coef, &best);
    }
    return best;
}

/* Circuits through a cell that is suppressed from now on cost less. */
static void pay(Circuits *c, uint32_t cell)
{
    int64_t price = c->e->price[cell];
    if (is_free(c, cell))
        c->price[cell] -= price;
    for (uint32_t k = 0; k < c->follows[cell].count; k++)
        c->price[c->follows[cell].at[k].cell] -= price;
}

static Status make(Circuits *c, const Choice *choice, Error *err)
{
    uint32_t asked = c->e->needs.at[choice->need].cell, count = 1;
    for (uint32_t k = c->start[choice->free]; k < c->start[choice->free + 1]; k++) {
        Term t = c->circuit[k];
        LocalTerm term = {t.cell, t.coef * choice->times};
        if (!c->e->in[t.cell])
            pay(c, t.cell);
        if (t.cell == asked)
            c->move[0] = term;
        else
            c->move[count++] = term;
    }
    return engine_take(c->e, choice->need, c->move, count, err);
}

static Status meet(Circuits *c, Error *err)
{
    IdList needs = {0};
    Status st = OK;
    for (size_t i = 0; i < c->e->needs.len && st == OK; i++)
        if (is_asked(&c->e->needs.at[i]))
            st = vec_push(&needs, (uint32_t)i, err);
    while (st == OK && c->work < CHOICES_MOST) {
        Choice choice = choose(c, &needs);
        if (choice.free == NET_NONE)
            break;
        c->e->by_circuits = true;
        st = make(c, &choice, err);
        if (st == OK)
            st = cancel_check(err);
    }
    vec_free(&needs);
    return st;
}

Status circuit_meet(Engine *e, Error *err)
{
    Circuits c = {.e = e};
    Status st;
    if (e->unfit)
        return OK;
    arena_init(&c.arena, 0);
    TRY_OUT(circuits_new(&c, err));
    TRY_OUT(eliminate(&c, err));
    e->unfit = !c.fits;
    if (c.fits) {
        TRY_OUT(list_circuits(&c, err));
        measure(&c);
        TRY_OUT(meet(&c, err));
    }
out:
    arena_free(&c.arena);
    return st;
}
