/*
 * Why something follows: a small set of printed facts, none of which can be left out.
 *
 * Facts are lined up by their distance from the unknown, short ones before sums of many parts, and nothing beyond what
 * is printed as a number; a beginning of the line from which the conclusion follows is found by doubling, and then
 * facts are left out, the farthest first, many at a time and in the end one at a time (a deletion filter; Chinneck and
 * Dravnieks 1991). "Follows" is a proof each time: a search without remainder for a solution outside.
 */
#include "audit/audit_model.h"

#define LINE_MAX 512             /* facts lined up: what follows from more is not explained */
#define LINE_NEAR (LINE_MAX / 4) /* so many of them by way of short sums, before long ones count */
#define SHORT_TERMS 8
#define ATTEMPT_STEPS 100000 /* constraints looked at in one attempt */
#define EXPLAIN_STEPS 10000  /* for one finding, times explain_limit: few attempts need as many as they may */

Status because_init(Because *b, const AuditSystem *s, const AuditAsk *ask, Error *err)
{
    *b = (Because){.s = s, .ask = ask};
    arena_init(&b->arena, 0);
    TRY(model_use(s, &b->arena, &b->use, err));
    TRY(arena_new(&b->arena, uint32_t, s->vars.len + 1, &b->place, err));
    TRY(arena_new(&b->arena, uint32_t, s->vars.len + 1, &b->order, err));
    TRY(arena_new(&b->arena, uint8_t, s->vars.len + 1, &b->seen_var, err));
    TRY(arena_new(&b->arena, uint8_t, s->facts.len + 1, &b->seen_fact, err));
    memset(b->place, 0xff, s->vars.len * sizeof *b->place);
    return OK;
}

void because_free(Because *b)
{
    arena_free(&b->arena);
}

static void see_var(Because *b, uint32_t var, size_t *count)
{
    if (b->seen_var[var])
        return;
    b->seen_var[var] = 1;
    b->order[(*count)++] = var;
}

/* from: the variable it is seen from. What prints one as it is makes all others that speak of it needless. */
static bool leads_on(const Because *b, uint32_t k, uint32_t from, bool long_too)
{
    const AuditSystem *s = b->s;
    size_t terms = k < s->rows.len ? s->rows.at[k].count : 1;
    if (from != b->order[0] && b->printed[from])
        return k < s->rows.len && terms == 1;
    return long_too || terms <= SHORT_TERMS;
}

static void see_constraint(Because *b, uint32_t k, size_t *vars, uint32_t *line, size_t *facts)
{
    const AuditSystem *s = b->s;
    uint32_t fact = k < s->rows.len ? s->rows.at[k].fact : s->quotient_fact.at[k - s->rows.len];
    if (fact != AUDIT_NONE && b->aside && b->aside[fact])
        return;
    if (fact != AUDIT_NONE && !b->seen_fact[fact] && *facts < LINE_MAX) {
        b->seen_fact[fact] = 1;
        line[(*facts)++] = fact;
    }
    if (k < s->rows.len) {
        const ModelRow *r = &s->rows.at[k];
        for (size_t i = 0; i < r->count; i++)
            see_var(b, s->terms.at[r->first + i].var, vars);
        return;
    }
    const Quotient *q = &s->quotients.at[k - s->rows.len];
    const uint32_t of[] = {q->a, q->b, q->c, q->d};
    for (size_t i = 0; i < COUNT_OF(of); i++)
        if (of[i] != AUDIT_NONE)
            see_var(b, of[i], vars);
}

/* Facts by distance. */
static size_t line_up(Because *b, uint32_t var, uint32_t *line)
{
    size_t vars = 0, facts = 0;
    see_var(b, var, &vars);
    for (int long_too = 0; long_too < 2; long_too++) {
        size_t end = long_too ? LINE_MAX : LINE_NEAR;
        for (size_t i = 0; i < vars && facts < end; i++) {
            uint32_t v = b->order[i];
            for (uint32_t u = b->use.start[v]; u < b->use.start[v + 1]; u++)
                if (leads_on(b, b->use.use[u], v, long_too))
                    see_constraint(b, b->use.use[u], &vars, line, &facts);
        }
    }
    for (size_t i = 0; i < vars; i++)
        b->seen_var[b->order[i]] = 0;
    for (size_t i = 0; i < facts; i++)
        b->seen_fact[line[i]] = 0;
    return facts;
}

