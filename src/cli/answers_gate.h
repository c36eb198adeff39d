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

typedef struct AnswersGate {
    const MeasureContext *ctx;
    Ledger *ledger;
    unsigned threads;
    const Log *log;
    /* What was found. */
    uint64_t askers;   /* groups of askers that were looked at */
    uint64_t clashes;  /* of them told more by the release: none, unless the policy says "report" */
    uint64_t in_pairs; /* of them attacked with measures two at a time only: all at once was too much */
    char first[400];   /* what one of these would learn, in words */
} AnswersGate;

/* A ReleaseCheck, with an AnswersGate. ERR_DENIED names an asker and the figures that meet, never their numbers. Where
 * the policy says "report" the release may leave, and the ledger has an entry release.beside_answers about each such
 * asker before it does. */
MUST_USE Status answers_gate_check(void *gate, const ReleaseComing *coming, Error *err);

#endif
