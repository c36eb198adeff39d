/*
 * Reading a contract: shape first, then names, then the SQL's columns. Every
 * message names file and line, because contracts are edited by hand.
 */
#include "contract/contract_parts.h"

#include <stdio.h>

#define ERROR_LIMIT_DEFAULT_PPM \
    20000 /* 2 %: above it a file is more likely of another layout than full of typing errors */

Status contract_fail(const Parse *p, const Toml *at, const char *key, Error *err, const char *fmt, ...)
{
    char why[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    const Toml *member = key ? toml_get(at, key) : NULL;
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, p->file, 0, key);
    if (err)
        err->line = member ? member->line : at ? at->line : 0;
    return st;
}

bool contract_is_name(Slice s)
{
    if (s.len == 0 || s.len > 63 || s.ptr[0] < 'a' || s.ptr[0] > 'z')
        return false;
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

Status contract_tables(const Parse *p, const Toml *t, const char *key, const Toml **first, size_t *count, Error *err)
{
    const Toml *list;
    *first = NULL;
    *count = 0;
    TRY(toml_array(t, p->file, key, &list, err));
    if (!list)
        return OK;
    for (const Toml *e = list->first; e; e = e->next)
        if (e->type != TOML_TABLE)
            return contract_fail(p, t, key, err, "must be written as [[%s]]", key);
    *first = list->first;
    *count = list->count;
    return OK;
}

Status contract_strings(const Parse *p, const Toml *t, const char *key, Slice **out, size_t *count, Error *err)
{
    const Toml *list;
    *out = NULL;
    *count = 0;
    TRY(toml_array(t, p->file, key, &list, err));
    if (!list)
        return OK;
    TRY(arena_new(p->arena, Slice, list->count, out, err));
    for (const Toml *e = list->first; e; e = e->next) {
        if (e->type != TOML_STRING)
            return contract_fail(p, t, key, err, "must be a list of strings");
        (*out)[(*count)++] = e->string;
    }
    return OK;
}

/* --- the top level --- */

static Status read_choice(
    const Parse *p, const Toml *t, const char *key, const char *const *choices, size_t count, size_t *out, Error *err)
{
    Slice value;
    TRY(toml_str(t, p->file, key, &value, err));
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_z(value, choices[i])) {
            *out = i;
            return OK;
        }
    }
    return contract_fail(p, t, key, err, "%.*s is not known here", SLICE_ARG(value));
}

static Status read_head(Parse *p, const Toml *t, Error *err)
{
    static const char *const kinds[] = {[KIND_RECORDS] = "records", [KIND_REFERENCE] = "reference"};
    static const char *const formats[] = {[FORMAT_CSV] = "csv", [FORMAT_FIXED] = "fixed", [FORMAT_XML] = "xml"};
    Slice schema;
    size_t kind = 0, format = 0;
    TRY(toml_str(t, p->file, "schema", &schema, err));
    if (!slice_eq_z(schema, "cairn.contract/1"))
        return contract_fail(p, t, "schema", err, "must be cairn.contract/1");
    TRY(toml_str(t, p->file, "name", &p->c->name, err));
    TRY(toml_str(t, p->file, "version", &p->c->version, err));
    TRY(toml_str(t, p->file, "title", &p->c->title, err));
    TRY(toml_str(t, p->file, "status", &p->status, err));
    TRY(toml_str(t, p->file, "agency", &p->c->agency, err));
    TRY(read_choice(p, t, "kind", kinds, COUNT_OF(kinds), &kind, err));
    TRY(read_choice(p, t, "format", formats, COUNT_OF(formats), &format, err));
    p->c->kind = (ContractKind)kind;
    p->c->format = (ContractFormat)format;
    if (!contract_is_name(p->c->name))
        return contract_fail(p, t, "name", err, "%.*s cannot be a contract's name", SLICE_ARG(p->c->name));
    return OK;
}

