/*
 * Rows of the files into a table of the match room: the config's columns by name, each where the file has it; the id,
 * or else the number of the row; the source, or else the file; the truth, where there is one. Texts that mean "missing"
 * are made empty here, so that the engine sees one kind of missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "matchfile/people.h"

/* --- sources ------------------------------------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    const Slice *x = a, *y = b;
    return slice_cmp(*x, *y);
}

static Status too_many(Error *err)
{
    return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
}

typedef VEC(Slice) Slices;

/* The distinct values of the source column in one file. */
static Status values_of(People *p, const InputFile *f, Slice column, Slices *out, Error *err)
{
    uint32_t c = people_column(f, column);
    if (c == PEOPLE_COLUMNS_MAX)
        return OK; /* its rows then have the file's name as source */
    DbRows *rows = NULL;
    bool more = false;
    Status st = db_queryf(p->db, &rows, err, "SELECT DISTINCT trim(c%" PRIu32 ") FROM %s LIMIT %d", c, f->relation,
        MATCH_SOURCES_MAX + 2);
    if (st != OK)
        return people_failed(f, st, err);
    while ((st = db_next(rows, &more, err)) == OK && more) {
        Slice copy;
        if (db_str(rows, 0).len == 0) {
            st = error_set(err, ERR_INVALID, "a row has no value in the source column");
            error_at(err, path_base(f->path), 0, column.ptr);
        }
        if (st == OK)
            st = arena_dup(&p->arena, db_str(rows, 0), &copy, err);
        if (st == OK)
            st = vec_push(out, copy, err);
        if (st != OK)
            break;
    }
    db_rows_free(rows);
    return st;
}

static uint32_t source_number(const MatchConfig *c, Slice name)
{
    for (uint32_t i = 0; i < c->source_count; i++)
        if (slice_eq(c->sources[i].name, name))
            return i;
    return MATCH_NONE;
}

static Status add_sources(MatchConfig *c, const MatchInput *input, Slices *names, Error *err)
{
    qsort(names->at, names->len, sizeof *names->at, by_text);
    for (size_t i = 0; i < names->len; i++) {
        if (source_number(c, names->at[i]) != MATCH_NONE)
            continue;
        if (c->source_count == MATCH_SOURCES_MAX)
            return too_many(err);
        c->sources[c->source_count] = input->other;
        c->sources[c->source_count++].name = names->at[i];
    }
    return OK;
}

/* What the config says of a source that is not there holds for nobody: a misspelt name would pass unseen. */
static void warn_of_absent(const MatchConfig *c, const Slices *names, const Log *log)
{
    for (uint32_t i = 0; i < c->source_count; i++) {
        bool there = false;
        for (size_t k = 0; k < names->len && !there; k++)
            there = slice_eq(c->sources[i].name, names->at[k]);
        if (!there)
            log_line(log, LOG_WARN, "event=match_dataset_absent dataset=\"%.*s\" effect=says_nothing_of_these_files",
                SLICE_ARG(slice_sub(c->sources[i].name, 0, 80)));
    }
}

Status people_sources(People *p, const MatchInput *input, MatchConfig *config, const Log *log, Error *err)
{
    Slices names = {0};
    Status st = OK;
    if (input->source.len > 0)
        st = people_require(p, input->source, "source", err);
    for (size_t i = 0; st == OK && i < p->file_count; i++) {
        const InputFile *f = &p->files[i];
        if (input->source.len > 0 && people_column(f, input->source) < PEOPLE_COLUMNS_MAX) {
            st = values_of(p, f, input->source, &names, err);
            continue;
        }
        for (size_t k = 0; st == OK && k < i; k++)
            if (slice_eq(p->files[k].name, f->name)) {
                st = error_set(err, ERR_INVALID, "two files give sources of the same name");
                error_at(err, path_base(f->path), 0, NULL);
                error_hint(err, "Rename one, or name a column that tells the source.");
            }
        if (st == OK)
            st = vec_push(&names, f->name, err);
    }
    if (st == OK)
        warn_of_absent(config, &names, log);
    if (st == OK)
        st = add_sources(config, input, &names, err);
    vec_free(&names);
    return st;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

typedef struct Loader {
    const MatchConfig *config;
    const LoadOptions *options;
    const InputFile *file;
    MatchTable *table;
    RowNotes *notes;
    Progress *progress;
    /* number of the row's cell; -1: the file has none */
    int values[MATCH_COLUMNS_MAX];
    int id, source, truth;
    uint32_t file_source;
    uint64_t row; /* of the file, from 1 on */
} Loader;

static Status fail_row(const Loader *l, Slice column, Status status, Error *err, const char *why)
{
    Status st = error_set(err, status, "%s", why);
    error_at(err, path_base(l->file->path), l->row, column.len ? column.ptr : NULL);
    return st;
}

/* Where in a row of the file each wanted column stands. */
static void place_columns(Loader *l)
{
    const MatchInput *in = l->options->input;
    const Slice extra[] = {in->id, in->source, in->truth};
    int *const places[] = {&l->id, &l->source, &l->truth};
    for (uint32_t i = 0; i < l->config->column_count + COUNT_OF(extra); i++) {
        bool is_value = i < l->config->column_count;
        Slice name = is_value ? l->config->columns[i] : extra[i - l->config->column_count];
        int *place = is_value ? &l->values[i] : places[i - l->config->column_count];
        uint32_t c = name.len > 0 ? people_column(l->file, name) : PEOPLE_COLUMNS_MAX;
        *place = c < PEOPLE_COLUMNS_MAX ? (int)c : -1;
    }
}

static Slice value_of(const Loader *l, const Slice *cells, int column)
{
    if (column < 0)
        return (Slice){"", 0};
    Slice s = slice_trim(cells[column]);
    const MatchInput *in = l->options->input;
    for (uint32_t i = 0; i < in->missing_count; i++)
        if (slice_eq(s, in->missing[i]))
            return (Slice){"", 0};
    return s;
}

static Status note_truth(const Loader *l, const Slice *cells, Error *err)
{
    if (l->options->input->truth.len == 0)
        return OK;
    Slice person = value_of(l, cells, l->truth);
    uint64_t number = ROW_TRUTH_NONE;
    if (person.len > 0)
        TRY(map_get_or_put(&l->notes->persons, person, l->notes->persons.len, &number, err));
    return vec_push(&l->notes->truth, (uint32_t)number, err);
}

static Status add_row(Loader *l, const Slice *cells, Error *err)
{
    Slice values[MATCH_COLUMNS_MAX];
    char digits[24];
    uint32_t source = l->file_source;
    for (uint32_t i = 0; i < l->config->column_count; i++)
        values[i] = value_of(l, cells, l->values[i]);
    if (l->source >= 0) {
        Slice name = slice_trim(cells[l->source]);
        source = source_number(l->config, name);
        if (source == MATCH_NONE)
            return fail_row(l, l->options->input->source, ERR_INVALID, err, "the source is not known");
    }
    Slice id = l->id >= 0 ? slice_trim(cells[l->id]) : (Slice){0};
    if (l->id >= 0 && id.len == 0)
        return fail_row(l, l->options->input->id, ERR_INVALID, err, "the id is empty");
    if (l->id < 0)
        id = (Slice){digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, l->row)};
    TRY(match_table_add(l->table, source, id, values, err));
    return note_truth(l, cells, err);
}

