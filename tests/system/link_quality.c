/*
 * link_quality HOME TRUTH [MEMORY]: how good are the links, and what do their faults cost the measures?
 *
 * HOME has run on the files of a synthetic state, TRUTH is that state's truth folder. truth/records.csv says whose each
 * row of each file is; a load knows its file and the record tag of each row; so each tag has a true person, and pairs
 * of tags are counted (precision, recall, F1). A tag that stands for several true persons (a number shared by two
 * nameless wage rows) cannot be right for all: such tags are counted and left out. The measured results of the state,
 * made with the links as found, stand beside the true counts (truth/outcomes.csv). MEMORY is DuckDB's limit in MiB;
 * what is more is written to HOME/tmp.
 *
 * Prints lines of words and numbers for a script to judge:
 *   records N / unclear N / persons N true N / precision X / recall X / f1 X
 *   missed SOURCE SOURCE N of M           true pairs between two sources that were not found, the most first
 *   wrong SOURCE SOURCE N of M            found pairs that are not true, the most first
 *   group NAME VALUE records N precision X recall X    by what the truth knows of the persons; a wrong pair counts for
 *                                         the groups of both sides
 *   measure NAME YEAR found NUMERATOR DENOMINATOR true NUMERATOR DENOMINATOR
 *   later NAME YEAR found VALUE PEOPLE true VALUE PEOPLE       what came after school: percent, or dollars
 */
#include <stdio.h>

#include "identity/identity.h"
#include "store/warehouse.h"

typedef struct Check {
    Arena arena;
    Home *home;
    Policy *policy;
    Ledger *ledger;
    Db *db;
    const char *truth;
    uint64_t memory_mb; /* 0: as the home says */
} Check;

/* --- links ----------------------------------------------------------------------------------------------------- */

static Status stage_files(Check *c, Error *err)
{
    Loads loads = {0};
    const char *dir;
    Buf sql;
    Status st;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TABLE file (path VARCHAR, source VARCHAR, file VARCHAR, number INTEGER);");
    TRY_OUT(home_file(c->home, &c->arena, "loads", &dir, err));
    TRY_OUT(ledger_loads(c->ledger, &c->arena, &loads, err));
    for (size_t i = 0; i < loads.len; i++) {
        buf_addf(&sql, "INSERT INTO file VALUES ('%s/%.*s/rows.parquet', ", dir, SLICE_ARG(loads.at[i].id));
        sql_literal(&sql, loads.at[i].source);
        buf_adds(&sql, ", ");
        sql_literal(&sql, loads.at[i].file_name);
        buf_addf(&sql, ", %zu);", i);
    }
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(c->db, buf_z(&sql), err));
    /* numbers before the join: a state has sixty million rows */
    TRY_OUT(db_execf(c->db, err,
        "CREATE TABLE true_row AS SELECT f.number, t.\"row\"::INTEGER AS row_no, t.person::INTEGER AS person FROM "
        "read_csv('%s/records.csv', header = true, all_varchar = true) t JOIN file f ON t.source = f.source AND "
        "t.file = f.file;"
        "CREATE TABLE tag AS SELECT p.record_tag, min(t.person) AS true_person, max(t.person) AS other FROM "
        "(SELECT record_tag, row_no::INTEGER AS row_no, f.number FROM read_parquet('%s/*/rows.parquet', filename = "
        "true, "
        "union_by_name = true) r JOIN file f ON f.path = r.filename WHERE record_tag IS NOT NULL) p JOIN true_row t "
        "USING (number, row_no) GROUP BY 1;"
        "DROP TABLE true_row;"
        "CREATE VIEW truth AS SELECT record_tag, true_person FROM tag WHERE true_person = other",
        c->truth, dir));
out:
    vec_free(&loads);
    buf_free(&sql);
    return st;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static Status print_links(Check *c, Error *err)
{
    LinkContext ctx = {.home = c->home, .policy = c->policy, .ledger = c->ledger, .progress = PROGRESS_OFF};
    LinkQuality q;
    int64_t unclear, found, persons;
    TRY(identity_export(&ctx, c->db, err));
    TRY(stage_files(c, err));
    TRY(identity_quality(c->db, &q, err));
    TRY(db_exec(c->db,
        "CREATE TABLE cell AS SELECT t.true_person, m.person, m.source, count(*) AS n FROM truth t JOIN identity_map m "
        "USING (record_tag) GROUP BY ALL",
        err));
    TRY(db_value_i64(c->db, &unclear, err, "SELECT count(*) FILTER (true_person <> other) FROM tag"));
    TRY(db_value_i64(c->db, &found, err, "SELECT count(DISTINCT person) FROM identity_map"));
    TRY(db_value_i64(c->db, &persons, err, "SELECT count(DISTINCT true_person) FROM truth"));
    double precision = share(q.correct_pairs, q.found_pairs);
    double recall = share(q.correct_pairs, q.true_pairs);
    printf("records %" PRIu64 "\nunclear %" PRId64 "\npersons %" PRId64 " true %" PRId64 "\n", q.records, unclear,
        found, persons);
    printf("precision %.6f\nrecall %.6f\nf1 %.6f\n", precision, recall,
        precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0);
    return OK;
}

