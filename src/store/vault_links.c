/*
 * Who is who: links and what they replaced, runs, the journal, and the numbers
 * of persons.
 *
 * A person's number is never given twice: the counter only grows, and it is
 * written in the transaction that uses the number. A link that a run replaces
 * is kept in link_past as in force in [run, ended), so that the state before any
 * run is one query (linkage.h).
 */
#include "store/vault_impl.h"

const char *link_kind_name(LinkKind kind)
{
    static const char *const names[LINK_KIND_COUNT] = {"founding", "model", "rule", "decision"};
    ASSERT(kind < LINK_KIND_COUNT);
    return names[kind];
}

const char *journal_kind_name(JournalKind kind)
{
    static const char *const names[JOURNAL_KIND_COUNT] = {"new", "merge", "split", "move", "join", "leave"};
    ASSERT(kind < JOURNAL_KIND_COUNT);
    return names[kind];
}

const char *link_run_kind_name(LinkRunKind kind)
{
    static const char *const names[] = {"full", "newcomers", "undo"};
    ASSERT(kind < COUNT_OF(names));
    return names[kind];
}

/* --- tags ---------------------------------------------------------------------------------------------------- */

bool tag_is_zero(const RecordTag *tag)
{
    static const RecordTag zero = {{0}};
    return tag_cmp(tag, &zero) == 0;
}

void tag_print(const RecordTag *tag, char out[TAG_HEX_SIZE])
{
    hex_encode(tag->bytes, sizeof tag->bytes, out);
}

Status tag_parse(Slice text, RecordTag *out, Error *err)
{
    if (hex_decode(text, out->bytes, sizeof out->bytes, NULL) != OK)
        return error_set(err, ERR_PARSE, "a record tag has %zu hex digits", 2 * sizeof out->bytes);
    return OK;
}

Slice tag_bytes(const RecordTag *tag)
{
    return (Slice){(const char *)tag->bytes, sizeof tag->bytes};
}

Status vault_column_tag(sqlite3_stmt *stmt, int column, RecordTag *out, Error *err)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
        *out = (RecordTag){{0}};
        return OK;
    }
    Slice tag = lite_blob(stmt, column);
    if (tag.len != sizeof out->bytes)
        return error_set(err, ERR_CORRUPT, "vault: a tag has the wrong length");
    memcpy(out->bytes, tag.ptr, tag.len);
    return OK;
}

static void bind_tag_or_null(sqlite3_stmt *stmt, int index, const RecordTag *tag)
{
    if (tag_is_zero(tag))
        sqlite3_bind_null(stmt, index);
    else
        lite_bind_blob(stmt, index, tag_bytes(tag));
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* Columns tag, person, kind, odds, partner. */
static Status read_link(sqlite3_stmt *stmt, Link *out, Error *err)
{
    int64_t kind = sqlite3_column_int64(stmt, 2);
    if (kind < 0 || kind >= LINK_KIND_COUNT)
        return error_set(err, ERR_CORRUPT, "vault: a link of unknown kind");
    TRY(vault_column_tag(stmt, 0, &out->tag, err));
    out->person = (PersonId)sqlite3_column_int64(stmt, 1);
    out->kind = (LinkKind)kind;
    out->odds = (int32_t)sqlite3_column_int64(stmt, 3);
    return vault_column_tag(stmt, 4, &out->partner, err);
}

Status vault_read_links(Vault *v, sqlite3_stmt *stmt, Links *out, Error *err)
{
    for (;;) {
        bool more = false;
        Link link;
        TRY(lite_next(&v->lite, stmt, &more, err));
        if (!more)
            return OK;
        TRY(read_link(stmt, &link, err));
        TRY(vec_push(out, link, err));
    }
}

Status vault_links(Vault *v, Links *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT tag, person, kind, odds, partner FROM link ORDER BY tag", &stmt, err));
    Status st = vault_read_links(v, stmt, out, err);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_links_before(Vault *v, int64_t run, Links *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT tag, person, kind, odds, partner FROM link WHERE run < ?1 UNION ALL "
        "SELECT tag, person, kind, odds, partner FROM link_past WHERE run < ?1 AND ended >= ?1 ORDER BY tag",
        &stmt, err));
    sqlite3_bind_int64(stmt, 1, run);
    Status st = vault_read_links(v, stmt, out, err);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_link_of(Vault *v, const RecordTag *tag, Arena *arena, LinkInfo *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(&v->lite,
        "SELECT l.tag, l.person, l.kind, l.odds, l.partner, m.name, l.run, r.at FROM link l JOIN model m ON m.id = "
        "l.model JOIN run r ON r.run = l.run WHERE l.tag = ?",
        &stmt, err));
    lite_bind_blob(stmt, 1, tag_bytes(tag));
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK && !more)
        st = error_set(err, ERR_NOT_FOUND, "the record has not been linked");
    if (st == OK)
        st = read_link(stmt, &out->link, err);
    if (st == OK)
        st = arena_dup(arena, lite_text(stmt, 5), &out->model, err);
    if (st == OK) {
        out->run = sqlite3_column_int64(stmt, 6);
        out->at = sqlite3_column_int64(stmt, 7);
    }
    sqlite3_finalize(stmt);
    return st;
}

