/*
 * CSV files as most are, read without DuckDB, which keeps a copy of all rows before the first is seen.
 *
 * A row is plain when it has as many cells as the header, its bytes are UTF-8 and none is 0, a quote stands only around
 * a whole cell, it ends as the header's line does (LF, or CR and LF; the file's last one may end with the file), no
 * other line end stands in it, it is not empty, and it fits PIECE_BYTES. What plain rows mean, all readers agree on; at
 * the first other row this one stops, before it.
 */
#include "matchfile/people.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define SPARE 3 /* a line end that the file's last row lacks, and a 0 */

/* Bytes at which a cell's reading stops; 0 stops both, and stands behind what was read. */
typedef struct Stops {
    bool bare[256], quoted[256];
} Stops;

typedef struct CsvText {
    const InputFile *file;
    int fd;
    char *bytes;     /* PIECE_BYTES and SPARE */
    size_t from, to; /* what is not yet handed on */
    bool end;        /* nothing follows in the file */
    bool crlf;
    Stops stops;
    Slice cells[PEOPLE_COLUMNS_MAX];
} CsvText;

typedef enum RowEnd { ROW_WHOLE, ROW_CUT_OFF, ROW_ODD } RowEnd;

/* --- one row ------------------------------------------------------------------------------------------------------ */

#define SEEN_UNCLOSED 256u /* a quote that is not closed */

/* Returns the place behind the cell. *seen: bytes or'ed together, and what is odd. */
static const char *take_cell(const Stops *stops, const char *at, Slice *cell, unsigned *seen)
{
    unsigned all = *seen;
    bool quoted = *at == '"';
    const bool *stop = quoted ? stops->quoted : stops->bare;
    const char *first = at += quoted;
    for (; !stop[(unsigned char)*at]; at++)
        all |= (unsigned char)*at;
    *seen = all | (quoted && *at != '"' ? SEEN_UNCLOSED : 0);
    *cell = (Slice){first, (size_t)(at - first)};
    return at + (quoted && *at == '"');
}

/* The row that begins at `at`. *next: behind it. A place at or beyond limit is not read, but for the 0 there. */
static RowEnd take_row(CsvText *t, const char *at, const char *limit, const char **next)
{
    const char *first = at, delimiter = t->file->delimiter;
    uint32_t columns = t->file->column_count;
    unsigned seen = 0;
    for (uint32_t c = 0; c < columns; c++) {
        at = take_cell(&t->stops, at, &t->cells[c], &seen);
        if (at >= limit)
            return ROW_CUT_OFF;
        if ((seen & SEEN_UNCLOSED) || (c + 1 < columns && *at++ != delimiter))
            return ROW_ODD;
    }
    bool is_empty = columns == 1 && t->cells[0].len == 0;
    if (t->crlf && *at++ != '\r')
        return ROW_ODD;
    if (at >= limit)
        return ROW_CUT_OFF;
    if (*at++ != '\n' || is_empty)
        return ROW_ODD;
    *next = at;
    return seen < 128 || slice_is_utf8((Slice){first, (size_t)(at - first)}, NULL) ? ROW_WHOLE : ROW_ODD;
}

/* --- pieces ------------------------------------------------------------------------------------------------------- */

/* Moves what is not yet handed on to the front, and reads more behind it. */
static Status read_piece(CsvText *t, Error *err)
{
    memmove(t->bytes, t->bytes + t->from, t->to - t->from);
    t->to -= t->from;
    t->from = 0;
    while (!t->end && t->to < PIECE_BYTES) {
        size_t got;
        TRY(file_read_piece(t->fd, t->file->path, t->bytes + t->to, PIECE_BYTES - t->to, &got, err));
        t->to += got;
        t->end = got == 0;
    }
    t->bytes[t->to] = '\0';
    return OK;
}

/* Gives the file's last row the line end that it lacks. */
static void end_last_row(CsvText *t)
{
    if (!t->end || t->from == t->to || t->bytes[t->to - 1] == '\n')
        return;
    if (t->crlf)
        t->bytes[t->to++] = '\r';
    t->bytes[t->to++] = '\n';
    t->bytes[t->to] = '\0';
}

/* *plain: the header ends in the first piece, or is the whole file, and a CR stands in it only before that end: what
 * takes a CR for the end of a line reads other rows behind it. */
static void skip_header(CsvText *t, bool *plain)
{
    const char *line_end = memchr(t->bytes, '\n', t->to), *cr;
    t->from = line_end ? (size_t)(line_end - t->bytes) + 1 : t->to;
    t->crlf = line_end && line_end > t->bytes && line_end[-1] == '\r';
    cr = memchr(t->bytes, '\r', t->from);
    *plain = (line_end || t->end) && (!cr || (t->crlf && cr == line_end - 1));
}

/* Rows that are whole. *plain: the next one is not known to be odd. */
static Status hand_on(CsvText *t, CsvRowFn fn, void *ctx, bool *plain, Error *err)
{
    const char *limit = t->bytes + t->to, *at = t->bytes + t->from, *next = at;
    RowEnd end = ROW_CUT_OFF;
    while (at < limit && (end = take_row(t, at, limit, &next)) == ROW_WHOLE) {
        TRY(fn(ctx, t->cells, err));
        at = next;
    }
    t->from = (size_t)(at - t->bytes);
    *plain = end != ROW_ODD;
    return OK;
}

static void set_stops(Stops *stops, char delimiter)
{
    static const char ends[] = {'"', '\n', '\r', '\0'};
    for (size_t i = 0; i < sizeof ends; i++)
        stops->bare[(unsigned char)ends[i]] = stops->quoted[(unsigned char)ends[i]] = true;
    stops->bare[(unsigned char)delimiter] = true;
}

static Status read_rows(CsvText *t, CsvRowFn fn, void *ctx, bool *plain, Error *err)
{
    TRY(file_open(t->file->path, &t->fd, err));
    TRY(read_piece(t, err));
    skip_header(t, plain);
    while (*plain && t->from < t->to) {
        end_last_row(t);
        TRY(hand_on(t, fn, ctx, plain, err));
        size_t left = t->to - t->from;
        if (*plain && left > 0 && (t->end || left == PIECE_BYTES))
            *plain = false; /* cut off, and nothing follows, or it is too long */
        else if (*plain && !t->end)
            TRY(read_piece(t, err));
    }
    return OK;
}

Status csv_rows(const InputFile *f, CsvRowFn fn, void *ctx, bool *plain, Error *err)
{
    CsvText *t = NULL;
    *plain = false;
    TRY(mem_zalloc(1, sizeof *t, (void **)&t, err));
    t->file = f;
    t->fd = -1;
    set_stops(&t->stops, f->delimiter);
    Status st = mem_alloc(PIECE_BYTES + SPARE, (void **)&t->bytes, err);
    if (st == OK)
        st = read_rows(t, fn, ctx, plain, err);
    file_close(t->fd);
    mem_free(t->bytes);
    mem_free(t);
    return st;
}
