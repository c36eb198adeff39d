/*
 * The formulas of equity, as pure functions: counts in, numbers out. No cells, no policy, no memory of their own.
 *
 * A rate is a Count. Flags that somebody may be held to are decided in integers: a rate that lies exactly on a
 * threshold is on the same side on every machine. What is only shown (intervals, indices) is double.
 *
 * A figure that has no value (a ratio to nothing, the logarithm of zero) is NaN; nothing is invented in its place.
 */
#ifndef CAIRN_EQUITY_STATS_H
#define CAIRN_EQUITY_STATS_H

#include "base/base.h"

#define MILLION INT64_C(1000000)

typedef struct Count {
    int64_t hits, n; /* 0 <= hits <= n */
} Count;

typedef struct Interval {
    double low, high;
} Interval;

typedef struct Estimate {
    double value, error; /* standard error */
    Interval interval;
} Estimate;

/* hits / n; NaN without persons. */
double count_rate(Count c);
/* The persons of `all` who are not in `part`; part is one of its groups. */
Count count_others(Count all, Count part);

/* --- distributions (stats_special.c) --- */

/* Regularised incomplete beta function I_x(a, b), a and b > 0 (DLMF 8.17.22, continued fraction by Lentz). */
double stats_beta(double a, double b, double x);
/* z with P(|Z| < z) = confidence, Z standard normal; t likewise with `df` degrees of freedom. */
double stats_normal_z(double confidence);
double stats_student_t(double confidence, double df);

/* --- intervals (stats_interval.c); each is [NaN, NaN] without persons --- */

/* Wilson 1927, JASA 22:209. */
Interval interval_wilson(Count c, double z);
/* Clopper and Pearson 1934, Biometrika 26:404: covers at least `confidence` whatever the rate. */
Interval interval_clopper_pearson(Count c, double confidence);
/* a - b: Newcombe 1998, Statistics in Medicine 17:873, method 10 (hybrid of two Wilson intervals). */
Interval interval_newcombe(Count a, Count b, double z);
/* a / b: Katz et al. 1978, Biometrics 34:469, on the logarithm; [NaN, NaN] where a count is zero. */
Interval interval_katz(Count a, Count b, double z);
/* a / b: Koopman 1984, Biometrics 40:513, by the score; high is infinite when b has no hits. */
Interval interval_koopman(Count a, Count b, double z);
/* Two-sided p of "the rates are equal": pooled z test of two proportions (Fleiss, Levin, Paik 2003, section 3.2),
 * without continuity correction. 1 where both rates are 0 or 1. */
double stats_two_rates(Count a, Count b);
/* Adjusted p-values of a family (Benjamini and Hochberg 1995, JRSS B 57:289): reject where adjusted <= q. NaN is passed
 * over and is no member. adjusted has count elements. */
MUST_USE Status stats_benjamini_hochberg(const double *p, size_t count, double *adjusted, Error *err);

/* --- gaps of one group (gaps.c) --- */

typedef enum Flag { FLAG_CLEAR, FLAG_RAISED, FLAG_INSUFFICIENT } Flag;

/* group - reference, as a share (0.05 is five points). */
double gap_points(Count group, Count reference);

/* PPG-1 (California Community Colleges Chancellor's Office 2022, percentage point gap minus one): group against all
 * others, raised when the gap is at or below -E, E = max(z sqrt(p(1-p)/n), floor). */
typedef struct PpgRule {
    int64_t z, floor;       /* millionths */
    int64_t insufficient_n; /* so many persons or fewer say nothing */
} PpgRule;
Flag gap_ppg1(Count group, Count others, const PpgRule *rule);
double gap_ppg1_margin(Count group, const PpgRule *rule);

/* Four-fifths rule (29 CFR 1607.4 D, 43 FR 38295): raised when group / best is below `threshold` (millionths).
 * FLAG_INSUFFICIENT: fewer than `share` (millionths) of all persons, or best has no hits. */
typedef struct EightyRule {
    int64_t threshold, share;
} EightyRule;
/* The group holds at least `share` of all persons; smaller ones are not compared, nor are they the best. */
bool group_is_large(Count group, int64_t persons, const EightyRule *rule);
Flag gap_eighty(Count group, Count best, int64_t persons, const EightyRule *rule);
/* Proportionality or representation index: share of the hits over share of the persons, which is group / all. Raised
 * below `threshold` (millionths). */
Flag gap_representation(Count group, Count all, int64_t threshold);
/* group / reference. */
double gap_ratio(Count group, Count reference);

/* Risk ratio and alternate risk ratio of 34 CFR 300.647: against all others of the place, or, where those are too few,
 * against all others of the state. */
typedef struct RiskRule {
    int64_t min_cell, min_n; /* hits and persons that a group and its comparison must have */
    int64_t threshold;       /* millionths; raised above it */
} RiskRule;
typedef enum RiskBasis { RISK_NONE, RISK_OTHERS, RISK_STATE } RiskBasis;
RiskBasis gap_risk(Count group, Count others, Count state_others, const RiskRule *rule, Count *comparison, Flag *flag);

/* Hits more that the group needs to have the rate of the others; 0 when it has it. */
int64_t gap_students_parity(Count group, Count others);
/* The smallest number of hits more with which PPG-1 is not raised; 0 when it is not. */
int64_t gap_students_unflag(Count group, Count others, const PpgRule *rule);

