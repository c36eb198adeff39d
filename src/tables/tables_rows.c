/*
 * Rows: a CSV file becomes places and values. Wide files, with a block of columns a group, become long here. Whatever
 * is not understood is an error with file, row and field; nothing is skipped in silence.
 */
#include "tables/tables_impl.h"

#define MAX_BY_PARTS 4
#define MONEY_DECIMALS 2

typedef struct By {
    uint32_t parts[MAX_BY_PARTS], part_count;
    const Toml *drop; /* parts of these values are left out of the joined code */
    uint32_t fixed;   /* a code, for the whole table */
} By;

typedef struct Rows {
    TablesReader *r;
    const Toml *t;
    TablesTable *table;
    CsvTable csv;
    By by[TABLES_MAX_DIMENSIONS];
    uint32_t *wide_codes;
    uint32_t wide_count, wide_from, wide_width;
    const char *file; /* for messages */
    Map places;       /* key of a row's place -> row + 1 */
    Buf key;
} Rows;

static Status at_cell(const Rows *w, size_t csv_row, uint32_t column, Status st, Error *err)
{
    error_at(err, w->file, csv_row + 2, column < w->csv.columns ? w->csv.header[column].ptr : NULL);
    return st;
}

static Status csv_index(const Rows *w, const Toml *at, Slice name, uint32_t *out, Error *err)
{
    for (*out = 0; *out < w->csv.columns; ++*out)
        if (slice_eq(w->csv.header[*out], name))
            return OK;
    error_set(
        err, ERR_INVALID, "there is no column %.*s, which the header names in line %u", SLICE_ARG(name), at->line);
    return at_cell(w, 0, TABLES_NONE, ERR_INVALID, err);
}

/* --- where a row stands ------------------------------------------------------------------------------------------- */

static Status by_columns(Rows *w, const Toml *b, By *by, Error *err)
{
    const Toml *column = toml_get(b, "column");
    const Toml *first = column && column->type == TOML_ARRAY ? column->first : column;
    for (const Toml *c = first; c; c = column->type == TOML_ARRAY ? c->next : NULL) {
        if (c->type != TOML_STRING || by->part_count >= MAX_BY_PARTS)
            return tables_refuse(w->r, b, err, "column is a name or a list of at most %d names", MAX_BY_PARTS);
        TRY(csv_index(w, c, c->string, &by->parts[by->part_count++], err));
    }
    if (by->part_count == 0)
        return tables_refuse(w->r, b, err, "\"by\" names a column or a code");
    return toml_array(b, w->r->name, "drop", &by->drop, err);
}

static Status read_by(Rows *w, Error *err)
{
    static const char *const keys[] = {"dimension", "column", "code", "drop", NULL};
    TablesSet *set = w->r->set;
    const Toml *list;
    TRY(toml_array(w->t, w->r->name, "by", &list, err));
    for (uint32_t d = 0; d < set->dimension_count; d++)
        w->by[d].fixed = set->dimensions[d].total;
    for (const Toml *b = list ? list->first : NULL; b; b = b->next) {
        Slice name, code;
        TRY(toml_only(b, w->r->name, keys, err));
        TRY(toml_str(b, w->r->name, "dimension", &name, err));
        TRY(toml_str_or(b, w->r->name, "code", (Slice){NULL, 0}, &code, err));
        uint32_t d = tables_dimension_named(set, name);
        if (d == TABLES_NONE)
            return tables_refuse(w->r, b, err, "there is no dimension %.*s", SLICE_ARG(name));
        if (w->by[d].part_count > 0 || d == w->table->wide_dimension)
            return tables_refuse(w->r, b, err, "dimension %.*s stands twice in one table", SLICE_ARG(name));
        if (code.ptr)
            TRY(tables_code(set, &set->dimensions[d], code, &w->by[d].fixed, err));
        else
            TRY(by_columns(w, b, &w->by[d], err));
    }
    return OK;
}

static bool dropped(const By *by, Slice part)
{
    for (const Toml *d = by->drop ? by->drop->first : NULL; d; d = d->next)
        if (d->type == TOML_STRING && slice_eq(d->string, part))
            return true;
    return false;
}

/* The code a row has in one dimension: its columns joined by the separator, without the parts to be dropped; nothing
 * left stands for the total. */
