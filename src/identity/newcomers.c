/*
 * Only what is new: records without a link are judged one by one against the
 * persons there are, under the model in force, by the engine's own objective
 * (match_index_assign). Nobody else's id changes, except where a newcomer is the
 * missing piece between two persons, or a reviewer has decided since.
 *
 * Newcomers are taken in order of their contents, and what they tie together is
 * journalled like every other merge.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

typedef struct Pass { /* one over the newcomers */
    LinkJob *job;
    MatchIndex *index;
    uint32_t persons;    /* cluster numbers given so far */
    uint32_t *ring;      /* next record of the same cluster; the last points to the first */
    VEC(uint32_t) heads; /* of each cluster: one of its records; MATCH_NONE */
    MatchPairs found;
} Pass;

static void enter(Pass *p, uint32_t record, uint32_t cluster)
{
    uint32_t *head = &p->heads.at[cluster];
    if (*head == MATCH_NONE) {
        *head = record;
        p->ring[record] = record;
    } else {
        p->ring[record] = p->ring[*head];
        p->ring[*head] = record;
    }
}

static Status list_members(Pass *p, Error *err)
{
    const Resolved *r = &p->job->resolved;
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *p->ring, (void **)&p->ring, err));
    for (uint32_t c = 0; c < p->persons; c++)
        TRY(vec_push(&p->heads, MATCH_NONE, err));
    for (uint32_t i = 0; i < r->count; i++)
        if (r->cluster[i] != MATCH_NONE)
            enter(p, i, r->cluster[i]);
    return OK;
}

/* Persons become clusters; newcomers are in none yet. */
static Status take_old_links(Pass *p, Error *err)
{
    const Records *r = &p->job->records;
    Resolved *out = &p->job->resolved;
    TRY(present_links(p->job, err));
    p->persons = out->clusters;
    for (uint32_t i = r->in_table; i < r->count; i++) {
        out->cluster[i] = MATCH_NONE;
        out->to[i] = MATCH_NONE;
    }
    return list_members(p, err);
}

/* --- moving -------------------------------------------------------------------------------------------------- */

static void tie(Pass *p, uint32_t record, LinkKind kind, Weight odds, uint32_t to)
{
    Resolved *r = &p->job->resolved;
    r->kind[record] = kind;
    r->odds[record] = kind == LINK_FOUNDING ? 0 : odds;
    r->to[record] = kind == LINK_FOUNDING ? MATCH_NONE : to;
}

/* A record that is in no cluster. */
static Status place(Pass *p, uint32_t record, uint32_t cluster, Error *err)
{
    p->job->resolved.cluster[record] = cluster;
    enter(p, record, cluster);
    return match_index_join(p->index, record, cluster, err);
}

static Status found_person(Pass *p, uint32_t record, Error *err)
{
    TRY(vec_push(&p->heads, MATCH_NONE, err));
    tie(p, record, LINK_FOUNDING, 0, MATCH_NONE);
    return place(p, record, p->persons++, err);
}

/* Everybody of a cluster, which is empty afterwards. */
typedef VEC(uint32_t) RecordList;
static Status take_out(Pass *p, uint32_t cluster, RecordList *out, Error *err)
{
    uint32_t head = p->heads.at[cluster], at = head;
    p->heads.at[cluster] = MATCH_NONE;
    if (head == MATCH_NONE)
        return OK;
    do {
        TRY(vec_push(out, at, err));
        at = p->ring[at];
    } while (at != head);
    return OK;
}

/* All of `from` goes to `into`; its founder is tied to `to`, which showed that they are one. */
static Status merge(Pass *p, uint32_t from, uint32_t into, LinkKind kind, Weight odds, uint32_t to, Error *err)
{
    const Resolved *r = &p->job->resolved;
    RecordList moved = {0};
    Status st = take_out(p, from, &moved, err);
    for (size_t i = 0; i < moved.len && st == OK; i++) {
        uint32_t record = moved.at[i];
        if (r->to[record] == MATCH_NONE && record != to)
            tie(p, record, kind, odds, to);
        st = place(p, record, into, err);
    }
    vec_free(&moved);
    return st;
}

/* Judges a record that is in no person, and puts it where it belongs. */
static Status settle(Pass *p, uint32_t record, Error *err)
{
    Assignment a = {.cluster = MATCH_NONE};
    TRY(match_index_assign(p->index, record, &a, err));
    p->job->report->refused += a.outcome == ASSIGN_REFUSED;
    if (a.outcome != ASSIGN_JOIN)
        return found_person(p, record, err);
    const Records *r = &p->job->records;
    const PairVerdict *v = verdict_find(&p->job->verdicts, &r->tags[record], &r->tags[a.link_to]);
    tie(p, record, v && v->state == PAIR_SAME ? LINK_DECISION : LINK_MODEL, a.odds, a.link_to);
    TRY(place(p, record, a.cluster, err));
    if (a.merge != MATCH_NONE && a.merge != a.cluster && a.merge_odds >= p->job->linkage.match.match_from)
        TRY(merge(p, a.merge, a.cluster, LINK_MODEL, a.merge_odds, record, err));
    return OK;
}

