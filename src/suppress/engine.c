/*
 * Incremental protection (Kelly, Golden and Assad 1992; Sande's CONFID): one need after another is met by the cheapest
 * move, and what one move protects is not asked for again. engine_trial.c takes the pattern apart afterwards.
 */
#include "suppress/apart.h"
#include "suppress/circuit.h"

#include <math.h>
#include <stdlib.h>

#define RESHAPES 3    /* times a move's costs are set by what it used (slope scaling, Kim and Pardalos 1999) */
#define FAR_FAILED 16 /* far questions: the net is one in which they do not pay */
/* Nor where those that were answered cost so many pivots times equations for each need, answered or not: some 7 ms.
 * Hierarchies take 2. */
#define FAR_WORK UINT64_C(1000000)
#define WHOLE (1 - 1e-9)
#define WHOLE_TRIES 24  /* questions for a witness of whole numbers, each without one more cell that had a fraction */
#define LOCAL_ROWS 1000 /* a dense inverse of more costs more than Clp over the whole net */

int64_t engine_price(const Engine *e)
{
    int64_t sum = 0;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        if (e->in[j] && !e->must[j])
            sum += e->price[j];
    return sum;
}

Status engine_moves(const Engine *e, WholeList *list, Error *err)
{
    for (size_t i = 0; i < e->needs.len; i++)
        if (e->needs.at[i].met)
            TRY(whole_list(list, e->needs.at[i].move, err));
    return OK;
}

/* --- witnesses ---------------------------------------------------------------------------------------------------- */

/* Gives a need the secondaries of a move as its witness. */
static Status give(Engine *e, uint32_t id, const LocalTerm *terms, uint32_t count, Error *err)
{
    uint32_t used = 0, *use = NULL;
    for (uint32_t i = 0; i < count; i++)
        used += !e->must[terms[i].cell];
    if (used > 0) {
        TRY(mem_alloc(used * sizeof *use, (void **)&use, err));
        used = 0;
        for (uint32_t i = 0; i < count; i++)
            if (!e->must[terms[i].cell])
                use[used++] = terms[i].cell;
    }
    Need *need = &e->needs.at[id];
    mem_free(need->use);
    need->use = use;
    need->use_count = used;
    need->terms = count;
    WholeMove *move = whole_share(e->given);
    whole_drop(need->move);
    need->move = move;
    need->met = true;
    need->hopeless = false;
    for (uint32_t i = 0; i < used; i++)
        TRY(vec_push(&e->users[use[i]], id, err));
    return OK;
}

void engine_reach(const Engine *e, const LocalTerm *terms, uint32_t count, double *forward, double *backward)
{
    const Net *n = e->net;
    *forward = *backward = INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        double y = terms[i].value, size = fabs(y);
        uint32_t j = terms[i].cell;
        double ahead = (y > 0 ? n->up[j] : n->down[j]) / size, behind = (y > 0 ? n->down[j] : n->up[j]) / size;
        *forward = ahead < *forward ? ahead : *forward;
        *backward = behind < *backward ? behind : *backward;
    }
}

static bool touches(const LocalTerm *terms, uint32_t count, uint32_t cell)
{
    for (uint32_t i = 0; i < count; i++)
        if (terms[i].cell == cell)
            return true;
    return false;
}

static Status credit_cell(
    Engine *e, const LocalTerm *terms, uint32_t count, uint32_t at, double forward, double backward, Error *err)
{
    uint32_t j = terms[at].cell;
    double y = terms[at].value;
    double most = y > 0 ? y * forward : -y * backward, least = y > 0 ? -y * backward : y * forward;
    for (size_t i = 0; i < e->needs_of[j].len; i++) {
        uint32_t id = e->needs_of[j].at[i];
        Need *need = &e->needs.at[id];
        if (need->met || (need->target > 0 ? most < need->target * WHOLE : least > need->target * WHOLE))
            continue;
        if (need->knows != NET_NONE && touches(terms, count, need->knows))
            continue;
        if (need->whole && !e->given)
            continue;
        TRY(give(e, id, terms, count, err));
    }
    return OK;
}

/* Everything that a move of suppressed cells shows. */
static Status credit(Engine *e, const LocalTerm *terms, uint32_t count, Error *err)
{
    double forward, backward;
    engine_reach(e, terms, count, &forward, &backward);
    for (uint32_t i = 0; i < count; i++)
        if (e->must[terms[i].cell])
            TRY(credit_cell(e, terms, count, i, forward, backward, err));
    return OK;
}

