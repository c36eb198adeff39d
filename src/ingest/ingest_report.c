/*
 * report.csv: what is wrong with a file, for the people who sent it.
 *
 *   row,line,field,rule,severity,message
 *
 * in the file's own order; findings about the whole file come first, without a
 * row. It names places, never values. Also here: the rejected rows as they were
 * received, which only the vault may hold.
 */
#include "ingest/ingest_job.h"

/* A report nobody reads to its end; what is beyond is counted. */
#define REPORT_MAX_LINES 1000000

/* --- lines ---------------------------------------------------------------------------------------------------- */

typedef struct Line {
    uint64_t row;
    uint64_t line;
    Slice field;
    Slice rule;
    RuleSeverity severity;
    Slice message;
} Line;

typedef struct Report {
    IngestJob *job;
    FileWriter *writer;
    Buf text;
    uint64_t lines;
    uint64_t warnings;
} Report;

static void add_number_cell(Buf *out, uint64_t n)
{
    if (n > 0)
        buf_add_u64(out, n);
    buf_addc(out, ',');
}

static void add_line(Report *r, const Line *line)
{
    r->lines++;
    r->warnings += line->severity == SEVERITY_WARNING;
    if (r->lines > REPORT_MAX_LINES)
        return;
    buf_reset(&r->text);
    add_number_cell(&r->text, line->row);
    add_number_cell(&r->text, line->line);
    csv_cell(&r->text, line->field);
    buf_addc(&r->text, ',');
    csv_cell(&r->text, line->rule);
    buf_adds(&r->text, line->severity == SEVERITY_ERROR ? ",error," : ",warning,");
    csv_cell(&r->text, line->message);
    buf_addc(&r->text, '\n');
    writer_add(r->writer, buf_slice(&r->text));
}

/* --- findings about the whole file ---------------------------------------------------------------------------- */

static void add_file_line(Report *r, uint64_t line, const char *rule, RuleSeverity severity, Slice message)
{
    add_line(r, &(Line){.line = line, .rule = slice_of(rule), .severity = severity, .message = message});
}

static void add_columns(Report *r)
{
    const AgencyFile *file = &r->job->file;
    bool is_csv = file->contract->format == FORMAT_CSV;
    for (size_t i = 0; is_csv && i < file->field_count; i++) {
        if (file->cell_of_field[i] != CELL_ABSENT || file->fields[i]->required)
            continue;
        add_line(r, &(Line){.field = file->fields[i]->name, .rule = SLICE("column"), .severity = SEVERITY_WARNING,
                         .message = SLICE("the file does not have this column; it was taken as empty")});
    }
    /* A header with columns missing may be a row of data, whose text is nobody's business here. */
    bool is_header = !r->job->refusal.refused;
    for (size_t i = 0; is_csv && is_header && i < file->unknown.len; i++)
        add_line(r, &(Line){.field = file->unknown.at[i], .rule = SLICE("column"), .severity = SEVERITY_WARNING,
                         .message = SLICE("the contract does not know this column; it was not read")});
}

static void add_rules(Report *r)
{
    const Contract *c = r->job->contract;
    for (size_t i = 0; i < c->rule_count; i++) {
        const Rule *rule = &c->rules[i];
        if (r->job->rule_warned && r->job->rule_warned[i])
            add_line(r, &(Line){.field = rule->field, .rule = rule->id, .severity = SEVERITY_WARNING, .message =
            rule->message});
        if (r->job->rule_unchecked && r->job->rule_unchecked[i])
            add_line(r, &(Line){.rule = rule->id, .severity = SEVERITY_WARNING,
                             .message = SLICE("not checked: nothing of the other source was ever accepted")});
    }
}

/* --- findings about rows -------------------------------------------------------------------------------------- */

typedef struct CheckText {
    char code;
    const char *rule;
    const char *message;
} CheckText;

static const CheckText check_texts[] = {
    {'n', "required", "the value is missing"},
    {'t', "type", "the value is not of the field's type"},
    {'l', "length", "the value is longer than the field"},
    {'g', "range", "the value is outside the range allowed"},
    {'p', "pattern", "the value does not have the form required"},
};

static const char *type_message(const Field *f)
{
    switch (f->type) {
    case TYPE_DIGITS:
        return "the value is not made of digits only";
    case TYPE_INTEGER:
        return f->format.len ? "the value is not of the form required" : "the value is not a whole number";
    case TYPE_DECIMAL:
        return "the value is not a number of the form required";
    case TYPE_DATE:
        return "the value is not a date of the form required";
    case TYPE_BOOLEAN:
        return "the value is not yes or no";
    case TYPE_TEXT:
    case TYPE_CODE:
        break;
    }
    return "the code is not on the list";
}

