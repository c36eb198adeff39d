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

static Status suppress(SdcProblem *p, const ProtectOptions *options, JjReport *report, Error *err)
{
    Rows rows = {0};
    Pattern pattern = {.problem = p, .options = options};
    Status st = rows_make(p, &rows, err);
    if (st == OK)
        st = pattern_make(&pattern, &rows, err);
    if (st == OK && pattern.unprotected > 0)
        st = error_set(err, ERR_DENIED, "%" PRIu64 " cells are unprotected", pattern.unprotected);
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

Status protect_jj_audit(
    Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *words, Error *err)
{
    SdcProblem p = {0};
    AuditReport found = {0};
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.effort.threads = options->threads;
    *report = (JjReport){0};
    Status st = read_problem(text, name, &p, report, err);
    if (st == OK)
        st = audit_problem(&p, &ask, &found, err);
    if (st == OK) {
        count(&p, report);
        report->exposed = found.exposed;
        report->unproven = found.unproven;
        st = audit_report_text(&p, &found, words, err);
    }
    audit_report_free(&found);
    sdc_free(&p);
    return st;
}

/* --- files ------------------------------------------------------------------------------------------------------- */

Status protectfile_jj(const char *path, const char *out, const ProtectOptions *options, JjReport *report, Error *err)
{
    Buf given, made;
    buf_init(&given, 0);
    buf_init(&made, 0);
    Status st = file_read(path, 0, &given, err);
    if (st == OK)
        st = protect_jj(buf_slice(&given), path, options, report, &made, err);
    if (st == OK && out)
        st = file_write(out, buf_slice(&made), MODE_PRIVATE, err);
    buf_free(&given);
    buf_free(&made);
    return st;
}

Status protectfile_jj_audit(const char *path, const ProtectOptions *options, JjReport *report, Buf *words, Error *err)
{
    Buf given;
    buf_init(&given, 0);
    Status st = file_read(path, 0, &given, err);
    if (st == OK)
        st = protect_jj_audit(buf_slice(&given), path, options, report, words, err);
    buf_free(&given);
    return st;
}
