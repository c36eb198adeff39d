/* What truth_check compares: a measure of the catalogue with what the synthetic state says truly happened. */
#ifndef CAIRN_TESTS_TRUTH_CHECK_H
#define CAIRN_TESTS_TRUTH_CHECK_H

#include "store/db.h"

typedef struct Comparison {
    const char *measure;
    const char
        *truth; /* person, year, and of these those that are compared: counted, hit, value, district_id, school_id */
    const char *unseen; /* persons of whose college no file tells; NULL: those without any college row */
} Comparison;

/* truth_k12.c */
extern const Comparison school_comparisons[];
extern const size_t school_comparison_count;
/* Tables of the truth folder beside outcomes.csv, as views. */
MUST_USE Status truth_school_stage(Db *db, const char *truth, Error *err);

#endif
