/* What truth_check compares: a measure of the catalogue with what the synthetic state says truly happened. */
#ifndef CAIRN_TESTS_TRUTH_CHECK_H
#define CAIRN_TESTS_TRUTH_CHECK_H

#include "store/db.h"

typedef struct Comparison {
    const char *measure;
    const char *truth; /* SQL: person, year, counted, and of these those that are compared: hit, value, category,
                          district_id, school_id */
} Comparison;

/* truth_school.c, truth_after.c */
extern const Comparison school_comparisons[], after_comparisons[];
extern const size_t school_comparison_count, after_comparison_count;
/* SQL: persons whose college no file tells of, where the measure asks for a kind of college; else NULL. */
const char *truth_school_hidden(Slice measure);
/* Tables of the truth folder's school files. */
MUST_USE Status truth_school_stage(Db *db, const char *truth, Error *err);

/* truth_work.c: the truth of a measure of employment and earnings under a published definition. NULL: nobody has
 * written down what is true of that measure, or what that definition says. */
MUST_USE Status truth_work(Slice measure, Slice definition, Arena *arena, const char **out, Error *err);
/* The measures it knows, one by one; NULL after the last. */
const char *truth_work_measure(size_t i);
/* Whether a definition asks who is at college. */
bool truth_work_asks_college(Slice definition);

/* Who is found in college in the summer or fall after completing; of a row o of outcome. */
#define AT_COLLEGE "coalesce(o.college_first_begin <= make_date(o.completion_year, 12, 31), FALSE)"

#endif
