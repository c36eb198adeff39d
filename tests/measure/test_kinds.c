/*
 * Kinds of figures, gaps, overlapping groups and outcome definitions, each as a small policy with its own vectors: the
 * vectors must hold, and each change of them or of the rule must be told.
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

#define HEAD(name) \
    "name = \"" name "\"\nversion = \"1\"\ntitle = \"t\"\neffective_from = 2010-07-01\nstatus = \"assumed\"\n" \
    "source = \"test\"\n"
#define MEASURE(name, kind) \
    "schema = \"cairn.measure/1\"\n" HEAD(name) "question = \"q\"\npopulation = \"p\"\ndenominator = \"d\"\n" \
                                                "unit = \"u\"\nkind = \"" kind "\"\n"

/* Five persons with wages of one quarter; 4 is left out, 5 is not counted. */
#define GIVEN \
    "[[vector]]\nname = \"five\"\ngiven.employment_person_quarter = \"\"\"\nperson | quarter | wages | employers | " \
    "employer\n1 | 8096 | 100.00 | 1 | 7\n2 | 8096 | 200.00 | 1 | 7\n3 | 8096 | 600.01 | 2 | 8\n4 | 8096 | 5.00 | 1 " \
    "| " \
    "8\n5 | 8096 | 50.00 | 9 | 9\n\"\"\"\n"
#define ROWS(columns) \
    "sql = \"SELECT person, 2024 AS year, person <> 5 AS counted, CASE WHEN person = 4 THEN 'left' END AS " \
    "reason, " columns " FROM employment_person_quarter\"\n[[exclusion]]\nreason = \"left\"\ntext = \"x\"\n"

static const char count_text[] = MEASURE("sample", "count") "levels = [\"state\"]\nneeds = [\"person\"]\n" ROWS(
    "wages > 150 AS hit, CASE WHEN person < 3 THEN 'not_found' WHEN person = 3 THEN 'blocked' ELSE "
    "'out_of_coverage' END AS gap") "[parameters.minimum_n]\nvalue = 4\nstatus = \"assumed\"\nsource = \"test\"\n" GIVEN
                                    "expect = \"\"\"\nyear | denominator | numerator | value | base | excluded | "
                                    "not_found | blocked | out_of_coverage | "
                                    "small | additive\n2024 | 3 | 2 | 3 | 4 | 1 | 2 | 1 | 1 | true | true\n\"\"\"\n";

static const char mean_text[] =
    MEASURE("sample", "mean") "levels = [\"state\"]\nneeds = [\"person\"]\n" ROWS("wages AS value, employer") GIVEN
    "expect = \"\"\"\nyear | denominator | value | total | employers | top_employer | small\n"
    "2024 | 3 | 300.00333333333333 | 900.01 | 2 | 2 | false\n\"\"\"\n";

static const char ratio_text[] = MEASURE("sample", "ratio") "levels = [\"state\"]\nneeds = [\"person\"]\n" ROWS(
    "wages AS value, employers AS weight") GIVEN
    "expect = \"\"\"\nyear | denominator | value | total | weight\n2024 | 3 | 225.0025 | 900.01 | 4\n\"\"\"\n";

static const char median_text[] =
    MEASURE("sample", "median") "levels = [\"state\"]\nneeds = [\"person\"]\n" ROWS("wages AS value") GIVEN
    "expect = \"\"\"\nyear | denominator | value | p25 | p75 | numerator\n2024 | 3 | 200 | 150 | 400.005 | 0\n\"\"\"\n";

static const char distribution_text[] =
    MEASURE("sample", "distribution") "levels = [\"state\"]\nneeds = [\"person\"]\n" ROWS(
        "CASE WHEN person < 3 THEN 'a, b' WHEN person = 5 THEN 'never' END AS category, employer") GIVEN
    "expect = \"\"\"\nyear | category | denominator | numerator | base | excluded | employers\n"
    "2024 | a, b | 3 | 2 | 4 | 1 | 1\n2024 | unknown | 3 | 1 | 4 | 1 | 1\n\"\"\"\n";

