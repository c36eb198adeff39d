/* Text to typed values: what is taken and, more important, what is not. Encodings too. */
#include "ingest_harness.h"

#include <stdio.h>

#include "ingest/field_value.h"
#include "ingest/text_encoding.h"

typedef struct Case {
    FieldType type;
    const char *format;
    uint32_t scale;
    bool implied;
    const char *text;
    bool valid;
    int64_t value; /* dates: YYYYMMDD */
} Case;

#define Q(y, q) ((y)*4 + (q)-1)

static const Case cases[] = {
    {TYPE_INTEGER, "", 0, false, "0", true, 0},
    {TYPE_INTEGER, "", 0, false, "-12", true, -12},
    {TYPE_INTEGER, "", 0, false, "+12", true, 12},
    {TYPE_INTEGER, "", 0, false, "007", true, 7},
    {TYPE_INTEGER, "", 0, false, "1.5", false, 0},
    {TYPE_INTEGER, "", 0, false, "1e3", false, 0},
    {TYPE_INTEGER, "", 0, false, "1,000", false, 0},
    {TYPE_INTEGER, "", 0, false, "-", false, 0},
    {TYPE_INTEGER, "", 0, false, " 1", false, 0},
    {TYPE_INTEGER, "", 0, false, "999999999999999999", true, 999999999999999999},
    {TYPE_INTEGER, "", 0, false, "9999999999999999999", false, 0},
    {TYPE_INTEGER, "grouped", 0, false, "68,138", true, 68138},
    {TYPE_INTEGER, "grouped", 0, false, "1,234,567", true, 1234567},
    {TYPE_INTEGER, "grouped", 0, false, "12345", true, 12345},
    {TYPE_INTEGER, "grouped", 0, false, "1,23", false, 0},
    {TYPE_INTEGER, "grouped", 0, false, ",123", false, 0},
    {TYPE_INTEGER, "grouped", 0, false, "1234,567,", false, 0},
    {TYPE_INTEGER, "YYYYQQ", 0, false, "201904", true, Q(2019, 4)},
    {TYPE_INTEGER, "YYYYQQ", 0, false, "201905", false, 0},
    {TYPE_INTEGER, "YYYYQQ", 0, false, "201900", false, 0},
    {TYPE_INTEGER, "YYYYQQ", 0, false, "122019", false, 0},
    {TYPE_INTEGER, "YYYYQQ|MMYYYY", 0, false, "122019", true, Q(2019, 4)},
    {TYPE_INTEGER, "YYYYQQ|MMYYYY", 0, false, "032001", true, Q(2001, 1)},
    {TYPE_INTEGER, "YYYYQQ|MMYYYY", 0, false, "201204", true, Q(2012, 4)},
    {TYPE_INTEGER, "MMYYYY", 0, false, "022019", false, 0},
    {TYPE_INTEGER, "MMYYYY", 0, false, "0320190", false, 0},
    {TYPE_DECIMAL, "", 2, false, "12.34", true, 1234},
    {TYPE_DECIMAL, "", 2, false, "12", true, 1200},
    {TYPE_DECIMAL, "", 2, false, "12.", true, 1200},
    {TYPE_DECIMAL, "", 2, false, ".5", true, 50},
    {TYPE_DECIMAL, "", 2, false, "-0.05", true, -5},
    {TYPE_DECIMAL, "", 2, false, "12.340", true, 1234},
    {TYPE_DECIMAL, "", 2, false, "12.345", false, 0},
    {TYPE_DECIMAL, "", 2, false, ".", false, 0},
    {TYPE_DECIMAL, "", 2, false, "", false, 0},
    {TYPE_DECIMAL, "", 2, false, "1.2.3", false, 0},
    {TYPE_DECIMAL, "", 2, false, "99999999999999999.99", false, 0},
    {TYPE_DECIMAL, "", 2, false, "9999999999999999.99", true, 999999999999999999},
    {TYPE_DECIMAL, "rounded", 1, false, "8.1999999999999993", true, 82},
    {TYPE_DECIMAL, "rounded", 1, false, "-8.25", true, -83},
    {TYPE_DECIMAL, "percent", 1, false, "87.1%", true, 871},
    {TYPE_DECIMAL, "percent|grouped", 1, false, "1,287.1%", true, 12871},
    {TYPE_DECIMAL, "", 1, false, "87.1%", false, 0},
    {TYPE_DECIMAL, "", 2, true, "0001234", true, 1234},
    {TYPE_DECIMAL, "", 2, true, "12.34", false, 0},
    {TYPE_DATE, "", 0, false, "2024-02-29", true, 20240229},
    {TYPE_DATE, "", 0, false, "2023-02-29", false, 0},
    {TYPE_DATE, "YYYYMMDD", 0, false, "20240229", true, 20240229},
    {TYPE_DATE, "MMDDYYYY", 0, false, "02292024", true, 20240229},
    {TYPE_DATE, "MMDDYYYY", 0, false, "20240229", false, 0},
    {TYPE_DATE, "M/D/YYYY", 0, false, "2/9/2024", true, 20240209},
    {TYPE_DATE, "MMDDYYYY|YYYY-MM-DD", 0, false, "2024-02-29", true, 20240229},
    {TYPE_BOOLEAN, "", 0, false, "Y", true, 1},
    {TYPE_BOOLEAN, "", 0, false, "false", true, 0},
    {TYPE_BOOLEAN, "", 0, false, "No", true, 0},
    {TYPE_BOOLEAN, "", 0, false, "2", false, 0},
};

