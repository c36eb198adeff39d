/*
 * Keys on disk; see keyring.h for the format.
 *
 * The master key only wraps (few messages, random 96-bit nonces are safe, NIST
 * SP 800-38D 8.2.2); data keys never stand on disk in clear, so that a copied
 * keyring.json without master.key is worth nothing and a site can keep
 * master.key elsewhere.
 */
#include "store/keyring.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "store/aead.h"

#define FORMAT "cairn-keyring-1"
#define CHECK_SIZE 16
#define WRAPPED_SIZE (KEY_SIZE + AEAD_TAG_SIZE)
#define KEYRING_FILE_MAX ((size_t)1 << 20)

static const char *const purposes[] = {
    "employer-pseudonym",
    "person-pseudonym",
    "record-box",
    "record-tag",
    "release-sign",
};

/* --- in memory ----------------------------------------------------------------------------------------------- */

const Key *keyring_find(const Keyring *k, const char *purpose, uint32_t id)
{
    for (size_t i = 0; i < k->len; i++)
        if (strcmp(k->at[i].purpose, purpose) == 0 && (id == 0 ? k->at[i].in_force : k->at[i].id == id))
            return &k->at[i];
    return NULL;
}

void keyring_free(Keyring *k)
{
    if (k->at)
        mem_wipe(k->at, k->cap * sizeof *k->at);
    mem_free(k->at);
    mem_wipe(k, sizeof *k);
}

/* Not vec_reserve: a reallocation would leave key bytes behind in freed memory. */
static Status reserve(Keyring *k, size_t need, Error *err)
{
    if (need <= k->cap)
        return OK;
    Key *grown = NULL;
    size_t cap = need + 16;
    TRY(mem_zalloc(cap, sizeof *grown, (void **)&grown, err));
    if (k->len > 0)
        memcpy(grown, k->at, k->len * sizeof *grown);
    if (k->at)
        mem_wipe(k->at, k->cap * sizeof *k->at);
    mem_free(k->at);
    k->at = grown;
    k->cap = cap;
    return OK;
}