static void add_field_problem(Report *r, Line *line, char code, size_t index)
{
    const Field *f = &r->job->contract->fields[index];
    line->field = f->name;
    for (size_t i = 0; i < COUNT_OF(check_texts); i++) {
        if (check_texts[i].code != code)
            continue;
        line->rule = slice_of(code == 't' && f->type == TYPE_CODE ? "code" : check_texts[i].rule);
        line->message = slice_of(code == 't' ? type_message(f) : check_texts[i].message);
    }
    add_line(r, line);
}

static void add_defect(Report *r, Line *line, int64_t code)
{
    Defect d = defect_of_code(code);
    size_t field = defect_field_of_code(code);
    if (field < r->job->file.field_count)
        line->field = r->job->file.fields[field]->name;
    line->rule = slice_of(defect_name(d));
    line->message = slice_of(defect_message(d));
    add_line(r, line);
}

/* One problem code without its ';' (row_check.c lists them). */
static void add_problem(Report *r, Line line, Slice code)
{
    const Contract *c = r->job->contract;
    int64_t number = 0;
    if (code.len == 0)
        return;
    if (code.len > 1 && parse_i64(slice_sub(code, 1, code.len), &number, NULL) != OK)
        return;
    line.severity = SEVERITY_ERROR;
    switch (code.ptr[0]) {
    case 'd':
        add_defect(r, &line, number);
        break;
    case 'i':
        line.rule = SLICE("identity");
        line.severity = SEVERITY_WARNING;
        line.message = SLICE("the row does not say who it is about");
        add_line(r, &line);
        break;
    case 'r':
        line.rule = c->rules[number].id;
        line.severity = c->rules[number].severity;
        line.field = c->rules[number].field;
        line.message = c->rules[number].message;
        add_line(r, &line);
        break;
    default:
        add_field_problem(r, &line, code.ptr[0], (size_t)number);
    }
}

static Status add_rows(Report *r, Error *err)
{
    DbRows *rows = NULL;
    bool more = false;
    /* the join is for the few files where keys or cross rules found something */
    const char *sql =
        r->job->has_findings
            ? "SELECT \"~row\", \"~line\", concat(\"~problems\", codes) FROM staged LEFT JOIN "
              "(SELECT \"~row\", string_agg('r' || rule || ';', '' ORDER BY rule) AS codes FROM finding"
              " GROUP BY \"~row\") "
              "USING (\"~row\") WHERE \"~problems\" IS NOT NULL OR codes IS NOT NULL ORDER BY \"~row\""
            : "SELECT \"~row\", \"~line\", \"~problems\" FROM staged WHERE \"~problems\" IS NOT NULL"
              " ORDER BY \"~row\"";
    TRY(db_query(r->job->db, sql, &rows, err));
    Status st;
    while ((st = db_next(rows, &more, err)) == OK && more) {
        Slice codes = db_str(rows, 2);
        while (codes.ptr) {
            Slice code = slice_cut(&codes, ';');
            add_problem(r, (Line){.row = db_u64(rows, 0), .line = db_u64(rows, 1)}, code);
        }
    }
    db_rows_free(rows);
    return st;
}

/* --- the file ------------------------------------------------------------------------------------------------- */

static Status write_lines(Report *r, Error *err)
{
    const IngestJob *job = r->job;
    writer_add(r->writer, SLICE("row,line,field,rule,severity,message\n"));
    if (job->refusal.refused)
        add_file_line(r, job->refusal.line, "file", SEVERITY_ERROR, slice_of(job->refusal.reason));
    add_columns(r);
    add_rules(r);
    bool has_rows = job->rule_unchecked != NULL; /* the rows were checked */
    if (has_rows)
        TRY(add_rows(r, err));
    if (r->lines > REPORT_MAX_LINES) {
        Buf more;
        buf_init(&more, 0);
        buf_addf(&more, ",,,report,warning,%" PRIu64 " further findings are not listed\n", r->lines - REPORT_MAX_LINES);
        writer_add(r->writer, buf_slice(&more));
        buf_free(&more);
    }
    return buf_status(&r->text, err);
}

Status report_write(IngestJob *job, const char *path, uint64_t *lines, Error *err)
{
    Report r = {.job = job};
    buf_init(&r.text, 0);
    TRY(writer_open(path, MODE_PRIVATE, &r.writer, err));
    Status st = write_lines(&r, err);
    buf_free(&r.text);
    *lines = r.lines;
    job->out->warnings = r.warnings;
    if (st != OK) {
        writer_abandon(r.writer);
        return st;
    }
    return writer_close(r.writer, WRITER_NO_SYNC, err); /* the whole folder is synced later */
}

