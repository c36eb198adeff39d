/*
 * Part of protectfile's public face: proofs, which another process may verify instead of searching (docs/protect.md).
 *
 * A proof holds alternatives to the hidden numbers, and all of them together give the numbers away.
 */
#ifndef CAIRN_PROTECTFILE_PROOF_H
#define CAIRN_PROTECTFILE_PROOF_H

#include "audit/audit.h"

/* What became of a proof. */
typedef struct ProofReport {
    bool given;
    bool foreign;    /* it was made for another problem, or another pattern of this one: tried all the same */
    uint64_t tables; /* that could be read */
    uint64_t held;   /* of them: the audit's report says so, and only these count */
    Error broken;    /* status OK: it was read to its end; otherwise what stands behind the place it names was not */
} ProofReport;

/* bytes.ptr NULL: no proof; *out is NULL then. Free *out with audit_offered_free. ERR_NOMEM. */
MUST_USE Status proof_read(
    Slice bytes, const char *name, AuditOffered **out, ProofReport *report, char problem[SHA256_HEX_SIZE], Error *err);
/* Of a file that may be NULL. */
MUST_USE Status proof_load(const char *path, Buf *out, Error *err);

#endif
