/*
 * Quotients: which numerators and denominators can stand behind a printed rate, mean, gap, ratio or number of students
 * needed.
 *
 * A printed rate is an interval for k / n. For each n it leaves an interval of whole k, often an empty one: 83.3 %
 * leaves of all n up to 11 only 6. Bounds of n and k are drawn in to the outermost pairs that exist. A gap or ratio of
 * two rates is an interval for one quotient given the interval of the other. All fractions are exact: 64-bit parts,
 * 128-bit products.
 */
#include "audit/attack.h"

#define WALK_LIMIT 20000              /* denominators looked at in one go; the rest stays as it is */
#define WALK_SHARE 64                 /* so many of them cost as much as looking at a constraint */
#define PART_LIMIT (INT64_C(1) << 31) /* counts beyond are left alone, so that no product overflows */

/* num / den with den > 0; den 0: endless. */
typedef struct Fraction {
    Wide num, den;
} Fraction;

typedef struct Ends {
    Fraction low, high;
    bool low_open, high_open;
} Ends;

static const Fraction LOW_ENDLESS = {-1, 0}, HIGH_ENDLESS = {1, 0};

static int order(Fraction x, Fraction y)
{
    if (x.den == 0 || y.den == 0)
        return x.den == 0 && y.den == 0 ? (x.num > y.num) - (x.num < y.num)
               : x.den == 0             ? (x.num > 0 ? 1 : -1)
                                        : (y.num > 0 ? -1 : 1);
    Wide left = x.num * y.den, right = y.num * x.den;
    return (left > right) - (left < right);
}

static Ends printed_ends(const Quotient *q)
{
    Ends e = {LOW_ENDLESS, HIGH_ENDLESS, q->low_open, q->high_open};
    if (q->low_num != -ENDLESS)
        e.low = (Fraction){q->low_num, q->den};
    if (q->high_num != ENDLESS)
        e.high = (Fraction){q->high_num, q->den};
    return e;
}

/* Does num / den (den > 0) lie within? */
static bool within(const Ends *e, Fraction x)
{
    int low = order(x, e->low), high = order(x, e->high);
    return (low > 0 || (low == 0 && !e->low_open)) && (high < 0 || (high == 0 && !e->high_open));
}

bool quotient_too_large(const Quotient *q, const int64_t *x)
{
    return q->kind >= AUDIT_GAP &&
           (x[q->a] > PART_LIMIT || x[q->b] > PART_LIMIT || x[q->c] > PART_LIMIT || x[q->d] > PART_LIMIT);
}

bool quotient_holds(const Quotient *q, const int64_t *x)
{
    Ends e = printed_ends(q);
    Wide a = x[q->a], b = x[q->b];
    if (b < 1)
        return false;
    if (q->kind == AUDIT_MEAN)
        return within(&e, (Fraction){a, b});
    if (q->kind == AUDIT_RATE)
        return a >= 0 && a <= b && within(&e, (Fraction){a, b});
    Wide c = x[q->c], d = x[q->d];
    if (a < 0 || a > b || d < 1 || c < 0 || c > d)
        return false;
    if (quotient_too_large(q, x))
        return false; /* never shown: counts as unprotected */
    if (q->kind == AUDIT_GAP)
        return within(&e, (Fraction){a * d - c * b, b * d});
    if (q->kind == AUDIT_RATIO)
        return c >= 1 && within(&e, (Fraction){a * d, b * c});
    /* b c / d - a in (low - 1, high], or at most high when low is 0 */
    Wide need = b * c - a * d;
    return need <= (Wide)q->high_num * d && (q->low_num <= 0 || need > ((Wide)q->low_num - 1) * d);
}

/* Interval of a / b from the bounds of both, b >= 1, a >= 0. */
static Ends box_ends(const Work *w, uint32_t a, uint32_t b)
{
    Ends e = {{0, 1}, HIGH_ENDLESS, false, false};
    if (w->high[b] != ENDLESS && w->low[a] > 0)
        e.low = (Fraction){w->low[a], w->high[b]};
    if (w->high[a] != ENDLESS && w->low[b] > 0)
        e.high = (Fraction){w->high[a], w->low[b]};
    return e;
}

static void meet(Ends *e, const Ends *other)
{
    int low = order(other->low, e->low), high = order(other->high, e->high);
    if (low > 0 || (low == 0 && other->low_open)) {
        e->low = other->low;
        e->low_open = other->low_open;
    }
    if (high < 0 || (high == 0 && other->high_open)) {
        e->high = other->high;
        e->high_open = other->high_open;
    }
}

