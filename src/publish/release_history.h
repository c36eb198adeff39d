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
    uint8_t signer[32];  /* home_release_key: who made the earlier releases */
    const char *replace; /* reason for which releases that clash are to be withdrawn; NULL: they stop the release */
    const Log *log;
} ReleaseGate;

/* What releases in force printed and hid of suppressed families, each figure once. */
typedef struct ReleaseTold {
    Arena arena;
    PublishedCell *cells;
    size_t count;
    VEC(Slice) ids; /* of those that tell anything, in arena */
} ReleaseTold;

typedef struct GateReport {
    uint64_t releases;   /* in force before this one */
    uint64_t compared;   /* families and years in which they are not the same, cell by cell */
    uint64_t cells;      /* looked at in them */
    VEC(Slice) clashing; /* ids in the arena; to be withdrawn when the new release is on disk, not before */
} GateReport;

/* Reads them, and holds each to today's records: ERR_DENIED when a figure was corrected and g->replace is NULL;
 * otherwise its release joins report->clashing and tells nothing. g->figures is not used. Free also after a failure. */
MUST_USE Status release_told(
    const ReleaseGate *g, const char *releases_dir, Arena *arena, GateReport *report, ReleaseTold *out, Error *err);
void release_told_free(ReleaseTold *told);
/* Once: an id that is to be withdrawn. */
MUST_USE Status gate_clash(GateReport *report, Arena *arena, Slice id, Error *err);

/* The new figures of families that pool, together with all earlier releases in force, one more of them each time, so
 * that what follows from three or more together is found too. A folder that no line of the ledger names was left by a
 * killed run and can be read by anyone: it counts as in force. Changes nothing. out is zeroed by the
 * caller, or holds in `clashing` those that are left aside.
 * ERR_DENIED: something follows from all that none shows; the hint says what can be done. ERR_CORRUPT: an earlier
 * release is not what was published. Free also after a failure. */
MUST_USE Status release_gate(const ReleaseGate *g, const char *releases_dir, Arena *arena, GateReport *out, Error *err);
void gate_report_free(GateReport *report);
/* Names it in releases/WITHDRAWN first, so that nobody is shown it any more, then says so in the ledger; CURRENT
 * follows by release_name_files. */
MUST_USE Status release_withdraw_in_ledger(
    Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err);
MUST_USE Status release_withdraw_by(Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err);
/* releases/WITHDRAWN and releases/CURRENT from the ledger; `current`, just published, is named whatever its age, NULL:
 * the newest in force. A release marked in WITHDRAWN by a withdrawal that was cut short stays there. */
MUST_USE Status release_name_files(Ledger *ledger, const char *releases_dir, const char *current, Error *err);

#endif
