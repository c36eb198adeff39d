/*
 * A plan to SQL for the measure engine.
 *
 *   cohort_who       what who gives
 *   cohort_all       one row a person and year: place, the day looked from, its quarter; traits read it as {cohort}
 *   cohort_line_N    whom line N is true of
 *   cohort_judged    the same with a yes or no for each line, and why a person is left out
 *   cohort_asked     whom the outcome is about; outcomes read it as {cohort}
 *   cohort_outcome   what became of them
 *
 * A line "and" makes the cohort smaller and nothing tells of those who fall away; a line "not" leaves persons out who
 * are counted as left out; a line "counted" keeps persons in the base, but out of the denominator.
 */
#include "cohort/cohort_parts.h"

static const char *const place_columns[] = {"district_id", "school_id", "county_fips"};

static size_t line_number(const PlanLine *l)
{
    return l->said.line->line;
}

/* --- cohort --- */

static bool is_place(Slice column)
{
    for (size_t i = 0; i < COUNT_OF(place_columns); i++)
        if (slice_eq_z(column, place_columns[i]))
            return true;
    return false;
}

static Status add_who(const CohortPlan *p, Buf *sql, Error *err)
{
    const Block *who = p->who->said.block;
    bool own_day = p->from_line == p->who;
    buf_adds(sql, "WITH cohort_who AS (");
    TRY(block_fill(&p->who->said, who->sql, "", sql, err));
    buf_adds(sql, "),\n");
    if (!own_day) {
        buf_addf(sql, "cohort_from AS (SELECT person, min(%.*s) AS day FROM (", SLICE_ARG(p->from->name));
        TRY(block_fill(&p->from_line->said, p->from_line->said.block->sql, "", sql, err));
        buf_addf(
            sql, ")%s GROUP BY person),\n", p->from_line->said.block->reason_count > 0 ? " WHERE reason IS NULL" : "");
    }
    buf_adds(sql, "cohort_day AS (SELECT w.person, w.year::INTEGER AS year");
    for (size_t i = 0; i < COUNT_OF(place_columns); i++)
        buf_addf(sql, ", %s%s AS %s", block_gives(who, place_columns[i]) ? "w." : "NULL::VARCHAR",
            block_gives(who, place_columns[i]) ? place_columns[i] : "", place_columns[i]);
    for (size_t i = 0; i < who->give_count; i++)
        if (!is_place(who->gives[i]))
            buf_addf(sql, ", w.%.*s", SLICE_ARG(who->gives[i]));
    buf_adds(sql, who->reason_count > 0 ? ", w.reason" : ", NULL::VARCHAR AS reason");
    if (own_day)
        buf_addf(sql, ", w.%.*s::DATE AS day FROM cohort_who w),\n", SLICE_ARG(p->from->name));
    else
        buf_adds(sql, ", f.day::DATE AS day FROM cohort_who w LEFT JOIN cohort_from f ON f.person = w.person),\n");
    buf_adds(
        sql, "cohort_all AS MATERIALIZED (SELECT *, year(day)::INTEGER * 4 + quarter(day)::INTEGER - 1 AS quarter, ");
    buf_adds(sql, own_day && p->from->in_year ? "year" : "NULL::INTEGER");
    buf_adds(sql, " AS fiscal FROM cohort_day)");
    return OK;
}

/* --- lines --- */

static Status add_line(const PlanLine *l, Buf *sql, Error *err)
{
    const Block *b = l->said.block;
    buf_addf(sql, ",\ncohort_line_%zu AS (", line_number(l));
    if (b->kind == BLOCK_ENTRY) {
        buf_adds(sql, "SELECT DISTINCT c.person, c.year FROM cohort_all c JOIN (");
        TRY(block_fill(&l->said, b->sql, "", sql, err));
        buf_adds(sql, ") e ON e.person = c.person");
        buf_adds(sql, b->reason_count > 0 ? " WHERE e.reason IS NULL)" : ")");
        return OK;
    }
    buf_adds(sql, "SELECT DISTINCT person, year FROM (");
    TRY(block_fill(&l->said, b->sql, "cohort_all", sql, err));
    buf_adds(sql, "))");
    return OK;
}

static bool is_condition(const PlanLine *l)
{
    return l->kind == LINE_AND || l->kind == LINE_NOT || l->kind == LINE_COUNTED;
}

static void add_judged(const CohortPlan *p, Buf *sql)
{
    buf_adds(sql, ",\ncohort_judged AS MATERIALIZED (SELECT c.* EXCLUDE (reason), coalesce(c.reason");
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_NOT)
            buf_addf(sql, ", CASE WHEN l%zu.person IS NOT NULL THEN '%.*s' END", line_number(&p->lines[i]),
                SLICE_ARG(p->lines[i].reason));
    buf_adds(sql, ", CASE WHEN c.day IS NULL THEN '" FUNNEL_NO_DAY "' END) AS reason");
    for (size_t i = 0; i < p->line_count; i++)
        if (is_condition(&p->lines[i]))
            buf_addf(sql, ", l%zu.person IS NOT NULL AS in_%zu", line_number(&p->lines[i]), line_number(&p->lines[i]));
    buf_adds(sql, " FROM cohort_all c");
    for (size_t i = 0; i < p->line_count; i++)
        if (is_condition(&p->lines[i]))
            buf_addf(sql, " LEFT JOIN cohort_line_%zu l%zu ON l%zu.person = c.person AND l%zu.year = c.year",
                line_number(&p->lines[i]), line_number(&p->lines[i]), line_number(&p->lines[i]),
                line_number(&p->lines[i]));
    buf_adds(sql, ")");
}

