/*
 * Competition. Two records of one name may each be likely for a third, and yet
 * cannot both be it: what counts then is not the odds of a pair by itself but
 * the share of all ways to put the few groups concerned together in which the
 * two are one.
 *
 * The ways are partitions. Each is weighted by 2 to the worth of its sets,
 * contradictions excluded, and all of them are counted: for seven groups there
 * are 877. A set is worth its strongest spanning tree less what speaks against
 * the pairs beside the tree: evidence for is counted once, as in the objective,
 * and two that have nothing to be compared by do not compete. With two
 * duplicate-free sources this is the exact posterior of a link under one-to-one
 * assignment, not only the best assignment. Farther groups are cut off: the seven are the two, the
 * strongest rivals, and where these could go instead.
 */
#include "match/cluster_impl.h"

/* Weaker by this much than the link itself: no rival (1 in 256). */
#define RIVAL_WINDOW (8 * WEIGHT_BIT)
/* A third that is this close to both sides is of the same person, and no rival. */
#define ALLY_FROM (3 * WEIGHT_BIT)
#define RIVALS_MAX 12
/* Kept pairs of a group that are looked at: only the very largest have more. */
#define NEAR_SCAN_MAX 4096

/* Odds of the record's pair at i of the list; ODDS_NEVER behind its last one. */
static Weight most_of(const Near *n, uint32_t record, uint32_t i)
{
    return i < n->start[record + 1] ? n->list[i].odds : ODDS_NEVER;
}

/* What stands in order of odds is put in order of components; in each, the order stays. */
static Status order_by_component(Near *n, const ClusterProblem *p, Error *err)
{
    const size_t count = p->pairs->len;
    const MatchPair *pairs = p->pairs->at;
    n->components = p->component ? p->components : 1;
    TRY(mem_zalloc((size_t)n->components + 1, sizeof *n->range, (void **)&n->range, err));
    if (!p->component) {
        n->range[1] = (uint32_t)count;
        return OK;
    }
    uint32_t *sorted = NULL;
    TRY(mem_alloc(count * sizeof *sorted, (void **)&sorted, err));
    for (size_t i = 0; i < count; i++)
        n->range[p->component[pairs[i].a] + 1]++;
    for (uint32_t c = 0; c < n->components; c++)
        n->range[c + 1] += n->range[c];
    for (size_t i = 0; i < count; i++)
        sorted[n->range[p->component[pairs[n->order[i]].a]]++] = n->order[i];
    for (uint32_t c = n->components; c > 0; c--) /* each has moved on to the next one's */
        n->range[c] = n->range[c - 1];
    n->range[0] = 0;
    mem_free(n->order);
    n->order = sorted;
    return OK;
}

