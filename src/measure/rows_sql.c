/*
 * From a definition to one statement that gives, for each person and year, everything a figure needs as small numbers.
 *
 * The definition says who counts. What is the same for all measures - the place of a person, the groups of the splits
 * (everybody in one group of each partition, "unknown" included), the strength of links - is looked up in memory
 * where that is cheaper (units.c, persons.c) and otherwise added here.
 */
#include "measure/units.h"

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

/* DuckDB makes a table of every WITH that is not told otherwise, with all its columns; what is read once is taken in,
 * and then only the columns that a figure needs are read from the tables behind it. */
#define TAKEN_IN "AS NOT MATERIALIZED ("

static size_t count_of(Slice text, Slice word)
{
    size_t n = 0;
    for (size_t at; (at = slice_find(text, word)) < text.len; n++)
        text = slice_sub(text, at + word.len, text.len);
    return n;
}

/* Quarters without wages are kept: "no wages" is a finding, a missing row would be none. */
static void add_subject_quarter(const RowWish *wish, Buf *sql)
{
    bool once = count_of(wish->outcome->sql, SLICE("subject_quarter")) == 1;
    buf_addf(sql,
        ",\nsubject_quarter %sSELECT q.person, q.year, q.origin, q.after_quarters, q.k, q.quarter, w.wages, "
        "w.employers, w.employer, a.quarter IS NOT NULL AS arrived FROM (SELECT s.*, k.k, (s.origin + "
        "s.after_quarters + k.k)::INTEGER AS quarter FROM subject s CROSS JOIN (SELECT unnest(generate_series(%" PRId64
        ", %" PRId64 "))::INTEGER AS k) k) q\nLEFT JOIN ",
        once ? TAKEN_IN : "AS (", wish->outcome->quarter_from, wish->outcome->quarter_to);
    if (wish->work)
        buf_addf(sql,
            "(SELECT * FROM " SUBJECTS_DB ".work WHERE asked = %zu) w ON w.person = q.person AND w.year = q.year AND "
            "w.k = q.k",
            wish->work);
    else
        buf_adds(sql, "employment_person_quarter w ON w.person = q.person AND w.quarter = q.quarter");
    buf_adds(sql, " LEFT JOIN (SELECT DISTINCT quarter FROM wage_quarter) a ON a.quarter = q.quarter)");
}

static void add_subject_select(const Given *given, const char *table, Buf *sql)
{
    const RowInput columns[] = {IN_PERSON, IN_YEAR, IN_ORIGIN, IN_AFTER};
    buf_adds(sql, "SELECT ");
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        buf_adds(sql, i ? ", " : "");
        add_input(given, columns[i], "m", sql);
        buf_addf(sql, " AS %s", input_names[columns[i]]);
    }
    buf_addf(sql, " FROM %s m", table);
    if (given->inputs & BIT(IN_REASON))
        buf_adds(sql, " WHERE m.reason IS NULL");
}

/* WITH measure_subject, subject, subject_quarter; a definition's vector brings `subject` as a table of its own. */
static void add_subject(const RowWish *wish, const Given *given, Buf *sql)
{
    buf_adds(sql, "WITH measure_subject ");
    if (wish->subjects)
        buf_addf(sql, TAKEN_IN "SELECT * FROM " SUBJECTS_DB ".subject_%zu)", wish->subjects);
    else
        buf_addf(sql, "AS MATERIALIZED (SELECT * FROM (%.*s\n))", SLICE_ARG(wish->def->sql));
    buf_adds(sql, ",\nsubject " TAKEN_IN);
    add_subject_select(given, "measure_subject", sql);
    buf_adds(sql, ")");
    if (wish->outcome->has_quarters)
        add_subject_quarter(wish, sql);
}

static Status describe_subject(Db *db, const MeasureFrame *frame, const RowWish *wish, Given *out, Error *err)
{
    const PolicyFile *file = wish->def->file;
    Buf plain;
    buf_init(&plain, 0);
    buf_add(&plain, wish->def->sql);
    Status st = buf_status(&plain, err);
    if (st == OK)
        st = describe(db, file, frame, SUBJECT_INPUTS, &plain, out, err);
    buf_free(&plain);
    if (st == OK && (~out->inputs & (BIT(IN_ORIGIN) | BIT(IN_AFTER))) != 0)
        st = error_set(err, ERR_INVALID, "%s: a measure of a family must give origin and after_quarters", file->path);
    return st;
}

