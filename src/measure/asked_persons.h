/* Private to measure: what one question asks about the persons of its rows. */
#ifndef CAIRN_MEASURE_ASKED_PERSONS_H
#define CAIRN_MEASURE_ASKED_PERSONS_H

#include "measure/measure_parts.h"

/* Registers with db the function by which its statements know who is asked about. Free with asked_persons_free after
 * db is closed. */
MUST_USE Status asked_persons_new(Db *db, AskedPersons **out, Error *err);
void asked_persons_free(AskedPersons *a); /* NULL is fine */
/* Gives rows that were read without their persons (RowSource.asked) the quality of their links and their groups, where
 * a row does not say its own. ERR_CORRUPT: a person is in person or person_link more than once. */
MUST_USE Status asked_persons_fill(AskedPersons *a, const RowSource *source, MeasureRows *rows, Error *err);

#endif
