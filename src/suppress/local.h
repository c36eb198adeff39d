/*
 * Private to suppress: the cheapest way to move one cell, found near it.
 *
 *     minimise  sum of cost[j] * |y[j]|   with  M y = 0,  -down <= y <= up,  y[k] = target
 *
 * by a dual simplex that starts from y = 0 and writes down only those equations that were found broken on the way. What
 * it costs depends on how far the answer reaches, not on how large the table is. README.md draws it.
 */
#ifndef CAIRN_SUPPRESS_LOCAL_H
#define CAIRN_SUPPRESS_LOCAL_H

#include "suppress/net.h"

typedef enum LocalStatus {
    LOCAL_FOUND,
    LOCAL_NONE,    /* proven: no such y; ray holds the equation that proves it */
    LOCAL_STOPPED, /* a limit, or numbers that cannot be trusted */
    LOCAL_DEAR     /* proven: costs more than cost_limit */
} LocalStatus;

typedef struct LocalTerm {
    uint32_t cell;
    double value;
} LocalTerm;

typedef struct LocalQuery {
    uint32_t cell;          /* k */
    double target;          /* not 0; the sign is the direction */
    const double *cost;     /* a net's cell: >= 0 */
    const uint8_t *allowed; /* a net's cell: may move */
    uint32_t pivot_limit;
    uint32_t row_limit; /* LOCAL_STOPPED when the basis gets so large */
    double cost_limit;  /* LOCAL_DEAR as soon as the optimum is known to cost more; INFINITY: no limit */
} LocalQuery;

typedef struct LocalAnswer {
    const LocalTerm *terms; /* FOUND: y where it is not 0, k first; NONE: the ray; valid until the next query */
    uint32_t count;
    double cost; /* FOUND: optimum */
    uint32_t pivots;
    uint32_t rows; /* equations that were looked at */
} LocalAnswer;

typedef struct Local Local; /* workspace for one net; one thread */

MUST_USE Status local_new(const Net *net, Local **out, Error *err);
void local_free(Local *l);
/* ERR_NOMEM; ERR_CANCELLED between two pivots. */
MUST_USE Status local_solve(Local *l, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err);

#endif
