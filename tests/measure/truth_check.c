/*
 * truth_check HOME TRUTH [HOME TRUTH]...: do the measures say what truly happened?
 *
 * HOME has ingested the files of a synthetic state, TRUTH is that state's truth folder. Links are not taken from the
 * home but from the truth (records.csv says whose each row is), so what differs is the fault of a definition, of a
 * mapping or of ingest, never of linkage. Left out are persons one of whose rows was quarantined, and those whose
 * record tag stands for several true persons (a number shared by two nameless wage rows). College that no file tells
 * of, because the clearinghouse was blocked or missed the person, is listed as unseen and is no difference. The truth
 * counts a file's header record as a row where there is one, ingest does not: rows are counted from the file's first.
 *
 * Every measure of the catalogue has its truth here, those of employment and earnings under each published definition;
 * one without is a failure, and so is one of which nobody truly was what it counts, because then nothing was compared.
 * What the first state is too short for is asked of the next.
 *
 * Prints differences a measure; exit code 1 when there are any.
 */
#include "facts/facts_parts.h"
#include "measure/measure_parts.h"
#include "store/home.h"

#include "truth_check.h"

#include <stdio.h>

static const char stage_sql[] =
    "CREATE TABLE staging.row_person AS SELECT r.record_tag, t.source, t.person::UBIGINT AS person FROM (SELECT *, "
    "row::BIGINT - "
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
    "CREATE TABLE staging.identity_source AS SELECT row_number() OVER (ORDER BY name)::SMALLINT AS source, name FROM "
    "(SELECT DISTINCT source AS name FROM staging.row_person);"
    "CREATE TABLE staging.identity_map AS SELECT t.record_tag, min(t.person) AS person, min(s.source) AS source FROM "
    "staging.row_person t JOIN staging.identity_source s ON s.name = t.source WHERE t.record_tag IS NOT NULL GROUP BY "
    "t.record_tag;"
    "CREATE TABLE staging.people AS SELECT person::UBIGINT AS person, sex, ssn IS NOT NULL AS has_ssn FROM "
    "read_csv('%s/people.csv', header = true, all_varchar = true);"
    "CREATE TABLE staging.person_link AS SELECT person, count(*)::INTEGER AS records, 1::INTEGER AS sources, 'truth' "
    "AS weakest_rule, "
    "1.0::DOUBLE AS link_score, bool_or(p.has_ssn) AS has_ssn, TRUE AS has_sasid, 0::BIGINT AS link_pairs, 0::BIGINT "
    "AS "
    "link_correct, 0::BIGINT AS link_missed FROM staging.identity_map JOIN staging.people p USING (person) GROUP BY "
    "person;"
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
    "'INTEGER', 'level': 'VARCHAR', 'place': 'VARCHAR', 'naics': 'VARCHAR', 'work_county': 'VARCHAR', 'kentucky': "
    "'DECIMAL(14,2)', 'wioa': 'DECIMAL(14,2)', 'pseo': 'DECIMAL(14,2)', 'scorecard': 'DECIMAL(14,2)', 'leo': "
    "'DECIMAL(14,2)', 'adrf': 'DECIMAL(14,2)'});"
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
 * clear. A group of those who left, told apart by what can be said of them, is one group to the truth. is_so: counted,
 * and truly what the measure counts. */