/* Pairs of two sources that agree on one of true_person and person, and on the other do not: the most first. Counted by
 * cells: those that agree on the one, less those that agree on both. */
static Status print_pairs(Check *c, const char *word, const char *agreed, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_queryf(c->db, &rows, err,
        "WITH one AS (SELECT %s AS agreed, source, sum(n)::BIGINT AS n FROM cell GROUP BY ALL), "
        "pairs AS (SELECT a.source AS x, b.source AS y, sum(CASE WHEN a.source = b.source THEN a.n * (a.n - 1) // 2 "
        "ELSE a.n * b.n END) "
        "AS n FROM one a JOIN one b ON a.agreed = b.agreed AND a.source <= b.source GROUP BY ALL), "
        "same AS (SELECT a.source AS x, b.source AS y, sum(CASE WHEN a.source = b.source THEN a.n * (a.n - 1) // 2 "
        "ELSE a.n * b.n END) "
        "AS n FROM cell a JOIN cell b ON a.true_person = b.true_person AND a.person = b.person AND a.source <= "
        "b.source "
        "GROUP BY ALL) "
        "SELECT least(s.name, t.name), greatest(s.name, t.name), (p.n - coalesce(k.n, 0))::BIGINT AS faults, "
        "p.n::BIGINT "
        "FROM pairs p LEFT JOIN same k USING (x, y) JOIN identity_source s ON s.source = x JOIN identity_source t ON "
        "t.source = y WHERE faults > 0 ORDER BY faults DESC, 1, 2 LIMIT 12",
        agreed));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        printf("%s %.*s %.*s %" PRId64 " of %" PRId64 "\n", word, SLICE_ARG(db_str(rows, 0)),
            SLICE_ARG(db_str(rows, 1)), db_i64(rows, 2), db_i64(rows, 3));
    }
out:
    db_rows_free(rows);
    return st;
}

/* Pairs by person and by group: of a true person's n records, those found together make n_i (n_i - 1) / 2 pairs. */
static Status print_groups(Check *c, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_execf(c->db, err,
        "CREATE TABLE known AS SELECT p.person, p.sex, CASE WHEN p.student = '1' THEN 'yes' ELSE 'no' END AS student, "
        "CASE WHEN hispanic = '1' THEN 'hispanic' WHEN american_indian::INT + asian::INT + black::INT + "
        "pacific_islander::INT + white::INT > 1 THEN 'two_or_more' WHEN american_indian = '1' THEN 'american_indian' "
        "WHEN asian = '1' THEN 'asian' WHEN black = '1' THEN 'black' WHEN pacific_islander = '1' THEN "
        "'pacific_islander' ELSE 'white' END AS race, (left(birth_date, 3) || '0s') AS born, "
        "CASE coalesce(o.economically_disadvantaged_ever, '') WHEN '1' THEN 'yes' WHEN '0' THEN 'no' ELSE 'unknown' "
        "END "
        "AS low_income, CASE WHEN p.married <> '' THEN 'yes' ELSE 'no' END AS married "
        "FROM read_csv('%s/people.csv', header = true, all_varchar = true) p LEFT JOIN "
        "read_csv('%s/outcomes.csv', header = true, all_varchar = true) o USING (person)",
        c->truth, c->truth));
    TRY(db_query(c->db,
        "WITH joined AS (SELECT true_person, person, sum(n) AS n FROM cell GROUP BY ALL), "
        "found AS (SELECT person, sum(n) AS n FROM joined GROUP BY ALL), "
        "one AS (SELECT c.true_person, sum(c.n) AS records, sum(c.n) * (sum(c.n) - 1) / 2 AS truth, "
        "sum(c.n * (c.n - 1) / 2) AS correct, sum(c.n * (f.n - c.n)) AS wrong FROM joined c JOIN found f USING "
        "(person) "
        "GROUP BY ALL), "
        "g AS (SELECT o.*, u.name, u.value FROM one o JOIN (UNPIVOT known ON sex, student, race, born, low_income, "
        "married "
        "INTO NAME name VALUE value) u ON u.person::INTEGER = o.true_person) "
        "SELECT name, value, sum(records)::BIGINT, (sum(correct) / (sum(correct) + sum(wrong)))::DOUBLE, "
        "(sum(correct) / sum(truth))::DOUBLE FROM g GROUP BY ALL ORDER BY name, value",
        &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        printf("group %.*s %.*s records %" PRId64 " precision %.6f recall %.6f\n", SLICE_ARG(db_str(rows, 0)),
            SLICE_ARG(db_str(rows, 1)), db_i64(rows, 2), db_f64(rows, 3), db_f64(rows, 4));
    }
out:
    db_rows_free(rows);
    return st;
}