static bool has_need(const Engine *e, uint32_t cell, uint32_t knows)
{
    for (size_t i = 0; i < e->needs_of[cell].len; i++)
        if (e->needs.at[e->needs_of[cell].at[i]].knows == knows)
            return true;
    return false;
}

/* A witness that moves a singleton does not convince that singleton: he needs another. Any move of at least one unit
 * will do, since only certainty must be kept from him (standard PS2* of the SDC handbook). */
static Status ask_singletons(Engine *e, uint32_t cell, const LocalTerm *terms, uint32_t count, Error *err)
{
    for (uint32_t i = 0; i < count && e->any_singleton; i++) {
        uint32_t s = terms[i].cell;
        bool himself = e->same[s] > 0 && e->same[s] == e->same[cell];
        if (!e->singleton[s] || s == cell || himself || has_need(e, cell, s))
            continue;
        double unit = e->net->up[cell] >= 1 ? 1 : -1;
        TRY(engine_add_need(e, cell, s, unit, err));
    }
    return OK;
}

/* --- one need ----------------------------------------------------------------------------------------------------- */

static int64_t new_price(const Engine *e, const LocalTerm *terms, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!e->in[terms[i].cell])
            sum += e->price[terms[i].cell];
    return sum;
}

static Status keep_move(Move *best, const LocalAnswer *a, int64_t price, Error *err)
{
    void *terms = best->terms;
    TRY(mem_resize(&terms, a->count, sizeof *best->terms, err));
    memcpy(terms, a->terms, a->count * sizeof *best->terms);
    *best = (Move){terms, a->count, price};
    return OK;
}

/* The linear cost of a cell counts how far it moves; what is paid is that it moves at all. So the cells of the last
 * move are charged per unit what makes up their price, and the search is repeated from there. */
static Status reshape(Engine *e, LocalQuery *q, Move *best, Error *err)
{
    for (int round = 0; round < RESHAPES && best->price > 0; round++) {
        LocalStatus status;
        LocalAnswer a;
        uint32_t changed = 0;
        for (uint32_t i = 1; i < best->count; i++) {
            uint32_t j = best->terms[i].cell;
            double share = fabs(best->terms[i].value / q->target);
            if (!e->in[j] && share > 1e-6 && fabs(share - 1) > 1e-6) {
                e->cost[j] = e->weight[j] / share;
                changed++;
            }
        }
        if (changed == 0)
            return OK;
        e->reshaping = true;
        Status st = engine_ask(e, q, &status, &a, err);
        e->reshaping = false;
        int64_t price = st == OK && status == LOCAL_FOUND ? new_price(e, a.terms, a.count) : INT64_MAX;
        for (uint32_t i = 1; i < best->count; i++)
            if (!e->in[best->terms[i].cell])
                e->cost[best->terms[i].cell] = e->weight[best->terms[i].cell];
        TRY(st);
        if (price >= best->price)
            return OK;
        TRY(keep_move(best, &a, price, err));
    }
    return OK;
}

/* The cell with the largest fraction that may be left out; NET_NONE. kept: cells that may not. */
static uint32_t fraction_in(const Move *m, const IdList *kept)
{
    uint32_t cell = NET_NONE;
    double most = 1e-6;
    for (uint32_t i = 1; i < m->count; i++) {
        double x = fabs(m->terms[i].value - round(m->terms[i].value));
        bool may = true;
        for (size_t k = 0; k < kept->len && may; k++)
            may = kept->at[k] != m->terms[i].cell;
        if (may && x > most + 1e-9) {
            cell = m->terms[i].cell;
            most = x;
        }
    }
    return cell;
}

static Status is_whole(const Engine *e, const Move *m, bool *whole, Error *err)
{
    WholeMove *w;
    TRY(whole_move(e->net, m->terms, m->count, &w, err));
    *whole = w != NULL;
    whole_drop(w);
    return OK;
}

/* The auditor counts in whole numbers. A cell that moves by a fraction is left out and the question asked again, until
 * the answer is whole: it costs what its cells cost, where suppressing more cells nearby costs whatever they do. */
static Status leave_out(Engine *e, LocalQuery *q, Move *m, IdList *out, IdList *kept, bool *whole, Error *err)
{
    TRY(is_whole(e, m, whole, err));
    for (int i = 0; i < WHOLE_TRIES && !*whole; i++) {
        LocalStatus status;
        LocalAnswer a;
        uint32_t cell = fraction_in(m, kept);
        if (cell == NET_NONE)
            return OK;
        e->allowed[cell] = 0;
        TRY(vec_push(out, cell, err));
        TRY(engine_ask(e, q, &status, &a, err));
        if (status == LOCAL_FOUND) {
            TRY(keep_move(m, &a, new_price(e, a.terms, a.count), err));
            TRY(is_whole(e, m, whole, err));
            continue;
        }
        e->allowed[cell] = 1;
        out->len--;
        TRY(vec_push(kept, cell, err));
    }
    return OK;
}

