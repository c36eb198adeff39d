/*
 * Opening the vault, and writing records to it.
 *
 * Records of a load are bundled in order of tag (vault_bundle.c); those that
 * come one by one wait in memory for that, up to 256 MiB of them. All of a load
 * is one transaction; a process killed inside it leaves nothing behind.
 */
#include "store/vault_impl.h"

#define PENDING_BYTES ((size_t)256 << 20)

static Status read_sources(Vault *v, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    v->sources.len = 0;
    TRY(lite_prepare(&v->lite, "SELECT id, name FROM source ORDER BY id", &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        SourceName s = {0};
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        s.id = sqlite3_column_int64(stmt, 0);
        st = arena_dup(&v->arena, lite_text(stmt, 1), &s.name, err);
        if (st == OK)
            st = vec_push(&v->sources, s, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status prepare_writes(Vault *v, Error *err)
{
    TRY(lite_prepare(&v->lite,
        "INSERT INTO bundle (run, source, first, records, key_id, tags, box) VALUES (?, ?, ?, ?, ?, ?, ?)",
        &v->insert_bundle, err));
    return lite_prepare(&v->lite, "INSERT OR REPLACE INTO quarantine (load, row, key_id, box) VALUES (?, ?, ?, ?)",
        &v->insert_quarantine, err);
}

Status vault_open(Home *home, Vault **out, Error *err)
{
    Vault *v = NULL;
    const char *path = NULL;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *v, (void **)&v, err));
    v->home = home;
    arena_init(&v->arena, 0);
    buf_init(&v->scratch, 0);
    LiteAccess access = home->being_made ? LITE_CREATE : home->access == HOME_WRITE ? LITE_WRITE : LITE_READ;
    TRY_OUT(home_file(home, &v->arena, "vault.db", &path, err));
    TRY_OUT(lite_open(&v->lite, path, "vault", access, err));
    TRY_OUT(vault_ensure_schema(&v->lite, access, err));
    TRY_OUT(boxer_new(home, &v->boxer, err));
    TRY_OUT(read_sources(v, err));
    TRY_OUT(new_records_new(0, &v->pending, err));
    if (home->access == HOME_WRITE)
        TRY_OUT(prepare_writes(v, err));
    *out = v;
    v = NULL;
out:
    vault_close(v);
    return st;
}

static void wipe(Buf *b)
{
    if (b->ptr)
        mem_wipe(b->ptr, b->cap);
}

void vault_close(Vault *v)
{
    if (!v)
        return;
    vault_rollback(v);
    vault_forget_tags(v);
    sqlite3_finalize(v->insert_bundle);
    sqlite3_finalize(v->insert_quarantine);
    sqlite3_finalize(v->get_bundle);
    lite_close(&v->lite);
    ledger_close(v->ledger);
    boxer_free(v->boxer);
    vec_free(&v->sources);
    new_records_free(v->pending);
    wipe(&v->scratch);
    buf_free(&v->scratch);
    arena_free(&v->arena);
    mem_free(v);
}

/* --- sources ------------------------------------------------------------------------------------------------- */

Status vault_source_name(Vault *v, int64_t id, Slice *out, Error *err)
{
    for (size_t i = 0; i < v->sources.len; i++)
        if (v->sources.at[i].id == id) {
            *out = v->sources.at[i].name;
            return OK;
        }
    return error_set(err, ERR_CORRUPT, "vault: a record names an unknown source");
}

static const SourceName *find_source(const Vault *v, Slice name)
{
    for (size_t i = 0; i < v->sources.len; i++)
        if (slice_eq(v->sources.at[i].name, name))
            return &v->sources.at[i];
    return NULL;
}

static Status need_source(Vault *v, Slice name, SourceName *out, Error *err)
{
    const SourceName *found = find_source(v, name);
    if (!found) {
        sqlite3_stmt *stmt = NULL;
        TRY(lite_prepare(&v->lite, "INSERT INTO source (name) VALUES (?)", &stmt, err));
        lite_bind_text(stmt, 1, name);
        Status st = lite_run(&v->lite, stmt, err);
        sqlite3_finalize(stmt);
        TRY(st);
        TRY(read_sources(v, err));
        found = find_source(v, name);
        ASSERT(found);
    }
    *out = *found;
    return OK;
}

/* --- one load ------------------------------------------------------------------------------------------------ */

Status vault_begin(Vault *v, Error *err)
{
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load);
    new_records_reset(v->pending);
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    v->in_load = true;
    return OK;
}

void vault_rollback(Vault *v)
{
    if (!v->in_load)
        return;
    v->in_load = false;
    new_records_reset(v->pending);
    vault_forget_tags(v);
    lite_rollback(&v->lite);
    /* the log of a load that did not fit keeps the disk full: give the room back, for the ledger's entry about it */
    (void)sqlite3_wal_checkpoint_v2(v->lite.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    /* a source that was new in this load is gone again; if it cannot be read now, the next use says so */
    if (read_sources(v, NULL) != OK)
        v->sources.len = 0;
}

static Status write_pending(Vault *v, Error *err)
{
    TRY(bundles_write(v, &v->pending_source, v->pending, err));
    new_records_reset(v->pending);
    return OK;
}

Status vault_add_claimed(Vault *v, Slice source, const NewRecords *n, Error *err)
{
    SourceName name;
    ASSERT(v->in_load);
    if (!new_records_any(n))
        return OK;
    TRY(need_source(v, source, &name, err));
    return bundles_write(v, &name, n, err);
}

Status vault_add_record(Vault *v, Slice source, const RecordTag *tag, const IdentityValues *values, Error *err)
{
    KnownTags *known = NULL;
    SourceName name;
    bool was_new = false;
    ASSERT(v->in_load);
    TRY(vault_known_tags(v, source, &known, err));
    Status st = known_tags_claim(known, tag, 1, &was_new, err);
    known_tags_release(known);
    TRY(st);
    if (!was_new)
        return OK;
    TRY(need_source(v, source, &name, err));
    if (v->pending_source.id != name.id || new_records_bytes(v->pending) >= PENDING_BYTES)
        TRY(write_pending(v, err));
    v->pending_source = name;
    buf_reset(&v->scratch);
    values_pack(values, &v->scratch);
    TRY(buf_status(&v->scratch, err));
    return new_records_add(v->pending, tag, buf_slice(&v->scratch), err);
}

void vault_u64_bytes(uint64_t v, char out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(v >> (56 - 8 * i));
}

/* The box is padded, so that the row's length (8 bytes, as the key) goes in front. */
Status vault_add_quarantine(Vault *v, Slice load, uint64_t row, Slice raw, Error *err)
{
    ASSERT(v->in_load && row <= INT64_MAX);
    char key[8];
    char length[8];
    Buf box;
    vault_u64_bytes(row, key);
    vault_u64_bytes(raw.len, length);
    buf_reset(&v->scratch);
    buf_add(&v->scratch, (Slice){length, sizeof length});
    buf_add(&v->scratch, raw);
    TRY(buf_status(&v->scratch, err));
    buf_init(&box, 0);
    BoxPlace place = {"quarantine", {key, sizeof key}, load};
    Status st = boxer_seal(v->boxer, &place, buf_slice(&v->scratch), &box, err);
    if (st == OK) {
        sqlite3_stmt *stmt = v->insert_quarantine;
        lite_bind_text(stmt, 1, load);
        sqlite3_bind_int64(stmt, 2, (int64_t)row);
        sqlite3_bind_int64(stmt, 3, boxer_key_id(v->boxer));
        lite_bind_blob(stmt, 4, buf_slice(&box));
        st = lite_run(&v->lite, stmt, err);
    }
    buf_free(&box);
    return st;
}

Status vault_commit(Vault *v, Error *err)
{
    ASSERT(v->in_load);
    Status st = write_pending(v, err);
    if (st == OK)
        st = lite_exec(&v->lite, "COMMIT", err);
    if (st == OK)
        v->in_load = false;
    else
        vault_rollback(v);
    return st;
}

Status vault_each_tag(
    Vault *v, Slice source, Status (*fn)(const RecordTag *tag, void *ctx, Error *err), void *ctx, Error *err)
{
    const SourceName *found = find_source(v, source);
    sqlite3_stmt *stmt = NULL;
    if (!found)
        return OK;
    TRY(lite_prepare(&v->lite, "SELECT tags FROM bundle WHERE source = ?", &stmt, err));
    sqlite3_bind_int64(stmt, 1, found->id);
    Status st = OK;
    for (bool more = true; st == OK;) {
        RecordTag tag;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        Slice tags = lite_blob(stmt, 0);
        if (tags.len % sizeof tag.bytes != 0) {
            st = error_set(err, ERR_CORRUPT, "vault: a tag has the wrong length");
            break;
        }
        for (size_t at = 0; st == OK && at < tags.len; at += sizeof tag.bytes) {
            memcpy(tag.bytes, tags.ptr + at, sizeof tag.bytes);
            st = fn(&tag, ctx, err);
        }
    }
    sqlite3_finalize(stmt);
    return st;
}
