/*
 * Training and scoring whole tables of people with known truth: what comes out is right, the same for any number of
 * threads, and sane on absurd input.
 */
#include <math.h>

#include "people.h"

typedef struct Quality {
    uint64_t right, wrong, missed;
} Quality;

static Quality quality_of(const MatchTable *t, const MatchPairs *pairs, Weight from)
{
    Quality q = {0};
    uint64_t all = 0;
    for (uint32_t a = 0; a < t->records; a++)
        for (uint32_t b = a + 1; b < t->records; b++)
            all += people_same(t, a, b) && table_comparable(t->config, t->source[a], t->source[b]);
    for (size_t i = 0; i < pairs->len; i++)
        if (pairs->at[i].odds >= from)
            *(people_same(t, pairs->at[i].a, pairs->at[i].b) ? &q.right : &q.wrong) += 1;
    q.missed = all - q.right;
    return q;
}

static MatchPairs pairs_of(const MatchTable *t, const MatchModel *m, unsigned threads)
{
    MatchPairs pairs = {0};
    PairsReport report;
    RunOptions options = {.threads = threads, .progress = PROGRESS_OFF};
    Error err = ERROR_INIT;
    assert_ok(match_pairs(t, m, &options, &pairs, &report, &err));
    assert_int_equal(report.kept, pairs.len);
    for (size_t i = 0; i < pairs.len; i++) {
        assert_true(pairs.at[i].a < pairs.at[i].b && pairs.at[i].odds >= t->config->keep_from);
        if (i > 0)
            assert_true(pairs.at[i - 1].a < pairs.at[i].a ||
                        (pairs.at[i - 1].a == pairs.at[i].a && pairs.at[i - 1].b < pairs.at[i].b));
    }
    return pairs;
}

static void check_town(MatchConfig *config, uint32_t people, uint64_t seed)
{
    MatchTable *t = people_table(config, people, seed);
    MatchModel *m = people_train(t, 2);
    MatchPairs pairs = pairs_of(t, m, 2);
    Quality q = quality_of(t, &pairs, 0);
    assert_true(m->report.converged);
    if (q.wrong * 50 > q.right || q.missed * 20 > q.right)
        fail_msg("%u right, %u wrong, %u missed", (unsigned)q.right, (unsigned)q.wrong, (unsigned)q.missed);
    double expected = m->report.matches, real = (double)(q.right + q.missed);
    if (fabs(expected - real) > 0.05 * real)
        fail_msg("%g matches expected, %g there are", expected, real);
    vec_free(&pairs);
    match_model_free(m);
    match_table_free(t);
}

static void test_duplicates(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 1);
    check_town(&config, 1500, 11);
}

/* Neighbours outnumber matches by far, agree on town and postal code, and are no matches for that. */
static void test_neighbours(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 1);
    MatchTable *t = people_table(&config, 1000, 16);
    MatchModel *m = people_train(t, 1);
    double pairs = (double)t->records * (t->records - 1) / 2, share = m->class_share[0][CLASS_NEIGHBOUR];
    /* one in 36 lives in the same town, and some are missing or moved in error */
    if (fabs(share - 1.0 / 36) > 0.004)
        fail_msg("%g of the pairs are neighbours", share);
    assert_true(share * pairs > 10 * m->report.matches);
    /* household: every third person shares a home with the one before */
    assert_true(m->class_share[0][CLASS_HOUSEHOLD] * pairs > 250);
    match_model_free(m);
    match_table_free(t);
}

/* A trait whose records meet none of their own kind yet: newcomers of it are scored all the same. */
static void test_empty_segment(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 2);
    config.traits[0] = SLICE("school");
    config.traits[1] = SLICE("wage");
    config.trait_count = 2;
    config.sources[1].trait = 1;
    config.sources[1].unique = true;
    MatchTable *t = people_table(&config, 500, 17);
    MatchModel *m = people_train(t, 1);
    uint32_t wages = trait_segment(1, 1);
    assert_true(m->class_share[wages][CLASS_MATCH] > 0);
    assert_true(m->class_weight[wages][CLASS_MATCH] > -30 * WEIGHT_BIT);
    match_model_free(m);
    match_table_free(t);
}

static void test_two_unique_sources(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 2);
    config.sources[0].unique = config.sources[1].unique = true;
    check_town(&config, 1500, 12);
}

