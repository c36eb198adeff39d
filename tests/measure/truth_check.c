/*
 * truth_check HOME TRUTH: do the measures say what truly happened?
 *
 * HOME has ingested the files of a synthetic state, TRUTH is that state's truth folder. Links are not taken from the
 * home but from the truth (records.csv says whose each row is), so what differs is the fault of a definition, of a
 * mapping or of ingest, never of linkage. Left out are persons one of whose rows was quarantined, and those whose
 * record tag stands for several true persons (a number shared by two nameless wage rows). College that no file tells
 * of, because the clearinghouse was blocked or missed the person, is listed as unseen and is no difference. The truth
 * counts a file's header record as a row where there is one, ingest does not: rows are counted from the file's first.
 * Prints differences a measure; exit code 1 when there are any.
 */
#include "facts/facts_parts.h"
#include "measure/measure_parts.h"
#include "store/home.h"

#include "truth_check.h"

#include <stdio.h>

#define COMPLETED "completion <> ''"
#define COLLEGE "coalesce(college_first_begin <= make_date(completion_year, 12, 31), FALSE)"

static const Comparison comparisons[] = {
    {"graduation_rate_4yr",
        "SELECT person, ayg AS year, in_cohort_4 = 1 AS counted, graduated_4 = 1 AS hit, district_id, school_id "
        "FROM outcome WHERE in_cohort_4 IS NOT NULL",
        NULL},
    {"completion_rate_4yr",
        "SELECT person, ayg AS year, in_cohort_4 = 1 AS counted, completed_4 = 1 AS hit, district_id, school_id "
        "FROM outcome WHERE in_cohort_4 IS NOT NULL",
        NULL},
    {"matriculation_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, matriculated = 1 AS hit FROM outcome WHERE "
        "completion = 'diploma'",
        NULL},
    {"big_three_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, big_three = 1 AS hit FROM outcome WHERE completion = "
        "'diploma'",
        NULL},
    {"big_three_credential_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, credentials_listed > 0 AS hit FROM outcome "
        "WHERE completion = 'diploma'",
        NULL},
    {"big_three_credit_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, concurrent_credits >= 12 AS hit FROM outcome "
        "WHERE completion = 'diploma'",
        NULL},
    {"big_three_wbl_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, wbl_through + wbl_at > 0 AS hit FROM outcome "
        "WHERE completion = 'diploma'",
        NULL},
    {"hs_employment_rate_q2",
        "SELECT person, completion_year AS year, NOT " COLLEGE " AS counted, q2_employed_seen = 1 AS hit FROM "
        "outcome WHERE " COMPLETED " AND q2_quarter IS NOT NULL",
        NULL},
    {"hs_median_earnings_q2",
        "SELECT person, completion_year AS year, NOT " COLLEGE " AS counted, nullif(q2_wages, 0) AS value FROM "
        "outcome WHERE " COMPLETED " AND q2_quarter IS NOT NULL",
        NULL},
    {"wioa_employment_rate_q2",
        "SELECT person, year(program_exit) + (month(program_exit) >= 7)::INTEGER AS year, TRUE AS counted, "
        "program_q2_employed_seen = 1 AS "
        "hit FROM outcome WHERE program_q2_quarter IS NOT NULL AND program <> 'APPRENTICESHIP'",
        NULL},
    {"wioa_median_earnings_q2",
        "SELECT person, year(program_exit) + (month(program_exit) >= 7)::INTEGER AS year, TRUE AS counted, "
        "nullif(program_q2_wages, 0) AS "
        "value FROM outcome WHERE program_q2_quarter IS NOT NULL AND program <> 'APPRENTICESHIP'",
        NULL},
};

