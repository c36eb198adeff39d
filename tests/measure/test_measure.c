/*
 * The engine of measures: every shipped definition passes its own vectors, a wrong
 * vector or definition is told, and cells add up, do not depend on the order of
 * rows or the number of threads, and agree with a plain recount.
 */
#include "measure/measure_parts.h"

#include <math.h>
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

/* --- the shipped definitions --- */

static void add_vectors(void *ctx, Slice name, uint64_t vectors)
{
    UNUSED(name);
    *(uint64_t *)ctx += vectors;
}

typedef struct Shipped {
    MeasureInfos infos;
    size_t told;
} Shipped;

static void take_shipped(void *ctx, Slice name, uint64_t vectors)
{
    Shipped *s = ctx;
    assert_true(s->told < s->infos.len);
    assert_true(slice_eq(name, s->infos.at[s->told++].name));
    if (vectors == 0)
        print_error("%.*s has no vector\n", SLICE_ARG(name));
    assert_true(vectors > 0);
}

static void test_shipped_vectors(void **state)
{
    Policy *policy = NULL;
    Arena arena;
    Shipped s = {0};
    UNUSED(state);
    arena_init(&arena, 0);
    assert_ok(policy_open(CAIRN_TEST_POLICY, &policy, err));
    assert_ok(measure_list(policy, &arena, &s.infos, err));
    assert_true(s.infos.len >= 9);
    for (size_t i = 0; i < s.infos.len; i++)
        assert_true(
            s.infos.at[i].question.len > 0 && s.infos.at[i].population.len > 0 && s.infos.at[i].denominator.len > 0);
    assert_ok(measure_test(policy, SLICE(""), take_shipped, &s, err));
    assert_int_equal(s.told, s.infos.len);
    vec_free(&s.infos);
    arena_free(&arena);
    policy_close(policy);
}

/* --- definitions that must be refused --- */

static const char good_text[] =
    "schema = \"cairn.measure/1\"\nname = \"sample\"\nversion = \"1\"\ntitle = \"t\"\neffective_from = 2010-07-01\n"
    "status = \"assumed\"\nsource = \"test\"\nquestion = \"q\"\npopulation = \"p\"\ndenominator = \"d\"\nunit = "
    "\"percent\"\n"
    "kind = \"rate\"\nlevels = [\"state\", \"county\"]\nsplits = [\"sex\"]\nneeds = [\"k12_cohort\"]\n"
    "sql = \"SELECT person, ayg AS year, district_id, TRUE AS counted, diploma AS hit, removed AS reason FROM "
    "k12_cohort "
    "WHERE ayg > {from_year}\"\n"
    "[[exclusion]]\nreason = \"deceased\"\ntext = \"x\"\n"
    "[parameters.from_year]\nvalue = 2000\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[vector]]\nname = \"one of two\"\n"
    "given.k12_cohort = \"\"\"\nperson | ayg | diploma | removed\n1 | 2020 | true |\n2 | 2020 | false |\n3 | 2020 | "
    "false | deceased\n"
    "\"\"\"\nexpect = \"\"\"\nyear | denominator | numerator\n2020 | 2 | 1\n\"\"\"\n";

typedef struct Change {
    const char *from, *to; /* from NULL: the text as it is */
    const char *message;   /* NULL: passes */
    const char *file;      /* below the state's folder; NULL: the sample above */
} Change;