static Status next_row(void *ctx, const Slice *cells, Error *err)
{
    Loader *l = ctx;
    l->row++;
    TRY(add_row(l, cells, err));
    if ((l->row & 0xffff) > 0)
        return OK;
    progress_add(l->progress, 0x10000);
    return cancel_check(err);
}

/* "SELECT c0, NULL, c2 ... FROM relation OFFSET n": cells that nobody wants are not read. */
static void select_rows(const Loader *l, Buf *sql)
{
    bool wanted[PEOPLE_COLUMNS_MAX] = {false};
    for (uint32_t i = 0; i < l->config->column_count; i++)
        if (l->values[i] >= 0)
            wanted[l->values[i]] = true;
    const int extra[] = {l->id, l->source, l->truth};
    for (size_t i = 0; i < COUNT_OF(extra); i++)
        if (extra[i] >= 0)
            wanted[extra[i]] = true;
    buf_adds(sql, "SELECT ");
    for (uint32_t c = 0; c < l->file->column_count; c++) {
        buf_adds(sql, c ? ", " : "");
        if (wanted[c])
            buf_addf(sql, "c%" PRIu32, c);
        else
            buf_adds(sql, "NULL::VARCHAR");
    }
    buf_addf(sql, " FROM %s OFFSET %" PRIu64, l->file->relation, l->row);
}

/* The rows of the file behind those that are there already. */
static Status load_by_query(People *p, Loader *l, Error *err)
{
    Slice cells[PEOPLE_COLUMNS_MAX];
    Buf sql;
    DbRows *rows = NULL;
    bool more = true;
    buf_init(&sql, 0);
    select_rows(l, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK && (st = db_query(p->db, buf_z(&sql), &rows, err)) != OK)
        st = people_failed(l->file, st, err);
    while (st == OK && (st = db_next(rows, &more, err)) == OK && more) {
        for (uint32_t c = 0; c < l->file->column_count; c++)
            cells[c] = db_str(rows, c);
        st = next_row(l, cells, err);
    }
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

static Status load_file(People *p, Loader *l, Error *err)
{
    bool done = false;
    place_columns(l);
    l->file_source = source_number(l->config, l->file->name);
    l->row = 0;
    if (l->file->delimiter)
        TRY(csv_rows(l->file, next_row, l, &done, err));
    return done ? OK : load_by_query(p, l, err);
}

Status people_load(
    People *p, const MatchConfig *config, const LoadOptions *options, MatchTable **out, RowNotes *notes, Error *err)
{
    Loader l = {.config = config, .options = options, .notes = notes};
    Status st;
    memset(notes, 0, sizeof *notes);
    TRY_OUT(map_init(&notes->persons, err));
    for (uint32_t i = 0; i < config->column_count; i++)
        TRY_OUT(people_require(p, config->columns[i], "a field", err));
    if (options->input->id.len > 0)
        TRY_OUT(people_require(p, options->input->id, "id", err));
    if (options->input->truth.len > 0)
        TRY_OUT(people_require(p, options->input->truth, "truth", err));
    TRY_OUT(match_table_new(config, &l.table, err));
    TRY_OUT(match_table_threads(l.table, options->threads, err));
    TRY_OUT(progress_new(options->progress, "reading", 0, "rows", &l.progress, err));
    for (size_t i = 0; i < p->file_count; i++) {
        l.file = &p->files[i];
        TRY_OUT(load_file(p, &l, err));
    }
    TRY_OUT(match_table_seal(l.table, options->threads, err));
    *out = l.table;
    l.table = NULL;
out:
    progress_done(l.progress);
    match_table_free(l.table);
    if (st != OK)
        notes_free(notes);
    return st;
}

void notes_free(RowNotes *n)
{
    vec_free(&n->truth);
    map_free(&n->persons);
    memset(n, 0, sizeof *n);
}
