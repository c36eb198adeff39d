/*
 * Keys inside the room: what blocks.c, propose.c and the index share below
 * record_keys. See keys.c.
 */
#ifndef CAIRN_MATCH_KEYS_H
#define CAIRN_MATCH_KEYS_H

#include "match/match_impl.h"

/* Distinct keys in ascending order; beyond RECORD_KEYS_MAX the smallest ones stay. */
typedef struct KeyList {
    uint64_t at[RECORD_KEYS_MAX];
    size_t count;
} KeyList;

/* Finaliser of SplitMix64: a bijection that spreads each bit over all. */
static inline uint64_t key_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* A key and the hash of one more part. The key of no part is the number of parts. */
static inline uint64_t key_fold(uint64_t key, uint64_t hash)
{
    return key_mix(key * UINT64_C(0x9e3779b97f4a7c15) + hash);
}

/* The later part of the pass that may change places with this one; part_count: none. */
uint32_t pass_swap_partner(const MatchConfig *config, const PassSpec *pass, uint32_t part);

/* Of a pass over the typing errors of a field alone: the one over the field itself, which brings equal values together;
 * MATCH_NONE. */
uint32_t pass_of_values(const MatchConfig *config, const PassSpec *passes, uint32_t pass_count, uint32_t pass);

void key_list_add(KeyList *list, uint64_t key);
/* Adds the keys of one value under one part of a pass; kind is that of the part's field. */
void key_value_hashes(FieldKind kind, const Dict *d, uint32_t value, const KeyPart *part, KeyList *list);

/* Keys of every distinct value, computed once: a record's keys are then a few look-ups. Values so many that remembering
 * does not pay are left out and computed when asked for. Read-only once made; passes must outlive it. */
typedef struct KeyCache KeyCache;
MUST_USE Status key_cache_new(
    const MatchTable *t, const PassSpec *passes, uint32_t pass_count, unsigned threads, KeyCache **out, Error *err);
void key_cache_free(KeyCache *c); /* NULL is fine */
/* Asks for what key_cache_keys will read of a record, whose cells are at hand; and for the rest, when that has come. */
void key_cache_fetch(const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record);
void key_cache_fetch_lists(const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record);
/* As record_keys, and the same keys; pass must be one of those the cache was made for. */
size_t key_cache_keys(
    const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX]);

/* The texts that sorted neighbourhood sorts by: parts joined by a byte below every letter and digit. */
typedef struct KeyTexts {
    Buf bytes;                      /* the texts one after the other */
    uint32_t ends[RECORD_KEYS_MAX]; /* where each ends */
    size_t count;                   /* products beyond RECORD_KEYS_MAX are left out, present values first */
    Buf parts[MATCH_KEY_PARTS_MAX]; /* scratch */
} KeyTexts;
void key_texts_init(KeyTexts *k);
void key_texts_free(KeyTexts *k);
MUST_USE Status record_key_texts(const MatchTable *t, const PassSpec *pass, uint32_t record, KeyTexts *out, Error *err);

/* record_keys over any source of the parts' hashes: fn adds those of one part. */
typedef void (*KeyPartFn)(
    const void *ctx, const MatchTable *t, const PassSpec *pass, uint32_t part, uint32_t record, KeyList *list);
size_t record_keys_by(const MatchTable *t, const PassSpec *pass, uint32_t record, KeyPartFn part_hashes,
    const void *ctx, uint64_t out[RECORD_KEYS_MAX]);

#endif
