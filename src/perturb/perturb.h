/*
 * perturb: the lanes of protection that change figures instead of hiding them.
 *
 * Suppression blanks cells and leaves the rest true. The lanes here publish a figure for every cell and make it wrong
 * by a stated rule. They promise different things, and each output says which lane it came through (lane_label):
 *
 *   rounding   additive table of multiples of a base; an outsider learns an interval (Cox 1987; SDC handbook 2012, 5.4)
 *   cell key   noise by keyed hash; the same people get the same noise everywhere (ABS; Fraser and Wooton 2005)
 *   fuzzy      percentiles as a mean of two neighbours, with minimums (ADRF export rule)
 *   dp         differential privacy: exact discrete noise, a person as unit, a public budget that only goes down
 *              (Canonne, Kamath and Steinke 2020)
 *
 * Only dp holds against whatever an outsider knows already. docs/lanes.md says when to take which; README.md has the
 * proofs and the measurements.
 *
 * The room is pure: arrays in, arrays out. It reads and writes one kind of file, the budget ledger. Between data and
 * noise no floating point number exists; a test compiles those files with all floating registers forbidden.
 */
#ifndef CAIRN_PERTURB_PERTURB_H
#define CAIRN_PERTURB_PERTURB_H

#include "base/base.h"
#include "sdc/sdc.h"

/* A non-negative fraction in lowest terms. */
typedef struct Ratio {
    uint64_t num, den; /* den > 0 */
} Ratio;

/* "0.25", "3" or "1/4", at most nine digits on either side of the point or stroke. ERR_PARSE otherwise. */
MUST_USE Status ratio_parse(Slice s, Ratio *out, Error *err);
/* "1/4", or "3". */
void ratio_print(Ratio r, Buf *out);

/* --- controlled rounding ------------------------------------------------------------------------------------- */

typedef struct RoundingOptions {
    uint32_t base;      /* >= 2 */
    uint32_t max_steps; /* 0: each cell becomes one of its two neighbouring multiples, multiples stay
                           ("zero-restricted"); k: where that cannot be, up to k multiples further */
    Slice key;          /* secret; the choice between up and down is drawn from it. At least 16 bytes */
    Slice name;         /* of the table: the same table is rounded alike each time */
} RoundingOptions;

typedef struct RoundingReport {
    uint32_t steps;    /* how many steps beyond the neighbours were needed */
    uint32_t moved;    /* cells whose value changed */
    uint32_t programs; /* linear programs solved */
    int64_t worst;     /* largest change */
} RoundingReport;

/*
 * Rounds all cells of p so that every equation still holds; out has p->cell_count elements. Statuses and levels of p
 * are not looked at. Cells of value 0 stay 0. Up or down is drawn so that the expected change of a cell is near 0 (Cox
 * 1987). ERR_INVALID: p does not add up, has negative values, or an equation's right-hand side is no multiple of the
 * base. ERR_LIMIT: no additive rounding was found within max_steps. The result is verified in integers.
 */
MUST_USE Status rounding_table(
    const SdcProblem *p, const RoundingOptions *o, int64_t *out, RoundingReport *report, Error *err);

/* What an outsider learns from a published value: [low, high] holds the true one (SDC handbook 5.4.2). */
void rounding_interval(int64_t published, uint32_t base, uint32_t steps, int64_t *low, int64_t *high);

/* --- cell keys ----------------------------------------------------------------------------------------------- */

/*
 * A record key is HMAC-SHA-256(secret, domain NUL pseudonym), cut to 64 bits; a cell key is the sum of its records'
 * keys modulo 2^64. Each is uniform, and depends on nothing but who is in the cell. The domain parts one use from
 * another: a count and a sum of wages about the same people must not share noise.
 */
typedef struct CellKeys CellKeys;
/* ERR_INVALID: secret shorter than 16 bytes. Free with cellkeys_free. One per thread. */
MUST_USE Status cellkeys_new(Slice secret, const char *domain, CellKeys **out, Error *err);
void cellkeys_free(CellKeys *k);
MUST_USE Status cellkeys_record(CellKeys *k, Slice pseudonym, uint64_t *out, Error *err);
/* Cell keys of many cells at once: person i is in cell cells[i] (< cell_count). A person must be listed once a cell.
 * sums has cell_count elements and is zeroed first. */
