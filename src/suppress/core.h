/*
 * Private to suppress: the suppressed cells of a net, as a net of their own.
 *
 * Whether suppressed cells alone can meet a need is asked about every sensitive cell of a table, and in a large one
 * most cells of an equation are printed. Here equations hold suppressed cells only, and a cell that is the only
 * suppressed one of an equation, which nothing among suppressed cells can move, is not asked about at all.
 */
#ifndef CAIRN_SUPPRESS_CORE_H
#define CAIRN_SUPPRESS_CORE_H

#include "suppress/local.h"
#include "suppress/window.h"

typedef struct Core Core;

/* Of the cells with in[j], at these costs; both by a net's cell, neither is kept. ERR_NOMEM. */
MUST_USE Status core_new(const Net *net, const uint8_t *in, const double *cost, Core **out, Error *err);
void core_free(Core *c); /* NULL is fine */
/* Whether a net's cell can move at all when suppressed cells alone do, as far as equations with one cell left tell. */
bool core_moves(const Core *c, uint32_t cell);
/* Asks about q->cell, of the net, which moves, in a window of so many cells; q->cost and q->allowed are not looked at.
 * The answer speaks of the net's cells and is valid until the next question. */
MUST_USE Status core_ask(
    Core *c, const LocalQuery *q, uint32_t window, LocalStatus *status, LocalAnswer *out, Error *err);

#endif
