/*
 * `cairn profile`: what kind of file is this, and what is in its columns?
 *
 * Delimited text is recognised by the delimiter that cuts the first records
 * into the same number of cells, fixed width by lines of one length, XML by its
 * first character. A header is believed only when a column below it is of a
 * type its own cell is not: otherwise the first line may be somebody's data.
 */
#include "ingest/profile.h"

#include <fcntl.h>
#include <unistd.h>

#include "ingest/csv_reader.h"
#include "ingest/field_value.h"
#include "ingest/ingest.h"
#include "ingest/text_encoding.h"

#define SAMPLE_BYTES RECORD_MAX_BYTES
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define TITLES_MAX 20

/* --- one value ------------------------------------------------------------------------------------------------- */

static Status count_text(Profile *p, Counted *table, size_t *count, size_t max, Slice text, bool *full, Error *err)
{
    for (size_t i = 0; i < *count; i++) {
        if (slice_eq(table[i].text, text)) {
            table[i].rows++;
            return OK;
        }
    }
    *full = *count == max;
    if (*full)
        return OK;
    TRY(arena_dup(&p->arena, text, &table[*count].text, err));
    table[(*count)++].rows = 1;
    return OK;
}

/* "Smith-Jones 2" has the shape "A-A 9"; runs of one kind are one sign, but digits keep their number. */
static Slice shape_of(Slice text, char out[32])
{
    size_t n = 0;
    for (size_t i = 0; i < text.len && n < 32; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 128;
        char sign = c >= '0' && c <= '9' ? '9' : letter ? 'A' : (char)c;
        if (sign == 'A' && n > 0 && out[n - 1] == 'A')
            continue;
        out[n++] = sign;
    }
    return (Slice){out, n};
}

static void try_types(Column *c, Slice text)
{
    static const DateFormat formats[PROFILE_DATE_FORMATS] = {DATE_ISO, DATE_YYYYMMDD, DATE_MMDDYYYY, DATE_US_SLASH};
    Field field = {.type = TYPE_INTEGER};
    ValueReader r = {.field = &field};
    int64_t number;
    bool flag;
    Date date;
    Slice string;
    bool is_integer = value_integer(&r, text, &number);
    c->integers += is_integer;
    r.formats = VALUE_YYYYQQ;
    c->quarters += value_integer(&r, text, &number);
    r.formats = 0;
    field.type = TYPE_DIGITS;
    c->digits += value_text(&r, text, &string);
    field.type = TYPE_BOOLEAN;
    c->booleans += value_boolean(&r, text, &flag);
    field.type = TYPE_DECIMAL;
    field.scale = 9;
    if (value_decimal(&r, text, &number)) {
        size_t point = slice_find(text, SLICE("."));
        uint32_t scale = point < text.len ? (uint32_t)(text.len - point - 1) : 0;
        c->decimals++;
        c->scale = scale > c->scale ? scale : c->scale;
    }
    for (size_t i = 0; i < PROFILE_DATE_FORMATS; i++)
        c->dates[i] += date_parse(text, formats[i], &date, NULL) == OK;
}

Status column_see(Profile *p, Column *c, Slice text, Error *err)
{
    char shape[32];
    bool full = false;
    if (text.len == 0)
        return OK;
    c->filled++;
    c->longest = text.len > c->longest ? text.len : c->longest;
    c->shortest = c->shortest == 0 || text.len < c->shortest ? text.len : c->shortest;
    try_types(c, text);
    TRY(count_text(p, c->shapes, &c->shape_count, PROFILE_SHAPES_MAX, shape_of(text, shape), &full, err));
    c->other_shapes += full;
    if (c->too_many_codes)
        return OK;
    return count_text(p, c->codes, &c->code_count, PROFILE_CODES_MAX, text, &c->too_many_codes, err);
}

/* Long numbers are somebody's before they are codes, and so is whatever the header says is about a person. */
static bool may_be_personal(const Column *c)
{
    static const char *const words[] = {"ssn", "social", "name", "birth", "dob", "address", "street", "phone", "mail",
        "sasid", "lasid", "student id", "studentid"};
    if (c->digits == c->filled && c->longest > 6)
        return true;
    char header[128];
    size_t n = 0;
    for (; n < c->header.len && n < sizeof header; n++)
        header[n] =
            c->header.ptr[n] >= 'A' && c->header.ptr[n] <= 'Z' ? (char)(c->header.ptr[n] | 0x20) : c->header.ptr[n];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_find((Slice){header, n}, slice_of(words[i])) < n)
            return true;
    return false;
}

