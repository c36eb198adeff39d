/* Groups of records as two persons: what each kind of source knows of a field counts by that kind's own weights. */
#include "../base/harness.h"

#include "match/cluster_impl.h"

enum { F_NAME, F_COUNTY, FIELDS };
enum { K12, COLLEGE, WAGE, TRAITS };

static void config_init(MatchConfig *c)
{
    static const char *const traits[TRAITS] = {"k12", "college", "wage"};
    match_config_init(c);
    c->columns[F_NAME] = SLICE("name");
    c->columns[F_COUNTY] = SLICE("county");
    c->column_count = c->field_count = FIELDS;
    for (uint32_t f = 0; f < FIELDS; f++)
        c->fields[f] = (FieldSpec){.name = c->columns[f],
            .kind = f == F_NAME ? FIELD_TEXT : FIELD_CODE,
            .columns = {f},
            .column_count = 1,
            .swap_with = MATCH_NONE};
    c->source_count = c->trait_count = TRAITS;
    for (uint32_t i = 0; i < TRAITS; i++) {
        c->traits[i] = slice_of(traits[i]);
        c->sources[i] = (SourceSpec){.name = slice_of(traits[i]), .dedupe = true, .trait = i};
    }
    c->nickname_csv = "";
}

/* Weight of exact agreement against strangers, in bits. */
static void set_level(MatchModel *m, uint32_t a, uint32_t b, uint32_t field, Weight bits)
{
    m->level_weight[trait_segment(a, b)][CLASS_STRANGER][field][1] = -bits * WEIGHT_BIT;
}

static MatchModel *model_of(const MatchConfig *config)
{
    MatchModel *m;
    Error err = ERROR_INIT;
    assert_ok(model_new(config, &m, &err));
    for (uint32_t s = 0; s < m->segments; s++)
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            m->class_weight[s][c] = c == CLASS_MATCH ? -10 * WEIGHT_BIT : c == CLASS_STRANGER ? 0 : WEIGHT_NEVER;
    set_level(m, WAGE, K12, F_NAME, 8);
    set_level(m, WAGE, COLLEGE, F_NAME, 9);
    set_level(m, WAGE, K12, F_COUNTY, 3);
    set_level(m, WAGE, COLLEGE, F_COUNTY, -5); /* colleges tell no county: a number that nothing was learned for */
    return m;
}

static uint32_t record_of_source(const MatchTable *t, uint32_t source)
{
    for (uint32_t r = 0; r < t->records; r++)
        if (match_record_source(t, r) == source)
            return r;
    fail_msg("no record of source %u", source);
    return 0;
}

/* The college's record has the likeliest pair with the wages, the school's the county. */
static void test_field_by_its_own_kinds(void **state)
{
    UNUSED(state);
    MatchConfig config;
    MatchTable *t;
    Joint *j;
    Error err = ERROR_INIT;
    config_init(&config);
    assert_ok(match_table_new(&config, &t, &err));
    const Slice rows[TRAITS][FIELDS] = {
        {SLICE("ADA"), SLICE("08001")}, {SLICE("ADA"), {0}}, {SLICE("ADA"), SLICE("08001")}};
    for (uint32_t i = 0; i < TRAITS; i++)
        assert_ok(match_table_add(t, i, SLICE("1"), rows[i], &err));
    assert_ok(match_table_seal(t, 1, &err));
    MatchModel *m = model_of(&config);
    assert_ok(joint_new(t, m, NULL, &j, &err));
    const uint32_t person[] = {record_of_source(t, K12), record_of_source(t, COLLEGE)};
    const uint32_t worker = record_of_source(t, WAGE);
    const Judge judge = joint_judge(j);
    assert_int_equal(judge.between(judge.ctx, &person[0], 1, &worker, 1, NULL), (8 + 3 - 10) * WEIGHT_BIT);
    assert_int_equal(judge.between(judge.ctx, &person[1], 1, &worker, 1, NULL), (9 - 10) * WEIGHT_BIT);
    assert_int_equal(judge.between(judge.ctx, person, 2, &worker, 1, NULL), (9 + 3 - 10) * WEIGHT_BIT);
    joint_free(j);
    match_model_free(m);
    match_table_free(t);
}

/* Two kinds of source show a field alike: whichever record comes first, the same one's weights count. */
static void test_ties_by_kind(void **state)
{
    UNUSED(state);
    MatchConfig config;
    MatchTable *t;
    Joint *j;
    Error err = ERROR_INIT;
    config_init(&config);
    assert_ok(match_table_new(&config, &t, &err));
    const Slice rows[TRAITS][FIELDS] = {{SLICE("ADA"), {0}}, {SLICE("ADA"), {0}}, {SLICE("ADA"), {0}}};
    for (uint32_t i = 0; i < TRAITS; i++)
        assert_ok(match_table_add(t, i, SLICE("1"), rows[i], &err));
    assert_ok(match_table_seal(t, 1, &err));
    MatchModel *m = model_of(&config);
    set_level(m, WAGE, COLLEGE, F_NAME, 8);
    for (uint32_t s = 0; s < m->segments; s++)
        m->class_weight[s][CLASS_HOUSEHOLD] = -10 * WEIGHT_BIT;
    m->level_weight[trait_segment(WAGE, K12)][CLASS_HOUSEHOLD][F_NAME][1] = -3 * WEIGHT_BIT;
    assert_ok(joint_new(t, m, NULL, &j, &err));
    const uint32_t k12 = record_of_source(t, K12), college = record_of_source(t, COLLEGE);
    const uint32_t worker = record_of_source(t, WAGE), person[] = {k12, college}, reversed[] = {college, k12};
    const Judge judge = joint_judge(j);
    assert_int_not_equal(
        judge.between(judge.ctx, &k12, 1, &worker, 1, NULL), judge.between(judge.ctx, &college, 1, &worker, 1, NULL));
    assert_int_equal(
        judge.between(judge.ctx, person, 2, &worker, 1, NULL), judge.between(judge.ctx, reversed, 2, &worker, 1, NULL));
    Weight odds;
    const uint32_t again[] = {k12, college, k12, k12, college, k12, college, k12, k12, college, k12, college, k12, k12};
    assert_ok(match_persons_odds(t, m, person, 2, &worker, 1, &odds, &err));
    assert_int_equal(odds, judge.between(judge.ctx, person, 2, &worker, 1, NULL));
    assert_ok(
        match_persons_odds(t, m, &worker, 1, again, COUNT_OF(again), &odds, &err)); /* equal content counts once */
    assert_int_equal(odds, judge.between(judge.ctx, person, 2, &worker, 1, NULL));
    assert_ok(match_persons_odds(t, m, &k12, 1, &worker, 1, &odds, &err));
    assert_int_equal(odds, joint_pair(j, k12, worker).odds);
    MatchLook *look;
    assert_ok(match_look_new(t, m, &look, &err));
    assert_int_equal(match_look_odds(look, worker, k12), odds);
    match_look_free(look);
    joint_free(j);
    match_model_free(m);
    match_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field_by_its_own_kinds), cmocka_unit_test(test_ties_by_kind)};
    return cmocka_run_group_tests_name("match/joint", tests, NULL, NULL);
}
