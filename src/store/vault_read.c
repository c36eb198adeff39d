/*
 * Reading identities back. Whoever does so says why, and the ledger has the
 * entry before the first value is decrypted: a reader that crashes or is killed
 * has still been written down.
 */
#include "store/vault_impl.h"

#define RECORD_COLUMNS "SELECT tag, source, key_id, box FROM record"
#define SAMPLE_PLACES 100

static bool is_empty(const char *z)
{
    return !z || z[0] == '\0';
}

Status vault_need_ledger(Vault *v, Error *err)
{
    return v->ledger ? OK : ledger_open(v->home, &v->ledger, err);
}

Status vault_note_read(Vault *v, const VaultPurpose *purpose, const char *what, Slice id, Error *err)
{
    Buf body;
    Json j;
    if (!purpose || is_empty(purpose->purpose) || is_empty(purpose->agreement))
        return error_set(err, ERR_DENIED, "identities are read for a stated purpose and basis only");
    TRY(vault_need_ledger(v, err));
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "purpose", slice_of(purpose->purpose));
    json_kstr(&j, "agreement", slice_of(purpose->agreement));
    json_kstr(&j, "what", slice_of(what));
    if (id.len > 0)
        json_kstr(&j, "id", id);
    if (purpose->who.len > 0)
        json_kstr(&j, "who", purpose->who);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(v->ledger, "vault.read", slice_of(purpose->agreement), buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status vault_read_row(Vault *v, sqlite3_stmt *stmt, VaultRecord *out, Error *err)
{
    Slice plain;
    Slice tag = lite_blob(stmt, 0);
    int64_t key_id = sqlite3_column_int64(stmt, 2);
    if (tag.len != sizeof out->tag.bytes || key_id < 1 || key_id > UINT32_MAX)
        return error_set(err, ERR_CORRUPT, "vault: a record has a tag or key number of the wrong form");
    memcpy(out->tag.bytes, tag.ptr, tag.len);
    TRY(vault_source_name(v, sqlite3_column_int64(stmt, 1), &out->source, err));
    BoxPlace place = {"record", tag, out->source};
    TRY(boxer_open(v->boxer, &place, (uint32_t)key_id, lite_blob(stmt, 3), &plain, err));
    return values_unpack(plain, &out->values, err);
}

Status vault_each_record(Vault *v, const VaultPurpose *purpose,
    Status (*fn)(const VaultRecord *record, void *ctx, Error *err), void *ctx, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(vault_note_read(v, purpose, "every record", (Slice){0}, err));
    TRY(lite_prepare(&v->lite, RECORD_COLUMNS " ORDER BY tag", &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        VaultRecord record;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = vault_read_row(v, stmt, &record, err);
        if (st == OK)
            st = fn(&record, ctx, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status copy_values(VaultRecord *record, Arena *arena, Error *err)
{
    TRY(arena_dup(arena, record->source, &record->source, err));
    for (unsigned i = 0; i < ID_ROLE_COUNT; i++)
        if (record->values.at[i].len > 0)
            TRY(arena_dup(arena, record->values.at[i], &record->values.at[i], err));
    return OK;
}

/* The ledger has the entry already. */
static Status get_record(Vault *v, const RecordTag *tag, Arena *arena, VaultRecord *out, Error *err)
{
    bool more = false;
    if (!v->get_record)
        TRY(lite_prepare(&v->lite, RECORD_COLUMNS " WHERE tag = ?", &v->get_record, err));
    lite_bind_blob(v->get_record, 1, tag_bytes(tag));
    Status st = lite_next(&v->lite, v->get_record, &more, err);
    if (st == OK)
        st = more ? vault_read_row(v, v->get_record, out, err)
                  : error_set(err, ERR_NOT_FOUND, "the vault has no such record");
    if (st == OK)
        st = copy_values(out, arena, err);
    sqlite3_reset(v->get_record);
    return st;
}

Status vault_get_record(
    Vault *v, const VaultPurpose *purpose, const RecordTag *tag, Arena *arena, VaultRecord *out, Error *err)
{
    char hex[TAG_HEX_SIZE];
    tag_print(tag, hex);
    TRY(vault_note_read(v, purpose, "a record", slice_of(hex), err));
    return get_record(v, tag, arena, out, err);
}

Status vault_get_records(Vault *v, const VaultPurpose *purpose, const RecordTag *tags, size_t count, Arena *arena,
    VaultRecord *out, Error *err)
{
    Buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < count; i++) {
        char hex[TAG_HEX_SIZE];
        tag_print(&tags[i], hex);
        buf_addf(&names, "%s%s", i ? " " : "", hex);
    }
    Status st = buf_status(&names, err);
    if (st == OK && count > 0)
        st = vault_note_read(v, purpose, "records", buf_slice(&names), err);
    buf_free(&names);
    for (size_t i = 0; st == OK && i < count; i++)
        st = get_record(v, &tags[i], arena, &out[i], err);
    return st;
}

/* --- quarantine ---------------------------------------------------------------------------------------------- */

/* Columns load, row, key_id, box. */
static Status read_quarantine(Vault *v, sqlite3_stmt *stmt, Slice *raw, Error *err)
{
    char key[8];
    uint64_t length = 0;
    int64_t key_id = sqlite3_column_int64(stmt, 2);
    if (key_id < 1 || key_id > UINT32_MAX)
        return error_set(err, ERR_CORRUPT, "vault: a quarantined row has a key number of the wrong form");
    vault_u64_bytes((uint64_t)sqlite3_column_int64(stmt, 1), key);
    BoxPlace place = {"quarantine", {key, sizeof key}, lite_text(stmt, 0)};
    TRY(boxer_open(v->boxer, &place, (uint32_t)key_id, lite_blob(stmt, 3), raw, err));
    for (size_t i = 0; i < 8 && i < raw->len; i++)
        length = length << 8 | (uint8_t)raw->ptr[i];
    if (raw->len < 8 || length > raw->len - 8)
        return error_set(err, ERR_CORRUPT, "vault: a quarantined row has the wrong length");
    *raw = slice_sub(*raw, 8, 8 + (size_t)length);
    return OK;
}

Status vault_get_quarantine(Vault *v, const VaultPurpose *purpose, Slice load, uint64_t row, Buf *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    Slice raw;
    TRY(vault_note_read(v, purpose, "a quarantined row", load, err));
    TRY(lite_prepare(&v->lite, "SELECT load, row, key_id, box FROM quarantine WHERE load = ? AND row = ?", &stmt, err));
    lite_bind_text(stmt, 1, load);
    sqlite3_bind_int64(stmt, 2, (int64_t)row);
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK && !more)
        st = error_set(err, ERR_NOT_FOUND, "the vault has no such quarantined row");
    if (st == OK)
        st = read_quarantine(v, stmt, &raw, err);
    if (st == OK) {
        buf_add(out, raw);
        st = buf_status(out, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

Status vault_has_record(Vault *v, const RecordTag *tag, bool *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT 1 FROM record WHERE tag = ?", &stmt, err));
    lite_bind_blob(stmt, 1, tag_bytes(tag));
    Status st = lite_next(&v->lite, stmt, out, err);
    sqlite3_finalize(stmt);
    return st;
}

/* --- counting and checking ----------------------------------------------------------------------------------- */

static Status count_persons(Vault *v, uint64_t *out, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(&v->lite, "SELECT count(DISTINCT person) FROM link", &n, err));
    *out = (uint64_t)n;
    return OK;
}

Status vault_count(Vault *v, uint64_t *records, uint64_t *persons, uint64_t *quarantined, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(&v->lite, "SELECT count(*) FROM record", &n, err));
    *records = (uint64_t)n;
    TRY(lite_i64(&v->lite, "SELECT count(*) FROM quarantine", &n, err));
    *quarantined = (uint64_t)n;
    return count_persons(v, persons, err);
}

typedef struct Check {
    uint64_t checked;
    uint64_t bad;
    Error first;
} Check;

static Status note_check(Check *c, Status st, const Error *why, Error *err)
{
    c->checked++;
    if (st == OK)
        return OK;
    if (st != ERR_CORRUPT) {
        if (err)
            *err = *why;
        return st;
    }
    if (c->bad++ == 0)
        c->first = *why;
    return OK;
}

/* Every row of stmt: a record, or a quarantined row. */
static Status check_rows(Vault *v, sqlite3_stmt *stmt, bool quarantine, Check *c, Error *err)
{
    for (;;) {
        bool more = false;
        Error why = ERROR_INIT;
        VaultRecord record;
        Slice raw;
        TRY(lite_next(&v->lite, stmt, &more, err));
        if (!more)
            return OK;
        Status st = quarantine ? read_quarantine(v, stmt, &raw, &why) : vault_read_row(v, stmt, &record, &why);
        TRY(note_check(c, st, &why, err));
    }
}

static Status check_records(Vault *v, const uint8_t from[16], int64_t limit, Check *c, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, RECORD_COLUMNS " WHERE tag >= ? ORDER BY tag LIMIT ?", &stmt, err));
    lite_bind_blob(stmt, 1, (Slice){(const char *)from, 16});
    sqlite3_bind_int64(stmt, 2, limit);
    Status st = check_rows(v, stmt, false, c, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status check_quarantine(Vault *v, int64_t limit, Check *c, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT load, row, key_id, box FROM quarantine LIMIT ?", &stmt, err));
    sqlite3_bind_int64(stmt, 1, limit);
    Status st = check_rows(v, stmt, true, c, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status check_result(const Check *c, uint64_t *checked, Error *err)
{
    *checked = c->checked;
    if (c->bad == 0)
        return OK;
    error_set(err, ERR_CORRUPT, "%" PRIu64 " of %" PRIu64 " values in the vault do not open; the first: %s", c->bad,
        c->checked, c->first.message);
    error_hint(err, "Restore the data home from a backup.");
    return ERR_CORRUPT;
}

Status vault_verify(Vault *v, uint64_t *checked, Error *err)
{
    static const uint8_t lowest[16] = {0};
    Check c = {0};
    TRY(check_records(v, lowest, -1, &c, err));
    TRY(check_quarantine(v, -1, &c, err));
    return check_result(&c, checked, err);
}

Status vault_verify_sample(Vault *v, uint64_t limit, uint64_t *checked, Error *err)
{
    Check c = {0};
    /* tags are hashes: runs that begin at evenly spread values are spread over the whole file */
    for (unsigned i = 0; i < SAMPLE_PLACES; i++) {
        uint8_t from[16] = {(uint8_t)(i * 256 / SAMPLE_PLACES), (uint8_t)(i * 65536 / SAMPLE_PLACES)};
        TRY(check_records(v, from, (int64_t)(limit / SAMPLE_PLACES), &c, err));
    }
    TRY(check_quarantine(v, (int64_t)limit, &c, err));
    return check_result(&c, checked, err);
}
