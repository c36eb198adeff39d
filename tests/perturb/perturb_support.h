/* What the tests of perturb share: statistics with p-values down to 1e-300, permits, seeded coins. */
#ifndef CAIRN_TESTS_PERTURB_SUPPORT_H
#define CAIRN_TESTS_PERTURB_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "perturb/dp_impl.h"

#define assert_ok(expr) assert_int_equal((expr), OK)
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* The coins of the next coins_new; only in programs linked to coins_seeded.c. */
void coins_test_seed(uint64_t seed);

/* P(chi-square with this many degrees of freedom > x). */
double chi_square_p(double x, double freedom);
/* p-value of counts against expected numbers; bins with fewer than 5 expected are pooled from both ends inward. */
double fit_p(const uint64_t *counts, const double *expected, size_t bins);
/* Clopper-Pearson bounds of k successes in n at confidence 1 - alpha, one-sided. */
double share_low(uint64_t k, uint64_t n, double alpha);
double share_high(uint64_t k, uint64_t n, double alpha);

/* A permit as the budget gives it, without a ledger. */
BudgetPermit permit_for(const DpPrivacy *p);
/* A new folder under /tmp; out holds 64 bytes. */
void scratch(char *out);

#endif
