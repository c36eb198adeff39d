/*
 * See csv_reader.h. The scanner looks for line ends and quotes with memchr and
 * touches no other byte; lines without a quote, which are nearly all, cost one
 * search each.
 */
#include "ingest/csv_reader.h"

/* --- scanner: where records begin ---------------------------------------------------------------------------- */

void csv_scanner_init(CsvScanner *s, char delimiter, ScanPoint at, uint64_t point_every)
{
    *s = (CsvScanner){
        .delimiter = delimiter,
        .point_every = point_every,
        .previous = '\n',
        .offset = at.offset,
        .record_start = at.offset,
        .record_line = at.lines + 1,
        .rows = at.rows,
        .lines = at.lines,
        .next_point = at.offset,
    };
}

void csv_scanner_free(CsvScanner *s)
{
    vec_free(&s->points);
}

/* A record without content is a blank line: no byte, or the CR of a CRLF. */
static bool is_blank(const CsvScanner *s, uint64_t end)
{
    return end == s->record_start || (end == s->record_start + 1 && s->first == '\r');
}

static Status count_record(CsvScanner *s, Error *err)
{
    if (s->record_start >= s->next_point) {
        TRY(vec_push(&s->points, ((ScanPoint){s->record_start, s->rows, s->record_line - 1}), err));
        s->next_point = s->record_start + s->point_every;
    }
    s->rows++;
    return OK;
}

/* A line end outside quotes at offset `end` closes the record and opens the next. */
static Status close_line(CsvScanner *s, uint64_t end, Error *err)
{
    s->lines++;
    if (!is_blank(s, end))
        TRY(count_record(s, err));
    s->record_start = end + 1;
    s->record_line = s->lines + 1;
    return OK;
}

static uint64_t count_lines(const char *from, const char *to)
{
    uint64_t n = 0;
    while ((from = memchr(from, '\n', (size_t)(to - from))) != NULL) {
        n++;
        from++;
    }
    return n;
}

static const char *find(const char *from, const char *end, char c)
{
    const char *at = from < end ? memchr(from, c, (size_t)(end - from)) : NULL;
    return at ? at : end;
}

static void check_length(CsvScanner *s, uint64_t offset)
{
    if (offset - s->record_start <= RECORD_MAX_BYTES)
        return;
    if (s->state == CSV_PLAIN)
        refuse(&s->refusal, s->record_line, "a record is longer than %zu bytes", RECORD_MAX_BYTES);
    else
        refuse(&s->refusal, s->record_line, "a quoted field never ends");
}

/* Inside quotes only the next quote matters. Returns where to go on. */
static const char *feed_quoted(CsvScanner *s, const char *p, const char *end)
{
    const char *close = find(p, end, '"');
    s->lines += count_lines(p, close);
    s->previous = '"';
    if (close == end)
        return end;
    s->state = CSV_QUOTE_IN_QUOTED;
    return close + 1;
}

/* At a quote outside quotes: it opens a quoted cell only as the cell's first byte. */
static void meet_quote(CsvScanner *s)
{
    if (s->previous == '\n' || s->previous == s->delimiter)
        s->state = CSV_QUOTED;
    s->previous = '"';
}

Status csv_scanner_feed(CsvScanner *s, Slice bytes, Error *err)
{
    const char *begin = bytes.ptr;
    const char *end = bytes.ptr + bytes.len;
    const char *p = begin;
    const char *quote = begin; /* no quote lies between p and here; found again once p has passed it */
    bool quote_known = false;
    while (p < end && !s->refusal.refused) {
        uint64_t offset = s->offset + (uint64_t)(p - begin);
        if (offset == s->record_start)
            s->first = *p;
        check_length(s, offset);
        if (s->state == CSV_QUOTE_IN_QUOTED) {
            s->state = *p == '"' ? CSV_QUOTED : CSV_PLAIN;
            if (s->state == CSV_QUOTED)
                p++;
            continue;
        }
        if (s->state == CSV_QUOTED) {
            p = feed_quoted(s, p, end);
            continue;
        }
        if (!quote_known || quote < p) {
            quote = find(p, end, '"');
            quote_known = true;
        }
        const char *line_end = find(p, quote, '\n');
        if (line_end < quote) {
            TRY(close_line(s, s->offset + (uint64_t)(line_end - begin), err));
            s->previous = '\n';
            p = line_end + 1;
            continue;
        }
        if (quote > p)
            s->previous = quote[-1];
        p = quote;
        if (p < end) {
            if (s->offset + (uint64_t)(p - begin) == s->record_start)
                s->first = '"';
            meet_quote(s);
            p++;
        }
    }
    s->offset += bytes.len;
    check_length(s, s->offset);
    return OK;
}

Status csv_scanner_end(CsvScanner *s, Error *err)
{
    if (s->state == CSV_QUOTED)
        refuse(&s->refusal, s->record_line, "the file ends inside a quoted field");
    s->open_end = !s->refusal.refused && !is_blank(s, s->offset);
    return s->open_end ? count_record(s, err) : OK;
}

/* --- splitter: one record into cells ------------------------------------------------------------------------- */

enum { CLASS_PLAIN, CLASS_STOP, CLASS_HIGH };

