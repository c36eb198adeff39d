/*
 * Who is who: links, the journal, and the numbers of persons.
 *
 * A person's number is never given twice: the counter only grows, and it is
 * written in the transaction that uses the number.
 */
#include "store/vault_impl.h"

#include <stdlib.h>

Status vault_links(Vault *v, Links *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT tag, person, rule, score FROM link ORDER BY tag", &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        Link link;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        Slice tag = lite_blob(stmt, 0);
        if (tag.len != sizeof link.tag.bytes) {
            st = error_set(err, ERR_CORRUPT, "vault: a link's tag has the wrong length");
            break;
        }
        memcpy(link.tag.bytes, tag.ptr, tag.len);
        link.person = (PersonId)sqlite3_column_int64(stmt, 1);
        link.rule = (uint32_t)sqlite3_column_int64(stmt, 2);
        link.score = (float)sqlite3_column_double(stmt, 3);
        st = vec_push(out, link, err);
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

/* --- writing ------------------------------------------------------------------------------------------------- */

static Status model_id(Vault *v, Slice name, int64_t *out, Error *err)
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

static int compare_links(const void *a, const void *b)
{
    const Link *const *x = a;
    const Link *const *y = b;
    return memcmp((*x)->tag.bytes, (*y)->tag.bytes, sizeof(RecordTag));
}

/* Sorted keys make the B-tree several times faster; the caller's order is hers. */
static Status sorted_links(const Links *links, const Link ***out, Error *err)
{
    const Link **order = NULL;
    TRY(mem_zalloc(links->len, sizeof *order, (void **)&order, err));
    for (size_t i = 0; i < links->len; i++)
        order[i] = &links->at[i];
    if (links->len > 1)
        qsort(order, links->len, sizeof *order, compare_links);
    *out = order;
    return OK;
}

static Status put_links(Vault *v, const Links *links, int64_t model, PersonId *highest, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    const Link **order = NULL;
    TRY(sorted_links(links, &order, err));
    Status st = lite_prepare(
        &v->lite, "INSERT OR REPLACE INTO link (tag, person, rule, score, model) VALUES (?, ?, ?, ?, ?)", &stmt, err);
    for (size_t i = 0; i < links->len && st == OK; i++) {
        const Link *link = order[i];
        lite_bind_blob(stmt, 1, (Slice){(const char *)link->tag.bytes, sizeof link->tag.bytes});
        sqlite3_bind_int64(stmt, 2, (int64_t)link->person);
        sqlite3_bind_int64(stmt, 3, link->rule);
        sqlite3_bind_double(stmt, 4, (double)link->score);
        sqlite3_bind_int64(stmt, 5, model);
        st = lite_run(&v->lite, stmt, err);
        if (link->person > *highest)
            *highest = link->person;
    }
    sqlite3_finalize(stmt);
    mem_free(order);
    return st;
}

static bool is_zero(const RecordTag *tag)
{
    static const RecordTag zero = {{0}};
    return memcmp(tag, &zero, sizeof zero) == 0;
}

static Status put_journal(Vault *v, const Journal *journal, int64_t model, PersonId *highest, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t now = clock_now();
    TRY(lite_prepare(&v->lite,
        "INSERT INTO journal (at, model, kind, from_person, to_person, tag) VALUES (?, ?, ?, ?, ?, ?)", &stmt, err));
    Status st = OK;
    for (size_t i = 0; i < journal->len && st == OK; i++) {
        const JournalEntry *e = &journal->at[i];
        sqlite3_bind_int64(stmt, 1, now);
        sqlite3_bind_int64(stmt, 2, model);
        sqlite3_bind_int64(stmt, 3, e->kind);
        sqlite3_bind_int64(stmt, 4, (int64_t)e->from);
        sqlite3_bind_int64(stmt, 5, (int64_t)e->to);
        if (is_zero(&e->tag))
            sqlite3_bind_null(stmt, 6);
        else
            lite_bind_blob(stmt, 6, (Slice){(const char *)e->tag.bytes, sizeof e->tag.bytes});
        st = lite_run(&v->lite, stmt, err);
        if (e->to > *highest)
            *highest = e->to;
        if (e->from > *highest)
            *highest = e->from;
    }
    sqlite3_finalize(stmt);
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

Status vault_put_links(Vault *v, const Links *links, const Journal *journal, Slice model_version, Error *err)
{
    int64_t model = 0;
    PersonId highest = 0;
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load);
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    Status st = model_id(v, model_version, &model, err);
    if (st == OK)
        st = put_links(v, links, model, &highest, err);
    if (st == OK)
        st = put_journal(v, journal, model, &highest, err);
    if (st == OK)
        st = raise_counter(v, highest, err);
    if (st == OK)
        st = lite_exec(&v->lite, "COMMIT", err);
    lite_rollback(&v->lite);
    return st;
}
