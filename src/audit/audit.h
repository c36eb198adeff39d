/*
 * Audit: the attacker. What can somebody work out who has nothing but what was printed?
 *
 * Two doors. audit_problem takes a system of cells of which some are suppressed (sdc) and asks of each whether its
 * protection holds. audit_run takes what anybody published about numbers nobody may know, in whatever form it was
 * printed, and says what follows. The room trusts nothing of the protectors (suppress, protect) and shares no code with
 * them.
 *
 * Everything printed is about whole numbers, and so is every claim made here:
 *   - "can be as low as, as high as" (seen_low, seen_high) rests on a table of whole numbers in hand, checked against
 *     every equation and bound in integers;
 *   - "cannot be lower, higher" (low, high) rests on integer propagation, on search without remainder, or on the dual
 *     solution of a linear program, rounded and evaluated in integers, where every choice of duals gives a valid bound.
 * What neither shows counts as unprotected. README.md has the methods, their limits and what they cost.
 */
#ifndef CAIRN_AUDIT_AUDIT_H
#define CAIRN_AUDIT_AUDIT_H

#include "base/base.h"
#include "sdc/sdc.h"

#define AUDIT_NONE UINT32_MAX

/* How much is tried before something is called unproven. Counted in steps, never in seconds, so that the answer is the
 * same on every machine; the same for any number of threads, too. */
typedef struct AuditEffort {
    unsigned threads;     /* 0: one a core */
    uint32_t node_limit;  /* of one search, in its nodes */
    uint32_t pivot_limit; /* of one linear program; 0: in proportion to its size */
    /* Of audit_problem: what outsiders' questions may cost in all, in pivots times equations and terms looked at. Each
     * piece that hangs together has its share by its unknowns; the question in which it is spent is the last, and cells
     * that none was put about are what propagation and tables found for others show, or unproven. 0: no limit. */
    uint64_t step_limit;
    /* Of audit_run: of each piece that hangs together, so many questions times unknowns are put to the piece as a
     * whole; further questions are put to windows around the unknown and to the constraints next to it, and what they
     * leave undecided is AUDIT_UNSURE. 0: no limit. */
    uint64_t whole_limit;
} AuditEffort;
#define AUDIT_EFFORT_INIT \
    { \
        .threads = 1, .node_limit = 20000, .pivot_limit = 0, .step_limit = 0, .whole_limit = 0 \
    }

/* ---- A problem and its pattern of suppression --------------------------------------------------------------------
 *
 * The attacker knows the equations, each published value, and lower <= a <= upper of each suppressed cell
 * (SDC_SENSITIVE and SDC_SECONDARY). */

typedef enum AuditVerdict {
    AUDIT_PROTECTED, /* tables in hand reach value + upl, value - lpl and are spl apart; nothing else speaks against it
                      */
    AUDIT_EXPOSED,   /* shown that no table does */
    AUDIT_UNPROVEN   /* neither shown; counts as unprotected */
} AuditVerdict;

typedef enum AuditReason {
    AUDIT_BY_NOTHING,
    AUDIT_BY_PRINT, /* a sensitive cell is published */
    AUDIT_BY_OUTSIDER /* the equations leave too little room */,
    AUDIT_BY_SINGLETON, /* partner, who knows his own cell, finds out */
    AUDIT_BY_SUM        /* equation partner shows the sum of a few suppressed cells, which is sensitive itself */
} AuditReason;

/* Standards of the SDC handbook (Hundepool et al. 2012, 4.3): bits of AuditCell.standards, set when shown to hold. */
enum {
    AUDIT_PS1 = 1,      /* no outsider determines the cell exactly */
    AUDIT_PS1_STAR = 2, /* no outsider comes nearer than its protection levels */
    AUDIT_PS2 = 4,      /* no equation has this singleton and one other suppressed cell, a singleton, alone */
    AUDIT_PS2_STAR = 8  /* no singleton who knows his own cell determines this one exactly */
};

typedef struct AuditCell {
    uint32_t cell;
    AuditVerdict verdict;
    AuditReason reason;
    uint32_t partner;            /* AuditReason says of what; AUDIT_NONE */
    unsigned standards;          /* AUDIT_PS1 | ... */
    int64_t low, high;           /* no table has less or more */
    int64_t seen_low, seen_high; /* tables in hand have this little and this much */
} AuditCell;

/* Whether the sum of these suppressed cells, which an equation prints, is sensitive (minimum, dominance, p%). */
typedef bool (*AuditSumRule)(const uint32_t *cells, size_t count, int64_t sum, void *ctx);

