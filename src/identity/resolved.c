/* What was decided about each record, and reviewers' settled decisions as the engine takes them. */
#include "identity/identity_impl.h"

Status resolved_init(uint32_t records, Resolved *out, Error *err)
{
    size_t n = records ? records : 1;
    *out = (Resolved){.count = records};
    TRY(mem_zalloc(n, sizeof *out->cluster, (void **)&out->cluster, err));
    TRY(mem_zalloc(n, sizeof *out->kind, (void **)&out->kind, err));
    TRY(mem_zalloc(n, sizeof *out->odds, (void **)&out->odds, err));
    TRY(mem_zalloc(n, sizeof *out->to, (void **)&out->to, err));
    return mem_zalloc(n, sizeof *out->person, (void **)&out->person, err);
}

void resolved_free(Resolved *r)
{
    mem_free(r->cluster);
    mem_free(r->kind);
    mem_free(r->odds);
    mem_free(r->to);
    mem_free(r->person);
    *r = (Resolved){0};
}

Status settled_decisions(Vault *vault, const Records *r, const TagPlaces *tags, Arena *arena, PairVerdicts *verdicts,
    Decisions *out, Error *err)
{
    ReviewDecisions all = {0};
    Status st = vault_decisions(vault, arena, &all, err);
    if (st == OK)
        st = verdicts_of(&all, &r->linkage->review, verdicts, err);
    for (size_t i = 0; st == OK && i < verdicts->len; i++) {
        const PairVerdict *v = &verdicts->at[i];
        if (v->state != PAIR_SAME && v->state != PAIR_DIFFERENT)
            continue;
        uint32_t a = tag_places_find(tags, &v->a), b = tag_places_find(tags, &v->b);
        if (a == MATCH_NONE || b == MATCH_NONE)
            continue;
        Decision d = {
            .a = a < b ? a : b, .b = a < b ? b : a, .kind = v->state == PAIR_SAME ? DECIDED_SAME : DECIDED_DIFFERENT};
        st = vec_push(out, d, err);
    }
    vec_free(&all);
    return st;
}
