/*
 * For each need whose witness has fractions a witness of whole numbers, to show to the auditor, who has to look for one
 * otherwise. The pattern stays as it is.
 */
#include "suppress/engine.h"

#include <math.h>

#include "suppress/round.h"

#define FARTHER \
    0.03 /* a move that could go so much farther keeps away from all bounds by so much, where it is rounded */
#define FAR_TERMS 200 /* narrower ones the auditor finds by himself sooner than a question here is answered */
#define QUERY_PIVOTS 5000
#define QUERY_ROWS 1000

/* A move that goes `farther` than asked, shortened to what was asked. */
static Status ask_farther(Engine *e, uint32_t id, double farther, Move *m, Error *err)
{
    const Need *need = &e->needs.at[id];
    double room = (need->target > 0 ? e->net->up : e->net->down)[need->cell];
    double target = need->target * (1 + farther);
    LocalStatus status;
    LocalAnswer a;
    m->count = 0;
    if (fabs(target) > room)
        return OK;
    LocalQuery q = {.cell = need->cell,
        .target = target,
        .cost = e->cost,
        .allowed = e->allowed,
        .pivot_limit = QUERY_PIVOTS,
        .row_limit = QUERY_ROWS,
        .cost_limit = INFINITY};
    TRY(engine_ask(e, &q, &status, &a, err));
    if (status != LOCAL_FOUND)
        return OK;
    void *terms = m->terms;
    TRY(mem_resize(&terms, a.count, sizeof *m->terms, err));
    *m = (Move){.terms = terms, .count = a.count};
    for (uint32_t i = 0; i < a.count; i++)
        m->terms[i] = (LocalTerm){a.terms[i].cell, a.terms[i].value * need->target / target};
    m->terms[0].value = need->target;
    return OK;
}

static Status find_whole(Engine *e, uint32_t id, Move *m, WholeMove **out, Error *err)
{
    *out = NULL;
    TRY(ask_farther(e, id, FARTHER, m, err));
    if (m->count > 0)
        TRY(whole_move(e->net, m->terms, m->count, out, err));
    if (m->count > 0 && !*out)
        TRY(round_move(e->net, m->terms, m->count, e->allowed, out, err));
    return OK;
}

/* The move by whole numbers, in the net's cells. */
static Status take_values(const Engine *e, const WholeMove *w, Move *m, Error *err)
{
    void *terms = m->terms;
    TRY(mem_resize(&terms, w->count, sizeof *m->terms, err));
    m->terms = terms;
    m->count = w->count;
    for (uint32_t i = 0; i < w->count; i++)
        m->terms[i] = (LocalTerm){net_inside(e->net, w->terms[i].cell), (double)w->terms[i].value};
    return OK;
}

static bool lacks_whole(const Need *need)
{
    return need->met && !need->move && need->target != 0 && need->terms > FAR_TERMS;
}

/* To all needs that the move meets as it is or in multiples, forwards and backwards: the auditor sees those, too. */
static void share(Engine *e, const Move *m, WholeMove *w)
{
    double forward, backward;
    engine_reach(e, m->terms, m->count, &forward, &backward);
    for (uint32_t i = 0; i < m->count; i++) {
        uint32_t j = m->terms[i].cell;
        double y = m->terms[i].value;
        double most = y > 0 ? y * floor(forward) : -y * floor(backward);
        double least = y > 0 ? -y * floor(backward) : y * floor(forward);
        for (size_t k = 0; k < e->needs_of[j].len; k++) {
            Need *need = &e->needs.at[e->needs_of[j].at[k]];
            if (lacks_whole(need) && need->knows == NET_NONE &&
                (need->target > 0 ? most >= need->target : least <= need->target))
                need->move = whole_share(w);
        }
    }
}

static Status make_whole(Engine *e, uint32_t id, Move *m, Error *err)
{
    Need *need = &e->needs.at[id];
    uint8_t known = 0;
    WholeMove *w;
    if (need->knows != NET_NONE) {
        known = e->allowed[need->knows];
        e->allowed[need->knows] = 0;
    }
    Status st = find_whole(e, id, m, &w, err);
    if (need->knows != NET_NONE)
        e->allowed[need->knows] = known;
    if (st != OK || !w)
        return st;
    need->move = w;
    TRY(take_values(e, w, m, err));
    share(e, m, w);
    return OK;
}

/* Much more may move now than when the need was met: an answer in a window is mostly whole. */
static Status make_all_whole(Engine *e, Error *err)
{
    Move m = {0};
    Status st = OK;
    for (size_t i = 0; i < e->needs.len && st == OK; i++)
        if (lacks_whole(&e->needs.at[i]))
            st = make_whole(e, (uint32_t)i, &m, err);
    mem_free(m.terms);
    return st;
}

Status engine_make_whole(Engine *e, Error *err)
{
    bool near = e->near;
    if (!e->keeps_moves)
        return OK;
    if (!e->window)
        TRY(window_new(e->net, &e->window, err));
    memcpy(e->allowed, e->in, e->net->cell_count);
    e->shrinking = e->near = true;
    e->reach = e->by_circuits ? ENGINE_FAR : ENGINE_WHOLE; /* a net in which far questions do not pay */
    Status st = make_all_whole(e, err);
    e->reach = ENGINE_WHOLE;
    e->shrinking = false;
    e->near = near;
    memset(e->allowed, 1, e->net->cell_count);
    return st;
}
