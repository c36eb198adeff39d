/* Dates against a day-by-day count of the whole range; formats, quarters, the fixed clock. */
#include "harness.h"

static int naive_month_days(int y, int m)
{
    if (m == 2)
        return y % 400 == 0 || (y % 4 == 0 && y % 100 != 0) ? 29 : 28;
    return m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31;
}

static void test_every_day(void **state)
{
    UNUSED(state);
    /* 719162 days lie between 0001-01-01, a Monday, and 1970-01-01 */
    Date expected = -719162;
    int weekday = 0;
    for (int y = 1; y <= 9999; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= naive_month_days(y, m); d++, expected++, weekday = (weekday + 1) % 7) {
                Date got = 0;
                int yy, mm, dd;
                if (date_make(y, m, d, &got, NULL) != OK || got != expected)
                    fail_msg("%d-%d-%d is %d, wanted %d", y, m, d, got, expected);
                date_civil(got, &yy, &mm, &dd);
                if (yy != y || mm != m || dd != d || date_weekday(got) != weekday)
                    fail_msg("%d-%d-%d comes back as %d-%d-%d", y, m, d, yy, mm, dd);
            }
        }
    }
    Date day = 0;
    assert_ok(date_make(1970, 1, 1, &day, NULL));
    assert_int_equal(day, 0);
}

static void test_no_such_day(void **state)
{
    UNUSED(state);
    static const int rows[][3] = {{0, 1, 1}, {10000, 1, 1}, {2025, 0, 1}, {2025, 13, 1}, {2025, 1, 0}, {2025, 1, 32},
        {2025, 2, 29}, {1900, 2, 29}, {2025, 4, 31}, {2025, -1, -1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Date d = 42;
        assert_int_equal(date_make(rows[i][0], rows[i][1], rows[i][2], &d, NULL), ERR_INVALID);
        assert_int_equal(d, 42);
    }
}

static void test_formats(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        DateFormat format;
        Status status;
        const char *iso;
    } rows[] = {
        {"2025-02-10", DATE_ISO, OK, "2025-02-10"},
        {"0001-01-01", DATE_ISO, OK, "0001-01-01"},
        {"2024-02-29", DATE_ISO, OK, "2024-02-29"},
        {"2025-02-29", DATE_ISO, ERR_INVALID, ""},
        {"0000-01-01", DATE_ISO, ERR_INVALID, ""},
        {"2025-2-10", DATE_ISO, ERR_PARSE, ""},
        {"2025/02/10", DATE_ISO, ERR_PARSE, ""},
        {"2025-02-10 ", DATE_ISO, ERR_PARSE, ""},
        {"-025-02-10", DATE_ISO, ERR_PARSE, ""},
        {"", DATE_ISO, ERR_PARSE, ""},
        {"20250210", DATE_YYYYMMDD, OK, "2025-02-10"},
        {"2025021", DATE_YYYYMMDD, ERR_PARSE, ""},
        {"2025 210", DATE_YYYYMMDD, ERR_PARSE, ""},
        {"02102025", DATE_MMDDYYYY, OK, "2025-02-10"},
        {"13102025", DATE_MMDDYYYY, ERR_INVALID, ""},
        {"2/9/2025", DATE_US_SLASH, OK, "2025-02-09"},
        {"02/09/2025", DATE_US_SLASH, OK, "2025-02-09"},
        {"2/9/25", DATE_US_SLASH, ERR_PARSE, ""},
        {"/9/2025", DATE_US_SLASH, ERR_PARSE, ""},
        {"2/9", DATE_US_SLASH, ERR_PARSE, ""},
        {"2/9/2025/", DATE_US_SLASH, ERR_PARSE, ""},
        {"002/9/2025", DATE_US_SLASH, ERR_PARSE, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Date d = DATE_NONE;
        Error err = ERROR_INIT;
        char iso[11];
        assert_int_equal(date_parse(slice_of(rows[i].text), rows[i].format, &d, &err), rows[i].status);
        date_print(d, iso);
        assert_string_equal(iso, rows[i].iso);
        if (rows[i].text[0])
            assert_null(strstr(err.message, rows[i].text));
    }
}

static void test_school_years_and_quarters(void **state)
{
    UNUSED(state);
    static const struct {
        const char *date;
        int school_year;
        const char *quarter, *second_after, *fourth_after;
    } rows[] = {
        {"2025-02-10", 2025, "2025Q1", "2025Q3", "2026Q1"},
        {"2025-06-30", 2025, "2025Q2", "2025Q4", "2026Q2"},
        {"2025-07-01", 2026, "2025Q3", "2026Q1", "2026Q3"},
        {"2025-12-31", 2026, "2025Q4", "2026Q2", "2026Q4"},
        {"2000-01-01", 2000, "2000Q1", "2000Q3", "2001Q1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Date d = 0;
        char text[8];
        assert_ok(date_parse(slice_of(rows[i].date), DATE_ISO, &d, NULL));
        assert_int_equal(date_school_year(d), rows[i].school_year);
        quarter_print(quarter_of(d), text);
        assert_string_equal(text, rows[i].quarter);
        quarter_print(quarter_of(d) + 2, text);
        assert_string_equal(text, rows[i].second_after);
        quarter_print(quarter_of(d) + 4, text);
        assert_string_equal(text, rows[i].fourth_after);
    }
    assert_int_equal(quarter_make(2025, 4) + 1, quarter_make(2026, 1));
}

static void test_clock(void **state)
{
    UNUSED(state);
    static const struct {
        const char *instant;
        int64_t seconds;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-11-23T08:00:00Z", 1795420800},
        {"2000-02-29T12:34:56Z", 951827696},
        {"0001-01-01T00:00:00Z", -62135596800},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[21];
        assert_int_equal(setenv("CAIRN_NOW", rows[i].instant, 1), 0);
        assert_int_equal(clock_now(), rows[i].seconds);
        clock_print(clock_now(), text);
        assert_string_equal(text, rows[i].instant);
        date_print(clock_today(), text);
        assert_memory_equal(text, rows[i].instant, 10);
    }
    assert_int_equal(unsetenv("CAIRN_NOW"), 0);
    assert_true(clock_now() > 1700000000);
    double before = clock_monotonic();
    assert_true(clock_monotonic() >= before);
    assert_true(clock_cpu() >= 0);
    assert_true(clock_peak_rss() > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_no_such_day),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_school_years_and_quarters),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests_name("base/date", tests, NULL, NULL);
}
