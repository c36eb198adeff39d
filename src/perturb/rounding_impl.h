/* Private to perturb: the parts of controlled rounding. */
#ifndef CAIRN_PERTURB_ROUNDING_IMPL_H
#define CAIRN_PERTURB_ROUNDING_IMPL_H

#include "perturb/perturb.h"

/* rounding_repair.c: multiples that nearly add up are moved until they do. */
typedef struct RoundingRepair {
    const SdcProblem *p;
    uint32_t base;
    const int64_t *least, *most; /* multiples that a cell may be */
    uint64_t seed;               /* of the walk: the same table is repaired alike each time */
    uint64_t moves;              /* at most; what bounds the effort */
} RoundingRepair;
/* y: a multiple of the base for each cell, within its bounds; changed in place. found: all equations hold. ERR_LIMIT:
 * numbers that do not fit. */
MUST_USE Status rounding_repair(const RoundingRepair *r, int64_t *y, bool *found, Error *err);

#endif
