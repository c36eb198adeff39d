/* Words for codes: splits and groups from splits.toml, places from the reference tables. */
#include "equity/equity_parts.h"

#define UNIT_SEP '\x1f'

static Status find_splits(Policy *policy, Labels *l, Error *err)
{
    PolicyFiles files = {0};
    Status st = policy_list(policy, "measures", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++)
        if (slice_eq_z(files.at[i]->schema, "cairn.splits/1"))
            l->splits = files.at[i];
    vec_free(&files);
    if (st == OK && !l->splits)
        st = error_set(err, ERR_NOT_FOUND, "the policy has no file of schema cairn.splits/1 under measures/");
    return st;
}

static Status unit_key(const char *level, const Slice *codes, size_t count, Buf *key, Error *err)
{
    buf_reset(key);
    buf_adds(key, level);
    for (size_t i = 0; i < count; i++) {
        buf_addc(key, i ? '-' : UNIT_SEP);
        buf_add(key, codes[i]);
    }
    return buf_status(key, err);
}

typedef struct Place {
    const char *level, *file;
    const char *codes[2];
} Place;

static Status add_places(Policy *policy, Labels *l, const Place *p, Error *err)
{
    Slice text;
    const char *path;
    CsvTable t;
    size_t columns[2], name, parts = p->codes[1] ? 2 : 1;
    Buf key;
    Status st = OK;
    TRY(policy_data(policy, p->file, &text, &path, err));
    TRY(csv_parse(text, path, l->arena, &t, err));
    for (size_t i = 0; i < parts; i++)
        TRY(csv_column(&t, p->codes[i], &columns[i], err));
    TRY(csv_column(&t, "name", &name, err));
    buf_init(&key, 0);
    for (size_t r = 0; r < t.rows; r++) {
        Slice codes[2];
        for (size_t i = 0; i < parts; i++)
            codes[i] = t.cells[r * t.columns + columns[i]];
        TRY_OUT(unit_key(p->level, codes, parts, &key, err));
        TRY_OUT(map_put(&l->units, buf_slice(&key), l->texts.len, NULL, err));
        TRY_OUT(vec_push(&l->texts, t.cells[r * t.columns + name], err));
    }
out:
    buf_free(&key);
    return st;
}

Status labels_open(Policy *policy, Arena *arena, Labels *out, Error *err)
{
    static const Place places[] = {
        {"county", "reference/counties.csv", {"county_fips", NULL}},
        {"district", "reference/districts.csv", {"district_id", NULL}},
        {"school", "reference/schools.csv", {"district_id", "school_id"}},
    };
    *out = (Labels){.arena = arena};
    TRY(map_init(&out->units, err));
    TRY(find_splits(policy, out, err));
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        Status st = add_places(policy, out, &places[i], err);
        /* A state need not keep these tables; then codes are shown. */
        if (st != OK && st != ERR_NOT_FOUND)
            return st;
    }
    return OK;
}

void labels_free(Labels *l)
{
    map_free(&l->units);
    vec_free(&l->texts);
}

static Slice text_or(const Toml *t, const char *key, Slice fallback)
{
    const Toml *v = toml_get(t, key);
    return v && v->type == TOML_STRING ? v->string : fallback;
}

static const Toml *find_named(const Toml *list, const char *key, Slice name)
{
    for (const Toml *e = list ? list->first : NULL; e; e = e->next)
        if (slice_eq(text_or(e, key, SLICE("")), name))
            return e;
    return NULL;
}

static const Toml *find_split(const Labels *l, Slice split)
{
    return find_named(toml_get(l->splits->toml, "split"), "name", split);
}

bool labels_has_split(const Labels *l, Slice split)
{
    return find_split(l, split) != NULL;
}

bool labels_split_overlaps(const Labels *l, Slice split)
{
    const Toml *s = find_split(l, split), *partition = s ? toml_get(s, "partition") : NULL;
    return partition && partition->type == TOML_BOOLEAN && !partition->boolean;
}

Slice labels_split(const Labels *l, Slice split)
{
    return text_or(find_split(l, split), "title", split);
}

Slice labels_group(const Labels *l, Slice split, Slice grp)
{
    const Toml *s = find_split(l, split);
    return text_or(find_named(s ? toml_get(s, "value") : NULL, "code", grp), "title", grp);
}

Slice labels_unit(const Labels *l, Slice level, Slice unit)
{
    char key[128];
    uint64_t at;
    if (level.len + unit.len + 1 > sizeof key)
        return unit;
    memcpy(key, level.ptr, level.len);
    key[level.len] = UNIT_SEP;
    memcpy(key + level.len + 1, unit.ptr, unit.len);
    return map_get(&l->units, (Slice){key, level.len + unit.len + 1}, &at) ? l->texts.at[at] : unit;
}
