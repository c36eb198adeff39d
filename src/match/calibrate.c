/*
 * Stated odds.
 *
 * Without labels the raw odds stand: the classes of em.c are what keeps them honest. With labels they are corrected by
 * a monotone, piecewise linear function on the scale of log odds:
 *   - few labels: logistic regression on the odds with smoothed targets (Platt 1999, as corrected by Lin, Lin and Weng
 *     2007), slope never negative;
 *   - many: isotonic regression (Zadrozny and Elkan 2002), a knot a pooled block, with the slope kept between and 1
 *     beyond the outermost knots, so that order is never lost.
 * A label counts with its weight, and smoothing by what the weights leave of the number of labels (Kish 1965).
 *
 * calibration_table is how to see whether it worked.
 */
#include <math.h>
#include <stdlib.h>

#include "match/match_impl.h"

#define ISOTONIC_FROM 100 /* labels of the rarer kind */
#define PLATT_ITERATIONS 100
#define SLOPE_MIN 0.05 /* order is never lost, however the labels contradict it */
#define SLOPE_MAX 5
#define SHIFT_MAX 500 /* nats */

/* --- applying ------------------------------------------------------------------------------------------------- */

Weight calibrate(const MatchModel *m, Weight raw)
{
    const Weight *x = m->knot_raw, *y = m->knot_stated;
    uint32_t n = m->knots;
    if (n == 0)
        return weight_clip(raw);
    if (raw <= x[0])
        return weight_clip((int64_t)y[0] + raw - x[0]);
    if (raw >= x[n - 1])
        return weight_clip((int64_t)y[n - 1] + raw - x[n - 1]);
    uint32_t i = 0;
    while (x[i + 1] < raw)
        i++;
    int64_t run = (int64_t)x[i + 1] - x[i], rise = (int64_t)y[i + 1] - y[i];
    return weight_clip(y[i] + rise * ((int64_t)raw - x[i]) / run);
}

/* --- fitting -------------------------------------------------------------------------------------------------- */

static void add_knot(MatchModel *m, Weight raw, Weight stated)
{
    if (m->knots == CALIBRATION_MAX)
        return;
    if (m->knots > 0 && (raw <= m->knot_raw[m->knots - 1] || stated < m->knot_stated[m->knots - 1]))
        return;
    m->knot_raw[m->knots] = raw;
    m->knot_stated[m->knots++] = stated;
}

/* How many labels of one kind there are, so far as weights go. */
static double effective(const LabelledOdds *labels, size_t count, bool match)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        if (labels[i].match == match) {
            sum += labels[i].weight;
            squares += labels[i].weight * labels[i].weight;
        }
    return squares > 0 ? sum * sum / squares : 0;
}

typedef struct Platt {
    const LabelledOdds *labels;
    size_t count;
    double high, low; /* what is aimed at for right and wrong pairs: never quite sure */
} Platt;

