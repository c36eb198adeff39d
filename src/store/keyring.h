/*
 * The keyring: data keys by purpose and version, in memory in clear and on disk
 * wrapped. Private to the room.
 *
 *   keys/master.key    64 hex digits and a line end
 *   keys/keyring.json  {"format": "cairn-keyring-1",
 *                       "master_check": first 16 bytes of HMAC-SHA-256(master, "cairn keyring check"), hex,
 *                       "keys": [{"purpose", "id", "created", "in_force", "nonce", "wrapped"}, ...]}
 *
 * wrapped = AES-256-GCM of the 32 key bytes under the master key; additional
 * data = format, purpose, id, created, in_force, so that no entry can be
 * exchanged for another or put back into force unnoticed.
 *
 * A new master key is written beside the old one as master.key.new, then the
 * keyring wrapped under it replaces the old keyring, then the name is changed.
 * master_check tells at every moment which of the two files the keyring needs.
 */
#ifndef CAIRN_STORE_KEYRING_H
#define CAIRN_STORE_KEYRING_H

#include "base/base.h"
#include "store/home.h"

#define KEY_PURPOSE_MAX 32

typedef struct Key {
    char purpose[KEY_PURPOSE_MAX];
    uint32_t id;
    char created[21];
    bool in_force;
    uint8_t bytes[KEY_SIZE];
} Key;

typedef struct Keyring {
    uint8_t master[KEY_SIZE];
    Key *at; /* in order of purpose, then id */
    size_t len;
    size_t cap;
    bool master_is_new; /* opened with master.key.new: the rename is still to be done */
} Keyring;

/* A fresh master key and one key a purpose. */
MUST_USE Status keyring_make(Keyring *k, Error *err);
/* dir is a keys/ folder. ERR_DENIED when others may read it, ERR_CORRUPT when it does not open. */
MUST_USE Status keyring_read(Keyring *k, const char *dir, Error *err);
/* Writes both files; when there is a keyring already, under a new master key and in the order told above. */
MUST_USE Status keyring_write(const Keyring *k, const char *dir, Error *err);
/* Replaces keyring.json only: the master key stays. */
MUST_USE Status keyring_rewrite(const Keyring *k, const char *dir, Error *err);
/* Puts master.key.new in the place of master.key. */
MUST_USE Status keyring_settle(const char *dir, Error *err);
/* A new version of a purpose, in force instead of the one before. */
MUST_USE Status keyring_renew(Keyring *k, const char *purpose, Error *err);
/* id 0: the version in force. NULL when there is none. */
const Key *keyring_find(const Keyring *k, const char *purpose, uint32_t id);
/* Wipes. A zeroed Keyring is fine. */
void keyring_free(Keyring *k);

#endif
