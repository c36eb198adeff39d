/* Statistics by series and continued fractions (Abramowitz and Stegun 6.5, 26.5), and small helpers. */
#include "perturb_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Upper regularised gamma function. */
static double gamma_q(double a, double x)
{
    if (x <= 0)
        return 1;
    double scale = exp(-x + a * log(x) - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 10000 && term > sum * 1e-17; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return 1 - sum * scale;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int i = 1; i < 10000; i++) {
        double an = -i * (i - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return scale * h;
}

double chi_square_p(double x, double freedom)
{
    return gamma_q(freedom / 2, x / 2);
}

double fit_p(const uint64_t *counts, const double *expected, size_t bins)
{
    double chi = 0, e = 0, o = 0;
    size_t used = 0;
    for (size_t i = 0; i < bins; i++) {
        e += expected[i];
        o += (double)counts[i];
        double rest = 0;
        for (size_t k = i + 1; k < bins && rest < 5; k++)
            rest += expected[k];
        if (e < 5 || (rest < 5 && i + 1 < bins))
            continue;
        chi += (o - e) * (o - e) / e;
        used++;
        e = o = 0;
    }
    return chi_square_p(chi, (double)used - 1);
}

/* P(X >= k), X binomial. */
static double tail(uint64_t k, uint64_t n, double p)
{
    double sum = 0;
    if (k == 0)
        return 1;
    for (uint64_t i = k; i <= n; i++) {
        double term = exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) +
                          (double)i * log(p) + (double)(n - i) * log1p(-p));
        sum += term;
        if (term < sum * 1e-14 && (double)i > (double)n * p)
            break;
    }
    return sum;
}

double share_low(uint64_t k, uint64_t n, double alpha)
{
    double low = 0, high = (double)k / (double)n;
    for (int i = 0; i < 60 && k > 0; i++) {
        double mid = (low + high) / 2;
        if (tail(k, n, mid) > alpha)
            high = mid;
        else
            low = mid;
    }
    return low;
}

double share_high(uint64_t k, uint64_t n, double alpha)
{
    return 1 - share_low(n - k, n, alpha);
}

BudgetPermit permit_for(const DpPrivacy *p)
{
    BudgetPermit permit = {.privacy = *p, .seq = 1};
    return permit;
}

void scratch(char *out)
{
    snprintf(out, 64, "/tmp/cairn-test-perturb-XXXXXX");
    assert_non_null(mkdtemp(out));
}
