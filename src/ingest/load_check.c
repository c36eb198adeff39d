/*
 * What is decided over many rows: keys, rules that read another source, the
 * error limit, rules over the whole file, scope and totals.
 *
 * Findings go to finding(~row, rule, rejects); the view `accepted` is what is
 * left. A key costs one aggregation; only when it finds duplicates are rows
 * joined to it.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>

/* --- keys ----------------------------------------------------------------------------------------------------- */

static void add_columns(Buf *sql, const Rule *rule, const char *prefix, const char *between)
{
    for (size_t i = 0; i < rule->column_count; i++) {
        buf_adds(sql, i ? between : "");
        buf_adds(sql, prefix);
        sql_ident(sql, rule->columns[i]);
    }
}

static Status run(IngestJob *job, Buf *sql, Error *err)
{
    Status st = buf_status(sql, err);
    if (st == OK)
        st = db_exec(job->db, buf_z(sql), err);
    if (st == ERR_INVALID)
        error_at(err, job->contract->file ? job->contract->file->path : NULL, 0, NULL);
    buf_free(sql);
    return st;
}

static const char *rejects(const Rule *rule)
{
    return rule->severity == SEVERITY_ERROR ? "true" : "false";
}

/* By hashes of the keys, which costs a third of grouping by the columns: equal keys have equal hashes, so that there
 * are no duplicates where no hash comes twice. */
static Status may_repeat(IngestJob *job, const Rule *rule, bool *out, Error *err)
{
    int64_t repeated = 0;
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "SELECT count(*) - count(DISTINCT hash(");
    add_columns(&sql, rule, "", ", ");
    buf_adds(&sql, ")) FROM staged WHERE \"~ok\"");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_value_i64(job->db, &repeated, err, "%s", buf_z(&sql));
    if (st == ERR_INVALID)
        error_at(err, job->contract->file ? job->contract->file->path : NULL, 0, NULL);
    buf_free(&sql);
    *out = repeated > 0;
    return st;
}

static Status check_key(IngestJob *job, size_t index, Error *err)
{
    const Rule *rule = &job->contract->rules[index];
    int64_t repeated = 0;
    bool may = false;
    Buf sql;
    TRY(may_repeat(job, rule, &may, err));
    if (!may)
        return OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE TABLE repeated AS SELECT ");
    add_columns(&sql, rule, "", ", ");
    buf_adds(&sql, ", min(\"~row\") AS \"~first\" FROM staged WHERE \"~ok\" GROUP BY ");
    add_columns(&sql, rule, "", ", ");
    buf_adds(&sql, " HAVING count(*) > 1");
    TRY(run(job, &sql, err));
    TRY(db_value_i64(job->db, &repeated, err, "SELECT count(*) FROM repeated"));
    if (repeated == 0)
        return OK;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "INSERT INTO finding SELECT r.\"~row\", %zu, %s FROM staged r JOIN repeated d ON r.\"~row\" > d.\"~first\"",
        index,
        rejects(rule));
    for (size_t i = 0; i < rule->column_count; i++) {
        buf_adds(&sql, " AND r.");
        sql_ident(&sql, rule->columns[i]);
        buf_adds(&sql, " IS NOT DISTINCT FROM d.");
        sql_ident(&sql, rule->columns[i]);
    }
    buf_adds(&sql, " WHERE r.\"~ok\"");
    return run(job, &sql, err);
}

/* --- rules that read another source --------------------------------------------------------------------------- */

/* CREATE VIEW source_NAME over the loads of that source in force. *any is false when there is none. */
static Status make_source_view(IngestJob *job, Slice source, bool *any, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    *any = false;
    buf_addf(&sql, "CREATE OR REPLACE VIEW \"source_%.*s\" AS SELECT * FROM read_parquet([", SLICE_ARG(source));
    for (size_t i = 0; i < job->loads.len; i++) {
        const Load *load = &job->loads.at[i];
        const char *relative;
        const char *path;
        if (!slice_eq(load->source, source) || load->superseded_by.len > 0)
            continue;
        TRY(arena_printf(&job->arena, &relative, err, "loads/%.*s/rows.parquet", SLICE_ARG(load->id)));
        TRY(home_file(job->ctx->home, &job->arena, relative, &path, err));
        buf_adds(&sql, *any ? ", " : "");
        sql_literal(&sql, slice_of(path));
        *any = true;
    }
    buf_adds(&sql, "], union_by_name = true)");
    if (*any)
        return run(job, &sql, err);
    buf_free(&sql);
    return OK;
}

