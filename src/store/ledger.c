/*
 * The ledger's chain.
 *
 * hash = SHA-256(prev_hash || seq || at || kind || subject || body), numbers as
 * 8 bytes big-endian and each text preceded by its length in the same form, so
 * that no two entries have the same bytes. The first prev_hash is zero.
 *
 * The chain shows every change in the middle; a cut at the end shows as soon as
 * anything that names a later seq (a release's manifest, a backup) is compared.
 */
#include "store/ledger_impl.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, body TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS entry_kind ON entry (kind, subject, seq);"
    "CREATE TRIGGER IF NOT EXISTS entry_no_update BEFORE UPDATE ON entry"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER IF NOT EXISTS entry_no_delete BEFORE DELETE ON entry"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "PRAGMA user_version = 1";

static Status ensure_schema(const Lite *lite, Error *err)
{
    int64_t version = 0;
    TRY(lite_i64(lite, "PRAGMA user_version", &version, err));
    if (version == 1)
        return OK;
    if (version != 0)
        return error_set(err, ERR_INVALID, "ledger: schema %" PRId64 " is not known to this program", version);
    TRY(lite_exec(lite, "BEGIN IMMEDIATE", err));
    Status st = lite_exec(lite, schema_sql, err);
    if (st == OK)
        st = lite_exec(lite, "COMMIT", err);
    lite_rollback(lite);
    return st;
}

Status ledger_open(Home *home, Ledger **out, Error *err)
{
    Ledger *l = NULL;
    const char *path = NULL;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *l, (void **)&l, err));
    arena_init(&l->arena, 0);
    TRY_OUT(home_file(home, &l->arena, "ledger.db", &path, err));
    /* a reader of the home writes to the ledger too: who looked at an identity */
    LiteAccess access = home->being_made ? LITE_CREATE : LITE_WRITE;
    st = lite_open(&l->lite, path, "ledger", access, err);
    if (st == ERR_IO && home->access == HOME_READ)
        st = lite_open(&l->lite, path, "ledger", LITE_READ, err);
    if (st != OK)
        goto out;
    if (home->being_made)
        TRY_OUT(ensure_schema(&l->lite, err));
    TRY_OUT(sha256_new(&l->sha, err));
    *out = l;
    l = NULL;
out:
    ledger_close(l);
    return st;
}

void ledger_close(Ledger *l)
{
    if (!l)
        return;
    lite_close(&l->lite);
    sha256_free(l->sha);
    arena_free(&l->arena);
    mem_free(l);
}

/* --- the chain ----------------------------------------------------------------------------------------------- */

static Status hash_number(Sha256 *sha, uint64_t v, Error *err)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    return sha256_update(sha, bytes, sizeof bytes, err);
}

static Status hash_text(Sha256 *sha, Slice s, Error *err)
{
    TRY(hash_number(sha, s.len, err));
    return sha256_update(sha, s.ptr, s.len, err);
}

static Status hash_entry(
    Sha256 *sha, const uint8_t prev[SHA256_SIZE], const LedgerEntry *e, uint8_t out[SHA256_SIZE], Error *err)
{
    TRY(sha256_update(sha, prev, SHA256_SIZE, err));
    TRY(hash_number(sha, (uint64_t)e->seq, err));
    TRY(hash_number(sha, (uint64_t)e->at, err));
    TRY(hash_text(sha, e->kind, err));
    TRY(hash_text(sha, e->subject, err));
    TRY(hash_text(sha, e->body, err));
    return sha256_final(sha, out, err);
}

