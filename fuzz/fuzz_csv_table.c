/* Fuzzes the strict CSV reader: what it accepts must read back equal after being written by csv_cell. */
#include "base/base.h"

static void write_table(const CsvTable *t, Buf *out)
{
    for (size_t i = 0; i < t->columns * (t->rows + 1); i++) {
        if (i > 0)
            buf_addc(out, i % t->columns == 0 ? '\n' : ',');
        csv_cell(out, i < t->columns ? t->header[i] : t->cells[i - t->columns]);
    }
    buf_addc(out, '\n');
}

static void check_round_trip(const CsvTable *t, Arena *arena)
{
    Buf text, again;
    CsvTable back;
    buf_init(&text, 0);
    buf_init(&again, 0);
    write_table(t, &text);
    ASSERT(csv_parse(buf_slice(&text), "again.csv", arena, &back, NULL) == OK);
    ASSERT(back.columns == t->columns && back.rows == t->rows);
    for (size_t i = 0; i < t->columns * t->rows; i++)
        ASSERT(slice_eq(back.cells[i], t->cells[i]));
    write_table(&back, &again);
    ASSERT(slice_eq(buf_slice(&text), buf_slice(&again)));
    buf_free(&text);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    CsvTable t;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    Status st = csv_parse((Slice){(const char *)data, size}, "fuzz.csv", &arena, &t, &err);
    if (st == OK)
        check_round_trip(&t, &arena);
    else
        ASSERT(err.status == st && err.message[0]);
    arena_free(&arena);
    return 0;
}
