/*
 * From keys to sealed records: 8 bytes a key and a directory of half a byte a key.
 *
 * Keys are computed twice, to count how many hashes begin alike and to put each where it belongs, so that nothing but
 * the result takes memory. Threads write where the counters send them; sorting each short run by the rest of the hash
 * and the record afterwards makes the result one whatever their order.
 *
 * A number's typing errors are ten keys, and a state has many records of one number: with every record there, they were
 * half of all. What is said of a value needs to be said once.
 */
#include <stdlib.h>

#include "match/postings.h"

#define CHUNK 4096
#define SAMPLED 64   /* one record in so many tells how large a directory pays */
#define RUN_LENGTH 8 /* entries that begin alike: a line of the cache */
#define BITS_MIN 8
#define BITS_MAX 28
#define INSERTION_MAX 24

typedef struct Build {
    const MatchTable *t;
    const PassSpec *passes;
    uint32_t pass_count;
    const KeyCache *cache;
    uint64_t *firsts[MATCH_PASSES_MAX]; /* of a pass whose values are there once: bits of the records that are; NULL */
    Postings *p;
    atomic_uint_fast64_t total;
} Build;

/* --- whose keys --------------------------------------------------------------------------------------------------- */

static Status find_firsts(Build *b, uint32_t pass, Error *err)
{
    const MatchTable *t = b->t;
    uint32_t column = t->config->fields[b->passes[pass].parts[0].field].columns[0];
    uint32_t *holders;
    size_t count;
    TRY(mem_zalloc(t->records / 64 + 1, sizeof **b->firsts, (void **)&b->firsts[pass], err));
    TRY(table_holders(t, column, &holders, &count, err));
    for (size_t i = 0; i < count; i++)
        b->firsts[pass][holders[i] / 64] |= UINT64_C(1) << holders[i] % 64;
    mem_free(holders);
    return OK;
}

static size_t keys_of(const Build *b, uint32_t pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX])
{
    const uint64_t *firsts = b->firsts[pass];
    if (firsts && !(firsts[record / 64] >> record % 64 & 1))
        return 0;
    return key_cache_keys(b->cache, b->t, &b->passes[pass], record, keys);
}

typedef struct RecordKeys {
    uint32_t record;
    size_t count;
    uint64_t hash[MATCH_PASSES_MAX * RECORD_KEYS_MAX];
} RecordKeys;

static void list_keys(const Build *b, uint32_t record, RecordKeys *out)
{
    out->record = record;
    out->count = 0;
    if (!record_leads(b->t, record))
        return;
    for (uint32_t p = 0; p < b->pass_count; p++) {
        uint64_t keys[RECORD_KEYS_MAX];
        size_t n = keys_of(b, p, record, keys);
        for (size_t i = 0; i < n; i++)
            out->hash[out->count++] = posting_hash(p, keys[i]);
    }
}

/* --- counting, placing, sorting ------------------------------------------------------------------------------------
 */

/* A place is counted one early, so that placing moves it on to the next one's. */
static atomic_uint_least32_t *place_of(const Build *b, uint64_t hash)
{
    return &b->p->directory[(hash >> b->p->shift) + 1];
}

static void count_key(const Build *b, uint64_t hash)
{
    atomic_fetch_add_explicit(place_of(b, hash) + 1, 1, memory_order_relaxed);
}

static void place_key(const Build *b, uint64_t hash, uint32_t record)
{
    uint32_t at = (uint32_t)atomic_fetch_add_explicit(place_of(b, hash), 1, memory_order_relaxed);
    b->p->entry[at] = hash << 32 | record;
}

/* Counters and entries lie anywhere: a record's are asked for two turns ahead and one turn ahead. */
static void fetch_places(const Build *b, const RecordKeys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        __builtin_prefetch(place_of(b, keys->hash[i]), 1);
}

static void fetch_entries(const Build *b, const RecordKeys *keys)
{
    for (size_t i = 0; b->p->entry && i < keys->count; i++)
        __builtin_prefetch(&b->p->entry[atomic_load_explicit(place_of(b, keys->hash[i]), memory_order_relaxed)], 1);
}

/* Counts a chunk's keys, or places them once there is room; returns how many there are. */
static uint64_t take_chunk(const Build *b, size_t chunk)
{
    enum { TURNS = 3 };
    uint32_t begin = (uint32_t)(chunk * CHUNK), end = begin + CHUNK;
    uint64_t total = 0;
    RecordKeys ring[TURNS];
    for (size_t i = 0; i < TURNS; i++)
        ring[i].count = 0;
    if (end > b->t->records)
        end = b->t->records;
    for (uint32_t r = begin; r < end + TURNS - 1; r++) {
        RecordKeys *coming = &ring[r % TURNS], *next = &ring[(r + 2) % TURNS], *now = &ring[(r + 1) % TURNS];
        if (r < end)
            list_keys(b, r, coming);
        else
            coming->count = 0;
        fetch_places(b, coming);
        fetch_entries(b, next);
        for (size_t i = 0; i < now->count; i++)
            if (b->p->entry)
                place_key(b, now->hash[i], now->record);
            else
                count_key(b, now->hash[i]);
        total += now->count;
    }
    return total;
}

