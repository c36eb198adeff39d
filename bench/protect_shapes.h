/* Tables for bench_protect shaped like the public collection of cell suppression problems (CSPLIB, J. Castro): made
 * from a named seed, so that they are the same everywhere. */
#ifndef CAIRN_BENCH_PROTECT_SHAPES_H
#define CAIRN_BENCH_PROTECT_SHAPES_H

#include "sdc/sdc.h"

/* A problem of the shape of `name`'s (protect_shape_names); ERR_INVALID for another name. percent: of each dimension's
 * categories and of the records, 100 for the size that the shape's problem has. */
MUST_USE Status protect_shape(const char *name, uint64_t seed, uint32_t percent, SdcProblem *out, Error *err);
/* Index 0 .. ; NULL after the last. */
const char *protect_shape_name(size_t i);

#endif
