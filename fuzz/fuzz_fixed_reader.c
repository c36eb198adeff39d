/*
 * Fixed-width scanner and splitter on any bytes: the first byte chooses record
 * length and whether records are selected. The slices must give the rows the
 * scanner counted.
 */
#include "ingest/fixed_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t split_all(const FixedLayout *layout, const FixedScanner *s, Slice text)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < s->points.len; i++) {
        ScanPoint from = s->points.at[i];
        uint64_t to = i + 1 < s->points.len ? s->points.at[i + 1].offset : text.len;
        FixedCursor c = {.layout = layout, .at = text.ptr + from.offset, .end = text.ptr + to, .place = from};
        Slice cells[3];
        Record r;
        while (fixed_split(&c, cells, &r)) {
            rows++;
            ASSERT(r.number == rows);
            for (size_t k = 0; k < COUNT_OF(cells); k++)
                ASSERT(cells[k].len == 0 || (cells[k].ptr >= text.ptr &&
                cells[k].ptr + cells[k].len <= text.ptr + text.len));
        }
    }
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const FixedColumn columns[] = {{0, 1}, {1, 3}, {9, 20}};
    if (size == 0)
        return 0;
    Slice text = {(const char *)data + 1, size - 1};
    uint32_t length = (uint32_t)(data[0] & 15);
    FixedLayout layout = {
        .record_length = length,
        .unbroken = fixed_is_unbroken(text, length),
        .select = (data[0] & 16) ? SLICE("S") : SLICE(""),
        .columns = columns,
        .column_count = COUNT_OF(columns),
    };
    size_t piece = (size_t)(data[0] >> 5) + 1;
    FixedScanner s;
    fixed_scanner_init(&s, &layout, (ScanPoint){0}, piece * 5);
    Status st = OK;
    for (size_t at = 0; st == OK && at < text.len; at += piece)
        st = fixed_scanner_feed(&s, slice_sub(text, at, at + piece), NULL);
    if (st == OK)
        st = fixed_scanner_end(&s, NULL);
    if (st == OK && !s.refusal.refused)
        ASSERT(split_all(&layout, &s, text) == s.rows);
    fixed_scanner_free(&s);
    return 0;
}
