/*
 * Account: a state's accountability framework, computed from its dated file, explained, and asked what would change it.
 *
 * In: the cells of measure and, for indicators that rest on test scores, a published reference file. Rules, points, cut
 * points, weights: policy/<state>/accountability/ (schema "cairn.framework/1", docs/accountability.md). Every number
 * that decides is a whole number of millionths, so a school that stands exactly on a cut point is on its better side on
 * every machine.
 *
 *   framework ─┐
 *   cells ─────┼► lines (a measure, everybody or a group) ─► parts ─► indicators ─► total ─► plan type
 *   reference ─┘
 */
#ifndef CAIRN_ACCOUNT_ACCOUNT_H
#define CAIRN_ACCOUNT_ACCOUNT_H

#include "equity/equity.h"
#include "measure/measure.h"
#include "policy/policy.h"

/* --- the framework as its file says it; decimals in millionths --- */

#define CANDIDATES_MAX 8

/* Best first. A rate belongs to the first whose limit it reaches; the last has none. */
typedef struct CutPoint {
    Slice level;
    int64_t limit, points;
} CutPoint;
typedef struct PointScale {
    CutPoint *cuts;
    size_t count;
} PointScale;

typedef struct GroupDef { /* one or more groups of one split, counted together */
    Slice name, title, split;
    Slice *codes;
    size_t code_count;
} GroupDef;

typedef struct Candidate { /* of a best-of rule: the rate of `lag` years before the rated year */
    Slice measure;
    int64_t lag;
    uint32_t line; /* in the framework's file */
} Candidate;

typedef enum Better { BETTER_HIGHER, BETTER_LOWER } Better;
typedef struct FrameworkMeasure {
    Slice name, title, status, source;
    Better better;
    int64_t decimals;   /* of the rate before it is compared */
    int64_t minimum_n;  /* persons */
    int64_t pool_years; /* while there are fewer, years before are added, at most so many in all; 1: none */
    Candidate candidates[CANDIDATES_MAX];
    size_t candidate_count;
    PointScale all, each; /* everybody; one group */
    const GroupDef **groups;
    size_t group_count;
} FrameworkMeasure;

typedef struct FrameworkPart { /* a sub-indicator; an indicator without has one, unnamed */
    Slice name, title;
    int64_t weight;
    FrameworkMeasure *measures;
    size_t measure_count;
} FrameworkPart;

typedef struct Indicator {
    Slice name, title, status, source;
    int64_t weight;
    bool held; /* false: points come from a reference file or not at all */
    FrameworkPart *parts;
    size_t part_count;
} Indicator;

typedef struct PlanType {
    Slice name, title;
    int64_t at_least; /* percent; the last one has 0 */
} PlanType;

typedef struct Participation { /* too few tested in too many tests: so many plan types lower */
    int64_t below, tests, lowers;
    Slice status, source;
} Participation;

typedef struct OpenQuestion {
    Slice what, treatment;
} OpenQuestion;

typedef struct Framework {
    const PolicyFile *file;
    Slice level;
    int64_t decimals; /* of percentages of parts, indicators and total; half up */
    Slice decimals_status, decimals_source, plan_status, plan_source;
    GroupDef *groups;
    size_t group_count;
    Indicator *indicators;
    size_t indicator_count;
    PlanType *plans; /* best first */
    size_t plan_count;
    Participation participation; /* tests 0: no such rule */
    OpenQuestion *open;
    size_t open_count;
} Framework;

/* One file. Text lives in the Policy, the rest in arena. ERR_INVALID names file, line and rule: a scale that is not in
 * order, a group that is not defined, a value without status and source. */
MUST_USE Status framework_read(const PolicyFile *file, Arena *arena, Framework *out, Error *err);
/* The version of name that is in force on 30 June of the year. */
MUST_USE Status framework_for(Policy *policy, Slice name, int32_t year, Arena *arena, Framework *out, Error *err);
/* "weight.pwr=40": see docs/accountability.md for the paths. ERR_USAGE names the path that is unknown or the value. */
MUST_USE Status framework_change(Framework *f, Slice change, Error *err);

/* --- ratings --- */

/* What a state published of indicators whose scores are not held: CSV columns unit, kind ("points" or "participation"),
 * name (indicator or test), value, possible (points only). */