typedef enum AuditCells { AUDIT_SENSITIVE_CELLS, AUDIT_SUPPRESSED_CELLS } AuditCells;
typedef enum AuditDepth {
    AUDIT_LEVELS,   /* enough to decide: low and high stay as wide as nothing forbade */
    AUDIT_INTERVALS /* low and high as near to seen_low and seen_high as the effort allows */
} AuditDepth;

/* What earlier attacks on one problem have shown, for who attacks a pattern again that has grown: cells that held are
 * not attacked a second time, because hiding more leaves every possible table possible. It forgets by itself when the
 * problem, its levels or singletons differ or a cell that was hidden is not. For one thread at a time. */
typedef struct AuditMemory AuditMemory;
MUST_USE Status audit_memory_new(AuditMemory **out, Error *err);
void audit_memory_free(AuditMemory *m); /* NULL is fine */

/* Tables that somebody offers who knows the truth, as far as they differ from it; whoever protected the problem has
 * them. Each is verified in whole numbers against every bound and equation it touches, and left out when it does not
 * hold, so that it can spare work and nothing else. Copied. What an attack keeps (AuditOptions.kept, AuditAsk.kept) may
 * be offered to the next one: it is what the first has shown with. */
typedef struct AuditMove {
    uint32_t cell;
    int64_t by; /* not 0 */
} AuditMove;
typedef struct AuditOffered AuditOffered;
MUST_USE Status audit_offered_new(AuditOffered **out, Error *err);
void audit_offered_free(AuditOffered *o); /* NULL is fine */
MUST_USE Status audit_offer(AuditOffered *o, const AuditMove *moves, size_t count, Error *err);
/* For audit_run, where nobody knows the truth: terms of one whole table that the others differ from, told piece by
 * piece. Verified likewise. */
MUST_USE Status audit_offer_base(AuditOffered *o, const AuditMove *values, size_t count, Error *err);
size_t audit_offered_count(const AuditOffered *o); /* tables, without the base */

/* Such tables as bytes: a proof that another process can verify (README.md draws it). It holds alternatives to hidden
 * numbers, and all together give the numbers away: never to be published. problem: what it is about, as
 * audit_problem_id or audit_system_id say. Appended to out. */
MUST_USE Status audit_proof_write(const AuditOffered *tables, const char *problem, Buf *out, Error *err);
/* Untrusted bytes; fuzzed. Tables are added to `tables`, with ERR_INVALID those before the place that it names (file
 * name, byte). problem: empty when it was not there. */
MUST_USE Status audit_proof_read(
    Slice bytes, const char *name, AuditOffered *tables, char problem[SHA256_HEX_SIZE], Error *err);
/* SHA-256 of all that an attack rests on: pattern, values, bounds, levels, equations; names and costs play no part. */
MUST_USE Status audit_problem_id(const SdcProblem *p, char out[SHA256_HEX_SIZE], Error *err);

typedef struct AuditOptions {
    AuditCells cells;
    AuditDepth depth;
    const uint8_t
        *printed; /* a flag a cell: printed, whatever its status says; NULL: none besides the open and frozen */
    const uint8_t *singleton; /* a flag a cell: one contributor, who knows it; NULL: none */
    const uint32_t *same;  /* a number a cell: cells of one number have the same contributors, so that a singleton finds
                            * nobody in them but himself; NULL: no two have */
    int64_t min_sum;       /* a printed sum of suppressed cells between 1 and min_sum - 1 exposes them; 0: no rule */
    AuditSumRule sum_rule; /* NULL: min_sum alone */
    void *sum_ctx;
    const AuditOffered *offered; /* NULL: none */
    AuditOffered *kept;  /* NULL: none. Gets each verified table, found or offered, that showed of a cell that is asked
                          * for what no table before it did; the same for any number of threads */
    AuditMemory *memory; /* NULL: every cell is attacked. Not used with AUDIT_INTERVALS, which asks for more */
    AuditEffort effort;
} AuditOptions;
#define AUDIT_OPTIONS_INIT \
    { \
        .effort = AUDIT_EFFORT_INIT \
    }

typedef struct AuditReport {
    Arena arena;
    AuditCell *cells; /* ascending by cell */
    size_t count, exposed, unproven;
    uint64_t programs, pivots, tables; /* linear programs solved, their pivots; tables verified */
    uint64_t held;                     /* of those that were offered */
    uint64_t steps;                    /* as step_limit counts them */
} AuditReport;

/* ERR_INVALID when the problem does not pass sdc_check (a wrong table proves nothing). */
MUST_USE Status audit_problem(const SdcProblem *p, const AuditOptions *options, AuditReport *out, Error *err);
/* One line a cell that is not protected, in words, names from p. */
MUST_USE Status audit_report_text(const SdcProblem *p, const AuditReport *r, Buf *out, Error *err);
void audit_report_free(AuditReport *r);

