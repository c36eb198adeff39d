/* See field_value.h. */
#include "ingest/field_value.h"

#define DECIMAL_MAX INT64_C(999999999999999999) /* DECIMAL(18) */

/* --- formats ------------------------------------------------------------------------------------------------- */

typedef struct FormatName {
    const char *name;
    ValueFormat format;
    FieldType type;
    FieldType other_type;
} FormatName;

static const FormatName format_names[] = {
    {"YYYY-MM-DD", VALUE_ISO, TYPE_DATE, TYPE_DATE},
    {"YYYYMMDD", VALUE_YYYYMMDD, TYPE_DATE, TYPE_DATE},
    {"MMDDYYYY", VALUE_MMDDYYYY, TYPE_DATE, TYPE_DATE},
    {"M/D/YYYY", VALUE_US_SLASH, TYPE_DATE, TYPE_DATE},
    {"YYYYQQ", VALUE_YYYYQQ, TYPE_INTEGER, TYPE_INTEGER},
    {"MMYYYY", VALUE_MMYYYY, TYPE_INTEGER, TYPE_INTEGER},
    {"grouped", VALUE_GROUPED, TYPE_INTEGER, TYPE_DECIMAL},
    {"percent", VALUE_PERCENT, TYPE_DECIMAL, TYPE_DECIMAL},
    {"rounded", VALUE_ROUNDED, TYPE_DECIMAL, TYPE_DECIMAL},
    {"descriptor", VALUE_DESCRIPTOR, TYPE_TEXT, TYPE_CODE},
};

static Status parse_format(const Field *f, Slice name, unsigned *formats, Error *err)
{
    for (size_t i = 0; i < COUNT_OF(format_names); i++) {
        const FormatName *known = &format_names[i];
        if (!slice_eq_z(name, known->name) || (f->type != known->type && f->type != known->other_type))
            continue;
        *formats |= known->format;
        return OK;
    }
    return error_set(
        err, ERR_INVALID, "field %.*s: format \"%.*s\" is not known for its type", SLICE_ARG(f->name), SLICE_ARG(name));
}

static Status map_codes(ValueReader *r, Error *err)
{
    const CodeList *codes = r->field->codes;
    TRY(map_init(&r->codes, err));
    for (size_t i = 0; codes && i < codes->count; i++)
        TRY(map_put(&r->codes, codes->entries[i].code, i, NULL, err));
    return OK;
}

static Status trim_nulls(ValueReader *r, Error *err)
{
    const Field *f = r->field;
    TRY(mem_zalloc(f->null_count, sizeof *r->nulls, (void **)&r->nulls, err));
    for (size_t i = 0; i < f->null_count; i++)
        r->nulls[i] = slice_trim(f->nulls[i]);
    return OK;
}

/* "[0-9]{9}" and "[0-9]{2,6}" over digits are lengths; the regular expression machine is ten times as slow. */
static bool read_digit_pattern(ValueReader *r)
{
    const Field *f = r->field;
    uint64_t least;
    uint64_t most;
    Slice p = f->pattern;
    if (f->type != TYPE_DIGITS || !slice_starts(p, SLICE("[0-9]{")) || !slice_ends(p, SLICE("}")))
        return false;
    Slice rest = slice_sub(p, 6, p.len - 1);
    Slice first = slice_cut(&rest, ',');
    if (parse_u64(first, &least, NULL) != OK || parse_u64(rest.ptr ? rest : first, &most, NULL) != OK)
        return false;
    if (least == 0 || most < least || most > 1000)
        return false;
    r->digits_min = (uint32_t)least;
    r->digits_max = (uint32_t)most;
    return true;
}

Status value_reader_init(ValueReader *r, const Field *f, ContractFormat format, Error *err)
{
    *r = (ValueReader){.field = f};
    r->length_max = format == FORMAT_FIXED ? 0 : f->length;
    r->wants_regex = f->pattern.len > 0 && !read_digit_pattern(r);
    Slice rest = f->format;
    while (rest.ptr && rest.len > 0)
        TRY(parse_format(f, slice_trim(slice_cut(&rest, '|')), &r->formats, err));
    if (f->type == TYPE_DATE && r->formats == 0)
        r->formats = VALUE_ISO;
    TRY(trim_nulls(r, err));
    return map_codes(r, err);
}

