/* SQLite behind our Status and Slice; see lite.h. */
#include "store/lite.h"

#define BUSY_MILLISECONDS 20000

typedef struct CodeRule {
    int code; /* primary result code */
    Status status;
    const char *message;
    const char *hint;
} CodeRule;

static const CodeRule code_rules[] = {
    {SQLITE_FULL, ERR_IO, "the disk is full", "Free some space on the disk, then run the command again."},
    {SQLITE_READONLY, ERR_IO, "the file cannot be written",
        "Check that the file system is mounted writable and that this user may write to the data home."},
    {SQLITE_CANTOPEN, ERR_IO, "the file could not be opened",
        "Check that the data home exists, that its file system is writable and that this user may use it."},
    {SQLITE_IOERR, ERR_IO, "the operating system refused a read or write", "Check the disk: space, quota, health."},
    {SQLITE_PERM, ERR_IO, "permission denied", ""},
    {SQLITE_BUSY, ERR_BUSY, "another process is writing", "Wait until it is done, then run the command again."},
    {SQLITE_LOCKED, ERR_BUSY, "another statement is writing", ""},
    {SQLITE_CORRUPT, ERR_CORRUPT, "the file is damaged", "Restore the data home from a backup."},
    {SQLITE_NOTADB, ERR_CORRUPT, "the file is not a database", "Restore the data home from a backup."},
    {SQLITE_CONSTRAINT, ERR_INVALID, "a row breaks a constraint", ""},
    {SQLITE_TOOBIG, ERR_LIMIT, "a value is too large", ""},
    {SQLITE_INTERRUPT, ERR_CANCELLED, "the statement was stopped", ""},
};