static Status read_csv_options(Parse *p, const Toml *t, Error *err)
{
    Contract *c = p->c;
    Slice delimiter, unknown;
    int64_t skip;
    TRY(toml_str_or(t, p->file, "delimiter", SLICE(","), &delimiter, err));
    TRY(toml_bool_or(t, p->file, "header", true, &c->header, err));
    TRY(toml_int_or(t, p->file, "skip_lines", 0, &skip, err));
    TRY(toml_str_or(t, p->file, "trailer_pattern", SLICE(""), &c->trailer_pattern, err));
    TRY(toml_str_or(t, p->file, "unknown_columns", SLICE("refuse"), &unknown, err));
    if (delimiter.len != 1 || delimiter.ptr[0] == '"' || delimiter.ptr[0] == '\n' || delimiter.ptr[0] == '\r')
        return contract_fail(p, t, "delimiter", err, "must be one character, no quote and no line end");
    if (skip < 0 || skip > 100)
        return contract_fail(p, t, "skip_lines", err, "must be between 0 and 100");
    if (!slice_eq_z(unknown, "refuse") && !slice_eq_z(unknown, "ignore"))
        return contract_fail(p, t, "unknown_columns", err, "must be refuse or ignore");
    c->delimiter = delimiter.ptr[0];
    c->skip_lines = (uint32_t)skip;
    c->refuse_unknown_columns = slice_eq_z(unknown, "refuse");
    return OK;
}

static Status read_fixed_options(Parse *p, const Toml *t, Error *err)
{
    int64_t length;
    TRY(toml_int_or(t, p->file, "record_length", 0, &length, err));
    TRY(toml_str_or(t, p->file, "select", SLICE(""), &p->c->select, err));
    TRY(toml_str_or(t, p->file, "trailer", SLICE(""), &p->c->trailer, err));
    if (length < 0 || length > 65535)
        return contract_fail(p, t, "record_length", err, "must be between 0 and 65535");
    if (p->c->select.len > 16)
        return contract_fail(p, t, "select", err, "must have at most 16 characters");
    p->c->record_length = (uint32_t)length;
    return OK;
}

static Status read_options(Parse *p, const Toml *t, Error *err)
{
    Contract *c = p->c;
    int64_t limit;
    TRY(toml_str_or(t, p->file, "encoding", SLICE("utf-8"), &c->encoding, err));
    TRY(toml_int_or(t, p->file, "error_limit_ppm", ERROR_LIMIT_DEFAULT_PPM, &limit, err));
    TRY(toml_str_or(t, p->file, "reference_table", SLICE(""), &c->reference_table, err));
    if (!slice_eq_z(c->encoding, "utf-8") && !slice_eq_z(c->encoding, "windows-1252"))
        return contract_fail(p, t, "encoding", err, "must be utf-8 or windows-1252");
    if (limit < 0 || limit > 1000000)
        return contract_fail(p, t, "error_limit_ppm", err, "must be between 0 and 1000000");
    c->error_limit_ppm = (uint32_t)limit;
    if ((c->kind == KIND_REFERENCE) != (c->reference_table.len > 0))
        return contract_fail(
            p, t, "reference_table", err, "a reference contract, and no other, names a reference table");
    if (c->reference_table.len > 0 && !contract_is_name(c->reference_table))
        return contract_fail(p, t, "reference_table", err, "cannot be a table's name");
    switch (c->format) {
    case FORMAT_CSV:
        return read_csv_options(p, t, err);
    case FORMAT_FIXED:
        return read_fixed_options(p, t, err);
    case FORMAT_XML:
        return toml_str(t, p->file, "row_element", &c->row_element, err);
    }
    return OK;
}

