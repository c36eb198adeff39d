/* The policy folder: heads, versions in force, what was used, fingerprints. */
#include "policy/policy.h"

#include "policy_folder.h"

#define MEASURE(name, version, from, rest) HEAD("cairn.measure/1", name, version, from, rest)

static Date day(int y, int m, int d)
{
    Date out;
    Error err = ERROR_INIT;
    assert_int_equal(date_make(y, m, d, &out, &err), OK);
    return out;
}

static void test_versions(void **state)
{
    Folder f;
    Policy *p;
    const PolicyFile *file;
    PolicyFiles list = {0};
    Error err = ERROR_INIT;
    UNUSED(state);
    folder_make(&f);
    folder_put(
        &f, "state/measures/rate.2020.toml", MEASURE("rate", "2020", "2020-07-01", "effective_to = 2022-06-30\n"));
    folder_put(&f, "state/measures/rate.2022.toml", MEASURE("rate", "2022", "2022-07-01", ""));
    folder_put(&f, "state/measures/another.toml", MEASURE("another", "1", "2000-01-01", ""));
    folder_put(&f, "state/measures/.another.toml.swp", "not a policy");
    folder_put(&f, "core/warehouse.toml", HEAD("cairn.warehouse/1", "warehouse", "1", "2010-07-01", ""));
    assert_int_equal(policy_open(f.state, &p, &err), OK);

    static const struct {
        int y, m, d;
        const char *version; /* NULL: none */
    } cases[] = {
        {2020, 6, 30, NULL}, {2020, 7, 1, "2020"}, {2022, 6, 30, "2020"}, {2022, 7, 1, "2022"}, {2090, 1, 1, "2022"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Status st = policy_get(p, "measures", SLICE("rate"), day(cases[i].y, cases[i].m, cases[i].d), &file, &err);
        assert_int_equal(st, cases[i].version ? OK : ERR_NOT_FOUND);
        if (cases[i].version)
            assert_true(slice_eq_z(file->version, cases[i].version));
    }
    assert_non_null(strstr(err.message, "2020-06-30"));
    assert_int_equal(policy_get(p, "measures", SLICE("none"), day(2020, 1, 1), &file, &err), ERR_NOT_FOUND);
    assert_int_equal(policy_get(p, "core", SLICE("warehouse"), day(2020, 1, 1), &file, &err), OK);
    assert_string_equal(file->path, "core/warehouse.toml");

    assert_int_equal(policy_list(p, "measures", &list, &err), OK);
    assert_int_equal(list.len, 3);
    assert_true(slice_eq_z(list.at[0]->name, "another") && slice_eq_z(list.at[1]->version, "2020"));
    assert_string_equal(list.at[1]->path, "state/measures/rate.2020.toml");
    vec_free(&list);
    policy_close(p);
    folder_remove(&f);
}

static void test_used_and_data(void **state)
{
    Folder f;
    Policy *p;
    Slice text;
    const char *path;
    const PolicyFile *file;
    PolicyFiles used = {0};
    Error err = ERROR_INIT;
    UNUSED(state);
    folder_make(&f);
    folder_put(&f, "state/measures/rate.toml", MEASURE("rate", "1", "2020-07-01", ""));
    folder_put(&f, "state/reference/districts.csv", "district_id\n0010\n");
    folder_put(&f, "state/reference/schools.csv", "school_id\n");
    assert_int_equal(policy_open(f.state, &p, &err), OK);
    assert_int_equal(policy_used(p, &used, &err), OK);
    assert_int_equal(used.len, 0);
    assert_int_equal(policy_data(p, "reference/districts.csv", &text, &path, &err), OK);
    assert_true(slice_eq_z(text, "district_id\n0010\n"));
    assert_true(file_exists(path));
    assert_int_equal(policy_data(p, "reference/../reference/districts.csv", &text, &path, &err), ERR_NOT_FOUND);
    assert_int_equal(policy_data(p, "reference/nothing.csv", &text, &path, &err), ERR_NOT_FOUND);
    assert_int_equal(policy_get(p, "measures", SLICE("rate"), day(2021, 1, 1), &file, &err), OK);
    assert_int_equal(policy_get(p, "measures", SLICE("rate"), day(2021, 1, 1), &file, &err), OK);
    assert_int_equal(policy_used(p, &used, &err), OK);
    assert_int_equal(used.len, 2);
    assert_string_equal(used.at[0]->path, "state/measures/rate.toml");
    assert_string_equal(used.at[1]->path, "state/reference/districts.csv");
    assert_int_equal(strlen(used.at[1]->sha256), 64);
    vec_free(&used);
    policy_close(p);
    folder_remove(&f);
}

static void fingerprint(const char *dir, char out[SHA256_HEX_SIZE])
{
    Policy *p;
    Error err = ERROR_INIT;
    assert_int_equal(policy_open(dir, &p, &err), OK);
    assert_int_equal(policy_fingerprint(p, out, &err), OK);
    policy_close(p);
}

static void test_fingerprint(void **state)
{
    Folder f;
    char before[SHA256_HEX_SIZE], same[SHA256_HEX_SIZE], after[SHA256_HEX_SIZE];
    char with_slash[100];
    UNUSED(state);
    folder_make(&f);
    folder_put(&f, "state/measures/rate.toml", MEASURE("rate", "1", "2020-07-01", ""));
    folder_put(&f, "state/reference/districts.csv", "district_id\n0010\n");
    fingerprint(f.state, before);
    snprintf(with_slash, sizeof with_slash, "%s/", f.state);
    fingerprint(with_slash, same);
    assert_string_equal(before, same);
    folder_put(&f, "state/reference/districts.csv", "district_id\n0020\n");
    fingerprint(f.state, after);
    assert_string_not_equal(before, after);
    folder_remove(&f);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *says;
        int line; /* 0: any */
    } cases[] = {
        {"name = \"rate\"\n", "is missing", 0},
        {MEASURE("rate", "1", "2020-07-01", "effective_to = 2020-06-30\n"), "before effective_from", 8},
        {HEAD("measure/1", "rate", "1", "2020-07-01", ""), "must have the form", 1},
        {HEAD("cairn.measure/x", "rate", "1", "2020-07-01", ""), "must have the form", 1},
        {HEAD("cairn./1", "rate", "1", "2020-07-01", ""), "must have the form", 1},
        {MEASURE("", "1", "2020-07-01", ""), "must not be empty", 2},
        {MEASURE("rate", "1", "\"2020-07-01\"", ""), "must be a date", 5},
        {MEASURE("rate", "1", "2020-02-30", ""), "", 5},
        {MEASURE("rate", "1", "2020-07-01", "a = \n"), "", 8},
        {"schema = \"cairn.x/1\"\nname = \"a\"\nversion = \"1\"\ntitle = \"T\"\neffective_from = 2020-01-01\nstatus = "
         "\"sure\"\nsource = \"s\"\n",
            "must be verified or assumed", 6},
        {"schema = \"cairn.x/1\"\nname = \"a\"\nversion = \"1\"\ntitle = \"T\"\neffective_from = 2020-01-01\nstatus = "
         "\"verified\"\nsource = \"\"\n",
            "marked verified", 7},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Folder f;
        Policy *p = NULL;
        Error err = ERROR_INIT;
        char line[1200];
        folder_make(&f);
        folder_put(&f, "state/measures/rate.toml", cases[i].text);
        Status st = policy_open(f.state, &p, &err);
        error_print(&err, line, sizeof line);
        if (st == OK || p || !strstr(line, cases[i].says) || !strstr(line, "state/measures/rate.toml") ||
            (cases[i].line && err.line != (uint64_t)cases[i].line))
            fail_msg("case %zu: status %d line %d \"%s\"", i, (int)st, (int)err.line, line);
        folder_remove(&f);
    }
}

static void test_overlap(void **state)
{
    Folder f;
    Policy *p = NULL;
    Error err = ERROR_INIT;
    UNUSED(state);
    folder_make(&f);
    folder_put(&f, "state/measures/a.toml", MEASURE("rate", "1", "2020-07-01", "effective_to = 2022-07-01\n"));
    folder_put(&f, "state/measures/b.toml", MEASURE("rate", "2", "2022-07-01", ""));
    assert_int_equal(policy_open(f.state, &p, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "still in force"));
    /* the same name in another kind is another thing */
    folder_put(&f, "state/measures/b.toml", MEASURE("rate", "2", "2022-07-02", ""));
    folder_put(&f, "state/release/a.toml", MEASURE("rate", "1", "2020-07-01", ""));
    assert_int_equal(policy_open(f.state, &p, &err), OK);
    policy_close(p);
    assert_int_equal(policy_open("/nonexistent/policy", &p, &err), ERR_NOT_FOUND);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_used_and_data),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
