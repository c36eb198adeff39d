/*
 * Askers in groups. The home's ledger names who was told something ("USER.told", "USER@PEOPLE" of query.answered) and
 * under which agreements each asked ("USER@AGREEMENT" of query.agreement).
 */
#include "cli/askers.h"

#include <stdlib.h>

#define KIND_ANSWERED "query.answered"
#define KIND_AGREEMENT "query.agreement"
#define TOLD ".told"

typedef struct Known {
    PathList users;
    LedgerEntries agreements;
    uint32_t *parent; /* users that are one */
} Known;

static void known_free(Known *k)
{
    vec_free(&k->users);
    vec_free(&k->agreements);
    mem_free(k->parent);
}

static size_t find_user(const Known *k, Slice user)
{
    size_t i = 0;
    while (i < k->users.len && !slice_eq_z(user, k->users.at[i]))
        i++;
    return i;
}

static Status add_user(Known *k, Slice user, Arena *arena, Error *err)
{
    Slice kept;
    if (find_user(k, user) < k->users.len)
        return OK;
    TRY(arena_dup(arena, user, &kept, err));
    return vec_push(&k->users, kept.ptr, err);
}

/* Whose history a subject is of; empty: of tables that were not this home's (cairn protect --user). */
static Slice user_of(Slice subject)
{
    size_t at = slice_find(subject, SLICE("@"));
    if (at < subject.len)
        return slice_sub(subject, 0, at);
    return slice_ends(subject, SLICE(TOLD)) ? slice_sub(subject, 0, subject.len - (sizeof TOLD - 1)) : (Slice){"", 0};
}

static int compare_users(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static Status read_users(Ledger *ledger, Arena *arena, Known *k, Error *err)
{
    LedgerEntries entries = {0};
    Status st = ledger_list(ledger, KIND_ANSWERED, arena, &entries, err);
    for (size_t i = 0; i < entries.len && st == OK; i++) {
        Slice user = user_of(entries.at[i].subject);
        if (user.len > 0)
            st = add_user(k, user, arena, err);
    }
    vec_free(&entries);
    return st;
}

static Slice agreement_of(Slice subject)
{
    size_t at = slice_find(subject, SLICE("@"));
    return at < subject.len ? slice_sub(subject, at + 1, subject.len) : (Slice){"", 0};
}

static void unite_agreements(Known *k)
{
    for (size_t u = 0; u < k->users.len; u++) {
        bool known = false;
        for (size_t i = 0; i < k->agreements.len; i++) {
            if (!slice_eq_z(user_of(k->agreements.at[i].subject), k->users.at[u]))
                continue;
            known = true;
            for (size_t j = 0; j < i; j++) {
                size_t other = find_user(k, user_of(k->agreements.at[j].subject));
                if (other < k->users.len &&
                    slice_eq(agreement_of(k->agreements.at[i].subject), agreement_of(k->agreements.at[j].subject)))
                    (void)forest_unite(k->parent, (uint32_t)u, (uint32_t)other);
            }
        }
        for (size_t other = 0; other < k->users.len && !known; other++)
            (void)forest_unite(k->parent, (uint32_t)u, (uint32_t)other);
    }
}

/* Users in order, so that groups depend on no order of asking. */
static Status unite(Ledger *ledger, ProtectAskers askers, Arena *arena, Known *k, Error *err)
{
    uint32_t n = (uint32_t)k->users.len;
    if (n > 1)
        qsort(k->users.at, n, sizeof *k->users.at, compare_users);
    TRY(ledger_list(ledger, KIND_AGREEMENT, arena, &k->agreements, err));
    TRY(mem_zalloc((size_t)n + 1, sizeof *k->parent, (void **)&k->parent, err));
    forest_init(k->parent, n);
    if (askers == PROTECT_ASKERS_AGREEMENT)
        unite_agreements(k);
    for (uint32_t i = 1; i < n && askers == PROTECT_ASKERS_ALL; i++)
        (void)forest_unite(k->parent, 0, i);
    return OK;
}

static Status take_group(const Known *k, uint32_t first, AskerGroups *out, Error *err)
{
    AskerGroup group = {0};
    Status st = vec_push(out, group, err);
    for (uint32_t i = first; i < k->users.len && st == OK; i++)
        if (forest_root(k->parent, i) == forest_root(k->parent, first))
            st = vec_push(&out->at[out->len - 1].users, k->users.at[i], err);
    return st;
}

Status asker_groups(Ledger *ledger, ProtectAskers askers, Arena *arena, AskerGroups *out, Error *err)
{
    Known k = {0};
    *out = (AskerGroups){0};
    Status st = read_users(ledger, arena, &k, err);
    if (st == OK)
        st = unite(ledger, askers, arena, &k, err);
    for (uint32_t i = 0; i < k.users.len && st == OK; i++) {
        bool first = true;
        for (uint32_t before = 0; before < i; before++)
            first = first && forest_root(k.parent, before) != forest_root(k.parent, i);
        if (first)
            st = take_group(&k, i, out, err);
    }
    known_free(&k);
    return st;
}

void asker_groups_free(AskerGroups *groups)
{
    for (size_t i = 0; i < groups->len; i++)
        vec_free(&groups->at[i].users);
    vec_free(groups);
}

/* The agreement that is asked under now counts as noted. */
static Status add_asked(Known *k, const char *user, Slice agreement, Arena *arena, Error *err)
{
    LedgerEntry e = {0};
    TRY(add_user(k, slice_of(user), arena, err));
    TRY(arena_format(arena, &e.subject, err, "%s@%.*s", user, SLICE_ARG(agreement)));
    return vec_push(&k->agreements, e, err);
}

static Status find_others(
    Ledger *ledger, ProtectAskers askers, const char *user, Slice agreement, Arena *arena, Known *k, Error *err)
{
    TRY(read_users(ledger, arena, k, err));
    TRY(add_asked(k, user, agreement, arena, err));
    return unite(ledger, askers, arena, k, err);
}

Status asker_others(
    Ledger *ledger, ProtectAskers askers, const char *user, Slice agreement, Arena *arena, PathList *out, Error *err)
{
    Known k = {0};
    Status st = find_others(ledger, askers, user, agreement, arena, &k, err);
    uint32_t self = (uint32_t)find_user(&k, slice_of(user));
    for (uint32_t i = 0; i < k.users.len && st == OK; i++)
        if (i != self && forest_root(k.parent, i) == forest_root(k.parent, self))
            st = vec_push(out, k.users.at[i], err);
    known_free(&k);
    return st;
}

Status asker_note_agreement(Ledger *ledger, const char *user, Slice agreement, Error *err)
{
    Arena arena;
    Slice subject;
    LedgerEntry last;
    Error none = ERROR_INIT;
    arena_init(&arena, 0);
    Status st = arena_format(&arena, &subject, err, "%s@%.*s", user, SLICE_ARG(agreement));
    if (st == OK && ledger_last(ledger, KIND_AGREEMENT, subject, &arena, &last, &none) != OK)
        st = ledger_append(ledger, KIND_AGREEMENT, subject, SLICE("{}"), err);
    arena_free(&arena);
    return st;
}