void csv_cursor_init(CsvCursor *c, char *bytes, size_t size, char delimiter, ScanPoint place)
{
    *c = (CsvCursor){.at = bytes, .end = bytes + size, .place = place};
    bytes[size] = '\n';
    for (size_t i = 128; i < 256; i++)
        c->classes[i] = CLASS_HIGH;
    c->classes[(uint8_t)delimiter] = CLASS_STOP;
    c->classes['\n'] = CLASS_STOP;
    c->classes['"'] = CLASS_STOP;
    c->classes[0] = CLASS_STOP;
}

typedef struct Cut {
    CsvCursor *cursor;
    Record *record;
    char *p;
} Cut;

static void note_defect(Record *r, Defect d)
{
    if (r->defect != DEFECT_NONE)
        return;
    r->defect = d;
    r->defect_cell = r->cell_count;
}

static bool at_cell_end(const Cut *cut, const char *p)
{
    return p == cut->cursor->end || *p == '\n' || (*p == '\r' && (p + 1 == cut->cursor->end || p[1] == '\n'));
}

/* The bytes from cut->p to the next delimiter or line end. */
static Slice plain_cell(Cut *cut, Defect on_quote)
{
    const uint8_t *classes = cut->cursor->classes;
    char *begin = cut->p;
    char *p = begin;
    for (;;) {
        uint8_t k = classes[(uint8_t)*p];
        if (k == CLASS_PLAIN) {
            p++;
        } else if (k == CLASS_HIGH) {
            cut->record->ascii = false;
            p++;
        } else if (*p == '"') {
            note_defect(cut->record, on_quote);
            p++;
        } else if (*p == '\0' && p < cut->cursor->end) {
            note_defect(cut->record, DEFECT_NUL);
            p++;
        } else {
            break;
        }
    }
    cut->p = p;
    size_t len = (size_t)(p - begin);
    if (len > 0 && p[-1] == '\r' && *p == '\n')
        len--;
    return (Slice){begin, len};
}

static void look_inside(Record *r, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\0')
            note_defect(r, DEFECT_NUL);
        else if ((uint8_t)p[i] >= 128)
            r->ascii = false;
    }
}

/* cut->p is at the opening quote. Doubled quotes are folded in place, which never grows. */
static Slice quoted_cell(Cut *cut)
{
    CsvCursor *c = cut->cursor;
    char *begin = cut->p + 1;
    char *to = begin;
    char *from = begin;
    for (;;) {
        char *quote = memchr(from, '"', (size_t)(c->end - from));
        char *stop = quote ? quote : c->end;
        c->place.lines += count_lines(from, stop);
        memmove(to, from, (size_t)(stop - from));
        to += stop - from;
        from = stop;
        if (!quote)
            break;
        from++;
        if (from == c->end || *from != '"')
            break;
        *to++ = '"';
        from++;
    }
    look_inside(cut->record, begin, (size_t)(to - begin));
    cut->p = from;
    if (from == c->end || *from == '\n')
        return (Slice){begin, (size_t)(to - begin)};
    if (c->classes[(uint8_t)*from] == CLASS_STOP && *from != '"' && *from != '\0')
        return (Slice){begin, (size_t)(to - begin)};
    if (!at_cell_end(cut, from))
        note_defect(cut->record, DEFECT_AFTER_QUOTE);
    Slice rest = plain_cell(cut, DEFECT_AFTER_QUOTE);
    memmove(to, rest.ptr, rest.len);
    return (Slice){begin, (size_t)(to - begin) + rest.len};
}

static void skip_blank_lines(CsvCursor *c)
{
    while (c->at < c->end) {
        size_t skip = *c->at == '\n'                                                  ? 1
                      : *c->at == '\r' && (c->at + 1 == c->end || c->at[1] == '\n') ? 2
                                                                                     : 0;
        if (skip == 0)
            return;
        if (skip > (size_t)(c->end - c->at))
            skip = (size_t)(c->end - c->at);
        c->at += skip;
        c->place.offset += skip;
        c->place.lines++;
    }
}

bool csv_split(CsvCursor *c, Slice *cells, size_t cell_max, Record *record)
{
    skip_blank_lines(c);
    if (c->at >= c->end)
        return false;
    *record = (Record){
        .number = c->place.rows + 1,
        .line = c->place.lines + 1,
        .offset = c->place.offset,
        .cells = cells,
        .ascii = true,
    };
    Cut cut = {.cursor = c, .record = record, .p = c->at};
    for (;;) {
        Slice cell = *cut.p == '"' && cut.p < c->end ? quoted_cell(&cut) : plain_cell(&cut, DEFECT_QUOTE_INSIDE);
        if (cell.len > FIELD_MAX_BYTES)
            note_defect(record, DEFECT_CELL_LONG);
        if (record->cell_count < cell_max)
            cells[record->cell_count] = cell;
        record->cell_count++;
        if (cut.p >= c->end || *cut.p == '\n')
            break;
        cut.p++;
    }
    char *next = cut.p < c->end ? cut.p + 1 : c->end;
    c->place.offset += (uint64_t)(next - c->at);
    c->place.lines++;
    c->place.rows++;
    c->at = next;
    return true;
}

void csv_header_key(Slice header, Buf *out)
{
    for (size_t i = 0; i < header.len; i++) {
        char c = header.ptr[i];
        if (c >= 'A' && c <= 'Z')
            buf_addc(out, (char)(c - 'A' + 'a'));
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (uint8_t)c >= 128)
            buf_addc(out, c);
    }
}
