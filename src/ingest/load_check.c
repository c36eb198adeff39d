/*
 * What is decided over many rows: keys, rules that read another source, the
 * error limit, rules over the whole file, scope and totals.
 *
 * Findings go to finding(~row, rule, rejects); the view `accepted` is what is
 * left of `staged`, the good rows as rows.parquet has them.
 */
#include "ingest/ingest_job.h"
#include "store/load_view.h"

#include <stdio.h>

/* --- keys ----------------------------------------------------------------------------------------------------- */

static Status at_contract(const IngestJob *job, Status st, Error *err)
{
    error_at(err, job->contract->file ? job->contract->file->path : NULL, 0, NULL);
    return st;
}

static Status run(IngestJob *job, Buf *sql, Error *err)
{
    Status st = buf_status(sql, err);
    if (st == OK)
        st = db_exec(job->db, buf_z(sql), err);
    buf_free(sql);
    return st == ERR_INVALID ? at_contract(job, st, err) : st;
}

static const char *rejects(const Rule *rule)
{
    return rule->severity == SEVERITY_ERROR ? "true" : "false";
}

static Status add_findings(IngestJob *job, size_t index, const RowNumbers *rows, Error *err)
{
    DbAppender *a = NULL;
    Status st = OK;
    TRY(db_appender_open(job->db, "finding", &a, err));
    for (size_t i = 0; st == OK && i < rows->len; i++) {
        db_append_i64(a, 0, (int64_t)rows->at[i]);
        db_append_i64(a, 1, (int64_t)index);
        db_append_i64(a, 2, job->contract->rules[index].severity == SEVERITY_ERROR);
        st = db_append_row(a, err);
    }
    if (st == OK)
        return db_appender_close(a, err);
    db_appender_abandon(a);
    return st;
}

/* key: the rule's place among the keys of the contract. */
static Status check_key(IngestJob *job, size_t index, size_t key, Error *err)
{
    RowNumbers repeated = {0};
    Status st = row_sink_repeated(job->sink, key, &repeated, err);
    if (st == OK && repeated.len > 0)
        st = add_findings(job, index, &repeated, err);
    vec_free(&repeated);
    return st;
}

/* --- rules that read another source --------------------------------------------------------------------------- */

/* CREATE VIEW source_NAME over the loads of that source in force. *any is false when there is none. */
static Status make_source_view(IngestJob *job, Slice source, bool *any, Error *err)
{
    const char *dir, *name;
    TRY(home_file(job->ctx->home, &job->arena, "loads", &dir, err));
    TRY(arena_printf(&job->arena, &name, err, "source_%.*s", SLICE_ARG(source)));
    Status st = load_view(job->db, dir, &job->loads, source, slice_of(name), any, err);
    return st == ERR_INVALID ? at_contract(job, st, err) : st;
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
    buf_addf(&sql, "INSERT INTO finding SELECT \"~row\", %zu, %s FROM staged r WHERE NOT coalesce((%.*s), true)", index,
        rejects(rule), SLICE_ARG(rule->sql));
    return run(job, &sql, err);
}

/* --- all that is to be said ------------------------------------------------------------------------------------ */

/* What the rows' own problems and the findings come to, in the file's order. */
static Status merge_findings(IngestJob *job, const Troubles *own, DbRows *rows, Error *err)
{
    size_t at = 0;
    bool more = true;
    for (;;) {
        TRY(db_next(rows, &more, err));
        uint64_t row = more ? db_u64(rows, 0) : UINT64_MAX;
        for (; at < own->len && own->at[at].place.row < row; at++)
            TRY(vec_push(&job->troubles, own->at[at], err));
        if (!more)
            return OK;
        Trouble t = {.rejected = db_i64(rows, 2) != 0};
        if (at < own->len && own->at[at].place.row == row) {
            /* warnings of its own */
            TRY(arena_format(
                &job->arena, &t.codes, err, "%.*s%.*s", SLICE_ARG(own->at[at].codes), SLICE_ARG(db_str(rows, 1))));
            t.place = own->at[at++].place;
        } else {
            TRY(arena_dup(&job->arena, db_str(rows, 1), &t.codes, err));
            t.place = row_sink_place(job->sink, row);
        }
        TRY(vec_push(&job->troubles, t, err));
        if (t.rejected)
            TRY(vec_push(&job->rejected, row, err));
    }
}

static Status collect_troubles(IngestJob *job, Error *err)
{
    Troubles own = {0};
    DbRows *rows = NULL;
    Status st = row_sink_troubles(job->sink, &own, err);
    if (st == OK)
        st = db_query(job->db,
            "SELECT \"~row\", string_agg('r' || rule || ';', '' ORDER BY rule), bool_or(rejects) FROM finding "
            "GROUP BY \"~row\" ORDER BY \"~row\"",
            &rows, err);
    if (st == OK)
        st = merge_findings(job, &own, rows, err);
    db_rows_free(rows);
    vec_free(&own);
    return st;
}

