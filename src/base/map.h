/*
 * Map: byte-string keys to 64-bit values (a number, an index, a pointer cast
 * through uintptr_t). Iteration is in order of insertion, so nothing that
 * walks a map depends on the hash seed. Keys are copied. The hash is SipHash-1-3
 * under a random seed: keys may come from outside.
 */
#ifndef CAIRN_BASE_MAP_H
#define CAIRN_BASE_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

typedef struct MapEntry {
    Slice key;
    uint64_t value;
    uint64_t hash;
} MapEntry;

typedef struct Map {
    MapEntry *entries; /* insertion order; entries[0 .. len) */
    size_t len;
    size_t cap;
    uint32_t *slots; /* entry index + 1; 0 is empty */
    size_t slot_count;
    uint64_t seed[2];
    Arena keys;
} Map;

MUST_USE Status map_init(Map *m, Error *err);
void map_free(Map *m);
void map_wipe(Map *m); /* map_free when the keys must not stay in memory */
/* Inserts or replaces; *was_new (may be NULL) tells which. */
MUST_USE Status map_put(Map *m, Slice key, uint64_t value, bool *was_new, Error *err);
/* Inserts value only when the key is absent; *out gets what the map now holds. */
MUST_USE Status map_get_or_put(Map *m, Slice key, uint64_t value, uint64_t *out, Error *err);
bool map_get(const Map *m, Slice key, uint64_t *out);

#endif
