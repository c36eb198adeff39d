/*
 * The values behind a figure, for what cells cannot say (an inequality of earnings, the interval of a median). Who has
 * which value is not told. Unprotected; never released.
 */
#ifndef CAIRN_MEASURE_VALUES_H
#define CAIRN_MEASURE_VALUES_H

#include "measure/measure.h"

typedef struct MeasureValue {
    Slice unit, grp; /* of the query's level and split; "all" */
    int64_t value;   /* hundredths */
} MeasureValue;
typedef struct MeasureValues {
    Arena arena;
    MeasureValue *at; /* sorted by unit, group, value */
    size_t count;
} MeasureValues;

/* Of all persons counted with a value in year_from to year_to. The query has at most one split; where its groups
 * overlap, a value stands once in each. pool is not looked at. Errors as measure_query. Free with measure_values_free.
 */
MUST_USE Status measure_values(const MeasureContext *ctx, const MeasureQuery *query, MeasureValues *out, Error *err);
void measure_values_free(MeasureValues *v);

#endif
