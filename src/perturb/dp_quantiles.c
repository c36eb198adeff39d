/*
 * Percentiles from a noisy histogram (PSEO: Foote, Machanavajjhala and McKinney 2019).
 *
 * Bins are public, so one person is in one bin of each of her groups: bins together cost what one count costs. The
 * noisy bins are cumulated and percentiles read off, with straight lines inside a bin. Everything after the noise is
 * free of cost, the size of the group and the error bars too.
 *
 * The error of the p-th percentile, counted in people: the cumulated noise of the bins below against p times the noise
 * of all, so its variance is V (b (1 - p)^2 + (B - b) p^2) with b bins below of B. Its largest value over b is
 * V B max(p, 1 - p)^2, but b is near p B where bins hold alike; the error bar takes the noisy histogram's own b.
 */
#include "perturb/dp_impl.h"

#define Z_THOUSANDTHS 1960 /* 95 % */

typedef struct Work {
    const DpQuantileOptions *o;
    Noise noise;
    int64_t *true_bins; /* groups * bins */
    int64_t *noisy;     /* bins */
    int64_t *fitted;    /* bins */
} Work;

static Status check_options(const DpPrivacy *p, const DpQuantileOptions *o, Error *err)
{
    if (p->per_cell != 1)
        return error_set(err, ERR_INVALID, "percentiles need per_cell = 1: one value a person and group");
    if (o->bins < 2 || o->bins > 1000)
        return error_set(err, ERR_INVALID, "there must be 2 to 1000 bins");
    if (o->edges[0] < 0 || o->edges[o->bins] > DP_COUNT_MAX)
        return error_set(err, ERR_INVALID, "bin edges must lie between 0 and 2^53 cents");
    for (uint32_t b = 0; b < o->bins; b++)
        if (o->edges[b] >= o->edges[b + 1])
            return error_set(err, ERR_INVALID, "bin edges must ascend");
    if (o->percent_count < 1 || o->percent_count > 9 || o->rounding < 1)
        return error_set(err, ERR_INVALID, "one to nine percentiles, and a rounding of at least 1");
    for (uint32_t k = 0; k < o->percent_count; k++)
        if (o->percents[k] < 1 || o->percents[k] > 99 || (k > 0 && o->percents[k] <= o->percents[k - 1]))
            return error_set(err, ERR_INVALID, "percentiles must ascend between 1 and 99");
    return OK;
}

