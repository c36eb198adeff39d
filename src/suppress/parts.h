/*
 * Private to suppress: a hierarchical table cut into slabs.
 *
 * What moves within a part and leaves every equation intact, as far as it has cells of that part, leaves the whole
 * table intact. So any cut is sound; a good one follows the hierarchy.
 */
#ifndef CAIRN_SUPPRESS_PARTS_H
#define CAIRN_SUPPRESS_PARTS_H

#include "sdc/sdc.h"

/* One way to cut: part 0 is what no slab has. */
typedef struct Cut {
    uint32_t *part_of; /* by cell of the problem */
    uint32_t count;
    uint32_t largest; /* cells */
} Cut;

/* The ways to cut a problem along the dimensions of its grand total (the cell of the largest value that is no part of
 * another), and along all of them at once; those with the smallest parts first. A dimension is cut finer until its
 * parts have at most `most` cells, as far as it has levels: the lowest is never cut, for a cell alone in its equations
 * cannot move. None when the equations are no hierarchy. In `a`. ERR_NOMEM. */
MUST_USE Status parts_cut(const SdcProblem *p, uint32_t most, Arena *a, Cut **cuts, uint32_t *count, Error *err);

#endif
