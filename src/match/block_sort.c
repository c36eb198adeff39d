/*
 * Records into groups of equal keys.
 *
 * Keys are hashes, so their order means nothing, but sorting by it makes the
 * numbering of blocks a function of the set of records. One pass over the table
 * computes the keys of a chunk of records a thread; a second scatters them, in
 * the order of the records, into buckets of the keys' ranges that fit into the
 * second-level cache; each bucket is then sorted by itself (least significant
 * digit first, which is stable and has no bad inputs). Singletons, most of all
 * keys, are dropped on the way.
 *
 * Most groups of a deletion neighbourhood are ten times the records of one number; beside a pass over the number itself
 * they are left out, and what stays is numbers a typing error apart. So one record of each number is sorted first,
 * which tells the keys that numbers share; all records are then sorted by those alone.
 *
 * A pass with many keys a record (deletion neighbourhoods of nine digits: ten)
 * runs in rounds over ranges of keys, so that memory stays at that of a round.
 */
#include <stdatomic.h>

#include "match/blocks.h"
#include "match/sort_keys.h"

enum {
    CHUNK_RECORDS = 1 << 16,
    BUCKET_ENTRIES = 1 << 14,
    BUCKETS_MAX = 1 << 12,
    ROUND_ENTRIES = 1 << 24,
    ROUNDS_MAX = 1 << 8,
    SAMPLE_RECORDS = 1 << 10,
    AHEAD = 16,
    SMALL = 48 /* insertion sort up to here */
};

void groups_free(Groups *g)
{
    vec_free(&g->start);
    vec_free(&g->members);
}

Status groups_add(Groups *g, const uint32_t *members, size_t count, Error *err)
{
    if (g->start.len == 0)
        TRY(vec_push(&g->start, 0, err));
    if (g->members.len + count > UINT32_MAX)
        return error_set(err, ERR_LIMIT, "the blocks of a pass have more than %u members", UINT32_MAX);
    TRY(vec_reserve(&g->members, g->members.len + count, err));
    memcpy(g->members.at + g->members.len, members, count * sizeof members[0]);
    g->members.len += count;
    return vec_push(&g->start, (uint32_t)g->members.len, err);
}

Status groups_append(Groups *to, const Groups *from, Error *err)
{
    uint32_t count = group_count(from);
    size_t base = to->members.len, members = from->members.len;
    if (count == 0)
        return OK;
    if (to->start.len == 0)
        TRY(vec_push(&to->start, 0, err));
    if (base + members > UINT32_MAX)
        return error_set(err, ERR_LIMIT, "the blocks of a pass have more than %u members", UINT32_MAX);
    TRY(vec_reserve(&to->start, to->start.len + count, err));
    TRY(vec_reserve(&to->members, base + members, err));
    for (uint32_t i = 1; i <= count; i++)
        to->start.at[to->start.len++] = (uint32_t)base + from->start.at[i];
    memcpy(to->members.at + base, from->members.at, members * sizeof from->members.at[0]);
    to->members.len += members;
    return OK;
}

/* --- sources -------------------------------------------------------------------------------------------------- */

Status source_pairs_new(const MatchConfig *config, SourcePairs *out, Error *err)
{
    uint32_t n = config->source_count;
    *out = (SourcePairs){.all = true, .sources = n};
    TRY(mem_alloc((size_t)n * n * sizeof out->comparable[0], (void **)&out->comparable, err));
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b < n; b++) {
            bool is_comparable = table_comparable(config, a, b);
            out->comparable[a * n + b] = is_comparable;
            out->all = out->all && is_comparable;
        }
    return OK;
}

void source_pairs_free(SourcePairs *s)
{
    mem_free(s->comparable);
    *s = (SourcePairs){0};
}

static size_t source_end(const MatchTable *t, const uint32_t *members, size_t begin, size_t count)
{
    size_t end = begin + 1;
    while (end < count && t->source[members[end]] == t->source[members[begin]])
        end++;
    return end;
}