static const char compare_sql[] =
    "CREATE OR REPLACE TEMP TABLE difference AS WITH found AS (SELECT person, year, coalesce(counted AND reason IS "
    "NULL, FALSE) AS counted, hit, value, CASE WHEN starts_with(category, 'left_') THEN 'left' ELSE category END AS "
    "category, district_id, school_id FROM temp.measure_raw), shown AS (SELECT min(year) AS a, max(year) AS b FROM "
    "found), told AS (SELECT NULL::BOOLEAN AS hit, NULL::DECIMAL(14,2) AS value, NULL::VARCHAR AS category, "
    "NULL::VARCHAR AS district_id, NULL::VARCHAR AS school_id, NULL::UBIGINT AS person, NULL::INTEGER AS year, "
    "NULL::BOOLEAN AS counted WHERE FALSE UNION ALL BY NAME SELECT * FROM (%s)), "
    "judged AS (SELECT coalesce(f.person, t.person) AS person, coalesce(f.year, t.year) AS year, CASE WHEN f.person IS "
    "NULL THEN 'missing' WHEN t.person IS NULL THEN 'extra' WHEN f.counted <> t.counted THEN 'counted' WHEN NOT "
    "t.counted THEN NULL WHEN %s AND coalesce(f.hit, FALSE) <> coalesce(t.hit, FALSE) THEN 'hit' WHEN %s AND f.value "
    "IS DISTINCT FROM t.value THEN 'value' WHEN %s AND f.category IS DISTINCT FROM t.category THEN 'category' WHEN "
    "t.district_id IS NOT NULL AND f.district_id IS DISTINCT FROM t.district_id THEN 'district' WHEN t.school_id IS "
    "NOT NULL AND f.school_id IS DISTINCT FROM t.school_id THEN 'school' END AS kind, coalesce(f.counted AND "
    "t.counted, FALSE) AS counted, coalesce(t.hit, FALSE) OR t.value IS NOT NULL OR t.category IS NOT NULL AS is_so "
    "FROM found f FULL JOIN (SELECT told.* FROM told, shown WHERE told.year BETWEEN a AND b) t ON t.person = f.person "
    "AND t.year = f.year WHERE coalesce(f.person, t.person) NOT IN (SELECT person FROM staging.unclear)) "
    "SELECT person, year, counted, counted AND is_so AS is_so, CASE WHEN kind IN ('counted', 'hit') AND person IN "
    "(SELECT person FROM temp.hidden) THEN 'unseen' WHEN kind IS NOT NULL AND %s AND person IN (SELECT person FROM "
    "temp.unseen_college) THEN 'unseen' ELSE kind END AS kind FROM judged";

typedef struct Checked {
    const char *name; /* MEASURE or MEASURE@DEFINITION */
    int64_t people;   /* of whom it truly is so, in one of the states */
} Checked;

typedef struct Catalogue {
    Arena arena;
    MeasureFrame frame;
    MeasureDefs measures;
    OutcomeDefs outcomes;
} Catalogue;

typedef struct Check {
    Db *db; /* of the state at hand */
    Catalogue *catalogue;
    Arena arena; /* of all states */
    VEC(Checked) checked;
    int64_t untold; /* comparisons without a truth */
    int64_t differences;
} Check;

static Status print_differences(Check *c, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(c->db,
        "SELECT kind, count(*), string_agg(person || '/' || year, ' ' ORDER BY person) FROM (SELECT *, row_number() "
        "OVER (PARTITION BY kind ORDER BY person) AS n FROM temp.difference WHERE kind IS NOT NULL) GROUP BY kind "
        "ORDER BY kind",
        &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        if (!slice_eq_z(db_str(rows, 0), "unseen"))
            c->differences += db_i64(rows, 1);
        Slice people = slice_sub(db_str(rows, 2), 0, 150);
        printf("  %-10.*s %6" PRId64 "  %.*s\n", SLICE_ARG(db_str(rows, 0)), db_i64(rows, 1), SLICE_ARG(people));
    }
out:
    db_rows_free(rows);
    return st;
}

/* What rests on college anywhere is known only as far as the clearinghouse tells. */
static bool rests_on_college(const MeasureDef *def, const OutcomeDef *outcome)
{
    static const char *const such[] = {"ps_", "perkins_3s1", "perkins_1p1", "hs_", "wioa_credential", "wioa_youth"};
    for (size_t i = 0; i < COUNT_OF(such); i++)
        if (slice_starts(def->name, slice_of(such[i])))
            return true;
    return outcome && truth_work_asks_college(outcome->name);
}

/* SQL: whether the truth speaks of a column. */
static const char *says(const char *truth, const char *column)
{
    return strstr(truth, column) ? "TRUE" : "FALSE";
}

static Status name_check(Check *c, const MeasureDef *def, const OutcomeDef *outcome, Checked **out, Error *err)
{
    Checked fresh = {.name = NULL};
    Slice definition = outcome ? outcome->name : SLICE("");
    TRY(arena_printf(
        &c->arena, &fresh.name, err, "%.*s%s%.*s", SLICE_ARG(def->name), outcome ? "@" : "", SLICE_ARG(definition)));
    for (size_t i = 0; i < c->checked.len; i++) {
        *out = &c->checked.at[i];
        if (strcmp((*out)->name, fresh.name) == 0)
            return OK;
    }
    TRY(vec_push(&c->checked, fresh, err));
    *out = &c->checked.at[c->checked.len - 1];
    return OK;
}