/* --- measures -------------------------------------------------------------------------------------------------- */

/* numerator and denominator by year, of truth/outcomes.csv; the definitions are those of policy/colorado/measures. */
static const struct {
    const char *measure, *numerator, *denominator, *year;
} truths[] = {
    {"graduation_rate_4yr", "graduated_4 = 1", "in_cohort_4 = 1", "ayg"},
    {"completion_rate_4yr", "completed_4 = 1", "in_cohort_4 = 1", "ayg"},
    {"matriculation_rate", "matriculated = 1", "completion = 'diploma'", "completion_year"},
    {"big_three_rate", "big_three = 1", "completion = 'diploma'", "completion_year"},
    {"big_three_credential_rate", "credentials_listed > 0", "completion = 'diploma'", "completion_year"},
    {"big_three_credit_rate", "concurrent_credits >= 12", "completion = 'diploma'", "completion_year"},
    {"big_three_wbl_rate", "wbl_through + wbl_at > 0", "completion = 'diploma'", "completion_year"},
    {"hs_employment_rate_q2", "q2_employed_seen = 1",
        "completion <> '' AND q2_quarter IS NOT NULL AND coalesce(college_first_begin > make_date(completion_year, 12, "
        "31), TRUE)",
        "completion_year"},
};

static Status print_measure(Check *c, const char *results, size_t i, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_queryf(c->db, &rows, err,
        "SELECT f.year, f.numerator, f.denominator, t.numerator, t.denominator FROM "
        "(SELECT year, numerator, denominator FROM read_parquet('%s') WHERE measure = '%s' AND level = 'state' AND "
        "split = 'all') f "
        "JOIN (SELECT %s AS year, count(*) FILTER ((%s) AND (%s)) AS numerator, count(*) FILTER (%s) AS denominator "
        "FROM outcome GROUP BY 1) t ON t.year = f.year ORDER BY f.year",
        results, truths[i].measure, truths[i].year, truths[i].numerator, truths[i].denominator, truths[i].denominator));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        printf("measure %s %" PRId64 " found %" PRId64 " %" PRId64 " true %" PRId64 " %" PRId64 "\n", truths[i].measure,
            db_i64(rows, 0), db_i64(rows, 1), db_i64(rows, 2), db_i64(rows, 3), db_i64(rows, 4));
    }
out:
    db_rows_free(rows);
    return st;
}

/* What came after: value and people by year, of the truth's other files. */
static const struct {
    const char *measure, *table, *value, *year;
} laters[] = {
    {"ps_persistence_rate", "college WHERE fall_cohort = 1 AND transfer_in = 0", "avg(persisted) * 100", "entry_year"},
    {"ps_retention_rate", "college WHERE fall_cohort = 1 AND transfer_in = 0", "avg(persisted_same) * 100",
        "entry_year"},
    {"ps_credits_24_rate", "college WHERE fall_cohort = 1 AND transfer_in = 0", "avg((credits >= 24)::INTEGER) * 100",
        "entry_year"},
    {"perkins_3s1", "training WHERE item = 'school_left'", "avg(hit) * 100", "year"},
    {"perkins_2p1", "(SELECT * REPLACE (year + 1 AS year) FROM training WHERE item = 'college_credential')",
        "avg(hit) * 100", "year"},
    {"wioa_employment_rate_q4", "training WHERE item = 'wioa_q4'", "avg(hit) * 100", "year"},
    {"wioa_youth_placement_rate_q2", "training WHERE item = 'wioa_youth_q2'", "avg(hit) * 100", "year"},
    {"wioa_youth_placement_rate_q4", "training WHERE item = 'wioa_youth_q4'", "avg(hit) * 100", "year"},
    {"wioa_same_employer_rate", "training WHERE item = 'wioa_same_employer'", "avg(hit) * 100", "year"},
    {"wioa_credential_rate", "training WHERE item = 'wioa_credential'", "avg(hit) * 100", "year"},
    {"wioa_measurable_skill_gains_rate", "training WHERE item = 'wioa_gain'", "avg(hit) * 100", "year"},
    {"award_employment_1yr", "work WHERE kind = 'award' AND after_quarters = 4", "avg((kentucky > 0)::INTEGER) * 100",
        "year"},
    {"award_in_state_1yr", "work WHERE kind = 'award' AND after_quarters = 4",
        "avg((wage_quarters > 0)::INTEGER) * 100", "year"},
    {"award_earnings_1yr", "work WHERE kind = 'award' AND after_quarters = 4 AND kentucky > 0",
        "quantile_cont(kentucky, 0.5)", "year"},
    {"award_earnings_3yr", "work WHERE kind = 'award' AND after_quarters = 12 AND kentucky > 0",
        "quantile_cont(kentucky, 0.5)", "year"},
};

