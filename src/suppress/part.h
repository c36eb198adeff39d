/*
 * Private to suppress: the question of local.h, put to Clp over a window of a large net.
 *
 * As wide.h, but nothing that is done for a question is as long as the net: of 250,000 cells a window of 1,000 answers
 * most questions that are too far for the local simplex, and each is a program of a few milliseconds.
 */
#ifndef CAIRN_SUPPRESS_PART_H
#define CAIRN_SUPPRESS_PART_H

#include "suppress/local.h"
#include "suppress/window.h"

typedef struct Part Part; /* workspace for one net; one thread */

MUST_USE Status part_new(const Net *net, Part **out, Error *err);
void part_free(Part *p);
/* As local_solve, among the cells of the window alone; q->allowed is not looked at. Never LOCAL_NONE, for what is not
 * found in a window proves nothing. Errors of the lp room. */
MUST_USE Status part_solve(
    Part *p, const LocalQuery *q, const WindowPart *window, LocalStatus *status, LocalAnswer *out, Error *err);

#endif
