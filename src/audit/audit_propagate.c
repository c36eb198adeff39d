/*
 * Propagation: bounds that follow from a row when the others' bounds are put in, in integers, until nothing changes.
 *
 * This alone finds what falls out by subtraction, which is most of what careless tables give away, and it is the engine
 * of the search. It never removes a solution, so it may stop anywhere.
 */
#include "audit/attack.h"

Status work_init(Work *w, const Piece *p, Error *err)
{
    *w = (Work){.piece = p};
    size_t constraints = (size_t)p->rows + p->quotients;
    arena_init(&w->arena, 0);
    Status st = arena_new(&w->arena, int64_t, (size_t)p->vars + 1, &w->low, err);
    if (st == OK)
        st = arena_new(&w->arena, int64_t, (size_t)p->vars + 1, &w->high, err);
    if (st == OK)
        st = arena_new(&w->arena, uint32_t, constraints + 1, &w->queue, err);
    if (st == OK)
        st = arena_new(&w->arena, uint8_t, constraints + 1, &w->waiting, err);
    if (st != OK)
        work_free(w);
    else
        work_reset(w);
    return st;
}

void work_free(Work *w)
{
    arena_free(&w->arena);
    vec_free(&w->trail);
    vec_free(&w->frames);
}

static void queue_clear(Work *w)
{
    uint32_t constraints = w->piece->rows + w->piece->quotients;
    for (; w->filled > 0; w->filled--) {
        w->waiting[w->queue[w->head]] = 0;
        w->head = w->head + 1 == constraints ? 0 : w->head + 1;
    }
}

void work_reset(Work *w)
{
    memcpy(w->low, w->piece->low, w->piece->vars * sizeof *w->low);
    memcpy(w->high, w->piece->high, w->piece->vars * sizeof *w->high);
    queue_clear(w);
    w->trail.len = 0;
    w->frames.len = 0;
}

void work_undo(Work *w, size_t mark)
{
    queue_clear(w);
    while (w->trail.len > mark) {
        const Change *c = &w->trail.at[--w->trail.len];
        w->low[c->var] = c->low;
        w->high[c->var] = c->high;
    }
}

void work_push(Work *w, uint32_t constraint)
{
    size_t constraints = (size_t)w->piece->rows + w->piece->quotients;
    if (w->waiting[constraint] || (w->asleep && w->asleep[constraint]))
        return;
    w->waiting[constraint] = 1;
    w->queue[(w->head + w->filled++) % constraints] = constraint;
}

void work_push_all(Work *w)
{
    for (uint32_t k = 0; k < w->piece->rows + w->piece->quotients; k++)
        work_push(w, k);
}

static bool changed(Work *w, uint32_t var, int64_t low, int64_t high)
{
    const Change before = {var, w->low[var], w->high[var]};
    if (vec_push(&w->trail, before, NULL) != OK) {
        w->status = ERR_NOMEM;
        return false;
    }
    w->low[var] = low;
    w->high[var] = high;
    for (uint32_t u = w->piece->use_start[var]; u < w->piece->use_start[var + 1]; u++)
        work_push(w, w->piece->use[u]);
    return true;
}

bool work_low(Work *w, uint32_t var, int64_t low)
{
    if (low <= w->low[var])
        return true;
    return low < ENDLESS && low <= w->high[var] && changed(w, var, low, w->high[var]);
}

bool work_high(Work *w, uint32_t var, int64_t high)
{
    if (high >= w->high[var])
        return true;
    return high > -ENDLESS && high >= w->low[var] && changed(w, var, w->low[var], high);
}

/* The least and the greatest a row can be; endless terms are counted, not added. */
typedef struct Span {
    Wide low, high;
    uint32_t low_endless, high_endless;
} Span;

static void span_add(Span *s, int64_t coef, int64_t low, int64_t high)
{
    int64_t least = coef > 0 ? low : high, most = coef > 0 ? high : low;
    if (least == ENDLESS || least == -ENDLESS)
        s->low_endless++;
    else
        s->low += (Wide)coef * least;
    if (most == ENDLESS || most == -ENDLESS)
        s->high_endless++;
    else
        s->high += (Wide)coef * most;
}