static const char overlap_text[] = MEASURE("sample",
    "rate") "levels = [\"state\"]\nneeds = [\"person\"]\nsplits = "
            "[\"race_any_part\", \"race_ethnicity\"]\n"
            "sql = \"SELECT person, 2024 AS year, TRUE AS counted, person = 1 AS hit FROM employment_person_quarter\"\n"
            "[[vector]]\nname = \"overlap\"\ngiven.employment_person_quarter = \"\"\"\nperson | quarter\n1 | 8096\n2 | "
            "8096\n3 | "
            "8096\n\"\"\"\ngiven.person = \"\"\"\nperson | race_ethnicity | hispanic | asian | white\n1 | hispanic | "
            "true | true "
            "| false\n2 | two_or_more | false | true | true\n\"\"\"\n"
            "expect = \"\"\"\nyear | split | grp | denominator | numerator | additive\n"
            "2024 | race_any_part | asian | 2 | 1 | false\n2024 | race_any_part | hispanic | 1 | 1 | false\n"
            "2024 | race_any_part | white | 1 | 0 | false\n2024 | race_any_part | unknown | 1 | 0 | false\n"
            "2024 | race_ethnicity | hispanic | 1 | 1 | true\n2024 | race_ethnicity | two_or_more | 1 | 0 | true\n"
            "2024 | race_ethnicity | unknown | 1 | 0 | true\n\"\"\"\n";

/* Two quarters are asked for, and a minimum over three, one of which has no wages for person 2. */
static const char family_text[] = MEASURE("sample",
    "rate") "levels = [\"state\"]\nneeds = [\"k12_cohort\"]\n"
            "family = \"work\"\ndefinition = \"strict\"\n"
            "sql = \"SELECT person, ayg AS year, TRUE AS counted, removed AS reason, 8096 AS origin, 2 AS "
            "after_quarters FROM "
            "k12_cohort\"\n[[exclusion]]\nreason = \"deceased\"\ntext = \"x\"\n"
            "[fixture]\nk12_cohort = \"\"\"\nperson | ayg | removed\n1 | 2024 |\n2 | 2024 |\n3 | 2024 |\n4 | 2024 | "
            "deceased\n\"\"\"\nemployment_quarter = \"\"\"\nperson | quarter | employer | wages\n1 | 8097 | 1 | "
            "500.00\n1 | 8098 "
            "| 1 | 600.00\n2 | 8098 | 1 | 5000.00\n\"\"\"\n"
            "[[vector]]\nname = \"strict\"\nexpect = \"\"\"\nyear | denominator | numerator | base | excluded | "
            "not_found\n"
            "2024 | 3 | 1 | 3 | 1 | 2\n\"\"\"\n"
            "[[vector]]\nname = \"lenient\"\ndefinition = \"lenient\"\nexpect = \"\"\"\nyear | denominator | "
            "numerator\n"
            "2024 | 3 | 2\n\"\"\"\n";

static const char strict_text[] = "schema = \"cairn.definition/1\"\n" HEAD(
    "strict") "family = \"work\"\nunit = "
              "\"dollars\"\nemployed = \"wages in two quarters\"\nearnings = \"sum\"\nneeds = [\"person\"]\nquarters = "
              "[-1, 0]\n"
              "sql = \"SELECT person, year, count(wages) = {quarters} AS hit, sum(wages) AS value, CASE WHEN "
              "count(wages) < "
              "{quarters} THEN 'too_few' END AS clause, CASE WHEN count(wages) < {quarters} THEN 'not_found' END AS "
              "gap FROM "
              "subject_quarter GROUP BY person, year\"\n[[clause]]\ncode = \"too_few\"\ntext = \"x\"\n"
              "[parameters.quarters]\nvalue = 2\nstatus = \"assumed\"\nsource = \"test\"\n"
              "[[vector]]\nname = \"empty quarters are kept\"\ngiven.subject = \"\"\"\nperson | year | origin | "
              "after_quarters\n"
              "1 | 2024 | 8096 | 2\n2 | 2024 | 8096 | 2\n3 | 2024 | 8096 | 2\n\"\"\"\n"
              "given.employment_quarter = \"\"\"\nperson | quarter | employer | wages\n1 | 8097 | 1 | 500.00\n1 | 8098 "
              "| 1 | "
              "600.00\n2 | 8098 | 1 | 5000.00\n\"\"\"\n"
              "expect = \"\"\"\nperson | year | hit | value | clause | gap\n1 | 2024 | true | 1100.00 | |\n"
              "2 | 2024 | false | 5000.00 | too_few | not_found\n3 | 2024 | false | | too_few | not_found\n\"\"\"\n";

static const char lenient_text[] = "schema = \"cairn.definition/1\"\n" HEAD(
    "lenient") "family = \"work\"\nunit = "
               "\"dollars\"\nemployed = \"wages in the quarter\"\nearnings = \"sum\"\nneeds = "
               "[\"employment_person_quarter\"]\n"
               "sql = \"SELECT s.person, s.year, TRUE AS hit, w.wages AS value FROM subject s JOIN "
               "employment_person_quarter w ON "
               "w.person = s.person AND w.quarter = s.origin + s.after_quarters\"\n"
               "[[vector]]\nname = \"one\"\ngiven.subject = \"\"\"\nperson | year | origin | after_quarters\n1 | 2024 "
               "| 8096 | "
               "2\n\"\"\"\ngiven.employment_person_quarter = \"\"\"\nperson | quarter | wages\n1 | 8098 | "
               "3.00\n\"\"\"\n"
               "expect = \"\"\"\nperson | hit | value\n1 | true | 3.00\n\"\"\"\n";

