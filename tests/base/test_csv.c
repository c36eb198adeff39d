/* The strict CSV reader by table, and writer and reader against each other on random tables. */
#include "harness.h"

/* Cells joined by '|', rows by '/', the header first. */
static void dump(const CsvTable *t, Buf *out)
{
    for (size_t r = 0; r <= t->rows; r++) {
        if (r > 0)
            buf_addc(out, '/');
        for (size_t c = 0; c < t->columns; c++) {
            if (c > 0)
                buf_addc(out, '|');
            Slice cell = r == 0 ? t->header[c] : t->cells[(r - 1) * t->columns + c];
            assert_int_equal(cell.ptr[cell.len], '\0');
            buf_add(out, cell);
        }
    }
}

static void test_good(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"a\n", "a"},
        {"a", "a"},
        {"a,b\n1,2\n", "a|b/1|2"},
        {"a,b\n1,2", "a|b/1|2"},
        {"a,b\r\n1,2\r\n", "a|b/1|2"},
        {"a,b\n,\n", "a|b/|"},
        {"a,b\n1,", "a|b/1|"},
        {"a\n\nx\n", "a//x"},
        {"# note, \"this\n#and\na,b\n#1,2\n", "a|b/#1|2"},
        {"\xEF\xBB\xBF"
         "a,b\n1,2\n",
            "a|b/1|2"},
        {"\"a\",\"b\"\n\"1,2\",\"x\"\"y\"\n", "a|b/1,2|x\"y"},
        {"a\n\"\"\n", "a/"},
        {"a\n\"\"\"\"\n", "a/\""},
        {"a,b\n\"two\nlines\",\"crlf\r\n\"\n", "a|b/two\nlines|crlf\r\n"},
        {"a,b\n\"1\",\"\"", "a|b/1|"},
        {"a\n caf\xC3\xA9 \n", "a/ caf\xC3\xA9 "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Arena arena;
        CsvTable t;
        Error err = ERROR_INIT;
        Buf got;
        arena_init(&arena, 0);
        buf_init(&got, 0);
        if (csv_parse(slice_of(rows[i].text), "t.csv", &arena, &t, &err) != OK)
            fail_msg("%s: %s", rows[i].text, err.message);
        dump(&t, &got);
        assert_string_equal(buf_z(&got), rows[i].wanted);
        buf_free(&got);
        arena_free(&arena);
    }
}

static void test_bad(void **state)
{
    UNUSED(state);
    static const struct {
        Slice text;
        uint64_t line;
        const char *message;
    } rows[] = {
        {SLICE_INIT(""), 1, "no header row"},
        {SLICE_INIT("# only\n# notes"), 2, "no header row"},
        {SLICE_INIT("a,b\n1\n"), 2, "row has 1 cells, the header 2"},
        {SLICE_INIT("a,b\n1,2\n1,2,3\n"), 3, "row has 3 cells, the header 2"},
        {SLICE_INIT("a,b\n\n"), 2, "row has 1 cells, the header 2"},
        {SLICE_INIT("a,b\n\"x\ny\",2\n1\n"), 4, "row has 1 cells, the header 2"},
        {SLICE_INIT("a,a\n"), 1, "two columns of the same name"},
        {SLICE_INIT("a,\n"), 1, "column without a name"},
        {SLICE_INIT("a\nx\"y\n"), 2, "quote inside an unquoted cell"},
        {SLICE_INIT("a\n\"x\"y\n"), 2, "text after the closing quote of a cell"},
        {SLICE_INIT("a\n\"x\" \n"), 2, "text after the closing quote of a cell"},
        {SLICE_INIT("a\n1\n\"x\n\n"), 3, "quoted cell is not closed"},
        {SLICE_INIT("a\n\"x\"\""), 2, "quoted cell is not closed"},
        {SLICE_INIT("a\nx\ry\n"), 2, "carriage return without line feed"},
        {SLICE_INIT("a\n\xFF\n"), 2, "bytes are not UTF-8"},
        {SLICE_INIT("a\n1\nx\0y\n"), 3, "a NUL byte in text"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Arena arena;
        CsvTable t;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        assert_int_equal(csv_parse(rows[i].text, "t.csv", &arena, &t, &err), ERR_PARSE);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.line, rows[i].line);
        assert_string_equal(err.file, "t.csv");
        arena_free(&arena);
    }
}

