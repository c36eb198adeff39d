/* Building a sheet; the writers are in sheet_write.c. */
#include "equity/sheet.h"

#include <math.h>

void sheet_init(Sheet *s, const char *title)
{
    *s = (Sheet){.title = slice_of(title), .error = ERROR_INIT};
    arena_init(&s->arena, 0);
}

void sheet_free(Sheet *s)
{
    for (size_t i = 0; i < s->tables.len; i++)
        vec_free(&s->tables.at[i].cells);
    vec_free(&s->tables);
    vec_free(&s->facts);
    vec_free(&s->findings);
    vec_free(&s->notes);
    arena_free(&s->arena);
    *s = (Sheet){0};
}

/* False once something has failed: then nothing more is done. */
static bool keep(Sheet *s, Status st)
{
    if (s->status == OK)
        s->status = st;
    return s->status == OK;
}

static bool format_text(Sheet *s, Slice *out, const char *fmt, va_list args)
{
    Buf b;
    buf_init(&b, 0);
    buf_addv(&b, fmt, args);
    bool good = keep(s, buf_status(&b, &s->error)) && keep(s, arena_dup(&s->arena, buf_slice(&b), out, &s->error));
    buf_free(&b);
    return good;
}

void sheet_fact(Sheet *s, const char *key, const char *fmt, ...)
{
    SheetFact fact = {.key = key};
    va_list args;
    va_start(args, fmt);
    if (s->status == OK && format_text(s, &fact.value, fmt, args))
        keep(s, vec_push(&s->facts, fact, &s->error));
    va_end(args);
}

void sheet_finding(Sheet *s, const char *fmt, ...)
{
    Slice text;
    va_list args;
    va_start(args, fmt);
    if (s->status == OK && format_text(s, &text, fmt, args))
        keep(s, vec_push(&s->findings, text, &s->error));
    va_end(args);
}

void sheet_note(Sheet *s, const char *fmt, ...)
{
    Slice text;
    va_list args;
    va_start(args, fmt);
    if (s->status == OK && format_text(s, &text, fmt, args))
        keep(s, vec_push(&s->notes, text, &s->error));
    va_end(args);
}

void sheet_chart(Sheet *s, Slice svg)
{
    if (s->status == OK)
        keep(s, arena_dup(&s->arena, svg, &s->chart, &s->error));
}

void sheet_table(Sheet *s, const char *key, Slice title, const SheetColumn *columns, size_t count)
{
    SheetTable t = {.key = key, .columns = columns, .column_count = count};
    if (s->status == OK && keep(s, arena_dup(&s->arena, title, &t.title, &s->error)))
        keep(s, vec_push(&s->tables, t, &s->error));
}

static void add_cell(Sheet *s, SheetCellKind kind, Slice text)
{
    SheetCell cell = {.kind = kind};
    if (s->status != OK)
        return;
    ASSERT(s->tables.len > 0);
    if (kind != SHEET_CELL_NONE && !keep(s, arena_dup(&s->arena, text, &cell.text, &s->error)))
        return;
    SheetTable *t = &vec_last(&s->tables);
    keep(s, vec_push(&t->cells, cell, &s->error));
}

void sheet_words(Sheet *s, Slice text)
{
    add_cell(s, SHEET_CELL_WORDS, text);
}

void sheet_none(Sheet *s)
{
    add_cell(s, SHEET_CELL_NONE, SLICE(""));
}

void sheet_int(Sheet *s, int64_t v)
{
    Buf b;
    buf_init(&b, 0);
    buf_add_i64(&b, v);
    if (keep(s, buf_status(&b, &s->error)))
        add_cell(s, SHEET_CELL_NUMBER, buf_slice(&b));
    buf_free(&b);
}

void sheet_num(Sheet *s, double v, int decimals)
{
    Buf b;
    if (!isfinite(v)) {
        sheet_none(s);
        return;
    }
    buf_init(&b, 0);
    buf_addf(&b, "%.*f", decimals, v);
    Slice text = buf_slice(&b);
    /* "-0.0" is a rounding of nothing. */
    bool is_zero = text.len > 0 && text.ptr[0] == '-';
    for (size_t i = 1; i < text.len; i++)
        is_zero = is_zero && (text.ptr[i] == '0' || text.ptr[i] == '.');
    if (keep(s, buf_status(&b, &s->error)))
        add_cell(s, SHEET_CELL_NUMBER, is_zero ? slice_sub(text, 1, text.len) : text);
    buf_free(&b);
}

void sheet_millionths(Sheet *s, int64_t v)
{
    Buf b;
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    buf_init(&b, 0);
    buf_addf(&b, "%s%" PRIu64 ".%06" PRIu64, v < 0 ? "-" : "", size / 1000000, size % 1000000);
    Slice text = buf_slice(&b);
    while (slice_ends(text, SLICE("0")))
        text.len--;
    if (slice_ends(text, SLICE(".")))
        text.len--;
    if (keep(s, buf_status(&b, &s->error)))
        add_cell(s, SHEET_CELL_NUMBER, text);
    buf_free(&b);
}

Status sheet_status(Sheet *s, Error *err)
{
    if (s->status != OK && err)
        *err = s->error;
    for (size_t i = 0; s->status == OK && i < s->tables.len; i++)
        ASSERT(s->tables.at[i].cells.len % s->tables.at[i].column_count == 0);
    return s->status;
}

Status sheet_format_parse(Slice word, SheetFormat *out, Error *err)
{
    static const char *const names[] = {"text", "csv", "json", "html"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_eq_z(word, names[i])) {
            *out = (SheetFormat)i;
            return OK;
        }
    return error_set(err, ERR_USAGE, "a format is text, csv, json or html");
}
