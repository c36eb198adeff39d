/*
 * Going back, and telling what happened: undo, the journal, and the map from
 * old person ids to new ones. An undo is a run of its own, journalled and
 * undoable; it restores links with the evidence they had.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

/* --- undo ----------------------------------------------------------------------------------------------------- */

typedef struct Undo {
    Vault *vault;
    Arena arena;
    Slice model;     /* of the state that is restored */
    int64_t back_to; /* the first run that is undone; 0: lines of the journal are */
    Links back;
    RecordTags gone;
    Journal journal;
} Undo;

static Status put_back(Undo *u, const Link *old, const Link *now, Error *err)
{
    if (!now || now->person != old->person)
        TRY(vec_push(&u->journal,
            ((JournalEntry){now ? JOURNAL_MOVE : JOURNAL_JOIN, now ? now->person : 0, old->person, old->tag}), err));
    return vec_push(&u->back, *old, err);
}

static Status release(Undo *u, const Link *now, Error *err)
{
    TRY(vec_push(&u->journal, ((JournalEntry){JOURNAL_LEAVE, now->person, 0, now->tag}), err));
    return vec_push(&u->gone, now->tag, err);
}

static bool same_link(const Link *a, const Link *b)
{
    return a->person == b->person && a->kind == b->kind && a->odds == b->odds && tag_cmp(&a->partner, &b->partner) == 0;
}

/* Both lists are in order of tag. */
static Status restore_before(Undo *u, int64_t run, Error *err)
{
    Links then = {0}, now = {0};
    size_t i = 0, k = 0;
    Status st = vault_links_before(u->vault, run, &then, err);
    if (st == OK)
        st = vault_links(u->vault, &now, err);
    while (st == OK && (i < then.len || k < now.len)) {
        int order = i == then.len ? 1 : k == now.len ? -1 : tag_cmp(&then.at[i].tag, &now.at[k].tag);
        if (order < 0) {
            st = put_back(u, &then.at[i++], NULL, err);
        } else if (order > 0) {
            st = release(u, &now.at[k++], err);
        } else {
            if (!same_link(&then.at[i], &now.at[k]))
                st = put_back(u, &then.at[i], &now.at[k], err);
            i++;
            k++;
        }
    }
    vec_free(&then);
    vec_free(&now);
    return st;
}

static Status undo_runs(Undo *u, int64_t run, Error *err)
{
    LinkRuns runs = {0};
    TRY(vault_runs(u->vault, &u->arena, &runs, err));
    Status st = OK;
    if (runs.len == 0)
        st = error_set(err, ERR_NOT_FOUND, "nothing has been linked yet");
    else if (run == 0)
        run = vec_last(&runs).run;
    if (st == OK && (run < 1 || run > vec_last(&runs).run))
        st = error_set(err, ERR_NOT_FOUND, "there is no run %" PRId64, run);
    if (st == OK) {
        /* before the first run there was no model; its own name does no harm, for there are no links either */
        u->model = run > 1 ? runs.at[run - 2].model : runs.at[0].model;
        u->back_to = run;
        st = restore_before(u, run, err);
    }
    vec_free(&runs);
    return st;
}

/* --- undo of a part of the journal ---------------------------------------------------------------------------- */

/* Lines about one record, first to last. */
static int by_tag_seq(const void *x, const void *y)
{
    const JournalLine *a = x, *b = y;
    int order = tag_cmp(&a->entry.tag, &b->entry.tag);
    return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static Status undo_record(Undo *u, const JournalLine *first, const JournalLine *last, Error *err)
{
    LinkInfo now;
    Link before;
    const RecordTag *tag = &first->entry.tag;
    Status st = vault_link_of(u->vault, tag, &u->arena, &now, err);
    bool linked = st == OK;
    if (st == ERR_NOT_FOUND)
        error_clear(err);
    else
        TRY(st);
    if ((linked ? now.link.person : 0) != last->entry.to) {
        error_set(
            err, ERR_INVALID, "a record that line %" PRId64 " of the journal moved was moved again later", last->seq);
        error_hint(err, "Undo the later lines first, or all runs from that one on.");
        return ERR_INVALID;
    }
    if (first->entry.from == 0)
        return linked ? release(u, &now.link, err) : OK;
    TRY(vault_link_past(u->vault, tag, first->run, &before, err));
    return put_back(u, &before, linked ? &now.link : NULL, err);
}

static Status undo_lines(Undo *u, int64_t from, int64_t to, Error *err)
{
    JournalLines lines = {0};
    StoredModel model;
    Status st = vault_journal(u->vault, from, to, &lines, err);
    size_t n = 0;
    for (size_t i = 0; st == OK && i < lines.len; i++)
        if (!tag_is_zero(&lines.at[i].entry.tag))
            lines.at[n++] = lines.at[i];
    if (st == OK && n == 0)
        st = error_set(err, ERR_NOT_FOUND, "those lines of the journal moved no record");
    if (n > 1)
        qsort(lines.at, n, sizeof *lines.at, by_tag_seq);
    for (size_t i = 0, end; st == OK && i < n; i = end) {
        for (end = i + 1; end < n && tag_cmp(&lines.at[end].entry.tag, &lines.at[i].entry.tag) == 0; end++)
            ;
        st = undo_record(u, &lines.at[i], &lines.at[end - 1], err);
    }
    vec_free(&lines);
    if (st == OK)
        st = vault_model_in_force(u->vault, &u->arena, &model, err);
    if (st == OK)
        u->model = model.name;
    return st;
}

Status identity_undo(const LinkContext *ctx, const UndoOptions *options, UndoReport *out, Error *err)
{
    Undo u = {0};
    *out = (UndoReport){0};
    arena_init(&u.arena, 0);
    Status st = vault_open(ctx->home, &u.vault, err);
    if (st == OK)
        st = options->seq_to > 0 ? undo_lines(&u, options->seq_from, options->seq_to, err)
                                 : undo_runs(&u, options->run, err);
    out->restored = u.back.len;
    out->released = u.gone.len;
    const LinkWrite w = {.kind = RUN_UNDO,
        .model = u.model,
        .links = &u.back,
        .gone = &u.gone,
        .journal = &u.journal,
        .back_to = u.back_to,
        .report = SLICE("{}")};
    if (st == OK && (u.back.len > 0 || u.gone.len > 0))
        st = vault_put_links(u.vault, &w, &out->run, err);
    vec_free(&u.back);
    vec_free(&u.gone);
    vec_free(&u.journal);
    vault_close(u.vault);
    arena_free(&u.arena);
    return st;
}

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