/* ---- What anybody published ----------------------------------------------------------------------------------------
 *
 * Unknowns are whole numbers: the size of a group, how many of it graduated, an amount. Facts are what was printed
 * about sums of them. One system holds everything that can be put together: tables of one release, earlier releases,
 * and the earlier answers to a user's queries. Two counts of the same people in two releases are two unknowns when a
 * correction may lie between them (watch their difference), one unknown otherwise. */

typedef struct AuditSystem AuditSystem;

typedef struct AuditTerm {
    uint32_t unknown;
    int32_t coef;
} AuditTerm;
/* A sum of coef * unknown. Terms are copied when the fact is. */
typedef struct AuditForm {
    const AuditTerm *terms;
    size_t count;
} AuditForm;
#define AUDIT_ONE(id) ((AuditForm){&(const AuditTerm){(id), 1}, 1})
#define AUDIT_SUM(...) \
    ((AuditForm){(const AuditTerm[]){__VA_ARGS__}, sizeof((const AuditTerm[]){__VA_ARGS__}) / sizeof(AuditTerm)})

typedef enum AuditKind {
    /* low <= a <= high. An exact number, "50 or less" (0, 50), "<16" (0, 15), "51 or greater", a rounded number (what
     * can have been rounded to it), a median that needs at least so many, a part and its whole (whole - part >= 0),
     * an equation between tables (0, 0). */
    AUDIT_RANGE,
    AUDIT_RATE,  /* a / b, a part of b, b at least 1: printed between low and high */
    AUDIT_MEAN,  /* a / b, b at least 1: a need not be a part of b */
    AUDIT_GAP,   /* a / b - c / d, both rates */
    AUDIT_RATIO, /* (a / b) / (c / d), both rates, c at least 1 */
    /* Students needed: low <= ceil(b * (c / d - a / b)) <= high, where the ceiling of a negative number prints as 0.
     * Exact numbers; per, decimals and rounding play no part. */
    AUDIT_NEEDED
} AuditKind;

/* How the number behind a printed rate, mean, gap or ratio became the printed one. */
typedef enum AuditRounding {
    AUDIT_HALF_UP,     /* half a unit goes away from zero: [p - 1/2, p + 1/2) for p > 0 */
    AUDIT_HALF_EITHER, /* half a unit goes wherever: [p - 1/2, p + 1/2]; for printers nobody knows */
    AUDIT_CUT,         /* [p, p + 1) */
    AUDIT_BETWEEN      /* no rounding: [low, high] as they stand, for ">= 98 %" and "2 % or less" */
} AuditRounding;

#define AUDIT_ENDLESS INT64_MAX /* as high; -AUDIT_ENDLESS as low */

typedef struct AuditFact {
    AuditKind kind;
    AuditForm a, b, c, d;
    int64_t low, high; /* both in units of the last printed digit; equal for a number */
    uint32_t per;      /* 100: percent; 0 and 1: the bare quotient */
    uint8_t decimals;  /* at most 6 */
    AuditRounding rounding;
    Slice says; /* for readers: what is printed where. Copied. */
} AuditFact;

MUST_USE Status audit_system_new(AuditSystem **out, Error *err);
void audit_system_free(AuditSystem *s); /* NULL is fine */
/* lower <= unknown <= upper is what everybody knows: 0 and AUDIT_ENDLESS for a count, 0 and 0 for a structural zero.
 * name is what a reader calls it; copied. Numbers from 0 in the order of calls. ERR_INVALID, ERR_LIMIT. */
MUST_USE Status audit_unknown(AuditSystem *s, Slice name, int64_t lower, int64_t upper, uint32_t *id, Error *err);
/* Facts are numbered from 0 in the order of calls; id may be NULL. ERR_INVALID: names says and what is wrong. */
MUST_USE Status audit_fact(AuditSystem *s, const AuditFact *fact, uint32_t *id, Error *err);
/* A sum that must not be found out either, as an unknown of its own: the difference of two releases, of a total and its
 * printed parts, of two overlapping groups. May be negative. */
MUST_USE Status audit_watch(AuditSystem *s, Slice name, AuditForm form, uint32_t *id, Error *err);
/* Asks whether it follows that everybody, or nobody, of a group has an outcome. Each AUDIT_RATE asks by itself. */
MUST_USE Status audit_group(AuditSystem *s, Slice name, AuditForm outcome, AuditForm people, uint32_t *id, Error *err);

typedef enum AuditFinding {
    AUDIT_OPEN,    /* at least min_possible values are possible: tables in hand */
    AUDIT_PRINTED, /* a fact prints it as it is, or everybody knows it (lower = upper) */
    AUDIT_EXACT,   /* only one value is possible */
    AUDIT_NARROW,  /* fewer than min_possible are */
    AUDIT_UNSURE,  /* neither shown; counts as found out */
    AUDIT_CLASH    /* what was printed about it contradicts itself: no table at all */
} AuditFinding;