MUST_USE Status cellkeys_sum(
    CellKeys *k, const Slice *persons, const uint32_t *cells, size_t n, uint64_t *sums, size_t cell_count, Error *err);

typedef struct PTableOptions {
    uint32_t deviation; /* D: no count changes by more; 1 .. 50 */
    Ratio variance;     /* V of the noise of every count */
    uint32_t forbidden; /* counts 1 .. forbidden are never published; 0 .. 9 */
} PTableOptions;

/*
 * The perturbation table: for each true count the distribution of its noise, of largest entropy among those with mean
 * 0, variance V, at most D, never negative results, never 1 .. forbidden (Giessing 2016; R package ptable). 0 stays 0,
 * so positive counts can become 0. Probabilities are multiples of 2^-32 and the same on every machine. ERR_INVALID
 * names the count for which no such distribution exists and the variances that do.
 */
typedef struct PTable PTable;
MUST_USE Status ptable_new(const PTableOptions *o, PTable **out, Error *err);
void ptable_free(PTable *t);
uint32_t ptable_rows(const PTable *t); /* counts from rows - 1 on share the last row; row 0 is empty */
uint32_t ptable_deviation(const PTable *t);
/* 2^32 times the probability that count `row` gets noise v, -D <= v <= D. */
uint32_t ptable_weight(const PTable *t, uint32_t row, int v);
/* Columns count, noise, probability_of_4294967296. */
void ptable_csv(const PTable *t, Buf *out);

/* count >= 0. */
int64_t cellkey_count(const PTable *t, int64_t count, uint64_t cell_key);
/* ERR_INVALID: a negative count. out may be counts. */
MUST_USE Status cellkey_counts(
    const PTable *t, const int64_t *counts, const uint64_t *cell_keys, size_t n, int64_t *out, Error *err);
/*
 * Magnitudes: total + noise * (per_mille / 1000 * largest), where noise is drawn as for the count floor(total / that
 * step), so that the result is never negative and the mean is right. total: sum of non-negative contributions, largest:
 * the largest one; same unit. The table should have forbidden = 0 and the keys a domain of their own.
 * ERR_INVALID: negative numbers, largest > total, per_mille outside 1 .. 1000; ERR_LIMIT: the result does not fit.
 */
MUST_USE Status cellkey_magnitude(
    const PTable *t, int64_t total, int64_t largest, uint32_t per_mille, uint64_t cell_key, int64_t *out, Error *err);

/* --- fuzzy percentiles --------------------------------------------------------------------------------------- */

typedef struct FuzzyOptions {
    uint32_t percent;          /* 50: the median */
    uint32_t spread;           /* 5: mean of the 45th and 55th; percent - spread >= 1, percent + spread <= 99 */
    uint32_t min_n;            /* people */
    uint32_t min_band;         /* people between the two percentiles, both ends included; >= 2 */
    uint32_t min_employers;    /* 0: employers are not looked at */
    uint32_t top_employer_max; /* largest percentage of the people with one employer; 100: any */
    int64_t rounding;          /* the figure becomes a multiple of this, half up; >= 1 */
} FuzzyOptions;

typedef enum FuzzyVerdict {
    FUZZY_SHOWN,
    FUZZY_FEW_PEOPLE,
    FUZZY_FEW_IN_BAND,
    FUZZY_FEW_EMPLOYERS,
    FUZZY_ONE_EMPLOYER,
} FuzzyVerdict;
const char *fuzzy_reason(FuzzyVerdict v); /* for readers; "" when shown */

/* values: one a person, in cents; employers: one a person or NULL. Both are sorted in place, each for itself. value is
 * 0 unless shown. Percentile p of n sorted values is value number ceil(p n / 100) (nearest rank). ERR_INVALID: options
 * out of range, or negative values. */
MUST_USE Status fuzzy_percentile(const FuzzyOptions *o, int64_t *values, uint64_t *employers, size_t n,
    FuzzyVerdict *verdict, int64_t *value, Error *err);

