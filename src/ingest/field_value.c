/* See field_value.h. */
#include "ingest/field_value.h"

#include <duckdb.h>

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
    return error_set(err, ERR_INVALID, "field %.*s: format \"%.*s\" is not known for its type", SLICE_ARG(f->name),
        SLICE_ARG(name));
}

static Status map_codes(ValueReader *r, Error *err)
{
    const CodeList *codes = r->field->codes;
    TRY(map_init(&r->codes, err));
    for (size_t i = 0; codes && i < codes->count; i++)
        TRY(map_put(&r->codes, codes->entries[i].code, i, NULL, err));
    return OK;
}

Status value_reader_init(ValueReader *r, const Field *f, Error *err)
{
    *r = (ValueReader){.field = f};
    Slice rest = f->format;
    while (rest.ptr && rest.len > 0)
        TRY(parse_format(f, slice_trim(slice_cut(&rest, '|')), &r->formats, err));
    if (f->type == TYPE_DATE && r->formats == 0)
        r->formats = VALUE_ISO;
    return map_codes(r, err);
}

void value_reader_free(ValueReader *r)
{
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
    if (!(formats & VALUE_MMYYYY) || !digits_number(slice_sub(s, 0, 2), &month) || month == 0 || month % 3 != 0 || month > 12)
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

/* --- as SQL functions ---------------------------------------------------------------------------------------- */

bool value_is_plain(const ValueReader *r)
{
    return r->field->type == TYPE_TEXT && r->formats == 0 && !r->field->codes;
}

static void put_text(duckdb_vector out, idx_t row, Slice s)
{
    duckdb_string_t *cell = (duckdb_string_t *)duckdb_vector_get_data(out) + row;
    if (s.len > sizeof cell->value.inlined.inlined) {
        duckdb_vector_assign_string_element_len(out, row, s.ptr, s.len);
        return;
    }
    *cell = (duckdb_string_t){0};
    cell->value.inlined.length = (uint32_t)s.len;
    if (s.len > 0)
        memcpy(cell->value.inlined.inlined, s.ptr, s.len);
}

static bool put_value(const ValueReader *r, Slice text, duckdb_vector out, void *data, idx_t row)
{
    Slice s;
    switch (r->field->type) {
    case TYPE_INTEGER:
        return value_integer(r, text, (int64_t *)data + row);
    case TYPE_DECIMAL:
        return value_decimal(r, text, (int64_t *)data + row);
    case TYPE_DATE:
        return value_date(r, text, (Date *)data + row);
    case TYPE_BOOLEAN:
        return value_boolean(r, text, (bool *)data + row);
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        break;
    }
    if (!value_text(r, text, &s))
        return false;
    put_text(out, row, s);
    return true;
}

static void read_column(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector out)
{
    const ValueReader *r = duckdb_scalar_function_get_extra_info(info);
    duckdb_vector in = duckdb_data_chunk_get_vector(input, 0);
    const uint64_t *valid = duckdb_vector_get_validity(in);
    duckdb_string_t *texts = duckdb_vector_get_data(in);
    void *data = duckdb_vector_get_data(out);
    uint64_t *out_valid = NULL;
    idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t k = 0; k < rows; k++) {
        bool there = !valid || (valid[k / 64] >> (k % 64) & 1);
        Slice text = {0};
        if (there)
            text = (Slice){duckdb_string_t_data(&texts[k]), duckdb_string_t_length(texts[k])};
        if (there && put_value(r, text, out, data, k))
            continue;
        if (!out_valid) {
            duckdb_vector_ensure_validity_writable(out);
            out_valid = duckdb_vector_get_validity(out);
        }
        out_valid[k / 64] &= ~(UINT64_C(1) << (k % 64));
    }
}

static duckdb_logical_type value_type(const Field *f)
{
    switch (f->type) {
    case TYPE_INTEGER:
        return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case TYPE_DECIMAL:
        return duckdb_create_decimal_type(18, (uint8_t)f->scale);
    case TYPE_DATE:
        return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case TYPE_BOOLEAN:
        return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        break;
    }
    return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
}

Status value_register(Db *db, const char *name, ValueReader *r, Error *err)
{
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type type = value_type(r->field);
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name);
    duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_function(function, read_column);
    duckdb_scalar_function_set_extra_info(function, r, NULL);
    duckdb_state state = duckdb_register_scalar_function(db_raw_connection(db), function);
    duckdb_destroy_scalar_function(&function);
    duckdb_destroy_logical_type(&type);
    duckdb_destroy_logical_type(&text);
    if (state != DuckDBSuccess)
        return error_set(err, ERR_INTERNAL, "the SQL function %s could not be registered", name);
    return OK;
}
