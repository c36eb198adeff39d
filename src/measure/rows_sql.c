/*
 * From a definition to one statement that gives, for each person and year, everything a figure needs as small numbers.
 *
 * The definition says who counts; what is the same for all measures is added here, once: the place of a person
 * (state > county > district > school, each unit in exactly one unit above), the groups of the splits (everybody in one
 * group of each partition, "unknown" included), coverage and strength of links. Texts become numbers inside DuckDB,
 * because a comparison of two texts a row and split is what the whole used to spend its time on.
 */
#include "measure/measure_parts.h"

typedef enum RowInput {
    IN_PERSON,
    IN_YEAR,
    IN_DISTRICT,
    IN_SCHOOL,
    IN_COUNTY,
    IN_COUNTED,
    IN_HIT,
    IN_VALUE,
    IN_WEIGHT,
    IN_CATEGORY,
    IN_EMPLOYER,
    IN_COVERED,
    IN_GAP,
    IN_REASON,
    IN_CLAUSE,
    IN_ORIGIN,
    IN_AFTER,
    IN_COUNT
} RowInput;

#define BIT(i) (UINT64_C(1) << (i))
#define SUBJECT_INPUTS \
    (BIT(IN_PERSON) | BIT(IN_YEAR) | BIT(IN_DISTRICT) | BIT(IN_SCHOOL) | BIT(IN_COUNTY) | BIT(IN_COUNTED) | \
        BIT(IN_REASON) | BIT(IN_ORIGIN) | BIT(IN_AFTER))
#define OUTCOME_INPUTS \
    (BIT(IN_PERSON) | BIT(IN_YEAR) | BIT(IN_COUNTED) | BIT(IN_HIT) | BIT(IN_VALUE) | BIT(IN_WEIGHT) | \
        BIT(IN_CATEGORY) | BIT(IN_EMPLOYER) | BIT(IN_COVERED) | BIT(IN_GAP) | BIT(IN_CLAUSE))
#define PLAIN_INPUTS ((BIT(IN_COUNT) - 1) & ~(BIT(IN_CLAUSE) | BIT(IN_ORIGIN) | BIT(IN_AFTER)))

/* Names and types of what a definition may give, in the order of RowInput. */
static const char *const input_names[IN_COUNT] = {"person", "year", "district_id", "school_id", "county_fips",
    "counted", "hit", "value", "weight", "category", "employer", "covered", "gap", "reason", "clause", "origin",
    "after_quarters"};
static const char *const input_types[IN_COUNT] = {"UBIGINT", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN",
    "BOOLEAN", "DECIMAL(14,2)", "DECIMAL(14,2)", "VARCHAR", "UUID", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR",
    "INTEGER", "INTEGER"};

/* --- what the definition gives --- */

static bool find_input(Slice name, RowInput *out)
{
    for (size_t i = 0; i < IN_COUNT; i++) {
        if (slice_eq_z(name, input_names[i])) {
            *out = (RowInput)i;
            return true;
        }
    }
    return false;
}

typedef struct Given { /* columns of a SELECT */
    uint64_t inputs;
    uint64_t splits; /* a bit a split of the frame */
} Given;

static Status take_column(
    const PolicyFile *file, const MeasureFrame *frame, uint64_t allowed, Slice name, Given *out, Error *err)
{
    RowInput input;
    if (find_input(name, &input) && (allowed & BIT(input))) {
        out->inputs |= BIT(input);
        return OK;
    }
    for (size_t i = 0; frame && i < frame->split_count; i++) {
        if (slice_eq(frame->splits[i].name, name) && !frame->splits[i].overlapping) {
            out->splits |= BIT(i);
            return OK;
        }
    }
    return error_set(err, ERR_INVALID, "%s: the SQL gives a column %.*s, which the engine does not know here",
        file->path, SLICE_ARG(name));
}

/* frame NULL: splits are not allowed. */
static Status describe(Db *db, const PolicyFile *file, const MeasureFrame *frame, uint64_t allowed, const Buf *select,
    Given *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    *out = (Given){0};
    TRY_OUT(db_queryf(db, &rows, err, "DESCRIBE SELECT * FROM (%s\n)", select->ptr));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(take_column(file, frame, allowed, db_str(rows, 0), out, err));
    }
    if ((~out->inputs & (BIT(IN_PERSON) | BIT(IN_YEAR))) != 0)
        st = error_set(err, ERR_INVALID, "%s: the SQL must give person and year", file->path);
out:
    db_rows_free(rows);
    return st;
}

