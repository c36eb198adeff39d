/*
 * Raw text to standard text, kind by kind. A standard text is what two offices
 * would have written had they agreed how; it decides nothing about likeness.
 *
 * What an office writes to say that it knows nothing becomes missing, which is
 * neutral: as a value it would be the most common agreement there is. For names
 * the list is short and in standard_name.c, because NA, NULL and NONE are
 * surnames of people.
 */
#include "match/value_impl.h"

static const char *const NOTHING[] = {"NA", "N/A", "#N/A", "NULL", "(NULL)", "<NULL>", "NONE", "NIL", "UNKNOWN", "UNK",
    "NOT AVAILABLE", "NOT PROVIDED", "\\N", "NAN"};

static bool says_nothing(Slice raw)
{
    for (size_t i = 0; i < COUNT_OF(NOTHING); i++)
        if (slice_eq_nocase(raw, slice_of(NOTHING[i])))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One character over and over: a number made up to fill a field. Zeros are so at any length. */
static bool is_filler(Slice s, size_t least)
{
    size_t same = 1;
    while (same < s.len && s.ptr[same] == s.ptr[0])
        same++;
    return s.len > 0 && same == s.len && (s.len >= least || s.ptr[0] == '0');
}

static Status name(Slice raw, Buf *out, Error *err)
{
    Buf suffix;
    buf_init(&suffix, 0);
    Status st = standard_name(raw, out, &suffix, err);
    buf_free(&suffix);
    return st;
}

typedef struct Synonym {
    const char *from, *to;
} Synonym;

static void take_synonym(Buf *out, const Synonym *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq_z(buf_slice(out), list[i].from)) {
            buf_reset(out);
            buf_adds(out, list[i].to);
            return;
        }
}

static Status suffix(Slice raw, Buf *out, Error *err)
{
    static const Synonym list[] = {{"JUNIOR", "JR"}, {"JNR", "JR"}, {"SENIOR", "SR"}, {"SNR", "SR"}, {"1ST", "I"},
        {"FIRST", "I"}, {"2ND", "II"}, {"SECOND", "II"}, {"3RD", "III"}, {"THIRD", "III"}, {"4TH", "IV"},
        {"FOURTH", "IV"}, {"5TH", "V"}, {"FIFTH", "V"}, {"1", "I"}, {"2", "II"}, {"3", "III"}, {"4", "IV"}, {"5", "V"}};
    TRY(standard_words(raw, "", out, err));
    take_synonym(out, list, COUNT_OF(list));
    return buf_status(out, err);
}

/* Full numbers as nine digits; where only the last four are given or shown (XXX-XX-1234), these. */
static Status ssn(Slice raw, Buf *out, Error *err)
{
    char digits[10];
    TRY(standard_ssn(raw, digits, err));
    buf_adds(out, digits);
    if (out->len || raw.len < 4)
        return buf_status(out, err);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        bool masked = c == 'X' || c == 'x' || c == '*' || c == '-' || c == ' ';
        if (!masked && !is_digit(c))
            return OK;
        n += is_digit(c);
    }
    Slice last = slice_sub(raw, raw.len - 4, raw.len);
    if (n == 4 && is_digit(last.ptr[0]) && is_digit(last.ptr[1]) && is_digit(last.ptr[2]) && is_digit(last.ptr[3]) &&
        !slice_eq_z(last, "0000"))
        buf_add(out, last);
    return buf_status(out, err);
}

static void remove_blanks(Buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->len; i++)
        if (b->ptr[i] != ' ')
            b->ptr[n++] = b->ptr[i];
    b->len = n;
    if (b->ptr)
        b->ptr[n] = '\0';
}

static Status identifier(Slice raw, Buf *out, Error *err)
{
    TRY(standard_words(raw, "", out, err));
    remove_blanks(out);
    if (is_filler(buf_slice(out), 5))
        buf_reset(out);
    return OK;
}

/* Ten digits at the end; an extension is cut off, and so is the country's number. */
static Status phone(Slice raw, Buf *out, Error *err)
{
    char digits[RAW_MAX];
    size_t n = 0;
    for (size_t i = 0; i < raw.len && raw.ptr[i] != 'x' && raw.ptr[i] != 'X' && raw.ptr[i] != 'e'; i++)
        if (is_digit(raw.ptr[i]))
            digits[n++] = raw.ptr[i];
    Slice number = {digits + (n > 10 ? n - 10 : 0), n > 10 ? 10 : n};
    if (number.len >= 7 && !is_filler(number, 7))
        buf_add(out, number);
    return buf_status(out, err);
}

/* Something before the @, something after it; one that lost its @ is known by its point. */
static bool is_email(Slice raw)
{
    size_t at = slice_find(raw, SLICE("@"));
    return at < raw.len ? at > 0 && at + 1 < raw.len : raw.len >= 6 && slice_find(raw, SLICE(".")) < raw.len;
}

