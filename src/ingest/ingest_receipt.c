/*
 * receipt.json: what became of a file, for its sender and for whoever checks
 * the load later. No clock in it: the ledger knows when.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>

static void add_contract(const IngestJob *job, Json *j)
{
    json_key(j, "contract");
    json_open_object(j);
    json_kstr(j, "name", job->contract->name);
    json_kstr(j, "version", job->contract->version);
    json_kstr(j, "sha256", slice_of(job->contract->file->sha256));
    json_end(j);
    json_key(j, "file");
    json_open_object(j);
    json_kstr(j, "name", slice_of(path_base(job->path)));
    json_key(j, "size");
    json_uint(j, job->file.size);
    json_kstr(j, "sha256", slice_of(job->file.sha256));
    json_end(j);
}

static void add_counts(const IngestJob *job, Json *j)
{
    json_key(j, "rows_read");
    json_uint(j, job->out->rows_read);
    json_key(j, "rows_accepted");
    json_uint(j, job->refusal.refused ? 0 : job->out->rows_accepted);
    json_key(j, "rows_rejected");
    json_uint(j, job->out->rows_rejected);
    json_key(j, "trailer_rows");
    json_uint(j, job->trailers);
    json_key(j, "warnings");
    json_uint(j, job->out->warnings);
}

static void add_totals(const IngestJob *job, Json *j)
{
    json_key(j, "totals");
    json_open_object(j);
    for (size_t i = 0; job->totals && i < job->contract->total_count; i++) {
        char name[80];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(job->totals[i].name));
        json_key(j, name);
        if (job->totals[i].value.ptr)
            json_str(j, job->totals[i].value);
        else
            json_add_null(j);
    }
    json_end(j);
    json_key(j, "rules_not_checked");
    json_open_array(j);
    for (size_t i = 0; job->rule_unchecked && i < job->contract->rule_count; i++)
        if (job->rule_unchecked[i])
            json_str(j, job->contract->rules[i].id);
    json_end(j);
}

static Status add_files(const IngestJob *job, const char *folder, const char *const *names, Json *j, Error *err)
{
    json_key(j, "files");
    json_open_object(j);
    for (; *names; names++) {
        const char *path;
        uint8_t digest[SHA256_SIZE];
        char hex[SHA256_HEX_SIZE];
        Arena arena;
        arena_init(&arena, 0);
        Status st = path_join(&arena, folder, *names, &path, err);
        if (st == OK)
            st = file_sha256(path, digest, err);
        arena_free(&arena);
        TRY(st);
        hex_encode(digest, sizeof digest, hex);
        json_kstr(j, *names, slice_of(hex));
    }
    json_end(j);
    UNUSED(job);
    return OK;
}

Status receipt_make(IngestJob *job, const char *folder, const char *const *names, Buf *out, Error *err)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "load", slice_of(job->out->load));
    json_kstr(&j, "outcome", job->refusal.refused ? SLICE("refused") : SLICE("accepted"));
    json_kstr(&j, "reason", slice_of(job->refusal.reason));
    json_kstr(&j, "source", job->contract->name);
    add_contract(job, &j);
    json_kstr(&j, "agreement", job->agreement ? job->agreement->id : SLICE(""));
    json_kstr(&j, "scope", job->scope_text);
    add_counts(job, &j);
    add_totals(job, &j);
    json_kstr(&j, "supersedes", slice_of(job->out->supersedes));
    TRY(add_files(job, folder, names, &j, err));
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}