static void add_input(const Given *given, RowInput input, const char *alias, Buf *sql)
{
    if (given->inputs & BIT(input))
        buf_addf(sql, "CAST(%s.%s AS %s)", alias, input_names[input], input_types[input]);
    else
        buf_addf(sql, "NULL::%s", input_types[input]);
}

/* Quarters without wages are kept: "no wages" is a finding, a missing row would be none. */
static void add_subject_quarter(const OutcomeDef *outcome, Buf *sql)
{
    buf_addf(sql,
        ",\nsubject_quarter AS (SELECT s.person, s.year, s.origin, s.after_quarters, k.k, q.quarter, w.wages, "
        "w.employers, w.employer, a.quarter IS NOT NULL AS arrived FROM subject s "
        "CROSS JOIN (SELECT unnest(generate_series(%" PRId64 ", %" PRId64 "))::INTEGER AS k) k "
        "CROSS JOIN LATERAL (SELECT (s.origin + s.after_quarters + k.k)::INTEGER AS quarter) q "
        "LEFT JOIN employment_person_quarter w ON w.person = s.person AND w.quarter = q.quarter "
        "LEFT JOIN (SELECT DISTINCT quarter FROM wage_quarter) a ON a.quarter = q.quarter)",
        outcome->quarter_from, outcome->quarter_to);
}

/* WITH measure_subject, subject, subject_quarter; a definition's vector brings `subject` as a table of its own. */
static void add_subject(const RowWish *wish, const Given *given, Buf *sql)
{
    buf_addf(sql, "WITH measure_subject AS MATERIALIZED (SELECT * FROM (%.*s\n)),\nsubject AS (SELECT ",
        SLICE_ARG(wish->def->sql));
    const RowInput columns[] = {IN_PERSON, IN_YEAR, IN_ORIGIN, IN_AFTER};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        buf_adds(sql, i ? ", " : "");
        add_input(given, columns[i], "m", sql);
        buf_addf(sql, " AS %s", input_names[columns[i]]);
    }
    buf_adds(sql, " FROM measure_subject m");
    if (given->inputs & BIT(IN_REASON))
        buf_adds(sql, " WHERE m.reason IS NULL");
    buf_adds(sql, ")");
    if (wish->outcome->has_quarters)
        add_subject_quarter(wish->outcome, sql);
}

static Status add_with_outcome(
    Db *db, const MeasureFrame *frame, const RowWish *wish, Buf *sql, Given *given, Error *err)
{
    Given subject, outcome;
    Buf plain, head;
    Status st = OK;
    buf_init(&plain, 0);
    buf_init(&head, 0);
    buf_add(&plain, wish->def->sql);
    TRY_OUT(buf_status(&plain, err));
    TRY_OUT(describe(db, wish->def->file, frame, SUBJECT_INPUTS, &plain, &subject, err));
    if ((~subject.inputs & (BIT(IN_ORIGIN) | BIT(IN_AFTER))) != 0) {
        st = error_set(
            err, ERR_INVALID, "%s: a measure of a family must give origin and after_quarters", wish->def->file->path);
        goto out;
    }
    add_subject(wish, &subject, &head);
    buf_reset(&plain);
    buf_addf(&plain, "%s\nSELECT * FROM (%.*s\n)", buf_z(&head), SLICE_ARG(wish->outcome->sql));
    TRY_OUT(buf_status(&plain, err));
    TRY_OUT(describe(db, wish->outcome->file, NULL, OUTCOME_INPUTS, &plain, &outcome, err));
    buf_addf(sql, "%s,\noutcome AS (SELECT * FROM (%.*s\n))\nSELECT m.person, m.year", buf_z(&head),
        SLICE_ARG(wish->outcome->sql));
    for (size_t i = IN_DISTRICT; i < IN_CLAUSE + 1; i++) {
        bool of_outcome = (OUTCOME_INPUTS & BIT(i)) != 0 && i != IN_COUNTED;
        buf_adds(sql, ", ");
        if (i == IN_COUNTED) {
            buf_adds(sql, "(coalesce(");
            add_input(&subject, IN_COUNTED, "m", sql);
            buf_adds(sql, ", FALSE) AND coalesce(");
            add_input(&outcome, IN_COUNTED, "o", sql);
            buf_adds(sql, ", TRUE))");
        } else {
            add_input(of_outcome ? &outcome : &subject, (RowInput)i, of_outcome ? "o" : "m", sql);
        }
        buf_addf(sql, " AS %s", input_names[i]);
    }
    for (size_t i = 0; i < frame->split_count; i++)
        if (subject.splits & BIT(i))
            buf_addf(sql, ", m.%.*s", SLICE_ARG(frame->splits[i].name));
    buf_adds(sql, "\nFROM measure_subject m LEFT JOIN outcome o ON o.person = m.person AND o.year = m.year");
    given->inputs = PLAIN_INPUTS | BIT(IN_CLAUSE);
    given->splits = subject.splits;
out:
    buf_free(&plain);
    buf_free(&head);
    return st;
}