static Status count_chunk(size_t chunk, void *ctx, Error *err)
{
    UNUSED(err);
    Build *b = ctx;
    atomic_fetch_add(&b->total, take_chunk(b, chunk));
    return OK;
}

static Status place_chunk(size_t chunk, void *ctx, Error *err)
{
    UNUSED(err);
    take_chunk(ctx, chunk);
    return OK;
}

static int by_entry(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

static void sort_run(uint64_t *run, size_t n)
{
    if (n > INSERTION_MAX) {
        qsort(run, n, sizeof *run, by_entry);
        return;
    }
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && run[k] < run[k - 1]; k--) {
            uint64_t swap = run[k];
            run[k] = run[k - 1];
            run[k - 1] = swap;
        }
}

static uint32_t begin_of(const Postings *p, size_t beginning)
{
    return (uint32_t)atomic_load_explicit(&p->directory[beginning], memory_order_relaxed);
}

static Status sort_chunk(size_t chunk, void *ctx, Error *err)
{
    UNUSED(err);
    const Build *b = ctx;
    size_t begins = (size_t)1 << (64 - b->p->shift);
    for (size_t i = chunk * CHUNK; i < (chunk + 1) * CHUNK && i < begins; i++) {
        uint32_t from = begin_of(b->p, i), to = begin_of(b->p, i + 1);
        sort_run(b->p->entry + from, to - from);
    }
    return OK;
}

/* By the keys of one record in so many. */
static unsigned choose_bits(const Build *b)
{
    uint64_t expected = 0;
    unsigned bits = BITS_MIN;
    RecordKeys keys;
    for (uint32_t r = 0; r < b->t->records; r += SAMPLED) {
        list_keys(b, r, &keys);
        expected += keys.count * SAMPLED;
    }
    while (bits < BITS_MAX && expected >> bits > RUN_LENGTH)
        bits++;
    return bits;
}

static Status build(Build *b, unsigned threads, Error *err)
{
    size_t chunks = ((size_t)b->t->records + CHUNK - 1) / CHUNK;
    unsigned bits = choose_bits(b);
    size_t begins = (size_t)1 << bits;
    b->p->shift = 64 - bits;
    void *directory = NULL;
    TRY(mem_zalloc(begins + 2, sizeof *b->p->directory, &directory, err));
    b->p->directory = directory;
    TRY(parallel_for(chunks, threads, count_chunk, b, err));
    if (b->total >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "the index has no room for the keys of so many records");
    b->p->count = b->total;
    uint32_t sum = 0;
    for (size_t i = 0; i < begins + 2; i++) {
        sum += begin_of(b->p, i);
        atomic_store_explicit(&b->p->directory[i], sum, memory_order_relaxed);
    }
    TRY(mem_alloc((b->p->count ? b->p->count : 1) * sizeof *b->p->entry, (void **)&b->p->entry, err));
    TRY(parallel_for(chunks, threads, place_chunk, b, err));
    return parallel_for((begins + CHUNK - 1) / CHUNK, threads, sort_chunk, b, err);
}

Status postings_build(const MatchTable *t, const PassSpec *passes, uint32_t pass_count, const uint32_t *whole,
    unsigned threads, Postings *out, Error *err)
{
    Build b = {.t = t, .passes = passes, .pass_count = pass_count, .p = out};
    KeyCache *cache = NULL;
    Status st = OK;
    *out = (Postings){0};
    for (uint32_t p = 0; p < pass_count && st == OK; p++)
        if (whole[p] != MATCH_NONE)
            st = find_firsts(&b, p, err);
    if (st == OK)
        st = key_cache_new(t, passes, pass_count, threads, &cache, err);
    b.cache = cache;
    if (st == OK)
        st = build(&b, threads, err);
    key_cache_free(cache);
    for (uint32_t p = 0; p < pass_count; p++)
        mem_free(b.firsts[p]);
    return st;
}

void postings_free(Postings *p)
{
    mem_free(p->entry);
    mem_free(p->directory);
    *p = (Postings){0};
}

/* --- finding -------------------------------------------------------------------------------------------------------
 */

const uint64_t *postings_find(const Postings *p, uint64_t hash, size_t *count)
{
    size_t low = begin_of(p, hash >> p->shift), end = begin_of(p, (hash >> p->shift) + 1), high = end;
    uint64_t first = hash << 32;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->entry[mid] < first)
            low = mid + 1;
        else
            high = mid;
    }
    size_t to = low, step = 1;
    while (to + step <= end && p->entry[to + step - 1] >> 32 == first >> 32) { /* galloping: runs may be long */
        to += step;
        step *= 2;
    }
    while (step > 0) {
        if (to + step <= end && p->entry[to + step - 1] >> 32 == first >> 32)
            to += step;
        step /= 2;
    }
    *count = to - low;
    return p->entry + low;
}
