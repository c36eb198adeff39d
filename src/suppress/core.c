/* A net inside a net: numbers there and back, and costs as they were. */
#include "suppress/core.h"

struct Core {
    Net net;
    Local *local;
    Window *window;
    uint32_t *outer, *inner; /* a core's cell in the net, a net's cell in the core; NET_NONE */
    double *cost;
    uint8_t *allowed;
    LocalTerm *terms;
    Arena arena;
};

/* Which cells of the problem the core has, lone ones gone. */
static Status choose_cells(const Net *net, const uint8_t *in, Arena *scratch, uint8_t **usable, Error *err)
{
    uint32_t *block_of, blocks;
    TRY(arena_new(scratch, uint8_t, (size_t)net->problem->cell_count + 1, usable, err));
    TRY(arena_new(scratch, uint32_t, (size_t)net->problem->cell_count + 1, &block_of, err));
    for (uint32_t j = 0; j < net->cell_count; j++)
        (*usable)[net->outside[j]] = in[j];
    return net_blocks(net->problem, *usable, block_of, &blocks, err);
}

static Status number_cells(Core *c, const Net *net, const uint8_t *usable, const double *cost, Error *err)
{
    size_t n = (size_t)c->net.cell_count + 1;
    uint32_t at = 0;
    TRY(arena_new(&c->arena, uint32_t, n, &c->outer, err));
    TRY(arena_new(&c->arena, uint32_t, (size_t)net->cell_count + 1, &c->inner, err));
    TRY(arena_new(&c->arena, double, n, &c->cost, err));
    TRY(arena_new(&c->arena, uint8_t, n, &c->allowed, err));
    TRY(arena_new(&c->arena, LocalTerm, n, &c->terms, err));
    memset(c->allowed, 1, n);
    for (uint32_t j = 0; j < net->cell_count; j++) {
        c->inner[j] = NET_NONE;
        if (!usable[net->outside[j]])
            continue;
        c->inner[j] = at; /* both nets have their cells in the problem's order */
        c->cost[at] = cost[j];
        c->outer[at++] = j;
    }
    ASSERT(at == c->net.cell_count);
    return OK;
}

Status core_new(const Net *net, const uint8_t *in, const double *cost, Core **out, Error *err)
{
    Core *c = NULL;
    Arena scratch;
    uint8_t *usable;
    Status st;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    arena_init(&c->arena, 0);
    arena_init(&scratch, 0);
    TRY_OUT(choose_cells(net, in, &scratch, &usable, err));
    TRY_OUT(net_build(net->problem, usable, NULL, &c->net, err));
    TRY_OUT(number_cells(c, net, usable, cost, err));
    TRY_OUT(local_new(&c->net, &c->local, err));
    TRY_OUT(window_new(&c->net, &c->window, err));
    *out = c;
    c = NULL;
out:
    arena_free(&scratch);
    core_free(c);
    return st;
}

void core_free(Core *c)
{
    if (!c)
        return;
    local_free(c->local);
    window_free(c->window);
    net_free(&c->net);
    arena_free(&c->arena);
    mem_free(c);
}

bool core_moves(const Core *c, uint32_t cell)
{
    return c->inner[cell] != NET_NONE;
}

Status core_ask(Core *c, const LocalQuery *q, uint32_t window, LocalStatus *status, LocalAnswer *out, Error *err)
{
    LocalQuery own = *q;
    own.cell = c->inner[q->cell];
    own.cost = c->cost;
    WindowWish wish = {.cell = own.cell, .size = window, .allowed = c->allowed, .cost = c->cost};
    TRY(window_grow(c->window, &wish, &own.allowed, err));
    TRY(local_solve(c->local, &own, status, out, err));
    for (uint32_t i = 0; i < out->count; i++)
        c->terms[i] = (LocalTerm){c->outer[out->terms[i].cell], out->terms[i].value};
    out->terms = c->terms;
    return OK;
}
