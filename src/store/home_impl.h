/* What the files of home, keys, backup and doctor share; nobody outside the room includes it. */
#ifndef CAIRN_STORE_HOME_IMPL_H
#define CAIRN_STORE_HOME_IMPL_H

#include "store/home.h"
#include "store/keyring.h"

#include <pthread.h>

struct Home {
    char *path;
    HomeAccess access;
    bool being_made; /* inside home_create: databases may be made, later a missing one is a loss to report */
    FileLock *lock;  /* HOME_WRITE only */
    HomeSettings settings;
    Arena arena;
    /* The keyring is read at first use, because `cairn serve` runs as a user who may not read it; taggers of several
     * threads may be the first at once. */
    pthread_mutex_t keys_lock;
    bool keys_loaded;
    Keyring keys;
};

/* Folders of a home, and the files beside them. */
extern const char *const home_folders[];
extern const size_t home_folder_count;

/* Marks a home that came out of a backup: its next writer makes a new box key (see keys.c). */
#define HOME_RESTORED_MARK "keys-to-renew"

/* ERR_DENIED unless opened with HOME_WRITE. */
MUST_USE Status home_must_write(const Home *home, Error *err);
/* home/a, or home/a/b when b is not NULL. */
MUST_USE Status home_join(const Home *home, Arena *arena, const char *a, const char *b, const char **out, Error *err);
/* Reads the keyring unless it is there; afterwards home->keys stands. */
MUST_USE Status home_load_keys(Home *home, Error *err);
/* Completes a key rotation that was interrupted, and renews the box key after a restore. Writer only. */
MUST_USE Status home_settle_keys(Home *home, Error *err);
/* The folder where DuckDB of this process may spill. */
MUST_USE Status home_spill_dir(const Home *home, Arena *arena, const char **out, Error *err);

#endif
