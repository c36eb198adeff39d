/*
 * The vault's tables: records in bundles (vault_bundle.c) and, for linkage by a model,
 * links and what they replaced, runs, models, decisions, queues and samples. Vaults of
 * the schemas before this one were never released and are refused.
 */
#include "store/vault_impl.h"

#define SCHEMA 4
#define SCHEMA_TEXT "4"

static const char records_sql[] =
    "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE bundle (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, source INTEGER NOT NULL, first BLOB NOT NULL,"
    " records INTEGER NOT NULL, key_id INTEGER NOT NULL, tags BLOB NOT NULL, box BLOB NOT NULL) STRICT;"
    /* finds a tag's bundle in each run; with `records`, counting reads no bundle */
    "CREATE INDEX bundle_run ON bundle (run, first, records);"
    "CREATE INDEX bundle_source ON bundle (source);"
    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, load TEXT NOT NULL, row INTEGER NOT NULL, key_id INTEGER NOT "
    "NULL,"
    " box BLOB NOT NULL, UNIQUE (load, row)) STRICT;"
    "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "INSERT INTO counter VALUES ('next_person', 1)";

/* Odds are log2 in thousandths of a bit, tags 16 bytes; a NULL tag is none. */
static const char linkage_sql[] =
    "CREATE TABLE link (tag BLOB NOT NULL PRIMARY KEY, person INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " odds INTEGER NOT NULL, partner BLOB, model INTEGER NOT NULL, run INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID;" VAULT_LINK_PERSON_SQL ";"
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
    "CREATE TABLE person_missed (person INTEGER PRIMARY KEY, missed INTEGER NOT NULL, run INTEGER NOT NULL) STRICT;"
    "CREATE TABLE person_missed_past (person INTEGER NOT NULL, ended INTEGER NOT NULL, missed INTEGER NOT NULL,"
    " run INTEGER NOT NULL, PRIMARY KEY (person, ended)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE clerical_sample (sample INTEGER PRIMARY KEY, at INTEGER NOT NULL, model INTEGER NOT NULL) STRICT;"
    "CREATE TABLE clerical_stratum (sample INTEGER NOT NULL, stratum INTEGER NOT NULL, population INTEGER NOT NULL,"
    " from_odds INTEGER NOT NULL, linked INTEGER NOT NULL, PRIMARY KEY (sample, stratum)) STRICT;"
    "CREATE TABLE clerical (sample INTEGER NOT NULL, stratum INTEGER NOT NULL, a BLOB NOT NULL, b BLOB NOT NULL,"
    " odds INTEGER NOT NULL, linked INTEGER NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (sample, stratum, a, b))"
    " STRICT, WITHOUT ROWID";

static Status exec_all(const Lite *lite, const char *const *sql, size_t count, Error *err)
{
    TRY(lite_exec(lite, "BEGIN IMMEDIATE", err));
    Status st = OK;
    for (size_t i = 0; i < count && st == OK; i++)
        st = lite_exec(lite, sql[i], err);
    if (st == OK)
        st = lite_exec(lite, "PRAGMA user_version = " SCHEMA_TEXT, err);
    if (st == OK)
        st = lite_exec(lite, "COMMIT", err);
    lite_rollback(lite);
    return st;
}

Status vault_ensure_schema(const Lite *lite, LiteAccess access, Error *err)
{
    const char *const fresh[] = {records_sql, linkage_sql};
    int64_t version = 0;
    TRY(lite_i64(lite, "PRAGMA user_version", &version, err));
    if (version == SCHEMA)
        return OK;
    if (version == 0 && access == LITE_CREATE)
        return exec_all(lite, fresh, COUNT_OF(fresh), err);
    error_set(err, ERR_INVALID, "vault: schema %" PRId64 " is not known to this program", version);
    error_hint(err, "A vault of an earlier development version is made anew: cairn init, and the files once more.");
    return ERR_INVALID;
}
