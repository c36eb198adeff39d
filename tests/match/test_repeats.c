/*
 * Records that repeat another, held against a table in which each is by itself: the same model, the same odds, the same
 * persons.
 */
#include "crowd.h"
#include "match/index_impl.h"
#include "match/propose.h"

static const PassSpec PASSES[] = {
    {.name = SLICE_INIT("number"), .parts = {{.field = C_NUMBER}}, .part_count = 1},
    {.name = SLICE_INIT("errors"), .parts = {{.field = C_NUMBER, .transform = KEY_DELETION}}, .part_count = 1},
    {.name = SLICE_INIT("birth"), .parts = {{.field = C_BIRTH}}, .part_count = 1},
    {.name = SLICE_INIT("names"), .parts = {{.field = C_FIRST}, {.field = C_LAST}}, .part_count = 2},
    {.name = SLICE_INIT("street"), .parts = {{.field = C_STREET}, {.field = C_ZIP}}, .part_count = 2},
};

/* A crowd whose sources may all hold anybody twice, and of which every third row comes up to three times more. */
static void copies_new(Crowd *crowd, uint32_t households, uint64_t seed)
{
    Rng r;
    crowd_new(crowd, households, seed);
    rng_init(&r, seed, 1);
    for (uint32_t s = 0; s < crowd->config.source_count; s++) {
        crowd->config.sources[s].dedupe = true;
        crowd->config.sources[s].unique = false;
    }
    memcpy(crowd->config.passes, PASSES, sizeof PASSES);
    crowd->config.pass_count = COUNT_OF(PASSES);
    size_t rows = crowd->rows.len;
    for (size_t i = 0; i < rows; i++)
        for (uint32_t k = 0; i % 3 == 0 && k <= rng_below(&r, 3); k++) {
            CrowdRow row = crowd->rows.at[i];
            row.source = (row.source + k) % crowd->config.source_count;
            snprintf(row.id, sizeof row.id, "%u+%u", (unsigned)i % 100000, (unsigned)k % 10);
            assert_ok(vec_push(&crowd->rows, row, NULL));
        }
}

static bool naive_repeats(const MatchTable *t, uint32_t a, uint32_t b)
{
    for (uint32_t c = 0; c < t->columns; c++)
        if (!slice_eq(match_cell_text(t, a, c), match_cell_text(t, b, c)))
            return false;
    return match_cell_text(t, a, C_NUMBER).len > 0;
}

static void test_found(void **state)
{
    UNUSED(state);
    Crowd crowd;
    copies_new(&crowd, 120, 5);
    MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
    assert_ok(match_table_repeats(t, NULL, 0, NULL));
    uint32_t repeated = 0;
    for (uint32_t r = 0; r < t->records; r++) {
        uint32_t first = r, times = 1;
        for (uint32_t k = 0; k < t->records; k++) {
            first = k < first && naive_repeats(t, k, r) ? k : first;
            times += k != r && naive_repeats(t, k, r);
        }
        assert_int_equal(t->lead[r], first);
        assert_int_equal(record_leads(t, r), first == r);
        if (first == r)
            assert_int_equal(record_times(t, r), times);
        repeated += first != r;
    }
    assert_true(repeated > 50);
    assert_int_equal(match_table_repeated(t), repeated);
    match_table_free(t);
    vec_free(&crowd.rows);
}