uint64_t comparable_pairs(const SourcePairs *s, const MatchTable *t, const uint32_t *members, size_t count)
{
    if (s->all)
        return (uint64_t)count * (count - 1) / 2;
    uint64_t sizes[MATCH_SOURCES_MAX];
    uint16_t sources[MATCH_SOURCES_MAX];
    uint64_t total = 0;
    size_t runs = 0;
    for (size_t begin = 0; begin < count;) {
        size_t end = source_end(t, members, begin, count);
        uint64_t size = end - begin;
        uint16_t source = t->source[members[begin]];
        if (s->comparable[source * s->sources + source])
            total += size * (size - 1) / 2;
        for (size_t i = 0; i < runs; i++)
            if (s->comparable[source * s->sources + sources[i]])
                total += size * sizes[i];
        sizes[runs] = size;
        sources[runs++] = source;
        begin = end;
    }
    return total;
}

/* --- members -------------------------------------------------------------------------------------------------- */

static void insert_members(const MatchTable *t, uint32_t *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t m = members[i];
        size_t k = i;
        for (; k > 0 && t->source[members[k - 1]] > t->source[m]; k--)
            members[k] = members[k - 1];
        members[k] = m;
    }
}

void sort_members(const MatchTable *t, uint32_t *members, size_t count, uint32_t *scratch)
{
    if (t->config->source_count <= 1)
        return;
    if (count <= SMALL) {
        insert_members(t, members, count);
        return;
    }
    uint32_t places[MATCH_SOURCES_MAX] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        places[t->source[members[i]]]++;
    for (size_t s = 0; s < MATCH_SOURCES_MAX; s++) {
        uint32_t n = places[s];
        places[s] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++)
        scratch[places[t->source[members[i]]]++] = members[i];
    memcpy(members, scratch, count * sizeof members[0]);
}

/* --- one pass ------------------------------------------------------------------------------------------------- */

typedef struct Chunk {
    VEC(uint64_t) keys;
    VEC(uint32_t) records;
    uint32_t *places; /* of each bucket: how many, then where the next goes */
} Chunk;

typedef struct Bucket {
    size_t begin, end;    /* in keys and records */
    uint32_t distinct;    /* keys */
    uint32_t groups;      /* to keep */
    uint32_t members;     /* of those */
    uint32_t group_begin; /* in the output */
    uint32_t member_begin;
} Bucket;

typedef struct SortJob {
    const MatchTable *table;
    const KeyCache *cache;
    const PassSpec *pass;
    const SourcePairs *sources;
    uint32_t known;          /* column; MATCH_NONE */
    const uint32_t *holders; /* these records alone: one of each of the column's values. NULL: all */
    size_t count;            /* of records, or of holders */
    /* Of each of the column's values the set of its keys, by their place among them, that another value has as well:
     * made while holders are sorted, asked for afterwards. NULL: all keys count. */
    atomic_ushort *shared;
    unsigned threads;
    uint32_t rounds, round, buckets;
    Chunk *chunks;
    size_t chunk_count;
    Bucket *bucket;
    uint64_t *keys;
    uint32_t *records;
    uint64_t *key_scratch;
    uint32_t *record_scratch;
    Groups *out;
} SortJob;

/* Bucket over all rounds; rises with the key. */
static uint32_t bucket_of(const SortJob *j, uint64_t key)
{
    return (uint32_t)((key >> 32) * j->rounds * j->buckets >> 32);
}

static uint32_t record_at(const SortJob *j, size_t i)
{
    return j->holders ? j->holders[i] : (uint32_t)i;
}

static atomic_ushort *shared_of(const SortJob *j, uint32_t record)
{
    return &j->shared[record_cells(j->table, record)[j->known]];
}

_Static_assert(RECORD_KEYS_MAX <= 16, "a set of a value's keys is a short");

