/*
 * A framework's file to structs. As with measures, what the file says and this reader does not know is an error; and
 * every block that holds a number says whether it is verified or assumed, and where it is from.
 */
#include "account/account_parts.h"

static Status fail(const PolicyFile *f, const Toml *at, Error *err, const char *why)
{
    return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s", f->path, at ? at->line : 0, why);
}

static Status read_source(const PolicyFile *f, const Toml *t, Slice *status, Slice *source, Error *err)
{
    TRY(toml_str(t, f->path, "status", status, err));
    TRY(toml_str(t, f->path, "source", source, err));
    if (!slice_eq_z(*status, "verified") && !slice_eq_z(*status, "assumed"))
        return fail(f, t, err, "status must be verified or assumed");
    return source->len > 0 ? OK : fail(f, t, err, "source must not be empty");
}

static Status read_decimal(const PolicyFile *f, const Toml *t, const char *key, int64_t *out, Error *err)
{
    Slice text;
    TRY(toml_str(t, f->path, key, &text, err));
    if (parse_fixed(text, 6, out, NULL) != OK || *out < 0 || *out > 1000000 * MILLION)
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": %s must be a decimal number in quotes, not negative, at most 6 places", f->path, t->line,
            key);
    return OK;
}

static Status read_whole(
    const PolicyFile *f, const Toml *t, const char *key, const int64_t range[2], int64_t *out, Error *err)
{
    TRY(toml_int(t, f->path, key, out, err));
    if (*out < range[0] || *out > range[1])
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s must lie between %" PRId64 " and %" PRId64, f->path,
            t->line, key, range[0], range[1]);
    return OK;
}

static size_t length(const Toml *list)
{
    return list ? list->count : 0;
}

/* --- groups --- */

static Status read_group(const PolicyFile *f, const Toml *t, Arena *arena, GroupDef *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "split", "codes", "note", NULL};
    const Toml *codes;
    TRY(toml_only(t, f->path, allowed, err));
    TRY(toml_str(t, f->path, "name", &out->name, err));
    TRY(toml_str(t, f->path, "title", &out->title, err));
    TRY(toml_str(t, f->path, "split", &out->split, err));
    TRY(toml_array(t, f->path, "codes", &codes, err));
    TRY(arena_new(arena, Slice, length(codes), &out->codes, err));
    for (const Toml *c = codes ? codes->first : NULL; c; c = c->next) {
        if (c->type != TOML_STRING)
            return fail(f, c, err, "codes must be texts");
        out->codes[out->code_count++] = c->string;
    }
    return out->code_count > 0 ? OK : fail(f, t, err, "a group needs codes");
}

static const GroupDef *find_group(const Framework *fw, Slice name)
{
    for (size_t i = 0; i < fw->group_count; i++)
        if (slice_eq(fw->groups[i].name, name))
            return &fw->groups[i];
    return NULL;
}

/* --- measures --- */

static Status read_cut(const PolicyFile *f, const Toml *t, const char *limit, CutPoint *out, Error *err)
{
    const char *const allowed[] = {"level", limit, "points", NULL};
    TRY(toml_only(t, f->path, allowed, err));
    TRY(toml_str(t, f->path, "level", &out->level, err));
    TRY(read_decimal(f, t, "points", &out->points, err));
    if (t->next)
        return read_decimal(f, t, limit, &out->limit, err);
    if (toml_get(t, limit))
        return fail(f, t, err, "the last level of a scale takes what is left and has no limit");
    return OK;
}

static Status read_scale(
    const PolicyFile *f, const Toml *t, const char *key, Better better, Arena *arena, PointScale *out, Error *err)
{
    const char *limit = better == BETTER_HIGHER ? "at_least" : "at_most";
    const Toml *list;
    TRY(toml_array(t, f->path, key, &list, err));
    TRY(arena_new(arena, CutPoint, length(list), &out->cuts, err));
    for (const Toml *c = list ? list->first : NULL; c; c = c->next) {
        CutPoint *cut = &out->cuts[out->count];
        TRY(read_cut(f, c, limit, cut, err));
        if (out->count > 0) {
            const CutPoint *above = cut - 1;
            bool falls = better == BETTER_HIGHER ? cut->limit < above->limit : cut->limit > above->limit;
            if ((c->next && !falls) || cut->points > above->points)
                return fail(f, c, err, "the levels of a scale must go from best to worst");
        }
        out->count++;
    }
    if (list && (out->count < 2 || out->cuts[0].points == 0))
        return fail(f, list, err, "a scale needs at least two levels, and points for the best");
    return OK;
}

