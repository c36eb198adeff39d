/*
 * Private to suppress: a block in which cells that are always equal are one.
 *
 * An equation a = b says that a and b move together: who may not know one may not know the other, and both are
 * suppressed or neither is. In tables of few records half of all cells are such twins (a total over one part).
 */
#ifndef CAIRN_SUPPRESS_FOLD_H
#define CAIRN_SUPPRESS_FOLD_H

#include "suppress/engine.h"
#include "suppress/plan.h"

struct Fold {
    Arena arena;
    SdcProblem problem; /* a cell for each group; right sides are not kept */
    int64_t *up, *down; /* by group: the farthest target that is not settled */
    uint8_t *settled;   /* by group: all of its members' targets are */
    uint8_t *whole;     /* by group, as in Plan */
    uint32_t *start;    /* by group, and one more */
    uint32_t *member;   /* cells of the plan's problem, ascending in each group */
    uint32_t *group_of; /* by place in the block */
    int64_t forced;     /* cost of open cells whose twin has a target: no pattern is safe without */
    const Plan *plan;
};

/* Whether a block can be folded: what a singleton knows and how a width is shared out is asked cell by cell. */
bool fold_can(const Plan *plan, const NetBlock *block);
/* ERR_NOMEM. Free with fold_free. */
MUST_USE Status fold_new(const Plan *plan, const NetBlock *block, Fold *out, Error *err);
void fold_free(Fold *f); /* a zeroed one is fine */
/* in: by group; out: by place in the block's list. */
void fold_pattern(const Fold *f, const NetBlock *block, const uint8_t *in, uint8_t *out);
/* Leaks about groups become leaks about their members. *even: in each such group all targets are alike; else some might
 * have been met, and the block must be asked cell by cell. */
MUST_USE Status fold_leaks(const Fold *f, PlanLeaks *leaks, bool *even, Error *err);
/* Moves of groups become moves of all members. */
MUST_USE Status fold_moves(const Fold *f, WholeList *list, Error *err);
/* Parts of the plan's problem become parts of this one: a group is in its members' part; when they are in several, in
 * part 0, which no slab has. In `a`. */
MUST_USE Status fold_cut(const Fold *f, Cut *cut, Arena *a, Error *err);

#endif
