/* The public steps: link everything and write it in one transaction; export the person map; measure against a truth. */
#include "identity/identity_impl.h"

#include <stdio.h>

Status identity_link(const LinkContext *ctx, LinkReport *out, Error *err)
{
    *out = (LinkReport){0};
    Params params;
    Vault *vault = NULL;
    Records records = {0};
    Clusters clusters = {0};
    Links changed = {0};
    Journal journal = {0};
    TRY(params_load(ctx->policy, clock_today(), &params, err));
    Status st;
    TRY_OUT(vault_open(ctx->home, &vault, err));
    TRY_OUT(records_load(ctx, vault, &params, &records, err));
    TRY_OUT(resolve(&records, &params, ctx, &clusters, err));
    out->records = records.at.len;
    out->conflicts_refused = clusters.conflicts;
    PersonId next;
    TRY_OUT(vault_next_person(vault, &next, err));
    TRY_OUT(assign_ids(&records, &clusters, &params, next, &changed, &journal, out, err));
    for (size_t k = RULE_SASID; k < RULE_KIND_COUNT; k++) {
        if (params.score[k] == 0)
            continue;
        snprintf(out->rules[out->rule_count].name, sizeof out->rules[0].name, "%.*s", SLICE_ARG(params.rule_name[k]));
        out->rules[out->rule_count++].links = clusters.unions[k];
    }
    memcpy(out->model_version, params.model_version, sizeof out->model_version);
    if (changed.len || journal.len)
        st = vault_put_links(vault, &changed, &journal, slice_of(params.model_version), err);
out:
    vec_free(&changed);
    vec_free(&journal);
    clusters_free(&clusters);
    records_free(&records);
    vault_close(vault);
    return st;
}
