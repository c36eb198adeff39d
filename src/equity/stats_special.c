/*
 * The three distributions that intervals need. Quantiles are found by bisection: slower than a series, and correct to
 * the last bit that the function itself is, on every machine in the same number of steps.
 */
#include "equity/stats.h"

#include <math.h>

#define STEPS 200
#define TINY 1e-300

/* Modified Lentz (Press et al., Numerical Recipes, 5.2) of DLMF 8.17.22. */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < TINY ? TINY : d);
    double h = d;
    for (int m = 1; m <= 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int part = 0; part < 2; part++) {
            double term = part == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < TINY ? TINY : d);
            c = fabs(c) < TINY ? TINY : c;
            h *= d * c;
        }
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

double stats_beta(double a, double b, double x)
{
    int sign;
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
    /* The fraction is fast only on its own side of the mean. */
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double stats_normal_z(double confidence)
{
    double low = 0, high = 40;
    for (int i = 0; i < STEPS; i++) {
        double mid = (low + high) / 2;
        if (erf(mid / sqrt(2)) < confidence)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

double stats_student_t(double confidence, double df)
{
    double low = 0, high = 1e6;
    for (int i = 0; i < STEPS; i++) {
        double mid = (low + high) / 2;
        if (1 - stats_beta(df / 2, 0.5, df / (df + mid * mid)) < confidence)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}
