/*
 * Doctor: one check a function, each ending in one finding that says what is
 * wrong and what to do. A failing check never hides the next one.
 *
 * What is checked by sample says so: a vault of ten million records is checked
 * whole by `cairn verify`, here in a second.
 */
#include "store/home_impl.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <jansson.h>

#include "store/ledger.h"
#include "store/vault_impl.h"
#include "store/warehouse.h"

#define VAULT_SAMPLE 100000
#define JSON_FILE_MAX ((size_t)64 << 20)
#define LOW_SPACE_BYTES (UINT64_C(1) << 30)
#define CLOCK_TOLERANCE 300 /* seconds between machines that share a home */

typedef struct Doctor {
    Home *home;
    Arena *arena;
    Findings *out;
    Ledger *ledger; /* NULL: it does not open */
} Doctor;

/* --- findings ------------------------------------------------------------------------------------------------ */

static Status add(Doctor *d, const char *check, bool ok, const char *message, const char *advice, Error *err)
{
    Finding f = {.check = check, .ok = ok};
    Slice copy;
    TRY(arena_dup(d->arena, slice_of(message), &copy, err));
    f.message = copy.ptr;
    TRY(arena_dup(d->arena, slice_of(ok ? "" : advice), &copy, err));
    f.advice = copy.ptr;
    return vec_push(d->out, f, err);
}

/* A check's own failure is its finding; only running out of memory ends the examination. */
static Status conclude(
    Doctor *d, const char *check, Status st, const Error *why, const char *good, const char *advice, Error *err)
{
    if (st == OK)
        return add(d, check, true, good, "", err);
    if (st == ERR_NOMEM)
        return error_nomem(err);
    return add(d, check, false, why->message, why->hint[0] ? why->hint : advice, err);
}

static Status in_home(const Doctor *d, const char *a, const char *b, const char **out, Error *err)
{
    return home_join(d->home, d->arena, a, b, out, err);
}

/* --- folders and modes --------------------------------------------------------------------------------------- */

static Status folders_exist(Doctor *d, Error *err)
{
    for (size_t i = 0; i < home_folder_count; i++) {
        const char *path = NULL;
        TRY(in_home(d, home_folders[i], NULL, &path, err));
        if (!dir_exists(path))
            return error_set(err, ERR_NOT_FOUND, "the folder %s is missing", home_folders[i]);
    }
    return OK;
}

static Status modes_are_private(Doctor *d, Error *err)
{
    static const char *const private[] = {".", "keys", "inbox", "loads", "warehouse", "results", "extracts", "tmp",
        "answers", "keys/master.key", "keys/keyring.json", "vault.db", "vault.db-wal", "ledger.db", "ledger.db-wal",
        "cairn.toml"};
    for (size_t i = 0; i < COUNT_OF(private); i++) {
        const char *path = NULL;
        TRY(in_home(d, private[i], NULL, &path, err));
        if (file_exists(path) || dir_exists(path))
            TRY(file_check_private(path, err));
    }
    return OK;
}

static Status policy_is_readable(Doctor *d, Error *err)
{
    PathList names = {0};
    const char *dir = d->home->settings.policy_dir;
    if (dir[0] == '\0')
        return error_set(err, ERR_NOT_FOUND, "cairn.toml names no policy folder");
    if (!dir_exists(dir))
        return error_set(err, ERR_NOT_FOUND, "the policy folder %s does not exist", dir);
    Status st = dir_list(dir, d->arena, &names, err);
    if (st == OK && names.len == 0)
        st = error_set(err, ERR_NOT_FOUND, "the policy folder %s is empty", dir);
    vec_free(&names);
    return st;
}

/* --- keys, ledger, vault, warehouse -------------------------------------------------------------------------- */

static Status keys_open(Doctor *d, Error *err)
{
    return home_load_keys(d->home, err);
}

static Status check_ledger(Doctor *d, Error *err)
{
    Error why = ERROR_INIT;
    uint64_t entries = 0;
    char good[80];
    Status st = ledger_open(d->home, &d->ledger, &why);
    if (st == OK)
        st = ledger_verify(d->ledger, &entries, &why);
    snprintf(good, sizeof good, "%" PRIu64 " entries, each hash right", entries);
    return conclude(d, "ledger chain", st, &why, good, "Compare ledger.db with a backup.", err);
}

