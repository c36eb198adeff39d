/* A sheet as text for a terminal, CSV, JSON, and a page of its own that loads nothing. */
#include "equity/sheet.h"
#include "publish/html.h"

#define CELL_MAX 60 /* wider words make a terminal's table unreadable; the other formats have them whole */

static size_t rows_of(const SheetTable *t)
{
    return t->cells.len / t->column_count;
}

static const SheetCell *cell_at(const SheetTable *t, size_t row, size_t column)
{
    return &t->cells.at[row * t->column_count + column];
}

/* --- text --- */

/* Columns of text in characters, not bytes: continuation bytes take no place. */
static size_t width_of(Slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static Slice clip(Slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
        if (n > CELL_MAX)
            return slice_sub(s, 0, i);
    }
    return s;
}

/* What is cut off says so. */
static const char *cut_mark(Slice s)
{
    return clip(s).len < s.len ? "..." : "";
}

static size_t shown_width(Slice s)
{
    return width_of(clip(s)) + strlen(cut_mark(s));
}

static size_t column_width(const SheetTable *t, size_t column)
{
    size_t width = t->columns[column].title ? strlen(t->columns[column].title) : 0;
    for (size_t r = 0; r < rows_of(t); r++) {
        size_t w = shown_width(cell_at(t, r, column)->text);
        width = w > width ? w : width;
    }
    return width;
}

/* Numbers stand to the right; a column is one of numbers when it has one. */
static bool is_numeric(const SheetTable *t, size_t column)
{
    for (size_t r = 0; r < rows_of(t); r++)
        if (cell_at(t, r, column)->kind == SHEET_CELL_NUMBER)
            return true;
    return false;
}

static void text_cell(Buf *out, Slice text, size_t width, bool right, bool last)
{
    size_t used = shown_width(text);
    size_t pad = used < width ? width - used : 0;
    if (right && !(last && text.len == 0))
        buf_pad(out, ' ', pad);
    buf_add(out, clip(text));
    buf_adds(out, cut_mark(text));
    if (!last)
        buf_pad(out, ' ', (right ? 0 : pad) + 2);
}

static size_t last_shown(const SheetTable *t)
{
    size_t last = 0;
    for (size_t c = 0; c < t->column_count; c++)
        if (t->columns[c].title)
            last = c;
    return last;
}

static Status text_table(const SheetTable *t, Buf *out, Error *err)
{
    size_t *widths, last = last_shown(t);
    TRY(mem_zalloc(t->column_count, sizeof *widths, (void **)&widths, err));
    buf_addc(out, '\n');
    buf_add(out, t->title);
    buf_addc(out, '\n');
    for (size_t c = 0; c < t->column_count; c++) {
        widths[c] = column_width(t, c);
        if (t->columns[c].title)
            text_cell(out, slice_of(t->columns[c].title), widths[c], is_numeric(t, c), c == last);
    }
    buf_addc(out, '\n');
    for (size_t r = 0; r < rows_of(t); r++) {
        for (size_t c = 0; c < t->column_count; c++)
            if (t->columns[c].title)
                text_cell(out, cell_at(t, r, c)->text, widths[c], is_numeric(t, c), c == last);
        buf_addc(out, '\n');
    }
    mem_free(widths);
    return OK;
}

static Status write_text(const Sheet *s, Buf *out, Error *err)
{
    buf_add(out, s->title);
    buf_addc(out, '\n');
    for (size_t i = 0; i < s->facts.len; i++)
        buf_addf(out, "  %s: %.*s\n", s->facts.at[i].key, SLICE_ARG(s->facts.at[i].value));
    for (size_t i = 0; i < s->tables.len; i++)
        TRY(text_table(&s->tables.at[i], out, err));
    for (size_t i = 0; i < s->findings.len; i++)
        buf_addf(out, "%s- %.*s\n", i == 0 ? "\nFindings\n" : "", SLICE_ARG(s->findings.at[i]));
    for (size_t i = 0; i < s->notes.len; i++)
        buf_addf(out, "%s- %.*s\n", i == 0 ? "\nNotes\n" : "", SLICE_ARG(s->notes.at[i]));
    return OK;
}

/* --- CSV --- */

static Status no_table(const Sheet *s, const char *asked, Error *err)
{
    Buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < s->tables.len; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", s->tables.at[i].key);
    error_set(err, ERR_NOT_FOUND, "this result has no table \"%s\"", asked);
    error_hint(err, "Its tables are %s.", buf_z(&names));
    buf_free(&names);
    return ERR_NOT_FOUND;
}

static Status write_csv(const Sheet *s, const char *table, Buf *out, Error *err)
{
    const SheetTable *t = NULL;
    for (size_t i = 0; i < s->tables.len && !t; i++)
        if (!table || slice_eq_z(slice_of(table), s->tables.at[i].key))
            t = &s->tables.at[i];
    if (!t)
        return no_table(s, table ? table : "", err);
    for (size_t c = 0; c < t->column_count; c++) {
        buf_adds(out, c ? "," : "");
        csv_cell(out, slice_of(t->columns[c].key));
    }
    buf_addc(out, '\n');
    for (size_t r = 0; r < rows_of(t); r++) {
        for (size_t c = 0; c < t->column_count; c++) {
            buf_adds(out, c ? "," : "");
            csv_cell(out, cell_at(t, r, c)->text);
        }
        buf_addc(out, '\n');
    }
    return OK;
}

