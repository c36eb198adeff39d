/*
 * Arrays in order of tag, and one tag among millions.
 *
 * Tags are keyed hashes, so their first bits (after those that all of them share) tell
 * where they belong: a counting sort by these leaves about one tag a bucket, and a
 * look-up reads one bucket. Whoever chose tags to be alike would get a slow sort, not a
 * wrong one.
 */
#include "store/linkage.h"

#include <stdlib.h>

static const RecordTag *tag_at(const TagPlaces *p, uint32_t at)
{
    return (const RecordTag *)((const char *)p->first + (size_t)at * p->stride);
}

static size_t bucket_of(const TagPlaces *p, const RecordTag *tag)
{
    return (size_t)(tag_first(tag) << p->shared >> p->shift);
}

/* Of many tags of hashes the first few tell already that it is none. */
static unsigned count_shared_bits(const TagPlaces *p)
{
    uint64_t differing = 0;
    for (uint32_t i = 1; i < p->count && differing >> 63 == 0; i++)
        differing |= tag_first(tag_at(p, i)) ^ tag_first(tag_at(p, 0));
    return differing == 0 ? 0 : (unsigned)__builtin_clzll(differing);
}

/* Before heap sort takes over: a bucket is this large only where tags are no hashes. */
#define INSERTION_MAX 32

static void sift(const TagPlaces *p, uint32_t *at, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && tag_cmp(tag_at(p, at[child]), tag_at(p, at[child + 1])) < 0)
            child++;
        if (tag_cmp(tag_at(p, at[i]), tag_at(p, at[child])) >= 0)
            return;
        uint32_t swap = at[i];
        at[i] = at[child];
        at[child] = swap;
    }
}

static void heap_sort(const TagPlaces *p, uint32_t *at, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(p, at, n, i);
    while (n > 1) {
        uint32_t swap = at[0];
        at[0] = at[--n];
        at[n] = swap;
        sift(p, at, n, 0);
    }
}

static void sort_bucket(const TagPlaces *p, uint32_t *at, size_t n)
{
    if (n > INSERTION_MAX) {
        heap_sort(p, at, n);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint32_t what = at[i];
        size_t k = i;
        for (; k > 0 && tag_cmp(tag_at(p, at[k - 1]), tag_at(p, what)) > 0; k--)
            at[k] = at[k - 1];
        at[k] = what;
    }
}

Status tag_places_new(const RecordTag *first, size_t stride, size_t count, TagPlaces *out, Error *err)
{
    unsigned bits = 1;
    *out = (TagPlaces){.first = first, .stride = stride, .count = (uint32_t)count};
    if (count >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "%zu tags are too many to be put in order", count);
    while (bits < 31 && (size_t)1 << bits < count)
        bits++;
    out->shift = 64 - bits;
    out->shared = count_shared_bits(out);
    const size_t buckets = (size_t)1 << bits;
    TRY(mem_zalloc(buckets + 2, sizeof *out->start, (void **)&out->start, err));
    Status st = mem_alloc((count ? count : 1) * sizeof *out->order, (void **)&out->order, err);
    if (st != OK) {
        tag_places_free(out);
        return st;
    }
    /* counted two places on, so that filling leaves each start where it belongs */
    for (uint32_t i = 0; i < out->count; i++)
        out->start[bucket_of(out, tag_at(out, i)) + 2]++;
    for (size_t b = 0; b < buckets; b++)
        out->start[b + 2] += out->start[b + 1];
    for (uint32_t i = 0; i < out->count; i++)
        out->order[out->start[bucket_of(out, tag_at(out, i)) + 1]++] = i;
    for (size_t b = 0; b < buckets; b++)
        sort_bucket(out, out->order + out->start[b], out->start[b + 1] - out->start[b]);
    return OK;
}

void tag_places_free(TagPlaces *p)
{
    mem_free(p->order);
    mem_free(p->start);
    *p = (TagPlaces){0};
}

uint32_t tag_places_find(const TagPlaces *p, const RecordTag *tag)
{
    if (p->count == 0)
        return UINT32_MAX;
    size_t bucket = bucket_of(p, tag);
    uint32_t low = p->start[bucket], high = p->start[bucket + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = tag_cmp(tag_at(p, p->order[middle]), tag);
        if (order == 0)
            return p->order[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT32_MAX;
}
