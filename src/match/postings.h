/*
 * Keys of the sealed records, for whoever meets them one newcomer at a time: from a key of a pass to the records that
 * have it. Private to the index.
 */
#ifndef CAIRN_MATCH_POSTINGS_H
#define CAIRN_MATCH_POSTINGS_H

#include <stdatomic.h>

#include "match/keys.h"

/* Sorted; the entries whose hash begins with b stand from directory[b] up to directory[b + 1]. */
typedef struct Postings {
    uint64_t *entry; /* low 32 bits of the hash, record */
    atomic_uint_least32_t *directory;
    size_t count;
    unsigned shift;
} Postings;

static inline uint64_t posting_hash(uint32_t pass, uint64_t key)
{
    return key_mix(key + (uint64_t)pass * UINT64_C(0x9e3779b97f4a7c15));
}

/* whole: of each pass the number of another one that finds whom equal values bring together, or MATCH_NONE. Of a pass
 * with such another only the first record of each value is there: the other one has all that hold the value. Records
 * that repeat another are not there. ERR_LIMIT beyond 2^32 keys. */
MUST_USE Status postings_build(const MatchTable *t, const PassSpec *passes, uint32_t pass_count, const uint32_t *whole,
    unsigned threads, Postings *out, Error *err);
void postings_free(Postings *p);
/* The first of *count entries of this hash, in order of record. */
const uint64_t *postings_find(const Postings *p, uint64_t hash, size_t *count);

#endif
