/*
 * Files: the plan of all output files of a run, and the sinks that rows go to.
 *
 * A Sink belongs to one partition and is filled by one thread: a buffer per file, and for each row who it is of. After
 * a wave of partitions the buffers are appended to the files in the order of the partitions, so the bytes do not depend
 * on who rendered what; only then are the row numbers known that truth/records.csv tells.
 */
#ifndef CAIRN_SYNTH_FILES_H
#define CAIRN_SYNTH_FILES_H

#include "base/base.h"
#include "synth/layout.h"
#include "synth/life.h"

#define MAX_PLAN_YEARS 40
#define MAX_FILES 1000
#define NO_FILE UINT32_MAX

typedef enum EdfiKind { EDFI_STUDENT, EDFI_EDORG, EDFI_ENROLLMENT, EDFI_PROGRAM, EDFI_KINDS } EdfiKind;

typedef enum LayoutId {
    LAYOUT_DEMOGRAPHIC,
    LAYOUT_DEMOGRAPHIC_FIXED,
    LAYOUT_ASSOCIATION,
    LAYOUT_ASSOCIATION_FIXED,
    LAYOUT_END_OF_YEAR,
    LAYOUT_IRC,
    LAYOUT_WBL,
    LAYOUT_ASSESSMENT,
    LAYOUT_SURDS_ENROLLMENT,
    LAYOUT_SURDS_DEGREE,
    LAYOUT_SURDS_COURSE,
    LAYOUT_NSC,
    LAYOUT_NSC_HS,
    LAYOUT_ICESA,
    LAYOUT_EFW2,
    LAYOUT_WAGE_CSV,
    LAYOUT_EMPLOYER,
    LAYOUT_PIRL,
    LAYOUT_CTE_SCHOOL,
    LAYOUT_CTE_COLLEGE,
    LAYOUT_NSC_BLOCK,
    LAYOUT_COUNT
} LayoutId;

typedef struct OutFile {
    const char *source;
    const char *name;
    const char *folder, *path;
    const Layout *layout; /* NULL for Ed-Fi */
    EdfiKind edfi;
    bool has_wage_head; /* a transmitter record stands before the first row; it is no row */
    uint64_t rows;
    uint64_t planted; /* of them damaged copies */
    uint64_t bytes;
    FileWriter *writer;
} OutFile;

typedef struct Plan {
    Layout layouts[LAYOUT_COUNT];
    OutFile files[MAX_FILES];
    uint32_t file_count;
    int base_year; /* index 0 of the arrays below */
    uint32_t demographic[MAX_PLAN_YEARS], association[MAX_PLAN_YEARS], end_of_year[MAX_PLAN_YEARS], irc[MAX_PLAN_YEARS],
        wbl[MAX_PLAN_YEARS], assessment[MAX_PLAN_YEARS], degree[MAX_PLAN_YEARS], nsc_hs[MAX_PLAN_YEARS],
        pirl[MAX_PLAN_YEARS], cte_school[MAX_PLAN_YEARS], cte_college[MAX_PLAN_YEARS], nsc_block[MAX_PLAN_YEARS];
    uint32_t enrollment[MAX_PLAN_YEARS][SEASON_COUNT], course[MAX_PLAN_YEARS][SEASON_COUNT];
    uint32_t nsc;
    Date nsc_date; /* search date of the college layout */
    uint32_t wage[MAX_QUARTERS];
    uint32_t employer[MAX_QUARTERS];
    uint32_t edfi[MAX_LISTED][EDFI_KINDS]; /* by place in Params.edfi_districts */
} Plan;