static Status add_input_select(
    Db *db, const MeasureFrame *frame, const RowWish *wish, Buf *sql, Given *given, Error *err)
{
    if (wish->outcome)
        return add_with_outcome(db, frame, wish, sql, given, err);
    Buf plain;
    buf_init(&plain, 0);
    buf_add(&plain, wish->def->sql);
    Status st = buf_status(&plain, err);
    if (st == OK)
        st = describe(db, wish->def->file, frame, PLAIN_INPUTS, &plain, given, err);
    buf_add(sql, buf_slice(&plain));
    buf_free(&plain);
    return st;
}

Status measure_input_sql(Db *db, const MeasureFrame *frame, const RowWish *wish, Buf *out, Error *err)
{
    Given given;
    Buf inner;
    buf_init(&inner, 0);
    Status st = add_input_select(db, frame, wish, &inner, &given, err);
    buf_adds(out, "SELECT ");
    for (size_t i = 0; i <= IN_CLAUSE; i++) {
        buf_adds(out, i ? ", " : "");
        add_input(&given, (RowInput)i, "x", out);
        buf_addf(out, " AS %s", input_names[i]);
    }
    buf_addf(out, " FROM (%s\n) x", inner.ptr ? inner.ptr : "");
    buf_free(&inner);
    return st == OK ? buf_status(out, err) : st;
}

/* --- numbers for texts --- */

static void add_code_case(const char *value, const SplitDef *s, Buf *sql)
{
    buf_addf(sql, "CASE %s", value);
    for (size_t i = 1; i < s->value_count; i++) {
        buf_adds(sql, " WHEN ");
        sql_literal(sql, s->values[i].code);
        buf_addf(sql, " THEN %zu", i);
    }
    buf_adds(sql, " ELSE 0 END");
}

/* One number a person: the group's code, or a bit a group where they overlap. */
static void add_shared_code(const SplitDef *s, Buf *sql)
{
    if (s->overlapping) {
        for (size_t i = 1; i < s->value_count; i++)
            buf_addf(sql, "%sCASE WHEN (%.*s) THEN %" PRIu64 "::BIGINT ELSE 0 END", i > 1 ? " + " : "(",
                SLICE_ARG(s->values[i].sql), BIT(i));
        buf_adds(sql, ")");
        return;
    }
    Buf value;
    buf_init(&value, 0);
    buf_addf(&value, "(%.*s)", SLICE_ARG(s->sql));
    if (value.status == OK)
        add_code_case(buf_z(&value), s, sql);
    else
        sql->status = value.status;
    buf_free(&value);
}

static void add_reason_case(const char *value, const Reason *reasons, size_t count, Buf *sql)
{
    buf_addf(sql, "CASE WHEN %s IS NULL THEN 0", value);
    for (size_t i = 0; i < count; i++) {
        buf_addf(sql, " WHEN %s = ", value);
        sql_literal(sql, reasons[i].code);
        buf_addf(sql, " THEN %zu", i + 1);
    }
    buf_adds(sql, " ELSE 255 END");
}

static void add_gap_case(const char *value, Buf *sql)
{
    buf_addf(sql, "CASE WHEN %s IS NULL THEN 255", value);
    for (size_t i = 0; i < GAP_COUNT; i++)
        buf_addf(sql, " WHEN %s = '%s' THEN %zu", value, measure_gap_names[i], i);
    buf_addf(sql, " ELSE %d END", GAP_COUNT);
}

/* --- temporary tables --- */

static const char units_sql[] =
    "CREATE OR REPLACE TEMP TABLE measure_county AS SELECT county_fips, row_number() OVER (ORDER BY county_fips) AS "
    "cairn_n FROM (SELECT county_fips FROM county UNION SELECT county_fips FROM district) WHERE county_fips IS NOT "
    "NULL;\n"
    "CREATE OR REPLACE TEMP TABLE measure_district AS SELECT d.*, row_number() OVER (ORDER BY d.district_id) AS "
    "cairn_n, c.cairn_n AS cairn_county_n FROM district d LEFT JOIN temp.measure_county c ON c.county_fips = "
    "d.county_fips WHERE d.district_id IS NOT NULL;\n"
    "CREATE OR REPLACE TEMP TABLE measure_school AS SELECT district_id, school_id, row_number() OVER (ORDER BY "
    "district_id, school_id) AS cairn_n FROM school WHERE district_id IS NOT NULL AND school_id IS NOT NULL;\n";