Status lite_failed(const Lite *l, int rc, Error *err)
{
    int primary = rc & 0xFF;
    if (primary == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
        return error_nomem(err);
    Status status = ERR_INTERNAL;
    const CodeRule *rule = NULL;
    for (size_t i = 0; i < COUNT_OF(code_rules); i++)
        if (code_rules[i].code == primary)
            rule = &code_rules[i];
    if (rule) {
        status = error_set(err, rule->status, "%s: %s", l->name, rule->message);
        if (rule->hint[0])
            error_hint(err, "%s", rule->hint);
    } else {
        error_set(err, status, "%s: SQLite failed with code %d", l->name, rc);
    }
    if (l->db)
        error_detail(err, "%s (code %d)", sqlite3_errmsg(l->db), rc);
    return status;
}

/* --- opening ------------------------------------------------------------------------------------------------- */

/* A checkpoint writes every page a second time, and loads of one run touch the same pages again and again: wait for
 * 256 MiB of log, or for closing. The log keeps that size meanwhile: cutting it back costs as much as a commit. */
static const char settings_sql[] = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 268435456;"
                                   "PRAGMA cache_size = -262144;"
                                   "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF";

static void add_uri(Buf *out, const char *path)
{
    buf_adds(out, "file:");
    for (const char *p = path; *p; p++)
        if (*p == '%' || *p == '?' || *p == '#')
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
        else
            buf_addc(out, *p);
    buf_adds(out, "?immutable=1");
}

/* WAL wants to write a shared-memory file even for reading. On read-only media it cannot, and needs not: as long as
 * no log waits to be replayed, the file is all there is. */
static int open_immutable(Lite *l, const char *path)
{
    Buf text;
    int rc = SQLITE_CANTOPEN;
    buf_init(&text, 0);
    uint64_t log_size = 0;
    buf_addf(&text, "%s-wal", path);
    bool log_waits = file_exists(buf_z(&text)) && (file_size(buf_z(&text), &log_size, NULL) != OK || log_size > 0);
    buf_reset(&text);
    add_uri(&text, path);
    if (!log_waits && buf_status(&text, NULL) == OK)
        rc = sqlite3_open_v2(buf_z(&text), &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(l->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    buf_free(&text);
    return rc;
}

static int open_plain(Lite *l, const char *path, LiteAccess access)
{
    int flags = SQLITE_OPEN_NOMUTEX | (access == LITE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(path, &l->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(l->db, BUSY_MILLISECONDS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(l->db, access == LITE_READ ? "SELECT 1 FROM sqlite_schema" : settings_sql, NULL, NULL, NULL);
    return rc;
}

Status lite_open(Lite *l, const char *path, const char *name, LiteAccess access, Error *err)
{
    *l = (Lite){.name = name};
    if (!file_exists(path)) {
        if (access != LITE_CREATE)
            return error_set(err, ERR_NOT_FOUND, "%s: the file does not exist", name);
        /* SQLite would make it readable for others; its side files take over this mode */
        TRY(file_write(path, (Slice){0}, MODE_PRIVATE, err));
    }
    int rc = open_plain(l, path, access);
    int primary = rc & 0xFF;
    if (access == LITE_READ && (primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY)) {
        sqlite3_close(l->db);
        l->db = NULL;
        rc = open_immutable(l, path);
    }
    if (rc == SQLITE_OK)
        return OK;
    Status st = lite_failed(l, rc, err);
    lite_close(l);
    return st;
}

void lite_close(Lite *l)
{
    /* only SQLITE_BUSY can come back, for a statement somebody forgot */
    if (l->db)
        ASSERT(sqlite3_close(l->db) == SQLITE_OK);
    l->db = NULL;
}

/* --- statements ---------------------------------------------------------------------------------------------- */

Status lite_exec(const Lite *l, const char *sql, Error *err)
{
    int rc = sqlite3_exec(l->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : lite_failed(l, rc, err);
}

Status lite_prepare(const Lite *l, const char *sql, sqlite3_stmt **out, Error *err)
{
    int rc = sqlite3_prepare_v2(l->db, sql, -1, out, NULL);
    return rc == SQLITE_OK ? OK : lite_failed(l, rc, err);
}

Status lite_next(const Lite *l, sqlite3_stmt *stmt, bool *more, Error *err)
{
    int rc = sqlite3_step(stmt);
    *more = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : lite_failed(l, rc, err);
}

Status lite_run(const Lite *l, sqlite3_stmt *stmt, Error *err)
{
    int rc = sqlite3_step(stmt);
    Status st = rc == SQLITE_DONE || rc == SQLITE_ROW ? OK : lite_failed(l, rc, err);
    sqlite3_reset(stmt);
    return st;
}

Status lite_i64(const Lite *l, const char *sql, int64_t *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    *out = 0;
    Status st = lite_prepare(l, sql, &stmt, err);
    if (st == OK)
        st = lite_next(l, stmt, &more, err);
    if (st == OK && more)
        *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return st;
}

void lite_bind_text(sqlite3_stmt *stmt, int index, Slice s)
{
    (void)sqlite3_bind_text64(stmt, index, s.len ? s.ptr : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

void lite_bind_blob(sqlite3_stmt *stmt, int index, Slice s)
{
    (void)sqlite3_bind_blob64(stmt, index, s.len ? s.ptr : "", s.len, SQLITE_STATIC);
}

Slice lite_text(sqlite3_stmt *stmt, int column)
{
    const char *ptr = (const char *)sqlite3_column_text(stmt, column);
    return (Slice){ptr, (size_t)sqlite3_column_bytes(stmt, column)};
}

Slice lite_blob(sqlite3_stmt *stmt, int column)
{
    const char *ptr = sqlite3_column_blob(stmt, column);
    return (Slice){ptr, (size_t)sqlite3_column_bytes(stmt, column)};
}

void lite_forget(const Lite *l)
{
    (void)sqlite3_db_release_memory(l->db);
}

void lite_rollback(const Lite *l)
{
    if (l->db && !sqlite3_get_autocommit(l->db))
        (void)sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
}

Status lite_backup(const char *from, const char *to, const char *name, Error *err)
{
    Status st = OK;
    Lite source = {0};
    Lite target = {0};
    TRY(lite_open(&source, from, name, LITE_READ, err));
    TRY_OUT(file_write(to, (Slice){0}, MODE_PRIVATE, err));
    target.name = name;
    int rc = sqlite3_open_v2(to, &target.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        TRY_OUT(lite_failed(&target, rc, err));
    sqlite3_backup *copy = sqlite3_backup_init(target.db, "main", source.db, "main");
    if (copy) {
        /* all in one step: one read transaction, hence one state */
        rc = sqlite3_backup_step(copy, -1);
        int end = sqlite3_backup_finish(copy);
        rc = rc == SQLITE_DONE ? end : rc;
    } else {
        rc = sqlite3_errcode(target.db);
    }
    if (rc != SQLITE_OK)
        TRY_OUT(lite_failed(&target, rc, err));
    TRY_OUT(lite_exec(&target, "PRAGMA journal_mode = DELETE", err));
    lite_close(&target);
    TRY_OUT(file_sync(to, err));
out:
    lite_close(&target);
    lite_close(&source);
    return st;
}