/* clang-format off */
/* Columns as the writers number them; layout_bind maps them to each contract's fields. */
enum K12Column {
    K12_DISTRICT, K12_LASID, K12_SASID, K12_LAST, K12_FIRST, K12_MIDDLE, K12_SUFFIX, K12_BIRTH, K12_GENDER,
    K12_ETHNICITY, K12_AMERICAN_INDIAN, K12_ASIAN, K12_BLACK, K12_WHITE, K12_PACIFIC, K12_SCHOOL, K12_GRADE,
    K12_LUNCH, K12_LANGUAGE, K12_SPECIAL, K12_MIGRANT, K12_HOMELESS, K12_FOSTER, K12_GIFTED, K12_ZIP, K12_ENTRY_DATE,
    K12_ENTRY_TYPE, K12_EXIT_DATE, K12_EXIT_TYPE, K12_COMPLETION, K12_COMPLETION_DATE, K12_ENGLISH, K12_MATH,
    K12_ENLISTED, K12_ASCENT, K12_TREP, K12_PTECH, K12_EARLY_COLLEGE, K12_CTE, K12_CREDENTIAL, K12_AWARD_DATE,
    K12_WBL_TYPE, K12_BEGIN, K12_END, K12_HOURS, K12_COMPLETED, K12_ASSESSMENT, K12_PART, K12_SCORE, K12_TEST_DATE
};
enum SurdsColumn {
    SURDS_TYPE, SURDS_INSTITUTION, SURDS_TERM, SURDS_YEAR, SURDS_STUDENT, SURDS_GENDER, SURDS_BIRTH, SURDS_LEVEL,
    SURDS_TUITION, SURDS_PROGRAM, SURDS_SEQUENCE, SURDS_REGISTRATION, SURDS_STATE, SURDS_COUNTY, SURDS_HS_YEAR,
    SURDS_HOURS_STATE, SURDS_HOURS_CASH, SURDS_HOURS_OTHER, SURDS_HS_CODE, SURDS_SASID, SURDS_LAST, SURDS_FIRST,
    SURDS_MIDDLE, SURDS_AWARD_LEVEL, SURDS_AWARD_DATE, SURDS_AWARD_TITLE, SURDS_PREFIX, SURDS_NUMBER, SURDS_SECTION,
    SURDS_ATTEMPTED, SURDS_EARNED, SURDS_GRADE, SURDS_DUAL, SURDS_HS_DISTRICT, SURDS_HS_SCHOOL
};
enum NscColumn {
    NSC_KEY, NSC_FIRST, NSC_MIDDLE, NSC_LAST, NSC_SUFFIX, NSC_RETURN, NSC_FOUND, NSC_SEARCH, NSC_HS_CODE,
    NSC_HS_DATE, NSC_COLLEGE, NSC_NAME, NSC_STATE, NSC_LEVEL, NSC_CONTROL, NSC_BEGIN, NSC_END, NSC_STATUS, NSC_CLASS,
    NSC_CIP, NSC_GRADUATED, NSC_GRADUATION, NSC_TITLE, NSC_DEGREE_CIP, NSC_SEQUENCE
};
enum WageColumn {
    WAGE_SSN, WAGE_LAST, WAGE_FIRST, WAGE_MIDDLE, WAGE_SUFFIX, WAGE_STATE, WAGE_WAGES, WAGE_TOTAL, WAGE_TAXABLE,
    WAGE_ACCOUNT, WAGE_QUARTER, WAGE_NAICS
};
enum EmployerColumn { EMPLOYER_ACCOUNT, EMPLOYER_QUARTER, EMPLOYER_NAICS, EMPLOYER_COUNTY, EMPLOYER_OWNERSHIP };
enum PirlColumn {
    PIRL_ID, PIRL_SSN, PIRL_LAST, PIRL_FIRST, PIRL_STATE, PIRL_COUNTY, PIRL_ZIP, PIRL_BIRTH, PIRL_SEX, PIRL_DISABILITY,
    PIRL_HISPANIC, PIRL_AMERICAN_INDIAN, PIRL_ASIAN, PIRL_BLACK, PIRL_PACIFIC, PIRL_WHITE, PIRL_LOW_INCOME,
    PIRL_ENGLISH, PIRL_ENTRY, PIRL_EXIT, PIRL_ADULT, PIRL_DISLOCATED, PIRL_YOUTH, PIRL_WAGNER, PIRL_APPRENTICE,
    PIRL_REASON, PIRL_TRAINING, PIRL_CREDENTIAL, PIRL_CREDENTIAL_DATE, PIRL_TRAINING_TYPE, PIRL_GAIN, PIRL_GAIN_2,
    PIRL_GAIN_3, PIRL_GAIN_4, PIRL_GAIN_5, PIRL_EDUCATION, PIRL_LAST_SERVICE, PIRL_PLANNED
};
enum CteColumn {
    CTE_DISTRICT, CTE_LASID, CTE_SASID, CTE_INSTITUTION, CTE_STUDENT, CTE_SSN, CTE_LAST, CTE_FIRST, CTE_BIRTH, CTE_SEX,
    CTE_SCHOOL, CTE_CIP, CTE_UNITS, CTE_CREDITS, CTE_PROGRAM_CREDITS, CTE_COMPLETED, CTE_LEFT, CTE_PLACEMENT
};
/* clang-format on */

