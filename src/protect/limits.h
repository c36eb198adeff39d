/* Private to protect's auditors: the rule as they read it for themselves. Shares no code with the protectors. */
#ifndef CAIRN_PROTECT_LIMITS_H
#define CAIRN_PROTECT_LIMITS_H

#include "protect/protect.h"

#define LIMITS_MAX_TIERS 16

typedef struct Limits {
    int64_t n, numerator, complement, employers, top_employer, coarse_below, rounding;
    const Toml *families;
    const Toml *hierarchy;
    const Toml *subsets;
} Limits;

MUST_USE Status limits_read(Policy *policy, Date on, Limits *out, Error *err);
/* The root of the families a table's family coarsens, and the steps from there; a table of no family is its own. */
Slice limits_lineage(const Limits *l, Slice table, unsigned *tier);
/* Whether the lineage's figures are suppressed; lane: one that all take instead of the policy's. */
bool limits_suppresses(const Limits *l, ProtectLane lane, Slice lineage);
/* Why what is printed is not what the cell holds, or is printed too finely; NULL: it is right. A median without a value
 * is right. */
const char *limits_shown_wrong(const Limits *l, const PublishedCell *p, const ProtectCell *truth);
/* audit_shares.c: what shares of seen and linked people, of cells sorted as a release is, tell together. ERR_DENIED
 * names the first that tells of few. */
MUST_USE Status audit_shares(const Limits *l, const PublishedCell *cells, size_t count, Error *err);

#endif
