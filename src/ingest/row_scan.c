/*
 * See row_scan.h. Strings of up to 12 bytes, which are most of them, are written straight into DuckDB's inlined form;
 * longer ones go through the C API, which copies them into the vector's own heap.
 */
#include "ingest/row_scan.h"

#include <duckdb.h>
#include <pthread.h>
#include <stdio.h>

/* then a ~n column a field, then a typed column a field: in this file's own notes COLUMN_TEXT and COLUMN_VALUE */
enum { COLUMN_ROW, COLUMN_LINE, COLUMN_AT, COLUMN_DEFECT, COLUMN_FIRST, COLUMN_SUSPECT, COLUMN_FIELDS };
enum { COLUMN_TEXT = COLUMN_FIELDS, COLUMN_VALUE };

#define DEFECT_BITS 8
#define NO_FIELD SIZE_MAX

struct RowScan {
    const AgencyFile *file;
    const ValueReader *readers;
    Progress *progress;
    bool fill_down;
    size_t parts;
    pthread_mutex_t lock; /* guards what follows */
    Status status;
    Error error;
    Refusal refusal;
};

/* One running statement. */
typedef struct ScanJob {
    RowScan *scan;
    size_t next_point;
    size_t end_point;
    idx_t *columns; /* projected columns, in the order of the output */
    idx_t column_count;
} ScanJob;

typedef struct OutColumn {
    duckdb_vector vector;
    void *data;
    uint64_t *valid; /* NULL until the first NULL; of a sparse column all rows begin as NULL */
    idx_t column;    /* COLUMN_..., COLUMN_TEXT or COLUMN_VALUE */
    size_t field;    /* of the last two */
} OutColumn;

/* One thread of it. */
typedef struct ScanThread {
    RowScan *scan;
    ScanJob *job;       /* set at each call: DuckDB does not show it before */
    OutColumn *columns; /* first those that every row fills, */
    size_t dense_count;
    size_t column_count; /* then those that only a defect or a suspect row does */
    Slice *cells;        /* the record's, as read */
    Slice *texts;        /* one a field: UTF-8, trimmed; len 0: missing */
    Value *values;       /* one a field */
    bool suspect;
    Buf *carried; /* fill_down: the last value of each field */
    Buf scratch;
    char *bytes;
    size_t bytes_cap;
    CsvCursor csv;
    FixedCursor fixed;
    EdfiReader *xml;
    XmlPlace xml_place;
    bool in_slice;
    bool refused; /* the reader refused the file; noted already */
} ScanThread;

static int32_t defect_code(Defect d, size_t field)
{
    uint32_t place = field == NO_FIELD ? 0 : (uint32_t)field + 1;
    return (int32_t)(place << DEFECT_BITS | (uint32_t)d);
}

Defect defect_of_code(int64_t code)
{
    return (Defect)(code & ((1 << DEFECT_BITS) - 1));
}

size_t defect_field_of_code(int64_t code)
{
    int64_t place = code >> DEFECT_BITS;
    return place == 0 ? NO_FIELD : (size_t)place - 1;
}

/* --- failures ------------------------------------------------------------------------------------------------ */

static void note_failure(RowScan *scan, Status st, const Error *err, const Refusal *refusal)
{
    pthread_mutex_lock(&scan->lock);
    if (refusal && !scan->refusal.refused)
        scan->refusal = *refusal;
    if (st != OK && scan->status == OK) {
        scan->status = st;
        memcpy(&scan->error, err, sizeof scan->error); /* gcc 12 takes an assignment for one of the pointer */
    }
    pthread_mutex_unlock(&scan->lock);
}

bool row_scan_failed(RowScan *scan, Status *st, Refusal *refusal, Error *err)
{
    *st = scan->status;
    if (scan->status != OK) {
        if (err)
            *err = scan->error;
        return true;
    }
    if (scan->refusal.refused)
        *refusal = scan->refusal;
    return scan->refusal.refused;
}

/* --- one thread's place in the file -------------------------------------------------------------------------- */

