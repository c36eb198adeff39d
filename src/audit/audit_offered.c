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

Status audit_offered_new(AuditOffered **out, Error *err)
{
    return mem_zalloc(1, sizeof **out, (void **)out, err);
}

void audit_offered_free(AuditOffered *o)
{
    if (!o)
        return;
    offered_clear(o);
    mem_free(o);
}

void offered_clear(AuditOffered *o)
{
    vec_free(&o->moves);
    vec_free(&o->start);
    vec_free(&o->base);
}

Status audit_offer(AuditOffered *o, const AuditMove *moves, size_t count, Error *err)
{
    TRY(vec_push(&o->start, o->moves.len, err));
    for (size_t i = 0; i < count; i++)
        TRY(vec_push(&o->moves, moves[i], err));
    return OK;
}

Status audit_offer_base(AuditOffered *o, const AuditMove *values, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++)
        TRY(vec_push(&o->base, values[i], err));
    return OK;
}

size_t audit_offered_count(const AuditOffered *o)
{
    return o->start.len;
}

size_t offered_table(const AuditOffered *o, size_t table, const AuditMove **out)
{
    size_t first = o->start.at[table], end = table + 1 < o->start.len ? o->start.at[table + 1] : o->moves.len;
    *out = o->moves.at + first;
    return end - first;
}

Status offered_append(AuditOffered *to, const AuditOffered *from, Error *err)
{
    TRY(audit_offer_base(to, from->base.at, from->base.len, err));
    for (size_t t = 0; t < from->start.len; t++) {
        const AuditMove *moves;
        size_t count = offered_table(from, t, &moves);
        TRY(audit_offer(to, moves, count, err));
    }
    return OK;
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
            uint32_t cell = cell_of ? cell_of[pieces->order[k]] : pieces->order[k];
            out->piece_of[cell] = i;
            out->place_of[cell] = k - pieces->first[i];
        }
    return OK;
}

/* The piece of a table's first move; AUDIT_NONE: it moves nothing, or what is no unknown. */
static uint32_t piece_of_table(const Offers *s, size_t table)
{
    const AuditMove *moves;
    size_t count = offered_table(s->offered, table, &moves);
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

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

Status verifier_new(Verifier *v, Reach *r, Arena *a, Error *err)
{
    size_t n = (size_t)r->piece->vars + 1;
    *v = (Verifier){.reach = r};
    TRY(arena_new(a, uint32_t, n, &v->list, err));
    TRY(arena_new(a, int64_t, n, &v->to, err));
    TRY(arena_new(a, uint8_t, n, &v->moves, err));
    TRY(arena_new(a, int64_t, n, &v->x, err));
    memcpy(v->to, r->point, r->piece->vars * sizeof *v->to);
    return OK;
}

bool verifier_move(Verifier *v, uint32_t var, int64_t by)
{
    const Piece *p = v->reach->piece;
    Wide to = (Wide)v->reach->point[var] + by;
    if (v->moves[var] || by == 0 || to < p->low[var] || to > p->high[var])
        return false;
    v->list[v->count++] = var;
    v->to[var] = (int64_t)to;
    v->moves[var] = 1;
    return true;
}

static bool row_holds(const Verifier *v, uint32_t r)
{
    const Piece *p = v->reach->piece;
    Wide sum = 0;
    if (r >= p->rows)
        return quotient_holds(&p->quotient[r - p->rows], v->to);
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
        sum += (Wide)p->coef[k] * v->to[p->var[k]];
    return (p->row_low[r] == -ENDLESS || sum >= p->row_low[r]) && (p->row_high[r] == ENDLESS || sum <= p->row_high[r]);
}

static bool rows_hold(const Verifier *v)
{
    const Piece *p = v->reach->piece;
    Reach *r = v->reach;
    r->stamp_now++;
    for (uint32_t i = 0; i < v->count; i++)
        for (uint32_t u = p->use_start[v->list[i]]; u < p->use_start[v->list[i] + 1]; u++) {
            uint32_t k = p->use[u];
            if (k < p->rows && r->row_stamp[k] == r->stamp_now)
                continue;
            if (k < p->rows)
                r->row_stamp[k] = r->stamp_now;
            if (!row_holds(v, k))
                return false;
        }
    return true;
}

Status verifier_show(Verifier *v, bool whole, bool *shown, Error *err)
{
    Status st = OK;
    *shown = whole && rows_hold(v);
    if (*shown) {
        qsort(v->list, v->count, sizeof *v->list, ascending);
        for (uint32_t i = 0; i < v->count; i++)
            v->x[i] = v->to[v->list[i]];
        const Piece part = {.vars = v->count, .outer = v->list};
        st = reach_saw(v->reach, &part, v->x, err);
    }
    for (uint32_t i = 0; i < v->count; i++) {
        v->to[v->list[i]] = v->reach->point[v->list[i]];
        v->moves[v->list[i]] = 0;
    }
    v->count = 0;
    return st == OK ? cancel_check(err) : st;
}

/* False: something moves that is not an unknown of the piece, or twice, or not at all, or beyond its bounds. */
static bool place_moves(Verifier *v, const Offers *s, uint32_t piece, const AuditMove *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const AuditMove *m = &moves[i];
        if (m->cell >= s->cells || s->piece_of[m->cell] != piece || m->by == INT64_MIN)
            return false;
        if (!verifier_move(v, s->place_of[m->cell], m->by))
            return false;
    }
    return true;
}

Status offers_verify(const Offers *s, uint32_t piece, Reach *r, Error *err)
{
    Verifier v;
    if (s->first[piece] == s->first[piece + 1])
        return OK;
    TRY(verifier_new(&v, r, &r->arena, err));
    for (uint32_t i = s->first[piece]; i < s->first[piece + 1]; i++) {
        const AuditMove *moves;
        bool shown;
        size_t count = offered_table(s->offered, s->table[i], &moves);
        TRY(verifier_show(&v, place_moves(&v, s, piece, moves, count), &shown, err));
        r->held += shown;
    }
    return OK;
}