static Status compare(Check *c, const MeasureDef *def, const OutcomeDef *outcome, const char *truth, Error *err)
{
    int64_t people = 0;
    Checked *checked = NULL;
    TRY(name_check(c, def, outcome, &checked, err));
    if (checked->people > 0)
        return OK;
    TRY(measure_keep_raw(c->db, &c->catalogue->frame, def, outcome, err));
    const char *hidden = truth_school_hidden(def->name);
    TRY(db_execf(
        c->db, err, "CREATE OR REPLACE TEMP TABLE hidden AS %s;", hidden ? hidden : "SELECT person FROM temp.unseen"));
    TRY(db_execf(c->db, err, compare_sql, truth, says(truth, "AS hit"), says(truth, "AS value"),
        says(truth, "AS category"), rests_on_college(def, outcome) ? "TRUE" : "FALSE"));
    TRY(db_value_i64(c->db, &people, err, "SELECT count(*) FROM temp.difference WHERE counted"));
    TRY(db_value_i64(c->db, &checked->people, err, "SELECT count(*) FROM temp.difference WHERE is_so"));
    printf("%s: %" PRId64 " counted, %" PRId64 " truly so\n", checked->name, people, checked->people);
    return print_differences(c, err);
}

static const char *truth_of(Slice measure)
{
    for (size_t i = 0; i < school_comparison_count; i++)
        if (slice_eq_z(measure, school_comparisons[i].measure))
            return school_comparisons[i].truth;
    for (size_t i = 0; i < after_comparison_count; i++)
        if (slice_eq_z(measure, after_comparisons[i].measure))
            return after_comparisons[i].truth;
    return NULL;
}

typedef Status (*Visit)(Check *c, const MeasureDef *def, const OutcomeDef *outcome, const char *truth, Error *err);

/* Every measure, those of a family under each definition that holds when the measure does; truth NULL: none is written
 * down. */
static Status each_truth(Check *c, Visit visit, Error *err)
{
    const OutcomeDefs *outcomes = &c->catalogue->outcomes;
    for (size_t i = 0; i < c->catalogue->measures.len; i++) {
        const MeasureDef *def = &c->catalogue->measures.at[i];
        if (def->family.len == 0)
            TRY(visit(c, def, NULL, truth_of(def->name), err));
        for (size_t k = 0; def->family.len > 0 && k < outcomes->len; k++) {
            const OutcomeDef *outcome = &outcomes->at[k];
            const char *truth = NULL;
            if (outcome != outcome_find(outcomes, def->family, outcome->name, def->file->effective_from))
                continue;
            TRY(truth_work(def->name, outcome->name, &c->arena, &truth, err));
            TRY(visit(c, def, outcome, truth, err));
        }
    }
    return OK;
}

