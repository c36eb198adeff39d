/*
 * Keyed hashes: tags of identity records, pseudonyms of employers and persons.
 *
 * HMAC-SHA-256 (RFC 2104), so that nobody without the key can test whether a
 * known number or name is in the data, which a plain hash of a nine-digit
 * number would allow in seconds. Each kind has a key of its own.
 */
#include "store/vault_impl.h"

struct Tagger {
    Hmac *hmac;
    Buf message;
    size_t prefix; /* bytes of the source's name at the front of message */
};

struct EmployerTagger {
    Hmac *hmac;
};

struct Pseudonymiser {
    Hmac *hmac;
};

static Status hmac_for(Home *home, const char *purpose, Hmac **out, Error *err)
{
    uint8_t key[KEY_SIZE];
    uint32_t id;
    TRY(home_key(home, purpose, key, &id, err));
    Status st = hmac_new(key, sizeof key, out, err);
    mem_wipe(key, sizeof key);
    return st;
}

/* message = source \0 packed values: a name cannot hold a NUL, so that no two inputs give the same message. */
Status tagger_new(Home *home, Slice source, Tagger **out, Error *err)
{
    Tagger *t = NULL;
    TRY(mem_zalloc(1, sizeof *t, (void **)&t, err));
    buf_init(&t->message, 0);
    buf_add(&t->message, source);
    buf_addc(&t->message, '\0');
    t->prefix = t->message.len;
    Status st = buf_status(&t->message, err);
    if (st == OK)
        st = hmac_for(home, "record-tag", &t->hmac, err);
    if (st != OK) {
        tagger_free(t);
        return st;
    }
    *out = t;
    return OK;
}

Status tagger_tag_packed(Tagger *t, const IdentityValues *values, RecordTag *out, Slice *packed, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    t->message.len = t->prefix;
    values_pack(values, &t->message);
    TRY(buf_status(&t->message, err));
    TRY(hmac_of(t->hmac, buf_slice(&t->message), digest, err));
    memcpy(out->bytes, digest, sizeof out->bytes);
    *packed = slice_sub(buf_slice(&t->message), t->prefix, t->message.len);
    return OK;
}

Status tagger_tag(Tagger *t, const IdentityValues *values, RecordTag *out, Error *err)
{
    Slice packed;
    return tagger_tag_packed(t, values, out, &packed, err);
}

void tagger_free(Tagger *t)
{
    if (!t)
        return;
    hmac_free(t->hmac);
    if (t->message.ptr)
        mem_wipe(t->message.ptr, t->message.cap);
    buf_free(&t->message);
    mem_free(t);
}

Status employer_tagger_new(Home *home, EmployerTagger **out, Error *err)
{
    EmployerTagger *t = NULL;
    TRY(mem_zalloc(1, sizeof *t, (void **)&t, err));
    Status st = hmac_for(home, "employer-pseudonym", &t->hmac, err);
    if (st != OK) {
        mem_free(t);
        return st;
    }
    *out = t;
    return OK;
}

Status employer_tag(EmployerTagger *t, Slice account, uint8_t out[16], Error *err)
{
    uint8_t digest[SHA256_SIZE];
    TRY(hmac_of(t->hmac, account, digest, err));
    memcpy(out, digest, 16);
    return OK;
}

void employer_tagger_free(EmployerTagger *t)
{
    if (!t)
        return;
    hmac_free(t->hmac);
    mem_free(t);
}

Status pseudonymiser_new(Home *home, Pseudonymiser **out, Error *err)
{
    Pseudonymiser *p = NULL;
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    Status st = hmac_for(home, "person-pseudonym", &p->hmac, err);
    if (st != OK) {
        mem_free(p);
        return st;
    }
    *out = p;
    return OK;
}

Status pseudonym_of(Pseudonymiser *p, PersonId person, uint64_t *out, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    char message[8];
    uint64_t v = 0;
    vault_u64_bytes(person, message);
    TRY(hmac_of(p->hmac, (Slice){message, sizeof message}, digest, err));
    for (int i = 0; i < 8; i++)
        v = v << 8 | digest[i];
    *out = v;
    return OK;
}

void pseudonymiser_free(Pseudonymiser *p)
{
    if (!p)
        return;
    hmac_free(p->hmac);
    mem_free(p);
}