/* --- making the policy --- */

typedef struct Case {
    const char *measure;
    const char *from, *to; /* a change of the measure, or of `strict`; NULL: none */
    const char *message;   /* NULL: holds */
} Case;

static const Case cases[] = {
    {count_text, NULL, NULL, NULL},
    {count_text, "| 3 | 2 | 3 | 4 | 1 | 2", "| 3 | 2 | 3 | 4 | 0 | 2", "excluded: expected 0, found 1"},
    {count_text, "THEN 'not_found'", "THEN 'not_employed'", "a gap that is none of not_found"},
    {count_text, "value = 4", "value = 3", "small: expected true, found false"},
    {count_text, "value = 4", "value = -1", "minimum_n must not be below 0"},
    {count_text, "value = 4\nstatus = \"assumed\"\n", "value = 4\n", "status"},
    {count_text, "value = 4\nstatus = \"assumed\"\nsource = \"test\"", "value = 4\nstatus = \"assumed\"\nsource = \"\"",
        "parameter minimum_n has no source"},
    {count_text, "AS gap", "AS clause", "clause, which the engine does not know"},
    {mean_text, NULL, NULL, NULL},
    {mean_text, "| 900.01 |", "| 900.00 |", "total: expected 900.00, found 900.01"},
    {ratio_text, NULL, NULL, NULL},
    {ratio_text, "employers AS weight", "1 AS weight", "value: expected 225.0025"},
    {median_text, NULL, NULL, NULL},
    {median_text, "| 150 |", "| 100 |", "p25: expected 100, found 150"},
    {distribution_text, NULL, NULL, NULL},
    {distribution_text, "2024 | unknown | 3 | 1 | 4 | 1 | 1\n", "", "expected 1 cells, found 2"},
    {overlap_text, NULL, NULL, NULL},
    {overlap_text, "race_any_part | asian | 2", "race_any_part | asian | 1", "denominator: expected 1, found 2"},
    {overlap_text, "person = 1 AS hit", "person = 1 AS hit, 'asian' AS race_any_part", "race_any_part"},
    {family_text, NULL, NULL, NULL},
    {family_text, "2024 | 3 | 2\n", "2024 | 3 | 1\n", "vector \"lenient\", expected row 1, numerator"},
    {family_text, "definition = \"strict\"\n", "", "a family needs the definition"},
    {family_text, "definition = \"strict\"\n", "definition = \"other\"\n", "family work has no definition other"},
    {family_text, "2 AS after_quarters", "TRUE AS hit", "hit, which the engine does not know here"},
    {family_text, ", 2 AS after_quarters", "", "must give origin and after_quarters"},
    {family_text, "[[vector]]\nname = \"strict\"", "[[vectors]]\nname = \"strict\"", "vectors"},
    {family_text, "count(wages) = {quarters}", "count(*) = {quarters}", "numerator: expected 1, found 3"},
    {family_text, "code = \"too_few\"", "code = \"few\"", "a clause that no [[clause]] declares"},
    {family_text, "GROUP BY person, year", "GROUP BY person, year, quarter", "more than one row"},
    {family_text, "quarters = [-1, 0]", "quarters = [0, -1]", "quarters must be [first, last]"},
};

