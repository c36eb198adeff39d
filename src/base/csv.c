/*
 * CSV (RFC 4180). The reader copies the text once into the arena and cuts the
 * cells out of that copy, unescaping in place: an unescaped cell is never
 * longer than its source, and each cell can end in a NUL where its delimiter
 * stood.
 */
#include "base/csv.h"

#include "base/file.h"
#include "base/vec.h"

#define CSV_MAX_BYTES ((size_t)256 << 20)
#define CSV_MAX_COLUMNS ((size_t)2000)
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

typedef VEC(Slice) Cells;

typedef struct Reader {
    const char *name;
    char *at;
    char *end; /* holds a NUL */
    uint64_t line;
    bool record_ended;
} Reader;

void csv_cell(Buf *out, Slice s)
{
    /* at the beginning of a file '#' would read back as a comment and a byte order mark would vanish */
    bool quote = s.len > 0 && (s.ptr[0] == '#' || s.ptr[0] == BYTE_ORDER_MARK[0]);
    for (size_t i = 0; i < s.len && !quote; i++)
        quote = s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\n' || s.ptr[i] == '\r';
    if (!quote) {
        buf_add(out, s);
        return;
    }
    buf_addc(out, '"');
    for (;;) {
        const char *mark = s.len > 0 ? memchr(s.ptr, '"', s.len) : NULL;
        if (!mark)
            break;
        size_t n = (size_t)(mark - s.ptr) + 1;
        buf_add(out, slice_sub(s, 0, n));
        buf_addc(out, '"');
        s = slice_sub(s, n, s.len);
    }
    buf_add(out, s);
    buf_addc(out, '"');
}

static Status place(const Reader *r, uint64_t line, Error *err, Status st)
{
    error_at(err, r->name, 0, NULL);
    if (err)
        err->line = line;
    return st;
}

static Status parse_error(const Reader *r, uint64_t line, Error *err, const char *what)
{
    return place(r, line, err, error_set(err, ERR_PARSE, "%s", what));
}

/* At a comma, a line end or the end of the text: steps over it. False when something else stands there. */
static bool step_delimiter(Reader *r)
{
    r->record_ended = true;
    if (r->at == r->end)
        return true;
    if (*r->at == ',') {
        r->record_ended = false;
    } else if (*r->at == '\n') {
        r->line++;
    } else if (*r->at == '\r' && r->at[1] == '\n') {
        *r->at++ = '\0';
        r->line++;
    } else {
        return false;
    }
    *r->at++ = '\0';
    return true;
}

static Status quoted_cell(Reader *r, Slice *out, Error *err)
{
    uint64_t opened = r->line;
    char *start = ++r->at;
    char *put = start;
    for (;; r->at++) {
        if (r->at == r->end)
            return parse_error(r, opened, err, "quoted cell is not closed");
        if (*r->at == '"' && *++r->at != '"')
            break;
        if (*r->at == '\n')
            r->line++;
        *put++ = *r->at;
    }
    *out = (Slice){start, (size_t)(put - start)};
    if (!step_delimiter(r))
        return parse_error(r, r->line, err, "text after the closing quote of a cell");
    /* before the delimiter, since one quote at least was dropped */
    *put = '\0';
    return OK;
}

static Status plain_cell(Reader *r, Slice *out, Error *err)
{
    char *start = r->at;
    while (r->at != r->end && *r->at != ',' && *r->at != '\n' && *r->at != '\r') {
        if (*r->at == '"')
            return parse_error(r, r->line, err, "quote inside an unquoted cell");
        r->at++;
    }
    *out = (Slice){start, (size_t)(r->at - start)};
    if (!step_delimiter(r))
        return parse_error(r, r->line, err, "carriage return without line feed");
    return OK;
}

/* Appends one record's cells. */
static Status read_record(Reader *r, Cells *cells, Error *err)
{
    do {
        Slice cell;
        /* end holds a NUL, so that a last empty cell reads as a plain one */
        if (*r->at == '"')
            TRY(quoted_cell(r, &cell, err));
        else
            TRY(plain_cell(r, &cell, err));
        TRY(vec_push(cells, cell, err));
    } while (!r->record_ended);
    return OK;
}

