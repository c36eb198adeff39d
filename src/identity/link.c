/*
 * The linking step: which way to take, and writing what came out in one
 * transaction. Also what it says of itself: the report, in the ledger and for
 * the pipeline's keys.
 */
#include "identity/identity_impl.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(LINK_KINDS == LINK_KIND_COUNT, "the report counts every kind of link");

/* --- which way ------------------------------------------------------------------------------------------------ */

/* NULL: newcomers alone will do. *stored is the model in force then. */
static Status reason_for_all(LinkJob *job, LinkScope scope, StoredModel *stored, const char **why, Error *err)
{
    uint64_t records, persons, quarantined, unlinked;
    *why = "it was asked for";
    if (scope == LINK_EVERYTHING)
        return OK;
    Status st = vault_model_in_force(job->vault, &job->arena, stored, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        *why = "no model is in force";
        return OK;
    }
    TRY(st);
    *why = "the policy of linking has changed";
    if (!slice_eq_z(stored->config, job->linkage.config))
        return OK;
    TRY(vault_count(job->vault, &records, &persons, &quarantined, err));
    *why = "no record is linked";
    if (persons == 0)
        return OK;
    TRY(vault_unlinked(job->vault, &unlinked, err));
    *why = "more records are new than the policy lets be linked by themselves";
    if (scope == LINK_BY_POLICY && unlinked * 1000000 > records * job->linkage.full_above_ppm)
        return OK;
    *why = NULL;
    return OK;
}

/* --- writing -------------------------------------------------------------------------------------------------- */

static Status list_misses(const LinkJob *job, const ClusterQuality *q, PersonMisses *out, Error *err)
{
    for (uint32_t c = 0; c < q->clusters; c++)
        if (q->missed[c] > 0)
            TRY(vec_push(out, ((PersonMiss){job->resolved.person[c], q->missed[c]}), err));
    return OK;
}

static int by_miss(const void *x, const void *y)
{
    const PersonMiss *a = x, *b = y;
    return (a->person > b->person) - (a->person < b->person);
}

#define MILLION 1e6

/* A pass over newcomers sees their pairs alone: what was expected to be missing of the persons there were still is, and
 * goes to the cluster of the person's first record. How many others these pairs are with is not kept: for the variance
 * each is taken to be with a person of one record, so that all pairs with him are missing or none is. */
static Status add_old_misses(const LinkJob *job, ClusterQuality *q, Error *err)
{
    const Records *r = &job->records;
    const Resolved *now = &job->resolved;
    PersonMisses old = {0};
    uint32_t *sizes = NULL;
    Status st = vault_misses(job->vault, &old, err);
    if (st == OK)
        st = mem_zalloc(q->clusters ? q->clusters : 1, sizeof *sizes, (void **)&sizes, err);
    for (uint32_t i = 0; st == OK && i < now->count; i++)
        sizes[now->cluster[i]]++;
    for (uint32_t i = 0; st == OK && old.len > 0 && i < r->in_table; i++) {
        const PersonMiss key = {.person = r->old_links.at[r->old[i]].person};
        PersonMiss *miss = bsearch(&key, old.at, old.len, sizeof key, by_miss);
        if (!miss)
            continue;
        q->missed[now->cluster[i]] += miss->missed;
        q->missed_variance += (double)miss->missed / MILLION * sizes[now->cluster[i]]; /* half of it twice */
        miss->missed = 0;
    }
    mem_free(sizes);
    vec_free(&old);
    return st;
}

typedef struct Outcome {
    Buf model, baseline; /* of a full run */
    Links changed;
    Journal journal;
    ReviewItems queue;
    PersonMisses misses;
    ClusterQuality quality;
    OpenRun run; /* run 0: nothing is written yet */
} Outcome;

static void outcome_free(Outcome *o)
{
    vec_free(&o->changed);
    vec_free(&o->journal);
    vec_free(&o->queue);
    vec_free(&o->misses);
    cluster_quality_free(&o->quality);
    buf_free(&o->model);
    buf_free(&o->baseline);
}

static Status freeze_model(const LinkJob *job, Outcome *o, Error *err)
{
    TRY(match_model_write(job->model, &o->model, err));
    return baseline_json(job, &o->baseline, err);
}

