/*
 * Names by frequency: a surname or first name is drawn in proportion to its count in the whole list, or, for families
 * of the group, among the names of that tilt. The lists are policy/<state>/synth/{surnames,first_names,nicknames}.csv.
 */
#include "synth/world.h"

static NameTilt tilt_of(Slice s)
{
    return slice_eq_z(s, "hispanic") ? TILT_HISPANIC : slice_eq_z(s, "asian") ? TILT_ASIAN : TILT_GENERAL;
}

static Slice title_case(Slice s, char *out)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool upper = c >= 'A' && c <= 'Z';
        out[i] = i > 0 && upper ? (char)(c + 32) : i == 0 && c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    return (Slice){out, s.len};
}

static Status list_alloc(World *w, NameList *l, size_t rows, Error *err)
{
    TRY(arena_new(&w->arena, Slice, rows, &l->plain, err));
    TRY(arena_new(&w->arena, Slice, rows, &l->accented, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &l->nick_first, err));
    TRY(arena_new(&w->arena, uint32_t, rows, &l->nick_count, err));
    for (size_t t = 0; t < TILT_COUNT; t++) {
        TRY(arena_new(&w->arena, uint64_t, rows, &l->cumulative[t], err));
        TRY(arena_new(&w->arena, uint32_t, rows, &l->index[t], err));
    }
    return OK;
}

static Status list_add(World *w, NameList *l, Slice name, int64_t count, NameTilt tilt, Error *err)
{
    char *text = NULL;
    TRY(arena_new(&w->arena, char, name.len + 1, &text, err));
    uint32_t i = l->total++;
    l->plain[i] = title_case(name, text);
    for (size_t t = 0; t < TILT_COUNT; t++) {
        if (t != TILT_GENERAL && t != tilt)
            continue;
        uint32_t n = l->count[t]++;
        l->index[t][n] = i;
        l->cumulative[t][n] = (n ? l->cumulative[t][n - 1] : 0) + (uint64_t)count;
    }
    return OK;
}

Slice name_draw(const NameList *list, NameTilt tilt, Rng *r, uint32_t *index)
{
    if (list->count[tilt] == 0)
        tilt = TILT_GENERAL;
    *index = list->index[tilt][rng_pick(r, list->cumulative[tilt], list->count[tilt])];
    return list->plain[*index];
}

static Status read_surnames(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t name, count, tilt, accented;
    TRY(policy_table(w, dir, "surnames.csv", &t, err));
    TRY(policy_column(&t, "surname", &name, err));
    TRY(policy_column(&t, "count", &count, err));
    TRY(policy_column(&t, "tilt", &tilt, err));
    TRY(policy_column(&t, "accented", &accented, err));
    TRY(list_alloc(w, &w->surnames, t.csv.rows, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        int64_t n = 0;
        TRY(policy_number(&t, i, count, &n, err));
        TRY(list_add(w, &w->surnames, policy_cell(&t, i, name), n, tilt_of(policy_cell(&t, i, tilt)), err));
        w->surnames.accented[i] = policy_cell(&t, i, accented);
    }
    return OK;
}

static Status read_first_names(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t name, sex, count, tilt;
    TRY(policy_table(w, dir, "first_names.csv", &t, err));
    TRY(policy_column(&t, "name", &name, err));
    TRY(policy_column(&t, "sex", &sex, err));
    TRY(policy_column(&t, "count", &count, err));
    TRY(policy_column(&t, "tilt", &tilt, err));
    for (size_t s = 0; s < 2; s++)
        TRY(list_alloc(w, &w->first_names[s], t.csv.rows, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        int64_t n = 0;
        TRY(policy_number(&t, i, count, &n, err));
        NameList *l = &w->first_names[slice_eq_z(policy_cell(&t, i, sex), "M") ? 1 : 0];
        TRY(list_add(w, l, policy_cell(&t, i, name), n, tilt_of(policy_cell(&t, i, tilt)), err));
    }
    return OK;
}

/* The table is sorted by name: the nicknames of one name stand together. */
static Status read_nicknames(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t name, nick;
    TRY(policy_table(w, dir, "nicknames.csv", &t, err));
    TRY(policy_column(&t, "name", &name, err));
    TRY(policy_column(&t, "nickname", &nick, err));
    TRY(arena_new(&w->arena, Slice, t.csv.rows + 1, &w->nicknames, err));
    Map rows;
    TRY(map_init(&rows, err));
    Status st = OK;
    for (size_t i = 0; i < t.csv.rows; i++) {
        w->nicknames[i] = policy_cell(&t, i, nick);
        uint64_t first = 0;
        TRY_OUT(map_get_or_put(&rows, policy_cell(&t, i, name), i, &first, err));
    }
    for (size_t s = 0; s < 2; s++) {
        NameList *l = &w->first_names[s];
        for (uint32_t i = 0; i < l->total; i++) {
            uint64_t first = 0;
            if (!map_get(&rows, l->plain[i], &first))
                continue;
            l->nick_first[i] = (uint32_t)first;
            while (first < t.csv.rows && slice_eq(policy_cell(&t, first, name), l->plain[i]))
                first++;
            l->nick_count[i] = (uint32_t)first - l->nick_first[i];
        }
    }
out:
    map_free(&rows);
    return st;
}

Status names_read(World *w, const char *dir, Error *err)
{
    TRY(read_surnames(w, dir, err));
    TRY(read_first_names(w, dir, err));
    return read_nicknames(w, dir, err);
}
