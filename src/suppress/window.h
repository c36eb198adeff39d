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
typedef struct WindowWish {
    uint32_t cell;                   /* around which */
    uint32_t size;                   /* cells at most */
    const uint8_t *allowed, *within; /* by a net's cell: cells that both name; within NULL: those that `allowed` does */
    const double *cost;
} WindowWish;
/* Flags by a net's cell, valid until the next call; the first windows are parts of the later ones. ERR_NOMEM. */
MUST_USE Status window_grow(Window *w, const WindowWish *wish, const uint8_t **out, Error *err);

#endif
