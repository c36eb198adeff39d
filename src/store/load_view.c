/* The rows of loads as SQL sees them: one view a source, so that who asks need not know in which files they lie. */
#include "store/load_view.h"

static Status write_view(const PathList *files, Slice name, Buf *sql, Error *err)
{
    buf_adds(sql, "CREATE OR REPLACE VIEW ");
    sql_ident(sql, name);
    buf_adds(sql, " AS SELECT * FROM read_parquet([");
    for (size_t i = 0; i < files->len; i++) {
        buf_adds(sql, i > 0 ? ", " : "");
        sql_literal(sql, slice_of(files->at[i]));
    }
    buf_adds(sql, "], union_by_name = true)");
    return buf_status(sql, err);
}

Status load_view(Db *db, const char *loads_dir, const Loads *loads, Slice source, Slice name, bool *any, Error *err)
{
    Arena arena;
    PathList files = {0};
    Buf sql;
    Status st = OK;
    arena_init(&arena, 0);
    buf_init(&sql, 0);
    for (size_t i = 0; i < loads->len; i++)
        if (slice_eq(loads->at[i].source, source) && loads->at[i].superseded_by.len == 0)
            TRY_OUT(load_row_files(loads_dir, &loads->at[i], &arena, &files, err));
    *any = files.len > 0;
    if (!*any)
        goto out;
    TRY_OUT(write_view(&files, name, &sql, err));
    st = db_exec(db, buf_z(&sql), err);
out:
    buf_free(&sql);
    vec_free(&files);
    arena_free(&arena);
    return st;
}