/* --- trust in a rate (reliability.c) --- */

typedef enum Reliability { RELIABLE, RELIABLE_REVIEW, UNRELIABLE } Reliability;
/* NCHS Data Presentation Standards for Proportions (Parker et al. 2017, Vital and Health Statistics 2:175), on
 * Clopper-Pearson intervals as for a census or simple random sample. Rates of 0 and 1 are for review. */
typedef struct NchsRule {
    int64_t min_n;
    double width_good, width_bad; /* absolute width of the interval */
    double relative;              /* of the width to the rate, between the two */
    double confidence;
} NchsRule;
Reliability rate_reliability(Count c, const NchsRule *rule);

/* How far errors of linkage could move a rate, were the links behind its outcome as good as all links of the group: the
 * share of wrong ones (1 - precision) of the hits are none; the share of missing ones (1 - recall) of the persons, and
 * every person outside the source's reach, are hits that were not seen. `missed_is_hit` turns it round (a dropout who
 * was seen elsewhere). All errors in one direction: bounds, not estimates. Without pairs only coverage counts. */
typedef struct LinkCounts {
    int64_t pairs, correct, missed; /* measure.h: link_pairs; link_correct, link_missed in millionths */
    int64_t base, covered;
} LinkCounts;
typedef enum MissedMeaning { MISSED_IS_NO_HIT, MISSED_IS_HIT } MissedMeaning;
Interval rate_link_bounds(Count c, const LinkCounts *links, MissedMeaning meaning);
double link_precision(const LinkCounts *links); /* NaN without pairs */
double link_recall(const LinkCounts *links);

/* --- disparity over all groups (inequality.c) --- */

#define GROUPS_MAX 512 /* three splits crossed */

typedef enum Disparity {
    DISPARITY_RANGE,         /* max - min */
    DISPARITY_RANGE_RATIO,   /* max / min */
    DISPARITY_VARIANCE,      /* between-group variance: sum s (p - P)^2 */
    DISPARITY_INDEX,         /* index of disparity: 100 / J sum |p - P| / P (Pearcy and Keppel 2002) */
    DISPARITY_LOG_DEVIATION, /* sum s -ln(p / P) */
    DISPARITY_THEIL,         /* sum s (p / P) ln(p / P) */
    DISPARITY_SLOPE,         /* slope index: regression on cumulative rank; ordered groups only */
    DISPARITY_CONCENTRATION, /* concentration index 2 / P sum s p R - 1 (Kakwani et al. 1997); ordered groups only */
    DISPARITY_COUNT
} Disparity;
extern const char *const disparity_names[DISPARITY_COUNT];
/* Weighs groups by their share of the persons: of groups that overlap it has no value. The others are differences
 * between two groups. */
bool disparity_needs_shares(Disparity kind);
/* rates and shares of the persons (sum 1) of at most GROUPS_MAX groups. Formulas: National Cancer Institute, HD*Calc
 * (Harper and Lynch 2005, Methods for Measuring Cancer Disparities); s share, p rate, P overall rate, R rank of the
 * middle of a group in the given order. */
double disparity_of(Disparity kind, const double *rates, const double *shares, size_t count);
/* With standard error by the delta method on independent binomial rates, shares fixed, as HD*Calc does. The interval of
 * an index that cannot be negative is cut at 0. */
Estimate disparity_estimate(Disparity kind, const Count *groups, size_t count, double z);

/* --- decompositions (decompose.c) --- */

typedef struct KitagawaPart {
    double rate;        /* (r_a - r_b)(c_a + c_b) / 2 */
    double composition; /* (c_a - c_b)(r_a + r_b) / 2 */
} KitagawaPart;
/* The difference of two overall rates into what groups' rates and what the mix of groups make of it (Kitagawa 1955,
 * JASA 50:1168). A group that one side lacks has the other side's rate there. parts has count elements; their sum is
 * the gap. Both sides need persons. */
KitagawaPart kitagawa(const Count *a, const Count *b, size_t count, KitagawaPart *parts);

/* Sums over the persons of a group, amounts > 0. */
typedef struct EarningsSum {
    int64_t n;
    double total; /* sum y */
    double ylny;  /* sum y ln y */
} EarningsSum;
typedef struct TheilParts {
    double total, between, within;
} TheilParts;
/* Theil T of all persons = between + within (Theil 1967; Shorrocks 1980, Econometrica 48:613). within_of, count
 * elements: each group's own T. */
TheilParts theil_decompose(const EarningsSum *groups, size_t count, double *within_of);

/* --- trends (trend.c) --- */

typedef struct TrendPoint {
    int32_t year;
    double value;
    double variance; /* of the value; NaN: not known, then for all points */
} TrendPoint;
/* Slope a year. Known variances: weighted least squares, normal interval (as NCI's Joinpoint does for a straight line);
 * not known: ordinary least squares with Student's t. NaN with fewer than two years, or three when variances are not
 * known. */
Estimate trend_slope(const TrendPoint *points, size_t count, double confidence);
/* Variance of a rate for weights: of (hits + 2) / (n + 4), which is not zero at 0 and 1 (Agresti and Coull 1998). */
double count_variance(Count c);

#endif