/* What is left is writing: pairs and table are most of the memory, and the vault's index wants some. */
static void drop_evidence(LinkJob *job)
{
    vec_free(&job->pairs);
    match_table_free(job->records.table);
    job->records.table = NULL;
}

/* Whether the expected missing pairs are those the vault has: decisions change them where they change no link. What
 * changes is a run, so that what was expected before it is kept. */
static Status same_misses(const LinkJob *job, const Outcome *o, bool *out, Error *err)
{
    PersonMisses now = {0}, then = {0};
    Status st = vault_misses(job->vault, &then, err);
    for (size_t i = 0; st == OK && i < o->misses.len; i++)
        st = vec_push(&now, o->misses.at[i], err);
    if (now.len > 1)
        qsort(now.at, now.len, sizeof *now.at, by_miss);
    *out = st == OK && person_misses_same(&now, &then);
    vec_free(&now);
    vec_free(&then);
    return st;
}

/* Whether there is nothing to write but the review. A full run under a new model is a run even when no link changed:
 * the model in force is the last run's. */
static Status is_same(LinkJob *job, const Outcome *o, bool *out, Error *err)
{
    const LinkReport *report = job->report;
    int64_t last;
    StoredModel before = {0};
    *out = false;
    if (o->changed.len > 0 || o->journal.len > 0)
        return OK;
    TRY(vault_last_run(job->vault, &last, err));
    Status st = vault_model_in_force(job->vault, &job->arena, &before, err);
    if (st == ERR_NOT_FOUND)
        error_clear(err);
    else
        TRY(st);
    bool same_model =
        st == OK && slice_eq(before.name, job->model_name) && slice_eq_z(before.config, job->linkage.config);
    *out = same_model && !(report->full && last == 0);
    return *out && report->full ? same_misses(job, o, out, err) : OK;
}

/* Do all records get their first link? Then the links stand as the records do. */
static bool is_first(const LinkJob *job)
{
    return job->report->full && job->records.linked == 0;
}

/* What is known before quality, queue and model are worked out. */
static LinkWrite first_part(const LinkJob *job, const Outcome *o)
{
    bool same = is_first(job) && job->tags.count == o->changed.len;
    return (LinkWrite){.kind = job->report->full ? RUN_FULL : RUN_NEWCOMERS,
        .model = job->model_name,
        .links = &o->changed,
        .by_tag = same ? job->tags.order : NULL,
        .journal = &o->journal};
}

