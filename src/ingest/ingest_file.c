/*
 * One file from the inbox to a load, a refusal or a denial: the order of things.
 *
 * Nothing of the file is opened before an agreement allows it. Then: hash and
 * survey, known already?, type and check every row, check the whole, commit.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>

Status ingest_step(IngestJob *job, IngestStep s, Error *err)
{
    static const char *const names[STEP_COUNT] = {[STEP_SURVEYED] = "surveyed",
        [STEP_STAGED] = "staged",
        [STEP_CHECKED] = "checked",
        [STEP_BUILT] = "built",
        [STEP_VAULT_OPEN] = "vault-open",
        [STEP_VAULT_DONE] = "vault-done",
        [STEP_MOVED] = "moved",
        [STEP_RECORDED] = "recorded"};
    double now = clock_monotonic();
    double cpu = clock_cpu();
    log_line(job->ctx->log, LOG_DEBUG, "event=step step=%s load=%s ms=%.0f cpu_ms=%.0f", names[s], job->out->load,
        (now - job->step_began) * 1000, (cpu - job->step_began_cpu) * 1000);
    job->step_began = now;
    job->step_began_cpu = cpu;
    return job->fault ? job->fault(s, err) : OK;
}

/* --- agreement ------------------------------------------------------------------------------------------------ */

static Status ask_agreement(IngestJob *job, Error *err)
{
    const Contract *c = job->contract;
    ElementUse *uses = NULL;
    TRY(arena_new(&job->arena, ElementUse, c->field_count, &uses, err));
    for (size_t i = 0; i < c->field_count; i++)
        uses[i] = (ElementUse){.field = c->fields[i].name, .clause = c->fields[i].clause};
    Error denial = ERROR_INIT;
    Status st = govern_allow_source(
        job->ctx->policy, c->name, uses, c->field_count, clock_today(), &job->arena, &job->agreement, &denial);
    if (st == ERR_DENIED) {
        job->agreement = NULL;
        refuse(&job->refusal, 0, "%s", denial.message);
        return OK;
    }
    if (st != OK && err)
        *err = denial;
    return st;
}

/* --- known already? ------------------------------------------------------------------------------------------- */

/* earlier: loads of this content that were accepted and superseded before it is taken in once more. */
static Status make_load_id(IngestJob *job, unsigned earlier, Error *err)
{
    Buf text;
    uint8_t digest[SHA256_SIZE];
    buf_init(&text, 0);
    buf_add(&text, job->contract->name);
    buf_addc(&text, '\0');
    buf_add(&text, job->contract->version);
    buf_addc(&text, '\0');
    buf_adds(&text, job->file.sha256);
    if (earlier > 0) {
        buf_addc(&text, '\0');
        buf_add_u64(&text, earlier);
    }
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_of(buf_slice(&text), digest, err);
    buf_free(&text);
    if (st == OK)
        hex_encode(digest, (sizeof job->out->load - 1) / 2, job->out->load);
    return st;
}

static const Load *accepted_load(const IngestJob *job)
{
    for (size_t i = 0; i < job->loads.len; i++)
        if (slice_eq_z(job->loads.at[i].id, job->out->load))
            return &job->loads.at[i];
    return NULL;
}

/* Goes over the loads of this content, of which only the last can be in force. */
static Status was_accepted(IngestJob *job, bool *out, Error *err)
{
    const Load *last = NULL;
    char first[sizeof job->out->load] = "";
    for (unsigned n = 0;; n++) {
        TRY(make_load_id(job, n, err));
        const Load *load = accepted_load(job);
        if (!load)
            break;
        last = load;
        if (n == 0)
            memcpy(first, job->out->load, sizeof first);
    }
    *out = last && !(job->reinstate && last->superseded_by.len > 0);
    if (*out) {
        snprintf(job->out->load, sizeof job->out->load, "%.*s", SLICE_ARG(last->id));
        snprintf(job->out->superseded_by, sizeof job->out->superseded_by, "%.*s", SLICE_ARG(last->superseded_by));
        job->out->rows_accepted = last->rows_accepted;
        job->out->rows_rejected = last->rows_rejected;
        job->out->rows_read = last->rows_accepted + last->rows_rejected;
    } else if (last) {
        memcpy(job->out->reinstates, first, sizeof first);
    }
    return OK;
}

/* Refused before, under the very same contract. Another source's file may have come since, so only the inbox skips
 * it. */