static Status make_whole(Engine *e, LocalQuery *q, Move *best, Error *err)
{
    Move m = {0};
    IdList out = {0}, kept = {0};
    bool whole = false;
    Status st = keep_move(&m, &(LocalAnswer){.terms = best->terms, .count = best->count}, best->price, err);
    if (st == OK)
        st = leave_out(e, q, &m, &out, &kept, &whole, err);
    for (size_t i = 0; i < out.len; i++)
        e->allowed[out.at[i]] = 1;
    if (st == OK && whole) {
        Move fractions = *best;
        *best = m;
        m = fractions;
    }
    mem_free(m.terms);
    vec_free(&out);
    vec_free(&kept);
    return st;
}

/* The cheapest move found for a need; best->count 0: none. */
static Status find_move(Engine *e, uint32_t id, uint32_t pivot_limit, double cost_limit, Move *best, Error *err)
{
    Need need = e->needs.at[id];
    LocalStatus status;
    LocalAnswer a;
    LocalQuery q = {.cell = need.cell,
        .target = need.target,
        .cost = e->cost,
        .allowed = e->allowed,
        .pivot_limit = pivot_limit,
        .row_limit = LOCAL_ROWS,
        .cost_limit = cost_limit};
    uint8_t known_allowed = 0;
    best->count = 0;
    if (fabs(need.target) > (need.target > 0 ? e->net->up : e->net->down)[need.cell])
        return OK;
    if (need.knows != NET_NONE) {
        known_allowed = e->allowed[need.knows];
        e->allowed[need.knows] = 0;
    }
    Status st = engine_ask(e, &q, &status, &a, err);
    e->undecided = e->undecided || status == LOCAL_STOPPED;
    if (st == OK && status == LOCAL_FOUND)
        st = keep_move(best, &a, new_price(e, a.terms, a.count), err);
    if (st == OK && best->count > 0)
        st = reshape(e, &q, best, err);
    if (st == OK && best->count > 0 && need.whole)
        st = make_whole(e, &q, best, err);
    if (need.knows != NET_NONE)
        e->allowed[need.knows] = known_allowed;
    return st;
}

static Status suppress_move(Engine *e, const Move *m, Error *err)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (!e->in[m->terms[i].cell]) {
            engine_set_in(e, m->terms[i].cell, 1);
            if (e->trying)
                TRY(vec_push(&e->added, m->terms[i].cell, err));
        }
    return OK;
}

/* To the need that asked for it, and to all that it meets besides. */
static Status give_out(Engine *e, uint32_t id, const Move *m, Error *err)
{
    if (e->keeps_moves)
        TRY(whole_move(e->net, m->terms, m->count, &e->given, err));
    Status st = give(e, id, m->terms, m->count, err);
    if (st == OK)
        st = credit(e, m->terms, m->count, err);
    whole_drop(e->given);
    e->given = NULL;
    return st;
}

/* For the whole, of which this is a part. */
static Status log_move(Engine *e, uint32_t id, const Move *m, Error *err)
{
    TRY(vec_push(&e->moves.at, ((EngineMove){e->outer_need[id], e->moves.terms.len}), err));
    for (uint32_t i = 0; i < m->count; i++)
        TRY(vec_push(&e->moves.terms, ((LocalTerm){e->outer[m->terms[i].cell], m->terms[i].value}), err));
    return OK;
}

static Status make_move(Engine *e, uint32_t id, const Move *m, Error *err)
{
    if (e->outer)
        TRY(log_move(e, id, m, err));
    TRY(suppress_move(e, m, err));
    TRY(give_out(e, id, m, err));
    if (e->needs.at[id].knows == NET_NONE)
        TRY(ask_singletons(e, e->needs.at[id].cell, m->terms, m->count, err));
    return OK;
}

Status engine_take(Engine *e, uint32_t need, const LocalTerm *terms, uint32_t count, Error *err)
{
    const Move m = {.terms = (LocalTerm *)(uintptr_t)terms, .count = count};
    return e->needs.at[need].met ? OK : make_move(e, need, &m, err);
}

