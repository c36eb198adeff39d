/*
 * The inbox: a folder a source, taken in so that rules between files find what
 * they need: reference tables first, then records that need no other source,
 * then those that do.
 *
 * On two threads or more, a file is prepared while the one before it, of the
 * same source, is being committed (vault, folder, ledger; much of it waiting for
 * the disk), and the one after it is surveyed. Everything that counts is written
 * file by file in the order of names all the same. Preparing and committing do
 * not overlap where the second file could go by something that is not settled:
 * when the first was refused or lost identities to a rule, and where a rule reads
 * other loads. A survey goes by nothing but the file, and is made again when that
 * has changed before its turn.
 */
#include "ingest/ingest_job.h"

#include <stdio.h>
#include <stdlib.h>

/* One is finished, one prepared, one surveyed. */
#define JOB_COUNT 3

typedef struct Inbox {
    const IngestContext *ctx;
    Arena arena;
    const char *dir;
    Status (*fault)(IngestStep step, Error *err);
    Ledger *reads; /* a second handle, for the file that is prepared; NULL: one at a time */
    IngestJob jobs[JOB_COUNT];
    JobDb databases[JOB_COUNT]; /* of the jobs */
    IngestResult results[JOB_COUNT];
    bool busy[JOB_COUNT];
    size_t last;  /* that was prepared last; it waits to be finished when it is busy */
    size_t ahead; /* that was surveyed for the file whose turn is next; JOB_COUNT: none */
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err);
    void *arg;
} Inbox;