typedef struct ReferenceRow {
    Slice unit, kind, name;
    int64_t value, possible;
} ReferenceRow;
typedef VEC(ReferenceRow) Reference;
MUST_USE Status reference_read(const char *path, Arena *arena, Reference *out, Error *err);
/* Points must be of indicators of the framework that are not held: others would be read and never used. ERR_INVALID
 * names file, row and field. */
MUST_USE Status reference_check(const char *path, const Framework *f, const Reference *reference, Error *err);

typedef enum LineStatus {
    LINE_RATED,
    LINE_TOO_FEW,  /* below minimum n, pooled years included */
    LINE_NO_DATA,  /* nobody of this unit or group */
    LINE_NOT_HELD, /* no figures of the measure at all */
} LineStatus;

typedef struct LineCandidate {
    int32_t first_year, last_year; /* pooled when they differ */
    Count count;
    int64_t rate; /* percent, millionths, rounded as the measure says; -1: none */
    LineStatus status;
} LineCandidate;

typedef struct RatingLine {
    size_t indicator, part;
    const FrameworkMeasure *measure;
    const GroupDef *group; /* NULL: everybody */
    LineCandidate candidates[CANDIDATES_MAX];
    size_t chosen; /* valid when rated or too few */
    LineStatus status;
    const CutPoint *cut; /* when rated */
    int64_t earned, possible;
} RatingLine;

typedef struct Points {                /* of a part or an indicator */
    int64_t earned, possible, percent; /* percent -1: none */
    bool from_reference;
} Points;

typedef struct Rating {
    Slice unit;
    int32_t year;
    RatingLine *lines;
    size_t line_count;
    Points *parts; /* of all indicators in a row */
    Points *indicators;
    int64_t total;                    /* percent; -1: nothing could be rated */
    int64_t weight_held;              /* of the weights' sum, millionths of it */
    int64_t tests_below;              /* tests under the participation limit */
    const PlanType *by_points, *plan; /* before and after participation; NULL: none */
} Rating;
typedef VEC(Rating) Ratings;

/* Every unit of the framework's level (unit empty) or one, in order. Rating memory lives in arena; vec_free the list.
 * ERR_NOT_FOUND: the unit has no figures. The framework must outlive the ratings. */
MUST_USE Status ratings_compute(const Framework *f, const CellSet *cells, const Reference *reference, int32_t year,
    Slice unit, Arena *arena, Ratings *out, Error *err);
/* From the counts in the lines to rates, points, total and plan: what ratings_compute ends with, and what-if questions
 * repeat. Reads r->indicators of indicators that are not held. */
void rating_decide(const Framework *f, Rating *r);

/* --- sheets --- */

void account_rate_sheet(const Framework *f, const Ratings *ratings, Sheet *out);
/* Line by line; how many persons were counted, and left out for which reason. */
MUST_USE Status account_explain_sheet(
    const Framework *f, const Rating *r, Policy *policy, const ExclusionSet *exclusions, Sheet *out, Error *err);
/* Adds a table of the persons under their pseudonyms, for a role that may see them. */
MUST_USE Status account_explain_persons(
    const Framework *f, const Rating *r, const MeasureContext *ctx, Sheet *out, Error *err);
/* before and after are of the same units, under two frameworks. */
void account_what_if_sheet(const Framework *before_rules, const Ratings *before, const Framework *after_rules,
    const Ratings *after, Sheet *out);
/* Moves of at most `most` persons that raise a total or a plan type without helping a learner. */
MUST_USE Status account_incentives_sheet(
    const Framework *f, const Ratings *ratings, Policy *policy, int64_t most, Sheet *out, Error *err);
/* Names and dates of all frameworks. */
MUST_USE Status account_list_sheet(Policy *policy, Sheet *out, Error *err);

/* --- vectors --- */

/* Every framework reads rates that the policy's measures have: a misspelt name would look like figures that are not
 * held. ERR_INVALID names file and line. */
MUST_USE Status account_check(Policy *policy, Error *err);
/* Every framework file: it can be read, every held measure of it that has vectors agrees. ERR_INVALID names file,
 * vector and line. */
MUST_USE Status account_test(Policy *policy, uint64_t *frameworks, uint64_t *vectors, Error *err);

#endif
