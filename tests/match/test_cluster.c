/*
 * Clusters against brute force: on small graphs of random odds every partition
 * is tried. The judge is a table of odds, so nothing here depends on names or a
 * model; test_persons.c looks at the judge of real data.
 */
#include "../base/harness.h"

#include "match/cluster_impl.h"

#define NODES_MAX 8

typedef struct Graph {
    uint32_t n;
    Weight odds[NODES_MAX][NODES_MAX];
    uint16_t source[NODES_MAX];
    MatchConfig config;
    Decision decisions[4];
    size_t decision_count;
    MatchPairs pairs;
} Graph;

static Weight graph_odds(const Graph *graph, uint32_t a, uint32_t b)
{
    return graph->odds[a][b];
}

/* As the real judge: the best pair, less by the share of pairs that speak for it. */
static Weight graph_between(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb, Weight *against)
{
    const Graph *graph = ctx;
    Weight best = ODDS_NEVER;
    uint32_t in_favour = 0, contrary = 0;
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++) {
            Weight w = graph_odds(graph, a[i], b[j]);
            if (w == ODDS_NEVER)
                return ODDS_NEVER;
            if (w > best)
                best = w;
            in_favour += w > 0;
            contrary += w <= 0;
        }
    if (in_favour > 0 && contrary > 0)
        best -= 2 * weight_log2(1 + (double)contrary / in_favour);
    if (against)
        *against = best < 0 ? best : 0;
    return best;
}

static bool graph_repeats(void *ctx, uint32_t a, uint32_t b)
{
    UNUSED(ctx);
    return a == b;
}

static void graph_init(Graph *graph, uint32_t n)
{
    memset(graph, 0, sizeof *graph);
    graph->n = n;
    match_config_init(&graph->config);
    graph->config.source_count = 3;
    for (uint32_t i = 0; i < n; i++) {
        graph->source[i] = 2;
        for (uint32_t j = 0; j < n; j++)
            graph->odds[i][j] = -10 * WEIGHT_BIT;
    }
    graph->config.sources[0] = (SourceSpec){.name = SLICE("one"), .unique = true};
    graph->config.sources[1] = (SourceSpec){.name = SLICE("two"), .unique = true};
    graph->config.sources[2] = (SourceSpec){.name = SLICE("many"), .dedupe = true};
}

static void edge(Graph *graph, uint32_t a, uint32_t b, Weight odds)
{
    graph->odds[a][b] = graph->odds[b][a] = odds;
}

static ClusterProblem problem_of(Graph *graph)
{
    Error err = ERROR_INIT;
    vec_free(&graph->pairs);
    for (uint32_t a = 0; a < graph->n; a++)
        for (uint32_t b = a + 1; b < graph->n; b++) {
            Weight odds = graph_odds(graph, a, b);
            if (odds >= graph->config.keep_from)
                assert_int_equal(vec_push(&graph->pairs, ((MatchPair){.a = a, .b = b, .odds = odds}), &err), OK);
        }
    return (ClusterProblem){
        .records = graph->n,
        .source = graph->source,
        .config = &graph->config,
        .pairs = &graph->pairs,
        .decisions = graph->decisions,
        .decision_count = graph->decision_count,
        .judge = {.between = graph_between, .repeats = graph_repeats, .ctx = graph},
    };
}

static void solve(Graph *graph, MatchClusters *out, ClusterReport *report)
{
    Error err = ERROR_INIT;
    ClusterProblem p = problem_of(graph);
    assert_int_equal(clusters_solve(&p, &p.judge, 1, out, report, &err), OK);
}

/* Clusters as letters: "aab": rows 0 and 1 together, 2 alone. */
static void expect(Graph *graph, const char *text)
{
    MatchClusters c;
    ClusterReport report;
    solve(graph, &c, &report);
    char got[NODES_MAX + 1] = "";
    for (uint32_t i = 0; i < graph->n; i++)
        got[i] = (char)('a' + c.cluster[i]);
    assert_string_equal(got, text);
    match_clusters_free(&c);
    vec_free(&graph->pairs);
}

/* --- brute force ------------------------------------------------------------------------------------------------- */

