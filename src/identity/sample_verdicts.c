/*
 * What reviewers' verdicts on clerical samples say: of precision and recall, and of the stated probabilities.
 *
 * Quality. Links that are right, against links that there are and links that are missing: two persons that are one miss
 * one link, which their likeliest pair stands for. Estimates are the stratified ones with their usual variance; a
 * stratum's share of matches p is estimated as (k + 1/2) / (n + 1) for the variance alone, so that a stratum without a
 * fault does not claim to be free of them (Jeffreys).
 *
 * Labels. A full run calibrates the model on the samples' verdicts. Those of the queue are left out: it asks what is
 * uncertain for other reasons than odds. A sample stands for all kept pairs, each of its verdicts for population /
 * judged of its stratum; since a band of odds may be weighed as one likes where shares at given odds are asked for,
 * these are made to average 1 in each band, so that the few of a band of millions do not outweigh all others. A sample
 * some of whose strata have fewer than two verdicts is not used yet.
 */
#include "identity/identity_impl.h"

#include <math.h>

typedef struct Stratum {
    uint64_t judged, same;
} Stratum;

/* Every reviewer counts alike here: a sample's verdicts are read, not acted on. */
static const ReviewPolicy each_alike = {.same_needs = 1, .different_needs = 1};

static bool judge(const PairVerdict *v, bool *same)
{
    if (!v || v->same == v->different)
        return false;
    *same = v->same > v->different;
    return true;
}

/* Enough to know a stratum's share and how sure it is. */
static bool is_judged(const ClericalSample *sample, const Stratum *strata, uint32_t s)
{
    return strata[s].judged >= (sample->population[s] < 2 ? sample->population[s] : 2);
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
    for (uint32_t s = 0; s < sample->strata && s / SAMPLE_BANDS < SAMPLE_OTHERS; s++) {
        double matches, variance;
        expand(&strata[s], sample->population[s], &matches, &variance);
        out->complete = out->complete && is_judged(sample, strata, s);
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
    out->precision = linked > 0 ? estimate_of(right / linked, right_var / (linked * linked)) : (LinkEstimate){1, 0, 1};
    out->recall = truth > 0 ? estimate_of(right / truth, (missed * missed * right_var + right * right * missed_var) /
                                                             (truth * truth * truth * truth))
                            : (LinkEstimate){1, 0, 1};
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
    Status st;
    *out = (SampleQuality){0};
    arena_init(&arena, 0);
    TRY_OUT(vault_open(home, &vault, err));
    TRY_OUT(vault_get_sample(vault, number, &arena, &sample, &pairs, err));
    TRY_OUT(vault_decisions(vault, &arena, &decisions, err));
    TRY_OUT(verdicts_of(&decisions, &each_alike, &verdicts, err));
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

/* --- labels ---------------------------------------------------------------------------------------------------- */

typedef struct Judged { /* a pair of a sample that reviewers could tell */
    uint32_t stratum, a, b;
    bool same;
} Judged;
typedef VEC(Judged) JudgedPairs;

static Status judged_pairs(const ClericalPairs *pairs, const PairVerdicts *verdicts, const TagPlaces *tags,
    JudgedPairs *out, Stratum *strata, Error *err)
{
    for (size_t i = 0; i < pairs->len; i++) {
        const ClericalPair *p = &pairs->at[i];
        Judged j = {.stratum = p->stratum, .a = tag_places_find(tags, &p->a), .b = tag_places_find(tags, &p->b)};
        bool there = j.a != MATCH_NONE && j.b != MATCH_NONE && p->stratum < SAMPLE_STRATA;
        if (!there || !judge(verdict_find(verdicts, &p->a, &p->b), &j.same))
            continue;
        strata[j.stratum].judged++;
        TRY(vec_push(out, j, err));
    }
    return OK;
}

static Status add_labels(
    const ClericalSample *sample, const JudgedPairs *judged, const Stratum *strata, MatchLabels *out, Error *err)
{
    double population[SAMPLE_BANDS] = {0}, looked_at[SAMPLE_BANDS] = {0};
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        if (!is_judged(sample, strata, s))
            return OK;
        population[s % SAMPLE_BANDS] += (double)sample->population[s];
        looked_at[s % SAMPLE_BANDS] += (double)strata[s].judged;
    }
    for (size_t i = 0; i < judged->len; i++) {
        const Judged *j = &judged->at[i];
        uint32_t band = j->stratum % SAMPLE_BANDS;
        double stands_for = (double)sample->population[j->stratum] / (double)strata[j->stratum].judged;
        double weight = stands_for * looked_at[band] / population[band];
        TRY(vec_push(out, ((MatchLabel){j->a, j->b, j->same, weight}), err));
    }
    return OK;
}

/* Of one sample; it may be of a number that there is none of. */
static Status take_sample(Vault *vault, int64_t number, const PairVerdicts *verdicts, const TagPlaces *tags,
    Arena *arena, ClericalSample *sample, MatchLabels *out, Error *err)
{
    ClericalPairs pairs = {0};
    JudgedPairs judged = {0};
    Stratum strata[SAMPLE_STRATA] = {0};
    *sample = (ClericalSample){0};
    Status st = vault_get_sample(vault, number, arena, sample, &pairs, err);
    if (st == OK)
        st = judged_pairs(&pairs, verdicts, tags, &judged, strata, err);
    if (st == OK && sample->strata == SAMPLE_STRATA)
        st = add_labels(sample, &judged, strata, out, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        st = OK;
    }
    vec_free(&pairs);
    vec_free(&judged);
    return st;
}

Status sample_labels(Vault *vault, const TagPlaces *tags, MatchLabels *out, Error *err)
{
    Arena arena;
    ClericalSample sample;
    ReviewDecisions decisions = {0};
    PairVerdicts verdicts = {0};
    Status st;
    arena_init(&arena, 0);
    TRY_OUT(vault_decisions(vault, &arena, &decisions, err));
    TRY_OUT(verdicts_of(&decisions, &each_alike, &verdicts, err));
    TRY_OUT(take_sample(vault, 0, &verdicts, tags, &arena, &sample, out, err));
    for (int64_t n = sample.sample - 1; n > 0; n--)
        TRY_OUT(take_sample(vault, n, &verdicts, tags, &arena, &sample, out, err));
out:
    vec_free(&decisions);
    vec_free(&verdicts);
    arena_free(&arena);
    return st;
}
