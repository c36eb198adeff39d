/* Inside the room: 64-bit keys sorted with a number each: blocks by their keys, records by their households. */
#ifndef CAIRN_MATCH_SORT_KEYS_H
#define CAIRN_MATCH_SORT_KEYS_H

#include "base/base.h"

/* Sorts keys with what belongs to them, keeping the order of equal keys. Scratch is as long as the input. */
void sort_keys(uint64_t *keys, uint32_t *values, size_t count, uint64_t *key_scratch, uint32_t *value_scratch);

#endif
