/*
 * The data home: one folder that holds everything of one Cairn installation.
 *
 *   home/
 *     cairn.toml              settings: policy folder, threads, memory
 *     lock                    held by the one process that writes
 *     keys/master.key         32 bytes, hex; wraps the keys in keyring.json
 *     keys/keyring.json       data keys by purpose, wrapped (AES-256-GCM), never in clear
 *     inbox/SOURCE/           what agencies dropped; SOURCE is a contract's name
 *     inbox-reports/LOAD/     one refused file: report.csv, receipt.json
 *     loads/LOAD/             one accepted file: rows.parquet, contract.toml, report.csv, receipt.json
 *     vault.db                identities (SQLite, record-level AES-256-GCM)
 *     ledger.db               append-only, hash-chained (SQLite WAL)
 *     warehouse/gen-NNNNNN.duckdb, warehouse/CURRENT
 *     warehouse/policy/FINGERPRINT/   the policy folder that generations were built under
 *     results/gen-NNNNNN.parquet   measured cells, unprotected, inside only
 *     releases/ID/, releases/CURRENT
 *     extracts/ID/
 *     answers/USER@PEOPLE/, answers/USER.told/
 *     tmp/                    scratch; emptied when the writer opens the home
 *
 * Folders 0700, files 0600; releases are 0755/0644 because they are public.
 */
#ifndef CAIRN_STORE_HOME_H
#define CAIRN_STORE_HOME_H

#include "base/base.h"

typedef enum HomeAccess { HOME_READ, HOME_WRITE } HomeAccess;

typedef struct Home Home;

typedef struct HomeSettings {
    const char *policy_dir; /* absolute */
    unsigned threads;       /* 0: one a core */
    uint64_t memory_mb;     /* DuckDB's limit; 0: default */
} HomeSettings;

#define HOME_SETTINGS_INIT \
    { \
        .policy_dir = NULL, .threads = 0, .memory_mb = 0 \
    }

/* Makes the folders, cairn.toml, fresh keys, an empty vault and ledger. ERR_EXISTS when path holds a home already.
 * keys_from (may be NULL): another home's keys/ folder to copy instead of making keys, so that pseudonyms agree. */
MUST_USE Status home_create(const char *path, const HomeSettings *settings, const char *keys_from, Error *err);
/* HOME_WRITE takes the exclusive lock (ERR_BUSY) and empties tmp/. Close with home_close. */
MUST_USE Status home_open(const char *path, HomeAccess access, Home **out, Error *err);
void home_close(Home *home);
const HomeSettings *home_settings(const Home *home);
/* Overrides for this process (command-line options); 0 leaves what cairn.toml says. */
void home_override(Home *home, unsigned threads, uint64_t memory_mb);
const char *home_path(const Home *home);
HomeAccess home_access(const Home *home);
/* home/<relative>, in the caller's arena. */
MUST_USE Status home_file(const Home *home, Arena *arena, const char *relative, const char **out, Error *err);

/* Keys by purpose. Purposes: "record-tag", "record-box", "person-pseudonym", "employer-pseudonym", "release-sign".
 * key_id names the version in force; older versions stay readable until nothing uses them.
 * Callers wipe `key` with mem_wipe. ERR_CORRUPT when the keyring does not open under the master key. */
#define KEY_SIZE 32
MUST_USE Status home_key(Home *home, const char *purpose, uint8_t key[KEY_SIZE], uint32_t *key_id, Error *err);
MUST_USE Status home_key_version(Home *home, const char *purpose, uint32_t key_id, uint8_t key[KEY_SIZE], Error *err);

typedef struct KeyInfo {
    const char *purpose;
    uint32_t key_id;
    char created[21];
    bool in_force;
} KeyInfo;
typedef VEC(KeyInfo) KeyInfos;
MUST_USE Status home_keys_list(Home *home, Arena *arena, KeyInfos *out, Error *err);
/* New master key (re-wraps everything) and a new "record-box" version (the vault re-boxes its records under it, in
 * transactions that may be interrupted and continued). Tag and pseudonym keys keep their value: changing them would
 * change every person's pseudonym; that is `cairn keys rotate --pseudonyms`, a full rebuild. */
MUST_USE Status home_keys_rotate(Home *home, uint64_t *reboxed, Error *err);
/* Ed25519 (RFC 8032) over message under "release-sign"; public key and signature as raw bytes. */
MUST_USE Status home_sign(Home *home, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err);
/* The public half of "release-sign", 32 raw bytes: what readers hold a release against. It never rotates. */
MUST_USE Status home_release_key(Home *home, uint8_t public_key[32], Error *err);
MUST_USE Status signature_verify(Slice message, const uint8_t signature[64], const uint8_t public_key[32], Error *err);

/* A consistent copy of the whole home (SQLite backup API, immutable files linked or copied) in a new folder, with a
 * SHA-256 list; keys only when include_keys says so. restore checks every hash first and never overwrites a home. */
typedef enum BackupKeys { BACKUP_WITHOUT_KEYS, BACKUP_WITH_KEYS } BackupKeys;
MUST_USE Status home_backup(Home *home, const char *to, BackupKeys keys, Error *err);
MUST_USE Status home_restore(const char *from, const char *to, Error *err);

/* What `cairn doctor` reports: one finding per check. */
typedef struct Finding {
    const char *check; /* "file modes", "ledger chain", ... */
    bool ok;
    const char *message;
    const char *advice; /* empty when ok */
} Finding;
typedef VEC(Finding) Findings;
MUST_USE Status home_doctor(Home *home, Arena *arena, Findings *out, Error *err);

#endif
