/*
 * bench_measure POLICY [PEOPLE [HOME]]: what figures cost.
 *
 * With HOME the generation is kept there, and a home that is there is asked again, without the whole catalogue.
 *
 * A generation of made-up facts (nobody is linked: that is another bench), then, each in processor time (user and
 * system) of this process: the whole catalogue at all levels and single splits; measures by district and group, these
 * by the clock too; and beside each the best SQL for the same table that we could write by hand, in the same run on the
 * same file. The figures of both are compared before any time is told.
 */
#include "measure/measure_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long peak_mib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss / 1024;
}

#define ID "lpad((hash(i, 1) % 200)::VARCHAR, 4, '0')"
/* {n} stands for the number of people. A tenth of them is in a cohort of the last ten years each. */
static const char *const facts[] = {
    "INSERT INTO main.load VALUES (1, 'a', 's', '1', 'y', 'f', 'h', 'g', TIMESTAMP '2026-01-10 12:00:00', NULL, 1, 0)",
    "INSERT INTO county SELECT '08' || lpad((i * 2 + 1)::VARCHAR, 3, '0'), 'c', TRUE FROM range(64) t(i)",
    "INSERT INTO district BY NAME SELECT lpad(i::VARCHAR, 4, '0') AS district_id, '08' || lpad(((i % 64) * 2 + "
    "1)::VARCHAR, 3, '0') AS county_fips, ['urban', 'suburban', 'rural', 'small_rural'][1 + i % 4] AS rurality FROM "
    "range(185) t(i)",
    "INSERT INTO school BY NAME SELECT lpad((i // 3)::VARCHAR, 4, '0') AS district_id, lpad((i % 3)::VARCHAR, 4, '0') "
    "AS "
    "school_id FROM range(555) t(i)",
    "INSERT INTO fact.k12_end_of_year BY NAME SELECT i AS person, 2012 + i % 13 + y AS school_year, " ID " AS "
    "district_id, lpad((hash(i, 2) % 3)::VARCHAR, 4, '0') AS school_id, lpad((9 + y)::VARCHAR, 2, '0') AS grade_level, "
    "CASE WHEN y < 3 THEN 'year_end' WHEN hash(i, 3) % 20 = 0 THEN 'transfer_verified' WHEN hash(i, 4) % 6 = 0 THEN "
    "'dropout' ELSE 'graduated' END AS exit_class, CASE WHEN y = 3 AND hash(i, 3) % 20 > 0 AND hash(i, 4) % 6 > 0 THEN "
    "CASE WHEN hash(i, 5) % 30 = 0 THEN 'certificate' ELSE 'diploma' END END AS completion_type, CASE WHEN y = 3 THEN "
    "make_date((2012 + i % 13 + y)::INTEGER, 5, 20) END AS completion_date, 1 AS load_no, i * 4 + y AS row_no FROM "
    "range(1, {n}) a(i), range(4) b(y) WHERE i % 3 = 0",
    "INSERT INTO fact.k12_student_year BY NAME SELECT i AS person, 2012 + i % 13 AS school_year, " ID
    " AS district_id, "
    "'09' AS grade_level, ['F', 'M'][1 + i % 2] AS sex, hash(i, 6) % 3 = 0 AS hispanic, hash(i, 7) % 50 = 0 AS "
    "american_indian, hash(i, 8) % 20 = 0 AS asian, hash(i, 9) % 15 = 0 AS black, hash(i, 10) % 99 = 0 AS "
    "pacific_islander, hash(i, 11) % 3 > 0 AS white, hash(i, 12) % 2 = 0 AS economically_disadvantaged, hash(i, 13) % "
    "8 "
    "= 0 AS english_learner, hash(i, 14) % 9 = 0 AS disability, hash(i, 15) % 100 = 0 AS migrant, hash(i, 16) % 40 = 0 "
    "AS homeless, hash(i, 17) % 120 = 0 AS foster, 1 AS load_no, i AS row_no FROM range(1, {n}) t(i) WHERE i % 3 = 0",
    "INSERT INTO fact.ps_enrollment BY NAME SELECT i AS person, (1000 + hash(i, 20) % 60)::VARCHAR AS institution_id, "
    "'CO' AS institution_state, '4-year' AS institution_level, 'public' AS institution_control, make_date((2016 + i % "
    "13 "
    "+ t // 2)::INTEGER, [8, 1][(1 + t % 2)::INTEGER], 20) AS begin_date, make_date((2016 + i % 13 + t // 2)::INTEGER, "
    "[12, 5][(1 + t % 2)::INTEGER], 20) AS end_date, 'full' AS status, 12 AS credits, 'state' AS via, 1 AS load_no, i "
    "* "
    "8 + t AS row_no FROM range(1, {n}) a(i), range(6) b(t) WHERE i % 6 = 0 AND hash(i, t) % 5 > 0",
    "INSERT INTO fact.ps_award BY NAME SELECT i AS person, (1000 + hash(i, 20) % 60)::VARCHAR AS institution_id, "
    "make_date((2019 + i % 7)::INTEGER, 5, 15) AS award_date, 'bachelor' AS award_level, '110701' AS cip, 'state' AS "
    "via, "
    "1 AS load_no, i AS row_no FROM range(1, {n}) t(i) WHERE i % 12 = 0",
    "INSERT INTO fact.program_participation BY NAME SELECT i AS person, ['WIOA_ADULT', 'WIOA_YOUTH', "
    "'WAGNER_PEYSER'][1 + i % 3] AS program, make_date(2019, 1, 5) AS entry_date, make_date((2019 + i % 6)::INTEGER, "
    "(1 "
    "+ i % 12)::INTEGER, 1) AS exit_date, CASE WHEN i % 13 = 0 THEN '03' ELSE '00' END AS exit_reason, '08' || "
    "lpad(((i "
    "% 64) * 2 + 1)::VARCHAR, 3, '0') AS county_fips, i % 5 = 0 AS hispanic, 1 AS load_no, i AS row_no FROM range(1, "
    "{n}) "
    "t(i) WHERE i % 20 = 1",
    "INSERT INTO fact.employment_quarter BY NAME SELECT i AS person, q AS quarter, "
    "md5((hash(i, q // 6) % 5000)::VARCHAR)::UUID AS employer, (2000 + "
    "hash(i, q) % 1500000 / 100)::DECIMAL(12,2) AS wages, 1 AS load_no, (i * 64 + q - 8060) AS row_no FROM range(1, "
    "{n}) "
    "a(i), range(8076, 8106) b(q) WHERE hash(i, q, 3) % 3 > 0 ORDER BY q, i",
};

