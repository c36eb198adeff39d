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

static MatchTable *three_by_three(MatchConfig *config, bool unique)
{
    MatchTable *t = NULL;
    people_config(config, 2);
    for (uint32_t s = 0; s < 2; s++)
        config->sources[s].unique = unique;
    config->keep_from = WEIGHT_MIN;
    assert_ok(match_table_new(config, &t, NULL));
    for (uint32_t i = 0; i < 6; i++) {
        Slice values[PEOPLE_FIELDS] = {SLICE("ANNA"), SLICE("SMITH")};
        char id[2] = {(char)('a' + i), '\0'};
        assert_ok(match_table_add(t, i / 3, slice_of(id), values, NULL));
    }
    assert_ok(match_table_seal(t, 1, NULL));
    return t;
}

static MatchPairs some_pairs(const MatchTable *t)
{
    static const Weight odds[3][3] = {{9000, 4000, -2000}, {8000, 1000, WEIGHT_MIN}, {WEIGHT_MIN, -3000, -500}};
    MatchPairs pairs = {0};
    uint32_t first[3], second[3], n[2] = {0};
    for (uint32_t r = 0; r < 6; r++)
        *(t->source[r] == 0 ? &first[n[0]++] : &second[n[1]++]) = r;
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++)
            if (odds[i][k] > WEIGHT_MIN) {
                MatchPair p = {.a = first[i] < second[k] ? first[i] : second[k],
                    .b = first[i] < second[k] ? second[k] : first[i],
                    .odds = odds[i][k]};
                assert_ok(vec_push(&pairs, p, NULL));
            }
    return pairs;
}

/* One round of the formula; found: expected partners of either source. */
static void naive_round(const MatchTable *t, const MatchPairs *pairs, double found, double *out)
{
    double vacant = fmax(0.02, 1 - found / 3);
    UNUSED(t);
    for (size_t i = 0; i < pairs->len; i++) {
        double at_a = vacant, at_b = vacant;
        for (size_t k = 0; k < pairs->len; k++) {
            bool same_a = pairs->at[k].a == pairs->at[i].a, same_b = pairs->at[k].b == pairs->at[i].b;
            if (k != i && same_a)
                at_a += exp2(pairs->at[k].odds / 1000.0);
            if (k != i && same_b)
                at_b += exp2(pairs->at[k].odds / 1000.0);
        }
        out[i] = pairs->at[i].odds - 1000 * log2(at_a) - 1000 * log2(at_b);
    }
}

static void test_competition(void **state)
{
    MatchConfig config;
    double odds[9], found = 0;
    UNUSED(state);
    MatchTable *t = three_by_three(&config, true);
    MatchPairs pairs = some_pairs(t);
    naive_round(t, &pairs, 0, odds);
    for (size_t i = 0; i < pairs.len; i++)
        found += 1 / (1 + exp2(-odds[i] / 1000));
    naive_round(t, &pairs, found, odds);
    size_t before = pairs.len;
    assert_ok(pairs_compete(t, &pairs, NULL));
    assert_int_equal(pairs.len, before);
    for (size_t i = 0; i < pairs.len; i++)
        assert_true(fabs(pairs.at[i].odds - odds[i]) < 5);
    vec_free(&pairs);
    match_table_free(t);
}

/* Without a unique source nothing changes. */
static void test_no_competition(void **state)
{
    MatchConfig config;
    UNUSED(state);
    MatchTable *t = three_by_three(&config, false);
    MatchPairs pairs = some_pairs(t), same = some_pairs(t);
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
        cmocka_unit_test(test_no_competition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