/* --- rejected rows as received -------------------------------------------------------------------------------- */

typedef Status (*RawFn)(uint64_t row, Slice raw, void *ctx, Error *err);

typedef struct RawReader {
    const IngestJob *job;
    char *bytes; /* as in the file */
    char *work;  /* a copy to cut up: the CSV splitter unfolds quotes in place */
    size_t cap;
} RawReader;

static Status raw_room(RawReader *r, size_t size, Error *err)
{
    if (size + 1 <= r->cap)
        return OK;
    TRY(mem_resize((void **)&r->bytes, size + 1, 1, err));
    TRY(mem_resize((void **)&r->work, size + 1, 1, err));
    r->cap = size + 1;
    return OK;
}

/* Bytes the record at the start of r->work takes, or 0 when it does not end within size. */
static size_t record_size(const RawReader *r, size_t size)
{
    const AgencyFile *file = &r->job->file;
    Slice cells[1];
    Record record;
    if (file->contract->format == FORMAT_CSV) {
        CsvCursor c;
        csv_cursor_init(&c, r->work, size, file->contract->delimiter, (ScanPoint){0});
        if (!csv_split(&c, cells, 1, &record))
            return 0;
        return (size_t)(c.at - r->work) < size ? (size_t)(c.at - r->work) : 0;
    }
    if (file->fixed.unbroken)
        return file->fixed.record_length < size ? file->fixed.record_length : 0;
    const char *line_end = memchr(r->work, '\n', size);
    return line_end ? (size_t)(line_end - r->work) + 1 : 0;
}

static Status read_raw(RawReader *r, uint64_t offset, Slice *out, Error *err)
{
    const AgencyFile *file = &r->job->file;
    uint64_t rest = file->size - offset;
    for (size_t want = 4096;; want *= 16) {
        size_t size = rest < want ? (size_t)rest : want;
        TRY(raw_room(r, size, err));
        TRY(agency_file_read(file, offset, r->bytes, size, err));
        memcpy(r->work, r->bytes, size);
        size_t taken = record_size(r, size);
        if (taken == 0 && size < rest && size <= RECORD_MAX_BYTES)
            continue;
        Slice raw = {r->bytes, taken == 0 ? size : taken};
        while (raw.len > 0 && (raw.ptr[raw.len - 1] == '\n' || raw.ptr[raw.len - 1] == '\r'))
            raw.len--;
        *out = raw;
        return OK;
    }
}

static Status raw_by_offset(IngestJob *job, DbRows *rows, RawFn fn, void *ctx, Error *err)
{
    RawReader r = {.job = job};
    bool more = false;
    Slice raw;
    Status st;
    while ((st = db_next(rows, &more, err)) == OK && more) {
        TRY_OUT(read_raw(&r, db_u64(rows, 1), &raw, err));
        TRY_OUT(fn(db_u64(rows, 0), raw, ctx, err));
    }
out:
    mem_free(r.bytes);
    mem_free(r.work);
    return st;
}

/* XML has no offsets: the document is read again up to each rejected row. */
static Status raw_by_number(IngestJob *job, DbRows *rows, RawFn fn, void *ctx, Error *err)
{
    EdfiReader *xml = NULL;
    XmlPlace place;
    Record record = {0};
    bool more = false;
    bool more_xml = true;
    Status st;
    TRY(agency_file_xml(&job->file, XML_WITH_RAW, &place, &xml, err));
    while ((st = db_next(rows, &more, err)) == OK && more) {
        while (more_xml && record.number < db_u64(rows, 0))
            TRY_OUT(edfi_next(xml, &record, &more_xml, err));
        if (more_xml)
            TRY_OUT(fn(record.number, edfi_raw(xml), ctx, err));
    }
out:
    edfi_close(xml);
    return st;
}

Status rejected_each(IngestJob *job, RawFn fn, void *ctx, Error *err)
{
    DbRows *rows = NULL;
    if (job->out->rows_rejected == 0)
        return OK;
    TRY(db_query(job->db,
        "SELECT \"~row\", \"~at\" FROM staged WHERE NOT \"~ok\" OR "
        "\"~row\" IN (SELECT \"~row\" FROM finding WHERE rejects) "
        "ORDER BY \"~row\"",
        &rows, err));
    Status st = job->contract->format == FORMAT_XML ? raw_by_number(job, rows, fn, ctx, err)
                                                    : raw_by_offset(job, rows, fn, ctx, err);
    db_rows_free(rows);
    return st;
}
