/*
 * Files: whole-file reads, atomic writes, locks.
 *
 * An atomic write makes a temporary name in the target's own folder (rename
 * works inside one file system only), syncs it, renames it and syncs the
 * folder, so that a reader or a crash sees the old content or the new, never a
 * part (Pillai et al., OSDI 2014). Modes are subject to the umask, as always.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define PIECE_SIZE ((size_t)64 << 10)

Status fd_open(const char *path, int flags, unsigned mode, int *out, Error *err)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return error_errno(err, "could not open %s", path);
    *out = fd;
    return OK;
}

Status fd_read(int fd, const char *path, void *out, size_t size, size_t *got, Error *err)
{
    ssize_t n;
    do
        n = read(fd, out, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "could not read %s", path);
    *got = (size_t)n;
    return OK;
}

Status fd_write(int fd, const char *path, const void *data, size_t size, Error *err)
{
    const char *p = data;
    while (size > 0) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "could not write %s", path);
        p += n;
        size -= (size_t)n;
    }
    return OK;
}

Status fd_sync(int fd, const char *path, Error *err)
{
    /* EINVAL: a special file or a file system without sync; nothing more can be done there */
    if (fsync(fd) != 0 && errno != EINVAL)
        return error_errno(err, "could not bring %s to the disk", path);
    return OK;
}

Status fd_close(int fd, const char *path, Error *err)
{
    /* after EINTR Linux has closed the descriptor all the same */
    if (close(fd) != 0 && errno != EINTR)
        return error_errno(err, "could not close %s", path);
    return OK;
}

/* Hands the file to sink in pieces. */
typedef Status (*PieceFn)(void *ctx, const void *data, size_t size, Error *err);

static Status each_piece(const char *path, PieceFn sink, void *ctx, Error *err)
{
    char *piece = NULL;
    int fd = -1;
    TRY(mem_alloc(PIECE_SIZE, (void **)&piece, err));
    Status st = fd_open(path, O_RDONLY, 0, &fd, err);
    size_t got = 0;
    while (st == OK) {
        st = fd_read(fd, path, piece, PIECE_SIZE, &got, err);
        if (st != OK || got == 0)
            break;
        st = sink(ctx, piece, got, err);
    }
    if (fd >= 0)
        close(fd);
    mem_free(piece);
    return st;
}

typedef struct ReadTarget {
    Buf *buf;
    const char *path;
    size_t left;
} ReadTarget;

static Status keep_piece(void *ctx, const void *data, size_t size, Error *err)
{
    ReadTarget *t = ctx;
    if (size > t->left)
        return error_set(err, ERR_LIMIT, "%s is larger than the maximum for such a file", t->path);
    t->left -= size;
    buf_add(t->buf, (Slice){data, size});
    return buf_status(t->buf, err);
}

Status file_read(const char *path, size_t max, Buf *b, Error *err)
{
    /* by reading, not by asking for the size, which is wrong for pipes and /proc */
    ReadTarget target = {.buf = b, .path = path, .left = max ? max : BUF_MAX_DEFAULT};
    return each_piece(path, keep_piece, &target, err);
}

Status file_read_head(const char *path, size_t size, Buf *b, Error *err)
{
    int fd = -1;
    size_t got = 1;
    TRY(fd_open(path, O_RDONLY, 0, &fd, err));
    Status st = OK;
    while (st == OK && size > 0 && got > 0) {
        char *room = buf_reserve(b, size);
        st = room ? fd_read(fd, path, room, size, &got, err) : buf_status(b, err);
        if (st != OK)
            break;
        buf_advance(b, got);
        size -= got;
    }
    close(fd);
    return st;
}

Status file_open(const char *path, int *fd, Error *err)
{
    return fd_open(path, O_RDONLY, 0, fd, err);
}

Status file_read_piece(int fd, const char *path, void *out, size_t size, size_t *got, Error *err)
{
    return fd_read(fd, path, out, size, got, err);
}

/* The folder a path lies in: "a/b" gives "a", "b" gives ".", "/b" gives "/". */
static Status parent_of(const char *path, char **out, Error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strndup(".", 1, out, err);
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path), out, err);
}

static Status sync_parent(const char *path, Error *err)
{
    char *parent = NULL;
    TRY(parent_of(path, &parent, err));
    Status st = file_sync(parent, err);
    mem_free(parent);
    return st;
}

/* A new file beside the target that nobody else has opened. */
static Status open_beside(const char *path, unsigned mode, char **temp, int *fd, Error *err)
{
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    TRY(random_bytes(random, sizeof random, err));
    hex_encode(random, sizeof random, hex);
    Buf name;
    buf_init(&name, 0);
    buf_adds(&name, path);
    buf_adds(&name, ".new-");
    buf_adds(&name, hex);
    Status st = buf_status(&name, err);
    if (st == OK)
        st = fd_open(buf_z(&name), O_WRONLY | O_CREAT | O_EXCL, mode, fd, err);
    if (st != OK) {
        buf_free(&name);
        return st;
    }
    *temp = name.ptr;
    return OK;
}