typedef struct Brute {
    Bundles g;
    uint32_t n;
    int64_t value[1 << NODES_MAX];
    uint8_t block[NODES_MAX];
    int64_t best;
} Brute;

static void brute_walk(Brute *b, uint32_t node, uint8_t blocks)
{
    if (node == b->n) {
        int64_t sum = 0;
        for (uint8_t k = 0; k < blocks; k++) {
            uint32_t mask = 0;
            for (uint32_t i = 0; i < b->n; i++)
                mask |= (uint32_t)(b->block[i] == k) << i;
            if (b->value[mask] == SET_NEVER)
                return;
            sum += b->value[mask];
        }
        if (sum > b->best)
            b->best = sum;
        return;
    }
    for (uint8_t k = 0; k <= blocks; k++) {
        b->block[node] = k;
        brute_walk(b, node + 1, (uint8_t)(k == blocks ? blocks + 1 : blocks));
    }
}

static int64_t mask_worth(Brute *b, uint32_t mask)
{
    uint32_t list[NODES_MAX];
    SetUnion unions[BUNDLE_FACES_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < b->n; i++)
        if (mask >> i & 1)
            list[n++] = i;
    return n == 0 ? 0 : set_value(&b->g, list, n, unions);
}

/* Is there a union that was left out because rivals share it? */
static bool cautious(Graph *graph, Brute *b, const MatchClusters *c)
{
    for (uint32_t k = 0; k < c->count; k++)
        for (uint32_t l = 0; l < k; l++) {
            uint32_t x[NODES_MAX], y[NODES_MAX];
            size_t nx = 0, ny = 0;
            for (uint32_t i = 0; i < graph->n; i++) {
                if (c->cluster[i] == k)
                    x[nx++] = i;
                if (c->cluster[i] == l)
                    y[ny++] = i;
            }
            if (lists_odds(&b->g, x, nx, y, ny) >= graph->config.match_from)
                return true;
        }
    return false;
}

/* Worth of the best partition, and of this one (SET_NEVER: it has a contradiction inside). */
static void brute_force(Graph *graph, const MatchClusters *c, int64_t *best, int64_t *have, bool *careful)
{
    Error err = ERROR_INIT;
    static const Brute nothing;
    Brute *b = NULL;
    assert_int_equal(mem_alloc(sizeof *b, (void **)&b, &err), OK);
    *b = nothing;
    ClusterProblem p = problem_of(graph);
    assert_int_equal(bundles_init(&b->g, &p, &err), OK);
    b->n = graph->n;
    b->best = INT64_MIN;
    for (uint32_t mask = 0; mask < (uint32_t)1 << graph->n; mask++)
        b->value[mask] = mask_worth(b, mask);
    brute_walk(b, 0, 0);
    *best = b->best;
    *have = 0;
    for (uint32_t k = 0; k < c->count; k++) {
        uint32_t mask = 0;
        for (uint32_t i = 0; i < b->n; i++)
            mask |= (uint32_t)(c->cluster[i] == k) << i;
        *have = b->value[mask] == SET_NEVER || *have == SET_NEVER ? SET_NEVER : *have + b->value[mask];
    }
    *careful = cautious(graph, b, c);
    bundles_free(&b->g);
    mem_free(b);
}

/* Persons with true clusters; links inside likely, outside unlikely, with mistakes; `noise` in bits. */
static void random_graph(Graph *graph, Rng *r, double noise)
{
    uint32_t n = 3 + (uint32_t)rng_below(r, NODES_MAX - 2), persons = 1 + (uint32_t)rng_below(r, 4);
    uint32_t person[NODES_MAX];
    graph_init(graph, n);
    for (uint32_t i = 0; i < n; i++) {
        person[i] = (uint32_t)rng_below(r, persons);
        graph->source[i] = (uint16_t)rng_below(r, 3);
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++) {
            double mean = person[i] == person[j] ? 6 : -6;
            Weight w = (Weight)((mean + noise * rng_normal(r)) * WEIGHT_BIT);
            edge(graph, i, j, rng_below(r, 40) == 0 ? ODDS_NEVER : w);
        }
}

