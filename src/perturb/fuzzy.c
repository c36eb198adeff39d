/*
 * Fuzzy percentiles: the mean of two neighbouring percentiles in place of one, as the Administrative Data Research
 * Facility asks of what leaves it. A percentile is somebody's wage; the mean of two is nobody's, as long as two people
 * stand behind it, which min_band makes sure of.
 */
#include "perturb/perturb.h"

#include <stdlib.h>

const char *fuzzy_reason(FuzzyVerdict v)
{
    switch (v) {
    case FUZZY_FEW_PEOPLE:
        return "too few people";
    case FUZZY_FEW_IN_BAND:
        return "too few people around this percentile";
    case FUZZY_FEW_EMPLOYERS:
        return "too few employers";
    case FUZZY_ONE_EMPLOYER:
        return "one employer has too many of the people";
    case FUZZY_SHOWN:
        break;
    }
    return "";
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_employer(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static Status check_options(const FuzzyOptions *o, Error *err)
{
    if (o->percent > 99 || o->spread > 49 || o->percent < o->spread + 1 || o->percent + o->spread > 99)
        return error_set(err, ERR_INVALID, "percent - spread and percent + spread must lie between 1 and 99");
    if (o->min_n < 1 || o->min_band < 2 || o->rounding < 1)
        return error_set(err, ERR_INVALID, "min_n and rounding must be at least 1, min_band at least 2");
    if (o->top_employer_max < 1 || o->top_employer_max > 100)
        return error_set(err, ERR_INVALID, "top_employer_max must lie between 1 and 100");
    return OK;
}

static FuzzyVerdict judge_employers(const FuzzyOptions *o, uint64_t *employers, size_t n)
{
    size_t distinct = 0, run = 0, longest = 0;
    qsort(employers, n, sizeof *employers, by_employer);
    for (size_t i = 0; i < n; i++) {
        run = i > 0 && employers[i] == employers[i - 1] ? run + 1 : 1;
        distinct += run == 1;
        longest = run > longest ? run : longest;
    }
    if (distinct < o->min_employers)
        return FUZZY_FEW_EMPLOYERS;
    /* longest / n > max / 100 */
    return (uint64_t)longest * 100 > (uint64_t)n * o->top_employer_max ? FUZZY_ONE_EMPLOYER : FUZZY_SHOWN;
}

/* Nearest rank, counted from 1. */
static size_t rank_of(uint32_t percent, size_t n)
{
    return (size_t)(((uint64_t)percent * n + 99) / 100);
}

Status fuzzy_percentile(const FuzzyOptions *o, int64_t *values, uint64_t *employers, size_t n, FuzzyVerdict *verdict,
    int64_t *value, Error *err)
{
    TRY(check_options(o, err));
    *value = 0;
    for (size_t i = 0; i < n; i++)
        if (values[i] < 0 || values[i] > INT64_MAX / 8)
            return error_set(err, ERR_INVALID, "value %zu is negative or too large", i + 1);
    *verdict = n < o->min_n ? FUZZY_FEW_PEOPLE : FUZZY_SHOWN;
    size_t low = rank_of(o->percent - o->spread, n), high = rank_of(o->percent + o->spread, n);
    if (*verdict == FUZZY_SHOWN && high - low + 1 < o->min_band)
        *verdict = FUZZY_FEW_IN_BAND;
    if (*verdict == FUZZY_SHOWN && o->min_employers > 0) {
        if (!employers)
            return error_set(err, ERR_INVALID, "min_employers is asked for, but no employers are given");
        *verdict = judge_employers(o, employers, n);
    }
    if (*verdict != FUZZY_SHOWN)
        return OK;
    qsort(values, n, sizeof *values, by_value);
    /* half up, of the mean: (sum / 2) to the nearest multiple of the rounding */
    int64_t sum = values[low - 1] + values[high - 1], step = 2 * o->rounding;
    *value = (sum + o->rounding) / step * o->rounding;
    return OK;
}