static Status email(Slice raw, Buf *out, Error *err)
{
    raw = slice_sub(raw, 0, STANDARD_MAX);
    if (!is_email(raw))
        return OK;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if ((unsigned char)c <= ' ') {
            buf_reset(out);
            return OK;
        }
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    return buf_status(out, err);
}

/* Letters and words of English forms, and the numbers of ISO/IEC 5218. Anything else says nothing. */
static Status sex(Slice raw, Buf *out, Error *err)
{
    static const Synonym list[] = {{"F", "F"}, {"FEMALE", "F"}, {"WOMAN", "F"}, {"GIRL", "F"}, {"2", "F"}, {"M", "M"},
        {"MALE", "M"}, {"MAN", "M"}, {"BOY", "M"}, {"1", "M"}, {"X", "X"}, {"NONBINARY", "X"}, {"NON BINARY", "X"},
        {"NB", "X"}, {"N", "X"}, {"OTHER", "X"}, {"O", "X"}, {"DIVERSE", "X"}};
    TRY(standard_words(raw, "", out, err));
    for (size_t i = 0; i < COUNT_OF(list); i++)
        if (slice_eq_z(buf_slice(out), list[i].from)) {
            take_synonym(out, list, COUNT_OF(list));
            return buf_status(out, err);
        }
    buf_reset(out);
    return OK;
}

/* Upper case for ASCII; control characters are blanks; nothing else changes. */
static Status code(Slice raw, Buf *out, Error *err)
{
    raw = slice_sub(raw, 0, STANDARD_MAX);
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if ((unsigned char)c < ' ')
            c = ' ';
        buf_addc(out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return buf_status(out, err);
}

/* A decimal without superfluous zeros; commas between thousands and a dollar sign are skipped. */
static Status number(Slice raw, Buf *out, Error *err)
{
    bool negative = raw.len && raw.ptr[0] == '-', point = false, leading = true;
    size_t digits = 0, places = 0;
    for (size_t i = raw.len && (raw.ptr[0] == '-' || raw.ptr[0] == '+') ? 1 : 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == ',' || (c == '$' && digits == 0))
            continue;
        if (!is_digit(c) && !(c == '.' && !point)) {
            buf_reset(out);
            return OK;
        }
        digits += is_digit(c);
        if (c == '.') {
            if (leading)
                buf_addc(out, '0');
            point = true;
            leading = false;
        }
        places += point;
        if (c == '0' && leading)
            continue;
        leading = false;
        if (places <= 7)
            buf_addc(out, c);
    }
    if (digits && !out->len)
        buf_addc(out, '0');
    while (point && out->len > 1 && (out->ptr[out->len - 1] == '0' || out->ptr[out->len - 1] == '.')) {
        bool was_point = out->ptr[out->len - 1] == '.';
        out->ptr[--out->len] = '\0';
        if (was_point)
            break;
    }
    if (!digits || out->len > 18)
        buf_reset(out);
    if (negative && out->len && !slice_eq_z(buf_slice(out), "0")) {
        char text[20];
        size_t n = out->len;
        memcpy(text, out->ptr, n);
        buf_reset(out);
        buf_addc(out, '-');
        buf_add(out, (Slice){text, n});
    }
    return buf_status(out, err);
}

Status standard_value(FieldKind kind, Slice raw, Buf *out, Error *err)
{
    buf_reset(out);
    raw = standard_cut(raw);
    if (raw.len == 0)
        return OK;
    if (kind == FIELD_FIRST_NAME || kind == FIELD_MIDDLE_NAME || kind == FIELD_LAST_NAME)
        return name(raw, out, err);
    if (says_nothing(raw))
        return OK;
    switch (kind) {
    case FIELD_SUFFIX:
        return suffix(raw, out, err);
    case FIELD_DATE:
        standard_date(raw, out);
        return buf_status(out, err);
    case FIELD_SSN:
        return ssn(raw, out, err);
    case FIELD_IDENTIFIER:
        return identifier(raw, out, err);
    case FIELD_ADDRESS:
        return standard_address(raw, out, err);
    case FIELD_POSTAL_CODE:
        return standard_postal_code(raw, out, err);
    case FIELD_PHONE:
        return phone(raw, out, err);
    case FIELD_EMAIL:
        return email(raw, out, err);
    case FIELD_SEX:
        return sex(raw, out, err);
    case FIELD_CODE:
        return code(raw, out, err);
    case FIELD_NUMBER:
        return number(raw, out, err);
    default: /* FIELD_CITY, FIELD_TEXT */
        return standard_words(raw, "", out, err);
    }
}
