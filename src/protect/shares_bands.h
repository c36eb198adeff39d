/* Private to protect: the bands in which shares of 100 are told. The auditor has its own idea of them (audit.c). */
#ifndef CAIRN_PROTECT_SHARES_BANDS_H
#define CAIRN_PROTECT_SHARES_BANDS_H

#include "base/base.h"

/* The finest step (5, 10, 20, 25, 50 or 100 of 100) so wide that the lowest band can be min_with people and the highest
 * leave min_without. */
static inline int share_step(int64_t min_with, int64_t min_without, int64_t base)
{
    static const int steps[] = {5, 10, 20, 25, 50};
    int64_t least = min_with > min_without ? min_with : min_without;
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if ((steps[i] * base + 99) / 100 - 1 >= least)
            return steps[i];
    return 100;
}

/* The band of `part` of `base`: at least so many of 100. All of them are in the highest band. */
static inline int share_from(int64_t base, int64_t part, int step)
{
    int64_t band = part * 100 / base / step;
    return (int)(band * step > 100 - step ? 100 - step : band * step);
}

/* Of how many people it may not hold, by a band. */
static inline void share_rest_range(int from, int step, int64_t base, int64_t *low, int64_t *high)
{
    *high = base - (from * base + 99) / 100;
    *low = from + step >= 100 ? 0 : base - ((from + step) * base + 99) / 100 + 1;
}

#endif
