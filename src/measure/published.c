/*
 * The state's own figures beside ours. policy/<state>/measures/published.toml (schema "cairn.published/1",
 * docs/measures.md) says where a published figure of a measure stands in the tables of public files; the same places,
 * groups and years are then asked of the measure itself. What was masked when it was published is kept as such: its
 * value is unknown, never zero.
 */
#include "measure/measure_parts.h"

#include <math.h>

typedef struct Asking {
    const MeasureContext *ctx;
    Slice name;
    MeasurePublished *out;
    VEC(PublishedRow) rows;
} Asking;

/* --- the policy --- */

static Status has_tables(Db *db, const PolicyFile *file, const Toml *t, bool *out, Error *err)
{
    const Toml *needs;
    *out = true;
    TRY(toml_array(t, file->path, "needs", &needs, err));
    for (const Toml *e = needs ? needs->first : NULL; e; e = e->next) {
        int64_t found = 0;
        Buf name;
        buf_init(&name, 0);
        sql_literal(&name, e->string);
        Status st = buf_status(&name, err);
        if (st == OK)
            st = db_value_i64(db, &found, err,
                "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = %s", buf_z(&name));
        buf_free(&name);
        TRY(st);
        *out = *out && found > 0;
    }
    return OK;
}

static Status add_row(Asking *a, const DbRows *r, Slice source, Error *err)
{
    PublishedRow row = {
        .source = source, .year = (int32_t)db_i64(r, 0), .persons = db_i64(r, 5), .value = db_f64(r, 6)};
    Slice *const texts[] = {&row.level, &row.unit, &row.split, &row.grp};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        TRY(arena_dup(&a->out->arena, db_str(r, i + 1), texts[i], err));
    row.ours_value = NAN;
    row.ours_persons = -1;
    return vec_push(&a->rows, row, err);
}

static void add_query(Slice name, Slice sql, Buf *out)
{
    buf_addf(out,
        "SELECT year::INTEGER, level, unit, split, grp, coalesce(denominator, -1)::BIGINT, "
        "coalesce(value::DOUBLE, 'NaN'::DOUBLE) FROM (%.*s\n) WHERE measure = ",
        SLICE_ARG(sql));
    sql_literal(out, name);
    buf_adds(out, " ORDER BY ALL");
}

static Status read_source(Asking *a, Db *db, const PolicyFile *file, const Toml *t, bool *missing, Error *err)
{
    const char *const allowed[] = {"text", "needs", "sql", NULL};
    Slice text, sql;
    DbRows *rows = NULL;
    bool there, more = true;
    Buf query;
    Status st = OK;
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "text", &text, err));
    TRY(toml_str(t, file->path, "sql", &sql, err));
    TRY(has_tables(db, file, t, &there, err));
    *missing = *missing || !there;
    if (!there)
        return OK;
    TRY(arena_dup(&a->out->arena, text, &text, err));
    buf_init(&query, 0);
    add_query(a->name, sql, &query);
    TRY_OUT(buf_status(&query, err));
    TRY_OUT(db_query(db, buf_z(&query), &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(add_row(a, rows, text, err));
    }
out:
    if (st != OK)
        error_at(err, file->path, t->line, NULL);
    db_rows_free(rows);
    buf_free(&query);
    return st;
}

static Status read_file(Asking *a, Db *db, const PolicyFile *file, bool *missing, Error *err)
{
    const char *const allowed[] = {
        "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "published", NULL};
    const Toml *list;
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(toml_array(file->toml, file->path, "published", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next)
        TRY(read_source(a, db, file, t, missing, err));
    return OK;
}

static Status read_published(Asking *a, Error *err)
{
    PolicyFiles files = {0};
    Db *db = NULL;
    uint32_t generation;
    bool missing = false;
    Status st = OK;
    TRY_OUT(warehouse_open(a->ctx->home, &generation, &db, err));
    TRY_OUT(policy_list(a->ctx->policy, "measures", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        const PolicyFile *file;
        if (!slice_eq_z(files.at[i]->schema, "cairn.published/1"))
            continue;
        TRY_OUT(policy_get(a->ctx->policy, "measures", files.at[i]->name, files.at[i]->effective_from, &file, err));
        TRY_OUT(read_file(a, db, file, &missing, err));
    }
    if (a->rows.len == 0) {
        st = error_set(err, ERR_NOT_FOUND, "no published figures of %.*s", SLICE_ARG(a->name));
        if (missing)
            error_hint(err, "public files that published.toml reads are not in the home: `cairn ingest` takes them");
    }
out:
    vec_free(&files);
    db_close(db);
    return st;
}

/* --- ours --- */

static bool same_question(const PublishedRow *a, const PublishedRow *b)
{
    return slice_eq(a->level, b->level) && slice_eq(a->split, b->split);
}

static void put_beside(Asking *a, const PublishedRow *question, const CellSet *cells)
{
    for (size_t i = 0; i < a->rows.len; i++) {
        PublishedRow *r = &a->rows.at[i];
        for (size_t k = 0; same_question(r, question) && k < cells->count; k++) {
            const Cell *c = &cells->cells[k];
            if (c->year != r->year || !slice_eq(c->unit, r->unit) || !slice_eq(c->grp, r->grp))
                continue;
            r->ours_persons = c->denominator;
            r->ours_value = c->value;
        }
    }
}

static Status ask_ours(Asking *a, const PublishedRow *question, Error *err)
{
    MeasureQuery query = MEASURE_QUERY_INIT;
    CellSet cells;
    uint32_t generation;
    query.name = a->name;
    query.level = question->level;
    query.by[0] = question->split;
    query.by_count = slice_eq_z(question->split, "all") ? 0 : 1;
    TRY(measure_query(a->ctx, &query, &cells, &generation, err));
    put_beside(a, question, &cells);
    cells_free(&cells);
    return OK;
}

static Status ask_all(Asking *a, Error *err)
{
    for (size_t i = 0; i < a->rows.len; i++) {
        bool asked = false;
        for (size_t k = 0; k < i && !asked; k++)
            asked = same_question(&a->rows.at[k], &a->rows.at[i]);
        if (!asked)
            TRY(ask_ours(a, &a->rows.at[i], err));
    }
    return OK;
}

Status measure_published(const MeasureContext *ctx, Slice name, MeasurePublished *out, Error *err)
{
    Asking a = {.ctx = ctx, .name = name, .out = out};
    Status st = OK;
    *out = (MeasurePublished){0};
    arena_init(&out->arena, 0);
    TRY_OUT(read_published(&a, err));
    TRY_OUT(ask_all(&a, err));
    TRY_OUT(arena_new(&out->arena, PublishedRow, a.rows.len, &out->rows, err));
    memcpy(out->rows, a.rows.at, a.rows.len * sizeof *out->rows);
    out->count = a.rows.len;
out:
    vec_free(&a.rows);
    if (st != OK)
        measure_published_free(out);
    return st;
}

void measure_published_free(MeasurePublished *p)
{
    arena_free(&p->arena);
    *p = (MeasurePublished){0};
}
