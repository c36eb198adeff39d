/*
 * Protectfile: disclosure control for files. Tables as a header describes them (room tables), a policy, and out come
 * tables that were attacked before anybody else can attack them.
 *
 *   tables ─► cells and equations ─► primary rules ─► complementary suppression ─► the independent audit ─┐
 *                                          ▲                                            │ a leak         │ none
 *                                          └────────── one cell more is suppressed ◄────┘                ▼
 *                                                                       protected CSVs, audit.csv, report.html
 *
 * No data home: what it reads and writes belongs to whoever runs it. Same files and policy, same bytes. Nothing is
 * written unless the audit found nothing.
 */
#ifndef CAIRN_PROTECTFILE_PROTECTFILE_H
#define CAIRN_PROTECTFILE_PROTECTFILE_H

#include "base/base.h"
#include "protectfile/proof.h"
#include "sdc/sdc.h"
#include "tables/tables.h"

/* --- policy: schema "cairn.protection/1", docs/protect.md ----------------------------------------------------------
 */

#define PROTECTION_MAX_BANDS 16

typedef struct ProtectionBand {
    int64_t from;    /* groups of at least so many */
    int64_t percent; /* rates up to this, and from 100 minus this on, are coded */
} ProtectionBand;

/* What one table must keep to. 0 switches a rule off. */
typedef struct ProtectionRules {
    int64_t min_n, min_numerator, min_complement;
    int64_t dominance_n, dominance_k; /* the n largest make more than k percent of a total */
    int64_t p_percent;
    int64_t min_employers, top_employer_max; /* percent */
    int64_t min_suppressed_sum;
    int64_t singletons;        /* 1: who is alone in a cell knows it */
    int64_t hide_zeros;        /* 1: that nobody is there must not be told either */
    int64_t coarse_rate_below; /* denominators under this: whole percents */
    int64_t rate_decimals;
    int64_t rounding; /* medians, means, totals: to multiples of this */
    int64_t cost_people_percent, cost_margin_percent, cost_fair_percent;
    bool no_employers; /* the policy says why employers do not matter here: figures about money need not name them */
} ProtectionRules;

typedef struct ProtectionPolicy {
    Arena arena;
    Slice name, version, title, status, source;
    char sha256[SHA256_HEX_SIZE];
    ProtectionRules rules;                      /* of every table that has none of its own */
    ProtectionBand bands[PROTECTION_MAX_BANDS]; /* by from, ascending */
    size_t band_count;
    Slice suppressed; /* how a suppressed cell is printed */
    const Toml *root;
    const char *path;
} ProtectionPolicy;

/* Parses a policy's text. ERR_INVALID names file and line. Free with protection_free, also after a failure. */
MUST_USE Status protection_parse(Slice text, const char *path, ProtectionPolicy *out, Error *err);
void protection_free(ProtectionPolicy *p);
/* The rules of one table: the policy's, with what [[override]] changes. */
MUST_USE Status protection_rules(const ProtectionPolicy *p, Slice table, ProtectionRules *out, Error *err);
/* ERR_INVALID, with file and line: an override is of a table that is not there. */
MUST_USE Status protection_check_tables(const ProtectionPolicy *p, const TablesSet *set, Error *err);
/* Which lane a table takes (docs/lanes.md). */
typedef enum ProtectionLaneKind {
    PROTECTION_SUPPRESS,
    PROTECTION_ROUND,
    PROTECTION_CELL_KEY,
    PROTECTION_DP
} ProtectionLaneKind;
typedef struct ProtectionLane {
    ProtectionLaneKind kind;
    Slice file;        /* "cairn.lane/1", relative to the policy's folder; empty for suppress */
    Slice median_file; /* of the fuzzy lane; empty: medians as the table has them */
} ProtectionLane;
MUST_USE Status protection_lane(const ProtectionPolicy *p, Slice table, ProtectionLane *out, Error *err);
/* The i-th lane file the policy names, compare_files last. */
MUST_USE Status protection_lane_file(const ProtectionPolicy *p, size_t i, Slice *out, bool *is_there, Error *err);
/* The band of a group's size; NULL: rates of it are not coded. */
const ProtectionBand *protection_band(const ProtectionPolicy *p, int64_t n);

