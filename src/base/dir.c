/*
 * Folders. Walks go by descriptor (openat, unlinkat) and open nothing through
 * a symbolic link, so that a link planted inside a folder cannot lead a
 * removal out of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"

#define MAX_DEPTH 100

Status dir_make(const char *path, unsigned mode, Error *err)
{
    char *prefix = NULL;
    size_t len = strlen(path);
    TRY(mem_strndup(path, len, &prefix, err));
    Status st = OK;
    for (size_t i = 1; i <= len && st == OK; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdir(prefix, (mode_t)mode) != 0) {
            if (errno != EEXIST)
                st = error_errno(err, "could not make folder %s", prefix);
            else if (!dir_exists(prefix))
                st = error_set(err, ERR_EXISTS, "%s is not a folder", prefix);
        }
        prefix[i] = path[i];
    }
    mem_free(prefix);
    return st;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Status read_names(DIR *dir, const char *path, Arena *arena, PathList *names, Error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno == 0 ? OK : error_errno(err, "could not list %s", path);
        if (is_dots(entry->d_name))
            continue;
        Slice copy;
        TRY(arena_dup(arena, slice_of(entry->d_name), &copy, err));
        TRY(vec_push(names, copy.ptr, err));
    }
}

Status dir_list(const char *path, Arena *arena, PathList *out, Error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return error_errno(err, "could not list %s", path);
    PathList names = {0};
    Status st = read_names(dir, path, arena, &names, err);
    closedir(dir);
    if (st != OK) {
        vec_free(&names);
        return st;
    }
    if (names.len > 1)
        qsort(names.at, names.len, sizeof *names.at, compare_names);
    *out = names;
    return OK;
}

/* What a walk does: files first, each folder after what is in it. */
typedef struct Walk {
    const char *root; /* for messages */
    Status (*on_file)(const struct Walk *w, int parent, const char *name, Error *err);
    Status (*on_dir)(const struct Walk *w, int parent, const char *name, int dir, Error *err);
} Walk;

static Status walk_dir(const Walk *w, int parent, const char *name, unsigned depth, Error *err);

static Status walk_entry(const Walk *w, int dir, const char *name, unsigned depth, Error *err)
{
    struct stat info;
    if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : error_errno(err, "could not examine an entry of %s", w->root);
    if (S_ISDIR(info.st_mode))
        return walk_dir(w, dir, name, depth + 1, err);
    return w->on_file(w, dir, name, err);
}

static Status walk_dir(const Walk *w, int parent, const char *name, unsigned depth, Error *err)
{
    if (depth > MAX_DEPTH)
        return error_set(err, ERR_LIMIT, "folders in %s are nested deeper than %d", w->root, MAX_DEPTH);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "could not open folder %s", w->root);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        Status st = error_errno(err, "could not list %s", w->root);
        close(fd);
        return st;
    }
    Arena arena;
    arena_init(&arena, 0);
    PathList names = {0};
    /* all names first: removing entries under a running readdir is unspecified */
    Status st = read_names(dir, w->root, &arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++)
        st = walk_entry(w, fd, names.at[i], depth, err);
    vec_free(&names);
    arena_free(&arena);
    if (st == OK)
        st = w->on_dir(w, parent, name, fd, err);
    closedir(dir);
    return st;
}

static Status remove_file(const Walk *w, int parent, const char *name, Error *err)
{
    if (unlinkat(parent, name, 0) != 0 && errno != ENOENT)
        return error_errno(err, "could not remove an entry of %s", w->root);
    return OK;
}

static Status remove_dir(const Walk *w, int parent, const char *name, int dir, Error *err)
{
    UNUSED(dir);
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return error_errno(err, "could not remove folder %s", w->root);
    return OK;
}

Status dir_remove(const char *path, Error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? OK : error_errno(err, "could not examine %s", path);
    Walk w = {.root = path, .on_file = remove_file, .on_dir = remove_dir};
    return walk_dir(&w, AT_FDCWD, path, 0, err);
}

static Status sync_one(const Walk *w, int parent, const char *name, Error *err)
{
    struct stat info;
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, "could not examine an entry of %s", w->root);
    if (!S_ISREG(info.st_mode))
        return OK;
    int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "could not open an entry of %s", w->root);
    Status st = fd_sync(fd, w->root, err);
    close(fd);
    return st;
}

static Status sync_dir(const Walk *w, int parent, const char *name, int dir, Error *err)
{
    UNUSED(parent);
    UNUSED(name);
    return fd_sync(dir, w->root, err);
}

Status dir_sync(const char *path, Error *err)
{
    Walk w = {.root = path, .on_file = sync_one, .on_dir = sync_dir};
    return walk_dir(&w, AT_FDCWD, path, 0, err);
}
