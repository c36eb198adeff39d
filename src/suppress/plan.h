/*
 * Private to suppress: the problem while it is worked on, with sums that must be hidden as further cells, and how far
 * an attacker must be led astray about each cell.
 */
#ifndef CAIRN_SUPPRESS_PLAN_H
#define CAIRN_SUPPRESS_PLAN_H

#include "suppress/net.h"
#include "suppress/suppress.h"

typedef struct PlanLeak {
    uint32_t cell, knows; /* of the work problem; NET_NONE */
    int64_t target;
    bool undecided; /* the question ended at a limit: the cell may be hidden after all */
} PlanLeak;
typedef VEC(PlanLeak) PlanLeaks;

typedef struct Plan {
    SdcProblem work; /* the caller's cells and equations first, then sums */
    uint32_t given_cells;
    int64_t *up, *down; /* a cell of work: targets; 0: none */
    uint8_t *singleton; /* a cell of work; NULL: none */
    /* A cell of work: witnesses for its targets were found, or it is a leak. A pattern only grows, so they hold in
     * every later round, and only what is new or was raised is asked for again. */
    uint8_t *settled;
    uint8_t *whole; /* a cell of work: its targets were raised to no avail, and whole witnesses were asked for */
    uint8_t *stuck; /* a given cell: rounds of repair in which that did not help either */
    PlanLeaks leaks;
} Plan;

MUST_USE Status plan_new(const SdcProblem *p, const SuppressOptions *o, Plan *out, Error *err);
void plan_free(Plan *plan);
/* Each equation that gives away a sum of suppressed cells that may not be known gets a sensitive cell for that sum.
 * *more: there was one. */
MUST_USE Status plan_add_sums(Plan *plan, const SuppressOptions *o, bool *more, Error *err);
/* Cells found short get a larger target, where their bounds allow none a witness of whole numbers (shown: if the
 * auditor is shown it), or at last one more suppressed cell beside them, and each time that was not enough twice as
 * many as the last time. *more: something was done. */
MUST_USE Status plan_repair(Plan *plan, const SuppressShorts *shorts, bool shown, bool *more, Error *err);
/* How many of these cells are not among the leaks that are proven. */
size_t plan_unexplained(const Plan *plan, const SuppressShorts *shorts);
/* Takes back leaks that only a raised target made, where the auditor's last word (shorts) is that the cell is hidden as
 * far as its levels go. */
void plan_drop_leaks(Plan *plan, const SuppressShorts *shorts);
void plan_write_back(const Plan *plan, SdcProblem *p);
/* Fills the report's leaks, each with an irreducible set of frozen cells. */
MUST_USE Status plan_explain(const Plan *plan, const SdcProblem *p, SuppressReport *report, Error *err);

#endif
