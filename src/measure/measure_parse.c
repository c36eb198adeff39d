/*
 * Definitions of measures as files (docs/measures.md) to structs. A definition without a vector, a source or a date is
 * not loaded: nobody could tell whether it does what it says.
 */
#include "measure/measure_parts.h"

const char *const measure_level_names[LEVEL_COUNT] = {"state", "county", "district", "school"};
const char *const measure_kind_names[MEASURE_KIND_COUNT] = {"rate", "median", "count", "mean", "ratio", "distribution"};
const char *const measure_gap_names[GAP_COUNT] = {"not_found", "out_of_coverage", "blocked"};

Status measure_read_kind(const PolicyFile *file, MeasureKind *out, Error *err)
{
    Slice kind;
    TRY(toml_str(file->toml, file->path, "kind", &kind, err));
    for (size_t i = 0; i < MEASURE_KIND_COUNT; i++) {
        if (slice_eq_z(kind, measure_kind_names[i])) {
            *out = (MeasureKind)i;
            return OK;
        }
    }
    return error_set(err, ERR_INVALID, "%s: kind must be rate, median, count, mean, ratio or distribution", file->path);
}

/* Levels are a beginning of state, county, district, school: sums of one level must give the one above. */
static Status read_levels(const PolicyFile *file, Arena *arena, MeasureLevel *finest, Error *err)
{
    Slice *names = NULL;
    size_t count;
    TRY(measure_read_names(file, file->toml, "levels", arena, &names, &count, err));
    for (size_t i = 0; i < count; i++)
        if (i >= LEVEL_COUNT || !slice_eq_z(names[i], measure_level_names[i]))
            return error_set(err, ERR_INVALID,
                "%s: levels must be state, county, district, school, or a beginning of it", file->path);
    if (count == 0)
        return error_set(err, ERR_INVALID, "%s: a measure needs at least the level state", file->path);
    *finest = (MeasureLevel)(count - 1);
    return OK;
}

static Status find_splits(const PolicyFile *file, const MeasureFrame *frame, const Slice *names, size_t count,
    Arena *arena, MeasureDef *out, Error *err)
{
    TRY(arena_array_(arena, count, sizeof(const SplitDef *), (void **)&out->splits, err));
    for (size_t i = 0; i < count; i++) {
        out->splits[i] = measure_split(frame, names[i]);
        if (!out->splits[i])
            return error_set(err, ERR_INVALID, "%s: split %.*s is not defined in %s", file->path, SLICE_ARG(names[i]),
                frame->file->path);
    }
    out->split_count = count;
    return OK;
}

static Status read_splits(const PolicyFile *file, const MeasureFrame *frame, Arena *arena, MeasureDef *out, Error *err)
{
    Slice *names = NULL;
    size_t count;
    TRY(measure_read_names(file, file->toml, "splits", arena, &names, &count, err));
    return find_splits(file, frame, names, count, arena, out, err);
}

/* A parameter like any other, so that it has a status and a source. */
static Status read_minimum(const PolicyFile *file, int64_t *out, Error *err)
{
    const Toml *p = toml_get(toml_get(file->toml, "parameters"), "minimum_n");
    *out = 0;
    if (!p)
        return OK;
    TRY(toml_int(p, file->path, "value", out, err));
    if (*out < 0)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": minimum_n must not be below 0", file->path, p->line);
    return OK;
}

/* Parameters that no SQL mentions would escape model_fill's check, and with it a missing source. */
static Status check_parameters(const PolicyFile *file, Error *err)
{
    const Toml *all;
    TRY(toml_table(file->toml, file->path, "parameters", &all, err));
    for (const Toml *p = all ? all->first : NULL; p; p = p->next) {
        const char *const allowed[] = {"value", "status", "source", "effective_from", "effective_to", NULL};
        Slice text;
        TRY(toml_only(p, file->path, allowed, err));
        TRY(toml_str(p, file->path, "status", &text, err));
        if (!slice_eq_z(text, "verified") && !slice_eq_z(text, "assumed"))
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": status of parameter %.*s must be verified or assumed",
                file->path, p->line, SLICE_ARG(p->key));
        TRY(toml_str(p, file->path, "source", &text, err));
        if (slice_trim(text).len == 0)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": parameter %.*s has no source", file->path, p->line,
                SLICE_ARG(p->key));
    }
    return OK;
}

