/*
 * Private to measure: figures on their way from those who make them to the one who writes them.
 *
 * Measures end in any order and are written in that of their numbers. Whoever is done goes on to the next; only who is
 * more than RESULTS_AHEAD ahead of the writer waits, so that memory stays bounded.
 */
#ifndef CAIRN_MEASURE_RESULTS_QUEUE_H
#define CAIRN_MEASURE_RESULTS_QUEUE_H

#include "measure/measure_parts.h"

enum { RESULTS_AHEAD = 4 };

typedef struct Result { /* of one measure */
    Cells cells;        /* as they came; to be written in `order` */
    VEC(uint32_t) order;
    ExclusionCells exclusions;
    Arena arena; /* of their texts */
    bool done;   /* the queue's own */
} Result;

typedef struct ResultQueue ResultQueue;
/* Starts the thread that writes. file, log and progress (a step a measure) are borrowed. */
MUST_USE Status results_open(
    CellsFile *file, size_t count, const Log *log, Progress *progress, ResultQueue **out, Error *err);
/* Room for the measure's figures, empty; NULL when the run has failed before it. Waits. */
Result *results_take(ResultQueue *q, size_t item);
void results_give(ResultQueue *q, size_t item);
/* A measure failed: it and those after it are not written, and nobody waits for them. Those before it are still made,
 * so that the failure that is told is the first by order, whatever came first by the clock. */
void results_fail(ResultQueue *q, size_t item);
/* Waits for the writer and frees, also on failure. *cells: how many were written. */
MUST_USE Status results_close(ResultQueue *q, uint64_t *cells, Error *err);

#endif
