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
#define COHORT " AS hit FROM college WHERE fall_cohort = 1"
#define ENTRANT "SELECT person, entry_year AS year, transfer_in = 0 AS counted, "
#define STATUS(years) \
    "SELECT person, entry_year AS year, transfer_in = 0 AS counted, status_" years \
    " AS category FROM college WHERE fall_cohort = 1"
#define LOOKED_AT(two, four) \
    " AND entry_year - 1 + CASE two_year WHEN 1 THEN " two " ELSE " four \
    " END <= (SELECT max(last_fall) FROM ps_cohort)"
#define GRADUATES \
    " AS hit FROM outcome o JOIN training k ON k.person = o.person AND k.item = 'school_concentrator' AND k.year <= " \
    "o.completion_year WHERE o.completion = 'diploma'"
#define ITEM(name) "SELECT person, year, TRUE AS counted, hit = 1 AS hit FROM training WHERE item = '" name "'"
#define NONTRADITIONAL(item, first) \
    "SELECT t.person, t.year, TRUE AS counted, p.sex = n.sex AS hit FROM training t JOIN training k ON k.person = " \
    "t.person " \
    "AND k.item = '" first \
    "' JOIN people p ON p.person = t.person JOIN nontraditional_field n ON starts_with(t.cip, n.cip) " \
    "AND n.valid_from <= make_date(k.year, 6, 30) WHERE t.item = '" item "'"
#define AWARD(what, horizon) \
    "SELECT person, year, NULL::BOOLEAN AS counted, " what " FROM work WHERE kind = 'award' AND horizon = " horizon
#define SCHOOL(what, horizon) \
    "SELECT w.person, w.year, NULL::BOOLEAN AS counted, CASE WHEN NOT " COLLEGE " THEN " what \
    " END AS value FROM work w " \
    "JOIN outcome o ON o.person = w.person WHERE w.kind = 'high_school' AND w.horizon = " horizon
#define SECTOR \
    "CASE WHEN naics[1:2] IN ('31', '32', '33') THEN '31-33' WHEN naics[1:2] IN ('44', '45') THEN '44-45' WHEN " \
    "naics[1:2] IN ('48', '49') THEN '48-49' ELSE naics[1:2] END"
