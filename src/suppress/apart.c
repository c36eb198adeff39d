/*
 * A part is a net of its own, with an engine of its own that knows what the whole knows about its cells. Parts have no
 * cell in common, so they can be asked at the same time; their moves are then made one after the other in the whole, in
 * the order of parts, so that the pattern does not depend on threads.
 */
#include "suppress/apart.h"

#include <stdlib.h>

typedef struct Part {
    Net net;
    Engine *engine;
    uint32_t *outer; /* the part's cell -> the whole's */
    uint32_t *need;  /* the engine's need -> the whole's */
    EngineMoves moves;
} Part;

typedef struct Apart {
    Engine *whole;
    const Cut *cut;
    uint32_t *inner; /* cell of the problem -> the whole's; NET_NONE */
    IdList *needs;   /* by part: the whole's needs that are not met */
    Part *parts;
    EngineOrder order;
} Apart;

/* Cells of a part that may move and do not stand alone in an equation among themselves. */
static Status choose_cells(const Apart *a, uint32_t part, Arena *scratch, uint8_t **usable, Error *err)
{
    const SdcProblem *p = a->whole->net->problem;
    uint32_t *block_of, blocks;
    TRY(arena_new(scratch, uint8_t, (size_t)p->cell_count + 1, usable, err));
    TRY(arena_new(scratch, uint32_t, (size_t)p->cell_count + 1, &block_of, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        (*usable)[i] = a->cut->part_of[i] == part && a->inner[i] != NET_NONE && a->whole->allowed[a->inner[i]];
    return net_blocks(p, *usable, block_of, &blocks, err);
}

static Status ask_part(size_t item, void *ctx, Error *err)
{
    Apart *a = ctx;
    Part *part = &a->parts[item];
    Arena scratch;
    uint8_t *usable;
    Status st;
    if (a->needs[item].len == 0)
        return OK;
    arena_init(&scratch, 0);
    TRY_OUT(choose_cells(a, (uint32_t)item, &scratch, &usable, err));
    TRY_OUT(net_build(a->whole->net->problem, usable, NULL, &part->net, err));
    TRY_OUT(engine_part(a->whole, &part->net, a->inner, &a->needs[item], &part->engine, err));
    TRY_OUT(engine_meet_all(part->engine, a->order, err));
    part->moves = part->engine->moves;
    part->engine->moves = (EngineMoves){0};
out:
    engine_free(part->engine);
    part->engine = NULL;
    net_free(&part->net);
    arena_free(&scratch);
    return st;
}

static Status list_needs(Apart *a, Error *err)
{
    const Engine *e = a->whole;
    for (size_t i = 0; i < e->needs.len; i++) {
        const Need *need = &e->needs.at[i];
        if (!need->met && !need->hopeless && !need->whole && need->knows == NET_NONE)
            TRY(vec_push(&a->needs[a->cut->part_of[e->net->outside[need->cell]]], (uint32_t)i, err));
    }
    return OK;
}

static Status take_moves(Apart *a, Error *err)
{
    for (uint32_t i = 0; i < a->cut->count; i++) {
        const EngineMoves *m = &a->parts[i].moves;
        for (size_t k = 0; k < m->at.len; k++) {
            size_t end = k + 1 < m->at.len ? m->at.at[k + 1].first : m->terms.len;
            TRY(engine_take(
                a->whole, m->at.at[k].need, m->terms.at + m->at.at[k].first, (uint32_t)(end - m->at.at[k].first), err));
        }
    }
    return OK;
}

static Status meet_cut(Engine *e, const Cut *cut, uint32_t *inner, EngineOrder order, Error *err)
{
    Apart a = {.whole = e, .cut = cut, .inner = inner, .order = order};
    Status st;
    TRY_OUT(mem_zalloc(cut->count, sizeof *a.needs, (void **)&a.needs, err));
    TRY_OUT(mem_zalloc(cut->count, sizeof *a.parts, (void **)&a.parts, err));
    TRY_OUT(list_needs(&a, err));
    TRY_OUT(parallel_for(cut->count, e->threads, ask_part, &a, err));
    TRY_OUT(take_moves(&a, err));
out:
    for (uint32_t i = 0; i < cut->count; i++) {
        if (a.needs)
            vec_free(&a.needs[i]);
        if (a.parts) {
            vec_free(&a.parts[i].moves.at);
            vec_free(&a.parts[i].moves.terms);
        }
    }
    mem_free(a.needs);
    mem_free(a.parts);
    return st;
}

Status apart_meet(Engine *e, EngineOrder order, Error *err)
{
    Arena scratch;
    uint32_t *inner;
    Status st;
    arena_init(&scratch, 0);
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)e->net->problem->cell_count + 1, &inner, err));
    memset(inner, 0xff, sizeof *inner * e->net->problem->cell_count);
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        inner[e->net->outside[j]] = j;
    for (uint32_t i = 0; i < e->cut_count; i++)
        TRY_OUT(meet_cut(e, &e->cuts[i], inner, order, err));
out:
    arena_free(&scratch);
    return st;
}