/* What is no repeat though all values agree. */
static void test_not_found(void **state)
{
    UNUSED(state);
    static const struct {
        FieldKind kind;
        const char *number;
        bool unique, other_trait;
        uint32_t repeated;
    } cases[] = {{FIELD_IDENTIFIER, "7654321", false, false, 1}, {FIELD_IDENTIFIER, "", false, false, 0},
        {FIELD_SSN, "219-09-9998", false, false, 1}, {FIELD_SSN, "9998", false, false, 0},
        {FIELD_CODE, "7654321", false, false, 0}, {FIELD_IDENTIFIER, "7654321", true, false, 0},
        {FIELD_IDENTIFIER, "7654321", false, true, 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Crowd crowd = {.persons = 1};
        crowd_config(&crowd.config);
        crowd.config.fields[C_NUMBER].kind = cases[i].kind;
        crowd.config.rule_count = 0;
        crowd.config.trait_count = 2;
        crowd.config.traits[0] = SLICE("a");
        crowd.config.traits[1] = SLICE("b");
        for (uint32_t s = 0; s < 3; s++)
            crowd.config.sources[s] = (SourceSpec){.name = crowd.config.sources[s].name,
                .dedupe = !cases[i].unique,
                .unique = cases[i].unique,
                .trait = s == 1 && cases[i].other_trait};
        for (uint32_t s = 0; s < 2; s++) {
            CrowdRow row = {.text = {"ANNA", "BADEN", "2001-02-03", "1 MAIN ST", "80201"}, .source = s};
            snprintf(row.text[C_NUMBER], sizeof row.text[0], "%s", cases[i].number);
            snprintf(row.id, sizeof row.id, "%u", s);
            assert_ok(vec_push(&crowd.rows, row, NULL));
        }
        MatchTable *t = crowd_table(&crowd, 2, 1);
        assert_ok(match_table_repeats(t, NULL, 0, NULL));
        assert_int_equal(match_table_repeated(t), cases[i].repeated);
        match_table_free(t);
        vec_free(&crowd.rows);
    }
}

/* A source that is not looked through has no repeats, and its equal records are no work. */
static void test_many_alike(void **state)
{
    UNUSED(state);
    Crowd crowd = {.persons = 1};
    crowd_config(&crowd.config);
    crowd.config.rule_count = 0;
    for (uint32_t i = 0; i < 120000; i++) {
        CrowdRow row = {.text = {"ANNA", "BADEN", "2001-02-03", "1 MAIN ST", "80201", "7654321"}, .source = COLLEGE};
        snprintf(row.id, sizeof row.id, "%u", i);
        assert_ok(vec_push(&crowd.rows, row, NULL));
    }
    MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
    assert_ok(match_table_repeats(t, NULL, 0, NULL));
    assert_int_equal(match_table_repeated(t), 0);
    match_table_free(t);
    vec_free(&crowd.rows);
}

/* Everything that follows from one table. */
static void link_table(MatchTable *t, unsigned threads, const Decision *decisions, size_t count, Linked *out)
{
    TrainReport trained;
    TrainOptions train = {.threads = threads, .progress = PROGRESS_OFF};
    RunOptions run = {.threads = threads, .progress = PROGRESS_OFF};
    *out = (Linked){.t = t};
    assert_ok(match_train(t, &train, &out->m, &trained, NULL));
    assert_ok(match_pairs(t, out->m, &run, &out->pairs, &out->report, NULL));
    assert_ok(match_clusters(t, out->m, &out->pairs, decisions, count, &run, &out->clusters, &out->clustered, NULL));
}

static void assert_same_model(const MatchModel *x, const MatchModel *y)
{
    Buf a, b;
    buf_init(&a, 0);
    buf_init(&b, 0);
    assert_ok(match_model_write(x, &a, NULL));
    assert_ok(match_model_write(y, &b, NULL));
    char left[SHA256_HEX_SIZE], right[SHA256_HEX_SIZE];
    assert_ok(match_model_version(x, left, NULL));
    assert_ok(match_model_version(y, right, NULL));
    assert_string_equal(left, right);
    buf_free(&a);
    buf_free(&b);
}

/* Pairs of leading records and those of each other one with its own, of a run in which nobody follows. */
static void assert_same_pairs(const MatchTable *t, const MatchPairs *all, const MatchPairs *led)
{
    size_t n = 0;
    for (size_t i = 0; i < all->len; i++) {
        const MatchPair *p = &all->at[i];
        bool repeat = t->lead[p->b] == p->a;
        if (!repeat && !(record_leads(t, p->a) && record_leads(t, p->b)))
            continue;
        assert_true(n < led->len);
        const MatchPair *q = &led->at[n++];
        assert_true(p->a == q->a && p->b == q->b && p->odds == q->odds && p->pattern == q->pattern);
        assert_int_equal(q->passes & ~p->passes, 0);
        assert_true(repeat || p->passes == q->passes);
    }
    assert_int_equal(n, led->len);
}

static double cluster_f1(const Crowd *crowd, const Linked *l)
{
    TruthReport truth;
    uint32_t *person = NULL;
    assert_ok(mem_alloc(crowd->rows.len * sizeof *person, (void **)&person, NULL));
    for (uint32_t r = 0; r < match_record_count(l->t); r++)
        person[r] = crowd->rows.at[match_record_added(l->t, r)].person;
    assert_ok(match_truth(l->t, l->m, person, &l->pairs, l->report.compared, &l->clusters, &truth, NULL));
    mem_free(person);
    return pair_f1(truth.clusters);
}

static void test_same_result(void **state)
{
    UNUSED(state);
    enum { SEEDS = 4 };
    double before = 0, after = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Crowd crowd;
        Linked all, led, two;
        copies_new(&crowd, 250, seed);
        MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1), *u = crowd_table(&crowd, crowd.rows.len, -1);
        link_table(crowd_table(&crowd, crowd.rows.len, 1), 1, NULL, 0, &all);
        assert_ok(match_table_repeats(t, NULL, 0, NULL));
        assert_ok(match_table_repeats(u, NULL, 0, NULL));
        link_table(t, 1, NULL, 0, &led);
        link_table(u, 3, NULL, 0, &two);
        assert_same_model(all.m, led.m);
        assert_same_pairs(t, &all.pairs, &led.pairs);
        assert_true(led.report.compared < all.report.compared);
        for (uint32_t p = 0; p < led.report.pass_count; p++)
            assert_true(led.report.passes[p].matches_only_here <= all.report.passes[p].matches_only_here + 1e-6);
        before += cluster_f1(&crowd, &all);
        after += cluster_f1(&crowd, &led);
        for (uint32_t r = 0; r < t->records; r++)
            if (!record_leads(t, r))
                assert_true(led.clusters.link_to[r] == t->lead[r] && led.clusters.link_odds[r] > 0);
        /* rows in another order, three threads */
        assert_same_model(led.m, two.m);
        assert_int_equal(led.pairs.len, two.pairs.len);
        for (size_t i = 0; i < led.pairs.len; i++)
            assert_memory_equal(&led.pairs.at[i], &two.pairs.at[i], sizeof led.pairs.at[0]);
        assert_memory_equal(led.clusters.cluster, two.clusters.cluster, t->records * sizeof(uint32_t));
        assert_memory_equal(led.clusters.weakest, two.clusters.weakest, led.clusters.count * sizeof(Weight));
        linked_free(&all);
        linked_free(&led);
        linked_free(&two);
        vec_free(&crowd.rows);
    }
    /* nearly always the same persons: where rivals were close, none of them stands there several times any more */
    print_message("clusters F1 %.4f, each record by itself %.4f\n", after / SEEDS, before / SEEDS);
    assert_true((before - after) / SEEDS < 0.005);
}

