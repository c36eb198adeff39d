/*
 * Inside the clusters: the working state between pairs and persons, and who judges.
 *
 *   cluster_state.c    groups of records: join, take apart, who forbids what
 *   cluster_joint.c    two groups of records -> odds that they are one person
 *   cluster_compete.c  the same odds, given that others want the same partner
 *   cluster_greedy.c   unions, strongest first
 *   cluster_refine.c   moves and splits that the objective pays for
 *   cluster_left.c     who is left over when all that is sure has been joined
 *   cluster_parts.c    records that no kept pair connects, apart: small problems for several threads
 *   cluster.c          the public call
 *
 * The judge is a pair of functions, so that the search can be held against
 * brute force on small graphs of any weights.
 */
#ifndef CAIRN_MATCH_CLUSTER_IMPL_H
#define CAIRN_MATCH_CLUSTER_IMPL_H

#include "match/match_impl.h"

/* Records of different content that stand for a group in comparisons; later ones are not looked at. */
#define BUNDLE_FACES_MAX 12
/* Lower than any odds: the two may not be one person. */
#define ODDS_NEVER (2 * WEIGHT_MIN)
/* A link that others compete for must be this much likelier than all of them together: twice. Links of one bit to two
 * are right four times in five (clusters.md). */
#define AMBIGUITY_MARGIN WEIGHT_BIT

/* Odds that two groups of records are one person; ODDS_NEVER: a rule forbids it. Symmetric, and a function of the two
 * sets only. *against (may be NULL): the part of it, at most 0, that disagreements make; 0 where there is nothing to
 * compare. */
typedef Weight (*BetweenFn)(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb, Weight *against);
typedef struct Judge {
    BetweenFn between;
    /* The same values from the same source: the second is no further evidence. */
    bool (*repeats)(void *ctx, uint32_t a, uint32_t b);
    /* What is known of a kept pair beyond its own odds, and counted by `between` as well; NULL: nothing. */
    Weight (*lift)(void *ctx, uint32_t a, uint32_t b);
    void *ctx;
} Judge;

typedef struct ClusterProblem {
    uint32_t records;
    const uint16_t *source; /* of each record */
    const MatchConfig *config;
    const MatchPairs *pairs;
    const Decision *decisions;
    size_t decision_count;
    Judge judge;
    /* Of each record: the one it repeats, or itself; NULL: none repeats another. Of the whole only: a part holds no
     * record that repeats another, and afterwards each goes where that other is. Who is in a decision repeats none. */
    const uint32_t *lead;
    const struct LeftStrata *left; /* NULL: who is left over stays so */
    /* Of each record: its component, ascending; NULL: all are taken for one. No pair is of two components. */
    const uint32_t *component;
    uint32_t components;
} ClusterProblem;

/*
 * Parts: unions of connected components of the graph of kept pairs and of decisions for "the same". Nothing that is
 * done to one part depends on another, so each is a problem of its own, with records numbered component by component,
 * and in one component in the same order. What is in a part is a function of the problem alone. Records without a pair
 * are in none.
 */
typedef struct ClusterParts {
    const ClusterProblem *p;
    uint32_t count;
    uint32_t *part;         /* [p->records]; MATCH_NONE: none */
    uint32_t *record_start; /* [count + 1] into record */
    uint32_t *record;       /* numbers of records, ascending in each component */
    uint32_t *local;        /* [p->records] place in the part */
    bool *lowest;           /* [p->records] is it the first of a component? */
    uint32_t *pair_start;   /* [count + 1] into pair */
    uint32_t *pair;         /* numbers of pairs, ascending in each part */
    uint32_t *by_size;      /* parts, most pairs first: the order to work in */
} ClusterParts;
/* part_records: a part takes components until it has so many records. ERR_INVALID: a decision about no two records. */
MUST_USE Status cluster_parts_init(ClusterParts *out, const ClusterProblem *p, uint32_t part_records, Error *err);
void cluster_parts_free(ClusterParts *x);

static inline bool pair_of_repeats(const ClusterProblem *p, const MatchPair *pair)
{
    return is_repeat(p->lead, pair->a, pair->b);
}

/* One part as a problem: everything numbered from 0, the judge asked by the whole's numbers. */
typedef struct PartProblem {
    ClusterProblem problem;
    const uint32_t *record; /* whole's numbers */
    Judge judge;
    uint16_t *source;
    uint32_t *component;
    MatchPairs pairs;
    VEC(Decision) decisions;
} PartProblem;
/* Must not be moved afterwards: the problem's judge points into it. */
MUST_USE Status part_problem_init(
    PartProblem *out, const ClusterParts *x, uint32_t part, const Judge *judge, Error *err);
void part_problem_free(PartProblem *x);

