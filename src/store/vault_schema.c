/*
 * The vault's tables, and how a vault of an earlier schema comes to the present
 * one: in one transaction, at the first opening by a writer. Schema 2 (linkage
 * by a model) keeps replaced links, runs, models, decisions and queues; what
 * schema 1 had written becomes run 1.
 */
#include "store/vault_impl.h"

#define SCHEMA 2

static const char records_sql[] =
    "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE record (tag BLOB NOT NULL PRIMARY KEY, source INTEGER NOT NULL, key_id INTEGER NOT NULL,"
    " box BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    /* covers vault_each_tag and counting, so that neither reads the boxes */
    "CREATE INDEX record_source ON record (source, tag);"
    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, load TEXT NOT NULL, row INTEGER NOT NULL, key_id INTEGER NOT "
    "NULL,"
    " box BLOB NOT NULL, UNIQUE (load, row)) STRICT;"
    "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "INSERT INTO counter VALUES ('next_person', 1)";

/* Odds are log2 in thousandths of a bit, tags 16 bytes; a NULL tag is none. */
static const char linkage_sql[] =
    "CREATE TABLE link (tag BLOB NOT NULL PRIMARY KEY, person INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " odds INTEGER NOT NULL, partner BLOB, model INTEGER NOT NULL, run INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX link_person ON link (person);"
    "CREATE TABLE link_past (tag BLOB NOT NULL, ended INTEGER NOT NULL, person INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " odds INTEGER NOT NULL, partner BLOB, model INTEGER NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (tag, ended))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE run (run INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, model INTEGER NOT NULL,"
    " links INTEGER NOT NULL, report TEXT NOT NULL) STRICT;"
    "CREATE TABLE journal (seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " from_person INTEGER NOT NULL, to_person INTEGER NOT NULL, tag BLOB) STRICT;"
    "CREATE TABLE model (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL DEFAULT 0,"
    " json TEXT, config TEXT, baseline TEXT) STRICT;"
    "CREATE TABLE decision (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, a BLOB NOT NULL, b BLOB NOT NULL,"
    " verdict INTEGER NOT NULL, reviewer TEXT NOT NULL, blind INTEGER NOT NULL, odds INTEGER) STRICT;"
    "CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision"
    " BEGIN SELECT RAISE(ABORT, 'decisions are kept for ever'); END;"
    "CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision"
    " BEGIN SELECT RAISE(ABORT, 'decisions are kept for ever'); END;"
    "CREATE TABLE review (a BLOB NOT NULL, b BLOB NOT NULL, odds INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " value INTEGER NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE person_missed (person INTEGER PRIMARY KEY, missed INTEGER NOT NULL) STRICT;"
    "CREATE TABLE clerical_sample (sample INTEGER PRIMARY KEY, at INTEGER NOT NULL, model INTEGER NOT NULL) STRICT;"
    "CREATE TABLE clerical_stratum (sample INTEGER NOT NULL, stratum INTEGER NOT NULL, population INTEGER NOT NULL,"
    " from_odds INTEGER NOT NULL, linked INTEGER NOT NULL, PRIMARY KEY (sample, stratum)) STRICT;"
    "CREATE TABLE clerical (sample INTEGER NOT NULL, stratum INTEGER NOT NULL, a BLOB NOT NULL, b BLOB NOT NULL,"
    " odds INTEGER NOT NULL, linked INTEGER NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (sample, stratum, a, b))"
    " STRICT, WITHOUT ROWID";

/* Schema 1 kept rule numbers (0: founding) and stated scores of 0.93 and more; 6644 thousandths of a bit are 0.99. */
static const char aside_sql[] = "ALTER TABLE link RENAME TO link_1; ALTER TABLE journal RENAME TO journal_1;"
                                "ALTER TABLE model RENAME TO model_1";
static const char from_1_sql[] =
    "INSERT INTO model (id, name) SELECT id, name FROM model_1;"
    "INSERT INTO run (run, at, kind, model, links, report) SELECT 1, coalesce((SELECT max(at) FROM journal_1), 0), 0,"
    " max(model), count(*), '{}' FROM link_1 HAVING count(*) > 0;"
    "INSERT INTO link SELECT tag, person, CASE rule WHEN 0 THEN 0 ELSE 2 END, CASE rule WHEN 0 THEN 0 ELSE 6644 END,"
    " NULL, model, 1 FROM link_1 ORDER BY tag;"
    "INSERT INTO journal SELECT seq, 1, kind, from_person, to_person, tag FROM journal_1 ORDER BY seq;"
    "DROP TABLE link_1; DROP TABLE journal_1; DROP TABLE model_1";

static Status exec_all(const Lite *lite, const char *const *sql, size_t count, Error *err)
{
    TRY(lite_exec(lite, "BEGIN IMMEDIATE", err));
    Status st = OK;
    for (size_t i = 0; i < count && st == OK; i++)
        st = lite_exec(lite, sql[i], err);
    if (st == OK)
        st = lite_exec(lite, "PRAGMA user_version = 2", err);
    if (st == OK)
        st = lite_exec(lite, "COMMIT", err);
    lite_rollback(lite);
    return st;
}

Status vault_ensure_schema(const Lite *lite, LiteAccess access, Error *err)
{
    const char *const fresh[] = {records_sql, linkage_sql};
    const char *const from_1[] = {aside_sql, linkage_sql, from_1_sql};
    int64_t version = 0;
    TRY(lite_i64(lite, "PRAGMA user_version", &version, err));
    if (version == SCHEMA)
        return OK;
    if (version == 0 && access == LITE_CREATE)
        return exec_all(lite, fresh, COUNT_OF(fresh), err);
    if (version == 1 && access != LITE_READ)
        return exec_all(lite, from_1, COUNT_OF(from_1), err);
    error_set(err, ERR_INVALID, "vault: schema %" PRId64 " is not known to this program", version);
    if (version == 1) {
        error_set(err, ERR_INVALID, "vault: schema 1 has to be brought up to date first");
        error_hint(err, "Run a command that writes to the home, for instance \"cairn link\".");
    }
    return ERR_INVALID;
}
