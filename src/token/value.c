/*
 * Values as they are cut into pieces.
 *
 * This is part of the token format and frozen with it: both sides, and every
 * later year, must write a value the same way, so these few rules stand apart
 * from the standardisation that clear-text linkage keeps improving. Text is
 * Unicode NFKD without marks (utf8proc), case-folded, ASCII in upper case, with
 * blanks and punctuation left out; other scripts stay as their UTF-8 bytes.
 */
#include "token/token_impl.h"

#include <utf8proc.h>

#define POINTS_MAX 1024

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_byte(Value *v, char c)
{
    if (v->len < VALUE_MAX)
        v->text[v->len++] = c;
}

static bool is_letter_or_number(utf8proc_int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO;
}

static void add_point(Value *v, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    if (c >= 'a' && c <= 'z')
        c = c - 'a' + 'A';
    if (!is_letter_or_number(c))
        return;
    utf8proc_ssize_t n = utf8proc_encode_char(c, bytes);
    if (v->len + (size_t)n > VALUE_MAX)
        return;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        add_byte(v, (char)bytes[i]);
}

/* The first bytes that count, as whole characters. */
static Slice cut(Slice raw)
{
    size_t n = VALUE_MAX;
    if (raw.len <= n)
        return raw;
    while (n > VALUE_MAX - 3 && ((unsigned char)raw.ptr[n] & 0xc0) == 0x80)
        n--;
    return slice_sub(raw, 0, n);
}

static void standard_text(Slice raw, Value *out)
{
    utf8proc_int32_t points[POINTS_MAX];
    raw = cut(raw);
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)raw.ptr, (utf8proc_ssize_t)raw.len, points,
        POINTS_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    if (n < 0 || n > POINTS_MAX)
        return; /* not UTF-8: missing */
    for (utf8proc_ssize_t i = 0; i < n; i++)
        add_point(out, points[i]);
}

static void standard_date(Slice raw, Value *out)
{
    static const DateFormat formats[] = {DATE_ISO, DATE_YYYYMMDD, DATE_US_SLASH};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        Date d;
        char text[11];
        if (date_parse(raw, formats[i], &d, NULL) != OK)
            continue;
        date_print(d, text);
        for (const char *c = text; *c; c++)
            if (is_digit(*c))
                add_byte(out, *c);
        return;
    }
}

void value_standard(TokenKind kind, Slice raw, Value *out)
{
    out->len = 0;
    raw = slice_trim(raw);
    if (raw.len == 0)
        return;
    if (kind == TOKEN_TEXT)
        standard_text(raw, out);
    else if (kind == TOKEN_DATE)
        standard_date(raw, out);
    else
        for (size_t i = 0; i < raw.len; i++)
            if (is_digit(raw.ptr[i]))
                add_byte(out, raw.ptr[i]);
}

/* Soundex as the National Archives state it (General Information Leaflet 55): H and W do not part equal codes. */
static Slice soundex(const Value *v, char room[VALUE_MAX])
{
    static const char codes[] = "01230120022455012623010202"; /* A to Z */
    size_t n = 0;
    char last = '0';
    for (size_t i = 0; i < v->len && n < 4; i++) {
        char c = v->text[i];
        if (c < 'A' || c > 'Z')
            continue;
        char code = codes[c - 'A'];
        if (n == 0)
            room[n++] = c;
        else if (code != '0' && code != last)
            room[n++] = code;
        if (c != 'H' && c != 'W')
            last = code;
    }
    while (n > 0 && n < 4)
        room[n++] = '0';
    return (Slice){room, n};
}

Slice value_form(const Value *v, TokenForm form, char room[VALUE_MAX])
{
    Slice all = {v->text, v->len};
    switch (form) {
    case FORM_SOUNDEX:
        return soundex(v, room);
    case FORM_YEAR:
        return slice_sub(all, 0, 4);
    case FORM_INITIAL:
        return slice_sub(all, 0, 1);
    case FORM_PREFIX3:
        return slice_sub(all, 0, 3);
    case FORM_WHOLE:
        break;
    }
    return all;
}
