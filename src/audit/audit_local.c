/*
 * What the constraints around one unknown say by themselves.
 *
 * A few unknowns around one, and those constraints that speak of nothing else: every solution of the whole is one of
 * this little part, too. So a value that the part excludes is excluded, whatever lies beyond; a value that it leaves
 * may still be excluded by the rest. It is the question of a row by itself (which sizes fit its rates?), with the
 * bounds that the whole has brought.
 */
#include "audit/attack.h"

#define LOCAL_VARS 20
#define LOCAL_TERMS 8 /* longer sums say little while their parts are open */
#define LOCAL_NODES 100
#define LOCAL_STEPS 20000 /* constraints looked at, for one unknown */
#define LOCAL_TRIED 300   /* values; of a wider range nothing is said */

typedef struct Local {
    const Piece *whole;
    uint32_t list[LOCAL_VARS], count;
} Local;

static uint32_t local_place(const Local *l, uint32_t v)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->list[i] == v)
            return i;
    return AUDIT_NONE;
}

/* The variables of a constraint; 0: too many. */
static uint32_t constraint_vars(const Piece *p, uint32_t k, uint32_t *out)
{
    uint32_t count = 0;
    if (k < p->rows) {
        count = p->start[k + 1] - p->start[k];
        if (count > LOCAL_TERMS)
            return 0;
        memcpy(out, p->var + p->start[k], count * sizeof *out);
        return count;
    }
    const Quotient *q = &p->quotient[k - p->rows];
    const uint32_t vars[] = {q->a, q->b, q->c, q->d};
    for (size_t i = 0; i < COUNT_OF(vars); i++)
        if (vars[i] != AUDIT_NONE)
            out[count++] = vars[i];
    return count;
}

static void local_grow(Local *l, uint32_t k)
{
    uint32_t vars[LOCAL_TERMS], fresh = 0, count = constraint_vars(l->whole, k, vars);
    for (uint32_t i = 0; i < count; i++)
        fresh += local_place(l, vars[i]) == AUDIT_NONE;
    if (l->count + fresh > LOCAL_VARS)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (local_place(l, vars[i]) == AUDIT_NONE)
            l->list[l->count++] = vars[i];
}

static void local_list(Local *l, uint32_t var)
{
    const Piece *p = l->whole;
    l->list[l->count++] = var;
    for (uint32_t i = 0; i < l->count; i++)
        for (int rates = 1; rates >= 0; rates--) /* what stands in the same row comes before sums */
            for (uint32_t u = p->use_start[l->list[i]]; u < p->use_start[l->list[i] + 1]; u++)
                if ((p->use[u] >= p->rows) == (rates == 1))
                    local_grow(l, p->use[u]);
}

/* Each constraint whose variables are all listed, once: with the first of them. */
static bool local_takes(const Local *l, uint32_t i, uint32_t k, uint32_t *vars, uint32_t *count)
{
    *count = constraint_vars(l->whole, k, vars);
    uint32_t first = AUDIT_NONE;
    for (uint32_t n = 0; n < *count; n++) {
        vars[n] = local_place(l, vars[n]);
        if (vars[n] == AUDIT_NONE)
            return false;
        first = vars[n] < first ? vars[n] : first;
    }
    return *count > 0 && first == i;
}

static void local_row(const Local *l, uint32_t k, const uint32_t *vars, uint32_t count, Piece *out)
{
    const Piece *p = l->whole;
    uint32_t at = out->start[out->rows];
    memcpy(out->var + at, vars, count * sizeof *vars);
    memcpy(out->coef + at, p->coef + p->start[k], count * sizeof *p->coef);
    out->row_low[out->rows] = p->row_low[k];
    out->row_high[out->rows++] = p->row_high[k];
    out->start[out->rows] = at + count;
}

static void local_quotient(const Local *l, uint32_t k, Piece *out)
{
    Quotient *to = &out->quotient[out->quotients++];
    *to = l->whole->quotient[k - l->whole->rows];
    uint32_t *vars[] = {&to->a, &to->b, &to->c, &to->d};
    for (size_t i = 0; i < COUNT_OF(vars); i++)
        if (*vars[i] != AUDIT_NONE)
            *vars[i] = local_place(l, *vars[i]);
    to->rate_ab = to->rate_cd = AUDIT_NONE; /* they are constraints of their own */
}

static Status local_piece(const Local *l, Arena *a, Piece *out, Error *err)
{
    const Piece *p = l->whole;
    uint32_t uses = 0, vars[LOCAL_TERMS], count;
    for (uint32_t i = 0; i < l->count; i++)
        uses += p->use_start[l->list[i] + 1] - p->use_start[l->list[i]];
    *out = (Piece){.vars = l->count};
    TRY(arena_new(a, int64_t, LOCAL_VARS, &out->low, err));
    TRY(arena_new(a, int64_t, LOCAL_VARS, &out->high, err));
    TRY(arena_new(a, uint32_t, (size_t)uses + 1, &out->start, err));
    TRY(arena_new(a, uint32_t, (size_t)uses * LOCAL_TERMS + 1, &out->var, err));
    TRY(arena_new(a, int64_t, (size_t)uses * LOCAL_TERMS + 1, &out->coef, err));
    TRY(arena_new(a, int64_t, (size_t)uses + 1, &out->row_low, err));
    TRY(arena_new(a, int64_t, (size_t)uses + 1, &out->row_high, err));
    TRY(arena_new(a, Quotient, (size_t)uses + 1, &out->quotient, err));
    for (uint32_t i = 0; i < l->count; i++) {
        out->low[i] = p->low[l->list[i]];
        out->high[i] = p->high[l->list[i]];
        for (uint32_t u = p->use_start[l->list[i]]; u < p->use_start[l->list[i] + 1]; u++) {
            uint32_t k = p->use[u];
            if (!local_takes(l, i, k, vars, &count))
                continue;
            if (k < p->rows)
                local_row(l, k, vars, count, out);
            else
                local_quotient(l, k, out);
        }
    }
    return piece_index(out, a, err);
}

static Status values_left(const Piece *part, uint32_t limit, int64_t *at, uint32_t *count, Error *err)
{
    Work w;
    int64_t x[LOCAL_VARS], value = part->low[0];
    TRY(work_init(&w, part, err));
    uint32_t left = 0;
    for (; value <= part->high[0] && left < limit && w.status == OK; value++) {
        work_reset(&w);
        if (w.steps > LOCAL_STEPS)
            left = limit;
        else if (work_low(&w, 0, value) && work_high(&w, 0, value) &&
                 search_point(&w, NULL, LOCAL_NODES, x) != FOUND_NONE)
            at[left++] = value;
    }
    Status st = w.status != OK ? error_nomem(err) : OK;
    work_free(&w);
    *count = left;
    return st;
}

Status local_values(const Piece *p, uint32_t var, uint32_t limit, int64_t *at, uint32_t *count, Error *err)
{
    Local l = {.whole = p};
    Piece part;
    Arena a;
    *count = limit;
    if (p->low[var] == -ENDLESS || p->high[var] == ENDLESS || (Wide)p->high[var] - p->low[var] >= LOCAL_TRIED)
        return OK;
    arena_init(&a, 0);
    local_list(&l, var);
    Status st = local_piece(&l, &a, &part, err);
    if (st == OK)
        st = values_left(&part, limit, at, count, err);
    arena_free(&a);
    return st;
}
