/*
 * Stable ids: a cluster keeps the id of the person most of its records were.
 *
 * Each old person goes to the cluster that holds most of its records, each
 * cluster takes the largest of the persons that came to it; what is left over is
 * a merge (a person whose id another one outlives) or a split (records that left a
 * person whose id went elsewhere). Every change is journalled, so that any earlier
 * state can be told and undone.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

typedef struct Claim { /* how many records of an old person a cluster holds */
    PersonId old;
    uint32_t cluster;
    uint32_t records;
} Claim;
typedef VEC(Claim) Claims;

typedef struct IdWork {
    const Records *records;
    const Resolved *resolved;
    Claims claims;
    PersonId *person; /* of clusters */
    size_t cluster_count;
} IdWork;

static const Link *old_link(const IdWork *a, uint32_t record)
{
    uint32_t old = a->records->old[record];
    return old == NO_LINK ? NULL : &a->records->old_links.at[old];
}

static int by_claim(const void *x, const void *y)
{
    const Claim *a = x, *b = y;
    if (a->old != b->old)
        return a->old < b->old ? -1 : 1;
    return a->cluster < b->cluster ? -1 : a->cluster > b->cluster;
}

static Status count_claims(IdWork *a, Error *err)
{
    for (uint32_t i = 0; i < a->records->count; i++) {
        const Link *old = old_link(a, i);
        if (old)
            TRY(vec_push(&a->claims, ((Claim){old->person, a->resolved->cluster[i], 1}), err));
    }
    if (!a->claims.len)
        return OK;
    qsort(a->claims.at, a->claims.len, sizeof *a->claims.at, by_claim);
    size_t n = 0;
    for (size_t i = 1; i < a->claims.len; i++) {
        if (a->claims.at[i].old == a->claims.at[n].old && a->claims.at[i].cluster == a->claims.at[n].cluster)
            a->claims.at[n].records++;
        else
            a->claims.at[++n] = a->claims.at[i];
    }
    a->claims.len = n + 1;
    return OK;
}

/* Each old person's largest claim; then each cluster's largest of those. Ties go to the lower cluster and the lower id.
 */
static Status settle_claims(IdWork *a, PersonId next, Journal *journal, LinkReport *report, Error *err)
{
    uint32_t *strength;
    TRY(mem_zalloc(a->cluster_count ? a->cluster_count : 1, sizeof *strength, (void **)&strength, err));
    Status st = OK;
    for (size_t i = 0, end; i < a->claims.len; i = end) {
        size_t best = i;
        for (end = i; end < a->claims.len && a->claims.at[end].old == a->claims.at[i].old; end++)
            if (a->claims.at[end].records > a->claims.at[best].records)
                best = end;
        const Claim *c = &a->claims.at[best];
        if (c->records > strength[c->cluster]) {
            strength[c->cluster] = c->records;
            a->person[c->cluster] = c->old;
        }
    }
    for (size_t k = 0; k < a->cluster_count; k++)
        if (!a->person[k])
            a->person[k] = next++;
    /* What each old person became, seen from its claims. */
    for (size_t i = 0; st == OK && i < a->claims.len; i++) {
        const Claim *c = &a->claims.at[i];
        PersonId now = a->person[c->cluster];
        if (now == c->old)
            continue;
        bool survives = false;
        for (size_t k = i; k-- > 0 && a->claims.at[k].old == c->old && !survives;)
            survives = a->person[a->claims.at[k].cluster] == c->old;
        for (size_t k = i + 1; k < a->claims.len && a->claims.at[k].old == c->old && !survives; k++)
            survives = a->person[a->claims.at[k].cluster] == c->old;
        JournalKind kind = survives ? JOURNAL_SPLIT : JOURNAL_MERGE;
        st = vec_push(journal, ((JournalEntry){.kind = kind, .from = c->old, .to = now}), err);
        report->splits += survives;
        report->merges += !survives;
    }
    mem_free(strength);
    return st;
}

static Status write_link(const IdWork *a, uint32_t record, PersonId first_new, Links *changed, Journal *journal,
    LinkReport *report, Error *err)
{
    const Resolved *r = a->resolved;
    const Link *old = old_link(a, record);
    Link link = {.tag = a->records->tags[record],
        .person = a->person[r->cluster[record]],
        .kind = r->kind[record],
        .odds = r->odds[record]};
    if (r->to[record] != MATCH_NONE)
        link.partner = a->records->tags[r->to[record]];
    report->kinds[link.kind]++;
    if (old && old->person == link.person && old->kind == link.kind && old->odds == link.odds &&
        tag_cmp(&old->partner, &link.partner) == 0)
        return OK;
    bool joins = !old && link.person < first_new;
    report->joins += joins;
    report->moves += old && old->person != link.person;
    if (joins || (old && old->person != link.person))
        TRY(vec_push(journal,
            ((JournalEntry){.kind = joins ? JOURNAL_JOIN : JOURNAL_MOVE,
                .from = old ? old->person : 0,
                .to = link.person,
                .tag = link.tag}),
            err));
    return vec_push(changed, link, err);
}

#define RECORDS_AHEAD 16 /* persons and partners lie anywhere */

/* What write_link will read of records that come later. */
static void fetch_link(const IdWork *a, uint32_t record)
{
    const Resolved *r = a->resolved;
    if (record + 2 * RECORDS_AHEAD >= r->count)
        return;
    uint32_t to = r->to[record + RECORDS_AHEAD];
    __builtin_prefetch(&a->person[r->cluster[record + RECORDS_AHEAD]]);
    __builtin_prefetch(&a->records->tags[to == MATCH_NONE ? record : to]);
}

static Status write_changes(
    const IdWork *a, PersonId first_new, Links *changed, Journal *journal, LinkReport *report, Error *err)
{
    uint64_t *sizes;
    TRY(mem_zalloc(a->cluster_count ? a->cluster_count : 1, sizeof *sizes, (void **)&sizes, err));
    Status st = OK;
    for (uint32_t i = 0; i < a->records->count; i++)
        sizes[a->resolved->cluster[i]]++;
    for (size_t k = 0; st == OK && k < a->cluster_count; k++) {
        report->singletons += sizes[k] == 1;
        if (a->person[k] >= first_new) {
            report->new_persons++;
            st = vec_push(journal, ((JournalEntry){.kind = JOURNAL_NEW, .to = a->person[k]}), err);
        }
    }
    for (uint32_t i = 0; st == OK && i < a->records->count; i++) {
        fetch_link(a, i);
        st = write_link(a, i, first_new, changed, journal, report, err);
    }
    mem_free(sizes);
    return st;
}

Status assign_ids(const Records *r, Resolved *resolved, PersonId next, Links *changed, Journal *journal,
    LinkReport *report, Error *err)
{
    IdWork a = {.records = r, .resolved = resolved, .person = resolved->person, .cluster_count = resolved->clusters};
    ASSERT(resolved->count == r->count);
    /* What stands there is of clusters numbered otherwise. */
    memset(resolved->person, 0, resolved->clusters * sizeof *resolved->person);
    memset(report->kinds, 0, sizeof report->kinds);
    Status st = count_claims(&a, err);
    if (st == OK)
        st = settle_claims(&a, next, journal, report, err);
    if (st == OK)
        st = write_changes(&a, next, changed, journal, report, err);
    vec_free(&a.claims);
    report->persons = a.cluster_count;
    return st;
}
