/* An engine for a block of the problem, or for a part of one: cells with their prices, and what must be met. */
#include "suppress/fold.h"

#include <math.h>

#define CHEAP 1e-3 /* of the mean weight: what using a suppressed cell costs */
/* In large nets each unit moved has a price of its own, and values count with their root: a move through a thousand
 * cheap cells is dearer to find than it is worth. */
#define LARGE_FLOOR 1.0
#define LARGE_CHEAP 0.1
#define PART_CELLS 20000 /* cells of a part that is asked by itself, where the table can be cut so */

static Status arrays_new(Engine *e, Error *err)
{
    size_t cells = (size_t)e->net->cell_count + 1;
    TRY(arena_new(&e->arena, int64_t, cells, &e->price, err));
    TRY(arena_new(&e->arena, double, cells, &e->weight, err));
    TRY(arena_new(&e->arena, double, cells, &e->cost, err));
    TRY(arena_new(&e->arena, double, cells, &e->cheap, err));
    TRY(arena_new(&e->arena, uint8_t, cells, &e->must, err));
    TRY(arena_new(&e->arena, uint8_t, cells, &e->in, err));
    TRY(arena_new(&e->arena, uint8_t, cells, &e->allowed, err));
    TRY(arena_new(&e->arena, uint8_t, cells, &e->inside, err));
    TRY(arena_new(&e->arena, uint8_t, cells, &e->singleton, err));
    TRY(arena_new(&e->arena, uint32_t, cells, &e->same, err));
    TRY(arena_new(&e->arena, IdList, cells, &e->needs_of, err));
    return arena_new(&e->arena, IdList, cells, &e->users, err);
}

void engine_set_in(Engine *e, uint32_t j, uint8_t in)
{
    e->in[j] = in;
    e->cost[j] = in ? e->cheap[j] : e->weight[j];
}

/* Equal costs make the simplex walk in circles; a number in [0, 1) from the cell's place tells them apart. */
static double jitter(uint32_t j)
{
    return (double)(uint32_t)(j * UINT32_C(2654435761)) / 4294967296.0;
}

static void weigh_cells(Engine *e)
{
    const Net *n = e->net;
    double total = 0;
    for (uint32_t j = 0; j < n->cell_count; j++)
        total += (double)n->problem->cells[n->outside[j]].cost;
    double mean = n->cell_count > 0 ? total / n->cell_count : 0;
    mean = mean > 0 ? mean : 1;
    double least = e->large ? LARGE_FLOOR : 1e-6; /* a free cell is still better left alone */
    double cheap = e->large ? LARGE_CHEAP : CHEAP;
    for (uint32_t j = 0; j < n->cell_count; j++) {
        const SdcCell *c = &n->problem->cells[n->outside[j]];
        double own = (double)c->cost / mean;
        own = e->large ? sqrt(own) : own;
        e->weight[j] = (own + least) * (1 + 1e-4 * jitter(j));
        e->cheap[j] = cheap * (own < 1 ? 0.5 + 0.5 * own : 1) * (1 + 0.25 * jitter(j));
        e->cheap[j] = e->cheap[j] < e->weight[j] ? e->cheap[j] : e->weight[j];
    }
}

static void price_cells(Engine *e)
{
    const Net *n = e->net;
    weigh_cells(e);
    for (uint32_t j = 0; j < n->cell_count; j++) {
        const SdcCell *c = &n->problem->cells[n->outside[j]];
        e->must[j] = c->status == SDC_SENSITIVE || c->status == SDC_SECONDARY;
        e->price[j] = e->must[j] ? 0 : c->cost;
        e->allowed[j] = 1;
        engine_set_in(e, j, e->must[j]);
    }
}

bool engine_asks_width(const SdcCell *c)
{
    return c->spl > c->upl + c->lpl;
}

Status engine_add_need(Engine *e, uint32_t cell, uint32_t knows, double target, Error *err)
{
    Need need = {.cell = cell, .knows = knows, .target = target};
    TRY(vec_push(&e->needs, need, err));
    return vec_push(&e->needs_of[cell], (uint32_t)(e->needs.len - 1), err);
}

static Status add_needs(Engine *e, const EngineSetup *setup, Error *err)
{
    const Net *n = e->net;
    for (uint32_t j = 0; j < n->cell_count; j++) {
        uint32_t cell = n->outside[j];
        if (setup->singleton && setup->singleton[cell])
            e->singleton[j] = e->any_singleton = true;
        e->same[j] = setup->same && cell < setup->same_count ? setup->same[cell] + 1 : 0;
        e->any_width = e->any_width || engine_asks_width(&n->problem->cells[cell]);
        if (setup->settled[cell])
            continue;
        if (setup->up[cell] > 0)
            TRY(engine_add_need(e, j, NET_NONE, (double)setup->up[cell], err));
        if (setup->down[cell] > 0)
            TRY(engine_add_need(e, j, NET_NONE, -(double)setup->down[cell], err));
        for (size_t i = 0; i < e->needs_of[j].len; i++)
            e->needs.at[e->needs_of[j].at[i]].whole = setup->keeps_moves && setup->whole[cell];
    }
    return OK;
}

