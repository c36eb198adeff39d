/*
 * Kernel: moves of whole numbers that every equation allows.
 *
 * In sparse tables that are linked with each other a cell often moves only together with thousands of others: no window
 * holds such a move, and a program over everything ends, after minutes, in a corner of fractions. So the equations are
 * solved, in whole numbers, for as many unknowns as they can be (each stands in its equation with a coefficient that
 * divides all others); of the rest one moves by a unit, and the others follow. Such a move holds for every equation,
 * and where all bounds have room it is a table, with its multiples. All of them are looked at once for a piece.
 *
 * Exact as this is, each move is verified like any other table before it counts.
 */
#include "audit/attack.h"

#include <stdlib.h>

#define COEF_MOST 65536                /* on the way; few moves by so much have room */
#define LOOKS_MOST UINT64_C(200000000) /* terms looked at: about two seconds; shape five20 takes 70 million */
#define TERMS_MOST UINT64_C(20000000)  /* kept at a time: 160 MB */
#define SHARE 8                        /* of AuditEffort.step_limit, where there is one */

typedef struct Part {
    uint32_t var;
    int32_t coef;
} Part;

typedef struct Sum {
    Part *at;
    uint32_t count;
} Sum;

typedef struct Row {
    uint32_t row, length;
} Row;

typedef struct Kernel {
    Reach *r;
    Sum *of; /* a solved unknown: what it is in terms of others */
    uint8_t *solved;
    uint32_t *order; /* solved unknowns, first to last */
    uint32_t orders;
    int64_t *value; /* the sum at hand, by unknown */
    uint8_t *in;
    uint32_t *list;
    uint32_t count;
    uint64_t looks, looks_most, terms;
    bool fits;
    Arena arena;
} Kernel;

static void take(Kernel *k, uint32_t v, int64_t coef)
{
    if (!k->in[v]) {
        k->in[v] = 1;
        k->list[k->count++] = v;
        k->value[v] = 0;
    }
    k->value[v] += coef;
    k->looks++;
    if (k->value[v] > COEF_MOST || k->value[v] < -COEF_MOST || k->looks > k->looks_most)
        k->fits = false;
}

static void take_sum(Kernel *k, uint32_t v, int64_t times)
{
    for (uint32_t i = 0; i < k->of[v].count && k->fits; i++)
        take(k, k->of[v].at[i].var, times * k->of[v].at[i].coef);
}

static void drop(Kernel *k)
{
    for (uint32_t i = 0; i < k->count; i++)
        k->in[k->list[i]] = 0;
    k->count = 0;
}

/* Sums may speak of unknowns that were solved after them. */
static void unfold_solved(Kernel *k)
{
    for (bool more = true; more && k->fits;) {
        more = false;
        for (uint32_t i = 0; i < k->count && k->fits; i++) {
            uint32_t v = k->list[i];
            int64_t times = k->value[v];
            if (times == 0 || !k->solved[v])
                continue;
            k->value[v] = 0;
            take_sum(k, v, times);
            more = true;
        }
    }
}

static Status keep_sum(Kernel *k, uint32_t v, int64_t by, Error *err)
{
    Sum *s = &k->of[v];
    s->count = 0;
    k->terms += k->count;
    if (k->terms > TERMS_MOST)
        k->fits = false;
    if (!k->fits)
        return OK;
    TRY(arena_new(&k->arena, Part, (size_t)k->count + 1, &s->at, err));
    for (uint32_t i = 0; i < k->count; i++) {
        uint32_t u = k->list[i];
        if (u != v && k->value[u] != 0)
            s->at[s->count++] = (Part){u, (int32_t)(k->value[u] / by)};
    }
    return OK;
}

static int64_t divisor_of(const Kernel *k)
{
    int64_t common = 0;
    for (uint32_t i = 0; i < k->count; i++)
        for (int64_t b = llabs((long long)k->value[k->list[i]]); b != 0;) {
            int64_t rest = common % b;
            common = b;
            b = rest;
        }
    return common;
}

static int64_t room(const Kernel *k, uint32_t v)
{
    const Piece *p = k->r->piece;
    int64_t above = wide_clamp((Wide)p->high[v] - k->r->point[v]), below = wide_clamp((Wide)k->r->point[v] - p->low[v]);
    return above < below ? above : below;
}

/* What follows should have the most room, so that what is left free are the narrow ones. */
static uint32_t choose(const Kernel *k, int64_t common)
{
    uint32_t best = AUDIT_NONE;
    for (uint32_t i = 0; i < k->count; i++) {
        uint32_t v = k->list[i];
        if (llabs((long long)k->value[v]) != common)
            continue;
        if (best == AUDIT_NONE || room(k, v) > room(k, best) || (room(k, v) == room(k, best) && v < best))
            best = v;
    }
    return best;
}

/* *later: nothing can be solved for in whole numbers. */
static Status solve_row(Kernel *k, uint32_t row, bool *later, Error *err)
{
    const Piece *p = k->r->piece;
    Status st = OK;
    for (uint32_t i = p->start[row]; i < p->start[row + 1] && k->fits; i++) {
        if (p->coef[i] > COEF_MOST || p->coef[i] < -COEF_MOST)
            k->fits = false;
        else
            take(k, p->var[i], p->coef[i]);
    }
    unfold_solved(k);
    int64_t common = divisor_of(k);
    uint32_t v = k->fits && common > 0 ? choose(k, common) : AUDIT_NONE;
    *later = v == AUDIT_NONE && common > 0;
    if (v != AUDIT_NONE) {
        st = keep_sum(k, v, -k->value[v], err);
        k->solved[v] = 1;
        k->order[k->orders++] = v;
    }
    drop(k);
    return st;
}

