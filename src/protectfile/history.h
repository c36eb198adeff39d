/*
 * Private to protectfile: what was answered before. A folder with an entry for each release or answer:
 *
 *   ledger.csv            entry,content_sha256,chain_sha256
 *   0001/released.toml    the entry's tables, as tables of an earlier release
 *   0001/truth/FILE       true values; 0001/printed/FILE what was given out
 *
 * chain_sha256 is SHA-256(previous chain || entry || content), so that an entry can be neither changed nor dropped from
 * the middle. The folder holds true values and is for the owner alone (0700).
 */
#ifndef CAIRN_PROTECTFILE_HISTORY_H
#define CAIRN_PROTECTFILE_HISTORY_H

#include "protectfile/protectfile.h"

#define HISTORY_PREFIX "history:"

typedef struct History {
    const char *dir;
    size_t count;
    VEC(const char *) contents; /* content_sha256 of each entry */
    char chain[SHA256_HEX_SIZE];
    Buf ledger;
    Arena arena;
} History;

/* Verifies the folder (made when missing) and appends the tables of its entries to the header. ERR_CORRUPT names the
 * entry. */
MUST_USE Status history_open(const char *dir, Buf *header, History *out, Error *err);
/* Adds what the job is about to give out, unless an entry has the same content. The ledger is written last. */
MUST_USE Status history_add(History *h, const ProtectJob *job, TablesLoad load, void *ctx, bool *known, Error *err);
void history_close(History *h);

#endif