static int compare_keys(const void *a, const void *b)
{
    const Key *x = a;
    const Key *y = b;
    int order = strcmp(x->purpose, y->purpose);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

Status keyring_renew(Keyring *k, const char *purpose, Error *err)
{
    uint32_t newest = 0;
    Key *key = NULL;
    TRY(reserve(k, k->len + 1, err));
    for (size_t i = 0; i < k->len; i++)
        if (strcmp(k->at[i].purpose, purpose) == 0 && k->at[i].id > newest)
            newest = k->at[i].id;
    key = &k->at[k->len];
    *key = (Key){.id = newest + 1, .in_force = true};
    TRY(random_bytes(key->bytes, sizeof key->bytes, err));
    snprintf(key->purpose, sizeof key->purpose, "%s", purpose);
    clock_print(clock_now(), key->created);
    for (size_t i = 0; i < k->len; i++)
        if (strcmp(k->at[i].purpose, purpose) == 0)
            k->at[i].in_force = false;
    k->len++;
    qsort(k->at, k->len, sizeof *k->at, compare_keys);
    return OK;
}

Status keyring_make(Keyring *k, Error *err)
{
    *k = (Keyring){0};
    Status st = random_bytes(k->master, sizeof k->master, err);
    for (size_t i = 0; i < COUNT_OF(purposes) && st == OK; i++)
        st = keyring_renew(k, purposes[i], err);
    if (st != OK)
        keyring_free(k);
    return st;
}

/* --- wrapping ------------------------------------------------------------------------------------------------ */

static Status master_check(const uint8_t master[KEY_SIZE], char out[2 * CHECK_SIZE + 1], Error *err)
{
    Hmac *h = NULL;
    uint8_t digest[SHA256_SIZE];
    TRY(hmac_new(master, KEY_SIZE, &h, err));
    Status st = hmac_of(h, SLICE("cairn keyring check"), digest, err);
    hmac_free(h);
    if (st == OK)
        hex_encode(digest, CHECK_SIZE, out);
    return st;
}

/* What the seal of an entry covers beside the key itself. */
static Slice key_context(const Key *key, char *out, size_t size)
{
    int n = snprintf(out, size, "%s|%s|%" PRIu32 "|%s|%d", FORMAT, key->purpose, key->id, key->created, key->in_force);
    ASSERT(n > 0 && (size_t)n < size);
    return (Slice){out, (size_t)n};
}

static Status add_key(Json *j, Aead *aead, const Key *key, Error *err)
{
    uint8_t nonce[AEAD_NONCE_SIZE];
    uint8_t wrapped[WRAPPED_SIZE];
    char hex[2 * WRAPPED_SIZE + 1];
    char context[128];
    TRY(random_bytes(nonce, sizeof nonce, err));
    TRY(aead_seal(aead, nonce, key_context(key, context, sizeof context), (Slice){(const char *)key->bytes, KEY_SIZE},
        wrapped, err));
    json_open_object(j);
    json_kstr(j, "purpose", slice_of(key->purpose));
    json_kint(j, "id", key->id);
    json_kstr(j, "created", slice_of(key->created));
    json_kbool(j, "in_force", key->in_force);
    hex_encode(nonce, sizeof nonce, hex);
    json_kstr(j, "nonce", slice_of(hex));
    hex_encode(wrapped, sizeof wrapped, hex);
    json_kstr(j, "wrapped", slice_of(hex));
    json_end(j);
    return OK;
}

static Status keyring_json(const Keyring *k, Buf *out, Error *err)
{
    Status st = OK;
    Aead *aead = NULL;
    Json j;
    char check[2 * CHECK_SIZE + 1];
    TRY(master_check(k->master, check, err));
    TRY(aead_new(k->master, &aead, err));
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "format", SLICE(FORMAT));
    json_kstr(&j, "master_check", slice_of(check));
    json_key(&j, "keys");
    json_open_array(&j);
    for (size_t i = 0; i < k->len && st == OK; i++)
        st = add_key(&j, aead, &k->at[i], err);
    aead_free(aead);
    TRY(st);
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static Status write_master(const Keyring *k, const char *path, Error *err)
{
    char hex[2 * KEY_SIZE + 2];
    hex_encode(k->master, KEY_SIZE, hex);
    hex[2 * KEY_SIZE] = '\n';
    Status st = file_write(path, (Slice){hex, sizeof hex - 1}, MODE_PRIVATE, err);
    mem_wipe(hex, sizeof hex);
    return st;
}

Status keyring_rewrite(const Keyring *k, const char *dir, Error *err)
{
    Arena arena;
    Buf text;
    const char *path = NULL;
    arena_init(&arena, 0);
    buf_init(&text, KEYRING_FILE_MAX);
    Status st = path_join(&arena, dir, "keyring.json", &path, err);
    if (st == OK)
        st = keyring_json(k, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    arena_free(&arena);
    return st;
}

Status keyring_write(const Keyring *k, const char *dir, Error *err)
{
    Arena arena;
    const char *fresh = NULL;
    arena_init(&arena, 0);
    Status st = path_join(&arena, dir, "master.key.new", &fresh, err);
    if (st == OK)
        st = write_master(k, fresh, err);
    if (st == OK)
        st = keyring_rewrite(k, dir, err);
    if (st == OK)
        st = keyring_settle(dir, err);
    arena_free(&arena);
    return st;
}

Status keyring_settle(const char *dir, Error *err)
{
    Arena arena;
    const char *fresh = NULL;
    const char *master = NULL;
    arena_init(&arena, 0);
    Status st = path_join(&arena, dir, "master.key.new", &fresh, err);
    if (st == OK)
        st = path_join(&arena, dir, "master.key", &master, err);
    if (st == OK)
        st = file_rename(fresh, master, err);
    arena_free(&arena);
    return st;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static Status damaged(Error *err, const char *what)
{
    error_set(err, ERR_CORRUPT, "keyring.json: %s", what);
    error_hint(err, "Restore the keys folder from a backup; without it the vault cannot be read.");
    return ERR_CORRUPT;
}

static Status read_master(const char *path, uint8_t out[KEY_SIZE], Error *err)
{
    Buf text;
    TRY(file_check_private(path, err));
    buf_init(&text, 4096);
    Status st = file_read(path, 4096, &text, err);
    if (st == OK && hex_decode(slice_trim(buf_slice(&text)), out, KEY_SIZE, NULL) != OK)
        st = error_set(err, ERR_CORRUPT, "%s is not 64 hex digits", path_base(path));
    if (text.ptr)
        mem_wipe(text.ptr, text.cap);
    buf_free(&text);
    return st;
}

/* Chooses between master.key and master.key.new by the check value. The first is tried again at the end: another
 * process may have renamed the second to it in between. */
static Status find_master(Keyring *k, const char *dir, const char *check, Arena *arena, Error *err)
{
    static const char *const names[] = {"master.key", "master.key.new", "master.key"};
    bool seen = false;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *path = NULL;
        char own_check[2 * CHECK_SIZE + 1];
        TRY(path_join(arena, dir, names[i], &path, err));
        if (!file_exists(path))
            continue;
        seen = true;
        TRY(read_master(path, k->master, err));
        TRY(master_check(k->master, own_check, err));
        if (strcmp(check, own_check) == 0) {
            k->master_is_new = i == 1;
            return OK;
        }
    }
    mem_wipe(k->master, sizeof k->master);
    if (!seen) {
        error_set(err, ERR_NOT_FOUND, "there is no master.key in the keys folder");
        error_hint(err, "Put back the keys folder that belongs to this home.");
        return ERR_NOT_FOUND;
    }
    return damaged(err, "it does not belong to this master key");
}

static Status read_key(Keyring *k, Aead *aead, const json_t *entry, Error *err)
{
    Key key = {0};
    uint8_t nonce[AEAD_NONCE_SIZE];
    uint8_t wrapped[WRAPPED_SIZE];
    char context[128];
    const char *purpose = json_string_value(json_object_get(entry, "purpose"));
    const char *created = json_string_value(json_object_get(entry, "created"));
    const char *nonce_hex = json_string_value(json_object_get(entry, "nonce"));
    const char *wrapped_hex = json_string_value(json_object_get(entry, "wrapped"));
    const json_t *in_force = json_object_get(entry, "in_force");
    json_int_t id = json_integer_value(json_object_get(entry, "id"));
    if (!purpose || strlen(purpose) >= sizeof key.purpose || !created || strlen(created) >= sizeof key.created ||
        !nonce_hex || !wrapped_hex || !json_is_boolean(in_force) || id < 1 || id > INT32_MAX ||
        hex_decode(slice_of(nonce_hex), nonce, sizeof nonce, NULL) != OK ||
        hex_decode(slice_of(wrapped_hex), wrapped, sizeof wrapped, NULL) != OK)
        return damaged(err, "an entry lacks a member or has one of the wrong form");
    snprintf(key.purpose, sizeof key.purpose, "%s", purpose);
    snprintf(key.created, sizeof key.created, "%s", created);
    key.id = (uint32_t)id;
    key.in_force = json_is_true(in_force);
    Status st = aead_open(aead, nonce, key_context(&key, context, sizeof context),
        (Slice){(const char *)wrapped, sizeof wrapped}, key.bytes, err);
    if (st == ERR_CORRUPT)
        return damaged(err, "an entry was changed");
    if (st == OK)
        st = reserve(k, k->len + 1, err);
    if (st == OK)
        k->at[k->len++] = key;
    mem_wipe(&key, sizeof key);
    return st;
}

static Status read_keys(Keyring *k, const json_t *root, Error *err)
{
    Aead *aead = NULL;
    const json_t *keys = json_object_get(root, "keys");
    size_t i;
    const json_t *entry;
    Status st = aead_new(k->master, &aead, err);
    json_array_foreach(keys, i, entry)
    {
        if (st == OK)
            st = read_key(k, aead, entry, err);
    }
    aead_free(aead);
    TRY(st);
    qsort(k->at, k->len, sizeof *k->at, compare_keys);
    for (i = 0; i < COUNT_OF(purposes); i++)
        if (!keyring_find(k, purposes[i], 0))
            return damaged(err, "a purpose has no key in force");
    return OK;
}

Status keyring_read(Keyring *k, const char *dir, Error *err)
{
    *k = (Keyring){0};
    Status st = OK;
    Arena arena;
    Buf text;
    json_t *root = NULL;
    const char *path = NULL;
    arena_init(&arena, 0);
    buf_init(&text, KEYRING_FILE_MAX);
    TRY_OUT(path_join(&arena, dir, "keyring.json", &path, err));
    TRY_OUT(file_check_private(dir, err));
    TRY_OUT(file_check_private(path, err));
    TRY_OUT(file_read(path, KEYRING_FILE_MAX, &text, err));
    root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *check = json_string_value(json_object_get(root, "master_check"));
    if (!format || strcmp(format, FORMAT) != 0 || !check)
        TRY_OUT(damaged(err, "it is not a keyring of this version"));
    TRY_OUT(find_master(k, dir, check, &arena, err));
    TRY_OUT(read_keys(k, root, err));
out:
    json_decref(root);
    buf_free(&text);
    arena_free(&arena);
    if (st != OK)
        keyring_free(k);
    return st;
}