#define DEFINITIONS(name, rule) \
    {"award_earnings_1yr", AWARD(rule " AS value", "1"), name}, \
        {"award_earnings_3yr", AWARD(rule " AS value", "3"), name}, \
        {"award_earnings_5yr", AWARD(rule " AS value", "5"), name}, \
        {"award_employment_1yr", AWARD(rule " IS NOT NULL AS hit", "1"), name}, \
        {"hs_earnings_1yr", SCHOOL(rule, "1"), name}, {"hs_earnings_3yr", SCHOOL(rule, "3"), name}, \
    { \
        "hs_earnings_5yr", SCHOOL(rule, "5"), name \
    }

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
        "wioa"},
    {"hs_median_earnings_q2",
        "SELECT person, completion_year AS year, NOT " COLLEGE " AS counted, nullif(q2_wages, 0) AS value FROM "
        "outcome WHERE " COMPLETED " AND q2_quarter IS NOT NULL",
        "wioa"},
    {"wioa_employment_rate_q2",
        "SELECT person, year(program_exit) + (month(program_exit) >= 7)::INTEGER AS year, TRUE AS counted, "
        "program_q2_employed_seen = 1 AS "
        "hit FROM outcome WHERE program_q2_quarter IS NOT NULL AND program <> 'APPRENTICESHIP'",
        "wioa"},
    {"wioa_median_earnings_q2",
        "SELECT person, year(program_exit) + (month(program_exit) >= 7)::INTEGER AS year, TRUE AS counted, "
        "nullif(program_q2_wages, 0) AS "
        "value FROM outcome WHERE program_q2_quarter IS NOT NULL AND program <> 'APPRENTICESHIP'",
        "wioa"},
    {"ps_persistence_rate", ENTRANT "persisted = 1" COHORT, NULL},
    {"ps_retention_rate", ENTRANT "persisted_same = 1" COHORT, NULL},
    {"ps_credits_24_rate", ENTRANT "credits >= 24" COHORT, NULL},
    {"ps_credits_30_rate", ENTRANT "credits >= 30" COHORT, NULL},
    {"ps_completion_rate_100", ENTRANT "completed_100 = 1" COHORT LOOKED_AT("2", "4"), NULL},
    {"ps_completion_rate_150", ENTRANT "completed_150 = 1" COHORT LOOKED_AT("3", "6"), NULL},
    {"ps_completion_rate_200", ENTRANT "completed_200 = 1" COHORT LOOKED_AT("4", "8"), NULL},
    {"ps_transfer_rate", ENTRANT "transferred = 1" COHORT " AND two_year = 1", NULL},
    {"ps_status_2yr", STATUS("2"), NULL},
    {"ps_status_4yr", STATUS("4"), NULL},
    {"ps_status_6yr", STATUS("6"), NULL},
    {"ps_time_to_associate",
        "SELECT person, associate_year AS year, TRUE AS counted, (associate_hundredths / 100)::DECIMAL(14,2) AS value "
        "FROM college WHERE associate_year IS NOT NULL",
        NULL},
    {"ps_time_to_bachelor",
        "SELECT person, bachelor_year AS year, TRUE AS counted, (bachelor_hundredths / 100)::DECIMAL(14,2) AS value "
        "FROM college WHERE bachelor_year IS NOT NULL",
        NULL},
    {"perkins_1s1",
        "SELECT o.person, o.ayg AS year, o.in_cohort_4 = 1 AS counted, o.graduated_4 = 1 AS hit FROM outcome o JOIN "
        "training k ON k.person = o.person AND k.item = 'school_concentrator' AND k.year <= o.ayg WHERE o.in_cohort_4 "
        "IS NOT NULL",
        NULL},
    {"perkins_3s1",
        "SELECT person, year, TRUE AS counted, hit = 1 AS hit, place AS district_id FROM training WHERE item "
        "= 'school_left'",
        NULL},
    {"perkins_4s1", NONTRADITIONAL("school_year", "school_concentrator"), NULL},
    {"perkins_5s1", "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.credentials_listed > 0" GRADUATES,
        NULL},
    {"perkins_5s2", "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.concurrent_credits >= 1" GRADUATES,
        NULL},
    {"perkins_5s3",
        "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.wbl_through + o.wbl_at > 0" GRADUATES, NULL},
    {"perkins_1p1",
        ITEM("college_left") " AND (person, year) IN (SELECT (person, year) FROM training WHERE item = "
                             "'college_completed' AND hit = 1)",
        NULL},
    {"perkins_2p1",
        "SELECT person, year + 1 AS year, TRUE AS counted, hit = 1 AS hit FROM training WHERE item = "
        "'college_credential'",
        NULL},
    {"perkins_3p1", NONTRADITIONAL("college_year", "college_concentrator"), NULL},
    {"wioa_employment_rate_q4", ITEM("wioa_q4"), NULL},
    {"wioa_same_employer_rate", ITEM("wioa_same_employer"), NULL},
    {"wioa_credential_rate", ITEM("wioa_credential"), NULL},
    {"wioa_measurable_skill_gains_rate", ITEM("wioa_gain"), NULL},
    DEFINITIONS("kentucky", "kentucky"),
    DEFINITIONS("wioa", "wioa"),
    DEFINITIONS("pseo", "pseo"),
    DEFINITIONS("scorecard", "scorecard"),
    DEFINITIONS("leo", "leo"),
    DEFINITIONS("adrf", "adrf"),
    {"hs_employment_1yr",
        "SELECT w.person, w.year, NOT " COLLEGE
        " AS counted, w.kentucky IS NOT NULL AS hit FROM work w JOIN outcome o ON "
        "o.person = w.person WHERE w.kind = 'high_school' AND w.horizon = 1",
        "kentucky"},
    {"award_employment_rate_q2", AWARD("q2_wages IS NOT NULL AS hit", "1"), "wioa"},
    {"award_median_earnings_q2", AWARD("q2_wages AS value", "1"), "wioa"},
    {"award_in_state_1yr", AWARD("wage_quarters > 0 AS hit", "1"), NULL},
    {"award_in_state_5yr", AWARD("wage_quarters > 0 AS hit", "5"), NULL},
    {"award_industry_1yr", AWARD(SECTOR " AS category", "1"), NULL},
    {"award_work_county_1yr", AWARD("work_county AS category", "1"), NULL},
    {"hs_industry_1yr",
        "SELECT w.person, w.year, NULL::BOOLEAN AS counted, CASE WHEN NOT " COLLEGE " THEN " SECTOR
        " END AS category FROM "
        "work w JOIN outcome o ON o.person = w.person WHERE w.kind = 'high_school' AND w.horizon = 1",
        NULL},
    {"award_destination_1yr",
        AWARD("CASE WHEN leo IS NOT NULL AND leo_study = 1 THEN 'employment_and_study' WHEN leo IS NOT NULL THEN "
              "'sustained_employment' WHEN leo_study = 1 THEN 'further_study' WHEN leo_quarters > 0 THEN "
              "'no_sustained_destination' ELSE 'activity_not_captured' END AS category",
            "1"),
        "leo"},
    {"award_price_to_earnings",
        "SELECT w.person, w.year, NULL::BOOLEAN AS counted, CASE WHEN w.kentucky > h.annual_earnings THEN least(round("
        "c.annual_net_price * n.years * 100 / ((w.kentucky - h.annual_earnings) * 100)::BIGINT, 2), 99) WHEN "
        "w.kentucky "
        "IS NOT NULL THEN 99 END::DECIMAL(14,2) AS value FROM work w JOIN (SELECT DISTINCT a.person, a.award_level, "
        "year(a.award_date) + (month(a.award_date) >= 7)::INTEGER AS year, i.control FROM ps_award a JOIN institution "
        "i ON "
        "i.state_code = a.institution_id WHERE a.via = 'state') a ON a.person = w.person AND a.year = w.year AND "
        "a.award_level = w.level JOIN normal_time n ON n.award_level = w.level JOIN college_price c ON c.award_level = "
        "w.level AND c.control = a.control JOIN high_school_earnings h ON make_date(w.year + 1, 6, 30) BETWEEN "
        "h.valid_from "
        "AND coalesce(h.valid_to, DATE '9999-12-31') WHERE w.kind = 'award' AND w.horizon = 1",
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
    "CREATE TABLE staging.college AS SELECT * FROM read_csv('%s/college_outcomes.csv', header = true, types = "
    "{'institution': "
    "'VARCHAR', 'entry_year': 'INTEGER', 'associate_year': 'INTEGER', 'bachelor_year': 'INTEGER', "
    "'associate_hundredths': "
    "'DECIMAL(9,0)', 'bachelor_hundredths': 'DECIMAL(9,0)'});"
    "CREATE TABLE staging.training AS SELECT * FROM read_csv('%s/training_outcomes.csv', header = true, types = "
    "{'year': "
    "'INTEGER', 'cip': 'VARCHAR', 'place': 'VARCHAR'});"
    "CREATE TABLE staging.work AS SELECT * FROM read_csv('%s/work_outcomes.csv', header = true, types = {'year': "
    "'INTEGER', 'level': 'VARCHAR', 'naics': 'VARCHAR', 'work_county': 'VARCHAR', 'kentucky': 'DECIMAL(14,2)', 'wioa': "
    "'DECIMAL(14,2)', 'pseo': 'DECIMAL(14,2)', 'scorecard': 'DECIMAL(14,2)', 'leo': 'DECIMAL(14,2)', 'adrf': "
    "'DECIMAL(14,2)', 'q2_wages': 'DECIMAL(14,2)'});"
    "CREATE TABLE staging.people AS SELECT person, sex FROM read_csv('%s/people.csv', header = true, all_varchar = "
    "true);"
    "ALTER TABLE staging.people ALTER person TYPE UBIGINT;"
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
    buf_addf(&sql, stage_sql, truth, buf_z(&files), truth, truth, truth, truth, truth);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
out:
    buf_free(&files);
    buf_free(&sql);
    return st;
}

