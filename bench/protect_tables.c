/*
 * Cross-tabulations over hierarchies. A dimension is a tree of codes whose leaves are data; a table is all combinations
 * of codes; each code with children is an equation for each combination of the others.
 */
#include "protect_tables.h"

#include <math.h>

#define SMALL 10

typedef struct Dimension {
    uint32_t codes;
    uint32_t *parent; /* UINT32_MAX: top. Children have larger numbers than their parent */
    uint32_t *children;
} Dimension;

typedef struct Grid {
    Dimension d[3];
    uint32_t cells;
} Grid;

static uint32_t cell_at(const Grid *g, const uint32_t at[3])
{
    return (at[0] * g->d[1].codes + at[1]) * g->d[2].codes + at[2];
}

static Status dimension(Arena *a, const uint32_t *sizes, uint32_t levels, Dimension *out, Error *err)
{
    uint32_t total = 1, level = 1;
    for (uint32_t l = 0; l < levels; l++)
        total += level *= sizes[l];
    out->codes = total;
    TRY(arena_new(a, uint32_t, total, &out->parent, err));
    TRY(arena_new(a, uint32_t, total, &out->children, err));
    out->parent[0] = UINT32_MAX;
    uint32_t first = 0, next = 1;
    level = 1;
    for (uint32_t l = 0; l < levels; l++) {
        for (uint32_t i = 0; i < level; i++) {
            out->children[first + i] = sizes[l];
            for (uint32_t c = 0; c < sizes[l]; c++)
                out->parent[next++] = first + i;
        }
        first += level;
        level *= sizes[l];
    }
    return OK;
}

static double effect(Rng *r, double spread)
{
    return exp(spread * rng_normal(r));
}

static int64_t draw(Rng *r, double mean)
{
    double x = floor(mean + rng_normal(r) * sqrt(mean) + 0.5);
    return x < 0 ? 0 : (int64_t)x;
}

static bool is_leaf(const Grid *g, const uint32_t at[3])
{
    return !g->d[0].children[at[0]] && !g->d[1].children[at[1]] && !g->d[2].children[at[2]];
}

static void each(const Grid *g, uint32_t cell, uint32_t at[3])
{
    at[2] = cell % g->d[2].codes;
    at[1] = cell / g->d[2].codes % g->d[1].codes;
    at[0] = cell / g->d[2].codes / g->d[1].codes;
}

static Status fill(const Grid *g, double mean, double spread, uint64_t seed, Arena *a, SdcProblem *p, Error *err)
{
    Rng rng;
    double *of[3];
    uint32_t at[3];
    rng_init(&rng, seed, 0);
    for (int d = 0; d < 3; d++) {
        TRY(arena_new(a, double, g->d[d].codes, &of[d], err));
        for (uint32_t i = 0; i < g->d[d].codes; i++)
            of[d][i] = effect(&rng, spread * 0.6);
    }
    for (uint32_t c = 0; c < g->cells; c++) {
        each(g, c, at);
        if (is_leaf(g, at))
            p->cells[c].value =
                draw(&rng, mean * of[0][at[0]] * of[1][at[1]] * of[2][at[2]] * effect(&rng, spread * 0.5));
    }
    for (int d = 0; d < 3; d++)
        for (uint32_t c = g->cells; c-- > 0;) { /* children have larger numbers: they are complete */
            each(g, c, at);
            bool lower = true;
            for (int k = d + 1; k < 3; k++)
                lower = lower && !g->d[k].children[at[k]];
            if (!lower || g->d[d].parent[at[d]] == UINT32_MAX)
                continue;
            int64_t v = p->cells[c].value;
            at[d] = g->d[d].parent[at[d]];
            p->cells[cell_at(g, at)].value += v;
        }
    return OK;
}

static void mark(SdcProblem *p)
{
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        c->cost = 1 + c->value;
        c->upper = 2 * c->value;
        c->status = c->value == 0 ? SDC_FROZEN : SDC_OPEN;
        if (c->value > 0 && c->value < SMALL) {
            c->status = SDC_SENSITIVE;
            c->upper = c->value + SMALL;
            c->lpl = 1;
            c->upl = SMALL - c->value;
        }
    }
}

static void equations(const Grid *g, SdcProblem *p)
{
    uint32_t row = 0, at[3], k = 0;
    for (int d = 0; d < 3; d++)
        for (uint32_t c = 0; c < g->cells; c++) {
            each(g, c, at);
            uint32_t code = at[d];
            if (!g->d[d].children[code])
                continue;
            p->cell[k] = c;
            p->coef[k++] = -1;
            for (uint32_t i = code + 1; i < g->d[d].codes; i++)
                if (g->d[d].parent[i] == code) {
                    at[d] = i;
                    p->cell[k] = cell_at(g, at);
                    p->coef[k++] = 1;
                }
            p->start[++row] = k;
        }
}

static Status build(Grid *g, double mean, double spread, uint64_t seed, Arena *a, SdcProblem *out, Error *err)
{
    uint32_t rows = 0, entries = 0;
    g->cells = g->d[0].codes * g->d[1].codes * g->d[2].codes;
    for (int d = 0; d < 3; d++)
        for (uint32_t i = 0; i < g->d[d].codes; i++)
            if (g->d[d].children[i]) {
                rows += g->cells / g->d[d].codes;
                entries += g->cells / g->d[d].codes * (g->d[d].children[i] + 1);
            }
    TRY(sdc_new(g->cells, rows, entries, out, err));
    Status st = fill(g, mean, spread, seed, a, out, err);
    mark(out);
    equations(g, out);
    return st;
}

static Status make(const uint32_t *const sizes[3], const uint32_t levels[3], double mean, double spread, uint64_t seed,
    SdcProblem *out, Error *err)
{
    Grid g = {0};
    Arena scratch;
    Status st;
    arena_init(&scratch, 0);
    for (int d = 0; d < 3; d++)
        TRY_OUT(dimension(&scratch, sizes[d], levels[d], &g.d[d], err));
    st = build(&g, mean, spread, seed, &scratch, out, err);
out:
    arena_free(&scratch);
    return st;
}

Status protect_cube(uint32_t n, double mean, uint64_t seed, SdcProblem *out, Error *err)
{
    const uint32_t sizes[1] = {n};
    const uint32_t *const all[3] = {sizes, sizes, sizes};
    const uint32_t levels[3] = {1, 1, 1};
    return make(all, levels, mean, 1.0, seed, out, err);
}

Status protect_tree(uint32_t cells, uint64_t seed, SdcProblem *out, Error *err)
{
    /* 14 regions of 10 districts; 6 fields of 8 programmes; 8 groups: 155 * 55 * 9 = 76,725 for ten districts each */
    uint32_t districts = cells / (14 * 55 * 9);
    const uint32_t places[2] = {14, districts > 0 ? districts : 1}, programmes[2] = {6, 8}, groups[1] = {8};
    const uint32_t *const all[3] = {places, programmes, groups};
    const uint32_t levels[3] = {2, 2, 1};
    return make(all, levels, 6, 1.6, seed, out, err);
}

Status protect_small_tree(uint64_t seed, SdcProblem *out, Error *err)
{
    const uint32_t places[2] = {2, 2}, programmes[1] = {4}, groups[1] = {2};
    const uint32_t *const all[3] = {places, programmes, groups};
    const uint32_t levels[3] = {2, 1, 1};
    return make(all, levels, 30, 1.2, seed, out, err);
}
