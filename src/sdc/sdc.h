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
    Slice *names;            /* cell_count, for messages; NULL: cells are called by their number */
    double scale;            /* one unit of value is so many units of what was measured; 1 for counts */
    uint32_t value_decimals; /* values, bounds, levels and right sides were multiplied by ten to this power */
    uint32_t cost_decimals;  /* costs likewise */
    uint32_t lost_decimals;  /* the file had so many more; 0: every number is exact */
} SdcProblem;

/* No value, bound or level is larger in absolute value: differences of two fit into 64 bits. */
#define SDC_VALUE_MAX INT64_C(1000000000000000000)

/* Zeroed arrays of these sizes in a new arena, scale 1; start is all zero. Free with sdc_free. */
MUST_USE Status sdc_new(uint32_t cells, uint32_t rows, uint32_t nonzeros, SdcProblem *out, Error *err);
/* Reads JJ text (untrusted; fuzzed). Decimal values are scaled to integers, exactly (costs: rounded where their sum
 * would not fit). A bound beyond SDC_VALUE_MAX is cut to it, which gives the attacker more knowledge, never less.
 * ERR_INVALID names the line and what was wrong there. The equations are not checked: see sdc_absorb_rounding and
 * sdc_check. */
MUST_USE Status sdc_read_jj(Slice text, const char *path, SdcProblem *out, Error *err);
/* Writes it back, appended to out; statuses as they are, secondaries as 'm'. Reading that gives the same problem. */
MUST_USE Status sdc_write_jj(const SdcProblem *p, Buf *out, Error *err);

typedef struct SdcRounding {
    uint32_t rows;     /* equations that did not hold */
    uint32_t worst;    /* the one that is off by the largest part of its largest term */
    int64_t worst_off; /* by how much, in units of value */
    uint32_t levels;   /* sensitive cells with a level cut because of it */
} SdcRounding;
/* Files hold values rounded to some digits, so that sums are off by a little. Attacker and protector reason about
 * deviations from the values, so the rounding is taken as known to both: it goes into the right side of each equation
 * that is off by at most `ppm` millionths of its largest term. A level that asks for all the room between value and
 * bound is then out of reach by as much (parts that are all 0 do not add up to 0): such a level is cut to the room less
 * the rounding of all equations together, and by no more than a millionth of itself. ERR_INVALID for an equation that
 * is off by more. */
MUST_USE Status sdc_absorb_rounding(SdcProblem *p, uint32_t ppm, SdcRounding *out, Error *err);
/* Shape (indexes, no cell twice in an equation), every equation holds for the values, every value lies in its bounds,
 * no negative cost or level, levels only where sensitive, costs add up within 64 bits. ERR_INVALID names the equation
 * (its cells) and by how much it is off. */
MUST_USE Status sdc_check(const SdcProblem *p, Error *err);
/* "name", or "cell 12" without names; NUL-terminated in out, cut to size. */
void sdc_cell_name(const SdcProblem *p, uint32_t cell, char *out, size_t size);
void sdc_free(SdcProblem *p); /* a zeroed problem is fine */

/* For whoever has found a suppressed cell out and must suppress one more: walks over equations and suppressed cells. */
typedef struct SdcNearest {
    const SdcProblem *sdc; /* borrowed; statuses may change between walks, nothing else */
    uint32_t *from, *row;  /* equations of cell c: row[from[c]] .. row[from[c + 1]] */
    uint32_t *queue, *seen, walk;
} SdcNearest;
/* ERR_NOMEM. Nothing to free after a failure. */
MUST_USE Status sdc_nearest_new(const SdcProblem *sdc, SdcNearest *out, Error *err);
void sdc_nearest_free(SdcNearest *n); /* a zeroed one is fine */
/* The open cell with room between its bounds and the fewest equations between it and `cell`, all cells in between
 * suppressed; of several the cheapest, then the first. false: none is left. At most one visit a suppressed cell. */
bool sdc_nearest_open(SdcNearest *n, uint32_t cell, uint32_t *out);

#endif
