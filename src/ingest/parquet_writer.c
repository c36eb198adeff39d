/* See parquet_writer.h. Row groups have as many rows as DuckDB's own, so that its readers share the work as well. */
#include "ingest/parquet_writer.h"

#include <unistd.h>

#include "ingest/parquet_parts.h"

#define GROUP_ROWS 122880
/* Text of one column in a row group, as it would be without a dictionary, which may be given up at any value: page
 * sizes are 32-bit, and memory is not for long texts. */
#define GROUP_TEXT_BYTES ((size_t)64 << 20)
#define COPY_BYTES ((size_t)1 << 20)

static const char magic[4] = {'P', 'A', 'R', '1'};

struct ParquetWriter {
    const ParquetColumn *columns;
    size_t count;
    ColumnFill *fills; /* NULL once the rows have ended */
    size_t rows;       /* in the row group being filled */
    RowGroups groups;
    Arena arena; /* of what the footer says */
    FileWriter *file;
    char *path;
    uint64_t at; /* bytes written so far */
    PageBufs bufs;
};

static void put(ParquetWriter *w, Slice s)
{
    writer_add(w->file, s);
    w->at += s.len;
}

static Status make_fills(ParquetWriter *w, Error *err)
{
    uint64_t key;
    TRY(random_bytes(&key, sizeof key, err));
    TRY(mem_zalloc(w->count, sizeof *w->fills, (void **)&w->fills, err));
    for (size_t i = 0; i < w->count; i++)
        column_init(&w->fills[i], &w->columns[i], key);
    return OK;
}

Status parquet_open(const char *path, const ParquetColumn *columns, size_t count, ParquetWriter **out, Error *err)
{
    ParquetWriter *w = NULL;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    w->columns = columns;
    w->count = count;
    arena_init(&w->arena, 0);
    buf_init(&w->bufs.page, 0);
    buf_init(&w->bufs.out, 0);
    Status st = make_fills(w, err);
    if (st == OK)
        st = mem_strndup(path, strlen(path), &w->path, err);
    if (st == OK)
        st = writer_open(path, MODE_PRIVATE, &w->file, err);
    if (st != OK) {
        parquet_free(w);
        return st;
    }
    put(w, (Slice){magic, sizeof magic});
    *out = w;
    return OK;
}

static void free_fills(ParquetWriter *w)
{
    for (size_t i = 0; w->fills && i < w->count; i++)
        column_free(&w->fills[i]);
    mem_free(w->fills);
    w->fills = NULL;
}

void parquet_free(ParquetWriter *w)
{
    if (!w)
        return;
    free_fills(w);
    writer_abandon(w->file);
    vec_free(&w->groups);
    arena_free(&w->arena);
    buf_free(&w->bufs.page);
    buf_free(&w->bufs.out);
    mem_free(w->path);
    mem_free(w);
}

static Status end_group(ParquetWriter *w, Error *err)
{
    RowGroup group = {.rows = w->rows};
    if (w->rows == 0)
        return OK;
    TRY(arena_new(&w->arena, ColumnPages, w->count, &group.columns, err));
    for (size_t i = 0; i < w->count; i++) {
        TRY(column_end(&w->fills[i], w->at, &w->arena, &w->bufs, &group.columns[i], err));
        put(w, buf_slice(&w->bufs.out));
    }
    w->rows = 0;
    return vec_push(&w->groups, group, err);
}

/* How many of the rows go into the row group; into an empty one, one at least. */
static size_t rows_that_fit(const ParquetWriter *w, const DbVector *vectors, const uint32_t *at, size_t count)
{
    size_t n = count;
    for (size_t i = 0; i < w->count; i++)
        n = column_fits(&w->fills[i], &vectors[i], at, n, GROUP_TEXT_BYTES);
    return n == 0 && w->rows == 0 ? 1 : n;
}

