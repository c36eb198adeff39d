/*
 * What reviewers' decisions amount to, pair by pair. Each reviewer's latest word
 * counts; a pair is settled when the persons on one side outnumber the other by as
 * many as the policy asks for, so that two people who disagree wait for a third.
 */
#ifndef CAIRN_IDENTITY_VERDICTS_H
#define CAIRN_IDENTITY_VERDICTS_H

#include "identity/identity.h"
#include "store/linkage.h"

typedef enum PairState {
    PAIR_OPEN,      /* nobody has decided */
    PAIR_WAITING,   /* one more person is needed */
    PAIR_DISPUTED,  /* reviewers disagree */
    PAIR_UNSURE,    /* looked at by enough people, none can tell */
    PAIR_SAME,      /* settled */
    PAIR_DIFFERENT, /* settled */
    PAIR_STATE_COUNT
} PairState;
const char *pair_state_name(PairState state);

typedef struct PairVerdict {
    RecordTag a, b; /* a < b */
    PairState state;
    uint32_t same, different, unsure; /* reviewers whose latest word it is */
} PairVerdict;
typedef VEC(PairVerdict) PairVerdicts;

/* One entry a pair, in order of (a, b). */
MUST_USE Status verdicts_of(
    const ReviewDecisions *decisions, const ReviewPolicy *policy, PairVerdicts *out, Error *err);
/* NULL when nobody has decided; a and b in either order. */
const PairVerdict *verdict_find(const PairVerdicts *v, const RecordTag *a, const RecordTag *b);

#endif