typedef VEC(Weight) Weights;

static int by_weight(const void *x, const void *y)
{
    Weight a = *(const Weight *)x, b = *(const Weight *)y;
    return (a > b) - (a < b);
}

static Weights odds_of_leading(MatchTable *t, const MatchModel *m)
{
    RunOptions run = {.threads = 1, .progress = PROGRESS_OFF};
    MatchPairs pairs = {0};
    PairsReport report;
    Weights out = {0};
    assert_ok(match_table_repeats(t, NULL, 0, NULL));
    assert_ok(match_pairs(t, m, &run, &pairs, &report, NULL));
    for (size_t i = 0; i < pairs.len; i++)
        if (record_leads(t, pairs.at[i].b))
            assert_ok(vec_push(&out, pairs.at[i].odds, NULL));
    assert_true(out.len > 100);
    qsort(out.at, out.len, sizeof *out.at, by_weight);
    vec_free(&pairs);
    return out;
}

/* How often records are repeated plays no part in what passes are proposed, nor in who finds a place in a source that
 * holds nobody twice. */
static void test_copies_change_nothing(void **state)
{
    UNUSED(state);
    Crowd crowd;
    MatchModel *m;
    TrainReport trained;
    TrainOptions train = {.threads = 1, .progress = PROGRESS_OFF};
    crowd_new(&crowd, 250, 21);
    for (uint32_t f = 0; f < crowd.config.field_count; f++)
        crowd.config.fields[f].term_frequency = false; /* of which the copies are part */
    size_t rows = crowd.rows.len;
    MatchTable *t = crowd_table(&crowd, rows, 1);
    assert_ok(match_train(t, &train, &m, &trained, NULL));
    for (size_t i = 0; i < rows; i++)
        for (uint32_t k = 0; crowd.rows.at[i].source == WORK && crowd.rows.at[i].text[C_NUMBER][0] && k < 4; k++) {
            CrowdRow row = crowd.rows.at[i];
            snprintf(row.id, sizeof row.id, "x%u+%u", (unsigned)i % 100000, (unsigned)k);
            assert_ok(vec_push(&crowd.rows, row, NULL));
        }
    MatchTable *u = crowd_table(&crowd, crowd.rows.len, 1);
    Weights a = odds_of_leading(t, m), b = odds_of_leading(u, m);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.at, b.at, a.len * sizeof *a.at);
    Sample x, y;
    assert_ok(sample_init(t, &x, NULL));
    assert_ok(sample_init(u, &y, NULL));
    assert_true(t->records < u->records);
    assert_int_equal(x.count, y.count);
    for (uint32_t i = 0; i < x.atom_count; i++)
        assert_true(x.atoms[i].collide == y.atoms[i].collide);
    sample_free(&x);
    sample_free(&y);
    vec_free(&a);
    vec_free(&b);
    match_model_free(m);
    match_table_free(t);
    match_table_free(u);
    vec_free(&crowd.rows);
}

