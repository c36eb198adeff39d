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

/* A split, or several crossed with commas between. */
static bool each_split(const Labels *l, Slice split, bool (*holds)(const Toml *split), bool every)
{
    while (split.ptr) {
        const Toml *s = find_split(l, slice_cut(&split, ','));
        if (holds(s) != every)
            return !every;
    }
    return every;
}

static bool is_there(const Toml *split)
{
    return split != NULL;
}

static bool overlaps(const Toml *split)
{
    const Toml *partition = split ? toml_get(split, "partition") : NULL;
    return partition && partition->type == TOML_BOOLEAN && !partition->boolean;
}

bool labels_has_split(const Labels *l, Slice split)
{
    return each_split(l, split, is_there, true);
}

bool labels_split_overlaps(const Labels *l, Slice split)
{
    return each_split(l, split, overlaps, false);
}

void labels_hint_splits(const Labels *l, Slice asked, Error *err)
{
    Buf names;
    const Toml *list = toml_get(l->splits->toml, "split");
    buf_init(&names, 0);
    for (const Toml *e = list ? list->first : NULL; e; e = e->next)
        buf_addf(&names, "%s%.*s", names.len ? ", " : "", SLICE_ARG(text_or(e, "name", SLICE(""))));
    while (asked.ptr) {
        Slice name = slice_cut(&asked, ',');
        if (slice_eq_z(name, "county") || slice_eq_z(name, "district") || slice_eq_z(name, "school"))
            error_hint(err, "Places are levels: --level %.*s.", SLICE_ARG(name));
        else if (!find_split(l, name))
            error_hint(err, "There is no split %.*s; there are %s.", SLICE_ARG(name), buf_z(&names));
        else
            continue;
        break;
    }
    buf_free(&names);
}

static Slice one_split(const Labels *l, Slice split)
{
    return text_or(find_split(l, split), "title", split);
}

static Slice one_group(const Labels *l, Slice split, Slice grp)
{
    const Toml *s = find_split(l, split);
    return text_or(find_named(s ? toml_get(s, "value") : NULL, "code", grp), "title", grp);
}

/* Of several the titles, with commas between; where there is no memory for them the codes. */
static Slice joined(const Labels *l, Slice splits, Slice groups, bool of_groups)
{
    Slice kept = of_groups ? groups : splits, rest = splits, copy;
    Buf text;
    if (slice_find(splits, SLICE(",")) == splits.len)
        return of_groups ? one_group(l, splits, groups) : one_split(l, splits);
    buf_init(&text, 0);
    while (rest.ptr) {
        Slice split = slice_cut(&rest, ','), grp = slice_cut(&groups, ',');
        buf_add(&text, of_groups ? one_group(l, split, grp) : one_split(l, split));
        buf_adds(&text, rest.ptr ? ", " : "");
    }
    if (text.status == OK && arena_dup(l->arena, buf_slice(&text), &copy, NULL) == OK)
        kept = copy;
    buf_free(&text);
    return kept;
}

Slice labels_split(const Labels *l, Slice split)
{
    return joined(l, split, (Slice){0}, false);
}

Slice labels_group(const Labels *l, Slice split, Slice grp)
{
    return joined(l, split, grp, true);
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
