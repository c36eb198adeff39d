/* What truth_check compares: a measure of the catalogue with what the synthetic state says truly happened. */
#ifndef CAIRN_TESTS_TRUTH_CHECK_H
#define CAIRN_TESTS_TRUTH_CHECK_H

#include "store/db.h"

typedef struct Comparison {
    const char *measure;
    const char *truth;      /* person, year, and of these those that are compared: counted, hit, value, category,
                               district_id, school_id; counted NULL: whoever has no value or hit is not counted */
    const char *definition; /* of employed and earnings, where the measure belongs to the family; else NULL */
} Comparison;

/* truth_k12.c */
extern const Comparison school_comparisons[];
extern const size_t school_comparison_count;
/* SQL: persons whose college no file tells of, where the measure asks for a kind of college; else NULL. */
const char *truth_school_hidden(const char *measure);
/* Tables of the truth folder's school files. */
MUST_USE Status truth_school_stage(Db *db, const char *truth, Error *err);

#endif