static void add_members(const CohortPlan *p, const char *alias, Buf *sql)
{
    buf_adds(sql, "TRUE");
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_AND)
            buf_addf(sql, " AND %sin_%zu", alias, line_number(&p->lines[i]));
}

static void add_counted(const CohortPlan *p, Buf *sql)
{
    buf_adds(sql, "TRUE");
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_COUNTED)
            buf_addf(sql, " AND j.in_%zu", line_number(&p->lines[i]));
}

/* --- the outcome --- */

static Status add_base(const CohortPlan *p, Buf *sql, Error *err)
{
    const Said *reached = &p->reached->said;
    TRY(add_who(p, sql, err));
    for (size_t i = 0; i < p->line_count; i++)
        if (is_condition(&p->lines[i]))
            TRY(add_line(&p->lines[i], sql, err));
    add_judged(p, sql);
    buf_adds(sql, ",\ncohort_asked AS (SELECT * FROM cohort_judged WHERE reason IS NULL AND ");
    add_members(p, "", sql);
    buf_adds(sql, ")");
    if (reached->block->years_sql.len == 0)
        return OK;
    buf_adds(sql, ",\ncohort_known_year AS (SELECT year FROM (");
    TRY(block_fill(reached, reached->block->years_sql, "cohort_all", sql, err));
    buf_adds(sql, "))");
    return OK;
}

static void add_row_columns(const CohortPlan *p, Buf *sql)
{
    const Block *who = p->who->said.block;
    buf_adds(sql, "\nSELECT j.person, j.year");
    for (size_t i = 0; i < who->give_count; i++)
        buf_addf(sql, ", j.%.*s", SLICE_ARG(who->gives[i]));
}

static void add_from(const CohortPlan *p, Buf *sql)
{
    buf_adds(sql, "\nFROM cohort_judged j");
    if (p->reached->said.block->years_sql.len > 0)
        buf_adds(sql, " SEMI JOIN cohort_known_year y ON y.year = j.year");
}

static int64_t said_number(const Said *said, const char *name)
{
    for (size_t i = 0; i < said->block->param_count; i++)
        if (slice_eq_z(said->block->params[i].name, name))
            return said->values[i].from;
    return 0;
}

static Slice said_code(const Said *said, const char *name)
{
    for (size_t i = 0; i < said->block->param_count; i++)
        if (slice_eq_z(said->block->params[i].name, name))
            return said->values[i].items[0];
    return (Slice){0};
}

static Status add_figures(const CohortPlan *p, Buf *sql, Error *err)
{
    const Said *reached = &p->reached->said;
    const Block *b = reached->block;
    TRY(add_base(p, sql, err));
    if (b->family.len > 0) {
        add_row_columns(p, sql);
        buf_adds(sql, ", j.reason, ");
        add_counted(p, sql);
        buf_addf(
            sql, " AS counted, j.quarter AS origin, %" PRId64 " AS after_quarters", said_number(reached, "quarters"));
        add_from(p, sql);
    } else {
        buf_adds(sql, ",\ncohort_outcome AS (");
        TRY(block_fill(reached, b->sql, "cohort_asked", sql, err));
        buf_adds(sql, ")");
        add_row_columns(p, sql);
        buf_adds(sql, ", j.reason, (");
        add_counted(p, sql);
        buf_adds(sql, block_gives(b, "counted") ? ") AND coalesce(o.counted, FALSE) AS counted" : ") AS counted");
        if (b->kind == BLOCK_TRAIT)
            buf_adds(sql, ", o.person IS NOT NULL AS hit, TRUE AS covered");
        for (size_t i = 0; i < b->give_count; i++)
            if (!slice_eq_z(b->gives[i], "counted"))
                buf_addf(sql, ", o.%.*s", SLICE_ARG(b->gives[i]));
        add_from(p, sql);
        buf_addf(sql, " LEFT JOIN %s o ON o.person = j.person AND o.year = j.year",
            b->kind == BLOCK_TRAIT ? "(SELECT DISTINCT person, year FROM cohort_outcome)" : "cohort_outcome");
    }
    buf_adds(sql, "\nWHERE ");
    add_members(p, "j.", sql);
    return OK;
}

