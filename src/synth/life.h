/*
 * Lives: what truly happened to each person of one household. The writers turn a life into rows; the truth files are
 * written from it directly. Everything is of fixed size: a household is simulated, written and forgotten.
 */
#ifndef CAIRN_SYNTH_LIFE_H
#define CAIRN_SYNTH_LIFE_H

#include "base/base.h"
#include "synth/world.h"

#define MAX_HOUSEHOLD 10
#define MAX_NAME 48
#define MAX_SCHOOL_YEARS 24
#define MAX_SPELLS 56
#define MAX_TERMS 64
#define MAX_COURSES 320
#define MAX_QUARTERS 160
#define MAX_AWARDS 8
#define MAX_JOBS 96
#define MAX_WAGES 360
#define MAX_CREDENTIALS 8
#define MAX_WBL 24
#define MAX_SCORES 24
#define MAX_PROGRAMS 4
#define MAX_CTE 40
#define NO_INDEX UINT32_MAX

typedef enum ExitKind {
    EXIT_YEAR_END,
    EXIT_SAME_DISTRICT,
    EXIT_OTHER_DISTRICT,
    EXIT_LEFT_VERIFIED,
    EXIT_LEFT_UNVERIFIED,
    EXIT_DROPOUT,
    EXIT_SUMMER_DROPOUT, /* left between two years; told in the second */
    EXIT_GRADUATED,
    EXIT_CERTIFICATE,
    EXIT_EQUIVALENCY,
    EXIT_DIED,
    EXIT_KIND_COUNT
} ExitKind;

typedef enum Race { RACE_AMERICAN_INDIAN = 1, RACE_ASIAN = 2, RACE_BLACK = 4, RACE_PACIFIC = 8, RACE_WHITE = 16 } Race;

typedef enum SchoolProgram {
    PROGRAM_ASCENT = 1,
    PROGRAM_TREP = 2,
    PROGRAM_PTECH = 4,
    PROGRAM_EARLY_COLLEGE = 8,
    PROGRAM_CTE = 16
} SchoolProgram;

typedef enum SchoolFlag {
    FLAG_LOW_INCOME = 1,
    FLAG_REDUCED = 2,
    FLAG_ENGLISH_LEARNER = 4,
    FLAG_DISABILITY = 8,
    FLAG_MIGRANT = 16,
    FLAG_HOMELESS = 32,
    FLAG_FOSTER = 64,
    FLAG_GIFTED = 128
} SchoolFlag;

typedef enum DualKind {
    DUAL_NONE,
    DUAL_CONCURRENT,
    DUAL_ASCENT,
    DUAL_TREP,
    DUAL_PTECH,
    DUAL_EARLY_COLLEGE,
    DUAL_KIND_COUNT
} DualKind;
typedef enum Season { SEASON_SUMMER, SEASON_FALL, SEASON_SPRING, SEASON_COUNT } Season;
typedef enum Level {
    LEVEL_NONE,
    LEVEL_HIGH_SCHOOL,
    LEVEL_CERTIFICATE,
    LEVEL_ASSOCIATE,
    LEVEL_BACHELOR,
    LEVEL_MASTER,
    LEVEL_COUNT
} Level;

typedef struct Spell {
    int year;
    uint8_t grade;
    uint32_t school;
    Date entry, exit; /* DATE_NONE both for summer dropouts */
    ExitKind kind;
    bool first; /* the first record ever in the state */
    bool returned;
} Spell;

typedef struct SchoolYear {
    int year;
    uint8_t grade;
    uint8_t programs;
    uint8_t flags;
    uint32_t school; /* the last of the year */
    uint32_t first_spell, spell_count;
    ExitKind end;
    Date end_date;
    uint64_t sasid;
} SchoolYear;

typedef struct Term {
    int year; /* calendar */
    Season season;
    uint32_t college;
    uint32_t field;
    uint16_t tenths; /* credit hours * 10 */
    DualKind dual;
    uint32_t first_course, course_count;
} Term;

