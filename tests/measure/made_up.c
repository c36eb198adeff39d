/* Two thousand made-up people, known to every kind of source; what each has follows from a number. */
#include "made_up.h"

#include "policy/model.h"

/* Load 1 was believed until load 2, a correction of the same years, came on 2026-06-01: there every fifth person who
 * had left has a diploma. Wages came once. */
static const char *const facts[] = {
    "INSERT INTO main.load VALUES (1, 'a', 's', '1', 'y', 'f', 'h', 'g', TIMESTAMP '2026-01-10 12:00:00', TIMESTAMP "
    "'2026-06-01 09:00:00', 1, 0, 1, 5), (2, 'b', 's', '1', 'y', 'f', 'h', 'g', TIMESTAMP '2026-06-01 09:00:00', NULL, "
    "1, 0, 5, NULL), "
    "(3, 'c', 't', '1', 'z', 'f', 'h', 'g', TIMESTAMP '2026-01-10 12:00:00', NULL, 1, 0, 2, NULL)",
    "INSERT INTO known_build VALUES (3, 1, TIMESTAMP '2026-01-10 13:00:00', ''), (4, 2, TIMESTAMP '2026-03-01 "
    "13:00:00', ''), (9223372036854775807, 3, TIMESTAMP '2026-06-01 13:00:00', '')",
    "INSERT INTO county SELECT '080' || lpad((i * 2 + 1)::VARCHAR, 2, '0'), 'c', TRUE FROM range(4) t(i)",
    "INSERT INTO district BY NAME SELECT lpad(i::VARCHAR, 4, '0') AS district_id, '080' || lpad(((i % 4) * 2 + "
    "1)::VARCHAR, 2, '0') AS county_fips, 'urban' AS rurality FROM range(30) t(i)",
    "INSERT INTO school BY NAME SELECT lpad(i::VARCHAR, 4, '0') AS district_id, '0001' AS school_id FROM range(30) "
    "t(i)",
    "INSERT INTO fact.k12_end_of_year BY NAME SELECT i AS person, 2021 + i % 3 + y AS school_year, lpad((i * i % "
    "31)::VARCHAR, 4, '0') AS district_id, '0001' AS school_id, lpad((9 + y)::VARCHAR, 2, '0') AS grade_level, CASE "
    "WHEN "
    "y < 3 THEN 'year_end' WHEN i % 7 = 0 THEN 'transfer_verified' WHEN i % 3 = 0 AND NOT (l = 2 AND i % 5 = 0) THEN "
    "'dropout' ELSE 'graduated' END AS exit_class, CASE WHEN y = 3 AND i % 7 > 0 AND (i % 3 > 0 OR (l = 2 AND i % 5 = "
    "0)) THEN CASE WHEN i % 11 = 0 THEN 'certificate' ELSE 'diploma' END END AS completion_type, CASE WHEN y = 3 THEN "
    "make_date(2021 + i % 3 + y, 5, 20) END AS completion_date, l AS load_no, i * 4 + y AS row_no FROM range(1, 2000) "
    "a(i), range(4) b(y), range(1, 3) c(l)",
    "INSERT INTO fact.k12_student_year BY NAME SELECT i AS person, 2021 + i % 3 AS school_year, '09' AS grade_level, "
    "['F', 'M', NULL][1 + i % 3] AS sex, i % 4 = 0 AS hispanic, FALSE AS american_indian, i % 6 = 0 AS asian, i % 5 = "
    "0 "
    "AS black, FALSE AS pacific_islander, i % 5 > 1 AS white, i % 3 = 0 AS economically_disadvantaged, i % 8 = 0 AS "
    "english_learner, 3 AS load_no, i AS row_no FROM range(1, 2000) t(i)",
    "INSERT INTO fact.program_participation BY NAME SELECT i AS person, 'WIOA_ADULT' AS program, make_date(2022, 1, 5) "
    "AS entry_date, make_date(2022 + (i % 3)::INTEGER, 9, 1) AS exit_date, CASE WHEN i % 13 = 0 THEN '03' ELSE '00' "
    "END "
    "AS exit_reason, '080' || lpad(((i % 4) * 2 + 1)::VARCHAR, 2, '0') AS county_fips, 3 AS load_no, i AS row_no FROM "
    "range(1, 600) t(i)",
    "INSERT INTO fact.employment_quarter BY NAME SELECT i AS person, q AS quarter, "
    "'00000000-0000-0000-0000-000000000001'::UUID AS employer, (1000 + i * 7 % 977 + (q % 5) * 100)::DECIMAL(12,2) AS "
    "wages, 3 AS load_no, (i * 40 + q) AS row_no FROM range(1, 600) a(i), range(8088, 8104) b(q) WHERE (i + q) % 4 > 0",
    "INSERT INTO fact.ps_enrollment BY NAME SELECT i AS person, '1370' AS institution_id, CASE WHEN i % 8 = 0 THEN "
    "'2-year' ELSE '4-year' END AS institution_level, make_date(2024 + (i % 3)::INTEGER, 8, 20) AS begin_date, "
    "make_date(2024 + (i % 3)::INTEGER, 12, 15) AS end_date, 2024 + i % 3 AS term_year, 'fall' AS term, 'full' AS "
    "status, 'state' AS via, 3 AS load_no, i AS row_no FROM range(1, 2000) t(i) WHERE i % 4 = 0",
    "INSERT INTO fact.ps_request BY NAME SELECT i AS person, make_date(2026, 11, 1) AS search_date, FALSE AS found, 3 "
    "AS load_no, i AS row_no FROM range(1, 2000) t(i) WHERE i % 5 > 0",
    "INSERT INTO fact.credential BY NAME SELECT i AS person, 2024 AS school_year, make_date(2024, 2, 1) AS award_date, "
    "CASE WHEN i % 2 = 0 THEN 'CNA' ELSE 'X' END AS credential_id, 3 AS load_no, i AS row_no FROM range(1, 2000) t(i) "
    "WHERE i % 10 < 2",
    "INSERT INTO listed_credential BY NAME SELECT 'CNA' AS credential_id, make_date(2017, 7, 1) AS listed_from",
    "INSERT INTO fact.ps_award BY NAME SELECT i AS person, '1370' AS institution_id, make_date(2022 + (i % "
    "3)::INTEGER, 12, 15) AS award_date, ['certificate', 'associate', 'bachelor'][1 + i % 3] AS award_level, 2023 "
    "+ i % 3 AS fiscal_year, 'state' AS via, 3 AS load_no, i AS row_no FROM range(1, 600) t(i) WHERE i % 3 = 1 OR i % "
    "7 = 0",
    "INSERT INTO institution BY NAME SELECT '1370' AS state_code, 'A' AS name, '08003' AS county_fips",
};

