/* The dictionary from the policy alone; which year a scope names; what makes a year a break; fill rates from rows. */
#include "dictionary/dictionary_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void ok(Status st, const Error *err)
{
    char text[1024];
    if (st == OK)
        return;
    error_print(err, text, sizeof text);
    fail_msg("%s", text);
}

static const PolicyFile *rule_file(Policy **policy)
{
    const PolicyFile *rule;
    Date day;
    Error err = ERROR_INIT;
    ok(policy_open(POLICY_DIR, policy, &err), &err);
    ok(date_make(2026, 11, 29, &day, &err), &err);
    ok(policy_get(*policy, "dictionary", SLICE("dictionary"), day, &rule, &err), &err);
    return rule;
}

static void test_period(void **state)
{
    static const struct {
        const char *scope;
        int32_t year;
    } cases[] = {{"school_year=2024", 2024}, {"school_year=2024,file=student_0100", 2024},
        {"year=2015,term=fall", 2015}, {"quarter=8066", 2016}, {"quarter=8067", 2016}, {"quarter=8068", 2017},
        {"fiscal_year=2024", 2024}, {"search_date=2025-11-15", 2025}, {"search_date=20161115", 2016},
        {"program_year=2020", 2020}, {"file=student_0100_2024", DICTIONARY_NO_YEAR}, {"", DICTIONARY_NO_YEAR},
        {"xschool_year=2024", DICTIONARY_NO_YEAR}};
    static const char *const bad[] = {"school_year=x", "school_year=0", "quarter=99999999", "search_date=2025-13-40"};
    Policy *policy;
    Error err = ERROR_INIT;
    int32_t year;
    (void)state;
    const PolicyFile *rule = rule_file(&policy);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ok(period_of_scope(rule, slice_of(cases[i].scope), &year, &err), &err);
        assert_int_equal(year, cases[i].year);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_not_equal(period_of_scope(rule, slice_of(bad[i]), &year, &err), OK);
    policy_close(policy);
}

static void expect_changes(const Field *a, const Field *b, const char *expected)
{
    Arena arena;
    Slice text;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    ok(field_changes(a, b, &arena, &text, &err), &err);
    assert_true(slice_eq_z(text, expected));
    arena_free(&arena);
}

static void test_changes(void **state)
{
    CodeEntry one[] = {{SLICE("F"), SLICE("female")}}, two[] = {{SLICE("F"), SLICE("woman")}};
    const CodeList a_codes = {.entries = one, .count = 1}, b_codes = {.entries = two, .count = 1};
    const Field a = {.definition = SLICE("x"), .type = TYPE_CODE, .codes = &a_codes};
    Field b = a;
    (void)state;
    expect_changes(&a, &b, "");
    expect_changes(NULL, &a, "first asked for");
    expect_changes(&a, NULL, "no longer asked for");
    b.codes = &b_codes;
    expect_changes(&a, &b, "code list");
    b.definition = SLICE("y");
    expect_changes(&a, &b, "definition, code list");
    b = a;
    b.type = TYPE_TEXT;
    b.codes = NULL;
    expect_changes(&a, &b, "type, code list");
}

/* Every element has what the law asks of a public inventory. */
static void test_policy_alone(void **state)
{
    Policy *policy;
    Dictionary d;
    Date day;
    Error err = ERROR_INIT;
    size_t sources = 0, warehouse = 0, ceds = 0;
    (void)state;
    ok(date_make(2026, 11, 29, &day, &err), &err);
    ok(policy_open(POLICY_DIR, &policy, &err), &err);
    ok(dictionary_build(policy, NULL, NULL, day, &d, &err), &err);
    for (size_t i = 0; i < d.table_count; i++) {
        const DictionaryTable *t = &d.tables[i];
        sources += t->kind == DICTIONARY_SOURCE;
        for (size_t k = 0; k < t->element_count; k++) {
            const DictionaryElement *e = &t->elements[k];
            assert_true(e->name.len > 0 && e->sensitivity.len > 0 && e->type.len > 0);
            if (e->definition.len == 0)
                fail_msg("%.*s.%.*s has no definition", SLICE_ARG(t->name), SLICE_ARG(e->name));
            assert_int_equal(e->year_count, 0);
            ceds += e->element.len > 0;
            if (e->purpose.len == 0)
                fail_msg("%.*s.%.*s is held for no purpose", SLICE_ARG(t->name), SLICE_ARG(e->name));
            if (t->kind == DICTIONARY_SOURCE)
                assert_true(e->agreement.len > 0);
            else
                warehouse++;
        }
    }
    assert_true(sources >= 30 && warehouse > 200 && ceds > 100);
    dictionary_free(&d);
    policy_close(policy);
}