static Status read_unit_names(Db *db, const char *sql, Arena *arena, Slice **out, size_t *count, Error *err)
{
    DbRows *rows = NULL;
    VEC(Slice) list = {0};
    bool more = true;
    Status st = OK;
    TRY_OUT(vec_push(&list, SLICE("OTHER"), err));
    TRY_OUT(db_query(db, sql, &rows, err));
    for (;;) {
        Slice name;
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(arena_dup(arena, db_str(rows, 0), &name, err));
        TRY_OUT(vec_push(&list, name, err));
    }
    TRY_OUT(arena_new(arena, Slice, list.len, out, err));
    memcpy(*out, list.at, list.len * sizeof *list.at);
    *count = list.len;
out:
    db_rows_free(rows);
    vec_free(&list);
    return st;
}

Status measure_units_prepare(Db *db, Arena *arena, UnitNames *out, Error *err)
{
    *out = (UnitNames){0};
    TRY(db_exec(db, units_sql, err));
    TRY(read_unit_names(db, "SELECT county_fips FROM temp.measure_county ORDER BY cairn_n", arena, &out->counties,
        &out->county_count, err));
    TRY(read_unit_names(db, "SELECT district_id FROM temp.measure_district ORDER BY cairn_n", arena, &out->districts,
        &out->district_count, err));
    TRY(read_unit_names(db, "SELECT school_id FROM temp.measure_school ORDER BY cairn_n", arena, &out->schools,
        &out->school_count, err));
    if (out->county_count > UINT16_MAX || out->district_count >= (1u << 20) || out->school_count >= (1u << 20))
        return error_set(err, ERR_LIMIT, "more counties, districts or schools than the engine numbers");
    return OK;
}

static const char *const link_names[] = {"link_pairs", "link_correct", "link_missed"};

Status measure_persons_prepare(Db *db, const MeasureFrame *frame, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "CREATE OR REPLACE TEMP TABLE measure_person AS SELECT coalesce(p.person, k.person) AS person, "
        "coalesce(k.link_score >= %.*s, FALSE) AS strong",
        SLICE_ARG(frame->strong));
    for (size_t i = 0; i < COUNT_OF(link_names); i++)
        buf_addf(&sql, ", coalesce(k.%s, 0)::BIGINT AS %s", link_names[i], link_names[i]);
    for (size_t i = 0; i < frame->split_count; i++) {
        const SplitDef *s = &frame->splits[i];
        if (!s->of_person)
            continue;
        buf_adds(&sql, ",\n  (");
        add_shared_code(s, &sql);
        buf_addf(&sql, ")::%s AS split_%.*s", s->overlapping ? "BIGINT" : "UTINYINT", SLICE_ARG(s->name));
    }
    buf_adds(&sql, "\nFROM person p FULL JOIN person_link k ON k.person = p.person");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* --- the statement --- */

static void add_split(const RowSource *source, const SplitDef *s, const Given *given, Buf *sql)
{
    size_t number = (size_t)(s - source->frame->splits);
    bool own = (given->splits & BIT(number)) != 0;
    Buf value;
    buf_adds(sql, ",\n  ");
    if (own) {
        buf_init(&value, 0);
        buf_addf(&value, "x.%.*s", SLICE_ARG(s->name));
        buf_addf(sql, "CASE WHEN x.%.*s IS NOT NULL THEN ", SLICE_ARG(s->name));
        if (value.status == OK)
            add_code_case(buf_z(&value), s, sql);
        else
            sql->status = value.status;
        buf_adds(sql, " ELSE ");
        buf_free(&value);
    }
    if (s->of_person && source->persons_ready)
        buf_addf(sql, "coalesce(g.split_%.*s, 0)", SLICE_ARG(s->name));
    else
        add_shared_code(s, sql);
    if (own)
        buf_adds(sql, " END");
}

static bool any_reads(const RowWish *wish, const char *alias)
{
    for (size_t i = 0; i < wish->split_count; i++) {
        const SplitDef *s = wish->splits[i];
        if (slice_find(s->sql, slice_of(alias)) < s->sql.len)
            return true;
        for (size_t k = 1; k < s->value_count; k++)
            if (slice_find(s->values[k].sql, slice_of(alias)) < s->values[k].sql.len)
                return true;
    }
    return false;
}

