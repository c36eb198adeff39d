/*
 * Search: one whole-number solution within given bounds, or the proof that there is none.
 *
 * Depth first over the unknowns with propagation after each choice. Choices: the value nearest to a guide first, then
 * everything below it, then everything above, so that a search without remainder is a proof. With a solution of a
 * linear program as guide it is "round and repair"; with the truth as guide it finds neighbours of the truth.
 */
#include "audit/attack.h"

#define WIDE_DOMAIN 64 /* without a guide, wider domains are halved */

static int64_t width(const Work *w, uint32_t v)
{
    Wide d = (Wide)w->high[v] - w->low[v];
    return d > ENDLESS - 1 ? ENDLESS - 1 : (int64_t)d;
}

/* The unknown with the fewest values left, the first of equals; those that miss their guide first. */
static uint32_t choose(const Work *w, const int64_t *guide)
{
    uint32_t best = AUDIT_NONE;
    int64_t best_width = ENDLESS;
    bool best_misses = false;
    for (uint32_t v = 0; v < w->piece->vars; v++) {
        int64_t d = width(w, v);
        if (d == 0)
            continue;
        bool misses = guide && (guide[v] < w->low[v] || guide[v] > w->high[v]);
        if (best == AUDIT_NONE || (misses && !best_misses) || (misses == best_misses && d < best_width)) {
            best = v;
            best_width = d;
            best_misses = misses;
        }
    }
    return best;
}

static int64_t first_value(const Work *w, uint32_t v, const int64_t *guide)
{
    int64_t low = w->low[v], high = w->high[v];
    if (guide)
        return guide[v] < low ? low : guide[v] > high ? high : guide[v];
    if (low == -ENDLESS)
        return high < 0 ? high : 0;
    return low;
}

/* The next part of a frame's choice, made on top of its mark. False: nothing left. */
static bool frame_next(Work *w, Frame *f, bool *possible)
{
    for (; f->stage < 3; f->stage++) {
        if (!f->halved && ((f->stage == 1 && f->value == f->low) || (f->stage == 2 && f->value == f->high)))
            continue;
        if (f->stage == 0)
            *possible = work_low(w, f->var, f->value) && work_high(w, f->var, f->value);
        else if (f->stage == 1)
            *possible = work_high(w, f->var, f->value - 1);
        else
            *possible = work_low(w, f->var, f->halved ? f->value : f->value + 1);
        f->stage++;
        return true;
    }
    return false;
}

/* Without a guide a wide domain is halved: stage 0 would be one value of many. */
static void frame_halve(Work *w, Frame *f, const int64_t *guide)
{
    if (guide || f->low == -ENDLESS || f->high == ENDLESS || width(w, f->var) <= WIDE_DOMAIN)
        return;
    f->stage = 1;
    f->halved = true;
    f->value = f->low + width(w, f->var) / 2 + 1;
}

static bool frame_push(Work *w, const int64_t *guide)
{
    uint32_t v = choose(w, guide);
    if (v == AUDIT_NONE)
        return false;
    Frame f = {v, 0, false, first_value(w, v, guide), w->low[v], w->high[v], w->trail.len};
    frame_halve(w, &f, guide);
    if (vec_push(&w->frames, f, NULL) != OK)
        w->status = ERR_NOMEM;
    return true;
}

static bool some_empty(const Work *w)
{
    for (uint32_t v = 0; v < w->piece->vars; v++)
        if (w->low[v] > w->high[v] || w->low[v] == ENDLESS || w->high[v] == -ENDLESS)
            return true;
    return false;
}

/* Endless unknowns can push each other up for ever, a step at a time. */
static bool settle(Work *w)
{
    return work_propagate(w, 5000 + 100 * ((uint64_t)w->piece->rows + w->piece->quotients));
}

/* Everything has one value: a solution, none, or one too large to be judged. */
static Found judge(const Work *w)
{
    const Piece *p = w->piece;
    if (piece_holds(p, w->low))
        return FOUND_ONE;
    for (uint32_t q = 0; q < p->quotients; q++)
        if (quotient_too_large(&p->quotient[q], w->low))
            return FOUND_LIMIT;
    return FOUND_NONE;
}

static Found search(Work *w, const int64_t *guide, uint32_t node_limit)
{
    bool unjudged = false;
    if (some_empty(w) || !settle(w))
        return w->status == OK ? FOUND_NONE : FOUND_LIMIT;
    if (!frame_push(w, guide))
        return judge(w);
    for (uint32_t nodes = 0; w->frames.len > 0 && w->status == OK;) {
        bool possible = false;
        Frame *f = &w->frames.at[w->frames.len - 1];
        work_undo(w, f->mark);
        if (!frame_next(w, f, &possible)) {
            w->frames.len--;
            continue;
        }
        if (++nodes > node_limit || (w->step_end > 0 && w->steps > w->step_end) || cancel_asked())
            return FOUND_LIMIT;
        if (!possible || !settle(w) || frame_push(w, guide))
            continue;
        Found found = judge(w);
        if (found == FOUND_ONE)
            return FOUND_ONE;
        unjudged = unjudged || found == FOUND_LIMIT;
    }
    return w->status == OK && !unjudged ? FOUND_NONE : FOUND_LIMIT;
}

Found search_point(Work *w, const int64_t *guide, uint32_t node_limit, int64_t *x)
{
    size_t mark = w->trail.len;
    w->frames.len = 0;
    work_push_all(w);
    Found found = search(w, guide, node_limit);
    if (found == FOUND_ONE)
        memcpy(x, w->low, w->piece->vars * sizeof *x);
    work_undo(w, mark);
    w->frames.len = 0;
    return found;
}