static void contradicts(const Graph *graph, const MatchClusters *c)
{
    for (uint32_t i = 0; i < graph->n; i++)
        for (uint32_t j = 0; j < i; j++) {
            if (c->cluster[i] != c->cluster[j])
                continue;
            assert_false(graph->source[i] == graph->source[j] && graph->source[i] < 2);
            assert_int_not_equal(graph_odds(graph, i, j), ODDS_NEVER);
        }
}

static void test_brute_force(void **state)
{
    UNUSED(state);
    static const struct {
        double noise;
        unsigned optimal_percent; /* at least; the rest keep to the margin between rivals on purpose */
    } cases[] = {{2, 88}, {4, 78}, {6, 77}};
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        Rng r;
        rng_init(&r, 11, k);
        unsigned runs = 400, optimal = 0, left_out = 0;
        double part = 0;
        for (unsigned run = 0; run < runs; run++) {
            Graph graph;
            MatchClusters c;
            ClusterReport report;
            int64_t best, have;
            bool careful;
            random_graph(&graph, &r, cases[k].noise);
            solve(&graph, &c, &report);
            contradicts(&graph, &c);
            brute_force(&graph, &c, &best, &have, &careful);
            assert_int_not_equal(have, SET_NEVER);
            assert_true(have <= best);
            optimal += have == best;
            left_out += have != best && (careful || best - have < AMBIGUITY_MARGIN);
            part += best ? (double)have / (double)best : 1;
            match_clusters_free(&c);
            vec_free(&graph.pairs);
        }
        print_message(
            "noise %.0f bits: optimal in %u of %u, in %u a union left to a reviewer; %.1f %% of the best worth\n",
            cases[k].noise, optimal, runs, left_out, 100 * part / runs);
        assert_true(optimal * 100 >= cases[k].optimal_percent * runs);
        assert_true((optimal + left_out) * 100 >= 99 * runs);
    }
}

/* --- single cases ------------------------------------------------------------------------------------------------- */

static void test_chain(void **state)
{
    UNUSED(state);
    Graph graph;
    /* Two persons of two records each; one weak bridge between them. */
    graph_init(&graph, 4);
    edge(&graph, 0, 1, 15 * WEIGHT_BIT);
    edge(&graph, 2, 3, 14 * WEIGHT_BIT);
    edge(&graph, 1, 2, 2 * WEIGHT_BIT);
    expect(&graph, "aabb");
    /* The same bridge between two who do not contradict each other otherwise joins them. */
    edge(&graph, 0, 2, 3 * WEIGHT_BIT);
    edge(&graph, 1, 3, 3 * WEIGHT_BIT);
    edge(&graph, 0, 3, 3 * WEIGHT_BIT);
    expect(&graph, "aaaa");
    /* A long chain of good links whose ends exclude each other breaks at its weakest place. */
    graph_init(&graph, 6);
    for (uint32_t i = 0; i + 1 < 6; i++)
        edge(&graph, i, i + 1, (i == 2 ? 9 : 12) * WEIGHT_BIT);
    edge(&graph, 0, 2, 12 * WEIGHT_BIT);
    edge(&graph, 3, 5, 12 * WEIGHT_BIT);
    edge(&graph, 0, 5, ODDS_NEVER);
    expect(&graph, "aaabbb");
}

static void test_one_to_one(void **state)
{
    UNUSED(state);
    Graph graph;
    /* Two sources without duplicates. The best pair alone would leave two without a partner. */
    graph_init(&graph, 4);
    graph.source[0] = graph.source[1] = 0;
    graph.source[2] = graph.source[3] = 1;
    edge(&graph, 0, 2, 10 * WEIGHT_BIT);
    edge(&graph, 0, 3, 9500);
    edge(&graph, 1, 2, 9500);
    expect(&graph, "abba");
    /* Equal candidates: none is taken silently. */
    graph_init(&graph, 3);
    graph.source[0] = 0;
    graph.source[1] = graph.source[2] = 1;
    edge(&graph, 0, 1, 10 * WEIGHT_BIT);
    edge(&graph, 0, 2, 10 * WEIGHT_BIT);
    expect(&graph, "abc");
    edge(&graph, 0, 1, 13 * WEIGHT_BIT); /* eight times as likely: taken */
    expect(&graph, "aab");
    /* A rival that has a better partner of its own is none. */
    graph_init(&graph, 4);
    graph.source[0] = graph.source[3] = 0;
    graph.source[1] = graph.source[2] = 1;
    edge(&graph, 0, 1, 10 * WEIGHT_BIT);
    edge(&graph, 0, 2, 10 * WEIGHT_BIT);
    edge(&graph, 3, 2, 16 * WEIGHT_BIT);
    expect(&graph, "aabb");
    /* Two candidates that are one person themselves do not compete. */
    graph_init(&graph, 3);
    edge(&graph, 0, 1, 6 * WEIGHT_BIT);
    edge(&graph, 0, 2, 6 * WEIGHT_BIT);
    edge(&graph, 1, 2, 12 * WEIGHT_BIT);
    expect(&graph, "aaa");
}

