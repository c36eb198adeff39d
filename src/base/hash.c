/*
 * Digests and keyed digests through OpenSSL 3, so that the provider a site
 * has configured (a validated one, say) does the work; SipHash-1-3 (Aumasson
 * and Bernstein 2012, with the reduced rounds Rust and CPython use) for tables.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_CTX: see hmac_of */
#include "base/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <errno.h>
#include <sys/random.h>

#include "base/mem.h"

struct Sha256 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static Status crypto_failed(Error *err, const char *what)
{
    return error_set(err, ERR_INTERNAL, "OpenSSL could not %s", what);
}

Status sha256_new(Sha256 **out, Error *err)
{
    Sha256 *h = NULL;
    TRY(mem_zalloc(1, sizeof *h, (void **)&h, err));
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx || EVP_DigestInit_ex(h->ctx, h->md, NULL) != 1) {
        sha256_free(h);
        return crypto_failed(err, "start SHA-256");
    }
    *out = h;
    return OK;
}

Status sha256_update(Sha256 *h, const void *data, size_t size, Error *err)
{
    if (size > 0 && EVP_DigestUpdate(h->ctx, data, size) != 1)
        return crypto_failed(err, "continue SHA-256");
    return OK;
}

Status sha256_final(Sha256 *h, uint8_t out[SHA256_SIZE], Error *err)
{
    unsigned size = 0;
    if (EVP_DigestFinal_ex(h->ctx, out, &size) != 1 || size != SHA256_SIZE ||
        EVP_DigestInit_ex(h->ctx, h->md, NULL) != 1)
        return crypto_failed(err, "finish SHA-256");
    return OK;
}

void sha256_free(Sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    mem_free(h);
}

Status sha256_of(Slice s, uint8_t out[SHA256_SIZE], Error *err)
{
    size_t size = 0;
    if (EVP_Q_digest(NULL, "SHA256", NULL, s.len ? s.ptr : "", s.len, out, &size) != 1 || size != SHA256_SIZE)
        return crypto_failed(err, "compute SHA-256");
    return OK;
}

Status sha256_hex(Slice s, char out[SHA256_HEX_SIZE], Error *err)
{
    uint8_t digest[SHA256_SIZE];
    TRY(sha256_of(s, digest, err));
    hex_encode(digest, sizeof digest, out);
    return OK;
}

void hex_encode(const void *data, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * size] = '\0';
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

Status hex_decode(Slice s, void *out, size_t size, Error *err)
{
    if (s.len % 2 != 0 || s.len / 2 != size)
        return error_set(err, ERR_PARSE, "not %zu hexadecimal digits", 2 * size);
    for (size_t i = 0; i < s.len; i++)
        if (hex_digit(s.ptr[i]) < 0)
            return error_set(err, ERR_PARSE, "not a hexadecimal digit at position %zu", i + 1);
    uint8_t *p = out;
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(hex_digit(s.ptr[2 * i]) << 4 | hex_digit(s.ptr[2 * i + 1]));
    return OK;
}

/*
 * RFC 2104 over OpenSSL's own SHA-256: the states after the padded key are kept
 * and copied, so that a short message costs two blocks. Through EVP_MAC the same
 * costs three times as much, most of it for contexts that are made and thrown
 * away. Where FIPS properties are the default, the provider does it all the same.
 */
struct Hmac {
    SHA256_CTX inner;
    SHA256_CTX outer;
    EVP_MAC *mac; /* NULL: the states above serve */
    EVP_MAC_CTX *ctx;
};

static Status hmac_new_states(Hmac *h, const uint8_t *key, size_t key_size, Error *err)
{
    uint8_t block[SHA256_CBLOCK] = {0};
    uint8_t pad[SHA256_CBLOCK];
    Status st = OK;
    if (key_size > sizeof block)
        st = sha256_of((Slice){(const char *)key, key_size}, block, err);
    else if (key_size > 0)
        memcpy(block, key, key_size);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = block[i] ^ 0x36;
    bool good = SHA256_Init(&h->inner) == 1 && SHA256_Update(&h->inner, pad, sizeof pad) == 1;
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = block[i] ^ 0x5c;
    good = good && SHA256_Init(&h->outer) == 1 && SHA256_Update(&h->outer, pad, sizeof pad) == 1;
    mem_wipe(block, sizeof block);
    mem_wipe(pad, sizeof pad);
    if (st == OK && !good)
        st = crypto_failed(err, "start HMAC-SHA-256");
    return st;
}

