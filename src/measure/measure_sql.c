/*
 * From a definition's rows to cells.
 *
 * The definition says who counts; everything that is the same for all measures is
 * done here, once: the place of a person (state > county > district > school, each
 * unit in exactly one unit above), the groups of the splits (everybody in exactly
 * one group of each, "unknown" included), coverage and strength of links. So the
 * figures of a level always add up to those of the level above, which protection
 * relies on (src/protect/README.md).
 *
 * Rates add up, so a split is aggregated once at its finest level and summed from
 * there. Medians do not, and go back to the persons at each level: the median of
 * an even number is the mean of the two in the middle; wages are whole cents until
 * the last step. `fuzzy` is the mean of the 45th and 55th percentile (ADRF export
 * rule), linear between ranks (Hyndman and Fan 1996, type 7).
 */
#include "measure/measure_parts.h"

static const char prepare_sql[] =
    "CREATE OR REPLACE TEMP TABLE measure_cells (measure VARCHAR, year INTEGER, level_rank TINYINT, level VARCHAR, "
    "unit VARCHAR, parent VARCHAR, split VARCHAR, grp VARCHAR, denominator BIGINT, numerator BIGINT, value DOUBLE, "
    "fuzzy DOUBLE, covered BIGINT, base BIGINT, strong BIGINT, employers BIGINT, top_employer BIGINT, "
    "link_pairs BIGINT, link_correct BIGINT, link_missed BIGINT);\n";

Status measure_prepare(Db *db, const MeasureFrame *frame, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, prepare_sql);
    buf_adds(&sql, "CREATE OR REPLACE TEMP TABLE measure_raw (person UBIGINT, year INTEGER, district_id VARCHAR, "
                   "school_id VARCHAR, county_fips VARCHAR, counted BOOLEAN, hit BOOLEAN, value DECIMAL(14,2), "
                   "covered BOOLEAN, reason VARCHAR, employer UUID");
    for (size_t i = 0; i < frame->split_count; i++)
        buf_addf(&sql, ", %.*s VARCHAR", SLICE_ARG(frame->splits[i].name));
    buf_adds(&sql, ");\n");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* --- rows --- */

/* A version of a definition answers for the years whose June lies in its time of effect. */
static void add_year_filter(const MeasureDef *def, Buf *sql)
{
    char from[11], to[11];
    date_print(def->file->effective_from, from);
    buf_addf(sql, "DELETE FROM temp.measure_raw WHERE make_date(year, 6, 30) < DATE '%s'", from);
    if (def->file->effective_to != DATE_NONE) {
        date_print(def->file->effective_to, to);
        buf_addf(sql, " OR make_date(year, 6, 30) > DATE '%s'", to);
    }
    if (def->years > 0)
        buf_addf(sql, " OR year <= (SELECT max(year) FROM temp.measure_raw) - %" PRId64, def->years);
    buf_adds(sql, ";\n");
}

