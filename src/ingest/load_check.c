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

static Status check_key(IngestJob *job, size_t index, Error *err)
{
    const Rule *rule = &job->contract->rules[index];
    int64_t repeated = 0;
    Buf sql;
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
    int64_t rejected = 0;
    TRY(db_exec(job->db, "CREATE TABLE finding(\"~row\" BIGINT, rule INTEGER, rejects BOOLEAN)", err));
    for (size_t i = 0; i < c->rule_count; i++) {
        if (c->rules[i].level == RULE_KEY)
            TRY(check_key(job, i, err));
        else if (c->rules[i].level == RULE_CROSS)
            TRY(check_cross(job, i, err));
    }
    TRY(db_value_i64(job->db, &rejected, err, "SELECT count(*) FROM finding WHERE rejects"));
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

static Status check_file_rule(IngestJob *job, size_t index, Error *err)
{
    const Rule *rule = &job->contract->rules[index];
    int64_t holds = 1;
    TRY(db_value_i64(job->db, &holds, err, "SELECT coalesce((%.*s), true)::INTEGER FROM accepted r",
        SLICE_ARG(rule->sql)));
    if (holds)
        return OK;
    if (rule->severity == SEVERITY_ERROR)
        refuse(&job->refusal, 0, "%.*s (rule %.*s)", SLICE_ARG(rule->message), SLICE_ARG(rule->id));
    else
        job->rule_warned[index] = true;
    return OK;
}

static Status find_scope(IngestJob *job, ScopeValue *scope, Error *err)
{
    int64_t values = 0;
    Buf value;
    if (!scope->field)
        return OK;
    TRY(db_value_i64(job->db, &values, err, "SELECT count(DISTINCT \"scope_%.*s\") FROM accepted",
        SLICE_ARG(scope->name)));
    if (values != 1) {
        refuse(&job->refusal, 0, values == 0 ? "no row says which %.*s the file is about"
                                             : "the file is about more than one %.*s", SLICE_ARG(scope->name));
        return OK;
    }
    buf_init(&value, 0);
    Status st = db_value_str(job->db, &value, err, "SELECT min(\"scope_%.*s\") FROM accepted", SLICE_ARG(scope->name));
    if (st == OK)
        st = arena_dup(&job->arena, buf_slice(&value), &scope->value, err);
    buf_free(&value);
    return st;
}

static Status find_scopes(IngestJob *job, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = OK;
    for (size_t i = 0; st == OK && i < job->contract->scope_count; i++) {
        ScopeValue *scope = &job->scope[i];
        st = find_scope(job, scope, err);
        buf_addf(&text, "%s%.*s=%.*s", i ? "," : "", SLICE_ARG(scope->name), SLICE_ARG(scope->value));
    }
    if (st == OK)
        st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(&job->arena, buf_slice(&text), &job->scope_text, err);
    buf_free(&text);
    return st;
}

static Status find_total(IngestJob *job, const Total *total, TotalValue *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = false;
    *out = (TotalValue){.name = total->name};
    TRY(db_queryf(job->db, &rows, err, "SELECT (%.*s)::VARCHAR FROM accepted r", SLICE_ARG(total->sql)));
    Status st = db_next(rows, &more, err);
    if (st == OK && more && !db_is_null(rows, 0))
        st = arena_dup(&job->arena, db_str(rows, 0), &out->value, err);
    db_rows_free(rows);
    return st;
}

static Status find_totals(IngestJob *job, Error *err)
{
    TRY(arena_new(&job->arena, TotalValue, job->contract->total_count, &job->totals, err));
    for (size_t i = 0; i < job->contract->total_count; i++)
        TRY(find_total(job, &job->contract->totals[i], &job->totals[i], err));
    return OK;
}

Status check_load(IngestJob *job, Error *err)
{
    TRY(arena_new(&job->arena, bool, job->contract->rule_count, &job->rule_unchecked, err));
    TRY(arena_new(&job->arena, bool, job->contract->rule_count, &job->rule_warned, err));
    TRY(check_rules_over_rows(job, err));
    TRY(check_counts(job, err));
    if (job->refusal.refused)
        return OK;
    for (size_t i = 0; i < job->contract->rule_count; i++)
        if (job->contract->rules[i].level == RULE_FILE)
            TRY(check_file_rule(job, i, err));
    TRY(find_scopes(job, err));
    return find_totals(job, err);
}
