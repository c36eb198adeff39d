/*
 * JSON out (RFC 8259). Level 0 is the document, which holds one value; the
 * flags of a level tell whether a comma is due and whether keys must stand.
 */
#include "base/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void json_begin(Json *j, Buf *out, JsonStyle style)
{
    *j = (Json){.out = out, .style = style};
}

static void new_line(Json *j)
{
    if (j->style != JSON_PRETTY)
        return;
    buf_addc(j->out, '\n');
    buf_pad(j->out, ' ', (size_t)j->depth * 2);
}

static void comma(Json *j)
{
    if (j->has_member[j->depth])
        buf_addc(j->out, ',');
    j->has_member[j->depth] = true;
    new_line(j);
}

static void before_value(Json *j)
{
    if (j->depth == 0) {
        ASSERT(!j->has_member[0]);
        j->has_member[0] = true;
    } else if (j->is_object[j->depth]) {
        ASSERT(j->after_key);
        j->after_key = false;
    } else {
        comma(j);
    }
}

static void open_level(Json *j, char c)
{
    before_value(j);
    ASSERT(j->depth + 1 < JSON_MAX_DEPTH);
    j->depth++;
    j->has_member[j->depth] = false;
    j->is_object[j->depth] = c == '{';
    buf_addc(j->out, c);
}

void json_open_object(Json *j)
{
    open_level(j, '{');
}

void json_open_array(Json *j)
{
    open_level(j, '[');
}

void json_end(Json *j)
{
    ASSERT(j->depth > 0 && !j->after_key);
    bool any = j->has_member[j->depth];
    char c = j->is_object[j->depth] ? '}' : ']';
    j->depth--;
    if (any)
        new_line(j);
    buf_addc(j->out, c);
}

static void add_escaped(Buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        buf_adds(out, "\\\"");
        break;
    case '\\':
        buf_adds(out, "\\\\");
        break;
    case '\b':
        buf_adds(out, "\\b");
        break;
    case '\f':
        buf_adds(out, "\\f");
        break;
    case '\n':
        buf_adds(out, "\\n");
        break;
    case '\r':
        buf_adds(out, "\\r");
        break;
    case '\t':
        buf_adds(out, "\\t");
        break;
    default:
        buf_adds(out, "\\u00");
        buf_addc(out, hex[c >> 4]);
        buf_addc(out, hex[c & 15]);
        break;
    }
}

/* Well-formed UTF-8 in runs between the characters that need an escape. */
static void add_clean(Buf *out, Slice s)
{
    size_t start = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        buf_add(out, slice_sub(s, start, i));
        add_escaped(out, c);
        start = i + 1;
    }
    buf_add(out, slice_sub(s, start, s.len));
}

static void add_string(Buf *out, Slice s)
{
    buf_addc(out, '"');
    size_t bad;
    while (!slice_is_utf8(s, &bad)) {
        add_clean(out, slice_sub(s, 0, bad));
        buf_adds(out, "\xEF\xBF\xBD"); /* U+FFFD */
        s = slice_sub(s, bad + 1, s.len);
    }
    add_clean(out, s);
    buf_addc(out, '"');
}

void json_key(Json *j, const char *key)
{
    ASSERT(j->depth > 0 && j->is_object[j->depth] && !j->after_key);
    comma(j);
    add_string(j->out, slice_of(key));
    buf_adds(j->out, j->style == JSON_PRETTY ? ": " : ":");
    j->after_key = true;
}

void json_str(Json *j, Slice s)
{
    before_value(j);
    add_string(j->out, s);
}

void json_int(Json *j, int64_t v)
{
    before_value(j);
    buf_add_i64(j->out, v);
}

void json_uint(Json *j, uint64_t v)
{
    before_value(j);
    buf_add_u64(j->out, v);
}

void json_num(Json *j, double v)
{
    if (!isfinite(v)) {
        json_add_null(j);
        return;
    }
    before_value(j);
    char text[40];
    /* 15 digits always suffice when the shortest form has no more; below DBL_MIN even fewer may do */
    int digits = fabs(v) < DBL_MIN ? 1 : 15;
    do
        snprintf(text, sizeof text, "%.*g", digits, v);
    while (digits++ < 17 && strtod(text, NULL) != v);
    buf_adds(j->out, text);
}

void json_fixed(Json *j, double v, int decimals)
{
    if (!isfinite(v)) {
        json_add_null(j);
        return;
    }
    ASSERT(decimals >= 0 && decimals <= 20);
    before_value(j);
    char text[360]; /* DBL_MAX has 309 digits before the point */
    int n = snprintf(text, sizeof text, "%.*f", decimals, v);
    ASSERT(n > 0 && (size_t)n < sizeof text);
    bool minus_zero = text[0] == '-' && strspn(text + 1, "0.") == (size_t)n - 1;
    buf_adds(j->out, minus_zero ? text + 1 : text);
}

void json_bool(Json *j, bool v)
{
    before_value(j);
    buf_adds(j->out, v ? "true" : "false");
}

void json_add_null(Json *j)
{
    before_value(j);
    buf_adds(j->out, "null");
}

void json_kstr(Json *j, const char *key, Slice s)
{
    json_key(j, key);
    json_str(j, s);
}

void json_kint(Json *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_int(j, v);
}

void json_kbool(Json *j, const char *key, bool v)
{
    json_key(j, key);
    json_bool(j, v);
}
