/* One changed number of a framework, for "what if": PATH=VALUE. */
#include "account/account_parts.h"

static Status unknown(Slice change, Error *err)
{
    error_set(err, ERR_USAGE, "no such change: %.*s", SLICE_ARG(change));
    error_hint(err, "Paths: weight.INDICATOR, weight.INDICATOR.PART, cut|points|group_cut|group_points.MEASURE.LEVEL, "
                    "minimum_n|pool_years.MEASURE, plan.NAME, participation.");
    return ERR_USAGE;
}

static FrameworkMeasure *find_measure(Framework *f, Slice name)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++) {
            FrameworkPart *part = &f->indicators[i].parts[p];
            for (size_t m = 0; m < part->measure_count; m++)
                if (slice_eq(part->measures[m].name, name))
                    return &part->measures[m];
        }
    return NULL;
}

static int64_t *find_weight(Framework *f, Slice indicator, Slice part)
{
    for (size_t i = 0; i < f->indicator_count; i++) {
        Indicator *in = &f->indicators[i];
        if (!slice_eq(in->name, indicator))
            continue;
        if (part.len == 0)
            return &in->weight;
        for (size_t p = 0; p < in->part_count; p++)
            if (slice_eq(in->parts[p].name, part))
                return &in->parts[p].weight;
    }
    return NULL;
}

static int64_t *find_cut(PointScale *scale, Slice level, bool points)
{
    for (size_t i = 0; i < scale->count; i++)
        if (slice_eq(scale->cuts[i].level, level)) {
            if (points)
                return &scale->cuts[i].points;
            return i + 1 < scale->count ? &scale->cuts[i].limit : NULL;
        }
    return NULL;
}

static int64_t *find_plan(Framework *f, Slice name)
{
    for (size_t i = 0; i + 1 < f->plan_count; i++)
        if (slice_eq(f->plans[i].name, name))
            return &f->plans[i].at_least;
    return NULL;
}

/* What the path names; *whole: a whole number, not a decimal. */
static int64_t *find_value(Framework *f, Slice path, bool *whole)
{
    Slice rest = path;
    Slice kind = slice_cut(&rest, '.'), first = slice_cut(&rest, '.');
    Slice second = rest.ptr ? rest : SLICE("");
    *whole = false;
    if (slice_eq_z(kind, "participation") && first.len == 0 && f->participation.tests > 0)
        return &f->participation.below;
    if (slice_eq_z(kind, "weight"))
        return find_weight(f, first, second);
    if (slice_eq_z(kind, "plan") && second.len == 0)
        return find_plan(f, first);
    FrameworkMeasure *m = find_measure(f, first);
    if (!m)
        return NULL;
    *whole = slice_eq_z(kind, "minimum_n") || slice_eq_z(kind, "pool_years");
    if (*whole && second.len == 0)
        return slice_eq_z(kind, "minimum_n") ? &m->minimum_n : &m->pool_years;
    if (slice_eq_z(kind, "cut") || slice_eq_z(kind, "points"))
        return find_cut(&m->all, second, slice_eq_z(kind, "points"));
    if (slice_eq_z(kind, "group_cut") || slice_eq_z(kind, "group_points"))
        return find_cut(&m->each, second, slice_eq_z(kind, "group_points"));
    return NULL;
}

/* A change must not leave a scale or the plan types out of order. */
static bool is_ordered(const PointScale *s, Better better)
{
    for (size_t i = 1; i < s->count; i++) {
        int64_t step = s->cuts[i - 1].limit - s->cuts[i].limit;
        if (s->cuts[i].points > s->cuts[i - 1].points)
            return false;
        if (i + 1 < s->count && (better == BETTER_HIGHER ? step <= 0 : step >= 0))
            return false;
    }
    return true;
}

static bool is_sound(const Framework *f)
{
    int64_t weights = 0;
    for (size_t i = 0; i < f->indicator_count; i++) {
        weights += f->indicators[i].weight;
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[m];
                if (!is_ordered(&one->all, one->better) || !is_ordered(&one->each, one->better))
                    return false;
            }
    }
    for (size_t i = 1; i < f->plan_count; i++)
        if (f->plans[i].at_least >= f->plans[i - 1].at_least)
            return false;
    return weights > 0;
}

Status framework_change(Framework *f, Slice change, Error *err)
{
    Slice value = change;
    bool whole;
    int64_t v;
    Slice path = slice_cut(&value, '=');
    int64_t *place = value.ptr ? find_value(f, slice_trim(path), &whole) : NULL;
    if (!place)
        return unknown(change, err);
    value = slice_trim(value);
    Status st = whole ? parse_i64(value, &v, NULL) : parse_fixed(value, 6, &v, NULL);
    if (st != OK || v < (whole ? 1 : 0) || v > (whole ? 100000 : 1000000 * MILLION))
        return error_set(err, ERR_USAGE, "%.*s takes %s", SLICE_ARG(path),
            whole ? "a whole number from 1" : "a decimal number of at most 6 places, not negative");
    *place = v;
    if (!is_sound(f))
        return error_set(err, ERR_USAGE, "%.*s would put levels or plan types out of order", SLICE_ARG(change));
    return OK;
}
