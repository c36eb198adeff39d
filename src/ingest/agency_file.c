/* See agency_file.h. */
#include "ingest/agency_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)1 << 20)

/* --- bytes --------------------------------------------------------------------------------------------------- */

static Status read_some(const AgencyFile *file, uint64_t from, void *out, size_t size, size_t *got, Error *err)
{
    for (;;) {
        ssize_t n = pread(file->fd, out, size, (off_t)from);
        if (n >= 0) {
            *got = (size_t)n;
            return OK;
        }
        if (errno != EINTR)
            return error_errno(err, "could not read %s", path_base(file->path));
    }
}

Status agency_file_read(const AgencyFile *file, uint64_t from, void *out, size_t size, Error *err)
{
    char *to = out;
    while (size > 0) {
        size_t got = 0;
        TRY(read_some(file, from, to, size, &got, err));
        if (got == 0)
            return error_set(err, ERR_IO, "%s became shorter while it was read", path_base(file->path));
        to += got;
        from += got;
        size -= got;
    }
    return OK;
}

static bool is_as_opened(const AgencyFile *file, const struct stat *st)
{
    return (uint64_t)st->st_size == file->size && st->st_mtim.tv_sec == file->modified_s &&
           st->st_mtim.tv_nsec == file->modified_ns;
}

bool agency_file_is_current(const AgencyFile *file)
{
    struct stat opened, there;
    return fstat(file->fd, &opened) == 0 && stat(file->path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino && is_as_opened(file, &there);
}

Status agency_file_unchanged(const AgencyFile *file, Error *err)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return error_errno(err, "could not look at %s", path_base(file->path));
    if (!is_as_opened(file, &st))
        return error_set(err, ERR_IO, "%s changed while it was read", path_base(file->path));
    return OK;
}

static Status read_xml(void *ctx, char *out, size_t size, size_t *got, Error *err)
{
    XmlPlace *place = ctx;
    TRY(read_some(place->file, place->at, out, size, got, err));
    place->at += *got;
    return OK;
}

Status agency_file_xml(const AgencyFile *file, XmlRaw raw, XmlPlace *place, EdfiReader **out, Error *err)
{
    *place = (XmlPlace){.file = file};
    EdfiOptions options = {
        .row_element = file->contract->row_element,
        .paths = file->xml_paths,
        .path_count = file->field_count,
        .read = read_xml,
        .read_ctx = place,
        .want_raw = raw == XML_WITH_RAW,
    };
    return edfi_open(&options, out, err);
}

/* --- what the contract expects ------------------------------------------------------------------------------- */

static Status list_fields(AgencyFile *file, Error *err)
{
    const Contract *c = file->contract;
    TRY(arena_new(&file->arena, const Field *, c->field_count, &file->fields, err));
    for (size_t i = 0; i < c->field_count; i++)
        if (c->fields[i].derive.len == 0)
            file->fields[file->field_count++] = &c->fields[i];
    TRY(arena_new(&file->arena, size_t, file->field_count, &file->cell_of_field, err));
    TRY(arena_new(&file->arena, Slice, file->field_count, &file->xml_paths, err));
    for (size_t i = 0; i < file->field_count; i++) {
        file->cell_of_field[i] = i;
        if (c->format == FORMAT_XML)
            file->xml_paths[i] = file->fields[i]->path;
    }
    file->cell_count = file->field_count;
    return OK;
}

static Status fixed_layout(AgencyFile *file, Slice head, Error *err)
{
    const Contract *c = file->contract;
    if (c->select.len > sizeof((FixedScanner *)0)->head)
        return error_set(err, ERR_INVALID, "contract %.*s: select is too long", SLICE_ARG(c->name));
    FixedColumn *columns = NULL;
    TRY(arena_new(&file->arena, FixedColumn, file->field_count, &columns, err));
    for (size_t i = 0; i < file->field_count; i++) {
        const Field *f = file->fields[i];
        if (f->start == 0 || f->length == 0)
            return error_set(
                err, ERR_INVALID, "contract %.*s: field %.*s has no position", SLICE_ARG(c->name), SLICE_ARG(f->name));
        columns[i] = (FixedColumn){f->start - 1, f->length};
    }
    file->fixed = (FixedLayout){
        .record_length = c->record_length,
        .unbroken = fixed_is_unbroken(head, c->record_length),
        .select = c->select,
        .columns = columns,
        .column_count = file->field_count,
    };
    return OK;
}

