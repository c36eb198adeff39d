/*
 * Who may look inside: roles of policy/<state>/access/NAME.toml (schema "cairn.access/1").
 *
 * Figures before protection, and persons under pseudonyms, are for named roles, for a stated purpose, under an
 * agreement in force (34 CFR 99.35(a)(2): only authorised persons; 20 CFR 603.9(b)). The operating system guards the
 * home; this guards against the wrong question by the right account, and gives the ledger what it must say.
 */
#include "govern/govern.h"

static bool lists(const Toml *list, Slice text)
{
    for (const Toml *e = list ? list->first : NULL; e; e = e->next)
        if (e->type == TOML_STRING && slice_eq(e->string, text))
            return true;
    return false;
}

static bool has_user(const Toml *users, const InsideRequest *r)
{
    return lists(users, r->user) || (r->owns_home && lists(users, SLICE("@owner")));
}

static Status check_role(const PolicyFile *file, const Toml *role, Error *err)
{
    const char *const allowed[] = {"name", "title", "may", "users", NULL};
    Slice text;
    const Toml *list;
    TRY(toml_only(role, file->path, allowed, err));
    TRY(toml_str(role, file->path, "name", &text, err));
    TRY(toml_str(role, file->path, "title", &text, err));
    TRY(toml_array(role, file->path, "users", &list, err));
    TRY(toml_array(role, file->path, "may", &list, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next)
        if (e->type != TOML_STRING || !(slice_eq_z(e->string, "cells") || slice_eq_z(e->string, "persons")))
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a role may see cells or persons", file->path, e->line);
    return OK;
}

static Status role_in_file(const PolicyFile *file, const InsideRequest *r, Slice *out, Error *err)
{
    const char *const allowed[] = {
        "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "role", NULL};
    const Toml *roles;
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(toml_array(file->toml, file->path, "role", &roles, err));
    for (const Toml *role = roles ? roles->first : NULL; role; role = role->next) {
        Slice name;
        TRY(check_role(file, role, err));
        TRY(toml_str(role, file->path, "name", &name, err));
        bool wanted = r->role.len == 0 || slice_eq(r->role, name);
        if (out->len == 0 && wanted && lists(toml_get(role, "may"), r->act) && has_user(toml_get(role, "users"), r))
            *out = name;
    }
    return OK;
}

static Status find_role(Policy *policy, const InsideRequest *r, Slice *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    *out = (Slice){0};
    TRY_OUT(policy_list(policy, "access", &files, err));
    for (size_t i = 0; i < files.len && out->len == 0; i++) {
        const PolicyFile *file = files.at[i];
        if (!slice_eq_z(file->schema, "cairn.access/1") || file->effective_from > r->on ||
            (file->effective_to != DATE_NONE && file->effective_to < r->on))
            continue;
        TRY_OUT(role_in_file(file, r, out, err));
    }
    if (out->len == 0) {
        st = error_set(err, ERR_DENIED, "no role of %.*s may see %.*s", SLICE_ARG(r->user), SLICE_ARG(r->act));
        error_hint(err, "Roles are given in the policy's access folder.");
    }
out:
    vec_free(&files);
    return st;
}

static Status find_agreement(Policy *policy, const InsideRequest *r, Arena *arena, Slice *out, Error *err)
{
    const Agreement *all;
    size_t count;
    TRY(govern_agreements(policy, arena, &all, &count, err));
    for (size_t i = 0; i < count; i++) {
        const PolicyFile *file = all[i].file;
        bool in_force =
            file->effective_from <= r->on && (file->effective_to == DATE_NONE || r->on <= file->effective_to);
        if (in_force && (slice_eq(all[i].id, r->agreement) || slice_eq(file->name, r->agreement))) {
            *out = all[i].id;
            return OK;
        }
    }
    return error_set(err, ERR_DENIED, "no agreement %.*s is in force", SLICE_ARG(r->agreement));
}

Status govern_allow_inside(Policy *policy, const InsideRequest *r, Arena *arena, InsideGrant *out, Error *err)
{
    *out = (InsideGrant){0};
    if (slice_trim(r->purpose).len < 4)
        return error_set(err, ERR_DENIED, "an inside question needs a purpose in words");
    TRY(find_role(policy, r, &out->role, err));
    return find_agreement(policy, r, arena, &out->agreement, err);
}
