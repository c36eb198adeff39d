/*
 * Private to suppress: a table of whole numbers beside one with fractions.
 */
#ifndef CAIRN_SUPPRESS_ROUND_H
#define CAIRN_SUPPRESS_ROUND_H

#include "suppress/whole.h"

/* terms: a move of fractions, the asked cell first, by a whole number, which it keeps. Other cells move by whole
 * numbers nearby, none beyond its bounds; that works where most are some units away from theirs. allowed[j]: the net's
 * cell j may move as well. *out NULL: it did not work. Otherwise owned once. The same answer each time. ERR_NOMEM. */
MUST_USE Status round_move(
    const Net *net, const LocalTerm *terms, uint32_t count, const uint8_t *allowed, WholeMove **out, Error *err);

#endif
