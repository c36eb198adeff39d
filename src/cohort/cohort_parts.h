/*
 * Private to cohort: blocks and scripts as read.
 *
 *   blocks   policy/<state>/cohorts/ to structs, and which are in force when        blocks_read.c, block_sets.c
 *   words    a script's bytes to lines of words                                     words.c
 *   phrase   a line's words against the phrases of the blocks                       phrase.c
 *   script   lines to a plan                                                        script.c
 *   lists    codes of a plan against the policy's reference lists                   code_lists.c
 *   compile  a plan to SQL                                                          fill.c, compile.c
 */
#ifndef CAIRN_COHORT_PARTS_H
#define CAIRN_COHORT_PARTS_H

#include "cohort/cohort.h"

enum {
    LINES_MAX = 100,
    WORDS_MAX = 64,
    WORD_MAX = 64, /* bytes */
    PARAMS_MAX = 8,
    CLAUSES_MAX = 16,
    BY_LINES_MAX = 8,
};

#define YEAR_MIN INT64_C(1900)
#define YEAR_MAX INT64_C(2200)

/* --- blocks --- */

typedef enum BlockKind {
    BLOCK_ENTRY,   /* who: gives persons with a year, a place and days */
    BLOCK_TRAIT,   /* and, not, counted; also reached, by yes or no */
    BLOCK_OUTCOME, /* reached */
    BLOCK_KIND_COUNT
} BlockKind;

typedef enum ParamType { PARAM_INTEGER, PARAM_YEARS, PARAM_CODE, PARAM_CODES, PARAM_TEXTS, PARAM_TYPE_COUNT } ParamType;

typedef struct Param {
    Slice name, text;
    ParamType type;
    int64_t min, max;    /* integer */
    Slice at_most;       /* integer: another one that it must not exceed; empty: none */
    const Slice *values; /* code, codes */
    size_t value_count;
    Slice characters; /* texts: what an item may hold */
    int64_t min_length, max_length;
    Slice table, column; /* texts: the policy's list that has all items; empty: none */
    Slice within;        /* texts: another of them, whose column of the list narrows it; empty: none */
    bool partial;        /* the list does not have all: an item that is not on it is noted, not refused */
    bool has_default;
    int64_t number;        /* integer's default */
    const Slice *defaults; /* the others' */
    size_t default_count;
} Param;

typedef struct PhrasePart {
    Slice word;         /* empty: the parameter */
    const Param *param; /* NULL: the word */
} PhrasePart;
typedef struct Phrase {
    PhrasePart *parts;
    size_t count;
} Phrase;

typedef struct Anchor {
    Slice name, text;
    bool in_year; /* the day lies in the year of the cohort, July to June */
} Anchor;

typedef struct Block {
    const PolicyFile *file;
    uint32_t line;
    BlockKind kind;
    Slice name, phrase, definition, status, source, unit;
    Slice sql, years_sql, family;
    Slice level; /* entry: the finest */
    Param *params;
    size_t param_count;
    Phrase head;
    Phrase *clauses; /* each begins with a word of its own */
    size_t clause_count;
    Anchor *anchors;
    size_t anchor_count;
    const Slice *needs, *gives;
    size_t need_count, give_count;
    MeasureReason *reasons; /* entry: of its own */
    size_t reason_count;
    MeasureKind figures[MEASURE_KIND_COUNT]; /* outcome: what may be shown, the first when nobody says */
    size_t figure_count;
} Block;

/* Blocks that are in force together. */
typedef struct BlockSet {
    PolicyFile era; /* path and dates only */
    const Block **at;
    size_t count;
    char sha256[SHA256_HEX_SIZE];
} BlockSet;
typedef VEC(BlockSet) BlockSets;

extern const char *const block_kind_names[BLOCK_KIND_COUNT];
extern const char *const param_type_names[PARAM_TYPE_COUNT];

/* The blocks of one file. ERR_INVALID names file, line and what is wrong. */
MUST_USE Status blocks_of_file(const PolicyFile *file, Arena *arena, Block **out, size_t *count, Error *err);
/* Every time in which other files are in force, in order of time. ERR_NOT_FOUND: the policy has none. */
MUST_USE Status blocksets_read(Policy *policy, Arena *arena, BlockSets *out, Error *err);
/* The set in force on a day; NULL. */
const BlockSet *blockset_on(const BlockSets *sets, Date day);
bool block_gives(const Block *b, const char *column);
/* NULL: none of that name. */
const Param *block_param(const Block *b, Slice name);
/* "a whole number from 1 to 40", "one of diploma, certificate": what may stand for the parameter. */
void param_describe(const Param *p, Buf *out);

