/* The model as text: back without a changed bit, and refused when it is not the config's or was changed by hand. */
#include "people.h"

#include <jansson.h>

static MatchModel *some_model(MatchConfig *config)
{
    people_config(config, 2);
    config->traits[0] = SLICE("school");
    config->traits[1] = SLICE("wage");
    config->trait_count = 2;
    config->sources[1].trait = 1;
    MatchTable *t = people_table(config, 300, 5);
    MatchModel *m = people_train(t, 1);
    match_table_free(t);
    LabelledOdds labels[40];
    for (int i = 0; i < 40; i++)
        labels[i] = (LabelledOdds){(Weight)(i - 20) * 500, i * 7 % 40 < i, 1};
    assert_ok(calibrate_fit(m, labels, COUNT_OF(labels), NULL));
    return m;
}

static void write_model(const MatchModel *m, Buf *out)
{
    buf_init(out, 0);
    assert_ok(match_model_write(m, out, NULL));
}

static void test_round_trip(void **state)
{
    MatchConfig config;
    MatchModel *back = NULL;
    Buf first, second;
    char version[2][SHA256_HEX_SIZE];
    Error err = ERROR_INIT;
    UNUSED(state);
    MatchModel *m = some_model(&config);
    write_model(m, &first);
    assert_ok(match_model_parse(buf_slice(&first), "model.json", &config, &back, &err));
    write_model(back, &second);
    assert_string_equal(buf_z(&first), buf_z(&second));
    assert_ok(match_model_version(m, version[0], NULL));
    assert_ok(match_model_version(back, version[1], NULL));
    assert_string_equal(version[0], version[1]);
    assert_memory_equal(m->level_weight, back->level_weight, sizeof m->level_weight);
    assert_memory_equal(m->levels, back->levels, sizeof m->levels);
    assert_memory_equal(m->class_weight, back->class_weight, sizeof m->class_weight);
    assert_int_equal(m->knots, back->knots);
    assert_true(m->knots >= 2);
    buf_free(&first);
    buf_free(&second);
    match_model_free(m);
    match_model_free(back);
}

/* The report is not part of the version: it says how the parameters were found, not what they are. */
static void test_version(void **state)
{
    MatchConfig config;
    char version[3][SHA256_HEX_SIZE];
    UNUSED(state);
    MatchModel *m = some_model(&config);
    assert_ok(match_model_version(m, version[0], NULL));
    m->report.iterations++;
    assert_ok(match_model_version(m, version[1], NULL));
    m->level_weight[0][CLASS_MATCH][0][1]++;
    assert_ok(match_model_version(m, version[2], NULL));
    assert_string_equal(version[0], version[1]);
    assert_string_not_equal(version[0], version[2]);
    match_model_free(m);
}

static Status parse(Slice text, const MatchConfig *config)
{
    MatchModel *m = NULL;
    Error err = ERROR_INIT;
    Status st = match_model_parse(text, "model.json", config, &m, &err);
    assert_int_equal(st == OK, m != NULL);
    if (st != OK)
        assert_true(err.message[0] != '\0');
    match_model_free(m);
    return st;
}

static void test_other_config(void **state)
{
    MatchConfig config, other;
    Buf text;
    UNUSED(state);
    MatchModel *m = some_model(&config);
    write_model(m, &text);
    assert_ok(parse(buf_slice(&text), &config));
    other = config;
    other.fields[PEOPLE_CITY].name = SLICE("town");
    assert_int_equal(parse(buf_slice(&text), &other), ERR_INVALID);
    other = config;
    other.fields[PEOPLE_CITY].kind = FIELD_CODE;
    assert_int_equal(parse(buf_slice(&text), &other), ERR_INVALID);
    other = config;
    other.field_count--;
    assert_int_equal(parse(buf_slice(&text), &other), ERR_INVALID);
    other = config;
    other.fields[PEOPLE_FIRST].swap_with = MATCH_NONE; /* one level less */
    assert_int_equal(parse(buf_slice(&text), &other), ERR_INVALID);
    other = config;
    other.trait_count = 0;
    other.sources[1].trait = 0;
    assert_int_equal(parse(buf_slice(&text), &other), ERR_INVALID);
    buf_free(&text);
    match_model_free(m);
}

static Status parse_json(const json_t *root, const MatchConfig *config)
{
    char *text = json_dumps(root, 0);
    assert_non_null(text);
    Status st = parse(slice_of(text), config);
    free(text);
    return st;
}

