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

typedef struct Member { /* one record, seen from its cluster and from its old person */
    uint32_t root_rank; /* cluster, numbered by its lowest record */
    uint32_t record;
    PersonId old; /* 0: never linked */
} Member;
typedef VEC(Member) Members;

typedef struct Claim { /* how many records of an old person a cluster holds */
    PersonId old;
    uint32_t cluster;
    uint32_t records;
} Claim;
typedef VEC(Claim) Claims;

typedef struct Assignment {
    const Records *records;
    Clusters *clusters;
    const Params *params;
    Members members; /* by cluster */
    Claims claims;
    PersonId *person; /* of clusters */
    size_t cluster_count;
} Assignment;

static const Link *old_link(const Assignment *a, const Rec *rec)
{
    return rec->old_link == NO_LINK ? NULL : &a->records->old_links.at[rec->old_link];
}

/* Numbers clusters by their lowest record and lists members in that order: contents alone decide the numbering. */
static Status list_members(Assignment *a, Error *err)
{
    size_t n = a->records->at.len;
    uint32_t *rank;
    TRY(mem_zalloc(n ? n : 1, sizeof *rank, (void **)&rank, err));
    Status st = vec_reserve(&a->members, n ? n : 1, err);
    for (size_t i = 0; st == OK && i < n; i++) {
        uint32_t root = cluster_find(a->clusters, (uint32_t)i);
        if (!rank[root])
            rank[root] = (uint32_t)++a->cluster_count;
        const Link *old = old_link(a, &a->records->at.at[i]);
        a->members.at[a->members.len++] = (Member){rank[root] - 1, (uint32_t)i, old ? old->person : 0};
    }
    mem_free(rank);
    return st;
}

static int by_claim(const void *x, const void *y)
{
    const Claim *a = x, *b = y;
    if (a->old != b->old)
        return a->old < b->old ? -1 : 1;
    return a->cluster < b->cluster ? -1 : a->cluster > b->cluster;
}

static Status count_claims(Assignment *a, Error *err)
{
    for (size_t i = 0; i < a->members.len; i++)
        if (a->members.at[i].old)
            TRY(vec_push(&a->claims, ((Claim){a->members.at[i].old, a->members.at[i].root_rank, 1}), err));
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
static Status settle_claims(Assignment *a, PersonId next, Journal *journal, LinkReport *report, Error *err)
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

static Status write_changes(
    const Assignment *a, PersonId first_new, Links *changed, Journal *journal, LinkReport *report, Error *err)
{
    uint64_t *sizes;
    TRY(mem_zalloc(a->cluster_count ? a->cluster_count : 1, sizeof *sizes, (void **)&sizes, err));
    Status st = OK;
    for (size_t i = 0; i < a->members.len; i++)
        sizes[a->members.at[i].root_rank]++;
    for (size_t k = 0; st == OK && k < a->cluster_count; k++) {
        report->singletons += sizes[k] == 1;
        if (a->person[k] >= first_new) {
            report->new_persons++;
            st = vec_push(journal, ((JournalEntry){.kind = JOURNAL_NEW, .to = a->person[k]}), err);
        }
    }
    for (size_t i = 0; st == OK && i < a->members.len; i++) {
        const Member *m = &a->members.at[i];
        const Rec *rec = &a->records->at.at[m->record];
        uint8_t rule = a->clusters->rule[m->record];
        Link link = {
            .tag = rec->tag, .person = a->person[m->root_rank], .rule = rule, .score = (float)a->params->score[rule]};
        const Link *old = old_link(a, rec);
        if (old && old->person == link.person && old->rule == link.rule && old->score == link.score)
            continue;
        if (old && old->person != link.person) {
            report->moves++;
            st = vec_push(journal,
                ((JournalEntry){.kind = JOURNAL_MOVE, .from = old->person, .to = link.person, .tag = rec->tag}), err);
        }
        if (st == OK)
            st = vec_push(changed, link, err);
    }
    mem_free(sizes);
    return st;
}

Status assign_ids(const Records *r, Clusters *c, const Params *p, PersonId next, Links *changed, Journal *journal,
    LinkReport *report, Error *err)
{
    Assignment a = {.records = r, .clusters = c, .params = p};
    Status st;
    TRY_OUT(list_members(&a, err));
    TRY_OUT(mem_zalloc(a.cluster_count ? a.cluster_count : 1, sizeof *a.person, (void **)&a.person, err));
    TRY_OUT(count_claims(&a, err));
    TRY_OUT(settle_claims(&a, next, journal, report, err));
    TRY_OUT(write_changes(&a, next, changed, journal, report, err));
    report->persons = a.cluster_count;
out:
    vec_free(&a.members);
    vec_free(&a.claims);
    mem_free(a.person);
    return st;
}
