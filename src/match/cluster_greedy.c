/*
 * Unions, strongest first. What counts is never the pair that proposes a union
 * but the whole of the two groups (cluster_joint.c) and who else wants them
 * (cluster_compete.c); a union found weaker than its pair waits until its own
 * strength is due, by which time its rivals may have gone elsewhere.
 */
#include "match/cluster_impl.h"

/* Kept pairs of a group that are looked at for unions by joint evidence. */
#define REJOIN_NEAR_MAX 24
#define REJOIN_ROUNDS_MAX 8
/* A union this close to the strength it waited for is made. */
#define STRENGTH_STEP (WEIGHT_BIT / 10)

typedef struct Waiting {
    Weight odds;
    uint32_t pair;
} Waiting;

/* A union that was not made: the other pairs between the same two groups need not ask again, until one has grown. */
typedef struct Dropped {
    uint32_t x, y, size_x, size_y;
} Dropped;
#define DROPPED_SLOTS ((size_t)1 << 16)

typedef struct Greedy {
    Bundles *g;
    const Near *near;
    VEC(Waiting) heap; /* strongest on top */
    uint64_t joined;
    Dropped *dropped; /* the latest in each slot */
} Greedy;

static bool stronger(Waiting a, Waiting b)
{
    return a.odds != b.odds ? a.odds > b.odds : a.pair < b.pair;
}

static Status heap_push(Greedy *w, Waiting what, Error *err)
{
    TRY(vec_push(&w->heap, what, err));
    size_t i = w->heap.len - 1;
    while (i > 0 && stronger(what, w->heap.at[(i - 1) / 2])) {
        w->heap.at[i] = w->heap.at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap.at[i] = what;
    return OK;
}

static Waiting heap_pop(Greedy *w)
{
    Waiting top = w->heap.at[0], last = w->heap.at[--w->heap.len];
    size_t i = 0, n = w->heap.len;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && stronger(w->heap.at[child + 1], w->heap.at[child]))
            child++;
        if (!stronger(w->heap.at[child], last))
            break;
        w->heap.at[i] = w->heap.at[child];
        i = child;
    }
    if (n > 0)
        w->heap.at[i] = last;
    return top;
}

static Dropped *dropped_slot(const Greedy *w, const Dropped *d)
{
    uint64_t h = ((uint64_t)d->x << 32 | d->y) * UINT64_C(0x9e3779b97f4a7c15);
    return &w->dropped[h >> 48];
}

static void doubt(Bundles *g, uint32_t x, uint32_t y)
{
    g->flags[x] |= BUNDLE_DOUBTFUL;
    g->flags[y] |= BUNDLE_DOUBTFUL;
}

/* Joins, puts off or drops the union that a pair proposes. */
static Status propose(Greedy *w, Waiting what, Error *err)
{
    Bundles *g = w->g;
    const MatchPair *pair = &w->near->pairs->at[what.pair];
    uint32_t x = bundle_find(g, pair->a), y = bundle_find(g, pair->b);
    if (x == y)
        return OK;
    Dropped now = {x < y ? x : y, x < y ? y : x, 0, 0};
    now.size_x = g->size[now.x];
    now.size_y = g->size[now.y];
    Dropped *seen = dropped_slot(w, &now);
    if (memcmp(seen, &now, sizeof now) == 0)
        return OK;
    bool both_alone = g->size[x] == 1 && g->size[y] == 1;
    Weight odds = both_alone && !bundle_forbidden(g, x, y) ? w->near->odds[what.pair] : bundle_odds(g, x, y, NULL);
    Weight from = g->p->config->match_from;
    if (g->p->left && !(g->kinds[x] & g->kinds[y])) /* what is less sure waits until it is known who is left over */
        from += MATCH_LEFT_MARGIN;
    if (odds == ODDS_NEVER) {
        g->refused++;
        doubt(g, x, y);
        *seen = now;
        return OK;
    }
    if (odds < from) {
        *seen = now;
        return OK;
    }
    bool contested;
    Weight shared = compete(g, w->near, x, y, what.pair, odds, &contested);
    if (shared < from + (contested ? AMBIGUITY_MARGIN : 0)) {
        doubt(g, x, y);
        g->flags[x] |= BUNDLE_CHANGED; /* the rival may go elsewhere: looked at again */
        g->flags[y] |= BUNDLE_CHANGED;
        *seen = now;
        return OK;
    }
    if (shared < what.odds - STRENGTH_STEP)
        return heap_push(w, (Waiting){shared, what.pair}, err);
    bundle_join(g, x, y, shared);
    w->joined++;
    return OK;
}

