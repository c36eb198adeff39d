/*
 * The CSV scanner and splitter against tables of known answers, and against a
 * naive reader written straight from the rules, on random bytes cut anywhere.
 */
#include "ingest_harness.h"

#include <stdio.h>

#include "ingest/csv_reader.h"

#define CELLS 8

/* --- known answers -------------------------------------------------------------------------------------------- */

typedef struct Expected {
    size_t cells;
    const char *first;
    const char *last;
    Defect defect;
    uint64_t line;
} Expected;

typedef struct Known {
    const char *text;
    size_t size; /* 0: strlen */
    size_t rows;
    Expected at[4];
} Known;

static const Known known[] = {
    {"", 0, 0, {{0}}},
    {"\n\r\n\n", 0, 0, {{0}}},
    {"a,b\n", 0, 1, {{2, "a", "b", DEFECT_NONE, 1}}},
    {"a,b", 0, 1, {{2, "a", "b", DEFECT_NONE, 1}}},
    {"a,b\r\n1,2\r\n", 0, 2, {{2, "a", "b", DEFECT_NONE, 1}, {2, "1", "2", DEFECT_NONE, 2}}},
    {"a,b\r", 0, 1, {{2, "a", "b", DEFECT_NONE, 1}}},
    {",\n", 0, 1, {{2, "", "", DEFECT_NONE, 1}}},
    {"\"\"\n", 0, 1, {{1, "", "", DEFECT_NONE, 1}}},
    {"\"a,b\",c\n", 0, 1, {{2, "a,b", "c", DEFECT_NONE, 1}}},
    {"\"a\"\"b\",\"\"\"\"\n", 0, 1, {{2, "a\"b", "\"", DEFECT_NONE, 1}}},
    {"\"a\nb\r\n\",c\nd,e\n", 0, 2, {{2, "a\nb\r\n", "c", DEFECT_NONE, 1}, {2, "d", "e", DEFECT_NONE, 4}}},
    {"a\n\n\nb\n", 0, 2, {{1, "a", "a", DEFECT_NONE, 1}, {1, "b", "b", DEFECT_NONE, 4}}},
    {"5\" pipe,x\ny,z\n", 0, 2, {{2, "5\" pipe", "x", DEFECT_QUOTE_INSIDE, 1}, {2, "y", "z", DEFECT_NONE, 2}}},
    {"\"a\"b,c\n", 0, 1, {{2, "ab", "c", DEFECT_AFTER_QUOTE, 1}}},
    {"\"a\" ,c\n", 0, 1, {{2, "a ", "c", DEFECT_AFTER_QUOTE, 1}}},
    {" \"a\",c\n", 0, 1, {{2, " \"a\"", "c", DEFECT_QUOTE_INSIDE, 1}}},
    {"\"a\"\r\nb\n", 0, 2, {{1, "a", "a", DEFECT_NONE, 1}, {1, "b", "b", DEFECT_NONE, 2}}},
    {"a\rb,c\n", 0, 1, {{2, "a\rb", "c", DEFECT_NONE, 1}}},
    {"a\0b,c\n", 6, 1, {{2, NULL, "c", DEFECT_NUL, 1}}},
    {"\"a\0b\",c\n", 8, 1, {{2, NULL, "c", DEFECT_NUL, 1}}},
};

static size_t split_all(
    const char *text, size_t size, ScanPoint place, Record *records, Slice (*cells)[CELLS], size_t max, char *work)
{
    CsvCursor c;
    size_t n = 0;
    memcpy(work, text, size);
    csv_cursor_init(&c, work, size, ',', place);
    while (n < max && csv_split(&c, cells[n], CELLS, &records[n]))
        n++;
    return n;
}

