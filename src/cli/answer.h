/*
 * Answers that leave the house: the cells of one question become safe cells, or nothing.
 *
 *   cells ─► tables ─► suppression by the release rule's minimums ─► audit together with every release in force and
 *                         ▲                                         everything this asker was told of the same question
 *                         └─ held back ◄─ audit together with every other figure that counts some of the same people,
 *                                         told to this asker or printed by releases (told.h)
 *        ─► the asker's history (HOME/answers/USER@PEOPLE) ─► the home's ledger (query.answered) ─► figures
 *
 * Whoever has cells of measure.h can use it: `cairn measure --answer-to`, and any other command that counts people by
 * year, place and group.
 */
#ifndef CAIRN_CLI_ANSWER_H
#define CAIRN_CLI_ANSWER_H

#include "cli/cli.h"
#include "measure/measure.h"
#include "protectfile/protectfile.h"

typedef struct AnswerAsk {
    const char *user; /* whose history: small letters, digits, - and _ */
    Slice agreement;  /* under which it is asked: askers of one may be taken for one */
    /* Whom the cells count, a word without full stops: a measure's name, a cohort's. Counts of the same people, year,
     * place and group are one unknown in everything that one asker is told. */
    Slice people;
    /* Of one kind: rate, median or count; nothing pooled. Groups of a split add up. Sorted in any way. */
    const Cell *cells;
    size_t count;
    bool released; /* people is a measure that releases tell of: they are part of the attack on its tables */
    /* How the cells were asked for: whom they count is asked the same way. */
    const MeasureContext *ctx;
    const MeasureQuery *query;
    unsigned threads;
} AnswerAsk;

typedef struct AnswerFigure {
    const Cell *cell;
    Slice people, value; /* as they may be printed; "*": hidden; value empty where the kind has none */
} AnswerFigure;

typedef struct Answer {
    Arena arena;
    AnswerFigure *figures; /* one a cell, in the order of the cells */
    size_t count;
    ProtectFileReport report;
    size_t held;       /* figures hidden because of what else the asker knows of the same people */
    uint64_t patterns; /* into which the figures that hang together divide them */
} Answer;

/* The home must be open for writing. ERR_DENIED: no pattern protects all cells that what is out leaves open, or what
 * was told before counted other people than today's records do (a correction would show by subtraction); then nothing
 * was written or noted. ERR_LIMIT: too many figures hang
 * together. ERR_INVALID: cells that cannot be answered (a kind, pooled, overlapping groups). Free also after a failure.
 */
MUST_USE Status answer_give(Cli *cli, const Workplace *w, const AnswerAsk *ask, Answer *out, Error *err);
void answer_free(Answer *a);

typedef struct AnswerHead {
    const char *key; /* "measure", "cohort" */
    Slice name, title;
} AnswerHead;
/* To --out or standard output: CSV (year,level,unit,parent,split,group,people,value), or JSON with --json. */
MUST_USE Status answer_tell(Cli *cli, const Answer *a, const AnswerHead *head, Error *err);

#endif
