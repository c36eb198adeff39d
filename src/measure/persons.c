/*
 * One row a person, by the same joins as the cells (measure_sql.c): a person is in the unit and group here in which the
 * cells count her.
 */
#include "measure/persons.h"
#include "measure/measure_parts.h"

static const char *unit_sql(Slice level)
{
    if (slice_eq_z(level, "county"))
        return "coalesce(d.county_fips, c.county_fips, 'OTHER')";
    if (slice_eq_z(level, "district"))
        return "coalesce(d.district_id, 'OTHER')";
    if (slice_eq_z(level, "school"))
        return "coalesce(d.district_id, 'OTHER') || '-' || coalesce(s.school_id, 'OTHER')";
    return NULL;
}

static void add_columns(const MeasureFrame *frame, const MeasureDef *def, Buf *sql)
{
    /* Columns that a definition does not give are NULL: an empty row of all of them goes first. */
    buf_adds(sql,
        "WITH raw AS (SELECT NULL::UBIGINT AS person, NULL::INTEGER AS year, NULL::VARCHAR AS district_id, "
        "NULL::VARCHAR AS school_id, NULL::VARCHAR AS county_fips, NULL::BOOLEAN AS counted, NULL::BOOLEAN AS hit, "
        "NULL::DECIMAL(14,2) AS value, NULL::BOOLEAN AS covered, NULL::VARCHAR AS reason");
    for (size_t i = 0; i < frame->split_count; i++)
        buf_addf(sql, ", NULL::VARCHAR AS %.*s", SLICE_ARG(frame->splits[i].name));
    buf_addf(sql, " WHERE FALSE UNION ALL BY NAME SELECT * FROM (%.*s\n))\n", SLICE_ARG(def->sql));
}

static void add_group(const SplitDef *s, Buf *sql)
{
    if (!s) {
        buf_adds(sql, "'all'");
        return;
    }
    buf_addf(sql, "CASE WHEN coalesce(x.%.*s, %.*s) IN (", SLICE_ARG(s->name), SLICE_ARG(s->sql));
    for (size_t i = 0; i < s->value_count; i++) {
        buf_adds(sql, i ? ", " : "");
        sql_literal(sql, s->values[i]);
    }
    buf_addf(sql, ") THEN coalesce(x.%.*s, %.*s) ELSE 'unknown' END", SLICE_ARG(s->name), SLICE_ARG(s->sql));
}

static void persons_sql(
    const MeasureFrame *frame, const MeasureDef *def, const SplitDef *split, const PersonsQuery *q, Buf *sql)
{
    const char *unit = unit_sql(q->level);
    add_columns(frame, def, sql);
    buf_adds(sql, "SELECT x.person, ");
    if (unit)
        buf_adds(sql, unit);
    else
        sql_literal(sql, frame->state);
    buf_adds(sql, " AS unit, ");
    add_group(split, sql);
    buf_addf(sql,
        " AS grp, coalesce(x.reason, '') AS reason, coalesce(x.counted, FALSE)%s AS counted, "
        "coalesce(x.counted AND x.hit, FALSE) AS hit, coalesce(x.covered, FALSE) AS covered, "
        "x.value IS NOT NULL AS has_value, coalesce((x.value * 100)::BIGINT, 0) AS cents FROM raw x\n"
        "LEFT JOIN district d ON d.district_id = x.district_id\n"
        "LEFT JOIN school s ON s.school_id = x.school_id AND s.district_id = x.district_id\n"
        "LEFT JOIN county c ON c.county_fips = x.county_fips\n"
        "LEFT JOIN person p ON p.person = x.person\nWHERE x.year = %" PRId32,
        def->kind == MEASURE_MEDIAN ? " AND x.value IS NOT NULL" : "", q->year);
    if (q->unit.len > 0 && unit) {
        buf_addf(sql, " AND %s = ", unit);
        sql_literal(sql, q->unit);
    }
    buf_adds(sql, " ORDER BY unit, x.person");
}

static Status read_rows(Db *db, const char *sql, Arena *arena, MeasurePersons *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(db, sql, &rows, err));
    for (;;) {
        MeasurePerson p = {0};
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        p.person = db_u64(rows, 0);
        TRY_OUT(arena_dup(arena, db_str(rows, 1), &p.unit, err));
        TRY_OUT(arena_dup(arena, db_str(rows, 2), &p.grp, err));
        TRY_OUT(arena_dup(arena, db_str(rows, 3), &p.reason, err));
        p.counted = db_i64(rows, 4) != 0;
        p.hit = db_i64(rows, 5) != 0;
        p.covered = db_i64(rows, 6) != 0;
        p.has_value = db_i64(rows, 7) != 0;
        p.cents = db_i64(rows, 8);
        TRY_OUT(vec_push(out, p, err));
    }
out:
    db_rows_free(rows);
    return st;
}

/* The version whose time of effect holds 30 June of the year. */
static const MeasureDef *find_def(const MeasureDefs *defs, Slice name, Date day)
{
    for (size_t i = 0; i < defs->len; i++) {
        const PolicyFile *f = defs->at[i].file;
        if (slice_eq(defs->at[i].name, name) && f->effective_from <= day &&
            (f->effective_to == DATE_NONE || day <= f->effective_to))
            return &defs->at[i];
    }
    return NULL;
}

static Status find_split(const MeasureDef *def, Slice name, const SplitDef **out, Error *err)
{
    *out = NULL;
    if (name.len == 0 || slice_eq_z(name, "all"))
        return OK;
    for (size_t i = 0; i < def->split_count; i++)
        if (slice_eq(def->splits[i]->name, name))
            *out = def->splits[i];
    if (!*out)
        return error_set(err, ERR_NOT_FOUND, "measure %.*s has no split %.*s", SLICE_ARG(def->name), SLICE_ARG(name));
    return OK;
}

Status measure_persons(
    Db *db, Policy *policy, const PersonsQuery *query, Arena *arena, MeasurePersons *out, Error *err)
{
    MeasureFrame frame;
    MeasureDefs defs = {0};
    const SplitDef *split;
    Buf sql;
    Date day;
    Status st = OK;
    buf_init(&sql, 0);
    TRY_OUT(date_make(query->year, 6, 30, &day, err));
    TRY_OUT(measure_frame_read(policy, arena, &frame, err));
    TRY_OUT(measure_defs_read(policy, &frame, arena, &defs, err));
    const MeasureDef *def = find_def(&defs, query->measure, day);
    if (!def) {
        st = error_set(err, ERR_NOT_FOUND, "no version of measure %.*s answers for %" PRId32,
            SLICE_ARG(query->measure), query->year);
        goto out;
    }
    TRY_OUT(find_split(def, query->split, &split, err));
    persons_sql(&frame, def, split, query, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(read_rows(db, buf_z(&sql), arena, out, err));
out:
    buf_free(&sql);
    vec_free(&defs);
    return st;
}
