/*
 * Who is left over (cluster_left.c): pupils by year of birth, workers by year of the first wages. Where nearly all of a
 * year have been found, a pupil and a worker who are left are likely one; where none has, they are what their odds say.
 */
#include "../base/harness.h"

#include "match/cluster_impl.h"

enum { PUPIL, WORKER, SOURCES };
enum { RECORDS_MAX = 800, EDGES_MAX = 400 };

typedef struct Edge {
    uint32_t a, b;
    Weight odds;
} Edge;

typedef struct State {
    MatchConfig config;
    MatchTable *table;
    uint32_t count;
    uint32_t added[RECORDS_MAX]; /* by number of adding: the record */
    uint32_t pupil[RECORDS_MAX]; /* by number of adding: is it one? */
    const char *year[RECORDS_MAX];
    Edge edges[EDGES_MAX]; /* by numbers of adding */
    size_t edge_count;
    Decision decisions[2];
    size_t decision_count;
    MatchPairs pairs;
    LeftStrata strata;
} State;

static Weight between(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb, Weight *against)
{
    const State *s = ctx;
    Weight best = -40 * WEIGHT_BIT;
    for (size_t i = 0; i < na; i++)
        for (size_t k = 0; k < nb; k++)
            for (size_t e = 0; e < s->pairs.len; e++) {
                const MatchPair *p = &s->pairs.at[e];
                bool same = (p->a == a[i] && p->b == b[k]) || (p->a == b[k] && p->b == a[i]);
                best = same && p->odds > best ? p->odds : best;
            }
    if (against)
        *against = 0;
    return best;
}

static bool repeats(void *ctx, uint32_t a, uint32_t b)
{
    UNUSED(ctx);
    return a == b;
}

static void state_init(State *s)
{
    memset(s, 0, sizeof *s);
    match_config_init(&s->config);
    s->config.columns[0] = SLICE("year");
    s->config.column_count = 1;
    s->config.fields[0] = (FieldSpec){
        .name = SLICE("year"), .kind = FIELD_NUMBER, .columns = {0}, .column_count = 1, .swap_with = MATCH_NONE};
    s->config.field_count = 1;
    s->config.traits[0] = SLICE("school");
    s->config.traits[1] = SLICE("wage");
    s->config.trait_count = 2;
    s->config.sources[PUPIL] = (SourceSpec){.name = SLICE("school"), .dedupe = true, .trait = 0};
    s->config.sources[WORKER] = (SourceSpec){.name = SLICE("wage"), .dedupe = true, .trait = 1};
    s->config.source_count = SOURCES;
    s->config.left_step = 10;
}

static uint32_t record(State *s, uint32_t source, const char *year)
{
    s->pupil[s->count] = source == PUPIL;
    s->year[s->count] = year;
    return s->count++;
}

static void edge(State *s, uint32_t a, uint32_t b, Weight odds)
{
    s->edges[s->edge_count++] = (Edge){a, b, odds};
}

/* So many pupils and workers of a year who are surely one, and so many who have nobody. */
static void year_of(State *s, const char *born, const char *began, uint32_t found, uint32_t alone)
{
    for (uint32_t i = 0; i < found + alone; i++) {
        uint32_t p = record(s, PUPIL, born), w = record(s, WORKER, began);
        if (i < found)
            edge(s, p, w, 20 * WEIGHT_BIT);
    }
}

