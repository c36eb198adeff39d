/*
 * What a rho means as (epsilon, delta), for readers. The budget is kept and compared in integers; floating point
 * appears here only because a logarithm does.
 *
 * Tight: delta(epsilon) = min over a > 1 of exp((a - 1)(a rho - epsilon)) / (a - 1) * (1 - 1/a)^a (Canonne, Kamath and
 * Steinke 2020, Prop. 12 with the Renyi curve a rho of zCDP). The logarithm is convex enough in log(a - 1) to be
 * searched by sections; every a gives a valid delta, so a missed minimum errs on the safe side.
 */
#include "perturb/perturb.h"

#include <math.h>

static double log_delta_at(double rho, double epsilon, double a)
{
    return (a - 1) * (a * rho - epsilon) - log(a - 1) + a * log1p(-1 / a);
}

static double log_delta(double rho, double epsilon)
{
    double low = -12, high = 14; /* of log(a - 1) */
    for (int i = 0; i < 120; i++) {
        double third = (high - low) / 3;
        if (log_delta_at(rho, epsilon, 1 + exp(low + third)) < log_delta_at(rho, epsilon, 1 + exp(high - third)))
            high -= third;
        else
            low += third;
    }
    return fmin(0, log_delta_at(rho, epsilon, 1 + exp(low)));
}

static double thousandth_up(double v)
{
    return ceil(v * 1000 - 1e-7) / 1000;
}

double rho_to_log_delta(int64_t rho, double epsilon)
{
    return rho <= 0 ? -INFINITY : log_delta((double)rho / (double)RHO_ONE, epsilon);
}

static double quick(double rho, uint32_t delta_exponent)
{
    return rho + 2 * sqrt(rho * delta_exponent * log(10));
}

double rho_to_epsilon_quick(int64_t rho, uint32_t delta_exponent)
{
    return rho <= 0 ? 0 : thousandth_up(quick((double)rho / (double)RHO_ONE, delta_exponent));
}

double rho_to_epsilon_tight(int64_t rho, uint32_t delta_exponent)
{
    if (rho <= 0)
        return 0;
    double r = (double)rho / (double)RHO_ONE, want = -(double)delta_exponent * log(10);
    double low = 0, high = quick(r, delta_exponent);
    for (int i = 0; i < 100; i++) {
        double mid = (low + high) / 2;
        if (log_delta(r, mid) <= want)
            high = mid;
        else
            low = mid;
    }
    return thousandth_up(high);
}
