/* Same seed, same bytes: on one thread, on two, and again; another seed gives other people. */
#include "synth_state.h"

#define PEOPLE 20000 /* more than a wave's partitions hold, so that waves are told apart too */

static void digest(State *s, const char *file, uint8_t out[SHA256_SIZE])
{
    Error err = ERROR_INIT;
    const char *path = NULL;
    assert_ok(path_join(&s->arena, s->dir, file, &path, &err));
    assert_ok(file_sha256(path, out, &err));
}

static size_t files_that_differ(State *a, State *b)
{
    PathList in_a = {0}, in_b = {0};
    state_files(&a->arena, a->dir, &in_a);
    state_files(&b->arena, b->dir, &in_b);
    assert_int_equal(in_a.len, in_b.len);
    assert_true(in_a.len > 150);
    size_t differ = 0;
    for (size_t i = 0; i < in_a.len; i++) {
        uint8_t da[SHA256_SIZE], db[SHA256_SIZE];
        assert_string_equal(in_a.at[i], in_b.at[i]);
        digest(a, in_a.at[i], da);
        digest(b, in_b.at[i], db);
        differ += memcmp(da, db, sizeof da) != 0;
    }
    vec_free(&in_a);
    vec_free(&in_b);
    return differ;
}

static void test_threads(void **state)
{
    UNUSED(state);
    State one, two;
    state_make(&one, CAIRN_TEST_POLICY, PEOPLE, 11, 1);
    state_make(&two, CAIRN_TEST_POLICY, PEOPLE, 11, 2);
    assert_int_equal(files_that_differ(&one, &two), 0);
    assert_int_equal(one.report.rows, two.report.rows);
    assert_int_equal(one.report.bytes, two.report.bytes);
    assert_int_equal(one.report.people, PEOPLE);
    state_free(&one);
    state_free(&two);
}

static void test_seeds(void **state)
{
    UNUSED(state);
    State a, b, again;
    state_make(&a, CAIRN_TEST_POLICY, 4000, 1, 2);
    state_make(&again, CAIRN_TEST_POLICY, 4000, 1, 2);
    assert_int_equal(files_that_differ(&a, &again), 0);
    state_make(&b, CAIRN_TEST_POLICY, 4000, 2, 2);
    PathList files = {0};
    state_files(&b.arena, b.dir, &files);
    for (size_t i = 0; i < files.len; i++) {
        uint8_t da[SHA256_SIZE], db[SHA256_SIZE];
        const char *in_a = NULL;
        Error err = ERROR_INIT;
        assert_ok(path_join(&a.arena, a.dir, files.at[i], &in_a, &err));
        if (!file_exists(in_a) || !strstr(files.at[i], "truth"))
            continue;
        digest(&a, files.at[i], da);
        digest(&b, files.at[i], db);
        assert_memory_not_equal(da, db, sizeof da);
    }
    vec_free(&files);
    state_free(&a);
    state_free(&b);
    state_free(&again);
}

/* The report counts what is on the disk. */
static void test_report(void **state)
{
    UNUSED(state);
    State s;
    state_make(&s, CAIRN_TEST_POLICY, 3000, 5, 2);
    PathList files = {0};
    state_files(&s.arena, s.dir, &files);
    uint64_t bytes = 0;
    for (size_t i = 0; i < files.len; i++) {
        Error err = ERROR_INIT;
        const char *path = NULL;
        uint64_t size = 0;
        assert_ok(path_join(&s.arena, s.dir, files.at[i], &path, &err));
        assert_ok(file_size(path, &size, &err));
        assert_true(size > 0);
        bytes += size;
    }
    assert_int_equal(files.len, s.report.files);
    assert_int_equal(bytes, s.report.bytes);
    vec_free(&files);
    state_free(&s);
}

static void test_refusals(void **state)
{
    UNUSED(state);
    SynthOptions o = SYNTH_OPTIONS_INIT;
    SynthReport report;
    Error err = ERROR_INIT;
    Arena arena;
    arena_init(&arena, 0);
    o.policy_dir = CAIRN_TEST_POLICY;
    o.out_dir = temporary_folder(&arena);
    o.progress = PROGRESS_OFF;
    assert_int_equal(synth_state(&o, &report, &err), ERR_USAGE);
    o.people = 100;
    o.first_grade = 13;
    error_clear(&err);
    assert_int_equal(synth_state(&o, &report, &err), ERR_USAGE);
    o.first_grade = 9;
    o.first_year = 2025;
    o.last_year = 2016;
    error_clear(&err);
    assert_int_equal(synth_state(&o, &report, &err), ERR_USAGE);
    o.first_year = o.last_year = 0;
    o.policy_dir = "/nonexistent";
    error_clear(&err);
    assert_int_equal(synth_state(&o, &report, &err), ERR_NOT_FOUND);
    assert_ok(dir_remove(o.out_dir, &err));
    arena_free(&arena);
}

/* An unknown rate and a missing one are refused by name. */
static void test_parameters(void **state)
{
    UNUSED(state);
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"key = \"twins_ppm\"", "key = \"twinz_ppm\"", "twinz_ppm"},
        {"key = \"twins_ppm\"", "key = \"couple_ppm\"", "given twice"},
        {"exit_dropout = ", "exit_dropouts = ", "exit_dropout"},
        {"value = 16000", "value = -1", "negative"},
        {"wage_csv = [\"2023Q1\"", "wage_csv = [\"2023Q7\"", "2023Q7"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Arena arena;
        arena_init(&arena, 0);
        Error err = ERROR_INIT;
        const char *policy = policy_with_rate(&arena, "twins_ppm", 16000), *path = NULL;
        assert_ok(path_join(&arena, policy, "synth/parameters.toml", &path, &err));
        Buf text, out;
        buf_init(&text, 0);
        buf_init(&out, 0);
        assert_ok(file_read(path, 0, &text, &err));
        size_t at = slice_find(buf_slice(&text), slice_of(rows[i].from));
        assert_true(at < text.len);
        buf_add(&out, slice_sub(buf_slice(&text), 0, at));
        buf_adds(&out, rows[i].to);
        buf_add(&out, slice_sub(buf_slice(&text), at + strlen(rows[i].from), text.len));
        assert_ok(file_write(path, buf_slice(&out), MODE_PRIVATE, &err));
        SynthOptions o = SYNTH_OPTIONS_INIT;
        SynthReport report;
        o.policy_dir = policy;
        o.out_dir = policy;
        o.people = 10;
        o.progress = PROGRESS_OFF;
        assert_int_equal(synth_state(&o, &report, &err), ERR_INVALID);
        assert_non_null(strstr(err.message, rows[i].says));
        buf_free(&text);
        buf_free(&out);
        error_clear(&err);
        assert_ok(dir_remove(policy, &err));
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
