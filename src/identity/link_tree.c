/*
 * How a person hangs together: the links that tie its records into one tree.
 *
 * Of all likely pairs inside a cluster the strongest are taken that make a
 * spanning tree (Kruskal 1956, a maximum one); what no kept pair ties is tied to
 * the founder. Groups are united by all their evidence together, so that no edge is
 * weaker than the weakest union that made the cluster, and the weakest edge is it.
 * Edges then point towards the founder, the lowest record: each other
 * record has exactly one link, and every two records of a person are connected by
 * links whose odds say how sure that is.
 *
 * The same trees say how many pairs of a person are expected to be right: the sum
 * over pairs of the product of probabilities along their path, in whole millionths,
 * so that it does not depend on the order of addition.
 */
#include "identity/identity_impl.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 Wide;

#define MILLION UINT64_C(1000000)

typedef struct Edge {
    uint32_t a, b;
    Weight odds;
} Edge;
typedef VEC(Edge) Edges;

static int by_odds(const void *x, const void *y)
{
    const Edge *p = x, *q = y;
    if (p->odds != q->odds)
        return p->odds > q->odds ? -1 : 1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

/* A reviewer's word is the strongest reason two records are together. */
static Status decided_edges(const LinkJob *job, Edges *out, Error *err)
{
    const Resolved *r = &job->resolved;
    for (size_t i = 0; i < job->decisions.len; i++) {
        const Decision *d = &job->decisions.at[i];
        if (d->kind != DECIDED_SAME || r->cluster[d->a] != r->cluster[d->b])
            continue;
        bool ordered = d->a < d->b;
        TRY(vec_push(out, ((Edge){ordered ? d->a : d->b, ordered ? d->b : d->a, WEIGHT_MAX}), err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_odds);
    return OK;
}

typedef struct Tree {
    uint32_t *parent; /* union-find */
    uint32_t *start;  /* [records + 1] into ends */
    Edge *ends;       /* edges of the forest, both ways, by record */
    uint32_t *stack;
} Tree;

static void tree_free(Tree *t)
{
    mem_free(t->parent);
    mem_free(t->start);
    mem_free(t->ends);
    mem_free(t->stack);
}

/* Edges strongest first. Founders are the lowest records of their clusters. */
static Status span(const Resolved *r, Edges *edges, const Weight *weakest, Tree *t, Error *err)
{
    uint32_t *founder;
    size_t n = 0;
    TRY(mem_zalloc(r->clusters ? r->clusters : 1, sizeof *founder, (void **)&founder, err));
    for (uint32_t i = r->count; i-- > 0;)
        founder[r->cluster[i]] = i;
    forest_init(t->parent, r->count);
    for (size_t i = 0; i < edges->len; i++)
        if (forest_unite(t->parent, edges->at[i].a, edges->at[i].b))
            edges->at[n++] = edges->at[i];
    edges->len = n;
    Status st = OK;
    for (uint32_t i = 0; i < r->count && st == OK; i++) {
        uint32_t c = r->cluster[i];
        if (forest_unite(t->parent, founder[c], i))
            st = vec_push(edges, ((Edge){founder[c], i, weakest[c] == WEIGHT_MAX ? 0 : weakest[c]}), err);
    }
    mem_free(founder);
    return st;
}

/* Unions are of whole groups: the odds of each were at least those of the cluster's weakest, whatever its best pair
 * says by itself, and the weakest edge stands for that weakest union. */
static Status fit_to_unions(const Resolved *r, Edges *edges, const Weight *weakest, Error *err)
{
    size_t *worst; /* of clusters: number of the weakest edge, plus one */
    TRY(mem_zalloc(r->clusters ? r->clusters : 1, sizeof *worst, (void **)&worst, err));
    for (size_t i = 0; i < edges->len; i++) {
        size_t *w = &worst[r->cluster[edges->at[i].a]];
        if (*w == 0 || by_odds(&edges->at[*w - 1], &edges->at[i]) < 0)
            *w = i + 1;
    }
    for (size_t i = 0; i < edges->len; i++) {
        Edge *e = &edges->at[i];
        uint32_t c = r->cluster[e->a];
        bool last = worst[c] == i + 1;
        if (e->odds < weakest[c] || (last && e->odds < WEIGHT_MAX))
            e->odds = weakest[c];
    }
    mem_free(worst);
    return OK;
}

static Status list_ends(const Resolved *r, const Edges *edges, Tree *t, Error *err)
{
    TRY(mem_zalloc((size_t)r->count + 2, sizeof *t->start, (void **)&t->start, err));
    TRY(mem_zalloc(2 * edges->len + 1, sizeof *t->ends, (void **)&t->ends, err));
    for (size_t i = 0; i < edges->len; i++) {
        t->start[edges->at[i].a + 2]++;
        t->start[edges->at[i].b + 2]++;
    }
    for (uint32_t i = 0; i < r->count; i++)
        t->start[i + 2] += t->start[i + 1];
    for (size_t i = 0; i < edges->len; i++) {
        const Edge *e = &edges->at[i];
        t->ends[t->start[e->a + 1]++] = *e;
        t->ends[t->start[e->b + 1]++] = (Edge){e->b, e->a, e->odds};
    }
    return OK;
}

/* Walks each tree from its founder. */
static void orient(Resolved *r, Tree *t)
{
    bool *seen = (bool *)t->parent; /* union-find is done: its room is reused */
    memset(seen, 0, r->count * sizeof *seen);
    for (uint32_t i = 0; i < r->count; i++) {
        if (seen[i])
            continue;
        size_t n = 0;
        seen[i] = true;
        r->to[i] = MATCH_NONE;
        r->odds[i] = 0;
        t->stack[n++] = i;
        while (n > 0) {
            uint32_t at = t->stack[--n];
            for (uint32_t k = t->start[at]; k < t->start[at + 1]; k++) {
                uint32_t next = t->ends[k].b;
                if (seen[next])
                    continue;
                seen[next] = true;
                r->to[next] = at;
                r->odds[next] = t->ends[k].odds;
                t->stack[n++] = next;
            }
        }
    }
}

/* --- stretches of clusters ---------------------------------------------------------------------------------------- */

/* Clusters have nothing to do with each other: stretches of some hundred of them, whose records and edges the caches
 * hold, are worked on side by side, each with its records numbered anew, cluster by cluster and in one in order. */
#define STRETCH_CLUSTERS_SHIFT 8

typedef struct Stretches {
    LinkJob *job;
    const Weight *weakest;
    uint32_t count;
    uint32_t *member_start; /* [clusters + 1] into members */
    uint32_t *members;      /* by cluster, ascending in each */
    uint32_t *place;        /* [records] among the members */
    size_t *edge_start;     /* [stretches + 1] into edges */
    size_t *decided;        /* of each stretch: so many edges at its beginning are a reviewer's word */
    Edge *edges;
} Stretches;

static uint32_t stretch_of(const Stretches *x, uint32_t record)
{
    return x->job->resolved.cluster[record] >> STRETCH_CLUSTERS_SHIFT;
}

static Status list_members(Stretches *x, Error *err)
{
    const Resolved *r = &x->job->resolved;
    TRY(mem_zalloc((size_t)r->clusters + 2, sizeof *x->member_start, (void **)&x->member_start, err));
    TRY(mem_alloc(((size_t)r->count + 1) * sizeof *x->members, (void **)&x->members, err));
    TRY(mem_alloc(((size_t)r->count + 1) * sizeof *x->place, (void **)&x->place, err));
    /* counted two places on, so that filling leaves each start where it belongs */
    for (uint32_t i = 0; i < r->count; i++)
        x->member_start[r->cluster[i] + 2]++;
    for (uint32_t c = 0; c < r->clusters; c++)
        x->member_start[c + 2] += x->member_start[c + 1];
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t at = x->member_start[r->cluster[i] + 1]++;
        x->members[at] = i;
        x->place[i] = at;
    }
    return OK;
}

#define PAIRS_AT_ONCE ((size_t)1 << 22)

/* The pairs of one piece, of which there are few: how many edges each stretch has in it, then where they go. */
typedef struct Pieces {
    Stretches *x;
    size_t *next; /* [piece * (stretches + 1) + stretch] */
    bool place;
} Pieces;

static Status piece_item(size_t piece, void *ctx, Error *err)
{
    UNUSED(err);
    const Pieces *p = ctx;
    const LinkJob *job = p->x->job;
    const Resolved *r = &job->resolved;
    size_t *next = p->next + piece * ((size_t)p->x->count + 1), from = piece * PAIRS_AT_ONCE;
    size_t end = job->pairs.len - from < PAIRS_AT_ONCE ? job->pairs.len : from + PAIRS_AT_ONCE;
    for (size_t i = from; i < end; i++) {
        const MatchPair *pair = &job->pairs.at[i];
        fetch_clusters(job, i);
        ASSERT(pair->odds >= WEIGHT_MIN && pair->odds <= WEIGHT_MAX);
        if (r->cluster[pair->a] != r->cluster[pair->b])
            continue;
        size_t at = next[stretch_of(p->x, pair->a)]++;
        if (p->place)
            p->x->edges[at] = (Edge){pair->a, pair->b, pair->odds};
    }
    return OK;
}

/* From counts to places: of a stretch its decided pairs first, then those of each piece in turn. */
static Status place_pieces(Stretches *x, Pieces *p, size_t pieces, const Edges *decided, Error *err)
{
    size_t sum = 0;
    for (uint32_t k = 0; k < x->count; k++) {
        x->edge_start[k] = sum;
        sum += x->decided[k];
        for (size_t piece = 0; piece < pieces; piece++) {
            size_t *at = &p->next[piece * ((size_t)x->count + 1) + k], n = *at;
            *at = sum;
            sum += n;
        }
    }
    x->edge_start[x->count] = sum;
    TRY(mem_alloc((sum + 1) * sizeof *x->edges, (void **)&x->edges, err));
    for (size_t i = decided->len;
         i-- > 0;) { /* from each stretch's end to its beginning, where they are counted again */
        uint32_t k = stretch_of(x, decided->at[i].a);
        x->edges[x->edge_start[k] + --x->decided[k]] = decided->at[i];
    }
    for (size_t i = 0; i < decided->len; i++)
        x->decided[stretch_of(x, decided->at[i].a)]++;
    return OK;
}

/* Decided pairs first, then pairs inside clusters in order of (a, b). */
static Status list_edges(Stretches *x, const Edges *decided, unsigned threads, Error *err)
{
    size_t pieces = (x->job->pairs.len + PAIRS_AT_ONCE - 1) / PAIRS_AT_ONCE;
    Pieces p = {.x = x};
    Status st;
    TRY_OUT(mem_zalloc((size_t)x->count + 1, sizeof *x->edge_start, (void **)&x->edge_start, err));
    TRY_OUT(mem_zalloc((size_t)x->count + 1, sizeof *x->decided, (void **)&x->decided, err));
    TRY_OUT(mem_zalloc(pieces * ((size_t)x->count + 1) + 1, sizeof *p.next, (void **)&p.next, err));
    for (size_t i = 0; i < decided->len; i++)
        x->decided[stretch_of(x, decided->at[i].a)]++;
    TRY_OUT(parallel_for(pieces, threads, piece_item, &p, err));
    TRY_OUT(place_pieces(x, &p, pieces, decided, err));
    p.place = true;
    st = parallel_for(pieces, threads, piece_item, &p, err);
out:
    mem_free(p.next);
    return st;
}

#define ODDS_DIGIT 9
#define ODDS_DIGITS 2 /* WEIGHT_MAX - WEIGHT_MIN fits them */
_Static_assert(WEIGHT_MAX - WEIGHT_MIN < 1 << ODDS_DIGIT * ODDS_DIGITS, "odds are two digits");

/* Strongest first, equal ones as they stood; an even number of passes leaves them where they were. */
static void sort_by_odds(Edge *at, Edge *scratch, size_t n)
{
    for (unsigned shift = 0; shift < ODDS_DIGIT * ODDS_DIGITS; shift += ODDS_DIGIT) {
        size_t start[(1 << ODDS_DIGIT) + 1] = {0};
        const uint32_t mask = (1 << ODDS_DIGIT) - 1;
        for (size_t i = 0; i < n; i++)
            start[((uint32_t)(WEIGHT_MAX - at[i].odds) >> shift & mask) + 1]++;
        for (uint32_t v = 0; v < mask; v++)
            start[v + 1] += start[v];
        for (size_t i = 0; i < n; i++)
            scratch[start[(uint32_t)(WEIGHT_MAX - at[i].odds) >> shift & mask]++] = at[i];
        Edge *swap = at;
        at = scratch;
        scratch = swap;
    }
}

/* The stretch's records as a whole of their own: `first` is the first cluster, `begin` the place of its first record.
 */
static Status stretch_resolved(
    const Stretches *x, uint32_t first, uint32_t begin, uint32_t records, Resolved *out, Error *err)
{
    const Resolved *r = &x->job->resolved;
    TRY(resolved_init(records, out, err));
    for (uint32_t i = 0; i < records; i++)
        out->cluster[i] = r->cluster[x->members[begin + i]] - first;
    return OK;
}

/* The stretch's edges, under its numbers, strongest first. */
static Status stretch_edges(const Stretches *x, uint32_t stretch, uint32_t begin, Edges *out, Error *err)
{
    size_t from = x->edge_start[stretch], n = x->edge_start[stretch + 1] - from, decided = x->decided[stretch];
    TRY(vec_reserve(out, 2 * n + 1, err)); /* twice: the sort's scratch behind them */
    for (size_t i = 0; i < n; i++) {
        Edge e = x->edges[from + i];
        out->at[i] = (Edge){x->place[e.a] - begin, x->place[e.b] - begin, e.odds};
    }
    sort_by_odds(out->at + decided, out->at + n, n - decided);
    out->len = n;
    return OK;
}

static Status stretch_item(size_t stretch, void *ctx, Error *err)
{
    const Stretches *x = ctx;
    Resolved *whole = &x->job->resolved, local = {0};
    uint32_t first = (uint32_t)stretch << STRETCH_CLUSTERS_SHIFT, end = first + (1u << STRETCH_CLUSTERS_SHIFT);
    end = end < whole->clusters ? end : whole->clusters;
    uint32_t begin = x->member_start[first], records = x->member_start[end] - begin;
    Edges edges = {0};
    Tree t = {0};
    Status st;
    TRY_OUT(stretch_resolved(x, first, begin, records, &local, err));
    local.clusters = end - first;
    TRY_OUT(stretch_edges(x, (uint32_t)stretch, begin, &edges, err));
    TRY_OUT(mem_zalloc((size_t)records + 1, sizeof *t.parent, (void **)&t.parent, err));
    TRY_OUT(mem_zalloc((size_t)records + 1, sizeof *t.stack, (void **)&t.stack, err));
    TRY_OUT(span(&local, &edges, x->weakest + first, &t, err));
    TRY_OUT(fit_to_unions(&local, &edges, x->weakest + first, err));
    TRY_OUT(list_ends(&local, &edges, &t, err));
    orient(&local, &t);
    for (uint32_t i = 0; i < records; i++) {
        uint32_t record = x->members[begin + i];
        whole->to[record] = local.to[i] == MATCH_NONE ? MATCH_NONE : x->members[begin + local.to[i]];
        whole->odds[record] = local.odds[i];
    }
out:
    vec_free(&edges);
    tree_free(&t);
    resolved_free(&local);
    return st;
}

Status link_trees(LinkJob *job, const Weight *weakest, unsigned threads, Error *err)
{
    const uint32_t clusters = job->resolved.clusters;
    Stretches x = {.job = job, .weakest = weakest};
    Edges decided = {0};
    Status st;
    x.count = (clusters >> STRETCH_CLUSTERS_SHIFT) + ((clusters & ((1u << STRETCH_CLUSTERS_SHIFT) - 1)) != 0);
    TRY_OUT(decided_edges(job, &decided, err));
    TRY_OUT(list_members(&x, err));
    TRY_OUT(list_edges(&x, &decided, threads, err));
    st = parallel_for(x.count, threads, stretch_item, &x, err);
out:
    vec_free(&decided);
    mem_free(x.member_start);
    mem_free(x.members);
    mem_free(x.place);
    mem_free(x.edge_start);
    mem_free(x.decided);
    mem_free(x.edges);
    return st;
}

/* --- what trees are worth -------------------------------------------------------------------------------------- */

static uint64_t millionths(Weight odds)
{
    return (uint64_t)llround(weight_probability(odds) * 1e6);
}

/* A longer way to the founder, or a circle, which no tree has, ends the walk: the figures are then a little off. */
#define DEPTH_MAX 4096

/* Children before parents: by depth, the deepest first. */
static Status by_depth(uint32_t n, const uint32_t *to, uint32_t **out, Error *err)
{
    uint32_t *depth = NULL, *first = NULL, *order = NULL, deepest = 0;
    Status st;
    TRY_OUT(mem_zalloc((size_t)n + 1, sizeof *depth, (void **)&depth, err));
    TRY_OUT(mem_zalloc((size_t)n + 1, sizeof *order, (void **)&order, err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t steps = 0, at = i;
        while (to[at] != MATCH_NONE && depth[at] == 0 && steps < DEPTH_MAX) {
            at = to[at];
            steps++;
        }
        depth[i] = depth[at] + steps;
        deepest = depth[i] > deepest ? depth[i] : deepest;
    }
    TRY_OUT(mem_zalloc((size_t)deepest + 2, sizeof *first, (void **)&first, err));
    for (uint32_t i = 0; i < n; i++)
        first[deepest - depth[i] + 1]++;
    for (uint32_t d = 0; d <= deepest; d++)
        first[d + 1] += first[d];
    for (uint32_t i = 0; i < n; i++)
        order[first[deepest - depth[i]]++] = i;
    *out = order;
    order = NULL;
out:
    mem_free(depth);
    mem_free(first);
    mem_free(order);
    return st;
}

/* Each wrong link makes all pairs wrong whose path leads over it. */
static double sum_variance(uint32_t n, const uint32_t *to, const Weight *odds, const uint32_t *cluster,
    const uint32_t *below, const uint32_t *whole)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (to[i] == MATCH_NONE)
            continue;
        double p = weight_probability(odds[i]), pairs = (double)below[i] * (whole[cluster[i]] - below[i]);
        sum += p * (1 - p) * pairs * pairs;
    }
    return sum;
}

Status trees_correct(const Forest *f, uint64_t *correct, double *variance, Error *err)
{
    const uint32_t n = f->count, *to = f->to, *cluster = f->cluster;
    uint32_t *order = NULL, *below = NULL, *whole = NULL; /* records of each subtree, of each cluster */
    uint64_t *sum = NULL; /* of the children: expected records of their subtrees that are the same person as this */
    Wide *squares = NULL;
    Status st;
    size_t room = n ? n : 1;
    TRY_OUT(by_depth(n, to, &order, err));
    TRY_OUT(mem_zalloc(room, sizeof *below, (void **)&below, err));
    TRY_OUT(mem_zalloc((size_t)f->clusters + 1, sizeof *whole, (void **)&whole, err));
    TRY_OUT(mem_zalloc(room, sizeof *sum, (void **)&sum, err));
    TRY_OUT(mem_zalloc(room, sizeof *squares, (void **)&squares, err));
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = order[k];
        if (k + 2 * PAIRS_AHEAD < n) {
            uint32_t later = order[k + 2 * PAIRS_AHEAD];
            __builtin_prefetch(&to[later]);
            __builtin_prefetch(&cluster[later]);
            __builtin_prefetch(&sum[later]);
            __builtin_prefetch(&squares[later]);
            uint32_t soon = order[k + PAIRS_AHEAD], parent = to[soon];
            __builtin_prefetch(&correct[cluster[soon]]);
            __builtin_prefetch(&sum[parent == MATCH_NONE ? soon : parent]);
            __builtin_prefetch(&squares[parent == MATCH_NONE ? soon : parent]);
        }
        /* pairs whose path has its top here: with this record, and between different children */
        Wide between = ((Wide)sum[i] * sum[i] - squares[i]) / (2 * MILLION);
        correct[cluster[i]] += sum[i] + (uint64_t)between;
        whole[cluster[i]]++;
        below[i]++;
        if (to[i] == MATCH_NONE)
            continue;
        uint64_t part = (uint64_t)((Wide)(sum[i] + MILLION) * millionths(f->odds[i]) / MILLION);
        below[to[i]] += below[i];
        sum[to[i]] += part;
        squares[to[i]] += (Wide)part * part;
    }
    if (variance)
        *variance = sum_variance(n, to, f->odds, cluster, below, whole);
out:
    mem_free(order);
    mem_free(below);
    mem_free(whole);
    mem_free(sum);
    mem_free(squares);
    return st;
}
