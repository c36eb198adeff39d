/*
 * The header: what the tables are (schema "cairn.tables/1", docs/protect.md). Misspelt keys are errors, because an
 * option that is silently ignored is a table that is not protected as its owner believes.
 */
#include "tables/tables_impl.h"

#include <stdio.h>

#define MAX_MARKERS 1000

Status tables_refuse(const TablesReader *r, const Toml *t, Error *err, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    error_set(err, ERR_INVALID, "%s", text);
    error_at(err, r->name, 0, NULL);
    if (err && t)
        err->line = t->line;
    return ERR_INVALID;
}

Status tables_fetch(TablesReader *r, Slice file, Slice *text, Error *err)
{
    char hex[SHA256_HEX_SIZE];
    if (file.len == 0)
        return error_set(err, ERR_INVALID, "a file has no name");
    TRY(r->load(r->ctx, file, &r->set->arena, text, err));
    TRY(sha256_hex(*text, hex, err));
    buf_addf(&r->set->digest, "%s  %.*s\n", hex, SLICE_ARG(file));
    return buf_status(&r->set->digest, err);
}

Status tables_load_file(void *dir, Slice name, Arena *arena, Slice *text, Error *err)
{
    const char *path;
    Buf b;
    buf_init(&b, 0);
    if (name.len > 0 && name.ptr[0] == '/')
        TRY(arena_printf(arena, &path, err, "%.*s", SLICE_ARG(name)));
    else
        TRY(arena_printf(arena, &path, err, "%s/%.*s", (const char *)dir, SLICE_ARG(name)));
    Status st = file_read(path, 0, &b, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&b), text, err);
    buf_free(&b);
    return st;
}

uint32_t tables_dimension_named(const TablesSet *set, Slice name)
{
    for (uint32_t i = 0; i < set->dimension_count; i++)
        if (slice_eq(set->dimensions[i].name, name))
            return i;
    return TABLES_NONE;
}

Status tables_quantity(TablesSet *set, Slice people, Slice name, bool is_total, uint32_t *out, Error *err)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '.') {
            people = slice_sub(name, 0, i);
            name = slice_sub(name, i + 1, name.len);
            break;
        }
    for (*out = 0; *out < set->quantity_count; ++*out)
        if (slice_eq(set->quantities[*out].people, people) && slice_eq(set->quantities[*out].name, name)) {
            if (set->quantities[*out].is_total != is_total)
                return error_set(
                    err, ERR_INVALID, "%.*s is a count in one table and a total in another", SLICE_ARG(name));
            return OK;
        }
    if (set->quantity_count >= TABLES_MAX_QUANTITIES)
        return error_set(err, ERR_LIMIT, "more than %d quantities", TABLES_MAX_QUANTITIES);
    set->quantities[set->quantity_count++] = (TablesQuantity){.people = people, .name = name, .is_total = is_total};
    return OK;
}

/* --- markers ------------------------------------------------------------------------------------------------------ */

/* "0", "50", "2.5": the bound of a range. */
static Status bound(
    const TablesReader *r, const Toml *t, const char *key, int64_t fallback, TablesValue *v, bool low, Error *err)
{
    const Toml *b = toml_get(t, key);
    TablesValue read = {.mark = TABLES_EXACT, .low = fallback};
    if (b && b->type == TOML_INTEGER)
        read.low = b->integer;
    else if (b && (b->type != TOML_STRING || tables_value(NULL, 0, b->string, true, &read, NULL) != OK))
        return tables_refuse(r, b, err, "%s must be a number, or text such as \"2.5\"", key);
    while (b && read.decimals < v->decimals) {
        if (read.low > INT64_MAX / 10)
            return tables_refuse(r, b, err, "%s is too large", key);
        read.low *= 10;
        read.decimals++;
    }
    if (read.decimals > v->decimals)
        return tables_refuse(r, b, err, "%s has more decimals than the marker's \"decimals\"", key);
    if (low)
        v->low = read.low;
    else
        v->high = read.low;
    return OK;
}