static void test_decisions(void **state)
{
    UNUSED(state);
    Graph graph;
    graph_init(&graph, 4);
    graph.source[0] = graph.source[1] = 0;
    edge(&graph, 0, 1, ODDS_NEVER);
    edge(&graph, 2, 3, 20 * WEIGHT_BIT);
    graph.decisions[0] = (Decision){1, 0, DECIDED_SAME};
    graph.decisions[1] = (Decision){2, 3, DECIDED_DIFFERENT};
    graph.decision_count = 2;
    expect(&graph, "aabc");
    /* Kept apart also by way of a third. */
    graph_init(&graph, 3);
    edge(&graph, 0, 1, 20 * WEIGHT_BIT);
    edge(&graph, 1, 2, 19 * WEIGHT_BIT);
    edge(&graph, 0, 2, 18 * WEIGHT_BIT);
    graph.decisions[0] = (Decision){0, 2, DECIDED_DIFFERENT};
    graph.decision_count = 1;
    MatchClusters c;
    ClusterReport report;
    solve(&graph, &c, &report);
    assert_int_not_equal(c.cluster[0], c.cluster[2]);
    assert_true(report.refused > 0);
    match_clusters_free(&c);
    vec_free(&graph.pairs);
    /* A decision about no record of the table is an error. */
    Error err = ERROR_INIT;
    graph.decisions[0].b = 7;
    ClusterProblem p = problem_of(&graph);
    assert_int_equal(clusters_solve(&p, &p.judge, 1, &c, &report, &err), ERR_INVALID);
    vec_free(&graph.pairs);
}

static void test_output(void **state)
{
    UNUSED(state);
    Graph graph;
    graph_init(&graph, 5);
    edge(&graph, 1, 3, 9 * WEIGHT_BIT);
    edge(&graph, 1, 4, 5 * WEIGHT_BIT);
    edge(&graph, 3, 4, 6 * WEIGHT_BIT);
    MatchClusters c;
    ClusterReport report;
    solve(&graph, &c, &report);
    assert_int_equal(c.count, 3);
    assert_int_equal(report.clusters, 3);
    assert_int_equal(report.singletons, 2);
    assert_int_equal(report.largest, 3);
    static const uint32_t cluster[] = {0, 1, 2, 1, 1}, link_to[] = {MATCH_NONE, MATCH_NONE, MATCH_NONE, 1, 3};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(c.cluster[i], cluster[i]);
        assert_int_equal(c.link_to[i], link_to[i]);
    }
    assert_int_equal(c.link_odds[4], 6 * WEIGHT_BIT);
    assert_int_equal(c.weakest[0], WEIGHT_MAX);
    assert_int_equal(c.weakest[1], 6 * WEIGHT_BIT);
    match_clusters_free(&c);
    vec_free(&graph.pairs);

    graph_init(&graph, 0);
    solve(&graph, &c, &report);
    assert_int_equal(c.count, 0);
    match_clusters_free(&c);
    vec_free(&graph.pairs);
}

