/*
 * Opening files by names that come from outside. Each component is opened from
 * the folder before it with O_NOFOLLOW, so that neither dots nor a symbolic
 * link, planted at any moment, leads out of the folder (CWE-22, CWE-59, CWE-367).
 * openat2(RESOLVE_BENEATH) would do it in one call, but sandboxes often refuse it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

#define COMPONENT_MAX 255

static Status open_component(int parent, Slice name, int flags, int *out, Error *err)
{
    char z[COMPONENT_MAX + 1];
    if (name.len == 0 || name.len > COMPONENT_MAX || memchr(name.ptr, '\0', name.len) || slice_eq_z(name, ".") ||
        slice_eq_z(name, ".."))
        return error_set(err, ERR_INVALID, "not a plain relative path");
    memcpy(z, name.ptr, name.len);
    z[name.len] = '\0';
    int fd;
    do
        fd = openat(parent, z, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd >= 0) {
        *out = fd;
        return OK;
    }
    /* a link, or a file where a folder should be: for the caller there is no such file */
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
        return error_set(err, ERR_NOT_FOUND, "there is no such file");
    return error_errno(err, "could not open a file below a folder");
}

static Status must_be_regular(int fd, uint64_t *size, Error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_errno(err, "could not examine a file below a folder");
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERR_NOT_FOUND, "there is no such file");
    *size = (uint64_t)info.st_size;
    return OK;
}

Status file_open_below(const char *dir, Slice relative, int *out, uint64_t *size, Error *err)
{
    int at = -1;
    Status st = fd_open(dir, O_RDONLY | O_DIRECTORY, 0, &at, err);
    while (st == OK && relative.ptr) {
        int next = -1;
        Slice name = slice_cut(&relative, '/');
        /* O_NONBLOCK: a pipe in the place of the file must not hold up the caller */
        st = open_component(at, name, relative.ptr ? O_DIRECTORY : O_NONBLOCK, &next, err);
        close(at);
        at = next;
    }
    if (st == OK)
        st = must_be_regular(at, size, err);
    if (st != OK) {
        if (at >= 0)
            close(at);
        return st;
    }
    *out = at;
    return OK;
}

Status file_sha256_open(int fd, uint8_t out[SHA256_SIZE], Error *err)
{
    char piece[16 << 10];
    Sha256 *h = NULL;
    TRY(sha256_new(&h, err));
    Status st = OK;
    for (off_t at = 0; st == OK;) {
        ssize_t n = pread(fd, piece, sizeof piece, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            st = error_errno(err, "could not read an open file");
        if (n <= 0)
            break;
        st = sha256_update(h, piece, (size_t)n, err);
        at += n;
    }
    if (st == OK)
        st = sha256_final(h, out, err);
    sha256_free(h);
    return st;
}

void file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
