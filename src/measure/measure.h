/*
 * Measure: versioned definitions become numbers.
 *
 * policy/<state>/measures/NAME.toml (schema "cairn.measure/1", docs/measures.md)
 * holds SQL that yields one row a person; this room groups them by level and
 * split and writes cells. It reads a published generation, never the vault.
 *
 * What it gives is unprotected: cells of one person, pseudonyms, exact medians.
 * It stays inside the home or in files of mode 0600; what leaves goes through protect.
 */
#ifndef CAIRN_MEASURE_MEASURE_H
#define CAIRN_MEASURE_MEASURE_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/warehouse.h"

typedef enum MeasureKind {
    MEASURE_RATE,
    MEASURE_MEDIAN,
    MEASURE_COUNT,
    MEASURE_MEAN,
    MEASURE_RATIO,
    MEASURE_DISTRIBUTION,
    MEASURE_KIND_COUNT
} MeasureKind;
extern const char *const measure_kind_names[MEASURE_KIND_COUNT]; /* "rate", "median", ... */

/* Why a person has no outcome although one was asked for: never "not employed". */
typedef enum MeasureGap { GAP_NOT_FOUND, GAP_OUT_OF_COVERAGE, GAP_BLOCKED, GAP_COUNT } MeasureGap;

/*
 * One number, before protection. Sorted by (measure, year, level, split, unit, grp, category).
 *   rate: value = numerator / denominator in percent;  median, mean: value in the measure's unit;
 *   count: value = denominator;  ratio: value = total / weight;  distribution: value = numerator / denominator in
 * percent.
 */
typedef struct Cell {
    Slice measure;
    int32_t year;        /* cohort or reporting year; the last one where years are pooled */
    Slice level;         /* "state", "county", "district", "school" */
    Slice unit;          /* code; "CO" for the state, DISTRICT-SCHOOL for schools, OTHER for what no unit is known of */
    Slice parent;        /* unit one level up; empty for the state */
    Slice split;         /* "all", "race_ethnicity", "sex", ...; crossed: names joined by commas */
    Slice grp;           /* "all", or a value of the split; crossed: values joined by commas */
    int64_t denominator; /* persons in the denominator (rate) or with a value (median) */
    int64_t numerator;   /* rate: persons hit; distribution: persons of the category */
    double value;        /* as above; NaN when nobody is counted */
    double fuzzy;        /* median only: mean of the 45th and 55th percentile (ADRF export rule) */
    int64_t covered;     /* of the denominator's base: persons the outcome's source could have seen */
    int64_t base;        /* persons the measure is about */
    int64_t strong;      /* of base: persons whose weakest link is at least the policy's strong score */
    int64_t link_pairs;  /* pairs of records that the persons of base unite, over all sources */
    int64_t link_correct, link_missed; /* of them expected to be right; and expected to be missing; in millionths */
    int64_t employers;                 /* distinct employers behind a wage figure; 0 elsewhere */
    int64_t top_employer;              /* persons at the largest of them */
    Slice kind;                        /* "rate", "median", "count", "mean", "ratio", "distribution" */
    Slice category;                    /* distribution: which; empty elsewhere */
    double p25, p75;                   /* median only; NaN elsewhere */
    int64_t total, weight;             /* mean, ratio: sums, in hundredths */
    int64_t excluded;                  /* persons left out altogether, for declared reasons; not in base */
    int64_t gaps[GAP_COUNT];           /* of base, by MeasureGap */
    int64_t small;                     /* 1: denominator below the definition's minimum_n */
    int64_t additive;                  /* 1: the groups of this split add up to all */
    Slice pooled;                      /* what was put together for this figure ("2022-2024"); empty: nothing */
} Cell;

typedef struct CellSet {
    Arena arena;
    Cell *cells;
    size_t count;
} CellSet;

