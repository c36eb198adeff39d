/*
 * The words of TOML 1.0: keys, strings, numbers, booleans, dates. Follows the
 * ABNF of the specification; what it does not allow is refused, with the line.
 */
#include "base/toml_parser.h"

#include <math.h>

#include "base/arith.h"
#include "base/hash.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_bare_key_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
}

static bool is_forbidden_control(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < 0x20 && c != '\t') || u == 0x7F;
}

/* ---- strings ---- */

static void add_utf8(Buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(b, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_addc(b, (char)(0xC0 | c >> 6));
    } else {
        if (c < 0x10000) {
            buf_addc(b, (char)(0xE0 | c >> 12));
        } else {
            buf_addc(b, (char)(0xF0 | c >> 18));
            buf_addc(b, (char)(0x80 | (c >> 12 & 0x3F)));
        }
        buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    buf_addc(b, (char)(0x80 | (c & 0x3F)));
}

static Status unicode_escape(TomlParser *p, int digits, Error *err)
{
    uint32_t c = 0;
    for (int i = 0; i < digits; i++) {
        int v = hex_digit(*p->at);
        if (v < 0)
            return toml_fail(p, p->line, err, "unicode escape needs %d hexadecimal digits", digits);
        c = c << 4 | (uint32_t)v;
        p->at++;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return toml_fail(p, p->line, err, "unicode escape names no character");
    add_utf8(&p->scratch, c);
    return OK;
}

/* A backslash before a line end swallows blanks and line ends up to the next character. */
static Status line_ending_backslash(TomlParser *p, Error *err)
{
    bool ended = false;
    for (;; p->at++) {
        if (*p->at == '\n') {
            ended = true;
            p->line++;
        } else if (*p->at == '\r' && p->at[1] == '\n') {
            continue;
        } else if (*p->at != ' ' && *p->at != '\t') {
            break;
        }
    }
    return ended ? OK : toml_fail(p, p->line, err, "unknown escape in a string");
}

static Status escape(TomlParser *p, bool multiline, Error *err)
{
    static const char from[] = "btnfr\"\\";
    static const char to[] = "\b\t\n\f\r\"\\";
    char c = *++p->at;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        p->at++;
        buf_addc(&p->scratch, to[known - from]);
        return OK;
    }
    if (c == 'u' || c == 'U') {
        p->at++;
        return unicode_escape(p, c == 'u' ? 4 : 8, err);
    }
    if (multiline && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
        return line_ending_backslash(p, err);
    return toml_fail(p, p->line, err, "unknown escape in a string");
}

static Status finish_string(TomlParser *p, Slice *out, Error *err)
{
    TRY(buf_status(&p->scratch, err));
    return arena_dup(p->arena, buf_slice(&p->scratch), out, err);
}

/* "..." or '...' on one line; p stands on the opening quote. */
static Status single_line_string(TomlParser *p, Slice *out, Error *err)
{
    char quote = *p->at++;
    buf_reset(&p->scratch);
    while (*p->at != quote) {
        if (p->at == p->end || *p->at == '\n' || *p->at == '\r')
            return toml_fail(p, p->line, err, "string is not closed on its line");
        if (is_forbidden_control(*p->at))
            return toml_fail(p, p->line, err, "control character in a string");
        if (*p->at == '\\' && quote == '"')
            TRY(escape(p, false, err));
        else
            buf_addc(&p->scratch, *p->at++);
    }
    p->at++;
    return finish_string(p, out, err);
}

static size_t count_quotes(const TomlParser *p, char quote)
{
    size_t n = 0;
    while (n < 6 && p->at[n] == quote)
        n++;
    return n;
}

/* Three quotes open and close; one or two more before the closing three belong to the text. */
static Status multi_line_string(TomlParser *p, Slice *out, Error *err)
{
    uint32_t opened = p->line;
    char quote = *p->at;
    p->at += 3;
    if (*p->at == '\r' && p->at[1] == '\n')
        p->at++;
    if (*p->at == '\n') {
        p->at++;
        p->line++;
    }
    buf_reset(&p->scratch);
    for (;;) {
        if (p->at == p->end)
            return toml_fail(p, opened, err, "multi-line string is not closed");
        if (*p->at == quote) {
            size_t n = count_quotes(p, quote);
            if (n == 6)
                n = 5;
            p->at += n;
            buf_pad(&p->scratch, quote, n < 3 ? n : n - 3);
            if (n >= 3)
                return finish_string(p, out, err);
        } else if (*p->at == '\\' && quote == '"') {
            TRY(escape(p, true, err));
        } else if (*p->at == '\r' && p->at[1] == '\n') {
            /* line ends are read as LF, so that a check-out on another system changes no value */
            p->at++;
        } else if (is_forbidden_control(*p->at) && *p->at != '\n') {
            return toml_fail(p, p->line, err, "control character in a string");
        } else {
            p->line += *p->at == '\n';
            buf_addc(&p->scratch, *p->at++);
        }
    }
}

Status toml_key_part(TomlParser *p, Slice *out, Error *err)
{
    if (*p->at == '"' || *p->at == '\'') {
        if (count_quotes(p, *p->at) >= 3)
            return toml_fail(p, p->line, err, "a key cannot be a multi-line string");
        return single_line_string(p, out, err);
    }
    const char *start = p->at;
    while (is_bare_key_char(*p->at))
        p->at++;
    if (p->at == start)
        return toml_fail(p, p->line, err, "a key must stand here");
    return arena_dup(p->arena, (Slice){start, (size_t)(p->at - start)}, out, err);
}

/* ---- dates and times ---- */

static bool two_digits(const char *p, int low, int high)
{
    if (!is_digit(p[0]) || !is_digit(p[1]))
        return false;
    int v = (p[0] - '0') * 10 + (p[1] - '0');
    return v >= low && v <= high;
}

static bool looks_like_date(Slice s)
{
    return s.len >= 5 && is_digit(s.ptr[0]) && is_digit(s.ptr[1]) && is_digit(s.ptr[2]) && is_digit(s.ptr[3]) &&
           s.ptr[4] == '-';
}

static bool looks_like_time(Slice s)
{
    return s.len >= 3 && is_digit(s.ptr[0]) && is_digit(s.ptr[1]) && s.ptr[2] == ':';
}

/* HH:MM:SS with an optional fraction; second 60 is a leap second (RFC 3339). Returns its length, 0 when it is none. */
static size_t time_length(Slice s)
{
    if (s.len < 8 || !two_digits(s.ptr, 0, 23) || s.ptr[2] != ':' || !two_digits(s.ptr + 3, 0, 59) || s.ptr[5] != ':' ||
        !two_digits(s.ptr + 6, 0, 60))
        return 0;
    size_t n = 8;
    if (n < s.len && s.ptr[n] == '.') {
        size_t first = ++n;
        while (n < s.len && is_digit(s.ptr[n]))
            n++;
        if (n == first)
            return 0;
    }
    return n;
}

static bool is_offset(Slice s)
{
    if (s.len == 1)
        return s.ptr[0] == 'Z' || s.ptr[0] == 'z';
    return s.len == 6 && (s.ptr[0] == '+' || s.ptr[0] == '-') && two_digits(s.ptr + 1, 0, 23) && s.ptr[3] == ':' &&
           two_digits(s.ptr + 4, 0, 59);
}

static Status date_value(TomlParser *p, Slice word, Toml *v, Error *err)
{
    Slice day = slice_sub(word, 0, 10);
    Slice rest = slice_sub(word, 10, word.len);
    if (date_parse(day, DATE_ISO, &v->date, NULL) != OK)
        return toml_fail(p, p->line, err, "no such date");
    v->type = TOML_DATE;
    if (rest.len == 0)
        return OK;
    v->type = TOML_DATETIME;
    Slice time = slice_sub(rest, 1, rest.len);
    size_t n = time_length(time);
    Slice offset = slice_sub(time, n, time.len);
    bool separated = rest.ptr[0] == 'T' || rest.ptr[0] == 't' || rest.ptr[0] == ' ';
    if (!separated || n == 0 || (offset.len > 0 && !is_offset(offset)))
        return toml_fail(p, p->line, err, "malformed date-time");
    return arena_dup(p->arena, word, &v->string, err);
}

static Status time_value(TomlParser *p, Slice word, Toml *v, Error *err)
{
    if (time_length(word) != word.len)
        return toml_fail(p, p->line, err, "malformed time");
    v->type = TOML_DATETIME;
    return arena_dup(p->arena, word, &v->string, err);
}

/* ---- numbers ---- */

static int digit_value(char c, int base)
{
    int v = hex_digit(c);
    return v >= 0 && v < base ? v : -1;
}

/* Copies digits of the base without their underscores, each of which must stand between two digits.
 * Returns how much of s it took. */
static size_t take_digits(Slice s, int base, Buf *out)
{
    size_t i = 0;
    while (i < s.len) {
        if (digit_value(s.ptr[i], base) >= 0)
            buf_addc(out, s.ptr[i]);
        else if (!(s.ptr[i] == '_' && i > 0 && s.ptr[i - 1] != '_' && i + 1 < s.len &&
                     digit_value(s.ptr[i + 1], base) >= 0))
            break;
        i++;
    }
    return i;
}

static Status based_integer(TomlParser *p, Slice word, int base, Toml *v, Error *err)
{
    Slice digits = slice_sub(word, 2, word.len);
    buf_reset(&p->scratch);
    size_t taken = take_digits(digits, base, &p->scratch);
    TRY(buf_status(&p->scratch, err));
    if (taken == 0 || taken != digits.len)
        return toml_fail(p, p->line, err, "malformed number");
    uint64_t n = 0;
    for (size_t i = 0; i < p->scratch.len; i++) {
        if (n > ((uint64_t)INT64_MAX - (uint64_t)digit_value(p->scratch.ptr[i], base)) / (uint64_t)base)
            return toml_fail(p, p->line, err, "integer does not fit 64 bits");
        n = n * (uint64_t)base + (uint64_t)digit_value(p->scratch.ptr[i], base);
    }
    v->type = TOML_INTEGER;
    v->integer = (int64_t)n;
    return OK;
}

/* Checks the grammar of a decimal number and leaves it without underscores in scratch. */
static bool scan_decimal(TomlParser *p, Slice s, bool *is_float)
{
    Buf *out = &p->scratch;
    buf_reset(out);
    *is_float = false;
    size_t i = 0;
    if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-'))
        buf_addc(out, s.ptr[i++]);
    size_t n = take_digits(slice_sub(s, i, s.len), 10, out);
    if (n == 0 || (n > 1 && s.ptr[i] == '0'))
        return false;
    i += n;
    if (i < s.len && s.ptr[i] == '.') {
        *is_float = true;
        buf_addc(out, s.ptr[i++]);
        n = take_digits(slice_sub(s, i, s.len), 10, out);
        if (n == 0)
            return false;
        i += n;
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        *is_float = true;
        buf_addc(out, s.ptr[i++]);
        if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-'))
            buf_addc(out, s.ptr[i++]);
        n = take_digits(slice_sub(s, i, s.len), 10, out);
        if (n == 0)
            return false;
        i += n;
    }
    return i == s.len;
}

static Status decimal_value(TomlParser *p, Slice word, Toml *v, Error *err)
{
    bool is_float = false;
    bool ok = scan_decimal(p, word, &is_float);
    TRY(buf_status(&p->scratch, err));
    if (!ok)
        return toml_fail(p, p->line, err, "malformed value");
    v->type = is_float ? TOML_FLOAT : TOML_INTEGER;
    Status st = is_float ? parse_f64(buf_slice(&p->scratch), &v->number, NULL)
                         : parse_i64(buf_slice(&p->scratch), &v->integer, NULL);
    if (st != OK)
        return toml_fail(p, p->line, err, is_float ? "number is too large" : "integer does not fit 64 bits");
    return OK;
}

/* inf and nan with an optional sign. */
static bool special_float(Slice word, Toml *v)
{
    bool negative = slice_starts(word, SLICE("-"));
    if (negative || slice_starts(word, SLICE("+")))
        word = slice_sub(word, 1, word.len);
    if (slice_eq_z(word, "inf"))
        v->number = negative ? -(double)INFINITY : (double)INFINITY;
    else if (slice_eq_z(word, "nan"))
        v->number = (double)NAN;
    else
        return false;
    v->type = TOML_FLOAT;
    return true;
}

/* ---- any scalar ---- */

static bool is_word_char(char c)
{
    return is_bare_key_char(c) || c == '+' || c == '.' || c == ':';
}

static Slice take_word(TomlParser *p)
{
    Slice word = {p->at, 0};
    while (is_word_char(p->at[word.len]))
        word.len++;
    /* a date and a time may be parted by one blank */
    if (word.len == 10 && looks_like_date(word) && p->at[10] == ' ' && is_digit(p->at[11])) {
        word.len++;
        while (is_word_char(p->at[word.len]))
            word.len++;
    }
    p->at += word.len;
    return word;
}

Status toml_scalar(TomlParser *p, Toml *v, Error *err)
{
    if (*p->at == '"' || *p->at == '\'') {
        v->type = TOML_STRING;
        return count_quotes(p, *p->at) >= 3 ? multi_line_string(p, &v->string, err)
                                            : single_line_string(p, &v->string, err);
    }
    Slice word = take_word(p);
    if (word.len == 0)
        return toml_fail(p, p->line, err, "a value must stand here");
    if (slice_eq_z(word, "true") || slice_eq_z(word, "false")) {
        v->type = TOML_BOOLEAN;
        v->boolean = word.len == 4;
        return OK;
    }
    if (looks_like_date(word))
        return date_value(p, word, v, err);
    if (looks_like_time(word))
        return time_value(p, word, v, err);
    if (special_float(word, v))
        return OK;
    if (slice_starts(word, SLICE("0x")))
        return based_integer(p, word, 16, v, err);
    if (slice_starts(word, SLICE("0o")))
        return based_integer(p, word, 8, v, err);
    if (slice_starts(word, SLICE("0b")))
        return based_integer(p, word, 2, v, err);
    return decimal_value(p, word, v, err);
}