static void state_seal(State *s)
{
    Error err = ERROR_INIT;
    assert_ok(match_table_new(&s->config, &s->table, &err));
    for (uint32_t i = 0; i < s->count; i++) {
        char id[16];
        Slice year = slice_of(s->year[i]);
        snprintf(id, sizeof id, "%u", i);
        assert_ok(match_table_add(s->table, s->pupil[i] ? PUPIL : WORKER, slice_of(id), &year, &err));
    }
    assert_ok(match_table_seal(s->table, 1, &err));
    for (uint32_t r = 0; r < s->count; r++)
        s->added[match_record_added(s->table, r)] = r;
    for (size_t i = 0; i < s->edge_count; i++) {
        uint32_t a = s->added[s->edges[i].a], b = s->added[s->edges[i].b];
        MatchPair pair = {.a = a < b ? a : b, .b = a < b ? b : a, .odds = s->edges[i].odds};
        assert_ok(vec_push(&s->pairs, pair, &err));
    }
    assert_ok(pairs_sort(&s->pairs, s->count, 1, &err));
    for (size_t i = 0; i < s->decision_count; i++) {
        s->decisions[i].a = s->added[s->decisions[i].a];
        s->decisions[i].b = s->added[s->decisions[i].b];
    }
    assert_ok(left_strata_init(&s->strata, s->table, &err));
}

static void state_free(State *s)
{
    left_strata_free(&s->strata);
    match_table_free(s->table);
    vec_free(&s->pairs);
}

static void solve(State *s, bool left, unsigned threads, MatchClusters *out)
{
    ClusterReport report;
    Error err = ERROR_INIT;
    const ClusterProblem p = {.records = s->count,
        .source = s->table->source,
        .config = &s->config,
        .pairs = &s->pairs,
        .decisions = s->decisions,
        .decision_count = s->decision_count,
        .left = left ? &s->strata : NULL};
    const Judge judge = {.between = between, .repeats = repeats, .ctx = s};
    const Judge judges[] = {judge, judge};
    assert_ok(clusters_solve(&p, judges, threads, out, &report, &err));
}

static bool together(const State *s, const MatchClusters *c, uint32_t a, uint32_t b)
{
    return c->cluster[s->added[a]] == c->cluster[s->added[b]];
}

/* One bit against, of a year of which nine in ten have been found and of one of which nobody has. */
static void by_year(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    year_of(&s, "2001", "2018", 60, 4);
    year_of(&s, "1961", "1978", 0, 40);
    uint32_t pupil = record(&s, PUPIL, "2004"), worker = record(&s, WORKER, "2019"); /* of the same tens */
    uint32_t old_pupil = record(&s, PUPIL, "1961"), old_worker = record(&s, WORKER, "1978");
    edge(&s, pupil, worker, -WEIGHT_BIT);
    edge(&s, old_pupil, old_worker, -WEIGHT_BIT);
    state_seal(&s);
    for (unsigned threads = 1; threads <= 2; threads++) {
        solve(&s, true, threads, &c);
        assert_true(together(&s, &c, pupil, worker));
        assert_false(together(&s, &c, old_pupil, old_worker));
        match_clusters_free(&c);
    }
    solve(&s, false, 1, &c);
    assert_false(together(&s, &c, pupil, worker));
    match_clusters_free(&c);
    state_free(&s);
}

/* The odds of the link are those that follow from the shares: 20 persons of all beside those of the year. */
static void odds_of_the_left(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    year_of(&s, "2001", "2018", 60, 0);
    uint32_t pupil = record(&s, PUPIL, "2001"), worker = record(&s, WORKER, "2018");
    edge(&s, pupil, worker, -WEIGHT_BIT);
    state_seal(&s);
    solve(&s, true, 1, &c);
    double all = (1 + 20.0) / (61 + 20), year = (1 + 20 * all) / (61 + 20);
    Weight want = -WEIGHT_BIT - 2 * weight_log2(year);
    assert_true(together(&s, &c, pupil, worker));
    uint32_t low = s.added[pupil] < s.added[worker] ? s.added[pupil] : s.added[worker];
    uint32_t high = low == s.added[pupil] ? s.added[worker] : s.added[pupil];
    assert_int_equal(c.link_odds[high], want);
    assert_int_equal(c.link_to[high], low);
    assert_int_equal(c.weakest[c.cluster[low]], want);
    match_clusters_free(&c);
    state_free(&s);
}

