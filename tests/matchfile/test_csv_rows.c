/*
 * Rows of CSV files that are read without DuckDB: the same as DuckDB's, whatever the bytes. What is not plain is left
 * to it, and nothing that it refuses is taken.
 */
#include "matchfile/people.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define PATH "csv_rows_test.csv"

/* Rows as text: cells in brackets, a line a row. */
typedef struct Rows {
    Buf text;
    uint32_t columns;
    uint64_t count;
} Rows;

static Status add_row(void *ctx, const Slice *cells, Error *err)
{
    Rows *r = ctx;
    for (uint32_t c = 0; c < r->columns; c++) {
        buf_addc(&r->text, '[');
        buf_add(&r->text, cells[c]);
        buf_addc(&r->text, ']');
    }
    buf_addc(&r->text, '\n');
    r->count++;
    return buf_status(&r->text, err);
}

static Status add_queried(People *p, Rows *r, Error *err)
{
    Slice cells[PEOPLE_COLUMNS_MAX];
    DbRows *rows = NULL;
    bool more = true;
    Status st = db_queryf(p->db, &rows, err, "SELECT * FROM %s OFFSET %" PRIu64, p->files[0].relation, r->count);
    while (st == OK && (st = db_next(rows, &more, err)) == OK && more) {
        for (uint32_t c = 0; c < r->columns; c++)
            cells[c] = db_str(rows, c);
        st = add_row(r, cells, err);
    }
    db_rows_free(rows);
    return st;
}

/* What the reader found: *rows of it alone. */
static void check(const char *text, size_t len, uint64_t *rows, bool *plain)
{
    const char *paths[] = {PATH};
    PeopleOptions options = {.paths = paths, .path_count = 1, .threads = 1};
    People people;
    Rows mine, all;
    Error err = ERROR_INIT;
    assert_int_equal(file_write(PATH, (Slice){text, len}, MODE_PRIVATE, &err), OK);
    assert_int_equal(people_open(&options, &people, &err), OK);
    const InputFile *f = &people.files[0];
    mine = (Rows){.columns = f->column_count};
    all = mine;
    buf_init(&mine.text, 0);
    buf_init(&all.text, 0);
    assert_int_equal(csv_rows(f, add_row, &mine, plain, &err), OK);
    *rows = mine.count;
    Status st = add_queried(&people, &all, &err);
    if (st != OK && *plain)
        fail_msg("taken for plain, and DuckDB refuses it: %.*s", (int)len, text);
    if (!*plain && st == OK)
        assert_int_equal(add_queried(&people, &mine, &err), OK);
    if (st == OK && strcmp(buf_z(&mine.text), buf_z(&all.text)) != 0)
        fail_msg("of %.*s\nread:\n%s\nDuckDB:\n%s", (int)len, text, buf_z(&mine.text), buf_z(&all.text));
    buf_free(&mine.text);
    buf_free(&all.text);
    people_close(&people);
    assert_int_equal(file_remove(PATH, &err), OK);
}

