/* Tables for the tests of protect: made by hand or at random, always adding up. */
#ifndef TESTS_PROTECT_TABLES_H
#define TESTS_PROTECT_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "protect/protect.h"

#define TABLES_DAY 20000 /* a day on which the rule is in force: 2024-10-04 */

typedef struct Tables {
    Arena arena;
    VEC(ProtectCell) cells;
} Tables;

/* A random hierarchy: counties, districts, schools with heavy-tailed sizes; three tables of one lineage, in three
 * tiers, each counting those with the outcome of the one before, the last a median; splits of two, three and six
 * groups. Some units and groups are empty. */
void tables_random(Tables *t, uint64_t seed);
/* One table with `count` counties of the given sizes and numerators. */
void tables_counties(Tables *t, const int64_t *n, const int64_t *k, size_t count);
void tables_free(Tables *t);
Policy *tables_policy(void);
void tables_assert(Status st, const Error *err);

#endif
