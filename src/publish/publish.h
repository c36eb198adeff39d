/*
 * Publish: a protected set of cells becomes a release: an immutable, signed folder.
 *
 *   releases/ID/index.html, measure-NAME.html, map, style.css, data/NAME.csv, data/NAME.json,
 *   manifest.json (inputs, policy files and hashes, parameters, code version, file hashes; no clock), manifest.sig
 *
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

/* Reads the results of the current generation, protects, audits, writes. An unchanged release is a no-op with the same id. */
MUST_USE Status release_make(const ReleaseContext *ctx, ReleaseReport *out, Error *err);
/* Re-checks a release's hashes and signature. */
MUST_USE Status release_verify(const char *path, Error *err);

#endif