static Status was_refused(IngestJob *job, bool *out, Error *err)
{
    LedgerEntry last;
    Error ignored = ERROR_INIT;
    *out = false;
    Status st = ledger_last(job->ledger, "load.refused", slice_of(job->out->load), &job->arena, &last, &ignored);
    if (st == ERR_NOT_FOUND)
        return OK;
    if (st != OK) {
        if (err)
            *err = ignored;
        return st;
    }
    const char *same;
    TRY(arena_printf(&job->arena, &same, err, "\"contract_sha256\":\"%s\"", job->contract->file->sha256));
    *out = slice_find(last.body, slice_of(same)) < last.body.len;
    return OK;
}

static Status is_known(IngestJob *job, bool *known, Error *err)
{
    job->loads.len = 0;
    TRY(ledger_loads(job->ledger, &job->arena, &job->loads, err));
    TRY(was_accepted(job, known, err));
    if (*known || !job->skip_refused)
        return OK;
    return was_refused(job, known, err);
}

/* --- the way --------------------------------------------------------------------------------------------------- */

static Status find_contract(IngestJob *job, Slice source, Error *err)
{
    const PolicyFile *file;
    TRY(policy_get(job->ctx->policy, "sources", source, clock_today(), &file, err));
    TRY(contract_parse(file, &job->arena, &job->contract, err));
    return OK;
}

static Status survey(IngestJob *job, Slice source, Error *err)
{
    TRY(find_contract(job, source, err));
    TRY(ask_agreement(job, err));
    if (job->refusal.refused) {
        job->end = END_DENIED;
        return OK;
    }
    TRY(agency_file_open(job->contract, job->path, &job->file, err));
    /* one file at a time has a progress bar: that which is prepared */
    if (!job->ahead)
        TRY(progress_new(job->ctx->progress, path_base(job->path), job->file.size * 2, "bytes", &job->progress, err));
    TRY(agency_file_survey(&job->file, home_settings(job->ctx->home)->threads, SLICE_BYTES, job->progress, err));
    if (job->file.refusal.refused)
        job->refusal = job->file.refusal;
    return OK;
}

static Status check(IngestJob *job, Error *err)
{
    if (job->refusal.refused)
        return OK;
    if (job->before)
        TRY(identities_after(job->before->identities, job->contract, &job->identities, err));
    else
        TRY(identities_new(job->ctx->home, job->ctx->vault, job->contract, &job->identities, err));
    TRY(commit_folder(job, job->prefix, err));
    TRY(check_rows(job, err));
    if (job->refusal.refused)
        return OK;
    TRY(ingest_step(job, STEP_STAGED, err));
    TRY(check_load(job, err));
    return job->refusal.refused ? OK : ingest_step(job, STEP_CHECKED, err);
}

static Status end_refused(IngestJob *job, Error *err)
{
    IngestOutcome outcome = job->end == END_DENIED ? INGEST_DENIED : INGEST_REFUSED;
    job->out->outcome = outcome;
    snprintf(job->out->reason, sizeof job->out->reason, "%s", job->refusal.reason);
    if (job->refusal.line > 0)
        snprintf(job->out->reason, sizeof job->out->reason, "%.250s (line %" PRIu64 ")", job->refusal.reason,
            job->refusal.line);
    log_line(job->ctx->log, LOG_WARN, "event=%s source=%.*s load=%s", outcome == INGEST_DENIED ? "denied" : "refused",
        SLICE_ARG(job->contract->name), job->out->load);
    if (job->folder)
        TRY(dir_remove(job->folder, err));
    return commit_refusal(job, err);
}

/* What a survey ahead of its turn came to. It says nothing of a file that has changed since or could not be read then:
 * such a one is surveyed again, as if it had not been. */
static Status take_survey(IngestJob *job, Slice source, Error *err)
{
    if (job->survey_status == OK && job->end == END_DENIED)
        return OK;
    if (job->survey_status != OK || !agency_file_is_current(&job->file)) {
        agency_file_close(&job->file);
        job->file = (AgencyFile){.fd = -1};
        job->refusal = (Refusal){0};
        job->ahead = false;
        return survey(job, source, err);
    }
    TRY(progress_new(job->ctx->progress, path_base(job->path), job->file.size * 2, "bytes", &job->progress, err));
    progress_add(job->progress, job->file.size);
    return OK;
}

static Status prepare(IngestJob *job, Slice source, Error *err)
{
    bool known = false;
    TRY(job->ahead ? take_survey(job, source, err) : survey(job, source, err));
    if (job->end == END_DENIED)
        return OK;
    TRY(is_known(job, &known, err));
    if (known) {
        job->end = END_KNOWN;
        return OK;
    }
    TRY(ingest_step(job, STEP_SURVEYED, err));
    TRY(check(job, err));
    job->end = job->refusal.refused ? END_REFUSED : END_COMMIT;
    return OK;
}

