/*
 * One group against the others: gaps, and the flags that follow from them, decided in integers.
 *
 * Products of counts are 128 bits wide. Where a product would not fit (persons by the ten million) both sides are
 * compared as long double instead, which is still the same on every run.
 */
#include "equity/stats.h"

#include <math.h>

__extension__ typedef unsigned __int128 Wide;

/* A product that remembers whether it fitted. */
typedef struct Product {
    Wide exact;
    long double rough;
    bool fits;
} Product;

static Product product_of(int64_t first)
{
    ASSERT(first >= 0);
    return (Product){.exact = (Wide)first, .rough = (long double)first, .fits = true};
}

static Product times(Product p, int64_t factor)
{
    ASSERT(factor >= 0);
    const Wide wide = (Wide)(uint64_t)factor;
    if (p.fits && factor > 0 && p.exact > ~(Wide)0 / wide)
        p.fits = false;
    p.exact = p.exact * wide;
    p.rough *= (long double)factor;
    return p;
}

static int product_cmp(Product a, Product b)
{
    if (a.fits && b.fits)
        return (a.exact > b.exact) - (a.exact < b.exact);
    return (a.rough > b.rough) - (a.rough < b.rough);
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

double gap_points(Count group, Count reference)
{
    return count_rate(group) - count_rate(reference);
}

double gap_ratio(Count group, Count reference)
{
    return reference.hits > 0 ? count_rate(group) / count_rate(reference) : NAN;
}

/* others.rate - group.rate, times both numbers of persons. Fits: each is at most the persons of a state. */
static int64_t shortfall(Count group, Count others)
{
    int64_t a, b;
    ASSERT(!CKD_MUL(&a, others.hits, group.n) && !CKD_MUL(&b, group.hits, others.n));
    return a - b;
}

Flag gap_ppg1(Count group, Count others, const PpgRule *rule)
{
    if (group.n <= rule->insufficient_n || others.n <= 0)
        return FLAG_INSUFFICIENT;
    int64_t d = shortfall(group, others);
    if (d <= 0)
        return FLAG_CLEAR;
    /* d / (n m) >= floor */
    Product floor = times(times(product_of(rule->floor), group.n), others.n);
    if (product_cmp(times(product_of(d), MILLION), floor) < 0)
        return FLAG_CLEAR;
    /* (d / (n m))^2 >= z^2 x (n - x) / n^3, with z^2 as a reduced fraction so that the products stay short */
    int64_t g = gcd(rule->z, MILLION), above = rule->z / g, below = MILLION / g;
    Product gap = times(times(times(times(product_of(d), d), group.n), below), below);
    Product margin = times(times(product_of(group.hits), group.n - group.hits), others.n);
    margin = times(times(times(margin, others.n), above), above);
    return product_cmp(gap, margin) >= 0 ? FLAG_RAISED : FLAG_CLEAR;
}

double gap_ppg1_margin(Count group, const PpgRule *rule)
{
    double p = count_rate(group);
    return fmax((double)rule->z / 1e6 * sqrt(p * (1 - p) / (double)group.n), (double)rule->floor / 1e6);
}

/* group / reference against threshold, in millionths. */
static int ratio_cmp(Count group, Count reference, int64_t threshold)
{
    Product left = times(times(product_of(group.hits), reference.n), MILLION);
    return product_cmp(left, times(times(product_of(reference.hits), group.n), threshold));
}

bool group_is_large(Count group, int64_t persons, const EightyRule *rule)
{
    return product_cmp(times(product_of(group.n), MILLION), times(product_of(persons), rule->share)) >= 0;
}

Flag gap_eighty(Count group, Count best, int64_t persons, const EightyRule *rule)
{
    if (group.n <= 0 || best.hits <= 0 || best.n <= 0 || !group_is_large(group, persons, rule))
        return FLAG_INSUFFICIENT;
    return ratio_cmp(group, best, rule->threshold) < 0 ? FLAG_RAISED : FLAG_CLEAR;
}

Flag gap_representation(Count group, Count all, int64_t threshold)
{
    if (group.n <= 0 || all.hits <= 0)
        return FLAG_INSUFFICIENT;
    return ratio_cmp(group, all, threshold) < 0 ? FLAG_RAISED : FLAG_CLEAR;
}

static bool is_enough(Count c, const RiskRule *rule)
{
    return c.hits >= rule->min_cell && c.n >= rule->min_n && c.hits > 0;
}

RiskBasis gap_risk(Count group, Count others, Count state_others, const RiskRule *rule, Count *comparison, Flag *flag)
{
    RiskBasis basis = RISK_NONE;
    *flag = FLAG_INSUFFICIENT;
    *comparison = (Count){0, 0};
    if (!is_enough(group, rule))
        return RISK_NONE;
    if (is_enough(others, rule))
        basis = RISK_OTHERS;
    else if (is_enough(state_others, rule))
        basis = RISK_STATE;
    if (basis == RISK_NONE)
        return RISK_NONE;
    *comparison = basis == RISK_OTHERS ? others : state_others;
    *flag = ratio_cmp(group, *comparison, rule->threshold) > 0 ? FLAG_RAISED : FLAG_CLEAR;
    return basis;
}

int64_t gap_students_parity(Count group, Count others)
{
    if (group.n <= 0 || others.n <= 0)
        return 0;
    int64_t d = shortfall(group, others);
    return d <= 0 ? 0 : (d - 1) / others.n + 1;
}

int64_t gap_students_unflag(Count group, Count others, const PpgRule *rule)
{
    int64_t most = gap_students_parity(group, others);
    Count moved = group;
    /* One by one: near a rate of 0 the margin grows with the hits, so the flag need not fall where halving expects it.
     */
    while (moved.hits - group.hits < most && gap_ppg1(moved, others, rule) == FLAG_RAISED)
        moved.hits++;
    return moved.hits - group.hits;
}