static Status check_vault(Doctor *d, Error *err)
{
    Error why = ERROR_INIT;
    Vault *vault = NULL;
    uint64_t records = 0;
    uint64_t persons = 0;
    uint64_t quarantined = 0;
    uint64_t checked = 0;
    char good[200];
    Status st = vault_open(d->home, &vault, &why);
    if (st == OK)
        st = vault_count(vault, &records, &persons, &quarantined, &why);
    if (st == OK)
        st = records + quarantined <= VAULT_SAMPLE ? vault_verify(vault, &checked, &why)
                                                   : vault_verify_sample(vault, VAULT_SAMPLE, &checked, &why);
    vault_close(vault);
    snprintf(good, sizeof good,
        "%" PRIu64 " records, %" PRIu64 " persons, %" PRIu64 " quarantined rows; %" PRIu64 " of them opened", records,
        persons, quarantined, checked);
    return conclude(d, "vault", st, &why, good, "Restore the data home from a backup.", err);
}

static Status check_warehouse(Doctor *d, Error *err)
{
    Error why = ERROR_INIT;
    Db *db = NULL;
    uint32_t number = 0;
    int64_t tables = 0;
    char good[100];
    Status st = warehouse_open(d->home, &number, &db, &why);
    if (st == OK)
        st = db_value_i64(db, &tables, &why, "SELECT count(*) FROM duckdb_tables()");
    db_close(db);
    if (st == ERR_NOT_FOUND && number == 0)
        return add(d, "warehouse", true, "no generation was built yet", "", err);
    snprintf(good, sizeof good, "generation %" PRIu32 " opens, %" PRId64 " tables", number, tables);
    return conclude(d, "warehouse", st, &why, good, "Build a new generation: cairn build.", err);
}

/* --- files against their hashes ------------------------------------------------------------------------------ */

static Status check_hash(Doctor *d, const char *folder, const char *name, const char *hash, Error *err)
{
    const char *path = NULL;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    TRY(path_join(d->arena, folder, name, &path, err));
    if (!file_exists(path))
        return error_set(err, ERR_NOT_FOUND, "%s in %s is missing", name, path_base(folder));
    TRY(file_sha256(path, digest, err));
    hex_encode(digest, sizeof digest, hex);
    if (!hash || strcmp(hash, hex) != 0)
        return error_set(err, ERR_CORRUPT, "%s in %s does not match its hash", name, path_base(folder));
    return OK;
}

/* Member "files": {name: hash, ...} or [{"path": ..., "sha256": ...}, ...]. */
static Status check_files(Doctor *d, const char *folder, const json_t *files, Error *err)
{
    if (json_is_array(files)) {
        for (size_t i = 0; i < json_array_size(files); i++) {
            const json_t *entry = json_array_get(files, i);
            const char *path = json_string_value(json_object_get(entry, "path"));
            const char *name = path ? path : json_string_value(json_object_get(entry, "name"));
            if (!name)
                return error_set(err, ERR_CORRUPT, "the list of files in %s has no names", path_base(folder));
            TRY(check_hash(d, folder, name, json_string_value(json_object_get(entry, "sha256")), err));
        }
        return OK;
    }
    /* jansson's iterators take the object without const */
    const char *name;
    json_t *hash;
    json_t *object = json_deep_copy(files);
    Status st = OK;
    json_object_foreach(object, name, hash)
    {
        if (st == OK)
            st = check_hash(d, folder, name, json_string_value(hash), err);
    }
    json_decref(object);
    return st;
}

static Status check_folder(Doctor *d, const char *folder, const char *list, Error *err)
{
    const char *path = NULL;
    Buf text;
    if (!dir_exists(folder))
        return error_set(err, ERR_NOT_FOUND, "the folder %s is missing", path_base(folder));
    TRY(path_join(d->arena, folder, list, &path, err));
    buf_init(&text, JSON_FILE_MAX);
    Status st = file_read(path, JSON_FILE_MAX, &text, err);
    if (st == OK) {
        json_t *root = json_loadb(buf_z(&text), text.len, 0, NULL);
        const json_t *files = json_object_get(root, "files");
        if (!root)
            st = error_set(err, ERR_CORRUPT, "%s in %s is not JSON", list, path_base(folder));
        else if (files)
            st = check_files(d, folder, files, err);
        json_decref(root);
    }
    buf_free(&text);
    return st;
}

static Status check_loads(Doctor *d, Error *err)
{
    Error why = ERROR_INIT;
    Loads loads = {0};
    char good[80];
    Status st = d->ledger ? ledger_loads(d->ledger, d->arena, &loads, &why)
                          : error_set(&why, ERR_CORRUPT, "the ledger does not open");
    for (size_t i = 0; i < loads.len && st == OK; i++) {
        const char *folder = NULL;
        st = in_home(d, "loads", loads.at[i].id.ptr, &folder, &why);
        if (st == OK)
            st = check_folder(d, folder, "receipt.json", &why);
    }
    snprintf(good, sizeof good, "%zu accepted loads, all files right", loads.len);
    vec_free(&loads);
    return conclude(
        d, "loads", st, &why, good, "Restore the load's folder from a backup, or ingest the file again.", err);
}

