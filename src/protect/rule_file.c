/*
 * The release's minimums as a policy for tables (docs/protect.md): for answers that are suppressed instead of pooled,
 * so that both lanes rest on the same numbers. What the rule does not have is as strict as its nearest: suppressed
 * groups of one sum hold min_n people together.
 */
#include "protect/rule.h"

typedef struct Renamed {
    const char *from, *to;
} Renamed;

static const Renamed NUMBERS[] = {{"min_n", "min_n"}, {"min_n", "min_suppressed_sum"},
    {"min_numerator", "min_numerator"}, {"min_complement", "min_complement"}, {"min_employers", "min_employers"},
    {"top_employer_max", "top_employer_max"}, {"coarse_rate_below", "coarse_rate_below"},
    {"median_rounding", "rounding"}};

static void quoted(Buf *out, const char *key, Slice text)
{
    buf_addf(out, "%s = ", key);
    toml_quote(out, text);
    buf_addc(out, '\n');
}

/* The parameter of that name with its own status and source. */
static Status add_number(const PolicyFile *file, const Renamed *r, Buf *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "parameter", &list, err));
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        Slice name, status, source;
        int64_t value;
        TRY(toml_str(p, file->path, "name", &name, err));
        if (!slice_eq_z(name, r->from))
            continue;
        TRY(toml_int(p, file->path, "value", &value, err));
        TRY(toml_str(p, file->path, "status", &status, err));
        TRY(toml_str(p, file->path, "source", &source, err));
        buf_addf(out, "\n[[parameter]]\nname = \"%s\"\nvalue = %lld\n", r->to, (long long)value);
        quoted(out, "status", status);
        quoted(out, "source", source);
    }
    return OK;
}

/* Releases code a rate of fewer than min_numerator, or of all but fewer than min_complement; a policy for tables says
 * so by size and percent. A code must leave the minimum itself possible, or it would say that there are fewer: so each
 * band, half as large again as the one before, is as wide as its smallest group needs, and of the larger ones that
 * many are coded, too (3 of 16 to 23, under a minimum of 16 and 3). What a release prints of these stays as it is. */
static void add_bands(const ProtectRule *rule, Buf *out)
{
    int64_t least = rule->min_numerator > rule->min_complement ? rule->min_numerator : rule->min_complement;
    int64_t percent = 100;
    for (int64_t from = rule->min_n; least > 0 && percent > 1; from += (from + 1) / 2) {
        percent = (least * 100 + from - 1) / from;
        buf_addf(out, "\n[[band]]\nfrom = %lld\npercent = %lld\nstatus = \"assumed\"\n", (long long)from,
            (long long)(percent < 49 ? percent : 49));
        buf_adds(out, "source = \"from min_numerator and min_complement\"\n");
    }
}

Status protect_rule_file(Policy *policy, Date on, const char *no_employers, Buf *out, Error *err)
{
    ProtectRule rule;
    TRY(rule_read(policy, on, &rule, err));
    const PolicyFile *f = rule.policy;
    buf_adds(out, "schema = \"cairn.protection/1\"\neffective_from = 2010-07-01\n");
    quoted(out, "name", f->name);
    quoted(out, "version", f->version);
    quoted(out, "title", f->title);
    quoted(out, "status", f->status);
    quoted(out, "source", slice_of(f->path));
    if (no_employers) {
        buf_adds(out, "employers = \"not_applicable\"\n");
        quoted(out, "employers_reason", slice_of(no_employers));
    }
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++)
        TRY(add_number(f, &NUMBERS[i], out, err));
    buf_adds(out, "\n[[parameter]]\nname = \"rate_decimals\"\nvalue = 1\nstatus = \"assumed\"\n"
                  "source = \"as releases print them\"\n");
    add_bands(&rule, out);
    return buf_status(out, err);
}