static Status fill_raw(Db *db, const MeasureDef *def, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "TRUNCATE temp.measure_raw;\nINSERT INTO temp.measure_raw BY NAME SELECT * FROM (%.*s\n);\n",
        SLICE_ARG(def->sql));
    add_year_filter(def, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status check_raw(Db *db, const MeasureDef *def, Error *err)
{
    int64_t bad;
    Buf known;
    TRY(db_value_i64(db, &bad, err, "SELECT count(*) FROM temp.measure_raw WHERE person IS NULL OR year IS NULL"));
    if (bad > 0)
        return error_set(
            err, ERR_INVALID, "%s: the SQL gave %" PRId64 " rows without a person or a year", def->file->path, bad);
    TRY(db_value_i64(db, &bad, err,
        "SELECT count(*) FROM (SELECT 1 FROM temp.measure_raw GROUP BY person, year HAVING count(*) > 1)"));
    if (bad > 0)
        return error_set(err, ERR_INVALID,
            "%s: the SQL gave more than one row for %" PRId64 " pairs of person and year", def->file->path, bad);
    buf_init(&known, 0);
    buf_adds(&known, "''");
    for (size_t i = 0; i < def->reason_count; i++) {
        buf_adds(&known, ", ");
        sql_literal(&known, def->reasons[i]);
    }
    Status st = buf_status(&known, err);
    if (st == OK)
        st = db_value_i64(
            db, &bad, err, "SELECT count(*) FROM temp.measure_raw WHERE reason NOT IN (%s)", buf_z(&known));
    buf_free(&known);
    if (st == OK && bad > 0)
        st = error_set(err, ERR_INVALID, "%s: the SQL gave a reason that no [[exclusion]] declares, %" PRId64 " times",
            def->file->path, bad);
    return st;
}

static void add_split_column(const SplitDef *s, Buf *sql)
{
    buf_addf(sql, ",\n  CASE WHEN coalesce(x.%.*s, %.*s) IN (", SLICE_ARG(s->name), SLICE_ARG(s->sql));
    for (size_t i = 0; i < s->value_count; i++) {
        buf_adds(sql, i ? ", " : "");
        sql_literal(sql, s->values[i]);
    }
    buf_addf(sql, ") THEN coalesce(x.%.*s, %.*s) ELSE 'unknown' END AS split_%.*s", SLICE_ARG(s->name),
        SLICE_ARG(s->sql), SLICE_ARG(s->name));
}

static Status fill_rows(Db *db, const MeasureFrame *frame, const MeasureDef *def, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE TEMP TABLE measure_rows AS SELECT x.year, ");
    sql_literal(&sql, frame->state);
    buf_addf(&sql,
        " AS state,\n"
        "  coalesce(d.county_fips, c.county_fips, 'OTHER') AS county,\n"
        "  coalesce(d.district_id, 'OTHER') AS district,\n"
        "  coalesce(d.district_id, 'OTHER') || '-' || coalesce(s.school_id, 'OTHER') AS school,\n"
        "  coalesce(x.counted, FALSE)%s AS counted, coalesce(x.counted AND x.hit, FALSE) AS hit,\n"
        "  (x.value * 100)::BIGINT::DOUBLE AS cents, coalesce(x.covered, FALSE) AS covered, x.employer,\n"
        "  coalesce(k.link_score >= %.*s, FALSE) AS strong,\n"
        "  coalesce(k.link_pairs, 0) AS link_pairs, coalesce(k.link_correct, 0) AS link_correct, "
        "coalesce(k.link_missed, 0) AS link_missed",
        def->kind == MEASURE_MEDIAN ? " AND x.value IS NOT NULL" : "", SLICE_ARG(frame->strong));
    for (size_t i = 0; i < def->split_count; i++)
        add_split_column(def->splits[i], &sql);
    buf_adds(&sql, "\nFROM temp.measure_raw x\n"
                   "LEFT JOIN district d ON d.district_id = x.district_id\n"
                   "LEFT JOIN school s ON s.school_id = x.school_id AND s.district_id = x.district_id\n"
                   "LEFT JOIN county c ON c.county_fips = x.county_fips\n"
                   "LEFT JOIN person p ON p.person = x.person\n"
                   "LEFT JOIN person_link k ON k.person = x.person\n"
                   "WHERE x.reason IS NULL");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* --- cells --- */

typedef struct CellPart { /* one split at one level */
    const MeasureDef *def;
    MeasureLevel level;
    Slice split;
    const char *parent; /* SQL */
} CellPart;

static void add_head(const CellPart *p, const char *grp, Buf *sql)
{
    buf_adds(sql, "SELECT ");
    sql_literal(sql, p->def->name);
    buf_addf(sql, " AS measure, year, %d AS level_rank, '%s' AS level, %s AS unit, %s AS parent, ", (int)p->level,
        measure_level_names[p->level], measure_level_names[p->level], p->parent);
    sql_literal(sql, p->split);
    buf_addf(sql, " AS split, %s AS grp", grp);
}

static const char *parent_of(MeasureLevel level)
{
    return level == LEVEL_STATE ? "''" : measure_level_names[level - 1];
}

static Status run(Db *db, Buf *sql, Error *err)
{
    TRY(buf_status(sql, err));
    return db_exec(db, buf_z(sql), err);
}

#define LINK_SUMS \
    "sum(link_pairs)::BIGINT AS link_pairs, sum(link_correct)::BIGINT AS link_correct, " \
    "sum(link_missed)::BIGINT AS link_missed"

static Status add_rates(Db *db, const MeasureDef *def, Slice split, const char *grp, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "CREATE OR REPLACE TEMP TABLE measure_fine AS SELECT year, state, county, district, school, %s AS grp, "
        "count(*) FILTER (counted) AS denominator, count(*) FILTER (hit) AS numerator, "
        "count(*) FILTER (covered) AS covered, count(*) AS base, count(*) FILTER (strong) AS strong, " LINK_SUMS
        " FROM temp.measure_rows GROUP BY ALL",
        grp);
    TRY_OUT(run(db, &sql, err));
    for (MeasureLevel level = LEVEL_STATE; level <= def->finest; level++) {
        const CellPart part = {.def = def, .level = level, .split = split, .parent = parent_of(level)};
        buf_reset(&sql);
        buf_adds(&sql, "INSERT INTO temp.measure_cells BY NAME ");
        add_head(&part, "grp", &sql);
        buf_adds(&sql,
            ", sum(denominator) AS denominator, sum(numerator) AS numerator, "
            "CASE WHEN sum(denominator) > 0 THEN 100.0::DOUBLE * sum(numerator)::DOUBLE / sum(denominator)::DOUBLE "
            "ELSE 'NaN'::DOUBLE END AS value, 'NaN'::DOUBLE AS fuzzy, sum(covered) AS covered, sum(base) AS base, "
            "sum(strong) AS strong, " LINK_SUMS
            ", 0 AS employers, 0 AS top_employer FROM temp.measure_fine GROUP BY ALL");
        TRY_OUT(run(db, &sql, err));
    }
out:
    buf_free(&sql);
    return st;
}

static void median_sql(const CellPart *part, const char *grp, Buf *sql)
{
    const char *unit = measure_level_names[part->level];
    buf_addf(sql,
        "INSERT INTO temp.measure_cells BY NAME WITH e AS (SELECT year, %s AS unit, %s AS grp, employer, count(*) AS n "
        "FROM temp.measure_rows WHERE counted GROUP BY ALL), "
        "top AS (SELECT year, unit, grp, count(*) AS employers, max(n) AS top_employer FROM e GROUP BY ALL), m AS (",
        unit, grp);
    add_head(part, grp, sql);
    buf_addf(sql,
        ", count(*) FILTER (counted) AS denominator, "
        "quantile_cont(cents, [0.45, 0.5, 0.55]) FILTER (counted) AS q, count(*) FILTER (covered) AS covered, "
        "count(*) AS base, count(*) FILTER (strong) AS strong, " LINK_SUMS " FROM temp.measure_rows GROUP BY ALL) "
        "SELECT m.* EXCLUDE (q), 0 AS numerator, coalesce(m.q[2] / 100, 'NaN'::DOUBLE) AS value, "
        "coalesce((m.q[1] + m.q[3]) / 200, 'NaN'::DOUBLE) AS fuzzy, coalesce(top.employers, 0) AS employers, "
        "coalesce(top.top_employer, 0) AS top_employer "
        "FROM m LEFT JOIN top ON top.year = m.year AND top.unit = m.unit AND top.grp = m.grp");
}

static Status add_medians(Db *db, const MeasureDef *def, Slice split, const char *grp, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (MeasureLevel level = LEVEL_STATE; level <= def->finest; level++) {
        const CellPart part = {.def = def, .level = level, .split = split, .parent = parent_of(level)};
        buf_reset(&sql);
        median_sql(&part, grp, &sql);
        TRY_OUT(run(db, &sql, err));
    }
out:
    buf_free(&sql);
    return st;
}

static Status add_split(Db *db, const MeasureDef *def, Slice split, const char *grp, Error *err)
{
    return def->kind == MEASURE_RATE ? add_rates(db, def, split, grp, err) : add_medians(db, def, split, grp, err);
}

Status measure_add_cells(Db *db, const MeasureFrame *frame, const MeasureDef *def, Error *err)
{
    Buf column;
    Status st = OK;
    buf_init(&column, 0);
    TRY_OUT(fill_raw(db, def, err));
    TRY_OUT(check_raw(db, def, err));
    TRY_OUT(fill_rows(db, frame, def, err));
    TRY_OUT(add_split(db, def, SLICE("all"), "'all'", err));
    for (size_t i = 0; i < def->split_count; i++) {
        buf_reset(&column);
        buf_addf(&column, "split_%.*s", SLICE_ARG(def->splits[i]->name));
        TRY_OUT(buf_status(&column, err));
        TRY_OUT(add_split(db, def, def->splits[i]->name, buf_z(&column), err));
    }
out:
    if (st != OK)
        error_at(err, def->file->path, 0, NULL);
    buf_free(&column);
    return st;
}
