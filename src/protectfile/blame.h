/* Private to protectfile: why nothing protects a cell, in the words of whoever made the tables. */
#ifndef CAIRN_PROTECTFILE_BLAME_H
#define CAIRN_PROTECTFILE_BLAME_H

#include "protectfile/pattern.h"

typedef struct BlameCell {
    uint32_t cell;
    const uint32_t *frozen; /* published cells that force it, where the solver has found them; NULL */
    size_t frozen_count;
} BlameCell;

/* Codes of rates: what everybody reads of cells. plain: the cells as if no rate were coded. blamed: a flag a cell, set
 * for those whose code goes. questions: how many more the auditor may be asked; when none is left, codes near the cell
 * are blamed together. */
typedef struct BlameCodes {
    const SdcCell *plain;
    uint8_t *blamed;
    uint32_t *for_cell; /* by blamed cell: the cell that it told of */
    uint32_t questions;
} BlameCodes;
/* Which codes stand in the way of a cell that could not be protected, those blamed so far being gone. *any: the cell is
 * safe without them and everything hidden that may be; without *any nothing is blamed. */
MUST_USE Status blame_codes(const SdcProblem *p, const Rows *rows, const AuditOptions *ask, uint32_t cell,
    BlameCodes *codes, bool *any, Error *err);

/* A cell that could not be protected; `ask` are the questions of the audit. *forced: the auditor refuses it even with
 * everything suppressed that may be; then err is ERR_DENIED and names the cell and what gives it away. Otherwise OK:
 * there is a pattern. */
MUST_USE Status blame(
    const SdcProblem *p, const Rows *rows, const AuditOptions *ask, const BlameCell *what, bool *forced, Error *err);

#endif
