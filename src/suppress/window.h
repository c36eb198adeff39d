/*
 * Private to suppress: cells around one cell that can balance each other.
 *
 * Grown by the cell that touches the fewest equations the window does not touch yet, the cheapest of those: so a window
 * closes on itself (the corners of a cube, whatever the dimensions), where growing by distance takes whole lines.
 * Before that, equations with one cell in the window get a second one.
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
/* The last window as lists: its cells in the order in which they came, the asked one first, and every equation that has
 * one of them. Valid until the next call. */
typedef struct WindowPart {
    const uint32_t *cells, *rows;
    uint32_t cell_count, row_count;
} WindowPart;
WindowPart window_part(const Window *w);

#endif