/* What the others leave for one term: end minus the others' contrary extreme. False: nothing known. */
static bool room(int64_t end, Wide sum, uint32_t endless, int64_t coef, int64_t own, Wide *out)
{
    bool own_endless = own == ENDLESS || own == -ENDLESS;
    if (end == ENDLESS || end == -ENDLESS || endless > (own_endless ? 1u : 0u))
        return false;
    *out = (Wide)end - (own_endless ? sum : sum - (Wide)coef * own);
    return true;
}

static bool term_propagate(Work *w, const Span *s, uint32_t row, uint32_t var, int64_t coef)
{
    const Piece *p = w->piece;
    int64_t low = w->low[var], high = w->high[var];
    Wide most, least;
    bool ok = true;
    if (room(p->row_high[row], s->low, s->low_endless, coef, coef > 0 ? low : high, &most))
        ok = coef > 0 ? work_high(w, var, wide_clamp(wide_floor_div(most, coef)))
                      : work_low(w, var, wide_clamp(wide_ceil_div(-most, -(Wide)coef)));
    if (ok && room(p->row_low[row], s->high, s->high_endless, coef, coef > 0 ? high : low, &least))
        ok = coef > 0 ? work_low(w, var, wide_clamp(wide_ceil_div(least, coef)))
                      : work_high(w, var, wide_clamp(wide_floor_div(-least, -(Wide)coef)));
    return ok;
}

static bool row_propagate(Work *w, uint32_t row)
{
    const Piece *p = w->piece;
    Span s = {0};
    if (p->row_low[row] == ENDLESS || p->row_high[row] == -ENDLESS)
        return false; /* no number is that large */
    for (uint32_t i = p->start[row]; i < p->start[row + 1]; i++)
        span_add(&s, p->coef[i], w->low[p->var[i]], w->high[p->var[i]]);
    if (!s.low_endless && p->row_high[row] != ENDLESS && s.low > p->row_high[row])
        return false;
    if (!s.high_endless && p->row_low[row] != -ENDLESS && s.high < p->row_low[row])
        return false;
    bool says_nothing = (p->row_high[row] == ENDLESS || (!s.high_endless && s.high <= p->row_high[row])) &&
                        (p->row_low[row] == -ENDLESS || (!s.low_endless && s.low >= p->row_low[row]));
    for (uint32_t i = p->start[row]; i < p->start[row + 1] && !says_nothing; i++)
        if (!term_propagate(w, &s, row, p->var[i], p->coef[i]))
            return false;
    return true;
}

bool work_propagate(Work *w, uint64_t step_limit)
{
    const Piece *p = w->piece;
    for (uint64_t looked = 0; w->filled > 0 && w->status == OK && (step_limit == 0 || looked < step_limit); looked++) {
        if ((w->step_end > 0 && w->steps > w->step_end) || cancel_asked())
            break;
        uint32_t k = w->queue[w->head];
        w->head = w->head + 1 == (size_t)p->rows + p->quotients ? 0 : w->head + 1;
        w->filled--;
        w->waiting[k] = 0;
        w->steps++;
        if (!(k < p->rows ? row_propagate(w, k) : quotient_propagate(w, &p->quotient[k - p->rows]))) {
            queue_clear(w);
            return false;
        }
    }
    queue_clear(w);
    return w->status == OK;
}

bool piece_holds(const Piece *p, const int64_t *x)
{
    for (uint32_t v = 0; v < p->vars; v++)
        if (x[v] < p->low[v] || x[v] > p->high[v])
            return false;
    for (uint32_t r = 0; r < p->rows; r++) {
        Wide sum = 0;
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
            sum += (Wide)p->coef[i] * x[p->var[i]];
        if ((p->row_low[r] != -ENDLESS && sum < p->row_low[r]) || (p->row_high[r] != ENDLESS && sum > p->row_high[r]))
            return false;
    }
    for (uint32_t q = 0; q < p->quotients; q++)
        if (!quotient_holds(&p->quotient[q], x))
            return false;
    return true;
}
