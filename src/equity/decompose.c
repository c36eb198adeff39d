/* A gap or an inequality taken apart into pieces that add up to it. */
#include "equity/stats.h"

#include <math.h>

static int64_t persons_of(const Count *groups, size_t count)
{
    int64_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += groups[i].n;
    return n;
}

KitagawaPart kitagawa(const Count *a, const Count *b, size_t count, KitagawaPart *parts)
{
    KitagawaPart sum = {0, 0};
    double na = (double)persons_of(a, count), nb = (double)persons_of(b, count);
    for (size_t i = 0; i < count; i++) {
        double ca = (double)a[i].n / na, cb = (double)b[i].n / nb;
        double ra = a[i].n > 0 ? count_rate(a[i]) : count_rate(b[i]);
        double rb = b[i].n > 0 ? count_rate(b[i]) : ra;
        parts[i] = (KitagawaPart){0, 0};
        if (a[i].n == 0 && b[i].n == 0)
            continue;
        parts[i].rate = (ra - rb) * (ca + cb) / 2;
        parts[i].composition = (ca - cb) * (ra + rb) / 2;
        sum.rate += parts[i].rate;
        sum.composition += parts[i].composition;
    }
    return sum;
}

/* Of one group from its sums: sum (y / Y) ln(y / mean). */
static double theil_of(const EarningsSum *s)
{
    return s->n > 0 && s->total > 0 ? s->ylny / s->total - log(s->total / (double)s->n) : 0;
}

TheilParts theil_decompose(const EarningsSum *groups, size_t count, double *within_of)
{
    EarningsSum all = {0};
    TheilParts t = {0};
    for (size_t i = 0; i < count; i++) {
        all.n += groups[i].n;
        all.total += groups[i].total;
        all.ylny += groups[i].ylny;
    }
    t.total = theil_of(&all);
    for (size_t i = 0; i < count; i++) {
        within_of[i] = theil_of(&groups[i]);
        if (groups[i].n == 0 || groups[i].total <= 0)
            continue;
        double share = groups[i].total / all.total;
        double relative = groups[i].total / (double)groups[i].n / (all.total / (double)all.n);
        t.within += share * within_of[i];
        t.between += share * log(relative);
    }
    return t;
}
