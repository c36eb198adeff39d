/*
 * Telling what happened: runs, the journal, and the map from old person ids to
 * new ones.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

/* --- telling -------------------------------------------------------------------------------------------------- */

Status identity_runs_csv(Home *home, Buf *out, Error *err)
{
    Vault *vault;
    LinkRuns runs = {0};
    Arena arena;
    TRY(vault_open(home, &vault, err));
    arena_init(&arena, 0);
    Status st = vault_runs(vault, &arena, &runs, err);
    buf_adds(out, "run,at,kind,model,links,journal_first,journal_last\n");
    for (size_t i = 0; st == OK && i < runs.len; i++) {
        const LinkRun *r = &runs.at[i];
        char at[21];
        clock_print(r->at, at);
        buf_addf(out, "%" PRId64 ",%s,%s,%.*s,%" PRIu64 ",", r->run, at, link_run_kind_name(r->kind),
            SLICE_ARG(r->model), r->links);
        if (r->journal_first)
            buf_addf(out, "%" PRId64 ",%" PRId64, r->journal_first, r->journal_last);
        else
            buf_addc(out, ',');
        buf_addc(out, '\n');
    }
    vec_free(&runs);
    arena_free(&arena);
    vault_close(vault);
    return st == OK ? buf_status(out, err) : st;
}

static void add_person(Buf *out, PersonId person)
{
    if (person)
        buf_add_u64(out, person);
}

Status identity_journal_csv(Home *home, int64_t from, int64_t to, Buf *out, Error *err)
{
    Vault *vault;
    JournalLines lines = {0};
    TRY(vault_open(home, &vault, err));
    Status st = vault_journal(vault, from, to > 0 ? to : INT64_MAX, &lines, err);
    buf_adds(out, "seq,run,at,kind,from_person,to_person,record\n");
    for (size_t i = 0; st == OK && i < lines.len; i++) {
        const JournalLine *l = &lines.at[i];
        char at[21], tag[TAG_HEX_SIZE];
        clock_print(l->at, at);
        tag_print(&l->entry.tag, tag);
        buf_addf(out, "%" PRId64 ",%" PRId64 ",%s,%s,", l->seq, l->run, at, journal_kind_name(l->entry.kind));
        add_person(out, l->entry.from);
        buf_addc(out, ',');
        add_person(out, l->entry.to);
        buf_addf(out, ",%s\n", tag_is_zero(&l->entry.tag) ? "" : tag);
    }
    vec_free(&lines);
    vault_close(vault);
    return st == OK ? buf_status(out, err) : st;
}

/* --- the map from old ids to new ------------------------------------------------------------------------------ */

typedef struct Passage { /* records that went from one person to another */
    PersonId old, now;
    uint64_t records;
} Passage;
typedef VEC(Passage) Passages;

static int by_passage(const void *x, const void *y)
{
    const Passage *a = x, *b = y;
    if (a->old != b->old)
        return a->old < b->old ? -1 : 1;
    return a->now < b->now ? -1 : a->now > b->now;
}

static Status list_passages(const Links *then, const Links *now, Passages *out, Error *err)
{
    size_t k = 0, n = 0;
    for (size_t i = 0; i < then->len; i++) {
        while (k < now->len && tag_cmp(&now->at[k].tag, &then->at[i].tag) < 0)
            k++;
        bool there = k < now->len && tag_cmp(&now->at[k].tag, &then->at[i].tag) == 0;
        TRY(vec_push(out, ((Passage){then->at[i].person, there ? now->at[k].person : 0, 1}), err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_passage);
    for (size_t i = 0; i < out->len; i++) {
        if (n > 0 && by_passage(&out->at[n - 1], &out->at[i]) == 0)
            out->at[n - 1].records += out->at[i].records;
        else
            out->at[n++] = out->at[i];
    }
    out->len = n;
    return OK;
}

static const char *change_of(const Passage *p, bool stays, bool alone)
{
    if (p->old == p->now)
        return alone ? "same" : "split";
    if (p->now == 0)
        return "released";
    return stays ? "split" : alone ? "merged" : "moved";
}

static void write_map(const Passages *all, MapScope scope, Buf *out)
{
    buf_adds(out, "old_person,new_person,records,change\n");
    for (size_t i = 0, end; i < all->len; i = end) {
        bool stays = false;
        for (end = i; end < all->len && all->at[end].old == all->at[i].old; end++)
            stays = stays || all->at[end].now == all->at[end].old;
        for (size_t k = i; k < end; k++) {
            const Passage *p = &all->at[k];
            const char *change = change_of(p, stays, end - i == 1);
            if (scope == MAP_CHANGED && strcmp(change, "same") == 0)
                continue;
            add_person(out, p->old);
            buf_addc(out, ',');
            add_person(out, p->now);
            buf_addf(out, ",%" PRIu64 ",%s\n", p->records, change);
        }
    }
}

static Status last_full_run(Vault *vault, int64_t *out, Error *err)
{
    LinkRuns runs = {0};
    Arena arena;
    arena_init(&arena, 0);
    Status st = vault_runs(vault, &arena, &runs, err);
    *out = 0;
    for (size_t i = 0; st == OK && i < runs.len; i++)
        if (runs.at[i].kind == RUN_FULL)
            *out = runs.at[i].run;
    if (st == OK && *out == 0)
        st = error_set(err, ERR_NOT_FOUND, "nothing has been linked yet");
    vec_free(&runs);
    arena_free(&arena);
    return st;
}

Status identity_map_csv(Home *home, int64_t run, MapScope scope, Buf *out, Error *err)
{
    Vault *vault;
    Links then = {0}, now = {0};
    Passages passages = {0};
    TRY(vault_open(home, &vault, err));
    Status st = OK;
    if (run == 0)
        st = last_full_run(vault, &run, err);
    if (st == OK)
        st = vault_links_before(vault, run, &then, err);
    if (st == OK)
        st = vault_links(vault, &now, err);
    if (st == OK)
        st = list_passages(&then, &now, &passages, err);
    if (st == OK) {
        write_map(&passages, scope, out);
        st = buf_status(out, err);
    }
    vec_free(&then);
    vec_free(&now);
    vec_free(&passages);
    vault_close(vault);
    return st;
}
