/*
 * The builder on hand-made loads: parquet files, two contracts and a person map
 * made here, so that ingest and identity play no part.
 */
#include "facts/facts.h"
#include "facts/facts_parts.h"
#include "store/warehouse.h"

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

static const char head[] = "schema = \"cairn.contract/1\"\nname = \"%s\"\nversion = \"1\"\ntitle = \"t\"\n"
                           "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\nagency = \"A\"\n"
                           "kind = \"%s\"\nformat = \"csv\"\n%s\n";

static const char wage_rest[] =
    "[[scope]]\nname = \"quarter\"\nfield = \"quarter\"\n"
    "[[field]]\nname = \"ssn\"\nheader = \"SSN\"\ntype = \"digits\"\nidentity = \"ssn\"\ndefinition = \"d\"\n"
    "sensitivity = \"identifier\"\nclause = \"1\"\n"
    "[[field]]\nname = \"quarter\"\nheader = \"Q\"\ntype = \"integer\"\nformat = \"YYYYQQ\"\ndefinition = \"d\"\n"
    "sensitivity = \"wage\"\nclause = \"1\"\n"
    "[[field]]\nname = \"account\"\nheader = \"ACC\"\ntype = \"text\"\nidentity = \"employer\"\ndefinition = \"d\"\n"
    "sensitivity = \"wage\"\nclause = \"1\"\n"
    "[[field]]\nname = \"wages\"\nheader = \"W\"\ntype = \"decimal\"\nscale = 2\ndefinition = \"d\"\nsensitivity = "
    "\"wage\"\n"
    "clause = \"1\"\n"
    "[[fact]]\ntable = \"employment_quarter\"\nwhere = \"wages >= 0\"\n"
    "[fact.columns]\nquarter = \"quarter\"\nemployer = \"account\"\nwages = \"wages\"\n";

static const char year_rest[] =
    "[[scope]]\nname = \"school_year\"\npattern = '_([0-9]{4})\\.csv$'\n"
    "[[field]]\nname = \"sasid\"\nheader = \"SASID\"\ntype = \"digits\"\nidentity = \"sasid\"\ndefinition = \"d\"\n"
    "sensitivity = \"identifier\"\nclause = \"1\"\n"
    "[[field]]\nname = \"district_id\"\nheader = \"D\"\ntype = \"digits\"\ndefinition = \"d\"\nsensitivity = "
    "\"education\"\n"
    "clause = \"1\"\n"
    "[[field]]\nname = \"grade\"\nheader = \"G\"\ntype = \"text\"\ndefinition = \"d\"\nsensitivity = "
    "\"education\"\nclause = \"1\"\n"
    "[[field]]\nname = \"exit\"\nheader = \"E\"\ntype = \"text\"\ndefinition = \"d\"\nsensitivity = "
    "\"education\"\nclause = \"1\"\n"
    "[[field]]\nname = \"completion\"\nheader = \"C\"\ntype = \"text\"\ndefinition = \"d\"\nsensitivity = "
    "\"education\"\n"
    "clause = \"1\"\n"
    "[[fact]]\ntable = \"k12_end_of_year\"\n"
    "[fact.columns]\nschool_year = \"scope_school_year::SMALLINT\"\ndistrict_id = \"district_id\"\ngrade_level = "
    "\"grade\"\n"
    "exit_class = \"exit\"\ncompletion_type = \"completion\"\n";

static const char list_rest[] = "reference_table = \"public_list\"\n"
                                "[[scope]]\nname = \"year\"\npattern = '_([0-9]{4})\\.csv$'\n"
                                "[[field]]\nname = \"code\"\nheader = \"C\"\ntype = \"text\"\ndefinition = "
                                "\"d\"\nsensitivity = \"public\"\nclause = \"1\"\n";

typedef struct Fixture {
    char dir[64];
    Policy *policy;
    Db *maker; /* writes the parquet files */
} Fixture;

static const char *const load_ids[] = {"1000000000000001", "1000000000000002", "2000000000000003", "2000000000000004",
    "3000000000000005", "3000000000000006"};

static void write_contract(const Fixture *f, const char *id, const char *name, const char *kind, const char *rest)
{
    char path[256];
    Buf text;
    buf_init(&text, 0);
    buf_addf(&text, head, name, kind, rest);
    snprintf(path, sizeof path, "%s/%s", f->dir, id);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    snprintf(path, sizeof path, "%s/%s/contract.toml", f->dir, id);
    assert_ok(file_write(path, buf_slice(&text), MODE_PRIVATE, err));
    buf_free(&text);
}

