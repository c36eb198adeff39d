/*
 * CSV scanner and splitter on any bytes: the first byte chooses delimiter and
 * piece size. Beyond not crashing, the slices must give the rows the scanner
 * counted, and every cell must lie inside the bytes given.
 */
#include "ingest/csv_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split_slice(const CsvScanner *s, size_t i, Slice text, char delimiter, uint64_t *rows)
{
    ScanPoint from = s->points.at[i];
    uint64_t to = i + 1 < s->points.len ? s->points.at[i + 1].offset : text.len;
    size_t size = (size_t)(to - from.offset);
    char *bytes = NULL;
    if (mem_alloc(size + 1, (void **)&bytes, NULL) != OK)
        return;
    memcpy(bytes, text.ptr + from.offset, size);
    CsvCursor c;
    Slice cells[16];
    Record r;
    csv_cursor_init(&c, bytes, size, delimiter, from);
    while (csv_split(&c, cells, COUNT_OF(cells), &r)) {
        (*rows)++;
        ASSERT(r.number == *rows);
        for (size_t k = 0; k < r.cell_count && k < COUNT_OF(cells); k++)
            ASSERT(cells[k].ptr >= bytes && cells[k].ptr + cells[k].len <= bytes + size);
    }
    mem_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char delimiter = (data[0] & 1) ? ',' : '\t';
    size_t piece = (size_t)(data[0] >> 1) + 1;
    Slice text = {(const char *)data + 1, size - 1};
    CsvScanner s;
    csv_scanner_init(&s, delimiter, (ScanPoint){0}, piece * 3);
    Status st = OK;
    for (size_t at = 0; st == OK && at < text.len; at += piece)
        st = csv_scanner_feed(&s, slice_sub(text, at, at + piece), NULL);
    if (st == OK)
        st = csv_scanner_end(&s, NULL);
    uint64_t rows = 0;
    if (st == OK && !s.refusal.refused) {
        for (size_t i = 0; i < s.points.len; i++)
            split_slice(&s, i, text, delimiter, &rows);
        ASSERT(rows == s.rows);
    }
    csv_scanner_free(&s);
    return 0;
}