static void plain_and_odd(void **state)
{
    UNUSED(state);
    static const struct {
        Slice text;
        uint64_t rows; /* before the first odd one */
        bool plain;
    } cases[] = {
        {SLICE_INIT("a,b\n1,2\n3,4\n"), 2, true},
        {SLICE_INIT("a,b\n1,2\n3,4"), 2, true},
        {SLICE_INIT("a,b\r\n1,2\r\n3,4\r\n"), 2, true},
        {SLICE_INIT("a,b\r\n1,2\r\n3,4"), 2, true},
        {SLICE_INIT("\xef\xbb\xbf"
                    "a,b\n1,2\n"),
            1, true},
        {SLICE_INIT("a,b\n"), 0, true},
        {SLICE_INIT("a,b"), 0, true},
        {SLICE_INIT("a;b\n1,5;2\n"), 1, true},
        {SLICE_INIT("a\tb\n 1 \t\n"), 1, true},
        {SLICE_INIT("a,b\n,\n"), 1, true},
        {SLICE_INIT("a,b\n\"1, one\",\"\"\n"), 1, true},
        {SLICE_INIT("a,b\nJos\xc3\xa9,2\n"), 1, true},
        {SLICE_INIT("a\n1\n2\n"), 2, true},
        {SLICE_INIT("a,b\n1,2\n\"say \"\"so\"\"\",4\n5,6\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n\"two\nlines\",4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n3,4\r\n5,6\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n3\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n3,4,5\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n\n3,4\n"), 1, false},
        {SLICE_INIT("a\n1\n\n2\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n3\"x,4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n\"3\"x,4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n\"3,4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n\xff,4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\nx\0y,4\n"), 1, false},
        {SLICE_INIT("a,b\n1,2\n3,\"4\""), 2, true},
        {SLICE_INIT("a,b\r1,2\r3,4\r"), 0, false},
        {SLICE_INIT("a,b\r1,2\r\n3,4\r\n"), 0, false},
        {SLICE_INIT("a,b\r"), 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t rows;
        bool plain;
        check(cases[i].text.ptr, cases[i].text.len, &rows, &plain);
        if (rows != cases[i].rows || plain != cases[i].plain)
            fail_msg("case %zu: %" PRIu64 " rows, %s", i, rows, plain ? "plain" : "odd");
    }
}

/* Few signs in any order: most rows are odd somewhere, and many are not. */
static void any_bytes(void **state)
{
    UNUSED(state);
    static const char *const signs[] = {
        "x,y\n", "\"x\",y\n", "x", "yz", ",", "\n", "\"", "\",\"", "\r\n", " ", "\xc3\xa9", "\xc3"};
    Rng r;
    Buf text;
    uint64_t taken = 0;
    buf_init(&text, 0);
    rng_init(&r, 5, 6);
    for (unsigned i = 0; i < 60; i++) {                      /* each opens a database */
        size_t known = i % 3 == 0 ? 12 : i % 3 == 1 ? 8 : 5; /* fewer kinds of signs: more plain rows */
        buf_reset(&text);
        buf_adds(&text, "a,b\n");
        for (unsigned k = 0; k < 12; k++)
            buf_adds(&text, signs[rng_below(&r, known)]);
        uint64_t rows;
        bool plain;
        check(text.ptr, text.len, &rows, &plain);
        taken += rows;
    }
    buf_free(&text);
    assert_true(taken > 20);
}

/* Rows lie across the pieces that the file is read in; one that fits no piece is DuckDB's. */
static void pieces(void **state)
{
    UNUSED(state);
    Buf text;
    uint64_t rows;
    bool plain;
    buf_init(&text, 0);
    buf_adds(&text, "id,name\n");
    for (uint64_t i = 0; i < 150000; i++) {
        buf_add_u64(&text, i);
        buf_adds(&text, i % 7 ? ",\"SMITH, ANNA\"\n" : ",BOB\n");
    }
    check(text.ptr, text.len, &rows, &plain);
    assert_true(plain && rows == 150000);
    buf_adds(&text, "1,");
    buf_pad(&text, 'x', (size_t)1 << 20);
    buf_adds(&text, "\n2,y\n");
    check(text.ptr, text.len, &rows, &plain);
    assert_true(!plain && rows == 150000);
    buf_free(&text);
}

static Status refuse(void *ctx, const Slice *cells, Error *err)
{
    UNUSED(cells);
    return --*(int *)ctx > 0 ? OK : error_set(err, ERR_LIMIT, "enough");
}

static void failures(void **state)
{
    UNUSED(state);
    InputFile f = {.path = PATH, .delimiter = ',', .column_count = 1};
    Error err = ERROR_INIT;
    bool plain;
    int left = 2;
    assert_int_equal(csv_rows(&f, refuse, &left, &plain, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(file_write(PATH, SLICE("a\n1\n2\n3\n"), MODE_PRIVATE, &err), OK);
    assert_int_equal(csv_rows(&f, refuse, &left, &plain, &err), ERR_LIMIT);
    assert_int_equal(left, 0);
    error_clear(&err);
    assert_int_equal(file_remove(PATH, &err), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_odd),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(pieces),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
