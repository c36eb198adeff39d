/*
 * Private to suppress: one block of the problem, protected by itself.
 */
#ifndef CAIRN_SUPPRESS_SUPPRESS_BLOCK_H
#define CAIRN_SUPPRESS_SUPPRESS_BLOCK_H

#include "suppress/plan.h"
#include "suppress/whole.h"

typedef struct BlockResult {
    uint8_t *in; /* by place in the block's list */
    uint64_t queries, pivots;
    PlanLeaks leaks;
    WholeList moves;
    uint64_t work;    /* as effort is measured */
    bool by_circuits; /* as in Engine: work does not count those, and unfolded they cost much more */
    bool bounded;
    int64_t bound;
} BlockResult;

typedef struct Round {
    Plan *plan;
    const SuppressOptions *options;
    const uint8_t *usable;
    NetBlock *blocks;
    BlockResult *results;
    uint64_t cells; /* of blocks that are not idle */
} Round;

/* A ParallelFn over a round's blocks: fills the result of one. */
Status suppress_block(size_t item, void *ctx, Error *err);
/* Nothing is asked of its cells that was not met in an earlier round. */
bool suppress_block_is_idle(const Plan *plan, const NetBlock *block);
void suppress_block_drop(BlockResult *r);

#endif
