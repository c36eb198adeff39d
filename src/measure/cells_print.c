/* Cells as CSV, JSON and a table for a terminal. A number is the same text in the first two: the shortest that reads
 * back as itself; the table rounds. */
#include "measure/measure_parts.h"

#include <math.h>
#include <stdio.h>

enum { TEXT_SIZE = 64 };

static void csv_number(double v, Buf *out)
{
    Json j;
    if (isnan(v))
        return; /* an empty cell: no figure */
    json_begin(&j, out, JSON_COMPACT);
    json_num(&j, v);
}

static void csv_figure(const Cell *c, const CellColumn *column, Buf *out)
{
    const void *at = (const char *)c + column->offset;
    switch (column->type) {
    case CELL_TEXT:
        csv_cell(out, *(const Slice *)at);
        break;
    case CELL_INT:
        buf_add_i64(out, *(const int64_t *)at);
        break;
    case CELL_YEAR:
        buf_add_i64(out, *(const int32_t *)at);
        break;
    case CELL_DOUBLE:
        csv_number(*(const double *)at, out);
        break;
    }
}

static void print_csv(const Cell *cells, size_t count, Buf *out)
{
    for (size_t k = 0; k < cell_column_count; k++)
        buf_addf(out, "%s%s", k ? "," : "", cell_columns[k].name);
    buf_addc(out, '\n');
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < cell_column_count; k++) {
            buf_adds(out, k ? "," : "");
            csv_figure(&cells[i], &cell_columns[k], out);
        }
        buf_addc(out, '\n');
    }
}

static void json_column(const Cell *c, const CellColumn *column, Json *j)
{
    const void *at = (const char *)c + column->offset;
    json_key(j, column->name);
    switch (column->type) {
    case CELL_TEXT:
        json_str(j, *(const Slice *)at);
        break;
    case CELL_INT:
        json_int(j, *(const int64_t *)at);
        break;
    case CELL_YEAR:
        json_int(j, *(const int32_t *)at);
        break;
    case CELL_DOUBLE:
        json_num(j, *(const double *)at);
        break;
    }
}

static void print_json(const Cell *cells, size_t count, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_array(&j);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&j);
        for (size_t k = 0; k < cell_column_count; k++)
            json_column(&cells[i], &cell_columns[k], &j);
        json_end(&j);
    }
    json_end(&j);
    buf_addc(out, '\n');
}

/* --- table --- */

typedef enum TableColumn {
    TABLE_YEAR,
    TABLE_UNIT,
    TABLE_SPLIT,
    TABLE_GROUP,
    TABLE_CATEGORY,
    TABLE_PERSONS,
    TABLE_HIT,
    TABLE_VALUE,
    TABLE_P25,
    TABLE_P75,
    TABLE_EXCLUDED,
    TABLE_COVERAGE,
    TABLE_PRECISION,
    TABLE_RECALL,
    TABLE_NOTE,
    TABLE_COLUMNS
} TableColumn;
static const char *const table_heads[TABLE_COLUMNS] = {"year", "unit", "split", "group", "category", "persons", "hit",
    "value", "p25", "p75", "excluded", "coverage", "precision", "recall", "note"};

