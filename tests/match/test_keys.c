/*
 * Keys: which values meet under which transform, and that the cached keys are the
 * same as those computed one by one.
 */
#include "small_table.h"

/* Two records of one field; do they share a key under the part? */
typedef struct MeetCase {
    uint32_t field;
    KeyTransform transform;
    uint32_t length;
    const char *left, *right;
    bool meet;
} MeetCase;

static const MeetCase MEET[] = {
    {F_LAST, KEY_WHOLE, 0, "Smith", "SMITH", true},
    {F_LAST, KEY_WHOLE, 0, "SMITH", "SMYTH", false},
    {F_LAST, KEY_WHOLE, 0, "SMITH", "", false},
    {F_LAST, KEY_WHOLE, 0, "", "", false},
    {F_LAST, KEY_PREFIX, 3, "SMITH", "SMIDT", true},
    {F_LAST, KEY_PREFIX, 3, "O'NEIL", "ONEAL", true},
    {F_LAST, KEY_PREFIX, 3, "LI", "LIU", false},
    {F_LAST, KEY_PREFIX, 9, "LI", "LI", true},
    {F_LAST, KEY_SUFFIX, 3, "ANDERSEN", "PEDERSEN", true},
    {F_LAST, KEY_SUFFIX, 4, "ANDERSEN", "ANDERSON", false},
    {F_LAST, KEY_INITIAL, 0, "ADAMS", "ABEL", true},
    {F_LAST, KEY_INITIAL, 0, "ADAMS", "BABEL", false},
    {F_LAST, KEY_PHONETIC, 0, "CLARK", "CLARKE", true},
    {F_LAST, KEY_PHONETIC, 0, "MEYER", "SCHULZ", false},
    {F_LAST, KEY_PHONETIC, 0, "GARCIA LOPEZ", "LOPES", true},
    {F_LAST, KEY_PART, 0, "GARCIA LOPEZ", "LOPEZ", true},
    {F_LAST, KEY_PART, 0, "GARCIA LOPEZ", "GARCIA", true},
    {F_LAST, KEY_PART, 0, "GARCIA LOPEZ", "GARZA", false},
    {F_FIRST, KEY_ROOT, 0, "BETH", "ELIZABETH", true},
    {F_FIRST, KEY_ROOT, 0, "BETH", "LIZ", true},
    {F_FIRST, KEY_ROOT, 0, "BETH", "PEGGY", false},
    {F_BIRTH, KEY_WHOLE, 0, "1980-03-04", "19800304", true},
    {F_BIRTH, KEY_WHOLE, 0, "1980-03-04", "1980-04-03", false},
    {F_BIRTH, KEY_YEAR, 0, "1980-03-04", "1980-12-31", true},
    {F_BIRTH, KEY_YEAR, 0, "1980-03-04", "1981-03-04", false},
    {F_BIRTH, KEY_YEAR_MONTH, 0, "1980-03-04", "1980-03-31", true},
    {F_BIRTH, KEY_YEAR_MONTH, 0, "1980-03-04", "1980-04-04", false},
    {F_BIRTH, KEY_MONTH_DAY, 0, "1980-03-04", "1999-03-04", true},
    {F_BIRTH, KEY_MONTH_DAY, 0, "1980-03-04", "1980-04-03", true},
    {F_BIRTH, KEY_MONTH_DAY, 0, "1980-03-04", "1980-04-04", false},
    {F_BIRTH, KEY_PHONETIC, 0, "1980-03-04", "1980-03-04", false},
    {F_LAST, KEY_YEAR, 0, "SMITH", "SMITH", false},
    {F_NUMBER, KEY_DELETION, 0, "12345678", "12345678", true},
    {F_NUMBER, KEY_DELETION, 0, "12345678", "1234567", true},
    {F_NUMBER, KEY_DELETION, 0, "12345678", "12345978", true},
    {F_NUMBER, KEY_DELETION, 0, "12345678", "12354678", true},
    {F_NUMBER, KEY_DELETION, 0, "12345678", "21345687", false},
    {F_ZIP, KEY_PREFIX, 3, "80202", "80213", true},
};

