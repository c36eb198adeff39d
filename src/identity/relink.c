/*
 * Everything anew: train a model on all records, score every candidate pair,
 * and resolve. The result is a function of the records' contents, the policy and
 * the reviewers' decisions.
 */
#include "identity/identity_impl.h"

#include <stdio.h>

/* How a record came to its person. The engine gives odds; who made them is looked up here. */
static LinkKind link_kind_of(const LinkJob *job, MatchLook *look, uint32_t record)
{
    const Resolved *r = &job->resolved;
    uint32_t to = r->to[record];
    if (to == MATCH_NONE)
        return LINK_FOUNDING;
    const PairVerdict *v = verdict_find(&job->verdicts, &job->records.tags[record], &job->records.tags[to]);
    if (v && v->state == PAIR_SAME)
        return LINK_DECISION;
    if (!look || r->odds[record] < WEIGHT_MAX)
        return LINK_MODEL;
    Explanation why;
    match_look_explain(look, record, to, &why);
    return why.rule.len ? LINK_RULE : LINK_MODEL;
}

/* Only a rule that says "must" makes links. */
static bool has_must(const MatchConfig *config)
{
    for (uint32_t i = 0; i < config->rule_count; i++)
        if (config->rules[i].effect == RULE_MUST)
            return true;
    return false;
}

static Status take_clusters(LinkJob *job, MatchClusters *c, Error *err)
{
    Resolved *r = &job->resolved;
    TRY(resolved_init(job->records.count, r, err));
    r->clusters = c->count;
    job->left = c->left;
    job->left_count = c->left_count;
    c->left = NULL;
    memcpy(r->cluster, c->cluster, r->count * sizeof *r->cluster);
    TRY(link_trees(job, c->weakest, home_settings(job->ctx->home)->threads, err));
    MatchLook *look = NULL;
    if (has_must(&job->linkage.match))
        TRY(match_look_new(job->records.table, job->model, &look, err));
    for (uint32_t i = 0; i < r->count; i++)
        r->kind[i] = link_kind_of(job, look, i);
    match_look_free(look);
    return OK;
}

/* What people said of clerical samples, where they said enough. */
static Status take_labels(LinkJob *job, MatchLabels *out, Error *err)
{
    if (job->linkage.calibrate_from == 0 || job->tags.count == 0)
        return OK;
    TRY(sample_labels(job->vault, &job->tags, out, err));
    if (out->len < job->linkage.calibrate_from)
        out->len = 0;
    job->report->calibrated = out->len;
    return OK;
}

/* *blocks: what training blocked by, for the pairs. */
static Status train(LinkJob *job, unsigned threads, MatchBlocks **blocks, Error *err)
{
    TrainOptions options = {.threads = threads, .log = job->ctx->log, .progress = job->ctx->progress, .blocks = blocks};
    TrainReport training = {0};
    MatchLabels labels = {0};
    Status st = take_labels(job, &labels, err);
    options.labels = labels.at;
    options.label_count = labels.len;
    if (st == OK)
        st = match_train(job->records.table, &options, &job->model, &training, err);
    vec_free(&labels);
    TRY(st);
    if (!training.converged)
        log_line(job->ctx->log, LOG_WARN, "event=model converged=no iterations=%" PRIu32, training.iterations);
    if (training.default_levels)
        log_line(job->ctx->log, LOG_INFO, "event=model default_levels=%" PRIu32, training.default_levels);
    double all = training.matches + training.missed;
    job->unblocked = all > 0 ? training.missed / all : 0;
    char version[SHA256_HEX_SIZE];
    TRY(match_model_version(job->model, version, err));
    return arena_dup(&job->arena, slice_of(version), &job->model_name, err);
}

_Static_assert(REFINED_MAX >= MATCH_PASSES_MAX, "the report lists every pass");

static void report_pairs(LinkReport *out, const MatchTable *t, const PairsReport *pairs)
{
    out->repeats = match_table_repeated(t);
    out->compared = pairs->compared;
    out->kept = pairs->kept;
    for (uint32_t i = 0; i < pairs->pass_count; i++) {
        const PassReport *pass = &pairs->passes[i];
        if (pass->refined == 0)
            continue;
        RefinedPass *r = &out->refined[out->refined_count++];
        *r = (RefinedPass){.block_max = pass->block_max, .blocks = pass->refined, .uncompared = pass->uncompared};
        snprintf(r->name, sizeof r->name, "%.*s", SLICE_ARG(pass->name));
    }
}

Status relink_everything(LinkJob *job, Error *err)
{
    unsigned threads = home_settings(job->ctx->home)->threads;
    RunOptions run = {.threads = threads, .log = job->ctx->log, .progress = job->ctx->progress};
    PairsReport pairs = {0};
    ClusterReport clusters = {0};
    MatchClusters found = {0};
    TRY(records_load(job->ctx, job->vault, &job->linkage, RECORDS_ALL, "link", &job->records, err));
    int64_t decided;
    TRY(vault_last_decision(job->vault, &decided, err));
    if (decided > 0) /* otherwise nobody will ask for a record by its tag */
        TRY(records_by_tag(&job->records, &job->tags, err));
    TRY(settled_decisions(job->vault, &job->records, &job->tags, &job->arena, &job->verdicts, &job->decisions, err));
    TRY(match_table_repeats(job->records.table, job->decisions.at, job->decisions.len, err));
    MatchBlocks *blocks = NULL;
    run.blocks = &blocks;
    Status st = train(job, threads, &blocks, err);
    if (st == OK)
        st = match_pairs(job->records.table, job->model, &run, &job->pairs, &pairs, err);
    match_blocks_free(blocks);
    if (st != OK)
        return st;
    report_pairs(job->report, job->records.table, &pairs);
    st = match_clusters(job->records.table, job->model, &job->pairs, job->decisions.at, job->decisions.len, &run,
        &found, &clusters, err);
    if (st == OK)
        st = take_clusters(job, &found, err);
    match_clusters_free(&found);
    job->report->refused = clusters.refused;
    return st;
}