static Slice decimal_text(double v, int decimals, char text[TEXT_SIZE])
{
    if (isnan(v))
        return SLICE("-");
    snprintf(text, TEXT_SIZE, "%.*f", decimals, v);
    return slice_of(text);
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

/* Whom the outcome's source could have seen, and what the identity room expects of the links: beside every figure. */
static double quality(const Cell *c, TableColumn column)
{
    double correct = (double)c->link_correct;
    if (column == TABLE_COVERAGE)
        return share((double)c->covered, (double)c->base);
    return column == TABLE_PRECISION ? share(correct, (double)c->link_pairs * 1e6)
                                     : share(correct, correct + (double)c->link_missed);
}

static Slice table_text(const Cell *c, size_t column, char text[TEXT_SIZE])
{
    switch ((TableColumn)column) {
    case TABLE_YEAR:
        snprintf(text, TEXT_SIZE, "%" PRId32, c->year);
        return slice_of(text);
    case TABLE_UNIT:
        return c->unit;
    case TABLE_SPLIT:
        return c->split;
    case TABLE_GROUP:
        return c->grp;
    case TABLE_CATEGORY:
        return c->category;
    case TABLE_PERSONS:
        snprintf(text, TEXT_SIZE, "%" PRId64, c->denominator);
        return slice_of(text);
    case TABLE_HIT:
        snprintf(text, TEXT_SIZE, "%" PRId64, c->numerator);
        return slice_of(text);
    case TABLE_VALUE:
        return decimal_text(c->value, 2, text);
    case TABLE_P25:
        return decimal_text(c->p25, 2, text);
    case TABLE_P75:
        return decimal_text(c->p75, 2, text);
    case TABLE_COVERAGE:
    case TABLE_PRECISION:
    case TABLE_RECALL:
        return decimal_text(quality(c, (TableColumn)column), 4, text);
    case TABLE_EXCLUDED:
        snprintf(text, TEXT_SIZE, "%" PRId64, c->excluded);
        return slice_of(text);
    case TABLE_NOTE:
        snprintf(text, TEXT_SIZE, "%s%s%.*s%s", c->small ? "small" : "", c->small && c->pooled.len ? ", " : "",
            (int)(c->pooled.len < 40 ? c->pooled.len : 40), c->pooled.ptr ? c->pooled.ptr : "",
            c->pooled.len > 40 ? "..." : "");
        return slice_of(text);
    case TABLE_COLUMNS:
        break;
    }
    return SLICE("");
}

static bool is_number(size_t column)
{
    return column >= TABLE_PERSONS && column <= TABLE_RECALL;
}

static void table_cell(Buf *out, Slice s, size_t column, size_t width, bool last)
{
    size_t pad = width > s.len ? width - s.len : 0;
    if (is_number(column))
        buf_pad(out, ' ', pad);
    buf_add(out, s);
    if (!is_number(column) && !last)
        buf_pad(out, ' ', pad);
    buf_adds(out, last ? "\n" : "  ");
}

static bool is_always_shown(TableColumn column)
{
    return column == TABLE_YEAR || column == TABLE_UNIT || column == TABLE_PERSONS || column == TABLE_VALUE ||
           column == TABLE_EXCLUDED || column == TABLE_COVERAGE;
}

/* Whether a cell has what its column is for: a split is worth a column where several are shown. */
static bool says_something(const Cell *c, const Cell *first, TableColumn column)
{
    switch (column) {
    case TABLE_SPLIT:
        return !slice_eq(c->split, first->split);
    case TABLE_GROUP:
        return !slice_eq_z(c->grp, "all");
    case TABLE_CATEGORY:
        return c->category.len > 0;
    case TABLE_HIT:
        return c->numerator != 0;
    case TABLE_P25:
        return !isnan(c->p25);
    case TABLE_P75:
        return !isnan(c->p75);
    case TABLE_PRECISION:
    case TABLE_RECALL:
        return !isnan(quality(c, column));
    case TABLE_NOTE:
        return c->small || c->pooled.len > 0;
    default:
        return false;
    }
}

static void print_table(const Cell *cells, size_t count, Buf *out)
{
    size_t widths[TABLE_COLUMNS] = {0}, last = 0;
    char text[TEXT_SIZE];
    for (size_t k = 0; k < TABLE_COLUMNS; k++) {
        bool shown = false;
        for (size_t i = 0; i < count; i++) {
            Slice s = table_text(&cells[i], k, text);
            shown |= says_something(&cells[i], &cells[0], (TableColumn)k);
            widths[k] = s.len > widths[k] ? s.len : widths[k];
        }
        shown |= is_always_shown((TableColumn)k);
        size_t head = strlen(table_heads[k]);
        widths[k] = !shown ? 0 : widths[k] > head ? widths[k] : head;
        last = shown ? k : last;
    }
    for (size_t k = 0; k < TABLE_COLUMNS; k++)
        if (widths[k])
            table_cell(out, slice_of(table_heads[k]), k, widths[k], k == last);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < TABLE_COLUMNS; k++)
            if (widths[k])
                table_cell(out, table_text(&cells[i], k, text), k, widths[k], k == last);
}

Status cells_print(const Cell *cells, size_t count, CellFormat format, Buf *out, Error *err)
{
    switch (format) {
    case CELLS_CSV:
        print_csv(cells, count, out);
        break;
    case CELLS_JSON:
        print_json(cells, count, out);
        break;
    case CELLS_TABLE:
        print_table(cells, count, out);
        break;
    case CELLS_PARQUET:
        return error_set(err, ERR_INVALID, "Parquet is no text");
    }
    return buf_status(out, err);
}
