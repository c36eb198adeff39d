/*
 * A state's worth of cells for the tests of publish, made from the reference tables (real counties, districts and
 * schools) and seeded draws; nothing in it is a figure about anybody.
 */
#ifndef TESTS_PUBLISH_SAMPLE_H
#define TESTS_PUBLISH_SAMPLE_H

#include "publish/release.h"

typedef struct Sample {
    Policy *policy;
    Arena arena;
    MeasureInfos measures;
    VEC(ProtectCell) cells;
    Protected figures;
    ReleaseSource sources[3];
    ReleasePlan plan;
} Sample;

typedef struct SampleOptions {
    const char *policy_dir;
    const char *web_dir;
    uint64_t seed;
    int years;          /* up to 2025 */
    unsigned per_mille; /* of the schools' real cohorts */
} SampleOptions;

MUST_USE Status sample_make(const SampleOptions *options, Sample *out, Error *err);
void sample_free(Sample *s);
/* A signature that is no secret: for folders in tests. */
MUST_USE Status sample_sign(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err);

#endif