Status near_init(Near *n, const ClusterProblem *p, Error *err)
{
    memset(n, 0, sizeof *n);
    n->pairs = p->pairs;
    size_t count = p->pairs->len;
    if (count >= UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "%zu pairs are kept: at most %u can be clustered", count, UINT32_MAX / 2);
    TRY(mem_alloc(count * sizeof *n->odds, (void **)&n->odds, err));
    TRY(mem_alloc(count * sizeof *n->order, (void **)&n->order, err));
    TRY(mem_zalloc((size_t)p->records + 1, sizeof *n->start, (void **)&n->start, err));
    TRY(mem_alloc(2 * count * sizeof *n->list, (void **)&n->list, err));
    TRY(mem_alloc((2 * count + 1) * sizeof *n->skip, (void **)&n->skip, err));
    TRY(mem_alloc((size_t)p->records * sizeof *n->most, (void **)&n->most, err));
    for (size_t i = 0; i <= 2 * count; i++)
        n->skip[i] = (uint32_t)i;

    /* Odds have few values: one counting sort, best first. */
    size_t values = (size_t)(WEIGHT_MAX - WEIGHT_MIN) + 1;
    uint32_t *place = NULL;
    TRY(mem_zalloc(values + 1, sizeof *place, (void **)&place, err));
    const MatchPair *pairs = p->pairs->at;
    for (size_t i = 0; i < count; i++) {
        ASSERT(pairs[i].odds >= WEIGHT_MIN && pairs[i].odds <= WEIGHT_MAX);
        ASSERT(pairs[i].a < pairs[i].b && pairs[i].b < p->records);
        n->odds[i] = pairs[i].odds;
        if (p->judge.lift && n->odds[i] < WEIGHT_MAX)
            n->odds[i] = weight_clip((int64_t)n->odds[i] + p->judge.lift(p->judge.ctx, pairs[i].a, pairs[i].b));
        place[WEIGHT_MAX - n->odds[i] + 1]++;
        n->start[pairs[i].a + 1]++;
        n->start[pairs[i].b + 1]++;
    }
    for (size_t v = 0; v < values; v++)
        place[v + 1] += place[v];
    for (size_t i = 0; i < count; i++)
        n->order[place[WEIGHT_MAX - n->odds[i]]++] = (uint32_t)i;
    mem_free(place);
    TRY(order_by_component(n, p, err));
    for (uint32_t r = 0; r < p->records; r++)
        n->start[r + 1] += n->start[r];
    for (size_t i = 0; i < count; i++) {
        const MatchPair *pair = &pairs[n->order[i]];
        n->list[n->start[pair->a]++] = (NearPair){pair->b, n->order[i], n->odds[n->order[i]]};
        n->list[n->start[pair->b]++] = (NearPair){pair->a, n->order[i], n->odds[n->order[i]]};
    }
    for (uint32_t r = p->records; r > 0; r--) /* each start has moved on to the next one's */
        n->start[r] = n->start[r - 1];
    n->start[0] = 0;
    for (uint32_t r = 0; r < p->records; r++)
        n->most[r] = most_of(n, r, (uint32_t)n->start[r]);
    return OK;
}

void near_free(Near *n)
{
    mem_free(n->odds);
    mem_free(n->order);
    mem_free(n->range);
    mem_free(n->start);
    mem_free(n->list);
    mem_free(n->skip);
    mem_free(n->most);
    memset(n, 0, sizeof *n);
}

void near_revive(const Near *n, uint32_t record)
{
    for (uint64_t i = n->start[record]; i < n->start[record + 1]; i++)
        n->skip[i] = (uint32_t)i;
    n->most[record] = most_of(n, record, (uint32_t)n->start[record]);
}

/* The next entry from i on that was not inside its record's group when last looked at; halves the way there. */
static uint32_t next_outside(const Near *n, uint32_t i)
{
    while (n->skip[i] != i) {
        n->skip[i] = n->skip[n->skip[i]];
        i = n->skip[i];
    }
    return i;
}

static bool nearer(const NearBundle *a, const NearBundle *b)
{
    return a->odds != b->odds ? a->odds > b->odds : a->pair < b->pair;
}

/* Puts one into a list that is sorted and has each group once. */
static size_t near_insert(NearBundle *list, size_t n, size_t max, NearBundle what)
{
    size_t at = 0;
    while (at < n && list[at].root != what.root)
        at++;
    if (at < n && !nearer(&what, &list[at]))
        return n;
    if (at == n) {
        if (n == max && !nearer(&what, &list[n - 1]))
            return n;
        at = n < max ? n++ : n - 1;
    }
    while (at > 0 && nearer(&what, &list[at - 1])) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = what;
    return n;
}

/* What member r of group x adds to the list of n. */
static size_t near_of(Bundles *g, const Near *near, uint32_t x, uint32_t r, Weight from, NearBundle *out, size_t n,
    size_t max, size_t *scanned)
{
    const uint32_t end = (uint32_t)near->start[r + 1];
    uint32_t i = next_outside(near, (uint32_t)near->start[r]);
    bool leads_out = false;
    near->most[r] = most_of(near, r, i);
    for (; i < end; i = next_outside(near, i + 1)) {
        const NearPair *at = &near->list[i];
        if (at->odds < from || (n == max && at->odds < out[n - 1].odds) || (*scanned)++ == NEAR_SCAN_MAX)
            break;
        uint32_t root = bundle_find(g, at->other);
        if (root != x) {
            n = near_insert(out, n, max, (NearBundle){root, at->pair, at->odds});
            leads_out = true;
        } else {
            near->skip[i] = i + 1;
            if (!leads_out)
                near->most[r] = most_of(near, r, i + 1);
        }
    }
    return n;
}

