/* Private to protect: the parameters of policy/<state>/release/coarse.toml, read once. */
#ifndef CAIRN_PROTECT_RULE_H
#define CAIRN_PROTECT_RULE_H

#include "protect/protect.h"

#define RULE_NAME "coarse"
#define RULE_MAX_LEVELS 8

typedef struct ProtectRule {
    const PolicyFile *policy;
    Slice levels[RULE_MAX_LEVELS]; /* from coarse to fine */
    size_t level_count;
    int64_t min_n, min_numerator, min_complement;
    int64_t min_employers, top_employer_max; /* persons' share in percent */
    int64_t local_group_min_percent;
    int64_t coarse_rate_below; /* denominators under this: whole percents */
    int64_t median_rounding;
    ProtectAsking asking;
} ProtectRule;

/* ERR_NOT_FOUND when no rule is in force that day; ERR_INVALID names what is missing in it. */
MUST_USE Status rule_read(Policy *policy, Date on, ProtectRule *out, Error *err);
/* The lineage of a measure: the family at the root of those its own family coarsens; and how many steps it is from
 * there. A measure that no family names is a lineage of its own. Tables of one lineage are about the same people, or a
 * part of them; those of one tier share one partition. */
Slice rule_lineage(const ProtectRule *rule, Slice measure, unsigned *tier);
/* Whether a family names the measure; figures of others do not leave. */
bool rule_names(const ProtectRule *rule, Slice measure);
/* PROTECT_SUPPRESS_LANE where the family at the lineage's root says protection = "suppress". */
ProtectLane rule_lane(const ProtectRule *rule, Slice lineage);
/* Index of a level, or level_count. */
size_t rule_level(const ProtectRule *rule, Slice level);

/* Whether counts may be published: a rate's n, numerator and complement; a median's n. Zero people are nobody. */
bool rule_counts_pass(const ProtectRule *rule, bool is_median, int64_t denominator, int64_t numerator);
/* Whether the wage figure of one group in one unit may be published: no employer known by it. */
bool rule_employers_pass(const ProtectRule *rule, const ProtectCell *cell);
/* Fills shown_value and shown_denominator from the cell's numbers. */
MUST_USE Status rule_show(const ProtectRule *rule, PublishedCell *cell, Arena *arena, Error *err);

#endif
