/* A linking job's parts that several commands share: the links in force as clusters, and letting go of everything. */
#include "identity/identity_impl.h"

#include <stdlib.h>

typedef struct OldPlace {
    PersonId person;
    uint32_t record;
} OldPlace;

static int by_person(const void *x, const void *y)
{
    const OldPlace *a = x, *b = y;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

/* A partner that an undo of a part of the journal took to another person, or out of all, ties nothing. */
static uint32_t partner_of(const LinkJob *job, const Link *link)
{
    const Records *r = &job->records;
    uint32_t to = tag_is_zero(&link->partner) ? MATCH_NONE : tag_places_find(&job->tags, &link->partner);
    if (to == MATCH_NONE || to >= r->in_table || r->old_links.at[r->old[to]].person != link->person)
        return MATCH_NONE;
    return to;
}

Status present_links(LinkJob *job, Error *err)
{
    const Records *r = &job->records;
    Resolved *out = &job->resolved;
    OldPlace *places;
    TRY(mem_zalloc(r->in_table ? r->in_table : 1, sizeof *places, (void **)&places, err));
    for (uint32_t i = 0; i < r->in_table; i++) {
        ASSERT(r->old[i] != NO_LINK);
        const Link *old = &r->old_links.at[r->old[i]];
        places[i] = (OldPlace){old->person, i};
        out->kind[i] = old->kind;
        out->odds[i] = old->odds;
        out->to[i] = partner_of(job, old);
    }
    if (r->in_table > 1)
        qsort(places, r->in_table, sizeof *places, by_person);
    out->clusters = 0;
    for (uint32_t i = 0; i < r->in_table; i++) {
        out->clusters += i == 0 || places[i].person != places[i - 1].person;
        out->cluster[places[i].record] = out->clusters - 1;
        out->person[out->clusters - 1] = places[i].person;
    }
    mem_free(places);
    return OK;
}

Status job_load_present(LinkJob *job, const char *purpose, Error *err)
{
    StoredModel stored;
    TRY(linkage_load(job->ctx->policy, clock_today(), &job->linkage, err));
    TRY(vault_open(job->ctx->home, &job->vault, err));
    TRY(vault_model_in_force(job->vault, &job->arena, &stored, err));
    job->model_name = stored.name;
    TRY(records_load(job->ctx, job->vault, &job->linkage, RECORDS_NEW_APART, purpose, &job->records, err));
    TRY(match_model_parse(stored.json, "the model in force", &job->linkage.match, &job->model, err));
    TRY(records_by_tag(&job->records, &job->tags, err));
    TRY(resolved_init(job->records.in_table, &job->resolved, err));
    return present_links(job, err);
}

void job_free(LinkJob *job)
{
    resolved_free(&job->resolved);
    vec_free(&job->pairs);
    mem_free(job->left);
    vec_free(&job->decisions);
    vec_free(&job->verdicts);
    match_model_free(job->model);
    tag_places_free(&job->tags);
    records_free(&job->records);
    vault_close(job->vault);
    linkage_free(&job->linkage);
    arena_free(&job->arena);
}
