/*
 * Derived tables, each after those it needs, cut into pieces where its file says so.
 */
#include "facts/facts_parts.h"

static Status check_needs(Db *db, const DerivedTable *d, Error *err)
{
    for (size_t i = 0; i < d->need_count; i++) {
        int64_t found = 0;
        TRY(db_value_i64(db, &found, err,
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main' AND table_name = '%.*s'",
            SLICE_ARG(d->needs[i])));
        if (found == 0)
            return error_set(
                err, ERR_INVALID, "%s needs table %.*s, which does not exist", d->file->path, SLICE_ARG(d->needs[i]));
    }
    return OK;
}

typedef VEC(Slice) Pieces;

static Status read_pieces(Db *db, const DerivedTable *d, Arena *arena, Pieces *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_queryf(
        db, &rows, err, "SELECT CAST(piece AS VARCHAR) FROM (%.*s) AS pieces(piece)", SLICE_ARG(d->partition_values)));
    for (;;) {
        Buf text;
        Slice piece;
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        buf_init(&text, 0);
        sql_literal(&text, db_str(rows, 0));
        st = arena_dup(arena, buf_slice(&text), &piece, err);
        buf_free(&text);
        if (st == OK)
            st = vec_push(out, piece, err);
        if (st != OK)
            goto out;
    }
out:
    db_rows_free(rows);
    return st;
}

static Status insert_piece(Db *db, const DerivedTable *d, Slice piece, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    model_insert_sql(d, piece, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status create(Db *db, const TableDef *t, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    model_create_sql(t, "main", &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status derive(Db *db, const DerivedTable *d, Error *err)
{
    Arena arena;
    Pieces pieces = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(check_needs(db, d, err));
    TRY_OUT(create(db, d->table, err));
    if (d->partition.len == 0) {
        TRY_OUT(insert_piece(db, d, (Slice){0}, err));
    } else {
        TRY_OUT(read_pieces(db, d, &arena, &pieces, err));
        for (size_t i = 0; i < pieces.len; i++) {
            TRY_OUT(cancel_check(err));
            TRY_OUT(insert_piece(db, d, pieces.at[i], err));
        }
    }
out:
    if (st != OK)
        error_at(err, d->file->path, 0, NULL);
    vec_free(&pieces);
    arena_free(&arena);
    return st;
}

Status facts_derive(Db *db, const FactsInput *in, const TableDefs *tables, Error *err)
{
    Arena arena;
    DerivedTables derived = {0};
    Progress *progress = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_derived(&arena, tables, &derived, err));
    TRY_OUT(progress_new(in->progress, "derive", derived.len, "tables", &progress, err));
    for (size_t i = 0; i < derived.len; i++) {
        double began = clock_monotonic();
        TRY_OUT(cancel_check(err));
        TRY_OUT(derive(db, &derived.at[i], err));
        progress_add(progress, 1);
        log_line(in->log, LOG_DEBUG, "step=derive table=%.*s seconds=%.2f", SLICE_ARG(derived.at[i].name),
            clock_monotonic() - began);
    }
out:
    progress_done(progress);
    vec_free(&derived);
    arena_free(&arena);
    return st;
}