static void test_traits(void **state)
{
    MatchConfig config;
    UNUSED(state);
    people_config(&config, 2);
    config.traits[0] = SLICE("school");
    config.traits[1] = SLICE("wage");
    config.trait_count = 2;
    config.sources[1].trait = 1;
    check_town(&config, 1500, 13);
}

enum { N_NUMBER, N_FIRST, N_LAST, N_BIRTH, N_FIELDS, NUMBERED = 4000, SHARED_EACH = 400 };

/* A person's record; every SHARED_EACH-th second one has the neighbour's number, every other one nothing but a number.
 */
static void add_numbered(MatchTable *t, uint32_t i, uint32_t source, const char names[2][40])
{
    char id[16], number[16], birth[16];
    bool shared = source == 1 && i % SHARED_EACH == 0, bare = source == 1 && i % 2 == 1;
    Error err = ERROR_INIT;
    snprintf(id, sizeof id, "%" PRIu32, i);
    snprintf(number, sizeof number, "%09" PRIu32, UINT32_C(100010001) + (i + shared) * 7919);
    snprintf(
        birth, sizeof birth, "%d-%02d-%02d", 1960 + (int)(i * 7 % 50), 1 + (int)(i * 11 % 12), 1 + (int)(i * 13 % 28));
    const Slice none = {0};
    const Slice values[N_FIELDS] = {slice_of(number), bare ? none : slice_of(names[0]),
        bare ? none : slice_of(names[1]), bare ? none : slice_of(birth)};
    assert_ok(match_table_add(t, source, slice_of(id), values, &err));
}

/* Two strangers have one number as often as files are wrong, not as often as a fit that stopped early believes: half of
 * the pairs with one number say nothing else, and are strangers only as far as the others are. */
static void test_shared_numbers(void **state)
{
    UNUSED(state);
    static const FieldKind kinds[N_FIELDS] = {FIELD_SSN, FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_DATE};
    static const Slice columns[N_FIELDS] = {
        SLICE_INIT("number"), SLICE_INIT("first"), SLICE_INIT("last"), SLICE_INIT("birth")};
    MatchConfig config;
    MatchTable *t;
    Rng r;
    Error err = ERROR_INIT;
    people_config(&config, 2);
    config.column_count = config.field_count = N_FIELDS;
    for (uint32_t f = 0; f < N_FIELDS; f++) {
        config.columns[f] = columns[f];
        config.fields[f] = (FieldSpec){
            .name = columns[f], .kind = kinds[f], .columns = {f}, .column_count = 1, .swap_with = MATCH_NONE};
        config.fields[f].term_frequency = f == N_FIRST || f == N_LAST; /* EM runs twice */
    }
    rng_init(&r, 5, 5);
    assert_ok(match_table_new(&config, &t, &err));
    for (uint32_t i = 0; i < NUMBERED; i++) {
        char names[2][40];
        for (uint32_t k = 0; k < 2; k++)
            people_name(&r, names[k], sizeof names[k]);
        for (uint32_t source = 0; source < 2; source++)
            add_numbered(t, i, source, (const char(*)[40])names);
    }
    assert_ok(match_table_seal(t, 2, &err));
    MatchModel *m = people_train(t, 2);
    double both = 2.0 * NUMBERED * (2.0 * NUMBERED - 1) / 2, wrong = 2.0 * NUMBERED / SHARED_EACH;
    double stated = m->levels[0][N_NUMBER][1].share[CLASS_STRANGER] * both;
    if (stated < wrong * 0.8 || stated > wrong * 1.2)
        fail_msg("%g pairs of strangers with one number stated, %g there are", stated, wrong);
    match_model_free(m);
    match_table_free(t);
}

static void model_text(const MatchModel *m, Buf *out)
{
    buf_init(out, 0);
    assert_ok(match_model_write(m, out, NULL));
}

static void test_threads(void **state)
{
    MatchConfig config;
    Buf one, three;
    UNUSED(state);
    people_config(&config, 1);
    MatchTable *t = people_table(&config, 800, 14);
    MatchModel *m = people_train(t, 1), *same = people_train(t, 3);
    model_text(m, &one);
    model_text(same, &three);
    assert_string_equal(buf_z(&one), buf_z(&three));
    MatchPairs pairs = pairs_of(t, m, 1), again = pairs_of(t, m, 3);
    assert_int_equal(pairs.len, again.len);
    assert_memory_equal(pairs.at, again.at, pairs.len * sizeof *pairs.at);
    vec_free(&pairs);
    vec_free(&again);
    buf_free(&one);
    buf_free(&three);
    match_model_free(m);
    match_model_free(same);
    match_table_free(t);
}

