/*
 * The input files, opened. DuckDB reads both formats; what a file's columns are called is read here, so that a header
 * is always a header, every value is text, and nothing is guessed from the rows.
 */
#include "matchfile/people.h"

#define HEAD_MAX ((size_t)1 << 20)

static Status bad_file(const char *path, Status status, Error *err, const char *why)
{
    Status st = error_set(err, status, "%s", why);
    error_at(err, path_base(path), 0, NULL);
    return st;
}

static bool is_parquet(const char *path)
{
    return slice_ends(slice_of(path), SLICE(".parquet"));
}

static Slice source_name(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".txt", ".parquet"};
    Slice name = slice_of(path_base(path));
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (name.len > strlen(endings[i]) && slice_ends(name, slice_of(endings[i])))
            return slice_sub(name, 0, name.len - strlen(endings[i]));
    return name;
}

static Status check_columns(const InputFile *f, Error *err)
{
    for (uint32_t i = 0; i < f->column_count; i++) {
        if (f->columns[i].len == 0)
            return bad_file(f->path, ERR_INVALID, err, "a column has no name");
        for (uint32_t k = 0; k < i; k++)
            if (slice_eq(f->columns[i], f->columns[k])) {
                Status st = bad_file(f->path, ERR_INVALID, err, "two columns have the same name");
                error_at(err, NULL, 0, f->columns[i].ptr);
                return st;
            }
    }
    return OK;
}

/* --- CSV --------------------------------------------------------------------------------------------------------- */

static Status open_csv(People *p, InputFile *f, Error *err)
{
    Buf head, sql;
    f->delimiter = ',';
    buf_init(&head, 0);
    buf_init(&sql, 0);
    Status st;
    Slice line = {0}, copy = {0};
    TRY_OUT(file_read_head(f->path, HEAD_MAX, &head, err));
    Slice text = buf_slice(&head);
    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = slice_sub(text, 3, text.len);
    line = slice_sub(text, 0, slice_find(text, SLICE("\n")));
    if (slice_ends(line, SLICE("\r")))
        line.len--;
    if (slice_trim(line).len == 0)
        TRY_OUT(bad_file(f->path, ERR_INVALID, err, "has no header row: its first line is empty"));
    if (line.len == HEAD_MAX)
        TRY_OUT(bad_file(f->path, ERR_LIMIT, err, "the header row is longer than 1 MiB"));
    if (memchr(line.ptr, '\0', line.len) || !slice_is_utf8(line, NULL))
        TRY_OUT(bad_file(f->path, ERR_PARSE, err, "the header row is not text in UTF-8"));
    TRY_OUT(arena_dup(&p->arena, line, &copy, err));
    TRY_OUT(csv_head(copy, path_base(f->path), &f->delimiter, f->columns, &f->column_count, err));
    /* Nothing is guessed: DuckDB is told the dialect and the columns. */
    buf_adds(&sql, "read_csv(");
    sql_literal(&sql, slice_of(f->path));
    buf_addf(&sql,
        ", auto_detect = false, header = true, delim = '%s', quote = '\"', escape = '\"', strict_mode = true, "
        "null_padding = false, max_line_size = 4194304, columns = {",
        f->delimiter == '\t' ? "\\t" : (char[2]){f->delimiter, '\0'});
    for (uint32_t i = 0; i < f->column_count; i++)
        buf_addf(&sql, "%s'c%" PRIu32 "': 'VARCHAR'", i ? ", " : "", i);
    buf_adds(&sql, "})");
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(arena_printf(&p->arena, &f->relation, err, "%s", buf_z(&sql)));
out:
    buf_free(&head);
    buf_free(&sql);
    return st;
}

/* --- Parquet ------------------------------------------------------------------------------------------------------ */

static Status open_parquet(People *p, InputFile *f, Error *err)
{
    Buf sql, from;
    DbRows *rows = NULL;
    buf_init(&sql, 0);
    buf_init(&from, 0);
    sql_literal(&from, slice_of(f->path));
    Status st = db_queryf(p->db, &rows, err, "SELECT * FROM read_parquet(%s) LIMIT 0", buf_z(&from));
    if (st != OK) {
        st = people_failed(f, st, err);
        goto out;
    }
    if (db_columns(rows) > PEOPLE_COLUMNS_MAX)
        TRY_OUT(bad_file(f->path, ERR_LIMIT, err, "more than 500 columns"));
    f->column_count = (uint32_t)db_columns(rows);
    buf_adds(&sql, "(SELECT ");
    for (uint32_t i = 0; i < f->column_count; i++) {
        Slice name = slice_of(db_column_name(rows, i));
        buf_adds(&sql, i ? ", " : "");
        sql_ident(&sql, name);
        buf_addf(&sql, "::VARCHAR AS c%" PRIu32, i);
        TRY_OUT(arena_dup(&p->arena, slice_trim(name), &f->columns[i], err));
    }
    buf_addf(&sql, " FROM read_parquet(%s))", buf_z(&from));
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(arena_printf(&p->arena, &f->relation, err, "%s", buf_z(&sql)));
out:
    db_rows_free(rows);
    buf_free(&sql);
    buf_free(&from);
    return st;
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

/* The number after a word in DuckDB's text; 0: none. */
static uint64_t number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    if (!at)
        return 0;
    at += strlen(word);
    uint64_t v = 0;
    for (; *at >= '0' && *at <= '9' && v < UINT64_C(1) << 50; at++)
        v = v * 10 + (uint64_t)(*at - '0');
    return v;
}

