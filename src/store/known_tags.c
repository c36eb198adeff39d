/*
 * The tags of one source that are in the vault or are about to be: who asks
 * for a tag first is told that it is new, whichever thread asks.
 *
 * Split by the tag's last byte into shards with a lock each; within a shard an
 * open-addressing table of the 16-byte tags themselves: they are uniformly
 * distributed keyed hashes, so eight of their bytes are the hash.
 */
#include "store/vault_impl.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARD_COUNT 64
#define PREFETCH_AHEAD 6

typedef struct Shard {
    pthread_mutex_t lock;
    RecordTag *slots; /* all zero: free. A tag of 128 zero bits does not occur */
    size_t slot_count;
    size_t used;
} Shard;

struct KnownTags {
    Shard shards[SHARD_COUNT];
    atomic_uint shares;
};

static bool is_free(const RecordTag *slot)
{
    static const RecordTag zero;
    return memcmp(slot, &zero, sizeof zero) == 0;
}

/* Not by the first bytes: the vault gives its tags in order, and a table filled in the order of its hash clusters. */
static size_t home_slot(size_t slot_count, const uint8_t *tag)
{
    uint64_t hash;
    memcpy(&hash, tag + 6, sizeof hash);
    return (size_t)hash & (slot_count - 1);
}

static RecordTag *find_slot(RecordTag *slots, size_t slot_count, const RecordTag *tag)
{
    size_t i = home_slot(slot_count, tag->bytes);
    while (!is_free(&slots[i]) && memcmp(&slots[i], tag, sizeof *tag) != 0)
        i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

static Status grow(Shard *s, Error *err)
{
    size_t count = s->slot_count ? s->slot_count * 2 : 256;
    RecordTag *slots = NULL;
    /* Zeroed here and not by the kernel: a slot is read before it is written, which would be two page faults a page. */
    TRY(mem_alloc(count * sizeof *slots, (void **)&slots, err));
    memset(slots, 0, count * sizeof *slots);
    for (size_t i = 0; i < s->slot_count; i++)
        if (!is_free(&s->slots[i]))
            *find_slot(slots, count, &s->slots[i]) = s->slots[i];
    mem_free(s->slots);
    s->slots = slots;
    s->slot_count = count;
    return OK;
}

static Status insert(Shard *s, const RecordTag *tag, bool *was_new, Error *err)
{
    if (s->used * 4 >= s->slot_count * 3)
        TRY(grow(s, err));
    RecordTag *slot = find_slot(s->slots, s->slot_count, tag);
    *was_new = is_free(slot);
    if (*was_new) {
        *slot = *tag;
        s->used++;
    }
    return OK;
}

static size_t shard_number(const RecordTag *tag)
{
    return tag->bytes[15] % SHARD_COUNT;
}

static Status claim_in_shard(
    Shard *s, const RecordTag *tags, const uint32_t *order, size_t count, bool *was_new, Error *err)
{
    Status st = OK;
    pthread_mutex_lock(&s->lock);
    for (size_t k = 0; st == OK && k < count; k++) {
        if (k + PREFETCH_AHEAD < count && s->slot_count > 0)
            __builtin_prefetch(&s->slots[home_slot(s->slot_count, tags[order[k + PREFETCH_AHEAD]].bytes)]);
        st = insert(s, &tags[order[k]], &was_new[order[k]], err);
    }
    pthread_mutex_unlock(&s->lock);
    return st;
}

/* Sorted by shard: one lock a shard and call instead of one a tag, and neighbours in memory. */
Status known_tags_claim(KnownTags *known, const RecordTag *tags, size_t count, bool *was_new, Error *err)
{
    size_t ends[SHARD_COUNT + 1] = {0};
    uint32_t *order = NULL;
    Status st = OK;
    ASSERT(count < UINT32_MAX);
    TRY(mem_alloc((count + 1) * sizeof *order, (void **)&order, err));
    for (size_t k = 0; k < count; k++)
        ends[shard_number(&tags[k]) + 1]++;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        ends[i + 1] += ends[i];
    for (size_t k = count; k > 0; k--)
        order[--ends[shard_number(&tags[k - 1]) + 1]] = (uint32_t)(k - 1);
    /* now ends[i + 1] is where shard i begins */
    for (size_t i = 0; st == OK && i < SHARD_COUNT; i++) {
        size_t begin = ends[i + 1];
        size_t end = i + 1 < SHARD_COUNT ? ends[i + 2] : count;
        if (begin < end)
            st = claim_in_shard(&known->shards[i], tags, order + begin, end - begin, was_new, err);
    }
    mem_free(order);
    return st;
}

static Status know_tag(const RecordTag *tag, void *ctx, Error *err)
{
    KnownTags *known = ctx;
    bool was_new;
    return insert(&known->shards[shard_number(tag)], tag, &was_new, err);
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
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        mem_free(known->shards[i].slots);
        pthread_mutex_destroy(&known->shards[i].lock);
    }
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