/* --- differential privacy: what is spent --------------------------------------------------------------------- */

typedef enum DpMechanism {
    DP_LAPLACE,  /* epsilon; pure differential privacy */
    DP_GAUSSIAN, /* rho; zero-concentrated */
} DpMechanism;

/* What "one person more or less" means. */
typedef enum DpNeighbours {
    DP_ADD_REMOVE, /* her records are there or not */
    DP_REPLACE,    /* another person's stand in their place: everything counts twice */
} DpNeighbours;

/* Public; part of the policy, of the ledger and of the release. */
typedef struct DpPrivacy {
    DpMechanism mechanism;
    DpNeighbours neighbours;
    Ratio amount;              /* epsilon or rho of the whole release; > 0 */
    uint32_t cells_per_person; /* most finest cells, or groups, one person can be in; contributions_bound enforces it */
    uint32_t per_cell;         /* most that one person adds to one of them */
} DpPrivacy;

#define RHO_ONE INT64_C(1000000000) /* budgets are integers: billionths of rho */

/* rho of a whole release, rounded up: itself for the Gaussian, epsilon^2 / 2 for Laplace (Bun and Steinke 2016, 1.4).
 * ERR_INVALID: amount 0 or bounds 0; ERR_LIMIT: too large. */
MUST_USE Status dp_cost(const DpPrivacy *p, int64_t *rho, Error *err);

/* Which (person, cell) pairs stay, so that nobody is in more than `most` cells: of each person those whose keyed hash
 * is smallest, a choice that depends on nobody else. A pair listed twice counts once. persons: any 64-bit names. */
MUST_USE Status contributions_bound(const uint64_t *persons, const uint32_t *cells, size_t n, uint32_t most,
    const uint64_t key[2], bool *keep, Error *err);

/* Conversions of rho to epsilon at delta = 10^-delta_exponent, for readers; never used in a decision.
 * quick: rho + 2 sqrt(rho ln(1/delta)) (Bun and Steinke 2016, 1.3); tight: Canonne, Kamath and Steinke 2020, Prop. 12.
 * Both rounded up in the third decimal. */
double rho_to_epsilon_quick(int64_t rho, uint32_t delta_exponent);
double rho_to_epsilon_tight(int64_t rho, uint32_t delta_exponent);
/* delta of the tight conversion at this epsilon, as a natural logarithm. */
double rho_to_log_delta(int64_t rho, double epsilon);

/* --- the budget ledger --------------------------------------------------------------------------------------- */

/*
 * A file of JSON lines, meant to be published: one line opens the account, each further line spends. Lines are chained
 * by SHA-256 (README.md draws them). Spending is written and synced before noise is drawn; there is no way back, and a
 * query that has been paid for cannot be paid for again, so nobody can draw until he likes what he sees.
 */
typedef struct BudgetTerms {
    Slice name;              /* of the account: "Colorado earnings 2026-2030" */
    Slice unit;              /* "person" */
    int64_t total;           /* rho in billionths */
    uint32_t delta_exponent; /* epsilon is stated at 10^-this; 1 .. 30 */
    Slice policy_sha256;     /* of the policy that set the total; 64 hex digits */
} BudgetTerms;

/* What one release spends. Texts are public. */
typedef struct BudgetRequest {
    Slice query; /* names table, population and edition; once and never again */
    DpPrivacy privacy;
    Slice policy_sha256; /* the lane's policy file; 64 hex digits */
    Slice code_sha256;   /* the program; 64 hex digits */
    int64_t at;          /* seconds since 1970 */
} BudgetRequest;

typedef struct BudgetEntry {
    uint64_t seq; /* 1: the first that spends */
    int64_t at;
    Slice query, mechanism, neighbours, amount, policy_sha256, code_sha256;
    uint64_t cells_per_person, per_cell;
    int64_t rho;
    char hash[SHA256_HEX_SIZE];
} BudgetEntry;
typedef VEC(BudgetEntry) BudgetEntries;

