/*
 * The secret of a token scheme, and the keys made from it.
 *
 * One secret a project; from it, by HKDF-SHA-256 (RFC 5869), a key for each
 * field, each block and each step, so that equal values in different fields
 * have nothing in common and one key's loss tells nothing of the others.
 *
 * File: "cairn-token-key-1 " and 64 hex digits, mode 0600.
 */
#include "token/token_impl.h"

#include <stdio.h>

#define PREFIX "cairn-token-key-1 "
#define FILE_MAX ((size_t)4096)
#define INFO_MAX 256

struct TokenKey {
    uint8_t bytes[SHA256_SIZE];
};

Status token_key_from(const uint8_t bytes[32], TokenKey **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    memcpy((*out)->bytes, bytes, SHA256_SIZE);
    return OK;
}

void token_key_free(TokenKey *key)
{
    if (key)
        mem_wipe(key, sizeof *key);
    mem_free(key);
}

Status token_key_create(const char *path, Error *err)
{
    uint8_t bytes[SHA256_SIZE];
    char line[sizeof PREFIX + 2 * SHA256_SIZE + 1] = PREFIX;
    TRY(random_bytes(bytes, sizeof bytes, err));
    hex_encode(bytes, sizeof bytes, line + sizeof PREFIX - 1);
    size_t len = strlen(line);
    line[len] = '\n';
    Status st = file_create(path, (Slice){line, len + 1}, MODE_PRIVATE, err);
    if (st == ERR_EXISTS)
        st = error_set(err, ERR_EXISTS, "%s is there already", path_base(path));
    mem_wipe(bytes, sizeof bytes);
    mem_wipe(line, sizeof line);
    return st;
}

static Status parse_key(Slice text, const char *path, TokenKey **out, Error *err)
{
    uint8_t bytes[SHA256_SIZE];
    Slice line = slice_trim(text);
    if (!slice_starts(line, SLICE(PREFIX)) ||
        hex_decode(slice_sub(line, sizeof PREFIX - 1, line.len), bytes, sizeof bytes, NULL) != OK)
        return error_set(err, ERR_PARSE, "%s is no token key", path_base(path));
    Status st = token_key_from(bytes, out, err);
    mem_wipe(bytes, sizeof bytes);
    return st;
}

Status token_key_read(const char *path, TokenKey **out, Error *err)
{
    Buf text;
    TRY(file_check_private(path, err));
    buf_init(&text, FILE_MAX);
    Status st = file_read(path, FILE_MAX, &text, err);
    if (st == OK)
        st = parse_key(buf_slice(&text), path, out, err);
    if (text.ptr)
        mem_wipe(text.ptr, text.cap);
    buf_free(&text);
    return st;
}

/* HKDF with the format's name as salt; one block of output is all that is asked for. */
static Status derive(const TokenKey *key, const char *purpose, Slice name, uint8_t out[SHA256_SIZE], Error *err)
{
    static const uint8_t salt[] = "cairn-tokens-1";
    uint8_t prk[SHA256_SIZE];
    char info[INFO_MAX];
    Hmac *h = NULL;
    int len = snprintf(info, sizeof info, "%s/%.*s\x01", purpose, SLICE_ARG(name));
    ASSERT(len > 0 && len < INFO_MAX);
    Status st = hmac_new(salt, sizeof salt - 1, &h, err);
    if (st == OK)
        st = hmac_of(h, (Slice){(const char *)key->bytes, sizeof key->bytes}, prk, err);
    hmac_free(h);
    h = NULL;
    if (st == OK)
        st = hmac_new(prk, sizeof prk, &h, err);
    if (st == OK)
        st = hmac_of(h, (Slice){info, (size_t)len}, out, err);
    hmac_free(h);
    mem_wipe(prk, sizeof prk);
    return st;
}

Status token_key_hmac(const TokenKey *key, const char *purpose, Slice name, Hmac **out, Error *err)
{
    uint8_t bytes[SHA256_SIZE];
    TRY(derive(key, purpose, name, bytes, err));
    Status st = hmac_new(bytes, sizeof bytes, out, err);
    mem_wipe(bytes, sizeof bytes);
    return st;
}

Status token_key_id(const TokenKey *key, char out[TOKEN_ID_SIZE], Error *err)
{
    uint8_t bytes[SHA256_SIZE];
    TRY(derive(key, "key-id", SLICE(""), bytes, err));
    hex_encode(bytes, (TOKEN_ID_SIZE - 1) / 2, out);
    mem_wipe(bytes, sizeof bytes);
    return OK;
}
