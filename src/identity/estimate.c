/*
 * How good the links are, as the model itself sees it.
 *
 * Pairs of records are counted, because that is what precision and recall are
 * of. A record is in the right person with the probability p of the link that
 * tied it there (1 for the founder), and a pair inside a person is right when both
 * its records are: of n records, ((sum p)^2 - sum p^2) / 2 pairs are expected to
 * be. Two persons whose best pair has probability p are expected to miss p times
 * the pairs between them; a pair that was likely by itself and yet refused by the
 * whole of the two persons counts with REFUSED_SHARE. What no blocking pass brings
 * together comes from the training's capture-recapture estimate.
 *
 * The intervals are those of chance when the probabilities are calibrated; whether
 * they are is what the clerical sample (sample.c) is for.
 */
#include "identity/identity_impl.h"

#include <math.h>
#include <stdlib.h>

#define MILLION 1e6
#define REFUSED_SHARE 0.05

uint64_t correct_pairs(double sum, double squares)
{
    double pairs = (sum * sum - squares) / 2;
    return pairs <= 0 ? 0 : (uint64_t)llround(pairs * MILLION);
}

Estimate estimate_of(double value, double variance)
{
    double error = 1.96 * sqrt(variance > 0 ? variance : 0);
    return (Estimate){value, value > error ? value - error : 0, value + error < 1 ? value + error : 1};
}

static double probability_of(const Resolved *r, uint32_t record)
{
    return r->to[record] == MATCH_NONE ? 1.0 : weight_probability(r->odds[record]);
}

static Status count_inside(const Resolved *r, uint32_t *sizes, ClusterQuality *q, Error *err)
{
    double *sum, *squares;
    TRY(mem_zalloc(r->clusters ? r->clusters : 1, sizeof *sum, (void **)&sum, err));
    Status st = mem_zalloc(r->clusters ? r->clusters : 1, sizeof *squares, (void **)&squares, err);
    if (st == OK) {
        for (uint32_t i = 0; i < r->count; i++) {
            double p = probability_of(r, i);
            sizes[r->cluster[i]]++;
            sum[r->cluster[i]] += p;
            squares[r->cluster[i]] += p * p;
        }
        for (uint32_t i = 0; i < r->count; i++) {
            double p = probability_of(r, i), others = sizes[r->cluster[i]] - 1;
            q->correct_variance += p * (1 - p) * others * others;
        }
        for (uint32_t c = 0; c < r->clusters; c++) {
            q->pairs[c] = (uint64_t)sizes[c] * (sizes[c] - 1) / 2;
            q->correct[c] = correct_pairs(sum[c], squares[c]);
        }
        mem_free(squares);
    }
    mem_free(sum);
    return st;
}

typedef struct Between {
    uint32_t low, high;
    Weight odds;
} Between;

static int by_persons(const void *x, const void *y)
{
    const Between *a = x, *b = y;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return a->odds > b->odds ? -1 : a->odds < b->odds;
}

static Status count_between(const Resolved *r, const MatchPairs *pairs, const MatchConfig *config,
    const uint32_t *sizes, ClusterQuality *q, Error *err)
{
    VEC(Between) all = {0};
    Status st = OK;
    for (size_t i = 0; i < pairs->len && st == OK; i++) {
        uint32_t x = r->cluster[pairs->at[i].a], y = r->cluster[pairs->at[i].b];
        if (x != y)
            st = vec_push(&all, ((Between){x < y ? x : y, x < y ? y : x, pairs->at[i].odds}), err);
    }
    if (all.len > 1)
        qsort(all.at, all.len, sizeof *all.at, by_persons);
    for (size_t i = 0; i < all.len && st == OK; i++) {
        const Between *b = &all.at[i];
        if (i > 0 && b[-1].low == b->low && b[-1].high == b->high)
            continue;
        double p = b->odds >= config->match_from ? REFUSED_SHARE : weight_probability(b->odds);
        double between = (double)sizes[b->low] * sizes[b->high];
        uint64_t half = (uint64_t)llround(p * between * MILLION / 2);
        q->missed[b->low] += half;
        q->missed[b->high] += half;
        q->missed_variance += p * (1 - p) * between * between;
    }
    vec_free(&all);
    return st;
}

Status cluster_quality(const Resolved *r, const MatchPairs *pairs, const MatchConfig *config, double unblocked,
    ClusterQuality *out, Error *err)
{
    uint32_t *sizes;
    size_t n = r->clusters ? r->clusters : 1;
    *out = (ClusterQuality){.clusters = r->clusters};
    TRY(mem_zalloc(n, sizeof *out->pairs, (void **)&out->pairs, err));
    TRY(mem_zalloc(n, sizeof *out->correct, (void **)&out->correct, err));
    TRY(mem_zalloc(n, sizeof *out->missed, (void **)&out->missed, err));
    TRY(mem_zalloc(n, sizeof *sizes, (void **)&sizes, err));
    Status st = count_inside(r, sizes, out, err);
    if (st == OK)
        st = count_between(r, pairs, config, sizes, out, err);
    double ratio = unblocked > 0 && unblocked < 1 ? unblocked / (1 - unblocked) : 0;
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

void quality_totals(const ClusterQuality *q, Estimate *precision, Estimate *recall)
{
    double pairs = 0, correct = 0, missed = 0;
    for (uint32_t c = 0; c < q->clusters; c++) {
        pairs += (double)q->pairs[c];
        correct += (double)q->correct[c] / MILLION;
        missed += (double)q->missed[c] / MILLION;
    }
    double truth = correct + missed;
    *precision = pairs > 0 ? estimate_of(correct / pairs, q->correct_variance / (pairs * pairs)) : (Estimate){1, 1, 1};
    /* correct / (correct + missed), to first order */
    *recall = truth > 0
        ? estimate_of(correct / truth,
              (missed * missed * q->correct_variance + correct * correct * q->missed_variance) /
                  (truth * truth * truth * truth))
        : (Estimate){1, 1, 1};
}
