/*
 * Expected right pairs of a forest, against the definition: the sum over pairs of the product of the probabilities on
 * the path between them. And the tree that is made of a cluster's pairs: it spans, leads to the lowest record, and no
 * spanning tree is stronger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "identity/identity_impl.h"

#define RECORDS 12

static double path(const uint32_t *to, const double *p, uint32_t a, uint32_t b)
{
    double up[RECORDS];
    for (uint32_t i = 0; i < RECORDS; i++)
        up[i] = -1;
    double product = 1;
    for (uint32_t i = a;; i = to[i]) {
        up[i] = product;
        if (to[i] == MATCH_NONE)
            break;
        product *= p[i];
    }
    product = 1;
    for (uint32_t i = b;; i = to[i]) {
        if (up[i] >= 0)
            return product * up[i];
        if (to[i] == MATCH_NONE)
            return 0;
        product *= p[i];
    }
}

static void correct_by_definition(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 3, 1);
    for (int round = 0; round < 500; round++) {
        uint32_t to[RECORDS], cluster[RECORDS];
        Weight odds[RECORDS];
        double p[RECORDS], want[RECORDS] = {0};
        uint64_t got[RECORDS] = {0};
        for (uint32_t i = 0; i < RECORDS; i++) {
            bool founds = i == 0 || rng_below(&rng, 4) == 0;
            to[i] = founds ? MATCH_NONE : (uint32_t)rng_below(&rng, i);
            cluster[i] = founds ? i : cluster[to[i]];
            odds[i] = (Weight)rng_between(&rng, -2000, 9000);
            p[i] = weight_probability(odds[i]);
        }
        for (uint32_t a = 0; a < RECORDS; a++)
            for (uint32_t b = a + 1; b < RECORDS; b++)
                if (cluster[a] == cluster[b])
                    want[cluster[a]] += path(to, p, a, b);
        const Forest f = {.count = RECORDS, .clusters = RECORDS, .to = to, .odds = odds, .cluster = cluster};
        double variance;
        assert_int_equal(trees_correct(&f, got, &variance, NULL), OK);
        assert_true(variance >= 0);
        for (uint32_t c = 0; c < RECORDS; c++)
            if (fabs((double)got[c] / 1e6 - want[c]) > 1e-4)
                fail_msg("round %d: %f instead of %f", round, (double)got[c] / 1e6, want[c]);
    }
}

/* Prim's way, without looking at how it is done there. */
static int64_t strongest_tree(const Weight m[RECORDS][RECORDS])
{
    bool in[RECORDS] = {true};
    int64_t sum = 0;
    for (int k = 1; k < RECORDS; k++) {
        uint32_t best = 0;
        Weight odds = INT32_MIN;
        for (uint32_t a = 0; a < RECORDS; a++)
            for (uint32_t b = 0; b < RECORDS; b++)
                if (in[a] && !in[b] && m[a][b] > odds) {
                    odds = m[a][b];
                    best = b;
                }
        in[best] = true;
        sum += odds;
    }
    return sum;
}

static void trees_span(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 4, 1);
    for (int round = 0; round < 200; round++) {
        LinkJob job = {0};
        Weight m[RECORDS][RECORDS], weakest = INT32_MAX;
        assert_int_equal(resolved_init(RECORDS, &job.resolved, NULL), OK);
        job.resolved.clusters = 1;
        for (uint32_t a = 0; a < RECORDS; a++)
            for (uint32_t b = a + 1; b < RECORDS; b++) {
                MatchPair p = {.a = a, .b = b, .odds = (Weight)rng_between(&rng, 1000, 30000)};
                m[a][b] = m[b][a] = p.odds;
                assert_int_equal(vec_push(&job.pairs, p, NULL), OK);
            }
        /* low enough to change nothing but the weakest edge */
        weakest = 500;
        assert_int_equal(link_trees(&job, &weakest, 1, NULL), OK);
        int64_t sum = 0;
        Weight least = INT32_MAX;
        assert_int_equal(job.resolved.to[0], MATCH_NONE);
        for (uint32_t i = 1; i < RECORDS; i++) {
            uint32_t at = i, steps = 0;
            for (; job.resolved.to[at] != MATCH_NONE && steps <= RECORDS; steps++)
                at = job.resolved.to[at];
            assert_int_equal(at, 0);
            Weight odds = m[i][job.resolved.to[i]];
            least = odds < least ? odds : least;
            sum += odds;
            assert_true(job.resolved.odds[i] == odds || job.resolved.odds[i] == weakest);
        }
        assert_int_equal(sum, strongest_tree((const Weight(*)[RECORDS])m));
        resolved_free(&job.resolved);
        vec_free(&job.pairs);
    }
}

