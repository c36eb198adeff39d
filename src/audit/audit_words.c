/* What was found out, in sentences; and the quick question about printed rates alone. */
#include "audit/audit_model.h"

static const char *const REASONS[] = {
    [AUDIT_BY_NOTHING] = "",
    [AUDIT_BY_PRINT] = "it is printed",
    [AUDIT_BY_OUTSIDER] = "what is printed leaves it too little room",
    [AUDIT_BY_SINGLETON] = "a single contributor finds it out, who knows the only value behind ",
    [AUDIT_BY_SUM] = "the sum of the few cells left out of one equation is printed with it: equation ",
};

static void cell_text(const SdcProblem *p, const AuditCell *c, Buf *out)
{
    char name[200];
    sdc_cell_name(p, c->cell, name, sizeof name);
    buf_addf(out, "%s: %s: %s", name, c->verdict == AUDIT_EXPOSED ? "not protected" : "not shown to be protected",
        REASONS[c->reason]);
    if (c->reason == AUDIT_BY_SINGLETON) {
        sdc_cell_name(p, c->partner, name, sizeof name);
        buf_adds(out, name);
    }
    if (c->reason == AUDIT_BY_SUM)
        buf_addf(out, "%" PRIu32, c->partner);
    if (c->low == c->high)
        buf_addf(out, "; it can only be %" PRId64, c->low);
    else
        buf_addf(out, "; it lies between %" PRId64 " and %" PRId64, c->low, c->high);
    buf_addf(out, ", and must be able to be as low as %" PRId64 " and as high as %" PRId64 "\n",
        p->cells[c->cell].value - p->cells[c->cell].lpl, p->cells[c->cell].value + p->cells[c->cell].upl);
}

Status audit_report_text(const SdcProblem *p, const AuditReport *r, Buf *out, Error *err)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->cells[i].verdict != AUDIT_PROTECTED)
            cell_text(p, &r->cells[i], out);
    return buf_status(out, err);
}

static void range_text(int64_t low, int64_t high, Buf *out)
{
    if (low == -ENDLESS && high == ENDLESS)
        buf_adds(out, "anything");
    else if (high == ENDLESS)
        buf_addf(out, "%" PRId64 " or more", low);
    else if (low == -ENDLESS)
        buf_addf(out, "%" PRId64 " or less", high);
    else
        buf_addf(out, "between %" PRId64 " and %" PRId64, low, high);
}

static void because_text(const AuditSystem *s, const uint32_t *facts, size_t count, Buf *out)
{
    for (size_t i = 0; i < count; i++) {
        Slice says = s->facts.at[facts[i]].says;
        buf_adds(out, i == 0 ? " It follows from: " : "; ");
        if (says.len > 0)
            buf_add(out, says);
        else
            buf_addf(out, "fact %" PRIu32, facts[i]);
    }
    if (count > 0)
        buf_addc(out, '.');
}

Status audit_explain(const AuditSystem *s, const AuditInference *i, Buf *out, Error *err)
{
    ASSERT(i->unknown < s->unknowns.len);
    buf_add(out, s->unknowns.at[i->unknown].name);
    buf_adds(out, ": ");
    switch (i->finding) {
    case AUDIT_OPEN:
        buf_adds(out, "not found out; ");
        range_text(i->low, i->high, out);
        buf_addf(out, ", and tables that agree with all that is printed have %" PRId64 " to %" PRId64 ".", i->seen_low,
            i->seen_high);
        break;
    case AUDIT_PRINTED:
        buf_addf(out, "printed, %" PRId64 ".", i->low);
        break;
    case AUDIT_EXACT:
        buf_addf(out, "is exactly %" PRId64 ".", i->low);
        break;
    case AUDIT_NARROW:
        buf_addf(out, "has only %" PRIu32 " possible values, ", i->possible);
        range_text(i->low, i->high, out);
        buf_addc(out, '.');
        break;
    case AUDIT_UNSURE:
        buf_adds(out, "could not be shown to be safe; ");
        range_text(i->low, i->high, out);
        buf_addc(out, '.');
        break;
    case AUDIT_CLASH:
        buf_adds(out, "what is printed contradicts itself.");
        break;
    }
    because_text(s, i->because, i->because_count, out);
    return buf_status(out, err);
}

static Slice group_name(const AuditSystem *s, const AuditGroup *g)
{
    for (size_t i = 0; i < s->groups.len; i++)
        if (s->groups.at[i].group == g->group && s->groups.at[i].fact == g->fact)
            return s->groups.at[i].name;
    return SLICE("a group");
}

Status audit_explain_group(const AuditSystem *s, const AuditGroup *g, Buf *out, Error *err)
{
    buf_add(out, group_name(s, g));
    buf_adds(out, g->attribute == AUDIT_EVERYBODY ? ": everybody in the group has the outcome; the group is "
                  : g->attribute == AUDIT_NOBODY  ? ": nobody in the group has the outcome; the group is "
                                                  : ": could not be shown that some have the outcome and some not; the "
                                                    "group is ");
    if (g->people_low == g->people_high)
        buf_addf(out, "%" PRId64, g->people_low);
    else
        range_text(g->people_low, g->people_high, out);
    buf_addc(out, '.');
    because_text(s, g->because, g->because_count, out);
    return buf_status(out, err);
}

uint32_t audit_rate_sizes(const AuditPrintedRate *rates, size_t count, uint32_t limit, uint8_t *possible)
{
    uint32_t found = 0;
    memset(possible, 0, (size_t)limit + 1);
    for (uint32_t n = 1; n <= limit; n++) {
        bool all = true;
        for (size_t i = 0; i < count && all; i++) {
            const AuditFact f = {.low = rates[i].low,
                .high = rates[i].high,
                .per = rates[i].per,
                .decimals = rates[i].decimals,
                .rounding = rates[i].rounding};
            all = rate_possible(&f, n);
        }
        possible[n] = all;
        found += all;
    }
    return found;
}

Slice audit_fact_says(const AuditSystem *s, uint32_t fact)
{
    return s->facts.at[fact].says;
}
