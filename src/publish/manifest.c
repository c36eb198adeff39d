/*
 * manifest.json: what a release is made of. Its SHA-256 names the release, so it holds nothing that changes when the
 * same thing is done again: no time, no load number, no path of a machine.
 */
#include "publish/release.h"

/* The files of one source as one. A file can hold the records of two people: its rows would say so, and to somebody who
 * knows all of them but one word its hash would tell the word. So rows are told in hundreds, and the hash is that of
 * the sorted hashes of all files of the source, one a line, where they have a hundred rows. */
static Status write_source(const ReleaseSource *s, size_t files, Json *j, Error *err)
{
    char sha256[SHA256_HEX_SIZE] = "";
    uint64_t rows = 0;
    Buf hashes;
    buf_init(&hashes, 0);
    for (size_t i = 0; i < files; i++) {
        rows += s[i].rows;
        buf_addf(&hashes, "%.*s\n", SLICE_ARG(s[i].file_sha256));
    }
    Status st = buf_status(&hashes, err);
    if (st == OK && release_rows_told(rows) > 0)
        st = sha256_hex(buf_slice(&hashes), sha256, err);
    buf_free(&hashes);
    TRY(st);
    json_open_object(j);
    json_kstr(j, "source", s->source);
    json_kint(j, "files", (int64_t)files);
    json_kint(j, "rows", (int64_t)release_rows_told(rows));
    if (sha256[0] != '\0')
        json_kstr(j, "sha256", slice_of(sha256));
    json_end(j);
    return OK;
}

static Status write_sources(const Release *r, Json *j, Error *err)
{
    const ReleasePlan *plan = r->plan;
    json_key(j, "inputs");
    json_open_array(j);
    for (size_t from = 0, to; from < plan->source_count; from = to) {
        for (to = from; to < plan->source_count && slice_eq(plan->sources[to].source, plan->sources[from].source);)
            to++;
        TRY(write_source(&plan->sources[from], to - from, j, err));
    }
    json_end(j);
    return OK;
}

static Status write_policy(const Release *r, Json *j, Error *err)
{
    char fingerprint[SHA256_HEX_SIZE];
    TRY(policy_fingerprint(r->plan->policy, fingerprint, err));
    json_key(j, "policy");
    json_open_object(j);
    json_kstr(j, "fingerprint", slice_of(fingerprint));
    json_key(j, "files");
    json_open_array(j);
    for (size_t i = 0; i < r->policies.len; i++) {
        const PolicyFile *f = r->policies.at[i];
        json_open_object(j);
        json_kstr(j, "path", slice_of(f->path));
        json_kstr(j, "version", f->version);
        json_kstr(j, "status", f->status);
        json_kstr(j, "sha256", slice_of(f->sha256));
        json_end(j);
    }
    json_end(j);
    json_end(j);
    return OK;
}

/* The lane of each family that the release has measures of. */
static Status write_lanes(const Release *r, Json *j, Error *err)
{
    const Protected *f = r->plan->figures;
    const Toml *list = toml_get(f->policy->toml, "family");
    Date day;
    TRY(release_day(r->plan->policy, &day, err));
    json_key(j, "families");
    json_open_array(j);
    for (const Toml *family = list ? list->first : NULL; family; family = family->next) {
        const Toml *measures = toml_get(family, "measures");
        ProtectLane lane;
        if (!measures || !measures->first)
            continue;
        TRY(protect_lane_of(r->plan->policy, day, measures->first->string, &lane, err));
        json_open_object(j);
        json_kstr(j, "family", toml_get(family, "name")->string);
        json_kstr(j, "lane", lane == PROTECT_SUPPRESS_LANE ? SLICE("suppress") : SLICE("pool"));
        json_end(j);
    }
    json_end(j);
    return OK;
}

/* What is the same for the same figures, and can be counted in them. How many hidden counts are small is told nowhere,
 * and how many unknowns the attack had depends on which releases are out beside this one. */
static void write_attack(const ProtectAttack *a, Json *j)
{
    json_key(j, "attack"); /* nothing with an unprotected count gets this far */
    json_open_object(j);
    json_kint(j, "systems", (int64_t)a->systems);
    json_kint(j, "figures", (int64_t)a->figures);
    json_kint(j, "hidden", (int64_t)a->hidden);
    json_kint(j, "unprotected", (int64_t)a->unprotected);
    json_end(j);
}

static Status write_protection(const Release *r, Json *j, Error *err)
{
    const Protected *f = r->plan->figures;
    const Toml *list = toml_get(f->policy->toml, "parameter");
    json_key(j, "protection");
    json_open_object(j);
    json_kstr(j, "rule", f->rule);
    json_kstr(j, "file", slice_of(f->policy->path));
    json_kstr(j, "sha256", slice_of(f->policy->sha256));
    TRY(write_lanes(r, j, err));
    json_key(j, "parameters");
    json_open_object(j);
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        Slice name;
        int64_t value;
        TRY(toml_str(p, f->policy->path, "name", &name, err));
        TRY(toml_int(p, f->policy->path, "value", &value, err));
        json_kint(j, name.ptr, value);
    }
    json_end(j);
    json_key(j, "audit");
    json_open_object(j);
    json_kbool(j, "passed", true); /* nothing that fails gets this far */
    json_kint(j, "cells", (int64_t)r->plan->audited);
    json_kint(j, "withheld", (int64_t)f->withheld_count);
    json_end(j);
    if (f->suppresses)
        write_attack(&r->plan->attack, j);
    json_end(j);
    return OK;
}

static void write_measures(const Release *r, Json *j)
{
    json_key(j, "measures");
    json_open_array(j);
    for (size_t i = 0; i < r->plan->measures->len; i++) {
        const MeasureInfo *m = &r->plan->measures->at[i];
        json_open_object(j);
        json_kstr(j, "name", m->name);
        json_kstr(j, "version", m->file->version);
        json_kstr(j, "title", m->title);
        json_kstr(j, "status", m->file->status);
        json_end(j);
    }
    json_end(j);
}

static void write_files(const Release *r, Json *j)
{
    json_key(j, "files");
    json_open_array(j);
    for (size_t i = 0; i < r->files.len; i++) {
        json_open_object(j);
        json_kstr(j, "path", slice_of(r->files.at[i].path));
        json_kint(j, "bytes", (int64_t)r->files.at[i].content.len);
        json_kstr(j, "sha256", slice_of(r->files.at[i].sha256));
        json_end(j);
    }
    json_end(j);
}

Status manifest_write(Release *r, Error *err)
{
    for (size_t i = 0; i < r->files.len; i++)
        TRY(sha256_hex(buf_slice(&r->files.at[i].content), r->files.at[i].sha256, err));
    Json j;
    json_begin(&j, &r->manifest, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "schema", SLICE("cairn.manifest/1"));
    json_kstr(&j, "product", SLICE("Cairn"));
    json_kstr(&j, "version", SLICE(CAIRN_VERSION));
    TRY(write_sources(r, &j, err));
    TRY(write_policy(r, &j, err));
    write_measures(r, &j);
    TRY(write_protection(r, &j, err));
    write_files(r, &j);
    json_end(&j);
    buf_addc(&r->manifest, '\n');
    TRY(buf_status(&r->manifest, err));
    return sha256_hex(buf_slice(&r->manifest), r->manifest_sha256, err);
}
