/*
 * The data home: making it, opening it, one writer at a time.
 *
 * home_create may be killed anywhere and run again: cairn.toml, which makes a
 * folder a home, is written last, and keys that are there already are kept.
 */
#include "store/home_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/ledger.h"
#include "store/vault.h"

#define SETTINGS_FILE "cairn.toml"
#define SETTINGS_SCHEMA 1
#define SPILL_PREFIX "spill-"

const char *const home_folders[] = {
    "keys",
    "inbox",
    "loads",
    "warehouse",
    "results",
    "releases",
    "extracts",
    "answers",
    "tmp",
};
const size_t home_folder_count = COUNT_OF(home_folders);

/* Released pages are public; their folder must let a web server in. */
static unsigned folder_mode(const char *name)
{
    return strcmp(name, "releases") == 0 ? MODE_DIR_PUBLIC : MODE_DIR_PRIVATE;
}

/* --- settings ------------------------------------------------------------------------------------------------ */

static void add_toml_string(Buf *out, const char *z)
{
    buf_addc(out, '"');
    for (const char *p = z; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_addf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            buf_addf(out, "\\u%04X", (unsigned)*p);
        else
            buf_addc(out, *p);
    }
    buf_addc(out, '"');
}

static Status write_settings(const char *path, const HomeSettings *s, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    buf_adds(&text, "# Settings of this data home.\n");
    buf_addf(&text, "schema = %d\n", SETTINGS_SCHEMA);
    buf_adds(&text, "# Folder of the dated rules.\npolicy_dir = ");
    add_toml_string(&text, s->policy_dir ? s->policy_dir : "");
    buf_addf(&text, "\n# Worker threads; 0: one a core.\nthreads = %u\n", s->threads);
    buf_addf(
        &text, "# DuckDB's memory limit in MiB; 0: 60 %% of the machine.\nmemory_mb = %" PRIu64 "\n", s->memory_mb);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

static Status read_settings(Home *home, Error *err)
{
    static const char *const allowed[] = {"schema", "policy_dir", "threads", "memory_mb", NULL};
    const Toml *t = NULL;
    const char *path = NULL;
    Slice policy_dir = {0};
    int64_t schema = 0;
    int64_t threads = 0;
    int64_t memory_mb = 0;
    TRY(home_file(home, &home->arena, SETTINGS_FILE, &path, err));
    TRY(toml_read(path, &home->arena, &t, err));
    TRY(toml_only(t, SETTINGS_FILE, allowed, err));
    TRY(toml_int(t, SETTINGS_FILE, "schema", &schema, err));
    TRY(toml_str(t, SETTINGS_FILE, "policy_dir", &policy_dir, err));
    TRY(toml_int_or(t, SETTINGS_FILE, "threads", 0, &threads, err));
    TRY(toml_int_or(t, SETTINGS_FILE, "memory_mb", 0, &memory_mb, err));
    if (schema != SETTINGS_SCHEMA)
        return error_set(
            err, ERR_INVALID, "%s: schema %" PRId64 " is not known to this program", SETTINGS_FILE, schema);
    if (threads < 0 || threads > 1024)
        return error_set(err, ERR_INVALID, "%s: threads must lie between 0 and 1024", SETTINGS_FILE);
    if (memory_mb < 0 || memory_mb > INT64_C(1) << 30)
        return error_set(err, ERR_INVALID, "%s: memory_mb is out of range", SETTINGS_FILE);
    home->settings.policy_dir = policy_dir.ptr;
    home->settings.threads = (unsigned)threads;
    home->settings.memory_mb = (uint64_t)memory_mb;
    return OK;
}

/* --- paths --------------------------------------------------------------------------------------------------- */

HomeAccess home_access(const Home *home)
{
    return home->access;
}

const char *home_path(const Home *home)
{
    return home->path;
}

Status home_file(const Home *home, Arena *arena, const char *relative, const char **out, Error *err)
{
    return path_join(arena, home->path, relative, out, err);
}

Status home_join(const Home *home, Arena *arena, const char *a, const char *b, const char **out, Error *err)
{
    TRY(home_file(home, arena, a, out, err));
    return b ? path_join(arena, *out, b, out, err) : OK;
}

Status home_spill_dir(const Home *home, Arena *arena, const char **out, Error *err)
{
    return arena_printf(arena, out, err, "%s/tmp/" SPILL_PREFIX "%ld", home->path, (long)getpid());
}

/* --- opening ------------------------------------------------------------------------------------------------- */

static void home_free(Home *home)
{
    if (!home)
        return;
    if (home->lock)
        file_unlock(home->lock);
    keyring_free(&home->keys);
    pthread_mutex_destroy(&home->keys_lock);
    arena_free(&home->arena);
    mem_free(home->path);
    mem_free(home);
}

static Status home_new(const char *path, HomeAccess access, Home **out, Error *err)
{
    Home *home = NULL;
    TRY(mem_zalloc(1, sizeof *home, (void **)&home, err));
    home->access = access;
    arena_init(&home->arena, 0);
    if (pthread_mutex_init(&home->keys_lock, NULL) != 0) {
        mem_free(home);
        return error_nomem(err);
    }
    Status st = mem_strndup(path, strlen(path), &home->path, err);
    if (st != OK) {
        home_free(home);
        return st;
    }
    *out = home;
    return OK;
}

static Status take_lock(Home *home, Error *err)
{
    const char *path = NULL;
    TRY(home_file(home, &home->arena, "lock", &path, err));
    Status st = file_lock(path, &home->lock, err);
    if (st == ERR_BUSY) {
        error_set(err, ERR_BUSY, "another process is working on this data home");
        error_hint(err, "Wait until it is done, then run the command again.");
    }
    return st;
}

/* A reader of another process may be spilling there: its folder carries its process number. */
static bool belongs_to_running_process(const char *name)
{
    int64_t pid = 0;
    Slice prefix = SLICE(SPILL_PREFIX);
    Slice s = slice_of(name);
    if (!slice_starts(s, prefix) || parse_i64(slice_sub(s, prefix.len, s.len), &pid, NULL) != OK)
        return false;
    if (pid <= 0 || pid > INT32_MAX || pid == getpid())
        return false;
    return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

static Status empty_tmp(const Home *home, Error *err)
{
    Arena arena;
    PathList names = {0};
    const char *tmp = NULL;
    arena_init(&arena, 0);
    Status st = home_file(home, &arena, "tmp", &tmp, err);
    if (st == OK)
        st = dir_make(tmp, MODE_DIR_PRIVATE, err);
    if (st == OK)
        st = dir_list(tmp, &arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *path = NULL;
        if (belongs_to_running_process(names.at[i]))
            continue;
        st = path_join(&arena, tmp, names.at[i], &path, err);
        if (st == OK)
            st = dir_exists(path) ? dir_remove(path, err) : file_remove(path, err);
    }
    vec_free(&names);
    arena_free(&arena);
    return st;
}

static Status must_be_home(const Home *home, Error *err)
{
    const char *path = NULL;
    Arena arena;
    arena_init(&arena, 0);
    Status st = home_file(home, &arena, SETTINGS_FILE, &path, err);
    if (st == OK && !file_exists(path)) {
        st = error_set(err, ERR_NOT_FOUND, "there is no data home at %s", home->path);
        error_hint(err, "Make one with: cairn init %s", home->path);
    }
    arena_free(&arena);
    return st;
}

Status home_open(const char *path, HomeAccess access, Home **out, Error *err)
{
    Home *home = NULL;
    Status st = OK;
    TRY(home_new(path, access, &home, err));
    TRY_OUT(must_be_home(home, err));
    if (access == HOME_WRITE)
        TRY_OUT(take_lock(home, err));
    TRY_OUT(read_settings(home, err));
    if (access == HOME_WRITE) {
        TRY_OUT(empty_tmp(home, err));
        TRY_OUT(home_settle_keys(home, err));
    }
    *out = home;
    home = NULL;
out:
    home_free(home);
    return st;
}

void home_close(Home *home)
{
    const char *spill = NULL;
    /* DuckDB removes its files; the folder is ours */
    if (home && home_spill_dir(home, &home->arena, &spill, NULL) == OK)
        (void)rmdir(spill);
    home_free(home);
}

const HomeSettings *home_settings(const Home *home)
{
    return &home->settings;
}

void home_override(Home *home, unsigned threads, uint64_t memory_mb)
{
    if (threads > 0)
        home->settings.threads = threads;
    if (memory_mb > 0)
        home->settings.memory_mb = memory_mb;
}

Status home_must_write(const Home *home, Error *err)
{
    if (home->access == HOME_WRITE)
        return OK;
    return error_set(err, ERR_DENIED, "the data home is open for reading only");
}

/* --- making -------------------------------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    static const char *const files[] = {
        "lock", "vault.db", "vault.db-wal", "vault.db-shm", "ledger.db", "ledger.db-wal", "ledger.db-shm"};
    for (size_t i = 0; i < home_folder_count; i++)
        if (strcmp(name, home_folders[i]) == 0)
            return true;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (strcmp(name, files[i]) == 0)
            return true;
    return false;
}

/* An empty folder, or what an interrupted home_create left. */
static Status must_be_free(const Home *home, Error *err)
{
    Arena arena;
    PathList names = {0};
    const char *settings = NULL;
    Status st = OK;
    if (!dir_exists(home->path) && !file_exists(home->path))
        return OK;
    arena_init(&arena, 0);
    TRY_OUT(home_file(home, &arena, SETTINGS_FILE, &settings, err));
    if (file_exists(settings))
        TRY_OUT(error_set(err, ERR_EXISTS, "%s is a data home already", home->path));
    TRY_OUT(dir_list(home->path, &arena, &names, err));
    for (size_t i = 0; i < names.len; i++)
        if (!is_ours(names.at[i]))
            TRY_OUT(error_set(err, ERR_EXISTS, "%s is not empty and not a data home", home->path));
out:
    vec_free(&names);
    arena_free(&arena);
    return st;
}

static Status make_folders(Home *home, Error *err)
{
    TRY(dir_make(home->path, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < home_folder_count; i++) {
        const char *path = NULL;
        TRY(home_file(home, &home->arena, home_folders[i], &path, err));
        TRY(dir_make(path, folder_mode(home_folders[i]), err));
    }
    return OK;
}

/* Pseudonyms agree between two homes when tags, pseudonyms and signatures are made with the same keys; the boxes of
 * the two vaults never meet, so that each home keeps a box key (and with it the nonces) of its own. */
static Status keys_from_elsewhere(const char *from, Keyring *k, Error *err)
{
    Status st = keyring_read(k, from, err);
    if (st == OK)
        st = random_bytes(k->master, sizeof k->master, err);
    if (st == OK)
        st = keyring_renew(k, "record-box", err);
    return st;
}

static Status make_keys(Home *home, const char *keys_from, Error *err)
{
    Keyring keys = {0};
    Status st = OK;
    const char *dir = NULL;
    const char *keyring = NULL;
    TRY(home_file(home, &home->arena, "keys", &dir, err));
    TRY(path_join(&home->arena, dir, "keyring.json", &keyring, err));
    if (file_exists(keyring)) {
        st = home_settle_keys(home, err);
        return st == OK ? home_load_keys(home, err) : st;
    }
    st = keys_from ? keys_from_elsewhere(keys_from, &keys, err) : keyring_make(&keys, err);
    if (st == OK)
        st = keyring_write(&keys, dir, err);
    keyring_free(&keys);
    return st;
}

static Status make_stores(Home *home, Error *err)
{
    Ledger *ledger = NULL;
    Vault *vault = NULL;
    Status st = ledger_open(home, &ledger, err);
    ledger_close(ledger);
    if (st == OK)
        st = vault_open(home, &vault, err);
    vault_close(vault);
    return st;
}

Status home_create(const char *path, const HomeSettings *settings, const char *keys_from, Error *err)
{
    Home *home = NULL;
    const char *settings_path = NULL;
    Status st = OK;
    TRY(home_new(path, HOME_WRITE, &home, err));
    TRY_OUT(must_be_free(home, err));
    home->being_made = true;
    TRY_OUT(make_folders(home, err));
    TRY_OUT(take_lock(home, err));
    TRY_OUT(make_keys(home, keys_from, err));
    TRY_OUT(make_stores(home, err));
    TRY_OUT(dir_sync(home->path, err));
    TRY_OUT(home_file(home, &home->arena, SETTINGS_FILE, &settings_path, err));
    TRY_OUT(write_settings(settings_path, settings, err));
out:
    home_free(home);
    return st;
}