static void copy_folder(const char *from, const char *to)
{
    Arena arena;
    PathList names = {0};
    arena_init(&arena, 0);
    assert_ok(dir_make(to, MODE_DIR_PRIVATE, err));
    assert_ok(dir_list(from, &arena, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        const char *a, *b;
        assert_ok(path_join(&arena, from, names.at[i], &a, err));
        assert_ok(path_join(&arena, to, names.at[i], &b, err));
        if (!dir_exists(a))
            assert_ok(file_copy(a, b, MODE_PRIVATE, err));
    }
    vec_free(&names);
    arena_free(&arena);
}

/* Whether the change was in this text. */
static bool write_text(const char *dir, const char *name, const char *text, const Case *c)
{
    char path[512];
    Buf out;
    Slice all = slice_of(text);
    size_t at = c->from ? slice_find(all, slice_of(c->from)) : all.len;
    bool changed = c->from && at < all.len;
    buf_init(&out, 0);
    buf_add(&out, slice_sub(all, 0, at));
    if (changed) {
        buf_adds(&out, c->to);
        buf_add(&out, slice_sub(all, at + strlen(c->from), all.len));
    }
    snprintf(path, sizeof path, "%s/state/%s", dir, name);
    assert_ok(file_write(path, buf_slice(&out), MODE_PRIVATE, err));
    buf_free(&out);
    return changed;
}

static void make_policy(const char *dir, const Case *c)
{
    static const char *const kinds[] = {"derived", "reference", "identity"};
    char from[512], to[512];
    snprintf(to, sizeof to, "%s/core", dir);
    copy_folder(CAIRN_TEST_POLICY "/../core", to);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        snprintf(from, sizeof from, "%s/%s", CAIRN_TEST_POLICY, kinds[i]);
        snprintf(to, sizeof to, "%s/state/%s", dir, kinds[i]);
        copy_folder(from, to);
    }
    snprintf(to, sizeof to, "%s/state/measures", dir);
    assert_ok(dir_make(to, MODE_DIR_PRIVATE, err));
    snprintf(to, sizeof to, "%s/state/definitions", dir);
    assert_ok(dir_make(to, MODE_DIR_PRIVATE, err));
    snprintf(to, sizeof to, "%s/state/measures/splits.toml", dir);
    assert_ok(file_copy(CAIRN_TEST_POLICY "/measures/splits.toml", to, MODE_PRIVATE, err));
    bool changed = write_text(dir, "measures/sample.toml", c->measure, c);
    const Case same = {0};
    changed |= write_text(dir, "definitions/strict.toml", strict_text, changed ? &same : c);
    write_text(dir, "definitions/lenient.toml", lenient_text, &same);
    assert_true(changed || !c->from);
}

static void add_vectors(void *ctx, Slice name, uint64_t vectors)
{
    UNUSED(name);
    *(uint64_t *)ctx += vectors;
}

static Status run_case(const char *dir, bool definitions, Error *err)
{
    char state[600];
    Policy *policy = NULL;
    uint64_t vectors = 0;
    snprintf(state, sizeof state, "%s/state", dir);
    Status st = policy_open(state, &policy, err);
    if (st == OK)
        st = measure_test(policy, SLICE("sample"), add_vectors, &vectors, err);
    if (st == OK && vectors == 0)
        st = error_set(err, ERR_INTERNAL, "no vector was run");
    if (st == OK && definitions)
        st = definition_test(policy, SLICE(""), &vectors, err);
    if (st == OK && definitions && vectors != 2)
        st = error_set(err, ERR_INTERNAL, "the definitions' vectors were not run");
    policy_close(policy);
    return st;
}

static void test_cases(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char dir[] = "/tmp/cairn-kinds-XXXXXX";
        const Case *c = &cases[i];
        Error err = ERROR_INIT;
        assert_non_null(mkdtemp(dir));
        make_policy(dir, c);
        Status st = run_case(dir, c->measure == family_text, &err);
        assert_int_equal(dir_remove(dir, NULL), OK);
        bool told = !c->message || strstr(err.message, c->message) || strstr(err.field, c->message);
        if (st != (c->message ? ERR_INVALID : OK) || !told)
            print_error("case %zu: %s -> %s: %s (%s)\n", i, c->from ? c->from : "unchanged", c->to ? c->to : "",
                err.message, err.detail);
        assert_int_equal(st, c->message ? ERR_INVALID : OK);
        assert_true(told);
    }
}

/* A wrong expectation of a definition's own vector. */
static void test_definition_vectors_can_fail(void **state)
{
    const Case wrong = {family_text, "2 | 2024 | false | 5000.00", "2 | 2024 | false | 5001.00", NULL};
    const Case fewer = {family_text, "3 | 2024 | false | | too_few | not_found\n", "", NULL};
    const struct {
        const Case *c;
        const char *message;
    } all[] = {{&wrong, "value: expected 5001.00, found 5000.00"}, {&fewer, "expected 2 persons, found 3"}};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        char dir[] = "/tmp/cairn-kinds-XXXXXX";
        Error err = ERROR_INIT;
        assert_non_null(mkdtemp(dir));
        make_policy(dir, all[i].c);
        Status st = run_case(dir, true, &err);
        assert_int_equal(dir_remove(dir, NULL), OK);
        if (!strstr(err.message, all[i].message))
            print_error("%s\n", err.message);
        assert_int_equal(st, ERR_INVALID);
        assert_non_null(strstr(err.message, all[i].message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_definition_vectors_can_fail),
    };
    return cmocka_run_group_tests_name("measure/kinds", tests, NULL, NULL);
}
