/* A definition for readers: what it asks, of whom, by which rule, and what the engine makes of it. */
#include "measure/measure_parts.h"

static void line(Buf *out, const char *head, Slice text)
{
    if (text.len > 0)
        buf_addf(out, "%-14s %.*s\n", head, SLICE_ARG(text));
}

static void dates(Buf *out, const PolicyFile *file)
{
    char from[11], to[11];
    date_print(file->effective_from, from);
    date_print(file->effective_to, to);
    buf_addf(out, "%-14s %s to %s, version %.*s, %.*s\n", "in force", from,
        file->effective_to == DATE_NONE ? "today and after" : to, SLICE_ARG(file->version), SLICE_ARG(file->status));
    line(out, "source", file->source);
    buf_addf(out, "%-14s %s, sha256 %s\n", "file", file->path, file->sha256);
}

static void value_text(const Toml *v, Buf *out)
{
    char day[11];
    switch (v->type) {
    case TOML_STRING:
    case TOML_DATETIME:
        buf_add(out, v->string);
        break;
    case TOML_INTEGER:
        buf_add_i64(out, v->integer);
        break;
    case TOML_FLOAT:
        buf_addf(out, "%.15g", v->number);
        break;
    case TOML_BOOLEAN:
        buf_adds(out, v->boolean ? "true" : "false");
        break;
    case TOML_DATE:
        date_print(v->date, day);
        buf_adds(out, day);
        break;
    case TOML_ARRAY:
        for (const Toml *e = v->first; e; e = e->next) {
            value_text(e, out);
            buf_adds(out, e->next ? ", " : "");
        }
        break;
    case TOML_TABLE:
        break;
    }
}

static Status parameters(const PolicyFile *file, Buf *out, Error *err)
{
    const Toml *all;
    TRY(toml_table(file->toml, file->path, "parameters", &all, err));
    for (const Toml *p = all ? all->first : NULL; p; p = p->next) {
        const Toml *value = toml_get(p, "value");
        Slice status, source;
        TRY(toml_str(p, file->path, "status", &status, err));
        TRY(toml_str(p, file->path, "source", &source, err));
        buf_addf(out, "  %.*s = ", SLICE_ARG(p->key));
        if (value)
            value_text(value, out);
        buf_addf(out, " (%.*s: %.*s)\n", SLICE_ARG(status), SLICE_ARG(source));
    }
    return OK;
}

static void reasons(Buf *out, const char *head, const Reason *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "%s  %.*s: %.*s\n", i ? "" : head, SLICE_ARG(list[i].code), SLICE_ARG(list[i].text));
}

static void names(Buf *out, const char *head, const MeasureDef *def)
{
    buf_addf(out, "%-14s all", head);
    for (size_t i = 0; i < def->split_count; i++)
        buf_addf(out, ", %.*s", SLICE_ARG(def->splits[i]->name));
    buf_addc(out, '\n');
}

static Status text_of(const PolicyFile *file, const char *head, const char *key, Buf *out, Error *err)
{
    Slice text;
    TRY(toml_str_or(file->toml, file->path, key, SLICE(""), &text, err));
    line(out, head, text);
    return OK;
}

static Status explain_outcome(const OutcomeDef *o, Buf *out, Error *err)
{
    buf_addf(
        out, "\ndefinition %.*s@%.*s: %.*s\n", SLICE_ARG(o->family), SLICE_ARG(o->name), SLICE_ARG(o->file->title));
    dates(out, o->file);
    line(out, "employed", o->employed);
    line(out, "earnings", o->earnings);
    line(out, "unit", o->unit);
    if (o->has_quarters)
        buf_addf(out, "%-14s %" PRId64 " to %" PRId64 " from the one asked for, empty ones kept\n", "quarters",
            o->quarter_from, o->quarter_to);
    reasons(out, "clauses\n", o->clauses, o->clause_count);
    buf_adds(out, "parameters\n");
    TRY(parameters(o->file, out, err));
    buf_addf(out, "SQL\n%.*s\n", SLICE_ARG(o->sql));
    return OK;
}

static Status explain_measure(const MeasureDef *def, Buf *out, Error *err)
{
    const PolicyFile *file = def->file;
    buf_addf(out, "%.*s: %.*s\n", SLICE_ARG(def->name), SLICE_ARG(file->title));
    TRY(text_of(file, "question", "question", out, err));
    TRY(text_of(file, "population", "population", out, err));
    TRY(text_of(file, "denominator", "denominator", out, err));
    TRY(text_of(file, "numerator", "numerator", out, err));
    TRY(text_of(file, "unit", "unit", out, err));
    buf_addf(out, "%-14s %s\n", "kind", measure_kind_names[def->kind]);
    buf_addf(out, "%-14s %s and above\n", "levels", measure_level_names[def->finest]);
    names(out, "splits", def);
    if (def->years > 0)
        buf_addf(out, "%-14s the latest %" PRId64 "\n", "years", def->years);
    if (def->minimum_n > 0)
        buf_addf(out, "%-14s figures of fewer than %" PRId64 " are marked small\n", "minimum", def->minimum_n);
    dates(out, file);
    TRY(text_of(file, "note", "note", out, err));
    reasons(out, "left out\n", def->reasons, def->reason_count);
    buf_adds(out, "parameters\n");
    TRY(parameters(file, out, err));
    buf_addf(out, "SQL\n%.*s\n", SLICE_ARG(def->sql));
    return OK;
}

static Status explain_family(
    const MeasureDef *def, const OutcomeDefs *outcomes, Slice definition, Buf *out, bool *found, Error *err)
{
    Slice wanted = definition.len > 0 ? definition : def->definition;
    for (size_t i = 0; i < outcomes->len; i++) {
        const OutcomeDef *o = &outcomes->at[i];
        if (!slice_eq(o->family, def->family))
            continue;
        if (slice_eq(o->name, wanted)) {
            *found = true;
            TRY(explain_outcome(o, out, err));
        } else {
            buf_addf(out, "\nalso %.*s@%.*s: %.*s (--definition %.*s)\n", SLICE_ARG(def->name), SLICE_ARG(o->name),
                SLICE_ARG(o->file->title), SLICE_ARG(o->name));
        }
    }
    return OK;
}

Status measure_explain(Policy *policy, Slice name, Slice definition, Buf *out, Error *err)
{
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    OutcomeDefs outcomes = {0};
    bool found = false, defined = definition.len == 0;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(measure_frame_read(policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(policy, &frame, &arena, &defs, err));
    TRY_OUT(outcome_defs_read(policy, &arena, &outcomes, err));
    for (size_t i = 0; i < defs.len; i++) {
        if (!slice_eq(defs.at[i].name, name))
            continue;
        buf_adds(out, found ? "\n" : "");
        found = true;
        TRY_OUT(explain_measure(&defs.at[i], out, err));
        if (defs.at[i].family.len > 0)
            TRY_OUT(explain_family(&defs.at[i], &outcomes, definition, out, &defined, err));
    }
    if (!found) {
        st = error_set(err, ERR_NOT_FOUND, "there is no measure %.*s", SLICE_ARG(name));
        measure_hint_names(policy, name, err);
    } else if (!defined) {
        st = error_set(
            err, ERR_NOT_FOUND, "measure %.*s has no definition %.*s", SLICE_ARG(name), SLICE_ARG(definition));
        outcome_hint_names(&outcomes, SLICE(""), err);
    } else {
        st = buf_status(out, err);
    }
out:
    vec_free(&defs);
    vec_free(&outcomes);
    arena_free(&arena);
    return st;
}