static void write_rows(const Fixture *f, const char *id, const char *select)
{
    assert_ok(db_execf(f->maker, err, "COPY (%s) TO '%s/%s/rows.parquet' (FORMAT parquet)", select, f->dir, id));
}

static const char year_rows[] =
    "SELECT row_no::BIGINT AS row_no, ('00000000-0000-0000-0000-00000000000' || tag)::UUID AS record_tag, district_id, "
    "grade, "
    "exit, completion, '%s' AS scope_school_year FROM (VALUES %s) v(row_no, tag, district_id, grade, exit, completion)";
static const char wage_rows[] =
    "SELECT row_no::BIGINT AS row_no, ('00000000-0000-0000-0000-00000000000' || tag)::UUID AS record_tag, "
    "quarter::BIGINT AS "
    "quarter, ('e0000000-0000-0000-0000-00000000000' || employer)::UUID AS account, wages::DECIMAL(18,2) AS wages, "
    "quarter::VARCHAR AS scope_quarter FROM (VALUES %s) v(row_no, tag, quarter, employer, wages)";

static void write_loads(const Fixture *f)
{
    char sql[2000];
    write_contract(f, load_ids[0], "wages", "records", wage_rest);
    write_contract(f, load_ids[1], "wages", "records", wage_rest);
    write_contract(f, load_ids[2], "year", "records", year_rest);
    write_contract(f, load_ids[3], "year", "records", year_rest);
    write_contract(f, load_ids[4], "lists", "reference", list_rest);
    write_contract(f, load_ids[5], "lists", "reference", list_rest);
    snprintf(sql, sizeof sql, wage_rows,
        "(1, 3, 8096, 1, 100.10), (2, 4, 8096, 1, 50.00), (3, 3, 8096, 2, 100.10), (5, 3, 8096, 2, -1)");
    write_rows(f, load_ids[0], sql);
    snprintf(sql, sizeof sql, wage_rows, "(1, 3, 8097, 1, 70.00)");
    write_rows(f, load_ids[1], sql);
    snprintf(sql, sizeof sql, year_rows, "2021",
        "(1, 1, '0010', '09', 'dropout', NULL), (2, 2, '0020', '09', 'year_end', NULL)");
    write_rows(f, load_ids[2], sql);
    snprintf(sql, sizeof sql, year_rows, "2021",
        "(1, 1, '0010', '09', 'year_end', NULL), (3, 2, '0020', '09', 'year_end', NULL)");
    write_rows(f, load_ids[3], sql);
    write_rows(
        f, load_ids[4], "SELECT 1::BIGINT AS row_no, NULL::UUID AS record_tag, 'old' AS code, '2023' AS scope_year");
    write_rows(
        f, load_ids[5], "SELECT 1::BIGINT AS row_no, NULL::UUID AS record_tag, 'new' AS code, '2023' AS scope_year");
}

