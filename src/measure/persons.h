/*
 * The persons behind a cell: what a measure's definition says of each, for those who may look (an explanation of a
 * rating, an inequality of earnings). Pseudonyms only; unprotected; never released.
 */
#ifndef CAIRN_MEASURE_PERSONS_H
#define CAIRN_MEASURE_PERSONS_H

#include "measure/measure.h"

typedef struct MeasurePerson {
    uint64_t person; /* pseudonym */
    Slice unit;      /* of the level asked for */
    Slice grp;       /* of the split asked for; "all" */
    Slice reason;    /* left out altogether; empty: not */
    bool counted, hit, covered, has_value;
    int64_t cents; /* of value */
} MeasurePerson;
typedef VEC(MeasurePerson) MeasurePersons;

typedef struct PersonsQuery {
    Slice measure, level;
    Slice unit;  /* empty: all */
    Slice split; /* empty: all */
    int32_t year;
} PersonsQuery;

/* In order of unit, then pseudonym. Text in arena. ERR_NOT_FOUND: no such measure, split, or version for the year. */
MUST_USE Status measure_persons(
    Db *db, Policy *policy, const PersonsQuery *query, Arena *arena, MeasurePersons *out, Error *err);

#endif
