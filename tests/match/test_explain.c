/* Explanations: the steps of the waterfall sum exactly to the score, whatever the pair. */
#include "people.h"

static void check_sum(const Explanation *x)
{
    int64_t sum = (int64_t)x->prior + x->household + x->calibration + x->ruled;
    for (uint32_t f = 0; f < x->field_count; f++)
        sum += x->fields[f].weight;
    assert_int_equal(sum, x->odds);
}

static void explain_all(MatchConfig *config, uint64_t seed, MatchModel **model, MatchTable **table)
{
    MatchTable *t = people_table(config, 120, seed);
    MatchModel *m = people_train(t, 1);
    MatchLook *look = NULL;
    assert_ok(match_look_new(t, m, &look, NULL));
    for (uint32_t a = 0; a < t->records; a++) {
        for (uint32_t b = a + 1; b < t->records; b++) {
            Explanation x;
            match_look_explain(look, a, b, &x);
            check_sum(&x);
            assert_int_equal(x.odds, match_look_score(look, a, b).odds);
            assert_int_equal(x.field_count, config->field_count);
        }
    }
    match_look_free(look);
    *model = m;
    *table = t;
}

static void test_sums(void **state)
{
    MatchConfig config;
    MatchModel *m;
    MatchTable *t;
    UNUSED(state);
    people_config(&config, 1);
    explain_all(&config, 6, &m, &t);
    match_model_free(m);
    match_table_free(t);
}

static void test_sums_with_rule_and_calibration(void **state)
{
    MatchConfig config;
    MatchModel *m;
    MatchTable *t;
    Explanation x;
    uint32_t ruled = 0;
    UNUSED(state);
    people_config(&config, 1);
    config.rules[0] = (RuleSpec){RULE_MUST_NOT, SLICE("two sexes"), SLICE("sex = differs")};
    config.rule_count = 1;
    explain_all(&config, 7, &m, &t);
    m->knots = 2;
    m->knot_raw[0] = -10000;
    m->knot_raw[1] = 10000;
    m->knot_stated[0] = -4000;
    m->knot_stated[1] = 3000;
    for (uint32_t b = 1; b < 60; b++) {
        assert_ok(match_explain(t, m, 0, b, &x, NULL));
        check_sum(&x);
        if (x.rule.len > 0) {
            ruled++;
            assert_true(slice_eq_z(x.rule, "two sexes"));
            assert_int_equal(x.odds, WEIGHT_MIN);
        } else {
            assert_int_equal(x.ruled, 0);
        }
    }
    assert_true(ruled > 5 && ruled < 55);
    match_model_free(m);
    match_table_free(t);
}

/* What is missing says nothing; what agrees speaks for a match; a rare name more than a common one. */
static void test_fields(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 1);
    MatchTable *t = people_table(&config, 600, 8);
    MatchModel *m = people_train(t, 1);
    MatchLook *look = NULL;
    Weight common = WEIGHT_MAX, rare = WEIGHT_MIN;
    assert_ok(match_look_new(t, m, &look, NULL));
    for (uint32_t a = 0; a < t->records; a++) {
        for (uint32_t b = a + 1; b < t->records && b < a + 40; b++) {
            Explanation x;
            match_look_explain(look, a, b, &x);
            for (uint32_t f = 0; f < x.field_count; f++)
                if (x.fields[f].left.len == 0 || x.fields[f].right.len == 0)
                    assert_true(x.fields[f].weight == 0 || f == PEOPLE_FIRST || f == PEOPLE_LAST); /* swapped */
            const FieldReason *last = &x.fields[PEOPLE_LAST];
            if (!slice_eq_z(last->level, "exact"))
                continue;
            assert_true(last->weight > 0);
            assert_true(slice_eq(last->left, last->right));
            common = last->weight < common ? last->weight : common;
            rare = last->weight > rare ? last->weight : rare;
        }
    }
    assert_true(rare > common + 2 * WEIGHT_BIT);
    match_look_free(look);
    match_model_free(m);
    match_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_sums_with_rule_and_calibration),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
