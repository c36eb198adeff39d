/*
 * How a checked file becomes a load, safe against dying anywhere:
 *
 *   1. home/tmp/load-ID/ is built and synced     nothing refers to it; tmp/ is emptied at the next start
 *   2. vault: identities and quarantine, one     a tag that is there already is not added again, a
 *      transaction                               quarantined row is keyed by load and row number
 *   3. rename to home/loads/ID                   a folder there without a ledger entry is a leftover: replaced
 *   4. ledger: load.accepted                     from here on the load counts
 *
 * The vault's part of 2 is written while 1 is built, on two threads; its commit
 * waits for 1.
 *
 * The id is made of source, contract version and content, so a repetition after
 * any crash does the same again, to the same names, with the same bytes.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>

/* --- building ------------------------------------------------------------------------------------------------- */

/* Not synced one by one: dir_sync does it for all before the folder is renamed. */
static Status write_text(IngestJob *job, const char *name, Slice text, Error *err)
{
    const char *path;
    FileWriter *writer = NULL;
    TRY(path_join(&job->arena, job->folder, name, &path, err));
    TRY(writer_open(path, MODE_PRIVATE, &writer, err));
    writer_add(writer, text);
    return writer_close(writer, WRITER_NO_SYNC, err);
}

Status commit_folder(IngestJob *job, const char *prefix, Error *err)
{
    const char *relative;
    TRY(arena_printf(&job->arena, &relative, err, "tmp/%s-%s", prefix, job->out->load));
    TRY(home_file(job->ctx->home, &job->arena, relative, &job->folder, err));
    TRY(dir_remove(job->folder, err));
    return dir_make(job->folder, MODE_DIR_PRIVATE, err);
}

static Status write_report_and_receipt(IngestJob *job, const char *const *names, uint64_t *lines, Error *err)
{
    const char *path;
    Buf receipt;
    TRY(path_join(&job->arena, job->folder, "report.csv", &path, err));
    TRY(report_write(job, path, lines, err));
    buf_init(&receipt, 0);
    Status st = receipt_make(job, job->folder, names, &receipt, err);
    if (st == OK)
        st = write_text(job, "receipt.json", buf_slice(&receipt), err);
    buf_free(&receipt);
    TRY(st);
    return dir_sync(job->folder, err);
}

static void find_superseded(IngestJob *job)
{
    for (size_t i = 0; i < job->loads.len; i++) {
        const Load *load = &job->loads.at[i];
        if (slice_eq(load->source, job->contract->name) && slice_eq(load->scope, job->scope_text) &&
            load->superseded_by.len == 0)
            snprintf(job->out->supersedes, sizeof job->out->supersedes, "%.*s", SLICE_ARG(load->id));
    }
}

static Status build_load(IngestJob *job, uint64_t *lines, Error *err)
{
    static const char *const names[] = {"rows.parquet", "contract.toml", "report.csv", NULL};
    find_superseded(job);
    /* keys and rules between files may reject what was written already */
    if (job->rejected.len > 0)
        TRY(row_sink_leave_out(job->sink, job->db, &job->rejected, err));
    TRY(write_text(job, "contract.toml", job->contract->file->text, err));
    return write_report_and_receipt(job, names, lines, err);
}

/* --- vault ---------------------------------------------------------------------------------------------------- */

static Status quarantine_row(uint64_t row, Slice raw, void *ctx, Error *err)
{
    const IngestJob *job = ctx;
    return vault_add_quarantine(job->ctx->vault, slice_of(job->out->load), row, raw, err);
}

/* --- both at once --------------------------------------------------------------------------------------------- */

enum { COMMIT_VAULT, COMMIT_FOLDER, COMMIT_TASKS };

typedef struct Commit {
    IngestJob *job;
    uint64_t lines;
} Commit;

/* The two share nothing that either changes: the vault's part is the identities and the vault, the other's is the
 * database and the folder. */
static Status commit_task(size_t task, void *ctx, Error *err)
{
    Commit *c = ctx;
    if (task == COMMIT_FOLDER)
        return build_load(c->job, &c->lines, err);
    return identities_store(c->job->identities, c->job->ctx->vault, c->job->contract->name, err);
}

/* Inside the vault's transaction. */
static Status prepare_commit(IngestJob *job, uint64_t *lines, Error *err)
{
    Commit c = {.job = job};
    TRY(parallel_for(COMMIT_TASKS, home_settings(job->ctx->home)->threads, commit_task, &c, err));
    *lines = c.lines;
    TRY(ingest_step(job, STEP_BUILT, err));
    TRY(agency_file_unchanged(&job->file, err));
    TRY(rejected_each(job, quarantine_row, job, err));
    return ingest_step(job, STEP_VAULT_OPEN, err);
}