/* Who an index must find for a record, said without it: every leading record that shares a key with it. */
static size_t should_find(const MatchIndex *x, uint32_t record, const MatchPairs *found)
{
    const MatchTable *t = x->t;
    size_t n = 0;
    for (uint32_t other = 0; other < t->records; other++) {
        uint32_t a = record < other ? record : other, b = record < other ? other : record;
        if (other == record || !record_leads(t, other) || !table_comparable(t->config, t->source[a], t->source[b]))
            continue;
        uint32_t mask = blocks_mask(t, x->m->passes, x->m->pass_count, a, b);
        MatchPair pair = joint_pair(x->joint, a, b);
        if (mask == 0 || pair.odds < t->config->keep_from)
            continue;
        size_t i = 0;
        while (i < found->len && (found->at[i].a != a || found->at[i].b != b))
            i++;
        assert_true(i < found->len);
        assert_int_equal(found->at[i].passes, mask);
        assert_int_equal(found->at[i].odds, pair.odds);
        n++;
    }
    return n;
}

/* Keys of the leading records under a pass; of `values`, only of the first that holds a number. */
static uint64_t posted(const MatchIndex *x, uint32_t pass, bool values)
{
    const MatchTable *t = x->t;
    uint64_t n = 0;
    for (uint32_t r = 0; r < t->records; r++) {
        uint64_t keys[RECORD_KEYS_MAX];
        bool first = record_leads(t, r);
        for (uint32_t k = 0; first && values && k < r; k++)
            first = !record_leads(t, k) || record_cells(t, k)[C_NUMBER] != record_cells(t, r)[C_NUMBER];
        n += first ? record_keys(t, &x->m->passes[pass], r, keys) : 0;
    }
    return n;
}