static void add_from(const RowSource *source, const RowWish *wish, Buf *sql)
{
    buf_adds(sql, "LEFT JOIN temp.measure_district d ON d.district_id = x.district_id\n"
                  "LEFT JOIN temp.measure_school s ON s.school_id = x.school_id AND s.district_id = x.district_id\n"
                  "LEFT JOIN temp.measure_county cn ON cn.county_fips = x.county_fips\n");
    /* c holds what the county list knows; numbers are also given to counties that only the district list names */
    buf_adds(sql, "LEFT JOIN county c ON c.county_fips = x.county_fips\n");
    if (any_reads(wish, "a."))
        buf_adds(sql, "LEFT JOIN workforce_area a ON a.county_fips = coalesce(d.county_fips, c.county_fips)\n");
    if (source->persons_ready)
        buf_adds(sql, "LEFT JOIN temp.measure_person g ON g.person = x.person");
    else
        buf_adds(sql, "LEFT JOIN person_link g ON g.person = x.person");
    if (!source->persons_ready && any_reads(wish, "p."))
        buf_adds(sql, "\nLEFT JOIN person p ON p.person = x.person");
}

/* A version of a definition answers for the years whose June lies in its time of effect. */
static void add_years(const PolicyFile *file, Buf *sql)
{
    char from[11], to[11];
    date_print(file->effective_from, from);
    buf_addf(sql, " AND make_date(i.year, 6, 30) >= DATE '%s'", from);
    if (file->effective_to != DATE_NONE) {
        date_print(file->effective_to, to);
        buf_addf(sql, " AND make_date(i.year, 6, 30) <= DATE '%s'", to);
    }
}

static void add_columns(const RowSource *source, const RowWish *wish, const Given *given, Buf *sql)
{
    buf_adds(sql, "SELECT x.person, x.year, coalesce(d.cairn_county_n, CASE WHEN c.county_fips IS NOT NULL "
                  "THEN cn.cairn_n END, 0), coalesce(d.cairn_n, 0), coalesce(s.cairn_n, 0), "
                  "coalesce(x.counted, FALSE), coalesce(x.hit, FALSE), coalesce(x.covered, FALSE), ");
    if (source->persons_ready)
        buf_adds(sql, "coalesce(g.strong, FALSE)");
    else
        buf_addf(sql, "coalesce(g.link_score >= %.*s, FALSE)", SLICE_ARG(source->frame->strong));
    buf_adds(sql, ", x.value, x.weight");
    for (size_t i = 0; i < COUNT_OF(link_names); i++)
        buf_addf(sql, ", coalesce(g.%s, 0)", link_names[i]);
    buf_adds(sql, ",\n  ");
    add_reason_case("x.reason", wish->def->reasons, wish->def->reason_count, sql);
    buf_adds(sql, ", ");
    add_gap_case("x.gap", sql);
    buf_adds(sql, ", ");
    if (wish->outcome)
        add_reason_case("x.clause", wish->outcome->clauses, wish->outcome->clause_count, sql);
    else
        buf_adds(sql, "0");
    buf_adds(sql, ", x.category, x.employer");
    for (size_t i = 0; i < wish->split_count; i++)
        add_split(source, wish->splits[i], given, sql);
}

Status measure_rows_sql(const RowSource *source, const RowWish *wish, Buf *out, Error *err)
{
    Given given;
    Buf input;
    Status st = OK;
    buf_init(&input, 0);
    TRY_OUT(add_input_select(source->db, source->frame, wish, &input, &given, err));
    buf_adds(out, "WITH i AS (SELECT * FROM (");
    buf_add(out, buf_slice(&input));
    buf_adds(out, "\n)),\nx AS (SELECT ");
    for (size_t i = 0; i <= IN_CLAUSE; i++) {
        buf_adds(out, i ? ", " : "");
        add_input(&given, (RowInput)i, "i", out);
        buf_addf(out, " AS %s", input_names[i]);
    }
    for (size_t i = 0; i < source->frame->split_count; i++)
        if (given.splits & BIT(i))
            buf_addf(out, ", CAST(i.%.*s AS VARCHAR) AS %.*s", SLICE_ARG(source->frame->splits[i].name),
                SLICE_ARG(source->frame->splits[i].name));
    /* rows without a year are kept, to be refused by name */
    buf_adds(out, " FROM i WHERE i.year IS NULL OR (TRUE");
    add_years(wish->def->file, out);
    if (wish->outcome)
        add_years(wish->outcome->file, out);
    buf_adds(out, "))\n");
    add_columns(source, wish, &given, out);
    buf_adds(out, "\nFROM x\n");
    add_from(source, wish, out);
    TRY_OUT(buf_status(out, err));
out:
    buf_free(&input);
    return st;
}
