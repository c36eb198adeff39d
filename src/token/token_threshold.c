/*
 * Which score is enough, found in the data and without labels.
 *
 * When both files are free of duplicates, pairs within one file are pairs of
 * different persons of the same population: neighbours, siblings and namesakes
 * included. The links the same procedure makes within the files are therefore
 * false links for certain (decoys, as the search of mass spectra uses them: Elias
 * and Gygi 2007). Going down the scores, the decoys found at a score, over the
 * pairs of records within the files that were still free to make one, is the rate
 * at which false links arise; times the pairs of records between the files that
 * are still free, it is the number of false links expected there. Counting free
 * pairs on both sides matters: both procedures use up their records.
 *
 * With N(s) links of at least s, F(s) of them false and T matches in all, the
 * threshold is the s with the greatest F-measure 2 (N - F) / (N + T); T is the
 * greatest N - F of any s. Integers throughout.
 *
 * Where the files have duplicates there are no decoys. Then the best score of
 * each record is taken for a mixture of two normal distributions, records with
 * and without a partner, fitted by EM (Dempster, Laird and Rubin 1977; for
 * linkage Belin and Rubin 1995); the threshold is where both are as likely. This
 * is coarser: the tail of strangers who are namesakes is heavier than normal.
 */
#include "token/token_impl.h"

#include <math.h>

#define MILLION UINT64_C(1000000)

__extension__ typedef unsigned __int128 Wide;

/* Sums over the scores from the top down to one. */
typedef struct Sums {
    uint64_t links;
    uint64_t decoys_a, decoys_b;
    Wide wrong_ppm; /* false links expected, in millionths */
} Sums;

static uint64_t wrong_of(const Sums *sums)
{
    Wide wrong = (sums->wrong_ppm + MILLION / 2) / MILLION;
    return wrong < sums->links ? (uint64_t)wrong : sums->links;
}

static uint64_t pairs_of(uint64_t n)
{
    return n < 2 ? 0 : n * (n - 1) / 2;
}

static void step(const Evidence *e, uint32_t s, Sums *sums)
{
    uint64_t decoys = e->decoys_a[s] + e->decoys_b[s];
    uint64_t rate_of = pairs_of(e->a->n - 2 * sums->decoys_a) + pairs_of(e->b->n - 2 * sums->decoys_b);
    uint64_t free_pairs = (e->a->n - sums->links) * (e->b->n - sums->links);
    if (rate_of > 0)
        sums->wrong_ppm += (Wide)decoys * MILLION * free_pairs / rate_of;
    sums->decoys_a += e->decoys_a[s];
    sums->decoys_b += e->decoys_b[s];
    sums->links += e->links[s];
}

static uint64_t most_matches(const Evidence *e)
{
    Sums sums = {0};
    uint64_t most = 0;
    for (uint32_t s = KERNEL_ONE; s >= e->floor && s > 0; s--) {
        step(e, s, &sums);
        uint64_t matches = sums.links - wrong_of(&sums);
        if (matches > most)
            most = matches;
    }
    return most;
}

Choice threshold_judge(const Evidence *e, uint32_t threshold)
{
    Sums sums = {0};
    for (uint32_t s = KERNEL_ONE; s >= threshold && s > 0; s--)
        step(e, s, &sums);
    uint64_t wrong = wrong_of(&sums);
    return (Choice){threshold, wrong, most_matches(e) - (sums.links - wrong)};
}

Choice threshold_choose(const Evidence *e)
{
    Sums sums = {0};
    uint64_t most = most_matches(e), best_top = 0, best_bottom = 1;
    uint32_t best = KERNEL_ONE;
    for (uint32_t s = KERNEL_ONE; s >= e->floor && s > 0; s--) {
        step(e, s, &sums);
        uint64_t top = sums.links - wrong_of(&sums), bottom = sums.links + most;
        if ((Wide)top * best_bottom > (Wide)best_top * bottom) {
            best = s;
            best_top = top;
            best_bottom = bottom;
        }
    }
    return threshold_judge(e, best);
}

/* --- mixture -------------------------------------------------------------------------------------------------- */

#define ROUNDS 200
#define DEVIATION_MIN 50.0
#define APART 3.0 /* deviations between two groups that are two */
#define FAR 5.0   /* deviations above a single group */

typedef struct Normal {
    double share, mean, deviation;
} Normal;

static double density(const Normal *n, double x)
{
    double z = (x - n->mean) / n->deviation;
    return n->share / n->deviation * exp(-0.5 * z * z);
}

static double tail(const Normal *n, double x)
{
    return n->share * 0.5 * erfc((x - n->mean) / n->deviation / sqrt(2.0));
}

/* The scores with weight w(s) as a normal; w is 1, or the probability under `of` against `other`. */
static Normal fit(const uint64_t *count, uint64_t n, const Normal *of, const Normal *other)
{
    double weight = 0, sum = 0, squares = 0;
    for (uint32_t s = 0; s < SCORES; s++) {
        if (count[s] == 0)
            continue;
        double w = (double)count[s];
        if (of) {
            double mine = density(of, s), all = mine + density(other, s);
            w *= all > 0 ? mine / all : (s > of->mean) == (of->mean > other->mean) ? 1.0 : 0.0;
        }
        weight += w;
        sum += w * s;
        squares += w * s * s;
    }
    Normal r = {0, 0, DEVIATION_MIN};
    if (weight <= 0)
        return r;
    r.share = weight / (double)n;
    r.mean = sum / weight;
    double variance = squares / weight - r.mean * r.mean;
    if (variance > DEVIATION_MIN * DEVIATION_MIN)
        r.deviation = sqrt(variance);
    return r;
}

static uint32_t crossing(const Normal *low, const Normal *high)
{
    uint32_t s = (uint32_t)low->mean;
    while (s < KERNEL_ONE && density(high, s) < density(low, s))
        s++;
    return s;
}

Choice threshold_mixture(const uint64_t best[SCORES], uint64_t n, uint32_t fixed)
{
    if (n == 0)
        return (Choice){fixed > 0 ? fixed : KERNEL_ONE, 0, 0};
    Normal all = fit(best, n, NULL, NULL), low = all, high = all;
    low.mean -= all.deviation;
    high.mean += all.deviation;
    for (int round = 0; round < ROUNDS; round++) {
        Normal next = fit(best, n, &low, &high);
        high = fit(best, n, &high, &low);
        low = next;
    }
    bool two = high.share > 0 && low.share > 0 && high.mean - low.mean > APART * (low.deviation + high.deviation) / 2;
    double single = all.mean + FAR * all.deviation;
    uint32_t threshold = two ? crossing(&low, &high) : single < KERNEL_ONE ? (uint32_t)single : KERNEL_ONE;
    if (fixed > 0)
        threshold = fixed;
    Choice c = {.threshold = threshold};
    c.expected_false = (uint64_t)((double)n * tail(two ? &low : &all, threshold) + 0.5);
    if (two)
        c.expected_missed = (uint64_t)((double)n * (high.share - tail(&high, threshold)) + 0.5);
    return c;
}
