/*
 * Tables that somebody offers.
 *
 * Whoever made a pattern has a table for each cell that he believes to be protected. Looking for it again is what an
 * attack costs most; verifying it costs next to nothing, and needs nobody's word: a table is a table when every bound
 * and every equation it touches holds in whole numbers. What does not hold is left out without a word, and so is what
 * moves a cell that the attacker knows. What is offered can therefore only spare him work, never mislead him: a cell
 * is protected when a verified table reaches its levels, wherever the table came from.
 */
#include "audit/attack.h"

#include <stdlib.h>

struct AuditOffered {
    VEC(AuditMove) moves;
    VEC(size_t) start; /* of each table */
};

Status audit_offered_new(AuditOffered **out, Error *err)
{
    return mem_zalloc(1, sizeof **out, (void **)out, err);
}

void audit_offered_free(AuditOffered *o)
{
    if (!o)
        return;
    vec_free(&o->moves);
    vec_free(&o->start);
    mem_free(o);
}

Status audit_offer(AuditOffered *o, const AuditMove *moves, size_t count, Error *err)
{
    TRY(vec_push(&o->start, o->moves.len, err));
    for (size_t i = 0; i < count; i++)
        TRY(vec_push(&o->moves, moves[i], err));
    return OK;
}

static size_t table_at(const AuditOffered *o, size_t table, const AuditMove **out)
{
    size_t first = o->start.at[table], end = table + 1 < o->start.len ? o->start.at[table + 1] : o->moves.len;
    *out = o->moves.at + first;
    return end - first;
}

/* --- sharing out -------------------------------------------------------------------------------------------------- */

/* Where a cell lies: its piece, and its number there. */
static Status places_new(const Pieces *pieces, const uint32_t *cell_of, Arena *a, Offers *out, Error *err)
{
    uint32_t cells = out->cells;
    TRY(arena_new(a, uint32_t, (size_t)cells + 1, &out->piece_of, err));
    TRY(arena_new(a, uint32_t, (size_t)cells + 1, &out->place_of, err));
    memset(out->piece_of, 0xff, cells * sizeof *out->piece_of);
    for (uint32_t i = 0; i < pieces->count; i++)
        for (uint32_t k = pieces->first[i]; k < pieces->first[i + 1]; k++) {
            out->piece_of[cell_of[pieces->order[k]]] = i;
            out->place_of[cell_of[pieces->order[k]]] = k - pieces->first[i];
        }
    return OK;
}

/* The piece of a table's first move; AUDIT_NONE: it moves nothing, or what is no unknown. */
static uint32_t piece_of_table(const Offers *s, size_t table)
{
    const AuditMove *moves;
    size_t count = table_at(s->offered, table, &moves);
    return count > 0 && moves[0].cell < s->cells ? s->piece_of[moves[0].cell] : AUDIT_NONE;
}

Status offers_share_out(const AuditOffered *o, const Pieces *pieces, const uint32_t *cell_of, uint32_t cells, Arena *a,
    Offers *out, Error *err)
{
    uint32_t *next;
    *out = (Offers){.offered = o, .cells = cells};
    TRY(places_new(pieces, cell_of, a, out, err));
    TRY(arena_new(a, uint32_t, (size_t)pieces->count + 2, &out->first, err));
    TRY(arena_new(a, uint32_t, (size_t)pieces->count + 1, &next, err));
    TRY(arena_new(a, uint32_t, o->start.len + 1, &out->table, err));
    for (size_t t = 0; t < o->start.len; t++)
        if (piece_of_table(out, t) != AUDIT_NONE)
            out->first[piece_of_table(out, t) + 1]++;
    for (uint32_t i = 0; i < pieces->count; i++) {
        out->first[i + 1] += out->first[i];
        next[i] = out->first[i];
    }
    for (size_t t = 0; t < o->start.len; t++)
        if (piece_of_table(out, t) != AUDIT_NONE)
            out->table[next[piece_of_table(out, t)]++] = (uint32_t)t;
    return OK;
}

/* --- verifying ---------------------------------------------------------------------------------------------------- */

typedef struct Verifier {
    Reach *reach;
    uint32_t piece;
    const Offers *offers;
    uint32_t *list; /* unknowns that move, ascending */
    int64_t *by;    /* an unknown: how far; 0 between tables */
    int64_t *x;     /* of the list */
} Verifier;

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Fills list and by. False: something moves that is not an unknown of the piece, or twice, or not at all, or beyond its
 * bounds. *count: how many are in by. */
static bool place_moves(Verifier *v, const AuditMove *moves, size_t wanted, uint32_t *count)
{
    const Piece *p = v->reach->piece;
    for (*count = 0; *count < wanted; ++*count) {
        const AuditMove *m = &moves[*count];
        if (m->cell >= v->offers->cells || v->offers->piece_of[m->cell] != v->piece || m->by == 0 || m->by == INT64_MIN)
            return false;
        uint32_t var = v->offers->place_of[m->cell];
        Wide to = (Wide)v->reach->point[var] + m->by;
        if (v->by[var] != 0 || to < p->low[var] || to > p->high[var])
            return false;
        v->list[*count] = var;
        v->by[var] = m->by;
    }
    return true;
}

static bool row_holds(const Verifier *v, uint32_t r)
{
    const Piece *p = v->reach->piece;
    Wide sum = 0;
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
        sum += (Wide)p->coef[k] * v->by[p->var[k]];
    return sum == 0;
}

static bool rows_hold(const Verifier *v, uint32_t count)
{
    const Piece *p = v->reach->piece;
    Reach *r = v->reach;
    r->stamp_now++;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t u = p->use_start[v->list[i]]; u < p->use_start[v->list[i] + 1]; u++) {
            if (r->row_stamp[p->use[u]] == r->stamp_now)
                continue;
            r->row_stamp[p->use[u]] = r->stamp_now;
            if (!row_holds(v, p->use[u]))
                return false;
        }
    return true;
}

static Status verify(Verifier *v, const AuditMove *moves, size_t wanted, Error *err)
{
    uint32_t count;
    Status st = OK;
    if (place_moves(v, moves, wanted, &count) && rows_hold(v, count)) {
        qsort(v->list, count, sizeof *v->list, ascending);
        for (uint32_t i = 0; i < count; i++)
            v->x[i] = v->reach->point[v->list[i]] + v->by[v->list[i]];
        const Piece part = {.vars = count, .outer = v->list};
        st = reach_saw(v->reach, &part, v->x, err);
    }
    for (uint32_t i = 0; i < count; i++)
        v->by[v->list[i]] = 0;
    return st;
}

Status offers_verify(const Offers *s, uint32_t piece, Reach *r, Error *err)
{
    Verifier v = {.reach = r, .piece = piece, .offers = s};
    size_t n = (size_t)r->piece->vars + 1;
    if (s->first[piece] == s->first[piece + 1] || !r->all_equal)
        return OK;
    TRY(arena_new(&r->arena, uint32_t, n, &v.list, err));
    TRY(arena_new(&r->arena, int64_t, n, &v.by, err));
    TRY(arena_new(&r->arena, int64_t, n, &v.x, err));
    for (uint32_t i = s->first[piece]; i < s->first[piece + 1]; i++) {
        const AuditMove *moves;
        size_t count = table_at(s->offered, s->table[i], &moves);
        if (count < n)
            TRY(verify(&v, moves, count, err));
    }
    return OK;
}
