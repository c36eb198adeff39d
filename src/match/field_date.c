/*
 * Levels of dates. Digits are compared in the text, where a month of 13 still
 * stands; parts and days in the calendar.
 */
#include "match/value_impl.h"

#define DIGITS 8

/* Numbers as written, valid or not. */
typedef struct Written {
    char digit[DIGITS];
    int year, month, day;
} Written;

static Written written_of(Slice text)
{
    static const uint8_t place[DIGITS] = {0, 1, 2, 3, 5, 6, 8, 9};
    Written w;
    for (size_t i = 0; i < DIGITS; i++)
        w.digit[i] = text.ptr[place[i]];
    const char *d = w.digit;
    w.year = (d[0] - '0') * 1000 + (d[1] - '0') * 100 + (d[2] - '0') * 10 + (d[3] - '0');
    w.month = (d[4] - '0') * 10 + (d[5] - '0');
    w.day = (d[6] - '0') * 10 + (d[7] - '0');
    return w;
}

static bool known_agrees(int a, int b)
{
    return a == 0 || b == 0 || a == b;
}

/* A side leaves a part out, and what both know agrees: LV_PARTIAL for two parts, LV_PARTIAL_YEAR for the year alone;
 * anything less says nothing. LV_DIFFERS: both are whole, or a part contradicts. */
static LevelId by_known_parts(const Written *a, const Written *b)
{
    bool whole = a->year && b->year && a->month && b->month && a->day && b->day;
    if (whole || !known_agrees(a->year, b->year) || !known_agrees(a->month, b->month) || !known_agrees(a->day, b->day))
        return LV_DIFFERS;
    bool year = a->year && b->year, month = a->month && b->month, day = a->day && b->day;
    if (year + month + day >= 2)
        return LV_PARTIAL;
    return year ? LV_PARTIAL_YEAR : LV_MISSING;
}

static LevelId by_digits(const Written *a, const Written *b)
{
    size_t differing = 0, last = 0;
    for (size_t i = 0; i < DIGITS; i++)
        if (a->digit[i] != b->digit[i]) {
            differing++;
            last = i;
        }
    if (differing == 1)
        return LV_ONE_DIGIT;
    bool neighbours = last != 4 && last != 6; /* inside one number */
    if (differing == 2 && last > 0 && neighbours && a->digit[last] == b->digit[last - 1] &&
        a->digit[last - 1] == b->digit[last])
        return LV_TRANSPOSED;
    return LV_DIFFERS;
}

static bool is_near(const Written *a, const Written *b)
{
    Date x, y;
    if (date_make(a->year, a->month, a->day, &x, NULL) != OK || date_make(b->year, b->month, b->day, &y, NULL) != OK)
        return false;
    return x - y <= NEAR_DAYS && y - x <= NEAR_DAYS;
}

LevelId level_date(const Dict *d, uint32_t a, uint32_t b)
{
    Written x = written_of(dict_text(d, a)), y = written_of(dict_text(d, b));
    LevelId known = by_known_parts(&x, &y);
    if (known != LV_DIFFERS)
        return known;
    bool year = x.year && x.year == y.year, month = x.month && x.month == y.month, day = x.day && x.day == y.day;
    if (year && x.month == y.day && x.day == y.month)
        return LV_DAY_MONTH;
    LevelId digits = by_digits(&x, &y);
    if (digits != LV_DIFFERS)
        return digits;
    if (is_near(&x, &y))
        return LV_NEAR;
    if (year && (month || day))
        return LV_YEAR_PART;
    if (month && day)
        return LV_MONTH_DAY;
    return year ? LV_YEAR : LV_DIFFERS;
}
