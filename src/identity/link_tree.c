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

/* Pairs inside clusters, strongest first; equal ones stay in the order of (a, b). Odds have few values: a counting sort
 * needs no room beside the result. */
static Status strongest_first(const LinkJob *job, Edges *out, Error *err)
{
    const Resolved *r = &job->resolved;
    const size_t values = (size_t)(WEIGHT_MAX - WEIGHT_MIN) + 1;
    size_t *place, decided = out->len;
    TRY(mem_zalloc(values + 1, sizeof *place, (void **)&place, err));
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        fetch_clusters(job, i);
        ASSERT(p->odds >= WEIGHT_MIN && p->odds <= WEIGHT_MAX);
        place[WEIGHT_MAX - p->odds + 1] += r->cluster[p->a] == r->cluster[p->b];
    }
    for (size_t v = 0; v < values; v++)
        place[v + 1] += place[v];
    Status st = vec_reserve(out, decided + place[values], err);
    if (st == OK)
        out->len = decided + place[values];
    for (size_t i = 0; st == OK && i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        fetch_clusters(job, i);
        if (r->cluster[p->a] == r->cluster[p->b])
            out->at[decided + place[WEIGHT_MAX - p->odds]++] = (Edge){p->a, p->b, p->odds};
    }
    mem_free(place);
    return st;
}

/* Decided pairs first. */
static Status candidate_edges(const LinkJob *job, Edges *out, Error *err)
{
    TRY(decided_edges(job, out, err));
    return strongest_first(job, out, err);
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

/* What is known of an edge's two records, a while before it is its turn. */
static inline void fetch_edge(const Edges *edges, size_t i, const uint32_t *of_record)
{
    if (i + PAIRS_AHEAD >= edges->len)
        return;
    __builtin_prefetch(&of_record[edges->at[i + PAIRS_AHEAD].a]);
    __builtin_prefetch(&of_record[edges->at[i + PAIRS_AHEAD].b]);
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
    for (size_t i = 0; i < edges->len; i++) {
        fetch_edge(edges, i, t->parent);
        if (forest_unite(t->parent, edges->at[i].a, edges->at[i].b))
            edges->at[n++] = edges->at[i];
    }
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
        fetch_edge(edges, i, r->cluster);
        size_t *w = &worst[r->cluster[edges->at[i].a]];
        if (*w == 0 || by_odds(&edges->at[*w - 1], &edges->at[i]) < 0)
            *w = i + 1;
    }
    for (size_t i = 0; i < edges->len; i++) {
        Edge *e = &edges->at[i];
        fetch_edge(edges, i, r->cluster);
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
        fetch_edge(edges, i, t->start);
        t->start[edges->at[i].a + 2]++;
        t->start[edges->at[i].b + 2]++;
    }
    for (uint32_t i = 0; i < r->count; i++)
        t->start[i + 2] += t->start[i + 1];
    for (size_t i = 0; i < edges->len; i++) {
        const Edge *e = &edges->at[i];
        fetch_edge(edges, i, t->start);
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

Status link_trees(LinkJob *job, const Weight *weakest, Error *err)
{
    Resolved *r = &job->resolved;
    Edges edges = {0};
    Tree t = {0};
    size_t n = r->count ? r->count : 1;
    Status st;
    TRY_OUT(mem_zalloc(n, sizeof *t.parent, (void **)&t.parent, err));
    TRY_OUT(mem_zalloc(n, sizeof *t.stack, (void **)&t.stack, err));
    TRY_OUT(candidate_edges(job, &edges, err));
    TRY_OUT(span(r, &edges, weakest, &t, err));
    TRY_OUT(fit_to_unions(r, &edges, weakest, err));
    TRY_OUT(list_ends(r, &edges, &t, err));
    orient(r, &t);
out:
    vec_free(&edges);
    tree_free(&t);
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