static void thread_free(void *p)
{
    ScanThread *t = p;
    if (!t)
        return;
    if (t->carried)
        for (size_t i = 0; i < t->scan->file->field_count; i++)
            buf_free(&t->carried[i]);
    edfi_close(t->xml);
    buf_free(&t->scratch);
    mem_free(t->bytes);
    mem_free(t->columns);
    mem_free(t->cells);
    mem_free(t->texts);
    mem_free(t->values);
    mem_free(t->carried);
    mem_free(t);
}

static Status thread_new(RowScan *scan, idx_t columns, ScanThread **out, Error *err)
{
    const AgencyFile *file = scan->file;
    size_t cells = file->cell_count > file->field_count ? file->cell_count : file->field_count;
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    ScanThread *t = *out;
    t->scan = scan;
    buf_init(&t->scratch, 0);
    TRY(mem_zalloc(columns + 1, sizeof *t->columns, (void **)&t->columns, err));
    TRY(mem_zalloc(cells + 1, sizeof *t->cells, (void **)&t->cells, err));
    TRY(mem_zalloc(file->field_count + 1, sizeof *t->texts, (void **)&t->texts, err));
    TRY(mem_zalloc(file->field_count + 1, sizeof *t->values, (void **)&t->values, err));
    if (scan->fill_down) {
        TRY(mem_zalloc(file->field_count, sizeof *t->carried, (void **)&t->carried, err));
        for (size_t i = 0; i < file->field_count; i++)
            buf_init(&t->carried[i], FIELD_MAX_BYTES * 4);
    }
    return OK;
}

/* Takes the next slice of the file, if there is one. */
static Status next_slice(ScanThread *t, bool *more, Error *err)
{
    const AgencyFile *file = t->scan->file;
    *more = t->job->next_point < t->job->end_point;
    if (!*more)
        return OK;
    size_t i = t->job->next_point++;
    ScanPoint from = file->points.at[i];
    uint64_t to = i + 1 < file->points.len ? file->points.at[i + 1].offset : file->size;
    size_t size = (size_t)(to - from.offset);
    if (size + 1 > t->bytes_cap) {
        TRY(mem_resize((void **)&t->bytes, size + 1, 1, err));
        t->bytes_cap = size + 1;
    }
    TRY(agency_file_read(file, from.offset, t->bytes, size, err));
    TRY(cancel_check(err));
    progress_add(t->scan->progress, size);
    if (file->contract->format == FORMAT_CSV)
        csv_cursor_init(&t->csv, t->bytes, size, file->contract->delimiter, from);
    else
        t->fixed = (FixedCursor){.layout = &file->fixed, .at = t->bytes, .end = t->bytes + size, .place = from};
    t->in_slice = true;
    return OK;
}

static Status next_xml(ScanThread *t, Record *record, bool *more, Error *err)
{
    const AgencyFile *file = t->scan->file;
    if (!t->xml)
        TRY(agency_file_xml(file, XML_CELLS_ONLY, &t->xml_place, &t->xml, err));
    TRY(edfi_next(t->xml, record, more, err));
    if (edfi_refusal(t->xml)->refused) {
        note_failure(t->scan, OK, NULL, edfi_refusal(t->xml));
        t->refused = true;
        return error_set(err, ERR_PARSE, "%s", edfi_refusal(t->xml)->reason);
    }
    return OK;
}

static Status next_record(ScanThread *t, Record *record, bool *more, Error *err)
{
    const AgencyFile *file = t->scan->file;
    if (file->contract->format == FORMAT_XML)
        return next_xml(t, record, more, err);
    for (;;) {
        if (t->in_slice) {
            *more = file->contract->format == FORMAT_CSV ? csv_split(&t->csv, t->cells, file->cell_count, record)
                                                         : fixed_split(&t->fixed, t->cells, record);
            if (*more)
                return OK;
            t->in_slice = false;
        }
        TRY(next_slice(t, more, err));
        if (!*more)
            return OK;
    }
}

/* --- one record ---------------------------------------------------------------------------------------------- */

static size_t field_of_cell(const AgencyFile *file, size_t cell)
{
    for (size_t i = 0; i < file->field_count; i++)
        if (file->cell_of_field[i] == cell)
            return i;
    return NO_FIELD;
}

