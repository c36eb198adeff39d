/* Private to protectfile: why nothing protects a cell, in the words of whoever made the tables. */
#ifndef CAIRN_PROTECTFILE_BLAME_H
#define CAIRN_PROTECTFILE_BLAME_H

#include "protectfile/pattern.h"

typedef struct BlameCell {
    uint32_t cell;
    const uint32_t *frozen; /* published cells that force it, where the solver has found them; NULL */
    size_t frozen_count;
} BlameCell;

/* A cell that could not be protected; `ask` are the questions of the audit. *forced: the auditor refuses it even with
 * everything suppressed that may be; then err is ERR_DENIED and names the cell and what gives it away. Otherwise OK:
 * there is a pattern. */
MUST_USE Status blame(
    const SdcProblem *p, const Rows *rows, const AuditOptions *ask, const BlameCell *what, bool *forced, Error *err);

#endif