static int by_length(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    return x->length != y->length ? (x->length > y->length) - (x->length < y->length)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* Short ones first: sums stay short, and their coefficients small. What has to wait may be solved when others are. */
static Status solve_rows(Kernel *k, Error *err)
{
    const Piece *p = k->r->piece;
    uint32_t left = p->rows, before = left + 1;
    Row *rows;
    TRY(arena_new(&k->arena, Row, (size_t)left + 1, &rows, err));
    for (uint32_t i = 0; i < left; i++)
        rows[i] = (Row){i, p->start[i + 1] - p->start[i]};
    qsort(rows, left, sizeof *rows, by_length);
    while (left > 0 && left < before && k->fits) {
        before = left;
        left = 0;
        for (uint32_t i = 0; i < before && k->fits; i++) {
            bool later;
            TRY(solve_row(k, rows[i].row, &later, err));
            if (later)
                rows[left++] = rows[i];
            TRY(cancel_check(err));
        }
    }
    k->fits = k->fits && left == 0;
    return OK;
}

static Status solve(Kernel *k, Error *err)
{
    TRY(solve_rows(k, err));
    k->terms = 0;
    for (uint32_t i = k->orders; i-- > 0 && k->fits;) { /* what was solved later speaks of free ones alone by now */
        uint32_t v = k->order[i];
        const Sum own = k->of[v];
        for (uint32_t t = 0; t < own.count && k->fits; t++) {
            if (k->solved[own.at[t].var])
                take_sum(k, own.at[t].var, own.at[t].coef);
            else
                take(k, own.at[t].var, own.at[t].coef);
        }
        TRY(keep_sum(k, v, 1, err));
        drop(k);
        TRY(cancel_check(err));
    }
    return OK;
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

/* Moves by free unknown: those that follow it. */
typedef struct Moves {
    uint32_t *first;
    Part *part;
} Moves;

static Status list_moves(Kernel *k, Moves *m, Error *err)
{
    uint32_t n = k->r->piece->vars, *next;
    TRY(arena_new(&k->arena, uint32_t, (size_t)n + 1, &m->first, err));
    TRY(arena_new(&k->arena, uint32_t, (size_t)n + 1, &next, err));
    TRY(arena_new(&k->arena, Part, (size_t)k->terms + n + 1, &m->part, err));
    for (uint32_t v = 0; v < n; v++) {
        m->first[v + 1] += !k->solved[v];
        for (uint32_t i = 0; i < k->of[v].count; i++)
            m->first[k->of[v].at[i].var + 1]++;
    }
    for (uint32_t v = 0; v < n; v++) {
        m->first[v + 1] += m->first[v];
        next[v] = m->first[v];
    }
    for (uint32_t v = 0; v < n; v++) { /* ascending in each move */
        if (!k->solved[v])
            m->part[next[v]++] = (Part){v, 1};
        for (uint32_t i = 0; i < k->of[v].count; i++)
            m->part[next[k->of[v].at[i].var]++] = (Part){v, k->of[v].at[i].coef};
    }
    return OK;
}

static Status show(Kernel *k, const Moves *m, Error *err)
{
    Verifier check;
    TRY(verifier_new(&check, k->r, &k->arena, err));
    for (uint32_t f = 0; f < k->r->piece->vars; f++) {
        for (int sign = 1; sign >= -1 && !k->solved[f]; sign -= 2) {
            bool shown;
            check.count = 0;
            for (uint32_t i = m->first[f]; i < m->first[f + 1]; i++)
                if (!verifier_move(&check, m->part[i].var, sign * m->part[i].coef))
                    break;
            TRY(verifier_show(&check, check.count == m->first[f + 1] - m->first[f], &shown, err));
            if (shown)
                break; /* its reverse is looked at with it */
        }
        TRY(cancel_check(err));
    }
    return OK;
}

Status kernel_show(Reach *r, Error *err)
{
    uint64_t limit = r->effort->step_limit / SHARE;
    Kernel k = {.r = r, .fits = true, .looks_most = limit > 0 && limit < LOOKS_MOST ? limit : LOOKS_MOST};
    Moves m = {0};
    size_t n = (size_t)r->piece->vars + 1;
    Status st;
    arena_init(&k.arena, 0);
    TRY_OUT(arena_new(&k.arena, Sum, n, &k.of, err));
    TRY_OUT(arena_new(&k.arena, uint8_t, n, &k.solved, err));
    TRY_OUT(arena_new(&k.arena, uint32_t, n, &k.order, err));
    TRY_OUT(arena_new(&k.arena, int64_t, n, &k.value, err));
    TRY_OUT(arena_new(&k.arena, uint8_t, n, &k.in, err));
    TRY_OUT(arena_new(&k.arena, uint32_t, n, &k.list, err));
    TRY_OUT(solve(&k, err));
    if (k.fits) {
        TRY_OUT(list_moves(&k, &m, err));
        TRY_OUT(show(&k, &m, err));
    }
out:
    r->steps += k.looks;
    arena_free(&k.arena);
    return st;
}