typedef struct Budget {
    BudgetTerms terms;
    int64_t opened_at;
    BudgetEntries entries;
    int64_t spent;
    bool pure;                     /* every entry is Laplace */
    Ratio epsilon;                 /* sum of pure epsilons, when pure and it fits; otherwise 0 */
    char opening[SHA256_HEX_SIZE]; /* hash of the first line */
    char head[SHA256_HEX_SIZE];    /* of the last */
    Arena arena;
} Budget;

/* Makes the file. ERR_EXISTS when there is one. */
MUST_USE Status budget_create(const char *path, const BudgetTerms *terms, int64_t at, Error *err);
/* Reads and verifies every line; untrusted (fuzzed). ERR_CORRUPT names the first line that is not what the chain says,
 * ERR_PARSE one that cannot be read. Free with budget_free. */
MUST_USE Status budget_read(const char *path, Budget *out, Error *err);
MUST_USE Status budget_parse(Slice text, const char *path, Budget *out, Error *err);
void budget_free(Budget *b);
/* Whether some line of the ledger has this hash: what a release of the past names is still there. */
bool budget_holds(const Budget *b, Slice hash);
int64_t budget_left(const Budget *b);

/* The right to draw noise once. */
typedef struct BudgetPermit {
    DpPrivacy privacy;
    int64_t rho;
    uint64_t seq;
    char hash[SHA256_HEX_SIZE]; /* of the line that paid */
    bool used;
} BudgetPermit;

/* Called with the new line's hash after it is durable and before the permit is given: where a data home writes the
 * spending into its own ledger, which makes a cut at the file's end visible. Anything but OK withholds the permit; the
 * budget stays spent. */
typedef Status (*BudgetWitness)(void *ctx, const BudgetPermit *permit, Slice query, Error *err);

/* Whether budget_spend would grant all of these, one after another; spends nothing and promises nothing when others
 * spend meanwhile. Errors as there. */
MUST_USE Status budget_suffices(const char *path, const BudgetRequest *requests, size_t count, Error *err);
/* ERR_DENIED: the remaining budget is short, by how much. ERR_EXISTS: this query was paid for before. ERR_BUSY: another
 * process writes. ERR_CORRUPT: the file is damaged, and nothing is spent from a damaged file. witness may be NULL. */
MUST_USE Status budget_spend(
    const char *path, const BudgetRequest *request, BudgetWitness witness, void *ctx, BudgetPermit *out, Error *err);

/* --- differential privacy: figures --------------------------------------------------------------------------- */

/* A figure and its error bar: the truth lies within value +- half_width in 95 of 100 draws of the noise. */
typedef struct DpCount {
    int64_t value;
    int64_t half_width;
    bool shown; /* false: below the gate; value is 0 then */
} DpCount;

typedef struct DpCountOptions {
    int64_t min_noisy_n;    /* gate: noisy counts below it are not shown; INT64_MIN: none */
    const bool *invariants; /* cells held exact, NULL: none. The promise is then relative to knowing them */
} DpCountOptions;

/* Noise on n counts of cells that no two of which hold the same record; one person is in at most cells_per_person of
 * them. May become negative: clamping would bias sums. Uses the permit up: ERR_DENIED when it is used or paid for other
 * terms. ERR_LIMIT: parameters beyond what the samplers do exactly. */
MUST_USE Status dp_counts(BudgetPermit *permit, const DpPrivacy *privacy, const DpCountOptions *o,
    const int64_t *counts, size_t n, DpCount *out, Error *err);

#define TREE_ROOT UINT32_MAX
/* A hierarchy of counts: parent[i] < i, or TREE_ROOT. A parent's count is the sum of its children's. */
typedef struct DpTree {
    size_t n;
    const uint32_t *parent;
    const int64_t *counts;
    const bool *invariants; /* NULL: none */
    const Ratio *shares;    /* a level (root: 0) its share of the budget; they sum to at most 1; 0: not measured */
    uint32_t levels;        /* as many as the tree has */
} DpTree;

/*
 * Measures each level with its share, fits by weighted least squares (Hay et al. 2010, for any variances), and gives
 * non-negative integers in which every parent is the sum of its children. half_width: of the measurement and those
 * below it, before the fit, which only makes it better on average. A person's cells may all lie in one branch: above
 * the finest level she counts cells_per_person times (README.md). ERR_INVALID: parents after children, sums that do not
 * hold, shares. Permit and limits as for dp_counts.
 */
