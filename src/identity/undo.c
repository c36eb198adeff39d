/*
 * Going back. An undo is a run of its own, journalled and undoable; it restores
 * links with the evidence they had. Undoing whole runs restores a state that was
 * whole; undoing lines of the journal takes records out of trees and puts them
 * into others, which are then made whole (retie.c).
 */
#include "identity/undo.h"

#include <stdlib.h>

/* --- whole runs ----------------------------------------------------------------------------------------------- */

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

/* A full run may change no link and still the model in force or what is expected to be missing. */
static Status compare_rest(Undo *u, int64_t run, Slice model_now, Error *err)
{
    PersonMisses then = {0}, now = {0};
    Status st = vault_misses_before(u->vault, run, &then, err);
    if (st == OK)
        st = vault_misses(u->vault, &now, err);
    u->changes = st == OK && (!slice_eq(u->model, model_now) || !person_misses_same(&then, &now));
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
        if (st == OK)
            st = compare_rest(u, run, vec_last(&runs).model, err);
    }
    vec_free(&runs);
    return st;
}

/* --- a part of the journal ---------------------------------------------------------------------------- */

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
    if (st == OK && options->seq_to > 0)
        st = undo_retie(&u, err);
    const LinkWrite w = {.kind = RUN_UNDO,
        .model = u.model,
        .links = &u.back,
        .gone = &u.gone,
        .journal = &u.journal,
        .back_to = u.back_to,
        .report = SLICE("{}")};
    if (st == OK && (u.back.len > 0 || u.gone.len > 0 || u.changes))
        st = vault_put_links(u.vault, &w, &out->run, err);
    vec_free(&u.back);
    vec_free(&u.gone);
    vec_free(&u.journal);
    vault_close(u.vault);
    arena_free(&u.arena);
    return st;
}