void ingest_job_survey(IngestJob *job, Slice source)
{
    job->ahead = true;
    job->survey_status = survey(job, source, NULL); /* what fails is tried again in its turn, and told then */
}

Status ingest_job_prepare(IngestJob *job, Slice source, Error *err)
{
    job->step_began = clock_monotonic();
    job->step_began_cpu = clock_cpu();
    snprintf(job->out->source, sizeof job->out->source, "%.*s", SLICE_ARG(source));
    Status st = prepare(job, source, err);
    progress_done(job->progress);
    job->progress = NULL;
    if (st != OK)
        error_at(err, path_base(job->path), 0, NULL);
    return st;
}

bool ingest_job_may_be_followed(const IngestJob *job)
{
    return job->end == END_COMMIT && identities_final(job->identities);
}

/* The ledger was read while the file before was on its way there, earlier or later: asked again now, it says what it
 * says of one file after another. What was known still is, but another load may have superseded it. */
static Status look_again(IngestJob *job, Error *err)
{
    bool known = false;
    if (job->ledger == job->ctx->ledger || job->end == END_DENIED)
        return OK;
    job->ledger = job->ctx->ledger;
    TRY(is_known(job, &known, err));
    ASSERT(known || job->end != END_KNOWN);
    if (!known || job->end == END_KNOWN)
        return OK;
    job->end = END_KNOWN;
    return job->folder ? dir_remove(job->folder, err) : OK;
}

static Status commit(IngestJob *job, Error *err)
{
    TRY(commit_load(job, err));
    job->out->outcome = INGEST_LOADED;
    log_line(job->ctx->log, LOG_INFO, "event=loaded source=%.*s load=%s rows=%" PRIu64 " rejected=%" PRIu64,
        SLICE_ARG(job->contract->name), job->out->load, job->out->rows_accepted, job->out->rows_rejected);
    return OK;
}

static Status finish(IngestJob *job, Error *err)
{
    TRY(look_again(job, err));
    switch (job->end) {
    case END_KNOWN:
        job->out->outcome = INGEST_ALREADY;
        break;
    case END_DENIED:
    case END_REFUSED:
        return end_refused(job, err);
    case END_COMMIT:
        return commit(job, err);
    }
    return OK;
}

Status ingest_job_finish(IngestJob *job, Error *err)
{
    Status st = finish(job, err);
    if (st != OK)
        error_at(err, path_base(job->path), 0, NULL);
    return st;
}

void ingest_job_free(IngestJob *job)
{
    db_close(job->db);
    job_db_end(job->database);
    row_scan_free(job->scan);
    row_sink_free(job->sink);
    vec_free(&job->columns);
    vec_free(&job->troubles);
    vec_free(&job->rejected);
    identities_free(job->identities);
    for (size_t i = 0; i < job->reader_count; i++)
        value_reader_free(&job->readers[i]);
    if (job->contract)
        agency_file_close(&job->file);
    progress_done(job->progress);
    vec_free(&job->loads);
    arena_free(&job->arena);
}

void ingest_job_init(IngestJob *job, const IngestContext *ctx, const char *path, const IngestOptions *options,
    JobDb *database, IngestResult *out)
{
    *job = (IngestJob){
        .ctx = ctx,
        .ledger = ctx->ledger,
        .prefix = "load",
        .fault = options->fault,
        .skip_refused = options->refused == REFUSED_SKIP,
        .reinstate = options->superseded == SUPERSEDED_REINSTATE,
        .out = out,
        .path = path,
        .file = {.fd = -1},
        .database = database,
    };
    *out = (IngestResult){0};
    arena_init(&job->arena, 0);
}

Status ingest_file_with(const IngestContext *ctx, Slice source, const char *path, const IngestOptions *options,
    IngestResult *out, Error *err)
{
    IngestJob job;
    JobDb database = {0};
    ingest_job_init(&job, ctx, path, options, &database, out);
    Status st = ingest_job_prepare(&job, source, err);
    if (st == OK)
        st = ingest_job_finish(&job, err);
    ingest_job_free(&job);
    job_db_close(&database);
    return st;
}

Status ingest_file(const IngestContext *ctx, Slice source, const char *path, IngestResult *out, Error *err)
{
    return ingest_file_with(ctx, source, path, &(IngestOptions){0}, out, err);
}

Status ingest_reinstate(const IngestContext *ctx, Slice source, const char *path, IngestResult *out, Error *err)
{
    return ingest_file_with(ctx, source, path, &(IngestOptions){.superseded = SUPERSEDED_REINSTATE}, out, err);
}