static size_t shared(const MatchTable *t, const PassSpec *pass)
{
    uint64_t left[RECORD_KEYS_MAX], right[RECORD_KEYS_MAX];
    size_t n = record_keys(t, pass, 0, left), m = record_keys(t, pass, 1, right), same = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(left[i] != 0);
        assert_true(i == 0 || left[i - 1] < left[i]);
        for (size_t k = 0; k < m; k++)
            same += left[i] == right[k];
    }
    return same;
}

static const uint32_t COLUMN_OF[F_COUNT] = {P_FIRST, P_LAST, P_BIRTH, P_ZIP, P_NUMBER};

static MatchTable *two_records(const MatchConfig *config, uint32_t column, const char *left, const char *right)
{
    Person people[2] = {{.id = 0}, {.id = 1}};
    snprintf(people[0].text[column], sizeof people[0].text[0], "%s", left);
    snprintf(people[1].text[column], sizeof people[1].text[0], "%s", right);
    return people_table(config, people, 2);
}

/* Four known digits of an SSN meet the nine under their ending only. */
static void test_last_four(void **state)
{
    UNUSED(state);
    MatchConfig config;
    people_config(&config, 1);
    config.fields[F_NUMBER].kind = FIELD_SSN;
    MatchTable *t = two_records(&config, P_NUMBER, "219098765", "8765");
    PassSpec suffix = {.parts = {{F_NUMBER, KEY_SUFFIX, 4}}, .part_count = 1};
    PassSpec whole = {.parts = {{F_NUMBER, KEY_WHOLE, 0}}, .part_count = 1};
    uint64_t keys[RECORD_KEYS_MAX];
    assert_int_equal(shared(t, &suffix), 1);
    assert_int_equal(record_keys(t, &whole, 0, keys) + record_keys(t, &whole, 1, keys), 1);
    match_table_free(t);
}

static void test_meet(void **state)
{
    UNUSED(state);
    MatchConfig config;
    people_config(&config, 1);
    for (size_t i = 0; i < COUNT_OF(MEET); i++) {
        const MeetCase *c = &MEET[i];
        PassSpec pass = {.parts = {{c->field, c->transform, c->length}}, .part_count = 1};
        MatchTable *t = two_records(&config, COLUMN_OF[c->field], c->left, c->right);
        if ((shared(t, &pass) > 0) != c->meet)
            fail_msg("%s of '%s' and '%s'", key_transform_name(c->transform), c->left, c->right);
        match_table_free(t);
    }
}

/* Present and former surname; both names in the wrong place; one part missing. */
static void test_records(void **state)
{
    UNUSED(state);
    MatchConfig config;
    people_config(&config, 1);
    Person people[2] = {{.id = 0}, {.id = 1}};
    snprintf(people[0].text[P_LAST], 32, "SMITH");
    snprintf(people[0].text[P_FORMER], 32, "JONES");
    snprintf(people[0].text[P_FIRST], 32, "ANNA");
    snprintf(people[1].text[P_LAST], 32, "JONES");
    snprintf(people[1].text[P_FIRST], 32, "ANNA");
    MatchTable *t = people_table(&config, people, 2);
    PassSpec names = {.parts = {{F_FIRST, KEY_WHOLE, 0}, {F_LAST, KEY_WHOLE, 0}}, .part_count = 2};
    PassSpec turned = {.parts = {{F_LAST, KEY_WHOLE, 0}, {F_FIRST, KEY_WHOLE, 0}}, .part_count = 2};
    PassSpec with_birth = {.parts = {{F_LAST, KEY_WHOLE, 0}, {F_BIRTH, KEY_YEAR, 0}}, .part_count = 2};
    assert_int_equal(shared(t, &names), 1);
    assert_int_equal(shared(t, &turned), 1);
    assert_int_equal(shared(t, &with_birth), 0);
    match_table_free(t);

    snprintf(people[1].text[P_LAST], 32, "ANNA");
    snprintf(people[1].text[P_FIRST], 32, "SMITH");
    t = people_table(&config, people, 2);
    PassSpec mixed = {.parts = {{F_LAST, KEY_WHOLE, 0}, {F_FIRST, KEY_PREFIX, 2}}, .part_count = 2};
    assert_int_equal(shared(t, &names), 1);
    assert_int_equal(shared(t, &mixed), 0);
    config.fields[F_FIRST].swap_with = MATCH_NONE;
    assert_int_equal(shared(t, &names), 0);
    match_table_free(t);
}