/* Rows with a reason are compared as not counted. Years are those the measure shows, persons those whose tags are
 * clear. A group of those who left, told apart by what can be said of them, is one group to the truth. */
static const char compare_sql[] =
    "CREATE OR REPLACE TEMP TABLE difference AS WITH found AS (SELECT person, year, coalesce(counted AND reason IS "
    "NULL, "
    "FALSE) AS counted, hit, value, CASE WHEN starts_with(category, 'left_') THEN 'left' ELSE category END AS "
    "category, "
    "district_id, school_id FROM temp.measure_raw), shown AS (SELECT min(year) AS a, max(year) AS b FROM found), told "
    "AS "
    "(SELECT NULL::BOOLEAN AS hit, NULL::DECIMAL(14,2) AS value, NULL::VARCHAR AS category, NULL::VARCHAR AS "
    "district_id, "
    "NULL::VARCHAR AS school_id, NULL::UBIGINT AS person, NULL::INTEGER AS year, NULL::BOOLEAN AS counted WHERE FALSE "
    "UNION ALL BY NAME SELECT * FROM (%s)), "
    "judged AS (SELECT coalesce(f.person, t.person) AS person, coalesce(f.year, t.year) AS year, CASE WHEN f.person IS "
    "NULL "
    "THEN 'missing' WHEN t.person IS NULL THEN 'extra' WHEN f.counted <> t.counted THEN 'counted' WHEN t.counted = "
    "FALSE "
    "THEN NULL WHEN %s AND coalesce(f.hit AND f.counted, FALSE) <> coalesce(t.hit, FALSE) THEN 'hit' WHEN %s AND CASE "
    "WHEN "
    "f.counted THEN f.value END IS DISTINCT FROM t.value THEN 'value' WHEN %s AND CASE WHEN f.counted THEN f.category "
    "END "
    "IS DISTINCT FROM t.category THEN 'category' WHEN f.counted AND t.district_id IS NOT NULL AND f.district_id IS "
    "DISTINCT FROM t.district_id THEN 'district' WHEN f.counted AND t.school_id IS NOT NULL AND f.school_id IS "
    "DISTINCT "
    "FROM t.school_id THEN 'school' END AS kind FROM found f FULL JOIN (SELECT told.* FROM told, shown WHERE told.year "
    "BETWEEN a AND b) t ON t.person = f.person AND t.year = f.year WHERE coalesce(f.person, t.person) NOT IN (SELECT "
    "person "
    "FROM staging.unclear)) "
    "SELECT person, year, CASE WHEN kind IN ('counted', 'hit') AND person IN (SELECT person FROM temp.hidden) THEN "
    "'unseen' "
    "WHEN kind IS NOT NULL AND %s AND person IN (SELECT person FROM temp.unseen_college) THEN 'unseen' ELSE kind END "
    "AS "
    "kind FROM judged";

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

