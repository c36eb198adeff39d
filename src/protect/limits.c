/* The rule's numbers for the auditors, and whether a printed text is the number behind it. */
#include "protect/limits.h"

#include <math.h>

static Status limit(const PolicyFile *file, const char *name, int64_t *out, Error *err)
{
    const Toml *list = toml_get(file->toml, "parameter");
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        const Toml *key = toml_get(p, "name"), *value = toml_get(p, "value");
        if (!key || !slice_eq_z(key->string, name))
            continue;
        if (!value || value->type != TOML_INTEGER)
            break;
        *out = value->integer;
        return OK;
    }
    return error_set(err, ERR_INVALID, "%s: the auditor finds no parameter %s", file->path, name);
}

Status limits_read(Policy *policy, Date on, Limits *out, Error *err)
{
    const PolicyFile *f;
    TRY(policy_get(policy, "release", SLICE("coarse"), on, &f, err));
    TRY(limit(f, "min_n", &out->n, err));
    TRY(limit(f, "min_numerator", &out->numerator, err));
    TRY(limit(f, "min_complement", &out->complement, err));
    TRY(limit(f, "min_employers", &out->employers, err));
    TRY(limit(f, "top_employer_max", &out->top_employer, err));
    TRY(limit(f, "coarse_rate_below", &out->coarse_below, err));
    TRY(limit(f, "median_rounding", &out->rounding, err));
    out->families = toml_get(f->toml, "family");
    out->subsets = toml_get(f->toml, "subset");
    out->hierarchy = toml_get(f->toml, "hierarchy");
    if (out->n < 2 || !out->hierarchy)
        return error_set(err, ERR_INVALID, "%s: the auditor finds no usable minimum or hierarchy", f->path);
    return OK;
}

static const Toml *family_with(const Limits *l, Slice measure, Slice name)
{
    for (const Toml *f = l->families ? l->families->first : NULL; f; f = f->next) {
        const Toml *list = toml_get(f, "measures"), *own = toml_get(f, "name");
        if (name.ptr && own && slice_eq(own->string, name))
            return f;
        for (const Toml *m = list ? list->first : NULL; m && !name.ptr; m = m->next)
            if (slice_eq(m->string, measure))
                return f;
    }
    return NULL;
}

Slice limits_lineage(const Limits *l, Slice table, unsigned *tier)
{
    const Toml *f = family_with(l, table, (Slice){NULL, 0});
    *tier = 0;
    for (const Toml *up; f && (up = toml_get(f, "coarsens")) && *tier < LIMITS_MAX_TIERS; ++*tier)
        f = family_with(l, table, up->string);
    return f && toml_get(f, "name") ? toml_get(f, "name")->string : table;
}

bool limits_suppresses(const Limits *l, ProtectLane lane, Slice lineage)
{
    const Toml *f = family_with(l, lineage, lineage), *own = f ? toml_get(f, "protection") : NULL;
    if (lane != PROTECT_BY_POLICY)
        return lane == PROTECT_SUPPRESS_LANE;
    return own && own->type == TOML_STRING && slice_eq_z(own->string, "suppress");
}

/* The digits of a printed number without sign of currency and thousands; `decimals` counts those after the point. */
static bool read_shown(Slice s, double *value, int *decimals)
{
    double v = 0, scale = 1;
    bool point = false, digit = false;
    *decimals = 0;
    for (size_t i = 0; i < s.len; i++) {
        char ch = s.ptr[i];
        if (ch >= '0' && ch <= '9') {
            digit = true;
            v = v * 10 + (ch - '0');
            if (point) {
                scale *= 10;
                (*decimals)++;
            }
        } else if (ch == '.' && !point) {
            point = true;
        } else if (ch != ',' && !(ch == '$' && i == 0)) {
            return false;
        }
    }
    *value = v / scale;
    return digit;
}

const char *limits_shown_wrong(const Limits *l, const PublishedCell *p, const ProtectCell *truth)
{
    double value;
    int decimals;
    if (!read_shown(p->shown_denominator, &value, &decimals) || (int64_t)value != truth->denominator || decimals != 0)
        return "the printed number of people is not the cell's";
    if (truth->is_median && p->shown_value.len == 0)
        return NULL;
    if (!read_shown(p->shown_value, &value, &decimals))
        return "a printed value is no number";
    if (truth->is_median) {
        double step = (double)l->rounding;
        bool right = decimals == 0 && !(fmod(value, step) > 0) && !(fabs(value - truth->fuzzy) > step / 2 + 1e-6);
        return right ? NULL : "a printed wage is not the rounded one";
    }
    double exact = 100.0 * (double)truth->numerator / (double)truth->denominator;
    if (decimals > (truth->denominator < l->coarse_below ? 0 : 1))
        return "a rate is printed more precisely than allowed";
    return fabs(value - exact) > (decimals == 0 ? 0.5 : 0.05) + 1e-9 ? "a printed rate is not the cell's" : NULL;
}
