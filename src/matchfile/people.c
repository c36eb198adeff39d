/*
 * The input files, opened. DuckDB reads both formats; what a file's columns are called is read here, so that a header is
 * always a header, every value is text, and nothing is guessed from the rows.
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

/* The first line of a file into b; a byte order mark is left out. */
static Status first_line(const char *path, Buf *b, Error *err)
{
    int fd = -1;
    uint64_t size = 0;
    Arena arena;
    const char *dir = NULL, *base = path_base(path);
    arena_init(&arena, 0);
    Status st = base == path ? arena_printf(&arena, &dir, err, ".")
                             : arena_printf(&arena, &dir, err, "%.*s", (int)(base - path), path);
    if (st == OK)
        st = file_open_below(dir, slice_of(base), &fd, &size, err);
    if (st == OK)
        st = file_read_line(fd, HEAD_MAX, b, err);
    file_close(fd);
    arena_free(&arena);
    return st;
}
