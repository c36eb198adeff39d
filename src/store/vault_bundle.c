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

/* Boxes that are made before they are inserted. */
#define BATCH_BYTES ((size_t)4 << 20)

/* Bundles of a run, in order. */
typedef struct BundleBatch {
    Buf tags;
    Buf boxes;
    VEC(struct BundleEnd {
        size_t tags; /* where the bundle's end */
        size_t box;
    })
    bundles;
} BundleBatch;

/* A run on its way: while one batch is inserted, the next is made. */
typedef struct BundleRun {
    Vault *vault;
    const SourceName *source;
    int64_t number;
    const NewRecords *all;
    size_t part; /* the next */
    PackedRecords records;
    TagPlaces places; /* their order */
    size_t next;
    bool done; /* all are made */
    Buf values;
    BundleBatch batches[2];
    size_t ready; /* of the two, that is to be inserted */
} BundleRun;

/* Goes on to a part that has records, if there is one. */
static Status next_part(BundleRun *r, Error *err)
{
    while (r->next == r->places.count && r->part < new_records_parts(r->all)) {
        TRY(new_records_part(r->all, r->part++, &r->records, err));
        r->next = 0;
        tag_places_free(&r->places);
        if (r->records.len > 0)
            TRY(tag_places_new(&r->records.at[0].tag, sizeof *r->records.at, r->records.len, &r->places, err));
    }
    return OK;
}

/* At least one record, if any is left, then as many as have room. Tags are appended to the batch's. */
static Status fill_bundle(BundleRun *r, Buf *tags, size_t *count, Error *err)
{
    size_t begin = tags->len;
    buf_reset(&r->values);
    for (*count = 0; *count < BUNDLE_RECORDS; (*count)++) {
        TRY(next_part(r, err));
        if (r->next == r->places.count)
            break;
        const PackedRecord *record = &r->records.at[r->places.order[r->next]];
        if (*count > 0 && tags->len - begin + r->values.len + TAG_SIZE + record->len > BUNDLE_BYTES)
            break;
        r->next++;
        buf_add(tags, (Slice){(const char *)record->tag.bytes, TAG_SIZE});
        values_put((Slice){record->packed, record->len}, &r->values);
    }
    TRY(buf_status(tags, err));
    return buf_status(&r->values, err);
}

static Status make_batch(BundleRun *r, BundleBatch *b, Error *err)
{
    buf_reset(&b->tags);
    buf_reset(&b->boxes);
    b->bundles.len = 0;
    while (!r->done && b->boxes.len < BATCH_BYTES) {
        size_t begin = b->tags.len;
        size_t count = 0;
        TRY(fill_bundle(r, &b->tags, &count, err));
        r->done = count == 0;
        if (r->done)
            break;
        BoxPlace place = {"bundle", slice_sub(buf_slice(&b->tags), begin, b->tags.len), r->source->name};
        TRY(boxer_seal(r->vault->boxer, &place, buf_slice(&r->values), &b->boxes, err));
        TRY(vec_push(&b->bundles, ((struct BundleEnd){b->tags.len, b->boxes.len}), err));
    }
    return OK;
}

static Status insert_bundle(const BundleRun *r, Slice tags, Slice box, Error *err)
{
    sqlite3_stmt *stmt = r->vault->insert_bundle;
    sqlite3_bind_int64(stmt, 1, r->number);
    sqlite3_bind_int64(stmt, 2, r->source->id);
    lite_bind_blob(stmt, 3, slice_sub(tags, 0, TAG_SIZE));
    sqlite3_bind_int64(stmt, 4, (int64_t)(tags.len / TAG_SIZE));
    sqlite3_bind_int64(stmt, 5, boxer_key_id(r->vault->boxer));
    lite_bind_blob(stmt, 6, tags);
    lite_bind_blob(stmt, 7, box);
    return lite_run(&r->vault->lite, stmt, err);
}

static Status insert_batch(const BundleRun *r, const BundleBatch *b, Error *err)
{
    struct BundleEnd begin = {0};
    for (size_t i = 0; i < b->bundles.len; i++) {
        struct BundleEnd end = b->bundles.at[i];
        TRY(insert_bundle(r, slice_sub(buf_slice(&b->tags), begin.tags, end.tags),
            slice_sub(buf_slice(&b->boxes), begin.box, end.box), err));
        begin = end;
    }
    return OK;
}

enum { RUN_INSERT, RUN_MAKE, RUN_TASKS };

/* The two share the key's number, which neither changes. */
static Status run_task(size_t task, void *ctx, Error *err)
{
    BundleRun *r = ctx;
    if (task == RUN_INSERT)
        return insert_batch(r, &r->batches[r->ready], err);
    return make_batch(r, &r->batches[1 - r->ready], err);
}

static Status write_run(BundleRun *r, Error *err)
{
    unsigned threads = home_settings(r->vault->home)->threads;
    TRY(lite_i64(&r->vault->lite, "SELECT coalesce(max(run), 0) + 1 FROM bundle", &r->number, err));
    TRY(make_batch(r, &r->batches[r->ready], err));
    while (!r->done) {
        TRY(parallel_for(RUN_TASKS, threads, run_task, r, err));
        r->ready = 1 - r->ready;
    }
    return insert_batch(r, &r->batches[r->ready], err);
}

Status bundles_write(Vault *v, const SourceName *source, const NewRecords *n, Error *err)
{
    BundleRun r = {.vault = v, .source = source, .all = n};
    buf_init(&r.values, 0);
    for (size_t i = 0; i < COUNT_OF(r.batches); i++) {
        buf_init(&r.batches[i].tags, 0);
        buf_init(&r.batches[i].boxes, 0);
    }
    Status st = write_run(&r, err);
    tag_places_free(&r.places);
    vec_free(&r.records);
    if (r.values.ptr)
        mem_wipe(r.values.ptr, r.values.cap);
    buf_free(&r.values);
    for (size_t i = 0; i < COUNT_OF(r.batches); i++) {
        buf_free(&r.batches[i].tags);
        buf_free(&r.batches[i].boxes);
        vec_free(&r.batches[i].bundles);
    }
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
