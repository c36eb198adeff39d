/* Private to publish: the gate between a new release and those in force. */
#ifndef CAIRN_PUBLISH_RELEASE_HISTORY_H
#define CAIRN_PUBLISH_RELEASE_HISTORY_H

#include "measure/measure.h"
#include "protect/protect.h"
#include "publish/publish.h"

typedef struct ReleaseGate {
    Policy *policy;
    Date day;
    const ProtectCell *input;
    size_t input_count;
    const Protected *figures;
    const MeasureInfos *measures;
    Ledger *ledger;
    const char *replace; /* reason for which releases that clash are withdrawn; NULL: they stop the release */
    const Log *log;
} ReleaseGate;

typedef struct GateReport {
    uint64_t releases; /* in force before this one */
    uint64_t compared; /* families and years in which they are not the same, cell by cell */
    uint64_t cells;    /* looked at in them */
    uint64_t replaced;
} GateReport;

/* Every earlier release in force together with the new figures. ERR_DENIED: something follows from both that neither
 * shows; the hint says what can be done. ERR_CORRUPT: an earlier release is not what was published. */
MUST_USE Status release_gate(const ReleaseGate *g, const char *releases_dir, GateReport *out, Error *err);
MUST_USE Status release_withdraw_by(Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err);
/* releases/WITHDRAWN from the ledger. */
MUST_USE Status release_write_withdrawn(Ledger *ledger, const char *releases_dir, Error *err);

#endif