/* --- CSV header ---------------------------------------------------------------------------------------------- */

typedef enum HeaderMatch { MATCH_NONE, MATCH_LOOSE, MATCH_EXACT } HeaderMatch;

static bool same_key(Slice a, Slice b)
{
    Buf x = {0};
    Buf y = {0};
    buf_init(&x, 0);
    buf_init(&y, 0);
    csv_header_key(a, &x);
    csv_header_key(b, &y);
    bool same = x.len > 0 && slice_eq(buf_slice(&x), buf_slice(&y));
    buf_free(&x);
    buf_free(&y);
    return same;
}

static HeaderMatch match_spelling(Slice header, Slice spelling)
{
    if (spelling.len == 0)
        return MATCH_NONE;
    if (slice_eq_nocase(slice_trim(header), slice_trim(spelling)))
        return MATCH_EXACT;
    return same_key(header, spelling) ? MATCH_LOOSE : MATCH_NONE;
}

static HeaderMatch match_field(Slice header, const Field *f)
{
    HeaderMatch best = match_spelling(header, f->header);
    if (f->header.len == 0)
        best = match_spelling(header, f->name);
    for (size_t i = 0; i < f->alias_count && best != MATCH_EXACT; i++) {
        HeaderMatch m = match_spelling(header, f->aliases[i]);
        if (m > best)
            best = m;
    }
    return best;
}

static Status match_header(AgencyFile *file, const Record *header, Error *err)
{
    HeaderMatch *how = NULL;
    size_t *field_of_cell = NULL;
    TRY(arena_new(&file->arena, HeaderMatch, file->field_count, &how, err));
    TRY(arena_new(&file->arena, size_t, header->cell_count, &field_of_cell, err));
    for (size_t i = 0; i < file->field_count; i++)
        file->cell_of_field[i] = CELL_ABSENT;
    for (size_t cell = 0; cell < header->cell_count; cell++) {
        field_of_cell[cell] = CELL_ABSENT;
        for (size_t i = 0; i < file->field_count; i++) {
            HeaderMatch m = match_field(header->cells[cell], file->fields[i]);
            if (m == MATCH_NONE || m < how[i])
                continue;
            if (m == how[i]) {
                refuse(&file->refusal, header->line, "the header has two columns for %.*s",
                    SLICE_ARG(file->fields[i]->name));
                return OK;
            }
            how[i] = m;
            if (file->cell_of_field[i] != CELL_ABSENT)
                field_of_cell[file->cell_of_field[i]] = CELL_ABSENT;
            file->cell_of_field[i] = cell;
            field_of_cell[cell] = i;
        }
    }
    file->cell_count = header->cell_count;
    for (size_t cell = 0; cell < header->cell_count; cell++) {
        Slice name;
        if (field_of_cell[cell] != CELL_ABSENT)
            continue;
        Buf scratch;
        buf_init(&scratch, 0);
        Status st = text_to_utf8(file->encoding, slice_trim(header->cells[cell]), &scratch, &name)
                        ? arena_dup(&file->arena, name, &name, err)
                        : arena_dup(&file->arena, SLICE("?"), &name, err);
        buf_free(&scratch);
        TRY(st);
        TRY(vec_push(&file->unknown, name, err));
    }
    return OK;
}

/* The file's text is quoted nowhere: without the right header it may be data. */
static void check_columns(AgencyFile *file, uint64_t line)
{
    for (size_t i = 0; i < file->field_count; i++) {
        const Field *f = file->fields[i];
        if (file->cell_of_field[i] == CELL_ABSENT && f->required)
            refuse(&file->refusal, line, "the header has no column \"%.*s\", which the contract requires",
                SLICE_ARG(f->header.len ? f->header : f->name));
    }
    if (file->unknown.len > 0 && file->contract->refuse_unknown_columns)
        refuse(&file->refusal, line, "the header has %zu column(s) that the contract does not know", file->unknown.len);
}

