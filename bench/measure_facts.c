/*
 * The facts: a third of the people went to high school, a sixth to college, a twentieth took part in a programme, and
 * everybody has wages in two thirds of 30 quarters, so that 2.5 million people have 50 million wages. Nobody is linked:
 * that is another bench. A person's pseudonym is a hash, as in a real generation: numbers in a row would compress and
 * join better than any state's.
 *
 * Wages are made a quarter at a time, and derived tables as the build makes them, so that memory stays within the
 * home's setting at any size.
 */
#include "measure_facts.h"

#include "facts/facts_parts.h"
#include "store/warehouse.h"

#include <stdio.h>

#define ID "lpad((hash(i, 1) % 200)::VARCHAR, 4, '0')"
#define PERSON "hash(i, 7919) AS person"
/* {n} stands for the number of people. A tenth of them is in a cohort of the last ten years each. */
static const char *const facts[] = {
    "INSERT INTO main.load BY NAME SELECT 1 AS load_no, 'a' AS load_id, 's' AS source, 10 AS rows_accepted",
    "INSERT INTO main.person_link BY NAME SELECT " PERSON ", 1 AS records, 1 AS sources, 'x' AS weakest_rule, (0.9 + "
    "(i % 11) / 100)::DOUBLE AS link_score, i % 5 > 0 AS has_ssn, TRUE AS has_sasid, 'x' AS sectors, 1::BIGINT AS "
    "link_pairs, 1000000::BIGINT AS link_correct, 0::BIGINT AS link_missed FROM range(1, {n}) t(i) ORDER BY person",
    "INSERT INTO county SELECT '08' || lpad((i * 2 + 1)::VARCHAR, 3, '0'), 'c', TRUE FROM range(64) t(i)",
    "INSERT INTO district BY NAME SELECT lpad(i::VARCHAR, 4, '0') AS district_id, '08' || lpad(((i % 64) * 2 + "
    "1)::VARCHAR, 3, '0') AS county_fips, ['urban', 'suburban', 'rural', 'small_rural'][1 + i % 4] AS rurality FROM "
    "range(185) t(i)",
    "INSERT INTO school BY NAME SELECT lpad((i // 3)::VARCHAR, 4, '0') AS district_id, lpad((i % 3)::VARCHAR, 4, '0') "
    "AS school_id FROM range(555) t(i)",
    "INSERT INTO fact.k12_end_of_year BY NAME SELECT " PERSON ", 2012 + i % 13 + y AS school_year, " ID " AS "
    "district_id, lpad((hash(i, 2) % 3)::VARCHAR, 4, '0') AS school_id, lpad((9 + y)::VARCHAR, 2, '0') AS grade_level, "
    "CASE WHEN y < 3 THEN 'year_end' WHEN hash(i, 3) % 20 = 0 THEN 'transfer_verified' WHEN hash(i, 4) % 6 = 0 THEN "
    "'dropout' ELSE 'graduated' END AS exit_class, CASE WHEN y = 3 AND hash(i, 3) % 20 > 0 AND hash(i, 4) % 6 > 0 THEN "
    "CASE WHEN hash(i, 5) % 30 = 0 THEN 'certificate' ELSE 'diploma' END END AS completion_type, CASE WHEN y = 3 THEN "
    "make_date((2012 + i % 13 + y)::INTEGER, 5, 20) END AS completion_date, 1 AS load_no, i * 4 + y AS row_no FROM "
    "range(1, {n}) a(i), range(4) b(y) WHERE i % 3 = 0 ORDER BY row_no",
    "INSERT INTO fact.k12_student_year BY NAME SELECT " PERSON ", 2012 + i % 13 AS school_year, " ID
    " AS district_id, '09' AS grade_level, ['F', 'M'][1 + i % 2] AS sex, hash(i, 6) % 3 = 0 AS hispanic, hash(i, 7) % "
    "50 = 0 AS american_indian, hash(i, 8) % 20 = 0 AS asian, hash(i, 9) % 15 = 0 AS black, hash(i, 10) % 99 = 0 AS "
    "pacific_islander, hash(i, 11) % 3 > 0 AS white, hash(i, 12) % 2 = 0 AS economically_disadvantaged, hash(i, 13) % "
    "8 = 0 AS english_learner, hash(i, 14) % 9 = 0 AS disability, hash(i, 15) % 100 = 0 AS migrant, hash(i, 16) % 40 = "
    "0 AS homeless, hash(i, 17) % 120 = 0 AS foster, 1 AS load_no, i AS row_no FROM range(1, {n}) t(i) WHERE i % 3 = 0 "
    "ORDER BY row_no",
    "INSERT INTO fact.ps_enrollment BY NAME SELECT " PERSON ", (1000 + hash(i, 20) % 60)::VARCHAR AS institution_id, "
    "'CO' AS institution_state, '4-year' AS institution_level, 'public' AS institution_control, make_date((2016 + i % "
    "13 + t // 2)::INTEGER, [8, 1][(1 + t % 2)::INTEGER], 20) AS begin_date, make_date((2016 + i % 13 + t // "
    "2)::INTEGER, [12, 5][(1 + t % 2)::INTEGER], 20) AS end_date, 'full' AS status, 12 AS credits, 'state' AS via, 1 "
    "AS load_no, i * 8 + t AS row_no FROM range(1, {n}) a(i), range(6) b(t) WHERE i % 6 = 0 AND hash(i, t) % 5 > 0 "
    "ORDER BY row_no",
    "INSERT INTO fact.ps_award BY NAME SELECT " PERSON ", (1000 + hash(i, 20) % 60)::VARCHAR AS institution_id, "
    "make_date((2019 + i % 7)::INTEGER, 5, 15) AS award_date, 'bachelor' AS award_level, '110701' AS cip, 'state' AS "
    "via, 1 AS load_no, i AS row_no FROM range(1, {n}) t(i) WHERE i % 12 = 0 ORDER BY row_no",
    "INSERT INTO fact.program_participation BY NAME SELECT " PERSON ", ['WIOA_ADULT', 'WIOA_YOUTH', "
    "'WAGNER_PEYSER'][1 + i % 3] AS program, make_date(2019, 1, 5) AS entry_date, make_date((2019 + i % 6)::INTEGER, "
    "(1 + i % 12)::INTEGER, 1) AS exit_date, CASE WHEN i % 13 = 0 THEN '03' ELSE '00' END AS exit_reason, '08' || "
    "lpad(((i % 64) * 2 + 1)::VARCHAR, 3, '0') AS county_fips, i % 5 = 0 AS hispanic, 1 AS load_no, i AS row_no FROM "
    "range(1, {n}) t(i) WHERE i % 20 = 1 ORDER BY row_no",
};

