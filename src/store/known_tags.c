/*
 * The tags of one source that are in the vault or are about to be: who asks
 * for a tag first is told that it is new, whichever thread asks.
 *
 * Split by the tag's last byte into shards with a lock each; within a shard an
 * open-addressing table of the 16-byte tags themselves: they are uniformly
 * distributed keyed hashes, so eight of their bytes are the hash. The shards lie
 * in one piece of memory, which has large pages, and grow together.
 */
#include "store/vault_impl.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARD_COUNT 64
#define SLOTS_FIRST 256
#define PREFETCH_AHEAD 16
/* Most tags that room is made for before they are there: 64 MiB. */
#define EXPECTED_MAX ((uint64_t)2800000)

typedef struct Shard {
    pthread_mutex_t lock; /* guards its slots too */
    size_t used;
} Shard;

struct KnownTags {
    pthread_rwlock_t table; /* written: slots is moved, slot_count changed */
    RecordTag *slots;       /* shard after shard; all zero: free. A tag of 128 zero bits does not occur */
    size_t slot_count;      /* of a shard, a power of two or 0 */
    Shard shards[SHARD_COUNT];
    atomic_uint shares;
};

typedef struct TagWords {
    uint64_t at[2];
} TagWords;

static inline TagWords words_of(const RecordTag *tag)
{
    TagWords w;
    memcpy(w.at, tag->bytes, sizeof w.at);
    return w;
}

/* Not by the first bytes: the vault gives its tags in order, and a table filled in the order of its hash clusters. */
static inline size_t home_slot(size_t slot_count, const RecordTag *tag)
{
    uint64_t hash;
    memcpy(&hash, tag->bytes + 6, sizeof hash);
    return (size_t)hash & (slot_count - 1);
}

/* Where the tag is, or the free slot that is its place. */
static inline RecordTag *find_slot(RecordTag *slots, size_t slot_count, const RecordTag *tag, bool *found)
{
    TagWords want = words_of(tag);
    for (size_t i = home_slot(slot_count, tag);; i = (i + 1) & (slot_count - 1)) {
        TagWords is = words_of(&slots[i]);
        *found = is.at[0] == want.at[0] && is.at[1] == want.at[1];
        if (*found || (is.at[0] | is.at[1]) == 0)
            return &slots[i];
    }
}

static bool has_room(size_t used, size_t more, size_t slot_count)
{
    return (used + more) * 4 <= slot_count * 3;
}

static void put_all(const RecordTag *from, size_t count, RecordTag *slots, size_t slot_count)
{
    bool found;
    for (size_t i = 0; i < count; i++) {
        TagWords w = words_of(&from[i]);
        if ((w.at[0] | w.at[1]) != 0)
            *find_slot(slots, slot_count, &from[i], &found) = from[i];
    }
}

/* The table has twice the slots, at the place it has if that can be: shards go to their new places from the last on,
 * and none of these but the first's reaches into one that has yet to move. Fresh memory is zeroed here and not by the
 * kernel: a slot is read before it is written, which would be two page faults a page. */
static Status grow(KnownTags *known, Error *err)
{
    size_t old = known->slot_count;
    size_t count = old ? old * 2 : SLOTS_FIRST;
    RecordTag *first = NULL;
    TRY(mem_alloc(old * sizeof *first, (void **)&first, err));
    Status st = mem_resize((void **)&known->slots, SHARD_COUNT * count, sizeof *known->slots, err);
    for (size_t i = SHARD_COUNT; st == OK && i-- > 0;) {
        const RecordTag *from = known->slots + i * old;
        RecordTag *to = known->slots + i * count;
        if (i == 0 && old > 0) {
            memcpy(first, from, old * sizeof *first);
            from = first;
        }
        memset(to, 0, count * sizeof *to);
        put_all(from, old, to, count);
    }
    if (st == OK)
        known->slot_count = count;
    mem_free(first);
    return st;
}

Status known_tags_expect(KnownTags *known, uint64_t tags, Error *err)
{
    size_t count = SLOTS_FIRST;
    tags = tags < EXPECTED_MAX ? tags : EXPECTED_MAX;
    if (known->slot_count > 0)
        return OK;
    while (!has_room(tags / SHARD_COUNT, tags / SHARD_COUNT / 16, count))
        count *= 2;
    TRY(mem_alloc(SHARD_COUNT * count * sizeof *known->slots, (void **)&known->slots, err));
    memset(known->slots, 0, SHARD_COUNT * count * sizeof *known->slots);
    known->slot_count = count;
    return OK;
}

static size_t shard_number(const RecordTag *tag)
{
    return tag->bytes[15] % SHARD_COUNT;
}

/* Tags in order of their shards, and what is done of them. */
typedef struct Claim {
    const RecordTag *tags;
    const uint32_t *order;
    size_t count;
    const size_t *begins; /* of the shards, in order; one more than these */
    bool *was_new;
    size_t shard; /* the next */
} Claim;