static Status print_later(Check *c, const char *results, size_t i, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_queryf(c->db, &rows, err,
        "SELECT f.year, round(f.value, 2)::DOUBLE, f.denominator, round(t.value, 2)::DOUBLE, t.people FROM (SELECT "
        "year, "
        "value, denominator FROM read_parquet('%s') WHERE measure = '%s' AND level = 'state' AND split = 'all') f JOIN "
        "(SELECT %s AS year, %s AS value, count(*) AS people FROM %s GROUP BY 1) t ON t.year = f.year ORDER BY f.year",
        results, laters[i].measure, laters[i].year, laters[i].value, laters[i].table));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        printf("later %s %" PRId64 " found %.2f %" PRId64 " true %.2f %" PRId64 "\n", laters[i].measure,
            db_i64(rows, 0), db_f64(rows, 1), db_i64(rows, 2), db_f64(rows, 3), db_i64(rows, 4));
    }
out:
    db_rows_free(rows);
    return st;
}

static Status print_measures(Check *c, Error *err)
{
    uint32_t generation;
    const char *relative, *results;
    TRY(warehouse_current(c->home, &generation, err));
    TRY(arena_printf(&c->arena, &relative, err, "results/gen-%06" PRIu32 ".parquet", generation));
    TRY(home_file(c->home, &c->arena, relative, &results, err));
    TRY(db_execf(c->db, err,
        "CREATE TABLE outcome AS SELECT * FROM read_csv('%s/outcomes.csv', header = true, types = {'ayg': 'INTEGER', "
        "'completion_year': 'INTEGER', 'completion': 'VARCHAR'})",
        c->truth));
    TRY(db_execf(c->db, err,
        "CREATE TABLE college AS SELECT * FROM read_csv('%s/college_outcomes.csv', header = true);"
        "CREATE TABLE training AS SELECT * FROM read_csv('%s/training_outcomes.csv', header = true);"
        "CREATE TABLE work AS SELECT * FROM read_csv('%s/work_outcomes.csv', header = true)",
        c->truth, c->truth, c->truth));
    for (size_t i = 0; i < COUNT_OF(truths); i++)
        TRY(print_measure(c, results, i, err));
    for (size_t i = 0; i < COUNT_OF(laters); i++)
        TRY(print_later(c, results, i, err));
    return OK;
}

/* --- main ------------------------------------------------------------------------------------------------------ */

static Status run(Check *c, const char *home, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    TRY(home_open(home, HOME_READ, &c->home, err));
    TRY(policy_open(home_settings(c->home)->policy_dir, &c->policy, err));
    TRY(ledger_open(c->home, &c->ledger, err));
    options.threads = home_settings(c->home)->threads;
    options.memory_mb = c->memory_mb ? c->memory_mb : home_settings(c->home)->memory_mb;
    TRY(home_file(c->home, &c->arena, "tmp", &options.temp_dir, err));
    TRY(db_open(&options, &c->db, err));
    TRY(print_links(c, err));
    TRY(print_pairs(c, "missed", "true_person", err));
    TRY(print_pairs(c, "wrong", "person", err));
    TRY(print_groups(c, err));
    return print_measures(c, err);
}

int main(int argc, char **argv)
{
    Check c = {0};
    Error err = ERROR_INIT;
    bool known = argc < 4 || parse_u64(slice_of(argv[3]), &c.memory_mb, &err) == OK;
    if (argc < 3 || argc > 4 || !known) {
        fputs("usage: link_quality HOME TRUTH [MEMORY]\n", stderr);
        return 2;
    }
    arena_init(&c.arena, 0);
    c.truth = argv[2];
    Status st = run(&c, argv[1], &err);
    if (st != OK) {
        char line[1200];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "link_quality: %s\n%s\n", line, err.detail);
    }
    db_close(c.db);
    ledger_close(c.ledger);
    policy_close(c.policy);
    home_close(c.home);
    arena_free(&c.arena);
    return st == OK ? 0 : 1;
}
