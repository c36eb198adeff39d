/* See protect_attack.h. */
#include "protect_attack.h"

Status protect_attack(const SdcProblem *p, const AuditOptions *o, SuppressShorts *shorts, Error *err)
{
    AuditReport r = {0};
    Status st = audit_problem(p, o, &r, err);
    for (size_t i = 0; i < r.count && st == OK; i++) {
        const AuditCell *c = &r.cells[i];
        int64_t value = p->cells[c->cell].value;
        if (c->verdict != AUDIT_PROTECTED)
            st = vec_push(shorts, ((SuppressShort){c->cell, c->seen_high - value, value - c->seen_low}), err);
    }
    audit_report_free(&r);
    return st;
}