static Status name_untold(Check *c, const MeasureDef *def, const OutcomeDef *outcome, const char *truth, Error *err)
{
    Checked *checked = NULL;
    TRY(name_check(c, def, outcome, &checked, err));
    if (truth)
        return OK;
    printf("%s: nobody has written down what is true of it\n", checked->name);
    c->untold++;
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

static Status check_state(Check *c, const FactsInput *in, const char *truth, const HomeSettings *settings, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    uint64_t facts;
    int64_t unclear;
    Status st = OK;
    options.threads = settings->threads;
    TRY_OUT(db_open(&options, &c->db, err));
    TRY_OUT(stage_truth(c->db, in, truth, err));
    TRY_OUT(db_exec(c->db,
        "CREATE TEMP VIEW outcome AS SELECT * FROM staging.outcome; CREATE TEMP VIEW college AS SELECT * FROM "
        "staging.college; CREATE TEMP VIEW training AS SELECT * FROM staging.training; CREATE TEMP VIEW work AS SELECT "
        "* FROM staging.work; CREATE TEMP VIEW people AS SELECT * FROM staging.people",
        err));
    TRY_OUT(facts_assemble(c->db, in, &facts, err));
    TRY_OUT(db_value_i64(c->db, &unclear, err, "SELECT count(*) FROM staging.unclear"));
    printf(
        "%" PRIu64 " facts; %" PRId64 " persons left out: a row quarantined or a record tag shared\n", facts, unclear);
    TRY_OUT(measure_prepare(c->db, &c->catalogue->frame, err));
    TRY_OUT(db_exec(c->db, unseen_sql, err));
    TRY_OUT(db_exec(c->db, unseen_college_sql, err));
    TRY_OUT(truth_school_stage(c->db, truth, err));
    TRY_OUT(each_truth(c, compare, err));
out:
    db_close(c->db);
    c->db = NULL;
    return st;
}

static Status check_loads(Check *c, Home *home, Policy *policy, const char *truth, Error *err)
{
    Loads loads = {0};
    Ledger *ledger = NULL;
    FactsInput in = {.progress = PROGRESS_OFF, .policy = policy};
    Status st = OK;
    TRY_OUT(ledger_open(home, &ledger, err));
    TRY_OUT(home_file(home, &c->arena, "loads", &in.loads_dir, err));
    TRY_OUT(ledger_loads(ledger, &c->arena, &loads, err));
    in.loads = loads.at;
    in.load_count = loads.len;
    TRY_OUT(check_state(c, &in, truth, home_settings(home), err));
out:
    vec_free(&loads);
    ledger_close(ledger);
    return st;
}

static Status check_home(Check *c, const char *home_dir, const char *truth, Error *err)
{
    Home *home = NULL;
    Policy *policy = NULL;
    Catalogue catalogue = {.measures = {0}};
    Status st = OK;
    arena_init(&catalogue.arena, 0);
    c->catalogue = &catalogue;
    TRY_OUT(home_open(home_dir, HOME_READ, &home, err));
    TRY_OUT(policy_open(home_settings(home)->policy_dir, &policy, err));
    TRY_OUT(measure_frame_read(policy, &catalogue.arena, &catalogue.frame, err));
    TRY_OUT(measure_defs_read(policy, &catalogue.frame, &catalogue.arena, &catalogue.measures, err));
    TRY_OUT(outcome_defs_read(policy, &catalogue.arena, &catalogue.outcomes, err));
    TRY_OUT(each_truth(c, name_untold, err));
    if (c->untold == 0)
        TRY_OUT(check_loads(c, home, policy, truth, err));
out:
    vec_free(&catalogue.outcomes);
    vec_free(&catalogue.measures);
    arena_free(&catalogue.arena);
    policy_close(policy);
    home_close(home);
    return st;
}

/* Comparisons that nobody can be in, and why. */
static const struct {
    const char *name, *reason;
} nobody[] = {
    {"award_employment_rate_q2@scorecard", "awards are of spring, the second quarter after is of the same calendar "
                                           "year, and who was enrolled in that year is not asked about"},
    {"award_median_earnings_q2@scorecard", "as award_employment_rate_q2"},
};

static const char *why_nobody(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(nobody); i++)
        if (strcmp(name, nobody[i].name) == 0)
            return nobody[i].reason;
    return NULL;
}

/* A truth that no measure of the catalogue is compared with is a slip of the pen in its name. */
static void name_unused(Check *c, const char *measure)
{
    for (size_t i = 0; i < c->checked.len; i++) {
        Slice name = slice_of(c->checked.at[i].name);
        if (slice_starts(name, slice_of(measure)) && (name.len == strlen(measure) || name.ptr[strlen(measure)] == '@'))
            return;
    }
    printf("%s: the catalogue has no such measure\n", measure);
    c->differences++;
}

static void judge_coverage(Check *c)
{
    for (size_t i = 0; i < school_comparison_count; i++)
        name_unused(c, school_comparisons[i].measure);
    for (size_t i = 0; i < after_comparison_count; i++)
        name_unused(c, after_comparisons[i].measure);
    for (size_t i = 0; truth_work_measure(i); i++)
        name_unused(c, truth_work_measure(i));
    for (size_t i = 0; i < c->checked.len; i++) {
        const Checked *checked = &c->checked.at[i];
        const char *reason = why_nobody(checked->name);
        if ((checked->people > 0) != (reason != NULL))
            continue;
        printf("%s: %s\n", checked->name,
            reason ? "somebody is, so it does not belong among those that nobody can be in"
                   : "of nobody is it truly so, nothing was compared");
        c->differences++;
    }
    printf("%zu comparisons, %" PRId64 " differences\n", c->checked.len, c->differences);
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    Check check = {.differences = 0};
    Status st = OK;
    if (argc < 3 || argc % 2 == 0) {
        fputs("usage: truth_check HOME TRUTH [HOME TRUTH]...\n", stderr);
        return 2;
    }
    arena_init(&check.arena, 0);
    for (int i = 1; i < argc && st == OK && check.untold == 0; i += 2)
        st = check_home(&check, argv[i], argv[i + 1], &err);
    if (st == OK && check.untold == 0) {
        judge_coverage(&check);
    } else if (st != OK) {
        char line[1200];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "truth_check: %s\n%s\n", line, err.detail);
    }
    vec_free(&check.checked);
    arena_free(&check.arena);
    return st != OK ? 2 : check.untold + check.differences > 0;
}