/* Labels move stated odds, not their order. */
static void test_labels(void **state)
{
    enum { LABELS = 60 };
    MatchConfig config;
    MatchLabel labels[LABELS];
    MatchModel *m = NULL;
    TrainReport report;
    Error err = ERROR_INIT;
    UNUSED(state);
    people_config(&config, 1);
    MatchTable *t = people_table(&config, 600, 15);
    MatchModel *plain = people_train(t, 1);
    MatchPairs pairs = pairs_of(t, plain, 1);
    assert_true(pairs.len > LABELS);
    for (size_t i = 0; i < LABELS; i++)
        labels[i] = (MatchLabel){pairs.at[i].a, pairs.at[i].b, people_same(t, pairs.at[i].a, pairs.at[i].b), 1};
    TrainOptions options = {.threads = 1, .progress = PROGRESS_OFF, .labels = labels, .label_count = LABELS};
    assert_ok(match_train(t, &options, &m, &report, &err));
    assert_true(m->knots >= 2);
    assert_memory_equal(m->level_weight, plain->level_weight, sizeof m->level_weight);
    match_model_free(m);
    labels[3].b = t->records;
    assert_int_equal(match_train(t, &options, &m, &report, &err), ERR_INVALID);
    assert_null(m);
    vec_free(&pairs);
    match_model_free(plain);
    match_table_free(t);
}

/* --- absurd input --------------------------------------------------------------------------------------------- */

static void check_numbers(const MatchModel *m)
{
    for (uint32_t s = 0; s < m->segments; s++)
        for (uint32_t f = 0; f < m->field_count; f++)
            for (uint32_t l = 1; l < m->level_counts[f]; l++)
                for (PairClass c = 0; c < CLASS_COUNT; c++)
                    assert_true(m->levels[s][f][l].share[c] >= 0 && m->levels[s][f][l].share[c] <= 1.0000001);
    assert_true(isfinite(m->report.matches) && isfinite(m->report.change));
}

/* n rows, all the same person without variation, or nothing at all. */
static void check_rows(uint32_t n, const Person *p)
{
    MatchConfig config;
    MatchTable *t = NULL;
    uint32_t serial = 0;
    people_config(&config, 1);
    assert_ok(match_table_new(&config, &t, NULL));
    for (uint32_t i = 0; i < n; i++)
        people_add(t, 0, 1, &serial, p);
    assert_ok(match_table_seal(t, 1, NULL));
    MatchModel *m = people_train(t, 2);
    check_numbers(m);
    MatchPairs pairs = pairs_of(t, m, 2);
    vec_free(&pairs);
    match_model_free(m);
    match_table_free(t);
}

static void test_absurd(void **state)
{
    static const Person nobody;
    static const Person somebody = {{"ANNA", "SMITH", "1990-01-02", "1 ELM STREET", "TOWN", "80000", "F"}};
    UNUSED(state);
    check_rows(2, &somebody);
    check_rows(20, &somebody);
    check_rows(3000, &somebody);
    check_rows(2, &nobody);
    check_rows(300, &nobody);
}

static void test_nothing_to_compare(void **state)
{
    MatchConfig config;
    MatchTable *t = NULL;
    MatchModel *m = NULL;
    TrainReport report;
    Error err = ERROR_INIT;
    TrainOptions options = {.threads = 1, .progress = PROGRESS_OFF};
    uint32_t serial = 0;
    static const Person somebody = {{"ANNA", "SMITH", "1990-01-02", "1 ELM STREET", "TOWN", "80000", "F"}};
    UNUSED(state);
    for (uint32_t rows = 0; rows < 2; rows++) {
        people_config(&config, 1);
        assert_ok(match_table_new(&config, &t, NULL));
        for (uint32_t i = 0; i < rows; i++)
            people_add(t, 0, 1, &serial, &somebody);
        assert_ok(match_table_seal(t, 1, NULL));
        assert_int_equal(match_train(t, &options, &m, &report, &err), ERR_INVALID);
        assert_null(m);
        match_table_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_empty_segment),
        cmocka_unit_test(test_two_unique_sources),
        cmocka_unit_test(test_traits),
        cmocka_unit_test(test_shared_numbers),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_absurd),
        cmocka_unit_test(test_nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
