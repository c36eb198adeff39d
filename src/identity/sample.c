/*
 * The clerical sample: pairs drawn by stratum, judged by people, and what their
 * verdicts say of precision and recall.
 *
 * Strata are bands of odds, once for pairs inside persons (every record with the
 * partner that tied it there) and once for likely pairs between persons (the best
 * pair of each two). Allocation favours the uncertain bands (Neyman 1934: in
 * proportion to stratum size times the standard deviation the odds predict), with
 * at least MIN_PER_STRATUM each. Estimates are the stratified ones with their usual
 * variance; a stratum's share of matches p is estimated as (k + 1/2) / (n + 1)
 * for the variance alone, so that a stratum without a fault does not claim to be
 * free of them (Jeffreys).
 */
#include "identity/identity_impl.h"

#include <math.h>
#include <stdlib.h>

#define BANDS 6
#define MIN_PER_STRATUM 8

static const Weight band_from[BANDS] = {
    WEIGHT_MIN, -3 * WEIGHT_BIT, 0, 3 * WEIGHT_BIT, 7 * WEIGHT_BIT, 12 * WEIGHT_BIT};

_Static_assert(2 * BANDS <= CLERICAL_STRATA_MAX, "strata fit");

typedef struct Frame { /* pairs that may be drawn */
    VEC(MatchPair) at[2 * BANDS];
} Frame;

static uint32_t band_of(Weight odds)
{
    uint32_t b = BANDS - 1;
    while (b > 0 && odds < band_from[b])
        b--;
    return b;
}

static Status fill_frame(const LinkJob *job, Frame *f, Error *err)
{
    const Resolved *r = &job->resolved;
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->to[i] == MATCH_NONE)
            continue;
        uint32_t k = r->to[i];
        MatchPair pair = {.a = i < k ? i : k, .b = i < k ? k : i, .odds = r->odds[i]};
        TRY(vec_push(&f->at[BANDS + band_of(pair.odds)], pair, err));
    }
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        if (r->cluster[p->a] != r->cluster[p->b])
            TRY(vec_push(&f->at[band_of(p->odds)], *p, err));
    }
    return OK;
}

static uint32_t share_of(const Frame *f, size_t stratum, uint32_t size)
{
    double want = 0, all = 0;
    for (size_t s = 0; s < 2 * BANDS; s++) {
        Weight middle = band_from[s % BANDS] + (s % BANDS == 0 ? 60 - 5 : 2) * WEIGHT_BIT;
        double p = weight_probability(middle), weight = (double)f->at[s].len * sqrt(p * (1 - p));
        all += weight;
        if (s == stratum)
            want = weight;
    }
    double n = all > 0 ? want / all * size : 0;
    if (n < MIN_PER_STRATUM)
        n = MIN_PER_STRATUM;
    return n > (double)f->at[stratum].len ? (uint32_t)f->at[stratum].len : (uint32_t)n;
}

static Status draw_pair(
    LinkJob *job, MatchLook *look, const MatchPair *p, uint32_t stratum, Buf *evidence, ClericalPairs *out, Error *err)
{
    const RecordTag *tags = job->records.tags;
    bool in_order = tag_cmp(&tags[p->a], &tags[p->b]) < 0;
    uint32_t a = in_order ? p->a : p->b, b = in_order ? p->b : p->a;
    ClericalPair pair = {.stratum = stratum, .a = tags[a], .b = tags[b], .odds = p->odds, .linked = stratum >= BANDS};
    buf_reset(evidence);
    TRY(evidence_json(look, job->model, a, b, evidence, err));
    TRY(arena_dup(&job->arena, buf_slice(evidence), &pair.evidence, err));
    return vec_push(out, pair, err);
}

/* The first n of a seeded shuffle. */
static Status draw(
    LinkJob *job, Frame *f, const SampleOptions *o, ClericalSample *sample, ClericalPairs *out, Error *err)
{
    Buf evidence;
    MatchLook *look;
    TRY(match_look_new(job->records.table, job->model, &look, err));
    Status st = OK;
    buf_init(&evidence, 0);
    sample->strata = 2 * BANDS;
    for (uint32_t s = 0; s < 2 * BANDS; s++) {
        uint32_t n = share_of(f, s, o->size);
        Rng rng;
        rng_init(&rng, o->seed, s);
        sample->population[s] = f->at[s].len;
        sample->from[s] = band_from[s % BANDS];
        sample->linked[s] = s >= BANDS;
        for (uint32_t i = 0; i < n && st == OK; i++) {
            size_t k = i + (size_t)rng_below(&rng, f->at[s].len - i);
            MatchPair t = f->at[s].at[k];
            f->at[s].at[k] = f->at[s].at[i];
            f->at[s].at[i] = t;
            st = draw_pair(job, look, &t, s, &evidence, out, err);
        }
    }
    buf_free(&evidence);
    match_look_free(look);
    return st;
}