static const DictionaryElement *element_of(const Dictionary *d, const char *table, const char *name)
{
    for (size_t i = 0; i < d->table_count; i++)
        for (size_t k = 0; slice_eq_z(d->tables[i].name, table) && k < d->tables[i].element_count; k++)
            if (slice_eq_z(d->tables[i].elements[k].name, name))
                return &d->tables[i].elements[k];
    fail_msg("no element %s.%s", table, name);
    return NULL;
}

/* A warehouse column serves what the fields serve that it is made of; what is worked out, what its tables serve. */
static void test_purposes(void **state)
{
    static const struct {
        const char *table, *column, *has, *lacks;
    } cases[] = {
        {"k12_end_of_year", "exit_class", "completion and cohort standing", "wage"},
        {"employment_quarter", "wages", "earnings and employment after programmes", "college"},
        {"wage_quarter", "quarter", "earnings and employment after programmes", "college"},
        {"ps_cohort", "status_4", "programmes: college enrollment", "earnings"},
        {"district", "rurality", "reference list of the policy", "evaluation"},
    };
    Policy *policy;
    Dictionary d;
    Date day;
    Error err = ERROR_INIT;
    (void)state;
    ok(date_make(2026, 11, 29, &day, &err), &err);
    ok(policy_open(POLICY_DIR, &policy, &err), &err);
    ok(dictionary_build(policy, NULL, NULL, day, &d, &err), &err);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Slice purpose = element_of(&d, cases[i].table, cases[i].column)->purpose;
        if (slice_find(purpose, slice_of(cases[i].has)) == purpose.len ||
            slice_find(purpose, slice_of(cases[i].lacks)) < purpose.len)
            fail_msg("%s.%s is held for %.*s", cases[i].table, cases[i].column, SLICE_ARG(purpose));
    }
    dictionary_free(&d);
    policy_close(policy);
}

/* The year of every file that has one is found: no source's elements stay undated for a name that nobody listed. */
static void test_every_scope_has_a_year(void **state)
{
    static const char *const beside[] = {"file", "term"};
    PolicyFiles files = {0};
    Policy *policy;
    Error err = ERROR_INIT;
    (void)state;
    const PolicyFile *rule = rule_file(&policy);
    ok(policy_list(policy, "sources", &files, &err), &err);
    for (size_t i = 0; i < files.len; i++) {
        const Toml *scopes = toml_get(files.at[i]->toml, "scope"), *periods = toml_get(rule->toml, "period");
        for (const Toml *s = scopes ? scopes->first : NULL; s; s = s->next) {
            Slice name = toml_get(s, "name")->string;
            bool known = false;
            for (size_t k = 0; k < COUNT_OF(beside); k++)
                known |= slice_eq_z(name, beside[k]);
            for (const Toml *p = periods->first; p; p = p->next)
                known |= slice_eq(toml_get(p, "scope")->string, name);
            if (!known)
                fail_msg("%s: scope %.*s is no period of the dictionary", files.at[i]->path, SLICE_ARG(name));
        }
    }
    vec_free(&files);
    policy_close(policy);
}

/* Before the agreements begin nothing is covered, and the page says so. */
static void test_before_agreements(void **state)
{
    Policy *policy;
    Dictionary d;
    Date day;
    Buf html;
    Error err = ERROR_INIT;
    (void)state;
    ok(date_make(2020, 1, 1, &day, &err), &err);
    ok(policy_open(POLICY_DIR, &policy, &err), &err);
    ok(dictionary_build(policy, NULL, NULL, day, &d, &err), &err);
    assert_int_equal(d.tables[0].shared.len, 0);
    buf_init(&html, 0);
    ok(dictionary_html(&d, &html, &err), &err);
    assert_true(slice_find(buf_slice(&html), SLICE("No agreement in force covers this source")) < html.len);
    assert_true(slice_find(buf_slice(&html), SLICE("<script")) == html.len);
    buf_free(&html);
    dictionary_free(&d);
    policy_close(policy);
}

/* --- fill rates of two loads ------------------------------------------------------------------------------------- */

static void write_load(const char *home, Db *db, const char *id, const char *contract, const char *rows)
{
    char path[600];
    Error err = ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s/loads/%s", home, id);
    ok(dir_make(path, MODE_DIR_PRIVATE, &err), &err);
    (void)snprintf(path, sizeof path, "%s/loads/%s/contract.toml", home, id);
    ok(file_write(path, slice_of(contract), MODE_PRIVATE, &err), &err);
    ok(db_execf(db, &err, "COPY (%s) TO '%s/loads/%s/rows.parquet' (FORMAT parquet)", rows, home, id), &err);
}

