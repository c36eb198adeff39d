/*
 * AES-256-GCM (NIST SP 800-38D) through OpenSSL's EVP, with the key schedule
 * done once: for the boxes of the vault and the wrapped keys. Private to the room.
 *
 * The caller answers for nonces: never twice under one key.
 */
#ifndef CAIRN_STORE_AEAD_H
#define CAIRN_STORE_AEAD_H

#include "base/base.h"

#define AEAD_KEY_SIZE 32
#define AEAD_NONCE_SIZE 12
#define AEAD_TAG_SIZE 16

typedef struct Aead Aead;

/* One per thread. */
MUST_USE Status aead_new(const uint8_t key[AEAD_KEY_SIZE], Aead **out, Error *err);
void aead_free(Aead *a); /* NULL is fine */
/* out holds plain.len + AEAD_TAG_SIZE bytes: ciphertext, then tag. */
MUST_USE Status aead_seal(
    Aead *a, const uint8_t nonce[AEAD_NONCE_SIZE], Slice aad, Slice plain, uint8_t *out, Error *err);
/* out holds sealed.len - AEAD_TAG_SIZE bytes. ERR_CORRUPT when key, nonce, additional data or content do not belong
 * together; out is wiped then. */
MUST_USE Status aead_open(
    Aead *a, const uint8_t nonce[AEAD_NONCE_SIZE], Slice aad, Slice sealed, uint8_t *out, Error *err);

#endif