Status vault_link_past(Vault *v, const RecordTag *tag, int64_t ended, Link *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(
        &v->lite, "SELECT tag, person, kind, odds, partner FROM link_past WHERE tag = ? AND ended = ?", &stmt, err));
    lite_bind_blob(stmt, 1, tag_bytes(tag));
    sqlite3_bind_int64(stmt, 2, ended);
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK)
        st = more ? read_link(stmt, out, err)
                  : error_set(err, ERR_NOT_FOUND, "run %" PRId64 " ended no link of that record", ended);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_records_of(Vault *v, PersonId person, RecordTags *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT tag FROM link WHERE person = ? ORDER BY tag", &stmt, err));
    sqlite3_bind_int64(stmt, 1, (int64_t)person);
    Status st = OK;
    for (bool more = true; st == OK;) {
        RecordTag tag;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = vault_column_tag(stmt, 0, &tag, err);
        if (st == OK)
            st = vec_push(out, tag, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

Status vault_next_person(Vault *v, PersonId *out, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(&v->lite, "SELECT value FROM counter WHERE name = 'next_person'", &n, err));
    if (n < 1)
        return error_set(err, ERR_CORRUPT, "vault: the counter of persons is missing");
    *out = (PersonId)n;
    return OK;
}

Status vault_unlinked(Vault *v, uint64_t *out, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(
        &v->lite, "SELECT (SELECT coalesce(sum(records), 0) FROM bundle) - (SELECT count(*) FROM link)", &n, err));
    if (n < 0)
        return error_set(err, ERR_CORRUPT, "the vault holds a link whose record is missing");
    *out = (uint64_t)n;
    return OK;
}

Status vault_last_run(Vault *v, int64_t *out, Error *err)
{
    return lite_i64(&v->lite, "SELECT coalesce(max(run), 0) FROM run", out, err);
}

static Status read_run(sqlite3_stmt *stmt, Arena *arena, LinkRun *out, Error *err)
{
    *out = (LinkRun){.run = sqlite3_column_int64(stmt, 0),
        .at = sqlite3_column_int64(stmt, 1),
        .kind = (LinkRunKind)sqlite3_column_int64(stmt, 2),
        .links = (uint64_t)sqlite3_column_int64(stmt, 4),
        .journal_first = sqlite3_column_int64(stmt, 6),
        .journal_last = sqlite3_column_int64(stmt, 7)};
    if (out->kind > RUN_UNDO)
        return error_set(err, ERR_CORRUPT, "vault: a run of unknown kind");
    TRY(arena_dup(arena, lite_text(stmt, 3), &out->model, err));
    return arena_dup(arena, lite_text(stmt, 5), &out->report, err);
}

Status vault_runs(Vault *v, Arena *arena, LinkRuns *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT r.run, r.at, r.kind, m.name, r.links, r.report, coalesce(j.first, 0), coalesce(j.last, 0) FROM run r "
        "JOIN model m ON m.id = r.model LEFT JOIN (SELECT run, min(seq) AS first, max(seq) AS last FROM journal GROUP "
        "BY run) j ON j.run = r.run ORDER BY r.run",
        &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        LinkRun run;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = read_run(stmt, arena, &run, err);
        if (st == OK)
            st = vec_push(out, run, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status read_journal_line(sqlite3_stmt *stmt, JournalLine *out, Error *err)
{
    int64_t kind = sqlite3_column_int64(stmt, 3);
    if (kind < 0 || kind >= JOURNAL_KIND_COUNT)
        return error_set(err, ERR_CORRUPT, "vault: a journal line of unknown kind");
    *out = (JournalLine){.seq = sqlite3_column_int64(stmt, 0),
        .run = sqlite3_column_int64(stmt, 1),
        .at = sqlite3_column_int64(stmt, 2),
        .entry = {.kind = (JournalKind)kind,
            .from = (PersonId)sqlite3_column_int64(stmt, 4),
            .to = (PersonId)sqlite3_column_int64(stmt, 5)}};
    return vault_column_tag(stmt, 6, &out->entry.tag, err);
}

Status vault_journal(Vault *v, int64_t from, int64_t to, JournalLines *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT j.seq, j.run, r.at, j.kind, j.from_person, j.to_person, j.tag FROM journal j JOIN run r ON r.run = "
        "j.run WHERE j.seq BETWEEN ? AND ? ORDER BY j.seq",
        &stmt, err));
    sqlite3_bind_int64(stmt, 1, from);
    sqlite3_bind_int64(stmt, 2, to);
    Status st = OK;
    for (bool more = true; st == OK;) {
        JournalLine line;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = read_journal_line(stmt, &line, err);
        if (st == OK)
            st = vec_push(out, line, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

Status vault_model_id(Vault *v, Slice name, int64_t *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(&v->lite,
        "INSERT INTO model (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id", &stmt,
        err));
    lite_bind_text(stmt, 1, name);
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK)
        *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return st;
}

static Status insert_run(Vault *v, const LinkWrite *w, const OpenRun *run, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(
        &v->lite, "INSERT INTO run (run, at, kind, model, links, report) VALUES (?, ?, ?, ?, ?, ?)", &stmt, err));
    sqlite3_bind_int64(stmt, 1, run->run);
    sqlite3_bind_int64(stmt, 2, clock_now());
    sqlite3_bind_int64(stmt, 3, w->kind);
    sqlite3_bind_int64(stmt, 4, run->model);
    sqlite3_bind_int64(stmt, 5, (int64_t)(w->links->len + (w->gone ? w->gone->len : 0)));
    lite_bind_text(stmt, 6, w->report);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

/* What link says of the record goes to link_past; nothing when it says nothing. */
static Status prepare_archive(Vault *v, int64_t run, sqlite3_stmt **out, Error *err)
{
    TRY(lite_prepare(&v->lite,
        "INSERT INTO link_past (tag, ended, person, kind, odds, partner, model, run) SELECT tag, ?1, person, kind, "
        "odds, partner, model, run FROM link WHERE tag = ?2",
        out, err));
    sqlite3_bind_int64(*out, 1, run);
    return OK;
}

/* ?6 is the run's model. What an undo puts back equals a past link and was made by that one's model: the one in force
 * before run ?8, or else the last. */
static Status prepare_put(Vault *v, LinkRunKind kind, sqlite3_stmt **out, Error *err)
{
    const char *sql =
        kind == RUN_UNDO
            ? "INSERT OR REPLACE INTO link (tag, person, kind, odds, partner, model, run) VALUES (?1, ?2, ?3, ?4, ?5, "
              "coalesce((SELECT model FROM link_past WHERE tag = ?1 AND person = ?2 AND kind = ?3 AND odds = ?4 AND "
              "partner IS ?5 AND ended < ?7 ORDER BY run < ?8 AND ended >= ?8 DESC, ended DESC LIMIT 1), ?6), ?7)"
            : "INSERT OR REPLACE INTO link (tag, person, kind, odds, partner, model, run) VALUES (?1, ?2, ?3, ?4, ?5, "
              "?6, ?7)";
    return lite_prepare(&v->lite, sql, out, err);
}

/* Parameters of a statement, from `first` on: tag, person, kind, odds, partner. */
static void bind_link(sqlite3_stmt *stmt, int first, const Link *link)
{
    lite_bind_blob(stmt, first, tag_bytes(&link->tag));
    sqlite3_bind_int64(stmt, first + 1, (int64_t)link->person);
    sqlite3_bind_int64(stmt, first + 2, link->kind);
    sqlite3_bind_int64(stmt, first + 3, link->odds);
    bind_tag_or_null(stmt, first + 4, &link->partner);
}

#define LINKS_AHEAD 8 /* in order of tag they lie anywhere */

static const Link *link_in_order(const Links *links, const uint32_t *order, size_t i)
{
    if (i + LINKS_AHEAD < links->len)
        __builtin_prefetch(&links->at[order[i + LINKS_AHEAD]]);
    return &links->at[order[i]];
}

/* `archived`: the table may hold what they replace. */
static Status put_each(
    Vault *v, const LinkWrite *w, const uint32_t *order, int64_t model, int64_t run, bool archived, Error *err)
{
    sqlite3_stmt *stmt = NULL, *archive = NULL;
    Status st;
    TRY_OUT(prepare_archive(v, run, &archive, err));
    TRY_OUT(prepare_put(v, w->kind, &stmt, err));
    sqlite3_bind_int64(stmt, 6, model);
    sqlite3_bind_int64(stmt, 7, run);
    if (w->kind == RUN_UNDO)
        sqlite3_bind_int64(stmt, 8, w->back_to);
    for (size_t i = 0; i < w->links->len; i++) {
        const Link *link = link_in_order(w->links, order, i);
        if (archived) {
            lite_bind_blob(archive, 2, tag_bytes(&link->tag));
            TRY_OUT(lite_run(&v->lite, archive, err));
        }
        bind_link(stmt, 1, link);
        TRY_OUT(lite_run(&v->lite, stmt, err));
    }
out:
    sqlite3_finalize(stmt);
    sqlite3_finalize(archive);
    return st;
}

/* Into the empty table: no two of one record. */
static Status put_first(Vault *v, const Links *links, const uint32_t *order, int64_t model, int64_t run, Error *err)
{
    BulkRows rows = {.lite = &v->lite,
        .into = "link (tag, person, kind, odds, partner, model, run)",
        .columns = 7,
        .left = links->len};
    Status st = OK;
    for (size_t i = 0; i < links->len && st == OK; i++) {
        int at;
        TRY_OUT(bulk_row(&rows, &at, err));
        bind_link(rows.stmt, at, link_in_order(links, order, i));
        sqlite3_bind_int64(rows.stmt, at + 5, model);
        sqlite3_bind_int64(rows.stmt, at + 6, run);
        st = bulk_row_done(&rows, err);
    }
out:
    bulk_free(&rows);
    return st;
}

/* The first links and their index: while the links are put in order of tag, their order by person is made. */
typedef struct FirstLinks {
    Vault *vault;
    const Links *links;
    const uint32_t *by_tag;
    uint32_t *by_person;
    int64_t model, run;
} FirstLinks;

enum { FIRST_PUT, FIRST_ORDER, FIRST_ITEMS };

static Status first_item(size_t item, void *ctx, Error *err)
{
    FirstLinks *f = ctx;
    if (item == FIRST_PUT)
        return put_first(f->vault, f->links, f->by_tag, f->model, f->run, err);
    return links_by_person(f->links, f->by_tag, &f->by_person, err);
}

static Status put_first_and_index(
    Vault *v, const Links *links, const uint32_t *by_tag, int64_t model, int64_t run, Error *err)
{
    FirstLinks f = {.vault = v, .links = links, .by_tag = by_tag, .model = model, .run = run};
    Status st = parallel_for(FIRST_ITEMS, home_settings(v->home)->threads, first_item, &f, err);
    if (st == OK)
        st = vault_index_persons(v, links, f.by_person, err);
    mem_free(f.by_person);
    return st;
}

#define MANY_LINKS 10000

/* Sorted keys make the B-tree several times faster; the caller's order is hers. The first links of a vault get their
 * index at the end, in its own order: that costs a fraction of one that is kept up with tags in theirs. (Later the
 * pages of a dropped index would stay free in the file.) */
static Status put_links(Vault *v, const LinkWrite *w, int64_t model, int64_t run, PersonId *highest, Error *err)
{
    const Links *links = w->links;
    TagPlaces sorted = {0};
    const uint32_t *by_tag = w->by_tag;
    int64_t before;
    Status st;
    if (!by_tag)
        TRY(tag_places_new(links->len ? &links->at[0].tag : NULL, sizeof *links->at, links->len, &sorted, err));
    by_tag = by_tag ? by_tag : sorted.order;
    TRY_OUT(lite_i64(&v->lite, "SELECT count(*) FROM (SELECT 1 FROM link LIMIT 1)", &before, err));
    bool many_first = before == 0 && links->len >= MANY_LINKS;
    if (many_first)
        TRY_OUT(lite_exec(&v->lite, "DROP INDEX link_person", err));
    if (many_first && w->kind != RUN_UNDO) {
        TRY_OUT(put_first_and_index(v, links, by_tag, model, run, err));
    } else {
        TRY_OUT(put_each(v, w, by_tag, model, run, before > 0, err));
        if (many_first)
            TRY_OUT(lite_exec(&v->lite, VAULT_LINK_PERSON_SQL, err));
    }
    for (size_t i = 0; i < links->len; i++)
        *highest = links->at[i].person > *highest ? links->at[i].person : *highest;
out:
    tag_places_free(&sorted);
    return st;
}

static Status take_links(Vault *v, const RecordTags *gone, int64_t run, Error *err)
{
    sqlite3_stmt *stmt = NULL, *archive = NULL;
    Status st;
    TRY_OUT(prepare_archive(v, run, &archive, err));
    TRY_OUT(lite_prepare(&v->lite, "DELETE FROM link WHERE tag = ?", &stmt, err));
    for (size_t i = 0; i < gone->len; i++) {
        lite_bind_blob(archive, 2, tag_bytes(&gone->at[i]));
        TRY_OUT(lite_run(&v->lite, archive, err));
        lite_bind_blob(stmt, 1, tag_bytes(&gone->at[i]));
        TRY_OUT(lite_run(&v->lite, stmt, err));
    }
out:
    sqlite3_finalize(stmt);
    sqlite3_finalize(archive);
    return st;
}

static Status put_journal(Vault *v, const Journal *journal, int64_t run, PersonId *highest, Error *err)
{
    BulkRows rows = {.lite = &v->lite,
        .into = "journal (run, kind, from_person, to_person, tag)",
        .columns = 5,
        .left = journal->len};
    Status st = OK;
    for (size_t i = 0; i < journal->len && st == OK; i++) {
        const JournalEntry *e = &journal->at[i];
        int at;
        TRY_OUT(bulk_row(&rows, &at, err));
        sqlite3_bind_int64(rows.stmt, at, run);
        sqlite3_bind_int64(rows.stmt, at + 1, e->kind);
        sqlite3_bind_int64(rows.stmt, at + 2, (int64_t)e->from);
        sqlite3_bind_int64(rows.stmt, at + 3, (int64_t)e->to);
        bind_tag_or_null(rows.stmt, at + 4, &e->tag);
        st = bulk_row_done(&rows, err);
        if (e->to > *highest)
            *highest = e->to;
        if (e->from > *highest)
            *highest = e->from;
    }
out:
    bulk_free(&rows);
    return st;
}

static Status raise_counter(Vault *v, PersonId highest, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (highest >= INT64_MAX)
        return error_set(err, ERR_LIMIT, "there are no person numbers left");
    TRY(lite_prepare(&v->lite, "UPDATE counter SET value = max(value, ?) WHERE name = 'next_person'", &stmt, err));
    sqlite3_bind_int64(stmt, 1, (int64_t)highest + 1);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

/* What an undo released is nobody: there is nothing to ask about it, and nothing of it is missing. */
static Status drop_orphans(Vault *v, int64_t run, Error *err)
{
    TRY(lite_exec(&v->lite,
        "DELETE FROM review WHERE NOT EXISTS (SELECT 1 FROM link WHERE tag = review.a)"
        " OR NOT EXISTS (SELECT 1 FROM link WHERE tag = review.b)",
        err));
    return misses_drop_orphans(v, run, err);
}

static Status begin_run(Vault *v, const LinkWrite *w, OpenRun *run, Error *err)
{
    TRY(vault_model_id(v, w->model, &run->model, err));
    TRY(vault_last_run(v, &run->run, err));
    run->run++;
    TRY(put_links(v, w, run->model, run->run, &run->highest, err));
    if (w->gone)
        TRY(take_links(v, w->gone, run->run, err));
    return put_journal(v, w->journal, run->run, &run->highest, err);
}

static Status end_run(Vault *v, const LinkWrite *w, const OpenRun *run, Error *err)
{
    if (w->stored)
        TRY(vault_put_model(v, w->stored, err));
    TRY(insert_run(v, w, run, err));
    if (w->queue_mode != QUEUE_KEEP)
        TRY(vault_put_queue(v, w->queue, w->queue_mode, err));
    if (w->misses && w->queue_mode == QUEUE_REPLACE)
        TRY(misses_replace(v, w->misses, run->run, err));
    else if (w->misses)
        TRY(misses_put(v, w->misses, run->run, err));
    if (w->kind == RUN_UNDO && w->back_to > 0)
        TRY(misses_restore(v, w->back_to, run->run, err));
    if (w->kind == RUN_UNDO)
        TRY(drop_orphans(v, run->run, err));
    TRY(raise_counter(v, run->highest, err));
    return lite_exec(&v->lite, "COMMIT", err);
}

Status vault_begin_links(Vault *v, const LinkWrite *w, OpenRun *out, Error *err)
{
    *out = (OpenRun){0};
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load);
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    Status st = begin_run(v, w, out, err);
    if (st != OK)
        lite_rollback(&v->lite);
    return st;
}

Status vault_end_links(Vault *v, const LinkWrite *w, const OpenRun *run, Error *err)
{
    Status st = end_run(v, w, run, err);
    lite_rollback(&v->lite);
    return st;
}

void vault_drop_links(Vault *v)
{
    lite_rollback(&v->lite);
}

Status vault_put_links(Vault *v, const LinkWrite *w, int64_t *run, Error *err)
{
    OpenRun open;
    TRY(vault_begin_links(v, w, &open, err));
    *run = open.run;
    return vault_end_links(v, w, &open, err);
}

Status vault_renew_review(Vault *v, const ReviewItems *queue, const PersonMisses *misses, Error *err)
{
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load);
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    int64_t run = 0;
    Status st = vault_put_queue(v, queue, QUEUE_REPLACE, err);
    if (st == OK)
        st = vault_last_run(v, &run, err);
    if (st == OK)
        st = misses_replace(v, misses, run, err);
    if (st == OK)
        st = lite_exec(&v->lite, "COMMIT", err);
    lite_rollback(&v->lite);
    return st;
}