/* What rests on college anywhere is known only as far as the clearinghouse tells. */
static bool rests_on_college(const Comparison *c)
{
    static const char *const such[] = {"ps_", "perkins_3s1", "perkins_1p1", "hs_", "award_", "wioa_credential"};
    for (size_t i = 0; i < COUNT_OF(such); i++)
        if (slice_starts(slice_of(c->measure), slice_of(such[i])))
            return true;
    return false;
}

/* SQL: whether the truth speaks of a column. */
static const char *says(const Comparison *c, const char *column)
{
    return strstr(c->truth, column) ? "TRUE" : "FALSE";
}

static Status compare_one(Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDefs *outcomes,
    const Comparison *c, int64_t *total, Error *err)
{
    int64_t people = 0;
    const OutcomeDef *outcome = NULL;
    if (c->definition) {
        outcome = outcome_find(outcomes, def->family, slice_of(c->definition), def->file->effective_from);
        if (!outcome)
            return error_set(err, ERR_NOT_FOUND, "no definition \"%s\"", c->definition);
    }
    TRY(measure_keep_raw(db, frame, def, outcome, err));
    TRY(measure_add_cells(db, frame, def, outcome, err));
    TRY(db_value_i64(db, &people, err, "SELECT count(*) FROM temp.measure_raw"));
    printf(
        "%s%s%s: %" PRId64 " rows\n", c->measure, c->definition ? "@" : "", c->definition ? c->definition : "", people);
    const char *hidden = truth_school_hidden(c->measure);
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "CREATE OR REPLACE TEMP TABLE hidden AS %s;", hidden ? hidden : "SELECT person FROM temp.unseen");
    buf_addf(&sql, compare_sql, c->truth, says(c, "AS hit"), says(c, "AS value"), says(c, "AS category"),
        rests_on_college(c) ? "TRUE" : "FALSE");
    Status st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st == OK ? print_differences(db, total, err) : st;
}

