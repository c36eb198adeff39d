/* Proofs, read by who trusts nothing: a broken one is said and costs time, and so does one of another problem. */
#include "protectfile/proof.h"

Status proof_read(
    Slice bytes, const char *name, AuditOffered **out, ProofReport *report, char problem[SHA256_HEX_SIZE], Error *err)
{
    *out = NULL;
    *report = (ProofReport){.given = bytes.ptr != NULL};
    problem[0] = '\0';
    if (!report->given)
        return OK;
    TRY(audit_offered_new(out, err));
    Status st = audit_proof_read(bytes, name, *out, problem, &report->broken);
    report->tables = audit_offered_count(*out);
    if (st == OK || st == ERR_INVALID)
        return OK;
    audit_offered_free(*out);
    *out = NULL;
    return error_nomem(err);
}

Status proof_load(const char *path, Buf *out, Error *err)
{
    return path ? file_read(path, 0, out, err) : OK;
}