/* 1 and 2 repeat 0; the pair of 0 and 2 is no link, so only 1 goes where 0 is, which is with 3. */
static void test_repeats(void **state)
{
    UNUSED(state);
    Graph graph;
    MatchClusters c;
    ClusterReport report;
    Error err = ERROR_INIT;
    graph_init(&graph, 4);
    edge(&graph, 0, 1, 5 * WEIGHT_BIT);
    edge(&graph, 0, 2, -3 * WEIGHT_BIT);
    edge(&graph, 0, 3, 9 * WEIGHT_BIT);
    ClusterProblem p = problem_of(&graph);
    const uint32_t lead[] = {0, 0, 0, 3}, clusters[] = {0, 0, 1, 0}, link_to[] = {MATCH_NONE, 0, MATCH_NONE, 0};
    assert_int_equal(p.pairs->len, 3);
    p.lead = lead;
    assert_int_equal(clusters_solve(&p, &p.judge, 1, &c, &report, &err), OK);
    assert_int_equal(c.count, 2);
    assert_memory_equal(c.cluster, clusters, sizeof clusters);
    assert_memory_equal(c.link_to, link_to, sizeof link_to);
    assert_int_equal(c.weakest[0], 5 * WEIGHT_BIT);
    match_clusters_free(&c);
    vec_free(&graph.pairs);
}

/* Each allocation fails in turn: an error and nothing left behind (the sanitizer looks). */
static void test_no_memory(void **state)
{
    UNUSED(state);
    Graph graph;
    Rng r;
    rng_init(&r, 13, 0);
    random_graph(&graph, &r, 4);
    ClusterProblem p = problem_of(&graph);
    bool failed = true;
    for (long n = 0; failed; n++) {
        MatchClusters c;
        ClusterReport report;
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = clusters_solve(&p, &p.judge, 1, &c, &report, &err);
        failed = !mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, failed ? ERR_NOMEM : OK);
        match_clusters_free(&c);
    }
    vec_free(&graph.pairs);
}

/* Nodes 0-2-5, 1-4 and 3-6 hang together, 7 alone; a decision ties 1-4 to 3-6. */
static void test_parts(void **state)
{
    UNUSED(state);
    Graph graph;
    Error err = ERROR_INIT;
    ClusterParts parts;
    graph_init(&graph, 8);
    edge(&graph, 0, 2, 5 * WEIGHT_BIT);
    edge(&graph, 2, 5, 5 * WEIGHT_BIT);
    edge(&graph, 1, 4, 5 * WEIGHT_BIT);
    edge(&graph, 3, 6, 5 * WEIGHT_BIT);
    ClusterProblem p = problem_of(&graph);

    assert_int_equal(cluster_parts_init(&parts, &p, 1, &err), OK);
    assert_int_equal(parts.count, 3);
    const uint32_t part[] = {0, 1, 0, 2, 1, 0, 2, MATCH_NONE}, local[] = {0, 0, 1, 0, 1, 2, 1};
    assert_memory_equal(parts.part, part, sizeof part);
    assert_memory_equal(parts.local, local, sizeof local);
    assert_int_equal(parts.by_size[0], 0); /* two pairs; the others one each, in order */
    assert_int_equal(parts.by_size[1], 1);
    assert_int_equal(parts.pair_start[1], 2);
    cluster_parts_free(&parts);

    assert_int_equal(cluster_parts_init(&parts, &p, 100, &err), OK);
    assert_int_equal(parts.count, 1);
    assert_int_equal(parts.record_start[1], 7);
    const uint32_t together[] = {0, 2, 5, 1, 4, 3, 6}, component[] = {0, 0, 0, 1, 1, 2, 2};
    assert_memory_equal(parts.record, together, sizeof together);
    PartProblem all;
    Near near;
    assert_int_equal(part_problem_init(&all, &parts, 0, &p.judge, &err), OK);
    assert_memory_equal(all.problem.component, component, sizeof component);
    assert_int_equal(near_init(&near, &all.problem, &err), OK);
    assert_int_equal(near.components, 3);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t i = near.range[c]; i < near.range[c + 1]; i++)
            assert_int_equal(component[all.pairs.at[near.order[i]].a], c);
    assert_int_equal(near.range[3], 4);
    near_free(&near);
    part_problem_free(&all);
    cluster_parts_free(&parts);

    Decision same = {.a = 6, .b = 1, .kind = DECIDED_SAME};
    p.decisions = &same;
    p.decision_count = 1;
    assert_int_equal(cluster_parts_init(&parts, &p, 1, &err), OK);
    assert_int_equal(parts.count, 2);
    assert_int_equal(parts.part[6], parts.part[1]);
    PartProblem one;
    assert_int_equal(part_problem_init(&one, &parts, parts.part[6], &p.judge, &err), OK);
    assert_int_equal(one.problem.records, 4);
    assert_int_equal(one.problem.decision_count, 1);
    assert_int_equal(one.record[one.problem.decisions[0].a], 6);
    part_problem_free(&one);
    cluster_parts_free(&parts);
    vec_free(&graph.pairs);
}