static Status compare(
    Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDefs *outcomes, int64_t *total, Error *err)
{
    for (size_t i = 0; i < COUNT_OF(comparisons); i++)
        if (slice_eq_z(def->name, comparisons[i].measure))
            TRY(compare_one(db, frame, def, outcomes, &comparisons[i], total, err));
    for (size_t i = 0; i < school_comparison_count; i++)
        if (slice_eq_z(def->name, school_comparisons[i].measure))
            TRY(compare_one(db, frame, def, outcomes, &school_comparisons[i], total, err));
    return OK;
}

static const char unseen_sql[] = "CREATE TEMP TABLE unseen AS SELECT person FROM staging.outcome o WHERE "
                                 "college_first_begin IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
                                 "ps_enrollment e WHERE e.person = o.person AND e.begin_date > o.completion_date AND "
                                 "e.begin_date <= make_date(o.completion_year, 12, "
                                 "31))";

/* Who studied at a college that reports no unit records in terms the clearinghouse did not tell of. */
static const char unseen_college_sql[] = "CREATE TEMP TABLE unseen_college AS SELECT c.person FROM staging.college c "
                                         "LEFT JOIN (SELECT person, count(*) AS n "
                                         "FROM ps_term WHERE NOT unit_record GROUP BY person) t ON t.person = c.person "
                                         "WHERE c.away_terms > coalesce(t.n, 0)";

static Status check(const FactsInput *in, const char *truth, const HomeSettings *settings, int64_t *total, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    OutcomeDefs outcomes = {0};
    Db *db = NULL;
    uint64_t facts;
    int64_t unclear;
    Status st = OK;
    options.threads = settings->threads;
    arena_init(&arena, 0);
    TRY_OUT(db_open(&options, &db, err));
    TRY_OUT(stage_truth(db, in, truth, err));
    TRY_OUT(db_exec(db,
        "CREATE TEMP VIEW outcome AS SELECT * FROM staging.outcome; CREATE TEMP VIEW college AS SELECT * FROM "
        "staging.college; CREATE TEMP VIEW training AS SELECT * FROM staging.training; CREATE TEMP VIEW work AS SELECT "
        "* "
        "FROM staging.work; CREATE TEMP VIEW people AS SELECT * FROM staging.people",
        err));
    TRY_OUT(facts_assemble(db, in, &facts, err));
    TRY_OUT(db_value_i64(db, &unclear, err, "SELECT count(*) FROM staging.unclear"));
    printf(
        "%" PRIu64 " facts; %" PRId64 " persons left out: a row quarantined or a record tag shared\n", facts, unclear);
    TRY_OUT(measure_frame_read(in->policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(in->policy, &frame, &arena, &defs, err));
    TRY_OUT(measure_prepare(db, &frame, err));
    TRY_OUT(db_exec(db, unseen_sql, err));
    TRY_OUT(db_exec(db, unseen_college_sql, err));
    TRY_OUT(truth_school_stage(db, truth, err));
    TRY_OUT(outcome_defs_read(in->policy, &arena, &outcomes, err));
    for (size_t i = 0; i < defs.len; i++)
        TRY_OUT(compare(db, &frame, &defs.at[i], &outcomes, total, err));
out:
    db_close(db);
    vec_free(&outcomes);
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
