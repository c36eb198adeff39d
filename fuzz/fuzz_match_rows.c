/*
 * Fuzzes the reader of plain CSV rows (tests/matchfile/test_csv_rows.c holds it against DuckDB). Beyond memory safety:
 * cells hold no quote, no end of a line and no 0, a row is UTF-8, and what is plain to the end has a row for each line.
 */
#include <stdio.h>

#include "matchfile/people.h"

#define COLUMNS 2

static Status look_at(void *ctx, const Slice *cells, Error *err)
{
    UNUSED(err);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (size_t i = 0; i < cells[c].len; i++)
            ASSERT(!memchr("\"\n\r", cells[c].ptr[i], 4)); /* the 0 behind them, too */
        ASSERT(slice_is_utf8(cells[c], NULL));
    }
    ++*(uint64_t *)ctx;
    return OK;
}

static void write_file(const char *path, Slice text)
{
    FileWriter *w = NULL;
    Error err = ERROR_INIT;
    ASSERT(writer_open(path, MODE_PRIVATE, &w, &err) == OK);
    writer_add(w, text);
    ASSERT(writer_close(w, WRITER_NO_SYNC, &err) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice text = {(const char *)data, size};
    uint64_t rows = 0, lines = 0, random;
    bool plain = false;
    char path[64];
    Error err = ERROR_INIT;
    ASSERT(random_bytes(&random, sizeof random, &err) == OK);
    snprintf(path, sizeof path, "fuzz_match_rows-%016" PRIx64 ".csv", random);
    write_file(path, text);
    InputFile f = {.path = path, .delimiter = ',', .column_count = COLUMNS};
    ASSERT(csv_rows(&f, look_at, &rows, &plain, &err) == OK);
    ASSERT(file_remove(path, &err) == OK);
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    lines += text.len > 0 && text.ptr[text.len - 1] != '\n';
    ASSERT(plain ? rows + 1 == lines || lines == 0 : rows <= lines);
    return 0;
}