/* Those of the record's keys that count. */
static size_t sorted_keys(const SortJob *j, uint32_t record, uint64_t keys[RECORD_KEYS_MAX])
{
    if (j->holders || !j->shared)
        return key_cache_keys(j->cache, j->table, j->pass, record, keys);
    unsigned wanted = atomic_load_explicit(shared_of(j, record), memory_order_relaxed);
    size_t n = wanted ? key_cache_keys(j->cache, j->table, j->pass, record, keys) : 0, kept = 0;
    for (size_t k = 0; k < n; k++)
        if (wanted >> k & 1)
            keys[kept++] = keys[k];
    return kept;
}

/* What sorted_keys will read of a record that is due, and of one that is due sooner. */
static void fetch_keys(const SortJob *j, size_t i, size_t end)
{
    if (i + AHEAD < end) {
        key_cache_fetch(j->cache, j->table, j->pass, record_at(j, i + AHEAD));
        if (j->shared)
            __builtin_prefetch(shared_of(j, record_at(j, i + AHEAD)));
    }
    if (i + AHEAD / 2 < end)
        key_cache_fetch_lists(j->cache, j->table, j->pass, record_at(j, i + AHEAD / 2));
}

static Status collect_chunk(size_t item, void *ctx, Error *err)
{
    const SortJob *j = ctx;
    Chunk *c = &j->chunks[item];
    size_t begin = item * CHUNK_RECORDS, end = begin + CHUNK_RECORDS;
    if (end > j->count)
        end = j->count;
    uint32_t first = j->round * j->buckets;
    memset(c->places, 0, j->buckets * sizeof c->places[0]);
    c->keys.len = c->records.len = 0;
    for (size_t i = begin; i < end; i++) {
        uint64_t keys[RECORD_KEYS_MAX];
        uint32_t r = record_at(j, i);
        fetch_keys(j, i, end);
        if (!record_leads(j->table, r))
            continue;
        size_t n = sorted_keys(j, r, keys);
        for (size_t k = 0; k < n; k++) {
            uint32_t bucket = bucket_of(j, keys[k]) - first;
            if (bucket >= j->buckets)
                continue;
            TRY(vec_push(&c->keys, keys[k], err));
            TRY(vec_push(&c->records, r, err));
            c->places[bucket]++;
        }
    }
    return OK;
}

static Status scatter_chunk(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    const SortJob *j = ctx;
    Chunk *c = &j->chunks[item];
    uint32_t first = j->round * j->buckets;
    for (size_t i = 0; i < c->keys.len; i++) {
        uint32_t place = c->places[bucket_of(j, c->keys.at[i]) - first]++;
        j->keys[place] = c->keys.at[i];
        j->records[place] = c->records.at[i];
    }
    return OK;
}

static size_t run_end(const uint64_t *keys, size_t begin, size_t end)
{
    size_t i = begin + 1;
    while (i < end && keys[i] == keys[begin])
        i++;
    return i;
}

/* Does a run of one key make a group? */
static bool is_group(const SortJob *j, const uint32_t *records, size_t n)
{
    if (n < 2 || comparable_pairs(j->sources, j->table, records, n) == 0)
        return false;
    if (j->known == MATCH_NONE)
        return true;
    size_t i = 1;
    while (i < n && record_cells(j->table, records[i])[j->known] == record_cells(j->table, records[0])[j->known])
        i++;
    return i < n;
}

/* n holders of one key share it. */
static void mark_shared(const SortJob *j, uint64_t key, const uint32_t *holders, size_t n)
{
    for (size_t i = 0; i < n && n > 1; i++) {
        uint64_t keys[RECORD_KEYS_MAX];
        size_t count = key_cache_keys(j->cache, j->table, j->pass, holders[i], keys);
        for (size_t k = 0; k < count; k++)
            if (keys[k] == key)
                atomic_fetch_or_explicit(shared_of(j, holders[i]), (unsigned short)(1u << k), memory_order_relaxed);
    }
}

