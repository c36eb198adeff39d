/*
 * Noisy parts of a known whole made into non-negative integers that sum to it.
 *
 * Weighted projection onto a simplex: y = max(floor, x - t w) for the one t at which the sum is right. Parts that fall
 * to their floor stay there as t grows, so dropping them until none falls finds t (Michelot 1986). Runs after the noise
 * and so costs nothing of the budget.
 */
#include "perturb/dp_impl.h"

#include <math.h>
#include <stdlib.h>

/* Marks parts at their floor by scratch = NAN; returns t. */
static double shift(const double *x, const double *w, const int64_t *floors, size_t n, int64_t total, double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = w[i] > 0 ? x[i] : NAN;
    for (;;) {
        double sum = -(double)total, weight = 0;
        for (size_t i = 0; i < n; i++) {
            sum += isnan(scratch[i]) ? (double)floors[i] : scratch[i];
            weight += isnan(scratch[i]) ? 0 : w[i];
        }
        if (weight <= 0)
            return 0;
        double t = sum / weight;
        bool fell = false;
        for (size_t i = 0; i < n; i++)
            if (!isnan(scratch[i]) && scratch[i] - t * w[i] < (double)floors[i]) {
                scratch[i] = NAN;
                fell = true;
            }
        if (!fell)
            return t;
    }
}

typedef struct Part {
    double rest; /* what was cut off */
    size_t at;
} Part;

static int by_rest(const void *a, const void *b)
{
    const Part *p = a, *q = b;
    if (p->rest != q->rest)
        return p->rest > q->rest ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

/* One to each of the largest remainders, in turns; where floating point rounded the sum up, one from the smallest. */
static void largest_remainders(const Part *parts, size_t n, const int64_t *floors, int64_t rest, int64_t *out)
{
    ASSERT(rest == 0 || n > 0);
    for (size_t i = 0; rest > 0; i = (i + 1) % n, rest--)
        out[parts[i].at]++;
    for (size_t i = n; rest < 0; i--) {
        ASSERT(i > 0);
        if (out[parts[i - 1].at] > floors[parts[i - 1].at]) {
            out[parts[i - 1].at]--;
            rest++;
        }
    }
}

Status simplex_fit(
    const double *x, const double *w, const int64_t *floors, size_t n, int64_t total, int64_t *out, Error *err)
{
    double *scratch = NULL;
    Part *parts = NULL;
    TRY(mem_zalloc(n, sizeof *scratch, (void **)&scratch, err));
    Status st = mem_zalloc(n, sizeof *parts, (void **)&parts, err);
    if (st == OK) {
        double t = shift(x, w, floors, n, total, scratch);
        int64_t rest = total;
        size_t free_parts = 0;
        for (size_t i = 0; i < n; i++) {
            double y = isnan(scratch[i]) ? (double)floors[i] : x[i] - t * w[i];
            out[i] = (int64_t)floor(y);
            if (out[i] < floors[i])
                out[i] = floors[i];
            rest -= out[i];
            if (w[i] > 0)
                parts[free_parts++] = (Part){y - (double)out[i], i};
        }
        qsort(parts, free_parts, sizeof *parts, by_rest);
        largest_remainders(parts, free_parts, floors, rest, out);
    }
    mem_free(scratch);
    mem_free(parts);
    return st;
}

Status simplex_counts(const int64_t *noisy, size_t n, int64_t total, int64_t *out, Error *err)
{
    double *x = NULL;
    int64_t *floors = NULL;
    TRY(mem_zalloc(2 * n, sizeof *x, (void **)&x, err));
    Status st = mem_zalloc(n, sizeof *floors, (void **)&floors, err);
    for (size_t i = 0; i < n && st == OK; i++) {
        x[i] = (double)noisy[i];
        x[n + i] = 1;
    }
    if (st == OK)
        st = simplex_fit(x, x + n, floors, n, total, out, err);
    mem_free(x);
    mem_free(floors);
    return st;
}