Guess column_guess(const Profile *p, const Column *c)
{
    static const char *const date_names[PROFILE_DATE_FORMATS] = {"YYYY-MM-DD", "YYYYMMDD", "MMDDYYYY", "M/D/YYYY"};
    Guess g = {.type = TYPE_TEXT, .format = ""};
    if (c->filled == 0)
        return g;
    g.codes = !c->too_many_codes && c->longest <= 60 && !may_be_personal(c);
    for (size_t i = 0; i < c->code_count; i++)
        g.codes = g.codes && c->codes[i].rows >= PROFILE_CODE_ROWS_MIN;
    for (size_t i = 0; i < PROFILE_DATE_FORMATS; i++) {
        if (c->dates[i] == c->filled) {
            g = (Guess){.type = TYPE_DATE, .format = date_names[i]};
            return g;
        }
    }
    if (c->quarters == c->filled)
        return (Guess){.type = TYPE_INTEGER, .format = "YYYYQQ"};
    if (c->booleans == c->filled && c->code_count == 2)
        return (Guess){.type = TYPE_BOOLEAN, .format = "", .codes = g.codes};
    if (c->digits == c->filled && (c->longest == c->shortest || p->format == FORMAT_FIXED))
        g.type = TYPE_DIGITS;
    else if (c->integers == c->filled)
        g.type = TYPE_INTEGER;
    else if (c->decimals == c->filled)
        g.type = TYPE_DECIMAL;
    else if (g.codes && c->filled >= p->rows / 10 && c->code_count > 1)
        g.type = TYPE_CODE;
    return g;
}

/* --- delimited text -------------------------------------------------------------------------------------------- */

typedef struct Cutter {
    char *bytes;
    Slice *cells;
} Cutter;

/* The most common number of cells among the first records, and how many have it. */
static size_t usual_cells(const Cutter *cut, Slice text, char delimiter, size_t *agree)
{
    size_t counts[64] = {0};
    Record r;
    CsvCursor c;
    memcpy(cut->bytes, text.ptr, text.len);
    csv_cursor_init(&c, cut->bytes, text.len, delimiter, (ScanPoint){0});
    for (size_t i = 0; i < 200 && csv_split(&c, cut->cells, CELL_MAX_COUNT, &r); i++)
        counts[r.cell_count < 63 ? r.cell_count : 63]++;
    size_t best = 0;
    for (size_t i = 2; i < 64; i++)
        if (counts[i] > counts[best] || best < 2)
            best = i;
    *agree = counts[best];
    return best;
}

static bool find_delimiter(Profile *p, const Cutter *cut, Slice sample)
{
    static const char delimiters[] = {',', '\t', ';', '|'};
    size_t best = 0;
    for (size_t i = 0; i < COUNT_OF(delimiters); i++) {
        size_t agree = 0;
        size_t cells = usual_cells(cut, sample, delimiters[i], &agree);
        if (cells >= 2 && agree * cells > best) {
            best = agree * cells;
            p->delimiter = delimiters[i];
            p->usual_cells = cells;
        }
    }
    return best > 0;
}

static TextEncoding text_encoding(const Profile *p)
{
    return p->is_utf8 ? TEXT_UTF8 : TEXT_WINDOWS_1252;
}

/* A cell that is not of the file's encoding is passed over. */
static Status see_cell(Profile *p, Column *c, Slice raw, Error *err)
{
    Buf scratch;
    Slice text = slice_trim(raw);
    buf_init(&scratch, 0);
    Status st = text_to_utf8(text_encoding(p), text, &scratch, &text) ? column_see(p, c, text, err) : OK;
    buf_free(&scratch);
    return st;
}

/* A line as columns; the first decides how many there are. */
static Status see_record(Profile *p, const Record *r, Error *err)
{
    if (p->rows == 0 && p->columns.len == 0)
        for (size_t i = 0; i < r->cell_count && i < CELL_MAX_COUNT; i++)
            TRY(vec_push(&p->columns, ((Column){0}), err));
    p->rows++;
    if (r->cell_count != p->columns.len || r->defect != DEFECT_NONE) {
        p->odd_rows++;
        return OK;
    }
    for (size_t i = 0; i < r->cell_count; i++)
        TRY(see_cell(p, &p->columns.at[i], r->cells[i], err));
    return OK;
}

