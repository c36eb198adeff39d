/*
 * Bundles: how the vault keeps its records.
 *
 * A bundle holds up to 256 records of one source, sorted by tag: their tags in
 * clear, their values in one box whose additional data are all the tags. What
 * is put into the vault at one time for one source is a run of bundles, sorted
 * among themselves, as in the levels of a log-structured merge tree (O'Neil,
 * Cheng, Gawlick and O'Neil 1996); whoever reads in order of tag merges the
 * runs. A row and a box for each record cost ten times as much to write: a
 * place in two B-trees and a call of the cipher each.
 *
 * In the box: for each record, in order of tags, the length of its packed
 * values as a varint, then the values.
 */
#include "store/vault_impl.h"

#define TAG_SIZE sizeof(((RecordTag *)0)->bytes)
/* Tags and values, so that two rows fill a page of SQLite's (16 KiB, lite.c) with their numbers, padding and what a box
 * adds: of one row a page a third stayed empty. */
#define BUNDLE_BYTES ((size_t)8064)

/* --- writing ------------------------------------------------------------------------------------------------- */

/* What the bundles of a run are made in, one after the other. */
typedef struct BundleMaker {
    const NewRecords *all;
    size_t part; /* the next */
    const PackedRecord *records;
    TagPlaces places; /* their order */
    size_t next;
    Buf tags;
    Buf values;
    Buf box;
} BundleMaker;

/* Goes on to a part that has records, if there is one. */
static Status next_part(BundleMaker *m, Error *err)
{
    while (m->next == m->places.count && m->part < new_records_parts(m->all)) {
        size_t count;
        m->records = new_records_part(m->all, m->part++, &count);
        m->next = 0;
        tag_places_free(&m->places);
        if (count > 0)
            TRY(tag_places_new(&m->records[0].tag, sizeof *m->records, count, &m->places, err));
    }
    return OK;
}

/* At least one record, if any is left, then as many as have room. */
static Status fill_bundle(BundleMaker *m, size_t *count, Error *err)
{
    buf_reset(&m->tags);
    buf_reset(&m->values);
    for (*count = 0; *count < BUNDLE_RECORDS; (*count)++) {
        TRY(next_part(m, err));
        if (m->next == m->places.count)
            break;
        const PackedRecord *r = &m->records[m->places.order[m->next]];
        if (*count > 0 && m->tags.len + m->values.len + TAG_SIZE + r->len > BUNDLE_BYTES)
            break;
        m->next++;
        buf_add(&m->tags, (Slice){(const char *)r->tag.bytes, TAG_SIZE});
        values_put((Slice){r->packed, r->len}, &m->values);
    }
    TRY(buf_status(&m->tags, err));
    return buf_status(&m->values, err);
}

static Status write_bundle(Vault *v, BundleMaker *m, size_t count, int64_t run, const SourceName *source, Error *err)
{
    sqlite3_stmt *stmt = v->insert_bundle;
    BoxPlace place = {"bundle", buf_slice(&m->tags), source->name};
    buf_reset(&m->box);
    TRY(boxer_seal(v->boxer, &place, buf_slice(&m->values), &m->box, err));
    sqlite3_bind_int64(stmt, 1, run);
    sqlite3_bind_int64(stmt, 2, source->id);
    lite_bind_blob(stmt, 3, slice_sub(buf_slice(&m->tags), 0, TAG_SIZE));
    sqlite3_bind_int64(stmt, 4, (int64_t)count);
    sqlite3_bind_int64(stmt, 5, boxer_key_id(v->boxer));
    lite_bind_blob(stmt, 6, buf_slice(&m->tags));
    lite_bind_blob(stmt, 7, buf_slice(&m->box));
    return lite_run(&v->lite, stmt, err);
}

static Status write_run(Vault *v, BundleMaker *m, const SourceName *source, Error *err)
{
    int64_t run = 0;
    size_t count = 0;
    TRY(lite_i64(&v->lite, "SELECT coalesce(max(run), 0) + 1 FROM bundle", &run, err));
    for (;;) {
        TRY(fill_bundle(m, &count, err));
        if (count == 0)
            return OK;
        TRY(write_bundle(v, m, count, run, source, err));
    }
}

Status bundles_write(Vault *v, const SourceName *source, const NewRecords *n, Error *err)
{
    BundleMaker m = {.all = n};
    buf_init(&m.tags, 0);
    buf_init(&m.values, 0);
    buf_init(&m.box, 0);
    Status st = write_run(v, &m, source, err);
    tag_places_free(&m.places);
    if (m.values.ptr)
        mem_wipe(m.values.ptr, m.values.cap);
    buf_free(&m.values);
    buf_free(&m.tags);
    buf_free(&m.box);
    return st;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

void bundle_init(Bundle *b)
{
    *b = (Bundle){0};
    buf_init(&b->tags, 0);
    buf_init(&b->plain, 0);
}

void bundle_free(Bundle *b)
{
    if (b->plain.ptr)
        mem_wipe(b->plain.ptr, b->plain.cap);
    buf_free(&b->plain);
    buf_free(&b->tags);
}

static bool are_ascending(Slice tags)
{
    const RecordTag *at = (const RecordTag *)tags.ptr;
    for (size_t i = 1; i < tags.len / TAG_SIZE; i++)
        if (tag_cmp(&at[i - 1], &at[i]) >= 0)
            return false;
    return true;
}

Status bundle_read(Vault *v, sqlite3_stmt *stmt, Bundle *b, Error *err)
{
    Slice plain;
    Slice first = lite_blob(stmt, 4);
    Slice tags = lite_blob(stmt, 5);
    int64_t key_id = sqlite3_column_int64(stmt, 3);
    b->id = sqlite3_column_int64(stmt, 0);
    b->count = tags.len / TAG_SIZE;
    b->next = 0;
    b->at = 0;
    if (tags.len == 0 || tags.len % TAG_SIZE != 0 || key_id < 1 || key_id > UINT32_MAX ||
        !slice_eq(first, slice_sub(tags, 0, TAG_SIZE)) || sqlite3_column_int64(stmt, 2) != (int64_t)b->count ||
        !are_ascending(tags))
        return error_set(err, ERR_CORRUPT, "vault: a bundle of records has tags or a key number of the wrong form");
    b->key_id = (uint32_t)key_id;
    TRY(vault_source_name(v, sqlite3_column_int64(stmt, 1), &b->source, err));
    BoxPlace place = {"bundle", tags, b->source};
    TRY(boxer_open(v->boxer, &place, b->key_id, lite_blob(stmt, 6), &plain, err));
    buf_reset(&b->tags);
    buf_reset(&b->plain);
    buf_add(&b->tags, tags);
    buf_add(&b->plain, plain);
    TRY(buf_status(&b->tags, err));
    return buf_status(&b->plain, err);
}

const RecordTag *bundle_tag(const Bundle *b)
{
    return (const RecordTag *)b->tags.ptr + b->next; /* of bytes alone */
}

Status bundle_next_packed(Bundle *b, RecordTag *tag, Slice *packed, Error *err)
{
    ASSERT(b->next < b->count);
    *tag = *bundle_tag(b);
    TRY(values_take(buf_slice(&b->plain), &b->at, packed, err));
    b->next++;
    return OK;
}

Status bundle_next(Bundle *b, VaultRecord *out, bool *more, Error *err)
{
    Slice packed;
    *more = b->next < b->count;
    if (!*more)
        return OK;
    out->source = b->source;
    TRY(bundle_next_packed(b, &out->tag, &packed, err));
    return values_unpack(packed, &out->values, err);
}
