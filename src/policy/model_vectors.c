/*
 * Test vectors: small tables written into the definition they test.
 *
 *     [vector.given]
 *     k12_end_of_year = '''
 *     person | school_year | grade_level
 *     1      | 2021        | 09
 *     '''
 *
 * Bars between cells, blanks do not matter, an empty cell is NULL.
 */
#include "policy/model.h"

static size_t count_cells(Slice line)
{
    size_t n = 1;
    for (size_t i = 0; i < line.len; i++)
        n += line.ptr[i] == '|';
    return n;
}

static bool next_line(Slice *rest, uint32_t *line, Slice *out)
{
    while (rest->ptr) {
        *out = slice_trim(slice_cut(rest, '\n'));
        ++*line;
        if (out->len > 0 && out->ptr[0] != '#')
            return true;
    }
    return false;
}

static void cut_cells(Slice line, Slice *cells, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        cells[i] = slice_trim(slice_cut(&line, '|'));
}

static Status read_grid(const PolicyFile *file, const Toml *t, Arena *arena, VectorTable *out, Error *err)
{
    if (t->type != TOML_STRING)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a vector's table must be text", file->path, t->line);
    Slice rest = t->string, row;
    uint32_t line = t->line - 1;
    size_t lines = 0;
    while (next_line(&rest, &line, &row))
        lines++;
    *out = (VectorTable){.name = t->key, .line = t->line};
    if (lines == 0)
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": a vector's table needs a line of column names", file->path, t->line);
    rest = t->string;
    line = t->line - 1;
    (void)next_line(&rest, &line, &row);
    out->columns = count_cells(row);
    TRY(arena_new(arena, Slice, out->columns, &out->header, err));
    TRY(arena_new(arena, Slice, out->columns * lines, &out->cells, err));
    cut_cells(row, out->header, out->columns);
    while (next_line(&rest, &line, &row)) {
        if (count_cells(row) != out->columns)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a row of table %.*s has %zu cells, its head has %zu",
                file->path, line, SLICE_ARG(t->key), count_cells(row), out->columns);
        cut_cells(row, out->cells + out->rows++ * out->columns, out->columns);
    }
    return OK;
}

static Status read_tables(const PolicyFile *file, const Toml *tables, Arena *arena, TestVector *v, Error *err)
{
    for (const Toml *t = tables ? tables->first : NULL; t; t = t->next)
        TRY(read_grid(file, t, arena, &v->given[v->given_count++], err));
    return OK;
}

Status model_vectors(const PolicyFile *file, Arena *arena, TestVectors *out, Error *err)
{
    const char *const of_definition[] = {"name", "given", "expect", "note", "definition", NULL};
    const char *const of_script[] = {"name", "given", "expect", "note", "script", NULL};
    const char *const *allowed = slice_eq_z(file->schema, "cairn.cohort_blocks/1") ? of_script : of_definition;
    const Toml *fixture, *list;
    TRY(toml_table(file->toml, file->path, "fixture", &fixture, err));
    TRY(toml_array(file->toml, file->path, "vector", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        const Toml *given;
        TestVector v = {.line = t->line};
        TRY(toml_only(t, file->path, allowed, err));
        TRY(toml_str(t, file->path, "name", &v.name, err));
        TRY(toml_str_or(t, file->path, "definition", SLICE(""), &v.definition, err));
        TRY(toml_str_or(t, file->path, "script", SLICE(""), &v.script, err));
        v.script_line = v.script.len ? toml_get(t, "script")->line : 0;
        TRY(toml_table(t, file->path, "given", &given, err));
        size_t n = (fixture ? fixture->count : 0) + (given ? given->count : 0);
        TRY(arena_new(arena, VectorTable, n + 1, &v.given, err));
        TRY(read_tables(file, fixture, arena, &v, err));
        TRY(read_tables(file, given, arena, &v, err));
        const Toml *expect = toml_get(t, "expect");
        if (!expect)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a vector needs `expect`", file->path, t->line);
        TRY(read_grid(file, expect, arena, &v.expect, err));
        TRY(vec_push(out, v, err));
    }
    return OK;
}

static Slice column_type(const TableDef *t, Slice column)
{
    for (size_t i = 0; t && i < t->column_count; i++)
        if (slice_eq(t->columns[i].name, column))
            return t->columns[i].type;
    return SLICE("");
}

static void add_cell(Slice cell, bool uuid, Buf *out)
{
    if (cell.len == 0) {
        buf_adds(out, "NULL");
        return;
    }
    buf_addc(out, '\'');
    if (uuid && cell.len < 32)
        buf_pad(out, '0', 32 - cell.len);
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '\'')
            buf_addc(out, '\'');
        buf_addc(out, cell.ptr[i]);
    }
    buf_addc(out, '\'');
}

Status model_vector_sql(const VectorTable *v, const TableDefs *tables, const char *file, Buf *out, Error *err)
{
    const TableDef *def = model_table(tables, v->name);
    if (v->rows == 0)
        return OK;
    if (!def && !slice_eq_z(v->name, "person_link"))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a vector gives rows of %.*s, which no policy file defines",
            file, v->line, SLICE_ARG(v->name));
    buf_addf(out, "INSERT INTO main.%.*s (", SLICE_ARG(v->name));
    for (size_t c = 0; c < v->columns; c++)
        buf_addf(out, "%s%.*s", c ? ", " : "", SLICE_ARG(v->header[c]));
    buf_adds(out, ") VALUES ");
    for (size_t r = 0; r < v->rows; r++) {
        buf_adds(out, r ? ",\n(" : "\n(");
        for (size_t c = 0; c < v->columns; c++) {
            if (c)
                buf_adds(out, ", ");
            add_cell(v->cells[r * v->columns + c], slice_eq_z(column_type(def, v->header[c]), "UUID"), out);
        }
        buf_addc(out, ')');
    }
    buf_adds(out, ";\n");
    return buf_status(out, err);
}