typedef struct Source {
    Slice name;
    unsigned rank;
    bool follows; /* a file may be prepared while the one before is finished */
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
            st = vec_push(out, ((Source){c->name, rank_of(c), rank_of(c) < 2}), err);
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

/* --- one after another, or nearly ------------------------------------------------------------------------------ */

static Status tell_done(Inbox *inbox, size_t i, Error *err)
{
    return inbox->done ? inbox->done(&inbox->results[i], inbox->jobs[i].path, inbox->arg, err) : OK;
}

static void free_job(Inbox *inbox, size_t i)
{
    if (inbox->busy[i])
        ingest_job_free(&inbox->jobs[i]);
    inbox->busy[i] = false;
}

/* Ends the file that waits, if any does. */
static Status finish_last(Inbox *inbox, Error *err)
{
    size_t i = inbox->last;
    if (!inbox->busy[i])
        return OK;
    Status st = ingest_job_finish(&inbox->jobs[i], err);
    if (st == OK)
        st = tell_done(inbox, i, err);
    free_job(inbox, i);
    return st;
}

/* What is done at once. */
typedef enum RoundTask { ROUND_FINISH, ROUND_PREPARE, ROUND_SURVEY, ROUND_TASKS } RoundTask;

typedef struct Round {
    Inbox *inbox;
    Slice source;
    RoundTask tasks[ROUND_TASKS];
    size_t count;
    size_t first;  /* of the jobs, that is finished, */
    size_t second; /* prepared, */
    size_t third;  /* surveyed */
    bool finished; /* the first is done and to be told of, whatever became of the others */
} Round;

static Status round_task(size_t task, void *ctx, Error *err)
{
    Round *r = ctx;
    IngestJob *jobs = r->inbox->jobs;
    switch (r->tasks[task]) {
    case ROUND_FINISH:
        TRY(ingest_job_finish(&jobs[r->first], err));
        r->finished = true;
        return OK;
    case ROUND_PREPARE:
        return ingest_job_prepare(&jobs[r->second], r->source, err);
    case ROUND_SURVEY:
    case ROUND_TASKS:
        break;
    }
    ingest_job_survey(&jobs[r->third], r->source);
    return OK;
}

static Status run_round(Round *r, Error *err)
{
    Inbox *inbox = r->inbox;
    bool finishes = r->tasks[0] == ROUND_FINISH;
    IngestJob *job = &inbox->jobs[r->second];
    if (finishes) {
        job->before = &inbox->jobs[r->first];
        job->ledger = inbox->reads;
    }
    Status st = parallel_for(r->count, (unsigned)r->count, round_task, r, err);
    job->before = NULL;
    if (r->finished) {
        /* an error of another task comes first: it is in err already */
        Status told = tell_done(inbox, r->first, st == OK ? err : NULL);
        st = st == OK ? told : st;
    }
    if (finishes)
        free_job(inbox, r->first);
    inbox->last = r->second;
    return st;
}

static size_t begin_job(Inbox *inbox, const char *path)
{
    static const char *const prefixes[JOB_COUNT] = {"load", "next", "third"};
    IngestOptions options = {.refused = REFUSED_SKIP, .fault = inbox->fault};
    size_t i = 0;
    while (inbox->busy[i])
        i++;
    ASSERT(i < JOB_COUNT);
    ingest_job_init(&inbox->jobs[i], inbox->ctx, path, &options, &inbox->databases[i], &inbox->results[i]);
    inbox->jobs[i].prefix = prefixes[i];
    inbox->busy[i] = true;
    return i;
}

/* next: the file after this one, of the same source; NULL: none. */
static Status take_file(Inbox *inbox, const Source *source, const char *path, const char *next, Error *err)
{
    Round r = {.inbox = inbox, .source = source->name, .first = inbox->last};
    const IngestJob *last = &inbox->jobs[inbox->last];
    bool follows = inbox->reads && source->follows && inbox->busy[inbox->last] &&
                   slice_eq(last->contract->name, source->name) && ingest_job_may_be_followed(last);
    if (!follows)
        TRY(finish_last(inbox, err));
    r.second = inbox->ahead < JOB_COUNT ? inbox->ahead : begin_job(inbox, path);
    ASSERT(strcmp(inbox->jobs[r.second].path, path) == 0);
    inbox->ahead = JOB_COUNT;
    if (follows)
        r.tasks[r.count++] = ROUND_FINISH;
    r.tasks[r.count++] = ROUND_PREPARE;
    if (inbox->reads && next) {
        r.third = inbox->ahead = begin_job(inbox, next);
        r.tasks[r.count++] = ROUND_SURVEY;
    }
    return run_round(&r, err);
}

/* --- folders ---------------------------------------------------------------------------------------------------- */

static bool is_named_well(const char *path)
{
    return slice_is_utf8(slice_of(path_base(path)), NULL);
}

static Status take_in(Inbox *inbox, const Source *source, const char *path, const char *next, Error *err)
{
    TRY(cancel_check(err));
    if (!file_exists(path)) {
        /* it may have been taken away since it was surveyed */
        if (inbox->ahead < JOB_COUNT)
            free_job(inbox, inbox->ahead);
        inbox->ahead = JOB_COUNT;
        log_line(inbox->ctx->log, LOG_WARN, "event=passed-over source=%.*s reason=\"not a regular file\"",
            SLICE_ARG(source->name));
        return OK;
    }
    if (is_named_well(path))
        return take_file(inbox, source, path, next && is_named_well(next) && file_exists(next) ? next : NULL, err);
    TRY(finish_last(inbox, err));
    return refuse_name(inbox, source->name, path, err);
}

/* What is neither hidden, nor on its way, nor a folder. */
static Status list_files(Inbox *inbox, const char *folder, PathList *out, Error *err)
{
    const char *path;
    PathList names = {0};
    Status st = dir_list(folder, &inbox->arena, &names, err);
    for (size_t i = 0; st == OK && i < names.len; i++) {
        if (!is_finished(names.at[i]))
            continue;
        st = path_join(&inbox->arena, folder, names.at[i], &path, err);
        if (st == OK && !dir_exists(path))
            st = vec_push(out, path, err);
    }
    vec_free(&names);
    return st;
}

static Status take_folder(Inbox *inbox, const Source *source, Error *err)
{
    const char *name;
    const char *folder;
    PathList paths = {0};
    TRY(arena_printf(&inbox->arena, &name, err, "%.*s", SLICE_ARG(source->name)));
    TRY(path_join(&inbox->arena, inbox->dir, name, &folder, err));
    if (!dir_exists(folder))
        return OK;
    Status st = list_files(inbox, folder, &paths, err);
    for (size_t i = 0; st == OK && i < paths.len; i++)
        st = take_in(inbox, source, paths.at[i], i + 1 < paths.len ? paths.at[i + 1] : NULL, err);
    vec_free(&paths);
    return st;
}

static Status take_all(Inbox *inbox, Error *err)
{
    Sources sources = {0};
    Status st = list_sources(inbox, &sources, err);
    if (st == OK)
        st = tell_unknown(inbox, &sources, err);
    for (size_t i = 0; st == OK && i < sources.len; i++)
        st = take_folder(inbox, &sources.at[i], err);
    if (st == OK)
        st = finish_last(inbox, err);
    vec_free(&sources);
    return st;
}

Status ingest_inbox_with(const IngestContext *ctx, const char *dir, Status (*fault)(IngestStep step, Error *err),
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err), void *arg, Error *err)
{
    Inbox *inbox = NULL;
    unsigned threads = home_settings(ctx->home)->threads;
    TRY(mem_zalloc(1, sizeof *inbox, (void **)&inbox, err));
    inbox->ctx = ctx;
    inbox->dir = dir;
    inbox->fault = fault;
    inbox->done = done;
    inbox->arg = arg;
    inbox->ahead = JOB_COUNT;
    arena_init(&inbox->arena, 0);
    Status st = OK;
    if ((threads ? threads : thread_cores()) > 1)
        st = ledger_open(ctx->home, &inbox->reads, err);
    if (st == OK)
        st = take_all(inbox, err);
    /* in the order they were prepared in, of which at most one beside the last can be left */
    for (size_t i = 0; i < JOB_COUNT; i++)
        if (i != inbox->last)
            free_job(inbox, i);
    free_job(inbox, inbox->last);
    for (size_t i = 0; i < COUNT_OF(inbox->databases); i++)
        job_db_close(&inbox->databases[i]);
    ledger_close(inbox->reads);
    arena_free(&inbox->arena);
    mem_free(inbox);
    return st;
}

Status ingest_inbox(const IngestContext *ctx, const char *dir,
    Status (*done)(const IngestResult *result, const char *path, void *arg, Error *err), void *arg, Error *err)
{
    return ingest_inbox_with(ctx, dir, NULL, done, arg, err);
}
