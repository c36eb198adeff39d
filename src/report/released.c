/* Reading a release back: what was printed, as it was printed. */
#include "report/report_parts.h"

#include "publish/publish.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static Status corrupt(Error *err, const char *file)
{
    return error_set(err, ERR_CORRUPT, "%s of the release is not of the form a release has", file);
}

static Status read_json(const Released *r, const char *relative, json_t **out, Error *err)
{
    const char *path;
    Buf text;
    buf_init(&text, 0);
    TRY(path_join(r->arena, r->dir, relative, &path, err));
    Status st = file_read(path, 0, &text, err);
    if (st == OK) {
        *out = json_loadb(buf_z(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
        st = *out ? OK : corrupt(err, relative);
    }
    buf_free(&text);
    return st;
}

/* A string, or a number as it stands in the file; empty for null and what is absent. */
static Status text_of(const Released *r, const json_t *object, const char *key, Slice *out, Error *err)
{
    const json_t *v = json_object_get(object, key);
    *out = (Slice){"", 0};
    if (json_is_string(v))
        return arena_dup(r->arena, (Slice){json_string_value(v), json_string_length(v)}, out, err);
    if (json_is_integer(v))
        return arena_format(r->arena, out, err, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    if (json_is_real(v))
        return arena_format(r->arena, out, err, "%.1f", json_real_value(v));
    return OK;
}

static Status read_cell(const Released *r, const json_t *from, ReleasedCell *out, Error *err)
{
    const struct {
        const char *key;
        Slice *to;
    } texts[] = {{"level", &out->level}, {"split", &out->split}, {"group", &out->group},
        {"group_name", &out->group_name}, {"people", &out->people}, {"seen_of_100", &out->seen},
        {"linked_of_100", &out->linked}, {"link_precision", &out->precision}, {"link_recall", &out->recall}};
    *out = (ReleasedCell){.year = (int32_t)json_integer_value(json_object_get(from, "year"))};
    const json_t *value = json_object_get(from, "value");
    out->value = json_is_number(value) ? json_number_value(value) : (double)NAN;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        TRY(text_of(r, from, texts[i].key, texts[i].to, err));
    return OK;
}

static bool is_state(const json_t *cell)
{
    const char *level = json_string_value(json_object_get(cell, "level"));
    return level && strcmp(level, "state") == 0;
}

static Status read_cells(const Released *r, const json_t *cells, ReleasedTable *t, Error *err)
{
    TRY(arena_new(r->arena, ReleasedCell, json_array_size(cells), &t->cells, err));
    for (size_t i = 0; i < json_array_size(cells); i++)
        if (is_state(json_array_get(cells, i)))
            TRY(read_cell(r, json_array_get(cells, i), &t->cells[t->cell_count++], err));
    return OK;
}

/* The rule's own words of where it comes from, when the policy still has the file that made the figures. */
static Status rule_source(const Released *r, const json_t *manifest, ReleasedTable *t, Error *err)
{
    const json_t *files = json_object_get(json_object_get(manifest, "policy"), "files");
    PolicyFiles own = {0};
    t->rule_source = (Slice){"", 0};
    Status st = policy_list(r->policy, "measures", &own, err);
    for (size_t i = 0; st == OK && i < own.len; i++) {
        if (!slice_eq_z(t->rule, own.at[i]->path))
            continue;
        for (size_t k = 0; k < json_array_size(files); k++) {
            const char *path = json_string_value(json_object_get(json_array_get(files, k), "path"));
            const char *sha = json_string_value(json_object_get(json_array_get(files, k), "sha256"));
            if (path && sha && strcmp(path, own.at[i]->path) == 0 && strcmp(sha, own.at[i]->sha256) == 0)
                t->rule_source = own.at[i]->source;
        }
    }
    vec_free(&own);
    return st;
}

static Status read_table(Released *r, const json_t *manifest, Slice name, Error *err)
{
    Slice relative;
    json_t *file = NULL;
    ReleasedTable t = {0};
    const struct {
        const char *key;
        Slice *to;
    } texts[] = {{"measure", &t.measure}, {"title", &t.title}, {"question", &t.question}, {"population", &t.population},
        {"numerator", &t.numerator}, {"denominator", &t.denominator}, {"unit", &t.unit}, {"kind", &t.kind},
        {"note", &t.note}, {"rule", &t.rule}, {"rule_version", &t.rule_version}, {"rule_status", &t.rule_status}};
    TRY(arena_format(r->arena, &relative, err, "data/%.*s.json", SLICE_ARG(name)));
    Status st = read_json(r, relative.ptr, &file, err);
    for (size_t i = 0; st == OK && i < COUNT_OF(texts); i++)
        st = text_of(r, file, texts[i].key, texts[i].to, err);
    if (st == OK)
        st = text_of(r, file, "protection", &r->protection, err);
    if (st == OK)
        st = read_cells(r, json_object_get(file, "cells"), &t, err);
    t.withheld = json_array_size(json_object_get(file, "withheld"));
    json_decref(file);
    if (st == OK)
        st = rule_source(r, manifest, &t, err);
    if (st == OK)
        st = vec_push(&r->tables, t, err);
    return st;
}

static bool is_released(const json_t *manifest, Slice name)
{
    const json_t *list = json_object_get(manifest, "measures");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *own = json_string_value(json_object_get(json_array_get(list, i), "name"));
        if (own && slice_eq_z(name, own))
            return true;
    }
    return false;
}

/* Of a source or a measure, as the policy in force names it; else its own name. */
static Slice policy_title(const Released *r, const char *folder, Slice name)
{
    PolicyFiles files = {0};
    Slice title = name;
    if (policy_list(r->policy, folder, &files, NULL) == OK)
        for (size_t i = 0; i < files.len; i++)
            if (slice_eq(files.at[i]->name, name))
                title = files.at[i]->title;
    vec_free(&files);
    return title;
}

/* Inputs are sorted by source. */
static Status read_sources(Released *r, const json_t *manifest, Error *err)
{
    const json_t *list = json_object_get(manifest, "inputs");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *input = json_array_get(list, i);
        ReleasedSource s = {.files = 0};
        TRY(text_of(r, input, "source", &s.name, err));
        if (r->sources.len == 0 || !slice_eq(vec_last(&r->sources).name, s.name)) {
            s.title = policy_title(r, "sources", s.name);
            TRY(vec_push(&r->sources, s, err));
        }
        const json_t *files = json_object_get(input, "files"); /* older releases list each file */
        vec_last(&r->sources).files += files ? (uint64_t)json_integer_value(files) : 1;
        vec_last(&r->sources).rows += (uint64_t)json_integer_value(json_object_get(input, "rows"));
    }
    return OK;
}

static Status read_protection(Released *r, const json_t *manifest, Error *err)
{
    json_t *protection = json_object_get(manifest, "protection"), *value;
    const json_t *audit = json_object_get(protection, "audit");
    const char *name;
    TRY(text_of(r, protection, "file", &r->protection_file, err));
    TRY(text_of(r, protection, "rule", &r->protection, err));
    r->audited = json_integer_value(json_object_get(audit, "cells"));
    r->withheld = json_integer_value(json_object_get(audit, "withheld"));
    json_object_foreach(json_object_get(protection, "parameters"), name, value)
    {
        ReleasedParameter p = {.value = json_integer_value(value)};
        TRY(arena_dup(r->arena, slice_of(name), &p.name, err));
        TRY(vec_push(&r->parameters, p, err));
    }
    return OK;
}

static Status find_current(Home *home, Released *r, Error *err)
{
    const char *path;
    Buf text;
    Slice id;
    buf_init(&text, 64);
    TRY(home_file(home, r->arena, "releases/CURRENT", &path, err));
    if (!file_exists(path)) {
        error_set(err, ERR_NOT_FOUND, "nothing was released yet");
        error_hint(err, "Make a release with \"cairn release\" first: the report is made of released tables only.");
        return ERR_NOT_FOUND;
    }
    Status st = file_read(path, 64, &text, err);
    if (st == OK) {
        id = slice_trim(buf_slice(&text));
        st = release_id_ok(id) ? arena_dup(r->arena, id, &r->id, err) : corrupt(err, "CURRENT");
    }
    buf_free(&text);
    TRY(st);
    Slice relative;
    TRY(arena_format(r->arena, &relative, err, "releases/%.*s", SLICE_ARG(r->id)));
    return home_file(home, r->arena, relative.ptr, &r->dir, err);
}

Status released_open(
    Home *home, Policy *policy, const Slice *names, size_t name_count, Arena *arena, Released *out, Error *err)
{
    json_t *manifest = NULL;
    uint8_t signer[32];
    Status st;
    *out = (Released){.arena = arena, .policy = policy};
    TRY(find_current(home, out, err));
    TRY(home_release_key(home, signer, err));
    TRY(release_verify(out->dir, signer, err));
    TRY_OUT(read_json(out, "manifest.json", &manifest, err));
    TRY_OUT(read_sources(out, manifest, err));
    TRY_OUT(read_protection(out, manifest, err));
    for (size_t i = 0; i < name_count; i++) {
        if (released_table(out, names[i]))
            continue;
        if (is_released(manifest, names[i]))
            TRY_OUT(read_table(out, manifest, names[i], err));
        else
            TRY_OUT(vec_push(&out->missing, policy_title(out, "measures", names[i]), err));
    }
out:
    json_decref(manifest);
    return st;
}

void released_free(Released *r)
{
    vec_free(&r->tables);
    vec_free(&r->sources);
    vec_free(&r->parameters);
    vec_free(&r->missing);
}

const ReleasedTable *released_table(const Released *r, Slice measure)
{
    for (size_t i = 0; i < r->tables.len; i++)
        if (slice_eq(r->tables.at[i].measure, measure))
            return &r->tables.at[i];
    return NULL;
}

const ReleasedCell *released_everybody(const ReleasedTable *t, int32_t year)
{
    for (size_t i = 0; i < t->cell_count; i++)
        if (t->cells[i].year == year && slice_eq_z(t->cells[i].split, "all"))
            return &t->cells[i];
    return NULL;
}

int32_t released_latest(const ReleasedTable *t, int32_t limit)
{
    int32_t latest = 0;
    for (size_t i = 0; i < t->cell_count; i++)
        if (slice_eq_z(t->cells[i].split, "all") && t->cells[i].year <= limit && t->cells[i].year > latest)
            latest = t->cells[i].year;
    return latest;
}
