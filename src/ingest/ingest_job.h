/*
 * Private to ingest: one file on its way from the inbox to a load, and the
 * steps it takes. Order of the steps: ingest_file.c.
 */
#ifndef CAIRN_INGEST_INGEST_JOB_H
#define CAIRN_INGEST_INGEST_JOB_H

#include "govern/govern.h"
#include "ingest/agency_file.h"
#include "ingest/field_value.h"
#include "ingest/identities.h"
#include "ingest/ingest.h"
#include "ingest/row_scan.h"

/* Between any two of them a process may die and the file be taken in again. */
typedef enum IngestStep {
    STEP_SURVEYED,
    STEP_STAGED,       /* every row typed and checked */
    STEP_CHECKED,      /* and the file as a whole */
    STEP_BUILT,        /* the load's folder is complete under tmp/ */
    STEP_VAULT_OPEN,   /* identities are in the vault's transaction */
    STEP_VAULT_DONE,
    STEP_MOVED,        /* tmp/ -> loads/ */
    STEP_RECORDED,     /* the ledger has it */
    STEP_COUNT
} IngestStep;

/* What ingest_file does not offer. */
typedef enum RefusedBefore { REFUSED_TRY_AGAIN, REFUSED_SKIP } RefusedBefore;
typedef struct IngestOptions {
    RefusedBefore refused;
    /* test hook, called after each step; its failure ends the job. NULL: none */
    Status (*fault)(IngestStep step, Error *err);
} IngestOptions;
MUST_USE Status ingest_file_with(const IngestContext *ctx, Slice source, const char *path, const IngestOptions *options,
                                 IngestResult *out, Error *err);

typedef struct ScopeValue {
    Slice name;
    const Field *field; /* NULL: value is known from the file's name */
    Slice value;
} ScopeValue;

typedef struct TotalValue {
    Slice name;
    Slice value; /* ptr NULL: SQL NULL */
} TotalValue;

typedef struct IngestJob {
    const IngestContext *ctx;
    Status (*fault)(IngestStep step, Error *err);
    bool skip_refused;
    IngestResult *out;
    Arena arena;
    const char *path;
    const Contract *contract;
    const Agreement *agreement; /* NULL after a denial */
    AgencyFile file;
    Db *db;
    RowScan *scan;
    Progress *progress;
    ValueReader *readers;       /* one a field of the file */
    size_t reader_count;
    Identities *identities;
    ScopeValue *scope;          /* one a scope part of the contract */
    Slice scope_text;           /* "school_year=2024,term=3" */
    bool *rule_unchecked;       /* cross rules whose other source has no load */
    bool *rule_warned;          /* file rules of severity warning that failed */
    bool has_findings;          /* keys or cross rules found something */
    bool has_rejected_later;    /* rows rejected by key or cross rules */
    TotalValue *totals;
    uint64_t trailers;
    Refusal refusal;
    Loads loads;                /* as the ledger had them at the start */
    const char *folder;         /* under tmp/, then where it was moved */
    double step_began;          /* monotonic seconds */
    double step_began_cpu;      /* of the process, all threads */
} IngestJob;

/* After each step: tells the log how long it took, and asks the test's hook. */
MUST_USE Status ingest_step(IngestJob *job, IngestStep s, Error *err);

/* --- row_check.c: validation in SQL. A refused file is OK with job->refusal set. --- */

/* Opens the in-memory database, registers reader and functions, runs the one statement that types and checks every
 * row. */
MUST_USE Status check_rows(IngestJob *job, Error *err);

/* --- load_check.c: what is decided over many rows, after check_rows --- */

/* Keys, cross rules, error limit, file rules, scope and totals, in this order; sets the counts of job->out. */
MUST_USE Status check_load(IngestJob *job, Error *err);

/* --- ingest_report.c --- */

/* What is wrong, one line a finding, in the file's own order, into path. *lines is 0 when there was nothing to say;
 * also sets job->out->warnings. */
MUST_USE Status report_write(IngestJob *job, const char *path, uint64_t *lines, Error *err);
/* Calls fn for each rejected row in order, with the row as received. */
MUST_USE Status rejected_each(IngestJob *job, Status (*fn)(uint64_t row, Slice raw, void *ctx, Error *err), void *ctx,
    Error *err);

/* --- ingest_receipt.c --- */

/* The receipt's text; names are the files of `folder` to list with their hashes, NULL-terminated. */
MUST_USE Status receipt_make(IngestJob *job, const char *folder, const char *const *names, Buf *out, Error *err);

/* --- ingest_commit.c --- */

MUST_USE Status commit_load(IngestJob *job, Error *err);
/* Report and receipt for the sender, ledger entry load.refused. Also for a denial. */
MUST_USE Status commit_refusal(IngestJob *job, Error *err);

/* --- row_check.c --- */

/* Columns of rows.parquet after row_no and record_tag, as a SQL select list over the accepted rows; identities left
 * out. */
void sql_content_columns(const IngestJob *job, Buf *sql);
/* True for fields that go into rows.parquet (employers as keyed tags). */
bool field_is_content(const Field *f);

#endif