/* Bundles of records. Arrays by record; what is said of a group stands at its root. */
typedef struct Bundles {
    const ClusterProblem *p;
    uint32_t *parent;
    uint32_t *ring;      /* next member; the last points to the first */
    uint32_t *face_ring; /* next face; only faces are in it */
    uint32_t *size;      /* of roots */
    uint8_t *face_count; /* of roots */
    uint8_t *flags;      /* BUNDLE_ of roots, RECORD_ of records */
    uint8_t *kinds;      /* of roots: set of kinds of source (source_kind) */
    Weight *weakest;     /* of roots */
    uint64_t *unique;    /* [root * unique_words]: duplicate-free sources the group has a record of */
    uint32_t unique_words;
    uint16_t unique_bit[MATCH_SOURCES_MAX]; /* UINT16_MAX: not such a source */
    Decision *decided;                      /* both ways, sorted by (a, b) */
    size_t decided_count;
    uint64_t refused;
    LogSum log_sum;
    struct KnownOdds *known; /* of pairs of groups, as last asked */
    uint32_t epoch;          /* counts rebuilds: until the next, a group of the same size is the same group */
} Bundles;

#define BUNDLE_DOUBTFUL 1 /* has a weak union, or lost one to a contradiction or a rival */
#define BUNDLE_CHANGED 2  /* since rejoin last looked */
#define RECORD_TIED 4     /* joined by a reviewer: never moved */
#define RECORD_DECIDED 8  /* a reviewer told it from another record */
#define BUNDLE_WRITTEN 16 /* its first record has been written out */
#define DOUBT_BELOW (8 * WEIGHT_BIT)

/* The kind of a source's records, as a set of one: its trait, or the trait that this is part of. */
static inline uint8_t source_kind(const MatchConfig *config, uint32_t source)
{
    uint32_t trait = config->sources[source].trait, whole = config->trait_within[trait];
    return (uint8_t)(1u << (whole ? whole - 1 : trait));
}
_Static_assert(MATCH_TRAITS_MAX <= 8, "a set of kinds is a byte");

MUST_USE Status bundles_init(Bundles *g, const ClusterProblem *p, Error *err);
void bundles_free(Bundles *g);
uint32_t bundle_find(Bundles *g, uint32_t record);
/* Does a duplicate-free source or a reviewer forbid the union of these two roots? Rules are the judge's. */
bool bundle_forbidden(Bundles *g, uint32_t x, uint32_t y);
/* The decisions about one record, of a list both ways, sorted by (a, b). Borrowed from it. */
typedef struct DecisionSpan {
    const Decision *at;
    size_t count;
} DecisionSpan;
DecisionSpan decisions_of(const Decision *decided, size_t count, uint32_t record);
/* A reviewer alone. */
bool bundle_decided_apart(Bundles *g, uint32_t x, uint32_t y);
/* Joins two roots; returns the new root. */
uint32_t bundle_join(Bundles *g, uint32_t x, uint32_t y, Weight odds);
/* Faces of a root; returns how many. */
size_t bundle_faces(const Bundles *g, uint32_t root, uint32_t faces[BUNDLE_FACES_MAX]);
/* ODDS_NEVER when anything forbids the union. against as in BetweenFn. */
Weight bundle_odds(Bundles *g, uint32_t x, uint32_t y, Weight *against);
/* Makes these records one group anew; they must be whole former groups or parts of one. Returns the root. */
uint32_t bundle_rebuild(Bundles *g, const uint32_t *members, size_t n, Weight weakest);
/* As bundle_forbidden and bundle_odds, of any two disjoint lists of records. */
bool lists_forbidden(const Bundles *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);
Weight lists_odds(const Bundles *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);

/* A kept pair as one of its records sees it. */
typedef struct NearPair {
    uint32_t other, pair;
    Weight odds; /* lifted */
} NearPair;

/* Kept pairs of each record, best first. */
typedef struct Near {
    const MatchPairs *pairs;
    Weight *odds;    /* of each pair, lifted */
    uint32_t *order; /* of all pairs, component by component, best first; equal odds in order of (a, b) */
    uint32_t *range; /* [components + 1] into order */
    uint32_t components;
    uint64_t *start; /* [records + 1] into list */
    NearPair *list;
    uint32_t *skip; /* of each entry of list: itself, or where to look next, both being in one group */
    Weight *most;   /* of each record: no pair that leads out of its group has higher odds; lower than all: none does */
} Near;
MUST_USE Status near_init(Near *n, const ClusterProblem *p, Error *err);
void near_free(Near *n);
/* The record's group has been taken apart: what was inside is near again. */
void near_revive(const Near *n, uint32_t record);
static inline uint32_t pair_other(const MatchPair *pair, uint32_t record)
{
    return pair->a == record ? pair->b : pair->a;
}

/* A group near another, by its best kept pair. */
typedef struct NearBundle {
    uint32_t root;
    uint32_t pair;
    Weight odds;
} NearBundle;
/* Bundles with a kept pair of at least `from` to group x, best first, each once, at most max. */
size_t near_bundles(Bundles *g, const Near *near, uint32_t x, Weight from, NearBundle *out, size_t max);