/* Persons left out, by declared reason. Sorted as cells are, then by reason. */
typedef struct ExclusionCell {
    Slice measure;
    int32_t year;
    Slice level, unit, split, grp, reason;
    int64_t persons;
} ExclusionCell;
typedef struct ExclusionSet {
    Arena arena;
    ExclusionCell *cells;
    size_t count;
} ExclusionSet;

typedef struct MeasureContext {
    Home *home;
    Policy *policy;
    const Log *log;
    ProgressMode progress;
} MeasureContext;

/* All measures of the policy over the current generation, each under its own definition, written to
 * home/results/gen-NNNNNN.parquet and gen-NNNNNN.exclusions.parquet (0600). The bytes do not depend on the number of
 * threads. */
MUST_USE Status measure_run(const MeasureContext *ctx, uint32_t *generation, uint64_t *cells, Error *err);
/* Reads what measure_run wrote of the measures named: the figures whose groups add up, of rates and medians, as
 * protection takes them. Free with cells_free. ERR_NOT_FOUND when the generation has not been measured. */
MUST_USE Status cells_read(
    Home *home, uint32_t generation, const Slice *measures, size_t measure_count, CellSet *out, Error *err);
/* The same of all measures, with every kind and every split. */
MUST_USE Status cells_read_all(Home *home, uint32_t generation, CellSet *out, Error *err);
void cells_free(CellSet *set);
/* Names near a mistyped one: the nearest that were offered, of equally near ones the first by name. */
enum { NEAR_NAMES = 4 };
typedef struct NearNames {
    Slice name[NEAR_NAMES];
    size_t distance[NEAR_NAMES];
    size_t count;
} NearNames;
/* Names more than two letters away are not taken. Borrowed. */
void near_offer(NearNames *near, Slice asked, Slice name);
void near_list(const NearNames *near, Buf *out); /* with commas between */
/* The hint of an error about a measure or outcome definition that there is not: the policy's names near it, or how to
 * have them all. */
void measure_hint_names(Policy *policy, Slice asked, Error *err);
/* The hint of an error about a unit that has no figures: that it is none of the level's in the set, with those whose
 * codes are near (at most two letters away), or that it has other figures. */
void cells_hint_units(const CellSet *set, Slice level, Slice code, Error *err);
MUST_USE Status exclusions_read(Home *home, uint32_t generation, ExclusionSet *out, Error *err);
void exclusions_free(ExclusionSet *set);

/* --- one question at a time --- */

typedef struct MeasurePool {
    int64_t years;   /* so many years together, counted back from the latest; 0 or 1: none */
    bool small_only; /* only figures below minimum_n are pooled: over up to `years` years that end with their own */
    bool units;      /* units below minimum_n are put together with their siblings, until they are not */
    int64_t minimum; /* in place of the definition's minimum_n; 0: that one */
} MeasurePool;

/* A reason to leave a person out altogether, or a clause of a rule. */
typedef struct MeasureReason {
    Slice code, text;
} MeasureReason;

/* A definition that stands in no file of its own: what others make a question of (cohorts). It says what a file of
 * schema cairn.measure/1 says; texts and lists are the caller's and outlive the question. */
typedef struct MeasureOwn {
    const PolicyFile *file; /* its dates say for which years it answers, its path is named in errors */
    MeasureKind kind;
    Slice level; /* the finest */
    Slice sql;   /* no parameters left */
    const Slice *needs, *splits;
    size_t need_count, split_count;
    const MeasureReason *reasons;
    size_t reason_count;
    int64_t minimum_n;
    Slice family, definition; /* empty: the SQL says everything itself */
} MeasureOwn;

typedef struct MeasureBy {
    Slice names[3]; /* splits to cross; count 0: everybody together */
    size_t count;
} MeasureBy;

