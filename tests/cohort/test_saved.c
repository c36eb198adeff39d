/* Saved scripts in the ledger: versions, names, what is not written twice, what an entry of another hand is; the diff.
 */
#include "cohort/cohort.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        if ((call) != OK) \
            fail_msg("%s: %s (%s)", #call, e_.message, e_.hint); \
    } while (0)

typedef struct World {
    char dir[32];
    Home *home;
    Ledger *ledger;
    Arena arena;
} World;

static int world_open(void **state)
{
    World *w = NULL;
    HomeSettings settings = HOME_SETTINGS_INIT;
    Slice path;
    assert_ok(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    memcpy(w->dir, "/tmp/cairn-saved-XXXXXX", sizeof "/tmp/cairn-saved-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    settings.policy_dir = CAIRN_TEST_POLICY;
    assert_ok(arena_format(&w->arena, &path, err, "%s/home", w->dir));
    assert_ok(home_create(path.ptr, &settings, NULL, err));
    assert_ok(home_open(path.ptr, HOME_WRITE, &w->home, err));
    assert_ok(ledger_open(w->home, &w->ledger, err));
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    World *w = *state;
    ledger_close(w->ledger);
    home_close(w->home);
    arena_free(&w->arena);
    assert_ok(dir_remove(w->dir, err));
    mem_free(w);
    return 0;
}

static Status save(World *w, const char *name, const char *text, int64_t *version, bool *same)
{
    char hex[SHA256_HEX_SIZE];
    TRY(sha256_hex(slice_of(text), hex, NULL));
    CohortSaved s = {.name = slice_of(name),
        .text = slice_of(text),
        .title = SLICE("T \"quoted\""),
        .script_sha256 = slice_of(hex),
        .blocks_sha256 = SLICE("b"),
        .meaning_sha256 = SLICE("m"),
        .policy_sha256 = SLICE("p"),
        .user = SLICE("u"),
        .role = SLICE("r"),
        .purpose = SLICE("w"),
        .agreement = SLICE("a")};
    TRY(cohort_save(w->ledger, &s, same, NULL));
    *version = s.version;
    return OK;
}

static void test_versions(void **state)
{
    static const struct {
        const char *name, *text;
        int64_t version;
        bool same;
    } steps[] = {{"b", "one\n", 1, false}, {"b", "one\n", 1, true}, {"b", "two\n", 2, false}, {"a", "one\n", 1, false},
        {"b", "one\n", 3, false}, {"b", "one\n", 3, true}};
    World *w = *state;
    CohortSaves list = {0};
    CohortSaved s;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int64_t version = 0;
        bool same;
        assert_int_equal(save(w, steps[i].name, steps[i].text, &version, &same), OK);
        assert_int_equal(version, steps[i].version);
        assert_int_equal(same, steps[i].same);
    }
    assert_ok(cohort_saves(w->ledger, &w->arena, &list, err));
    assert_int_equal(list.len, 4);
    assert_true(slice_eq_z(list.at[0].name, "a") && slice_eq_z(list.at[3].name, "b") && list.at[3].version == 3);
    vec_free(&list);
    assert_ok(cohort_saved_find(w->ledger, &w->arena, SLICE("b@2"), &s, err));
    assert_true(slice_eq_z(s.text, "two\n") && slice_eq_z(s.title, "T \"quoted\"") && slice_eq_z(s.user, "u"));
    assert_ok(cohort_saved_find(w->ledger, &w->arena, SLICE("b"), &s, err));
    assert_int_equal(s.version, 3);
    assert_int_equal(cohort_saved_find(w->ledger, &w->arena, SLICE("b@4"), &s, NULL), ERR_NOT_FOUND);
    assert_int_equal(cohort_saved_find(w->ledger, &w->arena, SLICE("c"), &s, NULL), ERR_NOT_FOUND);
    assert_int_equal(cohort_saved_find(w->ledger, &w->arena, SLICE("b@"), &s, NULL), ERR_USAGE);
    assert_int_equal(cohort_saved_find(w->ledger, &w->arena, SLICE("b@0"), &s, NULL), ERR_USAGE);
    uint64_t entries;
    assert_ok(ledger_verify(w->ledger, &entries, err));
}

static void test_names(void **state)
{
    static const char *const bad[] = {
        "", "A", "1a", "a b", "a.b", "a/b", "a_b", "../a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(cohort_name_check(slice_of(bad[i]), NULL), ERR_USAGE);
    assert_int_equal(cohort_name_check(SLICE("after-school-2"), NULL), OK);
}

/* An entry of the kind that holds another text than its digest says, or is none of ours. */
static void test_foreign_entries(void **state)
{
    static const char *const bodies[] = {"", "[]", "{\"name\":\"x\"}",
        "{\"name\":\"x\",\"version\":1,\"title\":\"\",\"script\":\"t\",\"script_sha256\":\"0\",\"blocks_sha256\":\"\","
        "\"meaning_sha256\":\"\",\"policy_sha256\":\"\",\"user\":\"\",\"role\":\"\",\"purpose\":\"\",\"agreement\":"
        "\"\"}"};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        void *own = NULL;
        CohortSaved s;
        world_open(&own);
        World *w = own;
        assert_ok(ledger_append(w->ledger, "cohort.saved", SLICE("x@1"), slice_of(bodies[i]), err));
        assert_int_equal(cohort_saved_find(w->ledger, &w->arena, SLICE("x"), &s, NULL), ERR_CORRUPT);
        world_close(&own);
    }
}

static void test_diff(void **state)
{
    static const struct {
        const char *a, *b, *want;
    } cases[] = {
        {"", "", ""},
        {"a\n", "a\n", "  a\n"},
        {"a\nb\nc\n", "a\nc\nd\n", "  a\n- b\n  c\n+ d\n"},
        {"a", "b", "- a\n+ b\n"},
        {"", "a\n", "+ a\n"},
        {"a\n\nb\n", "a\nb\n", "  a\n- \n  b\n"},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf out;
        buf_init(&out, 0);
        assert_ok(cohort_diff(slice_of(cases[i].a), slice_of(cases[i].b), &out, err));
        assert_string_equal(buf_z(&out), cases[i].want);
        buf_free(&out);
        for (long n = 0;; n++) {
            buf_init(&out, 0);
            mem_fail_after(n);
            Status st = cohort_diff(slice_of(cases[i].a), slice_of(cases[i].b), &out, NULL);
            mem_fail_after(-1);
            buf_free(&out);
            if (st == OK)
                break;
            assert_int_equal(st, ERR_NOMEM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_versions, world_open, world_close),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_foreign_entries),
        cmocka_unit_test(test_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
