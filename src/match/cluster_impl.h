/*
 * Inside the clusters: the working state between pairs and persons, and who judges.
 *
 *   cluster_state.c    groups of records: join, take apart, who forbids what
 *   cluster_joint.c    two groups of records -> odds that they are one person
 *   cluster_compete.c  the same odds, given that others want the same partner
 *   cluster_greedy.c   unions, strongest first
 *   cluster_refine.c   moves and splits that the objective pays for
 *   cluster.c          the public call
 *
 * The judge is a pair of functions, so that the search can be held against
 * brute force on small graphs of any weights.
 */
#ifndef CAIRN_MATCH_CLUSTER_IMPL_H
#define CAIRN_MATCH_CLUSTER_IMPL_H

#include "match/match_impl.h"

/* Records of different content that stand for a group in comparisons; later ones are not looked at. */
#define GROUP_FACES_MAX 16
/* Lower than any odds: the two may not be one person. */
#define ODDS_NEVER (2 * WEIGHT_MIN)
/* A link that others compete for must be this much likelier than all of them together. */
#define AMBIGUITY_MARGIN (2 * WEIGHT_BIT)

/* Odds that two groups of records are one person; ODDS_NEVER: a rule forbids it. Symmetric, and a function of the two
 * sets only. */
typedef Weight (*BetweenFn)(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);
typedef struct Judge {
    BetweenFn between;
    /* The same values from the same source: the second is no further evidence. */
    bool (*repeats)(void *ctx, uint32_t a, uint32_t b);
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
} ClusterProblem;

/* Groups of records. Arrays by record; what is said of a group stands at its root. */
typedef struct Groups {
    const ClusterProblem *p;
    uint32_t *parent;
    uint32_t *ring;       /* next member; the last points to the first */
    uint32_t *face_ring;  /* next face; only faces are in it */
    uint32_t *size;       /* of roots */
    uint8_t *face_count;  /* of roots */
    uint8_t *flags;       /* of roots: GROUP_DOUBTFUL; of records: RECORD_TIED, RECORD_DECIDED */
    Weight *weakest;      /* of roots */
    uint64_t *unique;     /* [root * unique_words]: duplicate-free sources the group has a record of */
    uint32_t unique_words;
    uint16_t unique_bit[MATCH_SOURCES_MAX]; /* UINT16_MAX: not such a source */
    Decision *decided;                      /* both ways, sorted by (a, b) */
    size_t decided_count;
    uint64_t refused;
    LogSum log_sum;
} Groups;

#define GROUP_DOUBTFUL 1 /* has a weak union, or lost one to a contradiction or a competitor */
#define RECORD_TIED 2    /* joined by a reviewer: never moved */
#define RECORD_DECIDED 4 /* a reviewer told it from another record */

MUST_USE Status groups_init(Groups *g, const ClusterProblem *p, Error *err);
void groups_free(Groups *g);
uint32_t group_find(Groups *g, uint32_t record);
/* Does a duplicate-free source or a reviewer forbid the union of these two roots? Rules are the judge's. */
bool group_forbidden(Groups *g, uint32_t x, uint32_t y);
/* Joins two roots; returns the new root. */
uint32_t group_join(Groups *g, uint32_t x, uint32_t y, Weight odds);
/* Faces of a root; returns how many. */
size_t group_faces(const Groups *g, uint32_t root, uint32_t faces[GROUP_FACES_MAX]);
/* ODDS_NEVER when anything forbids the union. */
Weight group_odds(Groups *g, uint32_t x, uint32_t y);
/* Makes these records one group anew; they must be whole former groups or parts of one. Returns the root. */
uint32_t group_rebuild(Groups *g, const uint32_t *members, size_t n, Weight weakest);
/* As group_forbidden and group_odds, of any two disjoint lists of records. */
bool lists_forbidden(const Groups *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);
Weight lists_odds(const Groups *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);

/* Kept pairs of each record, best first. */
typedef struct Near {
    const MatchPairs *pairs;
    uint32_t *order; /* of all pairs, best first; equal odds in order of (a, b) */
    uint64_t *start; /* [records + 1] into list */
    uint32_t *list;  /* numbers of pairs */
} Near;
MUST_USE Status near_init(Near *n, const ClusterProblem *p, Error *err);
void near_free(Near *n);
static inline uint32_t pair_other(const MatchPair *pair, uint32_t record)
{
    return pair->a == record ? pair->b : pair->a;
}

/* A group near another, by its best kept pair. */
typedef struct NearGroup {
    uint32_t root;
    uint32_t pair;
    Weight odds;
} NearGroup;
/* Groups with a kept pair of at least `from` to group x, best first, each once, at most max. */
size_t near_groups(Groups *g, const Near *near, uint32_t x, Weight from, NearGroup *out, size_t max);

/* Odds of the union given the groups that want the same partner. *contested: somebody does. */
Weight compete(Groups *g, const Near *near, uint32_t x, uint32_t y, Weight odds, bool *contested);

/* Exact odds that nodes 0 and 1 are together, over all partitions of n <= COMPETE_NODES_MAX nodes weighted by 2 to the
 * sum of the odds inside; ODDS_NEVER entries are never together. odds[i * n + j], symmetric. */
#define COMPETE_NODES_MAX 7
Weight partition_odds(const Weight *odds, size_t n, const LogSum *table);

MUST_USE Status clusters_greedy(Groups *g, const Near *near, Error *err);
/* Unions among the groups that are marked (NULL: all). Number of unions added to *joined. */
MUST_USE Status clusters_rejoin(Groups *g, const Near *near, uint64_t *joined, Error *err);
MUST_USE Status clusters_refine(Groups *g, const Near *near, uint64_t *moved, Error *err);

/* What the objective gives a set of records (at most GROUP_FACES_MAX): the odds of its unions above match_from, made
 * strongest first. ODDS_NEVER * 1 as int64 when a contradiction is inside. *weakest (may be NULL): the weakest one. */
#define SET_NEVER INT64_MIN
int64_t set_value(const Groups *g, const uint32_t *members, size_t n, Weight *weakest);

/* Everything but the judge. */
MUST_USE Status clusters_solve(const ClusterProblem *p, MatchClusters *out, ClusterReport *report, Error *err);

/* The judge of real data. */
typedef struct Joint Joint;
MUST_USE Status joint_new(const MatchTable *t, const MatchModel *m, Joint **out, Error *err);
void joint_free(Joint *j);
Judge joint_judge(Joint *j);
/* The strongest pair between two lists. */
MatchPair joint_best_pair(Joint *j, const uint32_t *a, size_t na, const uint32_t *b, size_t nb);

#endif