/* No solution with var strictly between the allowed values around: from after one to before the next. */
static Found gap_empty(Work *w, uint32_t var, int64_t from, int64_t to, uint32_t nodes, int64_t *x)
{
    work_reset(w);
    if (from > to || !work_low(w, var, from) || !work_high(w, var, to))
        return FOUND_NONE;
    return search_point(w, NULL, nodes, x);
}

static Status follows(Because *b, const uint32_t *facts, size_t count, uint32_t var, const int64_t *allowed,
    size_t allowed_count, bool *yes, Error *err)
{
    Arena a;
    Piece p;
    Work w = {0};
    uint32_t at;
    int64_t *x = NULL;
    arena_init(&a, 0);
    Status st = cancel_check(err);
    if (st == OK)
        st = model_part(b->s, facts, count, var, b->place, &a, &p, &at, err);
    if (st == OK)
        st = arena_new(&a, int64_t, (size_t)p.vars + 1, &x, err);
    if (st == OK)
        st = work_init(&w, &p, err);
    *yes = st == OK;
    w.step_end = ATTEMPT_STEPS;
    int64_t from = -ENDLESS;
    for (size_t i = 0; i <= allowed_count && st == OK && *yes; i++) {
        int64_t to = i < allowed_count ? allowed[i] - 1 : ENDLESS;
        *yes = gap_empty(&w, at, from, to, b->ask->effort.node_limit / 10 + 10, x) == FOUND_NONE;
        if (i < allowed_count)
            from = allowed[i] + 1;
        if (w.status != OK)
            st = error_nomem(err);
    }
    b->steps += w.steps;
    work_free(&w);
    arena_free(&a);
    return st;
}

typedef struct Question {
    uint32_t var;
    const int64_t *allowed;
    size_t allowed_count;
} Question;

/* Whether one more attempt may be made. */
static bool attempt_allowed(const Because *b)
{
    return b->attempts < b->ask->explain_limit && b->steps < (uint64_t)EXPLAIN_STEPS * b->ask->explain_limit;
}

/* Leaves out what can be left out, `size` facts at a time. */
static Status thin_out(Because *b, const Question *q, size_t size, uint32_t *line, size_t *count, Error *err)
{
    uint32_t out[LINE_MAX];
    for (size_t i = *count, from; i > 0 && attempt_allowed(b); i = from) {
        bool without;
        from = i > size ? i - size : 0;
        memcpy(out, line + from, (i - from) * sizeof *line);
        memmove(line + from, line + i, (*count - i) * sizeof *line);
        b->attempts++;
        TRY(follows(b, line, *count - (i - from), q->var, q->allowed, q->allowed_count, &without, err));
        if (without) {
            *count -= i - from;
            continue;
        }
        memmove(line + i, line + from, (*count - i) * sizeof *line);
        memcpy(line + from, out, (i - from) * sizeof *line);
    }
    return OK;
}

Status because_find(Because *b, uint32_t var, const int64_t *allowed, size_t allowed_count, Arena *a,
    const uint32_t **facts, size_t *count, Error *err)
{
    const Question q = {var, allowed, allowed_count};
    uint32_t line[LINE_MAX], *kept;
    size_t all = line_up(b, var, line), n = all < 2 ? all : 2;
    bool yes = false;
    *count = 0;
    *facts = NULL;
    b->steps = 0;
    b->attempts = 0;
    for (; attempt_allowed(b); n = n * 2 < all ? n * 2 : all) {
        TRY(follows(b, line, n, var, allowed, allowed_count, &yes, err));
        if (yes || n == all)
            break;
    }
    for (size_t size = n / 4 > 0 ? n / 4 : 1; yes && size > 0; size /= 2)
        TRY(thin_out(b, &q, size, line, &n, err));
    if (!yes || !attempt_allowed(b))
        return OK;
    for (size_t i = 1; i < n; i++) /* in the order they were printed */
        for (size_t k = i; k > 0 && line[k - 1] > line[k]; k--) {
            uint32_t t = line[k];
            line[k] = line[k - 1];
            line[k - 1] = t;
        }
    TRY(arena_new(a, uint32_t, n + 1, &kept, err));
    memcpy(kept, line, n * sizeof *line);
    *facts = kept;
    *count = n;
    return OK;
}
