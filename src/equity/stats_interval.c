/* Intervals of rates, their differences and ratios; the test of a difference; many tests at once. */
#include "equity/stats.h"

#include <math.h>
#include <stdlib.h>

#define STEPS 200
#define LOG_RANGE 40.0 /* e^40 is a larger ratio than any two counts can have */

static const Interval unknown = {NAN, NAN};

double count_rate(Count c)
{
    return c.n > 0 ? (double)c.hits / (double)c.n : NAN;
}

Count count_others(Count all, Count part)
{
    return (Count){all.hits - part.hits, all.n - part.n};
}

Interval interval_wilson(Count c, double z)
{
    if (c.n <= 0)
        return unknown;
    double n = (double)c.n, p = count_rate(c), zz = z * z / n;
    double centre = (p + zz / 2) / (1 + zz);
    double half = z / (1 + zz) * sqrt(p * (1 - p) / n + zz / (4 * n));
    /* At the ends the two terms are equal on paper and not always in binary. */
    return (Interval){c.hits == 0 ? 0 : fmax(0, centre - half), c.hits == c.n ? 1 : fmin(1, centre + half)};
}

/* x with I_x(a, b) = target. */
static double beta_quantile(double target, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < STEPS; i++) {
        double mid = (low + high) / 2;
        if (stats_beta(a, b, mid) < target)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

Interval interval_clopper_pearson(Count c, double confidence)
{
    if (c.n <= 0)
        return unknown;
    double tail = (1 - confidence) / 2, x = (double)c.hits, n = (double)c.n;
    return (Interval){
        c.hits == 0 ? 0 : beta_quantile(tail, x, n - x + 1), c.hits == c.n ? 1 : beta_quantile(1 - tail, x + 1, n - x)};
}

Interval interval_newcombe(Count a, Count b, double z)
{
    if (a.n <= 0 || b.n <= 0)
        return unknown;
    Interval wa = interval_wilson(a, z), wb = interval_wilson(b, z);
    double pa = count_rate(a), pb = count_rate(b);
    return (Interval){pa - pb - hypot(pa - wa.low, wb.high - pb), pa - pb + hypot(wa.high - pa, pb - wb.low)};
}

Interval interval_katz(Count a, Count b, double z)
{
    if (a.hits <= 0 || b.hits <= 0)
        return unknown;
    double middle = log(count_rate(a) / count_rate(b));
    double error = sqrt(1 / (double)a.hits - 1 / (double)a.n + 1 / (double)b.hits - 1 / (double)b.n);
    return (Interval){exp(middle - z * error), exp(middle + z * error)};
}

static double square_over(double difference, double variance)
{
    return difference == 0 ? 0 : difference * difference / variance;
}

/* Pearson's statistic of "a / b is ratio", at the most likely rates under it (Miettinen and Nurminen 1985, eq. 12). */
static double ratio_score(Count a, Count b, double ratio)
{
    double na = (double)a.n, nb = (double)b.n, xa = (double)a.hits, xb = (double)b.hits;
    double second = (na + nb) * ratio, first = na * ratio + xa + nb + xb * ratio;
    double root = fmax(0, first * first - 4 * second * (xa + xb));
    /* The small root, written so that nothing cancels. */
    double pb = 2 * (xa + xb) / (first + sqrt(root)), pa = fmin(1, ratio * pb);
    pb = fmin(1, pb);
    return square_over(xa - na * pa, na * pa * (1 - pa)) + square_over(xb - nb * pb, nb * pb * (1 - pb));
}

/* Where the score reaches limit between log-ratios `inside` (below it) and `outside`. */
static double score_root(Count a, Count b, double limit, double inside, double outside)
{
    for (int i = 0; i < STEPS; i++) {
        double mid = (inside + outside) / 2;
        if (ratio_score(a, b, exp(mid)) < limit)
            inside = mid;
        else
            outside = mid;
    }
    return exp((inside + outside) / 2);
}

Interval interval_koopman(Count a, Count b, double z)
{
    if (a.n <= 0 || b.n <= 0)
        return unknown;
    if (a.hits == 0 && b.hits == 0)
        return (Interval){0, INFINITY};
    double middle = a.hits == 0 ? -LOG_RANGE : b.hits == 0 ? LOG_RANGE : log(count_rate(a) / count_rate(b));
    return (Interval){a.hits == 0 ? 0 : score_root(a, b, z * z, middle, -LOG_RANGE),
        b.hits == 0 ? INFINITY : score_root(a, b, z * z, middle, LOG_RANGE)};
}

double stats_two_rates(Count a, Count b)
{
    if (a.n <= 0 || b.n <= 0)
        return NAN;
    double n = (double)(a.n + b.n), pooled = (double)(a.hits + b.hits) / n;
    double variance = pooled * (1 - pooled) * (1 / (double)a.n + 1 / (double)b.n);
    if (variance <= 0)
        return 1;
    return erfc(fabs(gap_points(a, b)) / sqrt(variance) / sqrt(2));
}

typedef struct Ranked {
    double p;
    size_t at;
} Ranked;

static int by_p(const void *x, const void *y)
{
    const Ranked *a = x, *b = y;
    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

Status stats_benjamini_hochberg(const double *p, size_t count, double *adjusted, Error *err)
{
    Ranked *ranked = NULL;
    size_t members = 0;
    TRY(mem_zalloc(count, sizeof *ranked, (void **)&ranked, err));
    for (size_t i = 0; i < count; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i]))
            ranked[members++] = (Ranked){p[i], i};
    }
    qsort(ranked, members, sizeof *ranked, by_p);
    double least = 1;
    for (size_t i = members; i-- > 0;) {
        least = fmin(least, ranked[i].p * (double)members / (double)(i + 1));
        adjusted[ranked[i].at] = least;
    }
    mem_free(ranked);
    return OK;
}
