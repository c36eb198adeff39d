/*
 * libcairn-protect: tables made safe to publish, and published tables attacked, as a C library.
 *
 *   cairn_protect *p;
 *   cairn_protect_error e;
 *   cairn_protect_new(&p, &e)
 *   cairn_protect_file(p, "places.csv", text, len, &e)       every file that the header names: tables and code lists
 *   cairn_protect_policy(p, toml, len, &e)                   rules of protection (docs/protect.md)
 *   cairn_protect_key(p, key, len, &e)                       for the lanes round and cell_key: their secret
 *   cairn_protect_budget(p, "budget.jsonl", &e)              for the lane dp: the ledger it is paid from
 *   cairn_protect_run(p, header, len, threads, &e)           suppresses or changes, and attacks what comes out
 *   cairn_protect_output(p, "rates.csv", &text, &len, &e)    a table as it may be published
 *   cairn_protect_free(p)
 *
 *   cairn_protect_audit(p, header, len, threads, &e)         instead: what can an outsider infer from published files?
 *   cairn_protect_audit_within(p, header, len, 4, &limits, threads, &e)   the same with limits, for what others printed
 *   cairn_protect_finding_at(p, i, &finding)
 *
 *   cairn_protect_jj(p, text, len, threads, &report, &e)     instead: a problem in JJ format, as tau-ARGUS reads it
 *   cairn_protect_jj_audit(p, text, len, threads, &report, &e)   the pattern of one, attacked
 *
 *   cairn_protect_want_proof(p, 1, &e)                       before a run: "proof" is one of its outputs
 *   cairn_protect_proof(p, bytes, len, &e)                   before an audit: verified, and the rest searched for
 *
 * Functions that can fail return CAIRN_PROTECT_OK or another code and fill the error, which may be NULL. Texts come as
 * pointer and length and are copied; a null pointer for an object, a name or a text with a length is
 * CAIRN_PROTECT_USAGE; texts that are handed out end in a NUL and live until the next run or audit of the same object.
 * The same files and policy give the same bytes, whatever the number of threads.
 *
 * An object is used by one thread at a time; different objects are independent. threads 0: one a core.
 */
#ifndef CAIRN_PROTECT_LIBRARY_H
#define CAIRN_PROTECT_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cairn_protect_code {
    CAIRN_PROTECT_OK = 0,
    CAIRN_PROTECT_USAGE,   /* called in the wrong order, or for something that is not there */
    CAIRN_PROTECT_INVALID, /* header, policy or table break a rule: the table does not add up, ... */
    CAIRN_PROTECT_EXPOSED, /* no pattern protects every cell, or the budget is short: nothing comes out */
    CAIRN_PROTECT_LIMIT,   /* a stated maximum was reached */
    CAIRN_PROTECT_NOMEM,
    CAIRN_PROTECT_OTHER
} cairn_protect_code;

typedef struct cairn_protect_error {
    cairn_protect_code code;
    char message[600]; /* lower-case, no full stop */
    char hint[300];    /* what to do; may be empty */
    char file[300];    /* of the input; may be empty */
    uint64_t row;      /* 1-based record of it, its header counted; 0: none */
    char field[80];
} cairn_protect_error;

typedef struct cairn_protect cairn_protect;

const char *cairn_protect_version(void); /* "0.1.0" */

cairn_protect_code cairn_protect_new(cairn_protect **out, cairn_protect_error *err);
void cairn_protect_free(cairn_protect *p); /* NULL is fine */

/* A file by the name the header has for it; an earlier text of that name is replaced. */
cairn_protect_code cairn_protect_file(
    cairn_protect *p, const char *name, const char *text, size_t len, cairn_protect_error *err);
/* The text of a policy, schema "cairn.protection/1". Files of lanes that it names (docs/lanes.md) are handed over by
 * cairn_protect_file, under the names that the policy has for them. */
cairn_protect_code cairn_protect_policy(cairn_protect *p, const char *toml, size_t len, cairn_protect_error *err);
/* The secret of the lanes round and cell_key, at least 16 bytes; the same key, the same noise. Wiped when the object is
 * freed, or another key is given. */
cairn_protect_code cairn_protect_key(cairn_protect *p, const char *key, size_t len, cairn_protect_error *err);
/* The ledger file that differential privacy is paid from; `cairn budget open` makes one. A run with the lane dp writes
 * its line before anything is drawn, and a query that was paid for is not drawn again (CAIRN_PROTECT_OTHER): keep the
 * outputs. */
cairn_protect_code cairn_protect_budget(cairn_protect *p, const char *path, cairn_protect_error *err);

/* Protects the tables of a header, schema "cairn.tables/1". CAIRN_PROTECT_EXPOSED names a cell that nothing protects.
 */
cairn_protect_code cairn_protect_run(
    cairn_protect *p, const char *header, size_t len, unsigned threads, cairn_protect_error *err);

typedef struct cairn_protect_stats {
    uint64_t shown, suppressed; /* cells that a column prints */
    uint64_t by_rule, complementary;
    uint64_t equations, audited;
} cairn_protect_stats;
cairn_protect_code cairn_protect_stats_get(const cairn_protect *p, cairn_protect_stats *out, cairn_protect_error *err);