/* --- protecting ----------------------------------------------------------------------------------------------------
 */

typedef enum ProtectReason {
    REASON_NONE,
    REASON_FEW,            /* fewer than min_n people */
    REASON_FEW_NUMERATOR,  /* fewer than min_numerator have the outcome */
    REASON_FEW_COMPLEMENT, /* fewer than min_complement have not */
    REASON_NEARLY_NONE,    /* (almost) nobody: the rate is coded */
    REASON_NEARLY_ALL,
    REASON_DOMINANCE,
    REASON_P_PERCENT,
    REASON_EMPLOYERS,
    REASON_TOP_EMPLOYER,
    REASON_ZERO,
    REASON_EARLIER,   /* an earlier release suppressed it */
    REASON_COMPLEMENT /* protects others */
} ProtectReason;
const char *protect_reason_words(ProtectReason r);

typedef struct ProtectedCell {
    ProtectReason reason; /* why it is suppressed; REASON_NONE: it is not */
    uint32_t protects;    /* REASON_COMPLEMENT: the sensitive cell nearest to it; TABLES_NONE */
    bool coded;           /* a rate that shows it is printed as a band */
} ProtectedCell;

typedef struct ProtectStats {
    uint64_t cells, printed, suppressed, equations;
    uint64_t sensitive, secondary; /* of the suppressed that would have been printed */
    uint64_t audited;              /* sensitive cells of the system, printed or not, that the audit asked about */
    uint64_t attacked;             /* cells that were attacked as an outsider has them */
    uint64_t repairs;              /* cells suppressed because the audit found a leak */
    int64_t people_hidden;         /* in suppressed cells of the finest level */
} ProtectStats;

/* What a quantity counts, for the rules: a group of people, those of them with or without an outcome, money. */
typedef enum QuantityRole { ROLE_SIZE, ROLE_NUMERATOR, ROLE_COMPLEMENT, ROLE_TOTAL } QuantityRole;

struct ProtectLanes; /* lanes.h */

typedef struct ProtectJob {
    TablesSet set;
    TablesSystem system;
    SdcProblem problem;
    const ProtectionPolicy *policy;
    ProtectionRules *rules;     /* one a table */
    ProtectedCell *cells;       /* one a cell */
    SdcCell *uncoded;           /* the problem's cells before rates were coded */
    QuantityRole *role;         /* one a quantity */
    uint32_t *rest, *rest_from; /* cells of those who are not in a part, by its cell: rest[rest_from[c]] and on */
    ProtectStats stats;
    struct ProtectLanes *lanes; /* NULL: every table is suppressed */
    Arena arena;
} ProtectJob;

typedef struct ProtectOptions {
    unsigned threads; /* 0: one a core */
    const Log *log;
    bool has_history;   /* answers are kept: lanes other than suppress are refused */
    bool known_allowed; /* what earlier releases and answers give away by themselves is no reason to refuse */
    bool suppress_only; /* lanes of the policy are not looked at: for comparisons */
    TablesLoad
        lane_load; /* lane files by the name the policy has for them; NULL: lanes other than suppress are refused */
    void *lane_ctx;
    Slice secret;       /* key of rounding and of cell keys, at least 16 bytes; empty: none */
    const char *budget; /* ledger that differential privacy is paid from; NULL: none */
    Buf *proof;         /* protecting a JJ problem: gets a proof of what comes out (proof.h); NULL: none is asked for */
    Slice given_proof;  /* auditing a JJ problem: a proof to verify; ptr NULL: none */
    const char *given_name; /* of it, in messages */
} ProtectOptions;

/* Reads, checks, protects, audits. ERR_INVALID: the tables break a rule. ERR_DENIED: no pattern protects them all; the
 * message names a sensitive cell and the published cells that give it away. Free with protect_job_free, also after a
 * failure. The policy must outlive the job. */
MUST_USE Status protect_job_run(Slice header, const char *name, TablesLoad load, void *ctx,
    const ProtectionPolicy *policy, const ProtectOptions *options, ProtectJob *out, Error *err);
void protect_job_free(ProtectJob *job);
/* Whether a cell is suppressed. */
bool protect_hidden(const ProtectJob *job, uint32_t cell);

/* --- what is written: all appended ----------------------------------------------------------------------------------
 */

