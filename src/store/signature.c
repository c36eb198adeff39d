/*
 * Ed25519 (RFC 8032) over a release's manifest: deterministic, so that signing
 * the same bytes twice gives the same signature, and verifiable by anybody with
 * the 32-byte public key.
 */
#include "store/home.h"

#include <openssl/evp.h>

static Status crypto_failed(Error *err, const char *what)
{
    return error_set(err, ERR_INTERNAL, "OpenSSL could not %s", what);
}

/* NULL where OpenSSL fails; the caller's to free. */
static Status signing_key(Home *home, EVP_PKEY **out, Error *err)
{
    uint8_t seed[KEY_SIZE];
    uint32_t id = 0;
    TRY(home_key(home, "release-sign", seed, &id, err));
    *out = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    mem_wipe(seed, sizeof seed);
    return OK;
}

Status home_release_key(Home *home, uint8_t public_key[32], Error *err)
{
    EVP_PKEY *key;
    size_t size = 32;
    TRY(signing_key(home, &key, err));
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1 && size == 32;
    EVP_PKEY_free(key);
    return ok ? OK : crypto_failed(err, "read the signing key");
}

Status home_sign(Home *home, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err)
{
    EVP_PKEY *key;
    TRY(signing_key(home, &key, err));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t signature_size = 64;
    size_t public_size = 32;
    bool ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(ctx, signature, &signature_size, (const unsigned char *)message.ptr, message.len) == 1 &&
              EVP_PKEY_get_raw_public_key(key, public_key, &public_size) == 1 && signature_size == 64 &&
              public_size == 32;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok ? OK : crypto_failed(err, "sign");
}

Status signature_verify(Slice message, const uint8_t signature[64], const uint8_t public_key[32], Error *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ready = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1;
    bool good = ready && EVP_DigestVerify(ctx, signature, 64, (const unsigned char *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (!ready)
        return crypto_failed(err, "read the public key");
    return good ? OK : error_set(err, ERR_CORRUPT, "the signature does not belong to this content and key");
}
