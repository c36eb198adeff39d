/* The policy's own lists (districts, schools, institutions ...): CSV files as rows of their tables. */
#include "policy/model.h"

/* As text first, then one typed INSERT: the columns that are wanted, in the order of the index. */
static void add_text(const CsvTable *csv, Buf *sql)
{
    buf_adds(sql, "CREATE OR REPLACE TEMP TABLE reference_text (");
    for (size_t c = 0; c < csv->columns; c++) {
        buf_adds(sql, c ? ", " : "");
        buf_add_quoted(sql, csv->header[c], '"');
        buf_adds(sql, " VARCHAR");
    }
    buf_adds(sql, ");\n");
    for (size_t r = 0; r < csv->rows; r++) {
        buf_adds(sql, r ? ",\n(" : "INSERT INTO temp.reference_text VALUES (");
        for (size_t c = 0; c < csv->columns; c++) {
            Slice cell = slice_trim(csv->cells[r * csv->columns + c]);
            buf_adds(sql, c ? ", " : "");
            if (cell.len > 0)
                buf_add_quoted(sql, cell, '\'');
            else
                buf_adds(sql, "NULL");
        }
        buf_addc(sql, ')');
    }
    buf_adds(sql, ";\n");
}

static void add_typed(const TableDef *t, const char *schema, Buf *sql)
{
    buf_addf(sql, "INSERT INTO %s.%.*s SELECT ", schema, SLICE_ARG(t->name));
    for (size_t i = 0; i < t->column_count; i++)
        buf_addf(
            sql, "%sCAST(%.*s AS %.*s)", i ? ", " : "", SLICE_ARG(t->columns[i].name), SLICE_ARG(t->columns[i].type));
    buf_adds(sql, " FROM temp.reference_text ORDER BY ALL;\nDROP TABLE temp.reference_text;");
}

Status model_reference_sql(Policy *policy, const TableDef *t, const char *schema, Buf *out, Error *err)
{
    Arena arena;
    Slice relative, text;
    const char *path;
    CsvTable csv;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(arena_dup(&arena, t->data, &relative, err));
    TRY_OUT(policy_data(policy, relative.ptr, &text, &path, err));
    TRY_OUT(csv_parse(text, path, &arena, &csv, err));
    add_text(&csv, out);
    add_typed(t, schema, out);
    st = buf_status(out, err);
out:
    arena_free(&arena);
    return st;
}