MUST_USE Status dp_tree(BudgetPermit *permit, const DpPrivacy *privacy, const DpTree *tree, DpCount *out, Error *err);
/* What dp_tree would refuse of the tree, before anything is paid. */
MUST_USE Status dp_tree_check(const DpPrivacy *privacy, const DpTree *tree, Error *err);

typedef struct DpQuantileOptions {
    const int64_t *edges;     /* public bin edges in cents, ascending, bins + 1; values are clamped into them */
    uint32_t bins;            /* 2 .. 1000 */
    const uint32_t *percents; /* ascending, 1 .. 99 */
    uint32_t percent_count;   /* <= 9 */
    int64_t min_noisy_n;
    uint32_t max_rank_error; /* gate: largest 95 % error bar of a percentile, in thousandths of the group; 1000: none */
    int64_t rounding;        /* cents, >= 1 */
} DpQuantileOptions;

typedef struct DpQuantile {
    int64_t value;       /* cents */
    int64_t low, high;   /* the percentiles at rank -+ the 95 % error of the noise */
    uint32_t rank_error; /* that error, in thousandths of the group; from noisy_n and public numbers alone */
    bool shown;
} DpQuantile;

/*
 * Percentiles of `groups` groups as PSEO has them (Foote, Machanavajjhala and McKinney 2019): noise on each bin of a
 * histogram, cumulated. values[i] of group[i]; a person is in at most cells_per_person groups with one value each, so
 * per_cell must be 1. noisy_n: groups elements, sums of noisy bins. out: groups * percent_count, group-major.
 */
MUST_USE Status dp_quantiles(BudgetPermit *permit, const DpPrivacy *privacy, const DpQuantileOptions *o,
    const int64_t *values, const uint32_t *group, size_t n, uint32_t groups, int64_t *noisy_n, DpQuantile *out,
    Error *err);

/* What will come out, before anything is spent: half width of the 95 % error bar of a single count, and rank error in
 * thousandths of a group of n for one percentile. */
MUST_USE Status dp_expected_error(const DpPrivacy *privacy, int64_t *half_width, Error *err);
MUST_USE Status dp_expected_rank_error(
    const DpPrivacy *privacy, uint32_t bins, uint32_t percent, int64_t n, uint32_t *per_mille, Error *err);

/* --- lanes as policy ----------------------------------------------------------------------------------------- */

typedef enum LaneKind {
    LANE_ROUNDING,
    LANE_CELL_KEY,
    LANE_FUZZY,
    LANE_DP_COUNTS,
    LANE_DP_TREE,
    LANE_DP_QUANTILES,
} LaneKind;

/* A policy file of schema "cairn.lane/1" (docs/lanes.md lists its keys). Which member holds depends on kind. */
typedef struct Lane {
    LaneKind kind;
    Slice name, title, status, source;
    RoundingOptions rounding; /* key and name are the caller's to fill */
    PTableOptions ptable;
    uint32_t magnitude_per_mille; /* cell key; 0: counts only */
    FuzzyOptions fuzzy;
    DpPrivacy privacy;
    DpCountOptions counts;
    Ratio *shares; /* of the levels */
    uint32_t share_count;
    DpQuantileOptions quantiles;
} Lane;

/* Arrays live in arena. Untrusted (fuzzed). ERR_INVALID names file, key and what was expected. */
MUST_USE Status lane_parse(Slice text, const char *path, Arena *arena, Lane *out, Error *err);
MUST_USE Status lane_read(const char *path, Arena *arena, Lane *out, Error *err);
const char *lane_name(LaneKind kind); /* "cell_key" */
/* One sentence of what the reader sees, one of what it promises, one of what it does not. */
typedef struct LaneLabel {
    const char *what, *promises, *does_not;
} LaneLabel;
LaneLabel lane_label(LaneKind kind);
/* The label and the public parameters as one JSON object, for the output of whoever applied the lane. Secret: the
 * cell-key lane's parameters, which are left out. */
void lane_json(const Lane *lane, Json *json);

#endif
