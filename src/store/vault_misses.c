/*
 * What is expected to be missing of a person: pairs of records that are one person's and stand with another's. Kept a
 * person, as links are: what a run replaces is in person_missed_past, in force in [run, ended).
 */
#include "store/vault_impl.h"

/* ?1 is the run; ?2, where the statement has it, what an undo goes back to. */
static Status exec_for_run(Vault *v, const char *sql, int64_t run, int64_t back_to, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, sql, &stmt, err));
    sqlite3_bind_int64(stmt, 1, run);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int64(stmt, 2, back_to);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

#define ARCHIVE_MISSES_SQL \
    "INSERT OR REPLACE INTO person_missed_past (person, ended, missed, run) SELECT person, ?1, missed, run FROM " \
    "person_missed"

static Status clear_all(Vault *v, int64_t run, Error *err)
{
    TRY(exec_for_run(v, ARCHIVE_MISSES_SQL " WHERE run < ?1", run, 0, err));
    return lite_exec(&v->lite, "DELETE FROM person_missed", err);
}

/* Each person's once, where none is. */
static Status put_all(Vault *v, const PersonMisses *misses, int64_t run, Error *err)
{
    BulkRows rows = {
        .lite = &v->lite, .into = "person_missed (person, missed, run)", .columns = 3, .left = misses->len};
    Status st = OK;
    for (size_t i = 0; i < misses->len && st == OK; i++) {
        int at;
        TRY_OUT(bulk_row(&rows, &at, err));
        sqlite3_bind_int64(rows.stmt, at, (int64_t)misses->at[i].person);
        sqlite3_bind_int64(rows.stmt, at + 1, (int64_t)misses->at[i].missed);
        sqlite3_bind_int64(rows.stmt, at + 2, run);
        st = bulk_row_done(&rows, err);
    }
out:
    bulk_free(&rows);
    return st;
}

Status misses_replace(Vault *v, const PersonMisses *misses, int64_t run, Error *err)
{
    TRY(clear_all(v, run, err));
    return put_all(v, misses, run, err);
}

Status misses_put(Vault *v, const PersonMisses *misses, int64_t run, Error *err)
{
    sqlite3_stmt *stmt = NULL, *archive = NULL;
    Status st;
    TRY_OUT(lite_prepare(&v->lite, ARCHIVE_MISSES_SQL " WHERE run < ?1 AND person = ?2", &archive, err));
    TRY_OUT(lite_prepare(
        &v->lite, "INSERT OR REPLACE INTO person_missed (person, missed, run) VALUES (?, ?, ?)", &stmt, err));
    sqlite3_bind_int64(archive, 1, run);
    sqlite3_bind_int64(stmt, 3, run);
    for (size_t i = 0; i < misses->len; i++) {
        sqlite3_bind_int64(archive, 2, (int64_t)misses->at[i].person);
        TRY_OUT(lite_run(&v->lite, archive, err));
        sqlite3_bind_int64(stmt, 1, (int64_t)misses->at[i].person);
        sqlite3_bind_int64(stmt, 2, (int64_t)misses->at[i].missed);
        TRY_OUT(lite_run(&v->lite, stmt, err));
    }
out:
    sqlite3_finalize(stmt);
    sqlite3_finalize(archive);
    return st;
}

Status misses_restore(Vault *v, int64_t back_to, int64_t run, Error *err)
{
    TRY(exec_for_run(v, ARCHIVE_MISSES_SQL " WHERE run >= ?2", run, back_to, err));
    TRY(exec_for_run(v, "DELETE FROM person_missed WHERE run >= ?2", run, back_to, err));
    return exec_for_run(v,
        "INSERT OR REPLACE INTO person_missed (person, missed, run) SELECT person, missed, ?1 FROM person_missed_past "
        "WHERE run < ?2 AND ended >= ?2 AND ended < ?1",
        run, back_to, err);
}

Status vault_read_misses(Vault *v, sqlite3_stmt *stmt, PersonMisses *out, Error *err)
{
    for (;;) {
        bool more = false;
        TRY(lite_next(&v->lite, stmt, &more, err));
        if (!more)
            return OK;
        PersonMiss miss = {(PersonId)sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1)};
        TRY(vec_push(out, miss, err));
    }
}

Status vault_misses(Vault *v, PersonMisses *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT person, missed FROM person_missed ORDER BY person", &stmt, err));
    Status st = vault_read_misses(v, stmt, out, err);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_misses_before(Vault *v, int64_t run, PersonMisses *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "SELECT person, missed FROM person_missed WHERE run < ?1 UNION ALL "
        "SELECT person, missed FROM person_missed_past WHERE run < ?1 AND ended >= ?1 ORDER BY person",
        &stmt, err));
    sqlite3_bind_int64(stmt, 1, run);
    Status st = vault_read_misses(v, stmt, out, err);
    sqlite3_finalize(stmt);
    return st;
}

bool person_misses_same(const PersonMisses *a, const PersonMisses *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = a->at[i].person == b->at[i].person && a->at[i].missed == b->at[i].missed;
    return same;
}

#define ORPHAN_SQL "NOT EXISTS (SELECT 1 FROM link WHERE link.person = person_missed.person)"
Status misses_drop_orphans(Vault *v, int64_t run, Error *err)
{
    TRY(exec_for_run(v, ARCHIVE_MISSES_SQL " WHERE run < ?1 AND " ORPHAN_SQL, run, 0, err));
    return lite_exec(&v->lite, "DELETE FROM person_missed WHERE " ORPHAN_SQL, err);
}
