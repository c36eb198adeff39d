/*
 * Protect: nobody can be found in the figures. Tables in, tables out.
 *
 * First rule, deliberately coarse (policy/<state>/release/coarse.toml; README.md in
 * this folder argues why it is safe): nothing is ever blanked. A unit whose cells do
 * not all meet the minimum is joined with its siblings into one pooled unit, level by
 * level, until every published cell meets it; the partitions of all tables of a
 * release are nested, so no subtraction of published numbers gives a smaller group.
 */
#ifndef CAIRN_PROTECT_PROTECT_H
#define CAIRN_PROTECT_PROTECT_H

#include "base/base.h"
#include "policy/policy.h"

/* One inner or marginal figure as the caller computed it; the shapes of measure.h's Cell without knowing that room. */
typedef struct ProtectCell {
    Slice table; /* measure name: cells of one table share a population by (year) */
    int32_t year;
    Slice level, unit, parent, split, grp;
    int64_t denominator, numerator;
    bool is_median;
    double value, fuzzy;
    int64_t covered, base, strong, employers, top_employer;
    int64_t link_pairs, link_correct, link_missed;
} ProtectCell;

typedef struct ProtectLevels { /* from coarse to fine: "state", "county", "district", "school" */
    const char *const *names;
    size_t count;
} ProtectLevels;

/* The group that stands for several small ones; a pooled unit is PROTECT_POOL followed by its parent. */
#define PROTECT_OTHER "OTHER"
#define PROTECT_POOL "POOL:"

/* What a suppressed family prints of a figure. */
typedef enum ProtectHiding {
    PROTECT_SHOWN,
    PROTECT_HIDDEN,      /* neither value nor people: few people, or it would help to work out a figure of few */
    PROTECT_HIDDEN_VALUE /* a wage figure by which an employer could be known; its people are shown */
} ProtectHiding;

typedef struct PublishedCell {
    /* Pooled units and groups: sums. A median of several units or groups cannot be had from their medians: value and
     * fuzzy are NaN, shown_value is empty, employers and top_employer are 0. */
    ProtectCell cell;
    uint32_t unit_count; /* units pooled; 1 for a unit of its own */
    Slice members;       /* pooled: unit codes joined by a blank, sorted */
    Slice groups;        /* grp is PROTECT_OTHER: the groups shown together, joined by a blank, sorted */
    Slice shown_value;   /* as printed: "84", ">95", "$9,300" */
    Slice shown_denominator;
    /* Of 100 of these people at least so many could have been seen in the outcome's source, and are safely linked; a
     * band ("75": from 75 on), so wide that it tells of no few people. Empty: not told. */
    Slice shown_seen, shown_linked;
    ProtectHiding
        hiding; /* hidden: the texts are empty and the cell's numbers 0, so that nothing can be worded of them */
} PublishedCell;

typedef struct WithheldTable { /* (table, year, split) that cannot be published even for the whole state, or a level
                                  skipped */
    Slice table;
    int32_t year;
    Slice split;
    Slice level;
    Slice reason;
} WithheldTable;

/* How a family's figures are kept safe: `protection` of the family at the root of its lineage. */
typedef enum ProtectLane { PROTECT_BY_POLICY, PROTECT_POOL_LANE, PROTECT_SUPPRESS_LANE } ProtectLane;

typedef struct LaneOptions {
    ProtectLane lane; /* for all families; PROTECT_BY_POLICY: each its own */
    /* What releases in force printed, hidden cells included; used for suppressed families: what is printed stays as it
     * is, what is hidden stays hidden. */
    const PublishedCell *told;
    size_t told_count;
    unsigned threads; /* 0: one a core; the result does not depend on it */
    const Log *log;
} LaneOptions;
#define LANE_OPTIONS_INIT \
    { \
        .threads = 1 \
    }

/* What the attack on suppressed families looked at. The first three and `unprotected` may leave; the others rest on
 * hidden counts, or on what is out beside the release, and are for inside. */
typedef struct ProtectAttack {
    uint64_t systems; /* lineages and years */
    uint64_t figures; /* shown or hidden */
    uint64_t hidden;
    uint64_t unknowns, equations;
    uint64_t sensitive;   /* counts that must not be worked out */
    uint64_t unprotected; /* of them; 0, or nothing leaves */
} ProtectAttack;

typedef struct Protected {
    Arena arena;
    PublishedCell *cells; /* sorted as the input */
    size_t count;
    WithheldTable *withheld;
    size_t withheld_count;
    Slice rule; /* one sentence for readers: what was done */
    const PolicyFile *policy;
    ProtectLane lane;       /* that all families took; PROTECT_BY_POLICY: each its own */
    bool pools, suppresses; /* some family takes that lane */
} Protected;

/* Applies the policy's rule to the whole release at once. Slices of the result borrow from the input and the policy,
 * which must outlive it. ERR_INVALID when the cells do not add up (names table, year, level); ERR_NOT_FOUND without a
 * rule. */
MUST_USE Status protect_release(
    Policy *policy, Date on, const ProtectCell *cells, size_t count, Protected *out, Error *err);
/* The same beside what is out, or in another lane than the policy's. ERR_DENIED: a release in force prints what today's
 * records do not say, or what gives somebody away whatever is hidden now. */
