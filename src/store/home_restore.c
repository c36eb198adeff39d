/*
 * Restore: every hash of the backup is checked before the first byte is
 * written; cairn.toml, which makes the folder a home, comes last. The new home
 * is marked, so that its first writer makes a new box key (see keys.c).
 */
#include "store/home_backup.h"

#define LIST_MAX ((size_t)256 << 20)

typedef struct ListLine {
    Slice hash; /* empty: a folder */
    const char *relative;
} ListLine;

typedef struct Restore {
    Arena arena;
    const char *source; /* FROM/home */
    const char *to;
    Buf text;
    VEC(ListLine) lines;
} Restore;

/* The list came from outside: it must not lead out of the folder. */
static bool stays_inside(Slice relative)
{
    Slice rest = relative;
    if (relative.len == 0 || relative.ptr[0] == '/')
        return false;
    while (rest.ptr) {
        Slice part = slice_cut(&rest, '/');
        if (part.len == 0 || slice_eq_z(part, ".") || slice_eq_z(part, ".."))
            return false;
    }
    return true;
}

static Status read_line(Restore *r, Slice line, Error *err)
{
    ListLine out = {0};
    Slice copy;
    size_t gap = slice_find(line, SLICE("  "));
    Slice hash = slice_sub(line, 0, gap);
    Slice relative = slice_sub(line, gap + 2, line.len);
    bool folder = slice_eq_z(hash, "dir");
    if ((!folder && hash.len != 2 * SHA256_SIZE) || !stays_inside(relative))
        return error_set(err, ERR_CORRUPT, "%s has a line of the wrong form", BACKUP_LIST);
    TRY(arena_dup(&r->arena, relative, &copy, err));
    out.relative = copy.ptr;
    out.hash = folder ? (Slice){0} : hash;
    return vec_push(&r->lines, out, err);
}

static Status read_list(Restore *r, const char *from, Error *err)
{
    const char *path = NULL;
    TRY(path_join(&r->arena, from, BACKUP_LIST, &path, err));
    if (!file_exists(path)) {
        error_set(err, ERR_NOT_FOUND, "%s is no complete backup: there is no %s in it", from, BACKUP_LIST);
        return ERR_NOT_FOUND;
    }
    TRY(file_read(path, LIST_MAX, &r->text, err));
    Slice rest = buf_slice(&r->text);
    while (rest.ptr) {
        Slice line = slice_cut(&rest, '\n');
        if (line.len > 0)
            TRY(read_line(r, line, err));
    }
    return OK;
}

static Status check_file(Restore *r, const ListLine *line, Error *err)
{
    const char *path = NULL;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    TRY(path_join(&r->arena, r->source, line->relative, &path, err));
    if (!file_exists(path))
        return error_set(err, ERR_CORRUPT, "the backup lacks the file %s", line->relative);
    TRY(file_sha256(path, digest, err));
    hex_encode(digest, sizeof digest, hex);
    if (!slice_eq_z(line->hash, hex))
        return error_set(err, ERR_CORRUPT, "the backup's file %s was changed", line->relative);
    return OK;
}

static Status check_all(Restore *r, Error *err)
{
    bool settings = false;
    for (size_t i = 0; i < r->lines.len; i++) {
        if (r->lines.at[i].hash.len == 0)
            continue;
        TRY(check_file(r, &r->lines.at[i], err));
        settings = settings || strcmp(r->lines.at[i].relative, "cairn.toml") == 0;
    }
    return settings ? OK : error_set(err, ERR_CORRUPT, "the backup holds no home");
}

static Status must_be_free(Restore *r, Error *err)
{
    PathList names = {0};
    if (!dir_exists(r->to))
        return file_exists(r->to) ? error_set(err, ERR_EXISTS, "%s is a file", r->to) : OK;
    Status st = dir_list(r->to, &r->arena, &names, err);
    if (st == OK && names.len > 0)
        st = error_set(err, ERR_EXISTS, "%s is not empty: a home is restored into a new folder only", r->to);
    vec_free(&names);
    return st;
}

static Status copy_line(Restore *r, const ListLine *line, Error *err)
{
    const char *from = NULL;
    const char *to = NULL;
    TRY(path_join(&r->arena, r->to, line->relative, &to, err));
    if (line->hash.len == 0)
        return dir_make(to, backup_dir_mode(line->relative), err);
    TRY(path_join(&r->arena, r->source, line->relative, &from, err));
    return file_copy(from, to, backup_file_mode(line->relative), err);
}

static Status make_missing_folders(Restore *r, Error *err)
{
    for (size_t i = 0; i < home_folder_count; i++) {
        const char *path = NULL;
        TRY(path_join(&r->arena, r->to, home_folders[i], &path, err));
        TRY(dir_make(path, backup_dir_mode(home_folders[i]), err));
    }
    return OK;
}

static Status copy_all(Restore *r, Error *err)
{
    const char *mark = NULL;
    const ListLine *settings = NULL;
    TRY(dir_make(r->to, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < r->lines.len; i++) {
        const ListLine *line = &r->lines.at[i];
        if (strcmp(line->relative, "cairn.toml") == 0)
            settings = line;
        else
            TRY(copy_line(r, line, err));
        TRY(cancel_check(err));
    }
    TRY(make_missing_folders(r, err));
    TRY(path_join(&r->arena, r->to, HOME_RESTORED_MARK, &mark, err));
    TRY(file_write(mark, SLICE("restored from a backup\n"), MODE_PRIVATE, err));
    TRY(dir_sync(r->to, err));
    return copy_line(r, settings, err);
}

Status home_restore(const char *from, const char *to, Error *err)
{
    Restore r = {.to = to};
    Status st = OK;
    arena_init(&r.arena, 0);
    buf_init(&r.text, 0);
    TRY_OUT(path_join(&r.arena, from, BACKUP_HOME, &r.source, err));
    TRY_OUT(read_list(&r, from, err));
    TRY_OUT(check_all(&r, err));
    TRY_OUT(must_be_free(&r, err));
    TRY_OUT(copy_all(&r, err));
out:
    vec_free(&r.lines);
    buf_free(&r.text);
    arena_free(&r.arena);
    return st;
}