/* An index has no repeats and each number's typing errors once, and finds as if it had all. */
static void test_index(void **state)
{
    UNUSED(state);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        Crowd crowd;
        MatchIndex *x;
        MatchPairs found = {0};
        Linked l;
        copies_new(&crowd, 200, 30);
        MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
        assert_ok(match_table_repeats(t, NULL, 0, NULL));
        link_table(t, 1, NULL, 0, &l);
        uint32_t parted = 0;
        while (record_leads(t, parted))
            parted++;
        uint32_t times = t->times[t->lead[parted]], repeated = match_table_repeated(t);
        uint32_t lead = t->lead[parted];
        match_table_apart(t, parted);
        assert_true(record_leads(t, parted) && match_record_repeats(t, parted) == parted);
        assert_int_equal(t->times[lead], times - 1);
        assert_int_equal(match_table_repeated(t), repeated - 1);
        assert_ok(match_index_new(t, l.m, threads, &x, NULL));
        uint64_t keys = 0;
        for (uint32_t p = 0; p < l.m->pass_count; p++)
            keys += posted(x, p, p == 1);
        assert_int_equal(x->postings.count, keys);
        assert_true(posted(x, 1, true) < posted(x, 1, false));
        size_t sum = 0;
        for (uint32_t r = 0; r < t->records; r += 2) {
            assert_ok(match_index_find(x, r, &found, NULL));
            assert_int_equal(should_find(x, r, &found), found.len);
            sum += found.len;
        }
        assert_true(sum > t->records / 4);
        assert_ok(match_index_find(x, lead, &found, NULL));
        bool there = false;
        for (size_t i = 0; i < found.len; i++)
            there |= found.at[i].a == parted || found.at[i].b == parted;
        assert_true(there);
        vec_free(&found);
        match_index_free(x);
        linked_free(&l);
        vec_free(&crowd.rows);
    }
}

/* Each allocation fails in turn: an error, nothing left behind, and a table in which all are by themselves. */
static void test_no_memory(void **state)
{
    UNUSED(state);
    Crowd crowd;
    MatchModel *m;
    TrainReport trained;
    TrainOptions train = {.threads = 1, .progress = PROGRESS_OFF};
    RunOptions run = {.threads = 1, .progress = PROGRESS_OFF};
    copies_new(&crowd, 20, 3);
    MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
    bool failed = true;
    for (long n = 0; failed; n++) {
        mem_fail_after(n);
        Status st = match_table_repeats(t, NULL, 0, NULL);
        failed = !mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, failed ? ERR_NOMEM : OK);
        assert_true(!failed || (record_leads(t, t->records - 1) && match_table_repeated(t) == 0));
    }
    assert_true(match_table_repeated(t) > 0);
    assert_ok(match_train(t, &train, &m, &trained, NULL));
    failed = true;
    for (long n = 0; failed; n++) {
        MatchPairs pairs = {0};
        PairsReport report;
        mem_fail_after(n);
        Status st = match_pairs(t, m, &run, &pairs, &report, NULL);
        failed = !mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, failed ? ERR_NOMEM : OK);
        vec_free(&pairs);
    }
    match_model_free(m);
    match_table_free(t);
    vec_free(&crowd.rows);
}

/* A reviewer told two apart that agree in everything: they are by themselves, and stay so. */
static void test_decided(void **state)
{
    UNUSED(state);
    Crowd crowd;
    Linked l;
    copies_new(&crowd, 100, 9);
    MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
    assert_ok(match_table_repeats(t, NULL, 0, NULL));
    uint32_t b = 0;
    while (record_leads(t, b))
        b++;
    Decision apart = {.a = t->lead[b], .b = b, .kind = DECIDED_DIFFERENT};
    match_table_free(t);
    t = crowd_table(&crowd, crowd.rows.len, 1);
    assert_ok(match_table_repeats(t, &apart, 1, NULL));
    assert_true(record_leads(t, apart.a) && record_leads(t, apart.b));
    assert_true(record_times(t, apart.a) == 1 && record_times(t, apart.b) == 1);
    link_table(t, 1, &apart, 1, &l);
    assert_true(l.clusters.cluster[apart.a] != l.clusters.cluster[apart.b]);
    linked_free(&l);
    vec_free(&crowd.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_many_alike),
        cmocka_unit_test(test_same_result),
        cmocka_unit_test(test_copies_change_nothing),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