static const Change changes[] = {
    {NULL, NULL, NULL, NULL},
    {"2020 | 2 | 1\n", "2020 | 2 | 2\n", "vector \"one of two\", expected row 1, numerator: expected 2, found 1", NULL},
    {"2020 | 2 | 1\n", "2021 | 2 | 1\n", "cell: expected a cell, found none", NULL},
    {"2020 | 2 | 1\n", "", "expected 0 cells, found 1", NULL},
    {"2 | 2020 | false |\n", "2 | 2020 | false\n", "a row of table k12_cohort has 3 cells, its head has 4", NULL},
    {"given.k12_cohort", "given.k12_chort", "which no policy file defines", NULL},
    {"unit = ", "units = ", "units", NULL},
    {"\"sex\"", "\"sax\"", "split sax is not defined", NULL},
    {"\"state\", \"county\"", "\"state\", \"school\"", "levels must be state, county, district, school", NULL},
    {"kind = \"rate\"", "kind = \"rat\"", "kind must be rate, median, count", NULL},
    {"[[vector]]", "[[exclusion]]\nreason = \"x\"\ntext = \"x\"\n[vectors]", "vectors", NULL},
    {"{from_year}", "{form_year}", "there is no [parameters.form_year]", NULL},
    {"value = 2000\nstatus = \"assumed\"", "value = 2000\nstatus = \"likely\"", "must be verified or assumed", NULL},
    {"reason = \"deceased\"", "reason = \"death\"", "a reason that no [[exclusion]] declares", NULL},
    {"2 | 2020 | false", "1 | 2020 | false", "more than one row", NULL},
    {"removed AS reason", "removed AS cause", "cause", NULL},
    {"given.k12_cohort = \"\"\"\nperson | ayg | diploma | removed\n1 | 2020 | true |\n2 | 2020 | false |\n3 | 2020 | "
     "false "
     "| deceased\n",
        "given.district = \"\"\"\ndistrict_id\n0010\n0010\n\"\"\"\ngiven.k12_cohort = \"\"\"\nperson | ayg | diploma | "
        "district_id\n1 | 2020 | true | 0010\n",
        "a district of the measure's rows is in the reference list more than once", NULL},
    {"ayg AS year", "NULL AS year", "without a person or a year", NULL},
    /* the tables beneath: src/policy/model.h */
    {"[\"employment_person_quarter\"]", "[\"wage_quarter\"]", "needs itself", "derived/wage_quarter.toml"},
    {"type = \"BIGINT\"", "type = \"BIGINT); --\"", "a lower-case name and an SQL type", "derived/wage_quarter.toml"},
    {"table = \"wage_quarter\"", "table = \"person\"", "table person is defined twice", "derived/wage_quarter.toml"},
    {"table = \"wage_quarter\"", "table = \"Wage quarter\"", "lower-case identifier", "derived/wage_quarter.toml"},
    {"needs = ", "need = ", "need", "derived/wage_quarter.toml"},
    {"partition = \"quarter\"", "", "partition and partition_values go together",
        "derived/employment_person_quarter.toml"},
    {"BETWEEN {partition} AND {partition}::SMALLINT + 3", "BETWEEN 8096 AND 8099", "a partition needs {partition}",
        "derived/employment_person_quarter.toml"},
    {"{grade_9_years}", "{grade_8_years}", "there is no [parameters.grade_8_years]", "derived/k12_cohort.toml"},
    {"GROUP BY person", "GROUP BY", "the SQL is wrong", "derived/person.toml"},
    {"k12_cohort", "k12_cohort", NULL, "derived/k12_cohort.toml"},
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

static void replace_in(Buf *text, const Change *change)
{
    Slice old = buf_slice(text);
    Buf changed;
    size_t at = slice_find(old, slice_of(change->from));
    assert_true(at < old.len);
    buf_init(&changed, 0);
    buf_add(&changed, slice_sub(old, 0, at));
    buf_adds(&changed, change->to);
    buf_add(&changed, slice_sub(old, at + strlen(change->from), old.len));
    buf_free(text);
    *text = changed;
}

static void write_changed(const char *path, Buf *text, const Change *change, const char *file)
{
    bool this_one = change->file ? file && strcmp(change->file, file) == 0 : !file;
    if (change->from && this_one)
        replace_in(text, change);
    assert_ok(file_write(path, buf_slice(text), MODE_PRIVATE, err));
}

/* A policy with the shipped tables and splits and one measure of our own. */
static void make_policy(const char *dir, const Change *change)
{
    static const char *const kinds[] = {"derived", "reference", "identity"};
    char from[512], to[512];
    Buf text;
    snprintf(to, sizeof to, "%s/core", dir);
    copy_folder(CAIRN_TEST_POLICY "/../core", to);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        snprintf(from, sizeof from, "%s/%s", CAIRN_TEST_POLICY, kinds[i]);
        snprintf(to, sizeof to, "%s/state/%s", dir, kinds[i]);
        copy_folder(from, to);
    }
    snprintf(to, sizeof to, "%s/state/measures", dir);
    assert_ok(dir_make(to, MODE_DIR_PRIVATE, err));
    snprintf(to, sizeof to, "%s/state/measures/splits.toml", dir);
    assert_ok(file_copy(CAIRN_TEST_POLICY "/measures/splits.toml", to, MODE_PRIVATE, err));
    buf_init(&text, 0);
    buf_adds(&text, good_text);
    snprintf(to, sizeof to, "%s/state/measures/sample.toml", dir);
    write_changed(to, &text, change, NULL);
    if (change->file) {
        snprintf(to, sizeof to, "%s/state/%s", dir, change->file);
        buf_reset(&text);
        assert_ok(file_read(to, 0, &text, err));
        write_changed(to, &text, change, change->file);
    }
    buf_free(&text);
}