/* Two who fit alike share the odds: neither is joined. One who fits eight times better is. */
static void rivals_share(void **state)
{
    UNUSED(state);
    for (int better = 0; better <= 4; better += 4) {
        State s;
        MatchClusters c;
        state_init(&s);
        year_of(&s, "2001", "2018", 60, 0);
        uint32_t pupil = record(&s, PUPIL, "2001"), one = record(&s, WORKER, "2018"), two = record(&s, WORKER, "2018");
        edge(&s, pupil, one, (better - 1) * WEIGHT_BIT);
        edge(&s, pupil, two, -WEIGHT_BIT);
        state_seal(&s);
        solve(&s, true, 1, &c);
        assert_int_equal(together(&s, &c, pupil, one), better > 0);
        assert_false(together(&s, &c, pupil, two));
        match_clusters_free(&c);
        state_free(&s);
    }
}

/* Whoever links from less than even odds on gives one pupil no two workers. */
static void never_two_of_one(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    s.config.match_from = s.config.review_from = s.config.keep_from = -5 * WEIGHT_BIT;
    year_of(&s, "2001", "2018", 60, 0);
    uint32_t pupil = record(&s, PUPIL, "2001"), one = record(&s, WORKER, "2018"), two = record(&s, WORKER, "2018");
    edge(&s, pupil, one, -7 * WEIGHT_BIT / 2); /* not by themselves, and each with who is left */
    edge(&s, pupil, two, -7 * WEIGHT_BIT / 2);
    state_seal(&s);
    solve(&s, true, 1, &c);
    assert_false(together(&s, &c, pupil, one));
    assert_false(together(&s, &c, pupil, two));
    match_clusters_free(&c);
    state_free(&s);
}

/* Two who fit alike, in a year of which so many have been found that each is as likely as the other and one more. */
static void alike_at_even_odds(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    s.config.match_from = s.config.review_from = s.config.keep_from = -MATCH_LEFT_MARGIN;
    year_of(&s, "2001", "2018", 300, 0);
    uint32_t pupil = record(&s, PUPIL, "2001"), one = record(&s, WORKER, "2018"), two = record(&s, WORKER, "2018");
    edge(&s, pupil, one, -1); /* not by themselves */
    edge(&s, pupil, two, -1);
    state_seal(&s);
    solve(&s, true, 1, &c);
    assert_false(together(&s, &c, pupil, one));
    assert_false(together(&s, &c, pupil, two));
    match_clusters_free(&c);
    state_free(&s);
}

/* Whatever record a group is known by, of a person the first record alone has no link, and what joins two groups is the
 * link of the first record of the later one. */
static void first_has_no_link(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    year_of(&s, "2001", "2018", 60, 0);
    for (uint32_t i = 0; i < 10; i++) {
        static const char *const began[] = {
            "2010", "2011", "2012", "2013", "2014", "2015", "2016", "2017", "2018", "2019"};
        static const char *const born[] = {
            "2000", "2001", "2002", "2003", "2004", "2005", "2006", "2007", "2008", "2009"};
        uint32_t pupil = record(&s, PUPIL, born[i]), worker = record(&s, WORKER, began[i]);
        uint32_t second = record(&s, WORKER, began[i]), third = record(&s, WORKER, began[9 - i]);
        edge(&s, worker, second, 30 * WEIGHT_BIT);
        edge(&s, second, third, 25 * WEIGHT_BIT);
        edge(&s, worker, third, 25 * WEIGHT_BIT);
        edge(&s, pupil, worker, -WEIGHT_BIT);
    }
    state_seal(&s);
    solve(&s, true, 1, &c);
    uint32_t first[RECORDS_MAX], left = 0;
    bool seen[RECORDS_MAX] = {false};
    for (uint32_t r = 0; r < s.count; r++) {
        uint32_t k = c.cluster[r];
        assert_int_equal(c.link_to[r] == MATCH_NONE, !seen[k]);
        first[k] = seen[k] ? first[k] : r;
        seen[k] = true;
        if (c.link_to[r] == MATCH_NONE)
            continue;
        assert_int_equal(c.cluster[c.link_to[r]], k);
        bool joins = s.table->source[r] != s.table->source[c.link_to[r]] && c.link_odds[r] < 20 * WEIGHT_BIT;
        left += joins;
        if (joins)
            assert_int_equal(c.link_odds[r], c.weakest[k]);
    }
    assert_int_equal(left, 10);
    for (uint32_t k = 0; k < c.count; k++)
        assert_int_equal(c.link_odds[first[k]], 0);
    match_clusters_free(&c);
    state_free(&s);
}

