/*
 * Cells on disk: results/gen-NNNNNN.parquet and gen-NNNNNN.exclusions.parquet, unprotected, 0600, for inside only.
 *
 * Millions of cells of sixty measures do not stay in memory: they go measure by measure into a database without a file,
 * which spills into the home's tmp/ beyond a gigabyte, and from there in one COPY each, in the order they came.
 */
#include "measure/measure_parts.h"

#include <math.h>

/* The first nineteen are what protection takes; their names and order stay. */
const CellColumn cell_columns[] = {
    {"measure", CELL_TEXT, offsetof(Cell, measure)},
    {"year", CELL_YEAR, offsetof(Cell, year)},
    {"level", CELL_TEXT, offsetof(Cell, level)},
    {"unit", CELL_TEXT, offsetof(Cell, unit)},
    {"parent", CELL_TEXT, offsetof(Cell, parent)},
    {"split", CELL_TEXT, offsetof(Cell, split)},
    {"grp", CELL_TEXT, offsetof(Cell, grp)},
    {"denominator", CELL_INT, offsetof(Cell, denominator)},
    {"numerator", CELL_INT, offsetof(Cell, numerator)},
    {"value", CELL_DOUBLE, offsetof(Cell, value)},
    {"fuzzy", CELL_DOUBLE, offsetof(Cell, fuzzy)},
    {"covered", CELL_INT, offsetof(Cell, covered)},
    {"base", CELL_INT, offsetof(Cell, base)},
    {"strong", CELL_INT, offsetof(Cell, strong)},
    {"employers", CELL_INT, offsetof(Cell, employers)},
    {"top_employer", CELL_INT, offsetof(Cell, top_employer)},
    {"link_pairs", CELL_INT, offsetof(Cell, link_pairs)},
    {"link_correct", CELL_INT, offsetof(Cell, link_correct)},
    {"link_missed", CELL_INT, offsetof(Cell, link_missed)},
    {"kind", CELL_TEXT, offsetof(Cell, kind)},
    {"category", CELL_TEXT, offsetof(Cell, category)},
    {"p25", CELL_DOUBLE, offsetof(Cell, p25)},
    {"p75", CELL_DOUBLE, offsetof(Cell, p75)},
    {"total", CELL_INT, offsetof(Cell, total)},
    {"weight", CELL_INT, offsetof(Cell, weight)},
    {"excluded", CELL_INT, offsetof(Cell, excluded)},
    {"not_found", CELL_INT, offsetof(Cell, gaps[GAP_NOT_FOUND])},
    {"out_of_coverage", CELL_INT, offsetof(Cell, gaps[GAP_OUT_OF_COVERAGE])},
    {"blocked", CELL_INT, offsetof(Cell, gaps[GAP_BLOCKED])},
    {"small", CELL_INT, offsetof(Cell, small)},
    {"additive", CELL_INT, offsetof(Cell, additive)},
    {"pooled", CELL_TEXT, offsetof(Cell, pooled)},
};

const size_t cell_column_count = COUNT_OF(cell_columns);

static const CellColumn exclusion_columns[] = {
    {"measure", CELL_TEXT, offsetof(ExclusionCell, measure)},
    {"year", CELL_YEAR, offsetof(ExclusionCell, year)},
    {"level", CELL_TEXT, offsetof(ExclusionCell, level)},
    {"unit", CELL_TEXT, offsetof(ExclusionCell, unit)},
    {"split", CELL_TEXT, offsetof(ExclusionCell, split)},
    {"grp", CELL_TEXT, offsetof(ExclusionCell, grp)},
    {"reason", CELL_TEXT, offsetof(ExclusionCell, reason)},
    {"persons", CELL_INT, offsetof(ExclusionCell, persons)},
};

typedef struct Shape {
    const char *table;
    const CellColumn *columns;
    size_t count, size;
} Shape;
static const Shape cell_shape = {"cells", cell_columns, COUNT_OF(cell_columns), sizeof(Cell)};
static const Shape exclusion_shape = {
    "exclusions", exclusion_columns, COUNT_OF(exclusion_columns), sizeof(ExclusionCell)};

static void create_sql(const Shape *s, const char *prefix, Buf *sql)
{
    static const char *const types[] = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE"};
    buf_addf(sql, "CREATE OR REPLACE %s%s (", prefix, s->table);
    for (size_t i = 0; i < s->count; i++)
        buf_addf(sql, "%s%s %s", i ? ", " : "", s->columns[i].name, types[s->columns[i].type]);
    buf_adds(sql, ");\n");
}