void value_reader_free(ValueReader *r)
{
    mem_free(r->nulls);
    map_free(&r->codes);
}

/* --- numbers ------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decimal digits as a number; false when there is none, another byte, or more than 18. */
static bool digits_number(Slice s, int64_t *out)
{
    if (s.len == 0 || s.len > 18)
        return false;
    int64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *out = v;
    return true;
}

/* "12,345" without its commas in `plain` (at most 32 bytes); groups of three only. */
static bool ungroup(Slice s, char plain[32], Slice *out)
{
    size_t n = 0;
    size_t since_comma = 0;
    bool grouped = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ',') {
            if (since_comma == 0 || (grouped && since_comma != 3))
                return false;
            grouped = true;
            since_comma = 0;
            continue;
        }
        if (n == 32)
            return false;
        plain[n++] = s.ptr[i];
        since_comma++;
    }
    *out = (Slice){plain, n};
    return !grouped || since_comma == 3;
}

static Slice cut_sign(Slice s, bool *negative)
{
    *negative = s.len > 0 && s.ptr[0] == '-';
    return s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? slice_sub(s, 1, s.len) : s;
}

static bool quarter_number(Slice year, Slice quarter, int64_t *out)
{
    int64_t y;
    int64_t q;
    if (!digits_number(year, &y) || !digits_number(quarter, &q))
        return false;
    if (y < 1900 || y > 2199 || q < 1 || q > 4)
        return false;
    *out = quarter_make((int)y, (int)q);
    return true;
}

/* The year range keeps YYYYQQ and MMYYYY apart: no month begins with 19, 20 or 21. */
static bool value_quarter(unsigned formats, Slice s, int64_t *out)
{
    if (s.len != 6)
        return false;
    if ((formats & VALUE_YYYYQQ) && quarter_number(slice_sub(s, 0, 4), slice_sub(s, 4, 6), out))
        return true;
    int64_t month;
    if (!(formats & VALUE_MMYYYY) || !digits_number(slice_sub(s, 0, 2), &month) || month == 0 || month % 3 != 0 ||
        month > 12)
        return false;
    char quarter = (char)('0' + month / 3);
    return quarter_number(slice_sub(s, 2, 6), (Slice){&quarter, 1}, out);
}

bool value_integer(const ValueReader *r, Slice text, int64_t *out)
{
    if (r->formats & (VALUE_YYYYQQ | VALUE_MMYYYY))
        return value_quarter(r->formats, text, out);
    bool negative;
    char plain[32];
    Slice s = cut_sign(text, &negative);
    if ((r->formats & VALUE_GROUPED) && !ungroup(s, plain, &s))
        return false;
    if (!digits_number(s, out))
        return false;
    if (negative)
        *out = -*out;
    return true;
}

/* Appends the first `scale` decimals to v; what is left over must be zeros, or is rounded away. */
static bool add_decimals(int64_t *v, Slice decimals, uint32_t scale, bool rounded)
{
    for (size_t i = 0; i < decimals.len; i++)
        if (!is_digit(decimals.ptr[i]) || (i >= scale && !rounded && decimals.ptr[i] != '0'))
            return false;
    for (uint32_t i = 0; i < scale; i++) {
        int64_t digit = i < decimals.len ? decimals.ptr[i] - '0' : 0;
        if (*v > (DECIMAL_MAX - digit) / 10)
            return false;
        *v = *v * 10 + digit;
    }
    if (decimals.len > scale && decimals.ptr[scale] >= '5')
        (*v)++;
    return true;
}

bool value_decimal(const ValueReader *r, Slice text, int64_t *out)
{
    bool negative;
    char plain[32];
    Slice s = cut_sign(text, &negative);
    if ((r->formats & VALUE_PERCENT) && s.len > 0 && s.ptr[s.len - 1] == '%')
        s.len--;
    Slice decimals = {0};
    size_t point = r->field->implied ? s.len : slice_find(s, SLICE("."));
    if (point < s.len)
        decimals = slice_sub(s, point + 1, s.len);
    Slice whole = slice_sub(s, 0, point);
    if (whole.len == 0 && decimals.len == 0)
        return false;
    if ((r->formats & VALUE_GROUPED) && !ungroup(whole, plain, &whole))
        return false;
    *out = 0;
    if (whole.len > 0 && !digits_number(whole, out))
        return false;
    if (!r->field->implied && !add_decimals(out, decimals, r->field->scale, (r->formats & VALUE_ROUNDED) != 0))
        return false;
    if (*out > DECIMAL_MAX)
        return false;
    if (negative)
        *out = -*out;
    return true;
}