/* Ends what open_beside began: in place when st is OK, gone otherwise. Frees temp, closes fd. */
static Status finish_beside(Status st, const char *path, char *temp, int fd, Error *err)
{
    if (st == OK)
        st = fd_sync(fd, path, err);
    Status closed = fd_close(fd, path, st == OK ? err : NULL);
    if (st == OK)
        st = closed;
    if (st == OK)
        st = file_rename(temp, path, err);
    if (st != OK)
        unlink(temp);
    mem_free(temp);
    return st;
}

Status file_write(const char *path, Slice content, unsigned mode, Error *err)
{
    char *temp = NULL;
    int fd = -1;
    TRY(open_beside(path, mode, &temp, &fd, err));
    return finish_beside(fd_write(fd, path, content.ptr, content.len, err), path, temp, fd, err);
}

Status file_create(const char *path, Slice content, unsigned mode, Error *err)
{
    int fd = -1;
    TRY(fd_open(path, O_WRONLY | O_CREAT | O_EXCL, mode, &fd, err));
    Status st = fd_write(fd, path, content.ptr, content.len, err);
    if (st == OK)
        st = fd_sync(fd, path, err);
    Status closed = fd_close(fd, path, st == OK ? err : NULL);
    if (st == OK)
        st = closed;
    if (st != OK)
        unlink(path);
    return st == OK ? sync_parent(path, err) : st;
}

typedef struct CopyTarget {
    int fd;
    const char *path;
} CopyTarget;

static Status copy_piece(void *ctx, const void *data, size_t size, Error *err)
{
    const CopyTarget *t = ctx;
    return fd_write(t->fd, t->path, data, size, err);
}

Status file_copy(const char *from, const char *to, unsigned mode, Error *err)
{
    char *temp = NULL;
    CopyTarget target = {.fd = -1, .path = to};
    TRY(open_beside(to, mode, &temp, &target.fd, err));
    return finish_beside(each_piece(from, copy_piece, &target, err), to, temp, target.fd, err);
}

static Status hash_piece(void *ctx, const void *data, size_t size, Error *err)
{
    return sha256_update(ctx, data, size, err);
}

Status file_sha256(const char *path, uint8_t out[SHA256_SIZE], Error *err)
{
    Sha256 *h = NULL;
    TRY(sha256_new(&h, err));
    Status st = each_piece(path, hash_piece, h, err);
    if (st == OK)
        st = sha256_final(h, out, err);
    sha256_free(h);
    return st;
}

Status file_size(const char *path, uint64_t *out, Error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_errno(err, "could not examine %s", path);
    *out = (uint64_t)info.st_size;
    return OK;
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool dir_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

Status file_rename(const char *from, const char *to, Error *err)
{
    if (rename(from, to) != 0)
        return error_errno(err, "could not rename %s to %s", from, to);
    return sync_parent(to, err);
}

Status file_check_private(const char *path, Error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_errno(err, "could not examine %s", path_base(path));
    if ((info.st_mode & 077) == 0)
        return OK;
    error_set(err, ERR_DENIED, "%s may be used by others than its owner (mode %03o)", path_base(path),
        (unsigned)(info.st_mode & 0777));
    error_hint(err, "Run: chmod go-rwx %s", path);
    return ERR_DENIED;
}

Status file_remove(const char *path, Error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return error_errno(err, "could not remove %s", path);
    return OK;
}

Status file_sync(const char *path, Error *err)
{
    int fd = -1;
    TRY(fd_open(path, O_RDONLY, 0, &fd, err));
    Status st = fd_sync(fd, path, err);
    close(fd);
    return st;
}

Status path_join(Arena *arena, const char *a, const char *b, const char **out, Error *err)
{
    size_t len = strlen(a);
    const char *slash = len == 0 || a[len - 1] == '/' ? "" : "/";
    return arena_printf(arena, out, err, "%s%s%s", a, slash, b);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct FileLock {
    int fd;
};

Status file_lock(const char *path, FileLock **out, Error *err)
{
    FileLock *lock = NULL;
    TRY(mem_alloc(sizeof *lock, (void **)&lock, err));
    Status st = fd_open(path, O_RDWR | O_CREAT, MODE_PRIVATE, &lock->fd, err);
    if (st != OK) {
        mem_free(lock);
        return st;
    }
    int rc;
    do
        rc = flock(lock->fd, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    if (rc == 0) {
        *out = lock;
        return OK;
    }
    if (errno == EWOULDBLOCK) {
        st = error_set(err, ERR_BUSY, "%s is locked by another process", path);
        error_hint(err, "Wait until the other command has ended, then run this one again.");
    } else {
        st = error_errno(err, "could not lock %s", path);
    }
    close(lock->fd);
    mem_free(lock);
    return st;
}

void file_unlock(FileLock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    mem_free(lock);
}