/* What is known of the rate a / b: its bounds, at most 1, and what was printed of it. */
static Ends rate_ends(const Work *w, uint32_t a, uint32_t b, uint32_t rate)
{
    const Ends part = {{0, 1}, {1, 1}, false, false};
    Ends e = box_ends(w, a, b);
    meet(&e, &part);
    if (rate != AUDIT_NONE && !(w->asleep && w->asleep[w->piece->rows + rate])) {
        Ends printed = printed_ends(&w->piece->quotient[rate]);
        meet(&e, &printed);
    }
    return e;
}

/* Whole a with a / b + shift / b within e, for one b: e.low * b - shift .. e.high * b - shift. */
static void numerators(const Ends *e, int64_t b, Wide low_shift, Wide high_shift, Wide *low, Wide *high)
{
    if (e->low.den != 0) {
        Wide n = e->low.num * b - low_shift * e->low.den;
        *low = wide_ceil_div(n, e->low.den);
        if (e->low_open && *low * e->low.den == n)
            ++*low;
    }
    if (e->high.den != 0) {
        Wide n = e->high.num * b - high_shift * e->high.den;
        *high = wide_floor_div(n, e->high.den);
        if (e->high_open && *high * e->high.den == n)
            --*high;
    }
}

typedef struct Pair {
    uint32_t a, b;
    Ends ends;
    Wide low_shift, high_shift;
    bool part; /* a is a part of b */
} Pair;

static void pair_range(const Work *w, const Pair *p, int64_t b, Wide *low, Wide *high)
{
    *low = w->low[p->a];
    *high = w->high[p->a];
    Wide l = *low, h = *high;
    numerators(&p->ends, b, p->low_shift, p->high_shift, &l, &h);
    *low = l > *low ? l : *low;
    *high = h < *high ? h : *high;
    if (p->part && *high > b)
        *high = b;
}

/* Draws the bounds of the denominator in to the first that leaves a numerator, from both sides, then the numerator's to
 * what any denominator leaves, which for an interval in b is at its ends unless the walk is short enough to see all. */
