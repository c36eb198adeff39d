/* Private to protect: the lane that suppresses. One panel becomes cells, shown or hidden. */
#ifndef CAIRN_PROTECT_HIDE_H
#define CAIRN_PROTECT_HIDE_H

#include "protect/equations.h"

typedef VEC(PublishedCell) PublishedCells;

/* What the attack could not clear: a count at a place. */
typedef struct HideFinding {
    Slice table; /* of the count, or of one of those it is made of */
    Slice level, unit, split, grp;
    bool outcome;
    int32_t year;
} HideFinding;
typedef VEC(HideFinding) HideFindings;

typedef struct HideAsk {
    const ProtectRule *rule;
    Policy *policy;
    Date on;
    const Panel *panel;
    const ProtectCell *const *input; /* the panel's cells */
    size_t input_count;
    const LaneOptions *options;
    Arena *arena; /* what the cells borrow from, besides the input */
} HideAsk;

/* Appends the panel's cells. The solver proposes what is hidden; the attack, which knows nothing of it, is repeated and
 * each finding costs one count more, until there is none. ERR_DENIED: see protect_release_beside. */
MUST_USE Status hide_panel(const HideAsk *ask, PublishedCells *out, Error *err);

/* attack.c: one lineage and year. input: its cells; cells: what is printed of them now; told: of earlier releases. */
typedef struct AttackAsk {
    Policy *policy;
    Date on;
    Slice lineage;
    int32_t year;
    const ProtectCell *const *input;
    size_t input_count;
    const PublishedCell *cells;
    size_t cell_count;
    const LaneOptions *options;
} AttackAsk;
/* Only whether what is told is what the input says. ERR_DENIED. */
MUST_USE Status attack_told(const AttackAsk *ask, Error *err);
/* findings: appended, slices borrowed from the input; NULL: the first one is told as ERR_DENIED. Counts are added to
 * the report. ERR_DENIED: a printed figure is not what the input says, or one is missing. */
MUST_USE Status attack_lineage(const AttackAsk *ask, HideFindings *findings, ProtectAttack *report, Error *err);

#endif