/* A reviewer's word, and a third kind of source that both have: not a pair of those left over. */
static void not_asked(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    year_of(&s, "2001", "2018", 60, 0);
    uint32_t pupil = record(&s, PUPIL, "2001"), worker = record(&s, WORKER, "2018");
    uint32_t other = record(&s, PUPIL, "2001");
    edge(&s, pupil, worker, -WEIGHT_BIT);
    edge(&s, pupil, other, -WEIGHT_BIT);
    s.decisions[s.decision_count++] = (Decision){pupil, worker, DECIDED_DIFFERENT};
    state_seal(&s);
    solve(&s, true, 1, &c);
    assert_false(together(&s, &c, pupil, worker));
    assert_false(together(&s, &c, pupil, other));
    match_clusters_free(&c);
    state_free(&s);
}

/* What being left says of one side is bounded, and what is looked at follows from that bound and from match_from. */
static void bound(void **state)
{
    UNUSED(state);
    static const struct {
        Weight from, odds;
        bool joined;
    } cases[] = {{0, -9 * WEIGHT_BIT, true}, {0, -9 * WEIGHT_BIT - 1, false}, {WEIGHT_BIT, -8 * WEIGHT_BIT, true},
        {WEIGHT_BIT, -8 * WEIGHT_BIT - 1, false}, {-4 * WEIGHT_BIT, -11 * WEIGHT_BIT + 1, true},
        {-4 * WEIGHT_BIT, -11 * WEIGHT_BIT, false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        State s;
        MatchClusters c;
        state_init(&s);
        s.config.match_from = s.config.review_from = cases[i].from;
        s.config.keep_from = -12 * WEIGHT_BIT;
        year_of(&s, "2001", "2018", 300, 0); /* by count one in 138 is left */
        uint32_t pupil = record(&s, PUPIL, "2001"), worker = record(&s, WORKER, "2018");
        edge(&s, pupil, worker, cases[i].odds);
        state_seal(&s);
        solve(&s, true, 1, &c);
        assert_int_equal(together(&s, &c, pupil, worker), cases[i].joined);
        match_clusters_free(&c);
        state_free(&s);
    }
}

/* Who is not joined is handed out with the odds that were left: two who share one pupil have less than half each. */
static void handed_out(void **state)
{
    UNUSED(state);
    State s;
    MatchClusters c;
    state_init(&s);
    year_of(&s, "2001", "2018", 60, 0);
    uint32_t pupil = record(&s, PUPIL, "2001"), one = record(&s, WORKER, "2018"), two = record(&s, WORKER, "2018");
    edge(&s, pupil, one, -WEIGHT_BIT);
    edge(&s, pupil, two, -WEIGHT_BIT);
    state_seal(&s);
    solve(&s, true, 1, &c);
    assert_int_equal(c.left_count, 2);
    for (size_t i = 0; i < c.left_count; i++) {
        assert_true(c.cluster[c.left[i].a] != c.cluster[c.left[i].b]);
        assert_true(c.left[i].odds < 0 && c.left[i].odds > -WEIGHT_BIT);
    }
    match_clusters_free(&c);
    state_free(&s);
}

/* A worker weakly tied to another one does not go over to a pupil below the odds that a union of the two would need. */
static void no_move_below(void **state)
{
    UNUSED(state);
    for (int sure = 0; sure < 2; sure++) {
        State s;
        MatchClusters c;
        state_init(&s);
        year_of(&s, "1961", "1978", 0, 40);
        uint32_t pupil = record(&s, PUPIL, "1961"), worker = record(&s, WORKER, "1978"),
                 other = record(&s, WORKER, "1978");
        edge(&s, worker, other, WEIGHT_BIT / 2);
        edge(&s, worker, pupil, sure ? 5 * WEIGHT_BIT : 3 * WEIGHT_BIT / 2);
        state_seal(&s);
        solve(&s, true, 1, &c);
        assert_int_equal(together(&s, &c, worker, pupil), sure);
        assert_true(sure || together(&s, &c, worker, other));
        match_clusters_free(&c);
        state_free(&s);
    }
}

/* Tens of years, below zero downwards; no number, no stratum. */
static void strata(void **state)
{
    UNUSED(state);
    State s;
    state_init(&s);
    static const char *const years[] = {"2001", "2009", "2010", "-1", "-10", "-11", "1.5", ""};
    static const int same_as[] = {0, 0, 2, 3, 3, 5, -1, -1};
    for (size_t i = 0; i < COUNT_OF(years); i++)
        record(&s, PUPIL, years[i]);
    state_seal(&s);
    uint32_t got[COUNT_OF(years)];
    for (size_t i = 0; i < COUNT_OF(years); i++)
        got[i] = s.strata.of_value[record_cells(s.table, s.added[i])[0]];
    for (size_t i = 0; i < COUNT_OF(years); i++)
        assert_int_equal(got[i], same_as[i] < 0 ? 0 : got[same_as[i]]);
    assert_int_equal(s.strata.count, 5); /* 2000, 2010, -10, -20 and who has none */
    state_free(&s);
}

/* More steps than there may be strata: those that most records have are kept, the rest are as who has none. */
static void too_many_strata(void **state)
{
    enum { MORE = 40, ALL = LEFT_STRATA_MAX + MORE };
    UNUSED(state);
    Error err = ERROR_INIT;
    State s;
    static char text[ALL][16];
    static uint32_t number[ALL];
    state_init(&s);
    assert_ok(match_table_new(&s.config, &s.table, &err));
    for (uint32_t i = 0; i < ALL; i++) {
        snprintf(text[i], sizeof text[i], "%u", 10 * i);
        for (uint32_t copy = 0; copy < (i < MORE ? 1u : i < 3 * MORE ? 2u : 3u); copy++) { /* the lowest are rare */
            char id[24];
            Slice year = slice_of(text[i]);
            snprintf(id, sizeof id, "%u %u", i, copy);
            assert_ok(match_table_add(s.table, PUPIL, slice_of(id), &year, &err));
        }
    }
    assert_ok(match_table_seal(s.table, 1, &err));
    assert_ok(left_strata_init(&s.strata, s.table, &err));
    assert_int_equal(s.strata.count, LEFT_STRATA_MAX + 1);
    for (uint32_t r = 0; r < s.table->records; r++) {
        uint32_t value = record_cells(s.table, r)[0];
        Slice year = dict_text(s.table->dict[0], value);
        int64_t at;
        assert_ok(parse_i64(year, &at, &err));
        number[at / 10] = left_stratum(&s.strata, r);
    }
    for (uint32_t i = 0; i < ALL; i++)
        assert_int_equal(number[i], i < MORE ? 0 : i - MORE + 1);
    state_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_year),
        cmocka_unit_test(odds_of_the_left),
        cmocka_unit_test(rivals_share),
        cmocka_unit_test(never_two_of_one),
        cmocka_unit_test(alike_at_even_odds),
        cmocka_unit_test(first_has_no_link),
        cmocka_unit_test(not_asked),
        cmocka_unit_test(bound),
        cmocka_unit_test(handed_out),
        cmocka_unit_test(no_move_below),
        cmocka_unit_test(strata),
        cmocka_unit_test(too_many_strata),
    };
    return cmocka_run_group_tests_name("match/left", tests, NULL, NULL);
}
