/* See fixed_reader.h. */
#include "ingest/fixed_reader.h"

#include "ingest/text_encoding.h"

bool fixed_is_unbroken(Slice head, uint32_t record_length)
{
    if (record_length == 0 || head.len <= record_length)
        return false;
    for (size_t i = 0; i <= record_length; i++)
        if (head.ptr[i] == '\n' || head.ptr[i] == '\r')
            return false;
    return true;
}

/* --- scanner ------------------------------------------------------------------------------------------------- */

void fixed_scanner_init(FixedScanner *s, const FixedLayout *layout, ScanPoint at, uint64_t point_every)
{
    ASSERT(layout->select.len <= sizeof s->head);
    *s = (FixedScanner){
        .layout = layout,
        .point_every = point_every,
        .offset = at.offset,
        .record_start = at.offset,
        .rows = at.rows,
        .lines = at.lines,
        .next_point = at.offset,
    };
}

void fixed_scanner_free(FixedScanner *s)
{
    vec_free(&s->points);
}

/* A lone Ctrl-Z is the end-of-file mark of DOS, as some extracts still write it. */
static bool is_end_mark(Slice record)
{
    return record.len == 1 && record.ptr[0] == 0x1A;
}

static bool is_selected(const FixedLayout *layout, Slice record)
{
    return slice_starts(record, layout->select);
}

/* The record [record_start, end) is complete; the next begins at `next`. Blank lines are no records but lines. */
static Status close_record(FixedScanner *s, uint64_t end, uint64_t next, Error *err)
{
    uint64_t length = end - s->record_start;
    Slice head = {s->head, s->head_len};
    bool blank = length == 0 || (length == 1 && is_end_mark(head));
    if (!blank && is_selected(s->layout, head)) {
        if (s->record_start >= s->next_point) {
            TRY(vec_push(&s->points, ((ScanPoint){s->record_start, s->rows, s->lines}), err));
            s->next_point = s->record_start + s->point_every;
        }
        s->rows++;
    }
    s->lines++;
    s->record_start = next;
    s->head_len = 0;
    s->ends_in_cr = false;
    return OK;
}

/* Notes bytes of the current record that are not its line end. */
static void take(FixedScanner *s, const char *from, const char *to)
{
    if (from == to)
        return;
    for (const char *p = from; p < to && s->head_len < sizeof s->head; p++)
        s->head[s->head_len++] = *p;
    s->ends_in_cr = to[-1] == '\r';
}

static Status feed_lines(FixedScanner *s, Slice bytes, Error *err)
{
    const char *p = bytes.ptr;
    const char *end = p + bytes.len;
    while (p < end && !s->refusal.refused) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        take(s, p, line_end ? line_end : end);
        uint64_t at = s->offset + (uint64_t)((line_end ? line_end : end) - bytes.ptr);
        if (at - s->record_start > RECORD_MAX_BYTES)
            refuse(&s->refusal, s->lines + 1, "a record is longer than %zu bytes", RECORD_MAX_BYTES);
        if (!line_end)
            break;
        uint64_t record_end = at - (s->ends_in_cr ? 1 : 0);
        if (s->ends_in_cr && s->head_len > record_end - s->record_start)
            s->head_len = (size_t)(record_end - s->record_start);
        TRY(close_record(s, record_end, at + 1, err));
        p = line_end + 1;
    }
    return OK;
}

static Status feed_unbroken(FixedScanner *s, Slice bytes, Error *err)
{
    const char *p = bytes.ptr;
    const char *end = p + bytes.len;
    while (p < end) {
        uint64_t at = s->offset + (uint64_t)(p - bytes.ptr);
        uint64_t missing = s->layout->record_length - (at - s->record_start);
        if (missing > (uint64_t)(end - p)) {
            take(s, p, end);
            break;
        }
        take(s, p, p + missing);
        TRY(close_record(s, at + missing, at + missing, err));
        p += missing;
    }
    return OK;
}

Status fixed_scanner_feed(FixedScanner *s, Slice bytes, Error *err)
{
    TRY(s->layout->unbroken ? feed_unbroken(s, bytes, err) : feed_lines(s, bytes, err));
    s->offset += bytes.len;
    return OK;
}

Status fixed_scanner_end(FixedScanner *s, Error *err)
{
    uint64_t length = s->offset - s->record_start;
    if (length == 0 || s->refusal.refused || (length == 1 && is_end_mark((Slice){s->head, s->head_len})))
        return OK;
    if (length < s->layout->record_length) {
        refuse(&s->refusal, s->lines + 1, "the file is cut off: its last record has %" PRIu64 " of %" PRIu32 " bytes",
            length,
            s->layout->record_length);
        return OK;
    }
    return close_record(s, s->offset, s->offset, err);
}

/* --- splitter ------------------------------------------------------------------------------------------------ */

/* The next record of whatever type, without its line end. */
static bool next_record(FixedCursor *c, Slice *record)
{
    if (c->at >= c->end)
        return false;
    size_t rest = (size_t)(c->end - c->at);
    size_t length;
    size_t step;
    if (c->layout->unbroken) {
        length = step = rest < c->layout->record_length ? rest : c->layout->record_length;
    } else {
        const char *line_end = memchr(c->at, '\n', rest);
        length = line_end ? (size_t)(line_end - c->at) : rest;
        step = line_end ? length + 1 : length;
        if (line_end && length > 0 && c->at[length - 1] == '\r')
            length--;
    }
    *record = (Slice){c->at, length};
    c->at += step;
    c->place.offset += step;
    c->place.lines++;
    return true;
}

bool fixed_split(FixedCursor *c, Slice *cells, Record *record)
{
    const FixedLayout *layout = c->layout;
    Slice bytes;
    uint64_t offset;
    do {
        offset = c->place.offset;
        if (!next_record(c, &bytes))
            return false;
    } while (bytes.len == 0 || is_end_mark(bytes) || !is_selected(layout, bytes));
    c->place.rows++;
    *record = (Record){
        .number = c->place.rows,
        .line = c->place.lines,
        .offset = offset,
        .cells = cells,
        .cell_count = layout->column_count,
        .ascii = text_is_ascii(bytes),
    };
    if (layout->record_length != 0 && bytes.len != layout->record_length)
        record->defect = DEFECT_LENGTH;
    else if (memchr(bytes.ptr, '\0', bytes.len))
        record->defect = DEFECT_NUL;
    record->defect_cell = layout->column_count;
    for (size_t i = 0; i < layout->column_count; i++) {
        size_t from = layout->columns[i].start;
        cells[i] = slice_sub(bytes, from, from + layout->columns[i].length);
    }
    return true;
}
