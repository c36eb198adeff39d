/*
 * Pairs to persons: the public call, and the order of the steps.
 *
 *   decided the same ─► unions, strongest first ─► unions by joint evidence
 *                                  ▲                          │
 *                                  └──── splits and moves ◄───┘
 *
 * Everything runs in one thread: unions depend on each other, and a million
 * records take about a second. The result is a function of the records, which
 * are numbered by content, and of their odds.
 */
#include "match/cluster_impl.h"

#define SOLVE_ROUNDS_MAX 4

static void tie_decided(Bundles *g)
{
    for (size_t i = 0; i < g->decided_count; i++) {
        Decision d = g->decided[i];
        if (d.kind != DECIDED_SAME || d.a > d.b)
            continue;
        uint32_t x = bundle_find(g, d.a), y = bundle_find(g, d.b);
        if (x != y && bundle_decided_apart(g, x, y)) {
            g->refused++;
            continue;
        }
        g->flags[d.a] |= RECORD_TIED;
        g->flags[d.b] |= RECORD_TIED;
        if (x != y)
            bundle_join(g, x, y, WEIGHT_MAX);
    }
}

static Status search(Bundles *g, const Near *near, uint64_t *moved, Error *err)
{
    tie_decided(g);
    TRY(clusters_greedy(g, near, err));
    TRY(clusters_rejoin(g, near, err));
    for (unsigned round = 0; round < SOLVE_ROUNDS_MAX; round++) {
        uint64_t before = *moved;
        TRY(clusters_refine(g, near, moved, err));
        if (*moved == before)
            break;
        TRY(clusters_rejoin(g, near, err));
    }
    return OK;
}

/* The best kept pair into the group; without one, the best of its faces. */
static void link_of(Bundles *g, const Near *near, uint32_t r, Weight *odds, uint32_t *to)
{
    uint32_t root = bundle_find(g, r);
    for (uint64_t i = near->start[r]; i < near->start[r + 1]; i++) {
        uint32_t other = pair_other(&near->pairs->at[near->list[i]], r);
        if (bundle_find(g, other) == root) {
            *odds = near->odds[near->list[i]];
            *to = other;
            return;
        }
    }
    uint32_t faces[BUNDLE_FACES_MAX];
    size_t n = bundle_faces(g, root, faces);
    const Judge *judge = &g->p->judge;
    *odds = ODDS_NEVER;
    for (size_t i = 0; i < n; i++) {
        if (faces[i] == r)
            continue;
        Weight w = judge->between(judge->ctx, &r, 1, &faces[i], 1, NULL);
        if (w > *odds || (w == *odds && faces[i] < *to)) {
            *odds = w;
            *to = faces[i];
        }
    }
    if (*odds < WEIGHT_MIN)
        *odds = WEIGHT_MIN;
}

static Status out_alloc(uint32_t records, MatchClusters *out, Error *err)
{
    size_t n = records;
    TRY(mem_alloc(n * sizeof *out->cluster, (void **)&out->cluster, err));
    TRY(mem_alloc(n * sizeof *out->link_odds, (void **)&out->link_odds, err));
    TRY(mem_alloc(n * sizeof *out->link_to, (void **)&out->link_to, err));
    return mem_alloc(n * sizeof *out->weakest, (void **)&out->weakest, err);
}

static Status write_out(Bundles *g, const Near *near, MatchClusters *out, ClusterReport *report, Error *err)
{
    uint32_t n = g->p->records;
    TRY(out_alloc(n, out, err));
    for (uint32_t r = 0; r < n; r++)
        out->cluster[r] = MATCH_NONE;
    for (uint32_t r = 0; r < n; r++) {
        uint32_t root = bundle_find(g, r);
        out->link_odds[r] = 0;
        out->link_to[r] = MATCH_NONE;
        if (out->cluster[root] != MATCH_NONE) { /* the root may come later than the first: its number stands there */
            out->cluster[r] = out->cluster[root];
            link_of(g, near, r, &out->link_odds[r], &out->link_to[r]);
            continue;
        }
        out->cluster[root] = out->cluster[r] = out->count;
        out->weakest[out->count++] = g->weakest[root];
        report->singletons += g->size[root] == 1;
        if (g->size[root] > report->largest)
            report->largest = g->size[root];
    }
    report->clusters = out->count;
    report->refused = g->refused;
    return OK;
}

Status clusters_solve(const ClusterProblem *p, MatchClusters *out, ClusterReport *report, Error *err)
{
    Bundles g = {0};
    Near near = {0};
    uint64_t moved = 0;
    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    Status st = bundles_init(&g, p, err);
    if (st == OK)
        st = near_init(&near, p, err);
    if (st == OK)
        st = search(&g, &near, &moved, err);
    if (st == OK)
        st = write_out(&g, &near, out, report, err);
    report->moved = moved;
    near_free(&near);
    bundles_free(&g);
    if (st != OK)
        match_clusters_free(out);
    return st;
}

Status match_clusters(const MatchTable *t, const MatchModel *m, const MatchPairs *pairs, const Decision *decisions,
    size_t decision_count, const RunOptions *options, MatchClusters *out, ClusterReport *report, Error *err)
{
    UNUSED(options);
    Households *households = NULL;
    Joint *joint = NULL;
    memset(out, 0, sizeof *out);
    Status st = households_new(t, pairs, &households, err);
    if (st == OK)
        st = joint_new(t, m, households, &joint, err);
    if (st == OK) {
        ClusterProblem p = {
            .records = t->records,
            .source = t->source,
            .config = t->config,
            .pairs = pairs,
            .decisions = decisions,
            .decision_count = decision_count,
            .judge = joint_judge(joint),
        };
        st = clusters_solve(&p, out, report, err);
    }
    joint_free(joint);
    households_free(households);
    return st;
}

void match_clusters_free(MatchClusters *c)
{
    mem_free(c->cluster);
    mem_free(c->link_odds);
    mem_free(c->link_to);
    mem_free(c->weakest);
    memset(c, 0, sizeof *c);
}