typedef struct MeasureQuery {
    Slice name;
    const MeasureOwn *own; /* in place of the policy's measure of the name: its versions; NULL: that one */
    size_t own_count;
    Slice definition; /* of the measure's family; empty: the measure's default */
    Slice by[3];      /* splits to cross; by_count 0: everybody together */
    size_t by_count;
    const MeasureBy *each; /* in place of `by`: figures for each, one after the other, from one reading of the rows */
    size_t each_count;
    Slice level;                /* empty: "state" */
    int32_t year_from, year_to; /* 0: no limit */
    MeasurePool pool;
    Date as_known_on; /* DATE_NONE: as known now. Else the last generation whose build had begun by the end of that day:
                       * its loads, links and policy; where the home has not kept that policy, which is a warning on the
                       * log, today's without what is dated after the day. What a mapping took from a list is by the
                       * newest build's list, with a warning where that differs. ERR_NOT_FOUND: nothing had been built
                       */
} MeasureQuery;

#define MEASURE_QUERY_INIT \
    { \
        .as_known_on = DATE_NONE \
    }

/* Figures of one measure over the current generation. ERR_NOT_FOUND: no such measure or definition; ERR_INVALID: a
 * split or level that the measure or splits.toml does not have, or pooling by minimum without a minimum. */
MUST_USE Status measure_query(
    const MeasureContext *ctx, const MeasureQuery *query, CellSet *out, uint32_t *generation, Error *err);

/* One person in a measure, under the pseudonym of the warehouse. */
typedef struct MeasurePerson {
    uint64_t person;
    int32_t year;
    Slice county, district, school; /* codes; OTHER */
    Slice status;                   /* excluded, uncounted, missed, hit; counted where there is nothing to hit */
    Slice reason;                   /* excluded: the declared reason; else the clause of the outcome definition */
    Slice gap;
    bool has_value;
    int64_t value; /* hundredths */
} MeasurePerson;
typedef struct MeasurePersons {
    Arena arena;
    MeasurePerson *at; /* sorted by year, county, district, school, person */
    size_t count;
} MeasurePersons;
/* Who is `who`: excluded, uncounted, missed, hit, counted, not_found, out_of_coverage or blocked. by and pool of the
 * query are not looked at. Free with measure_persons_free. */
MUST_USE Status measure_who(
    const MeasureContext *ctx, const MeasureQuery *query, Slice who, MeasurePersons *out, Error *err);
void measure_persons_free(MeasurePersons *set);

/* Whom the denominators of a question count, with what its figures divide them by: for those who must know which
 * figures count the same people. Columns of `count` entries, one a counted person and year, in order of year, person
 * and place. */
typedef struct MeasurePlace {
    Slice county, district, school; /* unit codes as in Cell; empty: finer than the question's level */
} MeasurePlace;
typedef struct MeasureMembers {
    Arena arena;
    Slice *splits; /* of all crossings of the query, each once; those whose groups overlap are left out */
    size_t split_count;
    Slice **groups; /* by split, then by code */
    MeasurePlace *places;
    size_t place_count;
    size_t count;
    uint64_t *person;
    int32_t *year;
    uint32_t *place; /* number in places */
    uint8_t *hit;    /* 1: has the outcome of a rate */
    uint8_t **code;  /* by split: number in its groups */
} MeasureMembers;
/* Pooling is not looked at. Errors as of measure_query. Free with measure_members_free, also after a failure. */
MUST_USE Status measure_members(const MeasureContext *ctx, const MeasureQuery *query, MeasureMembers *out, Error *err);
void measure_members_free(MeasureMembers *set);

/* Two definitions beside each other. */
typedef struct CompareRow { /* persons whom the two judge alike */
    int32_t year;
    Slice status_a, status_b; /* as in MeasurePerson, or "absent" */
    Slice clause_a, clause_b; /* reason or clause */
    int64_t persons;
    int64_t other_value; /* of them with another value under b */
} CompareRow;
typedef struct MeasureComparison {
    Arena arena;
    Cell *a, *b; /* one a year, of the state */
    size_t a_count, b_count;
    CompareRow *rows; /* sorted by year, statuses, clauses */
    size_t row_count;
} MeasureComparison;
/* Years, as_known_on of `a` hold for both. Free with measure_comparison_free. */
MUST_USE Status measure_compare(
    const MeasureContext *ctx, const MeasureQuery *a, const MeasureQuery *b, MeasureComparison *out, Error *err);
