/* Disparity over all groups of a split in one number, with its standard error. */
#include "equity/stats.h"

#include <math.h>

const char *const disparity_names[DISPARITY_COUNT] = {"range_difference", "range_ratio", "between_group_variance",
    "index_of_disparity", "mean_log_deviation", "theil_t", "slope_index", "concentration_index"};

bool disparity_needs_shares(Disparity kind)
{
    return kind != DISPARITY_RANGE && kind != DISPARITY_RANGE_RATIO;
}

static double overall(const double *rates, const double *shares, size_t count)
{
    double p = 0;
    for (size_t i = 0; i < count; i++)
        p += shares[i] * rates[i];
    return p;
}

static double range_of(const double *rates, size_t count, bool as_ratio)
{
    double low = rates[0], high = rates[0];
    for (size_t i = 1; i < count; i++) {
        low = fmin(low, rates[i]);
        high = fmax(high, rates[i]);
    }
    if (!as_ratio)
        return high - low;
    return low > 0 ? high / low : NAN;
}

/* sum s (p - P)(R - 1/2) over sum s (R - 1/2)^2; shares sum to 1, so the mean rank is 1/2. */
static double slope_of(const double *rates, const double *shares, size_t count, double p)
{
    double before = 0, above = 0, below = 0;
    for (size_t i = 0; i < count; i++) {
        double rank = before + shares[i] / 2 - 0.5;
        above += shares[i] * (rates[i] - p) * rank;
        below += shares[i] * rank * rank;
        before += shares[i];
    }
    return below > 0 ? above / below : NAN;
}

static double concentration_of(const double *rates, const double *shares, size_t count, double p)
{
    double before = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += shares[i] * rates[i] * (before + shares[i] / 2);
        before += shares[i];
    }
    return p > 0 ? 2 * sum / p - 1 : NAN;
}

static double sum_of(Disparity kind, const double *rates, const double *shares, size_t count, double p)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double ratio = rates[i] / p;
        if (kind == DISPARITY_VARIANCE)
            sum += shares[i] * (rates[i] - p) * (rates[i] - p);
        else if (p <= 0)
            return NAN;
        else if (kind == DISPARITY_INDEX)
            sum += 100 * fabs(ratio - 1) / (double)count;
        else if (kind == DISPARITY_THEIL)
            sum += ratio > 0 ? shares[i] * ratio * log(ratio) : 0;
        else
            sum += ratio > 0 ? -shares[i] * log(ratio) : NAN;
    }
    return sum;
}

double disparity_of(Disparity kind, const double *rates, const double *shares, size_t count)
{
    ASSERT(count <= GROUPS_MAX);
    if (count == 0)
        return NAN;
    double p = overall(rates, shares, count);
    switch (kind) {
    case DISPARITY_RANGE:
    case DISPARITY_RANGE_RATIO:
        return range_of(rates, count, kind == DISPARITY_RANGE_RATIO);
    case DISPARITY_SLOPE:
        return slope_of(rates, shares, count, p);
    case DISPARITY_CONCENTRATION:
        return concentration_of(rates, shares, count, p);
    default:
        return sum_of(kind, rates, shares, count, p);
    }
}

static bool is_never_negative(Disparity kind)
{
    return kind != DISPARITY_SLOPE && kind != DISPARITY_CONCENTRATION;
}

Estimate disparity_estimate(Disparity kind, const Count *groups, size_t count, double z)
{
    double rates[GROUPS_MAX] = {0}, shares[GROUPS_MAX] = {0}, variance = 0, persons = 0;
    ASSERT(count <= GROUPS_MAX);
    for (size_t i = 0; i < count; i++)
        persons += (double)groups[i].n;
    for (size_t i = 0; i < count; i++) {
        rates[i] = count_rate(groups[i]);
        shares[i] = (double)groups[i].n / persons;
    }
    Estimate e = {.value = disparity_of(kind, rates, shares, count)};
    for (size_t i = 0; i < count; i++) {
        /* Central difference; the step is small beside any rate and large beside rounding. */
        double p = rates[i], step = fmin(1e-6, fmax(p, 1e-9) / 2);
        rates[i] = p + step;
        double up = disparity_of(kind, rates, shares, count);
        rates[i] = p - step;
        double down = disparity_of(kind, rates, shares, count);
        rates[i] = p;
        double slope = (up - down) / (2 * step);
        if (p > 0 && p < 1)
            variance += slope * slope * p * (1 - p) / (double)groups[i].n;
    }
    e.error = isnan(e.value) ? NAN : sqrt(variance);
    e.interval = (Interval){e.value - z * e.error, e.value + z * e.error};
    if (is_never_negative(kind) && e.interval.low < 0)
        e.interval.low = 0;
    return e;
}