/* What a run made: the base name of a table's file or of a code list (of its columns code, parent and title alone),
 * "tables.toml" (a header for audits), "audit.json", "errors.csv" (error bars of noise; empty without), and for the
 * owner alone "suppressed.csv" and "report.html". CAIRN_PROTECT_USAGE for other names, or without a run. */
cairn_protect_code cairn_protect_output(
    cairn_protect *p, const char *name, const char **text, size_t *len, cairn_protect_error *err);

/* Attacks tables as they were published; with a policy, printed counts below its minimums are findings, too. A hidden
 * cell is one with fewer than min_possible (at least 2) possible values. */
cairn_protect_code cairn_protect_audit(cairn_protect *p, const char *header, size_t len, uint32_t min_possible,
    unsigned threads, cairn_protect_error *err);

/* The same for tables that somebody else printed: large, and not always free of contradictions. All 0: as
 * cairn_protect_audit does it. */
typedef struct cairn_protect_audit_limits {
    /* Of each piece that hangs together so many questions times unknowns are put to the piece as a whole, further ones
     * to the neighbourhood of a cell alone; what they leave undecided is "unproven". 0: no limit. `cairn audit` takes
     * 250,000. */
    uint64_t whole;
    /* What contradicts that which was printed before it is set aside, and findings rest on the rest; else everything
     * that hangs together with a contradiction is one. */
    int set_contradictions_aside;
    int printed_only;      /* cells that are printed or hidden are asked for, and no sums of them; not with a policy */
    uint32_t explain_most; /* the first so many findings say why; 0: all */
} cairn_protect_audit_limits;
cairn_protect_code cairn_protect_audit_within(cairn_protect *p, const char *header, size_t len, uint32_t min_possible,
    const cairn_protect_audit_limits *limits, unsigned threads, cairn_protect_error *err);
/* Of the last audit: statements that were set aside. 0 without one. */
uint64_t cairn_protect_set_aside(const cairn_protect *p);

typedef struct cairn_protect_finding {
    const char *cell;    /* in words */
    const char *verdict; /* "exact", "narrow", "small", "unproven", "contradiction" */
    int64_t low, high;   /* nothing else is possible; INT64_MAX: no bound */
    const char *why;     /* from which printed figures it follows; no figures where that was not looked for */
} cairn_protect_finding;

typedef struct cairn_protect_jj_report {
    uint32_t cells, equations, sensitive, secondary;
    uint32_t cost_decimals; /* as many as the problem's costs have */
    int64_t cost;           /* of the secondary cells, in units of 10^-cost_decimals */
    uint64_t unprotected;   /* of an audit: cells that are exposed, or could not be shown to be protected */
} cairn_protect_jj_report;
/* Suppresses, and attacks what comes out; needs no policy, since a problem has its own levels. CAIRN_PROTECT_EXPOSED
 * when some cell cannot be protected. cairn_protect_output has "problem.jj": the problem with secondaries as 'm'. */
cairn_protect_code cairn_protect_jj(cairn_protect *p, const char *text, size_t len, unsigned threads,
    cairn_protect_jj_report *out, cairn_protect_error *err);
/* Attacks the cells a problem says are suppressed. cairn_protect_output has "findings.txt": a line each, in words. */
cairn_protect_code cairn_protect_jj_audit(cairn_protect *p, const char *text, size_t len, unsigned threads,
    cairn_protect_jj_report *out, cairn_protect_error *err);

/* Proofs (docs/protect.md): tables that another process can verify instead of searching for them. Together they give
 * the hidden numbers away; whoever may not see those must not get them.
 *
 * With wanted not 0 the runs from now on, of tables and of JJ problems, make one: cairn_protect_output has "proof". */
cairn_protect_code cairn_protect_want_proof(cairn_protect *p, int wanted, cairn_protect_error *err);
/* For the audits from now on; of length 0: none. Nothing of it is believed. Whatever the bytes are, the audits can be
 * run: a broken proof is looked at as far as it can be read, and cairn_protect_proof_state says where it broke. */
cairn_protect_code cairn_protect_proof(cairn_protect *p, const char *bytes, size_t len, cairn_protect_error *err);

typedef struct cairn_protect_proof_report {
    uint64_t tables, held; /* that could be read; of them, those that are tables */
    int foreign;           /* made for another problem or pattern; what holds of it counts all the same */
    char broken[600];      /* why the rest could not be read; empty: there was none */
} cairn_protect_proof_report;
/* Of the last audit. CAIRN_PROTECT_USAGE when there was none, or no proof. */
cairn_protect_code cairn_protect_proof_state(
    const cairn_protect *p, cairn_protect_proof_report *out, cairn_protect_error *err);

uint32_t cairn_protect_finding_count(const cairn_protect *p);
/* CAIRN_PROTECT_USAGE out of range. */
cairn_protect_code cairn_protect_finding_at(
    cairn_protect *p, uint32_t i, cairn_protect_finding *out, cairn_protect_error *err);

#ifdef __cplusplus
}
#endif

#endif
