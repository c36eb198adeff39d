/* A generation of made-up facts, for bench_measure. */
#ifndef CAIRN_BENCH_MEASURE_FACTS_H
#define CAIRN_BENCH_MEASURE_FACTS_H

#include "policy/policy.h"
#include "store/home.h"

/* Builds and publishes a generation of so many people: facts made by SQL, derived tables by the build's own code. */
MUST_USE Status measure_facts_build(Home *home, Policy *policy, const char *people, Error *err);

#endif
