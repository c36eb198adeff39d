/*
 * Scores against the formula in doubles, the arithmetic of weights, and what competes for a place in a unique source.
 */
#include <math.h>

#include "people.h"

/* --- weights -------------------------------------------------------------------------------------------------- */

static void test_weight_log2(void **state)
{
    Rng r;
    UNUSED(state);
    rng_init(&r, 1, 0);
    for (int i = 0; i < 20000; i++) {
        double x = exp2(rng_unit(&r) * 120 - 80);
        assert_true(fabs(weight_log2(x) - 1000 * log2(x)) <= 0.501);
    }
    assert_int_equal(weight_log2(1), 0);
    assert_int_equal(weight_log2(0.5), -1000);
    assert_int_equal(weight_log2(1024), 10000);
    assert_int_equal(weight_log2(SHARE_FLOOR), -40000);
}

static void test_log_sum(void **state)
{
    Rng r;
    LogSum *table = NULL;
    UNUSED(state);
    assert_ok(mem_zalloc(1, sizeof *table, (void **)&table, NULL));
    log_sum_fill(table);
    rng_init(&r, 2, 0);
    for (int i = 0; i < 20000; i++) {
        Weight a = (Weight)rng_between(&r, -40000, 40000), b = a - (Weight)(i % 13000);
        double exact = 1000 * log2(exp2(a / 1000.0) + exp2(b / 1000.0));
        assert_true(fabs(log_sum(table, a, b) - exact) <= 0.51);
        assert_int_equal(log_sum(table, a, b), log_sum(table, b, a));
    }
    assert_int_equal(log_sum(table, WEIGHT_NEVER, -5), -5);
    assert_int_equal(log_sum(table, 0, 0), 1000);
    mem_free(table);
}

/* No entry lies so near a rounding boundary that another library's exp2 would round it the other way. */
static void test_log_sum_portable(void **state)
{
    LogSum *table = NULL;
    UNUSED(state);
    assert_ok(mem_zalloc(1, sizeof *table, (void **)&table, NULL));
    log_sum_fill(table);
    for (uint32_t d = 0; d < LOG_SUM_SIZE; d++) {
        double entry = 1000 * log2(1 + exp2(-(double)d / 1000));
        double from_boundary = fabs(entry - floor(entry) - 0.5);
        assert_true(from_boundary > 1e-6);
        assert_int_equal(table->more[d], lround(entry));
    }
    mem_free(table);
}

static void test_probability(void **state)
{
    UNUSED(state);
    assert_int_equal(probability_weight(0.5), 0);
    assert_int_equal(probability_weight(0), WEIGHT_MIN);
    assert_int_equal(probability_weight(1), WEIGHT_MAX);
    assert_int_equal(probability_weight((double)NAN), WEIGHT_MIN);
    for (Weight w = -20000; w <= 20000; w += 777)
        assert_true(abs(probability_weight(weight_probability(w)) - w) <= 1);
}

/* --- a pair's score ------------------------------------------------------------------------------------------- */

/* From the frozen integers, all sums in doubles. */
static double naive_odds(const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, uint64_t pattern)
{
    uint32_t s = table_segment(t->config, t->source[a], t->source[b]);
    double sums[CLASS_COUNT], others = 0;
    for (PairClass c = 0; c < CLASS_COUNT; c++) {
        sums[c] = m->class_weight[s][c];
        for (uint32_t f = 0; f < m->field_count; f++) {
            const FieldSpec *spec = &t->config->fields[f];
            unsigned l = pattern_level(pattern, f);
            sums[c] += m->level_weight[s][c][f][l];
            bool strangers = c == CLASS_STRANGER || (c != CLASS_MATCH && class_view(spec, c) == VIEW_STRANGER);
            if (!strangers || !spec->term_frequency || l == 0 || !field_level_exact(spec, l))
                continue;
            double persons = 0, own = 0;
            uint32_t agreed = compare_agreed(t, a, b, f);
            for (uint32_t v = 1; v < dict_count(t->dict[spec->columns[0]]); v++) {
                uint32_t count = t->frequency[f][v];
                if (count == 0)
                    continue;
                double n = fmax(1, count * m->persons_share[f][(uint32_t)log2(count)]);
                persons += n;
                own = v == agreed ? n : own;
            }
            double rarity = 1000 * log2(own / persons) - m->exact_weight[s][f];
            sums[c] += fmin(8000, fmax(-8000, rarity));
        }
        if (c != CLASS_MATCH)
            others += exp2(sums[c] / 1000);
    }
    return sums[CLASS_MATCH] - 1000 * log2(others);
}

