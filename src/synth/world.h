/*
 * World: everything of the synthetic state that does not depend on a person: names, districts, schools, counties,
 * colleges, credentials, employers. Made once before the run, read-only afterwards, so threads share it freely.
 */
#ifndef CAIRN_SYNTH_WORLD_H
#define CAIRN_SYNTH_WORLD_H

#include "base/base.h"
#include "synth/synth.h"
#include "synth/synth_params.h"

typedef enum NameTilt { TILT_GENERAL, TILT_HISPANIC, TILT_ASIAN, TILT_COUNT } NameTilt;

typedef struct NameList {
    Slice *plain;                     /* title case */
    Slice *accented;                  /* empty where the spelling has no accent */
    uint64_t *cumulative[TILT_COUNT]; /* general: all names by count; others: the names of that tilt only */
    uint32_t *index[TILT_COUNT];
    uint32_t count[TILT_COUNT];
    uint32_t *nick_first; /* of each name: first entry in World.nicknames, and how many */
    uint32_t *nick_count;
    uint32_t total;
} NameList;

typedef struct County {
    Slice fips;
    uint64_t weight; /* pupils of a class */
} County;

/* Of districts that belong to the whole state: their pupils live anywhere. */
#define NO_COUNTY UINT32_MAX

typedef struct School {
    Slice code;
    uint32_t district;
    int64_t leaving_permille;
} School;

typedef struct District {
    Slice code;
    uint32_t county;
    uint32_t first_school, school_count; /* schools are sorted by district */
    int64_t hispanic_ppm, low_income_ppm;
    bool rural;
    bool edfi; /* sends Ed-Fi instead of the state's file in the Ed-Fi year */
} District;

typedef struct College {
    Slice state_code; /* unit records' institution code; empty where the college sends none */
    Slice branch;     /* OPEID, dash, branch, as the clearinghouse writes it */
    Slice name;
    Slice state;
    Slice level;   /* 4-year, 2-year, less */
    Slice control; /* public, private */
    bool two_year; /* or less */
    uint64_t weight;
} College;

typedef struct Employer {
    char account[11]; /* ten digits and a NUL */
    uint32_t sector;
    uint32_t county;
    Quarter first, last; /* of its life */
    uint64_t weight;
    int64_t wage_permille;
} Employer;

/* Employers of one county, or of the whole state, to draw a job from. */
typedef struct Market {
    uint32_t *employer;
    uint64_t *adult; /* cumulative weights */
    uint64_t *young;
    uint32_t count;
} Market;

/* Assessments and their parts, as reference/guideline_menu.csv and the contract name them (menu.c). */
typedef enum Test {
    TEST_SAT,
    TEST_ACT,
    TEST_AP,
    TEST_IB,
    TEST_ASVAB,
    TEST_ACCUPLACER_CLASSIC,
    TEST_ACCUPLACER,
    TEST_WORKKEYS,
    TEST_COUNT
} Test;

typedef enum TestPart {
    PART_EBRW,
    PART_MATH,
    PART_ENGLISH,
    PART_READING,
    PART_WRITING,
    PART_SCIENCE,
    PART_COMPUTER_SCIENCE,
    PART_OTHER,
    PART_AFQT,
    PART_SENTENCE_SKILLS,
    PART_ALGEBRA,
    PART_ARITHMETIC,
    PART_QUANTITATIVE,
    PART_CERTIFICATE,
    PART_COUNT
} TestPart;

/* Ways to show a subject for the graduation guidelines. */
typedef enum Option {
    OPTION_ACCUPLACER,
    OPTION_ACT,
    OPTION_SAT,
    OPTION_ASVAB,
    OPTION_AP,
    OPTION_IB,
    OPTION_CONCURRENT,
    OPTION_CAPSTONE,
    OPTION_CREDENTIAL,
    OPTION_COLLABORATIVE,
    OPTION_WORKKEYS,
    OPTION_COUNT
} Option;

/* A line of the guidelines' menu. */
typedef struct Minimum {
    Option option;
    Test test;
    TestPart part;
    Subject subject;
    int64_t score;
    Date from, to; /* of the graduation; to is DATE_NONE while it is in force */
} Minimum;

typedef struct Credential {
    Slice id;
    Date from, to; /* on the state's list; to is DATE_NONE while it is */
} Credential;

typedef struct World {
    Params p;
    Arena arena;
    uint64_t seed;
    int first_year, last_year; /* school years, named by their end */
    int first_grade;
    Quarter first_quarter, last_quarter;
    int64_t growth[64]; /* wage level by year since first_year, permille of the base year's */
    NameList surnames;
    NameList first_names[2]; /* 0 female, 1 male */
    Slice *nicknames;
    County *counties;
    uint32_t county_count;
    District *districts;
    uint32_t district_count;
    School *schools;
    uint64_t *school_cumulative;
    uint32_t school_count;
    College *colleges;
    uint32_t college_count;
    /* draws of a college: [0] unit-record two-year, [1] unit-record four-year, [2] other in the state, [3] away */
    uint32_t *college_index[4];
    uint64_t *college_cumulative[4];
    uint32_t college_pool[4];
    Credential *credentials;
    uint32_t credential_count;
    Minimum *menu;
    uint32_t menu_count;
    Employer *employers;
    uint32_t employer_count;
    Market *markets; /* one a county, the last the state's */
} World;

/* *out zeroed before. Its texts live in its arena: world_free also after a failure. */
MUST_USE Status world_make(const SynthOptions *options, World *out, Error *err);
void world_free(World *w);

/* synth_names.c */
MUST_USE Status names_read(World *w, const char *dir, Error *err);
Slice name_draw(const NameList *list, NameTilt tilt, Rng *r, uint32_t *index);
/* places.c */
MUST_USE Status places_read(World *w, const char *policy_dir, Error *err);
/* menu.c */
extern const char *const test_names[TEST_COUNT];
extern const char *const part_names[PART_COUNT];
extern const char *const option_names[OPTION_COUNT];
MUST_USE Status menu_read(World *w, const char *policy_dir, Error *err);
/* institutions.c */
MUST_USE Status institutions_read(World *w, const char *policy_dir, Error *err);
/* employers.c */
MUST_USE Status employers_make(World *w, uint64_t people, Error *err);

/* A table of the policy folder with all its columns found by name. */
typedef struct PolicyTable {
    CsvTable csv;
    const char *path;
} PolicyTable;
MUST_USE Status policy_table(World *w, const char *dir, const char *file, PolicyTable *out, Error *err);
MUST_USE Status policy_column(const PolicyTable *t, const char *name, size_t *out, Error *err);
static inline Slice policy_cell(const PolicyTable *t, size_t row, size_t column)
{
    return t->csv.cells[row * t->csv.columns + column];
}
MUST_USE Status policy_number(const PolicyTable *t, size_t row, size_t column, int64_t *out, Error *err);

#endif