static Status read_range(const TablesReader *r, const Toml *t, TablesMarker *m, Error *err)
{
    static const char *const keys[] = {"text", "low", "high", "of", "decimals", NULL};
    Slice of;
    int64_t decimals;
    TRY(toml_only(t, r->name, keys, err));
    TRY(toml_str(t, r->name, "text", &m->text, err));
    TRY(toml_str_or(t, r->name, "of", SLICE("counts"), &of, err));
    TRY(toml_int_or(t, r->name, "decimals", 0, &decimals, err));
    m->of_rates = slice_eq_z(of, "rates");
    if ((!m->of_rates && !slice_eq_z(of, "counts")) || decimals < 0 || decimals > 6)
        return tables_refuse(r, t, err, "a range is \"of\" counts or rates, with 0 to 6 decimals");
    m->value = (TablesValue){.mark = TABLES_RANGE, .decimals = (uint8_t)decimals};
    int64_t most = 100;
    for (int64_t i = 0; i < decimals; i++)
        most *= 10;
    TRY(bound(r, t, "low", 0, &m->value, true, err));
    TRY(bound(r, t, "high", m->of_rates ? most : INT64_MAX, &m->value, false, err));
    if (m->value.low < 0 || m->value.low > m->value.high)
        return tables_refuse(r, t, err, "a range goes from low to high, both not negative");
    return OK;
}

static Status read_list(const TablesReader *r, const Toml *t, const char *key, TablesMark mark, Error *err)
{
    const Toml *list;
    TRY(toml_array(t, r->name, key, &list, err));
    for (const Toml *m = list ? list->first : NULL; m; m = m->next) {
        if (m->type != TOML_STRING || r->set->marker_count >= MAX_MARKERS)
            return tables_refuse(r, m, err, "markers are strings, at most %d", MAX_MARKERS);
        r->set->markers[r->set->marker_count++] =
            (TablesMarker){.text = slice_trim(m->string), .value = {.mark = mark}};
    }
    return OK;
}

static bool same_value(const TablesValue *a, const TablesValue *b)
{
    return a->mark == b->mark && a->low == b->low && a->high == b->high && a->decimals == b->decimals;
}

/* A text has one meaning. A range of counts and one of rates may be spelt alike: a column is one or the other. */
static Status check_markers(const TablesReader *r, const Toml *at, Error *err)
{
    const TablesMarker *m = r->set->markers;
    for (size_t i = 0; i < r->set->marker_count; i++)
        for (size_t k = 0; k < i; k++) {
            bool ranges = m[i].value.mark == TABLES_RANGE && m[k].value.mark == TABLES_RANGE;
            if (slice_eq(m[i].text, m[k].text) && !same_value(&m[i].value, &m[k].value) &&
                !(ranges && m[i].of_rates != m[k].of_rates))
                return tables_refuse(r, at, err, "the marker \"%.*s\" has two meanings", SLICE_ARG(m[i].text));
        }
    return OK;
}

