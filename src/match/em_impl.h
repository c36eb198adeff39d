/*
 * EM's inside: what its files share.
 *
 *   em.c            expectation, maximisation, the fit       em_classes.c    what a class is
 *   em_strangers.c  strangers and neighbours                 em_levels.c     order of levels, what was seen of them
 */
#ifndef CAIRN_MATCH_EM_IMPL_H
#define CAIRN_MATCH_EM_IMPL_H

#include "match/match_impl.h"

#define PRIOR_PAIRS 5.0    /* pairs the prior of a field's levels is worth */
#define SEGMENT_PAIRS 30.0 /* pairs the shares of all segments are worth to one */

typedef double LevelTable[MATCH_SEGMENTS_MAX][CLASS_COUNT][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];

typedef struct Em {
    const EmInput *in;
    const MatchConfig *config;
    MatchModel *m;
    uint32_t segments;
    bool active[CLASS_COUNT];
    bool random_neighbours;                                  /* neighbours are learned from random pairs */
    uint32_t avoiding[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX]; /* passes that do not look at the field; all where these
                                                              * find nobody */
    uint32_t whole[MATCH_SEGMENTS_MAX];                      /* the segment that one of a part of a trait belongs to */
    double prior[CLASS_COUNT][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
    const PatternCount **busy; /* candidates that are not surely strangers */
    size_t busy_count;
    /* tables of logarithms (base 2) of the current parameters */
    double log_class[MATCH_SEGMENTS_MAX][CLASS_COUNT];
    LevelTable log_level;
    /* expectations */
    double class_count[MATCH_SEGMENTS_MAX][CLASS_COUNT];
    LevelTable count; /* of matches only where the field's avoiding passes see them */
    double apart[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX]; /* candidates that are no strangers */
    double covered[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX]; /* candidates that agree exactly, strangers or not */
    double strangers_change; /* of an exact agreement's share among strangers, log2, when last fitted */
    double likelihood;       /* log2, of the busy candidates */
} Em;

typedef double LevelCounts[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];

LevelParameter *em_parameter(const Em *e, uint32_t segment, uint32_t field, uint32_t level);
void em_logs(Em *e); /* fills the tables of logarithms */
/* Classes that see a field through another's eyes take its shares. */
void em_tie(Em *e);
void em_strangers_share(Em *e, uint32_t segment); /* what the other classes leave */
/* Posterior shares of the classes for one pattern; returns log2 of its probability. */
double em_posterior(const Em *e, const PatternCount *p, double post[CLASS_COUNT]);
/* Evidence for a class's shares in a field; that of a segment's whole where the two are one. */
double em_seen(const Em *e, uint32_t segment, PairClass c, uint32_t f, uint32_t l);
/* New shares of a class in a field from e->count; returns the larger of `change` and the largest change. */
double em_maximise_levels(Em *e, PairClass c, uint32_t f, double change);

/* Can the fields tell the class from the others at all? */
bool em_class_possible(const MatchConfig *config, PairClass class);
/* Share of twins among a segment's pairs where a source shows them by itself (PairTotals.twins), or 0. */
double em_twins_shown(const Em *e, uint32_t segment);
/* Largest share of twins among a segment's pairs. */
double em_twins_most(const Em *e, uint32_t segment);

/* Candidates by exact agreement, once before strangers are fitted. */
void em_count_covered(Em *e);
/* From random pairs, the values' counts and e->apart. */
void em_fit_strangers(Em *e);
/* Are neighbours so many that random pairs show them? Then *share is where they start. */
bool em_neighbours_in_random(const Em *e, double *share);

/* Evidence, defaults and order of the levels. */
void em_finish_levels(Em *e);

#endif