enum { FIRST_QUARTER = 8076, QUARTER_END = 8106 };
static const char wages[] =
    "INSERT INTO fact.employment_quarter BY NAME SELECT " PERSON ", {q} AS quarter, md5((hash(i, {q} // 6) % "
    "5000)::VARCHAR)::UUID AS employer, (2000 + hash(i, {q}) % 1500000 / 100)::DECIMAL(12,2) AS wages, 1 AS load_no, "
    "(i * 64 + {q} - 8060) AS row_no FROM range(1, {n}) a(i) WHERE hash(i, {q}, 3) % 3 > 0 ORDER BY row_no";

typedef struct Fill {
    Slice mark, with;
} Fill;

static void add_filled(Slice text, const Fill *fills, size_t count, Buf *out)
{
    for (size_t at; (at = slice_find(text, SLICE("{"))) < text.len;) {
        buf_add(out, slice_sub(text, 0, at));
        text = slice_sub(text, at, text.len);
        size_t k = 0;
        while (k < count && !slice_starts(text, fills[k].mark))
            k++;
        ASSERT(k < count);
        buf_add(out, fills[k].with);
        text = slice_sub(text, fills[k].mark.len, text.len);
    }
    buf_add(out, text);
}

static Status insert(Db *db, const char *template, const char *people, int quarter, Error *err)
{
    char number[12];
    snprintf(number, sizeof number, "%d", quarter);
    const Fill fills[] = {{SLICE("{n}"), slice_of(people)}, {SLICE("{q}"), slice_of(number)}};
    Buf sql;
    buf_init(&sql, 0);
    add_filled(slice_of(template), fills, COUNT_OF(fills), &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status insert_all(Db *db, const char *people, Error *err)
{
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        TRY(insert(db, facts[i], people, 0, err));
    for (int q = FIRST_QUARTER; q < QUARTER_END; q++)
        TRY(insert(db, wages, people, q, err));
    return OK;
}

/* What identity_export would leave behind, empty. */
static const char links[] =
    "CREATE TABLE staging.person_link (person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, "
    "link_score DOUBLE, has_ssn BOOLEAN, has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, "
    "link_missed BIGINT); CREATE TABLE staging.link_source (source VARCHAR)";

static Status fill(Db *db, Policy *policy, const TableDefs *tables, const char *people, Error *err)
{
    const FactsInput in = {.policy = policy, .progress = PROGRESS_OFF};
    TRY(db_exec(db, "ATTACH ':memory:' AS staging", err));
    TRY(db_exec(db, links, err));
    TRY(facts_schema_create(db, tables, err));
    TRY(insert_all(db, people, err));
    TRY(facts_schema_views(db, tables, NULL, 0, err));
    return facts_derive(db, &in, tables, err);
}

Status measure_facts_build(Home *home, Policy *policy, const char *people, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    Generation *gen = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_tables(policy, &arena, &tables, err));
    TRY_OUT(generation_begin(home, &gen, err));
    TRY_OUT(fill(generation_db(gen), policy, &tables, people, err));
    st = generation_publish(gen, err);
    gen = NULL;
out:
    generation_abandon(gen);
    vec_free(&tables);
    arena_free(&arena);
    return st;
}
