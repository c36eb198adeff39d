/*
 * Publish: a protected set of cells becomes a release: an immutable, signed folder.
 *
 *   releases/ID/index.html, measure-NAME.html, measure-NAME-places.html, how.html, cairn.css, cairn.svg,
 *   data/NAME.csv, data/NAME.json,
 *   manifest.json (inputs, policy files and hashes, parameters, code version, file hashes; no clock), manifest.sig
 *   releases/CURRENT names the newest
 *
 * manifest.sig is two lines, "public_key HEX" and "signature HEX" (Ed25519 over the bytes of manifest.json).
 * ID is the first 12 hex digits of the manifest's SHA-256: the same input gives the same folder.
 */
#ifndef CAIRN_PUBLISH_PUBLISH_H
#define CAIRN_PUBLISH_PUBLISH_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct ReleaseContext {
    Home *home;
    Policy *policy;
    Ledger *ledger;
    const char *web_dir; /* static files: web/static */
    const Log *log;
} ReleaseContext;

typedef struct ReleaseReport {
    char id[13];
    uint64_t cells;
    uint64_t withheld;
    char path[512];
} ReleaseReport;

/* Reads the results of the current generation, protects, audits, writes. An unchanged release is a no-op with the same
 * id. */
MUST_USE Status release_make(const ReleaseContext *ctx, ReleaseReport *out, Error *err);
/* Re-checks a release: its name, every file's hash, that there is no other file, and the signature. ERR_CORRUPT names
 * the file. */
MUST_USE Status release_verify(const char *path, Error *err);

/* "0123456789ab" */
bool release_id_ok(Slice id);
/* A path that may be inside a release: one or two parts of [a-z0-9_-] and dots, none beginning with a dot, with one of
 * the endings releases use. Nothing else is ever opened on a reader's behalf. */
bool release_path_ok(Slice path);

#endif
