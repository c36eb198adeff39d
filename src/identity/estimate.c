/*
 * How good the links are, as the model itself sees it.
 *
 * Pairs of records are counted, because that is what precision and recall are
 * of. Inside a person they are as sure as the links between them (link_tree.c).
 * Two persons whose best pair has odds o are expected to miss o / (1 + R) times
 * the pairs between them, where R adds up the odds of all who may be one with the
 * same person: at most one of them is. A pair that was likely by itself and yet
 * refused by the whole of the two persons counts with REFUSED_SHARE at most. What no blocking pass brings
 * together comes from the training's capture-recapture estimate.
 *
 * The intervals are those of chance when the probabilities are calibrated; whether
 * they are is what the clerical sample (sample.c) is for.
 */
#include "identity/identity_impl.h"

#include <math.h>

#define MILLION 1e6
#define REFUSED_SHARE 0.05

LinkEstimate estimate_of(double value, double variance)
{
    double error = 1.96 * sqrt(variance > 0 ? variance : 0);
    return (LinkEstimate){value, value > error ? value - error : 0, value + error < 1 ? value + error : 1};
}

static Status count_inside(const Resolved *r, uint32_t *sizes, ClusterQuality *q, Error *err)
{
    const Forest f = {.count = r->count, .clusters = r->clusters, .to = r->to, .odds = r->odds, .cluster = r->cluster};
    for (uint32_t i = 0; i < r->count; i++)
        sizes[r->cluster[i]]++;
    for (uint32_t c = 0; c < r->clusters; c++)
        q->pairs[c] = (uint64_t)sizes[c] * (sizes[c] - 1) / 2;
    return trees_correct(&f, q->correct, &q->correct_variance, err);
}

/* Two persons that may be one, by their best pair. */
static Status list_best(const LinkJob *job, Betweens *all, Error *err)
{
    size_t n = 0;
    TRY(betweens_list(job, all, err));
    for (size_t i = 0; i < all->len; i++)
        if (n == 0 || all->at[n - 1].low != all->at[i].low || all->at[n - 1].high != all->at[i].high)
            all->at[n++] = all->at[i];
    all->len = n;
    return OK;
}

_Static_assert(MATCH_TRAITS_MAX <= 8, "a person's kinds of source are the bits of a byte");

/* What is left of a pair's odds when the persons are looked at. */
static double left_over(const LinkJob *job, const Between *b, const uint8_t *kinds)
{
    bool refused = b->odds >= job->linkage.match.match_from;
    /* both have records of one kind already, and those do not match: a name in common is not enough then */
    bool unlike = b->across && (kinds[b->low] & kinds[b->high]) != 0;
    double p = weight_probability(b->odds);
    if ((refused || unlike) && p > REFUSED_SHARE)
        p = REFUSED_SHARE;
    return unlike ? p * REFUSED_SHARE : p;
}

static Status count_between(const LinkJob *job, const uint32_t *sizes, ClusterQuality *q, Error *err)
{
    const Resolved *r = &job->resolved;
    const MatchConfig *config = &job->linkage.match;
    Betweens all = {0};
    double *rivals = NULL; /* of each person: odds of all it may be one with, added up */
    uint8_t *kinds = NULL;
    size_t n = r->clusters ? r->clusters : 1;
    Status st;
    TRY_OUT(mem_zalloc(n, sizeof *rivals, (void **)&rivals, err));
    TRY_OUT(mem_zalloc(n, sizeof *kinds, (void **)&kinds, err));
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t trait = config->sources[match_record_source(job->records.table, i)].trait;
        kinds[r->cluster[i]] |= (uint8_t)(1u << trait);
    }
    TRY_OUT(list_best(job, &all, err));
    for (size_t i = 0; i < all.len; i++) {
        double p = left_over(job, &all.at[i], kinds);
        rivals[all.at[i].low] += p / (1 - p);
        rivals[all.at[i].high] += p / (1 - p);
    }
    for (size_t i = 0; i < all.len; i++) {
        const Between *b = &all.at[i];
        double p = left_over(job, b, kinds), odds = p / (1 - p);
        double most = rivals[b->low] > rivals[b->high] ? rivals[b->low] : rivals[b->high];
        double between = (double)sizes[b->low] * sizes[b->high];
        p = odds / (1 + most);
        uint64_t half = (uint64_t)llround(p * between * MILLION / 2);
        q->missed[b->low] += half;
        q->missed[b->high] += half;
        q->missed_variance += p * (1 - p) * between * between;
    }
out:
    vec_free(&all);
    mem_free(rivals);
    mem_free(kinds);
    return st;
}

Status cluster_quality(const LinkJob *job, ClusterQuality *out, Error *err)
{
    const Resolved *r = &job->resolved;
    uint32_t *sizes;
    size_t n = r->clusters ? r->clusters : 1;
    *out = (ClusterQuality){.clusters = r->clusters};
    TRY(mem_zalloc(n, sizeof *out->pairs, (void **)&out->pairs, err));
    TRY(mem_zalloc(n, sizeof *out->correct, (void **)&out->correct, err));
    TRY(mem_zalloc(n, sizeof *out->missed, (void **)&out->missed, err));
    TRY(mem_zalloc(n, sizeof *sizes, (void **)&sizes, err));
    Status st = count_inside(r, sizes, out, err);
    if (st == OK)
        st = count_between(job, sizes, out, err);
    double ratio = job->unblocked > 0 && job->unblocked < 1 ? job->unblocked / (1 - job->unblocked) : 0;
    for (uint32_t c = 0; c < r->clusters && st == OK; c++)
        out->missed[c] += (uint64_t)llround(ratio * (double)out->correct[c]);
    mem_free(sizes);
    return st;
}

void cluster_quality_free(ClusterQuality *q)
{
    mem_free(q->pairs);
    mem_free(q->correct);
    mem_free(q->missed);
    *q = (ClusterQuality){0};
}

void quality_totals(const ClusterQuality *q, LinkEstimate *precision, LinkEstimate *recall)
{
    double pairs = 0, correct = 0, missed = 0;
    for (uint32_t c = 0; c < q->clusters; c++) {
        pairs += (double)q->pairs[c];
        correct += (double)q->correct[c] / MILLION;
        missed += (double)q->missed[c] / MILLION;
    }
    double truth = correct + missed;
    *precision =
        pairs > 0 ? estimate_of(correct / pairs, q->correct_variance / (pairs * pairs)) : (LinkEstimate){1, 1, 1};
    /* correct / (correct + missed), to first order */
    *recall = truth > 0 ? estimate_of(correct / truth,
                              (missed * missed * q->correct_variance + correct * correct * q->missed_variance) /
                                  (truth * truth * truth * truth))
                        : (LinkEstimate){1, 1, 1};
}
