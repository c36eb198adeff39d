/* Names of places come from the state's reference tables, named in i18n; names of groups from measures/splits.toml. */
#include "publish/words.h"

static Status key_of(const Words *w, Slice level, Slice unit, Slice *out, Error *err)
{
    const char *key;
    TRY(arena_printf(w->arena, &key, err, "%.*s\x1f%.*s", SLICE_ARG(level), SLICE_ARG(unit)));
    *out = slice_of(key);
    return OK;
}

static Status add_name(Words *w, Slice level, Slice unit, Slice name, Slice suffix, Error *err)
{
    Slice key;
    const char *text;
    TRY(key_of(w, level, unit, &key, err));
    TRY(arena_printf(w->arena, &text, err, "%.*s%.*s", SLICE_ARG(name), SLICE_ARG(suffix)));
    TRY(vec_push(&w->texts, slice_of(text), err));
    return map_put(&w->names, key, w->texts.len - 1, NULL, err);
}

/* Code columns joined by "-". */
static Status code_of(
    const CsvTable *t, size_t row, const size_t *columns, size_t count, Arena *arena, Slice *out, Error *err)
{
    Slice code = t->cells[row * t->columns + columns[0]];
    for (size_t i = 1; i < count; i++) {
        const char *text;
        TRY(arena_printf(
            arena, &text, err, "%.*s-%.*s", SLICE_ARG(code), SLICE_ARG(t->cells[row * t->columns + columns[i]])));
        code = slice_of(text);
    }
    *out = code;
    return OK;
}

static Status read_names(Words *w, Policy *policy, const Toml *level, Error *err)
{
    const Toml *file = toml_get(level, "names"), *codes = toml_get(level, "code");
    if (!file)
        return OK;
    Slice text;
    const char *path;
    CsvTable t;
    TRY(policy_data(policy, file->string.ptr, &text, &path, err));
    TRY(csv_parse(text, file->string.ptr, w->arena, &t, err));
    size_t columns[4], count = 0, name;
    for (const Toml *c = codes ? codes->first : NULL; c && count < COUNT_OF(columns); c = c->next)
        TRY(csv_column(&t, c->string.ptr, &columns[count++], err));
    Slice name_column;
    TRY(toml_str(level, w->file->path, "name", &name_column, err));
    TRY(csv_column(&t, name_column.ptr, &name, err));
    if (count == 0)
        return error_set(err, ERR_INVALID, "%s: names without a code column", w->file->path);
    for (size_t r = 0; r < t.rows; r++) {
        Slice code;
        TRY(code_of(&t, r, columns, count, w->arena, &code, err));
        TRY(add_name(w, level->key, code, t.cells[r * t.columns + name], words_in(level, "suffix"), err));
    }
    return OK;
}

Status words_open(Policy *policy, Date on, Arena *arena, Words *out, Error *err)
{
    *out = (Words){.arena = arena};
    TRY(map_init(&out->names, err));
    TRY(policy_get(policy, "i18n", SLICE("en"), on, &out->file, err));
    TRY(policy_get(policy, "measures", SLICE("splits"), on, &out->splits, err));
    const Toml *levels = toml_get(out->file->toml, "level");
    for (const Toml *l = levels ? levels->first : NULL; l; l = l->next)
        TRY(read_names(out, policy, l, err));
    return OK;
}

void words_free(Words *w)
{
    map_free(&w->names);
    vec_free(&w->texts);
    *w = (Words){0};
}

Slice words_in(const Toml *table, const char *key)
{
    const Toml *t = toml_get(table, key);
    return t && t->type == TOML_STRING ? t->string : (Slice){"", 0};
}

Slice words_text(const Words *w, const char *key)
{
    return words_in(w->file->toml, key);
}

static const Toml *level_table(const Words *w, Slice level)
{
    const Toml *levels = toml_get(w->file->toml, "level");
    for (const Toml *l = levels ? levels->first : NULL; l; l = l->next)
        if (slice_eq(l->key, level))
            return l;
    return NULL;
}

Slice words_level(const Words *w, Slice level, const char *form)
{
    Slice s = words_in(level_table(w, level), form);
    return s.len > 0 ? s : level;
}

