/*
 * Contracts as output layouts. Only what a writer needs is read: order, header, position, length, date format, scale,
 * spelling of missing values and the code lists. Rules and mappings are the readers' business.
 */
#include "synth/layout.h"

typedef struct Reader {
    const char *path;
    Arena *arena;
    Layout *l;
    Error *err;
} Reader;

static Status read_format(Reader r, const Toml *t, LayoutField *f)
{
    Slice type, format;
    TRY(toml_str(t, r.path, "type", &type, r.err));
    TRY(toml_str_or(t, r.path, "format", SLICE(""), &format, r.err));
    f->digits = slice_eq_z(type, "digits") || slice_eq_z(type, "integer") || slice_eq_z(type, "decimal");
    f->date = slice_eq_z(format, "MMDDYYYY")   ? DATE_MMDDYYYY
              : slice_eq_z(format, "YYYYMMDD") ? DATE_YYYYMMDD
              : slice_eq_z(format, "M/D/YYYY") ? DATE_US_SLASH
                                               : DATE_ISO;
    return OK;
}

static Status read_missing(Reader r, const Toml *t, LayoutField *f)
{
    const Toml *nulls = NULL;
    TRY(toml_array(t, r.path, "nulls", &nulls, r.err));
    f->missing = nulls && nulls->first ? nulls->first->string : SLICE("");
    return OK;
}

static Status read_field(Reader r, const Toml *t, LayoutField *f)
{
    int64_t start = 0, length = 0, scale = 0;
    TRY(toml_str(t, r.path, "name", &f->name, r.err));
    TRY(toml_str_or(t, r.path, "header", SLICE(""), &f->header, r.err));
    TRY(toml_str_or(t, r.path, "codes", SLICE(""), &f->codes, r.err));
    TRY(toml_int_or(t, r.path, "start", 0, &start, r.err));
    TRY(toml_int_or(t, r.path, "length", 0, &length, r.err));
    TRY(toml_int_or(t, r.path, "scale", 0, &scale, r.err));
    TRY(toml_bool_or(t, r.path, "implied", false, &f->implied, r.err));
    TRY(toml_bool_or(t, r.path, "required", false, &f->required, r.err));
    f->start = (uint32_t)start;
    f->length = (uint32_t)length;
    f->scale = (uint32_t)scale;
    f->column = -1;
    TRY(read_format(r, t, f));
    return read_missing(r, t, f);
}

