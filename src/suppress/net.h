/*
 * Private to suppress: a block of the problem, laid out for walking.
 *
 * A net holds the cells that can take part in hiding something (not published, and with room to move) and the equations
 * among them, by row and by column. Cells that no equation leaves any freedom are left out: what is known to be
 * zero in every attack has no column.
 */
#ifndef CAIRN_SUPPRESS_NET_H
#define CAIRN_SUPPRESS_NET_H

#include "sdc/sdc.h"

#define NET_NONE UINT32_MAX

typedef struct Net {
    Arena arena;
    const SdcProblem *problem;
    uint32_t cell_count, row_count;
    uint32_t *row_start, *row_cell; /* row r: row_start[r] .. row_start[r + 1] */
    double *row_coef;
    uint32_t *col_start, *col_row;
    double *col_coef;
    double *up, *down; /* how far a cell can move from its value, in units of value */
    uint32_t *outside; /* cell of the problem */
} Net;

/* Cells of the problem that hang together, and the equations among them, both ascending. */
typedef struct NetBlock {
    const uint32_t *cells, *rows;
    uint32_t cell_count, row_count;
    /* A cell of the problem: its place in its own block's cells; NET_NONE: it is in none. One array for all blocks:
     * each made anew for itself, a hundred thousand small blocks took minutes. */
    const uint32_t *place;
} NetBlock;

/* usable[i]: cell i of the problem may move; with a block, all of whose cells may, it is not looked at. block NULL: all
 * cells. Takes as long as the block is large. ERR_NOMEM. */
MUST_USE Status net_build(const SdcProblem *p, const uint8_t *usable, const NetBlock *block, Net *out, Error *err);
void net_free(Net *n);
/* Where the net has a cell of the problem, which it has. */
uint32_t net_inside(const Net *n, uint32_t cell);

/* Which usable cells hang together through equations: block_of[i], NET_NONE for cells that cannot move. Marks cells
 * that stand alone in an equation as not usable, again and again. */
MUST_USE Status net_blocks(const SdcProblem *p, uint8_t *usable, uint32_t *block_of, uint32_t *block_count, Error *err);

#endif
