/* Private to measure: units of the reference lists, and the groups that a place alone decides. */
#ifndef CAIRN_MEASURE_UNITS_H
#define CAIRN_MEASURE_UNITS_H

#include "measure/measure_parts.h"

#define NO_GROUP UINT64_MAX
#define DOUBLED_GROUP (UINT64_MAX - 1)

/* Where a row belongs. */
typedef struct UnitPlace {
    uint64_t path;      /* as in MeasureRows.places */
    size_t combination; /* of district and county, as in UnitNames.place_groups */
} UnitPlace;
/* NULL: the row names none. ERR_INVALID when a reference list has one of them twice. */
MUST_USE Status units_place(
    const UnitNames *u, const Slice *district, const Slice *school, const Slice *county, UnitPlace *out, Error *err);
/* Whether schools are told apart. */
bool units_have_schools(const UnitNames *u);

#endif