/* Skips title records and reads the header from the file's first bytes; sets where the rows begin. */
static Status read_header(AgencyFile *file, char *head, size_t size, size_t bom, Error *err)
{
    const Contract *c = file->contract;
    CsvCursor cursor;
    Record record;
    Slice *cells = NULL;
    TRY(arena_new(&file->arena, Slice, CELL_MAX_COUNT, &cells, err));
    csv_cursor_init(&cursor, head + bom, size - bom, c->delimiter, (ScanPoint){.offset = bom});
    for (uint32_t i = 0; i < c->skip_lines; i++)
        if (!csv_split(&cursor, cells, CELL_MAX_COUNT, &record))
            break;
    if (c->header) {
        if (!csv_split(&cursor, cells, CELL_MAX_COUNT, &record)) {
            refuse(&file->refusal, 0, "the file has no header");
            return OK;
        }
        if (record.cell_count > CELL_MAX_COUNT) {
            refuse(&file->refusal, record.line, "the header has more than %d columns", CELL_MAX_COUNT);
            return OK;
        }
        TRY(match_header(file, &record, err));
        check_columns(file, record.line);
    }
    file->data = (ScanPoint){.offset = cursor.place.offset, .rows = 0, .lines = cursor.place.lines};
    return OK;
}

/* --- opening ------------------------------------------------------------------------------------------------- */

static size_t byte_order_mark(Slice head)
{
    return slice_starts(head, SLICE("\xEF\xBB\xBF")) ? 3 : 0;
}

/* Files of another kind altogether deserve a better word than "the header has no column". */
static void refuse_foreign(AgencyFile *file, Slice head)
{
    if (head.len == 0)
        refuse(&file->refusal, 0, "the file is empty");
    else if (slice_starts(head, SLICE("PK\x03\x04")))
        refuse(&file->refusal, 0, "the file is a zip archive or a spreadsheet, not text");
    else if (slice_starts(head, SLICE("\x1F\x8B")))
        refuse(&file->refusal, 0, "the file is compressed (gzip)");
    else if (slice_starts(head, SLICE("\xFF\xFE")) || slice_starts(head, SLICE("\xFE\xFF")))
        refuse(&file->refusal, 0, "the file is UTF-16, the contract says %.*s", SLICE_ARG(file->contract->encoding));
}

static Status open_parts(AgencyFile *file, char *head, Error *err)
{
    size_t size = file->size < RECORD_MAX_BYTES ? (size_t)file->size : RECORD_MAX_BYTES;
    TRY(agency_file_read(file, 0, head, size, err));
    refuse_foreign(file, (Slice){head, size});
    TRY(list_fields(file, err));
    size_t bom = byte_order_mark((Slice){head, size});
    file->data.offset = bom;
    if (file->refusal.refused)
        return OK;
    switch (file->contract->format) {
    case FORMAT_CSV:
        return read_header(file, head, size, bom, err);
    case FORMAT_FIXED:
        return fixed_layout(file, (Slice){head + bom, size - bom}, err);
    case FORMAT_XML:
        return OK;
    }
    return OK;
}

Status agency_file_open(const Contract *contract, const char *path, AgencyFile *file, Error *err)
{
    *file = (AgencyFile){.contract = contract, .path = path, .fd = -1};
    arena_init(&file->arena, 0);
    TRY(text_encoding_parse(contract->encoding, &file->encoding, err));
    /* lint: allow banned-functions base reads whole files or in order; this needs pread from several threads */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for the writer of a pipe */
    struct stat st;
    if (file->fd < 0 || fstat(file->fd, &st) != 0)
        return error_errno(err, "could not open %s", path_base(path));
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, "%s is not a regular file", path_base(path));
    file->size = (uint64_t)st.st_size;
    file->modified_s = st.st_mtim.tv_sec;
    file->modified_ns = st.st_mtim.tv_nsec;
    char *head = NULL;
    TRY(mem_alloc(RECORD_MAX_BYTES + 1, (void **)&head, err));
    Status result = open_parts(file, head, err);
    mem_free(head);
    return result;
}

void agency_file_close(AgencyFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    vec_free(&file->points);
    vec_free(&file->unknown);
    arena_free(&file->arena);
}

/* --- the first pass ------------------------------------------------------------------------------------------ */

