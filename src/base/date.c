/*
 * Civil dates by counting 400-year eras from 1 March (H. Hinnant,
 * "chrono-compatible low-level date algorithms"): leap days fall at the end of
 * the shifted year, which leaves no special case.
 */
#include "base/date.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_SHIFT 719468  /* days from 0000-03-01 to 1970-01-01 */
#define YEAR_MIN 1
#define YEAR_MAX 9999

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

Status date_make(int year, int month, int day, Date *out, Error *err)
{
    if (year < YEAR_MIN || year > YEAR_MAX)
        return error_set(err, ERR_INVALID, "year is outside 1 to 9999");
    if (month < 1 || month > 12)
        return error_set(err, ERR_INVALID, "no such month");
    if (day < 1 || day > days_in_month(year, month))
        return error_set(err, ERR_INVALID, "no such day in this month");
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    *out = era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT;
    return OK;
}

void date_civil(Date d, int *year, int *month, int *day)
{
    int64_t z = (int64_t)d + EPOCH_SHIFT;
    int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int day_of_era = (int)(z - era * DAYS_PER_ERA);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = (int)(era * 400) + year_of_era + (*month <= 2);
}

/* Reads exactly n digits at s.ptr[at]. */
static bool digits_at(Slice s, size_t at, size_t n, int *out)
{
    if (at > s.len || n > s.len - at)
        return false;
    int v = 0;
    for (size_t i = at; i < at + n; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *out = v;
    return true;
}

static bool split_us_slash(Slice s, int *year, int *month, int *day)
{
    Slice rest = s;
    Slice m = slice_cut(&rest, '/');
    Slice d = slice_cut(&rest, '/');
    Slice y = rest;
    return m.len >= 1 && m.len <= 2 && digits_at(m, 0, m.len, month) && d.len >= 1 && d.len <= 2 &&
           digits_at(d, 0, d.len, day) && y.len == 4 && digits_at(y, 0, 4, year);
}

Status date_parse(Slice s, DateFormat format, Date *out, Error *err)
{
    static const char *const names[] = {
        [DATE_ISO] = "YYYY-MM-DD",
        [DATE_YYYYMMDD] = "YYYYMMDD",
        [DATE_MMDDYYYY] = "MMDDYYYY",
        [DATE_US_SLASH] = "M/D/YYYY",
    };
    ASSERT((size_t)format < COUNT_OF(names));
    int y = 0, m = 0, d = 0;
    bool ok = false;
    switch (format) {
    case DATE_ISO:
        ok = s.len == 10 && s.ptr[4] == '-' && s.ptr[7] == '-' && digits_at(s, 0, 4, &y) && digits_at(s, 5, 2, &m) &&
             digits_at(s, 8, 2, &d);
        break;
    case DATE_YYYYMMDD:
        ok = s.len == 8 && digits_at(s, 0, 4, &y) && digits_at(s, 4, 2, &m) && digits_at(s, 6, 2, &d);
        break;
    case DATE_MMDDYYYY:
        ok = s.len == 8 && digits_at(s, 4, 4, &y) && digits_at(s, 0, 2, &m) && digits_at(s, 2, 2, &d);
        break;
    case DATE_US_SLASH:
        ok = split_us_slash(s, &y, &m, &d);
        break;
    }
    Status st =
        ok ? date_make(y, m, d, out, err) : error_set(err, ERR_PARSE, "not a date of the form %s", names[format]);
    if (st != OK)
        error_detail(err, "value '%.*s'", s.len > 40 ? 40 : (int)s.len, s.ptr);
    return st;
}

static void put_digits(char *out, int v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
}

void date_print(Date d, char out[11])
{
    if (d == DATE_NONE) {
        out[0] = '\0';
        return;
    }
    int year, month, day;
    date_civil(d, &year, &month, &day);
    ASSERT(year >= YEAR_MIN && year <= YEAR_MAX);
    put_digits(out, year, 4);
    out[4] = '-';
    put_digits(out + 5, month, 2);
    out[7] = '-';
    put_digits(out + 8, day, 2);
    out[10] = '\0';
}

int date_year(Date d)
{
    int year, month, day;
    date_civil(d, &year, &month, &day);
    return year;
}

int date_weekday(Date d)
{
    /* 1970-01-01 was a Thursday */
    return (int)((((int64_t)d + 3) % 7 + 7) % 7);
}

int date_school_year(Date d)
{
    int year, month, day;
    date_civil(d, &year, &month, &day);
    return month >= 7 ? year + 1 : year;
}

Quarter quarter_make(int year, int quarter)
{
    ASSERT(quarter >= 1 && quarter <= 4 && year >= YEAR_MIN && year <= YEAR_MAX);
    return year * 4 + (quarter - 1);
}

Quarter quarter_of(Date d)
{
    int year, month, day;
    date_civil(d, &year, &month, &day);
    return quarter_make(year, (month - 1) / 3 + 1);
}

void quarter_print(Quarter q, char out[8])
{
    ASSERT(q >= YEAR_MIN * 4 && q / 4 <= YEAR_MAX);
    put_digits(out, q / 4, 4);
    out[4] = 'Q';
    out[5] = (char)('1' + q % 4);
    out[6] = '\0';
}
