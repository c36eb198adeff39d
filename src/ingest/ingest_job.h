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
#include "ingest/job_db.h"
#include "ingest/row_scan.h"
#include "ingest/row_sink.h"

/* Between any two of them a process may die and the file be taken in again. */
typedef enum IngestStep {
    STEP_SURVEYED,
    STEP_STAGED,     /* every row typed and checked */
    STEP_CHECKED,    /* and the file as a whole */
    STEP_BUILT,      /* the load's folder is complete under tmp/ */
    STEP_VAULT_OPEN, /* identities are in the vault's transaction */
    STEP_VAULT_DONE,
    STEP_MOVED,    /* tmp/ -> loads/ */
    STEP_RECORDED, /* the ledger has it */
    STEP_COUNT
} IngestStep;

/* What ingest_file does not offer. */
typedef enum RefusedBefore { REFUSED_TRY_AGAIN, REFUSED_SKIP } RefusedBefore;
typedef enum SupersededBefore { SUPERSEDED_STAYS, SUPERSEDED_REINSTATE } SupersededBefore;
typedef struct IngestOptions {
    RefusedBefore refused;
    SupersededBefore superseded;
    /* test hook, called after each step; its failure ends the job. NULL: none */
    Status (*fault)(IngestStep step, Error *err);
} IngestOptions;
/* As ingest_inbox; fault may be called by two threads at once. */
MUST_USE Status ingest_inbox_with(const IngestContext *ctx, const char *dir,
    Status (*fault)(IngestStep step, Error *err),
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err), void *arg, Error *err);
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

/* What is left to do after ingest_job_prepare. */
typedef enum JobEnd { END_KNOWN, END_DENIED, END_REFUSED, END_COMMIT } JobEnd;

typedef struct IngestJob {
    const IngestContext *ctx;
    Ledger *ledger;                 /* to read while another job writes ctx->ledger; else the same */
    const struct IngestJob *before; /* of the same source, being finished meanwhile; or NULL */
    const char *prefix; /* of its folder under tmp/: two jobs at once have different ones, even of one content */
    JobEnd end;
    Status (*fault)(IngestStep step, Error *err);
    bool skip_refused;
    bool reinstate;
    IngestResult *out;
    Arena arena;
    const char *path;
    const Contract *contract;
    const Agreement *agreement; /* NULL after a denial */
    AgencyFile file;
    bool ahead; /* surveyed before its turn, with this outcome: */
    Status survey_status;
    JobDb *database; /* lent */
    Db *db;          /* a connection to it */
    RowScan *scan;
    SinkColumns columns; /* what the rows consist of after checking */
    RowSink *sink;
    Progress *progress;
    ValueReader *readers; /* one a field of the file */
    size_t reader_count;
    Identities *identities;
    ScopeValue *scope;    /* one a scope part of the contract */
    Slice scope_text;     /* "school_year=2024,term=3" */
    bool *rule_unchecked; /* cross rules whose other source has no load */
    bool *rule_warned;    /* file rules of severity warning that failed */
    Troubles troubles;    /* rows that something is to be said about, in order */
    RowNumbers rejected;  /* of these, rejected by key or cross rules */
    TotalValue *totals;
    uint64_t trailers;
    Refusal refusal;
    Loads loads;           /* as the ledger had them at the start */
    const char *folder;    /* under tmp/, then where it was moved */
    double step_began;     /* monotonic seconds */
    double step_began_cpu; /* of the process, all threads */
} IngestJob;

/* --- ingest_file.c --- */

/* A file on its way: init, prepare (everything that decides what becomes of it; only folders under tmp/ are written),
 * finish (commit or refusal; *out is right from then on), free. `before`, when it is not NULL, has been prepared and
 * may be finished at the same time on another thread if ingest_job_may_be_followed says so; then `ledger` must be a
 * handle of this job's own. Jobs are finished and freed in the order they were prepared in. `database` is lent until
 * the job is freed and serves one job at a time. A survey ahead, which is optional, does what needs neither ledger nor
 * vault (contract, agreement, hash, scan points), at any time on any thread; prepare tells what it came to. */
void ingest_job_init(IngestJob *job, const IngestContext *ctx, const char *path, const IngestOptions *options,
    JobDb *database, IngestResult *out);
void ingest_job_survey(IngestJob *job, Slice source);
MUST_USE Status ingest_job_prepare(IngestJob *job, Slice source, Error *err);
bool ingest_job_may_be_followed(const IngestJob *job);
MUST_USE Status ingest_job_finish(IngestJob *job, Error *err);
void ingest_job_free(IngestJob *job);

/* After each step: tells the log how long it took, and asks the test's hook. */
MUST_USE Status ingest_step(IngestJob *job, IngestStep s, Error *err);

/* --- row_check.c: validation in SQL. A refused file is OK with job->refusal set. --- */

/* Registers reader and functions with the in-memory database, runs the one statement that types and checks every
 * row. Good rows are then in job->folder/rows.parquet, which the view `staged` shows. */
MUST_USE Status check_rows(IngestJob *job, Error *err);

/* --- load_check.c: what is decided over many rows, after check_rows --- */

/* Keys, cross rules, error limit, file rules, scope and totals, in this order; sets the counts of job->out. Identities
 * of rows that were rejected here are dropped. */
MUST_USE Status check_load(IngestJob *job, Error *err);

/* --- ingest_report.c --- */

/* What is wrong, one line a finding, in the file's own order, into path. *lines is 0 when there was nothing to say;
 * also sets job->out->warnings. */
MUST_USE Status report_write(IngestJob *job, const char *path, uint64_t *lines, Error *err);
/* Calls fn for each rejected row in order, with the row as received. */
MUST_USE Status rejected_each(
    IngestJob *job, Status (*fn)(uint64_t row, Slice raw, void *ctx, Error *err), void *ctx, Error *err);

/* --- ingest_receipt.c --- */

/* The receipt's text; names are the files of `folder` to list with their hashes, NULL-terminated. */
MUST_USE Status receipt_make(IngestJob *job, const char *folder, const char *const *names, Buf *out, Error *err);

/* --- ingest_commit.c --- */

/* An empty folder under tmp/, named by prefix and load, as job->folder. */
MUST_USE Status commit_folder(IngestJob *job, const char *prefix, Error *err);
MUST_USE Status commit_load(IngestJob *job, Error *err);
/* Report and receipt for the sender, ledger entry load.refused. Also for a denial. */
MUST_USE Status commit_refusal(IngestJob *job, Error *err);

#endif