static Status row_code(Rows *w, uint32_t d, size_t csv_row, uint32_t *out, Error *err)
{
    const By *by = &w->by[d];
    TablesDimension *dimension = &w->r->set->dimensions[d];
    *out = by->fixed;
    if (by->part_count == 0)
        return OK;
    buf_reset(&w->key);
    for (uint32_t i = 0; i < by->part_count; i++) {
        Slice part = slice_trim(w->csv.cells[csv_row * w->csv.columns + by->parts[i]]);
        if (dropped(by, part))
            continue;
        if (w->key.len > 0)
            buf_add(&w->key, dimension->separator.len > 0 ? dimension->separator : SLICE("-"));
        buf_add(&w->key, part);
    }
    TRY(buf_status(&w->key, err));
    if (w->key.len == 0 && by->drop && dimension->total != TABLES_NONE) {
        *out = dimension->total;
        return OK;
    }
    Status st = tables_code(w->r->set, dimension, buf_slice(&w->key), out, err);
    return st == OK ? OK : at_cell(w, csv_row, by->parts[0], st, err);
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static bool is_rate(TablesKind kind)
{
    return kind == TABLES_RATE || kind == TABLES_GAP;
}

/* Totals and what makes them up are kept in hundredths, so that they can be compared and added. */
static Status to_hundredths(TablesValue *v, Error *err)
{
    if (v->decimals > MONEY_DECIMALS)
        return error_set(err, ERR_INVALID, "has more than %d decimals", MONEY_DECIMALS);
    for (; v->decimals < MONEY_DECIMALS; v->decimals++) {
        if (v->low > INT64_MAX / 1000 || v->low < INT64_MIN / 1000)
            return error_set(err, ERR_INVALID, "is too large");
        v->low *= 10;
        v->high = v->high > INT64_MAX / 1000 ? INT64_MAX : v->high * 10;
    }
    return OK;
}

static Status check_value(const Rows *w, const TablesColumn *c, TablesValue *v, Error *err)
{
    bool exact = v->mark == TABLES_EXACT;
    if (w->r->reading == TABLES_TRUE_VALUES && (c->kind == TABLES_COUNT || c->kind == TABLES_TOTAL) && !exact &&
        v->mark != TABLES_STRUCTURAL)
        return error_set(err, ERR_INVALID, "is not a number: what is to be protected must be known");
    if (exact && v->low < 0 && c->kind != TABLES_GAP)
        return error_set(err, ERR_INVALID, "is negative");
    if (c->kind == TABLES_RATE && exact) {
        int64_t hundred = 100;
        for (unsigned i = 0; i < v->decimals; i++)
            hundred *= 10;
        if (v->high > hundred)
            return error_set(err, ERR_INVALID, "is a rate over 100 percent");
    }
    if ((c->kind == TABLES_COUNT || c->kind == TABLES_NEEDED) && exact && v->decimals > 0)
        return error_set(err, ERR_INVALID, "is not a whole number");
    bool is_money = c->kind == TABLES_TOTAL || c->kind == TABLES_HELPER;
    return is_money && (exact || v->mark == TABLES_RANGE) ? to_hundredths(v, err) : OK;
}

/* A rounded count is an interval; a noisy one says nothing, and neither does what is made of changed figures. */
static void blur(const TablesTable *t, const TablesColumn *c, TablesValue *v)
{
    if (t->is_rounded && c->kind == TABLES_COUNT && v->mark == TABLES_EXACT) {
        v->mark = TABLES_RANGE;
        v->high += t->reach;
        v->low = v->low > t->reach ? v->low - t->reach : 0;
    } else if ((t->is_rounded || t->is_noisy) && v->mark != TABLES_STRUCTURAL) {
        *v = (TablesValue){.mark = TABLES_HIDDEN, .high = INT64_MAX};
    }
}

static Status read_values(Rows *w, uint32_t row, Error *err)
{
    TablesTable *t = w->table;
    const TablesSet *set = w->r->set;
    size_t csv_row = t->csv_row[row];
    for (uint32_t c = 0; c < t->column_count; c++) {
        uint32_t position = t->columns[c].position;
        TablesValue *v = &t->values[(size_t)row * t->column_count + c];
        *v = (TablesValue){.mark = TABLES_HIDDEN, .high = INT64_MAX};
        if (position == TABLES_NONE)
            continue;
        position += t->block[row];
        Slice text = w->csv.cells[csv_row * w->csv.columns + position];
        if (t->is_noisy)
            continue;
        Status st = tables_value(set->markers, set->marker_count, text, is_rate(t->columns[c].kind), v, err);
        if (st == OK)
            st = check_value(w, &t->columns[c], v, err);
        blur(t, &t->columns[c], v);
        if (st != OK)
            return at_cell(w, csv_row, position, st, err);
    }
    return OK;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static Status read_wide(Rows *w, Error *err)
{
    static const char *const keys[] = {"dimension", "from", "columns", "codes", NULL};
    TablesSet *set = w->r->set;
    const Toml *wide, *codes;
    Slice name;
    int64_t from, width;
    TRY(toml_table(w->t, w->r->name, "wide", &wide, err));
    w->wide_count = 1;
    if (!wide)
        return OK;
    TRY(toml_only(wide, w->r->name, keys, err));
    TRY(toml_str(wide, w->r->name, "dimension", &name, err));
    TRY(toml_int(wide, w->r->name, "from", &from, err));
    TRY(toml_int(wide, w->r->name, "columns", &width, err));
    TRY(toml_array(wide, w->r->name, "codes", &codes, err));
    w->table->wide_dimension = tables_dimension_named(set, name);
    if (w->table->wide_dimension == TABLES_NONE || !codes || codes->count == 0 || from < 1 || width < 1 || width > 64)
        return tables_refuse(w->r, wide, err, "wide names a dimension, the first column (from 1), columns and codes");
    w->wide_from = (uint32_t)(from - 1 > 100000 ? 100000 : from - 1);
    w->wide_width = (uint32_t)width;
    w->wide_count = (uint32_t)codes->count;
    if (codes->count > 2000 || w->wide_from + w->wide_count * w->wide_width > w->csv.columns)
        return tables_refuse(w->r, wide, err, "the file has %zu columns, too few for the blocks", w->csv.columns);
    TRY(arena_new(&set->arena, uint32_t, codes->count, &w->wide_codes, err));
    size_t i = 0;
    for (const Toml *c = codes->first; c; c = c->next) {
        if (c->type != TOML_STRING)
            return tables_refuse(w->r, c, err, "a code must be a string");
        TRY(tables_code(set, &set->dimensions[w->table->wide_dimension], c->string, &w->wide_codes[i++], err));
    }
    return OK;
}

/* Where the columns stand: by heading, in wide tables by their number in the block. */
static Status place_column(Rows *w, const Toml *list, Error *err)
{
    TablesTable *t = w->table;
    for (const Toml *m = list ? list->first : NULL; m; m = m->next) {
        const Toml *name = toml_get(m, "name"), *column = toml_get(m, "column");
        uint32_t c = 0;
        while (t->columns[c].kind == TABLES_HELPER || !slice_eq(t->columns[c].name, name->string))
            c++;
        const Toml *key = toml_get(m, "cell_key");
        if (key && (key->type != TOML_STRING || w->wide_width > 0))
            return tables_refuse(w->r, key, err, "cell_key is the heading of a column, of a table that is not wide");
        if (key && w->r->reading == TABLES_TRUE_VALUES)
            TRY(csv_index(w, key, key->string, &t->columns[c].key_position, err));
        bool unprinted = !column && t->columns[c].hidden && w->r->reading == TABLES_AS_PUBLISHED;
        if (w->wide_width > 0 && !unprinted) {
            if (!column || column->type != TOML_INTEGER || column->integer < 1 || column->integer > w->wide_width)
                return tables_refuse(w->r, m, err, "in a wide table, column is a number from 1 to %u", w->wide_width);
            t->columns[c].position = (uint32_t)column->integer - 1;
        } else if (column) {
            if (column->type != TOML_STRING)
                return tables_refuse(w->r, column, err, "column is the heading of a CSV column");
            TRY(csv_index(w, column, column->string, &t->columns[c].position, err));
        } else if (!unprinted) {
            TRY(csv_index(w, m, name->string, &t->columns[c].position, err));
        }
    }
    return OK;
}

static Status place_columns(Rows *w, Error *err)
{
    static const char *const kinds[] = {"count", "total", "rate", "median", "mean", "gap", "needed"};
    TablesTable *t = w->table;
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        const Toml *list;
        TRY(toml_array(w->t, w->r->name, kinds[k], &list, err));
        TRY(place_column(w, list, err));
    }
    for (uint32_t c = 0; c < t->column_count; c++)
        if (t->columns[c].kind == TABLES_HELPER) {
            if (w->wide_width > 0)
                return tables_refuse(w->r, w->t, err, "wide tables have no columns about contributors");
            TRY(csv_index(w, w->t, t->columns[c].name, &t->columns[c].position, err));
        }
    return OK;
}

/* Two rows of one table at one place would be two values of one unknown. */
static Status check_new_place(Rows *w, uint32_t row, Error *err)
{
    const TablesTable *t = w->table;
    uint32_t dimensions = w->r->set->dimension_count;
    Slice key = {(const char *)(t->at + (size_t)row * dimensions), dimensions * sizeof *t->at};
    uint64_t first;
    TRY(map_get_or_put(&w->places, key, row, &first, err));
    if (first == row)
        return OK;
    error_set(err, ERR_INVALID, "stands at the same place as row %u", t->csv_row[first] + 2);
    return at_cell(w, t->csv_row[row], TABLES_NONE, ERR_INVALID, err);
}

static Status add_row(Rows *w, size_t csv_row, uint32_t block, Error *err)
{
    TablesTable *t = w->table;
    uint32_t dimensions = w->r->set->dimension_count, row = t->row_count++;
    uint32_t *at = t->at + (size_t)row * dimensions;
    t->csv_row[row] = (uint32_t)csv_row;
    t->block[row] = w->wide_width > 0 ? w->wide_from + block * w->wide_width : 0;
    for (uint32_t d = 0; d < dimensions; d++)
        TRY(row_code(w, d, csv_row, &at[d], err));
    if (w->wide_width > 0)
        at[t->wide_dimension] = w->wide_codes[block];
    TRY(check_new_place(w, row, err));
    return read_values(w, row, err);
}

static Status read_rows(Rows *w, Error *err)
{
    TablesTable *t = w->table;
    Arena *arena = &w->r->set->arena;
    size_t rows = w->csv.rows * w->wide_count;
    if (rows > TABLES_MAX_CELLS / t->column_count)
        return error_set(err, ERR_LIMIT, "table %.*s has more than %u cells", SLICE_ARG(t->name), TABLES_MAX_CELLS);
    TRY(arena_new(arena, uint32_t, rows * w->r->set->dimension_count, &t->at, err));
    TRY(arena_new(arena, uint32_t, rows, &t->csv_row, err));
    TRY(arena_new(arena, uint32_t, rows, &t->block, err));
    TRY(arena_new(arena, TablesValue, rows * t->column_count, &t->values, err));
    for (size_t i = 0; i < w->csv.rows; i++)
        for (uint32_t b = 0; b < w->wide_count; b++)
            TRY(add_row(w, i, b, err));
    return OK;
}

/* --- columns that the header does not describe ---------------------------------------------------------------------
 */

static bool is_copied(const Rows *w, const Toml *copied, uint32_t column)
{
    for (const Toml *c = copied ? copied->first : NULL; c; c = c->next)
        if (slice_eq(c->string, w->csv.header[column]))
            return true;
    return false;
}

static bool is_described(const Rows *w, uint32_t column)
{
    const TablesTable *t = w->table;
    for (uint32_t d = 0; d < w->r->set->dimension_count; d++)
        for (uint32_t i = 0; i < w->by[d].part_count; i++)
            if (w->by[d].parts[i] == column)
                return true;
    for (uint32_t c = 0; c < t->column_count; c++)
        if (t->columns[c].key_position == column) /* keys do not leave */
            return true;
    for (uint32_t b = 0; b < w->wide_count; b++)
        for (uint32_t c = 0; c < t->column_count; c++)
            if (t->columns[c].position != TABLES_NONE &&
                t->columns[c].position + (w->wide_width > 0 ? w->wide_from + b * w->wide_width : 0) == column)
                return true;
    return false;
}

/* What the header does not describe leaves as it is: names may, numbers would be published without any protection. */
static Status check_undescribed(Rows *w, Error *err)
{
    const Toml *copied;
    uint32_t at;
    TablesValue v;
    TRY(toml_array(w->t, w->r->name, "copied", &copied, err));
    for (const Toml *c = copied ? copied->first : NULL; c; c = c->next) {
        if (c->type != TOML_STRING)
            return tables_refuse(w->r, c, err, "copied lists headings of CSV columns");
        TRY(csv_index(w, c, c->string, &at, err));
    }
    if (w->r->reading != TABLES_TRUE_VALUES || w->table->released)
        return OK;
    for (uint32_t column = 0; column < w->csv.columns; column++) {
        if (is_described(w, column) || is_copied(w, copied, column))
            continue;
        for (size_t i = 0; i < w->csv.rows; i++)
            if (tables_value(NULL, 0, w->csv.cells[i * w->csv.columns + column], true, &v, NULL) == OK) {
                error_set(err, ERR_INVALID, "is a number in a column that the header does not describe");
                error_hint(err, "Name the column in the header, take it out of the file, or list it in copied when it "
                                "tells nothing about people.");
                return at_cell(w, i, column, ERR_INVALID, err);
            }
    }
    return OK;
}

/* The text after its first n lines. */
static Slice skip_lines(Slice text, int64_t n, Slice *preamble)
{
    size_t i = 0;
    for (; n > 0 && i < text.len; i++)
        n -= text.ptr[i] == '\n';
    *preamble = slice_sub(text, 0, i);
    return slice_sub(text, i, text.len);
}

/* Worksheets end with a line that says so, and which is no record. */
static Slice cut_end(Slice text, Slice end)
{
    size_t at = slice_find(text, end);
    while (at > 0 && at < text.len && text.ptr[at - 1] != '\n')
        at--;
    return slice_sub(text, 0, at);
}

static Status open_csv(Rows *w, Slice file, Error *err)
{
    Slice text, end;
    int64_t skip;
    TRY(toml_int_or(w->t, w->r->name, "skip_lines", 0, &skip, err));
    TRY(toml_str_or(w->t, w->r->name, "end", (Slice){NULL, 0}, &end, err));
    if (end.ptr && (end.len == 0 || w->r->reading == TABLES_TRUE_VALUES))
        return tables_refuse(w->r, w->t, err, "only tables to be audited have a line that ends them");
    TRY(tables_fetch(w->r, file, &text, err));
    if (end.ptr)
        text = cut_end(text, end);
    return csv_parse(skip_lines(text, skip, &w->table->preamble), file.ptr, &w->r->set->arena, &w->csv, err);
}

static Status read_file(Rows *w, Slice file, Error *err)
{
    w->file = file.ptr;
    TRY(open_csv(w, file, err));
    TRY(read_wide(w, err));
    TRY(read_by(w, err));
    TRY(place_columns(w, err));
    TRY(check_undescribed(w, err));
    return read_rows(w, err);
}

/* --- what an earlier release printed of the same rows --------------------------------------------------------------
 */

typedef struct Old {
    Rows *w;
    CsvTable csv;
    const char *file;
} Old;

static Status old_refuse(const Old *o, size_t csv_row, uint32_t column, const char *why, Error *err)
{
    error_set(err, ERR_INVALID, "%s", why);
    error_at(err, o->file, csv_row + 2, column < o->w->csv.columns ? o->w->csv.header[column].ptr : NULL);
    return ERR_INVALID;
}

/* The column of the published file that stands for a column of the true values; TABLES_NONE: not published. */
static uint32_t old_column(const Old *o, uint32_t column)
{
    /* at the same position first: the blocks of a wide file may share their headings */
    if (column < o->csv.columns && slice_eq(o->csv.header[column], o->w->csv.header[column]))
        return column;
    for (uint32_t i = 0; i < o->csv.columns; i++)
        if (slice_eq(o->csv.header[i], o->w->csv.header[column]))
            return i;
    return TABLES_NONE;
}

static Status check_same_rows(const Old *o, Error *err)
{
    for (uint32_t d = 0; d < o->w->r->set->dimension_count; d++)
        for (uint32_t i = 0; i < o->w->by[d].part_count; i++) {
            uint32_t column = o->w->by[d].parts[i], old = old_column(o, column);
            if (old == TABLES_NONE)
                return old_refuse(o, 0, column, "the published file lacks a column that says where rows stand", err);
            for (size_t r = 0; r < o->csv.rows; r++)
                if (!slice_eq(o->csv.cells[r * o->csv.columns + old], o->w->csv.cells[r * o->w->csv.columns + column]))
                    return old_refuse(o, r, column, "the published file has other rows than its true values", err);
        }
    return OK;
}

/* A mark without digits, or a rate at the end of its range. A number in a form that is not understood must not pass for
 * a hidden one. */
static bool is_code(Slice text)
{
    text = slice_trim(text);
    if (text.len > 0 && (text.ptr[0] == '<' || text.ptr[0] == '>'))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            return false;
    return true;
}

static Status read_old_cell(const Old *o, uint32_t row, uint32_t c, Error *err)
{
    const TablesTable *t = o->w->table;
    const TablesSet *set = o->w->r->set;
    const TablesColumn *column = &t->columns[c];
    size_t at = (size_t)row * t->column_count + c;
    t->old[at] = TABLES_HIDDEN;
    if (column->position == TABLES_NONE || column->kind == TABLES_HELPER)
        return OK;
    uint32_t position = t->block[row] + column->position, old = old_column(o, position);
    if (old == TABLES_NONE)
        return OK;
    TablesValue v;
    Slice text = t->old_text[at] = o->csv.cells[t->csv_row[row] * o->csv.columns + old];
    if (tables_value(set->markers, set->marker_count, text, is_rate(column->kind), &v, NULL) != OK) {
        if (is_code(text))
            return OK; /* such as "<5", in a release of ours: the cell itself is not told */
        return old_refuse(
            o, t->csv_row[row], position, "the published text is neither a number nor a marker of the header", err);
    }
    bool additive = column->kind == TABLES_COUNT || column->kind == TABLES_TOTAL;
    if (column->kind == TABLES_TOTAL && v.mark == TABLES_EXACT)
        TRY(to_hundredths(&v, err));
    if (additive && v.mark == TABLES_EXACT && v.low != t->values[at].low)
        return old_refuse(o, t->csv_row[row], position, "the published number is not the true value beside it", err);
    t->old[at] = v.mark;
    return OK;
}

/* A count that had no column of its own was as good as printed where a rate made of it was. */
static void find_by_rates(TablesTable *t, uint32_t row, uint32_t c)
{
    TablesMark *old = t->old + (size_t)row * t->column_count;
    for (uint32_t i = 0; i < t->column_count; i++)
        if (t->columns[i].kind == TABLES_RATE && old[i] == TABLES_EXACT && t->columns[c].hidden &&
            (t->columns[i].numerator == c || t->columns[i].denominator == c))
            old[c] = TABLES_EXACT;
}

static Status read_published(Rows *w, Error *err)
{
    TablesTable *t = w->table;
    Old o = {.w = w, .file = t->published.ptr};
    Slice text, preamble;
    int64_t skip;
    TRY(toml_int_or(w->t, w->r->name, "skip_lines", 0, &skip, err));
    TRY(tables_fetch(w->r, t->published, &text, err));
    TRY(csv_parse(skip_lines(text, skip, &preamble), o.file, &w->r->set->arena, &o.csv, err));
    if (o.csv.rows != w->csv.rows)
        return old_refuse(&o, o.csv.rows, TABLES_NONE, "the published file has other rows than its true values", err);
    TRY(check_same_rows(&o, err));
    TRY(arena_new(&w->r->set->arena, TablesMark, (size_t)t->row_count * t->column_count, &t->old, err));
    TRY(arena_new(&w->r->set->arena, Slice, (size_t)t->row_count * t->column_count, &t->old_text, err));
    for (uint32_t row = 0; row < t->row_count; row++)
        for (uint32_t c = 0; c < t->column_count; c++)
            TRY(read_old_cell(&o, row, c, err));
    for (uint32_t row = 0; row < t->row_count; row++)
        for (uint32_t c = 0; c < t->column_count; c++)
            find_by_rates(t, row, c);
    return OK;
}

Status tables_rows(TablesReader *r, const Toml *t, TablesTable *table, Error *err)
{
    Rows w = {.r = r, .t = t, .table = table};
    buf_init(&w.key, 1 << 20);
    Status st = map_init(&w.places, err);
    if (st == OK)
        st = read_file(&w, table->file, err);
    if (st == OK && table->released)
        st = read_published(&w, err);
    table->csv = w.csv;
    map_free(&w.places);
    buf_free(&w.key);
    return st;
}
