/*
 * Error bars. They follow from public parameters alone, before any figure is looked at, so floating point does no harm
 * here.
 */
#include "perturb/dp_impl.h"

#include <math.h>

#define COVERED 0.95

/* P(|x| > w) = 2 r^(w+1) / (1 + r) with r = exp(-1 / scale). */
static int64_t laplace_half_width(double scale)
{
    double r = exp(-1 / scale);
    double w = scale * log(2 / ((1 - COVERED) * (1 + r))) - 1;
    return w <= 0 ? 0 : (int64_t)ceil(w - 1e-9);
}

/* Wide noise is as good as continuous; narrow noise is summed. */
static int64_t gaussian_half_width(double variance)
{
    if (variance > 1e4)
        return (int64_t)ceil(1.959964 * sqrt(variance));
    double all = 1, far = ceil(40 * sqrt(variance)) + 40;
    for (double x = 1; x <= far; x++)
        all += 2 * exp(-x * x / (2 * variance));
    double inside = 1;
    int64_t w = 0;
    while (inside < COVERED * all) {
        w++;
        inside += 2 * exp(-(double)w * (double)w / (2 * variance));
    }
    return w;
}

static double fraction(const Noise *n)
{
    return (double)n->num / (double)n->den;
}

int64_t noise_half_width(const Noise *n)
{
    return n->mechanism == DP_LAPLACE ? laplace_half_width(fraction(n)) : gaussian_half_width(fraction(n));
}

double noise_variance(const Noise *n)
{
    return n->mechanism == DP_LAPLACE ? 2 * fraction(n) * fraction(n) : fraction(n);
}

int64_t half_width_of_variance(double variance)
{
    return (int64_t)ceil(1.959964 * sqrt(variance) - 1e-9);
}

Status dp_expected_error(const DpPrivacy *privacy, int64_t *half_width, Error *err)
{
    Noise noise;
    TRY(dp_noise(privacy, (Ratio){1, 1}, REACH_FINEST, &noise, err));
    *half_width = noise_half_width(&noise);
    return OK;
}
