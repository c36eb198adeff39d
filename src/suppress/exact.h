/*
 * Private to suppress: the cheapest pattern of a block, proven; or a bound below which none can be.
 */
#ifndef CAIRN_SUPPRESS_EXACT_H
#define CAIRN_SUPPRESS_EXACT_H

#include "suppress/engine.h"

typedef struct ExactResult {
    int64_t bound;   /* no pattern that meets the needs of outsiders costs less */
    bool optimal;    /* the engine's pattern costs just that */
    uint64_t pivots; /* of master and separation */
} ExactResult;

/* e holds a pattern that meets every need; afterwards the best one known. Stops at the pivot limit. */
MUST_USE Status exact_solve(Engine *e, uint64_t pivot_limit, ExactResult *out, Error *err);

#endif