static Status check_cross(IngestJob *job, size_t index, Error *err)
{
    const Rule *rule = &job->contract->rules[index];
    bool any;
    TRY(make_source_view(job, rule->needs, &any, err));
    job->rule_unchecked[index] = !any;
    if (!any)
        return OK;
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "INSERT INTO finding SELECT \"~row\", %zu, %s FROM staged r WHERE \"~ok\" AND NOT coalesce((%.*s), true)",
        index,
        rejects(rule), SLICE_ARG(rule->sql));
    return run(job, &sql, err);
}

static Status check_rules_over_rows(IngestJob *job, Error *err)
{
    const Contract *c = job->contract;
    int64_t found = 0;
    int64_t rejected = 0;
    TRY(db_exec(job->db, "CREATE TABLE finding(\"~row\" BIGINT, rule INTEGER, rejects BOOLEAN)", err));
    for (size_t i = 0; i < c->rule_count; i++) {
        if (c->rules[i].level == RULE_KEY)
            TRY(check_key(job, i, err));
        else if (c->rules[i].level == RULE_CROSS)
            TRY(check_cross(job, i, err));
    }
    TRY(db_value_i64(job->db, &found, err, "SELECT count(*) FROM finding"));
    TRY(db_value_i64(job->db, &rejected, err, "SELECT count(*) FROM finding WHERE rejects"));
    job->has_findings = found > 0;
    job->has_rejected_later = rejected > 0;
    const char *more = rejected > 0 ? " AND \"~row\" NOT IN (SELECT \"~row\" FROM finding WHERE rejects)" : "";
    return db_execf(job->db, err, "CREATE VIEW accepted AS SELECT * FROM staged r WHERE \"~ok\"%s", more);
}

/* --- counts and limit ----------------------------------------------------------------------------------------- */

/* 20000 is "2 %", 125 is "0.0125 %". */
static void print_percent(uint32_t ppm, char out[24])
{
    size_t n = (size_t)snprintf(out, 24, "%u.%04u", ppm / 10000, ppm % 10000);
    while (out[n - 1] == '0')
        n--;
    if (out[n - 1] == '.')
        n--;
    snprintf(out + n, 24 - n, " %%");
}

/*
 * A last record without a line end and with too few fields is where the file broke off: what came before it may be half
 * of what was meant, and would supersede an earlier, whole file.
 */
static Status check_cut_off(IngestJob *job, Error *err)
{
    if (job->contract->format != FORMAT_CSV || !job->file.open_end)
        return OK;
    int64_t line = 0;
    TRY(db_value_i64(job->db, &line, err,
        "SELECT coalesce(max(\"~line\"), 0) FROM staged WHERE \"~row\" = %" PRIu64 " AND \"~problems\" = 'd%d;'",
        job->file.rows, (int)DEFECT_CELLS_MISSING));
    if (line > 0)
        refuse(&job->refusal, (uint64_t)line, "the file is cut off: its last row has too few fields and no line end");
    return OK;
}

static Status check_counts(IngestJob *job, Error *err)
{
    int64_t read = 0;
    int64_t accepted = 0;
    TRY(db_value_i64(job->db, &read, err, "SELECT count(*) FROM staged"));
    TRY(db_value_i64(job->db, &accepted, err, "SELECT count(*) FROM accepted"));
    job->out->rows_read = (uint64_t)read;
    job->out->rows_accepted = (uint64_t)accepted;
    job->out->rows_rejected = (uint64_t)(read - accepted);
    if (job->contract->format != FORMAT_XML)
        job->trailers = job->file.rows - (uint64_t)read;
    if (read == 0)
        refuse(&job->refusal, 0, "the file has no rows");
    TRY(check_cut_off(job, err));
    uint64_t limit = (uint64_t)read * job->contract->error_limit_ppm;
    if (job->out->rows_rejected * 1000000 <= limit)
        return OK;
    char percent[24];
    print_percent(job->contract->error_limit_ppm, percent);
    refuse(&job->refusal, 0, "%" PRIu64 " of %" PRIu64 " rows are in error, the limit is %s: nothing was loaded",
        job->out->rows_rejected, job->out->rows_read, percent);
    return OK;
}

/* --- the whole file ------------------------------------------------------------------------------------------- */