static const char stage_sql[] =
    "CREATE TABLE staging.row_person AS SELECT r.record_tag, t.person::UBIGINT AS person FROM (SELECT *, row::BIGINT - "
    "min(row::BIGINT) "
    "OVER (PARTITION BY source, file) + 1 AS row_no FROM read_csv('%s/records.csv', header = true, all_varchar = "
    "true)) t LEFT JOIN "
    "(SELECT p.record_tag, p.row_no, f.source, f.file_name FROM read_parquet(%s, filename = true, union_by_name = "
    "true) p JOIN "
    "staging.file f ON f.path = p.filename WHERE p.record_tag IS NOT NULL) r ON r.source = t.source AND r.file_name = "
    "t.file AND r.row_no "
    "= t.row_no;"
    "CREATE TABLE staging.tag_person AS SELECT DISTINCT record_tag, person FROM staging.row_person WHERE record_tag IS "
    "NOT NULL;"
    "CREATE TABLE staging.unclear AS SELECT DISTINCT person FROM staging.tag_person WHERE record_tag IN (SELECT "
    "record_tag FROM "
    "staging.tag_person GROUP BY record_tag HAVING count(*) > 1) UNION SELECT person FROM staging.row_person WHERE "
    "record_tag IS NULL;"
    "CREATE TABLE staging.identity_map AS SELECT record_tag, min(person) AS person FROM staging.tag_person GROUP BY "
    "record_tag;"
    "CREATE TABLE staging.person_link AS SELECT person, count(*)::INTEGER AS records, 1::INTEGER AS sources, 'truth' "
    "AS weakest_rule, "
    "1.0::DOUBLE AS link_score, TRUE AS has_ssn, TRUE AS has_sasid, 0::BIGINT AS link_pairs, 0::BIGINT AS "
    "link_correct, 0::BIGINT AS link_missed FROM staging.identity_map GROUP BY person;"
    "CREATE TABLE staging.link_source (source VARCHAR, persons BIGINT, link_pairs BIGINT, link_correct BIGINT, "
    "link_missed BIGINT);"
    "CREATE TABLE staging.outcome AS SELECT * FROM read_csv('%s/outcomes.csv', header = true, types = {'district_id': "
    "'VARCHAR', "
    "'school_id': 'VARCHAR', 'district_id_5': 'VARCHAR', 'school_id_5': 'VARCHAR', 'in_cohort_4': 'INTEGER', "
    "'graduated_4': 'INTEGER', 'completed_4': 'INTEGER', 'ayg': "
    "'INTEGER', "
    "'completion': 'VARCHAR', 'completion_year': 'INTEGER', 'completion_date': 'DATE', 'college_first_begin': 'DATE', "
    "'q2_quarter': 'VARCHAR', 'q2_employed_seen': "
    "'INTEGER', 'q2_wages': 'DECIMAL(14,2)', 'program': 'VARCHAR', 'program_exit': 'DATE', 'program_q2_quarter': "
    "'VARCHAR', "
    "'program_q2_employed_seen': 'INTEGER', 'program_q2_wages': 'DECIMAL(14,2)'});";

static Status stage_truth(Db *db, const FactsInput *in, const char *truth, Error *err)
{
    Buf files, sql;
    Status st = OK;
    buf_init(&files, 0);
    buf_init(&sql, 0);
    buf_adds(&sql,
        "ATTACH ':memory:' AS staging; CREATE TABLE staging.file (path VARCHAR, source VARCHAR, file_name VARCHAR);");
    buf_addc(&files, '[');
    for (size_t i = 0; i < in->load_count; i++) {
        buf_addf(&files, "%s'%s/%.*s/rows.parquet'", i ? ", " : "", in->loads_dir, SLICE_ARG(in->loads[i].id));
        buf_addf(&sql, "INSERT INTO staging.file VALUES ('%s/%.*s/rows.parquet', ", in->loads_dir,
            SLICE_ARG(in->loads[i].id));
        sql_literal(&sql, in->loads[i].source);
        buf_adds(&sql, ", ");
        sql_literal(&sql, in->loads[i].file_name);
        buf_adds(&sql, ");\n");
    }
    buf_addc(&files, ']');
    buf_addf(&sql, stage_sql, truth, buf_z(&files), truth);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
out:
    buf_free(&files);
    buf_free(&sql);
    return st;
}

/* Rows with a reason are compared as not counted. Years are those the measure shows, persons those whose tags are
 * clear. */
static const char compare_sql[] =
    "CREATE OR REPLACE TEMP TABLE difference AS WITH found AS (SELECT person, year, "
    "counted AND reason IS NULL AS counted, hit, value, "
    "district_id, school_id FROM temp.measure_raw), shown AS (SELECT min(year) AS a, "
    "max(year) AS b FROM found), told AS (SELECT NULL::"
    "BOOLEAN AS hit, NULL::DECIMAL(14,2) AS value, NULL::VARCHAR AS district_id, "
    "NULL::VARCHAR AS school_id, NULL::UBIGINT AS person, "
    "NULL::INTEGER AS year, NULL::BOOLEAN AS counted WHERE FALSE UNION ALL BY NAME SELECT * FROM (%s)) "
    "SELECT coalesce(f.person, t.person) AS person, "
    "coalesce(f.year, t.year) AS year, CASE WHEN (f.counted <> t.counted OR f.hit <> "
    "t.hit) AND coalesce(f.person, t.person) IN (SELECT "
    "person FROM temp.hidden) THEN 'unseen' WHEN f.person IS NULL THEN 'missing' WHEN "
    "t.person IS NULL THEN 'extra' WHEN f.counted <> "
    "t.counted THEN 'counted' WHEN f.counted AND coalesce(f.hit, FALSE) <> "
    "coalesce(t.hit, FALSE) THEN 'hit' WHEN f.counted AND f.value IS "
    "DISTINCT FROM t.value THEN 'value' WHEN f.counted AND t.district_id IS NOT NULL AND "
    "f.district_id IS DISTINCT FROM t.district_id "
    "THEN 'district' WHEN f.counted AND t.school_id IS NOT NULL AND f.school_id IS "
    "DISTINCT FROM t.school_id THEN 'school' END AS kind "
    "FROM found f FULL JOIN (SELECT told.* FROM told, shown WHERE told.year BETWEEN a "
    "AND b) t ON t.person = f.person AND t.year = f.year "
    "WHERE coalesce(f.person, t.person) NOT IN (SELECT person FROM staging.unclear)";