void measure_comparison_free(MeasureComparison *c);

/* The state's own figures beside ours (published.toml). */
typedef struct PublishedRow {
    Slice source; /* where it was published */
    int32_t year;
    Slice level, unit, split, grp;
    int64_t persons;      /* -1: not published, or masked */
    double value;         /* NaN: not published, or masked */
    int64_t ours_persons; /* -1: we have no such figure */
    double ours_value;
} PublishedRow;
typedef struct MeasurePublished {
    Arena arena;
    PublishedRow *rows; /* by source, year, level, unit, split, group */
    size_t count;
} MeasurePublished;
/* ERR_NOT_FOUND: nothing is published of the measure, or the public files are not in the home. Free with
 * measure_published_free. */
MUST_USE Status measure_published(const MeasureContext *ctx, Slice name, MeasurePublished *out, Error *err);
void measure_published_free(MeasurePublished *p);

/* Everything a definition says, and what the engine makes of it, for readers; appended to out. */
MUST_USE Status measure_explain(Policy *policy, Slice name, Slice definition, Buf *out, Error *err);

/* --- cells in other forms --- */

typedef enum CellFormat { CELLS_CSV, CELLS_JSON, CELLS_TABLE, CELLS_PARQUET } CellFormat;
/* Appends cells as CSV, JSON (an array of objects) or a table for a terminal; numbers are the same text in all. */
MUST_USE Status cells_print(const Cell *cells, size_t count, CellFormat format, Buf *out, Error *err);
/* To a Parquet file of mode 0600. */
MUST_USE Status cells_to_parquet(const Cell *cells, size_t count, const char *path, Error *err);

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
    Slice family, definition; /* empty: none */
    int64_t minimum_n;        /* 0: none */
} MeasureInfo;
typedef VEC(MeasureInfo) MeasureInfos;
MUST_USE Status measure_list(Policy *policy, Arena *arena, MeasureInfos *out, Error *err);
/* The newest version of one. ERR_NOT_FOUND: nothing is called so; the hint has the names that are like it. */
MUST_USE Status measure_info(Policy *policy, Slice name, Arena *arena, MeasureInfo *out, Error *err);
/* A measure, all its versions, passed so many vectors. */
typedef void (*MeasureTestedFn)(void *ctx, Slice name, uint64_t vectors);
/* Runs the definition's own test vectors (small tables in, expected cells out), and tells each measure that passed, by
 * name. name empty: all measures, in a fraction of the time of one after the other; of a name that is none nothing is
 * told. ERR_INVALID names vector and cell. */
MUST_USE Status measure_test(Policy *policy, Slice name, MeasureTestedFn tested, void *ctx, Error *err);

/* Makes the definition that a vector's `script` asks for; texts in arena. */
typedef Status (*MeasureOwnFn)(void *ctx, Slice script, uint32_t line, Arena *arena, MeasureOwn *out, Error *err);
/* Runs the test vectors of a file whose definitions are made from each vector's script. */
MUST_USE Status measure_test_own(
    Policy *policy, const PolicyFile *file, MeasureOwnFn make, void *ctx, uint64_t *vectors, Error *err);

/* Published rules of a family, e.g. of "employed". */
typedef struct DefinitionInfo {
    const PolicyFile *file;
    Slice name, family, unit, employed, earnings;
} DefinitionInfo;
typedef VEC(DefinitionInfo) DefinitionInfos;
MUST_USE Status definition_list(Policy *policy, Arena *arena, DefinitionInfos *out, Error *err);
/* ERR_NOT_FOUND for a name that is none. name empty: all. */
MUST_USE Status definition_test(Policy *policy, Slice name, uint64_t *vectors, Error *err);

#endif
