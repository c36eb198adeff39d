/*
 * What must hold between measures: the shipped pairs are read, a file that names no rate is refused, and a figure that
 * breaks a pair is found and told, whichever way it does.
 */
#include "measure/measure_parts.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        Status got_ = (call); \
        if (got_ != OK) \
            print_error("%s: %s (%s) %s\n", #call, e_.message, e_.hint, e_.detail); \
        assert_int_equal(got_, OK); \
    } while (0)

/* --- reading --- */

static Status read_from(const char *dir, Invariants *out, Error *err)
{
    Policy *policy = NULL;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(policy_open(dir, &policy, err));
    TRY_OUT(measure_frame_read(policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(policy, &frame, &arena, &defs, err));
    TRY_OUT(invariants_read(policy, &defs, out, err));
out:
    vec_free(&defs);
    policy_close(policy);
    arena_free(&arena);
    return st;
}

static void test_shipped_pairs(void **state)
{
    Invariants list = {0};
    UNUSED(state);
    assert_ok(read_from(CAIRN_TEST_POLICY, &list, err));
    assert_true(list.len >= 15);
    vec_free(&list);
}

#define HEAD \
    "schema = \"cairn.invariants/1\"\nname = \"invariants\"\nversion = \"1\"\ntitle = \"t\"\n" \
    "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\n[[invariant]]\n"

static const struct {
    const char *text, *message; /* message NULL: is read */
} files[] = {
    {HEAD "part = \"graduation_rate_4yr\"\nwhole = \"completion_rate_4yr\"\ntext = \"x\"\n", NULL},
    {HEAD "part = \"graduation_rate\"\nwhole = \"completion_rate_4yr\"\ntext = \"x\"\n",
        "invariants.toml:8: part: there is no rate named graduation_rate"},
    {HEAD "part = \"graduation_rate_4yr\"\nwhole = \"ptech_credits\"\ntext = \"x\"\n",
        "whole: there is no rate named ptech_credits"},
    {HEAD "part = \"graduation_rate_4yr\"\ntext = \"x\"\n", "whole"},
    {HEAD "part = \"graduation_rate_4yr\"\nwhole = \"completion_rate_4yr\"\n", "text"},
    {HEAD "part = \"graduation_rate_4yr\"\nwhole = \"completion_rate_4yr\"\ntext = \"x\"\nlesser = \"y\"\n", "lesser"},
};

static void copy_into(const char *dir, const char *file)
{
    char from[512], to[512];
    snprintf(from, sizeof from, "%s/%s", CAIRN_TEST_POLICY, file);
    snprintf(to, sizeof to, "%s/%s", dir, file);
    assert_ok(file_copy(from, to, MODE_PRIVATE, err));
}

static void test_files(void **state)
{
    static const char *const measures[] = {"measures/splits.toml", "measures/graduation_rate_4yr.toml",
        "measures/completion_rate_4yr.toml", "measures/ptech_credits.toml"};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char root[] = "/tmp/cairn-invariants-XXXXXX", dir[128], path[160];
        Error told = ERROR_INIT;
        Invariants list = {0};
        assert_non_null(mkdtemp(root));
        snprintf(dir, sizeof dir, "%s/state", root);
        snprintf(path, sizeof path, "%s/core", root);
        assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
        snprintf(path, sizeof path, "%s/measures", dir);
        assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
        for (size_t k = 0; k < COUNT_OF(measures); k++)
            copy_into(dir, measures[k]);
        snprintf(path, sizeof path, "%s/measures/invariants.toml", dir);
        assert_ok(file_write(path, slice_of(files[i].text), MODE_PRIVATE, err));
        Status st = read_from(dir, &list, &told);
        assert_int_equal(dir_remove(root, NULL), OK);
        if (st != (files[i].message ? ERR_INVALID : OK) ||
            (files[i].message && !strstr(told.message, files[i].message) && !strstr(told.field, files[i].message)))
            fail_msg("%zu: %s %s", i, told.message, told.field);
        assert_int_equal(list.len, files[i].message ? 0 : 1);
        vec_free(&list);
    }
}

/* --- checking --- */

static const struct {
    const char *cells, *message;
} cases[] = {
    {"('p', 2024, 'CO', 3, 2), ('w', 2024, 'CO', 3, 2)", NULL},
    {"('p', 2024, 'CO', 3, 0), ('w', 2024, 'CO', 3, 3), ('w', 2025, 'CO', 9, 1)", NULL},
    {"('p', 2024, 'CO', 3, 3), ('w', 2024, 'CO', 3, 2)",
        "w does not hold p in 2024 state CO all all: 2 of 3 against 3 of 3"},
    {"('p', 2024, 'CO', 4, 2), ('w', 2024, 'CO', 3, 2)", "2 of 3 against 2 of 4"},
    {"('p', 2024, 'CO', 3, 2), ('w', 2023, 'CO', 3, 2)", "w does not hold p in 2024"},
    {"('p', 2023, 'CO', 3, 2), ('w', 2023, 'CO', 3, 2), ('p', 2024, 'X', 1, 1), ('w', 2024, 'X', 1, 0)",
        "in 2024 state X all all"},
};

static void test_cases(void **state)
{
    Invariants list = {0};
    UNUSED(state);
    assert_ok(vec_push(&list, ((Invariant){SLICE("p"), SLICE("w"), SLICE("p is a part of w")}), err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DbOptions options = DB_OPTIONS_INIT;
        Error told = ERROR_INIT;
        Db *db = NULL;
        Buf sql;
        options.threads = 1;
        assert_ok(db_open(&options, &db, err));
        buf_init(&sql, 0);
        buf_addf(&sql,
            "CREATE TABLE cells AS SELECT m AS measure, y::INTEGER AS year, 'state' AS level, u AS unit, 'all' AS "
            "split, 'all' AS grp, d::BIGINT AS denominator, n::BIGINT AS numerator FROM (VALUES %s) t(m, y, u, d, n)",
            cases[i].cells);
        assert_ok(db_exec(db, buf_z(&sql), err));
        Status st = invariants_check(&list, db, &told);
        db_close(db);
        buf_free(&sql);
        if (st != (cases[i].message ? ERR_INVALID : OK) ||
            (cases[i].message && !strstr(told.message, cases[i].message)))
            fail_msg("%zu: %s", i, told.message);
        if (cases[i].message)
            assert_non_null(strstr(told.hint, "p is a part of w"));
    }
    vec_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_pairs),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