static void test_against_formula(void **state)
{
    MatchConfig config;
    Scorer *scorer = NULL;
    Comparer *comparer = NULL;
    UNUSED(state);
    people_config(&config, 1);
    MatchTable *t = people_table(&config, 400, 3);
    MatchModel *m = people_train(t, 1);
    assert_ok(scorer_new(t, m, &scorer, NULL));
    assert_ok(comparer_new(t, &comparer, NULL));
    uint32_t seen = 0;
    for (uint32_t a = 0; a < t->records; a++) {
        for (uint32_t b = a + 1; b < t->records; b += 1 + (b & 3)) {
            uint64_t pattern = compare_pair(comparer, a, b);
            Weight odds = score_pattern(scorer, a, b, pattern);
            double naive = naive_odds(t, m, a, b, pattern);
            if (naive > WEIGHT_MIN + 10 && naive < WEIGHT_MAX - 10)
                assert_true(fabs(odds - naive) < 4);
            assert_int_equal(odds, score_pattern(scorer, b, a, pattern));
            for (Weight from = -30000; from <= 30000; from += 10000)
                assert_true(odds < from || score_may_reach(scorer, a, b, pattern, from));
            seen += !score_may_reach(scorer, a, b, pattern, 0);
        }
    }
    assert_true(seen > 1000); /* it does refuse */
    comparer_free(comparer);
    scorer_free(scorer);
    match_model_free(m);
    match_table_free(t);
}

/* --- hard rules ----------------------------------------------------------------------------------------------- */

static void test_rules(void **state)
{
    MatchConfig config;
    Comparer *comparer = NULL;
    Scorer *scorer = NULL;
    UNUSED(state);
    people_config(&config, 1);
    config.rules[0] = (RuleSpec){RULE_MUST, SLICE("same birth"), SLICE("birth = exact")};
    config.rules[1] = (RuleSpec){RULE_MUST_NOT, SLICE("two sexes"), SLICE("sex = differs")};
    config.rule_count = 2;
    MatchTable *t = people_table(&config, 200, 4);
    MatchModel *m = people_train(t, 1);
    assert_ok(scorer_new(t, m, &scorer, NULL));
    assert_ok(comparer_new(t, &comparer, NULL));
    uint32_t must = 0, must_not = 0;
    for (uint32_t a = 0; a < t->records; a++) {
        for (uint32_t b = a + 1; b < t->records; b++) {
            uint64_t pattern = compare_pair(comparer, a, b);
            ScoreParts parts;
            Weight odds = score_pattern(scorer, a, b, pattern);
            score_parts(scorer, a, b, pattern, &parts);
            assert_int_equal(parts.odds, odds);
            bool sexes = pattern_level(pattern, PEOPLE_SEX) == m->level_counts[PEOPLE_SEX] - 1;
            bool births = pattern_level(pattern, PEOPLE_BIRTH) == 1;
            if (sexes) {
                must_not++;
                assert_int_equal(odds, WEIGHT_MIN);
                assert_int_equal(parts.rule, 1);
            } else if (births) {
                must++;
                assert_int_equal(odds, WEIGHT_MAX);
                assert_int_equal(parts.rule, 0);
                assert_true(score_may_reach(scorer, a, b, pattern, WEIGHT_MAX));
            } else {
                assert_int_equal(parts.rule, MATCH_NONE);
            }
        }
    }
    assert_true(must > 10 && must_not > 100);
    comparer_free(comparer);
    scorer_free(scorer);
    match_model_free(m);
    match_table_free(t);
}

/* --- competition ---------------------------------------------------------------------------------------------- */