/* What no pair ties is tied to the founder, with the odds of the weakest union. */
static void untied_records(void **state)
{
    UNUSED(state);
    LinkJob job = {0};
    const Weight weakest[] = {2500, WEIGHT_MAX};
    assert_int_equal(resolved_init(5, &job.resolved, NULL), OK);
    job.resolved.clusters = 2;
    const uint32_t cluster[] = {0, 0, 1, 0, 0};
    memcpy(job.resolved.cluster, cluster, sizeof cluster);
    assert_int_equal(vec_push(&job.pairs, ((MatchPair){.a = 3, .b = 4, .odds = 9000}), NULL), OK);
    assert_int_equal(
        vec_push(&job.pairs, ((MatchPair){.a = 1, .b = 2, .odds = 9000}), NULL), OK); /* between two persons */
    assert_int_equal(link_trees(&job, weakest, 2, NULL), OK);
    static const struct {
        uint32_t to;
        Weight odds;
    } want[] = {{MATCH_NONE, 0}, {0, 2500}, {MATCH_NONE, 0}, {0, 2500}, {3, 9000}};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(job.resolved.to[i], want[i].to);
        assert_int_equal(job.resolved.odds[i], want[i].odds);
    }
    resolved_free(&job.resolved);
    vec_free(&job.pairs);
}

/* More clusters than one thread takes at once: each has a tree of its own records that leads to the lowest of them,
 * whoever made it. */
static void many_clusters(void **state)
{
    UNUSED(state);
    enum { N = 9000, CLUSTERS = 1500 };
    LinkJob jobs[2] = {{0}, {0}};
    Rng rng;
    Weight weakest[CLUSTERS];
    for (uint32_t c = 0; c < CLUSTERS; c++)
        weakest[c] = 700;
    for (unsigned k = 0; k < COUNT_OF(jobs); k++) {
        Resolved *r = &jobs[k].resolved;
        rng_init(&rng, 5, 1);
        assert_int_equal(resolved_init(N, r, NULL), OK);
        r->clusters = CLUSTERS;
        for (uint32_t i = 0; i < N; i++) /* none is empty, and records of one lie anywhere */
            r->cluster[i] = i < CLUSTERS ? i : (uint32_t)rng_below(&rng, CLUSTERS);
        for (uint32_t a = 0; a < N; a++)
            for (uint32_t n = 0; n < 20 && a + 1 < N; n++) {
                uint32_t b = a + 1 + (uint32_t)rng_below(&rng, N - a - 1);
                Weight odds = (Weight)rng_between(&rng, 1000, 1040); /* many are equal */
                if (n < 3 || r->cluster[a] == r->cluster[b])
                    assert_int_equal(vec_push(&jobs[k].pairs, ((MatchPair){.a = a, .b = b, .odds = odds}), NULL), OK);
            }
        assert_int_equal(link_trees(&jobs[k], weakest, k ? 3 : 1, NULL), OK);
        uint32_t lowest[CLUSTERS];
        for (uint32_t i = N; i-- > 0;)
            lowest[r->cluster[i]] = i;
        for (uint32_t i = 0; i < N; i++) {
            uint32_t at = i, steps = 0;
            for (; r->to[at] != MATCH_NONE && steps <= N; steps++)
                at = r->to[at];
            assert_int_equal(at, lowest[r->cluster[i]]);
        }
    }
    assert_memory_equal(jobs[0].resolved.to, jobs[1].resolved.to, N * sizeof(uint32_t));
    assert_memory_equal(jobs[0].resolved.odds, jobs[1].resolved.odds, N * sizeof(Weight));
    for (unsigned k = 0; k < COUNT_OF(jobs); k++) {
        resolved_free(&jobs[k].resolved);
        vec_free(&jobs[k].pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correct_by_definition),
        cmocka_unit_test(trees_span),
        cmocka_unit_test(untied_records),
        cmocka_unit_test(many_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
