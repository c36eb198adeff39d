/* Problems in JJ format: what others' tools read and write. */
#include "protectfile/pattern.h"

#define ROUNDED_PPM 1000 /* files hold six digits; what is off by more is another problem */

static Status read_problem(Slice text, const char *name, SdcProblem *p, JjReport *report, Error *err)
{
    SdcRounding rounding;
    TRY(sdc_read_jj(text, name, p, err));
    TRY(sdc_absorb_rounding(p, ROUNDED_PPM, &rounding, err));
    *report = (JjReport){.cells = p->cell_count, .equations = p->row_count, .cost_decimals = p->cost_decimals};
    return sdc_check(p, err);
}

static void count(const SdcProblem *p, JjReport *report)
{
    for (uint32_t i = 0; i < p->cell_count; i++) {
        report->sensitive += p->cells[i].status == SDC_SENSITIVE;
        report->secondary += p->cells[i].status == SDC_SECONDARY;
        report->cost += p->cells[i].status == SDC_SECONDARY ? p->cells[i].cost : 0;
    }
}

static Status write_proof(const SdcProblem *p, const AuditOffered *kept, Buf *out, Error *err)
{
    char id[SHA256_HEX_SIZE];
    TRY(audit_problem_id(p, id, err));
    return audit_proof_write(kept, id, out, err);
}

static Status suppress(SdcProblem *p, const ProtectOptions *options, JjReport *report, Error *err)
{
    Rows rows = {0};
    Pattern pattern = {.problem = p, .options = options};
    AuditOffered *kept = NULL;
    Status st = rows_make(p, &rows, err);
    if (st == OK && options->proof)
        st = audit_offered_new(&kept, err);
    pattern.kept = kept;
    if (st == OK)
        st = pattern_make(&pattern, &rows, err);
    if (st == OK && pattern.unprotected > 0)
        st = error_set(err, ERR_DENIED, "%" PRIu64 " cells are unprotected", pattern.unprotected);
    if (st == OK && kept)
        st = write_proof(p, kept, options->proof, err);
    audit_offered_free(kept);
    report->unproven = pattern.unprotected;
    report->bounded = pattern.bounded;
    report->lower_bound = pattern.lower_bound;
    rows_free(&rows);
    return st;
}

Status protect_jj(Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *out, Error *err)
{
    SdcProblem p = {0};
    *report = (JjReport){0};
    Status st = read_problem(text, name, &p, report, err);
    if (st == OK)
        st = suppress(&p, options, report, err);
    if (st == OK)
        count(&p, report);
    if (st == OK)
        st = sdc_write_jj(&p, out, err);
    sdc_free(&p);
    return st == OK ? buf_status(out, err) : st;
}

static Status attack(const SdcProblem *p, const ProtectOptions *options, JjReport *report, Buf *words, Error *err)
{
    AuditReport found = {0};
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    AuditOffered *offered;
    char id[SHA256_HEX_SIZE], of[SHA256_HEX_SIZE];
    ask.effort.threads = options->threads;
    TRY(audit_problem_id(p, id, err));
    TRY(proof_read(options->given_proof, options->given_name, &offered, &report->proof, of, err));
    report->proof.foreign = offered && of[0] && strcmp(id, of) != 0;
    ask.offered = offered;
    Status st = audit_problem(p, &ask, &found, err);
    if (st == OK) {
        count(p, report);
        report->exposed = found.exposed;
        report->unproven = found.unproven;
        report->proof.held = found.held;
        st = audit_report_text(p, &found, words, err);
    }
    audit_report_free(&found);
    audit_offered_free(offered);
    return st;
}

Status protect_jj_audit(
    Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *words, Error *err)
{
    SdcProblem p = {0};
    *report = (JjReport){0};
    Status st = read_problem(text, name, &p, report, err);
    if (st == OK)
        st = attack(&p, options, report, words, err);
    sdc_free(&p);
    return st;
}

/* --- files ------------------------------------------------------------------------------------------------------- */

Status protectfile_jj(
    const char *path, const char *out, const char *proof, const ProtectOptions *options, JjReport *report, Error *err)
{
    Buf given, made, proven;
    ProtectOptions own = *options;
    buf_init(&given, 0);
    buf_init(&made, 0);
    buf_init(&proven, 0);
    own.proof = proof ? &proven : NULL;
    Status st = file_read(path, 0, &given, err);
    if (st == OK)
        st = protect_jj(buf_slice(&given), path, &own, report, &made, err);
    if (st == OK && proof)
        st = file_write(proof, buf_slice(&proven), MODE_PRIVATE, err);
    if (st == OK && out)
        st = file_write(out, buf_slice(&made), MODE_PRIVATE, err);
    buf_free(&given);
    buf_free(&made);
    buf_free(&proven);
    return st;
}

Status protectfile_jj_audit(
    const char *path, const char *proof, const ProtectOptions *options, JjReport *report, Buf *words, Error *err)
{
    Buf given, proven;
    ProtectOptions own = *options;
    buf_init(&given, 0);
    buf_init(&proven, 0);
    Status st = file_read(path, 0, &given, err);
    if (st == OK)
        st = proof_load(proof, &proven, err);
    if (st == OK && proof) {
        own.given_proof = (Slice){proven.len > 0 ? proven.ptr : "", proven.len};
        own.given_name = proof;
    }
    if (st == OK)
        st = protect_jj_audit(buf_slice(&given), path, &own, report, words, err);
    buf_free(&given);
    buf_free(&proven);
    return st;
}