static int32_t record_defect(const AgencyFile *file, const Record *record)
{
    if (record->defect != DEFECT_NONE) {
        bool at_field = record->defect == DEFECT_ENCODING || record->defect == DEFECT_CELL_LONG ||
                        record->defect == DEFECT_QUOTE_INSIDE || record->defect == DEFECT_AFTER_QUOTE ||
                        record->defect == DEFECT_NUL;
        return defect_code(record->defect, at_field ? field_of_cell(file, record->defect_cell) : NO_FIELD);
    }
    if (file->contract->format != FORMAT_CSV || record->cell_count == file->cell_count)
        return 0;
    return defect_code(record->cell_count < file->cell_count ? DEFECT_CELLS_MISSING : DEFECT_CELLS_EXTRA, NO_FIELD);
}

/* slice_trim for cells, nearly all of which need none. */
static Slice trimmed(Slice s)
{
    return s.len == 0 || ((uint8_t)s.ptr[0] > ' ' && (uint8_t)s.ptr[s.len - 1] > ' ') ? s : slice_trim(s);
}

/* Cells to texts. Returns the defect, 0 when there is none. */
static int32_t read_texts(ScanThread *t, const Record *record)
{
    const AgencyFile *file = t->scan->file;
    int32_t defect = record_defect(file, record);
    TextEncoding encoding = file->contract->format == FORMAT_XML ? TEXT_UTF8 : file->encoding;
    buf_reset(&t->scratch);
    /* room for all at once, so that slices into the buffer stay where they are; nothing grows more than threefold */
    if (!record->ascii) {
        size_t bytes = 0;
        for (size_t i = 0; i < record->cell_count && i < file->cell_count; i++)
            bytes += record->cells[i].len;
        if (!buf_reserve(&t->scratch, bytes * 3 + 1))
            return defect_code(DEFECT_CELL_LONG, NO_FIELD);
    }
    for (size_t i = 0; defect == 0 && i < file->field_count; i++) {
        size_t cell = file->cell_of_field[i];
        Slice value = {0};
        if (cell != CELL_ABSENT)
            value = trimmed(record->cells[cell]);
        if (!record->ascii && !text_to_utf8(encoding, value, &t->scratch, &value))
            defect = defect_code(DEFECT_ENCODING, i);
        t->texts[i].ptr = value.ptr;
        t->texts[i].len = value.len;
    }
    return defect;
}

static void fill_down(ScanThread *t)
{
    const AgencyFile *file = t->scan->file;
    for (size_t i = 0; i < file->field_count; i++) {
        if (!file->fields[i]->fill_down)
            continue;
        if (t->texts[i].len > 0) {
            buf_reset(&t->carried[i]);
            buf_add(&t->carried[i], t->texts[i]);
        } else {
            t->texts[i] = buf_slice(&t->carried[i]);
        }
    }
}

static void read_values(ScanThread *t)
{
    size_t count = t->scan->file->field_count;
    t->suspect = false;
    for (size_t i = 0; i < count; i++) {
        value_read(&t->scan->readers[i], t->texts[i], &t->values[i]);
        t->suspect |= t->values[i].suspect;
    }
}

/* --- into DuckDB's vectors ----------------------------------------------------------------------------------- */

static void put_null(OutColumn *c, idx_t row)
{
    if (!c->valid) {
        duckdb_vector_ensure_validity_writable(c->vector);
        c->valid = duckdb_vector_get_validity(c->vector);
    }
    c->valid[row / 64] &= ~(UINT64_C(1) << (row % 64));
}

/* n bytes, at most 12, without a call: first and last part may overlap. */
static inline void copy_few(char *to, const char *from, size_t n)
{
    if (n >= sizeof(uint64_t)) {
        uint64_t first, last;
        memcpy(&first, from, sizeof first);
        memcpy(&last, from + n - sizeof last, sizeof last);
        memcpy(to, &first, sizeof first);
        memcpy(to + n - sizeof last, &last, sizeof last);
    } else if (n >= sizeof(uint32_t)) {
        uint32_t first, last;
        memcpy(&first, from, sizeof first);
        memcpy(&last, from + n - sizeof last, sizeof last);
        memcpy(to, &first, sizeof first);
        memcpy(to + n - sizeof last, &last, sizeof last);
    } else {
        to[0] = from[0];
        to[n / 2] = from[n / 2];
        to[n - 1] = from[n - 1];
    }
}

