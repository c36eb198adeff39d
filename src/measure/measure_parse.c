/*
 * Definitions as files (docs/measures.md) to definitions as structs. Whatever a
 * file says that this reader does not know is an error: a misspelt option must
 * not quietly become the default.
 */
#include "measure/measure_parts.h"

const char *const measure_level_names[LEVEL_COUNT] = {"state", "county", "district", "school"};

static Status read_names(
    const PolicyFile *file, const Toml *table, const char *key, Arena *arena, Slice **out, size_t *count, Error *err)
{
    const Toml *list;
    *count = 0;
    TRY(toml_array(table, file->path, key, &list, err));
    if (!list)
        return OK;
    TRY(arena_new(arena, Slice, list->count, out, err));
    for (const Toml *e = list->first; e; e = e->next) {
        if (e->type != TOML_STRING)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s must be a list of texts", file->path, e->line, key);
        (*out)[(*count)++] = e->string;
    }
    return OK;
}

/* --- splits.toml --- */

static Status read_split(const PolicyFile *file, const Toml *t, Arena *arena, SplitDef *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "sql", "value", "note", NULL};
    const char *const value_allowed[] = {"code", "title", NULL};
    const Toml *values;
    Buf sql;
    Slice raw;
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "name", &out->name, err));
    TRY(toml_str(t, file->path, "sql", &raw, err));
    TRY(toml_array(t, file->path, "value", &values, err));
    buf_init(&sql, 0);
    Status st = model_fill(file, raw, &sql, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&sql), &out->sql, err);
    buf_free(&sql);
    if (st != OK)
        return st;
    TRY(arena_new(arena, Slice, values ? values->count : 0, &out->values, err));
    for (const Toml *v = values ? values->first : NULL; v; v = v->next) {
        TRY(toml_only(v, file->path, value_allowed, err));
        TRY(toml_str(v, file->path, "code", &out->values[out->value_count++], err));
    }
    return OK;
}

static Status read_frame(const PolicyFile *file, Arena *arena, MeasureFrame *out, Error *err)
{
    const Toml *splits;
    out->file = file;
    TRY(toml_str(file->toml, file->path, "state", &out->state, err));
    TRY(toml_array(file->toml, file->path, "split", &splits, err));
    TRY(arena_new(arena, SplitDef, splits ? splits->count : 0, &out->splits, err));
    for (const Toml *s = splits ? splits->first : NULL; s; s = s->next)
        TRY(read_split(file, s, arena, &out->splits[out->split_count++], err));
    return OK;
}

/* From which score a link is strong is the linkage's own statement (identity/linking.toml). */
static Status read_strong(Policy *policy, Arena *arena, Slice *out, Error *err)
{
    PolicyFiles files = {0};
    const PolicyFile *used;
    const char *text;
    double score = 1.0;
    Status st = OK;
    TRY_OUT(policy_list(policy, "identity", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        if (!slice_eq_z(files.at[i]->schema, "cairn.identity/1"))
            continue;
        TRY_OUT(policy_get(policy, "identity", files.at[i]->name, files.at[i]->effective_from, &used, err));
        TRY_OUT(toml_num_or(used->toml, used->path, "strong_score", score, &score, err));
    }
    TRY_OUT(arena_printf(arena, &text, err, "%.17g", score));
    *out = slice_of(text);
out:
    vec_free(&files);
    return st;
}

Status measure_frame_read(Policy *policy, Arena *arena, MeasureFrame *out, Error *err)
{
    PolicyFiles files = {0};
    const PolicyFile *file = NULL;
    Status st = OK;
    *out = (MeasureFrame){0};
    TRY_OUT(policy_list(policy, "measures", &files, err));
    for (size_t i = 0; i < files.len; i++)
        if (slice_eq_z(files.at[i]->schema, "cairn.splits/1"))
            file = files.at[i];
    if (!file) {
        st = error_set(err, ERR_NOT_FOUND, "the policy has no file of schema cairn.splits/1 under measures/");
        goto out;
    }
    TRY_OUT(policy_get(policy, "measures", file->name, file->effective_from, &file, err));
    TRY_OUT(read_frame(file, arena, out, err));
    TRY_OUT(read_strong(policy, arena, &out->strong, err));
out:
    vec_free(&files);
    return st;
}

/* --- measures --- */

static const SplitDef *find_split(const MeasureFrame *frame, Slice name)
{
    for (size_t i = 0; i < frame->split_count; i++)
        if (slice_eq(frame->splits[i].name, name))
            return &frame->splits[i];
    return NULL;
}

static Status read_kind(const PolicyFile *file, MeasureKind *out, Error *err)
{
    Slice kind;
    TRY(toml_str(file->toml, file->path, "kind", &kind, err));
    if (slice_eq_z(kind, "rate"))
        *out = MEASURE_RATE;
    else if (slice_eq_z(kind, "median"))
        *out = MEASURE_MEDIAN;
    else
        return error_set(err, ERR_INVALID, "%s: kind must be rate or median", file->path);
    return OK;
}

/* Levels are a beginning of state, county, district, school: sums of one level must give the one above. */
static Status read_levels(const PolicyFile *file, Arena *arena, MeasureLevel *finest, Error *err)
{
    Slice *names = NULL;
    size_t count;
    TRY(read_names(file, file->toml, "levels", arena, &names, &count, err));
    for (size_t i = 0; i < count; i++)
        if (i >= LEVEL_COUNT || !slice_eq_z(names[i], measure_level_names[i]))
            return error_set(err, ERR_INVALID,
                "%s: levels must be state, county, district, school, or a beginning of it", file->path);
    if (count == 0)
        return error_set(err, ERR_INVALID, "%s: a measure needs at least the level state", file->path);
    *finest = (MeasureLevel)(count - 1);
    return OK;
}

static Status read_splits(const PolicyFile *file, const MeasureFrame *frame, Arena *arena, MeasureDef *out, Error *err)
{
    Slice *names = NULL;
    size_t count;
    TRY(read_names(file, file->toml, "splits", arena, &names, &count, err));
    TRY(arena_array_(arena, count, sizeof(const SplitDef *), (void **)&out->splits, err));
    for (size_t i = 0; i < count; i++) {
        out->splits[i] = find_split(frame, names[i]);
        if (!out->splits[i])
            return error_set(err, ERR_INVALID, "%s: split %.*s is not defined in %s", file->path, SLICE_ARG(names[i]),
                frame->file->path);
    }
    out->split_count = count;
    return OK;
}

static Status read_exclusions(const PolicyFile *file, Arena *arena, MeasureDef *out, Error *err)
{
    const char *const allowed[] = {"reason", "text", NULL};
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "exclusion", &list, err));
    TRY(arena_new(arena, Slice, list ? list->count : 0, &out->reasons, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        Slice text;
        TRY(toml_only(e, file->path, allowed, err));
        TRY(toml_str(e, file->path, "reason", &out->reasons[out->reason_count++], err));
        TRY(toml_str(e, file->path, "text", &text, err));
    }
    return OK;
}