static void check_change(const Change *change)
{
    char dir[] = "/tmp/cairn-measure-XXXXXX", state_dir[64];
    Policy *policy = NULL;
    uint64_t vectors = 0;
    Error err = ERROR_INIT;
    assert_non_null(mkdtemp(dir));
    make_policy(dir, change);
    snprintf(state_dir, sizeof state_dir, "%s/state", dir);
    Status st = policy_open(state_dir, &policy, &err);
    if (st == OK)
        st = measure_test(policy, SLICE("sample"), add_vectors, &vectors, &err);
    policy_close(policy);
    assert_int_equal(dir_remove(dir, NULL), OK);
    bool told = !change->message || strstr(err.message, change->message) || strstr(err.field, change->message);
    if (st != (change->message ? ERR_INVALID : OK) || !told)
        print_error(
            "%s -> %s: %s\n", change->from ? change->from : "unchanged", change->to ? change->to : "", err.message);
    assert_int_equal(st, change->message ? ERR_INVALID : OK);
    assert_true(told);
}

static void test_refusals(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        check_change(&changes[i]);
}

/* --- figures over a made-up state --- */

typedef struct World {
    Policy *policy;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs;
    OutcomeDefs outcomes;
    TableDefs tables;
    DerivedTables derived;
    Db *state; /* everything measured, rows as they come, on one thread */
} World;

static Db *make_state(const World *w, unsigned threads, const char *order);

