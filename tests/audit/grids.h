/* Small tables for the attacker's tests: grids with all margins, and the truth by counting everything. */
#ifndef CAIRN_TESTS_AUDIT_GRIDS_H
#define CAIRN_TESTS_AUDIT_GRIDS_H

#include "audit/audit.h"

/* rows x columns inner cells, then margins: (rows + 1) * (columns + 1) cells, row by row. inner may be NULL: zeros. */
void grid_make(SdcProblem *p, uint32_t rows, uint32_t columns, const int64_t *inner);
/* Sums of the values along every equation's last cell, in order; call after setting inner values. */
void grid_sum(SdcProblem *p);
/* lower 0, upper, levels. */
void grid_hide(SdcProblem *p, uint32_t cell, SdcStatus status, int64_t upper, int64_t lpl, int64_t upl);

/* Every table of whole numbers that agrees with what is published; each by a call. */
typedef void (*EachTable)(const int64_t *values, void *ctx);
void each_table(const SdcProblem *p, EachTable call, void *ctx);

#endif