static Status check_rules_over_rows(IngestJob *job, Error *err)
{
    const Contract *c = job->contract;
    size_t keys = 0;
    bool any = false;
    for (size_t i = 0; i < c->rule_count; i++)
        any = any || c->rules[i].level == RULE_KEY || c->rules[i].level == RULE_CROSS;
    if (!any) {
        TRY(row_sink_troubles(job->sink, &job->troubles, err));
        return db_exec(job->db, "CREATE VIEW accepted AS SELECT * FROM staged", err);
    }
    TRY(db_exec(job->db, "CREATE TABLE finding(\"~row\" BIGINT, rule INTEGER, rejects BOOLEAN)", err));
    for (size_t i = 0; i < c->rule_count; i++) {
        if (c->rules[i].level == RULE_KEY)
            TRY(check_key(job, i, keys++, err));
        else if (c->rules[i].level == RULE_CROSS)
            TRY(check_cross(job, i, err));
    }
    TRY(collect_troubles(job, err));
    const char *less =
        job->rejected.len > 0 ? " WHERE \"~row\" NOT IN (SELECT \"~row\" FROM finding WHERE rejects)" : "";
    return db_execf(job->db, err, "CREATE VIEW accepted AS SELECT * FROM staged r%s", less);
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
static void check_cut_off(IngestJob *job)
{
    if (job->contract->format != FORMAT_CSV || !job->file.open_end || job->troubles.len == 0)
        return;
    char code[24];
    const Trouble *last = &vec_last(&job->troubles);
    snprintf(code, sizeof code, "d%d;", (int)DEFECT_CELLS_MISSING);
    if (last->place.row == job->file.rows && slice_eq_z(last->codes, code))
        refuse(&job->refusal, last->place.line, "the file is cut off: its last row has too few fields and no line end");
}

static void check_counts(IngestJob *job)
{
    uint64_t read = row_sink_read(job->sink);
    job->out->rows_read = read;
    job->out->rows_accepted = row_sink_good(job->sink) - job->rejected.len;
    job->out->rows_rejected = read - job->out->rows_accepted;
    if (job->contract->format != FORMAT_XML)
        job->trailers = job->file.rows - read;
    if (read == 0)
        refuse(&job->refusal, 0, "the file has no rows");
    check_cut_off(job);
    uint64_t limit = read * job->contract->error_limit_ppm;
    if (job->out->rows_rejected * 1000000 <= limit)
        return;
    char percent[24];
    print_percent(job->contract->error_limit_ppm, percent);
    refuse(&job->refusal, 0, "%" PRIu64 " of %" PRIu64 " rows are in error, the limit is %s: nothing was loaded",
        job->out->rows_rejected, job->out->rows_read, percent);
}

/* --- the whole file ------------------------------------------------------------------------------------------- */

/* The column that tells a scope's lowest and highest value: numbers are compared faster than the texts of them. */
static void add_scope_column(const ScopeValue *scope, Buf *sql)
{
    if (scope->field->type == TYPE_INTEGER && scope->field->identity.len == 0)
        sql_ident(sql, scope->field->name);
    else
        buf_addf(sql, "\"scope_%.*s\"", SLICE_ARG(scope->name));
}

static void add_scope_range(const ScopeValue *scope, Buf *sql)
{
    buf_adds(sql, ", min(");
    add_scope_column(scope, sql);
    buf_adds(sql, ")::VARCHAR, max(");
    add_scope_column(scope, sql);
    buf_adds(sql, ")::VARCHAR");
}

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
            add_scope_range(&job->scope[i], sql);
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

/* Identities met only on rows that a key or cross rule rejected do not belong into the vault's records. */
static Status drop_rejected(IngestJob *job, Error *err)
{
    DbRows *rows = NULL;
    bool more = false;
    Status st;
    if (job->rejected.len == 0 || !identities_any(job->identities))
        return OK;
    TRY(db_query(job->db,
        "SELECT DISTINCT \"~tag\" FROM staged WHERE \"~tag\" IS NOT NULL AND "
        "\"~row\" IN (SELECT \"~row\" FROM finding WHERE rejects) "
        "AND \"~tag\" NOT IN (SELECT \"~tag\" FROM accepted WHERE \"~tag\" IS NOT NULL)",
        &rows, err));
    while ((st = db_next(rows, &more, err)) == OK && more) {
        RecordTag tag;
        db_uuid(rows, 0, tag.bytes);
        TRY_OUT(identities_drop(job->identities, &tag, err));
    }
out:
    db_rows_free(rows);
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
    check_counts(job);
    if (job->refusal.refused)
        return OK;
    TRY(check_whole_file(job, err));
    TRY(tell_scope(job, err));
    return drop_rejected(job, err);
}