/* Values outside the edges count in the first and last bin. */
static uint32_t bin_of(const DpQuantileOptions *o, int64_t value)
{
    uint32_t low = 0, high = o->bins - 1;
    while (low < high) {
        uint32_t mid = (low + high + 1) / 2;
        if (value >= o->edges[mid])
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

/* 1.96 standard deviations of the noise in the p-th percentile's rank, in thousandths of a person. b bins below. */
static uint64_t rank_error_people(const Noise *noise, uint32_t bins, uint32_t b, uint32_t percent)
{
    u128 p = percent, q = 100 - percent;
    u128 weight = b * q * q + (bins - b) * p * p; /* of 10^4 */
    /* V = 2 num^2 / den^2 or num / den */
    u128 num = noise->num, den = noise->den;
    if (noise->mechanism == DP_LAPLACE) {
        num = 2 * num * num;
        den = den * den;
    }
    u128 factor = (u128)Z_THOUSANDTHS * Z_THOUSANDTHS * weight / 10000, square;
    if (CKD_MUL(&square, factor, num))
        return UINT64_MAX;
    return root_floor(square / den) + 1;
}

static uint32_t per_mille_of(uint64_t milli_people, int64_t n)
{
    if (n <= 0 || milli_people / (uint64_t)n >= 1000)
        return 1000;
    return (uint32_t)(milli_people / (uint64_t)n) + 1;
}

/* The value at `rank` thousandths of people, 0 <= rank <= 1000 total, in the fitted histogram. */
static int64_t value_at(const Work *w, int64_t rank_milli)
{
    const DpQuantileOptions *o = w->o;
    int64_t below = 0;
    for (uint32_t b = 0; b < o->bins; b++) {
        int64_t here = w->fitted[b] * 1000;
        if (here > 0 && below + here >= rank_milli) {
            uint64_t width = (uint64_t)(o->edges[b + 1] - o->edges[b]), part = (uint64_t)(rank_milli - below);
            u128 people = (uint64_t)here, moved = (u128)width * part;
            return o->edges[b] + (int64_t)(uint64_t)(moved / people);
        }
        below += here;
    }
    return o->edges[o->bins];
}

static uint32_t bins_below(const Work *w, int64_t rank_milli)
{
    int64_t below = 0;
    uint32_t b = 0;
    while (b < w->o->bins && below + w->fitted[b] * 1000 < rank_milli)
        below += w->fitted[b++] * 1000;
    return b;
}

static int64_t rounded(const DpQuantileOptions *o, int64_t v)
{
    return (v + o->rounding / 2) / o->rounding * o->rounding;
}

static void percentile(const Work *w, uint32_t percent, int64_t n, DpQuantile *out)
{
    const DpQuantileOptions *o = w->o;
    int64_t rank = n * 10 * percent;
    uint64_t error = rank_error_people(&w->noise, o->bins, bins_below(w, rank), percent);
    *out = (DpQuantile){.rank_error = per_mille_of(error, n)};
    if (n < o->min_noisy_n || out->rank_error > o->max_rank_error)
        return;
    int64_t most = n * 1000, e = error > (uint64_t)most ? most : (int64_t)error;
    out->shown = true;
    out->value = rounded(o, value_at(w, rank));
    out->low = rounded(o, value_at(w, rank > e ? rank - e : 0));
    out->high = rounded(o, value_at(w, rank + e < most ? rank + e : most));
}

static Status one_group(Work *w, uint32_t g, Coins *coins, int64_t *noisy_n, DpQuantile *out, Error *err)
{
    const DpQuantileOptions *o = w->o;
    int64_t n = 0;
    dp_add_noise(&w->noise, coins, w->true_bins + (size_t)g * o->bins, NULL, o->bins, w->noisy);
    for (uint32_t b = 0; b < o->bins; b++)
        n += w->noisy[b];
    *noisy_n = n;
    for (uint32_t k = 0; k < o->percent_count; k++)
        out[k] = (DpQuantile){.rank_error = 1000};
    if (n <= 0 || n > DP_COUNT_MAX / 1000)
        return OK;
    TRY(simplex_counts(w->noisy, o->bins, n, w->fitted, err));
    for (uint32_t k = 0; k < o->percent_count; k++)
        percentile(w, o->percents[k], n, &out[k]);
    return OK;
}

static Status fill_bins(Work *w, const int64_t *values, const uint32_t *group, size_t n, uint32_t groups, Error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (group[i] >= groups)
            return error_set(
                err, ERR_INVALID, "value %zu is of group %" PRIu32 " of %" PRIu32, i + 1, group[i], groups);
        w->true_bins[(size_t)group[i] * w->o->bins + bin_of(w->o, values[i])]++;
    }
    return OK;
}

Status dp_quantiles(BudgetPermit *permit, const DpPrivacy *privacy, const DpQuantileOptions *o, const int64_t *values,
    const uint32_t *group, size_t n, uint32_t groups, int64_t *noisy_n, DpQuantile *out, Error *err)
{
    Work w = {.o = o};
    Arena arena;
    Coins *coins = NULL;
    arena_init(&arena, 0);
    Status st = OK;
    TRY_OUT(dp_use(permit, privacy, err));
    TRY_OUT(check_options(privacy, o, err));
    TRY_OUT(dp_noise(privacy, (Ratio){1, 1}, REACH_FINEST, &w.noise, err));
    TRY_OUT(arena_new(&arena, int64_t, (size_t)groups * o->bins, &w.true_bins, err));
    TRY_OUT(arena_new(&arena, int64_t, o->bins, &w.noisy, err));
    TRY_OUT(arena_new(&arena, int64_t, o->bins, &w.fitted, err));
    TRY_OUT(fill_bins(&w, values, group, n, groups, err));
    TRY_OUT(coins_new(&coins, err));
    for (uint32_t g = 0; g < groups; g++)
        TRY_OUT(one_group(&w, g, coins, &noisy_n[g], out + (size_t)g * o->percent_count, err));
out:
    coins_free(coins);
    arena_wipe(&arena);
    return st;
}

Status dp_expected_rank_error(
    const DpPrivacy *privacy, uint32_t bins, uint32_t percent, int64_t n, uint32_t *per_mille, Error *err)
{
    Noise noise;
    if (bins < 2 || bins > 1000 || percent < 1 || percent > 99 || n < 1)
        return error_set(err, ERR_INVALID, "2 to 1000 bins, percentiles 1 to 99, groups of at least one");
    TRY(dp_noise(privacy, (Ratio){1, 1}, REACH_FINEST, &noise, err));
    *per_mille = per_mille_of(rank_error_people(&noise, bins, bins * percent / 100, percent), n);
    return OK;
}