typedef struct EngineSize {
    bool near, large, far_local; /* as in Engine */
} EngineSize;

/* Without prices and needs. */
static Status engine_start(const Net *net, EngineSize size, Engine **out, Error *err)
{
    Engine *e = NULL;
    Status st;
    TRY(mem_zalloc(1, sizeof *e, (void **)&e, err));
    arena_init(&e->arena, 0);
    e->net = net;
    e->reach = ENGINE_WHOLE;
    e->near = size.near;
    e->large = size.large;
    e->far_local = size.far_local;
    TRY_OUT(arrays_new(e, err));
    TRY_OUT(local_new(net, &e->local, err));
    if (e->near || e->large)
        TRY_OUT(window_new(net, &e->window, err));
    *out = e;
    return OK;
out:
    engine_free(e);
    return st;
}

/* The table itself is cut: folded, its totals are hard to tell from their parts. */
static Status cut(Engine *e, const Fold *fold, Error *err)
{
    const SdcProblem *table = fold ? &fold->plan->work : e->net->problem;
    TRY(parts_cut(table, PART_CELLS, &e->arena, &e->cuts, &e->cut_count, err));
    for (uint32_t i = 0; i < e->cut_count && fold; i++)
        TRY(fold_cut(fold, &e->cuts[i], &e->arena, err));
    return OK;
}

Status engine_new(const Net *net, const EngineSetup *setup, Engine **out, Error *err)
{
    const bool large = (setup->rows > 0 ? setup->rows : net->row_count) >= setup->large_rows;
    const EngineSize size = {.near = net->cell_count >= setup->near_cells,
        .large = large,
        .far_local = large && net->row_count >= setup->far_rows};
    Engine *e = NULL;
    Status st;
    TRY(engine_start(net, size, &e, err));
    e->keeps_moves = setup->keeps_moves;
    e->question_pivots = setup->question_pivots;
    rng_init(&e->rng, setup->seed, 0);
    price_cells(e);
    TRY_OUT(add_needs(e, setup, err));
    e->threads = setup->threads;
    if (e->far_local)
        TRY_OUT(cut(e, setup->fold, err));
    *out = e;
    return OK;
out:
    engine_free(e);
    return st;
}

static Status copy_cells(Engine *e, const Engine *whole, const uint32_t *inner, Error *err)
{
    uint32_t *outer;
    TRY(arena_new(&e->arena, uint32_t, (size_t)e->net->cell_count + 1, &outer, err));
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        uint32_t from = outer[j] = inner[e->net->outside[j]];
        e->price[j] = whole->price[from];
        e->weight[j] = whole->weight[from];
        e->cheap[j] = whole->cheap[from];
        e->must[j] = whole->must[from];
        e->allowed[j] = 1;
        engine_set_in(e, j, whole->in[from]);
    }
    e->outer = outer;
    return OK;
}

static Status copy_needs(Engine *e, const Engine *whole, const IdList *needs, Error *err)
{
    uint32_t *own, *outer, count = 0;
    TRY(arena_new(&e->arena, uint32_t, (size_t)whole->net->cell_count + 1, &own, err));
    TRY(arena_new(&e->arena, uint32_t, needs->len + 1, &outer, err));
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        own[e->outer[j]] = j + 1;
    for (size_t i = 0; i < needs->len; i++) {
        const Need *need = &whole->needs.at[needs->at[i]];
        if (own[need->cell] == 0)
            continue; /* cannot move in this part */
        outer[count++] = needs->at[i];
        TRY(engine_add_need(e, own[need->cell] - 1, NET_NONE, need->target, err));
    }
    e->outer_need = outer;
    return OK;
}

Status engine_part(
    const Engine *whole, const Net *net, const uint32_t *inner, const IdList *needs, Engine **out, Error *err)
{
    const EngineSize size = {.near = true, .large = true, .far_local = true};
    Engine *e = NULL;
    Status st;
    TRY(engine_start(net, size, &e, err));
    e->shrinking = true;
    e->question_pivots = whole->question_pivots;
    e->rng = whole->rng;
    TRY_OUT(copy_cells(e, whole, inner, err));
    TRY_OUT(copy_needs(e, whole, needs, err));
    *out = e;
    return OK;
out:
    engine_free(e);
    return st;
}

void engine_free(Engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->needs.len; i++) {
        mem_free(e->needs.at[i].use);
        whole_drop(e->needs.at[i].move);
    }
    for (size_t i = 0; i < e->log.len; i++) {
        mem_free(e->log.at[i].use);
        whole_drop(e->log.at[i].move);
    }
    for (uint32_t j = 0; e->users && j < e->net->cell_count; j++) {
        vec_free(&e->needs_of[j]);
        vec_free(&e->users[j]);
    }
    vec_free(&e->needs);
    vec_free(&e->moves.at);
    vec_free(&e->moves.terms);
    vec_free(&e->log);
    vec_free(&e->added);
    local_free(e->local);
    wide_free(e->wide);
    window_free(e->window);
    arena_free(&e->arena);
    mem_free(e);
}
