/* Digests and secrets, through OpenSSL 3 EVP so that a site can plug in its validated provider. */
#ifndef CAIRN_BASE_HASH_H
#define CAIRN_BASE_HASH_H

#include "base/error.h"
#include "base/slice.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 65 /* with the NUL */

typedef struct Sha256 Sha256;

MUST_USE Status sha256_new(Sha256 **out, Error *err);
MUST_USE Status sha256_update(Sha256 *h, const void *data, size_t size, Error *err);
/* Digest so far; the object may be used for a new message afterwards. */
MUST_USE Status sha256_final(Sha256 *h, uint8_t out[SHA256_SIZE], Error *err);
void sha256_free(Sha256 *h);
MUST_USE Status sha256_of(Slice s, uint8_t out[SHA256_SIZE], Error *err);
/* The same as text, as hex_encode writes it. */
MUST_USE Status sha256_hex(Slice s, char out[SHA256_HEX_SIZE], Error *err);
/* Lower-case hex with a NUL; out holds 2 * size + 1. */
void hex_encode(const void *data, size_t size, char *out);
/* 0..15, or -1 when c is no hex digit of either case. */
int hex_digit(char c);
/* ERR_PARSE unless s is exactly 2 * size hex digits. */
MUST_USE Status hex_decode(Slice s, void *out, size_t size, Error *err);

/* HMAC-SHA-256 with the key schedule done once: for blind tags and pseudonyms. One per thread. */
typedef struct Hmac Hmac;
MUST_USE Status hmac_new(const uint8_t *key, size_t key_size, Hmac **out, Error *err);
MUST_USE Status hmac_of(Hmac *h, Slice message, uint8_t out[SHA256_SIZE], Error *err);
void hmac_free(Hmac *h);

/* From the operating system. ERR_INTERNAL when it cannot. */
MUST_USE Status random_bytes(void *out, size_t size, Error *err);
/* SipHash-1-3: fast keyed hash for tables, not for secrets. */
uint64_t siphash13(const uint64_t key[2], const void *data, size_t size);

#endif
