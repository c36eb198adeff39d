/*
 * What all measures of a state share, from files to structs: splits.toml, and from which score a link is strong.
 * Also the readers of lists that measures and outcome definitions have in common. Whatever a file says that this reader
 * does not know is an error: a misspelt option must not quietly become the default.
 */
#include "measure/measure_parts.h"

Status measure_read_names(
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

Status measure_read_reasons(
    const PolicyFile *file, const char *key, const char *code, Arena *arena, Reason **out, size_t *count, Error *err)
{
    const char *const allowed[] = {code, "text", NULL};
    const Toml *list;
    *count = 0;
    TRY(toml_array(file->toml, file->path, key, &list, err));
    TRY(arena_new(arena, Reason, list ? list->count : 0, out, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        Reason *r = &(*out)[(*count)++];
        TRY(toml_only(e, file->path, allowed, err));
        TRY(toml_str(e, file->path, code, &r->code, err));
        TRY(toml_str(e, file->path, "text", &r->text, err));
    }
    if (*count > UINT8_MAX)
        return error_set(err, ERR_INVALID, "%s: more than %d [[%s]]", file->path, UINT8_MAX, key);
    return OK;
}

static Status fill(const PolicyFile *file, Slice raw, Arena *arena, Slice *out, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    Status st = model_fill(file, raw, &sql, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&sql), out, err);
    buf_free(&sql);
    return st;
}

Status measure_read_sql(const PolicyFile *file, Arena *arena, Slice *out, Error *err)
{
    Slice raw;
    TRY(toml_str(file->toml, file->path, "sql", &raw, err));
    return fill(file, raw, arena, out, err);
}

/* --- splits --- */

bool split_reads(const SplitDef *split, const char *alias)
{
    bool found = slice_find(split->sql, slice_of(alias)) < split->sql.len;
    for (size_t i = 1; i < split->value_count; i++)
        found |= slice_find(split->values[i].sql, slice_of(alias)) < split->values[i].sql.len;
    return found;
}

static Status read_value(const PolicyFile *file, const Toml *v, Arena *arena, SplitDef *split, Error *err)
{
    const char *const partition_allowed[] = {"code", "title", NULL}, *const overlap_allowed[] = {
                                                                         "code", "title", "sql", NULL};
    SplitValue value = {0};
    Slice raw;
    TRY(toml_only(v, file->path, split->overlapping ? overlap_allowed : partition_allowed, err));
    TRY(toml_str(v, file->path, "code", &value.code, err));
    TRY(toml_str(v, file->path, "title", &value.title, err));
    if (slice_eq_z(value.code, "unknown")) {
        split->values[0].title = value.title;
        return OK;
    }
    if (split->overlapping) {
        TRY(toml_str(v, file->path, "sql", &raw, err));
        TRY(fill(file, raw, arena, &value.sql, err));
    }
    split->values[split->value_count++] = value;
    return OK;
}

static Status read_values(const PolicyFile *file, const Toml *t, Arena *arena, SplitDef *out, Error *err)
{
    const Toml *values;
    TRY(toml_array(t, file->path, "value", &values, err));
    if (!values || values->count == 0 || values->count >= SPLIT_VALUES_MAX)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": split %.*s must have 1 to %d values", file->path, t->line,
            SLICE_ARG(out->name), SPLIT_VALUES_MAX - 1);
    TRY(arena_new(arena, SplitValue, values->count + 1, &out->values, err));
    out->values[0] = (SplitValue){.code = SLICE("unknown"), .title = SLICE("Not known")};
    out->value_count = 1;
    for (const Toml *v = values->first; v; v = v->next)
        TRY(read_value(file, v, arena, out, err));
    return OK;
}

static Status read_split(const PolicyFile *file, const Toml *t, Arena *arena, SplitDef *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "sql", "value", "note", "partition", NULL};
    bool partition;
    Slice raw;
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "name", &out->name, err));
    TRY(toml_str(t, file->path, "title", &out->title, err));
    TRY(toml_bool_or(t, file->path, "partition", true, &partition, err));
    out->overlapping = !partition;
    if (partition) {
        TRY(toml_str(t, file->path, "sql", &raw, err));
        TRY(fill(file, raw, arena, &out->sql, err));
    } else if (toml_get(t, "sql")) {
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": split %.*s is no partition, so each of its values has the sql, not the split", file->path,
            t->line, SLICE_ARG(out->name));
    }
    TRY(read_values(file, t, arena, out, err));
    out->of_person = !split_reads(out, "d.") && !split_reads(out, "c.") && !split_reads(out, "a.");
    out->of_place = !out->of_person && !split_reads(out, "p.");
    return OK;
}

const SplitDef *measure_split(const MeasureFrame *frame, Slice name)
{
    for (size_t i = 0; i < frame->split_count; i++)
        if (slice_eq(frame->splits[i].name, name))
            return &frame->splits[i];
    return NULL;
}

static Status read_frame(const PolicyFile *file, Arena *arena, MeasureFrame *out, Error *err)
{
    const Toml *splits;
    out->file = file;
    TRY(toml_str(file->toml, file->path, "state", &out->state, err));
    TRY(toml_array(file->toml, file->path, "split", &splits, err));
    if (splits && splits->count > SPLITS_MAX)
        return error_set(err, ERR_LIMIT, "%s: more than %d splits", file->path, SPLITS_MAX);
    TRY(arena_new(arena, SplitDef, splits ? splits->count : 0, &out->splits, err));
    for (const Toml *s = splits ? splits->first : NULL; s; s = s->next) {
        TRY(read_split(file, s, arena, &out->splits[out->split_count], err));
        out->splits[out->split_count].number = out->split_count;
        if (measure_split(out, out->splits[out->split_count].name))
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": split %.*s is there twice", file->path, s->line,
                SLICE_ARG(out->splits[out->split_count].name));
        out->split_count++;
    }
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