static Status read_fields(Reader r, const Toml *root)
{
    const Toml *list = NULL;
    TRY(toml_array(root, r.path, "field", &list, r.err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        if (toml_get(t, "derive"))
            continue;
        if (r.l->field_count == LAYOUT_MAX_FIELDS)
            return error_set(r.err, ERR_LIMIT, "%s: more than %d fields", r.path, LAYOUT_MAX_FIELDS);
        LayoutField *f = &r.l->fields[r.l->field_count];
        TRY(read_field(r, t, f));
        if (r.l->format == LAYOUT_FIXED && (f->start == 0 || f->start + f->length - 1 > r.l->record_length))
            return error_set(r.err, ERR_INVALID, "%s:%u: field lies outside the record", r.path, t->line);
        r.l->field_count++;
    }
    return OK;
}

static Status read_codes(Reader r, const Toml *root)
{
    const Toml *lists = NULL;
    TRY(toml_table(root, r.path, "codes", &lists, r.err));
    size_t total = 0;
    for (const Toml *list = lists ? lists->first : NULL; list; list = list->next)
        total += list->count;
    TRY(arena_new(r.arena, LayoutCode, total + 1, &r.l->codes, r.err));
    for (const Toml *list = lists ? lists->first : NULL; list; list = list->next)
        for (const Toml *e = list->first; e; e = e->next)
            r.l->codes[r.l->code_count++] = (LayoutCode){list->key, e->key, e->string};
    return OK;
}

/* What a contract without error_limit_ppm says (docs/contracts.md). */
#define ERROR_LIMIT_DEFAULT_PPM 20000

Status layout_read(const char *policy_dir, const char *name, Arena *arena, Layout *out, Error *err)
{
    memset(out, 0, sizeof *out);
    const char *path = NULL;
    TRY(arena_printf(arena, &path, err, "%s/sources/%s.toml", policy_dir, name));
    const Toml *root = NULL;
    TRY(toml_read(path, arena, &root, err));
    Slice format;
    int64_t length = 0, limit = 0;
    TRY(toml_str(root, path, "name", &out->name, err));
    TRY(toml_str(root, path, "format", &format, err));
    TRY(toml_int_or(root, path, "record_length", 0, &length, err));
    TRY(toml_str_or(root, path, "select", SLICE(""), &out->select, err));
    TRY(toml_int_or(root, path, "error_limit_ppm", ERROR_LIMIT_DEFAULT_PPM, &limit, err));
    out->format = slice_eq_z(format, "fixed") ? LAYOUT_FIXED : slice_eq_z(format, "xml") ? LAYOUT_XML : LAYOUT_CSV;
    out->record_length = (uint32_t)length;
    out->error_limit_ppm = (uint32_t)limit;
    if (out->format == LAYOUT_FIXED && out->record_length == 0)
        return error_set(err, ERR_INVALID, "%s: record_length is missing", path);
    Reader r = {path, arena, out, err};
    TRY(read_fields(r, root));
    return read_codes(r, root);
}

Status layout_bind(Layout *l, const char *const *columns, Error *err)
{
    for (int c = 0; columns[c]; c++) {
        ASSERT(c < LAYOUT_MAX_COLUMNS);
        l->field_of[c] = -1;
        /* the same bytes may be read under two names, as student id and SSN: a column goes to each field of its name */
        for (uint32_t i = 0; i < l->field_count; i++) {
            if (!slice_eq_z(l->fields[i].name, columns[c]))
                continue;
            l->fields[i].column = c;
            l->field_of[c] = (int)i;
        }
    }
    for (uint32_t i = 0; i < l->field_count; i++)
        if (l->fields[i].required && l->fields[i].column < 0)
            return error_set(err, ERR_INVALID,
                "contract %.*s demands the field \"%.*s\", which the synthetic state does not have", SLICE_ARG(l->name),
                SLICE_ARG(l->fields[i].name));
    return OK;
}

Status layout_code(const Layout *l, const char *list, const char *value, uint32_t nth, Slice *out, Error *err)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->code_count; i++)
        count += slice_eq_z(l->codes[i].list, list) && slice_eq_z(l->codes[i].value, value) ? 1U : 0U;
    if (count == 0)
        return error_set(err, ERR_NOT_FOUND, "contract %.*s: code list \"%s\" has no code for \"%s\"",
            SLICE_ARG(l->name), list, value);
    nth %= count;
    for (uint32_t i = 0; i < l->code_count; i++)
        if (slice_eq_z(l->codes[i].list, list) && slice_eq_z(l->codes[i].value, value) && nth-- == 0) {
            *out = l->codes[i].code;
            return OK;
        }
    return error_set(err, ERR_INTERNAL, "code list \"%s\" changed while it was read", list);
}

void layout_header(const Layout *l, Buf *out)
{
    if (l->format != LAYOUT_CSV)
        return;
    for (uint32_t i = 0; i < l->field_count; i++) {
        if (i)
            buf_addc(out, ',');
        csv_cell(out, l->fields[i].header);
    }
    buf_addc(out, '\n');
}

static char *scratch(Row *r, size_t size)
{
    ASSERT(r->used + size <= sizeof r->scratch);
    char *at = r->scratch + r->used;
    r->used += size;
    return at;
}

void row_digits(Row *r, int column, uint64_t v, uint32_t width)
{
    char *at = scratch(r, width);
    put_digits(at, v, width);
    r->cell[column] = (Slice){at, width};
}

static uint32_t digit_count(uint64_t v)
{
    uint32_t n = 1;
    for (; v >= 10; v /= 10)
        n++;
    return n;
}

void row_number(Row *r, int column, int64_t v)
{
    ASSERT(v >= 0);
    row_digits(r, column, (uint64_t)v, digit_count((uint64_t)v));
}