static void put_string(OutColumn *c, idx_t row, Slice s)
{
    if (s.len == 0) {
        put_null(c, row);
        return;
    }
    duckdb_string_t *cell = (duckdb_string_t *)c->data + row;
    if (s.len > sizeof cell->value.inlined.inlined) {
        duckdb_vector_assign_string_element_len(c->vector, row, s.ptr, s.len);
        return;
    }
    *cell = (duckdb_string_t){0};
    cell->value.inlined.length = (uint32_t)s.len;
    copy_few(cell->value.inlined.inlined, s.ptr, s.len);
}

static void put_first(ScanThread *t, OutColumn *c, idx_t row, const Record *record)
{
    const AgencyFile *file = t->scan->file;
    size_t cells = record->cell_count < file->cell_count ? record->cell_count : file->cell_count;
    Slice s = {0};
    for (size_t i = 0; i < cells && s.len == 0; i++) /* a trailer may stand under a later column */
        s = slice_trim(record->cells[i]);
    Buf scratch;
    buf_init(&scratch, 0);
    if (!text_to_utf8(file->contract->format == FORMAT_XML ? TEXT_UTF8 : file->encoding, s, &scratch, &s))
        s = (Slice){0};
    put_string(c, row, s);
    buf_free(&scratch);
}

static void put_value(ScanThread *t, OutColumn *c, idx_t row)
{
    const Value *v = &t->values[c->field];
    if (!v->there) {
        put_null(c, row);
        return;
    }
    switch (t->scan->file->fields[c->field]->type) {
    case TYPE_INTEGER:
    case TYPE_DECIMAL:
        ((int64_t *)c->data)[row] = v->number;
        break;
    case TYPE_DATE:
        ((Date *)c->data)[row] = v->date;
        break;
    case TYPE_BOOLEAN:
        ((bool *)c->data)[row] = v->flag;
        break;
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        put_string(c, row, v->string);
    }
}

static void put_dense(ScanThread *t, OutColumn *c, idx_t row, const Record *record, int32_t defect)
{
    switch (c->column) {
    case COLUMN_ROW:
        ((int64_t *)c->data)[row] = (int64_t)record->number;
        break;
    case COLUMN_LINE:
        ((int64_t *)c->data)[row] = (int64_t)record->line;
        break;
    case COLUMN_AT:
        ((int64_t *)c->data)[row] = (int64_t)record->offset;
        break;
    case COLUMN_FIRST:
        put_first(t, c, row, record);
        break;
    case COLUMN_SUSPECT:
        ((bool *)c->data)[row] = defect != 0 || t->suspect;
        break;
    case COLUMN_TEXT:
        put_string(c, row, defect == 0 ? t->values[c->field].text : (Slice){0});
        break;
    case COLUMN_VALUE:
        if (defect == 0)
            put_value(t, c, row);
        else
            put_null(c, row);
    }
}

static void put_sparse(ScanThread *t, OutColumn *c, idx_t row, int32_t defect)
{
    Slice text = c->column == COLUMN_TEXT ? t->values[c->field].text : (Slice){0};
    if (c->column == COLUMN_DEFECT ? defect == 0 : defect != 0 || text.len == 0)
        return;
    c->valid[row / 64] |= UINT64_C(1) << (row % 64);
    if (c->column == COLUMN_DEFECT)
        ((int32_t *)c->data)[row] = defect;
    else
        put_string(c, row, text);
}

static void put_record(ScanThread *t, idx_t row, const Record *record, int32_t defect)
{
    for (size_t i = 0; i < t->dense_count; i++)
        put_dense(t, &t->columns[i], row, record, defect);
    if (defect == 0 && !t->suspect)
        return;
    for (size_t i = t->dense_count; i < t->column_count; i++)
        put_sparse(t, &t->columns[i], row, defect);
}

