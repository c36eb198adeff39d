/*
 * Private to suppress: moves that follow from elimination instead of optimisation.
 */
#ifndef CAIRN_SUPPRESS_CIRCUIT_H
#define CAIRN_SUPPRESS_CIRCUIT_H

#include "suppress/engine.h"

/* Meets needs of outsiders that are not met, among the cells that may move, the cheapest move first; stays silent about
 * those for which it has none. Counted effort; what does not fit into it is left alone. ERR_NOMEM. */
MUST_USE Status circuit_meet(Engine *e, Error *err);

#endif
