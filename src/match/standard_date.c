/*
 * Dates as offices write them, to YYYY-MM-DD with 00 for what is not known.
 *
 * A month of 13 or a day of 32 is a typing error, and what is right about the
 * date still speaks: such numbers stay in the text, where digits are compared,
 * and count as not known where the part itself is asked for (dict_date). A year of
 * two digits does not tell the century and is dropped. Month before day, as the
 * United States write, unless the numbers or points between them say otherwise.
 */
#include "match/value_impl.h"

#define YEAR_FIRST 1800u
#define YEAR_LAST 2199u

typedef struct Token {
    uint32_t value;
    uint32_t digits; /* 0: the name of a month */
} Token;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_year(uint32_t v)
{
    return v >= YEAR_FIRST && v <= YEAR_LAST;
}

static uint32_t month_named(Slice word)
{
    static const char *const months[] = {"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST",
        "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};
    for (uint32_t m = 0; word.len >= 3 && m < 12; m++)
        if (word.len <= strlen(months[m]) && slice_eq_nocase(word, slice_sub(slice_of(months[m]), 0, word.len)))
            return m + 1;
    return 0;
}

/* At most three numbers or names; what follows the third (a time of day) is left. 0: this is no date. */
static size_t cut_tokens(Slice raw, Token tokens[3], char *separator)
{
    size_t n = 0, i = 0;
    *separator = '\0';
    while (i < raw.len && n < 3) {
        size_t from = i;
        if (is_digit(raw.ptr[i])) {
            uint32_t v = 0;
            for (; i < raw.len && is_digit(raw.ptr[i]) && i - from < 9; i++)
                v = v * 10 + (uint32_t)(raw.ptr[i] - '0');
            if (i < raw.len && is_digit(raw.ptr[i]))
                return 0;
            tokens[n++] = (Token){v, (uint32_t)(i - from)};
        } else if (is_letter(raw.ptr[i])) {
            while (i < raw.len && is_letter(raw.ptr[i]))
                i++;
            Slice word = slice_sub(raw, from, i);
            uint32_t month = month_named(word);
            bool is_ordinal = n && (slice_eq_nocase(word, SLICE("st")) || slice_eq_nocase(word, SLICE("nd")) ||
                                       slice_eq_nocase(word, SLICE("rd")) || slice_eq_nocase(word, SLICE("th")));
            if (month)
                tokens[n++] = (Token){month, 0};
            else if (n == 1 && tokens[0].digits == 8 && slice_eq_nocase(word, SLICE("t")))
                return 1;
            else if (!is_ordinal)
                return 0;
        } else {
            if (n == 1)
                *separator = raw.ptr[i];
            i++;
        }
    }
    return n;
}

void standard_date_parts(uint32_t year, uint32_t month, uint32_t day, Buf *out)
{
    bool is_default = (year <= 1 || year == 1900) && month <= 1 && day <= 1; /* the first day that a program knows */
    if (year > 9999 || year == 9999 || month > 99 || day > 99 || is_default)
        return;
    buf_addf(out, "%04u-%02u-%02u", year, month, day);
}

static void of_digits(Token t, Buf *out)
{
    uint32_t v = t.value;
    if (t.digits == 4 && is_year(v))
        standard_date_parts(v, 0, 0, out);
    else if (t.digits == 6 && is_year(v / 100))
        standard_date_parts(v / 100, v % 100, 0, out);
    else if (t.digits == 8 && is_year(v / 10000))
        standard_date_parts(v / 10000, v / 100 % 100, v % 100, out);
    else if ((t.digits == 8 || t.digits == 7) && is_year(v % 10000)) /* MMDDYYYY, and with the first zero lost */
        standard_date_parts(v % 10000, v / 1000000, v / 10000 % 100, out);
}

static void with_month_name(const Token *t, size_t n, Buf *out)
{
    uint32_t year = 0, month = 0, day = 0;
    for (size_t i = 0; i < n; i++) {
        if (t[i].digits == 0 && !month)
            month = t[i].value;
        else if (t[i].digits >= 3)
            year = t[i].value;
        else if (!day && t[i].digits)
            day = t[i].value;
    }
    standard_date_parts(year, month, day, out);
}

static void of_three(const Token *t, char separator, Buf *out)
{
    if (t[0].digits >= 3 || t[0].value > 31) {
        standard_date_parts(t[0].digits >= 3 ? t[0].value : 0, t[1].value, t[2].value, out);
        return;
    }
    uint32_t year = t[2].digits >= 3 ? t[2].value : 0;
    bool day_first = (separator == '.' && t[1].value <= 12) || (t[0].value > 12 && t[1].value <= 12);
    standard_date_parts(year, t[day_first ? 1 : 0].value, t[day_first ? 0 : 1].value, out);
}

void standard_date(Slice raw, Buf *out)
{
    Token t[3];
    char separator;
    size_t n = cut_tokens(raw, t, &separator);
    bool named = false;
    for (size_t i = 0; i < n; i++)
        named |= t[i].digits == 0;
    if (named)
        with_month_name(t, n, out);
    else if (n == 1 || (n > 1 && t[0].digits == 8 && is_year(t[0].value / 10000)))
        of_digits(t[0], out);
    else if (n == 2 && t[0].digits >= 3)
        standard_date_parts(t[0].value, t[1].value, 0, out);
    else if (n == 2 && t[1].digits >= 3)
        standard_date_parts(t[1].value, t[0].value, 0, out);
    else if (n == 3)
        of_three(t, separator, out);
}