static void skip_comments(Reader *r)
{
    while (r->at != r->end && *r->at == '#') {
        while (r->at != r->end && *r->at != '\n')
            r->at++;
        if (r->at != r->end) {
            r->at++;
            r->line++;
        }
    }
}

static Status check_header(const Reader *r, const Cells *header, uint64_t line, Error *err)
{
    if (header->len > CSV_MAX_COLUMNS)
        return place(r, line, err, error_set(err, ERR_LIMIT, "more than %zu columns", CSV_MAX_COLUMNS));
    for (size_t i = 0; i < header->len; i++) {
        if (header->at[i].len == 0)
            return parse_error(r, line, err, "column without a name");
        for (size_t k = 0; k < i; k++) {
            if (slice_eq(header->at[i], header->at[k])) {
                Status st = parse_error(r, line, err, "two columns of the same name");
                error_at(err, NULL, 0, header->at[i].ptr);
                return st;
            }
        }
    }
    return OK;
}

static Status read_all(Reader *r, Cells *header, Cells *cells, size_t *rows, Error *err)
{
    skip_comments(r);
    if (r->at == r->end)
        return parse_error(r, r->line, err, "no header row");
    uint64_t line = r->line;
    TRY(read_record(r, header, err));
    TRY(check_header(r, header, line, err));
    for (*rows = 0; r->at != r->end; ++*rows) {
        size_t before = cells->len;
        line = r->line;
        TRY(read_record(r, cells, err));
        if (cells->len - before != header->len)
            return place(r, line, err,
                error_set(err, ERR_PARSE, "row has %zu cells, the header %zu", cells->len - before, header->len));
    }
    return OK;
}

/* The text must be UTF-8 without NUL; names the line of the first offence. */
static Status check_bytes(Slice text, const char *name, Error *err)
{
    size_t bad = 0;
    const char *why = NULL;
    const char *nul = text.len > 0 ? memchr(text.ptr, '\0', text.len) : NULL;
    if (!slice_is_utf8(text, &bad))
        why = "bytes are not UTF-8";
    else if (nul) {
        why = "a NUL byte in text";
        bad = (size_t)(nul - text.ptr);
    } else
        return OK;
    Reader at = {.name = name, .line = 1};
    for (size_t i = 0; i < bad; i++)
        at.line += text.ptr[i] == '\n';
    return parse_error(&at, at.line, err, why);
}

static Status copy_cells(Arena *arena, const Cells *from, Slice **out, Error *err)
{
    TRY(arena_new(arena, Slice, from->len, out, err));
    if (from->len > 0)
        memcpy(*out, from->at, from->len * sizeof(Slice));
    return OK;
}

Status csv_parse(Slice text, const char *name, Arena *arena, CsvTable *out, Error *err)
{
    if (slice_starts(text, SLICE(BYTE_ORDER_MARK)))
        text = slice_sub(text, 3, text.len);
    TRY(check_bytes(text, name, err));
    char *copy = NULL;
    TRY(arena_new(arena, char, text.len + 1, &copy, err));
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    Reader r = {.name = name, .at = copy, .end = copy + text.len, .line = 1};
    Cells header = {0}, cells = {0};
    CsvTable t = {0};
    Status st = OK;
    TRY_OUT(read_all(&r, &header, &cells, &t.rows, err));
    t.columns = header.len;
    TRY_OUT(copy_cells(arena, &header, &t.header, err));
    TRY_OUT(copy_cells(arena, &cells, &t.cells, err));
    *out = t;
out:
    vec_free(&header);
    vec_free(&cells);
    return st;
}

Status csv_read(const char *path, Arena *arena, CsvTable *out, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = file_read(path, CSV_MAX_BYTES, &text, err);
    if (st == OK)
        st = csv_parse(buf_slice(&text), path, arena, out, err);
    buf_free(&text);
    return st;
}

Status csv_column(const CsvTable *t, const char *name, size_t *out, Error *err)
{
    for (size_t i = 0; i < t->columns; i++) {
        if (slice_eq_z(t->header[i], name)) {
            *out = i;
            return OK;
        }
    }
    return error_set(err, ERR_NOT_FOUND, "no column %s", name);
}