typedef struct Course {
    uint32_t kind;
    uint8_t section;
    bool passed;
} Course;

typedef struct Award {
    Date date;
    uint32_t college;
    uint32_t field;
    Level level;
} Award;

typedef struct Job {
    uint32_t employer;
    Quarter start;
    Quarter end;
    int64_t pay_permille;
} Job;

typedef struct Wage {
    Quarter quarter;
    uint32_t job; /* of Life.jobs */
    int64_t cents;
} Wage;

typedef struct CredentialEarned {
    uint32_t credential;
    Date date;
    int year;
    uint32_t school;
} CredentialEarned;

typedef struct Experience {
    uint8_t class_; /* 0 about, 1 through, 2 at work */
    uint8_t kind;   /* nth code of the class */
    bool completed;
    Date begin, end;
    int year;
    uint32_t school;
    uint32_t hours;
} Experience;

typedef struct Score {
    Date date;
    int year;
    uint32_t school;
    uint16_t score;
    uint8_t test; /* Test */
    uint8_t part; /* TestPart */
} Score;

typedef enum Workforce { WORKFORCE_ADULT, WORKFORCE_DISLOCATED, WORKFORCE_YOUTH, WORKFORCE_APPRENTICE } Workforce;

/* Work that the state's wage files do not show, or a life elsewhere. */
typedef enum Unseen {
    SEEN,
    UNSEEN_SELF_EMPLOYED,
    UNSEEN_FEDERAL,
    UNSEEN_OUT_OF_STATE,
    UNSEEN_MILITARY,
    UNSEEN_COUNT
} Unseen;

/* Measurable skill gains, in the order of their numbers in the federal layout. */
typedef enum Gain {
    GAIN_FUNCTIONING,
    GAIN_POSTSECONDARY,
    GAIN_SECONDARY,
    GAIN_MILESTONE,
    GAIN_SKILLS,
    GAIN_COUNT
} Gain;

typedef struct Participation {
    Workforce kind;
    Date entry, exit; /* DATE_NONE: still in */
    bool training;
    bool on_the_job; /* the training is no schooling */
    bool secondary_credential;
    Date credential;
    Date education; /* begin of schooling; DATE_NONE: none */
    Date gains[GAIN_COUNT];
    Date last_service;
    bool low_income;
} Participation;

/* Answers to the follow-up of career and technical education; in the order of the contract's codes. */
typedef enum Placement {
    PLACED_UNASKED,
    PLACED_POSTSECONDARY,
    PLACED_MILITARY,
    PLACED_SERVICE,
    PLACED_EMPLOYED,
    PLACED_NONE,
    PLACED_NOT_REACHED,
    PLACEMENT_COUNT
} Placement;

/* One programme in one year, with what was completed in it up to then. */
typedef struct CteYear {
    bool secondary;
    int year;
    uint32_t place; /* school or college */
    uint32_t field;
    uint16_t tenths; /* of Carnegie units or of credits */
    uint16_t program_tenths;
    bool completed;
    Date left; /* DATE_NONE: goes on */
    Placement placement;
} CteYear;

typedef struct Person {
    uint64_t id; /* 1-based over the whole state */
    bool student;
    char sex; /* F, M, X */
    uint8_t race;
    bool hispanic;
    bool low_income;
    uint8_t flags; /* those that last */
    Date birth;
    char first[MAX_NAME], middle[MAX_NAME], last[MAX_NAME];
    char accented[MAX_NAME];   /* surname with its accents; empty without */
    char last_after[MAX_NAME]; /* after marriage; empty: unchanged */
    Slice nickname;            /* empty: none in use */
    char suffix[4];
    Date married;
    uint64_t ssn, sasid, second_sasid; /* ssn 0: none */
    uint32_t county;
    uint32_t place;  /* of the household within its county: neighbours share it */
    uint32_t school; /* where school begins */
    int64_t ability; /* permille */
    int ayg_wanted;  /* students: the year of grade 12 without repeats */
} Person;