/* Options of another format are as wrong as misspelt ones. */
static Status check_keys(const Parse *p, const Toml *t, Error *err)
{
#define COMMON_KEYS \
    "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "note", "agency", \
        "kind", "format", "encoding", "error_limit_ppm", "reference_table", "scope", "field", "rule", "total", "fact", \
        "codes"
    static const char *const csv[] = {
        COMMON_KEYS, "delimiter", "header", "skip_lines", "trailer_pattern", "unknown_columns", NULL};
    static const char *const fixed[] = {COMMON_KEYS, "record_length", "select", "trailer", NULL};
    static const char *const xml[] = {COMMON_KEYS, "row_element", NULL};
#undef COMMON_KEYS
    return toml_only(t, p->file, p->c->format == FORMAT_CSV ? csv : p->c->format == FORMAT_FIXED ? fixed : xml, err);
}

static Status parse(
    const PolicyFile *file, const Toml *root, const char *name, Arena *arena, const Contract **out, Error *err)
{
    Parse p = {.file = name, .arena = arena};
    TRY(arena_new(arena, Contract, 1, &p.c, err));
    p.c->file = file;
    TRY(read_head(&p, root, err));
    TRY(check_keys(&p, root, err));
    TRY(read_options(&p, root, err));
    TRY(contract_read_codes(&p, root, err));
    TRY(contract_read_fields(&p, root, err));
    TRY(contract_read_scope(&p, root, err));
    TRY(contract_read_use(&p, root, err));
    *out = p.c;
    return OK;
}

Status contract_parse(const PolicyFile *file, Arena *arena, const Contract **out, Error *err)
{
    return parse(file, file->toml, file->path, arena, out, err);
}

Status contract_parse_text(Slice text, const char *name, Arena *arena, const Contract **out, Error *err)
{
    const Toml *root;
    TRY(toml_parse(text, name, arena, &root, err));
    return parse(NULL, root, name, arena, out, err);
}

/* --- against the warehouse --- */

static bool has_column(const Toml *table, Slice name)
{
    const Toml *columns = toml_get(table, "columns");
    for (const Toml *c = columns ? columns->first : NULL; c; c = c->next) {
        const Toml *column = toml_get(c, "name");
        if (column && slice_eq(column->string, name))
            return true;
    }
    return false;
}

static const Toml *find_table(const Toml *root, Slice name)
{
    const Toml *list = toml_get(root, "table");
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        const Toml *table = toml_get(t, "name");
        if (table && slice_eq(table->string, name))
            return t;
    }
    return NULL;
}

Status contract_check_tables(const Contract *c, const PolicyFile *warehouse, Error *err)
{
    for (size_t i = 0; i < c->fact_count; i++) {
        const FactMapping *m = &c->facts[i];
        const Toml *table = find_table(warehouse->toml, m->table);
        if (!table)
            return error_set(err, ERR_INVALID, "contract %.*s maps to table %.*s, which the warehouse does not have",
                SLICE_ARG(c->name), SLICE_ARG(m->table));
        for (size_t k = 0; k < m->column_count; k++)
            if (!has_column(table, m->columns[k].column))
                return error_set(err, ERR_INVALID, "contract %.*s maps to column %.*s, which table %.*s does not have",
                    SLICE_ARG(c->name), SLICE_ARG(m->columns[k].column), SLICE_ARG(m->table));
    }
    return OK;
}

/* --- questions --- */

const Field *contract_field(const Contract *c, Slice name)
{
    for (size_t i = 0; i < c->field_count; i++)
        if (slice_eq(c->fields[i].name, name))
            return &c->fields[i];
    return NULL;
}

void contract_sql_type(const Field *f, Buf *out)
{
    if (slice_eq_z(f->identity, "employer")) {
        buf_adds(out, "UUID");
        return;
    }
    switch (f->type) {
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        buf_adds(out, "VARCHAR");
        break;
    case TYPE_INTEGER:
        buf_adds(out, "BIGINT");
        break;
    case TYPE_DECIMAL:
        buf_addf(out, "DECIMAL(18,%" PRIu32 ")", f->scale);
        break;
    case TYPE_DATE:
        buf_adds(out, "DATE");
        break;
    case TYPE_BOOLEAN:
        buf_adds(out, "BOOLEAN");
        break;
    }
}