/* --- reviewers' decisions since the last run ------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* A person that holds two records which a reviewer told apart is taken apart and put together again around the two. */
static Status split(Pass *p, uint32_t a, uint32_t b, Error *err)
{
    uint32_t old = p->job->resolved.cluster[a];
    RecordList all = {0};
    Status st = take_out(p, old, &all, err);
    for (size_t i = 0; i < all.len && st == OK; i++)
        st = match_index_join(p->index, all.at[i], MATCH_NONE, err);
    if (st == OK) {
        tie(p, a, LINK_FOUNDING, 0, MATCH_NONE);
        st = place(p, a, old, err);
    }
    if (st == OK)
        st = found_person(p, b, err);
    if (all.len > 1)
        qsort(all.at, all.len, sizeof *all.at, by_number);
    for (size_t i = 0; i < all.len && st == OK; i++)
        if (all.at[i] != a && all.at[i] != b)
            st = settle(p, all.at[i], err);
    vec_free(&all);
    return st;
}

static Status obey(Pass *p, const Decision *d, Error *err)
{
    const Resolved *r = &p->job->resolved;
    uint32_t x = r->cluster[d->a], y = r->cluster[d->b];
    if (x == MATCH_NONE || y == MATCH_NONE)
        return OK; /* a newcomer's: the index knows the decision */
    if (d->kind == DECIDED_SAME && x != y)
        return merge(p, y, x, LINK_DECISION, WEIGHT_MAX, d->a, err);
    if (d->kind == DECIDED_DIFFERENT && x == y)
        return split(p, d->a, d->b, err);
    return OK;
}

/* Records are compared as a full run compares them, those that repeat another through it; but who was parted from it,
 * by an undo or a reviewer, is found by himself. */
static Status take_repeats(const LinkJob *job, Error *err)
{
    MatchTable *t = job->records.table;
    const Resolved *r = &job->resolved;
    TRY(match_table_repeats(t, job->decisions.at, job->decisions.len, err));
    for (uint32_t i = 0; i < job->records.in_table; i++)
        if (r->cluster[match_record_repeats(t, i)] != r->cluster[i])
            match_table_apart(t, i);
    return OK;
}

/* --- the pass ------------------------------------------------------------------------------------------------ */

static Status add_newcomers(Pass *p, Error *err)
{
    LinkJob *job = p->job;
    Records *r = &job->records;
    Progress *progress = NULL;
    TRY(progress_new(job->ctx->progress, "linking newcomers", r->newcomers.len, "records", &progress, err));
    Status st = OK;
    for (size_t k = 0; k < r->newcomers.len && st == OK; k++) {
        const Newcomer *n = &r->newcomers.at[k];
        uint32_t record = 0;
        st = match_index_add(
            p->index, n->source, (Slice){(const char *)n->tag.bytes, sizeof n->tag.bytes}, n->values, &record, err);
        if (st != OK)
            break;
        ASSERT(record == r->in_table + k);
        st = match_index_find(p->index, record, &p->found, err);
        for (size_t i = 0; i < p->found.len && st == OK; i++)
            st = vec_push(&job->pairs, p->found.at[i], err);
        if (st == OK)
            st = settle(p, record, err);
        progress_add(progress, 1);
        if (st == OK && k % 256 == 0)
            st = cancel_check(err);
    }
    progress_done(progress);
    return st;
}

/* Dense again, numbered by the lowest record: contents alone decide the numbering. */
static Status renumber(Pass *p, Error *err)
{
    Resolved *r = &p->job->resolved;
    uint32_t *number;
    TRY(mem_zalloc(p->persons ? p->persons : 1, sizeof *number, (void **)&number, err));
    r->clusters = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t *n = &number[r->cluster[i]];
        if (*n == 0)
            *n = ++r->clusters;
        r->cluster[i] = *n - 1;
    }
    mem_free(number);
    return OK;
}

static int by_kind_and_records(const void *x, const void *y)
{
    const Decision *a = x, *b = y;
    if (a->kind != b->kind)
        return a->kind == DECIDED_SAME ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static Status run_pass(Pass *p, Error *err)
{
    LinkJob *job = p->job;
    Resolved *r = &job->resolved;
    TRY(resolved_init(job->records.count, r, err));
    TRY(take_old_links(p, err));
    TRY(take_repeats(job, err));
    TRY(match_index_new(job->records.table, job->model, home_settings(job->ctx->home)->threads, &p->index, err));
    /* What is one person first: otherwise a union could bring together again what was parted before it. In order of
     * record numbers, which do not depend on tags. */
    if (job->decisions.len > 1)
        qsort(job->decisions.at, job->decisions.len, sizeof *job->decisions.at, by_kind_and_records);
    TRY(match_index_persons(p->index, r->cluster, job->records.in_table, job->decisions.at, job->decisions.len, err));
    for (size_t i = 0; i < job->decisions.len; i++)
        TRY(obey(p, &job->decisions.at[i], err));
    TRY(add_newcomers(p, err));
    return renumber(p, err);
}

Status link_newcomers(LinkJob *job, const StoredModel *stored, Error *err)
{
    TRY(records_load(job->ctx, job->vault, &job->linkage, RECORDS_NEW_APART, "link", &job->records, err));
    TRY(match_model_parse(stored->json, "the model in force", &job->linkage.match, &job->model, err));
    job->model_name = stored->name;
    job->baseline = stored->baseline;
    TRY(records_by_tag(&job->records, &job->tags, err));
    TRY(settled_decisions(job->vault, &job->records, &job->tags, &job->arena, &job->verdicts, &job->decisions, err));
    Pass p = {.job = job};
    Status st = run_pass(&p, err);
    match_index_free(p.index);
    vec_free(&p.found);
    vec_free(&p.heads);
    mem_free(p.ring);
    job->report->kept = job->pairs.len;
    return st;
}
