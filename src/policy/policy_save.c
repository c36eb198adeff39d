/*
 * A copy of a policy folder as it was used: what reproduces an old figure when the folder has moved on.
 *
 * Made beside its final name and renamed, so that a process that is killed leaves no half of a policy.
 */
#include "policy/policy_impl.h"

/* Folders of a relative path, one after the other. */
static Status make_parents(const char *base, const char *relative, Arena *arena, Error *err)
{
    for (const char *p = strchr(relative, '/'); p; p = strchr(p + 1, '/')) {
        const char *dir;
        TRY(arena_printf(arena, &dir, err, "%s/%.*s", base, (int)(p - relative), relative));
        if (!dir_exists(dir))
            TRY(dir_make(dir, MODE_DIR_PRIVATE, err));
    }
    return OK;
}

Status policy_save(Policy *p, const char *dir, Error *err)
{
    Arena arena;
    const char *making, *path;
    Status st;
    arena_init(&arena, 0);
    TRY_OUT(arena_printf(&arena, &making, err, "%s.new", dir));
    if (dir_exists(making))
        TRY_OUT(dir_remove(making, err));
    TRY_OUT(dir_make(making, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < p->entries.len; i++) {
        Entry *e = p->entries.at[i];
        TRY_OUT(policy_entry_load(p, e, err));
        TRY_OUT(make_parents(making, e->file.path, &arena, err));
        TRY_OUT(path_join(&arena, making, e->file.path, &path, err));
        TRY_OUT(file_write(path, e->file.text, MODE_PRIVATE, err));
    }
    st = file_rename(making, dir, err);
out:
    arena_free(&arena);
    return st;
}

Status policy_saved(const char *dir, Arena *arena, const char **out, Error *err)
{
    PathList names = {0};
    *out = NULL;
    Status st = dir_exists(dir) ? dir_list(dir, arena, &names, err) : OK;
    for (size_t i = 0; i < names.len && st == OK; i++)
        if (strcmp(names.at[i], "core") != 0)
            st = path_join(arena, dir, names.at[i], out, err);
    vec_free(&names);
    if (st == OK && !*out)
        st = error_set(err, ERR_NOT_FOUND, "there is no saved policy %s", path_base(dir));
    return st;
}