static Status read_sql(const PolicyFile *file, Arena *arena, Slice *out, Error *err)
{
    Slice raw;
    Buf sql;
    TRY(toml_str(file->toml, file->path, "sql", &raw, err));
    buf_init(&sql, 0);
    Status st = model_fill(file, raw, &sql, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&sql), out, err);
    buf_free(&sql);
    return st;
}

static Status read_measure(const PolicyFile *file, const MeasureFrame *frame, Arena *arena, MeasureDef *out, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "question", "population", "numerator", "denominator", "unit", "note", "kind", "levels", "splits",
        "needs", "years", "parameters", "exclusion", "sql", "fixture", "vector", NULL};
    *out = (MeasureDef){.file = file, .name = file->name};
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(read_kind(file, &out->kind, err));
    TRY(read_levels(file, arena, &out->finest, err));
    TRY(read_splits(file, frame, arena, out, err));
    TRY(read_names(file, file->toml, "needs", arena, &out->needs, &out->need_count, err));
    TRY(read_exclusions(file, arena, out, err));
    TRY(toml_int_or(file->toml, file->path, "years", 0, &out->years, err));
    return read_sql(file, arena, &out->sql, err);
}

static Status measure_files(Policy *policy, PolicyFiles *out, Error *err)
{
    PolicyFiles all = {0};
    Status st = OK;
    TRY_OUT(policy_list(policy, "measures", &all, err));
    for (size_t i = 0; i < all.len; i++) {
        const PolicyFile *used;
        if (!slice_eq_z(all.at[i]->schema, "cairn.measure/1"))
            continue;
        TRY_OUT(policy_get(policy, "measures", all.at[i]->name, all.at[i]->effective_from, &used, err));
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
    TRY_OUT(measure_files(policy, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        MeasureDef def;
        TRY_OUT(read_measure(files.at[i], frame, arena, &def, err));
        TRY_OUT(vec_push(out, def, err));
    }
out:
    vec_free(&files);
    return st;
}

static Status read_info(const PolicyFile *file, MeasureInfo *out, Error *err)
{
    *out = (MeasureInfo){.file = file, .name = file->name, .title = file->title};
    TRY(toml_str(file->toml, file->path, "question", &out->question, err));
    TRY(toml_str(file->toml, file->path, "population", &out->population, err));
    TRY(toml_str_or(file->toml, file->path, "numerator", SLICE(""), &out->numerator, err));
    TRY(toml_str(file->toml, file->path, "denominator", &out->denominator, err));
    TRY(toml_str(file->toml, file->path, "unit", &out->unit, err));
    TRY(toml_str_or(file->toml, file->path, "note", SLICE(""), &out->note, err));
    return read_kind(file, &out->kind, err);
}

Status measure_list(Policy *policy, Arena *arena, MeasureInfos *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    UNUSED(arena);
    TRY_OUT(measure_files(policy, &files, err));
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