static Status commit_parts(IngestJob *job, uint64_t *lines, Error *err)
{
    TRY(vault_begin(job->ctx->vault, err));
    Status st = prepare_commit(job, lines, err);
    if (st != OK) {
        vault_rollback(job->ctx->vault);
        return st;
    }
    TRY(vault_commit(job->ctx->vault, err));
    return ingest_step(job, STEP_VAULT_DONE, err);
}

/* --- the end -------------------------------------------------------------------------------------------------- */

static Status move_folder(IngestJob *job, const char *parent, Error *err)
{
    const char *relative;
    const char *folder;
    const char *target;
    TRY(home_file(job->ctx->home, &job->arena, parent, &folder, err));
    TRY(dir_make(folder, MODE_DIR_PRIVATE, err));
    TRY(arena_printf(&job->arena, &relative, err, "%s/%s", parent, job->out->load));
    TRY(home_file(job->ctx->home, &job->arena, relative, &target, err));
    TRY(dir_remove(target, err));
    TRY(file_rename(job->folder, target, err));
    job->folder = target;
    return OK;
}

static void tell_report(IngestJob *job, uint64_t lines)
{
    if (lines > 0)
        snprintf(job->out->report_path, sizeof job->out->report_path, "%s/report.csv", job->folder);
}

static Status record_load(IngestJob *job, Error *err)
{
    const char *extra;
    Load load = {
        .id = slice_of(job->out->load),
        .source = job->contract->name,
        .contract = job->contract->version,
        .scope = job->scope_text,
        .file_name = slice_of(path_base(job->path)),
        .file_sha256 = slice_of(job->file.sha256),
        .agreement = job->agreement->id,
        .rows_accepted = job->out->rows_accepted,
        .rows_rejected = job->out->rows_rejected,
        .received_at = clock_now(),
    };
    TRY(arena_printf(&job->arena, &extra, err, "\"contract_sha256\":\"%s\"", job->contract->file->sha256));
    if (job->out->reinstates[0])
        TRY(arena_printf(&job->arena, &extra, err, "%s,\"reinstates\":\"%s\"", extra, job->out->reinstates));
    return ledger_add_load(job->ctx->ledger, &load, slice_of(extra), err);
}

Status commit_load(IngestJob *job, Error *err)
{
    uint64_t lines = 0;
    TRY(commit_parts(job, &lines, err));
    TRY(move_folder(job, "loads", err));
    TRY(ingest_step(job, STEP_MOVED, err));
    TRY(record_load(job, err));
    tell_report(job, lines);
    return ingest_step(job, STEP_RECORDED, err);
}

/* --- refusals ------------------------------------------------------------------------------------------------- */

static Status record_refusal(IngestJob *job, Slice subject, Error *err)
{
    Buf body;
    Json j;
    LedgerEntry last;
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "source", job->contract->name);
    json_kstr(&j, "contract", job->contract->version);
    json_kstr(&j, "contract_sha256", slice_of(job->contract->file->sha256));
    json_kstr(&j, "outcome", job->out->outcome == INGEST_DENIED ? SLICE("denied") : SLICE("refused"));
    json_kstr(&j, "file_name", slice_of(path_base(job->path)));
    json_kstr(&j, "file_sha256", slice_of(job->file.sha256));
    json_kstr(&j, "reason", slice_of(job->out->reason));
    json_end(&j);
    Status st = buf_status(&body, err);
    /* the same refusal of the same file again is no news */
    bool known = st == OK && ledger_last(job->ctx->ledger, "load.refused", subject, &job->arena, &last, NULL) == OK &&
                 slice_eq(last.body, buf_slice(&body));
    if (st == OK && !known)
        st = ledger_append(job->ctx->ledger, "load.refused", subject, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status commit_refusal(IngestJob *job, Error *err)
{
    static const char *const names[] = {"report.csv", NULL};
    uint64_t lines = 0;
    if (job->out->outcome == INGEST_DENIED) /* not opened: there is no hash to name it by */
        return record_refusal(job, job->contract->name, err);
    TRY(commit_folder(job, "refused", err));
    TRY(write_report_and_receipt(job, names, &lines, err));
    TRY(move_folder(job, "inbox-reports", err));
    tell_report(job, lines);
    return record_refusal(job, slice_of(job->out->load), err);
}
