/*
 * Backup: a consistent copy of the whole home in a new folder.
 *
 *   TO/home/...        the files, under the names they have in the home
 *   TO/backup.sha256   one line a file, "HASH  PATH", sorted; a folder has "dir" for its hash
 *
 * The ledger is copied first: whatever it names (loads, generations, releases,
 * records) was complete before it was entered, so that everything copied
 * afterwards holds at least that. The list is written last, so that a backup
 * that was cut off is none. What never changes once it has its name is linked
 * where the file system allows; the rest is copied.
 */
#include "store/home_backup.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/ledger.h"
#include "store/lite.h"

#define MAX_DEPTH 32

typedef struct Backup {
    Home *home;
    Arena arena;
    const char *target; /* TO/home */
    Buf list;
    uint64_t files;
} Backup;

/* Loads, generations and releases get their names when they are complete. */
static bool never_changes(const char *relative)
{
    static const char *const folders[] = {"loads/", "warehouse/gen-", "results/gen-", "releases/", "extracts/"};
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (strncmp(relative, folders[i], strlen(folders[i])) == 0)
            return strcmp(path_base(relative), "CURRENT") != 0 && strcmp(path_base(relative), "WITHDRAWN") != 0;
    return false;
}

unsigned backup_file_mode(const char *relative)
{
    return strncmp(relative, "releases/", 9) == 0 ? MODE_PUBLIC : MODE_PRIVATE;
}

unsigned backup_dir_mode(const char *relative)
{
    return strncmp(relative, "releases", 8) == 0 ? MODE_DIR_PUBLIC : MODE_DIR_PRIVATE;
}

static Status list_file(Backup *b, const char *path, const char *relative, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    /* a line end in a name would break the list */
    if (strchr(relative, '\n'))
        return error_set(err, ERR_INVALID, "a file in the home has a line end in its name");
    TRY(file_sha256(path, digest, err));
    hex_encode(digest, sizeof digest, hex);
    buf_addf(&b->list, "%s  %s\n", hex, relative);
    b->files++;
    return buf_status(&b->list, err);
}

static Status copy_file(Backup *b, const char *from, const char *to, const char *relative, Error *err)
{
    if (never_changes(relative) && link(from, to) == 0)
        return list_file(b, to, relative, err);
    TRY(file_copy(from, to, backup_file_mode(relative), err));
    return list_file(b, to, relative, err);
}

static Status copy_folder(Backup *b, const char *relative, unsigned depth, Error *err);

static Status copy_entry(Backup *b, const char *relative, unsigned depth, Error *err)
{
    const char *from = NULL;
    const char *to = NULL;
    struct stat info;
    TRY(home_file(b->home, &b->arena, relative, &from, err));
    TRY(path_join(&b->arena, b->target, relative, &to, err));
    if (lstat(from, &info) != 0)
        return errno == ENOENT ? OK : error_errno(err, "could not examine %s", relative);
    if (S_ISDIR(info.st_mode))
        return copy_folder(b, relative, depth + 1, err);
    /* links and devices are no part of a home */
    return S_ISREG(info.st_mode) ? copy_file(b, from, to, relative, err) : OK;
}

static Status copy_folder(Backup *b, const char *relative, unsigned depth, Error *err)
{
    const char *from = NULL;
    const char *to = NULL;
    PathList names = {0};
    if (depth > MAX_DEPTH)
        return error_set(err, ERR_LIMIT, "folders in the home are nested deeper than %d", MAX_DEPTH);
    TRY(home_file(b->home, &b->arena, relative, &from, err));
    TRY(path_join(&b->arena, b->target, relative, &to, err));
    if (!dir_exists(from))
        return OK;
    TRY(dir_make(to, backup_dir_mode(relative), err));
    buf_addf(&b->list, "dir  %s\n", relative);
    Status st = dir_list(from, &b->arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *child = NULL;
        st = path_join(&b->arena, relative, names.at[i], &child, err);
        if (st == OK)
            st = copy_entry(b, child, depth, err);
    }
    vec_free(&names);
    return st;
}

static Status copy_database(Backup *b, const char *name, Error *err)
{
    const char *from = NULL;
    const char *to = NULL;
    TRY(home_file(b->home, &b->arena, name, &from, err));
    TRY(path_join(&b->arena, b->target, name, &to, err));
    TRY(lite_backup(from, to, name, err));
    return list_file(b, to, name, err);
}

static Status copy_home(Backup *b, BackupKeys keys, Error *err)
{
    TRY(copy_database(b, "ledger.db", err));
    TRY(copy_database(b, "vault.db", err));
    for (size_t i = 0; i < home_folder_count; i++) {
        const char *name = home_folders[i];
        if (strcmp(name, "tmp") == 0 || (strcmp(name, "keys") == 0 && keys == BACKUP_WITHOUT_KEYS))
            continue;
        TRY(copy_folder(b, name, 0, err));
        TRY(cancel_check(err));
    }
    return copy_entry(b, "cairn.toml", 0, err);
}

static Status note_backup(Backup *b, BackupKeys keys, Error *err)
{
    Ledger *ledger = NULL;
    const char *body = NULL;
    TRY(arena_printf(&b->arena, &body, err, "{\"files\":%" PRIu64 ",\"keys\":%s}", b->files,
        keys == BACKUP_WITH_KEYS ? "true" : "false"));
    TRY(ledger_open(b->home, &ledger, err));
    Status st = ledger_append(ledger, "backup.made", SLICE("home"), slice_of(body), err);
    ledger_close(ledger);
    return st;
}

static Status must_be_new(const char *to, Arena *arena, Error *err)
{
    PathList names = {0};
    if (!dir_exists(to))
        return file_exists(to) ? error_set(err, ERR_EXISTS, "%s is a file", to) : OK;
    Status st = dir_list(to, arena, &names, err);
    if (st == OK && names.len > 0)
        st = error_set(err, ERR_EXISTS, "%s is not empty", to);
    vec_free(&names);
    return st;
}

Status home_backup(Home *home, const char *to, BackupKeys keys, Error *err)
{
    Backup b = {.home = home};
    const char *list = NULL;
    Status st = OK;
    arena_init(&b.arena, 0);
    buf_init(&b.list, 0);
    TRY_OUT(must_be_new(to, &b.arena, err));
    TRY_OUT(path_join(&b.arena, to, BACKUP_HOME, &b.target, err));
    TRY_OUT(path_join(&b.arena, to, BACKUP_LIST, &list, err));
    TRY_OUT(dir_make(b.target, MODE_DIR_PRIVATE, err));
    TRY_OUT(copy_home(&b, keys, err));
    TRY_OUT(dir_sync(to, err));
    TRY_OUT(file_write(list, buf_slice(&b.list), MODE_PRIVATE, err));
    TRY_OUT(note_backup(&b, keys, err));
out:
    buf_free(&b.list);
    arena_free(&b.arena);
    return st;
}
