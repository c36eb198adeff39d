/*
 * Private to suppress: cells around one cell that can balance each other.
 *
 * Grown by the cell that touches the fewest equations the window does not touch yet, the cheapest of those: so a window
 * closes on itself (the corners of a cube, whatever the dimensions), where growing by distance takes whole lines.
 */
#ifndef CAIRN_SUPPRESS_WINDOW_H
#define CAIRN_SUPPRESS_WINDOW_H

#include "suppress/net.h"

typedef struct Window Window; /* workspace for one net; one thread */

MUST_USE Status window_new(const Net *net, Window **out, Error *err);
void window_free(Window *w);
/* At most `size` cells that `allowed` names, around cell k. Flags by a net's cell, valid until the next call; the first
 * windows are parts of the later ones. ERR_NOMEM. */
MUST_USE Status window_grow(
    Window *w, uint32_t k, uint32_t size, const uint8_t *allowed, const double *cost, const uint8_t **out, Error *err);

#endif
