/* Problems in JJ format: what others' tools read and write. */
#include "protectfile/pattern.h"

#define ROUNDED_PPM 1000 /* files hold six digits; what is off by more is another problem */

static Status read_problem(const char *path, SdcProblem *p, JjReport *report, Error *err)
{
    Buf text;
    SdcRounding rounding;
    buf_init(&text, 0);
    Status st = file_read(path, 0, &text, err);
    if (st == OK)
        st = sdc_read_jj(buf_slice(&text), path, p, err);
    if (st == OK)
        st = sdc_absorb_rounding(p, ROUNDED_PPM, &rounding, err);
    if (st == OK)
        st = sdc_check(p, err);
    buf_free(&text);
    *report = (JjReport){.cells = p->cell_count, .equations = p->row_count, .cost_decimals = p->cost_decimals};
    return st;
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

static Status write_problem(const SdcProblem *p, const char *path, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = sdc_write_jj(p, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

Status protectfile_jj(const char *path, const char *out, const ProtectOptions *options, JjReport *report, Error *err)
{
    SdcProblem p = {0};
    Status st = read_problem(path, &p, report, err);
    if (st == OK)
        st = suppress(&p, options, report, err);
    if (st == OK)
        count(&p, report);
    if (st == OK && out)
        st = write_problem(&p, out, err);
    sdc_free(&p);
    return st;
}

Status protectfile_jj_audit(const char *path, const ProtectOptions *options, JjReport *report, Buf *text, Error *err)
{
    SdcProblem p = {0};
    AuditReport found = {0};
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.effort.threads = options->threads;
    Status st = read_problem(path, &p, report, err);
    if (st == OK)
        st = audit_problem(&p, &ask, &found, err);
    if (st == OK) {
        count(&p, report);
        report->exposed = found.exposed;
        report->unproven = found.unproven;
        st = audit_report_text(&p, &found, text, err);
    }
    audit_report_free(&found);
    sdc_free(&p);
    return st;
}