static Status check_vectors(const PolicyFile *file, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "vector", &list, err));
    if (!list || list->count == 0)
        return error_set(err, ERR_INVALID, "%s: a definition needs at least one [[vector]]", file->path);
    return OK;
}

static Status read_family(const PolicyFile *file, MeasureDef *out, Error *err)
{
    TRY(toml_str_or(file->toml, file->path, "family", SLICE(""), &out->family, err));
    TRY(toml_str_or(file->toml, file->path, "definition", SLICE(""), &out->definition, err));
    if ((out->family.len > 0) != (out->definition.len > 0))
        return error_set(
            err, ERR_INVALID, "%s: a family needs the definition that holds when nobody names one", file->path);
    return OK;
}

static Status read_measure(const PolicyFile *file, const MeasureFrame *frame, Arena *arena, MeasureDef *out, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "question", "population", "numerator", "denominator", "unit", "note", "kind", "levels", "splits",
        "needs", "years", "family", "definition", "parameters", "exclusion", "sql", "fixture", "vector", NULL};
    *out = (MeasureDef){.file = file, .name = file->name};
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(measure_read_kind(file, &out->kind, err));
    TRY(read_levels(file, arena, &out->finest, err));
    TRY(read_splits(file, frame, arena, out, err));
    Reason *reasons = NULL;
    Slice *needs = NULL;
    TRY(measure_read_names(file, file->toml, "needs", arena, &needs, &out->need_count, err));
    TRY(measure_read_reasons(file, "exclusion", "reason", arena, &reasons, &out->reason_count, err));
    out->needs = needs;
    out->reasons = reasons;
    TRY(toml_int_or(file->toml, file->path, "years", 0, &out->years, err));
    TRY(read_minimum(file, &out->minimum_n, err));
    TRY(read_family(file, out, err));
    TRY(measure_read_sql(file, arena, &out->sql, err));
    TRY(check_parameters(file, err));
    return check_vectors(file, err);
}

Status measure_def_own(
    const MeasureFrame *frame, Slice name, const MeasureOwn *own, Arena *arena, MeasureDef *out, Error *err)
{
    *out = (MeasureDef){.file = own->file,
        .name = name,
        .kind = own->kind,
        .needs = own->needs,
        .need_count = own->need_count,
        .reasons = own->reasons,
        .reason_count = own->reason_count,
        .minimum_n = own->minimum_n,
        .family = own->family,
        .definition = own->definition,
        .sql = own->sql};
    if (!measure_level_find(own->level, &out->finest))
        return error_set(err, ERR_INVALID, "%s: %.*s is none of state, county, district, school", own->file->path,
            SLICE_ARG(own->level));
    return find_splits(own->file, frame, own->splits, own->split_count, arena, out, err);
}

/* Files of one schema in a folder of the policy, marked used. */
static Status files_of(Policy *policy, const char *kind, const char *schema, PolicyFiles *out, Error *err)
{
    PolicyFiles all = {0};
    Status st = OK;
    TRY_OUT(policy_list(policy, kind, &all, err));
    for (size_t i = 0; i < all.len; i++) {
        const PolicyFile *used;
        if (!slice_eq_z(all.at[i]->schema, schema))
            continue;
        TRY_OUT(policy_get(policy, kind, all.at[i]->name, all.at[i]->effective_from, &used, err));
        TRY_OUT(vec_push(out, used, err));
    }
out:
    vec_free(&all);
    return st;
}

Status measure_defs_read(Policy *policy, const MeasureFrame *frame, Arena *arena, MeasureDefs *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    TRY_OUT(files_of(policy, "measures", "cairn.measure/1", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        MeasureDef def;
        TRY_OUT(read_measure(files.at[i], frame, arena, &def, err));
        TRY_OUT(vec_push(out, def, err));
    }
out:
    vec_free(&files);
    return st;
}

/* --- outcome definitions --- */

static Status read_quarters(const PolicyFile *file, OutcomeDef *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "quarters", &list, err));
    if (!list)
        return OK;
    const Toml *from = list->first, *to = from ? from->next : NULL;
    if (list->count != 2 || from->type != TOML_INTEGER || to->type != TOML_INTEGER || from->integer > to->integer ||
        to->integer - from->integer > 400)
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": quarters must be [first, last], two whole numbers at most 400 apart", file->path,
            list->line);
    out->has_quarters = true;
    out->quarter_from = from->integer;
    out->quarter_to = to->integer;
    return OK;
}

