/*
 * Four numbers of 32 bits at a time. The vectors are the compiler's generic ones: every machine gets its own
 * instructions and all the same results. A comparison of two gives all ones or 0 in each lane.
 */
#ifndef CAIRN_MATCH_LANES_H
#define CAIRN_MATCH_LANES_H

#include "base/base.h"

/* The compiler takes what is marked so for too large; a call would cost as much as what it does. */
#define INLINE_ALWAYS static inline __attribute__((always_inline))

typedef uint32_t Lanes32 __attribute__((vector_size(16)));

INLINE_ALWAYS Lanes32 load_lanes(const uint32_t *at)
{
    Lanes32 v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE_ALWAYS Lanes32 lanes_of(uint32_t v)
{
    return (Lanes32){v, v, v, v};
}

INLINE_ALWAYS Lanes32 choose_lanes(Lanes32 where, Lanes32 then, Lanes32 otherwise)
{
    return (then & where) | (otherwise & ~where);
}

/* All lanes together, each bit that some lane has. */
INLINE_ALWAYS uint32_t join_lanes(Lanes32 v)
{
    typedef uint64_t Halves __attribute__((vector_size(16)));
    Halves halves = (Halves)v;
    uint64_t both = halves[0] | halves[1];
    return (uint32_t)both | (uint32_t)(both >> 32);
}

/* Is some lane not 0? */
INLINE_ALWAYS bool is_lane_set(Lanes32 v)
{
    typedef uint64_t Halves __attribute__((vector_size(16)));
    Halves halves = (Halves)v;
    return (halves[0] | halves[1]) != 0;
}

#endif
