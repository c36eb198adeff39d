/* The draft contract and the report of `cairn profile`. Values appear only as code lists that column_guess allows. */
#include "ingest/profile.h"

#include <stdlib.h>

/* --- names ------------------------------------------------------------------------------------------------------ */

/* snake_case of any text: what is neither letter nor digit becomes one underscore. Begins with a letter. */
static void add_snake(Buf *out, Slice text)
{
    size_t begin = out->len;
    bool gap = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool plain = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain) {
            gap = true;
            continue;
        }
        bool camel = upper && i > 0 && text.ptr[i - 1] >= 'a' && text.ptr[i - 1] <= 'z';
        if ((gap || camel) && out->len > begin)
            buf_addc(out, '_');
        if (out->len == begin && c >= '0' && c <= '9')
            buf_adds(out, "c_");
        buf_addc(out, upper ? (char)(c - 'A' + 'a') : c);
        gap = false;
    }
}

static bool name_taken(const Profile *p, size_t before, Slice name)
{
    for (size_t i = 0; i < before; i++)
        if (slice_eq(p->columns.at[i].name, name))
            return true;
    return slice_eq_z(name, "row_no") || slice_eq_z(name, "record_tag") || slice_starts(name, SLICE("scope_"));
}

/* XML paths are named by their last part. Names already taken, and empty ones, get the column's number. */
static void make_name(const Profile *p, size_t index, Buf *out)
{
    Slice header = p->columns.at[index].header;
    if (p->format == FORMAT_XML)
        while (slice_find(header, SLICE("/")) < header.len)
            slice_cut(&header, '/');
    add_snake(out, slice_sub(header, 0, 60));
    if (out->len == 0)
        buf_addf(out, "column_%zu", index + 1);
    else if (name_taken(p, index, buf_slice(out)))
        buf_addf(out, "_%zu", index + 1);
}

Status profile_name_columns(Profile *p, Error *err)
{
    Buf name;
    buf_init(&name, 0);
    Status st = OK;
    for (size_t i = 0; st == OK && i < p->columns.len; i++) {
        buf_reset(&name);
        make_name(p, i, &name);
        st = buf_status(&name, err);
        if (st == OK)
            st = arena_dup(&p->arena, buf_slice(&name), &p->columns.at[i].name, err);
    }
    buf_free(&name);
    return st;
}

/* --- TOML ------------------------------------------------------------------------------------------------------- */

static void add_string(Buf *out, Slice s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if ((uint8_t)c < 32 || c == 127)
            buf_addf(out, "\\u%04X", (unsigned)(uint8_t)c);
        else
            buf_addc(out, c);
    }
    buf_addc(out, '"');
}

static void add_pair(Buf *out, const char *key, Slice value)
{
    buf_addf(out, "%s = ", key);
    add_string(out, value);
    buf_addc(out, '\n');
}

static const char *type_name(FieldType t)
{
    static const char *const names[] = {
        [TYPE_TEXT] = "text", [TYPE_DIGITS] = "digits", [TYPE_INTEGER] = "integer", [TYPE_DECIMAL] = "decimal",
        [TYPE_DATE] = "date", [TYPE_BOOLEAN] = "boolean", [TYPE_CODE] = "code"};
    return names[t];
}

static void add_head(const Profile *p, Buf *out)
{
    Slice base = slice_of(path_base(p->path));
    Buf name;
    buf_init(&name, 0);
    add_snake(&name, slice_sub(base, 0, slice_find(base, SLICE("."))));
    if (name.len == 0)
        buf_adds(&name, "unknown");
    buf_adds(out,
        "# Draft made by `cairn profile`: read every line before use. Types, lengths and code lists are\n"
                  "# guesses from one file; definitions, sensitivities, identity roles, keys and the agreement's\n"
                  "# clauses are for a person to set.\n\n");
    add_pair(out, "schema", SLICE("cairn.contract/1"));
    add_pair(out, "name", buf_slice(&name));
    add_pair(out, "version", SLICE("1"));
    add_pair(out, "title", SLICE("Draft"));
    buf_adds(out, "effective_from = 2000-01-01\n");
    add_pair(out, "status", SLICE("assumed"));
    add_pair(out, "source", SLICE("guessed from one file by cairn profile"));
    buf_addc(out, '\n');
    add_pair(out, "agency", SLICE("unknown"));
    add_pair(out, "kind", SLICE("records"));
    add_pair(out, "format", p->format == FORMAT_CSV ? SLICE("csv") : p->format == FORMAT_FIXED ? SLICE("fixed")
        : SLICE("xml"));
    add_pair(out, "encoding", p->is_utf8 ? SLICE("utf-8") : SLICE("windows-1252"));
    if (p->format == FORMAT_CSV && p->delimiter != ',')
        add_pair(out, "delimiter", (Slice){&p->delimiter, 1});
    if (p->format == FORMAT_CSV && !p->header)
        buf_adds(out, "header = false\n");
    if (p->skip_lines > 0)
        buf_addf(out, "skip_lines = %" PRIu32 "\n", p->skip_lines);
    if (p->format == FORMAT_FIXED)
        buf_addf(out, "record_length = %" PRIu32 "\n", p->record_length);
    if (p->format == FORMAT_XML)
        add_pair(out, "row_element", p->row_element);
    buf_free(&name);
}

static void add_place(const Profile *p, const Column *c, Buf *out)
{
    if (p->format == FORMAT_FIXED)
        buf_addf(out, "start = %" PRIu32 "\nlength = %" PRIu32 "\n", c->start, c->length);
    else if (p->format == FORMAT_XML)
        add_pair(out, "path", c->header);
    else if (c->header.len > 0)
        add_pair(out, "header", c->header);
}

