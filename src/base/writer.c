/*
 * FileWriter: buffered output of large files.
 *
 * 1 MiB is where larger buffers stopped helping; pieces as large as the
 * buffer go straight to the file. The first failure is kept and told by
 * writer_close, so that writers of rows need no check per cell.
 */
#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define WRITER_BUFFER ((size_t)1 << 20)

struct FileWriter {
    int fd;
    Status status;
    size_t used, behind; /* behind: written since the kernel was last told to begin */
    char *path;
    char *buffer;
    Error error; /* of the first failure */
};

static void free_writer(FileWriter *w)
{
    mem_free(w->path);
    mem_free(w->buffer);
    mem_free(w);
}

Status writer_open(const char *path, unsigned mode, FileWriter **out, Error *err)
{
    FileWriter *w = NULL;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    w->fd = -1;
    Status st = mem_strndup(path, strlen(path), &w->path, err);
    if (st == OK)
        st = mem_alloc(WRITER_BUFFER, (void **)&w->buffer, err);
    if (st == OK)
        st = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode, &w->fd, err);
    if (st != OK) {
        free_writer(w);
        return st;
    }
    *out = w;
    return OK;
}

/* So much is on its way to the disk while more is made: the sync at the end waits for the rest alone. */
#define WRITE_BEHIND ((size_t)8 << 20)

static void put(FileWriter *w, const char *bytes, size_t size)
{
    if (w->status == OK)
        w->status = fd_write(w->fd, w->path, bytes, size, &w->error);
    w->behind += size;
    if (w->status != OK || w->behind < WRITE_BEHIND)
        return;
    w->behind = 0;
    /* a hint: where it does not work, the sync does it all */
    (void)sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void flush(FileWriter *w)
{
    put(w, w->buffer, w->used);
    w->used = 0;
}

void writer_add(FileWriter *w, Slice s)
{
    if (s.len > WRITER_BUFFER - w->used) {
        flush(w);
        if (s.len >= WRITER_BUFFER) {
            put(w, s.ptr, s.len);
            return;
        }
    }
    if (s.len > 0)
        memcpy(w->buffer + w->used, s.ptr, s.len);
    w->used += s.len;
}

Status writer_close(FileWriter *w, WriterSync sync, Error *err)
{
    flush(w);
    if (w->status == OK && sync == WRITER_SYNC)
        w->status = fd_sync(w->fd, w->path, &w->error);
    Status closed = fd_close(w->fd, w->path, w->status == OK ? &w->error : NULL);
    if (w->status == OK)
        w->status = closed;
    Status st = w->status;
    if (st != OK && err)
        *err = w->error;
    free_writer(w);
    return st;
}

void writer_abandon(FileWriter *w)
{
    if (!w)
        return;
    close(w->fd);
    unlink(w->path);
    free_writer(w);
}