/* Feeds [from, size) to fn in large pieces. */
static Status each_piece(const AgencyFile *file, uint64_t from, Status (*fn)(void *ctx, Slice bytes, Error *err),
    void *ctx, Progress *progress, Error *err)
{
    char *bytes = NULL;
    TRY(mem_alloc(READ_BYTES, (void **)&bytes, err));
    Status st = OK;
    while (st == OK && from < file->size) {
        size_t size = file->size - from < READ_BYTES ? (size_t)(file->size - from) : READ_BYTES;
        st = agency_file_read(file, from, bytes, size, err);
        if (st == OK)
            st = fn(ctx, (Slice){bytes, size}, err);
        if (st == OK)
            st = cancel_check(err);
        from += size;
        progress_add(progress, size);
    }
    mem_free(bytes);
    return st;
}

static Status hash_piece(void *ctx, Slice bytes, Error *err)
{
    return sha256_update(ctx, bytes.ptr, bytes.len, err);
}

static Status hash_file(AgencyFile *file, Progress *progress, Error *err)
{
    Sha256 *hash = NULL;
    uint8_t digest[SHA256_SIZE];
    TRY(sha256_new(&hash, err));
    Status st = each_piece(file, 0, hash_piece, hash, progress, err);
    if (st == OK)
        st = sha256_final(hash, digest, err);
    sha256_free(hash);
    if (st == OK)
        hex_encode(digest, sizeof digest, file->sha256);
    return st;
}

static Status csv_piece(void *ctx, Slice bytes, Error *err)
{
    return csv_scanner_feed(ctx, bytes, err);
}

static Status fixed_piece(void *ctx, Slice bytes, Error *err)
{
    return fixed_scanner_feed(ctx, bytes, err);
}

static void keep_survey(AgencyFile *file, ScanPoints points, uint64_t rows, const Refusal *refusal)
{
    file->points.at = points.at;
    file->points.len = points.len;
    file->points.cap = points.cap;
    file->rows = rows;
    if (refusal->refused)
        file->refusal = *refusal;
}

static Status survey_csv(AgencyFile *file, uint64_t point_every, Error *err)
{
    CsvScanner scanner;
    csv_scanner_init(&scanner, file->contract->delimiter, file->data, point_every);
    Status st = each_piece(file, file->data.offset, csv_piece, &scanner, NULL, err);
    if (st == OK)
        st = csv_scanner_end(&scanner, err);
    file->open_end = scanner.open_end;
    keep_survey(file, scanner.points, scanner.rows, &scanner.refusal);
    return st;
}

static Status survey_fixed(AgencyFile *file, uint64_t point_every, Error *err)
{
    FixedScanner scanner;
    fixed_scanner_init(&scanner, &file->fixed, file->data, point_every);
    Status st = each_piece(file, file->data.offset, fixed_piece, &scanner, NULL, err);
    if (st == OK)
        st = fixed_scanner_end(&scanner, err);
    keep_survey(file, scanner.points, scanner.rows, &scanner.refusal);
    return st;
}

typedef struct Survey {
    AgencyFile *file;
    uint64_t point_every;
    Progress *progress;
} Survey;

enum { SURVEY_HASH, SURVEY_RECORDS, SURVEY_TASKS };

/* The two tasks read the file each for itself: the second finds it in the page cache. They share no field but
 * read-only ones. */
static Status survey_task(size_t task, void *ctx, Error *err)
{
    Survey *s = ctx;
    if (task == SURVEY_HASH)
        return hash_file(s->file, s->progress, err);
    if (s->file->contract->format == FORMAT_CSV)
        return survey_csv(s->file, s->point_every, err);
    if (s->file->contract->format == FORMAT_FIXED)
        return survey_fixed(s->file, s->point_every, err);
    return OK;
}

Status agency_file_survey(AgencyFile *file, unsigned threads, uint64_t point_every, Progress *progress, Error *err)
{
    Survey s = {.file = file, .point_every = point_every, .progress = progress};
    size_t tasks = file->refusal.refused ? SURVEY_RECORDS : SURVEY_TASKS; /* a refused file is only hashed */
    return parallel_for(tasks, threads, survey_task, &s, err);
}
