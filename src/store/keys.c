/*
 * Keys by purpose for the rest of the program, and their renewal.
 *
 * Only the box key changes in a rotation: tag and pseudonym keys are part of
 * every stored fact, so that changing them means a full rebuild. Older versions
 * stay in the keyring, because a backup may still need them.
 *
 * After a restore the same box key and the same vault exist twice, here and
 * wherever the backup came from. The nonces of both start at random places and
 * would hardly ever meet; a new box key at the first writing makes it never.
 */
#include "store/home_impl.h"

#include <stdio.h>

#include "store/ledger.h"
#include "store/vault.h"

#define REBOX_STEP 20000

static Status keys_dir(Home *home, Arena *arena, const char **out, Error *err)
{
    return home_file(home, arena, "keys", out, err);
}

Status home_load_keys(Home *home, Error *err)
{
    Arena arena;
    const char *dir = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    pthread_mutex_lock(&home->keys_lock);
    if (!home->keys_loaded) {
        st = keys_dir(home, &arena, &dir, err);
        if (st == OK)
            st = keyring_read(&home->keys, dir, err);
        home->keys_loaded = st == OK;
    }
    pthread_mutex_unlock(&home->keys_lock);
    arena_free(&arena);
    return st;
}

static Status copy_key(
    Home *home, const char *purpose, uint32_t version, uint8_t out[KEY_SIZE], uint32_t *key_id, Error *err)
{
    TRY(home_load_keys(home, err));
    pthread_mutex_lock(&home->keys_lock);
    const Key *key = keyring_find(&home->keys, purpose, version);
    if (key) {
        memcpy(out, key->bytes, KEY_SIZE);
        *key_id = key->id;
    }
    pthread_mutex_unlock(&home->keys_lock);
    if (!key)
        return error_set(err, ERR_NOT_FOUND, "the keyring has no key %s %" PRIu32, purpose, version);
    return OK;
}

Status home_key(Home *home, const char *purpose, uint8_t key[KEY_SIZE], uint32_t *key_id, Error *err)
{
    return copy_key(home, purpose, 0, key, key_id, err);
}

Status home_key_version(Home *home, const char *purpose, uint32_t key_id, uint8_t key[KEY_SIZE], Error *err)
{
    uint32_t found;
    if (key_id == 0)
        return error_set(err, ERR_NOT_FOUND, "key versions begin at 1");
    return copy_key(home, purpose, key_id, key, &found, err);
}

Status home_keys_list(Home *home, Arena *arena, KeyInfos *out, Error *err)
{
    TRY(home_load_keys(home, err));
    for (size_t i = 0; i < home->keys.len; i++) {
        const Key *key = &home->keys.at[i];
        Slice purpose;
        TRY(arena_dup(arena, slice_of(key->purpose), &purpose, err));
        KeyInfo info = {.purpose = purpose.ptr, .key_id = key->id, .in_force = key->in_force};
        memcpy(info.created, key->created, sizeof info.created);
        TRY(vec_push(out, info, err));
    }
    return OK;
}

/* --- renewal ------------------------------------------------------------------------------------------------- */

static Status renew_after_restore(Home *home, const char *dir, const char *mark, Error *err)
{
    TRY(home_load_keys(home, err));
    TRY(keyring_renew(&home->keys, "record-box", err));
    TRY(keyring_rewrite(&home->keys, dir, err));
    return file_remove(mark, err);
}

Status home_settle_keys(Home *home, Error *err)
{
    Arena arena;
    const char *dir = NULL;
    const char *fresh = NULL;
    const char *keyring = NULL;
    const char *mark = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(keys_dir(home, &arena, &dir, err));
    TRY_OUT(path_join(&arena, dir, "master.key.new", &fresh, err));
    TRY_OUT(path_join(&arena, dir, "keyring.json", &keyring, err));
    TRY_OUT(home_file(home, &arena, HOME_RESTORED_MARK, &mark, err));
    if (file_exists(fresh) && file_exists(keyring)) {
        TRY_OUT(home_load_keys(home, err));
        if (home->keys.master_is_new)
            TRY_OUT(keyring_settle(dir, err));
        else
            TRY_OUT(file_remove(fresh, err));
        home->keys.master_is_new = false;
    }
    /* without keys the mark waits for them */
    if (file_exists(mark) && file_exists(keyring))
        TRY_OUT(renew_after_restore(home, dir, mark, err));
out:
    arena_free(&arena);
    return st;
}

static Status renew_keys(Home *home, const char *dir, Error *err)
{
    TRY(random_bytes(home->keys.master, sizeof home->keys.master, err));
    TRY(keyring_renew(&home->keys, "record-box", err));
    return keyring_write(&home->keys, dir, err);
}

static Status rebox_all(Home *home, uint64_t *reboxed, Error *err)
{
    Vault *vault = NULL;
    uint64_t done = 0;
    TRY(vault_open(home, &vault, err));
    Status st = OK;
    do {
        st = vault_rebox(vault, REBOX_STEP, &done, err);
        *reboxed += done;
        if (st == OK)
            st = cancel_check(err);
    } while (st == OK && done > 0);
    vault_close(vault);
    return st;
}

static Status note_rotation(Home *home, uint64_t reboxed, Error *err)
{
    Ledger *ledger = NULL;
    char body[64];
    int n = snprintf(body, sizeof body, "{\"reboxed\":%" PRIu64 "}", reboxed);
    TRY(ledger_open(home, &ledger, err));
    Status st = ledger_append(ledger, "key.rotated", SLICE("record-box"), (Slice){body, (size_t)n}, err);
    ledger_close(ledger);
    return st;
}

Status home_keys_rotate(Home *home, uint64_t *reboxed, Error *err)
{
    Arena arena;
    const char *dir = NULL;
    Status st = OK;
    *reboxed = 0;
    TRY(home_must_write(home, err));
    TRY(home_settle_keys(home, err));
    TRY(home_load_keys(home, err));
    arena_init(&arena, 0);
    TRY_OUT(keys_dir(home, &arena, &dir, err));
    st = renew_keys(home, dir, err);
    if (st != OK) {
        /* what is on disk decides, not what was tried */
        keyring_free(&home->keys);
        home->keys_loaded = false;
        goto out;
    }
    TRY_OUT(rebox_all(home, reboxed, err));
    TRY_OUT(note_rotation(home, *reboxed, err));
out:
    arena_free(&arena);
    return st;
}