/* A draft must be read again, so bytes that stand for no character become question marks. */
static Status header_text(Profile *p, Slice raw, Slice *out, Error *err)
{
    Buf text;
    Slice found = SLICE("");
    buf_init(&text, 0);
    if (!text_to_utf8(text_encoding(p), slice_trim(raw), &text, &found)) {
        buf_reset(&text);
        for (size_t i = 0; i < raw.len; i++)
            buf_addc(&text, (unsigned char)raw.ptr[i] < 0x80 ? raw.ptr[i] : '?');
        found = slice_trim(buf_slice(&text));
    }
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(&p->arena, found, out, err);
    buf_free(&text);
    return st;
}

static bool looks_like_data(Slice cell)
{
    Column c = {0};
    try_types(&c, cell);
    bool date = false;
    for (size_t i = 0; i < PROFILE_DATE_FORMATS; i++)
        date = date || c.dates[i] > 0;
    return c.decimals > 0 || date;
}

static bool is_header(const Profile *p, const Record *first)
{
    bool typed_below = false;
    for (size_t i = 0; i < first->cell_count; i++) {
        Slice cell = slice_trim(first->cells[i]);
        if (cell.len == 0 || looks_like_data(cell))
            return false;
        for (size_t k = 0; k < i; k++)
            if (slice_eq_nocase(cell, slice_trim(first->cells[k])))
                return false;
        const Column *c = &p->columns.at[i];
        typed_below = typed_below || (c->filled > 0 && column_guess(p, c).type != TYPE_TEXT);
    }
    return typed_below;
}

/* A record with one filled cell, or none, before records of three cells and more is a title. */
static bool is_title(const Profile *p, const Record *r)
{
    size_t filled = 0;
    for (size_t i = 0; i < r->cell_count && i < CELL_MAX_COUNT; i++)
        filled += slice_trim(r->cells[i]).len > 0;
    return filled <= 1 && p->usual_cells > 2;
}

static Status first_record(Profile *p, const Cutter *cut, CsvCursor *c, Record *r, Error *err)
{
    while (csv_split(c, cut->cells, CELL_MAX_COUNT, r)) {
        if (p->skip_lines == TITLES_MAX || !is_title(p, r))
            return OK;
        p->skip_lines++;
    }
    return error_set(err, ERR_INVALID, "the file has no records");
}

static Status profile_csv(Profile *p, const Cutter *cut, Slice text, Error *err)
{
    CsvCursor c;
    Record r;
    memcpy(cut->bytes, text.ptr, text.len);
    csv_cursor_init(&c, cut->bytes, text.len, p->delimiter, (ScanPoint){0});
    TRY(first_record(p, cut, &c, &r, err));
    for (size_t i = 0; i < r.cell_count && i < CELL_MAX_COUNT; i++)
        TRY(vec_push(&p->columns, ((Column){0}), err));
    Record first = r;
    Slice *first_cells = NULL;
    TRY(arena_new(&p->arena, Slice, r.cell_count, &first_cells, err));
    for (size_t i = 0; i < p->columns.len; i++)
        TRY(arena_dup(&p->arena, cut->cells[i], &first_cells[i], err));
    first.cells = first_cells;
    first.cell_count = p->columns.len;
    while (csv_split(&c, cut->cells, CELL_MAX_COUNT, &r))
        TRY(see_record(p, &r, err));
    p->header = is_header(p, &first);
    if (!p->header)
        return see_record(p, &first, err);
    for (size_t i = 0; i < p->columns.len; i++)
        TRY(header_text(p, first.cells[i], &p->columns.at[i].header, err));
    return OK;
}

/* --- fixed width ----------------------------------------------------------------------------------------------- */

enum { SEEN_BLANK = 1, SEEN_DIGIT = 2, SEEN_LETTER = 4, SEEN_OTHER = 8 };

static unsigned seen(char c)
{
    if (c == ' ')
        return SEEN_BLANK;
    if (c >= '0' && c <= '9')
        return SEEN_DIGIT;
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (uint8_t)c >= 128 ? SEEN_LETTER : SEEN_OTHER;
}