/* Each person's category is the first line that takes the person away. */
static Status add_funnel(const CohortPlan *p, Buf *sql, Error *err)
{
    TRY(add_base(p, sql, err));
    bool years = p->reached->said.block->years_sql.len > 0;
    buf_adds(sql, "\nSELECT j.person, j.year, TRUE AS counted, CASE");
    if (p->who->said.block->reason_count > 0) {
        buf_adds(sql, " WHEN j.reason IN (");
        for (size_t i = 0; i < p->who->said.block->reason_count; i++)
            buf_addf(sql, "%s'%.*s'", i ? ", " : "", SLICE_ARG(p->who->said.block->reasons[i].code));
        buf_adds(sql, ") THEN '" FUNNEL_OWN "'");
    }
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_AND || p->lines[i].kind == LINE_NOT)
            buf_addf(sql, " WHEN %sj.in_%zu THEN 'line %zu'", p->lines[i].kind == LINE_AND ? "NOT " : "",
                line_number(&p->lines[i]), line_number(&p->lines[i]));
    buf_adds(sql, " WHEN j.day IS NULL THEN '" FUNNEL_NO_DAY "'");
    if (years)
        buf_adds(sql, " WHEN y.year IS NULL THEN '" FUNNEL_YEAR "'");
    buf_adds(sql, " WHEN NOT (");
    add_counted(p, sql);
    buf_adds(sql, ") THEN '" FUNNEL_UNCOUNTED "' ELSE '" FUNNEL_KEPT "' END AS category\nFROM cohort_judged j");
    if (years)
        buf_adds(sql, " LEFT JOIN (SELECT DISTINCT year FROM cohort_known_year) y ON y.year = j.year");
    return OK;
}

/* --- definitions --- */

typedef VEC(Slice) Names;

static Status add_needs(const Block *b, Names *out, Error *err)
{
    for (size_t i = 0; i < b->need_count; i++) {
        bool there = false;
        for (size_t k = 0; k < out->len; k++)
            there |= slice_eq(out->at[k], b->needs[i]);
        if (!there)
            TRY(vec_push(out, b->needs[i], err));
    }
    return OK;
}

static Status collect_needs(const CohortPlan *p, Arena *arena, MeasureOwn *out, Error *err)
{
    Names names = {0};
    Slice *kept;
    Status st = OK;
    for (size_t i = 0; i < p->line_count; i++)
        TRY_OUT(add_needs(p->lines[i].said.block, &names, err));
    TRY_OUT(arena_new(arena, Slice, names.len + 1, &kept, err));
    if (names.len > 0)
        memcpy(kept, names.at, names.len * sizeof *kept);
    out->needs = kept;
    out->need_count = names.len;
out:
    vec_free(&names);
    return st;
}

static Status collect_reasons(const CohortPlan *p, Arena *arena, MeasureOwn *out, Error *err)
{
    const Block *who = p->who->said.block;
    MeasureReason *r;
    TRY(arena_new(arena, MeasureReason, who->reason_count + p->line_count + 1, &r, err));
    for (size_t i = 0; i < who->reason_count; i++)
        r[out->reason_count++] = who->reasons[i];
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_NOT)
            r[out->reason_count++] = (MeasureReason){p->lines[i].reason, p->lines[i].said.line->text};
    r[out->reason_count++] = (MeasureReason){SLICE(FUNNEL_NO_DAY), SLICE("The day it is looked from is not known.")};
    out->reasons = r;
    return OK;
}

/* Splits of all lines "by", for test vectors. */
static Status collect_splits(const CohortPlan *p, Arena *arena, MeasureOwn *out, Error *err)
{
    Slice *names;
    TRY(arena_new(arena, Slice, p->by_count * COUNT_OF(p->by[0].names) + 1, &names, err));
    for (size_t i = 0; i < p->by_count; i++)
        for (size_t k = 0; k < p->by[i].count; k++)
            names[out->split_count++] = p->by[i].names[k];
    out->splits = names;
    return OK;
}

static Status keep_sql(
    Status (*add)(const CohortPlan *p, Buf *sql, Error *err), const CohortPlan *p, Arena *arena, Slice *out, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    Status st = add(p, &sql, err);
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&sql), out, err);
    buf_free(&sql);
    return st;
}

Status plan_compile(const CohortPlan *p, Arena *arena, MeasureOwn *figures, MeasureOwn *funnel, Error *err)
{
    const Said *reached = &p->reached->said;
    *figures = (MeasureOwn){.file = &p->set->era,
        .kind = p->figure,
        .level = p->who->said.block->level,
        .minimum_n = p->minimum,
        .family = reached->block->family};
    if (figures->family.len > 0)
        figures->definition = said_code(reached, "rule");
    TRY(collect_needs(p, arena, figures, err));
    TRY(collect_reasons(p, arena, figures, err));
    TRY(collect_splits(p, arena, figures, err));
    TRY(keep_sql(add_figures, p, arena, &figures->sql, err));
    *funnel = (MeasureOwn){.file = figures->file,
        .kind = MEASURE_DISTRIBUTION,
        .level = SLICE("state"),
        .needs = figures->needs,
        .need_count = figures->need_count};
    return keep_sql(add_funnel, p, arena, &funnel->sql, err);
}
