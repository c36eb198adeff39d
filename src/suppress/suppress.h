/*
 * Suppress: which further cells must not be printed, so that nobody can work out the sensitive ones.
 *
 * Complementary suppression over one system of cells and equations (sdc). What comes out is claimed to be safe against
 * an attacker who solves all equations at once; the claim is checked by the independent audit room, whose findings come
 * back through SuppressOptions.audit. README.md tells the methods.
 */
#ifndef CAIRN_SUPPRESS_SUPPRESS_H
#define CAIRN_SUPPRESS_SUPPRESS_H

#include "sdc/sdc.h"

/* Whether the sum of these suppressed cells, which an equation gives away, may be known. */
typedef bool (*SuppressSumRule)(const SdcProblem *p, const uint32_t *cells, size_t count, int64_t sum, void *ctx);

/* A cell that the auditor found short: he could show a deviation of only so much. */
typedef struct SuppressShort {
    uint32_t cell;
    int64_t up, down; /* reached; >= 0 */
} SuppressShort;
typedef VEC(SuppressShort) SuppressShorts;
/* Looks at the pattern in p's statuses; pushes each cell that is not protected. */
typedef Status (*SuppressAudit)(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err);

/* How far a cell is from its value in a table that is possible, too. */
typedef struct SuppressTerm {
    uint32_t cell;
    int64_t value; /* not 0 */
} SuppressTerm;
/* Takes a table of whole numbers that the pattern leaves possible, as far as doubles can tell; each cell once. Called
 * from one thread. */
typedef Status (*SuppressShow)(const SuppressTerm *terms, size_t count, void *ctx, Error *err);

typedef struct SuppressOptions {
    unsigned threads; /* 0: one a core. The pattern does not depend on it */
    /* Pivots for making a safe pattern cheaper; no clock. Blocks share them by their cells, and each has 20,000 at
     * least, if there are so many. 0: only as many as needed */
    uint64_t effort;
    uint64_t seed;        /* of the random part of that search */
    uint32_t exact_cells; /* blocks of at most so many open cells are solved exactly; 0: none */
    uint32_t near_cells;  /* in blocks of so many open cells, suppressed cells nearby are asked before the whole */
    uint32_t large_rows;  /* blocks of so many equations are large: near answers are worth more than cheap ones */
    uint32_t far_rows;    /* large blocks of so many equations ask the local simplex for far answers, before Clp, whose
                           * programs then cost more than a dense inverse */
    uint32_t question_pivots; /* of the local simplex for one question, beyond which it walks in circles; then Clp has
                               * ten times as many. A question that ends there is undecided */
    uint64_t exact_pivots;    /* at most so many pivots for it, shared likewise; then the bound says what is left */
    const uint8_t *singleton; /* a cell: one contributor, who knows it and must not find out another; NULL: none */
    const uint32_t *same;     /* a number a cell: cells of one number have the same contributors, and a singleton finds
                               * nobody in them but himself; NULL: no two have */
    int64_t min_sum; /* an equation may not give away a sum of suppressed cells that is > 0 and below; 0: any may */
    SuppressSumRule sum_rule; /* further sums that may not be known; NULL: none */
    void *sum_ctx;
    SuppressAudit audit; /* NULL: none */
    SuppressShow show;   /* told of witnesses before each audit, which may verify them instead of looking for its own;
                          * they hold in every later pattern, too. NULL: none */
    void *audit_ctx;     /* of both */
    uint32_t rounds;     /* of repair after an audit, and of sums; then ERR_LIMIT */
} SuppressOptions;
#define SUPPRESS_OPTIONS_INIT \
    { \
        .threads = 1, .effort = 400000, .seed = 1, .exact_cells = 1500, .exact_pivots = 400000, .near_cells = 5000, \
        .large_rows = 5000, .far_rows = 12000, .question_pivots = 5000, .rounds = 20 \
    }

/* A sensitive cell that cannot be protected whatever is suppressed. */
typedef struct SuppressLeak {
    uint32_t cell;
    uint32_t knows; /* the singleton from whom it cannot be hidden; UINT32_MAX: from anybody */
    int64_t target; /* signed: how far he should be led astray */
    /* Published cells that force it: were any one of them suppressed as well (and all others that can be), it could be
     * hidden. Empty: its own bounds are too narrow, or the numbers gave no answer. */
    const uint32_t *frozen;
    size_t frozen_count;
    /* Limits were reached before it was shown. Only without an auditor: he says whether the cell is safe all the same,
     * and where it is not more is suppressed around it, or the status is ERR_LIMIT. */
    bool undecided;
} SuppressLeak;

typedef struct SuppressReport {
    Arena arena;
    int64_t cost; /* of secondaries, those that were there before included */
    uint32_t secondaries;
    uint32_t blocks;          /* parts that no equation connects */
    bool bounded;             /* lower_bound is known: every block with sensitive cells was solved exactly, or tried */
    int64_t lower_bound;      /* no safe pattern costs less (outsiders alone; sums and singletons can only raise it) */
    bool optimal;             /* cost = lower_bound */
    uint64_t queries, pivots; /* linear programs and their pivots */
    uint32_t sum_rounds, audit_rounds;
    size_t unprotected;  /* cells the last audit found short, leaks too; nothing may be published unless it is 0 */
    SuppressLeak *leaks; /* by cell */
    size_t leak_count;
} SuppressReport;

/* Sets SDC_SECONDARY. SDC_SENSITIVE and SDC_SECONDARY cells stay suppressed, SDC_FROZEN cells stay published. With
 * leaks the rest is protected all the same, and the status is OK: look at leak_count. ERR_INVALID from sdc_check,
 * ERR_LIMIT when the rounds did not suffice, or the auditor still finds cells short that are no leaks, and no target
 * can be raised and no further cell suppressed. ERR_CANCELLED between two questions, when asked to stop. Free the
 * report with suppress_report_free. */
MUST_USE Status suppress_solve(SdcProblem *p, const SuppressOptions *options, SuppressReport *out, Error *err);
void suppress_report_free(SuppressReport *r);

/* Costs of suppressing a cell, for all cells that are not sensitive. */
typedef enum SuppressCost {
    SUPPRESS_COST_VALUE, /* its absolute value, at least 1: little of what was counted vanishes */
    SUPPRESS_COST_UNIT,  /* 1: few blanks */
    SUPPRESS_COST_LOG    /* 1000 * log2(1 + value), rounded down in integers: between the two */
} SuppressCost;
void suppress_set_costs(SdcProblem *p, SuppressCost cost);
/* Multiplies the cost of marked cells (totals that readers need): at most to what all costs together allow. */
void suppress_keep(SdcProblem *p, const uint8_t *marked, uint32_t factor);

#endif
