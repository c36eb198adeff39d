/* The fixed-width scanner and splitter: record types, lengths, line ends or none, files cut off. */
#include "ingest_harness.h"

#include <stdio.h>

#include "ingest/fixed_reader.h"

static const FixedColumn columns[] = {{0, 1}, {1, 3}, {4, 2}};

typedef struct Case {
    const char *text;
    uint32_t record_length;
    const char *select;
    bool refused;
    size_t rows;
    const char *second[4]; /* second cell of each row */
    Defect defects[4];
    uint64_t lines[4];
} Case;

static const Case cases[] = {
    {"", 6, "", false, 0, {0}, {0}, {0}},
    {"SabcdE\nSfghiJ\n", 6, "S", false, 2, {"abc", "fgh"}, {0}, {1, 2}},
    {"SabcdE\r\nSfghiJ\r\n", 6, "S", false, 2, {"abc", "fgh"}, {0}, {1, 2}},
    {"SabcdE\nSfghiJ", 6, "S", false, 2, {"abc", "fgh"}, {0}, {1, 2}},
    {"AxxxxX\nSabcdE\nTxxxxX\n", 6, "S", false, 1, {"abc"}, {0}, {2}},
    {"AxxxxX\nSabcdE\n", 6, "", false, 2, {"xxx", "abc"}, {0}, {1, 2}},
    {"SabcdE\nSfg\nSfghiJ\n", 6, "S", false, 3, {"abc", "fg", "fgh"}, {0, DEFECT_LENGTH, 0}, {1, 2, 3}},
    {"SabcdE\nSabcdEF\n", 6, "S", false, 2, {"abc", "abc"}, {0, DEFECT_LENGTH}, {1, 2}},
    {"SabcdE\n\n\r\nSfghiJ\n", 6, "S", false, 2, {"abc", "fgh"}, {0}, {1, 4}},
    {"SabcdE\nSfg", 6, "S", true, 0, {0}, {0}, {0}},                 /* cut off */
    {"SabcdESfghiJ", 6, "S", false, 2, {"abc", "fgh"}, {0}, {1, 2}}, /* no line ends */
    {"SabcdESfghi", 6, "S", true, 0, {0}, {0}, {0}},                 /* no line ends, cut off */
    {"AxxxxXSfghiJ", 6, "S", false, 1, {"fgh"}, {0}, {2}},
    {"SabcdE\n\x1A", 6, "S", false, 1, {"abc"}, {0}, {1}},       /* DOS end mark */
    {"Sabc\nSf\n", 0, "S", false, 2, {"abc", "f"}, {0}, {1, 2}}, /* length not checked */
    {"RSab\nRAcd\nRSef\n", 0, "RS", false, 2, {"Sab", "Sef"}, {0}, {1, 3}},
};

static FixedLayout layout_of(const Case *k)
{
    return (FixedLayout){
        .record_length = k->record_length,
        .unbroken = fixed_is_unbroken(slice_of(k->text), k->record_length),
        .select = slice_of(k->select),
        .columns = columns,
        .column_count = COUNT_OF(columns),
    };
}

static void check_slices(const Case *k, const FixedLayout *layout, const FixedScanner *s)
{
    size_t row = 0;
    size_t size = strlen(k->text);
    for (size_t i = 0; i < s->points.len; i++) {
        ScanPoint from = s->points.at[i];
        uint64_t to = i + 1 < s->points.len ? s->points.at[i + 1].offset : size;
        FixedCursor c = {.layout = layout, .at = k->text + from.offset, .end = k->text + to, .place = from};
        Slice cells[COUNT_OF(columns)];
        Record r;
        while (fixed_split(&c, cells, &r)) {
            assert_true(row < k->rows);
            assert_true(slice_eq_z(cells[1], k->second[row]));
            assert_int_equal(r.defect, k->defects[row]);
            assert_int_equal(r.line, k->lines[row]);
            assert_int_equal(r.number, row + 1);
            row++;
        }
    }
    assert_int_equal(row, k->rows);
}

static void test_cases(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const Case *k = &cases[i];
        FixedLayout layout = layout_of(k);
        size_t size = strlen(k->text);
        for (size_t piece = 1; piece <= size + 1; piece++) {
            for (uint64_t every = 1; every < 20; every += 6) {
                FixedScanner s;
                fixed_scanner_init(&s, &layout, (ScanPoint){0}, every);
                for (size_t at = 0; at < size; at += piece)
                    assert_int_equal(fixed_scanner_feed(&s, slice_sub(slice_of(k->text), at, at + piece), NULL), OK);
                assert_int_equal(fixed_scanner_end(&s, NULL), OK);
                assert_int_equal(s.refusal.refused, k->refused);
                if (!k->refused) {
                    assert_int_equal(s.rows, k->rows);
                    check_slices(k, &layout, &s);
                }
                fixed_scanner_free(&s);
            }
        }
    }
}

static void test_nul(void **state)
{
    UNUSED(state);
    FixedLayout layout = {
        .record_length = 6, .select = SLICE("S"), .columns = columns, .column_count = COUNT_OF(columns)};
    static const char text[] = "Sa\0cdE\n";
    FixedCursor c = {.layout = &layout, .at = text, .end = text + sizeof text - 1};
    Slice cells[COUNT_OF(columns)];
    Record r;
    assert_true(fixed_split(&c, cells, &r));
    assert_int_equal(r.defect, DEFECT_NUL);
    assert_false(fixed_split(&c, cells, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_nul)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