static Status read_candidates(const PolicyFile *f, const Toml *t, FrameworkMeasure *out, Error *err)
{
    const char *const allowed[] = {"measure", "lag", NULL};
    static const int64_t lags[2] = {0, 10};
    const Toml *list;
    TRY(toml_array(t, f->path, "candidate", &list, err));
    if (length(list) == 0 || length(list) > CANDIDATES_MAX)
        return fail(f, t, err, "a measure needs one to eight candidates");
    for (const Toml *c = list->first; c; c = c->next) {
        Candidate *one = &out->candidates[out->candidate_count++];
        one->line = c->line;
        TRY(toml_only(c, f->path, allowed, err));
        TRY(toml_str(c, f->path, "measure", &one->measure, err));
        TRY(read_whole(f, c, "lag", lags, &one->lag, err));
    }
    return OK;
}

static Status read_measure_groups(
    const PolicyFile *f, const Toml *t, const Framework *fw, Arena *arena, FrameworkMeasure *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(t, f->path, "groups", &list, err));
    TRY(arena_array_(arena, length(list), sizeof(const GroupDef *), (void **)&out->groups, err));
    for (const Toml *g = list ? list->first : NULL; g; g = g->next) {
        const GroupDef *group = g->type == TOML_STRING ? find_group(fw, g->string) : NULL;
        if (!group)
            return fail(f, g, err, "a measure's groups must be names of [[group]] blocks");
        out->groups[out->group_count++] = group;
    }
    if (out->group_count > 0 && out->each.count == 0)
        return fail(f, t, err, "a measure with groups needs their scale: each");
    return OK;
}

static Status read_measure(
    const PolicyFile *f, const Toml *t, const Framework *fw, Arena *arena, FrameworkMeasure *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "candidate", "better", "decimals", "minimum_n", "pool_years", "all",
        "each", "groups", "status", "source", "note", NULL};
    static const int64_t places[2] = {0, 6}, persons[2] = {1, 100000}, years[2] = {1, 10};
    Slice better;
    TRY(toml_only(t, f->path, allowed, err));
    TRY(toml_str(t, f->path, "name", &out->name, err));
    TRY(toml_str(t, f->path, "title", &out->title, err));
    TRY(read_source(f, t, &out->status, &out->source, err));
    TRY(toml_str(t, f->path, "better", &better, err));
    if (!slice_eq_z(better, "higher") && !slice_eq_z(better, "lower"))
        return fail(f, t, err, "better must be higher or lower");
    out->better = slice_eq_z(better, "higher") ? BETTER_HIGHER : BETTER_LOWER;
    TRY(read_whole(f, t, "decimals", places, &out->decimals, err));
    TRY(read_whole(f, t, "minimum_n", persons, &out->minimum_n, err));
    TRY(read_whole(f, t, "pool_years", years, &out->pool_years, err));
    TRY(read_candidates(f, t, out, err));
    TRY(read_scale(f, t, "all", out->better, arena, &out->all, err));
    TRY(read_scale(f, t, "each", out->better, arena, &out->each, err));
    if (out->all.count == 0)
        return fail(f, t, err, "a measure needs a scale for everybody: all");
    return read_measure_groups(f, t, fw, arena, out, err);
}

static Status read_measures(
    const PolicyFile *f, const Toml *t, const Framework *fw, Arena *arena, FrameworkPart *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(t, f->path, "measure", &list, err));
    TRY(arena_new(arena, FrameworkMeasure, length(list), &out->measures, err));
    for (const Toml *m = list ? list->first : NULL; m; m = m->next)
        TRY(read_measure(f, m, fw, arena, &out->measures[out->measure_count++], err));
    return out->measure_count > 0 ? OK : fail(f, t, err, "an indicator or part that is held needs measures");
}

/* --- indicators --- */

