/*
 * Private to suppress: the question of local.h, put to Clp over all cells that may move.
 *
 * For moves that reach so far that a dense inverse does not pay any more. Each question is a program of its own; its
 * answer does not depend on those before.
 */
#ifndef CAIRN_SUPPRESS_WIDE_H
#define CAIRN_SUPPRESS_WIDE_H

#include "suppress/local.h"

typedef struct Wide Wide;

MUST_USE Status wide_new(const Net *net, Wide **out, Error *err);
void wide_free(Wide *w);
/* As local_solve; no ray with LOCAL_NONE. Errors of the lp room;
 * ERR_CANCELLED. */
MUST_USE Status wide_solve(Wide *w, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err);

/* independent[r] = 1 for a largest set of equations of the net none of which follows from the others (all of them, when
 * finding out would take too long). */
MUST_USE Status wide_independent(const Net *net, uint8_t *independent, Error *err);

#endif