static void claim_in_shard(KnownTags *known, Claim *c, size_t begin, size_t end)
{
    Shard *s = &known->shards[c->shard];
    RecordTag *slots = known->slots + c->shard * known->slot_count;
    for (size_t k = begin; k < end; k++) {
        const RecordTag *tag = &c->tags[c->order[k]];
        if (k + PREFETCH_AHEAD < c->count) {
            const RecordTag *later = &c->tags[c->order[k + PREFETCH_AHEAD]];
            __builtin_prefetch(
                known->slots + shard_number(later) * known->slot_count + home_slot(known->slot_count, later), 1);
        }
        bool found;
        RecordTag *slot = find_slot(slots, known->slot_count, tag, &found);
        c->was_new[c->order[k]] = !found;
        if (found)
            continue;
        *slot = *tag;
        s->used++;
    }
}

/* Goes on until all is done or the table must grow. */
static void claim_on(KnownTags *known, Claim *c)
{
    for (bool room = true; c->shard < SHARD_COUNT; c->shard++) {
        Shard *s = &known->shards[c->shard];
        size_t begin = c->begins[c->shard];
        size_t end = c->begins[c->shard + 1];
        if (begin == end)
            continue;
        pthread_mutex_lock(&s->lock);
        room = has_room(s->used, end - begin, known->slot_count);
        if (room)
            claim_in_shard(known, c, begin, end);
        pthread_mutex_unlock(&s->lock);
        if (!room)
            return;
    }
}

static Status make_room(KnownTags *known, const Claim *c, Error *err)
{
    Status st = OK;
    pthread_rwlock_wrlock(&known->table);
    while (st == OK &&
           !has_room(known->shards[c->shard].used, c->begins[c->shard + 1] - c->begins[c->shard], known->slot_count))
        st = grow(known, err);
    pthread_rwlock_unlock(&known->table);
    return st;
}

/* Sorted by shard: one lock a shard and call instead of one a tag. */
Status known_tags_claim(KnownTags *known, const RecordTag *tags, size_t count, bool *was_new, Error *err)
{
    size_t begins[SHARD_COUNT + 1] = {0};
    uint32_t *order = NULL;
    Status st = OK;
    ASSERT(count < UINT32_MAX);
    TRY(mem_alloc((count + 1) * sizeof *order, (void **)&order, err));
    for (size_t k = 0; k < count; k++)
        begins[shard_number(&tags[k])]++;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        begins[i + 1] += begins[i];
    for (size_t k = count; k > 0; k--)
        order[--begins[shard_number(&tags[k - 1])]] = (uint32_t)(k - 1);
    Claim c = {.tags = tags, .order = order, .count = count, .begins = begins, .was_new = was_new};
    while (st == OK && c.shard < SHARD_COUNT) {
        pthread_rwlock_rdlock(&known->table);
        claim_on(known, &c);
        pthread_rwlock_unlock(&known->table);
        if (c.shard < SHARD_COUNT)
            st = make_room(known, &c, err);
    }
    mem_free(order);
    return st;
}

static Status know_tag(const RecordTag *tag, void *ctx, Error *err)
{
    KnownTags *known = ctx;
    size_t shard = shard_number(tag);
    bool found;
    if (!has_room(known->shards[shard].used, 1, known->slot_count))
        TRY(grow(known, err));
    RecordTag *slot = find_slot(known->slots + shard * known->slot_count, known->slot_count, tag, &found);
    if (found)
        return OK;
    *slot = *tag;
    known->shards[shard].used++;
    return OK;
}

KnownTags *known_tags_share(KnownTags *known)
{
    if (known)
        atomic_fetch_add(&known->shares, 1);
    return known;
}

void known_tags_release(KnownTags *known)
{
    if (!known || atomic_fetch_sub(&known->shares, 1) > 1)
        return;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        pthread_mutex_destroy(&known->shards[i].lock);
    pthread_rwlock_destroy(&known->table);
    mem_free(known->slots);
    mem_free(known);
}

Status vault_known_tags(Vault *v, Slice source, KnownTags **out, Error *err)
{
    if (v->known && slice_eq(v->known_source, source)) {
        *out = known_tags_share(v->known);
        return OK;
    }
    vault_forget_tags(v);
    TRY(mem_zalloc(1, sizeof *v->known, (void **)&v->known, err));
    atomic_init(&v->known->shares, 1);
    ASSERT(pthread_rwlock_init(&v->known->table, NULL) == 0);
    for (size_t i = 0; i < SHARD_COUNT; i++)
        ASSERT(pthread_mutex_init(&v->known->shards[i].lock, NULL) == 0);
    v->known_source = (Slice){0};
    Status st = arena_dup(&v->arena, source, &v->known_source, err);
    if (st == OK)
        st = vault_each_tag(v, source, know_tag, v->known, err);
    if (st != OK) {
        vault_forget_tags(v);
        return st;
    }
    *out = known_tags_share(v->known);
    return OK;
}

void vault_forget_tags(Vault *v)
{
    known_tags_release(v->known);
    v->known = NULL;
}