/* log(1 + exp(z)) without overflow. */
static double soft_plus(double z)
{
    return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/* What is made as small as can be, by nats: cross entropy of z = slope * raw + shift. */
static double platt_loss(const Platt *p, double slope, double shift)
{
    double loss = 0;
    for (size_t k = 0; k < p->count; k++) {
        const LabelledOdds *l = &p->labels[k];
        double z = slope * l->odds / WEIGHT_BIT + shift;
        loss += l->weight * (soft_plus(z) - (l->match ? p->high : p->low) * z);
    }
    return loss;
}

/* The way that Newton's method goes from here, and how much of the loss one step of it promises to take, times two. */
static double platt_step(const Platt *p, double slope, double shift, double *by_slope, double *by_shift)
{
    double g0 = 0, g1 = 0, h00 = 1e-12, h01 = 0, h11 = 1e-12;
    for (size_t k = 0; k < p->count; k++) {
        const LabelledOdds *l = &p->labels[k];
        double x = (double)l->odds / WEIGHT_BIT, q = 1 / (1 + exp(-(slope * x + shift)));
        double d = l->weight * (q - (l->match ? p->high : p->low)), w = l->weight * q * (1 - q);
        g0 += d;
        g1 += d * x;
        h00 += w;
        h01 += w * x;
        h11 += w * x * x;
    }
    double det = h00 * h11 - h01 * h01;
    if (!(det > 0)) { /* all of one odds: the shift alone */
        *by_slope = 0;
        *by_shift = -g0 / h00;
    } else {
        *by_slope = -(h00 * g1 - h01 * g0) / det;
        *by_shift = -(h11 * g0 - h01 * g1) / det;
    }
    return -(g0 * *by_shift + g1 * *by_slope);
}

/* With the slope given: as many right ones are expected as there are. */
static double best_shift(const Platt *p, double slope)
{
    double low = -SHIFT_MAX, high = SHIFT_MAX;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2, excess = 0;
        for (size_t k = 0; k < p->count; k++) {
            const LabelledOdds *l = &p->labels[k];
            double q = 1 / (1 + exp(-(slope * l->odds / WEIGHT_BIT + middle)));
            excess += l->weight * (q - (l->match ? p->high : p->low));
        }
        if (excess < 0)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* Newton's method with steps halved until the loss falls, from no slope at all, where no label is so sure that it has
 * lost its say (Lin, Lin and Weng 2007). In knots stated = slope * raw + shift, in bits. */
static void fit_platt(MatchModel *m, const LabelledOdds *labels, size_t count)
{
    double right = effective(labels, count, true), wrong = effective(labels, count, false);
    const Platt p = {labels, count, (right + 1) / (right + 2), 1 / (wrong + 2)};
    double slope = 0, shift = log((right + 1) / (wrong + 1)), loss = platt_loss(&p, slope, shift);
    for (int i = 0; i < PLATT_ITERATIONS; i++) {
        double by_slope, by_shift, promised = platt_step(&p, slope, shift, &by_slope, &by_shift), part = 1;
        while (part > 1e-10 &&
               platt_loss(&p, slope + part * by_slope, shift + part * by_shift) > loss - 1e-4 * part * promised)
            part /= 2;
        if (part <= 1e-10 || promised < 1e-12 * (1 + loss))
            break;
        slope += part * by_slope;
        shift += part * by_shift;
        loss = platt_loss(&p, slope, shift);
    }
    double kept = fmin(fmax(slope, SLOPE_MIN * M_LN2), SLOPE_MAX * M_LN2);
    if (kept != slope)
        shift = best_shift(&p, kept);
    slope = kept / M_LN2;
    shift /= M_LN2;
    for (int bits = -60; bits <= 60; bits += 120)
        add_knot(m, bits * WEIGHT_BIT, weight_clip(llround((slope * bits + shift) * WEIGHT_BIT)));
}

typedef struct Pool { /* sums of weights, and of weights times what the name says */
    double weight, squares, odds, right;
} Pool;

static double share_right(const Pool *p)
{
    return p->right / p->weight;
}

static void pool_add(Pool *to, const Pool *more)
{
    to->weight += more->weight;
    to->squares += more->squares;
    to->odds += more->odds;
    to->right += more->right;
}

static Pool pool_of(const LabelledOdds *l)
{
    double w = l->weight;
    return (Pool){.weight = w, .squares = w * w, .odds = w * l->odds, .right = l->match ? w : 0};
}

/* labels sorted by odds */
static Status fit_isotonic(MatchModel *m, const LabelledOdds *labels, size_t count, Error *err)
{
    Pool *pools = NULL;
    size_t n = 0;
    TRY(mem_zalloc(count, sizeof *pools, (void **)&pools, err));
    for (size_t i = 0; i < count; i++) {
        pools[n++] = pool_of(&labels[i]);
        bool tie = i > 0 && labels[i].odds == labels[i - 1].odds;
        while (n > 1 && (tie || share_right(&pools[n - 2]) >= share_right(&pools[n - 1]))) {
            pool_add(&pools[n - 2], &pools[n - 1]);
            n--;
            tie = false;
        }
    }
    size_t stride = n / CALIBRATION_MAX + 1, knots = 0;
    for (size_t i = 0; i < n; i++) /* too many: so many neighbours together */
        if (i % stride == 0)
            pools[knots++] = pools[i];
        else
            pool_add(&pools[knots - 1], &pools[i]);
    for (size_t i = 0; i < knots; i++) {
        double p = share_right(&pools[i]), one = pools[i].squares / pools[i].weight;
        double unsure = one / 2 / (pools[i].weight + one); /* half a label the other way: no pool is sure */
        if (p <= 0)
            p = i + 1 < knots ? fmin(unsure, share_right(&pools[i + 1])) : unsure;
        else if (p >= 1)
            p = i > 0 ? fmax(1 - unsure, share_right(&pools[i - 1])) : 1 - unsure;
        add_knot(m, (Weight)llround(pools[i].odds / pools[i].weight), probability_weight(p));
    }
    mem_free(pools);
    return OK;
}

static int by_odds(const void *left, const void *right)
{
    const LabelledOdds *a = left, *b = right;
    if (a->odds != b->odds)
        return a->odds < b->odds ? -1 : 1;
    if (a->match != b->match)
        return (int)a->match - (int)b->match;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

Status calibrate_fit(MatchModel *m, const LabelledOdds *labels, size_t count, Error *err)
{
    m->knots = 0;
    size_t right = 0;
    for (size_t i = 0; i < count; i++)
        right += labels[i].match;
    size_t rarer = right < count - right ? right : count - right;
    if (count == 0)
        return OK;
    if (rarer < ISOTONIC_FROM) {
        fit_platt(m, labels, count);
        return OK;
    }
    LabelledOdds *sorted = NULL;
    TRY(mem_alloc(count * sizeof *sorted, (void **)&sorted, err));
    memcpy(sorted, labels, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_odds);
    Status st = fit_isotonic(m, sorted, count, err);
    mem_free(sorted);
    return st;
}

/* --- looking -------------------------------------------------------------------------------------------------- */

/* Wilson (1927): holds its level for few pairs and for shares near 0 and 1. */
static void wilson(CalibrationBin *bin)
{
    double n = (double)bin->pairs, z = 1.959964, p = n > 0 ? (double)bin->right / n : 0;
    if (bin->pairs == 0) {
        bin->high = 1;
        return;
    }
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    bin->low = middle - half > 0 ? middle - half : 0;
    bin->high = middle + half < 1 ? middle + half : 1;
}

void calibration_table(const LabelledOdds *labels, size_t count, CalibrationBin bins[CALIBRATION_BINS])
{
    static const double edges[CALIBRATION_BINS + 1] = {0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 0.999, 1};
    for (size_t b = 0; b < CALIBRATION_BINS; b++)
        bins[b] = (CalibrationBin){.from = edges[b], .to = edges[b + 1]};
    for (size_t i = 0; i < count; i++) {
        double p = weight_probability(labels[i].odds);
        size_t b = 0;
        while (b + 1 < CALIBRATION_BINS && p >= edges[b + 1])
            b++;
        bins[b].pairs++;
        bins[b].right += labels[i].match;
        bins[b].stated += p;
    }
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        if (bins[b].pairs)
            bins[b].stated /= (double)bins[b].pairs;
        wilson(&bins[b]);
    }
}