/* --- the rest ------------------------------------------------------------------------------------------------ */

bool value_date(const ValueReader *r, Slice text, Date *out)
{
    return ((r->formats & VALUE_YYYYMMDD) && date_parse(text, DATE_YYYYMMDD, out, NULL) == OK) ||
           ((r->formats & VALUE_MMDDYYYY) && date_parse(text, DATE_MMDDYYYY, out, NULL) == OK) ||
           ((r->formats & VALUE_ISO) && date_parse(text, DATE_ISO, out, NULL) == OK) ||
           ((r->formats & VALUE_US_SLASH) && date_parse(text, DATE_US_SLASH, out, NULL) == OK);
}

static Slice without_descriptor(Slice s)
{
    size_t hash = slice_starts(s, SLICE("uri://")) ? slice_find(s, SLICE("#")) : s.len;
    return hash < s.len ? slice_sub(s, hash + 1, s.len) : s;
}

bool value_text(const ValueReader *r, Slice text, Slice *out)
{
    *out = r->formats & VALUE_DESCRIPTOR ? without_descriptor(text) : text;
    if (r->field->type == TYPE_DIGITS) {
        for (size_t i = 0; i < out->len; i++)
            if (!is_digit(out->ptr[i]))
                return false;
        return out->len > 0;
    }
    if (!r->field->codes)
        return true;
    uint64_t index;
    if (!map_get(&r->codes, *out, &index))
        return false;
    *out = r->field->codes->entries[index].value;
    return true;
}

bool value_boolean(const ValueReader *r, Slice text, bool *out)
{
    static const char *const yes[] = {"1", "y", "yes", "t", "true"};
    static const char *const no[] = {"0", "n", "no", "f", "false"};
    Slice s;
    if (!value_text(r, text, &s))
        return false;
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (slice_eq_nocase(s, slice_of(yes[i])) || slice_eq_nocase(s, slice_of(no[i]))) {
            *out = slice_eq_nocase(s, slice_of(yes[i]));
            return true;
        }
    }
    return false;
}

/* --- all at once ----------------------------------------------------------------------------------------------- */

/* text is not empty */
static bool is_null_spelling(const ValueReader *r, Slice text)
{
    for (size_t i = 0; i < r->field->null_count; i++)
        if (r->nulls[i].len == text.len && r->nulls[i].ptr[0] == text.ptr[0] && slice_eq(r->nulls[i], text))
            return true;
    return false;
}

static bool out_of_range(const Field *f, int64_t v)
{
    bool is_number = f->type == TYPE_INTEGER || f->type == TYPE_DECIMAL;
    return is_number && ((f->has_min && v < f->min) || (f->has_max && v > f->max));
}

/* Sets the value; false when the text is none. */
static bool read_typed(const ValueReader *r, Slice text, Value *out)
{
    switch (r->field->type) {
    case TYPE_INTEGER:
        return value_integer(r, text, &out->number);
    case TYPE_DECIMAL:
        return value_decimal(r, text, &out->number);
    case TYPE_DATE:
        return value_date(r, text, &out->date);
    case TYPE_BOOLEAN:
        return value_boolean(r, text, &out->flag);
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        break;
    }
    return value_text(r, text, &out->string);
}

void value_read(const ValueReader *r, Slice text, Value *out)
{
    const Field *f = r->field;
    /* only what the type needs is set: nobody looks at the rest */
    out->text = text;
    out->missing = false;
    out->there = false;
    if (text.len == 0 || is_null_spelling(r, text)) {
        out->text = (Slice){0};
        out->missing = true;
        out->suspect = f->required;
        return;
    }
    out->there = read_typed(r, text, out);
    out->suspect = !out->there || out_of_range(f, out->number) || (r->length_max > 0 && text.len > r->length_max) ||
                   (r->digits_max > 0 && (text.len < r->digits_min || text.len > r->digits_max));
}