static Status hmac_new_provider(Hmac *h, const uint8_t *key, size_t key_size, Error *err)
{
    static const uint8_t no_key[1] = {0};
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    h->ctx = h->mac ? EVP_MAC_CTX_new(h->mac) : NULL;
    /* a NULL key would mean "keep the old one" */
    if (!h->ctx || EVP_MAC_init(h->ctx, key_size ? key : no_key, key_size, params) != 1)
        return crypto_failed(err, "start HMAC-SHA-256");
    return OK;
}

Status hmac_new(const uint8_t *key, size_t key_size, Hmac **out, Error *err)
{
    Hmac *h = NULL;
    TRY(mem_zalloc(1, sizeof *h, (void **)&h, err));
    Status st = EVP_default_properties_is_fips_enabled(NULL) ? hmac_new_provider(h, key, key_size, err)
                                                             : hmac_new_states(h, key, key_size, err);
    if (st != OK) {
        hmac_free(h);
        return st;
    }
    *out = h;
    return OK;
}

static void put_be(uint64_t v, uint8_t *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

/* Padded as FIPS 180-4 5.1.1 says, after the one block of the key: OpenSSL's Final costs as much as the block does. */
static void sha256_end(const SHA256_CTX *after_key, const char *message, size_t size, uint8_t out[SHA256_SIZE])
{
    SHA256_CTX ctx = *after_key;
    uint8_t block[SHA256_CBLOCK] = {0};
    size_t at = 0;
    for (; size - at >= sizeof block; at += sizeof block)
        SHA256_Transform(&ctx, (const uint8_t *)message + at);
    if (size > at)
        memcpy(block, message + at, size - at);
    block[size - at] = 0x80;
    if (size - at >= sizeof block - 8) {
        SHA256_Transform(&ctx, block);
        memset(block, 0, sizeof block);
    }
    put_be((uint64_t)(sizeof block + size) * 8, block + sizeof block - 8, 8);
    SHA256_Transform(&ctx, block);
    for (size_t i = 0; i < SHA256_SIZE / 4; i++)
        put_be(ctx.h[i], out + 4 * i, 4);
}

static void hmac_by_states(const Hmac *h, Slice message, uint8_t out[SHA256_SIZE])
{
    sha256_end(&h->inner, message.ptr, message.len, out);
    sha256_end(&h->outer, (const char *)out, SHA256_SIZE, out);
}

static bool hmac_by_provider(const Hmac *h, Slice message, uint8_t out[SHA256_SIZE])
{
    size_t size = 0;
    /* without key and parameters: back to the state right after the key schedule */
    return EVP_MAC_init(h->ctx, NULL, 0, NULL) == 1 &&
           (message.len == 0 || EVP_MAC_update(h->ctx, (const unsigned char *)message.ptr, message.len) == 1) &&
           EVP_MAC_final(h->ctx, out, &size, SHA256_SIZE) == 1 && size == SHA256_SIZE;
}

Status hmac_of(Hmac *h, Slice message, uint8_t out[SHA256_SIZE], Error *err)
{
    if (h->mac)
        return hmac_by_provider(h, message, out) ? OK : crypto_failed(err, "compute HMAC-SHA-256");
    hmac_by_states(h, message, out);
    return OK;
}

void hmac_free(Hmac *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->ctx);
    EVP_MAC_free(h->mac);
    mem_wipe(h, sizeof *h);
    mem_free(h);
}

Status random_bytes(void *out, size_t size, Error *err)
{
    uint8_t *p = out;
    while (size > 0) {
        ssize_t n = getrandom(p, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(err, ERR_INTERNAL, "the operating system gave no random bytes");
        p += n;
        size -= (size_t)n;
    }
    return OK;
}

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t siphash13(const uint64_t key[2], const void *data, size_t size)
{
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *p = data;
    size_t left = size;
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t m = load_le64(p);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    uint64_t last = (uint64_t)size << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)p[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