#define SIDE_MAX 5

/* Two sources of n records each. */
static MatchTable *two_sources(MatchConfig *config, uint32_t n, bool unique)
{
    MatchTable *t = NULL;
    people_config(config, 2);
    for (uint32_t s = 0; s < 2; s++)
        config->sources[s].unique = unique;
    config->keep_from = WEIGHT_MIN;
    assert_ok(match_table_new(config, &t, NULL));
    for (uint32_t i = 0; i < 2 * n; i++) {
        Slice values[PEOPLE_FIELDS] = {SLICE("ANNA"), SLICE("SMITH")};
        char id[2] = {(char)('a' + i), '\0'};
        assert_ok(match_table_add(t, i / n, slice_of(id), values, NULL));
    }
    assert_ok(match_table_seal(t, 1, NULL));
    return t;
}

typedef struct Odds {
    Weight at[SIDE_MAX][SIDE_MAX]; /* of the first source's i and the second's k; WEIGHT_MIN: no pair */
} Odds;

/* Pairs of n by m records; side[pair][0 and 1]: i and k. */
static MatchPairs pairs_of(
    const MatchTable *t, const Odds *odds, uint32_t n, uint32_t m, uint32_t side[SIDE_MAX * SIDE_MAX][2])
{
    MatchPairs pairs = {0};
    uint32_t record[2][SIDE_MAX], count[2] = {0};
    for (uint32_t r = 0; r < t->records; r++)
        record[t->source[r]][count[t->source[r]]++] = r;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < m; k++) {
            uint32_t a = record[0][i], b = record[1][k];
            MatchPair p = {.a = a < b ? a : b, .b = a < b ? b : a, .odds = odds->at[i][k]};
            if (p.odds == WEIGHT_MIN)
                continue;
            side[pairs.len][0] = i;
            side[pairs.len][1] = k;
            assert_ok(vec_push(&pairs, p, NULL));
        }
    return pairs;
}

static const Odds some_odds = {
    {{9000, 4000, -2000}, {8000, 1000, WEIGHT_MIN}, {WEIGHT_MIN, -3000, -500}},
};

/* Sums over all ways to give n records of the first source one of the second's or none; `taken`: the second's. An
 * empty place weighs v. with[i][k]: of the ways in which the two are one. */
typedef struct Ways {
    const Odds *odds;
    uint32_t n, m;
    double vacant, all, with[SIDE_MAX][SIDE_MAX];
    uint32_t partner[SIDE_MAX];
} Ways;

static void all_ways(Ways *w, uint32_t i, uint32_t taken, double weight)
{
    if (i == w->n) {
        for (uint32_t k = 0; k < w->m; k++)
            weight *= (taken >> k & 1) != 0 ? 1 : w->vacant;
        w->all += weight;
        for (uint32_t x = 0; x < w->n; x++)
            if (w->partner[x] < w->m)
                w->with[x][w->partner[x]] += weight;
        return;
    }
    w->partner[i] = SIDE_MAX;
    all_ways(w, i + 1, taken, weight * w->vacant);
    for (uint32_t k = 0; k < w->m; k++)
        if ((taken >> k & 1) == 0 && w->odds->at[i][k] != WEIGHT_MIN) {
            w->partner[i] = k;
            all_ways(w, i + 1, taken | UINT32_C(1) << k, weight * exp2(w->odds->at[i][k] / 1000.0));
        }
}

/* The odds of all pairs, the chance of vacancy and all, as they should be; size: records of a source. */
static void counted_odds(const Odds *odds, uint32_t n, uint32_t m, uint32_t size, double out[SIDE_MAX][SIDE_MAX])
{
    double vacant = 1;
    for (unsigned round = 0; round < 2; round++) {
        Ways w = {.odds = odds, .n = n, .m = m, .vacant = vacant};
        double found = 0;
        all_ways(&w, 0, 0, 1);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k < m; k++) {
                out[i][k] = 1000 * log2(w.with[i][k] / fmax(w.all - w.with[i][k], w.all * 1e-12));
                found += w.with[i][k] / w.all;
            }
        vacant = fmax(0.02, 1 - found / size);
    }
}

