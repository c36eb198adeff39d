/*
 * Lite: the few SQLite calls the vault and the ledger share. Private to the room.
 *
 * WAL so that readers never wait for the writer; synchronous=FULL because a
 * commit here means "this load is accepted", which must survive a power cut
 * (NORMAL in WAL mode may lose the last commits). Commits are one a load, so
 * that the extra fsync costs nothing.
 */
#ifndef CAIRN_STORE_LITE_H
#define CAIRN_STORE_LITE_H

#include "base/base.h"

#include <sqlite3.h>

typedef enum LiteAccess { LITE_READ, LITE_WRITE, LITE_CREATE } LiteAccess;

typedef struct Lite {
    sqlite3 *db;
    const char *name; /* "vault", "ledger": for messages; borrowed */
} Lite;

/* LITE_CREATE makes the file (mode 0600) when it is missing, otherwise ERR_NOT_FOUND. Closes itself on failure. */
MUST_USE Status lite_open(Lite *l, const char *path, const char *name, LiteAccess access, Error *err);
void lite_close(Lite *l); /* a zeroed Lite is fine */
/* Fills err from the connection's state after a call returned rc; SQLite's own text goes to detail. */
Status lite_failed(const Lite *l, int rc, Error *err);
MUST_USE Status lite_exec(const Lite *l, const char *sql, Error *err);
/* Finalise with sqlite3_finalize (NULL is fine). */
MUST_USE Status lite_prepare(const Lite *l, const char *sql, sqlite3_stmt **out, Error *err);
/* Steps a SELECT. */
MUST_USE Status lite_next(const Lite *l, sqlite3_stmt *stmt, bool *more, Error *err);
/* Steps a statement that returns nothing, and resets it. */
MUST_USE Status lite_run(const Lite *l, sqlite3_stmt *stmt, Error *err);
/* One integer of one row; 0 when there is no row. */
MUST_USE Status lite_i64(const Lite *l, const char *sql, int64_t *out, Error *err);
/* Binding never fails for a number, and for text only when memory is out, which the next step tells. */
void lite_bind_text(sqlite3_stmt *stmt, int index, Slice s); /* must live until the statement is reset */
void lite_bind_blob(sqlite3_stmt *stmt, int index, Slice s);
/* Valid until the next step. */
Slice lite_text(sqlite3_stmt *stmt, int column);
Slice lite_blob(sqlite3_stmt *stmt, int column);
void lite_rollback(const Lite *l);
/* Gives the allocator back the pages that reading has left in memory. */
void lite_forget(const Lite *l);
/* A consistent copy into a new file, also while others write (SQLite's online backup). */
MUST_USE Status lite_backup(const char *from, const char *to, const char *name, Error *err);

#endif
