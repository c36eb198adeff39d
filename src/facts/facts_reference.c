/*
 * Reference tables: the policy's own lists (districts, schools, counties,
 * institutions, credentials; reference/index.toml names the columns) and accepted
 * loads of public files (KIND_REFERENCE). Both are small and public; only what
 * is current is kept.
 */
#include "facts/facts_parts.h"

/* As text first, then one typed INSERT: the columns that are wanted, in the order of the index. */
static void add_text(const CsvTable *csv, Buf *sql)
{
    buf_adds(sql, "CREATE OR REPLACE TEMP TABLE reference_text (");
    for (size_t c = 0; c < csv->columns; c++) {
        buf_adds(sql, c ? ", " : "");
        sql_ident(sql, csv->header[c]);
        buf_adds(sql, " VARCHAR");
    }
    buf_adds(sql, ");\n");
    for (size_t r = 0; r < csv->rows; r++) {
        buf_adds(sql, r ? ",\n(" : "INSERT INTO temp.reference_text VALUES (");
        for (size_t c = 0; c < csv->columns; c++) {
            Slice cell = slice_trim(csv->cells[r * csv->columns + c]);
            buf_adds(sql, c ? ", " : "");
            if (cell.len > 0)
                sql_literal(sql, cell);
            else
                buf_adds(sql, "NULL");
        }
        buf_addc(sql, ')');
    }
    buf_adds(sql, ";\n");
}

static void add_typed(const TableDef *t, Buf *sql)
{
    buf_addf(sql, "INSERT INTO main.%.*s SELECT ", SLICE_ARG(t->name));
    for (size_t i = 0; i < t->column_count; i++)
        buf_addf(
            sql, "%sCAST(%.*s AS %.*s)", i ? ", " : "", SLICE_ARG(t->columns[i].name), SLICE_ARG(t->columns[i].type));
    buf_adds(sql, " FROM temp.reference_text ORDER BY ALL;\nDROP TABLE temp.reference_text;");
}

static Status add_table(Db *db, Policy *policy, const TableDef *t, Error *err)
{
    Arena arena;
    Slice relative, text;
    const char *path;
    CsvTable csv;
    Buf sql;
    Status st = OK;
    arena_init(&arena, 0);
    buf_init(&sql, 0);
    TRY_OUT(arena_dup(&arena, t->data, &relative, err));
    TRY_OUT(policy_data(policy, relative.ptr, &text, &path, err));
    TRY_OUT(csv_parse(text, path, &arena, &csv, err));
    add_text(&csv, &sql);
    add_typed(t, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
out:
    if (st != OK)
        error_hint(err, "see table %.*s in %s", SLICE_ARG(t->name), t->file->path);
    buf_free(&sql);
    arena_free(&arena);
    return st;
}

Status facts_reference_policy(Db *db, Policy *policy, const TableDefs *tables, Error *err)
{
    for (size_t i = 0; i < tables->len; i++)
        if (tables->at[i].origin == TABLE_REFERENCE)
            TRY(add_table(db, policy, &tables->at[i], err));
    return OK;
}

static bool is_content(const Field *f)
{
    return f->identity.len == 0;
}

static void create_from_fields(const Contract *c, Buf *sql)
{
    buf_addf(
        sql, "CREATE TABLE IF NOT EXISTS main.%.*s (load_no INTEGER, row_no BIGINT", SLICE_ARG(c->reference_table));
    for (size_t i = 0; i < c->field_count; i++) {
        if (!is_content(&c->fields[i]))
            continue;
        buf_addf(sql, ", %.*s ", SLICE_ARG(c->fields[i].name));
        contract_sql_type(&c->fields[i], sql);
    }
    buf_adds(sql, ");\n");
}

Status facts_reference_loads(Db *db, const FactsInput *in, const LoadGroup *group, Error *err)
{
    const Contract *c = group->contract;
    size_t count = 0;
    Buf sql, files;
    buf_init(&sql, 0);
    buf_init(&files, 0);
    Status st = load_group_files(in, group, CURRENT_LOADS, &files, &count, err);
    create_from_fields(c, &sql);
    if (count > 0) {
        buf_addf(&sql, "INSERT INTO main.%.*s BY NAME SELECT l.load_no, r.row_no", SLICE_ARG(c->reference_table));
        for (size_t i = 0; i < c->field_count; i++)
            if (is_content(&c->fields[i]))
                buf_addf(&sql, ", r.%.*s", SLICE_ARG(c->fields[i].name));
        buf_addf(&sql,
            " FROM read_parquet(%s, filename = 'cairn_file') r JOIN staging.load_file l ON l.path = r.cairn_file "
            "ORDER BY l.load_no, r.row_no;\n",
            buf_z(&files));
    }
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&files);
    buf_free(&sql);
    return st;
}
