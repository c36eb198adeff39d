/*
 * One EVP context for each direction, set up once: with only the nonce changed
 * a box of 128 bytes costs about half a microsecond, with a new key schedule
 * and provider look-up each time about four times that.
 */
#include "store/aead.h"

#include <limits.h>

#include <openssl/evp.h>

struct Aead {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *seal;
    EVP_CIPHER_CTX *open;
};

static Status crypto_failed(Error *err, const char *what)
{
    return error_set(err, ERR_INTERNAL, "OpenSSL could not %s", what);
}

Status aead_new(const uint8_t key[AEAD_KEY_SIZE], Aead **out, Error *err)
{
    Aead *a = NULL;
    TRY(mem_zalloc(1, sizeof *a, (void **)&a, err));
    a->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    a->seal = EVP_CIPHER_CTX_new();
    a->open = EVP_CIPHER_CTX_new();
    if (!a->cipher || !a->seal || !a->open || EVP_EncryptInit_ex2(a->seal, a->cipher, key, NULL, NULL) != 1 ||
        EVP_DecryptInit_ex2(a->open, a->cipher, key, NULL, NULL) != 1) {
        aead_free(a);
        return crypto_failed(err, "set up AES-256-GCM");
    }
    *out = a;
    return OK;
}

void aead_free(Aead *a)
{
    if (!a)
        return;
    /* wipes the key schedule */
    EVP_CIPHER_CTX_free(a->seal);
    EVP_CIPHER_CTX_free(a->open);
    EVP_CIPHER_free(a->cipher);
    mem_free(a);
}

static const unsigned char *bytes_of(Slice s)
{
    return (const unsigned char *)s.ptr;
}

Status aead_seal(Aead *a, const uint8_t nonce[AEAD_NONCE_SIZE], Slice aad, Slice plain, uint8_t *out, Error *err)
{
    int n = 0;
    int end = 0;
    ASSERT(plain.len < INT_MAX && aad.len < INT_MAX);
    if (EVP_EncryptInit_ex2(a->seal, NULL, NULL, nonce, NULL) != 1 ||
        EVP_EncryptUpdate(a->seal, NULL, &n, bytes_of(aad), (int)aad.len) != 1 ||
        EVP_EncryptUpdate(a->seal, out, &n, bytes_of(plain), (int)plain.len) != 1 ||
        EVP_EncryptFinal_ex(a->seal, out + n, &end) != 1 || (size_t)n + (size_t)end != plain.len ||
        EVP_CIPHER_CTX_ctrl(a->seal, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, out + plain.len) != 1)
        return crypto_failed(err, "encrypt");
    return OK;
}

Status aead_open(Aead *a, const uint8_t nonce[AEAD_NONCE_SIZE], Slice aad, Slice sealed, uint8_t *out, Error *err)
{
    if (sealed.len < AEAD_TAG_SIZE || sealed.len >= INT_MAX || aad.len >= INT_MAX)
        return error_set(err, ERR_CORRUPT, "an encrypted value has an impossible length");
    size_t len = sealed.len - AEAD_TAG_SIZE;
    uint8_t tag[AEAD_TAG_SIZE];
    memcpy(tag, sealed.ptr + len, sizeof tag);
    int n = 0;
    int end = 0;
    if (EVP_DecryptInit_ex2(a->open, NULL, NULL, nonce, NULL) != 1 ||
        EVP_DecryptUpdate(a->open, NULL, &n, bytes_of(aad), (int)aad.len) != 1 ||
        EVP_DecryptUpdate(a->open, out, &n, bytes_of(sealed), (int)len) != 1 ||
        EVP_CIPHER_CTX_ctrl(a->open, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_SIZE, tag) != 1)
        return crypto_failed(err, "decrypt");
    if (EVP_DecryptFinal_ex(a->open, out + n, &end) != 1) {
        mem_wipe(out, len);
        return error_set(
            err, ERR_CORRUPT, "an encrypted value does not open: it was changed, moved or sealed under another key");
    }
    return OK;
}