/* The share of bands in common follows the Jaccard similarity of bigrams. */
static void test_qgrams(void **state)
{
    UNUSED(state);
    MatchConfig config;
    people_config(&config, 1);
    PassSpec pass = {.parts = {{F_LAST, KEY_QGRAM, RECORD_KEYS_MAX}}, .part_count = 1};
    MatchTable *t = two_records(&config, P_LAST, "WASHINGTON", "WASHINGTON");
    assert_int_equal(shared(t, &pass), RECORD_KEYS_MAX);
    match_table_free(t);
    t = two_records(&config, P_LAST, "WASHINGTON", "WASHINGTEN");
    size_t near = shared(t, &pass);
    match_table_free(t);
    t = two_records(&config, P_LAST, "WASHINGTON", "LINCOLN");
    size_t far = shared(t, &pass);
    match_table_free(t);
    assert_true(near >= 2);
    assert_true(far <= 1);
    assert_true(near < RECORD_KEYS_MAX);
}

/* More keys than there is room for: the smallest, and the same for both. */
static void test_too_many(void **state)
{
    UNUSED(state);
    MatchConfig config;
    people_config(&config, 1);
    MatchTable *t = two_records(&config, P_NUMBER, "ABCDEFGHIJKLMNOPQRSTUVWX", "ABCDEFGHIJKLMNOPQRSTUVWX");
    PassSpec pass = {.parts = {{F_NUMBER, KEY_DELETION, 0}}, .part_count = 1};
    assert_int_equal(shared(t, &pass), RECORD_KEYS_MAX);
    match_table_free(t);

    KeyList list = {.count = 0};
    for (uint64_t i = 100; i > 0; i--)
        key_list_add(&list, i * 3 % 101 + 1);
    assert_int_equal(list.count, RECORD_KEYS_MAX);
    for (uint64_t i = 0; i < RECORD_KEYS_MAX; i++)
        assert_int_equal(list.at[i], i + 2);
}

static const PassSpec CACHED[] = {
    {.parts = {{F_LAST, KEY_PHONETIC, 0}, {F_BIRTH, KEY_YEAR, 0}}, .part_count = 2},
    {.parts = {{F_FIRST, KEY_ROOT, 0}, {F_BIRTH, KEY_MONTH_DAY, 0}, {F_ZIP, KEY_PREFIX, 3}}, .part_count = 3},
    {.parts = {{F_FIRST, KEY_WHOLE, 0}, {F_LAST, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{F_NUMBER, KEY_DELETION, 0}, {F_LAST, KEY_QGRAM, 4}}, .part_count = 2},
    {.parts = {{F_ZIP, KEY_WHOLE, 0}, {F_FIRST, KEY_INITIAL, 0}}, .part_count = 2},
};

static void test_cache(void **state)
{
    UNUSED(state);
    enum { N = 500 };
    MatchConfig config;
    people_config(&config, 1);
    Person *people = NULL;
    Error err = ERROR_INIT;
    assert_ok(mem_zalloc(N, sizeof *people, (void **)&people, &err));
    Rng r;
    rng_init(&r, 6, 0);
    for (uint32_t i = 0; i < N; i++)
        person_draw(&people[i], &r, 1, i);
    MatchTable *t = people_table(&config, people, N);
    KeyCache *cache = NULL;
    assert_ok(key_cache_new(t, CACHED, COUNT_OF(CACHED), 2, &cache, &err));
    for (size_t p = 0; p < COUNT_OF(CACHED); p++)
        for (uint32_t i = 0; i < N; i++) {
            uint64_t direct[RECORD_KEYS_MAX], cached[RECORD_KEYS_MAX];
            size_t n = record_keys(t, &CACHED[p], i, direct), m = key_cache_keys(cache, t, &CACHED[p], i, cached);
            assert_int_equal(n, m);
            if (n > 0)
                assert_memory_equal(direct, cached, n * sizeof direct[0]);
        }
    key_cache_free(cache);
    match_table_free(t);
    mem_free(people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meet),
        cmocka_unit_test(test_last_four),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_qgrams),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_cache),
    };
    return cmocka_run_group_tests_name("match/keys", tests, NULL, NULL);
}
