/*
 * A hierarchy of counts under differential privacy: noise level by level, then the fit (tree_fit.c).
 *
 * One person changes at most cells_per_person of the finest cells. Higher up those may meet in one node, which then
 * changes by all of them: a level above the finest is measured as if they did.
 */
#include "perturb/dp_impl.h"

typedef struct Work {
    Arena arena;
    const DpTree *tree;
    uint32_t *level;
    bool *fixed;     /* invariant, or sum of fixed ones */
    bool *inner;     /* has children */
    int64_t *floors; /* fixed: the value; otherwise the sum of what is fixed below */
    int64_t *noisy;
    TreeFit fit;
} Work;

static Status work_init(Work *w, const DpTree *t, Error *err)
{
    w->tree = t;
    TRY(arena_new(&w->arena, uint32_t, t->n, &w->level, err));
    TRY(arena_new(&w->arena, bool, t->n, &w->fixed, err));
    TRY(arena_new(&w->arena, bool, t->n, &w->inner, err));
    TRY(arena_new(&w->arena, int64_t, t->n, &w->floors, err));
    TRY(arena_new(&w->arena, int64_t, t->n, &w->noisy, err));
    TRY(arena_new(&w->arena, double, t->n, &w->fit.y, err));
    TRY(arena_new(&w->arena, double, t->n, &w->fit.variance, err));
    TRY(arena_new(&w->arena, double, t->n, &w->fit.z, err));
    TRY(arena_new(&w->arena, double, t->n, &w->fit.w, err));
    w->fit.n = t->n;
    w->fit.parent = t->parent;
    return OK;
}

static Status check_parents(Work *w, Error *err)
{
    const DpTree *t = w->tree;
    uint32_t deepest = 0;
    for (size_t i = 0; i < t->n; i++) {
        uint32_t p = t->parent[i];
        if (p != TREE_ROOT && p >= i)
            return error_set(err, ERR_INVALID, "cell %zu stands before its parent", i + 1);
        w->level[i] = p == TREE_ROOT ? 0 : w->level[p] + 1;
        if (p != TREE_ROOT)
            w->inner[p] = true;
        if (w->level[i] > deepest)
            deepest = w->level[i];
    }
    if (t->n == 0 || t->levels != deepest + 1)
        return error_set(err, ERR_INVALID, "the hierarchy has %" PRIu32 " levels, but %" PRIu32 " shares are given",
            t->n == 0 ? 0 : deepest + 1, t->levels);
    return OK;
}

static Status check_sums(Work *w, Error *err)
{
    const DpTree *t = w->tree;
    TRY(dp_check_counts(t->counts, t->n, err));
    for (size_t i = t->n; i-- > 0;) {
        if (w->inner[i] && w->noisy[i] != t->counts[i])
            return error_set(err, ERR_INVALID, "cell %zu is not the sum of its children", i + 1);
        if (t->parent[i] != TREE_ROOT)
            w->noisy[t->parent[i]] += t->counts[i];
    }
    return OK;
}

static Status check_shares(const DpTree *t, Error *err)
{
    u128 num = 0, den = 1;
    for (uint32_t l = 0; l < t->levels; l++) {
        Ratio s = t->shares[l];
        u128 a, b;
        if (s.den == 0 || CKD_MUL(&a, num, (u128)s.den) || CKD_MUL(&b, den, (u128)s.num) || CKD_ADD(&num, a, b) ||
            CKD_MUL(&den, den, (u128)s.den))
            return error_set(err, ERR_LIMIT, "the levels' shares are fractions too fine to be added");
    }
    if (num > den)
        return error_set(err, ERR_INVALID, "the levels' shares sum to more than 1");
    return OK;
}

static void find_fixed(Work *w)
{
    const DpTree *t = w->tree;
    for (size_t i = 0; i < t->n; i++)
        w->fixed[i] = w->inner[i]; /* until a child is not */
    for (size_t i = t->n; i-- > 0;) {
        w->fixed[i] |= t->invariants && t->invariants[i];
        if (w->fixed[i])
            w->floors[i] = t->counts[i];
        if (t->parent[i] == TREE_ROOT)
            continue;
        w->floors[t->parent[i]] += w->floors[i];
        w->fixed[t->parent[i]] &= w->fixed[i];
    }
}

static Status measure(Work *w, const DpPrivacy *privacy, Coins *coins, Error *err)
{
    const DpTree *t = w->tree;
    for (uint32_t l = 0; l < t->levels; l++) {
        Noise noise;
        bool measured = t->shares[l].num > 0;
        if (measured)
            TRY(dp_noise(privacy, t->shares[l], l + 1 == t->levels ? REACH_FINEST : REACH_COARSE, &noise, err));
        for (size_t i = 0; i < t->n; i++)
            if (w->level[i] == l)
                w->noisy[i] = w->fixed[i] ? t->counts[i] : measured ? t->counts[i] + noise_draw(&noise, coins) : 0;
        tree_variances(&w->fit, w->level, w->fixed, l, measured ? &noise : NULL);
    }
    tree_values(&w->fit, w->noisy);
    return OK;
}

static Status publish(Work *w, DpCount *out, Error *err)
{
    int64_t *values;
    TRY(arena_new(&w->arena, int64_t, w->tree->n, &values, err));
    TRY(tree_least_squares(&w->fit, err));
    TRY(tree_integers(&w->fit, w->floors, w->fixed, values, err));
    for (size_t i = 0; i < w->tree->n; i++)
        out[i] = (DpCount){values[i], w->fixed[i] ? 0 : half_width_of_variance(w->fit.w[i]), true};
    return OK;
}

static Status check_all(Work *w, const DpPrivacy *privacy, Error *err)
{
    const DpTree *t = w->tree;
    TRY(check_parents(w, err));
    TRY(check_sums(w, err));
    TRY(check_shares(t, err));
    for (uint32_t l = 0; l < t->levels; l++) {
        Noise noise;
        if (t->shares[l].num > 0)
            TRY(dp_noise(privacy, t->shares[l], l + 1 == t->levels ? REACH_FINEST : REACH_COARSE, &noise, err));
    }
    return OK;
}

Status dp_tree_check(const DpPrivacy *privacy, const DpTree *tree, Error *err)
{
    Work w = {0};
    arena_init(&w.arena, 0);
    Status st = work_init(&w, tree, err);
    if (st == OK)
        st = check_all(&w, privacy, err);
    arena_wipe(&w.arena);
    return st;
}

Status dp_tree(BudgetPermit *permit, const DpPrivacy *privacy, const DpTree *tree, DpCount *out, Error *err)
{
    Work w = {0};
    Coins *coins = NULL;
    arena_init(&w.arena, 0);
    Status st = OK;
    TRY_OUT(dp_use(permit, privacy, err));
    TRY_OUT(work_init(&w, tree, err));
    TRY_OUT(check_all(&w, privacy, err));
    find_fixed(&w);
    TRY_OUT(coins_new(&coins, err));
    TRY_OUT(measure(&w, privacy, coins, err));
    TRY_OUT(publish(&w, out, err));
out:
    coins_free(coins);
    arena_wipe(&w.arena);
    return st;
}