static void test_known(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const Known *k = &known[i];
        size_t size = k->size ? k->size : strlen(k->text);
        Record records[4];
        Slice cells[4][CELLS];
        char work[256];
        size_t n = split_all(k->text, size, (ScanPoint){0}, records, cells, 4, work);
        assert_int_equal(n, k->rows);
        for (size_t r = 0; r < n; r++) {
            const Expected *e = &k->at[r];
            assert_int_equal(records[r].cell_count, e->cells);
            assert_int_equal(records[r].defect, e->defect);
            assert_int_equal(records[r].line, e->line);
            assert_int_equal(records[r].number, r + 1);
            if (e->first)
                assert_true(slice_eq_z(cells[r][0], e->first));
            assert_true(slice_eq_z(cells[r][e->cells - 1], e->last));
        }
    }
}

static void test_refusals(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        bool refused;
        uint64_t line;
    } table[] = {
        {"a,b\nc,\"d\n", true, 2},
        {"\"", true, 1},
        {"\"a\"\"", true, 1},
        {"\"a\"", false, 0},
        {"a\"\n", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        CsvScanner s;
        csv_scanner_init(&s, ',', (ScanPoint){0}, 1000);
        assert_int_equal(csv_scanner_feed(&s, slice_of(table[i].text), NULL), OK);
        assert_int_equal(csv_scanner_end(&s, NULL), OK);
        assert_int_equal(s.refusal.refused, table[i].refused);
        assert_int_equal(s.refusal.line, table[i].line);
        csv_scanner_free(&s);
    }
}

static void test_long_record(void **state)
{
    UNUSED(state);
    for (int quoted = 0; quoted < 2; quoted++) {
        size_t size = RECORD_MAX_BYTES + 10;
        char *text = NULL;
        assert_int_equal(mem_alloc(size, (void **)&text, NULL), OK);
        memset(text, 'x', size);
        if (quoted)
            text[0] = '"';
        CsvScanner s;
        csv_scanner_init(&s, ',', (ScanPoint){0}, 1000);
        assert_int_equal(csv_scanner_feed(&s, (Slice){text, size}, NULL), OK);
        assert_true(s.refusal.refused);
        csv_scanner_free(&s);
        mem_free(text);
    }
}

static void test_header_key(void **state)
{
    UNUSED(state);
    static const char *const pairs[][2] = {
        {"Record_Found_Y/N", "recordfoundyn"},
        {"2-year / 4-year", "2year4year"},
        {"All Students\nAYG Cohort Size", "allstudentsaygcohortsize"},
        {"", ""},
        {"Año", "a\xC3\xB1o"},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        Buf b;
        buf_init(&b, 0);
        csv_header_key(slice_of(pairs[i][0]), &b);
        assert_true(slice_eq_z(buf_slice(&b), pairs[i][1]));
        buf_free(&b);
    }
}

/* --- the oracle ----------------------------------------------------------------------------------------------- */

/* One byte at a time, one state, no cleverness: appends "cell|cell|...#line@offset\n" for each record. */
static void naive(const char *text, size_t size, Buf *out)
{
    size_t i = 0;
    uint64_t line = 1;
    while (i < size) {
        size_t start = i;
        uint64_t start_line = line;
        bool ended = false;
        bool blank = text[i] == '\n' || (text[i] == '\r' && (i + 1 == size || text[i + 1] == '\n'));
        if (blank) {
            i += text[i] == '\r' ? 2 : 1;
            line++;
            continue;
        }
        while (!ended) {
            bool in_quotes = i < size && text[i] == '"';
            if (in_quotes)
                i++;
            for (;;) {
                if (i >= size) {
                    ended = true;
                    break;
                }
                char c = text[i];
                if (in_quotes) {
                    if (c == '"' && i + 1 < size && text[i + 1] == '"') {
                        buf_addc(out, '"');
                        i += 2;
                    } else if (c == '"') {
                        in_quotes = false;
                        i++;
                    } else {
                        line += c == '\n';
                        buf_addc(out, c);
                        i++;
                    }
                    continue;
                }
                if (c == ',' || c == '\n') {
                    ended = c == '\n';
                    i++;
                    break;
                }
                if (c == '\r' && (i + 1 == size || text[i + 1] == '\n')) {
                    i++;
                    continue;
                }
                buf_addc(out, c);
                i++;
            }
            buf_addc(out, '|');
        }
        line++;
        buf_addf(out, "#%" PRIu64 "@%zu\n", start_line, start);
    }
}