typedef struct Life {
    SchoolYear years[MAX_SCHOOL_YEARS];
    Spell spells[MAX_SPELLS];
    Term terms[MAX_TERMS];
    Course courses[MAX_COURSES];
    Award awards[MAX_AWARDS];
    Job jobs[MAX_JOBS];
    Wage wages[MAX_WAGES];
    CredentialEarned credentials[MAX_CREDENTIALS];
    Experience experiences[MAX_WBL];
    Score scores[MAX_SCORES];
    Participation programs[MAX_PROGRAMS];
    CteYear cte[MAX_CTE];
    uint32_t year_count, spell_count, term_count, course_count, award_count, job_count, wage_count, credential_count,
        experience_count, score_count, program_count, cte_count;
    uint32_t shown[SUBJECT_COUNT]; /* options (1 << Option) by which a subject is shown, without the district's word */
    uint32_t reported[SUBJECT_COUNT]; /* options the district may report; 0: need not */
    int ayg;                          /* 0: never seen in grade 9 or later */
    ExitKind completion;              /* EXIT_GRADUATED, EXIT_CERTIFICATE, EXIT_EQUIVALENCY; EXIT_YEAR_END: none */
    Date completion_date;
    int completion_year;
    uint32_t completion_school;
    Date left_school; /* of those who left without completing, DATE_NONE while in */
    Date died;
    Date enlisted;
    uint8_t unseen[MAX_QUARTERS]; /* Unseen, by quarter since World.first_quarter */
    uint32_t study_field;         /* NO_INDEX: none */
} Life;

typedef struct Household {
    uint32_t size;
    Person people[MAX_HOUSEHOLD];
} Household;

/* household.c: draws who lives together. limit: at most so many persons. */
void household_draw(const World *w, Rng *r, uint32_t limit, uint64_t first_id, Household *out);
/* school.c */
void school_live(const World *w, Rng *r, const Person *p, Life *life);
/* pathway.c: what is done beside school: college courses, credentials, work-based learning, enlistment. After
 * school_live. */
void pathway_live(const World *w, Rng *r, const Person *p, Life *life);
/* assess.c: what is sat for beside the courses, and how the graduation guidelines are met. After pathway_live, from a
 * random stream of its own. */
void assess_live(const World *w, Rng *r, const Person *p, Life *life);
/* college.c: after pathway_live. */
void college_live(const World *w, Rng *r, const Person *p, Life *life);
/* work.c: after college_live. */
void work_live(const World *w, Rng *r, const Person *p, Life *life);

/* training.c: after work_live; draws from a stream of the person's own. */
void training_live(const World *w, const Person *p, Life *life);

/* Product of the group factors, in permille; flags as of the year in question. */
int64_t gap_permille(const World *w, const Person *p, uint8_t flags, Outcome o);
/* Adds a term of one kind with `courses` courses; NULL when the life has no more room. */
Term *add_term(
    const World *w, Rng *r, Life *life, int year, Season season, uint32_t college, DualKind dual, uint32_t courses);
/* ppm * permille / 1000, at most 980000. */
uint32_t scaled(int64_t ppm, int64_t permille);
Date term_begin(int year, Season s);
Date term_end(int year, Season s);
/* One spell from the first day to the last, or to the diploma. */
bool in_school_all_year(const Life *life, const SchoolYear *y);
/* Highest level reached by the date. */
Level life_level(const Life *life, Date d);
/* Surname in use on a day. */
const char *surname_on(const Person *p, Date d);
Date date_of(int year, int month, int day);
/* The first day of a quarter; the last is the day before the next one begins. */
Date quarter_begin(Quarter q);
/* Five digits: the same for a household, another one after a move to another county. */
uint32_t zip_of(const World *w, const Person *p, uint32_t county);

static inline bool chance(Rng *r, int64_t ppm)
{
    return rng_ppm(r, ppm <= 0 ? 0 : ppm >= 1000000 ? 1000000 : (uint32_t)ppm);
}

#endif