static Status sort_bucket(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    const SortJob *j = ctx;
    Bucket *b = &j->bucket[item];
    size_t begin = b->begin;
    sort_keys(j->keys + begin, j->records + begin, b->end - begin, j->key_scratch + begin, j->record_scratch + begin);
    b->distinct = b->groups = b->members = 0;
    for (size_t i = begin; i < b->end;) {
        size_t end = run_end(j->keys, i, b->end);
        b->distinct++;
        if (j->holders) {
            mark_shared(j, j->keys[i], j->records + i, end - i);
            i = end;
            continue;
        }
        if (end - i > 1)
            sort_members(j->table, j->records + i, end - i, j->record_scratch + i);
        if (is_group(j, j->records + i, end - i)) {
            b->groups++;
            b->members += (uint32_t)(end - i);
        }
        i = end;
    }
    return OK;
}

static Status write_bucket(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    const SortJob *j = ctx;
    Bucket *b = &j->bucket[item];
    uint32_t group = b->group_begin, member = b->member_begin;
    for (size_t i = b->begin; i < b->end;) {
        size_t end = run_end(j->keys, i, b->end);
        size_t n = end - i;
        if (is_group(j, j->records + i, n)) {
            memcpy(j->out->members.at + member, j->records + i, n * sizeof j->records[0]);
            member += (uint32_t)n;
            j->out->start.at[++group] = member;
        }
        i = end;
    }
    return OK;
}

/* Places of each chunk in each bucket: chunks of one bucket follow each other, which keeps the order of records. */
static Status place_chunks(SortJob *j, size_t *total, Error *err)
{
    size_t at = 0;
    for (uint32_t b = 0; b < j->buckets; b++) {
        j->bucket[b].begin = at;
        for (size_t c = 0; c < j->chunk_count; c++) {
            uint32_t n = j->chunks[c].places[b];
            j->chunks[c].places[b] = (uint32_t)at;
            at += n;
        }
        j->bucket[b].end = at;
    }
    *total = at;
    return at > UINT32_MAX ? error_set(err, ERR_LIMIT, "a pass gives more than %u keys at once", UINT32_MAX) : OK;
}

static Status write_groups(SortJob *j, Error *err)
{
    Groups *out = j->out;
    uint64_t groups = group_count(out), members = out->members.len;
    for (uint32_t b = 0; b < j->buckets; b++) {
        j->bucket[b].group_begin = (uint32_t)groups;
        j->bucket[b].member_begin = (uint32_t)members;
        groups += j->bucket[b].groups;
        members += j->bucket[b].members;
    }
    if (members >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "the blocks of a pass have more than %u members", UINT32_MAX);
    TRY(vec_reserve(&out->start, groups + 1, err));
    TRY(vec_reserve(&out->members, members, err));
    if (out->start.len == 0)
        out->start.at[0] = 0;
    TRY(parallel_for(j->buckets, j->threads, write_bucket, j, err));
    out->start.len = groups + 1;
    out->members.len = members;
    return OK;
}

static Status sort_round(SortJob *j, uint64_t *keys, Error *err)
{
    Status st = OK;
    size_t total = 0;
    TRY_OUT(parallel_for(j->chunk_count, j->threads, collect_chunk, j, err));
    TRY_OUT(place_chunks(j, &total, err));
    TRY_OUT(mem_alloc(total * sizeof j->keys[0], (void **)&j->keys, err));
    TRY_OUT(mem_alloc(total * sizeof j->records[0], (void **)&j->records, err));
    TRY_OUT(parallel_for(j->chunk_count, j->threads, scatter_chunk, j, err));
    if (j->round + 1 == j->rounds)
        for (size_t c = 0; c < j->chunk_count; c++) {
            vec_free(&j->chunks[c].keys);
            vec_free(&j->chunks[c].records);
        }
    TRY_OUT(mem_alloc(total * sizeof j->keys[0], (void **)&j->key_scratch, err));
    TRY_OUT(mem_alloc(total * sizeof j->records[0], (void **)&j->record_scratch, err));
    TRY_OUT(parallel_for(j->buckets, j->threads, sort_bucket, j, err));
    for (uint32_t b = 0; b < j->buckets; b++)
        *keys += j->bucket[b].distinct;
    if (!j->holders)
        TRY_OUT(write_groups(j, err));
out:
    mem_free(j->keys);
    mem_free(j->records);
    mem_free(j->key_scratch);
    mem_free(j->record_scratch);
    j->keys = j->key_scratch = NULL;
    j->records = j->record_scratch = NULL;
    return st;
}