static Status append_row(DbAppender *a, const Shape *s, const char *row, Error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        const void *at = row + s->columns[i].offset;
        switch (s->columns[i].type) {
        case CELL_TEXT:
            db_append_str(a, i, *(const Slice *)at);
            break;
        case CELL_INT:
            db_append_i64(a, i, *(const int64_t *)at);
            break;
        case CELL_YEAR:
            db_append_i64(a, i, *(const int32_t *)at);
            break;
        case CELL_DOUBLE:
            db_append_f64(a, i, *(const double *)at);
            break;
        }
    }
    return db_append_row(a, err);
}

static Status append_rows(Db *db, const Shape *s, const char *table, const void *rows, size_t count, Error *err)
{
    DbAppender *a = NULL;
    Status st = OK;
    TRY(db_appender_open(db, table, &a, err));
    for (size_t i = 0; i < count; i++)
        TRY_OUT(append_row(a, s, (const char *)rows + i * s->size, err));
    return db_appender_close(a, err);
out:
    db_appender_abandon(a);
    return st;
}

/* --- writing --- */

struct CellsFile {
    Home *home;
    Db *db;
    Arena arena;
};

Status cells_file_new(Home *home, CellsFile **out, Error *err)
{
    CellsFile *f = NULL;
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    TRY(mem_zalloc(1, sizeof *f, (void **)&f, err));
    f->home = home;
    arena_init(&f->arena, 0);
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = 1;
    options.memory_mb = 1024;
    TRY_OUT(home_file(home, &f->arena, "tmp/cells", &options.temp_dir, err));
    TRY_OUT(db_open(&options, &f->db, err));
    create_sql(&cell_shape, "TABLE ", &sql);
    create_sql(&exclusion_shape, "TABLE ", &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(f->db, buf_z(&sql), err));
    *out = f;
    f = NULL;
out:
    buf_free(&sql);
    cells_file_free(f);
    return st;
}

void cells_file_free(CellsFile *f)
{
    if (!f)
        return;
    db_close(f->db);
    arena_free(&f->arena);
    mem_free(f);
}

Status cells_file_add(CellsFile *f, const Cell *cells, size_t count, Error *err)
{
    return append_rows(f->db, &cell_shape, "cells", cells, count, err);
}

Status cells_file_add_exclusions(CellsFile *f, const ExclusionCell *cells, size_t count, Error *err)
{
    return append_rows(f->db, &exclusion_shape, "exclusions", cells, count, err);
}

static Status result_path(
    const Home *home, Arena *arena, uint32_t generation, const char *suffix, const char **out, Error *err)
{
    const char *relative;
    TRY(arena_printf(arena, &relative, err, "results/gen-%06" PRIu32 "%s.parquet", generation, suffix));
    return home_file(home, arena, relative, out, err);
}

/* COPY knows no file modes: written into the home's private scratch folder, copied from there. */
static Status write_parquet(Db *db, const char *table, const char *scratch, const char *path, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "COPY %s TO ", table);
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

Db *cells_file_db(CellsFile *f)
{
    return f->db;
}

Status cells_file_close(CellsFile *f, uint32_t generation, Error *err)
{
    const char *scratch, *cells, *exclusions;
    TRY(home_file(f->home, &f->arena, "tmp/cells.parquet", &scratch, err));
    TRY(result_path(f->home, &f->arena, generation, "", &cells, err));
    TRY(result_path(f->home, &f->arena, generation, ".exclusions", &exclusions, err));
    /* the cells last: their file says that the generation is measured */
    TRY(write_parquet(f->db, "exclusions", scratch, exclusions, err));
    return write_parquet(f->db, "cells", scratch, cells, err);
}

/* Onto a file that is there already and private: what COPY makes anew would be readable for others. */
static Status write_onto(Db *db, const char *path, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "COPY cells TO ");
    sql_literal(&sql, slice_of(path));
    buf_adds(&sql, " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)");
    Status st = file_write(path, SLICE(""), MODE_PRIVATE, err);
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    if (st == OK)
        st = file_check_private(path, err);
    buf_free(&sql);
    return st;
}