Status engine_meet(Engine *e, uint32_t id, uint32_t pivot_limit, double cost_limit, Move *m, Error *err)
{
    if (e->needs.at[id].target == 0) {
        e->needs.at[id].met = true;
        return OK;
    }
    TRY(find_move(e, id, pivot_limit, cost_limit, m, err));
    return m->count > 0 ? make_move(e, id, m, err) : OK;
}

/* --- all needs ---------------------------------------------------------------------------------------------------- */

static int compare_ranked(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

void engine_rank(Ranked *list, size_t count)
{
    qsort(list, count, sizeof *list, compare_ranked);
}

static double rank_of(Engine *e, const Need *need, EngineOrder order)
{
    switch (order) {
    case ENGINE_BY_LEVEL_DOWN:
        return -fabs(need->target);
    case ENGINE_BY_VALUE:
        return -(double)e->net->problem->cells[e->net->outside[need->cell]].value;
    case ENGINE_RANDOM:
        return rng_unit(&e->rng);
    case ENGINE_BY_LEVEL_UP:
    default:
        return fabs(need->target);
    }
}

static Status rank_needs(Engine *e, EngineOrder order, Ranked **out, size_t *count, Error *err)
{
    TRY(mem_alloc((e->needs.len + 1) * sizeof **out, (void **)out, err));
    *count = e->needs.len;
    for (size_t i = 0; i < e->needs.len; i++)
        (*out)[i] = (Ranked){rank_of(e, &e->needs.at[i], order), (uint32_t)i};
    engine_rank(*out, *count);
    return OK;
}

/* The largest whole target from low on for which there is a move, low where there is none; none reaches high. */
static Status farthest(Engine *e, uint32_t id, int64_t low, int64_t high, Move *m, Error *err)
{
    while (low + 1 < high) {
        int64_t middle = low + (high - low) / 2;
        e->needs.at[id].target = (double)middle;
        TRY(find_move(e, id, e->question_pivots, INFINITY, m, err));
        if (m->count > 0)
            low = middle;
        else
            high = middle;
    }
    e->needs.at[id].target = (double)low;
    return OK;
}

static Status ask_below(Engine *e, uint32_t cell, double target, uint32_t *id, Error *err)
{
    for (size_t i = 0; i < e->needs_of[cell].len; i++) {
        *id = e->needs_of[cell].at[i];
        Need *need = &e->needs.at[*id];
        if (need->knows != NET_NONE || need->target >= 0)
            continue;
        if (need->target > target) {
            need->target = target;
            need->met = false;
        }
        return OK;
    }
    *id = (uint32_t)e->needs.len;
    return engine_add_need(e, cell, NET_NONE, target, err);
}

static Status meet_or_despair(Engine *e, uint32_t id, Move *m, Error *err);

/* A width (spl) was asked upwards. Where the cell cannot go so far, it goes as far as it can, at least to its level,
 * and the rest of the width is asked below: the auditor asks no more. */
static Status share_width(Engine *e, uint32_t id, Move *m, Error *err)
{
    const Need *need = &e->needs.at[id];
    uint32_t cell = need->cell, below;
    const SdcCell *c = &e->net->problem->cells[e->net->outside[cell]];
    int64_t target = (int64_t)need->target;
    if (need->knows != NET_NONE || !engine_asks_width(c) || target <= c->upl)
        return OK;
    TRY(farthest(e, id, c->upl, target, m, err));
    TRY(ask_below(e, cell, e->needs.at[id].target - (double)c->spl, &below, err));
    TRY(meet_or_despair(e, below, m, err)); /* its turn may be over */
    return engine_meet(e, id, e->question_pivots, INFINITY, m, err);
}

static bool far_is_over(const Engine *e)
{
    return e->far_failed >= FAR_FAILED || e->far_work > e->needs.len * FAR_WORK;
}

static Status meet_or_despair(Engine *e, uint32_t id, Move *m, Error *err)
{
    if (e->needs.at[id].met || e->needs.at[id].hopeless || (e->needs.at[id].whole && e->reach != ENGINE_WHOLE))
        return OK;
    if (e->reach == ENGINE_FAR && far_is_over(e))
        return OK;
    e->undecided = false;
    TRY(engine_meet(e, id, e->question_pivots, INFINITY, m, err));
    e->far_failed += e->reach == ENGINE_FAR && !e->needs.at[id].met;
    if (!e->needs.at[id].met && e->reach == ENGINE_WHOLE && !e->shrinking)
        TRY(share_width(e, id, m, err));
    if (!e->needs.at[id].met && e->needs.at[id].knows != NET_NONE && e->needs.at[id].target > 0 &&
        e->net->down[e->needs.at[id].cell] >= 1) { /* doubt on one side is enough for a singleton */
        e->needs.at[id].target = -1;
        TRY(engine_meet(e, id, e->question_pivots, INFINITY, m, err));
    }
    e->needs.at[id].hopeless = !e->needs.at[id].met && e->reach == ENGINE_WHOLE && !e->shrinking;
    e->needs.at[id].undecided = e->needs.at[id].hopeless && e->undecided;
    return OK;
}

static Status meet_ranked(Engine *e, const Ranked *ranked, size_t count, Error *err)
{
    Move m = {0};
    Status st = OK;
    for (size_t i = 0; i < count && st == OK; i++)
        st = meet_or_despair(e, ranked[i].id, &m, err);
    for (size_t i = count; i < e->needs.len && st == OK; i++) /* singletons that came up */
        st = meet_or_despair(e, (uint32_t)i, &m, err);
    mem_free(m.terms);
    return st;
}

/* What suppressed cells can meet by themselves. Nothing is suppressed on the way, so their net stays as it is; where
 * singletons know their own cells, some of them may not move. */
static Status meet_inside(Engine *e, const Ranked *ranked, size_t count, Error *err)
{
    if (!e->any_singleton && (!e->large || e->far_local))
        TRY(core_new(e->net, e->in, e->cost, &e->core, err));
    Status st = meet_ranked(e, ranked, count, err);
    core_free(e->core);
    e->core = NULL;
    return st;
}

/* Needs that suppressed cells can meet come first, then those whose answer is near: what they suppress often brings the
 * others' answers near. */
Status engine_meet_all(Engine *e, EngineOrder order, Error *err)
{
    const bool apart[] = {
        [ENGINE_INSIDE] = e->near, [ENGINE_NEAR] = e->large, [ENGINE_FAR] = e->large, [ENGINE_WHOLE] = true};
    Ranked *ranked = NULL;
    size_t count;
    Status st = OK;
    TRY(rank_needs(e, order, &ranked, &count, err));
    e->far_failed = 0;
    e->far_work = 0;
    for (e->reach = ENGINE_INSIDE; st == OK; e->reach++) {
        if (apart[e->reach])
            st = e->reach == ENGINE_INSIDE ? meet_inside(e, ranked, count, err) : meet_ranked(e, ranked, count, err);
        if (e->reach == ENGINE_INSIDE && st == OK && e->cut_count > 0)
            st = apart_meet(e, order, err);
        if (e->reach == ENGINE_FAR && st == OK && far_is_over(e))
            st = circuit_meet(e, err);
        if (e->outer && e->reach == ENGINE_NEAR)
            break;
        if (e->reach == ENGINE_WHOLE)
            break;
    }
    e->reach = ENGINE_WHOLE;
    mem_free(ranked);
    return st;
}

static void take_out(Engine *e)
{
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        engine_set_in(e, j, e->must[j]);
        e->users[j].len = 0;
    }
}