/* Reads the contracts and lists the files; nothing is opened yet. */
MUST_USE Status plan_make(World *w, const SynthOptions *o, Plan *out, Error *err);
/* Makes the folders, opens every file and writes its head. On failure plan_close still frees what was opened. */
MUST_USE Status plan_open(Plan *p, Error *err);
/* Writes the tails and closes; files without rows are removed. abandon: after a failure. */
typedef enum PlanEnd { PLAN_KEEP, PLAN_ABANDON } PlanEnd;
MUST_USE Status plan_close(Plan *p, PlanEnd end, SynthReport *report, Error *err);

static inline uint32_t plan_year(const Plan *p, const uint32_t *files, int year)
{
    int i = year - p->base_year;
    return i < 0 || i >= MAX_PLAN_YEARS ? NO_FILE : files[i];
}

typedef struct RowRef {
    uint32_t file;
    uint32_t row; /* within the partition's part of the file, from 1 */
    uint32_t person;
    uint32_t planted; /* PlantedKind, 0: an honest row */
} RowRef;

typedef enum PlantedKind { PLANTED_NONE, PLANTED_DUPLICATE, PLANTED_DATE, PLANTED_CODE } PlantedKind;

/* Where a damaged copy stands: its place among the refs, and in its file's buffer. */
typedef struct PlantedBytes {
    size_t ref, at, len;
} PlantedBytes;

/* What may be damaged in a row of some file; -1: nothing of the kind. */
typedef struct Weakness {
    int date, code;
    bool duplicate; /* the contract's key catches it */
} Weakness;

typedef struct Sink {
    const World *w;
    const Plan *plan;
    Rng errors;
    Buf *files; /* plan->file_count */
    uint32_t *rows;
    VEC(RowRef) refs;
    VEC(PlantedBytes) copies; /* in order of refs */
    Buf people, outcomes, schooling, school_years, college, training, work;
    Buf records, planted;  /* rendered once the row numbers are known */
    uint64_t first_person; /* RowRef.person counts from here */
    Status status;
    Error error;
} Sink;

MUST_USE Status sink_init(Sink *s, const World *w, const Plan *plan, Error *err);
void sink_reset(Sink *s);
void sink_free(Sink *s);
/* One honest row and, now and then, a damaged copy behind it. NO_FILE is passed over. */
void sink_row(Sink *s, uint32_t file, Row *row, uint64_t person, Weakness weak);
/* For rows already in the file's buffer (XML). */
void sink_count(Sink *s, uint32_t file, uint64_t person);
MUST_USE Status sink_status(const Sink *s, Error *err);
/* Takes out of a wave's sinks, whose rows p does not count yet, the damaged copies that a file may not have
 * (synth_planted.c), and counts those that stay. */
void planted_thin(Plan *p, Sink *sinks, size_t wave);

#endif