MUST_USE Status protect_release_beside(Policy *policy, Date on, const ProtectCell *cells, size_t count,
    const LaneOptions *options, Protected *out, Error *err);
void protected_free(Protected *p);

/* The lane of a measure's lineage. */
MUST_USE Status protect_lane_of(Policy *policy, Date on, Slice measure, ProtectLane *out, Error *err);

/* The rule's minimums as a policy for tables (schema cairn.protection/1), appended: for answers to single questions,
 * which are suppressed instead of pooled. no_employers: why rules about employers do not matter; NULL: they do. */
MUST_USE Status protect_rule_file(Policy *policy, Date on, const char *no_employers, Buf *out, Error *err);

/* Whether the people of two measures are of one lineage of families, so that differences of their counts are groups of
 * people, too. */
MUST_USE Status protect_same_lineage(Policy *policy, Date on, Slice a, Slice b, bool *out, Error *err);

/* The family at the root of a measure's lineage; a measure of no family is its own. Valid as long as the policy. */
MUST_USE Status protect_lineage_of(Policy *policy, Date on, Slice measure, Slice *out, Error *err);

/* The fewest people that may be told of, if it is not nobody: in a group, with the outcome, without it. */
typedef struct ProtectLeast {
    int64_t n, numerator, complement;
} ProtectLeast;
MUST_USE Status protect_least(Policy *policy, Date on, ProtectLeast *out, Error *err);

/* What a release does where it would tell a single asker more than it or his answers tell (`answers` of the rule,
 * "refuse" unless it says "report"), and which askers are taken for one who puts everything together (`askers`,
 * "user" unless it says "agreement" or "all"). ERR_INVALID: another word. */
typedef enum ProtectAnswers { PROTECT_ANSWERS_REFUSE, PROTECT_ANSWERS_REPORT } ProtectAnswers;
typedef enum ProtectAskers { PROTECT_ASKERS_USER, PROTECT_ASKERS_AGREEMENT, PROTECT_ASKERS_ALL } ProtectAskers;
typedef struct ProtectAsking {
    ProtectAnswers answers;
    ProtectAskers askers;
} ProtectAsking;
MUST_USE Status protect_asking(Policy *policy, Date on, ProtectAsking *out, Error *err);

/* Whether the rule in force lets a measure's figures out: only those that a [[family]] names, so that a new measure
 * stays inside until somebody has said which people it counts. */
MUST_USE Status protect_publishes(Policy *policy, Date on, Slice measure, bool *out, Error *err);

/* The independent check: trusts nothing of the above and shares no code with it. From the published cells, and from
 * `input` for what they claim to sum, it recomputes that each meets the minimum, that partitions nest, that pools are
 * complete and that every number is right. ERR_DENIED names the first cell that fails (table, year, level, split; never
 * a count). *checked counts published cells. */
MUST_USE Status protect_audit(Policy *policy, Date on, const ProtectCell *input, size_t input_count, const Protected *p,
    uint64_t *checked, Error *err);

/* The attack on suppressed families: what can be worked out from these figures together with all that is told. Rests on
 * the published cells, the input and the room audit alone; shares no code with the protector. Pooled families are not
 * looked at. ERR_DENIED names the first figure that can be worked out, or that is not what the input says. */
MUST_USE Status protect_attack(Policy *policy, Date on, const ProtectCell *input, size_t input_count,
    const Protected *p, const LaneOptions *options, ProtectAttack *report, Error *err);

/* Whether what releases in force printed of suppressed families is what today's records say; options->told. ERR_DENIED:
 * a figure was corrected, or is no longer there. */
MUST_USE Status protect_told_agrees(
    Policy *policy, Date on, const ProtectCell *input, size_t input_count, const LaneOptions *options, Error *err);

/* What readers can see of one measure at one level, all years and splits. People are counted once a split. */
typedef struct ProtectVisible {
    Slice table, level;
    uint64_t figures, figures_alone; /* groups of places with people in them; those shown by themselves */
    uint64_t people, people_alone;
    uint64_t small_people, small_people_alone; /* in groups under local_group_min_percent of the state's people */
} ProtectVisible;
typedef VEC(ProtectVisible) ProtectVisibleRows;
/* Appended, by table and level. True sizes: for inside alone, and rounding does not help. Free the list with
 * vec_free. */
MUST_USE Status protect_visible(Policy *policy, Date on, const ProtectCell *cells, size_t count, const Protected *p,
    ProtectVisibleRows *out, Error *err);

typedef struct UnionReport {
    uint64_t compared; /* lineages and years of which the new release lacks an earlier cell, or has it otherwise */
    uint64_t cells;    /* looked at in them */
    uint64_t findings;
    char first[400];
} UnionReport;

/* The second check: this release together with the cells of an earlier one that is in force (as printed, read back from
 * its files: cell keys, members, groups, shown_value, shown_denominator and is_median are used). Where the
 * new release has every earlier cell of a lineage and year, both together are the new one, which protect_audit has to
 * pass; elsewhere the cells of both must nest, what one has beyond the other must be nobody or pass the rule, and no
 * number of people may have been corrected. ERR_DENIED tells the first finding. */
MUST_USE Status protect_audit_union(Policy *policy, Date on, const ProtectCell *input, size_t input_count,
    const Protected *now, const PublishedCell *earlier, size_t earlier_count, UnionReport *report, Error *err);

#endif
