/*
 * Cells on disk: results/gen-NNNNNN.parquet and gen-NNNNNN.exclusions.parquet, unprotected, 0600, for inside only.
 *
 * Millions of cells of sixty measures do not stay in memory: they go measure by measure, in the order they came, into
 * files in the home's private tmp/ (cells_feed.c), which take their place in results/ when all is well.
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

static const CellShape cell_shape = {cell_columns, COUNT_OF(cell_columns), sizeof(Cell)};
static const CellShape exclusion_shape = {exclusion_columns, COUNT_OF(exclusion_columns), sizeof(ExclusionCell)};

/* --- writing --- */

struct CellsFile {
    Home *home;
    Db *db; /* after the last cell: the view over them */
    Arena arena;
    const char *cells, *exclusions; /* scratch files */
    CellsFeed *cell_feed, *exclusion_feed;
};

Status cells_file_new(Home *home, CellsFile **out, Error *err)
{
    CellsFile *f = NULL;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *f, (void **)&f, err));
    f->home = home;
    arena_init(&f->arena, 0);
    TRY_OUT(home_file(home, &f->arena, "tmp/cells.parquet", &f->cells, err));
    TRY_OUT(home_file(home, &f->arena, "tmp/cells.exclusions.parquet", &f->exclusions, err));
    TRY_OUT(cells_feed_open(&cell_shape, f->cells, &f->cell_feed, err));
    TRY_OUT(cells_feed_open(&exclusion_shape, f->exclusions, &f->exclusion_feed, err));
    *out = f;
    f = NULL;
out:
    cells_file_free(f);
    return st;
}

static void remove_scratch(const char *path)
{
    if (path && file_exists(path) && file_remove(path, NULL) != OK)
        return; /* the next run writes over it */
}

void cells_file_free(CellsFile *f)
{
    if (!f)
        return;
    cells_feed_drop(f->cell_feed);
    cells_feed_drop(f->exclusion_feed);
    db_close(f->db);
    remove_scratch(f->cells);
    remove_scratch(f->exclusions);
    arena_free(&f->arena);
    mem_free(f);
}

Status cells_file_add(CellsFile *f, const Cell *cells, const uint32_t *order, size_t count, Error *err)
{
    return cells_feed_add(f->cell_feed, cells, order, count, err);
}

Status cells_file_add_exclusions(CellsFile *f, const ExclusionCell *cells, size_t count, Error *err)
{
    return cells_feed_add(f->exclusion_feed, cells, NULL, count, err);
}

static Status result_path(
    const Home *home, Arena *arena, uint32_t generation, const char *suffix, const char **out, Error *err)
{
    const char *relative;
    TRY(arena_printf(arena, &relative, err, "results/gen-%06" PRIu32 "%s.parquet", generation, suffix));
    return home_file(home, arena, relative, out, err);
}

static Status close_feed(CellsFeed **feed, Error *err)
{
    CellsFeed *f = *feed;
    *feed = NULL;
    return cells_feed_close(f, err);
}

Status cells_file_end(CellsFile *f, Db **cells, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    Buf sql;
    TRY(close_feed(&f->cell_feed, err));
    TRY(close_feed(&f->exclusion_feed, err));
    options.threads = 1;
    options.memory_mb = 1024;
    TRY(db_open(&options, &f->db, err));
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE VIEW cells AS SELECT * FROM read_parquet(");
    sql_literal(&sql, slice_of(f->cells));
    buf_adds(&sql, ")");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(f->db, buf_z(&sql), err);
    buf_free(&sql);
    *cells = f->db;
    return st;
}

Status cells_file_close(CellsFile *f, uint32_t generation, Error *err)
{
    const char *cells, *exclusions;
    TRY(result_path(f->home, &f->arena, generation, "", &cells, err));
    TRY(result_path(f->home, &f->arena, generation, ".exclusions", &exclusions, err));
    /* the cells last: their file says that the generation is measured */
    TRY(file_copy(f->exclusions, exclusions, MODE_PRIVATE, err));
    return file_copy(f->cells, cells, MODE_PRIVATE, err);
}

Status cells_to_parquet(const Cell *cells, size_t count, const char *path, Error *err)
{
    CellsFeed *feed;
    TRY(cells_feed_open(&cell_shape, path, &feed, err));
    Status st = cells_feed_add(feed, cells, NULL, count, err);
    if (st == OK)
        return cells_feed_close(feed, err);
    cells_feed_drop(feed);
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

static Status read_row(const DbRows *rows, const CellShape *s, Map *texts, Arena *arena, char *out, Error *err)
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
    Db *db, const CellShape *s, const char *from, Map *texts, Arena *arena, void **out, size_t *count, Error *err)
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

static Status read_file(Home *home, uint32_t generation, const char *suffix, const char *where, const CellShape *s,
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

Status cells_read(
    Home *home, uint32_t generation, const Slice *measures, size_t measure_count, CellSet *out, Error *err)
{
    Buf where;
    buf_init(&where, 0);
    buf_adds(&where, " WHERE additive = 1 AND kind IN ('rate', 'median') AND measure IN (''");
    for (size_t i = 0; i < measure_count; i++) {
        buf_adds(&where, ", ");
        sql_literal(&where, measures[i]);
    }
    buf_adds(&where, ")");
    *out = (CellSet){0};
    Status st = buf_status(&where, err);
    if (st == OK)
        st = read_cells(home, generation, buf_z(&where), out, err);
    buf_free(&where);
    return st;
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