static int world_open(void **state)
{
    World *w = NULL;
    assert_ok(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    assert_ok(policy_open(CAIRN_TEST_POLICY, &w->policy, err));
    assert_ok(measure_frame_read(w->policy, &w->arena, &w->frame, err));
    assert_ok(measure_defs_read(w->policy, &w->frame, &w->arena, &w->defs, err));
    assert_ok(outcome_defs_read(w->policy, &w->arena, &w->outcomes, err));
    assert_ok(model_tables(w->policy, &w->arena, &w->tables, err));
    assert_ok(model_derived(&w->arena, &w->tables, &w->derived, err));
    w->state = make_state(w, 1, "ALL");
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    World *w = *state;
    db_close(w->state);
    vec_free(&w->defs);
    vec_free(&w->outcomes);
    vec_free(&w->tables);
    vec_free(&w->derived);
    arena_free(&w->arena);
    policy_close(w->policy);
    mem_free(w);
    return 0;
}

/* Everything of person i follows from i: %1$s orders the rows, which must not matter. */
static const char *const made_up[] = {
    "CREATE TABLE person_link AS SELECT i::UBIGINT AS person, 1 AS records, 1 AS sources, 'x' AS weakest_rule, "
    "(0.9 + (i %% 11) / 100)::DOUBLE AS link_score, i %% 5 > 0 AS has_ssn, TRUE AS has_sasid, 3::BIGINT AS link_pairs, "
    "2900000::BIGINT AS link_correct, (i %% 2 * 1000000)::BIGINT AS link_missed FROM range(4000) t(i) "
    "ORDER BY %s",
    "INSERT INTO county SELECT '080' || lpad((i * 2 + 1)::VARCHAR, 2, '0'), 'c', TRUE FROM range(5) t(i) ORDER BY %s",
    "INSERT INTO district BY NAME SELECT lpad(i::VARCHAR, 4, '0') AS district_id, CASE WHEN i < 11 THEN '080' || "
    "lpad(((i %% 5) * 2 + 1)::VARCHAR, 2, '0') END AS county_fips, ['urban', 'rural'][1 + i %% 2] AS rurality FROM "
    "range(12) t(i) "
    "ORDER BY %s",
    "INSERT INTO school BY NAME SELECT lpad((i // 3)::VARCHAR, 4, '0') AS district_id, lpad((i %% 20)::VARCHAR, 4, "
    "'0') AS "
    "school_id FROM range(36) t(i) ORDER BY %s",
    "INSERT INTO k12_end_of_year BY NAME SELECT i AS person, 2021 + y AS school_year, lpad((hash(i, y // 2) %% "
    "13)::VARCHAR, 4, '0') "
    "AS district_id, lpad((hash(i) %% 20)::VARCHAR, 4, '0') AS school_id, lpad((9 + y)::VARCHAR, 2, '0') AS "
    "grade_level, "
    "CASE WHEN y < 3 THEN ['year_end', 'year_end', 'year_end', 'transfer_verified', 'dropout'][1 + (hash(i, y) %% "
    "5)::BIGINT] ELSE "
    "'graduated' END AS exit_class, CASE WHEN y = 3 THEN ['diploma', 'diploma', 'certificate', NULL][1 + (hash(i) %% "
    "4)::BIGINT] END AS "
    "completion_type, CASE WHEN y = 3 THEN make_date(2021 + y, 5, 20) END AS completion_date, 1 AS load_no, i * 4 + y "
    "AS row_no "
    "FROM range(4000) a(i), range(4) b(y) WHERE hash(i, 7) %% 4 >= y - 1 ORDER BY %s",
    "INSERT INTO k12_student_year BY NAME SELECT i AS person, 2021 AS school_year, '09' AS grade_level, ['F', 'M', "
    "NULL][1 + i %% 3] "
    "AS sex, i %% 4 = 0 AS hispanic, FALSE AS american_indian, i %% 7 = 0 AS asian, i %% 5 = 0 AS black, FALSE AS "
    "pacific_islander, "
    "i %% 5 > 1 AS white, i %% 3 = 0 AS economically_disadvantaged, i %% 8 = 0 AS english_learner, i %% 9 = 0 AS "
    "disability, "
    "1 AS load_no, i AS row_no FROM range(4000) t(i) ORDER BY %s",
    "INSERT INTO program_participation BY NAME SELECT i AS person, ['WIOA_ADULT', 'WIOA_YOUTH'][1 + i %% 2] AS "
    "program, "
    "make_date(2023, 1, 5) AS entry_date, make_date(2023, 7, 1) + (hash(i, 3) %% 366)::INTEGER AS exit_date, '080' || "
    "lpad(((i %% 6) "
    "* 2 + 1)::VARCHAR, 2, '0') AS county_fips, i %% 4 = 0 AS hispanic, i %% 3 = 0 AS economically_disadvantaged, 2 AS "
    "load_no, "
    "i AS row_no FROM range(4000) t(i) ORDER BY %s",
    "INSERT INTO employment_quarter BY NAME SELECT i AS person, 8096 + q AS quarter, "
    "('00000000-0000-0000-0000-0000000000' || "
    "lpad((hash(i, e) %% 40)::VARCHAR, 2, '0'))::UUID AS employer, ((hash(i, q, e) %% 2000000) / 100)::DECIMAL(12,2) "
    "AS wages, "
    "3 AS load_no, (i * 16 + q * 4 + e) AS row_no FROM range(4000) a(i), range(4) b(q), range(2) c(e) WHERE hash(i, q, "
    "e, 9) %% 3 = 0 "
    "ORDER BY %s",
};

static void fill_state(const World *w, Db *db, const char *order)
{
    Buf sql;
    buf_init(&sql, 0);
    for (size_t i = 0; i < w->tables.len; i++)
        model_create_sql(&w->tables.at[i], "main", &sql);
    assert_ok(db_exec(db, buf_z(&sql), err));
    for (size_t i = 0; i < COUNT_OF(made_up); i++) {
        buf_reset(&sql);
        /* The statements are constants of this file. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_addf(&sql, made_up[i], order);
#pragma GCC diagnostic pop
        assert_ok(db_exec(db, buf_z(&sql), err));
    }
    for (size_t i = 0; i < w->derived.len; i++) {
        buf_reset(&sql);
        model_insert_sql(&w->derived.at[i], (Slice){0}, &sql);
        assert_ok(db_exec(db, buf_z(&sql), err));
    }
    buf_free(&sql);
}

static Db *make_state(const World *w, unsigned threads, const char *order)
{
    DbOptions options = DB_OPTIONS_INIT;
    Db *db = NULL;
    options.threads = threads;
    assert_ok(db_open(&options, &db, err));
    fill_state(w, db, order);
    assert_ok(measure_prepare(db, &w->frame, err));
    for (size_t i = 0; i < w->defs.len; i++) {
        const MeasureDef *def = &w->defs.at[i];
        const OutcomeDef *outcome =
            def->family.len > 0 ? outcome_find(&w->outcomes, def->family, def->definition, def->file->effective_from)
                                : NULL;
        assert_ok(measure_add_cells(db, &w->frame, def, outcome, err));
    }
    return db;
}

static int64_t number(Db *db, const char *sql)
{
    int64_t v = -1;
    assert_ok(db_value_i64(db, &v, err, "%s", sql));
    return v;
}

typedef struct SumLaw {
    const char *what;
    const char *violations; /* SELECT count of what must not be */
} SumLaw;

#define SUMS "sum(denominator) d, sum(numerator) n, sum(covered) c, sum(base) b, sum(strong) s"

static const SumLaw invariants[] = {
    {"completion is never below graduation", "SELECT count(*) FROM temp.measure_cells g JOIN temp.measure_cells c "
                                             "USING (year, level, unit, split, grp) WHERE g.measure = "
                                             "'graduation_rate_4yr' AND c.measure = 'completion_rate_4yr' AND "
                                             "(c.numerator < g.numerator OR c.denominator <> "
                                             "g.denominator)"},
    {"groups of a split add up to all",
        "SELECT count(*) FROM (SELECT measure, year, level, unit, split, " SUMS
        " FROM temp.measure_cells GROUP BY ALL) x JOIN (SELECT "
        "measure, year, level, unit, " SUMS
        " FROM temp.measure_cells WHERE split = 'all' GROUP BY ALL) a USING (measure, year, level, "
        "unit) WHERE (x.d, x.n, x.c, x.b, x.s) <> (a.d, a.n, a.c, a.b, a.s)"},
    {"units add up to their parent", "SELECT count(*) FROM (SELECT measure, year, level_rank, parent, split, grp, " SUMS
                                     " FROM temp.measure_cells GROUP BY ALL) x JOIN "
                                     "temp.measure_cells p ON p.measure = x.measure AND p.year = x.year AND "
                                     "p.level_rank = x.level_rank - 1 AND p.unit = x.parent AND "
                                     "p.split = x.split AND p.grp = x.grp WHERE (x.d, x.n, x.c, x.b, x.s) <> "
                                     "(p.denominator, p.numerator, p.covered, p.base, "
                                     "p.strong)"},
    {"every unit but the state has its parent among the cells",
        "SELECT count(*) FROM temp.measure_cells x WHERE level_rank > 0 AND NOT EXISTS (SELECT 1 FROM "
        "temp.measure_cells p WHERE "
        "p.measure = x.measure AND p.year = x.year AND p.level_rank = x.level_rank - 1 AND p.unit = x.parent AND "
        "p.split = x.split AND "
        "p.grp = x.grp)"},
    {"a unit has one parent",
        "SELECT count(*) FROM (SELECT level, unit FROM temp.measure_cells GROUP BY ALL HAVING count(DISTINCT "
        "parent) > 1)"},
    {"no cell twice",
        "SELECT count(*) FROM (SELECT 1 FROM temp.measure_cells GROUP BY measure, year, level, unit, split, grp HAVING "
        "count(*) > 1)"},
    {"parts are never more than the whole", "SELECT count(*) FROM temp.measure_cells WHERE numerator > denominator OR "
                                            "denominator > base OR covered > base OR strong > base OR "
                                            "top_employer > denominator OR base = 0"},
    {"wage figures carry their employers, rates none",
        "SELECT count(*) FROM temp.measure_cells WHERE CASE WHEN measure LIKE '%median%' THEN (employers > 0) <> "
        "(denominator > 0) ELSE "
        "employers > 0 END"},
    {"the wage measures saw somebody", "SELECT (count(*) < 20)::BIGINT FROM temp.measure_cells WHERE measure = "
                                       "'wioa_median_earnings_q2' AND denominator > 100"},
};

static void test_invariants(void **state)
{
    Db *db = ((const World *)*state)->state;
    assert_true(number(db, "SELECT count(*) FROM temp.measure_cells") > 500);
    for (size_t i = 0; i < COUNT_OF(invariants); i++) {
        int64_t bad = number(db, invariants[i].violations);
        if (bad != 0)
            print_error("%s: %" PRId64 "\n", invariants[i].what, bad);
        assert_int_equal(bad, 0);
    }
}

static void fingerprint(Db *db, Buf *out)
{
    assert_ok(db_value_str(
        db, out, err, "SELECT string_agg(md5(c::VARCHAR), '' ORDER BY c::VARCHAR) FROM temp.measure_cells c"));
}

static void test_order_and_threads_do_not_matter(void **state)
{
    Buf a, b;
    const World *w = *state;
    Db *other = make_state(w, 2, "hash(i, 5)");
    buf_init(&a, 0);
    buf_init(&b, 0);
    fingerprint(w->state, &a);
    fingerprint(other, &b);
    assert_true(a.len > 1000);
    assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
    buf_free(&a);
    buf_free(&b);
    db_close(other);
}

typedef VEC(int64_t) Cents;

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Type 7 of Hyndman and Fan, from its definition. */
static double percentile(const Cents *c, double p)
{
    double at = p * (double)(c->len - 1);
    size_t low = (size_t)floor(at);
    size_t high = low + 1 < c->len ? low + 1 : low;
    return (double)c->at[low] + (at - (double)low) * (double)(c->at[high] - c->at[low]);
}

static void read_cents(Db *db, const char *sql, Cents *out)
{
    DbRows *rows = NULL;
    bool more = true;
    assert_ok(db_query(db, sql, &rows, err));
    for (;;) {
        assert_ok(db_next(rows, &more, err));
        if (!more)
            break;
        assert_ok(vec_push(out, db_i64(rows, 0), err));
    }
    db_rows_free(rows);
    qsort(out->at, out->len, sizeof *out->at, by_value);
}

static const char oracle_people[] = "SELECT p.person, ((extract(year FROM p.exit_date) * 4 + floor((extract(month FROM "
                                    "p.exit_date) - 1) / 3)) + 2)::INTEGER AS target "
                                    "FROM program_participation p WHERE p.county_fips = '08001'";

/* One county's median by another road: wages summed row by row here, sorted in C. */
static void test_median_against_recount(void **state)
{
    Db *db = ((const World *)*state)->state;
    Cents cents = {0};
    Buf sql;
    DbRows *rows = NULL;
    bool more;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "SELECT (sum(w.wages) * 100)::BIGINT FROM (%s) x JOIN employment_quarter w ON w.person = x.person AND "
        "w.quarter = "
        "x.target GROUP BY x.person HAVING sum(w.wages) > 0",
        oracle_people);
    read_cents(db, buf_z(&sql), &cents);
    assert_true(cents.len > 50);
    assert_ok(db_query(db,
        "SELECT denominator, value, fuzzy, employers FROM temp.measure_cells WHERE measure = "
        "'wioa_median_earnings_q2' AND year = 2024 AND unit = '08001' AND split = 'all'",
        &rows, err));
    assert_ok(db_next(rows, &more, err));
    assert_true(more);
    assert_int_equal(db_i64(rows, 0), (int64_t)cents.len);
    assert_true(fabs(db_f64(rows, 1) - percentile(&cents, 0.5) / 100) < 1e-9);
    assert_true(fabs(db_f64(rows, 2) - (percentile(&cents, 0.45) + percentile(&cents, 0.55)) / 200) < 1e-9);
    assert_true(db_i64(rows, 3) > 1);
    db_rows_free(rows);
    buf_free(&sql);
    vec_free(&cents);
}

/* --- through a home --- */

static int level_rank(Slice level)
{
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (slice_eq_z(level, measure_level_names[i]))
            return i;
    return -1;
}

static int cell_order(const Cell *a, const Cell *b)
{
    int c = slice_cmp(a->measure, b->measure);
    if (c == 0)
        c = (a->year > b->year) - (a->year < b->year);
    if (c == 0)
        c = level_rank(a->level) - level_rank(b->level);
    if (c == 0)
        c = slice_cmp(a->split, b->split);
    if (c == 0)
        c = slice_cmp(a->unit, b->unit);
    return c ? c : slice_cmp(a->grp, b->grp);
}

static void check_cells(const CellSet *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const Cell *c = &set->cells[i];
        assert_true(i == 0 || cell_order(c - 1, c) < 0);
        assert_true(c->denominator > 0 || isnan(c->value));
        assert_true(level_rank(c->level) >= 0);
    }
}