/* All that is asked of the accepted rows as a whole, in one statement, because each one reads them all: file rules,
 * each scope's lowest and highest value, totals. */
static void whole_file_sql(const IngestJob *job, Buf *sql)
{
    const Contract *c = job->contract;
    buf_adds(sql, "SELECT 1");
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level == RULE_FILE)
            buf_addf(sql, ", coalesce((%.*s), true)::INTEGER", SLICE_ARG(c->rules[i].sql));
    for (size_t i = 0; i < c->scope_count; i++)
        if (job->scope[i].field)
            buf_addf(sql, ", min(\"scope_%.*s\"), max(\"scope_%.*s\")", SLICE_ARG(job->scope[i].name),
                SLICE_ARG(job->scope[i].name));
    for (size_t i = 0; i < c->total_count; i++)
        buf_addf(sql, ", (%.*s)::VARCHAR", SLICE_ARG(c->totals[i].sql));
    buf_adds(sql, " FROM accepted r");
}

static void judge_file_rule(IngestJob *job, size_t index, int64_t holds)
{
    const Rule *rule = &job->contract->rules[index];
    if (holds)
        return;
    if (rule->severity == SEVERITY_ERROR)
        refuse(&job->refusal, 0, "%.*s (rule %.*s)", SLICE_ARG(rule->message), SLICE_ARG(rule->id));
    else
        job->rule_warned[index] = true;
}

static Status judge_scope(IngestJob *job, ScopeValue *scope, Slice lowest, Slice highest, Error *err)
{
    if (!lowest.ptr)
        refuse(&job->refusal, 0, "no row says which %.*s the file is about", SLICE_ARG(scope->name));
    else if (!slice_eq(lowest, highest))
        refuse(&job->refusal, 0, "the file is about more than one %.*s", SLICE_ARG(scope->name));
    else
        return arena_dup(&job->arena, lowest, &scope->value, err);
    return OK;
}

/* db_str gives an empty slice for NULL. */
static Slice text_or_null(const DbRows *rows, size_t column)
{
    return db_is_null(rows, column) ? (Slice){0} : db_str(rows, column);
}

/* The one row of whole_file_sql. */
static Status judge_whole_file(IngestJob *job, const DbRows *rows, Error *err)
{
    const Contract *c = job->contract;
    size_t column = 1;
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level == RULE_FILE)
            judge_file_rule(job, i, db_i64(rows, column++));
    for (size_t i = 0; i < c->scope_count; i++) {
        if (!job->scope[i].field)
            continue;
        TRY(judge_scope(job, &job->scope[i], text_or_null(rows, column), text_or_null(rows, column + 1), err));
        column += 2;
    }
    TRY(arena_new(&job->arena, TotalValue, c->total_count, &job->totals, err));
    for (size_t i = 0; i < c->total_count; i++, column++) {
        job->totals[i] = (TotalValue){.name = c->totals[i].name};
        if (!db_is_null(rows, column))
            TRY(arena_dup(&job->arena, db_str(rows, column), &job->totals[i].value, err));
    }
    return OK;
}

static Status check_whole_file(IngestJob *job, Error *err)
{
    DbRows *rows = NULL;
    bool more = false;
    Buf sql;
    buf_init(&sql, 0);
    whole_file_sql(job, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_query(job->db, buf_z(&sql), &rows, err);
    if (st == OK)
        st = db_next(rows, &more, err);
    if (st == OK)
        st = judge_whole_file(job, rows, err);
    if (st == ERR_INVALID)
        error_at(err, job->contract->file ? job->contract->file->path : NULL, 0, NULL);
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

static Status tell_scope(IngestJob *job, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < job->contract->scope_count; i++)
        buf_addf(&text, "%s%.*s=%.*s", i ? "," : "", SLICE_ARG(job->scope[i].name), SLICE_ARG(job->scope[i].value));
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(&job->arena, buf_slice(&text), &job->scope_text, err);
    buf_free(&text);
    return st;
}

Status check_load(IngestJob *job, Error *err)
{
    TRY(arena_new(&job->arena, bool, job->contract->rule_count, &job->rule_unchecked, err));
    TRY(arena_new(&job->arena, bool, job->contract->rule_count, &job->rule_warned, err));
    TRY(check_rules_over_rows(job, err));
    TRY(check_counts(job, err));
    if (job->refusal.refused)
        return OK;
    TRY(check_whole_file(job, err));
    return tell_scope(job, err);
}
