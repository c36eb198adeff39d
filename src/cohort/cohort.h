/*
 * Cohort: a question put together from blocks, in a script that people read and write (docs/cohort.md):
 *
 *     cohort   "Career education, and work after it"
 *     who      graduated in 2022 with diploma
 *     and      concentrated in career education
 *     from     completion
 *     reached  employed within 2 quarters
 *     by       race_ethnicity, sex
 *
 * Blocks are policy: policy/<state>/cohorts/NAME.toml (schema "cairn.cohort_blocks/1") says for each the words it is
 * written with, what they may be filled with, and its SQL. A script becomes a definition for the measure engine, which
 * answers it: splits, levels, pooling, exclusions, gaps, coverage, known time and --who are the engine's.
 *
 * What comes back is unprotected, as a measure's figures are, and stays inside.
 */
#ifndef CAIRN_COHORT_COHORT_H
#define CAIRN_COHORT_COHORT_H

#include "base/base.h"
#include "measure/measure.h"
#include "policy/policy.h"
#include "store/ledger.h"

/* --- scripts --- */

enum { COHORT_SCRIPT_BYTES = 64 * 1024 }; /* the longest */

typedef struct CohortPlan CohortPlan; /* private: the lines as read */

typedef struct Cohort {
    Arena arena;
    Slice text, title, note;
    Slice level;         /* empty: the state */
    const MeasureBy *by; /* everybody, then the script's lines */
    size_t by_count;
    MeasureOwn *figures, *funnel; /* a version for each time in which other blocks were in force; oldest first */
    size_t version_count;
    Slice *warnings; /* years that other blocks, which do not know the script, leave unanswered; codes on no list */
    size_t warning_count;
    char script_sha256[SHA256_HEX_SIZE];
    char blocks_sha256[SHA256_HEX_SIZE];  /* of the policy files that hold the blocks */
    char meaning_sha256[SHA256_HEX_SIZE]; /* of what the script comes to: it stays when blocks change that it does not
                                             use */
    const CohortPlan *plan;
} Cohort;

/* Reads a script under the blocks of the policy; those in force on `today` must know it. `name` is the file in errors.
 * ERR_INVALID names line and word, and what would be allowed there; ERR_LIMIT: more than 64 KiB, 100 lines or 64 words
 * in one. ERR_NOT_FOUND: the policy has no blocks. A code that is on none of the policy's lists is refused; of a script
 * that was `saved` it is noted among the warnings, for it was read before and the list may have changed since. Free
 * with cohort_free; the Policy must outlive it. */
MUST_USE Status cohort_read(
    Policy *policy, Slice text, const char *name, Date today, bool saved, Cohort **out, Error *err);
void cohort_free(Cohort *c);

/* What the script says, in sentences, with each block's definition, source and the SQL it comes to; appended. */
MUST_USE Status cohort_explain(const Cohort *c, Buf *out, Error *err);
/* The blocks in force on a day, with their parameters: for people, or as JSON. ERR_NOT_FOUND: none of that name. */
MUST_USE Status cohort_blocks_text(Policy *policy, Date today, Slice name, Buf *out, Error *err);
MUST_USE Status cohort_blocks_json(Policy *policy, Date today, Slice name, Json *out, Error *err);

/* --- answers --- */

typedef struct CohortAsk {
    Slice name; /* what the figures are called */
    int32_t year_from, year_to;
    MeasurePool pool;
    Date as_known_on;
} CohortAsk;

/* Figures for everybody, then for each line of splits in the script's order. ERR_NOT_FOUND: nothing was built yet. Free
 * with cells_free. */
MUST_USE Status cohort_figures(
    const MeasureContext *ctx, const Cohort *c, const CohortAsk *ask, CellSet *out, uint32_t *generation, Error *err);
/* The query behind them, without splits: for measure_who. */
MeasureQuery cohort_query(const Cohort *c, const CohortAsk *ask);

/* How many remain after each line; a person counts once a year of the cohort. */
typedef struct CohortStep {
    uint32_t line; /* of the script; 0: none of it */
    Slice text;
    const int64_t *remain; /* by year */
    int64_t total;
} CohortStep;
/* Persons of the base who are in no denominator, by what the outcome, or its rule, says of them: a clause's code, else
 * a gap (not_found, ...), else "uncounted". */
typedef struct CohortWhy {
    Slice code;
    int64_t persons;
} CohortWhy;
/* The last step is the denominator of the cohort's figures: those of whom the outcome speaks. */
typedef struct CohortFunnel {
    Arena arena;
    CohortWhy *whys; /* by code */
    size_t why_count;
    CohortStep *steps;
    size_t step_count;
    int32_t *years;
    size_t year_count;
    uint32_t generation;
} CohortFunnel;
/* Free with cohort_funnel_free, also after a failure. */
MUST_USE Status cohort_funnel(
    const MeasureContext *ctx, const Cohort *c, const CohortAsk *ask, CohortFunnel *out, Error *err);
void cohort_funnel_free(CohortFunnel *f);
void cohort_funnel_text(const CohortFunnel *f, Buf *out);
void cohort_funnel_json(const CohortFunnel *f, Json *out);

/* Runs the test vectors of every file of blocks, and tells each file that passed. ERR_INVALID names vector and figure.
 */
typedef void (*CohortTestedFn)(void *ctx, Slice name, uint64_t blocks, uint64_t vectors);
MUST_USE Status cohort_test(Policy *policy, CohortTestedFn tested, void *ctx, Error *err);

/* --- saved scripts: entries of the ledger, so that nothing that was saved can be changed or lost --- */

typedef struct CohortSaved {
    Slice name;
    int64_t version; /* from 1 */
    Slice text, title;
    Slice script_sha256, blocks_sha256, meaning_sha256, policy_sha256;
    Slice user, role, purpose, agreement;
    int64_t at; /* seconds since 1970 */
} CohortSaved;
typedef VEC(CohortSaved) CohortSaves;

/* ERR_USAGE unless 1 to 40 of a-z, 0-9 and '-', beginning with a letter. */
MUST_USE Status cohort_name_check(Slice name, Error *err);
/* Adds the next version of `save->name`; *version is set, and *same when the newest version has this text already and
 * nothing was written. The caller holds the home for writing. ERR_CORRUPT: an entry that is none of ours. */
MUST_USE Status cohort_save(Ledger *ledger, CohortSaved *save, bool *same, Error *err);
/* All versions, by name and version; texts in arena. */
MUST_USE Status cohort_saves(Ledger *ledger, Arena *arena, CohortSaves *out, Error *err);
/* version 0: the newest. ERR_NOT_FOUND. */
MUST_USE Status cohort_saved(Ledger *ledger, Arena *arena, Slice name, int64_t version, CohortSaved *out, Error *err);
/* NAME or NAME@VERSION. ERR_USAGE. */
MUST_USE Status cohort_saved_find(Ledger *ledger, Arena *arena, Slice word, CohortSaved *out, Error *err);
/* The lines that differ, marked - and +, the others with a blank; appended. */
MUST_USE Status cohort_diff(Slice a, Slice b, Buf *out, Error *err);

#endif
