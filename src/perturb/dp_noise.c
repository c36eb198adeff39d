/*
 * From public terms to noise: sensitivity, scale, cost.
 *
 * A person is in at most k cells and adds at most c to each. Laplace noise has scale D1 / epsilon with D1 = k c (Dwork
 * et al. 2006); Gaussian noise has variance D2^2 / (2 rho) with D2^2 = k c^2 (Bun and Steinke 2016, 1.6), or (k c)^2
 * where her cells may fall into one figure. Another person in her place doubles D1, and D2^2 too: two vectors without
 * negative entries are no further apart than their squares' sum.
 */
#include "perturb/dp_impl.h"

#define RHO_MAX INT64_C(1000000) /* more than anybody means by privacy; keeps sums of entries in 64 bits */

Status dp_check(const DpPrivacy *p, Error *err)
{
    if (p->amount.num == 0 || p->amount.den == 0)
        return error_set(err, ERR_INVALID, "%s must be greater than 0", p->mechanism == DP_LAPLACE ? "epsilon" : "rho");
    if (p->cells_per_person == 0 || p->per_cell == 0 || p->cells_per_person > DP_BOUND_MAX ||
        p->per_cell > DP_BOUND_MAX)
        return error_set(
            err, ERR_INVALID, "cells_per_person and per_cell must lie between 1 and %u", (unsigned)DP_BOUND_MAX);
    return OK;
}

static Status too_fine(Error *err)
{
    return error_set(err, ERR_LIMIT, "the privacy parameters are fractions too fine for exact sampling");
}

Status dp_noise(const DpPrivacy *p, Ratio share, DpReach reach, Noise *out, Error *err)
{
    TRY(dp_check(p, err));
    u128 reach1 = (u128)p->cells_per_person * p->per_cell;
    u128 num = p->mechanism == DP_LAPLACE ? reach1 : reach == REACH_COARSE ? reach1 * reach1 : reach1 * p->per_cell;
    u128 den = p->mechanism == DP_LAPLACE ? 1 : 2;
    if (p->neighbours == DP_REPLACE)
        num *= 2;
    if (CKD_MUL(&num, num, (u128)p->amount.den) || CKD_MUL(&num, num, (u128)share.den) ||
        CKD_MUL(&den, den, (u128)p->amount.num) || CKD_MUL(&den, den, (u128)share.num))
        return too_fine(err);
    return noise_init(out, p->mechanism, num, den, err);
}

Status dp_cost(const DpPrivacy *p, int64_t *rho, Error *err)
{
    TRY(dp_check(p, err));
    u128 num = (u128)p->amount.num * (u128)RHO_ONE, den = p->amount.den;
    if (p->mechanism == DP_LAPLACE) {
        if (CKD_MUL(&num, num, (u128)p->amount.num))
            return too_fine(err);
        den = den * den * 2;
    }
    u128 cost = num / den + (num % den != 0);
    if (cost > (u128)RHO_MAX * (u128)RHO_ONE)
        return error_set(err, ERR_LIMIT, "a cost of more than rho %" PRId64, RHO_MAX);
    *rho = (int64_t)cost;
    return OK;
}

Status dp_use(BudgetPermit *permit, const DpPrivacy *p, Error *err)
{
    const DpPrivacy *paid = &permit->privacy;
    if (permit->used || permit->seq == 0)
        return error_set(err, ERR_DENIED, "noise was drawn for this permit already, or the budget did not give it");
    permit->used = true; /* a failure after this does not give it back */
    if (paid->mechanism != p->mechanism || paid->neighbours != p->neighbours || paid->amount.num != p->amount.num ||
        paid->amount.den != p->amount.den || paid->cells_per_person != p->cells_per_person ||
        paid->per_cell != p->per_cell)
        return error_set(err, ERR_DENIED, "the permit was paid for other terms than these");
    return OK;
}

Status dp_check_counts(const int64_t *counts, size_t n, Error *err)
{
    for (size_t i = 0; i < n; i++)
        if (counts[i] < 0 || counts[i] > DP_COUNT_MAX)
            return error_set(err, ERR_INVALID, "count %zu is negative or greater than 2^53", i + 1);
    return OK;
}
