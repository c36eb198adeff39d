/*
 * Fuzzes the reader of tables: a header and the files it names, in one input, each file after a line "==== NAME".
 * Whatever the bytes, they are refused with a reason, or make a system whose problem passes the solver's own checks,
 * and whose published header and tables can be read again.
 */
#include "tables/tables.h"

static Status load_part(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    Slice rest = *(const Slice *)ctx;
    UNUSED(arena);
    while (rest.ptr) {
        size_t at = slice_find(rest, SLICE("\n==== "));
        if (at == rest.len)
            break;
        rest = slice_sub(rest, at + 6, rest.len);
        Slice file = slice_cut(&rest, '\n');
        if (!rest.ptr || !slice_eq(file, name))
            continue;
        *text = slice_sub(rest, 0, slice_find(rest, SLICE("\n==== ")));
        return OK;
    }
    return error_set(err, ERR_NOT_FOUND, "no such part");
}

static Status print_all(void *ctx, uint32_t table, uint32_t row, uint32_t column, Slice *text, Error *err)
{
    UNUSED(ctx);
    UNUSED(table);
    UNUSED(row);
    UNUSED(column);
    UNUSED(text);
    UNUSED(err);
    return OK;
}

static void check_system(TablesSet *set)
{
    TablesSystem system = {0};
    SdcProblem p = {0};
    Buf out;
    Error err = ERROR_INIT;
    buf_init(&out, 1 << 24);
    if (tables_system(set, TABLES_TRUE_VALUES, &system, &err) == OK) {
        ASSERT(tables_problem(&system, &p, &err) == OK);
        ASSERT(sdc_check(&p, &err) == OK || err.status == ERR_INVALID);
        for (uint32_t t = 0; t < set->table_count; t++)
            ASSERT(tables_write_csv(set, t, print_all, NULL, &out, &err) == OK || out.status != OK);
    } else {
        ASSERT(err.message[0]);
    }
    buf_free(&out);
    sdc_free(&p);
    tables_system_free(&system);
}

static void check_header(const TablesSet *set)
{
    const TablesMarks marks = {.suppressed = SLICE_INIT("*")};
    Buf header;
    Arena arena;
    const Toml *root;
    Error err = ERROR_INIT;
    buf_init(&header, 1 << 24);
    arena_init(&arena, 0);
    if (tables_write_header(set, &marks, &header, &err) == OK)
        ASSERT(toml_parse(buf_slice(&header), "written", &arena, &root, &err) == OK);
    arena_free(&arena);
    buf_free(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice all = {(const char *)data, size};
    Slice header = slice_sub(all, 0, slice_find(all, SLICE("\n==== ")));
    for (int reading = TABLES_TRUE_VALUES; reading <= TABLES_AS_PUBLISHED; reading++) {
        TablesSet set;
        Error err = ERROR_INIT;
        Status st = tables_read(header, "fuzz.toml", load_part, &all, (TablesReading)reading, &set, &err);
        if (st != OK)
            ASSERT(err.message[0]);
        else if (reading == TABLES_TRUE_VALUES)
            check_system(&set);
        if (st == OK)
            check_header(&set);
        tables_free(&set);
    }
    return 0;
}