static void add_field(const Profile *p, const Column *c, Buf *out)
{
    Guess g = column_guess(p, c);
    buf_adds(out, "\n[[field]]\n");
    add_pair(out, "name", c->name);
    add_place(p, c, out);
    add_pair(out, "type", slice_of(type_name(g.type)));
    if (g.format[0])
        add_pair(out, "format", slice_of(g.format));
    if (g.type == TYPE_DECIMAL)
        buf_addf(out, "scale = %" PRIu32 "\n", c->scale);
    if (g.type == TYPE_CODE)
        add_pair(out, "codes", c->name);
    if (p->format != FORMAT_FIXED && (g.type == TYPE_TEXT || g.type == TYPE_DIGITS) && c->longest > 0)
        buf_addf(out, "length = %zu\n", c->longest);
    if (c->filled > 0 && c->filled >= p->rows)
        buf_adds(out, "required = true\n");
    add_pair(out, "definition", SLICE("to be written"));
    add_pair(out, "sensitivity", SLICE("identifier"));
    add_pair(out, "clause", SLICE("1.1"));
}

static int by_text(const void *a, const void *b)
{
    const Counted *x = a;
    const Counted *y = b;
    return slice_cmp(x->text, y->text);
}

static void add_codes(const Column *c, Buf *out)
{
    Counted sorted[PROFILE_CODES_MAX];
    memcpy(sorted, c->codes, sizeof sorted);
    qsort(sorted, c->code_count, sizeof *sorted, by_text);
    buf_addf(out, "\n[codes.%.*s]\n", SLICE_ARG(c->name));
    for (size_t i = 0; i < c->code_count; i++) {
        add_string(out, sorted[i].text);
        buf_adds(out, " = ");
        add_string(out, sorted[i].text);
        buf_addc(out, '\n');
    }
}

void profile_write_contract(const Profile *p, Buf *out)
{
    add_head(p, out);
    for (size_t i = 0; i < p->columns.len; i++)
        add_field(p, &p->columns.at[i], out);
    for (size_t i = 0; i < p->columns.len; i++)
        if (column_guess(p, &p->columns.at[i]).type == TYPE_CODE)
            add_codes(&p->columns.at[i], out);
}

/* --- report ------------------------------------------------------------------------------------------------------ */

static int by_rows(const void *a, const void *b)
{
    const Counted *x = a;
    const Counted *y = b;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return slice_cmp(x->text, y->text);
}

static void add_counted(const Counted *table, size_t count, size_t most, Buf *out)
{
    Counted sorted[PROFILE_CODES_MAX];
    memcpy(sorted, table, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_rows);
    for (size_t i = 0; i < count && i < most; i++)
        buf_addf(out, "%s%.*s (%" PRIu64 ")", i ? ", " : "", SLICE_ARG(sorted[i].text), sorted[i].rows);
    if (count > most)
        buf_adds(out, ", ...");
    buf_addc(out, '\n');
}

/* A shape of its own in a handful of rows is left out too: punctuation can be telling. */
static void add_shapes(const Column *c, Buf *out)
{
    Counted common[PROFILE_SHAPES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < c->shape_count; i++)
        if (c->shapes[i].rows >= PROFILE_CODE_ROWS_MIN)
            common[count++] = c->shapes[i];
    if (count == 0)
        return;
    buf_adds(out, "    patterns: ");
    add_counted(common, count, 5, out);
}

static void add_column(const Profile *p, const Column *c, Buf *out)
{
    Guess g = column_guess(p, c);
    uint64_t rows = p->rows > p->odd_rows ? p->rows - p->odd_rows : 0;
    buf_addf(out, "  %.*s: %s", SLICE_ARG(c->name), type_name(g.type));
    if (g.format[0])
        buf_addf(out, " %s", g.format);
    if (p->format == FORMAT_FIXED)
        buf_addf(out, ", position %" PRIu32 ", width %" PRIu32, c->start, c->length);
    buf_addf(out, ", filled %.1f %%", rows ? 100.0 * (double)c->filled / (double)rows : 0.0);
    if (c->filled > 0)
        buf_addf(out, ", length %zu to %zu", c->shortest, c->longest);
    if (!c->too_many_codes)
        buf_addf(out, ", %zu distinct", c->code_count);
    buf_addc(out, '\n');
    add_shapes(c, out);
    if (g.codes && c->code_count > 0) {
        buf_adds(out, "    values: ");
        add_counted(c->codes, c->code_count, PROFILE_CODES_MAX, out);
    }
}

void profile_write_report(const Profile *p, Buf *out)
{
    buf_addf(out, "%s: ", path_base(p->path));
    if (p->format == FORMAT_XML)
        buf_addf(out, "XML, rows are <%.*s>", SLICE_ARG(p->row_element));
    else if (p->format == FORMAT_FIXED)
        buf_addf(out, "fixed width, %" PRIu32 " bytes a record", p->record_length);
    else
        buf_addf(out, "delimited by %s, %s", p->delimiter == '\t' ? "tab" : (char[]){p->delimiter, '\0'},
            p->header ? "with a header" : "no header (or none that is certain)");
    buf_addf(out, ", %s, %" PRIu64 " rows, %zu columns\n", p->is_utf8 ? "UTF-8" : "Windows-1252", p->rows,
        p->columns.len);
    if (p->odd_rows > 0)
        buf_addf(out, "%" PRIu64 " rows do not have the usual number of fields or length\n", p->odd_rows);
    for (size_t i = 0; i < p->columns.len; i++)
        add_column(p, &p->columns.at[i], out);
}
