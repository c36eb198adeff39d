/*
 * Pairs to persons: the public call, and the order of the steps.
 *
 *   decided the same ─► unions, strongest first ─► unions by joint evidence
 *                                  ▲                          │
 *                                  └──── splits and moves ◄───┘
 *
 * Unions depend on each other, but not on records that no kept pair connects with
 * them: such parts are solved each by itself (cluster_parts.c), on as many threads
 * as there are, each with its arrays small enough for the caches. The result is a
 * function of the records, which are numbered by content, and of their odds.
 */
#include "match/cluster_impl.h"

#include <stdatomic.h>

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

/* The best kept pair into the group; without one, the best of its faces. Numbers of the part. */
static void link_of(Bundles *g, const Near *near, uint32_t r, Weight *odds, uint32_t *to)
{
    uint32_t root = bundle_find(g, r);
    for (uint64_t i = near->start[r]; i < near->start[r + 1]; i++) {
        if (bundle_find(g, near->list[i].other) == root) {
            *odds = near->list[i].odds;
            *to = near->list[i].other;
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

/* --- part by part ------------------------------------------------------------------------------------------------- */

/* A part has components until it holds so many records: small enough for the caches, large enough to be worth a start.
 */
#define PART_RECORDS 16384

typedef struct Solve {
    const ClusterParts *parts;
    const Judge *judges;
    LeftPairs *left;    /* of each thread */
    MatchClusters *out; /* until number_clusters: cluster[r] and weakest[] by the record that is the group's root */
    atomic_uint_fast32_t next;
    atomic_bool stop;
    atomic_uint_fast64_t refused, moved;
} Solve;

static void write_part(Bundles *g, const Near *near, const uint32_t *record, MatchClusters *out)
{
    for (uint32_t r = 0; r < g->p->records; r++) {
        uint32_t root = bundle_find(g, r), to = MATCH_NONE;
        Weight odds = 0;
        if (g->flags[root] & BUNDLE_WRITTEN)
            link_of(g, near, r, &odds, &to);
        g->flags[root] |= BUNDLE_WRITTEN;
        out->cluster[record[r]] = record[root];
        out->weakest[record[r]] = g->weakest[root];
        out->link_odds[record[r]] = odds;
        out->link_to[record[r]] = to == MATCH_NONE ? MATCH_NONE : record[to];
    }
}

static Status solve_part(Solve *s, uint32_t part, const Judge *judge, LeftPairs *left, Error *err)
{
    PartProblem local = {0};
    Bundles g = {0};
    Near near = {0};
    uint64_t moved = 0;
    Status st = part_problem_init(&local, s->parts, part, judge, err);
    if (st == OK)
        st = bundles_init(&g, &local.problem, err);
    if (st == OK)
        st = near_init(&near, &local.problem, err);
    if (st == OK)
        st = search(&g, &near, &moved, err);
    if (st == OK && s->parts->p->left)
        st = left_collect(&g, &near, local.record, left, err);
    if (st == OK)
        write_part(&g, &near, local.record, s->out);
    atomic_fetch_add(&s->refused, g.refused);
    atomic_fetch_add(&s->moved, moved);
    near_free(&near);
    bundles_free(&g);
    part_problem_free(&local);
    return st;
}

static Status solve_thread(size_t thread, void *ctx, Error *err)
{
    Solve *s = ctx;
    while (!atomic_load(&s->stop)) {
        uint_fast32_t i = atomic_fetch_add(&s->next, 1);
        if (i >= s->parts->count)
            break;
        Status st = solve_part(s, s->parts->by_size[i], &s->judges[thread], &s->left[thread], err);
        if (st != OK) {
            atomic_store(&s->stop, true);
            return st;
        }
    }
    return OK;
}

static Status out_alloc(uint32_t records, MatchClusters *out, Error *err)
{
    size_t n = records;
    TRY(mem_alloc(n * sizeof *out->cluster, (void **)&out->cluster, err));
    TRY(mem_alloc(n * sizeof *out->link_odds, (void **)&out->link_odds, err));
    TRY(mem_alloc(n * sizeof *out->link_to, (void **)&out->link_to, err));
    TRY(mem_alloc(n * sizeof *out->weakest, (void **)&out->weakest, err));
    for (uint32_t r = 0; r < records; r++) {
        out->cluster[r] = r;
        out->link_odds[r] = 0;
        out->link_to[r] = MATCH_NONE;
        out->weakest[r] = WEIGHT_MAX;
    }
    return OK;
}

/* Records that repeat another go where it is, if the pair of the two is a link: two that agree on everything and yet
 * are more probably two people (a number filled in for all) stay apart. A cluster's weakest link may be one of theirs:
 * it stands at the record until number_clusters. */
static void place_repeats(const ClusterProblem *p, MatchClusters *out)
{
    for (size_t i = 0; p->lead && i < p->pairs->len; i++) {
        const MatchPair *pair = &p->pairs->at[i];
        if (!pair_of_repeats(p, pair) || pair->odds < p->config->match_from)
            continue;
        out->cluster[pair->b] = out->cluster[pair->a];
        out->link_odds[pair->b] = pair->odds;
        out->link_to[pair->b] = pair->a;
        out->weakest[pair->b] = pair->odds;
    }
}

/* Clusters are numbered in the order of their first records, in place: a cluster's number is at most its first record,
 * and what stood there has been read by then. */
static Status number_clusters(uint32_t n, MatchClusters *out, ClusterReport *report, Error *err)
{
    uint32_t *number = NULL, *size = NULL; /* by root; by number */
    TRY(mem_alloc(n * sizeof *number, (void **)&number, err));
    Status st = mem_zalloc(n, sizeof *size, (void **)&size, err);
    for (uint32_t r = 0; st == OK && r < n; r++)
        number[r] = MATCH_NONE;
    for (uint32_t r = 0; st == OK && r < n; r++) {
        uint32_t root = out->cluster[r];
        if (number[root] == MATCH_NONE) {
            number[root] = out->count;
            out->weakest[out->count++] = out->weakest[r];
        } else if (out->weakest[r] < out->weakest[number[root]]) {
            out->weakest[number[root]] = out->weakest[r];
        }
        out->cluster[r] = number[root];
        size[number[root]]++;
    }
    for (uint32_t c = 0; st == OK && c < out->count; c++) {
        report->singletons += size[c] == 1;
        report->largest = size[c] > report->largest ? size[c] : report->largest;
    }
    report->clusters = out->count;
    mem_free(number);
    mem_free(size);
    return st;
}

/* What the threads' parts leave, in one list. */
static Status join_who_is_left(Solve *s, unsigned threads, Error *err)
{
    LeftPairs *all = &s->left[0];
    for (unsigned i = 1; i < threads; i++) {
        for (size_t k = 0; k < s->left[i].len; k++)
            TRY(vec_push(all, s->left[i].at[k], err));
        vec_free(&s->left[i]);
    }
    return left_join(s->parts->p, all, s->out, err);
}

Status clusters_solve(const ClusterProblem *p, const Judge *judges, unsigned threads, MatchClusters *out,
    ClusterReport *report, Error *err)
{
    ClusterParts parts = {0};
    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    Solve s = {.parts = &parts, .judges = judges, .out = out};
    Status st = cluster_parts_init(&parts, p, PART_RECORDS, err);
    if (st == OK)
        st = mem_zalloc(threads, sizeof *s.left, (void **)&s.left, err);
    if (st == OK)
        st = out_alloc(p->records, out, err);
    if (st == OK)
        st = parallel_for(threads, threads, solve_thread, &s, err);
    if (st == OK && p->left)
        st = join_who_is_left(&s, threads, err);
    if (st == OK) {
        place_repeats(p, out);
        st = number_clusters(p->records, out, report, err);
    }
    report->refused = atomic_load(&s.refused);
    report->moved = atomic_load(&s.moved);
    cluster_parts_free(&parts);
    for (unsigned i = 0; s.left && i < threads; i++)
        vec_free(&s.left[i]);
    mem_free(s.left);
    if (st != OK)
        match_clusters_free(out);
    return st;
}

/* One judge a thread: each has its own memory of comparisons. */
static Status judges_new(const MatchTable *t, const MatchModel *m, const Households *households, unsigned threads,
    Joint ***joints, Judge **judges, Error *err)
{
    TRY(mem_zalloc(threads, sizeof **joints, (void **)joints, err));
    TRY(mem_zalloc(threads, sizeof **judges, (void **)judges, err));
    for (unsigned i = 0; i < threads; i++) {
        TRY(joint_new(t, m, households, &(*joints)[i], err));
        (*judges)[i] = joint_judge((*joints)[i]);
    }
    return OK;
}

Status match_clusters(const MatchTable *t, const MatchModel *m, const MatchPairs *pairs, const Decision *decisions,
    size_t decision_count, const RunOptions *options, MatchClusters *out, ClusterReport *report, Error *err)
{
    Households *households = NULL;
    Joint **joints = NULL;
    Judge *judges = NULL;
    unsigned threads = options->threads ? options->threads : thread_cores();
    memset(out, 0, sizeof *out);
    LeftStrata left = {0};
    Status st = households_new(t, pairs, &households, err);
    if (st == OK && t->config->left_step > 0)
        st = left_strata_init(&left, t, err);
    if (st == OK)
        st = judges_new(t, m, households, threads, &joints, &judges, err);
    if (st == OK) {
        ClusterProblem p = {
            .records = t->records,
            .source = t->source,
            .config = t->config,
            .pairs = pairs,
            .decisions = decisions,
            .decision_count = decision_count,
            .lead = t->lead,
            .left = t->config->left_step > 0 ? &left : NULL,
        };
        st = clusters_solve(&p, judges, threads, out, report, err);
    }
    for (unsigned i = 0; joints && i < threads; i++)
        joint_free(joints[i]);
    mem_free(joints);
    mem_free(judges);
    households_free(households);
    left_strata_free(&left);
    return st;
}

void match_clusters_free(MatchClusters *c)
{
    mem_free(c->cluster);
    mem_free(c->link_odds);
    mem_free(c->link_to);
    mem_free(c->weakest);
    mem_free(c->left);
    memset(c, 0, sizeof *c);
}