size_t near_bundles(Bundles *g, const Near *near, uint32_t x, Weight from, NearBundle *out, size_t max)
{
    size_t n = 0, scanned = 0;
    uint32_t r = x;
    do {
        /* of most members one look at `most` is all: what they are like is inside already */
        if (near->most[r] >= from && (n < max || near->most[r] >= out[n - 1].odds))
            n = near_of(g, near, x, r, from, out, n, max, &scanned);
        r = g->ring[r];
    } while (r != x && scanned <= NEAR_SCAN_MAX);
    return n;
}

/* --- partitions ------------------------------------------------------------------------------------------------- */

/* A link is held to +-20 bits here, so that sums stay far from the ends and no pair silences all others. */
#define PARTITION_CLIP (20 * WEIGHT_BIT)

static Weight clipped(Weight odds)
{
    return odds > PARTITION_CLIP ? PARTITION_CLIP : odds < -PARTITION_CLIP ? -PARTITION_CLIP : odds;
}

/* Worth of a set of nodes as one person: its strongest spanning tree (Prim 1957), so that each node beyond the first
 * enters once, less what the pairs beside the tree say against it. WEIGHT_NEVER: a contradiction is inside. Of equally
 * strong edges the one with the lower node inside is taken, then with the lower outside. */
static Weight set_worth(const Contest *c, uint32_t mask)
{
    size_t node[COMPETE_NODES_MAX], from[COMPETE_NODES_MAX], n = 0;
    Weight worth = 0;
    for (uint32_t rest = mask; rest != 0; rest &= rest - 1)
        node[n++] = (size_t)__builtin_ctz(rest);
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (c->odds[node[i]][node[j]] == ODDS_NEVER)
                return WEIGHT_NEVER;
            worth += c->against[node[i]][node[j]];
        }
    for (size_t i = 1; i < n; i++)
        from[i] = node[0];
    for (; n > 1; n--) { /* node[1 .. n - 1] are outside, each with its strongest edge from inside */
        size_t best = 1;
        for (size_t i = 2; i < n; i++) {
            Weight odds = c->odds[from[i]][node[i]], most = c->odds[from[best]][node[best]];
            if (odds > most ||
                (odds == most && (from[i] < from[best] || (from[i] == from[best] && node[i] < node[best]))))
                best = i;
        }
        size_t in = node[best];
        worth += clipped(c->odds[from[best]][in]) - c->against[from[best]][in]; /* the odds have it already */
        node[best] = node[n - 1];
        from[best] = from[n - 1];
        for (size_t i = 1; i < n - 1; i++) {
            Weight odds = c->odds[in][node[i]], known = c->odds[from[i]][node[i]];
            if (odds > known || (odds == known && in < from[i]))
                from[i] = in;
        }
    }
    return worth;
}

typedef struct Partitions {
    size_t n;
    const LogSum *table;
    Weight worth[1 << COMPETE_NODES_MAX];
    uint32_t block[COMPETE_NODES_MAX]; /* masks */
    Weight together, apart;            /* log2 of the sums; WEIGHT_NEVER: nothing yet */
} Partitions;

static void partitions_walk(Partitions *w, size_t node, size_t blocks)
{
    if (node == w->n) {
        Weight sum = 0;
        for (size_t b = 0; b < blocks; b++) {
            if (w->worth[w->block[b]] == WEIGHT_NEVER)
                return;
            sum += w->worth[w->block[b]];
        }
        Weight *into = w->block[0] >> 1 & 1 ? &w->together : &w->apart; /* node 0 is always in the first block */
        *into = log_sum(w->table, *into, sum);
        return;
    }
    for (size_t b = 0; b < blocks; b++) {
        w->block[b] |= (uint32_t)1 << node;
        partitions_walk(w, node + 1, blocks);
        w->block[b] &= ~((uint32_t)1 << node);
    }
    w->block[blocks] = (uint32_t)1 << node;
    partitions_walk(w, node + 1, blocks + 1);
}