static Status read_outcome(const PolicyFile *file, Arena *arena, OutcomeDef *out, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "family", "unit", "employed", "earnings", "note", "needs", "quarters", "sql", "clause", "parameters",
        "fixture", "vector", NULL};
    *out = (OutcomeDef){.file = file, .name = file->name};
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(toml_str(file->toml, file->path, "family", &out->family, err));
    TRY(toml_str(file->toml, file->path, "unit", &out->unit, err));
    TRY(toml_str(file->toml, file->path, "employed", &out->employed, err));
    TRY(toml_str(file->toml, file->path, "earnings", &out->earnings, err));
    TRY(measure_read_names(file, file->toml, "needs", arena, &out->needs, &out->need_count, err));
    TRY(measure_read_reasons(file, "clause", "code", arena, &out->clauses, &out->clause_count, err));
    TRY(read_quarters(file, out, err));
    TRY(measure_read_sql(file, arena, &out->sql, err));
    TRY(check_parameters(file, err));
    return check_vectors(file, err);
}

Status outcome_defs_read(Policy *policy, Arena *arena, OutcomeDefs *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    TRY_OUT(files_of(policy, "definitions", "cairn.definition/1", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        OutcomeDef def;
        TRY_OUT(read_outcome(files.at[i], arena, &def, err));
        TRY_OUT(vec_push(out, def, err));
    }
out:
    vec_free(&files);
    return st;
}

const OutcomeDef *outcome_find(const OutcomeDefs *all, Slice family, Slice name, Date on)
{
    for (size_t i = 0; i < all->len; i++) {
        const OutcomeDef *d = &all->at[i];
        if (slice_eq(d->family, family) && slice_eq(d->name, name) && d->file->effective_from <= on &&
            (d->file->effective_to == DATE_NONE || on <= d->file->effective_to))
            return d;
    }
    return NULL;
}

/* --- for readers --- */

static Status read_info(const PolicyFile *file, MeasureInfo *out, Error *err)
{
    *out = (MeasureInfo){.file = file, .name = file->name, .title = file->title};
    TRY(toml_str(file->toml, file->path, "question", &out->question, err));
    TRY(toml_str(file->toml, file->path, "population", &out->population, err));
    TRY(toml_str_or(file->toml, file->path, "numerator", SLICE(""), &out->numerator, err));
    TRY(toml_str(file->toml, file->path, "denominator", &out->denominator, err));
    TRY(toml_str(file->toml, file->path, "unit", &out->unit, err));
    TRY(toml_str_or(file->toml, file->path, "note", SLICE(""), &out->note, err));
    TRY(toml_str_or(file->toml, file->path, "family", SLICE(""), &out->family, err));
    TRY(toml_str_or(file->toml, file->path, "definition", SLICE(""), &out->definition, err));
    TRY(read_minimum(file, &out->minimum_n, err));
    return measure_read_kind(file, &out->kind, err);
}

Status measure_list(Policy *policy, Arena *arena, MeasureInfos *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    UNUSED(arena);
    TRY_OUT(files_of(policy, "measures", "cairn.measure/1", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        MeasureInfo info;
        if (i + 1 < files.len && slice_eq(files.at[i]->name, files.at[i + 1]->name))
            continue;
        TRY_OUT(read_info(files.at[i], &info, err));
        TRY_OUT(vec_push(out, info, err));
    }
out:
    vec_free(&files);
    return st;
}

Status measure_info(Policy *policy, Slice name, Arena *arena, MeasureInfo *out, Error *err)
{
    MeasureInfos infos = {0};
    bool found = false;
    Status st = measure_list(policy, arena, &infos, err);
    for (size_t i = 0; st == OK && i < infos.len; i++)
        if (slice_eq(infos.at[i].name, name)) {
            *out = infos.at[i];
            found = true;
        }
    vec_free(&infos);
    if (st == OK && !found) {
        st = error_set(err, ERR_NOT_FOUND, "there is no measure %.*s", SLICE_ARG(name));
        measure_hint_names(policy, name, err);
    }
    return st;
}
