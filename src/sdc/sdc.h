/*
 * Sdc: one system of cells and equations, as protector and attacker both see it.
 *
 * A problem is a vector of cells a, all integers, and linear equations over them. Everything that is published at one
 * time or another about the same people is one problem: hierarchies, linked tables, rates, earlier releases. Terms are
 * those of the SDC handbook (Hundepool et al. 2012) and of Fischetti and Salazar (2001); the text format is "JJ", which
 * tau-ARGUS reads and sdcTable writes.
 */
#ifndef CAIRN_SDC_SDC_H
#define CAIRN_SDC_SDC_H

#include "base/base.h"

typedef enum SdcStatus {
    SDC_OPEN,      /* 's': may be published, may be suppressed as a complement */
    SDC_SENSITIVE, /* 'u': must be suppressed and protected */
    SDC_SECONDARY, /* 'm': suppressed to protect others */
    SDC_FROZEN     /* 'z': published, must not be suppressed (zeros, earlier releases, totals somebody needs) */
} SdcStatus;

/* What an attacker knows beforehand is lower <= a <= upper. A sensitive cell is protected when he can neither tell that
 * it is less than value + upl, nor that it is more than value - lpl, and his interval is at least spl wide. */
typedef struct SdcCell {
    int64_t value;
    int64_t cost; /* of suppressing it; >= 0 */
    int64_t lower, upper;
    int64_t lpl, upl, spl; /* levels, >= 0; 0 when not sensitive */
    SdcStatus status;
} SdcCell;

/* Row r: sum over start[r] <= i < start[r + 1] of coef[i] * a[cell[i]] = rhs[r]. */
typedef struct SdcProblem {
    Arena arena; /* owns all below */
    SdcCell *cells;
    uint32_t cell_count;
    uint32_t *start; /* row_count + 1 */
    uint32_t *cell;
    int32_t *coef;
    int64_t *rhs;
    uint32_t row_count;
    Slice *names; /* cell_count, for messages; NULL: cells are called by their number */
    double scale; /* one unit of value is so many units of what was measured; 1 for counts */
} SdcProblem;

/* Reads JJ text (untrusted; fuzzed). Decimal values are scaled to integers, exactly, where all of them fit. ERR_INVALID
 * names the line and what was wrong there. */
MUST_USE Status sdc_read_jj(Slice text, const char *path, SdcProblem *out, Error *err);
/* Writes it back; statuses as they are, secondaries as 'm'. */
MUST_USE Status sdc_write_jj(const SdcProblem *p, Buf *out, Error *err);
/* Every equation holds for the values, every value lies in its bounds, no negative cost or level. ERR_INVALID names the
 * equation (its cells) and by how much it is off. */
MUST_USE Status sdc_check(const SdcProblem *p, Error *err);
void sdc_free(SdcProblem *p);

#endif