Weight contest_odds(const Contest *c, const LogSum *table)
{
    ASSERT(c->n >= 2 && c->n <= COMPETE_NODES_MAX);
    Partitions w = {.n = c->n, .table = table, .together = WEIGHT_NEVER, .apart = WEIGHT_NEVER};
    for (uint32_t mask = 1; mask < (uint32_t)1 << c->n; mask++) {
        uint32_t fewer = mask & (mask - 1); /* what contradicts itself there does so here */
        w.worth[mask] = fewer != 0 && w.worth[fewer] == WEIGHT_NEVER ? WEIGHT_NEVER : set_worth(c, mask);
    }
    partitions_walk(&w, 0, 0);
    if (w.together == WEIGHT_NEVER)
        return ODDS_NEVER;
    return weight_clip((int64_t)w.together - w.apart);
}

/* --- rivals ----------------------------------------------------------------------------------------------------- */

static Weight near_odds_of(const NearBundle *list, size_t n, uint32_t root)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].root == root)
            return list[i].odds;
    return ODDS_NEVER;
}

/* Appends those near one side that are not allies of both. */
static size_t take_rivals(const NearBundle *mine, size_t n, const NearBundle *theirs, size_t m, uint32_t skip,
    NearBundle *rivals, size_t count)
{
    for (size_t i = 0; i < n; i++) {
        if (mine[i].root == skip)
            continue;
        if (mine[i].odds >= ALLY_FROM && near_odds_of(theirs, m, mine[i].root) >= ALLY_FROM)
            continue;
        count = near_insert(rivals, count, COMPETE_NODES_MAX - 2, mine[i]);
    }
    return count;
}

/* Where a rival could go instead, as far as there is room: it may not be one at all. */
static size_t take_elsewhere(
    Bundles *g, const Near *near, Weight from, uint32_t node[COMPETE_NODES_MAX], size_t n, uint32_t rival)
{
    NearBundle list[COMPETE_NODES_MAX];
    size_t count = near_bundles(g, near, rival, from, list, COMPETE_NODES_MAX);
    for (size_t i = 0; i < count && n < COMPETE_NODES_MAX; i++) {
        bool seen = false;
        for (size_t k = 0; k < n && !seen; k++)
            seen = node[k] == list[i].root;
        if (!seen)
            node[n++] = list[i].root;
    }
    return n;
}

Weight compete(Bundles *g, const Near *near, uint32_t x, uint32_t y, uint32_t pair, Weight odds, bool *contested)
{
    NearBundle at_x[RIVALS_MAX], at_y[RIVALS_MAX], rivals[COMPETE_NODES_MAX];
    Weight from =
        (near->odds[pair] < odds ? near->odds[pair] : odds) - RIVAL_WINDOW; /* a kept pair may be lowered already */
    size_t nx = near_bundles(g, near, x, from, at_x, RIVALS_MAX);
    size_t ny = near_bundles(g, near, y, from, at_y, RIVALS_MAX);
    size_t count = take_rivals(at_x, nx, at_y, ny, y, rivals, 0);
    count = take_rivals(at_y, ny, at_x, nx, x, rivals, count);
    *contested = false;
    if (count == 0)
        return odds;

    uint32_t node[COMPETE_NODES_MAX] = {x, y};
    size_t n = 2;
    Contest c;
    for (size_t i = 0; i < count; i++)
        node[n++] = rivals[i].root;
    for (size_t i = 2; i < 2 + count; i++)
        n = take_elsewhere(g, near, from, node, n, node[i]);
    c.n = n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            c.odds[i][j] = c.odds[j][i] = bundle_odds(g, node[i], node[j], &c.against[i][j]);
            c.against[j][i] = c.against[i][j];
        }
    Weight shared = contest_odds(&c, &g->log_sum);
    /* Allies in the window raise the odds: what they are worth is seen when they have joined, not before. */
    if (shared > c.odds[0][1])
        shared = c.odds[0][1];
    *contested = shared < c.odds[0][1] - WEIGHT_BIT / 4;
    return shared;
}
