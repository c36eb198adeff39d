/* Tables and headers written back: what leaves, and what describes it. */
#include "tables/tables.h"

#include <stdio.h>

Slice tables_base_name(Slice file)
{
    size_t from = 0;
    for (size_t i = 0; i < file.len; i++)
        if (file.ptr[i] == '/')
            from = i + 1;
    return slice_sub(file, from, file.len);
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

/* For each CSV column: the table's column + 1; 0 for text that is copied; UINT32_MAX for what does not leave. */
static Status make_layout(const TablesTable *t, uint32_t **out, Error *err)
{
    TRY(mem_zalloc(t->csv.columns + 1, sizeof **out, (void **)out, err));
    for (uint32_t c = 0; c < t->column_count; c++) {
        const TablesColumn *column = &t->columns[c];
        if (column->key_position != TABLES_NONE)
            (*out)[column->key_position] = UINT32_MAX;
        if (column->position == TABLES_NONE || t->wide_dimension != TABLES_NONE)
            continue;
        bool drop = column->hidden || column->kind == TABLES_HELPER;
        uint32_t *at = &(*out)[column->position];
        if (*at == 0 || *at == UINT32_MAX) /* a column that is also published stays */
            *at = drop ? UINT32_MAX : c + 1;
    }
    return OK;
}

static Status write_row(const TablesSet *set, uint32_t table, const uint32_t *layout, uint32_t row, TablesPrint print,
    void *ctx, Buf *out, Error *err)
{
    const TablesTable *t = &set->tables[table];
    const Slice *cells = t->csv.cells + t->csv_row[row] * t->csv.columns;
    bool first = true;
    for (size_t i = 0; i < t->csv.columns; i++) {
        Slice text = cells[i];
        if (layout[i] == UINT32_MAX)
            continue;
        if (layout[i] > 0)
            TRY(print(ctx, table, row, layout[i] - 1, &text, err));
        if (!first)
            buf_addc(out, ',');
        csv_cell(out, text);
        first = false;
    }
    buf_addc(out, '\n');
    return OK;
}

/* Blocks of one record stand in consecutive rows. */
static Status write_wide(
    const TablesSet *set, uint32_t table, uint32_t *row, TablesPrint print, void *ctx, Buf *out, Error *err)
{
    const TablesTable *t = &set->tables[table];
    uint32_t record = t->csv_row[*row], end = *row;
    while (end < t->row_count && t->csv_row[end] == record)
        end++;
    for (size_t i = 0; i < t->csv.columns; i++) {
        Slice text = t->csv.cells[record * t->csv.columns + i];
        for (uint32_t r = *row; r < end; r++)
            for (uint32_t c = 0; c < t->column_count; c++)
                if (t->columns[c].position != TABLES_NONE && t->block[r] + t->columns[c].position == i) {
                    if (t->columns[c].hidden)
                        text = (Slice){"", 0};
                    else
                        TRY(print(ctx, table, r, c, &text, err));
                }
        if (i > 0)
            buf_addc(out, ',');
        csv_cell(out, text);
    }
    buf_addc(out, '\n');
    *row = end - 1;
    return OK;
}

static void write_heading(const TablesTable *t, const uint32_t *layout, Buf *out)
{
    bool first = true;
    buf_add(out, t->preamble);
    for (size_t i = 0; i < t->csv.columns; i++) {
        if (layout[i] == UINT32_MAX)
            continue;
        if (!first)
            buf_addc(out, ',');
        csv_cell(out, t->csv.header[i]);
        first = false;
    }
    buf_addc(out, '\n');
}

Status tables_write_csv(const TablesSet *set, uint32_t table, TablesPrint print, void *ctx, Buf *out, Error *err)
{
    const TablesTable *t = &set->tables[table];
    uint32_t *layout = NULL;
    Status st = make_layout(t, &layout, err);
    if (st == OK)
        write_heading(t, layout, out);
    for (uint32_t row = 0; row < t->row_count && st == OK; row++)
        st = t->wide_dimension == TABLES_NONE ? write_row(set, table, layout, row, print, ctx, out, err)
                                              : write_wide(set, table, &row, print, ctx, out, err);
    mem_free(layout);
    return st == OK ? buf_status(out, err) : st;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

static void emit_value(Buf *out, const Toml *v)
{
    switch (v->type) {
    case TOML_STRING:
        toml_quote(out, v->string);
        break;
    case TOML_INTEGER:
        buf_add_i64(out, v->integer);
        break;
    case TOML_BOOLEAN:
        buf_adds(out, v->boolean ? "true" : "false");
        break;
    case TOML_ARRAY:
    case TOML_TABLE:
        buf_adds(out, v->type == TOML_ARRAY ? "[" : "{");
        for (const Toml *m = v->first; m; m = m->next) {
            buf_adds(out, m == v->first ? "" : ", ");
            if (v->type == TOML_TABLE) {
                toml_quote(out, m->key);
                buf_adds(out, " = ");
            }
            emit_value(out, m);
        }
        buf_adds(out, v->type == TOML_ARRAY ? "]" : "}");
        break;
    default: /* no key of a header has such a value */
        buf_adds(out, "\"\"");
        break;
    }
}

static void emit_member(Buf *out, const Toml *m)
{
    toml_quote(out, m->key);
    buf_adds(out, " = ");
    emit_value(out, m);
    buf_addc(out, '\n');
}

static bool key_in(Slice key, const char *const *list)
{
    for (; *list; list++)
        if (slice_eq_z(key, *list))
            return true;
    return false;
}

/* A column as published: contributors are not told, nor where a hidden count would stand. */
static void emit_column(Buf *out, const char *kind, const Toml *c)
{
    static const char *const secret[] = {"employers", "top_employer", "top", "cell_key", NULL};
    const Toml *publish = toml_get(c, "publish");
    bool hidden = publish && !publish->boolean;
    buf_addf(out, "[[table.%s]]\n", kind);
    for (const Toml *m = c->first; m; m = m->next)
        if (!key_in(m->key, secret) && !(hidden && slice_eq_z(m->key, "column")))
            emit_member(out, m);
}

static const char *const COLUMN_KINDS[] = {"count", "total", "rate", "median", "mean", "gap", "needed", NULL};

#define EARLIER "earlier release "

uint32_t tables_earlier(const TablesSet *set, Slice file)
{
    Slice name = slice_sub(file, strlen(EARLIER), file.len);
    for (uint32_t t = 0; t < set->table_count && slice_starts(file, SLICE(EARLIER)); t++)
        if (set->tables[t].released && slice_eq(set->tables[t].name, name))
            return t;
    return TABLES_NONE;
}

static Status emit_file(Buf *out, const TablesTable *t, Error *err)
{
    Buf name;
    buf_init(&name, 4096);
    if (t->released)
        buf_addf(&name, EARLIER "%.*s", SLICE_ARG(t->name));
    else
        buf_add(&name, tables_base_name(t->file));
    buf_adds(out, "file = ");
    toml_quote(out, buf_slice(&name));
    buf_addc(out, '\n');
    Status st = buf_status(&name, err);
    buf_free(&name);
    return st;
}

static Status emit_table_published(Buf *out, const TablesTable *t, const Toml *table, Error *err)
{
    static const char *const never[] = {"published", "file", "contributions", NULL};
    buf_adds(out, "\n[[table]]\n");
    TRY(emit_file(out, t, err));
    for (const Toml *m = table->first; m; m = m->next)
        if (!key_in(m->key, never) && !key_in(m->key, COLUMN_KINDS) && !slice_eq_z(m->key, "by"))
            emit_member(out, m);
    if (t->is_rounded)
        buf_addf(out, "rounded = %lld\n", (long long)t->reach);
    if (t->is_noisy)
        buf_adds(out, "noise = true\n");
    const Toml *by = toml_get(table, "by");
    for (const Toml *b = by ? by->first : NULL; b; b = b->next) {
        buf_adds(out, "[[table.by]]\n");
        for (const Toml *m = b->first; m; m = m->next)
            emit_member(out, m);
    }
    for (size_t k = 0; COLUMN_KINDS[k]; k++) {
        const Toml *list = toml_get(table, COLUMN_KINDS[k]);
        for (const Toml *c = list ? list->first : NULL; c; c = c->next)
            emit_column(out, COLUMN_KINDS[k], c);
    }
    return OK;
}

static void emit_list(Buf *out, const Toml *markers, const char *key, Slice more)
{
    const Toml *list = markers ? toml_get(markers, key) : NULL;
    for (const Toml *m = list ? list->first : NULL; m; m = m->next)
        if (slice_eq(slice_trim(m->string), more)) /* the mark of the tables as they were may be that of these */
            more.len = 0;
    if (!list && more.len == 0)
        return;
    buf_addf(out, "%s = [", key);
    for (const Toml *m = list ? list->first : NULL; m; m = m->next) {
        emit_value(out, m);
        buf_adds(out, m->next || more.len > 0 ? ", " : "");
    }
    if (more.len > 0)
        toml_quote(out, more);
    buf_adds(out, "]\n");
}

static void emit_markers(const TablesSet *set, const TablesMarks *marks, Buf *out)
{
    const Toml *markers = toml_get(set->root, "markers"), *ranges = markers ? toml_get(markers, "range") : NULL;
    buf_adds(out, "\n[markers]\n");
    emit_list(out, markers, "suppressed", marks->suppressed);
    emit_list(out, markers, "structural", (Slice){"", 0});
    emit_list(out, markers, "absent", (Slice){"", 0});
    for (const Toml *r = ranges ? ranges->first : NULL; r; r = r->next) {
        buf_adds(out, "[[markers.range]]\n");
        for (const Toml *m = r->first; m; m = m->next)
            emit_member(out, m);
    }
    for (size_t i = 0; i < marks->band_count; i++) {
        long long p = (long long)marks->bands[i];
        buf_addf(out, "[[markers.range]]\ntext = \"<%lld\"\nof = \"rates\"\nlow = 0\nhigh = %lld\n", p, p);
        buf_addf(
            out, "[[markers.range]]\ntext = \">%lld\"\nof = \"rates\"\nlow = %lld\nhigh = 100\n", 100 - p, 100 - p);
    }
}

/* Code lists go with the tables, side by side. */
static void emit_dimension(Buf *out, const Toml *d)
{
    buf_adds(out, "\n[[dimension]]\n");
    for (const Toml *m = d->first; m; m = m->next) {
        if (slice_eq_z(m->key, "hierarchy")) {
            buf_adds(out, "hierarchy = ");
            toml_quote(out, tables_base_name(m->string));
            buf_addc(out, '\n');
        } else if (slice_eq_z(m->key, "hierarchies")) {
            buf_adds(out, "hierarchies = [");
            for (const Toml *h = m->first; h; h = h->next) {
                toml_quote(out, tables_base_name(h->string));
                buf_adds(out, h->next ? ", " : "");
            }
            buf_adds(out, "]\n");
        } else {
            emit_member(out, m);
        }
    }
}

bool tables_code_file(const TablesSet *set, size_t i, Slice *file)
{
    const Toml *dimensions = toml_get(set->root, "dimension");
    for (const Toml *d = dimensions ? dimensions->first : NULL; d; d = d->next) {
        const Toml *one = toml_get(d, "hierarchy"), *list = toml_get(d, "hierarchies");
        if (one && i-- == 0) {
            *file = one->string;
            return true;
        }
        for (const Toml *h = list ? list->first : NULL; h; h = h->next)
            if (i-- == 0) {
                *file = h->string;
                return true;
            }
    }
    return false;
}

Status tables_write_codes(Slice text, const char *name, Buf *out, Error *err)
{
    static const char *const names[] = {"code", "parent", "title"};
    size_t at[COUNT_OF(names)], columns = 0;
    Arena arena;
    CsvTable t;
    arena_init(&arena, 0);
    Status st = csv_parse(text, name, &arena, &t, err);
    for (size_t i = 0; i < COUNT_OF(names) && st == OK; i++)
        if (csv_column(&t, names[i], &at[columns], NULL) == OK)
            buf_addf(out, "%s%s", columns++ > 0 ? "," : "", names[i]);
    buf_addc(out, '\n');
    for (size_t row = 0; st == OK && row < t.rows; row++) {
        for (size_t i = 0; i < columns; i++) {
            if (i > 0)
                buf_addc(out, ',');
            csv_cell(out, t.cells[row * t.columns + at[i]]);
        }
        buf_addc(out, '\n');
    }
    arena_free(&arena);
    return st == OK ? buf_status(out, err) : st;
}

typedef enum Which { ONLY_NEW, WITH_EARLIER } Which;

static Status emit_header(const TablesSet *set, const TablesMarks *marks, Which which, Buf *out, Error *err)
{
    const Toml *dimensions = toml_get(set->root, "dimension"), *tables = toml_get(set->root, "table");
    buf_adds(out, "# The protected tables as an outsider has them: cairn audit attacks them from this header.\n");
    buf_adds(out, "schema = \"cairn.tables/1\"\nname = ");
    toml_quote(out, set->name);
    buf_adds(out, "\ntitle = ");
    toml_quote(out, set->title);
    buf_addc(out, '\n');
    emit_markers(set, marks, out);
    for (const Toml *d = dimensions ? dimensions->first : NULL; d; d = d->next)
        emit_dimension(out, d);
    uint32_t i = 0;
    for (const Toml *t = tables ? tables->first : NULL; t; t = t->next, i++)
        if (which == WITH_EARLIER || !set->tables[i].released)
            TRY(emit_table_published(out, &set->tables[i], t, err));
    return buf_status(out, err);
}

Status tables_write_header(const TablesSet *set, const TablesMarks *marks, Buf *out, Error *err)
{
    return emit_header(set, marks, ONLY_NEW, out, err);
}

Status tables_write_header_of_all(const TablesSet *set, const TablesMarks *marks, Buf *out, Error *err)
{
    return emit_header(set, marks, WITH_EARLIER, out, err);
}

static void emit_path(Buf *out, const char *key, Slice folder, Slice file)
{
    Buf path;
    buf_init(&path, 4096);
    buf_add(&path, folder);
    buf_addc(&path, '/');
    buf_add(&path, tables_base_name(file));
    buf_addf(out, "%s = ", key);
    toml_quote(out, buf_slice(&path));
    buf_addc(out, '\n');
    buf_free(&path);
}

Status tables_write_released(const TablesSet *set, Slice prefix, Slice truth, Slice printed, Buf *out, Error *err)
{
    static const char *const own[] = {"name", "file", "published", "people", "contributions", NULL};
    const Toml *tables = toml_get(set->root, "table");
    uint32_t i = 0;
    for (const Toml *t = tables ? tables->first : NULL; t; t = t->next, i++) {
        const Toml *people = toml_get(t, "people");
        if (set->tables[i].released)
            continue;
        buf_adds(out, "\n[[table]]\nname = ");
        Buf name;
        buf_init(&name, 4096);
        buf_add(&name, prefix);
        buf_add(&name, set->tables[i].name);
        toml_quote(out, buf_slice(&name));
        buf_free(&name);
        buf_adds(out, "\npeople = ");
        toml_quote(out, people ? people->string : set->name);
        buf_addc(out, '\n');
        emit_path(out, "file", truth, set->tables[i].file);
        emit_path(out, "published", printed, set->tables[i].file);
        for (const Toml *m = t->first; m; m = m->next)
            if (!key_in(m->key, own))
                emit_member(out, m);
    }
    return buf_status(out, err);
}