static Status own_name(const Words *w, Slice level, Slice unit, Slice *out, Error *err)
{
    if (slice_eq_z(level, "state")) {
        *out = words_text(w, "state_name");
        return OK;
    }
    Slice key;
    uint64_t at;
    TRY(key_of(w, level, unit, &key, err));
    *out = unit;
    if (map_get(&w->names, key, &at))
        *out = w->texts.at[at];
    else if (slice_ends(unit, SLICE("OTHER")))
        *out = words_in(level_table(w, level), "other");
    return OK;
}

Status words_unit(const Words *w, Slice level, Slice unit, Slice parent_level, uint32_t pooled, Slice *out, Error *err)
{
    if (!slice_starts(unit, SLICE(PROTECT_POOL)))
        return own_name(w, level, unit, out, err);
    Slice within = slice_sub(unit, sizeof PROTECT_POOL - 1, unit.len);
    const char *text;
    Slice many = words_level(w, level, "many");
    if (slice_starts(within, SLICE(PROTECT_POOL))) {
        TRY(arena_printf(w->arena, &text, err, "%u %.*s in small %.*s, together", pooled, SLICE_ARG(many),
            SLICE_ARG(words_level(w, parent_level, "many"))));
    } else {
        Slice parent;
        TRY(own_name(w, parent_level, within, &parent, err));
        TRY(arena_printf(
            w->arena, &text, err, "%u %.*s in %.*s, together", pooled, SLICE_ARG(many), SLICE_ARG(parent)));
    }
    *out = slice_of(text);
    return OK;
}

static const Toml *split_table(const Words *w, Slice split)
{
    const Toml *list = toml_get(w->splits->toml, "split");
    for (const Toml *s = list ? list->first : NULL; s; s = s->next)
        if (slice_eq(words_in(s, "name"), split))
            return s;
    return NULL;
}

Slice words_split(const Words *w, Slice split)
{
    Slice s = words_in(split_table(w, split), "title");
    return s.len > 0 ? s : split;
}

Slice words_split_name(const Words *w, size_t index)
{
    const Toml *list = toml_get(w->splits->toml, "split");
    const Toml *s = list ? list->first : NULL;
    while (s && index-- > 0)
        s = s->next;
    return s ? words_in(s, "name") : (Slice){NULL, 0};
}

size_t words_group_rank(const Words *w, Slice split, Slice grp)
{
    const Toml *table = split_table(w, split);
    const Toml *values = table ? toml_get(table, "value") : NULL;
    size_t rank = 0;
    for (const Toml *v = values ? values->first : NULL; v; v = v->next, rank++)
        if (slice_eq(words_in(v, "code"), grp))
            return rank;
    return slice_eq_z(grp, PROTECT_OTHER) ? SIZE_MAX : rank;
}

static Slice group_title(const Words *w, Slice split, Slice grp)
{
    const Toml *table = split_table(w, split);
    const Toml *values = table ? toml_get(table, "value") : NULL;
    for (const Toml *v = values ? values->first : NULL; v; v = v->next)
        if (slice_eq(words_in(v, "code"), grp))
            return words_in(v, "title");
    return grp;
}

Status words_group(const Words *w, Slice split, Slice grp, Slice groups, Slice *out, Error *err)
{
    if (slice_eq_z(split, "all")) {
        *out = SLICE("Everybody");
        return OK;
    }
    if (groups.len == 0) {
        *out = group_title(w, split, grp);
        return OK;
    }
    const char *text = "";
    while (groups.ptr) {
        Slice title = group_title(w, split, slice_cut(&groups, ' '));
        const char *joint = text[0] == '\0' ? "" : groups.ptr ? ", " : " and ";
        TRY(arena_printf(w->arena, &text, err, "%s%s%.*s", text, joint, SLICE_ARG(title)));
    }
    *out = slice_of(text);
    return OK;
}

bool words_list_has(const Toml *list, Slice s)
{
    for (const Toml *m = list ? list->first : NULL; m; m = m->next)
        if (m->type == TOML_STRING && slice_eq(m->string, s))
            return true;
    return false;
}
