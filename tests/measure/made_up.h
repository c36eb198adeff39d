/* A generation of made-up people: school, college, work, two loads of which one corrects the other. */
#ifndef TESTS_MEASURE_MADE_UP_H
#define TESTS_MEASURE_MADE_UP_H

#include "policy/policy.h"
#include "store/db.h"

/* Tables, facts and derived tables of the policy into an empty database. */
MUST_USE Status made_up_fill(Policy *policy, Db *db, Error *err);

#endif