static bool pair_propagate(Work *w, const Pair *p)
{
    Wide low, high;
    int64_t b = w->low[p->b] < 1 ? 1 : w->low[p->b];
    if (p->ends.low.den > (Wide)1 << 62 || p->ends.high.den > (Wide)1 << 62 || b > PART_LIMIT)
        return work_low(w, p->b, 1);
    uint32_t walked = 0;
    for (; b <= w->high[p->b] && walked < WALK_LIMIT; b++, walked++) {
        pair_range(w, p, b, &low, &high);
        if (low <= high)
            break;
    }
    w->steps += walked / WALK_SHARE;
    if (!work_low(w, p->b, b))
        return false;
    b = w->high[p->b];
    if (b > PART_LIMIT)
        return true;
    for (walked = 0; b >= w->low[p->b] && walked < WALK_LIMIT; b--, walked++) {
        pair_range(w, p, b, &low, &high);
        if (low <= high)
            break;
    }
    w->steps += walked / WALK_SHARE;
    if (!work_high(w, p->b, b))
        return false;
    if ((Wide)w->high[p->b] - w->low[p->b] > WALK_LIMIT)
        return true;
    w->steps += (uint64_t)(w->high[p->b] - w->low[p->b]) / WALK_SHARE;
    Wide least = ENDLESS, most = -ENDLESS;
    for (b = w->low[p->b]; b <= w->high[p->b]; b++) {
        pair_range(w, p, b, &low, &high);
        if (low > high)
            continue;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    return work_low(w, p->a, wide_clamp(least)) && work_high(w, p->a, wide_clamp(most));
}

static bool small_enough(Fraction f)
{
    const Wide limit = (Wide)1 << 62;
    return f.den == 0 || (f.den < limit && f.num < limit && f.num > -limit);
}

static Fraction plus(Fraction x, Fraction y, int sign)
{
    if (x.den == 0)
        return x;
    if (y.den == 0)
        return (Fraction){sign * y.num, 0};
    return (Fraction){x.num * y.den + sign * y.num * x.den, x.den * y.den};
}

/* Only for non-negative fractions. */
static Fraction times(Fraction x, Fraction y)
{
    if (x.den == 0 || y.den == 0)
        return HIGH_ENDLESS;
    return (Fraction){x.num * y.num, x.den * y.den};
}

static Fraction over(Fraction x, Fraction y)
{
    if (y.num == 0 || x.den == 0)
        return HIGH_ENDLESS;
    return y.den == 0 ? (Fraction){0, 1} : (Fraction){x.num * y.den, x.den * y.num};
}

/* Ends that became too fine to calculate with are given up. */
static void drop_fine(Ends *e)
{
    if (!small_enough(e->low)) {
        e->low = LOW_ENDLESS;
        e->low_open = false;
    }
    if (!small_enough(e->high)) {
        e->high = HIGH_ENDLESS;
        e->high_open = false;
    }
}

static bool rate_meets(Work *w, uint32_t a, uint32_t b, const Ends *known, const Ends *other)
{
    Pair pair = {a, b, *known, 0, 0, true};
    meet(&pair.ends, other);
    drop_fine(&pair.ends);
    return pair_propagate(w, &pair);
}

static bool gap_propagate(Work *w, const Quotient *q)
{
    Ends printed = printed_ends(q), x = rate_ends(w, q->a, q->b, q->rate_ab), y = rate_ends(w, q->c, q->d, q->rate_cd);
    drop_fine(&x);
    drop_fine(&y);
    Ends from_y = {plus(printed.low, y.low, 1), plus(printed.high, y.high, 1), printed.low_open || y.low_open,
        printed.high_open || y.high_open};
    Ends from_x = {plus(x.low, printed.high, -1), plus(x.high, printed.low, -1), x.low_open || printed.high_open,
        x.high_open || printed.low_open};
    return rate_meets(w, q->a, q->b, &x, &from_y) && rate_meets(w, q->c, q->d, &y, &from_x);
}

static bool ratio_propagate(Work *w, const Quotient *q)
{
    Ends printed = printed_ends(q), x = rate_ends(w, q->a, q->b, q->rate_ab), y = rate_ends(w, q->c, q->d, q->rate_cd);
    const Fraction none = {0, 1};
    drop_fine(&x);
    drop_fine(&y);
    if (order(printed.low, none) < 0) {
        printed.low = none;
        printed.low_open = false;
    }
    Ends from_y = {times(printed.low, y.low), times(printed.high, y.high), false, false};
    Ends from_x = {over(x.low, printed.high), over(x.high, printed.low), false, false};
    return work_low(w, q->c, 1) && rate_meets(w, q->a, q->b, &x, &from_y) && rate_meets(w, q->c, q->d, &y, &from_x);
}

/* With y = c / d: a is b y - high .. less than b y - (low - 1); with low 0 only the first. */
static bool needed_propagate(Work *w, const Quotient *q)
{
    Ends y = rate_ends(w, q->c, q->d, q->rate_cd), x = rate_ends(w, q->a, q->b, q->rate_ab);
    drop_fine(&x);
    drop_fine(&y);
    if (q->high_num > PART_LIMIT)
        return true;
    if (!rate_meets(w, q->a, q->b, &x, &x))
        return false;
    Pair pair = {q->a, q->b, y, q->high_num, q->low_num - 1, true};
    pair.ends.high_open = true;
    if (q->low_num <= 0)
        pair.ends.high = HIGH_ENDLESS;
    if (!pair_propagate(w, &pair))
        return false;
    if (w->low[q->a] == w->high[q->a] && w->low[q->b] == w->high[q->b]) {
        Ends from_x = {LOW_ENDLESS, {(Wide)w->low[q->a] + q->high_num, w->low[q->b]}, true, false};
        if (q->low_num > 0)
            from_x.low = (Fraction){(Wide)w->low[q->a] + q->low_num - 1, w->low[q->b]};
        return rate_meets(w, q->c, q->d, &y, &from_x);
    }
    return rate_meets(w, q->c, q->d, &y, &y);
}

bool quotient_propagate(Work *w, const Quotient *q)
{
    if (q->kind == AUDIT_RATE || q->kind == AUDIT_MEAN) {
        const Pair pair = {q->a, q->b, printed_ends(q), 0, 0, q->kind == AUDIT_RATE};
        return pair_propagate(w, &pair);
    }
    if (w->high[q->b] > PART_LIMIT || w->high[q->d] > PART_LIMIT)
        return true;
    return q->kind == AUDIT_GAP     ? gap_propagate(w, q)
           : q->kind == AUDIT_RATIO ? ratio_propagate(w, q)
                                    : needed_propagate(w, q);
}