static void contract_text(char *out, size_t size, const char *definition)
{
    (void)snprintf(out, size,
        "schema = \"cairn.contract/1\"\nname = \"probe\"\nversion = \"1\"\ntitle = \"Probe\"\n"
        "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\nagency = \"T\"\nkind = \"records\"\n"
        "format = \"csv\"\nencoding = \"utf-8\"\nunknown_columns = \"refuse\"\nerror_limit_ppm = 0\n"
        "[[field]]\nname = \"a\"\nheader = \"A\"\ntype = \"text\"\nelement = \"A\"\ndefinition = \"%s\"\n"
        "sensitivity = \"public\"\nclause = \"1\"\n"
        "[[field]]\nname = \"sasid\"\nheader = \"S\"\ntype = \"digits\"\nidentity = \"sasid\"\nelement = \"S\"\n"
        "definition = \"Id.\"\nsensitivity = \"identifier\"\nclause = \"1\"\n",
        definition);
}

static void test_fill(void **state)
{
    static const char home_path_[] = "dictionary-test-home";
    const HomeSettings settings = {.policy_dir = POLICY_DIR};
    Load loads_at[] = {
        {.id = SLICE_INIT("1111111111111111"), .source = SLICE_INIT("probe"), .scope = SLICE_INIT("year=2020")},
        {.id = SLICE_INIT("2222222222222222"), .source = SLICE_INIT("probe"), .scope = SLICE_INIT("year=2021")},
        {.id = SLICE_INIT("3333333333333333"), .source = SLICE_INIT("probe"), .scope = SLICE_INIT("year=2022")}};
    const Loads loads = {.at = loads_at, .len = COUNT_OF(loads_at)};
    FillJob job = {.loads = &loads, .minimum_rows = 100, .jump_points = 10};
    DictionaryTable t = {.name = SLICE("probe")};
    DbOptions options = DB_OPTIONS_INIT;
    char old[2000], new[2000];
    Policy *policy;
    Arena arena;
    Error err = ERROR_INIT;
    (void)state;
    contract_text(old, sizeof old, "Old.");
    contract_text(new, sizeof new, "New.");
    arena_init(&arena, 0);
    job.rule = rule_file(&policy);
    ok(dir_remove(home_path_, &err), &err);
    ok(home_create(home_path_, &settings, NULL, &err), &err);
    ok(home_open(home_path_, HOME_READ, &job.home, &err), &err);
    ok(db_open(&options, &job.db, &err), &err);
    /* 201 of 400 are 50 percent; 160 of 200 are 80, a jump; of 99 rows nothing is said */
    write_load(
        home_path_, job.db, "1111111111111111", old, "SELECT CASE WHEN i < 201 THEN 'x' END AS a FROM range(400) r(i)");
    write_load(
        home_path_, job.db, "2222222222222222", new, "SELECT CASE WHEN i < 160 THEN 'x' END AS a FROM range(200) r(i)");
    write_load(home_path_, job.db, "3333333333333333", new, "SELECT 'x' AS a FROM range(99) r(i)");
    ok(fill_table(&job, &arena, &t, &err), &err);
    assert_int_equal(t.element_count, 2); /* from the loads' own contracts: no longer asked for */
    const DictionaryElement *a = &t.elements[0], *sasid = &t.elements[1];
    assert_true(a->is_retired);
    assert_int_equal(a->year_count, 3);
    assert_int_equal(a->years[0].percent, 50);
    assert_int_equal(a->years[0].breaks.len, 0);
    assert_int_equal(a->years[1].percent, 80);
    assert_true(slice_eq_z(a->years[1].breaks, "definition, fill rate"));
    assert_int_equal(a->years[2].percent, FILL_TOO_FEW);
    assert_int_equal(a->years[2].breaks.len, 0);
    assert_true(sasid->is_identity);
    assert_int_equal(sasid->years[0].percent, FILL_NOT_HELD);
    db_close(job.db);
    home_close(job.home);
    ok(dir_remove(home_path_, &err), &err);
    arena_free(&arena);
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_period), cmocka_unit_test(test_changes),
        cmocka_unit_test(test_policy_alone), cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_every_scope_has_a_year), cmocka_unit_test(test_before_agreements),
        cmocka_unit_test(test_fill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