static const char own_tables[] =
    "CREATE SCHEMA fact; CREATE TABLE main.load (load_no INTEGER, load_id VARCHAR, source VARCHAR, "
    "contract_version VARCHAR, scope VARCHAR, file_name VARCHAR, file_sha256 VARCHAR, agreement VARCHAR, "
    "known_from TIMESTAMP, known_to TIMESTAMP, rows_accepted BIGINT, rows_rejected BIGINT, accepted_seq BIGINT, "
    "superseded_seq BIGINT);"
    "CREATE TABLE known_build (build BIGINT, generation INTEGER, began TIMESTAMP, policy VARCHAR);"
    "CREATE TABLE fact_person_past (build BIGINT, load_no INTEGER, row_no BIGINT, person UBIGINT);"
    "CREATE TABLE person_link AS SELECT i::UBIGINT AS person, 1 AS records, 1 AS sources, 'x' AS "
    "weakest_rule, 1.0::DOUBLE AS link_score, i % 9 > 0 AS has_ssn, TRUE AS has_sasid, 1::BIGINT AS link_pairs, "
    "1000000::BIGINT AS link_correct, 0::BIGINT AS link_missed FROM range(1, 2000) t(i);\n"
    "CREATE TABLE person_link_past AS SELECT 0::BIGINT AS build, TRUE AS present, * FROM person_link LIMIT 0;\n";

static void create_tables(const TableDefs *tables, Buf *sql)
{
    buf_adds(sql, own_tables);
    for (size_t i = 0; i < tables->len; i++) {
        bool fact = tables->at[i].origin == TABLE_FACT;
        model_create_sql(&tables->at[i], fact ? "fact" : "main", sql);
        if (fact)
            buf_addf(sql,
                "CREATE VIEW main.%.*s AS SELECT * FROM fact.%.*s WHERE load_no IN (SELECT load_no FROM "
                "main.load WHERE known_to IS NULL);\n",
                SLICE_ARG(tables->at[i].name), SLICE_ARG(tables->at[i].name));
    }
}

Status made_up_fill(Policy *policy, Db *db, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    DerivedTables derived = {0};
    Buf sql;
    Status st = OK;
    arena_init(&arena, 0);
    buf_init(&sql, 0);
    TRY_OUT(model_tables(policy, &arena, &tables, err));
    TRY_OUT(model_derived(&arena, &tables, &derived, err));
    create_tables(&tables, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        TRY_OUT(db_exec(db, facts[i], err));
    buf_reset(&sql);
    for (size_t i = 0; i < derived.len; i++)
        model_insert_sql(&derived.at[i], (Slice){0}, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
out:
    buf_free(&sql);
    vec_free(&tables);
    vec_free(&derived);
    arena_free(&arena);
    return st;
}