static bool read_case(const Case *k, const ValueReader *r, int64_t *out)
{
    Date date;
    bool flag;
    int year, month, day;
    switch (k->type) {
    case TYPE_INTEGER:
        return value_integer(r, slice_of(k->text), out);
    case TYPE_DECIMAL:
        return value_decimal(r, slice_of(k->text), out);
    case TYPE_DATE:
        if (!value_date(r, slice_of(k->text), &date))
            return false;
        date_civil(date, &year, &month, &day);
        *out = year * 10000 + month * 100 + day;
        return true;
    case TYPE_BOOLEAN:
        if (!value_boolean(r, slice_of(k->text), &flag))
            return false;
        *out = flag;
        return true;
    default:
        return false;
    }
}

static void test_values(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const Case *k = &cases[i];
        Field f = {.name = SLICE("f"),
            .type = k->type,
            .format = slice_of(k->format),
            .scale = k->scale,
            .implied = k->implied};
        ValueReader r;
        int64_t value = 0;
        assert_int_equal(value_reader_init(&r, &f, FORMAT_CSV, NULL), OK);
        bool valid = read_case(k, &r, &value);
        if (valid != k->valid || (valid && value != k->value))
            fail_msg("case %zu (%s): valid %d, value %" PRId64, i, k->text, valid, value);
        value_reader_free(&r);
    }
}

static void test_text(void **state)
{
    UNUSED(state);
    CodeEntry entries[] = {{SLICE("01"), SLICE("about")}, {SLICE("Ninth grade"), SLICE("09")}};
    CodeList codes = {SLICE("c"), entries, COUNT_OF(entries)};
    Field code = {.name = SLICE("f"), .type = TYPE_CODE, .codes = &codes, .format = SLICE("descriptor")};
    Field digits = {.name = SLICE("f"), .type = TYPE_DIGITS};
    ValueReader r;
    Slice out;
    assert_int_equal(value_reader_init(&r, &code, FORMAT_CSV, NULL), OK);
    assert_true(value_text(&r, SLICE("01"), &out) && slice_eq_z(out, "about"));
    assert_true(value_text(&r, SLICE("uri://x/G#Ninth grade"), &out) && slice_eq_z(out, "09"));
    assert_false(value_text(&r, SLICE("1"), &out));
    value_reader_free(&r);
    assert_int_equal(value_reader_init(&r, &digits, FORMAT_CSV, NULL), OK);
    assert_true(value_text(&r, SLICE("0012"), &out) && slice_eq_z(out, "0012"));
    assert_false(value_text(&r, SLICE("12a"), &out));
    assert_false(value_text(&r, SLICE(""), &out));
    value_reader_free(&r);
}

static void test_formats(void **state)
{
    UNUSED(state);
    static const struct {
        FieldType type;
        const char *format;
    } bad[] = {{TYPE_DATE, "DDMMYY"}, {TYPE_INTEGER, "YYYYMMDD"}, {TYPE_TEXT, "grouped"}, {TYPE_DATE, "YYYYMMDD|"}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Field f = {.name = SLICE("f"), .type = bad[i].type, .format = slice_of(bad[i].format)};
        ValueReader r;
        Error err = ERROR_INIT;
        Status st = value_reader_init(&r, &f, FORMAT_CSV, &err);
        value_reader_free(&r);
        assert_int_equal(st, i < 3 ? ERR_INVALID : OK);
    }
}

static void test_encodings(void **state)
{
    UNUSED(state);
    static const struct {
        TextEncoding encoding;
        const char *in;
        const char *out; /* NULL: not of the encoding */
    } table[] = {
        {TEXT_UTF8, "abc", "abc"},
        {TEXT_UTF8, "Mu\xC3\xB1oz", "Mu\xC3\xB1oz"},
        {TEXT_UTF8, "Mu\xF1oz", NULL},
        {TEXT_UTF8, "\xC0\xAF", NULL},
        {TEXT_WINDOWS_1252, "Mu\xF1oz", "Mu\xC3\xB1oz"},
        {TEXT_WINDOWS_1252, "\x80 5", "\xE2\x82\xAC 5"},
        {TEXT_WINDOWS_1252,
            "O\x92"
            "Brien",
            "O\xE2\x80\x99"
            "Brien"},
        {TEXT_WINDOWS_1252, "a\x81", NULL},
        {TEXT_WINDOWS_1252, "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        Buf scratch;
        Slice out;
        buf_init(&scratch, 0);
        bool valid = text_to_utf8(table[i].encoding, slice_of(table[i].in), &scratch, &out);
        assert_int_equal(valid, table[i].out != NULL);
        if (valid)
            assert_true(slice_eq_z(out, table[i].out));
        buf_free(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