static Status chain_end(const Lite *lite, int64_t *seq, uint8_t hash[SHA256_SIZE], Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    *seq = 0;
    memset(hash, 0, SHA256_SIZE);
    TRY(lite_prepare(lite, "SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1", &stmt, err));
    Status st = lite_next(lite, stmt, &more, err);
    if (st == OK && more) {
        Slice last = lite_blob(stmt, 1);
        *seq = sqlite3_column_int64(stmt, 0);
        if (last.len == SHA256_SIZE)
            memcpy(hash, last.ptr, SHA256_SIZE);
        else
            st = error_set(err, ERR_CORRUPT, "ledger: entry %" PRId64 " has no hash", *seq);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status insert_entry(const Lite *lite, const LedgerEntry *e, const uint8_t *prev, const uint8_t *hash, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(lite,
        "INSERT INTO entry (seq, at, kind, subject, body, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", &stmt, err));
    sqlite3_bind_int64(stmt, 1, e->seq);
    sqlite3_bind_int64(stmt, 2, e->at);
    lite_bind_text(stmt, 3, e->kind);
    lite_bind_text(stmt, 4, e->subject);
    lite_bind_text(stmt, 5, e->body);
    lite_bind_blob(stmt, 6, (Slice){(const char *)prev, SHA256_SIZE});
    lite_bind_blob(stmt, 7, (Slice){(const char *)hash, SHA256_SIZE});
    Status st = lite_run(lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

/* The transaction is the caller's. */
static Status append_in_transaction(Ledger *l, LedgerEntry *e, Error *err)
{
    uint8_t prev[SHA256_SIZE];
    uint8_t hash[SHA256_SIZE];
    TRY(chain_end(&l->lite, &e->seq, prev, err));
    e->seq++;
    TRY(hash_entry(l->sha, prev, e, hash, err));
    return insert_entry(&l->lite, e, prev, hash, err);
}

Status ledger_append_unless(Ledger *l, LedgerEntry *e, LedgerGuard guard, Error *err)
{
    /* the lock first: two writers must not continue the same end of the chain */
    TRY(lite_exec(&l->lite, "BEGIN IMMEDIATE", err));
    Status st = guard ? guard(l, e, err) : OK;
    if (st == OK)
        st = append_in_transaction(l, e, err);
    if (st == OK)
        st = lite_exec(&l->lite, "COMMIT", err);
    lite_rollback(&l->lite);
    return st;
}

Status ledger_append(Ledger *l, const char *kind, Slice subject, Slice body, Error *err)
{
    LedgerEntry e = {.at = clock_now(), .kind = slice_of(kind), .subject = subject, .body = body};
    return ledger_append_unless(l, &e, NULL, err);
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* Columns: seq, at, kind, subject, body, hash; the texts are the statement's until the next step. */
static void read_entry(sqlite3_stmt *stmt, LedgerEntry *e)
{
    Slice hash = lite_blob(stmt, 5);
    *e = (LedgerEntry){
        .seq = sqlite3_column_int64(stmt, 0),
        .at = sqlite3_column_int64(stmt, 1),
        .kind = lite_text(stmt, 2),
        .subject = lite_text(stmt, 3),
        .body = lite_text(stmt, 4),
    };
    if (hash.len == SHA256_SIZE)
        hex_encode(hash.ptr, hash.len, e->hash);
}

static Status keep_entry(sqlite3_stmt *stmt, Arena *arena, LedgerEntry *out, Error *err)
{
    read_entry(stmt, out);
    TRY(arena_dup(arena, out->kind, &out->kind, err));
    TRY(arena_dup(arena, out->subject, &out->subject, err));
    return arena_dup(arena, out->body, &out->body, err);
}

Status ledger_list(Ledger *l, const char *kind, Arena *arena, LedgerEntries *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&l->lite,
        kind ? "SELECT seq, at, kind, subject, body, hash FROM entry WHERE kind = ? ORDER BY seq"
             : "SELECT seq, at, kind, subject, body, hash FROM entry ORDER BY seq",
        &stmt, err));
    if (kind)
        lite_bind_text(stmt, 1, slice_of(kind));
    Status st = OK;
    for (bool more = true; st == OK;) {
        LedgerEntry e;
        st = lite_next(&l->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = keep_entry(stmt, arena, &e, err);
        if (st == OK)
            st = vec_push(out, e, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

Status ledger_last(Ledger *l, const char *kind, Slice subject, Arena *arena, LedgerEntry *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(&l->lite,
        subject.ptr ? "SELECT seq, at, kind, subject, body, hash FROM entry WHERE kind = ? AND subject = ?"
                      " ORDER BY seq DESC LIMIT 1"
                    : "SELECT seq, at, kind, subject, body, hash FROM entry WHERE kind = ? ORDER BY seq DESC LIMIT 1",
        &stmt, err));
    lite_bind_text(stmt, 1, slice_of(kind));
    if (subject.ptr)
        lite_bind_text(stmt, 2, subject);
    Status st = lite_next(&l->lite, stmt, &more, err);
    if (st == OK)
        st = more ? keep_entry(stmt, arena, out, err)
                  : error_set(err, ERR_NOT_FOUND, "the ledger has no such entry (%s)", kind);
    sqlite3_finalize(stmt);
    return st;
}

static Status broken(Error *err, int64_t seq, const char *why)
{
    error_set(err, ERR_CORRUPT, "the ledger's chain is broken at entry %" PRId64 ": %s", seq, why);
    error_hint(err, "Somebody or something changed ledger.db: compare it with a backup.");
    return ERR_CORRUPT;
}

/* hash holds the end of the chain so far and gets the new one. */
static Status verify_entry(Ledger *l, sqlite3_stmt *stmt, int64_t want_seq, uint8_t hash[SHA256_SIZE], Error *err)
{
    LedgerEntry e;
    uint8_t computed[SHA256_SIZE];
    read_entry(stmt, &e);
    Slice stored = lite_blob(stmt, 5);
    Slice prev = lite_blob(stmt, 6);
    if (e.seq != want_seq)
        return broken(err, want_seq, "the entry is missing");
    if (!slice_eq(prev, (Slice){(const char *)hash, SHA256_SIZE}))
        return broken(err, e.seq, "it does not follow the entry before");
    TRY(hash_entry(l->sha, hash, &e, computed, err));
    if (!slice_eq(stored, (Slice){(const char *)computed, SHA256_SIZE}))
        return broken(err, e.seq, "its content does not match its hash");
    memcpy(hash, computed, SHA256_SIZE);
    return OK;
}

Status ledger_verify(Ledger *l, uint64_t *entries, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    uint8_t hash[SHA256_SIZE] = {0};
    uint64_t n = 0;
    TRY(lite_prepare(
        &l->lite, "SELECT seq, at, kind, subject, body, hash, prev_hash FROM entry ORDER BY seq", &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        st = lite_next(&l->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = verify_entry(l, stmt, (int64_t)n + 1, hash, err);
        n += st == OK;
    }
    sqlite3_finalize(stmt);
    *entries = n;
    return st;
}
