/*
 * The tables a policy defines, from its three kinds of files. Names become SQL
 * text unquoted, so only plain lower-case identifiers are let through.
 */
#include "policy/model.h"

static bool is_identifier(Slice s)
{
    if (s.len == 0 || s.len > 63 || (s.ptr[0] >= '0' && s.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* A type is words, numbers and brackets: nothing that could end the statement it is put into. */
static bool is_sql_type(Slice s)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '(' || c == ')' || c == ',' || c == ' ' ||
                c == '_'))
            return false;
    }
    return true;
}

static Status read_column(const PolicyFile *file, const Toml *t, ColumnDef *out, Error *err)
{
    const char *const allowed[] = {"name", "type", "definition", "ceds", NULL};
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "name", &out->name, err));
    TRY(toml_str(t, file->path, "type", &out->type, err));
    TRY(toml_str_or(t, file->path, "definition", SLICE(""), &out->definition, err));
    if (!is_identifier(out->name) || !is_sql_type(out->type))
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": a column needs a lower-case name and an SQL type", file->path, t->line);
    return OK;
}

static Status read_columns(const PolicyFile *file, const Toml *t, Arena *arena, TableDef *def, Error *err)
{
    const Toml *columns;
    TRY(toml_array(t, file->path, "columns", &columns, err));
    if (!columns || columns->count == 0)
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": table %.*s has no columns", file->path, t->line, SLICE_ARG(def->name));
    TRY(arena_new(arena, ColumnDef, columns->count, &def->columns, err));
    for (const Toml *c = columns->first; c; c = c->next)
        TRY(read_column(file, c, &def->columns[def->column_count++], err));
    return OK;
}

static Status push_table(TableDefs *out, const TableDef *def, uint32_t line, Error *err)
{
    if (!is_identifier(def->name))
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": a table's name must be a lower-case identifier", def->file->path, line);
    if (model_table(out, def->name))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": table %.*s is defined twice", def->file->path, line,
            SLICE_ARG(def->name));
    return vec_push(out, *def, err);
}

static Status read_facts(const PolicyFile *file, Arena *arena, TableDefs *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "table", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        TableDef def = {.origin = TABLE_FACT, .file = file};
        TRY(toml_str(t, file->path, "name", &def.name, err));
        TRY(toml_bool_or(t, file->path, "person", false, &def.person, err));
        TRY(toml_str_or(t, file->path, "definition", SLICE(""), &def.definition, err));
        TRY(read_columns(file, t, arena, &def, err));
        TRY(push_table(out, &def, t->line, err));
    }
    return OK;
}

static Status read_references(const PolicyFile *file, Arena *arena, TableDefs *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "table", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        TableDef def = {.origin = TABLE_REFERENCE, .file = file};
        TRY(toml_str(t, file->path, "name", &def.name, err));
        TRY(toml_str(t, file->path, "file", &def.data, err));
        TRY(toml_str_or(t, file->path, "definition", SLICE(""), &def.definition, err));
        TRY(read_columns(file, t, arena, &def, err));
        TRY(push_table(out, &def, t->line, err));
    }
    return OK;
}

static Status read_derived(const PolicyFile *file, Arena *arena, TableDefs *out, Error *err)
{
    TableDef def = {.origin = TABLE_DERIVED, .file = file};
    TRY(toml_str(file->toml, file->path, "table", &def.name, err));
    TRY(toml_str_or(file->toml, file->path, "definition", SLICE(""), &def.definition, err));
    TRY(read_columns(file, file->toml, arena, &def, err));
    return push_table(out, &def, 1, err);
}

/* The newest version of each name, of one schema. */
static Status each_file(Policy *p, const char *kind, const char *schema, Arena *arena, TableDefs *out,
    Status (*read)(const PolicyFile *, Arena *, TableDefs *, Error *), Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    TRY_OUT(policy_list(p, kind, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        const PolicyFile *newest;
        if (!slice_eq_z(files.at[i]->schema, schema))
            continue;
        if (i + 1 < files.len && slice_eq(files.at[i]->name, files.at[i + 1]->name))
            continue;
        TRY_OUT(policy_get(p, kind, files.at[i]->name, files.at[i]->effective_from, &newest, err));
        TRY_OUT(read(newest, arena, out, err));
    }
out:
    vec_free(&files);
    return st;
}

Status model_tables(Policy *p, Arena *arena, TableDefs *out, Error *err)
{
    TRY(each_file(p, "core", "cairn.warehouse/1", arena, out, read_facts, err));
    TRY(each_file(p, "reference", "cairn.reference/1", arena, out, read_references, err));
    return each_file(p, "derived", "cairn.derived/1", arena, out, read_derived, err);
}

const TableDef *model_table(const TableDefs *tables, Slice name)
{
    for (size_t i = 0; i < tables->len; i++)
        if (slice_eq(tables->at[i].name, name))
            return &tables->at[i];
    return NULL;
}

void model_create_sql(const TableDef *t, const char *schema, Buf *out)
{
    buf_addf(out, "CREATE TABLE %s.%.*s (", schema, SLICE_ARG(t->name));
    if (t->origin == TABLE_FACT)
        buf_addf(out, "%sload_no INTEGER, row_no BIGINT, ", t->person ? "person UBIGINT, " : "");
    for (size_t i = 0; i < t->column_count; i++)
        buf_addf(out, "%s%.*s %.*s", i ? ", " : "", SLICE_ARG(t->columns[i].name), SLICE_ARG(t->columns[i].type));
    buf_adds(out, ");\n");
}
