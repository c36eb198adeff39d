/*
 * Which of 0 .. n-1 hang together: a union-find (Tarjan 1975) over the caller's own array, with halved ways. The root
 * of a tree is its lowest member, so that what comes out does not depend on the order of the unions.
 */
#ifndef CAIRN_BASE_FOREST_H
#define CAIRN_BASE_FOREST_H

#include <stdbool.h>
#include <stdint.h>

static inline void forest_init(uint32_t *parent, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        parent[i] = i;
}

static inline uint32_t forest_root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* False: they hung together before. */
static inline bool forest_unite(uint32_t *parent, uint32_t a, uint32_t b)
{
    uint32_t x = forest_root(parent, a), y = forest_root(parent, b);
    parent[x > y ? x : y] = x < y ? x : y;
    return x != y;
}

#endif