/* Odds of a union given the groups that want the same partner: never above `odds`, which are those without them.
 * pair: number of the kept pair that proposes it. *contested: somebody does. */
Weight compete(Bundles *g, const Near *near, uint32_t x, uint32_t y, uint32_t pair, Weight odds, bool *contested);

/* Groups that may be one, and the odds of it: symmetric, odds[i][j]. */
#define COMPETE_NODES_MAX 7
typedef struct Contest {
    size_t n;
    Weight odds[COMPETE_NODES_MAX][COMPETE_NODES_MAX]; /* ODDS_NEVER: never together */
    Weight against[COMPETE_NODES_MAX][COMPETE_NODES_MAX];
} Contest;
/* Odds that nodes 0 and 1 are together, over all partitions of the nodes (cluster_compete.c). */
Weight contest_odds(const Contest *c, const LogSum *table);

/* Unions from the strongest kept pair down to match_from. */
MUST_USE Status clusters_greedy(Bundles *g, const Near *near, Error *err);
/* Unions that only whole groups show, or whose rivals have gone meanwhile: among groups marked BUNDLE_CHANGED and what
 * is near them, until there are none. */
MUST_USE Status clusters_rejoin(Bundles *g, const Near *near, Error *err);
/* Splits and moves that the objective pays for, in groups marked BUNDLE_DOUBTFUL. */
MUST_USE Status clusters_refine(Bundles *g, const Near *near, uint64_t *moved, Error *err);

/* The unions that make one group of records, strongest first. Sets are masks over the list. */
typedef struct SetUnion {
    uint32_t left, right;
    Weight odds;
} SetUnion;
/* What the objective gives a list of at most BUNDLE_FACES_MAX records: the sum over unions[0 .. n-2] of odds above
 * match_from. SET_NEVER: a contradiction is inside, and unions is not filled. */
#define SET_NEVER INT64_MIN
int64_t set_value(const Bundles *g, const uint32_t *list, size_t n, SetUnion unions[BUNDLE_FACES_MAX]);

/* Everything but the judges, of which there is one a thread; p->judge is not looked at. The result does not depend on
 * how many there are. */
MUST_USE Status clusters_solve(const ClusterProblem *p, const Judge *judges, unsigned threads, MatchClusters *out,
    ClusterReport *report, Error *err);

/* Two groups that no kind of source has in common, when unions have ended: roots and records by the whole's numbers. */
typedef struct LeftPair {
    uint32_t x, y; /* roots, x < y */
    uint32_t a, b; /* the best kept pair: of x, of y */
    Weight odds;
} LeftPair;
typedef VEC(LeftPair) LeftPairs;
/* Strata of config.left_field. Counts by kind and other kind take 288 bytes a stratum: of more steps than these those
 * that most records have are strata, and the others have none. */
#define LEFT_STRATA_MAX 1024
typedef struct LeftStrata {
    const MatchTable *table;
    uint32_t column;
    uint32_t *of_value; /* of each value of the column; 0: none */
    uint32_t count;     /* 0 counts */
} LeftStrata;
MUST_USE Status left_strata_init(LeftStrata *s, const MatchTable *t, Error *err);
void left_strata_free(LeftStrata *s);
/* Of a record of the table; 0: it has none. */
uint32_t left_stratum(const LeftStrata *s, uint32_t record);
/* Appends what a part leaves; record: its records by the whole's numbers. */
MUST_USE Status left_collect(Bundles *g, const Near *near, const uint32_t *record, LeftPairs *out, Error *err);
/* Joins who is more likely one than not, given who is left. out as it is before number_clusters. */
MUST_USE Status left_join(const ClusterProblem *p, LeftPairs *pairs, MatchClusters *out, Error *err);

/* Families whose links are evidence (household.c). */
typedef struct Households Households;
/* *out is NULL where nothing is to be learned: no shared fields, no certain link between two households. pairs are
 * looked at during the call only. */
MUST_USE Status households_new(const MatchTable *t, const MatchPairs *pairs, Households **out, Error *err);
void households_free(Households *h); /* NULL is fine */
/* What the rest of their households adds to the odds of two records; 0 for NULL. */
Weight households_lift(const Households *h, uint32_t a, uint32_t b);

/* The judge of real data. households may be NULL and is not owned. */
typedef struct Joint Joint;
MUST_USE Status joint_new(
    const MatchTable *t, const MatchModel *m, const Households *households, Joint **out, Error *err);
void joint_free(Joint *j);
Judge joint_judge(Joint *j);
/* Its own, for others that work with it in the same thread. */
Comparer *joint_comparer(Joint *j);
const Scorer *joint_scorer(const Joint *j);
/* As match_score, without the passes. */
MatchPair joint_pair(Joint *j, uint32_t a, uint32_t b);

#endif