/* A table as it may be published. */
MUST_USE Status protect_csv(const ProtectJob *job, uint32_t table, Buf *out, Error *err);
/* A header that describes the published tables, for cairn audit. */
MUST_USE Status protect_header(const ProtectJob *job, Buf *out, Error *err);
/* For the owner, not for the public: each suppressed cell with the rule that asked for it or the cell it protects. */
MUST_USE Status protect_reasons_csv(const ProtectJob *job, Buf *out, Error *err);
/* For the owner: the whole in plain language, one HTML file that needs nothing else. */
MUST_USE Status protect_report_html(const ProtectJob *job, Buf *out, Error *err);
/* The figures of the run and the audit, as JSON; part of what is published. */
MUST_USE Status protect_audit_json(const ProtectJob *job, Buf *out, Error *err);

/* A proof of the tables as an outsider has them, for who audits protect_header (proof.h): what that audit shows with,
 * found by one more attack. load: as the job's. */
MUST_USE Status protect_proof(
    const ProtectJob *job, TablesLoad load, void *ctx, unsigned threads, Buf *out, Error *err);
/* Figures with noise and their error bars; empty where there are none. */
MUST_USE Status protect_errors_csv(const ProtectJob *job, Buf *out, Error *err);

/* --- folders ---------------------------------------------------------------------------------------------------------
 */

typedef struct ProtectFileOptions {
    const char *tables; /* the header; its files are named relative to its folder */
    const char *policy;
    const char *out; /* folder: what may be published, and inside/ for the owner; NULL: nothing is written */
    const char
        *history;    /* folder of earlier releases or answers, which are part of the attack; this one is added. NULL */
    const char *key; /* file with the secret of rounding and cell keys; NULL: none */
    const char *proof; /* file for a proof of the published tables (proof.h), 0600; NULL: none */
    /* Called when every audit passed and before anything is written or noted; its failure is the call's. NULL */
    Status (*check)(void *ctx, const ProtectJob *job, Error *err);
    void *check_ctx;
    /* Called when the history has the release and before anything of it can be read; its failure is the call's. NULL */
    Status (*noted)(void *ctx, Error *err);
    void *noted_ctx;
    ProtectOptions run;
} ProtectFileOptions;

/* Reads a header; dir is the folder that its files are named relative to. */
MUST_USE Status protectfile_header(const char *path, Arena *arena, const char **dir, Buf *header, Error *err);

typedef struct ProtectFileReport {
    ProtectStats stats;
    uint64_t earlier; /* releases of the history */
    bool known;       /* the history has exactly this release already */
} ProtectFileReport;

/* OUT/ gets the tables, tables.toml, the code lists and audit.json; OUT/inside/ (0700) suppressed.csv and report.html.
 * HISTORY/ledger.csv chains its entries by SHA-256; ERR_CORRUPT when it does not hold. Each file is written whole or
 * not at all, none unless every audit passed. */
MUST_USE Status protectfile_protect(const ProtectFileOptions *options, ProtectFileReport *out, Error *err);

typedef struct JjReport {
    uint32_t cells, equations, sensitive, secondary;
    int64_t cost;           /* of the secondary cells, in units of 10^-cost_decimals as lower_bound */
    uint32_t cost_decimals; /* as many as the file's costs have */
    uint64_t exposed, unproven;
    bool bounded; /* lower_bound is known */
    int64_t lower_bound;
    ProofReport proof; /* of an audit */
} JjReport;

/* A problem in JJ format (name: in messages), suppressed and audited; appended to out with secondaries as 'm'.
 * ERR_DENIED when some cell cannot be protected. */
MUST_USE Status protect_jj(
    Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *out, Error *err);
/* The pattern of a JJ problem attacked as it is; a line a cell that is found is appended to words. */
MUST_USE Status protect_jj_audit(
    Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *words, Error *err);
/* The same of files; out NULL: not written. proof: a file that is written (0600) or verified; NULL: none. */
MUST_USE Status protectfile_jj(
    const char *path, const char *out, const char *proof, const ProtectOptions *options, JjReport *report, Error *err);
MUST_USE Status protectfile_jj_audit(
    const char *path, const char *proof, const ProtectOptions *options, JjReport *report, Buf *words, Error *err);

#endif
