/*
 * The pipeline's steps, each skipped when what it depends on has not changed.
 *
 * A step's key is a SHA-256 over everything that can change its result: the
 * program's own bytes, the policy files, the loads in force, reviewers' decisions
 * for linking, and the last linking run for the steps after it. A finished step leaves a ledger entry "step.done" whose
 * subject is "NAME:KEY"; a process killed before that entry repeats the step, and every step is built so that repeating
 * it gives the same result.
 */
#ifndef CAIRN_CLI_PIPELINE_H
#define CAIRN_CLI_PIPELINE_H

#include "cli/cli.h"
#include "ingest/ingest.h"

typedef enum PipelineForce { PIPELINE_SKIP_DONE, PIPELINE_FORCE } PipelineForce;

typedef struct StepResult {
    bool skipped;
    double seconds;
} StepResult;

typedef struct IngestTally {
    uint64_t files, loaded, already, refused, denied;
    uint64_t rows_accepted, rows_rejected;
} IngestTally;

/* Borrows everything; vault is the caller's to close. */
IngestContext pipeline_ingest_context(Cli *cli, const Workplace *w, Vault *vault);
/* inbox NULL: the home's own. In text mode a line tells each file with something to say (with --verbose: every file).
 */
MUST_USE Status pipeline_ingest(Cli *cli, const Workplace *w, const char *inbox, IngestTally *out, Error *err);
MUST_USE Status pipeline_link(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
/* Only what is new, whatever its share; and everything. pipeline_link goes by the policy. */
MUST_USE Status pipeline_link_newcomers(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
MUST_USE Status pipeline_link_full(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
MUST_USE Status pipeline_build(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
MUST_USE Status pipeline_measure(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
MUST_USE Status pipeline_release(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);

typedef Status (*PipelineFn)(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err);
/* A command that is one step: opens the home for writing, runs fn (again with --force), tells with --json. */
MUST_USE Status pipeline_run_one(Cli *cli, PipelineFn fn, Error *err);

/* One line a file, for the text form of ingest and run. */
void pipeline_say_file(Cli *cli, const IngestResult *result, const char *path);

#endif
