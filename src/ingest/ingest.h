/*
 * Ingest: an agency's file becomes typed, validated, provenance-carrying rows,
 * or a clear refusal. See README.md in this folder for the steps and the commit
 * protocol, docs/contracts.md for what a contract can say.
 *
 * A load is one folder, home/loads/LOAD/, made under home/tmp and renamed:
 *   rows.parquet   row_no BIGINT (1-based among the rows of the file: headers, titles and records of other types
 *                  do not count), record_tag UUID (NULL for reference files and for rows that name nobody), then one
 *                  column a content field (identity fields are in the vault, employers are keyed tags)
 *   contract.toml  the contract as used
 *   report.csv     row,line,field,rule,severity,message in the sender's own order; never a value
 *   receipt.json   file, hash, contract, agreement, counts, sums, scope, what it supersedes, files{name: sha256}
 */
#ifndef CAIRN_INGEST_INGEST_H
#define CAIRN_INGEST_INGEST_H

#include "base/base.h"
#include "contract/contract.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"
#include "store/vault.h"

typedef enum IngestOutcome {
    INGEST_LOADED,
    INGEST_ALREADY, /* same content was accepted before: nothing done */
    INGEST_REFUSED, /* over its error limit, a file rule, encoding, truncation: nothing loaded; report written */
    INGEST_DENIED,  /* no agreement covers it */
} IngestOutcome;

typedef struct IngestResult {
    IngestOutcome outcome;
    char load[17];
    char source[64];
    uint64_t rows_read;
    uint64_t rows_accepted;
    uint64_t rows_rejected;
    uint64_t warnings;
    char reason[300];       /* why refused or denied; empty otherwise */
    char report_path[512];  /* error report; empty when there is nothing to say */
    char supersedes[17];    /* load id, or empty */
} IngestResult;

typedef struct IngestContext {
    Home *home;
    Policy *policy;
    Ledger *ledger;
    Vault *vault;
    const Log *log;
    ProgressMode progress;
} IngestContext;

/* One file of a source. Returns OK also for REFUSED and DENIED (the result says so and the ledger keeps it); an error
 * is for what is not the file's fault: I/O, a broken contract, a full disk. Safe to kill at any moment and to repeat.
 * */
MUST_USE Status ingest_file(const IngestContext *ctx, Slice source, const char *path, IngestResult *out, Error *err);

/* Every file under dir/SOURCE/ for each contract of the policy, in sorted order; a folder whose name is no contract
 * is told in the log. Calls done after each file. Files accepted or refused before with the same content are skipped
 * cheaply (INGEST_ALREADY). Reference sources go first, then records, so that cross-file rules see what they need. */
MUST_USE Status ingest_inbox(const IngestContext *ctx, const char *dir,
                             Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err),
                             void *arg,
                             Error *err);

/* `cairn profile`: guesses format, columns, types, fill rates, patterns and likely code lists of an unknown file and
 * writes a draft contract (TOML, status "assumed") to out. Values appear only when a column looks like a code list
 * (at most 40 distinct values, each in at least 10 rows). */
MUST_USE Status profile_file(const char *path, Buf *contract_toml, Buf *report_text, Error *err);

#endif