Status measure_subject_sql(
    Db *db, const MeasureFrame *frame, const RowWish *wish, const char *table, Buf *out, Error *err)
{
    Given given;
    TRY(describe_subject(db, frame, wish, &given, err));
    add_subject_select(&given, table, out);
    return buf_status(out, err);
}

static Status add_with_outcome(
    Db *db, const MeasureFrame *frame, const RowWish *wish, Buf *sql, Given *given, Error *err)
{
    Given subject, outcome;
    Buf plain, head;
    Status st = OK;
    buf_init(&plain, 0);
    buf_init(&head, 0);
    TRY_OUT(describe_subject(db, frame, wish, &subject, err));
    add_subject(wish, &subject, &head);
    buf_addf(&plain, "%s\nSELECT * FROM (%.*s\n)", buf_z(&head), SLICE_ARG(wish->outcome->sql));
    TRY_OUT(buf_status(&plain, err));
    TRY_OUT(describe(db, wish->outcome->file, NULL, OUTCOME_INPUTS, &plain, &outcome, err));
    buf_addf(sql, "%s,\noutcome " TAKEN_IN "SELECT * FROM (%.*s\n))\nSELECT m.person, m.year", buf_z(&head),
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
    given->inputs = (subject.inputs & PLAIN_INPUTS & ~OUTCOME_INPUTS) | (outcome.inputs & OUTCOME_INPUTS) |
                    BIT(IN_PERSON) | BIT(IN_YEAR) | BIT(IN_COUNTED);
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
void split_code_sql(const SplitDef *s, Buf *sql)
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

/* --- the statement --- */

const char *const link_names[LINK_COUNT] = {"link_pairs", "link_correct", "link_missed"};

bool split_in_memory(const RowSource *source, const SplitDef *split)
{
    return split->of_person ? source->persons || source->asked : source->units->place_groups[split->number] != NULL;
}

static void begin_column(int *at, RowLayout *layout, Buf *sql)
{
    buf_adds(sql, layout->count > 0 ? ",\n  " : "SELECT ");
    *at = layout->count++;
}

static void add_split(
    const RowSource *source, const SplitDef *s, const Given *given, int *at, RowLayout *layout, Buf *sql)
{
    bool own = (given->splits & BIT(s->number)) != 0, in_memory = split_in_memory(source, s);
    if (in_memory && !own)
        return;
    begin_column(at, layout, sql);
    buf_adds(sql, "(");
    if (own) {
        Buf value;
        buf_init(&value, 0);
        buf_addf(&value, "x.%.*s", SLICE_ARG(s->name));
        buf_addf(sql, "CASE WHEN x.%.*s IS NOT NULL THEN ", SLICE_ARG(s->name));
        if (value.status == OK)
            add_code_case(buf_z(&value), s, sql);
        else
            sql->status = value.status;
        buf_free(&value);
    }
    if (own && !in_memory)
        buf_adds(sql, " ELSE ");
    if (!in_memory)
        split_code_sql(s, sql);
    buf_addf(sql, "%s)::%s", own ? " END" : "", s->overlapping ? "BIGINT" : "UTINYINT");
}

static bool any_reads(const RowSource *source, const RowWish *wish, const char *alias)
{
    for (size_t i = 0; i < wish->split_count; i++)
        if (!split_in_memory(source, wish->splits[i]) && split_reads(wish->splits[i], alias))
            return true;
    return false;
}

/* What is not looked up in memory. */
static void add_from(const RowSource *source, const RowWish *wish, Buf *sql)
{
    bool area = any_reads(source, wish, "a.");
    buf_adds(sql, "\nFROM x\n");
    if (area || any_reads(source, wish, "d."))
        buf_adds(sql, "LEFT JOIN district d ON d.district_id = x.district_id\n");
    if (area || any_reads(source, wish, "c."))
        buf_adds(sql, "LEFT JOIN county c ON c.county_fips = x.county_fips\n");
    if (area)
        buf_adds(sql, "LEFT JOIN workforce_area a ON a.county_fips = coalesce(d.county_fips, c.county_fips)\n");
    if (!source->persons && !source->asked)
        buf_adds(sql, "LEFT JOIN person_link g ON g.person = x.person\n");
    if (any_reads(source, wish, "p."))
        buf_adds(sql, "LEFT JOIN person p ON p.person = x.person\n");
}

/* A version of a definition answers for the years whose 30 June lies in its time of effect. */
static void add_years(const PolicyFile *file, Buf *sql)
{
    buf_addf(sql, " AND i.year >= %d", date_school_year(file->effective_from));
    if (file->effective_to != DATE_NONE)
        buf_addf(sql, " AND i.year < %d", date_school_year(file->effective_to + 1));
}

static const RowInput column_inputs[] = {[COL_PERSON] = IN_PERSON,
    [COL_YEAR] = IN_YEAR,
    [COL_DISTRICT] = IN_DISTRICT,
    [COL_SCHOOL] = IN_SCHOOL,
    [COL_COUNTY] = IN_COUNTY,
    [COL_COUNTED] = IN_COUNTED,
    [COL_HIT] = IN_HIT,
    [COL_COVERED] = IN_COVERED,
    [COL_VALUE] = IN_VALUE,
    [COL_WEIGHT] = IN_WEIGHT,
    [COL_REASON] = IN_REASON,
    [COL_GAP] = IN_GAP,
    [COL_CLAUSE] = IN_CLAUSE,
    [COL_CATEGORY] = IN_CATEGORY,
    [COL_EMPLOYER] = IN_EMPLOYER};

/* Schools are no column where the figures are of districts: a text for each row of the state. */
static bool is_read(const RowSource *source, const RowWish *wish, const Given *given, RowColumn column)
{
    if (column == COL_SCHOOL && !units_have_schools(source->units))
        return false;
    if (column == COL_CATEGORY && wish->def->kind != MEASURE_DISTRIBUTION)
        return false;
    if (column == COL_EMPLOYER && wish->def->kind == MEASURE_RATE)
        return false;
    if (column == COL_CLAUSE && !wish->outcome)
        return false;
    return (given->inputs & BIT(column_inputs[column])) != 0;
}

static void add_column(const RowWish *wish, RowColumn column, Buf *sql)
{
    switch (column) {
    case COL_REASON:
        add_reason_case("x.reason", wish->def->reasons, wish->def->reason_count, sql);
        break;
    case COL_CLAUSE:
        add_reason_case("x.clause", wish->outcome->clauses, wish->outcome->clause_count, sql);
        break;
    case COL_GAP:
        add_gap_case("x.gap", sql);
        break;
    default:
        buf_addf(sql, "x.%s", input_names[column_inputs[column]]);
        return;
    }
    buf_adds(sql, "::UTINYINT");
}

static void add_columns(const RowSource *source, const RowWish *wish, const Given *given, RowLayout *layout, Buf *sql)
{
    for (size_t i = 0; i < COUNT_OF(column_inputs); i++) {
        if (!is_read(source, wish, given, (RowColumn)i))
            continue;
        begin_column(&layout->column[i], layout, sql);
        add_column(wish, (RowColumn)i, sql);
    }
    bool links = !source->persons && !source->asked;
    if (links) {
        begin_column(&layout->column[COL_STRONG], layout, sql);
        buf_addf(sql, "g.link_score >= %.*s", SLICE_ARG(source->frame->strong));
    }
    for (size_t i = 0; links && i < LINK_COUNT; i++) {
        begin_column(&layout->column[COL_LINK + i], layout, sql);
        buf_addf(sql, "g.%s::BIGINT", link_names[i]);
    }
    for (size_t i = 0; i < wish->split_count; i++)
        add_split(source, wish->splits[i], given, &layout->split[i], layout, sql);
}

Status measure_rows_sql(const RowSource *source, const RowWish *wish, Buf *out, RowLayout *layout, Error *err)
{
    Given given;
    Buf input;
    Status st = OK;
    layout->count = 0;
    for (size_t i = 0; i < COL_COUNT; i++)
        layout->column[i] = -1;
    for (size_t i = 0; i < SPLITS_MAX; i++)
        layout->split[i] = -1;
    buf_init(&input, 0);
    TRY_OUT(add_input_select(source->db, source->frame, wish, &input, &given, err));
    buf_adds(out, "WITH i " TAKEN_IN "SELECT * FROM (");
    buf_add(out, buf_slice(&input));
    buf_adds(out, "\n)),\nx " TAKEN_IN "SELECT ");
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
    if (wish->year_from)
        buf_addf(out, " AND i.year >= %" PRId32, wish->year_from);
    if (wish->year_to)
        buf_addf(out, " AND i.year <= %" PRId32, wish->year_to);
    buf_adds(out, "))\n");
    add_columns(source, wish, &given, layout, out);
    add_from(source, wish, out);
    TRY_OUT(buf_status(out, err));
out:
    buf_free(&input);
    return st;
}