static void describe(const Record *r, Buf *out)
{
    for (size_t i = 0; i < r->cell_count; i++) {
        buf_add(out, r->cells[i]);
        buf_addc(out, '|');
    }
    buf_addf(out, "#%" PRIu64 "@%" PRIu64 "\n", r->line, r->offset);
}

/* Scans in pieces of `piece` bytes with points every `every`, splits each slice on its own, and describes the
 * records. */
static bool by_slices(const char *text, size_t size, size_t piece, uint64_t every, Buf *out)
{
    CsvScanner s;
    Slice cells[64];
    char work[512];
    csv_scanner_init(&s, ',', (ScanPoint){0}, every);
    for (size_t at = 0; at < size; at += piece)
        assert_int_equal(csv_scanner_feed(&s, slice_sub((Slice){text, size}, at, at + piece), NULL), OK);
    assert_int_equal(csv_scanner_end(&s, NULL), OK);
    bool refused = s.refusal.refused;
    uint64_t rows = 0;
    for (size_t i = 0; !refused && i < s.points.len; i++) {
        ScanPoint from = s.points.at[i];
        uint64_t to = i + 1 < s.points.len ? s.points.at[i + 1].offset : size;
        CsvCursor c;
        Record r;
        memcpy(work, text + from.offset, (size_t)(to - from.offset));
        csv_cursor_init(&c, work, (size_t)(to - from.offset), ',', from);
        while (csv_split(&c, cells, COUNT_OF(cells), &r)) {
            rows++;
            assert_int_equal(r.number, rows);
            describe(&r, out);
        }
    }
    if (!refused)
        assert_int_equal(rows, s.rows);
    csv_scanner_free(&s);
    return refused;
}

static void test_random(void **state)
{
    UNUSED(state);
    static const char alphabet[] = "ab\"\",,\n\n\r";
    static const size_t pieces[] = {1, 2, 3, 7, 64, 512};
    static const uint64_t everies[] = {1, 5, 17, 1000};
    Rng rng;
    rng_init(&rng, 20261123, 0);
    Buf want, got;
    buf_init(&want, 0);
    buf_init(&got, 0);
    size_t compared = 0;
    for (size_t round = 0; round < 4000; round++) {
        char text[60];
        size_t size = (size_t)rng_below(&rng, sizeof text);
        for (size_t i = 0; i < size; i++)
            text[i] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
        buf_reset(&want);
        naive(text, size, &want);
        int refusals = 0;
        int runs = 0;
        for (size_t p = 0; p < COUNT_OF(pieces); p++) {
            for (size_t e = 0; e < COUNT_OF(everies); e++) {
                buf_reset(&got);
                runs++;
                if (by_slices(text, size, pieces[p], everies[e], &got)) {
                    refusals++;
                    continue;
                }
                compared++;
                assert_true(slice_eq(buf_slice(&want), buf_slice(&got)));
            }
        }
        assert_true(refusals == 0 || refusals == runs);
    }
    assert_true(compared > 10000);
    buf_free(&want);
    buf_free(&got);
}

/* The comparison above must be able to fail: a reader that cuts at every line end is caught. */
static void test_oracle_can_fail(void **state)
{
    UNUSED(state);
    const char *text = "\"a\nb\",c\n";
    Buf want, got;
    buf_init(&want, 0);
    buf_init(&got, 0);
    naive(text, strlen(text), &want);
    naive("a\n", 2, &got);
    naive("b\",c\n", 5, &got);
    assert_false(slice_eq(buf_slice(&want), buf_slice(&got)));
    buf_free(&want);
    buf_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_record),
        cmocka_unit_test(test_header_key),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_oracle_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
