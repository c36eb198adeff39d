/*
 * Moving boxes to a new key, a batch a transaction: each box carries the number
 * of its key, so that a vault with boxes under two keys is in order, and an
 * interrupted rotation only needs to be continued.
 */
#include "store/vault_impl.h"

typedef struct Reboxed {
    int64_t id;
    size_t at; /* in boxes */
    size_t len;
} Reboxed;

typedef struct Batch {
    VEC(Reboxed) rows;
    Buf boxes;
    uint64_t values; /* records or quarantined rows in them */
} Batch;

static Status add_box(Vault *v, Batch *b, const BoxPlace *place, uint32_t key_id, Slice old, Reboxed row, Error *err)
{
    Slice plain;
    TRY(boxer_open(v->boxer, place, key_id, old, &plain, err));
    buf_reset(&v->scratch);
    buf_add(&v->scratch, plain);
    TRY(buf_status(&v->scratch, err));
    row.at = b->boxes.len;
    TRY(boxer_seal(v->boxer, place, buf_slice(&v->scratch), &b->boxes, err));
    row.len = b->boxes.len - row.at;
    return vec_push(&b->rows, row, err);
}

static Status add_bundle(Vault *v, sqlite3_stmt *stmt, Batch *b, Error *err)
{
    Reboxed row = {.id = sqlite3_column_int64(stmt, 0)};
    Slice source;
    TRY(vault_source_name(v, sqlite3_column_int64(stmt, 1), &source, err));
    BoxPlace place = {"bundle", lite_blob(stmt, 5), source};
    b->values += (uint64_t)sqlite3_column_int64(stmt, 2);
    return add_box(v, b, &place, (uint32_t)sqlite3_column_int64(stmt, 3), lite_blob(stmt, 6), row, err);
}

static Status add_quarantined(Vault *v, sqlite3_stmt *stmt, Batch *b, Error *err)
{
    Reboxed row = {.id = sqlite3_column_int64(stmt, 4)};
    char key[8];
    vault_u64_bytes((uint64_t)sqlite3_column_int64(stmt, 1), key);
    BoxPlace place = {"quarantine", {key, sizeof key}, lite_text(stmt, 0)};
    b->values++;
    return add_box(v, b, &place, (uint32_t)sqlite3_column_int64(stmt, 2), lite_blob(stmt, 3), row, err);
}

/* Until there are `limit` values: a bundle is moved whole. */
static Status collect(Vault *v, sqlite3_stmt *stmt, uint64_t limit,
    Status (*add)(Vault *, sqlite3_stmt *, Batch *, Error *), Batch *b, Error *err)
{
    while (b->values < limit) {
        bool more = false;
        TRY(lite_next(&v->lite, stmt, &more, err));
        if (!more)
            return OK;
        TRY(add(v, stmt, b, err));
    }
    return OK;
}

static Status collect_bundles(Vault *v, uint64_t limit, Batch *b, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT " BUNDLE_COLUMNS " FROM bundle WHERE id > ?1 AND key_id <> ?2 ORDER BY id", &stmt, err));
    sqlite3_bind_int64(stmt, 1, v->rebox_after);
    sqlite3_bind_int64(stmt, 2, boxer_key_id(v->boxer));
    Status st = collect(v, stmt, limit, add_bundle, b, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status collect_quarantined(Vault *v, uint64_t limit, Batch *b, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT load, row, key_id, box, id FROM quarantine WHERE id > ?1 AND key_id <> ?2"
        " ORDER BY id",
        &stmt, err));
    sqlite3_bind_int64(stmt, 1, v->rebox_quarantine_after);
    sqlite3_bind_int64(stmt, 2, boxer_key_id(v->boxer));
    Status st = collect(v, stmt, limit, add_quarantined, b, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status store_boxes(Vault *v, const Batch *b, const char *sql, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, sql, &stmt, err));
    Status st = OK;
    for (size_t i = 0; i < b->rows.len && st == OK; i++) {
        const Reboxed *row = &b->rows.at[i];
        lite_bind_blob(stmt, 1, (Slice){b->boxes.ptr + row->at, row->len});
        sqlite3_bind_int64(stmt, 2, boxer_key_id(v->boxer));
        sqlite3_bind_int64(stmt, 3, row->id);
        st = lite_run(&v->lite, stmt, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* One transaction; where to go on moves only when it stands. */
static Status rebox_some(Vault *v, uint64_t limit, Batch *b, Error *err)
{
    if (!v->records_reboxed) {
        TRY(collect_bundles(v, limit, b, err));
        if (b->rows.len > 0) {
            TRY(store_boxes(v, b, "UPDATE bundle SET box = ?, key_id = ? WHERE id = ?", err));
            TRY(lite_exec(&v->lite, "COMMIT", err));
            v->rebox_after = vec_last(&b->rows).id;
            return OK;
        }
        v->records_reboxed = true;
    }
    TRY(collect_quarantined(v, limit, b, err));
    TRY(store_boxes(v, b, "UPDATE quarantine SET box = ?, key_id = ? WHERE id = ?", err));
    TRY(lite_exec(&v->lite, "COMMIT", err));
    if (b->rows.len > 0)
        v->rebox_quarantine_after = vec_last(&b->rows).id;
    return OK;
}

Status vault_rebox(Vault *v, uint64_t limit, uint64_t *done, Error *err)
{
    Batch b = {0};
    *done = 0;
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load && limit > 0 && limit <= INT64_MAX);
    buf_init(&b.boxes, 0);
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    Status st = rebox_some(v, limit, &b, err);
    lite_rollback(&v->lite);
    if (st == OK)
        *done = b.values;
    vec_free(&b.rows);
    buf_free(&b.boxes);
    return st;
}