#define PAIRS_AHEAD 8

/* Asks for a pair that is due soon, and for the groups of one that is due sooner. */
static void fetch_pairs(const Greedy *w, size_t next)
{
    const Near *near = w->near;
    if (next + 2 * PAIRS_AHEAD >= near->pairs->len)
        return;
    const MatchPair *soon = &near->pairs->at[near->order[next + PAIRS_AHEAD]];
    __builtin_prefetch(&near->pairs->at[near->order[next + 2 * PAIRS_AHEAD]]);
    __builtin_prefetch(&near->odds[near->order[next + 2 * PAIRS_AHEAD]]);
    __builtin_prefetch(&w->g->parent[soon->a]);
    __builtin_prefetch(&w->g->parent[soon->b]);
}

/* One component: none has to do with another, and what one needs the caches hold. */
static Status greedy_component(Greedy *w, size_t next, size_t end, Error *err)
{
    const Near *near = w->near;
    Weight from = w->g->p->config->match_from;
    for (;;) {
        fetch_pairs(w, next);
        bool more = next < end && near->odds[near->order[next]] >= from;
        Waiting what = {0, 0};
        if (more)
            what = (Waiting){near->odds[near->order[next]], near->order[next]};
        if (w->heap.len > 0 && (!more || stronger(w->heap.at[0], what)))
            what = heap_pop(w);
        else if (more)
            next++;
        else
            return OK;
        TRY(propose(w, what, err));
        if (next % 65536 == 0)
            TRY(cancel_check(err));
    }
}

static Status greedy_run(Greedy *w, Error *err)
{
    const Near *near = w->near;
    for (uint32_t c = 0; c < near->components; c++)
        TRY(greedy_component(w, near->range[c], near->range[c + 1], err));
    return OK;
}

static Status greedy_init(Greedy *w, Bundles *g, const Near *near, Error *err)
{
    *w = (Greedy){.g = g, .near = near};
    return mem_zalloc(DROPPED_SLOTS, sizeof *w->dropped, (void **)&w->dropped, err);
}

static void greedy_free(Greedy *w)
{
    vec_free(&w->heap);
    mem_free(w->dropped);
}

Status clusters_greedy(Bundles *g, const Near *near, Error *err)
{
    Greedy w;
    TRY(greedy_init(&w, g, near, err));
    Status st = greedy_run(&w, err);
    greedy_free(&w);
    return st;
}

/* --- unions by joint evidence ------------------------------------------------------------------------------------- */

/* Proposals between one changed group and those near it. */
static Status look_around(Greedy *w, uint32_t x, Error *err)
{
    Bundles *g = w->g;
    NearBundle list[REJOIN_NEAR_MAX];
    Weight from = g->p->config->match_from;
    size_t n = near_bundles(g, w->near, x, WEIGHT_MIN, list, REJOIN_NEAR_MAX);
    for (size_t i = 0; i < n; i++) {
        uint32_t y = list[i].root;
        if ((g->flags[y] & BUNDLE_CHANGED) && y < x) /* it looks at us */
            continue;
        bool both_alone = g->size[x] == 1 && g->size[y] == 1;
        Weight odds = both_alone ? list[i].odds : bundle_odds(g, x, y, NULL);
        if (odds >= from)
            TRY(heap_push(w, (Waiting){odds, list[i].pair}, err));
    }
    return OK;
}

static Status rejoin_round(Greedy *w, Error *err)
{
    Bundles *g = w->g;
    for (uint32_t r = 0; r < g->p->records; r++) {
        if (g->parent[r] == r && (g->flags[r] & BUNDLE_CHANGED))
            TRY(look_around(w, r, err));
        if (r % 65536 == 0)
            TRY(cancel_check(err));
    }
    for (uint32_t r = 0; r < g->p->records; r++)
        g->flags[r] = (uint8_t)(g->flags[r] & ~BUNDLE_CHANGED);
    while (w->heap.len > 0)
        TRY(propose(w, heap_pop(w), err));
    return OK;
}

Status clusters_rejoin(Bundles *g, const Near *near, Error *err)
{
    Greedy w;
    TRY(greedy_init(&w, g, near, err));
    Status st = OK;
    for (unsigned round = 0; round < REJOIN_ROUNDS_MAX && st == OK; round++) {
        uint64_t before = w.joined;
        memset(w.dropped, 0, DROPPED_SLOTS * sizeof *w.dropped); /* rivals may have gone */
        st = rejoin_round(&w, err);
        if (w.joined == before)
            break;
    }
    greedy_free(&w);
    return st;
}
