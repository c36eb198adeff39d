/*
 * The inbox: a folder a source, taken in so that rules between files find what
 * they need: reference tables first, then records that need no other source,
 * then those that do.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Inbox {
    const IngestContext *ctx;
    Arena arena;
    const char *dir;
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err);
    void *arg;
} Inbox;

typedef struct Source {
    Slice name;
    unsigned rank;
} Source;
typedef VEC(Source) Sources;

static unsigned rank_of(const Contract *c)
{
    if (c->kind == KIND_REFERENCE)
        return 0;
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level == RULE_CROSS)
            return 2;
    return 1;
}

static int by_rank(const void *a, const void *b)
{
    const Source *x = a;
    const Source *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return slice_cmp(x->name, y->name);
}

/* The version of each contract in force today. */
static Status list_sources(Inbox *inbox, Sources *out, Error *err)
{
    PolicyFiles files = {0};
    Date today = clock_today();
    Status st = policy_list(inbox->ctx->policy, "sources", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++) {
        const PolicyFile *f = files.at[i];
        const Contract *c;
        if (f->effective_from > today || (f->effective_to != DATE_NONE && f->effective_to < today))
            continue;
        st = contract_parse(f, &inbox->arena, &c, err);
        if (st == OK)
            st = vec_push(out, ((Source){c->name, rank_of(c)}), err);
    }
    vec_free(&files);
    if (st == OK && out->len > 0)
        qsort(out->at, out->len, sizeof *out->at, by_rank);
    return st;
}

static bool is_source(const Sources *sources, const char *name)
{
    for (size_t i = 0; i < sources->len; i++)
        if (slice_eq_z(sources->at[i].name, name))
            return true;
    return false;
}

static Status tell_unknown(Inbox *inbox, const Sources *sources, Error *err)
{
    PathList names = {0};
    Status st = dir_list(inbox->dir, &inbox->arena, &names, err);
    for (size_t i = 0; st == OK && i < names.len; i++)
        if (names.at[i][0] != '.' && !is_source(sources, names.at[i]))
            log_line(inbox->ctx->log, LOG_WARN, "event=unknown-source folder=%s", names.at[i]);
    vec_free(&names);
    return st;
}

/* Hidden names and those of unfinished transfers are left alone. */
static bool is_finished(const char *name)
{
    Slice s = slice_of(name);
    return name[0] != '.' && !slice_ends(s, SLICE(".part")) && !slice_ends(s, SLICE(".tmp")) &&
           !slice_ends(s, SLICE(".filepart"));
}

/* Ledger and receipt are UTF-8 and could not name the file; the others of the inbox shall not wait for it. */
static Status refuse_name(Inbox *inbox, Slice source, const char *path, Error *err)
{
    IngestResult result = {.outcome = INGEST_REFUSED, .reason = "the file's name is not UTF-8: rename it"};
    snprintf(result.source, sizeof result.source, "%.*s", SLICE_ARG(source));
    return inbox->done ? inbox->done(&result, path, inbox->arg, err) : OK;
}

static Status take_in(Inbox *inbox, Slice source, const char *path, Error *err)
{
    IngestResult result;
    IngestOptions options = {.refused = REFUSED_SKIP};
    TRY(cancel_check(err));
    if (dir_exists(path))
        return OK;
    if (!file_exists(path)) {
        log_line(inbox->ctx->log, LOG_WARN, "event=passed-over source=%.*s reason=\"not a regular file\"",
            SLICE_ARG(source));
        return OK;
    }
    if (!slice_is_utf8(slice_of(path_base(path)), NULL))
        return refuse_name(inbox, source, path, err);
    TRY(ingest_file_with(inbox->ctx, source, path, &options, &result, err));
    return inbox->done ? inbox->done(&result, path, inbox->arg, err) : OK;
}

static Status take_folder(Inbox *inbox, Slice source, Error *err)
{
    const char *name;
    const char *folder;
    const char *path;
    PathList names = {0};
    TRY(arena_printf(&inbox->arena, &name, err, "%.*s", SLICE_ARG(source)));
    TRY(path_join(&inbox->arena, inbox->dir, name, &folder, err));
    if (!dir_exists(folder))
        return OK;
    Status st = dir_list(folder, &inbox->arena, &names, err);
    for (size_t i = 0; st == OK && i < names.len; i++) {
        if (!is_finished(names.at[i]))
            continue;
        st = path_join(&inbox->arena, folder, names.at[i], &path, err);
        if (st == OK)
            st = take_in(inbox, source, path, err);
    }
    vec_free(&names);
    return st;
}

Status ingest_inbox(const IngestContext *ctx, const char *dir,
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err), void *arg, Error *err)
{
    Inbox inbox = {.ctx = ctx, .dir = dir, .done = done, .arg = arg};
    Sources sources = {0};
    arena_init(&inbox.arena, 0);
    Status st = list_sources(&inbox, &sources, err);
    if (st == OK)
        st = tell_unknown(&inbox, &sources, err);
    for (size_t i = 0; st == OK && i < sources.len; i++)
        st = take_folder(&inbox, sources.at[i].name, err);
    vec_free(&sources);
    arena_free(&inbox.arena);
    return st;
}
