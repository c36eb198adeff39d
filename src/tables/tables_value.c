/*
 * Printed cells. A cell is a marker that the header lists, or a number as people print them: thousands in threes, a
 * percent or dollar sign. Anything else is refused, because a figure that was misread is a figure that is not
 * protected.
 */
#include "tables/tables.h"

#define MAX_DIGITS 17

/* Digits with commas in threes: "69301", "69,301". Cuts them off text. */
static bool whole_part(Slice *text, int64_t *out, unsigned *digits)
{
    size_t i = 0, group = 0;
    bool commas = false;
    int64_t v = 0;
    for (*digits = 0; i < text->len; i++) {
        char c = text->ptr[i];
        if (c >= '0' && c <= '9') {
            if (++*digits > MAX_DIGITS)
                return false;
            v = v * 10 + (c - '0');
            group++;
        } else if (c == ',') {
            if (group == 0 || group > 3 || (commas && group != 3))
                return false;
            commas = true;
            group = 0;
        } else {
            break;
        }
    }
    if (*digits == 0 || (commas && group != 3))
        return false;
    *text = slice_sub(*text, i, text->len);
    *out = v;
    return true;
}

static bool number(Slice text, TablesValue *out)
{
    bool negative = false;
    unsigned digits;
    if (text.len > 0 && text.ptr[0] == '-') {
        negative = true;
        text = slice_sub(text, 1, text.len);
    }
    if (text.len > 0 && text.ptr[0] == '$')
        text = slice_sub(text, 1, text.len);
    *out = (TablesValue){.mark = TABLES_EXACT};
    if (!whole_part(&text, &out->low, &digits))
        return false;
    if (text.len > 1 && text.ptr[0] == '.') {
        size_t i = 1;
        for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
            if (++digits > MAX_DIGITS)
                return false;
            out->low = out->low * 10 + (text.ptr[i] - '0');
            out->decimals++;
        }
        if (i == 1)
            return false;
        text = slice_sub(text, i, text.len);
    }
    if (negative)
        out->low = -out->low;
    out->high = out->low;
    return text.len == 0 || slice_eq_z(text, "%") || slice_eq_z(text, " %");
}

Status tables_value(
    const TablesMarker *markers, size_t marker_count, Slice text, bool rate, TablesValue *out, Error *err)
{
    text = slice_trim(text);
    for (size_t i = 0; i < marker_count; i++)
        if (slice_eq(markers[i].text, text) && (markers[i].value.mark != TABLES_RANGE || markers[i].of_rates == rate)) {
            *out = markers[i].value;
            return OK;
        }
    if (text.len == 0)
        return error_set(err, ERR_INVALID, "is empty, and the header names no marker for that");
    if (!number(text, out))
        return error_set(err, ERR_INVALID, "is neither a number nor a marker of the header");
    if (!rate && slice_ends(text, SLICE("%")))
        return error_set(err, ERR_INVALID, "is a percent where a number must stand");
    return OK;
}