static void test_columns(void **state)
{
    UNUSED(state);
    Arena arena;
    CsvTable t;
    Error err = ERROR_INIT;
    size_t c = 99;
    arena_init(&arena, 0);
    assert_ok(csv_parse(SLICE("a,b\n1,2\n"), "t.csv", &arena, &t, &err));
    assert_ok(csv_column(&t, "b", &c, &err));
    assert_int_equal(c, 1);
    assert_int_equal(csv_column(&t, "c", &c, &err), ERR_NOT_FOUND);
    Buf wide;
    buf_init(&wide, 0);
    for (uint64_t i = 0; i < 3000; i++) {
        buf_adds(&wide, i ? ",c" : "c");
        buf_add_u64(&wide, i);
    }
    assert_int_equal(csv_parse(buf_slice(&wide), "t.csv", &arena, &t, &err), ERR_LIMIT);
    buf_free(&wide);
    assert_int_equal(csv_read("/nonexistent/t.csv", &arena, &t, &err), ERR_NOT_FOUND);
    arena_free(&arena);
}

static void test_round_trip(void **state)
{
    UNUSED(state);
    static const char letters[] = "ab,\"\n\r# ";
    static const char *const header_starts[] = {"#", "\"", "\xEF\xBB\xBF"};
    Rng r;
    rng_init(&r, 8, 0);
    for (int i = 0; i < 3000; i++) {
        size_t columns = (size_t)rng_below(&r, 4) + 1, rows = (size_t)rng_below(&r, 5);
        Buf text, wanted, got;
        buf_init(&text, 0);
        buf_init(&wanted, 0);
        buf_init(&got, 0);
        for (size_t n = 0; n < columns * (rows + 1); n++) {
            char cell[8];
            size_t len = (size_t)rng_below(&r, 7);
            for (size_t k = 0; k < len; k++)
                cell[k] = letters[rng_below(&r, sizeof letters - 1)];
            /* a header needs different names */
            if (n < columns)
                len = (size_t)snprintf(cell, sizeof cell, "%s%d", header_starts[(size_t)i % 3], (int)n);
            Slice s = {cell, len};
            bool first = n % columns == 0;
            buf_adds(&wanted, n == 0 ? "" : first ? "/" : "|");
            buf_add(&wanted, s);
            buf_adds(&text, n == 0 ? "" : first ? "\n" : ",");
            csv_cell(&text, s);
        }
        buf_addc(&text, '\n');
        Arena arena;
        CsvTable t;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        if (csv_parse(buf_slice(&text), "t.csv", &arena, &t, &err) != OK)
            fail_msg("%s in %s", err.message, buf_z(&text));
        dump(&t, &got);
        assert_string_equal(buf_z(&got), buf_z(&wanted));
        arena_free(&arena);
        buf_free(&text);
        buf_free(&wanted);
        buf_free(&got);
    }
}

static Status use_csv(void *ctx, Error *err)
{
    const Slice *text = ctx;
    Arena arena;
    CsvTable t;
    arena_init(&arena, 0);
    Status st = csv_parse(*text, "t.csv", &arena, &t, err);
    arena_free(&arena);
    return st;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    Buf text;
    buf_init(&text, 0);
    buf_adds(&text, "a,b,c\n");
    for (int i = 0; i < 200; i++)
        buf_addf(&text, "%d,\"x\"\"y\",\n", i);
    Slice s = buf_slice(&text);
    assert_true(walk_allocations(use_csv, &s) > 5);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/csv", tests, NULL, NULL);
}
