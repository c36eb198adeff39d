/* Private to measure: what every measure asks about a person, in memory. Read-only once made: for any number of
 * threads. */
#ifndef CAIRN_MEASURE_PERSONS_H
#define CAIRN_MEASURE_PERSONS_H

#include "measure/measure_parts.h"

typedef struct PersonLink {
    LinkSums links;
    bool strong;
} PersonLink;

/* Every person of `person` and `person_link`. Free with persons_free. */
MUST_USE Status persons_read(Db *db, const MeasureFrame *frame, Persons **out, Error *err);
void persons_free(Persons *p); /* NULL is fine */
/* The person's record, which begins with her PersonLink; NULL: unknown. *near: 0 at first, then left to the function.
 */
const void *persons_find(const Persons *p, uint64_t person, size_t *near);
/* Of a split that reads the person alone: the code, or a bit a group where they overlap. */
uint64_t persons_group(const Persons *p, const void *record, const SplitDef *split);

#endif
