/*
 * Publish: a protected set of cells becomes a release: an immutable, signed folder.
 *
 *   releases/ID/index.html, measure-NAME.html, measure-NAME-places.html, how.html, cairn.css, cairn.svg,
 *   data/NAME.csv, data/NAME.json,
 *   manifest.json (inputs, policy files and hashes, parameters, code version, file hashes; no clock), manifest.sig
 *   releases/CURRENT names the newest, releases/WITHDRAWN those that are in force no more
 *
 * manifest.sig is two lines, "public_key HEX" and "signature HEX" (Ed25519 over the bytes of manifest.json).
 * ID is the first 12 hex digits of the manifest's SHA-256: the same input gives the same folder.
 */
#ifndef CAIRN_PUBLISH_PUBLISH_H
#define CAIRN_PUBLISH_PUBLISH_H

#include "base/base.h"
#include "policy/policy.h"
#include "protect/protect.h"
#include "store/home.h"
#include "store/ledger.h"

/* A release that has passed its audits and is about to be written. */
typedef struct ReleaseComing {
    const Protected *figures;
    const Slice *replaced; /* releases that will be withdrawn for it */
    size_t replaced_count;
} ReleaseComing;
/* The last word before anything is written: ERR_DENIED stops the release. */
typedef Status (*ReleaseCheck)(void *ctx, const ReleaseComing *coming, Error *err);

typedef struct ReleaseContext {
    Home *home;
    Policy *policy;
    Ledger *ledger;
    const char *web_dir; /* static files: web/static */
    const char *replace; /* reason for which earlier releases that clash with this one are withdrawn; NULL: refused */
    bool again;          /* publish one that was withdrawn, as it was; replace says so, too */
    unsigned threads;    /* 0: one a core; the release does not depend on it */
    ReleaseCheck check;  /* NULL: none */
    void *check_ctx;
    const Log *log;
} ReleaseContext;

typedef struct ReleaseReport {
    char id[13];
    uint64_t cells;
    uint64_t withheld;
    uint64_t replaced; /* earlier releases withdrawn because they clashed */
    char path[512];
} ReleaseReport;

/* Reads the results of the current generation, protects, audits by itself and together with every earlier release in
 * force, writes. ERR_DENIED: an audit found something; nothing is written. An unchanged release is a no-op with the
 * same id; of one that was withdrawn it is ERR_DENIED unless that is asked for. */
MUST_USE Status release_make(const ReleaseContext *ctx, ReleaseReport *out, Error *err);
typedef enum ReleaseStyle { RELEASE_TEXT, RELEASE_JSON } ReleaseStyle;
/* Before choosing a lane: what readers would see by themselves of each lineage when its families pool and when they
 * suppress, each protected and audited as a release would be, alone (not beside what is out). True shares: for inside.
 * family: the root of one lineage; NULL: all. Appended; writes nothing else. ERR_NOT_FOUND: no such family. */
MUST_USE Status release_compare(
    const ReleaseContext *ctx, const char *family, ReleaseStyle style, Buf *out, Error *err);
/* Releases the ledger knows, in the order of their first publication. Text in arena; the list is the caller's. */
typedef struct ReleaseEntry {
    Slice id;
    bool in_force;
    int64_t published_at, withdrawn_at; /* seconds since 1970; 0: never */
    Slice withdrawn_body;               /* JSON with the reason; empty */
} ReleaseEntry;
typedef VEC(ReleaseEntry) ReleaseEntries;
MUST_USE Status release_list(Ledger *ledger, Arena *arena, ReleaseEntries *out, Error *err);
/* Says in the ledger that a release is withdrawn and why, names it in releases/WITHDRAWN, so that it is served no more,
 * and makes the newest one in force CURRENT. ERR_NOT_FOUND; ERR_USAGE without a reason. Repeating it changes nothing.
 */
MUST_USE Status release_withdraw(Home *home, Ledger *ledger, Slice id, Slice reason, Error *err);
/* What all releases in force printed of one measure, each figure once, as read back from their files; figures that they
 * hide are left out, hidden wages have no value: cell keys, members, groups and the shown texts. A folder that no line
 * of the ledger names counts as in force. Free also after a failure.
 */
typedef struct ReleasePrinted {
    Arena arena;
    PublishedCell *cells;
    size_t count;
    bool hides; /* one of them shows the measure with figures, or values, left out */
} ReleasePrinted;
typedef struct ReleaseReading {
    Home *home;
    Ledger *ledger;
    Slice measure;
    const Slice *without; /* releases that are not looked at */
    size_t without_count;
} ReleaseReading;
MUST_USE Status release_printed(const ReleaseReading *reading, ReleasePrinted *out, Error *err);
void release_printed_free(ReleasePrinted *p);
/* Re-checks a release: its name, every file's hash, that there is no other file, and the signature. signer: the only
 * public key (32 bytes, home_release_key) that may have made it; NULL: any, which tells that the release is whole and
 * not who made it. ERR_CORRUPT names the file. */
MUST_USE Status release_verify(const char *path, const uint8_t *signer, Error *err);

/* "0123456789ab" */
bool release_id_ok(Slice id);
/* A path that may be inside a release: one or two parts of [a-z0-9_-] and dots, none beginning with a dot, with one of
 * the endings releases use. Nothing else is ever opened on a reader's behalf. */
bool release_path_ok(Slice path);

#endif