void engine_reset(Engine *e)
{
    take_out(e);
    for (size_t i = 0; i < e->needs.len; i++)
        e->needs.at[i].met = false;
}

/* Witnesses without secondaries stay: in a hierarchy most needs have one, and to find them again would cost more than
 * all else. What cannot be met this time, though it was before, is met outside. */
Status engine_shrink(Engine *e, EngineOrder order, Error *err)
{
    memcpy(e->allowed, e->in, e->net->cell_count);
    take_out(e);
    for (size_t i = 0; i < e->needs.len; i++)
        e->needs.at[i].met = e->needs.at[i].met && e->needs.at[i].use_count == 0;
    e->shrinking = true;
    Status st = engine_meet_all(e, order, err);
    e->shrinking = false;
    memset(e->allowed, 1, e->net->cell_count);
    return st == OK ? engine_meet_all(e, order, err) : st;
}

Status engine_adopt(Engine *e, const uint8_t *in, bool *safe, Error *err)
{
    Status st = OK;
    Move m = {0};
    engine_reset(e);
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        engine_set_in(e, j, in[j] || e->must[j]);
        e->allowed[j] = e->in[j];
    }
    *safe = true;
    for (size_t i = 0; i < e->needs.len && st == OK; i++) {
        if (e->needs.at[i].met || e->needs.at[i].hopeless)
            continue;
        st = engine_meet(e, (uint32_t)i, e->question_pivots, INFINITY, &m, err);
        *safe = *safe && e->needs.at[i].met;
    }
    memset(e->allowed, 1, e->net->cell_count);
    mem_free(m.terms);
    return st;
}