static Slice next_line(Slice *rest)
{
    Slice line = slice_cut(rest, '\n');
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* Nearly all lines have the length of the first. */
static bool is_fixed(Profile *p, Slice text)
{
    Slice rest = text;
    size_t lines = 0;
    size_t same = 0;
    size_t length = 0;
    while (rest.ptr && rest.len > 0) {
        Slice line = next_line(&rest);
        if (line.len == 0)
            continue;
        if (lines++ == 0)
            length = line.len;
        same += line.len == length;
    }
    p->record_length = (uint32_t)length;
    return lines >= 2 && length >= 10 && length <= 4096 && same * 100 >= lines * 95;
}

/* A column ends where the kinds of signs change, or where every line is blank. */
static Status cut_columns(Profile *p, Slice text, Error *err)
{
    uint8_t *kinds = NULL;
    TRY(arena_new(&p->arena, uint8_t, p->record_length, &kinds, err));
    Slice rest = text;
    while (rest.ptr && rest.len > 0) {
        Slice line = next_line(&rest);
        for (size_t i = 0; i < line.len && line.len == p->record_length; i++)
            kinds[i] |= (uint8_t)seen(line.ptr[i]);
    }
    for (uint32_t i = 0; i < p->record_length;) {
        uint32_t begin = i;
        while (i < p->record_length && (kinds[i] | SEEN_BLANK) == (kinds[begin] | SEEN_BLANK))
            i++;
        if (kinds[begin] != SEEN_BLANK)
            TRY(vec_push(&p->columns, ((Column){.start = begin + 1, .length = i - begin}), err));
    }
    return OK;
}

static Status profile_fixed(Profile *p, Slice text, Error *err)
{
    TRY(cut_columns(p, text, err));
    Slice rest = text;
    while (rest.ptr && rest.len > 0) {
        Slice line = next_line(&rest);
        if (line.len == 0)
            continue;
        p->rows++;
        if (line.len != p->record_length) {
            p->odd_rows++;
            continue;
        }
        for (size_t i = 0; i < p->columns.len; i++) {
            Column *c = &p->columns.at[i];
            TRY(see_cell(p, c, slice_sub(line, c->start - 1, c->start - 1 + c->length), err));
        }
    }
    return OK;
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static Status profile_text(Profile *p, Slice text, Error *err)
{
    Cutter cut = {0};
    Slice sample = slice_sub(text, 0, SAMPLE_BYTES);
    TRY(mem_alloc(text.len + 1, (void **)&cut.bytes, err));
    TRY(arena_new(&p->arena, Slice, CELL_MAX_COUNT, &cut.cells, err));
    Status st;
    p->is_utf8 = slice_is_utf8(text, NULL);
    if (find_delimiter(p, &cut, sample)) {
        p->format = FORMAT_CSV;
        st = profile_csv(p, &cut, text, err);
    } else if (is_fixed(p, sample)) {
        p->format = FORMAT_FIXED;
        st = profile_fixed(p, text, err);
    } else {
        p->format = FORMAT_CSV;
        p->delimiter = ',';
        st = profile_csv(p, &cut, text, err);
    }
    mem_free(cut.bytes);
    return st;
}

static Status profile_bytes(Profile *p, Slice bytes, Error *err)
{
    Slice text = slice_starts(bytes, SLICE("\xEF\xBB\xBF")) ? slice_sub(bytes, 3, bytes.len) : bytes;
    if (slice_trim(text).len == 0)
        return error_set(err, ERR_INVALID, "%s is empty", path_base(p->path));
    if (slice_starts(text, SLICE("PK\x03\x04")) || slice_starts(text, SLICE("\x1F\x8B")))
        return error_set(err, ERR_INVALID, "%s is an archive or compressed, not text", path_base(p->path));
    if (slice_trim(text).ptr[0] == '<') {
        p->format = FORMAT_XML;
        p->is_utf8 = true;
        return profile_xml(p, err);
    }
    return profile_text(p, text, err);
}

Status profile_file(const char *path, Buf *contract_toml, Buf *report_text, Error *err)
{
    Profile p = {.path = path};
    Buf bytes;
    arena_init(&p.arena, 0);
    buf_init(&bytes, FILE_MAX_BYTES + 1);
    Status st = file_read(path, FILE_MAX_BYTES, &bytes, err);
    if (st == OK)
        st = profile_bytes(&p, buf_slice(&bytes), err);
    buf_free(&bytes);
    if (st == OK)
        st = profile_name_columns(&p, err);
    if (st == OK) {
        profile_write_contract(&p, contract_toml);
        profile_write_report(&p, report_text);
        st = buf_status(contract_toml, err);
    }
    if (st == OK)
        st = buf_status(report_text, err);
    vec_free(&p.columns);
    arena_free(&p.arena);
    return st;
}
