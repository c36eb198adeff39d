/*
 * Cells on disk: results/gen-NNNNNN.parquet, unprotected, 0600, for inside only.
 *
 * The generation is opened without access to files, so cells leave it through a
 * cursor and are written by a second, in-memory database.
 */
#include "measure/measure_parts.h"

#include <math.h>

enum { CELL_COLUMNS = 19 };

static const char select_cells[] =
    "SELECT measure, year, level, unit, parent, split, grp, denominator, numerator, value, fuzzy, covered, base, "
    "strong, "
    "employers, top_employer, link_pairs, link_correct, link_missed FROM temp.measure_cells ORDER BY measure, year, "
    "level_rank, split, unit, grp";

static const char create_cells[] =
    "CREATE TABLE cells (measure VARCHAR, year INTEGER, level VARCHAR, unit VARCHAR, parent VARCHAR, split VARCHAR, "
    "grp VARCHAR, denominator BIGINT, numerator BIGINT, value DOUBLE, fuzzy DOUBLE, covered BIGINT, base BIGINT, "
    "strong BIGINT, employers BIGINT, top_employer BIGINT, link_pairs BIGINT, link_correct BIGINT, link_missed BIGINT)";

static bool is_text(size_t column)
{
    return column == 0 || (column >= 2 && column <= 6);
}

static bool is_double(size_t column)
{
    return column == 9 || column == 10;
}

static Status copy_row(const DbRows *rows, DbAppender *a, Error *err)
{
    for (size_t c = 0; c < CELL_COLUMNS; c++) {
        if (is_text(c))
            db_append_str(a, c, db_str(rows, c));
        else if (is_double(c))
            db_append_f64(a, c, db_f64(rows, c));
        else
            db_append_i64(a, c, db_i64(rows, c));
    }
    return db_append_row(a, err);
}

