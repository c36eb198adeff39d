/*
 * The gate between a release that is about to leave and what single askers were told (answer.h): everything one of them
 * was told is attacked together with the new figures and with those of releases in force, person by person (told.h).
 * What the release, or his answers, tell by themselves passed gates of their own; nothing more may follow from both.
 */
#ifndef CAIRN_CLI_ANSWERS_GATE_H
#define CAIRN_CLI_ANSWERS_GATE_H

#include "cli/askers.h"
#include "measure/measure.h"
#include "publish/publish.h"

#define ANSWERS_GATE_MOST_EFFORT 1000 /* as a number of times the usual */

typedef struct AnswersGate {
    const MeasureContext *ctx;
    Ledger *ledger;
    unsigned threads;
    const Log *log;
    uint64_t effort; /* how many times the usual may be spent on each asker, up to the most; 0: once */
    /* What was found. */
    uint64_t askers; /* groups of askers that were looked at */
    /* Of them told more by the release, or not shown not to be: none, unless the policy says "report". */
    uint64_t clashes;
    uint64_t undecided; /* of these: neither was shown */
    uint64_t in_pairs;  /* of them attacked with measures two at a time only: all at once was too much */
    char first[400];    /* what one of these would learn, in words */
} AnswersGate;

/* A ReleaseCheck, with an AnswersGate. ERR_DENIED names an asker and the figures that meet, never their numbers, and
 * says whether they were shown to tell of too few people or only not shown to be safe within the effort. Where the
 * policy says "report" the release may leave, and the ledger has an entry release.beside_answers about each such asker
 * before it does. */
MUST_USE Status answers_gate_check(void *gate, const ReleaseComing *coming, Error *err);

#endif