/* Largest difference from the naive odds, of pairs between -15 and 15 bits; *likely: pairs above 0.5. */
static double worst_difference(const Odds *odds, uint32_t n, uint32_t m, uint32_t size, uint32_t *likely)
{
    MatchConfig config;
    uint32_t side[SIDE_MAX * SIDE_MAX][2];
    double expected[SIDE_MAX][SIDE_MAX], worst = 0;
    MatchTable *t = two_sources(&config, size, true);
    MatchPairs pairs = pairs_of(t, odds, n, m, side);
    size_t before = pairs.len;
    counted_odds(odds, n, m, size, expected);
    assert_ok(pairs_compete(t, &pairs, NULL));
    assert_int_equal(pairs.len, before);
    *likely = 0;
    for (size_t i = 0; i < pairs.len; i++) {
        double should = expected[side[i][0]][side[i][1]];
        *likely += pairs.at[i].odds > 0;
        if (fabs(should) < 15000)
            worst = fmax(worst, fabs(pairs.at[i].odds - should));
    }
    vec_free(&pairs);
    match_table_free(t);
    return worst;
}

static void test_competition(void **state)
{
    uint32_t likely;
    UNUSED(state);
    assert_true(worst_difference(&some_odds, 3, 3, 3, &likely) < 10);
}

/* Two twins in each of two files: everybody is like both of the others, and each finds itself, be it by ten bits or by
 * one. With one twin's record missing the other's is not taken for it. */
static void test_twins(void **state)
{
    static const struct {
        Odds odds;
        uint32_t likely[2]; /* both there, one missing */
    } cases[] = {
        {{{{32000, 22000}, {22000, 31000}}}, {2, 1}},
        {{{{32000, 31000}, {30000, 32000}}}, {2, 1}},
        {{{{32000, 32000}, {32000, 32000}}}, {0, 0}},
    };
    UNUSED(state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t missing = 0; missing < 2; missing++) {
            uint32_t likely;
            assert_true(worst_difference(&cases[i].odds, 2, 2 - missing, 2, &likely) < 10);
            assert_int_equal(likely, cases[i].likely[missing]);
        }
}

/* Against all ways, where pairs are of one strength and where they are of many. */
static void test_all_ways(void **state)
{
    Rng r;
    UNUSED(state);
    rng_init(&r, 7, 0);
    for (uint32_t run = 0; run < 400; run++) {
        Odds odds;
        int64_t spread = run % 2 ? 3000 : 30000;
        for (uint32_t i = 0; i < SIDE_MAX; i++)
            for (uint32_t k = 0; k < SIDE_MAX; k++)
                odds.at[i][k] = rng_below(&r, 4) ? (Weight)rng_between(&r, -8000, -8000 + spread) : WEIGHT_MIN;
        uint32_t n = 1 + (uint32_t)rng_below(&r, SIDE_MAX), m = 1 + (uint32_t)rng_below(&r, SIDE_MAX), likely;
        double worst = worst_difference(&odds, n, m, SIDE_MAX, &likely);
        if (worst >= 20)
            print_message("run %u %ux%u: %g\n", run, n, m, worst);
    }
}

/* Without a unique source nothing changes. */
static void test_no_competition(void **state)
{
    MatchConfig config;
    UNUSED(state);
    uint32_t side[SIDE_MAX * SIDE_MAX][2];
    MatchTable *t = two_sources(&config, 3, false);
    MatchPairs pairs = pairs_of(t, &some_odds, 3, 3, side), same = pairs_of(t, &some_odds, 3, 3, side);
    assert_ok(pairs_compete(t, &pairs, NULL));
    assert_memory_equal(pairs.at, same.at, pairs.len * sizeof *pairs.at);
    vec_free(&pairs);
    vec_free(&same);
    match_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_log2),
        cmocka_unit_test(test_log_sum),
        cmocka_unit_test(test_log_sum_portable),
        cmocka_unit_test(test_probability),
        cmocka_unit_test(test_against_formula),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_competition),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_all_ways),
        cmocka_unit_test(test_no_competition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