static Status read_parts(
    const PolicyFile *f, const Toml *t, const Framework *fw, Arena *arena, Indicator *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "weight", "measure", "note", NULL};
    const Toml *list;
    TRY(toml_array(t, f->path, "part", &list, err));
    if (list && toml_get(t, "measure"))
        return fail(f, t, err, "an indicator has parts or measures, not both");
    TRY(arena_new(arena, FrameworkPart, list ? list->count : 1, &out->parts, err));
    if (!list) {
        out->parts[0].weight = MILLION;
        out->part_count = 1;
        return read_measures(f, t, fw, arena, &out->parts[0], err);
    }
    for (const Toml *p = list->first; p; p = p->next) {
        FrameworkPart *part = &out->parts[out->part_count++];
        TRY(toml_only(p, f->path, allowed, err));
        TRY(toml_str(p, f->path, "name", &part->name, err));
        TRY(toml_str(p, f->path, "title", &part->title, err));
        TRY(read_decimal(f, p, "weight", &part->weight, err));
        TRY(read_measures(f, p, fw, arena, part, err));
    }
    return OK;
}

static Status read_indicator(
    const PolicyFile *f, const Toml *t, const Framework *fw, Arena *arena, Indicator *out, Error *err)
{
    const char *const allowed[] = {
        "name", "title", "weight", "held", "status", "source", "part", "measure", "note", NULL};
    TRY(toml_only(t, f->path, allowed, err));
    TRY(toml_str(t, f->path, "name", &out->name, err));
    TRY(toml_str(t, f->path, "title", &out->title, err));
    TRY(read_source(f, t, &out->status, &out->source, err));
    TRY(read_decimal(f, t, "weight", &out->weight, err));
    TRY(toml_bool_or(t, f->path, "held", true, &out->held, err));
    if (out->held)
        return read_parts(f, t, fw, arena, out, err);
    if (toml_get(t, "part") || toml_get(t, "measure"))
        return fail(f, t, err, "an indicator that is not held has no measures");
    return OK;
}

/* --- the rest --- */

static Status read_plans(const PolicyFile *f, Arena *arena, Framework *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "at_least", NULL};
    const Toml *list;
    TRY(toml_str(f->toml, f->path, "plan_status", &out->plan_status, err));
    TRY(toml_str(f->toml, f->path, "plan_source", &out->plan_source, err));
    if (!slice_eq_z(out->plan_status, "verified") && !slice_eq_z(out->plan_status, "assumed"))
        return fail(f, f->toml, err, "plan_status must be verified or assumed");
    TRY(toml_array(f->toml, f->path, "plan", &list, err));
    if (length(list) < 2)
        return fail(f, f->toml, err, "a framework needs at least two plan types");
    TRY(arena_new(arena, PlanType, list->count, &out->plans, err));
    for (const Toml *p = list->first; p; p = p->next) {
        PlanType *plan = &out->plans[out->plan_count];
        TRY(toml_only(p, f->path, allowed, err));
        TRY(toml_str(p, f->path, "name", &plan->name, err));
        TRY(toml_str(p, f->path, "title", &plan->title, err));
        TRY(read_decimal(f, p, "at_least", &plan->at_least, err));
        if (out->plan_count > 0 && plan->at_least >= (plan - 1)->at_least)
            return fail(f, p, err, "plan types must go from best to worst");
        out->plan_count++;
    }
    return out->plans[out->plan_count - 1].at_least == 0 ? OK : fail(f, list, err, "the last plan type begins at 0");
}

static Status read_participation(const PolicyFile *f, Participation *out, Error *err)
{
    const char *const allowed[] = {"below", "tests", "lowers", "status", "source", "note", NULL};
    static const int64_t few[2] = {1, 10};
    const Toml *t;
    TRY(toml_table(f->toml, f->path, "participation", &t, err));
    if (!t)
        return OK;
    TRY(toml_only(t, f->path, allowed, err));
    TRY(read_source(f, t, &out->status, &out->source, err));
    TRY(read_decimal(f, t, "below", &out->below, err));
    TRY(read_whole(f, t, "tests", few, &out->tests, err));
    return read_whole(f, t, "lowers", few, &out->lowers, err);
}

