/*
 * Hashes of values for tables in memory, as in wyhash: a product of two words,
 * its halves folded together. Keyed with random numbers a process, so that a
 * file cannot be made to be slow; nothing that is written depends on them.
 */
#ifndef CAIRN_INGEST_VALUE_HASH_H
#define CAIRN_INGEST_VALUE_HASH_H

#include "base/base.h"

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(uint64_t key, uint64_t state, uint64_t word)
{
    return hash_fold(state ^ word, key | 1);
}

/* Up to 8 bytes as a number. */
static inline uint64_t hash_load(const char *bytes, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, bytes, n);
    return word;
}

static inline uint64_t hash_bytes(uint64_t key, uint64_t state, const char *bytes, size_t n)
{
    state = hash_word(key, state, n);
    for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), bytes += sizeof(uint64_t))
        state = hash_word(key, state, hash_load(bytes, sizeof(uint64_t)));
    return n > 0 ? hash_word(key, state, hash_load(bytes, n)) : state;
}

#endif