/* Each member of each object missing in turn, and each value replaced by another type's. */
static void break_each(json_t *root, json_t *at, const MatchConfig *config, int *broken)
{
    const char *key;
    json_t *value, *element;
    size_t i;
    json_t *members = json_copy(at); /* putting a member back moves it to the end */
    json_object_foreach(members, key, value)
    {
        assert_int_equal(json_object_del(at, key), 0);
        assert_int_not_equal(parse_json(root, config), OK);
        assert_int_equal(json_object_set_new(at, key, json_null()), 0);
        assert_int_not_equal(parse_json(root, config), OK);
        assert_int_equal(json_object_set(at, key, value), 0);
        *broken += 2;
        break_each(root, value, config, broken);
    }
    json_decref(members);
    /* the first of a list stands for the others */
    json_array_foreach(at, i, element)
    {
        if (i == 0)
            break_each(root, element, config, broken);
    }
}

static void test_every_member_is_needed(void **state)
{
    MatchConfig config;
    Buf text;
    int broken = 0;
    UNUSED(state);
    MatchModel *m = some_model(&config);
    write_model(m, &text);
    json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
    assert_non_null(root);
    assert_ok(parse_json(root, &config));
    break_each(root, root, &config, &broken);
    assert_true(broken > 60);
    json_decref(root);
    buf_free(&text);
    match_model_free(m);
}

static void test_changed_by_hand(void **state)
{
    MatchConfig config;
    Buf text;
    UNUSED(state);
    MatchModel *m = some_model(&config);
    write_model(m, &text);
    char *weight = strstr(text.ptr, "\"weight\"");
    assert_non_null(weight);
    weight += strcspn(weight, "123456789");
    *weight = *weight == '1' ? '2' : '1';
    assert_int_equal(parse(buf_slice(&text), &config), ERR_INVALID);
    assert_int_equal(parse(slice_sub(buf_slice(&text), 0, text.len / 2), &config), ERR_PARSE);
    assert_int_equal(parse(SLICE(""), &config), ERR_PARSE);
    assert_int_equal(parse(SLICE("[]"), &config), ERR_INVALID);
    buf_free(&text);
    match_model_free(m);
}

/* Whole files, version and all, of passes that no config may have. */
static void test_bad_passes(void **state)
{
    MatchConfig config;
    UNUSED(state);
    MatchModel *m = some_model(&config);
    const PassSpec good = m->passes[0];
    static const KeyPart bad[] = {{PEOPLE_FIRST, KEY_PREFIX, 0}, {PEOPLE_FIRST, KEY_SUFFIX, 0},
        {PEOPLE_FIRST, KEY_QGRAM, 0}, {PEOPLE_FIRST, KEY_WHOLE, 3}};
    const uint32_t count = m->pass_count;
    assert_true(count > 0);
    for (size_t i = 0; i <= COUNT_OF(bad); i++) {
        Buf text;
        m->pass_count = i < COUNT_OF(bad) ? count : 0;
        m->passes[0] = good;
        if (i < COUNT_OF(bad))
            m->passes[0].parts[0] = bad[i];
        write_model(m, &text);
        if (m->pass_count == 0) { /* what training proposes for a table without values */
            config.pass_count = 0;
            assert_ok(parse(buf_slice(&text), &config));
            config.passes[0] = good;
            config.pass_count = 1;
        }
        assert_int_equal(parse(buf_slice(&text), &config), ERR_INVALID);
        buf_free(&text);
    }
    m->pass_count = count;
    match_model_free(m);
}

typedef struct Walk {
    MatchConfig config;
    Slice text;
} Walk;

static Status parse_once(void *ctx, Error *err)
{
    const Walk *w = ctx;
    MatchModel *m = NULL;
    Status st = match_model_parse(w->text, "model.json", &w->config, &m, err);
    match_model_free(m);
    return st;
}

static void test_allocations(void **state)
{
    Walk w;
    Buf text;
    UNUSED(state);
    MatchModel *m = some_model(&w.config);
    write_model(m, &text);
    w.text = buf_slice(&text);
    walk_allocations(parse_once, &w);
    buf_free(&text);
    match_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_other_config),
        cmocka_unit_test(test_every_member_is_needed),
        cmocka_unit_test(test_changed_by_hand),
        cmocka_unit_test(test_bad_passes),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