Status identity_sample(
    const LinkContext *ctx, const SampleOptions *options, int64_t *number, uint64_t *drawn, Error *err)
{
    LinkReport unused;
    LinkJob job = {.ctx = ctx, .report = &unused};
    Frame frame = {0};
    ClericalSample sample = {0};
    ClericalPairs pairs = {0};
    arena_init(&job.arena, 0);
    PairsReport report;
    RunOptions run = {.threads = home_settings(ctx->home)->threads, .log = ctx->log, .progress = ctx->progress};
    Status st = job_load_present(&job, "draw a clerical sample", err);
    if (st == OK)
        st = match_pairs(job.records.table, job.model, &run, &job.pairs, &report, err);
    if (st == OK)
        st = fill_frame(&job, &frame, err);
    if (st == OK)
        st = draw(&job, &frame, options, &sample, &pairs, err);
    sample.model = job.model_name;
    *drawn = pairs.len;
    if (st == OK)
        st = vault_put_sample(job.vault, &sample, &pairs, number, err);
    for (size_t s = 0; s < 2 * BANDS; s++)
        vec_free(&frame.at[s]);
    vec_free(&pairs);
    job_free(&job);
    return st;
}

/* --- what the verdicts say ------------------------------------------------------------------------------------ */

typedef struct Stratum {
    uint64_t judged, same;
} Stratum;

static bool judge(const PairVerdict *v, bool *same)
{
    if (!v || v->same == v->different)
        return false;
    *same = v->same > v->different;
    return true;
}

/* Expected matches of a stratum and the variance of that. */
static void expand(const Stratum *s, uint64_t population, double *matches, double *variance)
{
    double n = (double)s->judged, k = (double)s->same, all = (double)population;
    *matches = *variance = 0;
    if (s->judged == 0)
        return;
    double p = (k + 0.5) / (n + 1), left = all > n ? (all - n) / all : 0;
    *matches = all * k / n;
    *variance = all * all * left * p * (1 - p) / n;
}

static void estimate(const ClericalSample *sample, const Stratum *strata, SampleQuality *out)
{
    double linked = 0, right = 0, right_var = 0, missed = 0, missed_var = 0;
    out->complete = true;
    for (uint32_t s = 0; s < sample->strata; s++) {
        double matches, variance;
        expand(&strata[s], sample->population[s], &matches, &variance);
        uint64_t needed = sample->population[s] < 2 ? sample->population[s] : 2;
        out->complete = out->complete && strata[s].judged >= needed;
        if (sample->linked[s]) {
            linked += (double)sample->population[s];
            right += matches;
            right_var += variance;
        } else {
            missed += matches;
            missed_var += variance;
        }
    }
    double truth = right + missed;
    out->precision = linked > 0 ? estimate_of(right / linked, right_var / (linked * linked)) : (Estimate){1, 0, 1};
    out->recall = truth > 0 ? estimate_of(right / truth, (missed * missed * right_var + right * right * missed_var) /
                                                             (truth * truth * truth * truth))
                            : (Estimate){1, 0, 1};
}

Status identity_sample_quality(Home *home, int64_t number, SampleQuality *out, Error *err)
{
    Vault *vault = NULL;
    Arena arena;
    ClericalSample sample;
    ClericalPairs pairs = {0};
    ReviewDecisions decisions = {0};
    PairVerdicts verdicts = {0};
    Stratum strata[CLERICAL_STRATA_MAX] = {0};
    /* every reviewer counts alike here: a sample's verdicts are read, not acted on */
    const ReviewPolicy each = {.same_needs = 1, .different_needs = 1};
    Status st;
    *out = (SampleQuality){0};
    arena_init(&arena, 0);
    TRY_OUT(vault_open(home, &vault, err));
    TRY_OUT(vault_get_sample(vault, number, &arena, &sample, &pairs, err));
    TRY_OUT(vault_decisions(vault, &arena, &decisions, err));
    TRY_OUT(verdicts_of(&decisions, &each, &verdicts, err));
    out->sample = sample.sample;
    out->pairs = pairs.len;
    for (size_t i = 0; i < pairs.len; i++) {
        bool same;
        const PairVerdict *v = verdict_find(&verdicts, &pairs.at[i].a, &pairs.at[i].b);
        if (judge(v, &same)) {
            strata[pairs.at[i].stratum].judged++;
            strata[pairs.at[i].stratum].same += same;
            out->judged++;
        } else {
            out->unsure += v != NULL;
        }
    }
    estimate(&sample, strata, out);
out:
    vec_free(&pairs);
    vec_free(&decisions);
    vec_free(&verdicts);
    vault_close(vault);
    arena_free(&arena);
    return st;
}