Status people_failed(const InputFile *f, Status status, Error *err)
{
    if (!err || status == ERR_NOMEM || status == ERR_CANCELLED || status == ERR_IO)
        return status;
    char text[sizeof err->detail];
    memcpy(text, err->detail, sizeof text);
    uint64_t line = number_after(text, "Line: "), wanted = number_after(text, "Expected Number of Columns: ");
    uint64_t found = number_after(text, "Found: ");
    error_clear(err);
    if (is_parquet(f->path))
        error_set(err, ERR_PARSE, "is not a Parquet file that can be read");
    else if (wanted > 0)
        error_set(err, ERR_PARSE, "a row has %" PRIu64 " cells where the header has %" PRIu64, found, wanted);
    else if (strstr(text, "Invalid unicode"))
        error_set(err, ERR_PARSE, "is not text in UTF-8");
    else if (strstr(text, "quote")) /* which DuckDB's list of settings names, too */
        error_set(err, ERR_PARSE, "a quote is not closed, or text follows a closing quote");
    else if (strstr(text, "unicode") || strstr(text, "UTF-8") || strstr(text, "utf-8"))
        error_set(err, ERR_PARSE, "is not text in UTF-8");
    else if (strstr(text, "Maximum line size"))
        error_set(err, ERR_LIMIT, "a line is longer than 4 MiB");
    else
        error_set(err, ERR_PARSE, "is not a CSV file that can be read");
    error_at(err, path_base(f->path), 0, NULL);
    error_detail(err, "%s", text);
    err->line = line;
    return err->status;
}

/* --- all files ---------------------------------------------------------------------------------------------------- */

static Status open_file(People *p, InputFile *f, Error *err)
{
    f->name = source_name(f->path);
    if (!file_exists(f->path))
        return bad_file(f->path, ERR_NOT_FOUND, err, "there is no such file");
    /* DuckDB would take these for a pattern of several files. */
    if (strpbrk(f->path, "*?[{"))
        return bad_file(f->path, ERR_INVALID, err, "the path holds one of * ? [ {: rename the file");
    TRY(is_parquet(f->path) ? open_parquet(p, f, err) : open_csv(p, f, err));
    return check_columns(f, err);
}

Status people_open(const PeopleOptions *options, People *out, Error *err)
{
    DbOptions db = DB_OPTIONS_INIT;
    db.threads = options->threads;
    db.memory_mb = options->memory_mb;
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    Status st;
    TRY_OUT(arena_new(&out->arena, InputFile, options->path_count, &out->files, err));
    TRY_OUT(db_open(&db, &out->db, err));
    for (size_t i = 0; i < options->path_count; i++) {
        out->files[i].path = options->paths[i];
        TRY_OUT(open_file(out, &out->files[i], err));
        out->file_count++;
    }
    return OK;
out:
    people_close(out);
    return st;
}

void people_close(People *p)
{
    db_close(p->db);
    arena_free(&p->arena);
    memset(p, 0, sizeof *p);
}

uint32_t people_column(const InputFile *f, Slice name)
{
    for (uint32_t i = 0; i < f->column_count; i++)
        if (slice_eq(f->columns[i], name))
            return i;
    return PEOPLE_COLUMNS_MAX;
}

Status people_require(const People *p, Slice name, const char *what, Error *err)
{
    for (size_t i = 0; i < p->file_count; i++)
        if (people_column(&p->files[i], name) < PEOPLE_COLUMNS_MAX)
            return OK;
    Status st = error_set(err, ERR_INVALID, "%s names a column that no file has", what);
    error_at(err, NULL, 0, name.ptr);
    Buf have;
    buf_init(&have, 0);
    for (uint32_t i = 0; p->file_count > 0 && i < p->files[0].column_count && have.len < 200; i++) {
        buf_adds(&have, i ? ", " : "");
        buf_add(&have, p->files[0].columns[i]);
    }
    error_hint(err, "Columns of %s: %s.", path_base(p->files[0].path), buf_z(&have));
    buf_free(&have);
    return st;
}
