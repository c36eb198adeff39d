/*
 * The links of an earlier run, where they are not today's: what a warehouse needs to say who was who on an earlier day.
 *
 * A link is in force in [run, ended), so that "after run N" is run <= N and ended > N. Only persons that a later run
 * touched are handed on: after a pass over newcomers these are few, after a full run under another model all. Finding
 * them reads the tables from end to end, once an earlier build: there is no index by run, which every run that writes
 * links would have to keep. Which is cheaper has not been measured.
 */
#include "store/vault_impl.h"

static const char *const touched_sql[] = {
    "CREATE TEMP TABLE IF NOT EXISTS touched (person INTEGER PRIMARY KEY) STRICT",
    "DELETE FROM temp.touched",
};

static const char touch_sql[] =
    "INSERT INTO temp.touched SELECT person FROM link WHERE run > ?1 AND run <= ?2"
    " UNION SELECT person FROM link_past WHERE (run > ?1 AND run <= ?2) OR (ended > ?1 AND ended <= ?2)"
    " UNION SELECT person FROM person_missed WHERE run > ?1 AND run <= ?2"
    " UNION SELECT person FROM person_missed_past WHERE (run > ?1 AND run <= ?2) OR (ended > ?1 AND ended <= ?2)";

static const char links_sql[] =
    "SELECT l.tag, l.person, l.kind, l.odds, l.partner FROM temp.touched t CROSS JOIN link l ON l.person = t.person"
    " WHERE l.run <= ?1 UNION ALL SELECT tag, person, kind, odds, partner FROM link_past WHERE run <= ?1 AND"
    " ended > ?1 AND person IN (SELECT person FROM temp.touched) ORDER BY 1";

static const char misses_sql[] =
    "SELECT person, missed FROM person_missed WHERE run <= ?1 AND person IN (SELECT person FROM temp.touched)"
    " UNION ALL SELECT person, missed FROM person_missed_past WHERE run <= ?1 AND ended > ?1 AND"
    " person IN (SELECT person FROM temp.touched) ORDER BY 1";

static Status touch(Vault *v, int64_t since, int64_t until, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    for (size_t i = 0; i < COUNT_OF(touched_sql); i++)
        TRY(lite_exec(&v->lite, touched_sql[i], err));
    TRY(lite_prepare(&v->lite, touch_sql, &stmt, err));
    sqlite3_bind_int64(stmt, 1, since);
    sqlite3_bind_int64(stmt, 2, until);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status read_touched(Vault *v, LinksThen *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = true;
    TRY(lite_prepare(&v->lite, "SELECT person FROM temp.touched ORDER BY person", &stmt, err));
    Status st = lite_next(&v->lite, stmt, &more, err);
    while (st == OK && more) {
        st = vec_push(&out->touched, (PersonId)sqlite3_column_int64(stmt, 0), err);
        if (st == OK)
            st = lite_next(&v->lite, stmt, &more, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status read_links_then(Vault *v, int64_t since, LinksThen *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, links_sql, &stmt, err));
    sqlite3_bind_int64(stmt, 1, since);
    Status st = vault_read_links(v, stmt, &out->links, err);
    sqlite3_finalize(stmt);
    return st;
}

static Status read_misses_then(Vault *v, int64_t since, LinksThen *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, misses_sql, &stmt, err));
    sqlite3_bind_int64(stmt, 1, since);
    Status st = vault_read_misses(v, stmt, &out->misses, err);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_links_then(Vault *v, int64_t since, int64_t until, LinksThen *out, Error *err)
{
    *out = (LinksThen){0};
    TRY(touch(v, since, until, err));
    TRY(read_touched(v, out, err));
    TRY(read_links_then(v, since, out, err));
    return read_misses_then(v, since, out, err);
}

void links_then_free(LinksThen *t)
{
    vec_free(&t->touched);
    vec_free(&t->links);
    vec_free(&t->misses);
    *t = (LinksThen){0};
}
