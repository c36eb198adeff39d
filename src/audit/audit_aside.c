/*
 * Facts that contradict each other.
 *
 * What is printed by others need not hold together: the sum of a state's districts is not the state when a row was
 * corrected in one table and not in the other. From a contradiction everything follows, so one wrong total would take
 * the findings of everybody below it. A reader does something else: he believes what he was told first and sets aside
 * what does not fit. So facts are put in one at a time, in the order in which they were told, with what propagates from
 * each; one that contradicts those before it is taken out again, and the result names it.
 *
 * Contradictions that only a search finds are not looked for here; they stay in their piece (AUDIT_CLASH).
 */
#include "audit/audit_model.h"

#define STEPS_A_FACT 100000 /* endless unknowns can push each other up for ever */

typedef struct Weighing {
    const AuditSystem *s;
    Work work;
    uint8_t *asleep;
} Weighing;

static void wake(Weighing *g, uint32_t constraint)
{
    g->asleep[constraint] = 0;
    work_push(&g->work, constraint);
}

static void fact_constraints(const AuditSystem *s, uint32_t fact, uint32_t *first, uint32_t *count, uint32_t *quotient)
{
    const ModelFact *f = &s->facts.at[fact];
    *first = f->row_first;
    *count = f->row_count;
    *quotient = f->quotient == AUDIT_NONE ? AUDIT_NONE : (uint32_t)s->rows.len + f->quotient;
}

/* Rows that say what a sum is, and what everybody knows, belong to no fact. */
static bool definitions_hold(Weighing *g)
{
    for (size_t r = 0; r < g->s->rows.len; r++)
        if (g->s->rows.at[r].fact == AUDIT_NONE)
            wake(g, (uint32_t)r);
    return work_propagate(&g->work, 0);
}

static bool fact_fits(Weighing *g, uint32_t fact)
{
    uint32_t first, count, quotient;
    fact_constraints(g->s, fact, &first, &count, &quotient);
    g->work.trail.len = 0; /* what the facts before it say stays said */
    for (uint32_t r = first; r < first + count; r++)
        wake(g, r);
    if (quotient != AUDIT_NONE)
        wake(g, quotient);
    if (work_propagate(&g->work, STEPS_A_FACT) || g->work.status != OK)
        return true;
    work_undo(&g->work, 0);
    for (uint32_t r = first; r < first + count; r++)
        g->asleep[r] = g->s->rows.at[r].fact != AUDIT_NONE; /* others may use the sums that it brought */
    if (quotient != AUDIT_NONE)
        g->asleep[quotient] = 1;
    return false;
}

static Status weigh(Weighing *g, const Piece *whole, Aside *out, Error *err)
{
    TRY(arena_new(out->arena, uint8_t, (size_t)whole->rows + whole->quotients + 1, &g->asleep, err));
    TRY(arena_new(out->arena, uint8_t, g->s->facts.len + 1, &out->is, err));
    memset(g->asleep, 1, (size_t)whole->rows + whole->quotients);
    g->work.asleep = g->asleep;
    if (!definitions_hold(g))
        return OK;
    for (uint32_t f = 0; f < g->s->facts.len; f++) {
        TRY(cancel_check(err));
        if (fact_fits(g, f))
            continue;
        out->is[f] = 1;
        out->count++;
    }
    out->out = g->asleep;
    return g->work.status != OK ? error_nomem(err) : OK;
}

Status aside_find(const AuditSystem *s, const Piece *whole, Aside *out, Error *err)
{
    Weighing g = {.s = s};
    TRY(work_init(&g.work, whole, err));
    Status st = weigh(&g, whole, out, err);
    work_free(&g.work);
    return st;
}

/* In place: the arrays only become shorter. */
Status aside_drop(Piece *p, const uint8_t *out, Arena *a, Error *err)
{
    uint32_t rows = 0, at = 0, quotients = 0, *place;
    TRY(arena_new(a, uint32_t, (size_t)p->quotients + 1, &place, err));
    for (uint32_t r = 0; r < p->rows; r++) {
        uint32_t from = p->start[r], count = p->start[r + 1] - from;
        if (out[r])
            continue;
        memmove(p->var + at, p->var + from, count * sizeof *p->var);
        memmove(p->coef + at, p->coef + from, count * sizeof *p->coef);
        p->row_low[rows] = p->row_low[r];
        p->row_high[rows] = p->row_high[r];
        p->start[rows++] = at;
        at += count;
    }
    for (uint32_t q = 0; q < p->quotients; q++) {
        place[q] = out[p->rows + q] ? AUDIT_NONE : quotients;
        if (!out[p->rows + q])
            p->quotient[quotients++] = p->quotient[q];
    }
    for (uint32_t q = 0; q < quotients; q++) {
        uint32_t *rates[] = {&p->quotient[q].rate_ab, &p->quotient[q].rate_cd};
        for (size_t i = 0; i < COUNT_OF(rates); i++)
            if (*rates[i] != AUDIT_NONE)
                *rates[i] = place[*rates[i]];
    }
    p->start[rows] = at;
    p->rows = rows;
    p->quotients = quotients;
    return piece_index(p, a, err);
}