/* Two judges on two threads say what one says. */
static void test_threads(void **state)
{
    UNUSED(state);
    Graph graph;
    Rng r;
    Error err = ERROR_INIT;
    rng_init(&r, 17, 0);
    for (int round = 0; round < 50; round++) {
        MatchClusters one, two;
        ClusterReport a, b;
        random_graph(&graph, &r, 8);
        ClusterProblem p = problem_of(&graph);
        const Judge judges[] = {p.judge, p.judge};
        assert_int_equal(clusters_solve(&p, judges, 1, &one, &a, &err), OK);
        assert_int_equal(clusters_solve(&p, judges, 2, &two, &b, &err), OK);
        assert_int_equal(one.count, two.count);
        assert_memory_equal(one.cluster, two.cluster, graph.n * sizeof *one.cluster);
        assert_memory_equal(one.link_odds, two.link_odds, graph.n * sizeof *one.link_odds);
        assert_int_equal(a.refused, b.refused);
        match_clusters_free(&one);
        match_clusters_free(&two);
        vec_free(&graph.pairs);
    }
}

static void contest_link(Contest *c, size_t i, size_t j, Weight odds, Weight against)
{
    c->odds[i][j] = c->odds[j][i] = odds;
    c->against[i][j] = c->against[j][i] = against;
}

/* Against the sum over all partitions, written down by hand. */
static void test_contest(void **state)
{
    UNUSED(state);
    LogSum table;
    log_sum_fill(&table);
    /* 0 has two who exclude each other: 2^3 against 1 + 2^2. */
    Contest c = {.n = 3};
    contest_link(&c, 0, 1, 3000, 0);
    contest_link(&c, 0, 2, 2000, 0);
    contest_link(&c, 1, 2, ODDS_NEVER, 0);
    assert_in_range(contest_odds(&c, &table), weight_log2(8.0 / 5) - 2, weight_log2(8.0 / 5) + 2);
    /* Two who have nothing to be compared by do not exclude each other: {012} is worth 2^5, and nobody loses. */
    contest_link(&c, 1, 2, -14000, 0);
    double with = 8 + 32, without = 1 + 4 + 1.0 / 16384;
    assert_in_range(contest_odds(&c, &table), weight_log2(with / without) - 3, weight_log2(with / without) + 3);
    /* Two who disagree somewhere do, by as much as they disagree: {012} is worth 2^(5 - 6). */
    contest_link(&c, 1, 2, -14000, -6000);
    with = 8 + 0.5;
    assert_in_range(contest_odds(&c, &table), weight_log2(with / without) - 3, weight_log2(with / without) + 3);
    /* One to one, two and two: 01 with and without 23; apart the other ways. */
    c = (Contest){.n = 4};
    contest_link(&c, 0, 1, 4000, 0);
    contest_link(&c, 2, 3, 4000, 0);
    contest_link(&c, 0, 3, 3000, 0);
    contest_link(&c, 1, 2, 3000, 0);
    contest_link(&c, 0, 2, ODDS_NEVER, 0);
    contest_link(&c, 1, 3, ODDS_NEVER, 0);
    double together = 16 * (1 + 16), apart = 1 + 16 + 8 + 8 + 64;
    Weight want = weight_log2(together / apart);
    assert_in_range(contest_odds(&c, &table), want - 3, want + 3);
    c = (Contest){.n = 2};
    contest_link(&c, 0, 1, ODDS_NEVER, 0);
    assert_int_equal(contest_odds(&c, &table), ODDS_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute_force),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_one_to_one),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_contest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