#define SHOWN \
    "measure, year, level, unit, parent, split, grp, category, denominator, numerator, covered, base, strong, " \
    "employers, top_employer, link_pairs, link_correct, link_missed, excluded, not_found, out_of_coverage, blocked, " \
    "small::BOOLEAN, additive::BOOLEAN, CASE WHEN isnan(value) THEN NULL ELSE value END, CASE WHEN isnan(fuzzy) THEN " \
    "NULL ELSE fuzzy END"

/* A whole run looks persons, places and wages up in memory that all measures share; the made-up state was measured one
 * definition at a time, by joins. */
static void check_against_joins(const World *w, const char *home)
{
    static const char *const sides[][2] = {{"temp.measure_cells", "found"}, {"found", "temp.measure_cells"}};
    assert_ok(db_execf(
        w->state, err, "CREATE TEMP TABLE found AS SELECT * FROM read_parquet('%s/results/gen-000001.parquet')", home));
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        int64_t others = -1;
        assert_ok(db_value_i64(w->state, &others, err,
            "SELECT count(*) FROM (SELECT " SHOWN " FROM %s EXCEPT ALL SELECT " SHOWN " FROM %s)", sides[i][0],
            sides[i][1]));
        assert_int_equal(others, 0);
    }
}

/* A published generation, opened read-only and locked, measured, written and read back. */
static void test_home_round_trip(void **state)
{
    const World *w = *state;
    const Slice wanted = SLICE("graduation_rate_4yr");
    char dir[] = "/tmp/cairn-measure-XXXXXX", path[64];
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Generation *gen = NULL;
    CellSet set;
    uint32_t generation = 0;
    uint64_t cells = 0, of_wanted = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/home", dir);
    settings.policy_dir = CAIRN_TEST_POLICY;
    settings.threads = 2;
    settings.memory_mb = 1024;
    assert_ok(home_create(path, &settings, NULL, err));
    assert_ok(home_open(path, HOME_WRITE, &home, err));
    const MeasureContext ctx = {.home = home, .policy = w->policy, .progress = PROGRESS_OFF};
    assert_int_equal(measure_run(&ctx, &generation, &cells, NULL), ERR_NOT_FOUND);
    assert_int_equal(cells_read(home, 1, &wanted, 1, &set, NULL), ERR_NOT_FOUND);
    assert_ok(generation_begin(home, &gen, err));
    fill_state(w, generation_db(gen), "ALL");
    assert_ok(generation_publish(gen, err));
    assert_ok(measure_run(&ctx, &generation, &cells, err));
    assert_int_equal(generation, 1);
    assert_true(cells > 500);
    assert_ok(cells_read_all(home, generation, &set, err));
    assert_int_equal(set.count, cells);
    check_cells(&set);
    for (size_t i = 0; i < set.count; i++)
        of_wanted += slice_eq(set.cells[i].measure, wanted);
    cells_free(&set);
    assert_ok(cells_read(home, generation, &wanted, 1, &set, err));
    assert_true(of_wanted > 0 && of_wanted < cells);
    assert_int_equal(set.count, of_wanted);
    for (size_t i = 0; i < set.count; i++)
        assert_true(slice_eq(set.cells[i].measure, wanted));
    cells_free(&set);
    check_against_joins(w, path);
    home_close(home);
    assert_ok(dir_remove(dir, err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_vectors),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_order_and_threads_do_not_matter),
        cmocka_unit_test(test_median_against_recount),
        cmocka_unit_test(test_home_round_trip),
    };
    return cmocka_run_group_tests_name("measure", tests, world_open, world_close);
}
