/*
 * Measure: versioned definitions become numbers.
 *
 * policy/<state>/measures/NAME.toml (schema "cairn.measure/1", docs/measures.md)
 * holds SQL that yields one row a person; this room groups them by level and
 * split and writes cells. It reads a published generation, never the vault.
 */
#ifndef CAIRN_MEASURE_MEASURE_H
#define CAIRN_MEASURE_MEASURE_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/warehouse.h"

typedef enum MeasureKind { MEASURE_RATE, MEASURE_MEDIAN } MeasureKind;

/*
 * One published number to be, before protection. Sorted by (measure, year, level, split, unit, grp).
 *   rate: value = numerator / denominator in percent;  median: value in the measure's unit.
 */
typedef struct Cell {
    Slice measure;
    int32_t year;        /* cohort or reporting year */
    Slice level;         /* "state", "county", "district", "school" */
    Slice unit;          /* code; "CO" for the state, DISTRICT-SCHOOL for schools, OTHER for what no unit is known of */
    Slice parent;        /* unit one level up; empty for the state */
    Slice split;         /* "all", "race_ethnicity", "sex", ... */
    Slice grp;           /* "all", or a value of the split */
    int64_t denominator; /* persons in the denominator (rate) or with a value (median) */
    int64_t numerator;   /* rate only */
    double value;        /* median only: exact; NaN when nobody has a value */
    double fuzzy;        /* median only: mean of the 45th and 55th percentile (ADRF export rule) */
    int64_t covered;     /* of the denominator's base: persons the outcome's source could have seen */
    int64_t base;        /* persons the measure is about */
    int64_t strong;      /* of base: persons whose weakest link is at least the policy's strong score */
    int64_t link_pairs;  /* pairs of records that the persons of base unite, over all sources */
    int64_t link_correct, link_missed; /* of them expected to be right; and expected to be missing; in millionths */
    int64_t employers;   /* distinct employers behind a wage figure; 0 elsewhere */
    int64_t top_employer; /* persons at the largest of them */
} Cell;

typedef struct CellSet {
    Arena arena;
    Cell *cells;
    size_t count;
} CellSet;

typedef struct MeasureContext {
    Home *home;
    Policy *policy;
    const Log *log;
    ProgressMode progress;
} MeasureContext;

/* All measures of the policy over the current generation, written to home/results/gen-NNNNNN.parquet (0600). */
MUST_USE Status measure_run(const MeasureContext *ctx, uint32_t *generation, uint64_t *cells, Error *err);
/* Reads what measure_run wrote. Free with cells_free. */
MUST_USE Status cells_read(Home *home, uint32_t generation, CellSet *out, Error *err);
void cells_free(CellSet *set);

/* Expected quality of the links of the current generation by group: all persons, each split that speaks of the person
 * alone, decade of birth, sectors, and source. Text in arena; groups in order. */
typedef struct LinkGroup {
    Slice split, group;
    int64_t persons;
    double precision, recall;
} LinkGroup;
typedef VEC(LinkGroup) LinkGroups;
MUST_USE Status measure_link_quality(Home *home, Policy *policy, Arena *arena, LinkGroups *out, Error *err);

/* What a page or manifest needs to know of a definition. */
typedef struct MeasureInfo {
    const PolicyFile *file;
    Slice name, title, question, population, numerator, denominator, unit, note;
    MeasureKind kind;
} MeasureInfo;
typedef VEC(MeasureInfo) MeasureInfos;
MUST_USE Status measure_list(Policy *policy, Arena *arena, MeasureInfos *out, Error *err);
/* Runs the definition's own test vectors (small tables in, expected cells out). ERR_INVALID names vector and cell. */
MUST_USE Status measure_test(Policy *policy, Slice name, uint64_t *vectors, Error *err);

#endif
