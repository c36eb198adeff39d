/*
 * Boxes: one encrypted value of the vault.
 *
 *   box  = nonce (12) | ciphertext (multiple of 32) | tag (16)
 *   seal = table \0 | schema (4) | key id (4) | length of key (4) | key | owner     (additional data)
 *
 * Padding hides the length of a name; the additional data ties a box to its
 * row, so that neither a row's box can be put into another row nor a record
 * pass for another source's.
 *
 * Nonces (NIST SP 800-38D 8.2.1, deterministic construction, with random
 * starts): 4 random bytes a process, then a 64-bit counter that starts at a
 * random value. Two processes under one key would need the same 4 bytes and
 * overlapping counters: for 2^20 processes of 2^27 boxes each about 2^-29.
 */
#include "store/vault_impl.h"

#include "store/aead.h"

#define BOX_SCHEMA 1
#define PAD_TO 32

typedef struct BoxKey {
    uint32_t id;
    Aead *aead;
} BoxKey;

struct Boxer {
    Home *home;
    VEC(BoxKey) keys;
    uint32_t key_id; /* in force */
    uint8_t nonce_prefix[4];
    uint64_t nonce_counter;
    Buf aad;
    Buf plain; /* wiped at the end */
};

static void add_u32(Buf *out, uint32_t v)
{
    char bytes[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    buf_add(out, (Slice){bytes, sizeof bytes});
}

static Status key_for(Boxer *b, uint32_t id, Aead **out, Error *err)
{
    for (size_t i = 0; i < b->keys.len; i++)
        if (b->keys.at[i].id == id) {
            *out = b->keys.at[i].aead;
            return OK;
        }
    uint8_t bytes[KEY_SIZE];
    BoxKey key = {.id = id};
    Status st = home_key_version(b->home, "record-box", id, bytes, err);
    if (st == ERR_NOT_FOUND)
        return error_set(err, ERR_CORRUPT, "the vault names a key %" PRIu32 " that the keyring does not have", id);
    TRY(st);
    st = aead_new(bytes, &key.aead, err);
    mem_wipe(bytes, sizeof bytes);
    TRY(st);
    st = vec_push(&b->keys, key, err);
    if (st != OK) {
        aead_free(key.aead);
        return st;
    }
    *out = key.aead;
    return OK;
}

Status boxer_new(Home *home, Boxer **out, Error *err)
{
    Boxer *b = NULL;
    uint8_t bytes[KEY_SIZE];
    Aead *aead;
    TRY(mem_zalloc(1, sizeof *b, (void **)&b, err));
    b->home = home;
    buf_init(&b->aad, 0);
    buf_init(&b->plain, 0);
    Status st = home_key(home, "record-box", bytes, &b->key_id, err);
    mem_wipe(bytes, sizeof bytes);
    if (st == OK)
        st = key_for(b, b->key_id, &aead, err);
    if (st == OK)
        st = random_bytes(b->nonce_prefix, sizeof b->nonce_prefix, err);
    if (st == OK)
        st = random_bytes(&b->nonce_counter, sizeof b->nonce_counter, err);
    if (st != OK) {
        boxer_free(b);
        return st;
    }
    *out = b;
    return OK;
}

void boxer_free(Boxer *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->keys.len; i++)
        aead_free(b->keys.at[i].aead);
    vec_free(&b->keys);
    if (b->plain.ptr)
        mem_wipe(b->plain.ptr, b->plain.cap);
    buf_free(&b->plain);
    buf_free(&b->aad);
    mem_free(b);
}

uint32_t boxer_key_id(const Boxer *b)
{
    return b->key_id;
}

static Status describe(Boxer *b, const BoxPlace *place, uint32_t key_id, Error *err)
{
    buf_reset(&b->aad);
    buf_add(&b->aad, (Slice){place->table, strlen(place->table) + 1});
    add_u32(&b->aad, BOX_SCHEMA);
    add_u32(&b->aad, key_id);
    add_u32(&b->aad, (uint32_t)place->key.len);
    buf_add(&b->aad, place->key);
    buf_add(&b->aad, place->owner);
    return buf_status(&b->aad, err);
}

static void next_nonce(Boxer *b, uint8_t out[AEAD_NONCE_SIZE])
{
    uint64_t n = b->nonce_counter++;
    memcpy(out, b->nonce_prefix, 4);
    for (int i = 0; i < 8; i++)
        out[4 + i] = (uint8_t)(n >> (56 - 8 * i));
}