static Status read_markers(const TablesReader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"suppressed", "structural", "absent", "nobody_has_rates", "range", NULL};
    const Toml *t, *ranges;
    TRY(arena_new(&r->set->arena, TablesMarker, MAX_MARKERS, &r->set->markers, err));
    TRY(toml_table(root, r->name, "markers", &t, err));
    if (!t)
        return OK;
    TRY(toml_only(t, r->name, keys, err));
    TRY(read_list(r, t, "suppressed", TABLES_HIDDEN, err));
    TRY(read_list(r, t, "structural", TABLES_STRUCTURAL, err));
    TRY(read_list(r, t, "absent", TABLES_ABSENT, err));
    TRY(toml_bool_or(t, r->name, "nobody_has_rates", false, &r->set->nobody_has_rates, err));
    TRY(toml_array(t, r->name, "range", &ranges, err));
    for (const Toml *m = ranges ? ranges->first : NULL; m; m = m->next) {
        if (r->set->marker_count >= MAX_MARKERS)
            return tables_refuse(r, m, err, "more than %d markers", MAX_MARKERS);
        TRY(read_range(r, m, &r->set->markers[r->set->marker_count++], err));
    }
    return check_markers(r, t, err);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static Status read_dimensions(TablesReader *r, const Toml *root, Error *err)
{
    TablesSet *set = r->set;
    const Toml *list;
    TRY(toml_array(root, r->name, "dimension", &list, err));
    for (const Toml *d = list ? list->first : NULL; d; d = d->next) {
        if (set->dimension_count >= TABLES_MAX_DIMENSIONS)
            return tables_refuse(r, d, err, "more than %d dimensions", TABLES_MAX_DIMENSIONS);
        TablesDimension *out = &set->dimensions[set->dimension_count];
        Status st = tables_dimension(r, d, out, err);
        set->dimension_count++; /* also after a failure: its map is freed with the set */
        TRY(st);
        if (tables_dimension_named(set, out->name) != set->dimension_count - 1)
            return tables_refuse(r, d, err, "dimension %.*s stands twice", SLICE_ARG(out->name));
    }
    return OK;
}

static Status read_tables(TablesReader *r, const Toml *root, Error *err)
{
    TablesSet *set = r->set;
    const Toml *list;
    TRY(toml_array(root, r->name, "table", &list, err));
    if (!list || list->count == 0)
        return tables_refuse(r, root, err, "the header describes no table");
    if (list->count > TABLES_MAX_TABLES)
        return tables_refuse(r, list, err, "more than %d tables", TABLES_MAX_TABLES);
    TRY(arena_new(&set->arena, TablesTable, list->count, &set->tables, err));
    TRY(arena_new(&set->arena, TablesQuantity, TABLES_MAX_QUANTITIES, &set->quantities, err));
    for (const Toml *t = list->first; t; t = t->next) {
        TablesTable *table = &set->tables[set->table_count++];
        TRY(tables_columns(r, t, table, err));
        for (uint32_t i = 0; i + 1 < set->table_count; i++)
            if (slice_eq(set->tables[i].name, table->name))
                return tables_refuse(r, t, err, "table %.*s stands twice", SLICE_ARG(table->name));
    }
    uint32_t i = 0;
    for (const Toml *t = list->first; t; t = t->next)
        TRY(tables_rows(r, t, &set->tables[i++], err));
    for (i = 0; i < set->dimension_count; i++)
        TRY(tables_dimension_close(r, &set->dimensions[i], err));
    return OK;
}

Status tables_read(
    Slice header, const char *name, TablesLoad load, void *ctx, TablesReading reading, TablesSet *out, Error *err)
{
    static const char *const keys[] = {"schema", "name", "title", "markers", "dimension", "table", NULL};
    const Toml *root;
    Slice schema;
    *out = (TablesSet){0};
    arena_init(&out->arena, 0);
    buf_init(&out->digest, 0);
    TablesReader r = {.set = out, .name = name, .load = load, .ctx = ctx, .reading = reading};
    TRY(toml_parse(header, name, &out->arena, &root, err));
    out->root = root;
    TRY(toml_only(root, name, keys, err));
    TRY(toml_str(root, name, "schema", &schema, err));
    if (!slice_eq_z(schema, "cairn.tables/1"))
        return tables_refuse(&r, toml_get(root, "schema"), err, "schema must be \"cairn.tables/1\"");
    TRY(toml_str(root, name, "name", &out->name, err));
    TRY(toml_str_or(root, name, "title", out->name, &out->title, err));
    TRY(read_markers(&r, root, err));
    TRY(read_dimensions(&r, root, err));
    return read_tables(&r, root, err);
}

void tables_free(TablesSet *set)
{
    for (uint32_t i = 0; i < set->dimension_count; i++)
        map_free(&set->dimensions[i].index);
    buf_free(&set->digest);
    arena_free(&set->arena);
    *set = (TablesSet){0};
}