static Status fill_chunk(ScanThread *t, duckdb_data_chunk output, Error *err)
{
    idx_t max = duckdb_vector_size();
    idx_t rows = 0;
    bool more = true;
    Record record;
    while (rows < max) {
        TRY(next_record(t, &record, &more, err));
        if (!more)
            break;
        int32_t defect = read_texts(t, &record);
        if (t->carried && defect == 0)
            fill_down(t);
        if (defect == 0)
            read_values(t);
        put_record(t, rows, &record, defect);
        rows++;
    }
    duckdb_data_chunk_set_size(output, rows);
    return OK;
}

/* --- the table function -------------------------------------------------------------------------------------- */

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

static void add_column(duckdb_bind_info info, const char *name, duckdb_logical_type type)
{
    duckdb_bind_add_result_column(info, name, type);
    duckdb_destroy_logical_type(&type);
}

typedef struct ScanPart {
    size_t from, to; /* scan points */
} ScanPart;

static ScanPart find_part(const RowScan *scan, duckdb_value part)
{
    size_t points = scan->file->points.len;
    size_t n = part ? (size_t)duckdb_get_int64(part) : 0;
    size_t parts = part ? scan->parts : 1;
    return (ScanPart){points * n / parts, points * (n + 1) / parts};
}

static void bind_part(const RowScan *scan, duckdb_bind_info info)
{
    ScanPart *part = NULL;
    duckdb_value value = duckdb_bind_get_named_parameter(info, "part");
    if (mem_alloc(sizeof *part, (void **)&part, NULL) == OK) {
        *part = find_part(scan, value);
        duckdb_bind_set_bind_data(info, part, mem_free);
    } else {
        duckdb_bind_set_error(info, "out of memory");
    }
    if (value)
        duckdb_destroy_value(&value);
}

static void scan_bind(duckdb_bind_info info)
{
    static const struct {
        const char *name;
        duckdb_type type;
    } leading[COLUMN_FIELDS] = {
        {"~row", DUCKDB_TYPE_BIGINT},
        {"~line", DUCKDB_TYPE_BIGINT},
        {"~at", DUCKDB_TYPE_BIGINT},
        {"~defect", DUCKDB_TYPE_INTEGER},
        {"~first", DUCKDB_TYPE_VARCHAR},
        {"~suspect", DUCKDB_TYPE_BOOLEAN},
    };
    const RowScan *scan = duckdb_bind_get_extra_info(info);
    char name[128];
    for (size_t i = 0; i < COLUMN_FIELDS; i++)
        add_column(info, leading[i].name, duckdb_create_logical_type(leading[i].type));
    for (size_t i = 0; i < scan->file->field_count; i++) {
        snprintf(name, sizeof name, "~n%zu", i);
        add_column(info, name, duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
    }
    for (size_t i = 0; i < scan->file->field_count; i++) {
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(scan->file->fields[i]->name));
        add_column(info, name, value_type(scan->file->fields[i]));
    }
    bind_part(scan, info);
    duckdb_bind_set_cardinality(info, scan->file->rows, scan->file->contract->format != FORMAT_XML);
}

static void job_free(void *p)
{
    ScanJob *job = p;
    mem_free(job->columns);
    mem_free(job);
}

static void scan_init(duckdb_init_info info)
{
    RowScan *scan = duckdb_init_get_extra_info(info);
    ScanJob *job = NULL;
    idx_t count = duckdb_init_get_column_count(info);
    if (mem_zalloc(1, sizeof *job, (void **)&job, NULL) != OK) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    job->scan = scan;
    job->column_count = count;
    duckdb_init_set_init_data(info, job, job_free);
    if (mem_zalloc(count + 1, sizeof *job->columns, (void **)&job->columns, NULL) != OK) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    for (idx_t i = 0; i < count; i++)
        job->columns[i] = duckdb_init_get_column_index(info, i);
    const ScanPart *part = duckdb_init_get_bind_data(info);
    job->next_point = part->from;
    job->end_point = part->to;
    duckdb_init_set_max_threads(info, 1);
}

