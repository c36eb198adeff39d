/*
 * A pattern is taken apart and put together again where that is cheaper, since what was right for the first need is
 * often useless after the last. Each trial is undone where it is not.
 */
#include "suppress/engine.h"

#define TRIAL_PIVOTS 4000

static bool uses(const Need *need, uint32_t cell)
{
    for (uint32_t i = 0; i < need->use_count; i++)
        if (need->use[i] == cell)
            return true;
    return false;
}

/* Needs whose witness uses `cell` lose it; the old one is kept in the log. */
static Status bereave(Engine *e, uint32_t cell, Error *err)
{
    IdList *list = &e->users[cell];
    size_t kept = 0, count = list->len;
    TRY(vec_reserve(&e->log, e->log.len + count, err));
    e->walk++;
    for (size_t i = 0; i < count; i++) {
        uint32_t id = list->at[i];
        if (id >= e->needs.len)
            continue; /* of a trial that failed: drop_new_needs */
        Need *need = &e->needs.at[id];
        if (need->walk == e->walk || (need->met && !uses(need, cell)))
            continue; /* twice, or stale: gone for good, or trial after trial would go through more of them */
        need->walk = e->walk;
        list->at[kept++] = id;
        if (!need->met)
            continue; /* in the log under another cell; put back, it uses this one again */
        e->log.at[e->log.len++] = (OldUse){id, need->use_count, need->use, need->move};
        need->use = NULL;
        need->move = NULL;
        need->use_count = 0;
        need->met = false;
    }
    list->len = kept;
    return OK;
}

static void settle(Engine *e, bool accept)
{
    for (size_t i = e->log.len; i-- > 0;) {
        OldUse *old = &e->log.at[i];
        Need *need = &e->needs.at[old->need];
        if (accept) {
            mem_free(old->use);
            whole_drop(old->move);
            continue;
        }
        mem_free(need->use);
        whole_drop(need->move);
        need->move = old->move;
        need->use = old->use;
        need->use_count = old->count;
        need->met = true;
    }
    if (!accept)
        for (size_t i = 0; i < e->added.len; i++)
            engine_set_in(e, e->added.at[i], 0);
    e->log.len = 0;
    e->added.len = 0;
    e->trying = false;
}

/* Meets what was bereft for less than `budget`. */
static Status rebuild(Engine *e, size_t needs_before, int64_t budget, double weight_budget, bool *cheaper, Error *err)
{
    Move m = {0};
    Status st = OK;
    *cheaper = true;
    for (size_t i = 0; st == OK && *cheaper; i++) {
        uint32_t id;
        if (i < e->log.len)
            id = e->log.at[i].need;
        else if (needs_before + i - e->log.len < e->needs.len)
            id = (uint32_t)(needs_before + i - e->log.len);
        else
            break;
        if (e->needs.at[id].met)
            continue;
        st = engine_meet(e, id, TRIAL_PIVOTS, weight_budget, &m, err);
        if (st != OK || !e->needs.at[id].met) {
            *cheaper = false;
            break;
        }
        int64_t spent = 0;
        for (size_t k = 0; k < e->added.len; k++)
            spent += e->price[e->added.at[k]];
        *cheaper = spent < budget;
    }
    mem_free(m.terms);
    return st;
}

/* Needs of singletons that a failed trial brought up are not needed with the old witnesses. */
static void drop_new_needs(Engine *e, size_t needs_before)
{
    while (e->needs.len > needs_before) {
        Need *need = &vec_last(&e->needs);
        e->needs_of[need->cell].len--;
        mem_free(need->use);
        whole_drop(need->move);
        e->needs.len--;
    }
}

/* Takes `cells` out and tries to do without them (banned) or with others. */
static Status try_without(Engine *e, const uint32_t *cells, size_t count, bool ban, bool *accepted, Error *err)
{
    int64_t budget = 0;
    double weight_budget = 0;
    size_t needs_before = e->needs.len;
    Status st = OK;
    e->trying = true;
    e->log.len = e->added.len = 0;
    for (size_t i = 0; i < count && st == OK; i++) {
        uint32_t j = cells[i];
        st = bereave(e, j, err);
        budget += e->price[j];
        weight_budget += e->weight[j];
        engine_set_in(e, j, 0);
        e->allowed[j] = !ban;
    }
    *accepted = false;
    if (st == OK)
        st = rebuild(e, needs_before, budget, weight_budget * 1.01 + 0.5, accepted, err);
    for (size_t i = 0; i < count; i++)
        e->allowed[cells[i]] = 1;
    if (!*accepted || st != OK)
        for (size_t i = 0; i < count; i++) { /* what came back in the trial goes with the rest of it */
            for (size_t k = 0; k < e->added.len; k++)
                if (e->added.at[k] == cells[i])
                    e->added.at[k--] = e->added.at[--e->added.len];
        }
    if (!*accepted)
        drop_new_needs(e, needs_before);
    settle(e, *accepted);
    if (!*accepted)
        for (size_t i = 0; i < count; i++)
            engine_set_in(e, cells[i], 1);
    return st;
}

static Status list_secondaries(const Engine *e, Ranked **out, size_t *count, Error *err)
{
    TRY(mem_alloc(((size_t)e->net->cell_count + 1) * sizeof **out, (void **)out, err));
    *count = 0;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        if (e->in[j] && !e->must[j])
            (*out)[(*count)++] = (Ranked){-(double)e->price[j], j};
    engine_rank(*out, *count);
    return OK;
}

Status engine_clean(Engine *e, uint64_t work_limit, Error *err)
{
    Ranked *list = NULL;
    size_t count;
    uint64_t last = e->work + work_limit;
    bool accepted;
    TRY(list_secondaries(e, &list, &count, err));
    Status st = OK;
    for (size_t i = 0; i < count && st == OK && e->work < last; i++)
        if (e->in[list[i].id])
            st = try_without(e, &list[i].id, 1, true, &accepted, err);
    mem_free(list);
    return st;
}

static Status improve_once(Engine *e, const Ranked *list, size_t count, IdList *cells, Error *err)
{
    bool accepted;
    uint32_t first = list[rng_below(&e->rng, count)].id;
    if (!e->in[first] || e->users[first].len == 0)
        return OK;
    uint32_t id = e->users[first].at[rng_below(&e->rng, e->users[first].len)];
    if (id >= e->needs.len)
        return OK; /* of a trial that failed */
    const Need *need = &e->needs.at[id];
    cells->len = 0;
    TRY(vec_push(cells, first, err));
    for (uint32_t i = 0; i < need->use_count; i++)
        if (need->use[i] != first && rng_below(&e->rng, 100) < 70)
            TRY(vec_push(cells, need->use[i], err));
    return try_without(e, cells->at, cells->len, false, &accepted, err);
}

Status engine_improve(Engine *e, uint64_t work_limit, Error *err)
{
    uint64_t last = e->work + work_limit;
    IdList cells = {0};
    Status st = OK;
    while (st == OK && e->work < last) {
        Ranked *list = NULL;
        size_t count;
        uint64_t before = e->work;
        st = list_secondaries(e, &list, &count, err);
        for (size_t i = 0; i < count && st == OK && e->work < last; i++)
            st = improve_once(e, list, count, &cells, err);
        mem_free(list);
        if (e->work == before)
            break;
    }
    vec_free(&cells);
    return st;
}