Status parquet_add(ParquetWriter *w, const DbVector *vectors, const uint32_t *at, size_t count, Error *err)
{
    while (count > 0) {
        size_t room = GROUP_ROWS - w->rows < count ? GROUP_ROWS - w->rows : count;
        size_t n = rows_that_fit(w, vectors, at, room);
        for (size_t i = 0; i < w->count; i++)
            TRY(column_add(&w->fills[i], &vectors[i], at, n, err));
        w->rows += n;
        at += n;
        count -= n;
        if (n < room || w->rows == GROUP_ROWS)
            TRY(end_group(w, err));
    }
    return OK;
}

Status parquet_end_rows(ParquetWriter *w, Error *err)
{
    TRY(end_group(w, err));
    free_fills(w);
    return OK;
}

/* --- one file of several -------------------------------------------------------------------------------------- */

static Status copy_pages(ParquetWriter *w, int fd, uint64_t end, Error *err)
{
    char *bytes = NULL;
    Status st = OK;
    TRY(mem_alloc(COPY_BYTES, (void **)&bytes, err));
    for (uint64_t at = sizeof magic; st == OK && at < end;) {
        size_t size = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        ssize_t got = pread(fd, bytes, size, (off_t)at);
        if (got <= 0) {
            st = error_set(err, ERR_IO, "a part of the rows could not be read back");
            break;
        }
        put(w, (Slice){bytes, (size_t)got});
        at += (uint64_t)got;
    }
    mem_free(bytes);
    return st;
}

static Status copy_file(ParquetWriter *w, const char *path, uint64_t end, Error *err)
{
    const char *name = path_base(path);
    Arena arena;
    Slice folder = {0};
    int fd = -1;
    uint64_t size = 0;
    arena_init(&arena, 0);
    Status st = arena_dup(&arena, (Slice){path, (size_t)(name - path)}, &folder, err);
    if (st == OK)
        st = file_open_below(folder.len ? folder.ptr : ".", slice_of(name), &fd, &size, err);
    if (st == OK)
        st = copy_pages(w, fd, end, err);
    file_close(fd);
    arena_free(&arena);
    return st;
}

static Status take_group(ParquetWriter *w, const RowGroup *from, uint64_t shift, Error *err)
{
    RowGroup group = {.rows = from->rows};
    TRY(arena_new(&w->arena, ColumnPages, w->count, &group.columns, err));
    for (size_t i = 0; i < w->count; i++) {
        ColumnPages *p = &group.columns[i];
        *p = from->columns[i];
        p->data_at += shift;
        p->dictionary_at += p->dictionary_at ? shift : 0;
        TRY(arena_dup(&w->arena, p->least, &p->least, err));
        TRY(arena_dup(&w->arena, p->most, &p->most, err));
    }
    return vec_push(&w->groups, group, err);
}

Status parquet_join(ParquetWriter *w, ParquetWriter *other, Error *err)
{
    ASSERT(!w->fills && !other->fills && w->count == other->count);
    uint64_t shift = w->at - sizeof magic;
    FileWriter *file = other->file;
    other->file = NULL;
    TRY(writer_close(file, WRITER_NO_SYNC, err));
    TRY(copy_file(w, other->path, other->at, err));
    for (size_t i = 0; i < other->groups.len; i++)
        TRY(take_group(w, &other->groups.at[i], shift, err));
    return file_remove(other->path, err);
}

Status parquet_close(ParquetWriter *w, Error *err)
{
    TRY(parquet_end_rows(w, err));
    Buf *footer = &w->bufs.out;
    buf_reset(footer);
    footer_file(w->columns, w->count, &w->groups, footer);
    TRY(buf_status(footer, err));
    uint32_t length = (uint32_t)footer->len;
    put(w, buf_slice(footer));
    put(w, (Slice){(const char *)&length, sizeof length});
    put(w, (Slice){magic, sizeof magic});
    FileWriter *file = w->file;
    w->file = NULL;
    return writer_close(file, WRITER_NO_SYNC, err);
}
