/* Tables for bench_protect: made from a named seed, so that they are the same everywhere. */
#ifndef CAIRN_BENCH_PROTECT_TABLES_H
#define CAIRN_BENCH_PROTECT_TABLES_H

#include "sdc/sdc.h"

/* n * n * n counts with all margins, of a log-linear shape with this mean; counts 1 .. 9 are sensitive (up to 10, down
 * by one), zeros frozen. */
MUST_USE Status protect_cube(uint32_t n, double mean, uint64_t seed, SdcProblem *out, Error *err);
/* A release of real shape with about so many cells: schools in districts in regions in a state, by programme in two
 * levels, by group; small counts as above. */
MUST_USE Status protect_tree(uint32_t cells, uint64_t seed, SdcProblem *out, Error *err);
/* A hierarchy of 105 cells, small enough for its optimum to be proven: two regions of two places, by four programmes,
 * by two groups; small counts as above. */
MUST_USE Status protect_small_tree(uint64_t seed, SdcProblem *out, Error *err);

#endif
