/*
 * The cells of a lane as one hierarchy, for counts whose noise is shared out by level (dp_tree). A table has one when
 * its rows differ in one dimension that is divided, and that in one way: state, regions, districts, schools.
 */
#include "protectfile/lanes.h"

typedef struct Growing {
    ProtectJob *job;
    uint32_t lane;
    uint32_t *whole;  /* cell -> the cell it is a part of; LANES_NONE */
    bool *divided;    /* cell -> an equation says of what it is the sum */
    uint32_t *place;  /* cell -> place in the tree */
    uint32_t *level;  /* place -> level */
    uint32_t *parent; /* place -> place */
    int64_t *count;   /* place -> count */
    bool *invariant;  /* place -> nobody can be there */
    LaneTree *out;
} Growing;

static Status no_tree(const ProtectJob *job, uint32_t cell, const char *why, Error *err)
{
    return error_set(err, ERR_INVALID,
        "[%.300s] %s: the lane dp_tree is for one hierarchy, dp_counts for tables of several dimensions",
        job->problem.names[cell].ptr, why);
}

static Status take_rows(Growing *g, Error *err)
{
    const TablesSystem *s = &g->job->system;
    for (uint32_t r = 0; r < s->row_count; r++) {
        uint32_t whole = s->cell[s->start[r]];
        if (g->job->lanes->of_cell[whole] != g->lane)
            continue;
        if (g->divided[whole])
            return no_tree(g->job, whole, "is divided in two ways", err);
        g->divided[whole] = true;
        for (uint32_t k = s->start[r] + 1; k < s->start[r + 1]; k++) {
            if (g->whole[s->cell[k]] != LANES_NONE)
                return no_tree(g->job, s->cell[k], "is a part of two sums", err);
            g->whole[s->cell[k]] = whole;
        }
    }
    return OK;
}

/* Equations have no circles, so each round places some cell, level by level. */
static void place_cells(Growing *g)
{
    const ProtectJob *job = g->job;
    size_t before;
    do {
        before = g->out->tree.n;
        for (uint32_t i = 0; i < job->system.cell_count; i++) {
            uint32_t up = g->whole[i];
            bool waits = up != LANES_NONE && (g->place[up] == LANES_NONE || g->place[up] >= before);
            if (job->lanes->of_cell[i] != g->lane || g->place[i] != LANES_NONE || waits)
                continue;
            size_t at = g->out->tree.n++;
            g->place[i] = (uint32_t)at;
            g->out->cell[at] = i;
            g->parent[at] = up == LANES_NONE ? TREE_ROOT : g->place[up];
            g->level[at] = up == LANES_NONE ? 0 : g->level[g->place[up]] + 1;
            g->count[at] = job->problem.cells[i].value;
            g->invariant[at] = job->system.cells[i].value.mark == TABLES_STRUCTURAL;
            if (g->level[at] + 1 > g->out->tree.levels)
                g->out->tree.levels = g->level[at] + 1;
        }
    } while (g->out->tree.n > before);
}

static Status make_arrays(Growing *g, Error *err)
{
    Arena *a = &g->job->arena;
    size_t n = (size_t)g->job->system.cell_count + 1;
    TRY(arena_new(a, uint32_t, n, &g->whole, err));
    TRY(arena_new(a, bool, n, &g->divided, err));
    TRY(arena_new(a, uint32_t, n, &g->place, err));
    TRY(arena_new(a, uint32_t, n, &g->level, err));
    TRY(arena_new(a, uint32_t, n, &g->parent, err));
    TRY(arena_new(a, int64_t, n, &g->count, err));
    TRY(arena_new(a, bool, n, &g->invariant, err));
    TRY(arena_new(a, uint32_t, n, &g->out->cell, err));
    memset(g->whole, 0xff, n * sizeof *g->whole);
    memset(g->place, 0xff, n * sizeof *g->place);
    return OK;
}

Status lanes_tree(ProtectJob *job, uint32_t lane, LaneTree *out, Error *err)
{
    const Lane *l = &job->lanes->used[lane].lane;
    Growing g = {.job = job, .lane = lane, .out = out};
    *out = (LaneTree){0};
    TRY(make_arrays(&g, err));
    TRY(take_rows(&g, err));
    place_cells(&g);
    out->tree.parent = g.parent;
    out->tree.counts = g.count;
    out->tree.invariants = g.invariant;
    out->tree.shares = l->shares;
    if (out->tree.levels != l->share_count)
        return error_set(err, ERR_INVALID, "the table has %" PRIu32 " levels, but %.*s has shares of %" PRIu32,
            out->tree.levels, SLICE_ARG(job->lanes->used[lane].file), l->share_count);
    return dp_tree_check(&l->privacy, &out->tree, err);
}