static Status write_rest(LinkJob *job, const Outcome *o, Error *err)
{
    LinkReport *report = job->report;
    Buf text;
    Json j;
    buf_init(&text, 0);
    json_begin(&j, &text, JSON_COMPACT);
    json_open_object(&j);
    identity_report_json(report, &j);
    json_end(&j);
    const StoredModel stored = {.name = job->model_name,
        .json = buf_slice(&o->model),
        .config = slice_of(job->linkage.config),
        .baseline = buf_slice(&o->baseline)};
    LinkWrite w = first_part(job, o);
    w.stored = report->full ? &stored : NULL;
    w.queue = &o->queue;
    w.queue_mode = report->full ? QUEUE_REPLACE : QUEUE_ADD;
    w.misses = &o->misses;
    w.report = buf_slice(&text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = vault_end_links(job->vault, &w, &o->run, err);
    else
        vault_drop_links(job->vault);
    report->run = o->run.run;
    buf_free(&text);
    return st;
}

/* o->run is open where links were written meanwhile. */
static Status write_outcome(LinkJob *job, Outcome *o, Error *err)
{
    bool same = false;
    if (o->run.run == 0)
        TRY(is_same(job, o, &same, err));
    if (same)
        return job->report->full ? vault_renew_review(job->vault, &o->queue, &o->misses, err) : OK;
    if (o->run.run == 0) {
        const LinkWrite w = first_part(job, o);
        TRY(vault_begin_links(job->vault, &w, &o->run, err));
    }
    return write_rest(job, o, err);
}

static Status ledger_drifts(const LinkJob *job, Error *err)
{
    for (size_t i = 0; i < job->report->drift_count; i++) {
        const Drift *d = &job->report->drifts[i];
        Buf body;
        Json j;
        buf_init(&body, 0);
        json_begin(&j, &body, JSON_COMPACT);
        json_open_object(&j);
        json_kstr(&j, "field", slice_of(d->field));
        json_key(&j, "divergence_bits");
        json_fixed(&j, d->divergence, 4);
        json_kint(&j, "records", (int64_t)d->records);
        json_kstr(&j, "model", job->model_name);
        json_end(&j);
        Status st = buf_status(&body, err);
        if (st == OK)
            st = ledger_append(job->ctx->ledger, "link.drift", slice_of(d->source), buf_slice(&body), err);
        buf_free(&body);
        TRY(st);
        log_line(job->ctx->log, LOG_WARN, "event=drift source=%s field=%s bits=%.3f records=%" PRIu64, d->source,
            d->field, d->divergence, d->records);
    }
    return OK;
}

typedef struct Finish {
    LinkJob *job;
    Outcome *out;
    bool write;                      /* the links meanwhile */
    atomic_uint_fast32_t unfinished; /* items that look at pairs and records */
} Finish;

enum { FINISH_WRITE, FINISH_QUEUE, FINISH_QUALITY, FINISH_MODEL, FINISH_ITEMS };

/* Side by side: each writes its own parts of the outcome and the report, and the queue alone takes memory of the job's
 * arena. The vault is the writer's; a pass over newcomers, which asks it for more, writes later. */
static Status finish_part(const Finish *f, size_t item, Error *err)
{
    LinkJob *job = f->job;
    bool full = job->report->full;
    switch (item) {
    case FINISH_QUEUE:
        return queue_build(job, &f->out->queue, err);
    case FINISH_QUALITY:
        TRY(cluster_quality(job, &f->out->quality, err));
        return full ? OK : add_old_misses(job, &f->out->quality, err);
    default:
        return full ? freeze_model(job, f->out, err) : drift_check(job, err);
    }
}

static Status finish_item(size_t item, void *ctx, Error *err)
{
    Finish *f = ctx;
    if (item == FINISH_WRITE) {
        const LinkWrite w = first_part(f->job, f->out);
        return f->write ? vault_begin_links(f->job->vault, &w, &f->out->run, err) : OK;
    }
    TRY(finish_part(f, item, err));
    if (atomic_fetch_sub(&f->unfinished, 1) == 1)
        drop_evidence(f->job);
    return OK;
}

typedef struct Ids {
    LinkJob *job;
    Outcome *out;
    PersonId next;
} Ids;

enum { IDS_ASSIGN, IDS_ORDER, IDS_ITEMS };

/* While persons get their ids, records are put in order of tag, in which first links are written. */
static Status ids_item(size_t item, void *ctx, Error *err)
{
    const Ids *x = ctx;
    LinkJob *job = x->job;
    if (item == IDS_ASSIGN)
        return assign_ids(&job->records, &job->resolved, x->next, &x->out->changed, &x->out->journal, job->report, err);
    return is_first(job) && job->tags.count == 0 ? records_by_tag(&job->records, &job->tags, err) : OK;
}

static Status finish(LinkJob *job, Outcome *o, Error *err)
{
    LinkReport *report = job->report;
    Ids ids = {.job = job, .out = o};
    unsigned threads = home_settings(job->ctx->home)->threads;
    report->records = job->records.count;
    report->newcomers = job->records.count - job->records.linked;
    report->decisions = job->decisions.len;
    snprintf(report->model_version, sizeof report->model_version, "%.*s", SLICE_ARG(job->model_name));
    TRY(vault_next_person(job->vault, &ids.next, err));
    TRY(parallel_for(IDS_ITEMS, threads, ids_item, &ids, err));
    Finish parts = {.job = job, .out = o, .write = report->full && o->changed.len > 0};
    atomic_init(&parts.unfinished, FINISH_ITEMS - 1);
    Status st = parallel_for(FINISH_ITEMS, threads, finish_item, &parts, err);
    if (st == OK) {
        quality_totals(&o->quality, &report->precision, &report->recall);
        st = list_misses(job, &o->quality, &o->misses, err);
    }
    if (st != OK) {
        if (o->run.run > 0)
            vault_drop_links(job->vault);
        return st;
    }
    TRY(write_outcome(job, o, err));
    return ledger_drifts(job, err);
}

static Status run(LinkJob *job, LinkScope scope, Error *err)
{
    StoredModel stored = {0};
    Outcome o = {0};
    buf_init(&o.model, 0);
    buf_init(&o.baseline, 0);
    TRY(linkage_load(job->ctx->policy, clock_today(), &job->linkage, err));
    TRY(vault_open(job->ctx->home, &job->vault, err));
    TRY(reason_for_all(job, scope, &stored, &job->report->why_full, err));
    job->report->full = job->report->why_full != NULL;
    TRY(job->report->full ? relink_everything(job, err) : link_newcomers(job, &stored, err));
    Status st = finish(job, &o, err);
    outcome_free(&o);
    return st;
}

Status identity_link(const LinkContext *ctx, LinkScope scope, LinkReport *out, Error *err)
{
    memset(out, 0, sizeof *out);
    LinkJob job = {.ctx = ctx, .report = out};
    arena_init(&job.arena, 0);
    Status st = run(&job, scope, err);
    job_free(&job);
    return st;
}

/* --- the report ----------------------------------------------------------------------------------------------- */

void identity_estimate_json(const LinkEstimate *e, const char *key, Json *j)
{
    json_key(j, key);
    json_open_array(j);
    json_fixed(j, e->low, 6);
    json_fixed(j, e->value, 6);
    json_fixed(j, e->high, 6);
    json_end(j);
}

void identity_report_json(const LinkReport *r, Json *j)
{
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"records", r->records}, {"newcomers", r->newcomers}, {"persons", r->persons},
        {"singletons", r->singletons}, {"new_persons", r->new_persons}, {"merges", r->merges}, {"splits", r->splits},
        {"moves", r->moves}, {"joins", r->joins}, {"refused", r->refused}, {"repeats", r->repeats},
        {"compared", r->compared}, {"kept", r->kept}, {"queued", r->queued}, {"queue_wanted", r->queue_wanted},
        {"decisions", r->decisions}, {"calibrated", r->calibrated}};
    json_kbool(j, "full", r->full);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        json_kint(j, counts[i].key, (int64_t)counts[i].value);
    json_kstr(j, "model", slice_of(r->model_version));
    json_key(j, "links");
    json_open_object(j);
    for (size_t k = 0; k < LINK_KIND_COUNT; k++)
        json_kint(j, link_kind_name((LinkKind)k), (int64_t)r->kinds[k]);
    json_end(j);
    identity_estimate_json(&r->precision, "precision", j);
    identity_estimate_json(&r->recall, "recall", j);
    json_key(j, "refined");
    json_open_array(j);
    for (size_t i = 0; i < r->refined_count; i++) {
        json_open_object(j);
        json_kstr(j, "pass", slice_of(r->refined[i].name));
        json_kint(j, "block_max", r->refined[i].block_max);
        json_kint(j, "blocks", (int64_t)r->refined[i].blocks);
        json_kint(j, "uncompared", (int64_t)r->refined[i].uncompared);
        json_end(j);
    }
    json_end(j);
    json_key(j, "drift");
    json_open_array(j);
    for (size_t i = 0; i < r->drift_count; i++) {
        json_open_object(j);
        json_kstr(j, "source", slice_of(r->drifts[i].source));
        json_kstr(j, "field", slice_of(r->drifts[i].field));
        json_key(j, "divergence_bits");
        json_fixed(j, r->drifts[i].divergence, 4);
        json_end(j);
    }
    json_end(j);
}

Status identity_state(Home *home, IdentityState *out, Error *err)
{
    Vault *vault;
    *out = (IdentityState){0};
    TRY(vault_open(home, &vault, err));
    Status st = vault_last_run(vault, &out->last_run, err);
    if (st == OK)
        st = vault_last_decision(vault, &out->last_decision, err);
    if (st == OK)
        st = vault_unlinked(vault, &out->unlinked, err);
    vault_close(vault);
    return st;
}