Status boxer_seal(Boxer *b, const BoxPlace *place, Slice plain, Buf *out, Error *err)
{
    Aead *aead;
    size_t padded = (plain.len + PAD_TO - 1) / PAD_TO * PAD_TO;
    TRY(describe(b, place, b->key_id, err));
    TRY(key_for(b, b->key_id, &aead, err));
    buf_reset(&b->plain);
    buf_add(&b->plain, plain);
    buf_pad(&b->plain, '\0', padded - plain.len);
    TRY(buf_status(&b->plain, err));
    char *box = buf_reserve(out, AEAD_NONCE_SIZE + padded + AEAD_TAG_SIZE);
    if (!box)
        return buf_status(out, err);
    uint8_t *nonce = (uint8_t *)box;
    next_nonce(b, nonce);
    TRY(aead_seal(aead, nonce, buf_slice(&b->aad), buf_slice(&b->plain), nonce + AEAD_NONCE_SIZE, err));
    buf_advance(out, AEAD_NONCE_SIZE + padded + AEAD_TAG_SIZE);
    return OK;
}

Status boxer_open(Boxer *b, const BoxPlace *place, uint32_t key_id, Slice box, Slice *plain, Error *err)
{
    Aead *aead;
    TRY(key_for(b, key_id, &aead, err));
    TRY(describe(b, place, key_id, err));
    if (box.len < AEAD_NONCE_SIZE + AEAD_TAG_SIZE)
        return error_set(err, ERR_CORRUPT, "a box in the vault is too short");
    Slice sealed = slice_sub(box, AEAD_NONCE_SIZE, box.len);
    size_t len = sealed.len - AEAD_TAG_SIZE;
    buf_reset(&b->plain);
    char *room = buf_reserve(&b->plain, len);
    if (!room)
        return buf_status(&b->plain, err);
    TRY(aead_open(aead, (const uint8_t *)box.ptr, buf_slice(&b->aad), sealed, (uint8_t *)room, err));
    buf_advance(&b->plain, len);
    *plain = buf_slice(&b->plain);
    return OK;
}

/* --- packing ------------------------------------------------------------------------------------------------- */

#define VARINT_MAX 10

static char *put_varint(char *to, size_t n)
{
    for (; n >= 0x80; n >>= 7)
        *to++ = (char)(0x80 | (n & 0x7F));
    *to++ = (char)n;
    return to;
}

/* Room for all is asked for once: this is done for every row of a file. */
void values_pack(const IdentityValues *values, Buf *out)
{
    size_t most = 0;
    for (unsigned role = 0; role < ID_ROLE_COUNT; role++)
        most += values->at[role].len > 0 ? 1 + VARINT_MAX + values->at[role].len : 0;
    char *begin = buf_reserve(out, most);
    char *to = begin;
    for (unsigned role = 0; to && role < ID_ROLE_COUNT; role++) {
        Slice s = values->at[role];
        if (s.len == 0)
            continue;
        *to++ = (char)(role + 1);
        to = put_varint(to, s.len);
        memcpy(to, s.ptr, s.len);
        to += s.len;
    }
    if (to)
        buf_advance(out, (size_t)(to - begin));
}

/* Little-endian base 128, at most 5 bytes. False when it does not end in time. */
static bool read_varint(Slice s, size_t *at, size_t *out)
{
    size_t v = 0;
    for (unsigned shift = 0; shift < 35 && *at < s.len; shift += 7) {
        uint8_t byte = (uint8_t)s.ptr[(*at)++];
        v |= (size_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

void values_put(Slice packed, Buf *out)
{
    char *begin = buf_reserve(out, VARINT_MAX + packed.len);
    if (!begin)
        return;
    char *to = put_varint(begin, packed.len);
    if (packed.len > 0)
        memcpy(to, packed.ptr, packed.len);
    buf_advance(out, (size_t)(to - begin) + packed.len);
}

Status values_take(Slice all, size_t *at, Slice *packed, Error *err)
{
    size_t len = 0;
    if (!read_varint(all, at, &len) || len > all.len - *at)
        return error_set(err, ERR_CORRUPT, "a box in the vault holds no identity values");
    *packed = slice_sub(all, *at, *at + len);
    *at += len;
    return OK;
}

Status values_unpack(Slice packed, IdentityValues *out, Error *err)
{
    *out = (IdentityValues){0};
    unsigned last = 0;
    size_t at = 0;
    while (at < packed.len && packed.ptr[at] != 0) {
        unsigned role = (uint8_t)packed.ptr[at++];
        size_t len = 0;
        if (role <= last || role > ID_ROLE_COUNT || !read_varint(packed, &at, &len) || len > packed.len - at)
            return error_set(err, ERR_CORRUPT, "a box in the vault holds no identity values");
        out->at[role - 1] = slice_sub(packed, at, at + len);
        at += len;
        last = role;
    }
    return OK;
}