static void scan_local_init(duckdb_init_info info)
{
    ScanThread *t = NULL;
    Error err = ERROR_INIT;
    if (thread_new(duckdb_init_get_extra_info(info), duckdb_init_get_column_count(info), &t, &err) != OK) {
        thread_free(t);
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    duckdb_init_set_init_data(info, t, thread_free);
}

/* Of a row without a defect that is not suspect nothing stands in it. */
static bool is_sparse(const RowScan *scan, idx_t column)
{
    if (column == COLUMN_DEFECT)
        return true;
    return column >= COLUMN_FIELDS && column < COLUMN_FIELDS + scan->file->field_count &&
           !scan->readers[column - COLUMN_FIELDS].wants_regex;
}

static OutColumn out_column(const RowScan *scan, duckdb_vector vector, idx_t column)
{
    size_t fields = scan->file->field_count;
    OutColumn c = {.vector = vector, .data = duckdb_vector_get_data(vector), .column = column};
    if (column >= COLUMN_FIELDS) {
        c.field = (column - COLUMN_FIELDS) % fields;
        c.column = column - COLUMN_FIELDS < fields ? COLUMN_TEXT : COLUMN_VALUE;
    }
    return c;
}

static void begin_columns(ScanThread *t, duckdb_data_chunk output)
{
    const ScanJob *job = t->job;
    t->column_count = 0;
    for (int sparse = 0; sparse <= 1; sparse++) {
        t->dense_count = t->column_count;
        for (idx_t i = 0; i < job->column_count; i++) {
            if (is_sparse(t->scan, job->columns[i]) != (sparse == 1))
                continue;
            OutColumn *c = &t->columns[t->column_count++];
            *c = out_column(t->scan, duckdb_data_chunk_get_vector(output, i), job->columns[i]);
            if (sparse == 0)
                continue;
            duckdb_vector_ensure_validity_writable(c->vector);
            c->valid = duckdb_vector_get_validity(c->vector);
            memset(c->valid, 0, duckdb_vector_size() / 8);
        }
    }
}

static void scan_rows(duckdb_function_info info, duckdb_data_chunk output)
{
    ScanThread *t = duckdb_function_get_local_init_data(info);
    t->job = duckdb_function_get_init_data(info);
    begin_columns(t, output);
    Error err = ERROR_INIT;
    Status st = fill_chunk(t, output, &err);
    if (st == OK)
        return;
    if (!t->refused)
        note_failure(t->scan, st, &err, NULL);
    duckdb_function_set_error(info, "the file could not be read");
}

/* A part a core of a small machine's, and enough of them that a larger one is busy with a large file. */
static size_t count_parts(size_t points)
{
    return points < 4 ? 1 : points < 32 ? 2 : points < 256 ? 4 : 8;
}

size_t row_scan_parts(const RowScan *scan)
{
    return scan->parts;
}

Status row_scan_register(Db *db, const char *name, const AgencyFile *file, const ValueReader *readers,
    Progress *progress, RowScan **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    RowScan *scan = *out;
    *scan = (RowScan){.file = file, .readers = readers, .progress = progress};
    ASSERT(pthread_mutex_init(&scan->lock, NULL) == 0);
    for (size_t i = 0; i < file->field_count; i++)
        scan->fill_down |= file->fields[i]->fill_down;
    scan->parts = scan->fill_down ? 1 : count_parts(file->points.len);
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, name);
    duckdb_table_function_set_extra_info(function, scan, NULL);
    duckdb_logical_type part = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_add_named_parameter(function, "part", part);
    duckdb_destroy_logical_type(&part);
    duckdb_table_function_set_bind(function, scan_bind);
    duckdb_table_function_set_init(function, scan_init);
    duckdb_table_function_set_local_init(function, scan_local_init);
    duckdb_table_function_set_function(function, scan_rows);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(db_raw_connection(db), function);
    duckdb_destroy_table_function(&function);
    if (state != DuckDBSuccess)
        return error_set(err, ERR_INTERNAL, "the reader could not be registered with the database");
    return OK;
}

void row_scan_free(RowScan *scan)
{
    if (!scan)
        return;
    pthread_mutex_destroy(&scan->lock);
    mem_free(scan);
}
