/*
 * Coins from the operating system: ChaCha20 under a key from getrandom, which each block replaces by its own first
 * bytes ("fast key erasure", Bernstein 2017), so that memory read later does not give past noise away. Where the
 * crypto provider has no ChaCha20 (FIPS), every block comes from getrandom itself.
 */
#include "perturb/coins.h"

#include <openssl/evp.h>

#define KEY_SIZE 32

typedef struct Source {
    EVP_CIPHER *cipher; /* NULL: getrandom alone */
    EVP_CIPHER_CTX *ctx;
    uint8_t key[KEY_SIZE];
    uint8_t block[KEY_SIZE + COINS_BUFFER];
} Source;

Status coins_open(Coins *c, Error *err)
{
    Source *s = NULL;
    TRY(mem_zalloc(1, sizeof *s, (void **)&s, err));
    c->source = s;
    s->cipher = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
    if (!s->cipher)
        return OK;
    s->ctx = EVP_CIPHER_CTX_new();
    if (!s->ctx)
        return error_nomem(err);
    return random_bytes(s->key, sizeof s->key, err);
}

void coins_fill(Coins *c)
{
    static const uint8_t nonce[16] = {0}; /* counter and nonce: a key is used once */
    Source *s = c->source;
    int size = 0;
    if (!s->cipher) {
        ASSERT(random_bytes(c->buffer, sizeof c->buffer, NULL) == OK);
        return;
    }
    memset(s->block, 0, sizeof s->block);
    ASSERT(EVP_EncryptInit_ex2(s->ctx, s->cipher, s->key, nonce, NULL) == 1);
    ASSERT(EVP_EncryptUpdate(s->ctx, s->block, &size, s->block, (int)sizeof s->block) == 1);
    ASSERT(size == (int)sizeof s->block);
    memcpy(s->key, s->block, KEY_SIZE);
    memcpy(c->buffer, s->block + KEY_SIZE, sizeof c->buffer);
    mem_wipe(s->block, sizeof s->block);
}

void coins_close(Coins *c)
{
    Source *s = c->source;
    if (!s)
        return;
    EVP_CIPHER_CTX_free(s->ctx);
    EVP_CIPHER_free(s->cipher);
    mem_wipe(s, sizeof *s);
    mem_free(s);
    c->source = NULL;
}
