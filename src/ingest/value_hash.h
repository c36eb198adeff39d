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

static inline uint64_t hash_load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* 1 to 7 bytes as a number, another one for other bytes of the same length: first and last half may overlap. A copy of
 * a length that the compiler does not know would be a call. */
static inline uint64_t hash_load_few(const char *bytes, size_t n)
{
    if (n >= sizeof(uint32_t)) {
        uint32_t first, last;
        memcpy(&first, bytes, sizeof first);
        memcpy(&last, bytes + n - sizeof last, sizeof last);
        return (uint64_t)last << 32 | first;
    }
    return (uint64_t)(uint8_t)bytes[n - 1] << 16 | (uint64_t)(uint8_t)bytes[n / 2] << 8 | (uint8_t)bytes[0];
}

static inline uint64_t hash_bytes(uint64_t key, uint64_t state, const char *bytes, size_t n)
{
    state = hash_word(key, state, n);
    for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), bytes += sizeof(uint64_t))
        state = hash_word(key, state, hash_load(bytes));
    return n > 0 ? hash_word(key, state, hash_load_few(bytes, n)) : state;
}

#endif
