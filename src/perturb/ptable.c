/*
 * Perturbation tables of largest entropy (Giessing 2016, "Computational issues in the design of transition
 * probabilities and disclosure risk estimation for additive noise"; R package ptable).
 *
 * Among the distributions on the allowed noise with mean 0 and variance V, the one that tells least about the count is
 * p(v) ~ exp(a v + b (v^2 - V)); a and b minimise the sum of these terms, which is convex. The table is made from
 * secret parameters, never from data. It must be the same on every machine, or the same people would get two noises:
 * only additions, multiplications and divisions are used (contraction is off, see meson.build), and the result is cut
 * to multiples of 2^-32 with the mean made exactly 0.
 */
#include "perturb/perturb.h"

#include <math.h>

#define DEVIATION_MAX 50
#define FORBIDDEN_MAX 9
#define WIDTH_MAX (2 * DEVIATION_MAX + 1)
#define ONE (UINT64_C(1) << 32)

struct PTable {
    uint32_t deviation, rows;
    uint32_t *weight; /* rows * (2 deviation + 1) */
};

/* The noise a count may get. */
typedef struct Support {
    int v[WIDTH_MAX];
    size_t n;
} Support;

static Support support_of(const PTableOptions *o, uint32_t count)
{
    Support s = {.n = 0};
    for (int v = -(int)o->deviation; v <= (int)o->deviation; v++) {
        int result = (int)count + v;
        if (result == 0 || result > (int)o->forbidden)
            s.v[s.n++] = v;
    }
    return s;
}

/* The variances that mean 0 leaves possible lie strictly between. */
static void variance_range(const Support *s, int *low, int *high)
{
    int below = 0, above = 0;
    *low = *high = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i] < 0)
            below = s->v[i]; /* ascending: ends at the nearest */
        if (s->v[i] > 0 && above == 0)
            above = s->v[i];
        if (s->v[i] == 0)
            *high = -1;
    }
    *low = *high == -1 ? 0 : -below * above;
    *high = s->v[0] < 0 && s->v[s->n - 1] > 0 ? -s->v[0] * s->v[s->n - 1] : 0;
}

/* exp by the powers of 2 and a Taylor series: every step is exact or correctly rounded everywhere. */
static double exp_same(double x)
{
    double k = floor(x / 0.693147180559945309417 + 0.5);
    double r = x - k * 0.693147180369123816490 - k * 1.90821492927058770002e-10;
    double term = 1, sum = 1;
    for (int i = 1; i <= 22; i++) {
        term = term * r / i;
        sum += term;
    }
    return ldexp(sum, (int)k);
}

typedef struct Moments {
    double f, a, b, aa, ab, bb; /* value, gradient, Hessian */
} Moments;

static Moments moments_at(const Support *s, double variance, double a, double b)
{
    Moments m = {0};
    for (size_t i = 0; i < s->n; i++) {
        double v = s->v[i], q = v * v - variance, x = a * v + b * q;
        double e = exp_same(x > 600 ? 600 : x < -600 ? -600 : x);
        m.f += e;
        m.a += e * v;
        m.b += e * q;
        m.aa += e * v * v;
        m.ab += e * v * q;
        m.bb += e * q * q;
    }
    return m;
}

/* Newton's method with halved steps on a convex function; true when mean and variance are met. */
static bool solve(const Support *s, double variance, double *a, double *b)
{
    int near = 0;
    *a = *b = 0;
    Moments m = moments_at(s, variance, 0, 0);
    for (int i = 0; i < 500; i++) {
        double det = m.aa * m.bb - m.ab * m.ab;
        if (!(det > 0))
            return false;
        double da = (m.ab * m.b - m.bb * m.a) / det, db = (m.ab * m.a - m.aa * m.b) / det;
        double step = 1, gain = m.a * da + m.b * db;
        if (-gain < 1e-10 * m.f) { /* so near that f no longer shows the gain, while full steps still converge */
            *a += da;
            *b += db;
            m = moments_at(s, variance, *a, *b);
            if (++near == 3)
                break;
            continue;
        }
        Moments next = moments_at(s, variance, *a + da, *b + db);
        for (int halved = 0; !(next.f <= m.f + 0.25 * step * gain) && halved < 60; halved++) {
            step /= 2;
            next = moments_at(s, variance, *a + step * da, *b + step * db);
        }
        if (!(next.f < m.f))
            break;
        *a += step * da;
        *b += step * db;
        m = next;
    }
    return fabs(m.a) < 1e-9 * m.f && fabs(m.b) < 1e-6 * m.f;
}