Status cells_to_parquet(const Cell *cells, size_t count, const char *path, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Buf sql;
    Db *db = NULL;
    Status st = OK;
    options.threads = 1;
    buf_init(&sql, 0);
    TRY_OUT(db_open(&options, &db, err));
    create_sql(&cell_shape, "TABLE ", &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
    TRY_OUT(append_rows(db, &cell_shape, "cells", cells, count, err));
    st = write_onto(db, path, err);
out:
    db_close(db);
    buf_free(&sql);
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

static Status read_row(const DbRows *rows, const Shape *s, Map *texts, Arena *arena, char *out, Error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        void *at = out + s->columns[i].offset;
        switch (s->columns[i].type) {
        case CELL_TEXT:
            TRY(intern(texts, arena, db_str(rows, i), at, err));
            break;
        case CELL_INT:
            *(int64_t *)at = db_i64(rows, i);
            break;
        case CELL_YEAR:
            *(int32_t *)at = (int32_t)db_i64(rows, i);
            break;
        case CELL_DOUBLE:
            *(double *)at = db_is_null(rows, i) ? NAN : db_f64(rows, i);
            break;
        }
    }
    return OK;
}

static Status read_rows(
    Db *db, const Shape *s, const char *from, Map *texts, Arena *arena, void **out, size_t *count, Error *err)
{
    int64_t total;
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    *count = 0;
    TRY(db_value_i64(db, &total, err, "SELECT count(*) FROM %s", from));
    TRY(arena_array_(arena, (size_t)total, s->size, out, err));
    TRY(db_queryf(db, &rows, err, "SELECT * FROM %s", from));
    if (db_columns(rows) != s->count)
        TRY_OUT(error_set(err, ERR_CORRUPT, "the results file has not the columns of this version"));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        if (*count == (size_t)total)
            TRY_OUT(error_set(err, ERR_CORRUPT, "the results file has more rows than it says"));
        TRY_OUT(read_row(rows, s, texts, arena, (char *)*out + (*count)++ * s->size, err));
    }
out:
    db_rows_free(rows);
    return st;
}

static Status read_file(Home *home, uint32_t generation, const char *suffix, const char *where, const Shape *s,
    Arena *out_arena, void **out, size_t *count, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Arena arena;
    Map texts = {0};
    Buf from;
    Db *db = NULL;
    const char *path;
    Status st = OK;
    options.threads = 1; /* keeps the file's order */
    arena_init(&arena, 0);
    buf_init(&from, 0);
    TRY_OUT(map_init(&texts, err));
    TRY_OUT(result_path(home, &arena, generation, suffix, &path, err));
    if (!file_exists(path)) {
        st = error_set(err, ERR_NOT_FOUND, "generation %" PRIu32 " has not been measured", generation);
        error_hint(err, "run `cairn measure`");
        goto out;
    }
    buf_adds(&from, "read_parquet(");
    sql_literal(&from, slice_of(path));
    buf_addf(&from, ")%s", where);
    TRY_OUT(buf_status(&from, err));
    TRY_OUT(db_open(&options, &db, err));
    TRY_OUT(read_rows(db, s, buf_z(&from), &texts, out_arena, out, count, err));
out:
    db_close(db);
    buf_free(&from);
    map_free(&texts);
    arena_free(&arena);
    return st;
}

static Status read_cells(Home *home, uint32_t generation, const char *where, CellSet *out, Error *err)
{
    void *cells = NULL;
    *out = (CellSet){0};
    arena_init(&out->arena, 0);
    Status st = read_file(home, generation, "", where, &cell_shape, &out->arena, &cells, &out->count, err);
    out->cells = cells;
    if (st != OK)
        cells_free(out);
    return st;
}

Status cells_read(Home *home, uint32_t generation, CellSet *out, Error *err)
{
    return read_cells(home, generation, " WHERE additive = 1 AND kind IN ('rate', 'median')", out, err);
}

Status cells_read_all(Home *home, uint32_t generation, CellSet *out, Error *err)
{
    return read_cells(home, generation, "", out, err);
}

void cells_free(CellSet *set)
{
    arena_free(&set->arena);
    *set = (CellSet){0};
}

Status exclusions_read(Home *home, uint32_t generation, ExclusionSet *out, Error *err)
{
    void *cells = NULL;
    *out = (ExclusionSet){0};
    arena_init(&out->arena, 0);
    Status st = read_file(home, generation, ".exclusions", "", &exclusion_shape, &out->arena, &cells, &out->count, err);
    out->cells = cells;
    if (st != OK)
        exclusions_free(out);
    return st;
}

void exclusions_free(ExclusionSet *set)
{
    arena_free(&set->arena);
    *set = (ExclusionSet){0};
}