static Status read_rounding(const PolicyFile *f, Framework *out, Error *err)
{
    const char *const allowed[] = {"decimals", "status", "source", "note", NULL};
    static const int64_t places[2] = {0, 6};
    const Toml *t;
    TRY(toml_table(f->toml, f->path, "rounding", &t, err));
    if (!t)
        return fail(f, f->toml, err, "a framework needs [rounding]");
    TRY(toml_only(t, f->path, allowed, err));
    TRY(read_source(f, t, &out->decimals_status, &out->decimals_source, err));
    return read_whole(f, t, "decimals", places, &out->decimals, err);
}

static Status read_open(const PolicyFile *f, Arena *arena, Framework *out, Error *err)
{
    const char *const allowed[] = {"what", "treatment", NULL};
    const Toml *list;
    TRY(toml_array(f->toml, f->path, "open", &list, err));
    TRY(arena_new(arena, OpenQuestion, length(list), &out->open, err));
    for (const Toml *q = list ? list->first : NULL; q; q = q->next) {
        TRY(toml_only(q, f->path, allowed, err));
        TRY(toml_str(q, f->path, "what", &out->open[out->open_count].what, err));
        TRY(toml_str(q, f->path, "treatment", &out->open[out->open_count].treatment, err));
        out->open_count++;
    }
    return OK;
}

/* Changes and vectors name measures and indicators by one word. */
static Status check_names(const PolicyFile *f, const Framework *fw, Error *err)
{
    Map names = {0};
    Status st = OK;
    bool fresh;
    TRY(map_init(&names, err));
    for (size_t i = 0; i < fw->indicator_count; i++) {
        const Indicator *in = &fw->indicators[i];
        TRY_OUT(map_put(&names, in->name, 0, &fresh, err));
        for (size_t p = 0; fresh && p < in->part_count; p++)
            for (size_t m = 0; fresh && m < in->parts[p].measure_count; m++)
                TRY_OUT(map_put(&names, in->parts[p].measures[m].name, 0, &fresh, err));
        if (!fresh) {
            st = fail(f, f->toml, err, "two indicators or measures of the framework have one name");
            goto out;
        }
    }
out:
    map_free(&names);
    return st;
}

Status framework_read(const PolicyFile *f, Arena *arena, Framework *out, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "level", "plan_status", "plan_source", "rounding", "participation", "group", "indicator", "plan",
        "open", "fixture", "vector", NULL};
    const Toml *list;
    int64_t weights = 0;
    *out = (Framework){.file = f};
    if (!slice_eq_z(f->schema, "cairn.framework/1"))
        return fail(f, f->toml, err, "schema must be cairn.framework/1");
    TRY(toml_only(f->toml, f->path, allowed, err));
    TRY(toml_str(f->toml, f->path, "level", &out->level, err));
    TRY(read_rounding(f, out, err));
    TRY(read_participation(f, &out->participation, err));
    TRY(toml_array(f->toml, f->path, "group", &list, err));
    TRY(arena_new(arena, GroupDef, length(list), &out->groups, err));
    for (const Toml *g = list ? list->first : NULL; g; g = g->next)
        TRY(read_group(f, g, arena, &out->groups[out->group_count++], err));
    TRY(toml_array(f->toml, f->path, "indicator", &list, err));
    TRY(arena_new(arena, Indicator, length(list), &out->indicators, err));
    for (const Toml *i = list ? list->first : NULL; i; i = i->next) {
        TRY(read_indicator(f, i, out, arena, &out->indicators[out->indicator_count], err));
        weights += out->indicators[out->indicator_count++].weight;
    }
    if (weights != PERCENT)
        return fail(f, list ? list : f->toml, err, "the indicators' weights must add up to 100");
    TRY(read_plans(f, arena, out, err));
    TRY(read_open(f, arena, out, err));
    return check_names(f, out, err);
}

Status framework_for(Policy *policy, Slice name, int32_t year, Arena *arena, Framework *out, Error *err)
{
    const PolicyFile *file;
    Date day;
    TRY(date_make(year, 6, 30, &day, err));
    TRY(policy_get(policy, "accountability", name, day, &file, err));
    return framework_read(file, arena, out, err);
}
