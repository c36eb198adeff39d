/* Private to the answers: what is out already, and the question as tables. */
#ifndef CAIRN_CLI_ANSWER_IMPL_H
#define CAIRN_CLI_ANSWER_IMPL_H

#include "cli/answer.h"
#include "cli/asker.h"
#include "cli/told.h"
#include "publish/publish.h"

/* answer_places.c: where a place lies, as a code whose parts are parted by strokes: "001/0010/0212". */
typedef struct AnswerPlaces {
    Map parent; /* level, code -> parents */
    VEC(Slice) parents;
} AnswerPlaces;
MUST_USE Status answer_places_new(const CellSet *all, AnswerPlaces *out, Error *err);
void answer_places_free(AnswerPlaces *p);
MUST_USE Status answer_place(const AnswerPlaces *p, const Cell *c, Arena *arena, const char **out, Error *err);

/* answer_told.c: cells of today's results that the releases tell something of, and whether they are printed. */
typedef struct AnswerTold {
    const Cell *cell;
    bool printed;
} AnswerTold;
typedef VEC(AnswerTold) AnswerTolds;
/* Of the years, splits and levels of the question, coarser ones included. ERR_DENIED: a printed figure is not what
 * today's records say. */
MUST_USE Status answer_told(
    const AnswerAsk *ask, const CellSet *all, const ReleasePrinted *printed, AnswerTolds *out, Error *err);

/* Year, level, place, split and group as one text, in `key`; its status is the caller's to look at. */
Slice answer_key(Buf *key, int32_t year, Slice level, Slice unit, Slice split, Slice grp);

/* answer_lineage.c */
typedef struct AnswerHouse {
    Home *home;
    Policy *policy;
    Ledger *ledger;
} AnswerHouse;
/* ERR_DENIED: releases in force suppress figures of this measure, or of one of its lineage. own: what they print of
 * this one. */
MUST_USE Status answer_beside(
    const AnswerAsk *ask, const AnswerHouse *house, const CellSet *all, const ReleasePrinted *own, Error *err);

/* answer_people.c: the question beside everything else the asker knows. */
typedef struct AnswerPeople {
    const AnswerAsk *ask;
    Home *home;
    Ledger *ledger;
    Policy *policy;
    Arena arena;
    ToldSources sources; /* the question, answers to this asker, releases */
    OverlapLeast least;
    uint8_t *held;   /* by cell: OVERLAP_PEOPLE | OVERLAP_HITS that must not be printed */
    uint8_t *passed; /* by cell: what an earlier round printed and found safe */
    uint8_t *known;  /* by cell: what releases in force print of the very same people */
    size_t held_count;
    unsigned rounds;
    bool again; /* the last check failed because more must be held back: protect once more */
    bool apart; /* all releases at once were too much in some round: one other measure at a time */
    uint64_t patterns;
} AnswerPeople;
/* ERR_DENIED: of an earlier answer it was not kept whom it counts. Free also after a failure. */
MUST_USE Status answer_people_open(const AnswerAsk *ask, const Workplace *w, AnswerPeople *out, Error *err);
void answer_people_free(AnswerPeople *p);
/* For ProtectFileOptions.check, with an AnswerPeople. ERR_DENIED. */
MUST_USE Status answer_people_check(void *people, const ProtectJob *job, Error *err);
/* Keeps whom the answer counts, before it can be read. */
MUST_USE Status answer_people_note(AnswerPeople *p, Error *err);

/* answer_tables.c */
typedef struct AnswerSplits {
    Slice names[TABLES_MAX_DIMENSIONS];
    size_t count;
} AnswerSplits;
/* Splits of the question and of the entries of a history; texts in the arena. ERR_LIMIT. */
MUST_USE Status answer_splits(const AnswerAsk *ask, const char *history, Arena *arena, AnswerSplits *out, Error *err);
/* The group of a cell in one split: "all" where the cell is not divided so. */
Slice answer_group(const Cell *c, Slice split);
/* Whether the cells tell of employers: medians of wages do. */
bool answer_has_employers(const AnswerAsk *ask);
typedef struct AnswerTables {
    const AnswerAsk *ask;
    const AnswerSplits *splits;
    const AnswerPlaces *places;
    const AnswerTolds *told;
    const uint8_t *held; /* by cell: what must be hidden whatever the rule says; NULL: nothing */
} AnswerTables;
/* dir gets tables.toml, answer.csv; where something is out, told.csv and printed.csv; where something must be hidden,
 * held.csv and held_printed.csv. */
MUST_USE Status answer_tables(const AnswerTables *t, const char *dir, Arena *arena, Error *err);

#endif