static Status run_facts(Db *db, const char *people, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < COUNT_OF(facts) && st == OK; i++) {
        Slice rest = slice_of(facts[i]), mark = SLICE("{n}");
        size_t at = slice_find(rest, mark);
        buf_reset(&sql);
        buf_add(&sql, slice_sub(rest, 0, at));
        if (at < rest.len) {
            buf_adds(&sql, people);
            buf_add(&sql, slice_sub(rest, at + mark.len, rest.len));
        }
        st = buf_status(&sql, err);
        if (st == OK)
            st = db_exec(db, buf_z(&sql), err);
    }
    buf_free(&sql);
    return st;
}

static Status create_tables(Db *db, const TableDefs *tables, const char *people, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "CREATE SCHEMA fact; CREATE TABLE main.load (load_no INTEGER, load_id VARCHAR, source VARCHAR, "
        "contract_version "
        "VARCHAR, scope VARCHAR, file_name VARCHAR, file_sha256 VARCHAR, agreement VARCHAR, known_from TIMESTAMP, "
        "known_to TIMESTAMP, rows_accepted BIGINT, rows_rejected BIGINT); CREATE TABLE person_link AS SELECT "
        "i::UBIGINT "
        "AS person, 1 AS records, 1 AS sources, 'x' AS weakest_rule, (0.9 + (i %% 11) / 100)::DOUBLE AS link_score, i "
        "%% "
        "5 > 0 AS has_ssn, TRUE AS has_sasid, 'x' AS sectors, 1::BIGINT AS link_pairs, 1000000::BIGINT AS "
        "link_correct, "
        "0::BIGINT AS link_missed FROM range(1, %s) t(i);\n",
        people);
    for (size_t i = 0; i < tables->len; i++) {
        bool fact = tables->at[i].origin == TABLE_FACT;
        model_create_sql(&tables->at[i], fact ? "fact" : "main", &sql);
        if (fact)
            buf_addf(&sql,
                "CREATE VIEW main.%.*s AS SELECT * FROM fact.%.*s WHERE load_no IN (SELECT load_no FROM "
                "main.load WHERE known_to IS NULL);\n",
                SLICE_ARG(tables->at[i].name), SLICE_ARG(tables->at[i].name));
    }
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status derive(Db *db, const DerivedTables *derived, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    for (size_t i = 0; i < derived->len; i++)
        model_insert_sql(&derived->at[i], (Slice){0}, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status build(Home *home, Policy *policy, const char *people, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    DerivedTables derived = {0};
    Generation *gen = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_tables(policy, &arena, &tables, err));
    TRY_OUT(model_derived(&arena, &tables, &derived, err));
    TRY_OUT(generation_begin(home, &gen, err));
    TRY_OUT(create_tables(generation_db(gen), &tables, people, err));
    TRY_OUT(run_facts(generation_db(gen), people, err));
    TRY_OUT(derive(generation_db(gen), &derived, err));
    st = generation_publish(gen, err);
    gen = NULL;
out:
    generation_abandon(gen);
    vec_free(&tables);
    vec_free(&derived);
    arena_free(&arena);
    return st;
}

/* --- one table, two ways --- */

typedef struct Table {
    const char *measure;
    const char *level, *split;
    const char *sql; /* denominator first, then as many columns as a Cell needs */
} Table;

static const Table tables[] = {
    {"graduation_rate_4yr", "district", "race_ethnicity",
        "SELECT count(*) FILTER (removed IS NULL) AS denominator, count(*) FILTER (removed IS NULL AND diploma), "
        "count(*) FILTER (removed IS NOT NULL), count(*) FILTER (removed IS NULL AND k.link_score >= 0.95), "
        "sum(k.link_pairs), sum(k.link_correct), sum(k.link_missed) FROM k12_cohort c LEFT JOIN district d ON "
        "d.district_id = c.district_id LEFT JOIN person p ON p.person = c.person LEFT JOIN person_link k ON k.person = "
        "c.person WHERE ayg BETWEEN (SELECT min(school_year) + 3 FROM k12_end_of_year) AND (SELECT max(school_year) "
        "FROM "
        "k12_end_of_year) GROUP BY ayg, d.county_fips, d.district_id, coalesce(p.race_ethnicity, 'unknown')"},
    {"hs_employment_rate_q2", "district", "race_ethnicity",
        "WITH completer AS (SELECT person, school_year, district_id, year(completion_date)::INTEGER * 4 + "
        "quarter(completion_date)::INTEGER + 1 AS quarter FROM k12_completion QUALIFY row_number() OVER (PARTITION BY "
        "person ORDER BY school_year, completion_date, completion_type) = 1), arrived AS (SELECT y.school_year FROM "
        "(SELECT DISTINCT school_year FROM completer) y JOIN wage_quarter w ON w.quarter BETWEEN y.school_year * 4 AND "
        "y.school_year * 4 + 3 GROUP BY y.school_year HAVING count(*) = 4), x AS (SELECT c.*, coalesce(a.enrolled, "
        "FALSE) AS enrolled, w.person IS NOT NULL AS hit, coalesce(k.has_ssn, FALSE) AND NOT coalesce(a.enrolled, "
        "FALSE) AND q.quarter IS NOT NULL AS counted, k.has_ssn, k.link_score, k.link_pairs, k.link_correct, "
        "k.link_missed FROM completer c JOIN arrived y ON y.school_year = c.school_year LEFT JOIN college_after a ON "
        "a.person = c.person LEFT JOIN person_link k ON k.person = c.person LEFT JOIN wage_quarter q ON q.quarter = "
        "c.quarter LEFT JOIN employment_person_quarter w ON w.person = c.person AND w.quarter = c.quarter) SELECT "
        "count(*) FILTER (counted) AS denominator, count(*) FILTER (counted AND hit), count(*) FILTER (enrolled), "
        "count(*) FILTER (NOT enrolled AND x.link_score >= 0.95), count(*) FILTER (NOT enrolled AND (hit OR has_ssn)), "
        "sum(x.link_pairs), sum(x.link_correct), sum(x.link_missed) FROM x LEFT JOIN district d ON d.district_id = "
        "x.district_id LEFT JOIN person p ON p.person = x.person GROUP BY x.school_year, d.county_fips, d.district_id, "
        "coalesce(p.race_ethnicity, 'unknown')"},
};

static Status by_hand(Home *home, const Table *t, int64_t *persons, double *seconds, Error *err)
{
    Db *db = NULL;
    DbRows *rows = NULL;
    uint32_t generation;
    bool more = true;
    Status st = OK;
    double began = processor_seconds();
    *persons = 0;
    TRY_OUT(warehouse_open(home, &generation, &db, err));
    TRY_OUT(db_query(db, t->sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        *persons += db_i64(rows, 0);
    }
    *seconds = processor_seconds() - began;
out:
    db_rows_free(rows);
    db_close(db);
    return st;
}

static Status by_engine(const MeasureContext *ctx, const Table *t, int64_t *persons, double *seconds, Error *err)
{
    MeasureQuery q = MEASURE_QUERY_INIT;
    CellSet set;
    uint32_t generation;
    double began = processor_seconds();
    q.name = slice_of(t->measure);
    q.level = slice_of(t->level);
    q.by[q.by_count++] = slice_of(t->split);
    TRY(measure_query(ctx, &q, &set, &generation, err));
    *seconds = processor_seconds() - began;
    *persons = 0;
    for (size_t i = 0; i < set.count; i++)
        *persons += set.cells[i].denominator;
    cells_free(&set);
    return OK;
}

static Status compare(const MeasureContext *ctx, const Table *t, Error *err)
{
    double hand = 1e9, engine = 1e9, clock = 1e9;
    for (int run = 0; run < 5; run++) {
        int64_t a, b;
        double s;
        TRY(by_hand(ctx->home, t, &a, &s, err));
        hand = s < hand ? s : hand;
        double began = clock_monotonic();
        TRY(by_engine(ctx, t, &b, &s, err));
        engine = s < engine ? s : engine;
        began = clock_monotonic() - began;
        clock = began < clock ? began : clock;
        if (a != b)
            return error_set(
                err, ERR_INTERNAL, "%s: %" PRId64 " persons by hand, %" PRId64 " by the engine", t->measure, a, b);
    }
    printf("%s by %s and %s: %.3f s (%.3f s by the clock), by hand %.3f s, ratio %.2f\n", t->measure, t->level,
        t->split, engine, clock, hand, engine / hand);
    fflush(stdout);
    return OK;
}

static Status run(const char *policy_dir, const char *people, const char *path, Error *err)
{
    const bool again = dir_exists(path);
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Policy *policy = NULL;
    uint32_t generation;
    uint64_t cells;
    Status st = OK;
    settings.policy_dir = policy_dir;
    settings.memory_mb = 4096;
    if (!again)
        TRY_OUT(home_create(path, &settings, NULL, err));
    TRY_OUT(home_open(path, HOME_WRITE, &home, err));
    TRY_OUT(policy_open(policy_dir, &policy, err));
    double began = processor_seconds();
    if (!again)
        TRY_OUT(build(home, policy, people, err));
    printf("%s people; facts and derived tables: %.1f s\n", people, processor_seconds() - began);
    const MeasureContext ctx = {.home = home, .policy = policy, .progress = PROGRESS_OFF};
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        TRY_OUT(compare(&ctx, &tables[i], err));
    if (again)
        goto out;
    began = processor_seconds();
    TRY_OUT(measure_run(&ctx, &generation, &cells, err));
    printf(
        "whole catalogue: %" PRIu64 " cells, %.1f s, peak %ld MiB\n", cells, processor_seconds() - began, peak_mib());
out:
    policy_close(policy);
    home_close(home);
    return st;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/cairn-bench-XXXXXX", own[64];
    const char *home = argc > 3 ? argv[3] : own;
    Error err = ERROR_INIT;
    if (argc < 2 || !mkdtemp(dir)) {
        fputs("usage: bench_measure POLICY [PEOPLE [HOME]]\n", stderr);
        return 2;
    }
    snprintf(own, sizeof own, "%s/home", dir);
    Status st = run(argv[1], argc > 2 ? argv[2] : "100000", home, &err);
    if (st != OK)
        fprintf(stderr, "bench_measure: %s\n%s\n", err.message, err.detail);
    if (dir_remove(dir, NULL) != OK)
        fprintf(stderr, "bench_measure: could not remove %s\n", dir);
    return st == OK ? 0 : 1;
}