static int setup(void **state)
{
    static const DbOptions options = DB_OPTIONS_INIT;
    Fixture *f = NULL;
    assert_ok(mem_zalloc(1, sizeof *f, (void **)&f, err));
    snprintf(f->dir, sizeof f->dir, "/tmp/cairn-facts-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_ok(policy_open(CAIRN_TEST_POLICY, &f->policy, err));
    assert_ok(db_open(&options, &f->maker, err));
    write_loads(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    Fixture *f = *state;
    db_close(f->maker);
    policy_close(f->policy);
    assert_ok(dir_remove(f->dir, err));
    mem_free(f);
    return 0;
}

static Load load_of(uint32_t number, const char *source, const char *scope)
{
    return (Load){.id = slice_of(load_ids[number - 1]),
        .source = slice_of(source),
        .contract = SLICE("1"),
        .scope = slice_of(scope),
        .file_name = SLICE("it's.csv"),
        .file_sha256 = SLICE("00"),
        .agreement = SLICE("a"),
        .rows_accepted = 2,
        .received_at = 1700000000 + number,
        .number = number};
}

static void make_loads(Load out[6])
{
    out[0] = load_of(1, "wages", "quarter=8096");
    out[1] = load_of(2, "wages", "quarter=8097");
    out[2] = load_of(3, "year", "school_year=2021");
    out[2].superseded_by = slice_of(load_ids[3]);
    out[2].superseded_at = 1700000100;
    out[3] = load_of(4, "year", "school_year=2021");
    out[4] = load_of(5, "lists", "year=2023");
    out[4].superseded_by = slice_of(load_ids[5]);
    out[4].superseded_at = 1700000100;
    out[5] = load_of(6, "lists", "year=2023");
}

/* Tags 1 to 4 are three persons: 1 and 3 are one. */
static const char person_map[] =
    "ATTACH ':memory:' AS staging;"
    "CREATE TABLE staging.identity_map AS SELECT ('00000000-0000-0000-0000-00000000000' || tag)::UUID AS record_tag, "
    "person::UBIGINT AS person, source::SMALLINT AS source FROM (VALUES (1, 71, 1), (2, 72, 1), (3, 71, 0), (4, 74, 0))"
    " v(tag, person, source);"
    "CREATE TABLE staging.identity_source AS SELECT source::SMALLINT AS source, name FROM (VALUES (0, 'wages'), (1, "
    "'year')) v(source, name);"
    "CREATE TABLE staging.person_link AS SELECT person::UBIGINT AS person, 2::INTEGER AS records, 1::INTEGER AS "
    "sources, "
    "'ssn' AS weakest_rule, 0.99::DOUBLE AS link_score, TRUE AS has_ssn, TRUE AS has_sasid "
    "FROM (VALUES (74), (71), (72)) v(person);"
    "CREATE TABLE staging.link_source AS SELECT 'x' AS source, 1::BIGINT AS persons, 0::BIGINT AS link_pairs, "
    "0::BIGINT "
    "AS link_correct, 0::BIGINT AS link_missed;";

static Db *open_db(unsigned threads)
{
    DbOptions options = DB_OPTIONS_INIT;
    Db *db = NULL;
    options.threads = threads;
    assert_ok(db_open(&options, &db, err));
    assert_ok(db_exec(db, person_map, err));
    return db;
}

static FactsInput input_of(const Fixture *f, const Load *loads, size_t count)
{
    return (FactsInput){
        .policy = f->policy, .loads_dir = f->dir, .loads = loads, .load_count = count, .progress = PROGRESS_OFF};
}

static int64_t number(Db *db, const char *sql)
{
    int64_t v = -1;
    assert_ok(db_value_i64(db, &v, err, "%s", sql));
    return v;
}

typedef struct Check {
    const char *sql;
    int64_t want;
} Check;

static const Check checks[] = {
    /* history stays, the view shows what is known now */
    {"SELECT count(*) FROM fact.k12_end_of_year", 4},
    {"SELECT count(*) FROM k12_end_of_year", 2},
    {"SELECT count(*) FROM k12_end_of_year WHERE person = 71 AND exit_class = 'year_end'", 1},
    {"SELECT count(*) FROM fact.k12_end_of_year f JOIN load l USING (load_no) WHERE l.known_from <= TIMESTAMP "
     "'2023-11-14 "
     "22:14:00' AND (l.known_to IS NULL OR l.known_to > TIMESTAMP '2023-11-14 22:14:00') AND exit_class = 'dropout'",
        1},
    {"SELECT count(*) FROM load WHERE known_to IS NULL", 4},
    {"SELECT count(*) FROM load WHERE file_name = 'it''s.csv' AND load_no = 3 AND load_id = '2000000000000003'", 1},
    /* origin of each fact; a mapping's filter */
    {"SELECT sum(load_no * 100 + row_no)::BIGINT FROM employment_quarter", 101 + 102 + 103 + 201},
    {"SELECT count(*) FROM employment_quarter WHERE wages < 0", 0},
    /* tags 1 and 3 are one person: wages add up over employers; of two equal ones the first row's is the main one */
    {"SELECT (wages * 100)::BIGINT FROM employment_person_quarter WHERE person = 71 AND quarter = 8096", 20020},
    {"SELECT employers FROM employment_person_quarter WHERE person = 71 AND quarter = 8096", 2},
    {"SELECT count(*) FROM employment_person_quarter WHERE employer = 'e0000000-0000-0000-0000-000000000001'", 3},
    {"SELECT count(*) FROM wage_quarter", 2},
    /* derived from the current record only */
    {"SELECT ayg FROM k12_cohort WHERE person = 71", 2024},
    {"SELECT count(*) FROM k12_cohort WHERE exit_class = 'dropout'", 0},
    {"SELECT count(*) FROM person", 3},
    /* reference: policy tables and the newest load of a public file */
    {"SELECT count(*) FROM county", 64},
    {"SELECT count(*) FROM district WHERE district_id = '0880' AND county_fips = '08031'", 1},
    {"SELECT count(*) FROM public_list WHERE code = 'new' AND load_no = 6", 1},
    {"SELECT count(*) FROM public_list", 1},
    /* nothing of the vault stays */
    {"SELECT count(*) FROM duckdb_columns() WHERE column_name = 'record_tag'", 0},
};

static void test_assemble(void **state)
{
    const Fixture *f = *state;
    Load loads[6];
    uint64_t facts = 0;
    make_loads(loads);
    const FactsInput in = input_of(f, loads, 6);
    Db *db = open_db(2);
    assert_ok(facts_assemble(db, &in, &facts, err));
    assert_int_equal(facts, 4 + 4);
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        int64_t got = number(db, checks[i].sql);
        if (got != checks[i].want)
            print_error("%s\n", checks[i].sql);
        assert_int_equal(got, checks[i].want);
    }
    db_close(db);
}

static void test_unlinked_rows_stop_the_build(void **state)
{
    const Fixture *f = *state;
    Load loads[6];
    uint64_t facts;
    Error err = ERROR_INIT;
    make_loads(loads);
    const FactsInput in = input_of(f, loads, 6);
    Db *db = open_db(1);
    assert_int_equal(db_exec(db, "DELETE FROM staging.identity_map WHERE person = 74", &err), OK);
    assert_int_equal(facts_assemble(db, &in, &facts, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "1 rows of employment_quarter"));
    db_close(db);
}

static void test_missing_load_is_an_error(void **state)
{
    const Fixture *f = *state;
    Load loads[6];
    uint64_t facts;
    Error err = ERROR_INIT;
    make_loads(loads);
    loads[0].id = SLICE("ffffffffffffffff");
    const FactsInput in = input_of(f, loads, 6);
    Db *db = open_db(1);
    assert_int_equal(facts_assemble(db, &in, &facts, &err), ERR_NOT_FOUND);
    db_close(db);
}

static const char fingerprint[] = "SELECT string_agg(md5(t::VARCHAR), '' ORDER BY t::VARCHAR) FROM (SELECT e FROM "
                                  "employment_person_quarter e UNION ALL BY "
                                  "NAME SELECT k FROM k12_cohort k) t";

/* The same loads in another order, on another number of threads. */
static void test_order_and_threads_do_not_matter(void **state)
{
    const Fixture *f = *state;
    static const size_t orders[][6] = {{0, 1, 2, 3, 4, 5}, {5, 3, 1, 4, 2, 0}};
    Buf first, other;
    buf_init(&first, 0);
    buf_init(&other, 0);
    for (unsigned run = 0; run < 2; run++) {
        Load sorted[6], loads[6];
        uint64_t facts;
        make_loads(sorted);
        for (size_t i = 0; i < 6; i++)
            loads[i] = sorted[orders[run][i]];
        const FactsInput in = input_of(f, loads, 6);
        Db *db = open_db(run + 1);
        assert_ok(facts_assemble(db, &in, &facts, err));
        assert_ok(db_value_str(db, run ? &other : &first, err, "%s", fingerprint));
        db_close(db);
    }
    assert_true(first.len > 0);
    assert_true(slice_eq(buf_slice(&first), buf_slice(&other)));
    buf_free(&first);
    buf_free(&other);
}

/* A home without loads: an empty generation is published, recorded and readable. */
static void test_build_in_a_home(void **state)
{
    const Fixture *f = *state;
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Ledger *ledger = NULL;
    Db *db = NULL;
    BuildReport report;
    LedgerEntry entry;
    Arena arena;
    char path[96];
    uint32_t generation = 0;
    arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/home", f->dir);
    settings.policy_dir = CAIRN_TEST_POLICY;
    settings.memory_mb = 1024;
    assert_ok(home_create(path, &settings, NULL, err));
    assert_ok(home_open(path, HOME_WRITE, &home, err));
    assert_ok(ledger_open(home, &ledger, err));
    const BuildContext ctx = {.home = home, .policy = f->policy, .ledger = ledger, .progress = PROGRESS_OFF};
    assert_ok(facts_build(&ctx, &report, err));
    assert_int_equal(report.generation, 1);
    assert_int_equal(report.facts, 0);
    assert_true(report.bytes > 0);
    assert_ok(ledger_last(ledger, "build.generation", SLICE("gen-000001"), &arena, &entry, err));
    assert_ok(warehouse_open(home, &generation, &db, err));
    assert_int_equal(generation, 1);
    assert_int_equal(number(db, "SELECT count(*) FROM k12_cohort"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM county"), 64);
    db_close(db);
    ledger_close(ledger);
    home_close(home);
    arena_free(&arena);
}

static void add_notes(Ledger *ledger, int count)
{
    for (int i = 0; i < count; i++)
        assert_ok(ledger_append(ledger, "note", SLICE("test"), SLICE("{}"), err));
}

/* A process that ended between the rename and the ledger entry: what facts_build leaves then, with one load. */
static void lose_a_build(Home *home, int64_t accepted_seq)
{
    Generation *g = NULL;
    assert_ok(generation_begin(home, &g, err));
    assert_ok(db_execf(generation_db(g), err,
        "CREATE TABLE known_build AS SELECT %" PRId64 "::BIGINT AS build, %" PRIu32
        "::INTEGER AS generation, TIMESTAMP '2024-05-06 07:08:09' AS began, 'abc' AS policy, 0::BIGINT AS link_run;"
        "CREATE TABLE load AS SELECT %" PRId64 "::BIGINT AS accepted_seq, NULL::BIGINT AS superseded_seq",
        INT64_MAX, generation_number(g), accepted_seq));
    assert_ok(generation_publish(g, err));
}

/* The next build tells of it: with its place before the loads that came in since, once, and in the ledger for good. */
static void test_lost_build(void **state)
{
    const Fixture *f = *state;
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Ledger *ledger = NULL;
    Db *db = NULL;
    BuildReport report;
    Builds builds = {0};
    Arena arena;
    char path[96];
    uint32_t generation = 0;
    arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/home", f->dir);
    settings.policy_dir = CAIRN_TEST_POLICY;
    settings.memory_mb = 1024;
    assert_ok(home_create(path, &settings, NULL, err));
    assert_ok(home_open(path, HOME_WRITE, &home, err));
    assert_ok(ledger_open(home, &ledger, err));
    const BuildContext ctx = {.home = home, .policy = f->policy, .ledger = ledger, .progress = PROGRESS_OFF};
    assert_ok(facts_build(&ctx, &report, err));
    assert_ok(ledger_builds(ledger, &arena, &builds, err));
    assert_int_equal(builds.len, 1);
    const int64_t first = builds.at[0].seq;
    add_notes(ledger, 3);
    lose_a_build(home, first + 2);
    add_notes(ledger, 4);
    vec_free(&builds);
    assert_ok(facts_build(&ctx, &report, err));
    assert_int_equal(report.generation, 3);
    assert_ok(ledger_builds(ledger, &arena, &builds, err));
    assert_int_equal(builds.len, 3);
    assert_int_equal(builds.at[1].generation, 2);
    assert_int_equal(builds.at[1].seq, first + 3);
    assert_int_equal(builds.at[1].at, 1714979289);
    assert_int_equal(builds.at[1].link_run, 0);
    assert_true(slice_eq_z(builds.at[1].policy, "abc"));
    assert_true(builds.at[2].seq > builds.at[1].seq);
    assert_ok(warehouse_open(home, &generation, &db, err));
    assert_int_equal(number(db, "SELECT count(*) FROM known_build"), 3);
    assert_int_equal(number(db, "SELECT build FROM known_build WHERE generation = 2"), first + 3);
    assert_int_equal(
        number(db, "SELECT epoch(began)::BIGINT FROM known_build WHERE generation = 2 AND policy = 'abc'"), 1714979289);
    db_close(db);
    /* without a load in between its place is right behind the build before */
    const int64_t third = builds.at[2].seq;
    lose_a_build(home, 1);
    vec_free(&builds);
    assert_ok(ledger_builds(ledger, &arena, &builds, err));
    assert_ok(facts_lost_build(home, ledger, &arena, &builds, err));
    assert_int_equal(builds.len, 4);
    assert_int_equal(builds.at[3].seq, third + 1);
    assert_ok(facts_lost_build(home, ledger, &arena, &builds, err));
    assert_int_equal(builds.len, 4);
    vec_free(&builds);
    ledger_close(ledger);
    home_close(home);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_assemble, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unlinked_rows_stop_the_build, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_load_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_and_threads_do_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build_in_a_home, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_build, setup, teardown),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
