/* What the files of differential privacy share. */
#ifndef CAIRN_PERTURB_DP_IMPL_H
#define CAIRN_PERTURB_DP_IMPL_H

#include "perturb/perturb.h"
#include "perturb/sampler.h"

/* In lowest terms; den > 0. */
Ratio ratio_of(uint64_t num, uint64_t den);

/* Counts beyond this are refused: count and noise together stay far from 64 bits. */
#define DP_COUNT_MAX (INT64_C(1) << 53)
#define DP_BOUND_MAX 1000000u /* of cells_per_person and per_cell */

/* How far one person reaches into the figures that are measured together. */
typedef enum DpReach {
    REACH_FINEST, /* at most cells_per_person figures change, each by per_cell */
    REACH_COARSE, /* all her cells may lie in one figure */
} DpReach;

/* ERR_INVALID: an amount or a bound of 0, or beyond DP_BOUND_MAX. */
MUST_USE Status dp_check(const DpPrivacy *p, Error *err);
/* The noise that this share of the amount buys. */
MUST_USE Status dp_noise(const DpPrivacy *p, Ratio share, DpReach reach, Noise *out, Error *err);
/* Uses the permit up for these terms; ERR_DENIED otherwise. */
MUST_USE Status dp_use(BudgetPermit *permit, const DpPrivacy *p, Error *err);
MUST_USE Status dp_check_counts(const int64_t *counts, size_t n, Error *err);

/* Adds noise to all but the invariants. For dp_counts, and for tests of the mechanism itself. */
void dp_add_noise(const Noise *noise, Coins *c, const int64_t *counts, const bool *invariants, size_t n, int64_t *out);

/* --- after the noise, or from public numbers alone: floating point is allowed here --- */

/* Smallest w with P(|noise| <= w) >= 95 %. */
int64_t noise_half_width(const Noise *n);
/* At least the variance of the noise: 2 scale^2, sigma^2. */
double noise_variance(const Noise *n);
/* 1.96 standard deviations, rounded up. */
int64_t half_width_of_variance(double variance);

/*
 * Integers y >= floor with sum y = total, near x: of all real such vectors the one with the least sum of (y - x)^2 / w,
 * then rounded by largest remainder. w >= 0; w = 0: y is its floor. total is at least the sum of the floors, and equal
 * to it when every w is 0.
 */
MUST_USE Status simplex_fit(
    const double *x, const double *w, const int64_t *floors, size_t n, int64_t total, int64_t *out, Error *err);
/* The same for noisy counts with floors 0 and equal weights; total >= 0. */
MUST_USE Status simplex_counts(const int64_t *noisy, size_t n, int64_t total, int64_t *out, Error *err);

/* The tree after measuring. y: noisy figures; variance: of the measurement, 0 exact, negative: not measured. */
typedef struct TreeFit {
    size_t n;
    const uint32_t *parent;
    double *y, *variance;
    double *z, *w; /* fitted value, and variance of what it and those below it tell */
} TreeFit;
/* Variances of one level: of the noise, 0 where fixed, negative when noise is NULL. */
void tree_variances(TreeFit *f, const uint32_t *level, const bool *fixed, uint32_t at, const Noise *noise);
void tree_values(TreeFit *f, const int64_t *noisy);
MUST_USE Status tree_least_squares(TreeFit *f, Error *err);
/* floors: exact values of invariants, lower bounds otherwise; fixed: exact. */
MUST_USE Status tree_integers(const TreeFit *f, const int64_t *floors, const bool *fixed, int64_t *out, Error *err);

#endif