static Status print_differences(Db *db, int64_t *total, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(db,
        "SELECT kind, count(*), string_agg(person || '/' || year, ' ' ORDER BY person) FROM (SELECT *, row_number() "
        "OVER "
        "(PARTITION BY kind ORDER BY person) AS n FROM temp.difference WHERE kind IS NOT NULL) GROUP BY kind ORDER BY "
        "kind",
        &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        if (!slice_eq_z(db_str(rows, 0), "unseen"))
            *total += db_i64(rows, 1);
        Slice people = slice_sub(db_str(rows, 2), 0, 150);
        printf("  %-10.*s %6" PRId64 "  %.*s\n", SLICE_ARG(db_str(rows, 0)), db_i64(rows, 1), SLICE_ARG(people));
    }
out:
    db_rows_free(rows);
    return st;
}

static Status compare_one(Db *db, const Comparison *c, int64_t *total, Error *err)
{
    int64_t people = 0;
    Buf sql;
    TRY(db_value_i64(db, &people, err, "SELECT count(*) FROM temp.measure_raw"));
    printf("%s: %" PRId64 " rows\n", c->measure, people);
    buf_init(&sql, 0);
    buf_addf(
        &sql, "CREATE OR REPLACE TEMP TABLE hidden AS %s;", c->unseen ? c->unseen : "SELECT person FROM temp.unseen");
    buf_addf(&sql, compare_sql, c->truth);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st == OK ? print_differences(db, total, err) : st;
}

static Status compare_listed(Db *db, Slice name, const Comparison *list, size_t count, int64_t *total, Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_z(name, list[i].measure))
            TRY(compare_one(db, &list[i], total, err));
    return OK;
}

static Status compare(Db *db, const MeasureFrame *frame, const MeasureDef *def, int64_t *total, Error *err)
{
    TRY(measure_add_cells(db, frame, def, err));
    TRY(compare_listed(db, def->name, comparisons, COUNT_OF(comparisons), total, err));
    return compare_listed(db, def->name, school_comparisons, school_comparison_count, total, err);
}

static const char unseen_sql[] = "CREATE TEMP TABLE unseen AS SELECT person FROM staging.outcome o WHERE "
                                 "college_first_begin IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
                                 "ps_enrollment e WHERE e.person = o.person AND e.begin_date > o.completion_date AND "
                                 "e.begin_date <= make_date(o.completion_year, 12, "
                                 "31))";

static Status check(const FactsInput *in, const char *truth, const HomeSettings *settings, int64_t *total, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    Db *db = NULL;
    uint64_t facts;
    int64_t unclear;
    Status st = OK;
    options.threads = settings->threads;
    arena_init(&arena, 0);
    TRY_OUT(db_open(&options, &db, err));
    TRY_OUT(stage_truth(db, in, truth, err));
    TRY_OUT(db_exec(db, "CREATE TEMP VIEW outcome AS SELECT * FROM staging.outcome", err));
    TRY_OUT(facts_assemble(db, in, &facts, err));
    TRY_OUT(db_value_i64(db, &unclear, err, "SELECT count(*) FROM staging.unclear"));
    printf(
        "%" PRIu64 " facts; %" PRId64 " persons left out: a row quarantined or a record tag shared\n", facts, unclear);
    TRY_OUT(measure_frame_read(in->policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(in->policy, &frame, &arena, &defs, err));
    TRY_OUT(measure_prepare(db, &frame, err));
    TRY_OUT(db_exec(db, unseen_sql, err));
    TRY_OUT(truth_school_stage(db, truth, err));
    for (size_t i = 0; i < defs.len; i++)
        TRY_OUT(compare(db, &frame, &defs.at[i], total, err));
out:
    db_close(db);
    vec_free(&defs);
    arena_free(&arena);
    return st;
}

static Status run(const char *home_dir, const char *truth, int64_t *total, Error *err)
{
    Arena arena;
    Loads loads = {0};
    Home *home = NULL;
    Ledger *ledger = NULL;
    Policy *policy = NULL;
    FactsInput in = {.progress = PROGRESS_OFF};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(home_open(home_dir, HOME_READ, &home, err));
    TRY_OUT(policy_open(home_settings(home)->policy_dir, &policy, err));
    TRY_OUT(ledger_open(home, &ledger, err));
    TRY_OUT(home_file(home, &arena, "loads", &in.loads_dir, err));
    TRY_OUT(ledger_loads(ledger, &arena, &loads, err));
    in.policy = policy;
    in.loads = loads.at;
    in.load_count = loads.len;
    TRY_OUT(check(&in, truth, home_settings(home), total, err));
out:
    vec_free(&loads);
    ledger_close(ledger);
    policy_close(policy);
    home_close(home);
    arena_free(&arena);
    return st;
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    int64_t total = 0;
    if (argc != 3) {
        fputs("usage: truth_check HOME TRUTH\n", stderr);
        return 2;
    }
    if (run(argv[1], argv[2], &total, &err) != OK) {
        char line[1200];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "truth_check: %s\n%s\n", line, err.detail);
        return 2;
    }
    printf("%" PRId64 " differences\n", total);
    return total > 0 ? 1 : 0;
}