static Status copy_cells(Db *from, Db *to, uint64_t *count, Error *err)
{
    DbRows *rows = NULL;
    DbAppender *a = NULL;
    bool more = true;
    Status st = OK;
    *count = 0;
    TRY_OUT(db_exec(to, create_cells, err));
    TRY_OUT(db_appender_open(to, "cells", &a, err));
    TRY_OUT(db_query(from, select_cells, &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(copy_row(rows, a, err));
        ++*count;
    }
    st = db_appender_close(a, err);
    a = NULL;
out:
    db_rows_free(rows);
    db_appender_abandon(a);
    return st;
}

static Status result_path(const Home *home, Arena *arena, uint32_t generation, const char **out, Error *err)
{
    const char *relative;
    TRY(arena_printf(arena, &relative, err, "results/gen-%06" PRIu32 ".parquet", generation));
    return home_file(home, arena, relative, out, err);
}

/* COPY knows no file modes: written into the home's private scratch folder, copied from there. */
static Status write_parquet(Db *db, const char *scratch, const char *path, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "COPY cells TO ");
    sql_literal(&sql, slice_of(scratch));
    buf_adds(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    if (st == OK)
        st = file_copy(scratch, path, MODE_PRIVATE, err);
    Status removed = file_remove(scratch, st == OK ? err : NULL);
    return st == OK ? removed : st;
}

Status cells_write(Db *from, Home *home, uint32_t generation, uint64_t *count, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Arena arena;
    Db *db = NULL;
    const char *scratch, *path;
    Status st = OK;
    options.threads = 1;
    arena_init(&arena, 0);
    TRY_OUT(home_file(home, &arena, "tmp/cells.parquet", &scratch, err));
    TRY_OUT(result_path(home, &arena, generation, &path, err));
    TRY_OUT(db_open(&options, &db, err));
    TRY_OUT(copy_cells(from, db, count, err));
    TRY_OUT(write_parquet(db, scratch, path, err));
out:
    db_close(db);
    arena_free(&arena);
    return st;
}

/* --- reading --- */

/* The same few thousand texts repeat over millions of cells: one copy each. */
static Status intern(Map *texts, Arena *arena, Slice s, Slice *out, Error *err)
{
    uint64_t at;
    if (s.len == 0) {
        *out = SLICE("");
        return OK;
    }
    if (map_get(texts, s, &at)) {
        *out = (Slice){(const char *)(uintptr_t)at, s.len};
        return OK;
    }
    TRY(arena_dup(arena, s, out, err));
    return map_put(texts, s, (uint64_t)(uintptr_t)out->ptr, NULL, err);
}

static Status read_cell(const DbRows *rows, Map *texts, Arena *arena, Cell *out, Error *err)
{
    TRY(intern(texts, arena, db_str(rows, 0), &out->measure, err));
    out->year = (int32_t)db_i64(rows, 1);
    TRY(intern(texts, arena, db_str(rows, 2), &out->level, err));
    TRY(intern(texts, arena, db_str(rows, 3), &out->unit, err));
    TRY(intern(texts, arena, db_str(rows, 4), &out->parent, err));
    TRY(intern(texts, arena, db_str(rows, 5), &out->split, err));
    TRY(intern(texts, arena, db_str(rows, 6), &out->grp, err));
    out->denominator = db_i64(rows, 7);
    out->numerator = db_i64(rows, 8);
    out->value = db_is_null(rows, 9) ? NAN : db_f64(rows, 9);
    out->fuzzy = db_is_null(rows, 10) ? NAN : db_f64(rows, 10);
    out->covered = db_i64(rows, 11);
    out->base = db_i64(rows, 12);
    out->strong = db_i64(rows, 13);
    out->employers = db_i64(rows, 14);
    out->top_employer = db_i64(rows, 15);
    out->link_pairs = db_i64(rows, 16);
    out->link_correct = db_i64(rows, 17);
    out->link_missed = db_i64(rows, 18);
    return OK;
}

static Status read_all(Db *db, const char *literal, Map *texts, CellSet *out, Error *err)
{
    int64_t total;
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_value_i64(db, &total, err, "SELECT count(*) FROM read_parquet(%s)", literal));
    TRY(arena_new(&out->arena, Cell, (size_t)total, &out->cells, err));
    TRY(db_queryf(db, &rows, err, "SELECT * FROM read_parquet(%s)", literal));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        if (out->count == (size_t)total) {
            st = error_set(err, ERR_CORRUPT, "the results file has more rows than it says");
            goto out;
        }
        TRY_OUT(read_cell(rows, texts, &out->arena, &out->cells[out->count++], err));
    }
out:
    db_rows_free(rows);
    return st;
}

Status cells_read(Home *home, uint32_t generation, CellSet *out, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Arena arena;
    Map texts = {0};
    Buf literal;
    Db *db = NULL;
    const char *path;
    Status st = OK;
    *out = (CellSet){0};
    options.threads = 1; /* keeps the file's order */
    arena_init(&arena, 0);
    arena_init(&out->arena, 0);
    buf_init(&literal, 0);
    TRY_OUT(map_init(&texts, err));
    TRY_OUT(result_path(home, &arena, generation, &path, err));
    if (!file_exists(path)) {
        st = error_set(err, ERR_NOT_FOUND, "generation %" PRIu32 " has not been measured", generation);
        error_hint(err, "run `cairn measure`");
        goto out;
    }
    sql_literal(&literal, slice_of(path));
    TRY_OUT(buf_status(&literal, err));
    TRY_OUT(db_open(&options, &db, err));
    TRY_OUT(read_all(db, buf_z(&literal), &texts, out, err));
out:
    db_close(db);
    buf_free(&literal);
    map_free(&texts);
    arena_free(&arena);
    if (st != OK)
        cells_free(out);
    return st;
}

void cells_free(CellSet *set)
{
    arena_free(&set->arena);
    *set = (CellSet){0};
}