static Status check_releases(Doctor *d, Error *err)
{
    Error why = ERROR_INIT;
    PathList names = {0};
    const char *dir = NULL;
    char good[80];
    size_t checked = 0;
    Status st = in_home(d, "releases", NULL, &dir, &why);
    if (st == OK)
        st = dir_list(dir, d->arena, &names, &why);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *folder = NULL;
        st = path_join(d->arena, dir, names.at[i], &folder, &why);
        if (st != OK || !dir_exists(folder))
            continue;
        st = check_folder(d, folder, "manifest.json", &why);
        checked++;
    }
    vec_free(&names);
    snprintf(good, sizeof good, "%zu releases, all files right", checked);
    return conclude(
        d, "releases", st, &why, good, "Publish again (cairn release), or restore the release from a backup.", err);
}

/* --- leftovers, space, clock --------------------------------------------------------------------------------- */

static Status tmp_is_empty(Doctor *d, Error *err)
{
    PathList names = {0};
    const char *dir = NULL;
    TRY(in_home(d, "tmp", NULL, &dir, err));
    Status st = dir_list(dir, d->arena, &names, err);
    size_t foreign = 0;
    for (size_t i = 0; i < names.len; i++)
        foreign += !slice_starts(slice_of(names.at[i]), SLICE("spill-"));
    vec_free(&names);
    if (st == OK && foreign > 0 && d->home->access == HOME_READ)
        st = error_set(err, ERR_EXISTS, "tmp holds %zu entries: a run was cut off, or is under way", foreign);
    return st;
}

static Status space_is_left(Doctor *d, Error *err)
{
    struct statvfs info;
    if (statvfs(d->home->path, &info) != 0)
        return error_errno(err, "could not ask for the space left");
    uint64_t left = (uint64_t)info.f_bavail * info.f_frsize;
    if (left < LOW_SPACE_BYTES)
        return error_set(err, ERR_LIMIT, "only %" PRIu64 " MiB are left on the disk of the home", left >> 20);
    return OK;
}

static Status clock_is_sane(Doctor *d, Error *err)
{
    LedgerEntries entries = {0};
    int64_t now = clock_now();
    if (!d->ledger)
        return error_set(err, ERR_CORRUPT, "the ledger does not open");
    Status st = ledger_list(d->ledger, NULL, d->arena, &entries, err);
    if (st == OK && entries.len > 0 && vec_last(&entries).at > now + CLOCK_TOLERANCE)
        st = error_set(err, ERR_INVALID, "the clock is behind the ledger's last entry");
    vec_free(&entries);
    return st;
}

/* --- all of them --------------------------------------------------------------------------------------------- */

typedef struct SimpleCheck {
    const char *name;
    Status (*run)(Doctor *d, Error *err);
    const char *good;
    const char *advice;
} SimpleCheck;

static Status run_simple(Doctor *d, const SimpleCheck *checks, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        Error why = ERROR_INIT;
        Status st = checks[i].run(d, &why);
        TRY(conclude(d, checks[i].name, st, &why, checks[i].good, checks[i].advice, err));
    }
    return OK;
}

static Status examine(Doctor *d, Error *err)
{
    static const SimpleCheck before[] = {
        {"folders", folders_exist, "all there", "Restore the data home from a backup, or make the folder again."},
        {"file modes", modes_are_private, "private", "Run chmod go-rwx on it."},
        {"policy folder", policy_is_readable, "readable", "Set policy_dir in cairn.toml."},
        {"keys", keys_open, "the keyring opens", "Put back the keys folder that belongs to this home."},
    };
    static const SimpleCheck after[] = {
        {"leftovers", tmp_is_empty, "none",
            "Nothing to do if a run is under way; otherwise the next run (cairn run) clears them."},
        {"disk space", space_is_left, "more than 1 GiB left", "Free some space; `cairn` keeps two generations."},
        {"clock", clock_is_sane, "not behind the ledger", "Set the machine's clock (NTP)."},
    };
    TRY(run_simple(d, before, COUNT_OF(before), err));
    TRY(check_ledger(d, err));
    TRY(check_vault(d, err));
    TRY(check_warehouse(d, err));
    TRY(check_loads(d, err));
    TRY(check_releases(d, err));
    return run_simple(d, after, COUNT_OF(after), err);
}

Status home_doctor(Home *home, Arena *arena, Findings *out, Error *err)
{
    Doctor d = {.home = home, .arena = arena, .out = out};
    Status st = examine(&d, err);
    ledger_close(d.ledger);
    return st;
}