/* --- JSON --- */

static void json_cell(Json *j, const SheetCell *cell)
{
    double v;
    if (cell->kind == SHEET_CELL_NONE)
        json_add_null(j);
    else if (cell->kind == SHEET_CELL_NUMBER && parse_f64(cell->text, &v, NULL) == OK)
        json_num(j, v);
    else
        json_str(j, cell->text);
}

static void json_table(Json *j, const SheetTable *t)
{
    json_key(j, t->key);
    json_open_array(j);
    for (size_t r = 0; r < rows_of(t); r++) {
        json_open_object(j);
        for (size_t c = 0; c < t->column_count; c++) {
            json_key(j, t->columns[c].key);
            json_cell(j, cell_at(t, r, c));
        }
        json_end(j);
    }
    json_end(j);
}

static void json_texts(Json *j, const char *key, const Slice *texts, size_t count)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < count; i++)
        json_str(j, texts[i]);
    json_end(j);
}

static void write_json(const Sheet *s, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "title", s->title);
    for (size_t i = 0; i < s->facts.len; i++)
        json_kstr(&j, s->facts.at[i].key, s->facts.at[i].value);
    json_texts(&j, "findings", s->findings.at, s->findings.len);
    json_texts(&j, "notes", s->notes.at, s->notes.len);
    for (size_t i = 0; i < s->tables.len; i++)
        json_table(&j, &s->tables.at[i]);
    json_end(&j);
    buf_addc(out, '\n');
}

/* --- HTML --- */

static void html_list(Buf *out, const char *head, const Slice *texts, size_t count)
{
    if (count == 0)
        return;
    buf_addf(out, "<h2>%s</h2>\n<ul>\n", head);
    for (size_t i = 0; i < count; i++) {
        buf_adds(out, "<li>");
        html_text(out, texts[i]);
        buf_adds(out, "</li>\n");
    }
    buf_adds(out, "</ul>\n");
}

static void html_table(Buf *out, const SheetTable *t)
{
    buf_adds(out, "<table>\n<caption>");
    html_text(out, t->title);
    buf_adds(out, "</caption>\n<thead><tr>");
    for (size_t c = 0; c < t->column_count; c++) {
        buf_adds(out, "<th scope=\"col\">");
        html_text(out, slice_of(t->columns[c].title ? t->columns[c].title : t->columns[c].key));
        buf_adds(out, "</th>");
    }
    buf_adds(out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < rows_of(t); r++) {
        buf_adds(out, "<tr>");
        for (size_t c = 0; c < t->column_count; c++) {
            const SheetCell *cell = cell_at(t, r, c);
            buf_adds(out, cell->kind == SHEET_CELL_NUMBER ? "<td class=\"n\">" : "<td>");
            html_text(out, cell->text);
            buf_adds(out, "</td>");
        }
        buf_adds(out, "</tr>\n");
    }
    buf_adds(out, "</tbody>\n</table>\n");
}

static const char html_style[] =
    "body{font:16px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#1b1b1b}"
    "table{border-collapse:collapse;margin:1em 0;font-size:14px}caption{text-align:left;font-weight:bold}"
    "th,td{border-bottom:1px solid #a9aeb1;padding:.25em .6em;text-align:left;vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}dt{font-weight:bold}svg{max-width:40em}";

static void write_html(const Sheet *s, Buf *out)
{
    buf_adds(out, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
    html_text(out, s->title);
    buf_addf(out, "</title><style>%s</style></head>\n<body>\n<h1>", html_style);
    html_text(out, s->title);
    buf_adds(out, "</h1>\n<dl>\n");
    for (size_t i = 0; i < s->facts.len; i++) {
        buf_adds(out, "<dt>");
        html_text(out, slice_of(s->facts.at[i].key));
        buf_adds(out, "</dt><dd>");
        html_text(out, s->facts.at[i].value);
        buf_adds(out, "</dd>\n");
    }
    buf_adds(out, "</dl>\n");
    html_list(out, "Findings", s->findings.at, s->findings.len);
    buf_add(out, s->chart);
    for (size_t i = 0; i < s->tables.len; i++)
        html_table(out, &s->tables.at[i]);
    html_list(out, "Notes", s->notes.at, s->notes.len);
    buf_adds(out, "</body>\n</html>\n");
}

Status sheet_write(const Sheet *s, SheetFormat format, const char *table, Buf *out, Error *err)
{
    if (format == SHEET_CSV)
        TRY(write_csv(s, table, out, err));
    else if (format == SHEET_JSON)
        write_json(s, out);
    else if (format == SHEET_HTML)
        write_html(s, out);
    else
        TRY(write_text(s, out, err));
    return buf_status(out, err);
}