typedef struct AuditInference {
    uint32_t unknown;
    AuditFinding finding;
    int64_t low, high;           /* nothing else is possible; +-AUDIT_ENDLESS */
    int64_t seen_low, seen_high; /* tables in hand; seen_low > seen_high: none */
    uint32_t possible;           /* how many values are possible, when shown to be fewer than min_possible; else 0 */
    /* A small set of facts from which it follows: no fact can be left out. Empty for AUDIT_OPEN and AUDIT_PRINTED, and
     * where explain_limit ended the search. */
    const uint32_t *because;
    size_t because_count;
} AuditInference;

typedef enum AuditAttribute {
    AUDIT_SOME,   /* does not follow: a table in hand has both */
    AUDIT_NOBODY, /* of a group of at least one */
    AUDIT_EVERYBODY,
    AUDIT_ATTRIBUTE_UNSURE /* neither shown; counts as given away */
} AuditAttribute;

typedef struct AuditGroup {
    uint32_t group; /* of audit_group; AUDIT_NONE when fact asked */
    uint32_t fact;
    AuditAttribute attribute;
    int64_t people_low, people_high;
    const uint32_t *because;
    size_t because_count;
} AuditGroup;

/* What is done where facts contradict each other. */
typedef enum AuditConflicts {
    AUDIT_CONFLICTS_STAND,    /* everything that hangs together with them is AUDIT_CLASH */
    AUDIT_CONFLICTS_SET_ASIDE /* a fact that contradicts those told before it, as far as propagation finds out, is set
                                 aside; findings rest on the others */
} AuditConflicts;

typedef struct AuditAsk {
    AuditDepth depth;      /* AUDIT_LEVELS: low and high of an open unknown are what propagation says */
    uint32_t min_possible; /* 2 .. 16 */
    /* Attempts a finding at leaving facts out, and with them a limit of their cost; 0: no explanations. */
    uint32_t explain_limit;
    AuditConflicts conflicts;
    /* A flag an unknown and watched sum: asked for its values, and explained; NULL: all. Of others only what propagates
     * is said (AUDIT_EXACT, or AUDIT_UNSURE), without an explanation. */
    const uint8_t *asked;
    uint32_t explain_most; /* findings with an explanation: the first; 0: all */
    /* As in AuditOptions; cells are numbers that the audit gives, the same whenever the same is told in the same order.
     * Offered tables may leave low and high of an open unknown wider than a search would. NULL: none. */
    const AuditOffered *offered;
    AuditOffered *kept;
    AuditEffort effort;
} AuditAsk;
#define AUDIT_ASK_INIT \
    { \
        .min_possible = 4, .explain_limit = 200, .effort = AUDIT_EFFORT_INIT \
    }

typedef struct AuditResult {
    Arena arena;
    AuditInference *unknowns; /* one an unknown, in order, watched sums among them */
    size_t count;
    AuditGroup *groups; /* those that give away an attribute */
    size_t group_count;
    uint32_t *aside; /* facts set aside, ascending */
    size_t aside_count;
    size_t exact, narrow, unsure, clashes;
    uint64_t held; /* offered tables that are tables */
} AuditResult;

/* May be called again after more facts. */
MUST_USE Status audit_run(const AuditSystem *s, const AuditAsk *ask, AuditResult *out, Error *err);
void audit_result_free(AuditResult *r);
/* As audit_problem_id: of everything that was told, words aside. */
MUST_USE Status audit_system_id(const AuditSystem *s, char out[SHA256_HEX_SIZE], Error *err);
/* One paragraph in words: what follows about an unknown, and from what. */
MUST_USE Status audit_explain(const AuditSystem *s, const AuditInference *i, Buf *out, Error *err);
/* What a fact says, as it was told. Borrowed from s. */
Slice audit_fact_says(const AuditSystem *s, uint32_t fact);
MUST_USE Status audit_explain_group(const AuditSystem *s, const AuditGroup *g, Buf *out, Error *err);

/* Which sizes n in 1 .. limit some whole number of outcomes turns into each of these printed rates: possible[n] = 1,
 * others 0 (limit + 1 bytes). Returns how many. The quick question, for one cell alone. */
typedef struct AuditPrintedRate {
    int64_t low, high;
    uint32_t per;
    uint8_t decimals;
    AuditRounding rounding;
} AuditPrintedRate;
uint32_t audit_rate_sizes(const AuditPrintedRate *rates, size_t count, uint32_t limit, uint8_t *possible);

#endif
