/*
 * A noisy hierarchy made consistent.
 *
 * Generalised least squares on a tree takes two passes (Hay, Rastogi, Miklau and Suciu 2010; here with any variances):
 * upward each node averages its own measurement with the sum of its children, weighted by inverse variance; downward
 * what a parent gained is shared among its children in proportion to their variance. Then integers, from the root down:
 * the children of a node are the nearest non-negative vector that sums to it. All of this only reads noisy figures, so
 * it costs nothing of the budget.
 */
#include "perturb/dp_impl.h"

#include <math.h>

void tree_variances(TreeFit *f, const uint32_t *level, const bool *fixed, uint32_t at, const Noise *noise)
{
    for (size_t i = 0; i < f->n; i++)
        if (level[i] == at)
            f->variance[i] = fixed[i] ? 0 : noise ? noise_variance(noise) : -1;
}

void tree_values(TreeFit *f, const int64_t *noisy)
{
    for (size_t i = 0; i < f->n; i++)
        f->y[i] = (double)noisy[i];
}

/* Sums over the children of a node. */
typedef struct Below {
    double z, w;
    bool any;
} Below;

static Status combine(TreeFit *f, const Below *below, size_t i, Error *err)
{
    double s = f->variance[i], y = f->y[i], sum = below[i].z, w = below[i].w;
    if (!below[i].any && s < 0)
        return error_set(err, ERR_INVALID, "a finest cell is not measured: its level has no share of the budget");
    if (!below[i].any || s == 0) {
        f->z[i] = y;
        f->w[i] = s;
    } else if (s < 0 || w == 0) {
        f->z[i] = sum;
        f->w[i] = w;
    } else {
        f->z[i] = (y * w + sum * s) / (w + s);
        f->w[i] = s * w / (w + s);
    }
    return OK;
}

Status tree_least_squares(TreeFit *f, Error *err)
{
    Below *below = NULL;
    TRY(mem_zalloc(f->n, sizeof *below, (void **)&below, err));
    Status st = OK;
    for (size_t i = f->n; i-- > 0 && st == OK;) {
        st = combine(f, below, i, err);
        if (f->parent[i] == TREE_ROOT)
            continue;
        Below *b = &below[f->parent[i]];
        b->z += f->z[i];
        b->w += f->w[i];
        b->any = true;
    }
    for (size_t i = 0; i < f->n && st == OK; i++) {
        uint32_t p = f->parent[i];
        if (p != TREE_ROOT && below[p].w > 0)
            f->z[i] += (f->z[p] - below[p].z) * f->w[i] / below[p].w;
    }
    mem_free(below);
    return st;
}

/* The children of each node side by side: child[start[i]] .. child[start[i + 1] - 1]. */
typedef struct Children {
    uint32_t *start, *child;
    double *x, *w; /* of one node's children */
    int64_t *floors, *y;
} Children;

static Status children_init(const TreeFit *f, Arena *arena, Children *c, Error *err)
{
    size_t n = f->n;
    TRY(arena_new(arena, uint32_t, n + 2, &c->start, err));
    TRY(arena_new(arena, uint32_t, n, &c->child, err));
    TRY(arena_new(arena, double, n, &c->x, err));
    TRY(arena_new(arena, double, n, &c->w, err));
    TRY(arena_new(arena, int64_t, n, &c->floors, err));
    TRY(arena_new(arena, int64_t, n, &c->y, err));
    for (size_t i = 0; i < n; i++)
        if (f->parent[i] != TREE_ROOT)
            c->start[f->parent[i] + 2]++;
    for (size_t i = 2; i < n + 2; i++)
        c->start[i] += c->start[i - 1];
    for (size_t i = 0; i < n; i++)
        if (f->parent[i] != TREE_ROOT)
            c->child[c->start[f->parent[i] + 1]++] = (uint32_t)i;
    return OK;
}

static Status share_out(
    const TreeFit *f, Children *c, size_t i, const int64_t *floors, const bool *fixed, int64_t *out, Error *err)
{
    size_t first = c->start[i], n = c->start[i + 1] - first;
    for (size_t k = 0; k < n; k++) {
        uint32_t at = c->child[first + k];
        c->x[k] = f->z[at];
        /* a free child whose variance came out 0 by rounding must stay free, or the sum could not be met */
        c->w[k] = fixed[at] ? 0 : fmax(f->w[at], 1e-9);
        c->floors[k] = floors[at];
    }
    TRY(simplex_fit(c->x, c->w, c->floors, n, out[i], c->y, err));
    for (size_t k = 0; k < n; k++)
        out[c->child[first + k]] = c->y[k];
    return OK;
}

Status tree_integers(const TreeFit *f, const int64_t *floors, const bool *fixed, int64_t *out, Error *err)
{
    Arena arena;
    Children c;
    arena_init(&arena, 0);
    Status st = children_init(f, &arena, &c, err);
    for (size_t i = 0; i < f->n && st == OK; i++) {
        if (f->parent[i] == TREE_ROOT) {
            int64_t near = (int64_t)floor(f->z[i] + 0.5);
            out[i] = fixed[i] || near < floors[i] ? floors[i] : near;
        }
        if (c.start[i + 1] > c.start[i])
            st = share_out(f, &c, i, floors, fixed, out, err);
    }
    arena_free(&arena);
    return st;
}