/* --- words --- */

typedef struct ScriptLine {
    uint32_t line;
    Slice keyword;
    Slice text; /* what stands after it, as written */
    Slice *words;
    size_t count;
} ScriptLine;
typedef struct ScriptLines {
    const char *name;
    ScriptLine at[LINES_MAX];
    size_t count;
} ScriptLines;

/* Lower-case words in arena; comments and empty lines are passed over. */
MUST_USE Status script_lines(Slice text, const char *name, Arena *arena, ScriptLines *out, Error *err);
/* Adds file and line to an error that was set with `st`; returns it. */
Status script_error_at(Status st, const char *name, uint32_t line, Error *err);
/* ERR_INVALID with file, line, word (0: the keyword) and what was found there. `allowed` is listed; a near one becomes
 * the hint. */
Status script_refuse(const char *name, const ScriptLine *line, size_t word, const char *what, const Slice *allowed,
    size_t count, Error *err);

/* --- phrases --- */

typedef struct ParamValue {
    int64_t from, to; /* integer: from; years: both */
    const Slice *items;
    size_t count;
} ParamValue;

typedef struct Said {
    const Block *block;
    const ScriptLine *line;
    ParamValue *values; /* by parameter */
} Said;

/* The block, of those whose kind has its bit in `kinds`, whose phrase the line is. */
MUST_USE Status phrase_read(
    const BlockSet *set, unsigned kinds, const char *name, const ScriptLine *line, Arena *arena, Said *out, Error *err);

/* --- scripts --- */

typedef enum LineKind { LINE_WHO, LINE_AND, LINE_NOT, LINE_COUNTED, LINE_REACHED } LineKind;

typedef struct PlanLine {
    LineKind kind;
    Said said;
    Slice reason; /* not: its code */
} PlanLine;

struct CohortPlan {
    const BlockSet *set;
    const char *name;
    Slice title, note, level;
    const PlanLine *who, *reached;
    PlanLine lines[LINES_MAX]; /* in order */
    size_t line_count;
    const PlanLine *from_line; /* whose block gives the day */
    const Anchor *from;
    MeasureKind figure;
    MeasureBy by[BY_LINES_MAX + 1]; /* the first: everybody */
    size_t by_count;
    int64_t minimum;
};

/* Names of the policy's splits, of the newest file as the measure room takes it. */
MUST_USE Status split_names(Policy *policy, Arena *arena, Slice **out, size_t *count, Error *err);
/* splits: the names that `by` may use. */
MUST_USE Status script_read(const BlockSet *set, const Slice *splits, size_t split_count, Slice text, const char *name,
    Arena *arena, CohortPlan *out, Error *err);

/* --- lists --- */

typedef VEC(Slice) Notes;
/* Refuses a code that is on none of the lines' lists (ERR_INVALID with line, list and near codes); what a partial list
 * does not have is noted, and where `only_note` says so everything, texts in arena. Lists are reference tables of the
 * policy. */
MUST_USE Status plan_check_codes(
    Policy *policy, const CohortPlan *plan, bool only_note, Arena *arena, Notes *notes, Error *err);

/* --- compile --- */

/* A block's SQL with what the line says in place of {parameter}, and `cohort` of {cohort}; appended. */
MUST_USE Status block_fill(const Said *said, Slice sql, const char *cohort, Buf *out, Error *err);
/* Categories of the funnel: "line N", and these. */
#define FUNNEL_KEPT "kept"
#define FUNNEL_OWN "own"       /* left out by the rule of who */
#define FUNNEL_NO_DAY "no_day" /* the day is not known */
#define FUNNEL_YEAR "year"     /* a year of which the outcome cannot speak yet */
#define FUNNEL_UNCOUNTED "uncounted"
MUST_USE Status plan_compile(const CohortPlan *plan, Arena *arena, MeasureOwn *figures, MeasureOwn *funnel, Error *err);

#endif