void row_decimal(Row *r, int column, int64_t v)
{
    ASSERT(v >= 0);
    int field = r->layout->field_of[column];
    if (field < 0)
        return;
    const LayoutField *f = &r->layout->fields[field];
    if (f->implied || f->scale == 0) {
        row_digits(r, column, (uint64_t)v,
            f->length && r->layout->format == LAYOUT_FIXED ? f->length : digit_count((uint64_t)v));
        return;
    }
    uint64_t unit = 1;
    for (uint32_t i = 0; i < f->scale; i++)
        unit *= 10;
    uint64_t whole = (uint64_t)v / unit;
    uint32_t n = digit_count(whole);
    char *at = scratch(r, n + 1 + f->scale);
    put_digits(at, whole, n);
    at[n] = '.';
    put_digits(at + n + 1, (uint64_t)v % unit, f->scale);
    r->cell[column] = (Slice){at, n + 1 + f->scale};
}

void row_date(Row *r, int column, Date d)
{
    int field = r->layout->field_of[column];
    if (field < 0 || d == DATE_NONE)
        return;
    int y, m, day;
    date_civil(d, &y, &m, &day);
    char *at = scratch(r, 10);
    size_t n = 8;
    switch (r->layout->fields[field].date) {
    case DATE_MMDDYYYY:
        put_digits(at, (uint64_t)m, 2);
        put_digits(at + 2, (uint64_t)day, 2);
        put_digits(at + 4, (uint64_t)y, 4);
        break;
    case DATE_YYYYMMDD:
        put_digits(at, (uint64_t)y, 4);
        put_digits(at + 4, (uint64_t)m, 2);
        put_digits(at + 6, (uint64_t)day, 2);
        break;
    case DATE_ISO:
    case DATE_US_SLASH:
        n = 10;
        put_digits(at, (uint64_t)y, 4);
        at[4] = at[7] = '-';
        put_digits(at + 5, (uint64_t)m, 2);
        put_digits(at + 8, (uint64_t)day, 2);
        break;
    }
    r->cell[column] = (Slice){at, n};
}

void put_padded(char *out, Slice s, uint32_t width)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len && n < width; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        /* U+0080..U+00FF: two bytes in UTF-8, one in windows-1252 */
        if ((c == 0xc2 || c == 0xc3) && i + 1 < s.len)
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)s.ptr[++i] & 0x3f));
        out[n++] = (char)c;
    }
    memset(out + n, ' ', width - n);
}

static void write_fixed(const Row *r, Buf *out)
{
    const Layout *l = r->layout;
    char *line = buf_reserve(out, l->record_length + 1);
    if (!line)
        return;
    memset(line, ' ', l->record_length);
    if (l->select.len > 0)
        memcpy(line, l->select.ptr, l->select.len);
    for (uint32_t i = 0; i < l->field_count; i++) {
        const LayoutField *f = &l->fields[i];
        Slice s = f->column < 0 ? (Slice){0} : r->cell[f->column];
        if (!s.ptr && f->column < 0 && f->missing.len == 0)
            continue;
        if (!s.ptr)
            s = f->missing;
        char *at = line + f->start - 1;
        uint32_t fill = f->digits && s.len > 0 && s.len < f->length ? f->length - (uint32_t)s.len : 0;
        memset(at, '0', fill);
        put_padded(at + fill, s, f->length - fill);
    }
    line[l->record_length] = '\n';
    buf_advance(out, l->record_length + 1);
}

static void write_csv(const Row *r, Buf *out)
{
    const Layout *l = r->layout;
    for (uint32_t i = 0; i < l->field_count; i++) {
        const LayoutField *f = &l->fields[i];
        if (i)
            buf_addc(out, ',');
        Slice s = f->column < 0 ? (Slice){0} : r->cell[f->column];
        if (!s.ptr)
            s = f->missing;
        if (s.len > 0)
            csv_cell(out, s);
    }
    buf_addc(out, '\n');
}

void layout_write(const Row *r, Buf *out)
{
    if (r->layout->format == LAYOUT_FIXED)
        write_fixed(r, out);
    else
        write_csv(r, out);
}