/* Keys a record has on average, from records spread over the table, as rounds and buckets; results do not depend on
 * either. */
static void choose_rounds(SortJob *j)
{
    size_t n = j->count, step = n / SAMPLE_RECORDS + 1;
    uint64_t found = 0, seen = 0;
    for (size_t i = 0; i < n; i += step, seen++) {
        uint64_t keys[RECORD_KEYS_MAX];
        if (record_leads(j->table, record_at(j, i)))
            found += sorted_keys(j, record_at(j, i), keys);
    }
    uint64_t expected = seen > 0 ? found * n / seen : 0;
    uint64_t rounds = expected / ROUND_ENTRIES + 1;
    uint64_t buckets = expected / rounds / BUCKET_ENTRIES + 1;
    j->rounds = rounds > ROUNDS_MAX ? ROUNDS_MAX : (uint32_t)rounds;
    j->buckets = buckets > BUCKETS_MAX ? BUCKETS_MAX : (uint32_t)buckets;
}

static Status sort_all(SortJob *j, uint64_t *keys, Error *err)
{
    Status st = OK;
    *keys = 0;
    choose_rounds(j);
    j->chunk_count = (j->count + CHUNK_RECORDS - 1) / CHUNK_RECORDS;
    TRY_OUT(mem_zalloc(j->chunk_count, sizeof j->chunks[0], (void **)&j->chunks, err));
    TRY_OUT(mem_zalloc(j->buckets, sizeof j->bucket[0], (void **)&j->bucket, err));
    for (size_t c = 0; c < j->chunk_count; c++)
        TRY_OUT(mem_alloc(j->buckets * sizeof(uint32_t), (void **)&j->chunks[c].places, err));
    for (j->round = 0; j->round < j->rounds; j->round++)
        TRY_OUT(sort_round(j, keys, err));
out:
    for (size_t c = 0; j->chunks && c < j->chunk_count; c++) {
        vec_free(&j->chunks[c].keys);
        vec_free(&j->chunks[c].records);
        mem_free(j->chunks[c].places);
    }
    mem_free(j->chunks);
    mem_free(j->bucket);
    j->chunks = NULL;
    j->bucket = NULL;
    return st;
}

Status blocks_sort(const MatchTable *t, const KeyCache *cache, const PassSpec *pass, const SourcePairs *sources,
    uint32_t known, unsigned threads, Groups *out, uint64_t *keys, Error *err)
{
    SortJob j = {.table = t,
        .cache = cache,
        .pass = pass,
        .sources = sources,
        .known = known,
        .count = t->records,
        .threads = threads,
        .out = out};
    uint32_t *holders = NULL;
    void *sets = NULL;
    uint64_t shared;
    Status st;
    if (known == MATCH_NONE)
        return sort_all(&j, keys, err);
    SortJob of_values = j;
    TRY_OUT(mem_zalloc((size_t)dict_count(t->dict[known]) + 1, sizeof *j.shared, &sets, err));
    j.shared = sets;
    TRY_OUT(table_holders(t, known, &holders, &of_values.count, err));
    of_values.holders = holders;
    of_values.shared = j.shared;
    TRY_OUT(sort_all(&of_values, keys, err));
    st = sort_all(&j, &shared, err);
out:
    mem_free(holders);
    mem_free(sets);
    return st;
}
