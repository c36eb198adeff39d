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

#include <stdlib.h>

#define TAG_SIZE sizeof(((RecordTag *)0)->bytes)
#define BUNDLE_BYTES ((size_t)64 << 10)

/* --- sorting ------------------------------------------------------------------------------------------------- */

static int compare_pending(const void *a, const void *b)
{
    const Pending *x = a;
    const Pending *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return memcmp(x->record.tag.bytes, y->record.tag.bytes, TAG_SIZE);
}

static size_t bucket_of(const Pending *p)
{
    return (size_t)p->record.tag.bytes[0] << 8 | p->record.tag.bytes[1];
}

/* Tags are hashes, spread evenly: one pass by their first two bytes leaves a handful to be sorted in each bucket. */
static Status sort_into_buckets(const Pending *from, size_t count, Pending *to, Error *err)
{
    enum { BUCKETS = 1 << 16 };
    size_t *ends = NULL;
    TRY(mem_zalloc(BUCKETS + 1, sizeof *ends, (void **)&ends, err));
    for (size_t i = 0; i < count; i++)
        ends[bucket_of(&from[i]) + 1]++;
    for (size_t b = 0; b < BUCKETS; b++)
        ends[b + 1] += ends[b];
    for (size_t i = count; i > 0; i--)
        to[--ends[bucket_of(&from[i - 1]) + 1]] = from[i - 1];
    /* now ends[b + 1] is where bucket b begins */
    for (size_t b = 0; b < BUCKETS; b++) {
        size_t begin = ends[b + 1];
        size_t end = b + 1 < BUCKETS ? ends[b + 2] : count;
        if (end - begin > 1)
            qsort(to + begin, end - begin, sizeof *to, compare_pending);
    }
    mem_free(ends);
    return OK;
}

static Status sort_pending(Vault *v, Error *err)
{
    size_t count = v->pending.len;
    bool one_source = true;
    Pending *sorted = NULL;
    for (size_t i = 1; i < count; i++)
        one_source = one_source && v->pending.at[i].source == v->pending.at[0].source;
    if (!one_source || count < 1024) {
        if (count > 1)
            qsort(v->pending.at, count, sizeof *v->pending.at, compare_pending);
        return OK;
    }
    TRY(mem_alloc(count * sizeof *sorted, (void **)&sorted, err));
    Status st = sort_into_buckets(v->pending.at, count, sorted, err);
    if (st == OK)
        memcpy(v->pending.at, sorted, count * sizeof *sorted);
    mem_free(sorted);
    return st;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static Status write_bundle(Vault *v, int64_t run, const Pending *records, size_t count, Error *err)
{
    Buf tags;
    Buf box;
    Slice source;
    sqlite3_stmt *stmt = v->insert_bundle;
    buf_init(&tags, 0);
    buf_init(&box, 0);
    buf_reset(&v->scratch);
    for (size_t i = 0; i < count; i++) {
        const PackedRecord *r = &records[i].record;
        buf_add(&tags, (Slice){(const char *)r->tag.bytes, TAG_SIZE});
        values_put((Slice){r->packed, r->len}, &v->scratch);
    }
    Status st = buf_status(&tags, err);
    if (st == OK)
        st = buf_status(&v->scratch, err);
    if (st == OK)
        st = vault_source_name(v, records[0].source, &source, err);
    if (st == OK) {
        BoxPlace place = {"bundle", buf_slice(&tags), source};
        st = boxer_seal(v->boxer, &place, buf_slice(&v->scratch), &box, err);
    }
    if (st == OK) {
        sqlite3_bind_int64(stmt, 1, run);
        sqlite3_bind_int64(stmt, 2, records[0].source);
        lite_bind_blob(stmt, 3, (Slice){tags.ptr, TAG_SIZE});
        sqlite3_bind_int64(stmt, 4, (int64_t)count);
        sqlite3_bind_int64(stmt, 5, boxer_key_id(v->boxer));
        lite_bind_blob(stmt, 6, buf_slice(&tags));
        lite_bind_blob(stmt, 7, buf_slice(&box));
        st = lite_run(&v->lite, stmt, err);
    }
    buf_free(&tags);
    buf_free(&box);
    return st;
}

/* How many of the records, at least one, make a bundle. */
static size_t bundle_length(const Pending *records, size_t count)
{
    size_t n = 0;
    for (size_t bytes = 0; n < count && n < BUNDLE_RECORDS; n++) {
        bytes += records[n].record.len;
        if (n > 0 && (bytes > BUNDLE_BYTES || records[n].source != records[0].source))
            break;
    }
    return n;
}

Status bundles_write(Vault *v, Error *err)
{
    int64_t run = 0;
    if (v->pending.len == 0)
        return OK;
    TRY(sort_pending(v, err));
    TRY(lite_i64(&v->lite, "SELECT coalesce(max(run), 0) FROM bundle", &run, err));
    for (size_t i = 0; i < v->pending.len;) {
        const Pending *from = &v->pending.at[i];
        size_t count = bundle_length(from, v->pending.len - i);
        if (i == 0 || from->source != from[-1].source)
            run++;
        TRY(write_bundle(v, run, from, count, err));
        i += count;
    }
    return OK;
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
    for (size_t at = TAG_SIZE; at < tags.len; at += TAG_SIZE)
        if (memcmp(tags.ptr + at - TAG_SIZE, tags.ptr + at, TAG_SIZE) >= 0)
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

const uint8_t *bundle_tag(const Bundle *b)
{
    return (const uint8_t *)b->tags.ptr + b->next * TAG_SIZE;
}

Status bundle_next(Bundle *b, VaultRecord *out, bool *more, Error *err)
{
    Slice packed;
    *more = b->next < b->count;
    if (!*more)
        return OK;
    memcpy(out->tag.bytes, bundle_tag(b), TAG_SIZE);
    out->source = b->source;
    TRY(values_take(buf_slice(&b->plain), &b->at, &packed, err));
    TRY(values_unpack(packed, &out->values, err));
    b->next++;
    return OK;
}