/* Weights that sum to 2^32 with mean exactly 0. */
static bool seal_row(const Support *s, double variance, double a, double b, uint64_t *weight)
{
    double e[WIDTH_MAX], all = 0;
    int64_t left = (int64_t)ONE, mean = 0;
    size_t most = 0;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->v[i];
        e[i] = exp_same(a * v + b * (v * v - variance));
        all += e[i];
        most = e[i] > e[most] ? i : most;
    }
    for (size_t i = 0; i < s->n; i++) {
        weight[i] = (uint64_t)(e[i] / all * (double)ONE);
        left -= (int64_t)weight[i];
    }
    weight[most] += (uint64_t)left;
    for (size_t i = 0; i < s->n; i++)
        mean += (int64_t)weight[i] * s->v[i];
    /* a unit moved by one step changes the mean by one unit */
    for (size_t i = 0; i + 1 < s->n && mean != 0; i++) {
        size_t from = mean > 0 ? i + 1 : i, to = mean > 0 ? i : i + 1;
        uint64_t need = (uint64_t)(mean > 0 ? mean : -mean);
        if (s->v[i + 1] != s->v[i] + 1 || weight[from] <= need)
            continue;
        weight[from] -= need;
        weight[to] += need;
        mean = 0;
    }
    return mean == 0;
}

static Status fill_row(PTable *t, const PTableOptions *o, uint32_t count, Error *err)
{
    Support s = support_of(o, count);
    double variance = (double)o->variance.num / (double)o->variance.den, a, b;
    uint64_t weight[WIDTH_MAX] = {0};
    int low, high;
    variance_range(&s, &low, &high);
    if (variance <= low || variance >= high)
        return error_set(err, ERR_INVALID,
            "no noise of this variance for a count of %" PRIu32 ": it must lie between %d and %d (both excluded)",
            count, low, high);
    if (!solve(&s, variance, &a, &b) || !seal_row(&s, variance, a, b, weight))
        return error_set(err, ERR_INVALID,
            "the variance is too near the end of what a count of %" PRIu32 " allows, %d to %d", count, low, high);
    for (size_t i = 0; i < s.n; i++)
        t->weight[count * (2 * t->deviation + 1) + (uint32_t)(s.v[i] + (int)t->deviation)] = (uint32_t)weight[i];
    return OK;
}

static Status check_options(const PTableOptions *o, Error *err)
{
    if (o->deviation < 1 || o->deviation > DEVIATION_MAX)
        return error_set(err, ERR_INVALID, "the largest deviation must lie between 1 and %d", DEVIATION_MAX);
    if (o->forbidden > FORBIDDEN_MAX)
        return error_set(err, ERR_INVALID, "at most the counts 1 to %d can be forbidden", FORBIDDEN_MAX);
    if (o->forbidden >= o->deviation)
        return error_set(err, ERR_INVALID, "the largest deviation must be greater than the forbidden counts");
    if (o->variance.num == 0 || o->variance.den == 0)
        return error_set(err, ERR_INVALID, "the variance must be greater than 0");
    return OK;
}

Status ptable_new(const PTableOptions *o, PTable **out, Error *err)
{
    PTable *t = NULL;
    TRY(check_options(o, err));
    TRY(mem_zalloc(1, sizeof *t, (void **)&t, err));
    t->deviation = o->deviation;
    t->rows = o->deviation + (o->forbidden ? o->forbidden + 1 : 0) + 1;
    Status st = mem_zalloc((size_t)t->rows * (2 * t->deviation + 1), sizeof *t->weight, (void **)&t->weight, err);
    for (uint32_t count = 1; count < t->rows && st == OK; count++)
        st = fill_row(t, o, count, err);
    if (st != OK) {
        ptable_free(t);
        return st;
    }
    *out = t;
    return OK;
}

void ptable_free(PTable *t)
{
    if (!t)
        return;
    mem_free(t->weight);
    mem_free(t);
}

uint32_t ptable_rows(const PTable *t)
{
    return t->rows;
}

uint32_t ptable_deviation(const PTable *t)
{
    return t->deviation;
}

uint32_t ptable_weight(const PTable *t, uint32_t row, int v)
{
    ASSERT(row < t->rows && v >= -(int)t->deviation && v <= (int)t->deviation);
    return t->weight[row * (2 * t->deviation + 1) + (uint32_t)(v + (int)t->deviation)];
}

void ptable_csv(const PTable *t, Buf *out)
{
    buf_adds(out, "count,noise,probability_of_4294967296\n");
    for (uint32_t row = 1; row < t->rows; row++)
        for (int v = -(int)t->deviation; v <= (int)t->deviation; v++)
            if (ptable_weight(t, row, v) > 0)
                buf_addf(out, "%" PRIu32 ",%d,%" PRIu32 "\n", row, v, ptable_weight(t, row, v));
}
