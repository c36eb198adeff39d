/*
 * Warehouse generations. A generation is a DuckDB file that is built beside the
 * old one, synced, then named in warehouse/CURRENT; after that it never changes,
 * so readers hold an immutable file and a crash leaves the old one standing.
 * (DuckDB locks out even readers while a process writes: nothing else works.)
 */
#ifndef CAIRN_STORE_WAREHOUSE_H
#define CAIRN_STORE_WAREHOUSE_H

#include "base/base.h"
#include "store/db.h"
#include "store/home.h"

/* A new generation under a temporary name; its Db is open read-write. */
typedef struct Generation Generation;
MUST_USE Status generation_begin(Home *home, Generation **out, Error *err);
Db *generation_db(Generation *g);
uint32_t generation_number(const Generation *g); /* the number it will have */
/* Checkpoints, closes, syncs, renames, then replaces CURRENT. Frees g, also on failure. */
MUST_USE Status generation_publish(Generation *g, Error *err);
void generation_abandon(Generation *g); /* removes the temporary file; NULL is fine */

/* ERR_NOT_FOUND when nothing was built yet. */
MUST_USE Status warehouse_current(Home *home, uint32_t *number, Error *err);
/* Read-only, locked configuration. Close with db_close. */
MUST_USE Status warehouse_open(Home *home, uint32_t *number, Db **out, Error *err);
/* Keeps CURRENT and the newest `keep` others. */
MUST_USE Status warehouse_prune(Home *home, unsigned keep, Error *err);

#endif
