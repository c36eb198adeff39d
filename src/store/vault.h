/*
 * The vault: the only place where names, birth dates and numbers live.
 *
 * bundle(source, tags, key_id, box): up to 256 of the distinct identities a
 * source has ever sent. tag = first 16 bytes of HMAC-SHA-256 under "record-tag"
 * of the source's name and the identity values; box = AES-256-GCM of the packed
 * values (padded to 32 bytes), additional data = table, schema version, key id,
 * the tags, source. A tag is there once; files elsewhere carry the tag only.
 *
 * quarantine(load, row, box) keeps rejected rows. Who is who, with its history, its
 * models and its reviewers' decisions, lies in the same file: store/linkage.h.
 *
 * Writing (ingest) needs no purpose; reading identities back does, and each such
 * read becomes a vault.read entry in the ledger before the first value is seen.
 */
#ifndef CAIRN_STORE_VAULT_H
#define CAIRN_STORE_VAULT_H

#include "base/base.h"
#include "store/home.h"
#include "store/ledger.h"

typedef enum IdentityRole {
    ID_SASID, /* state-assigned student id, 10 digits */
    ID_SSN,
    ID_LOCAL,     /* an organisation's own id: LASID, institution student id, PIRL unique id */
    ID_LOCAL_ORG, /* the organisation that assigned ID_LOCAL */
    ID_LAST,
    ID_FIRST,
    ID_MIDDLE,
    ID_SUFFIX,
    ID_OTHER_LAST, /* former, maiden or preferred surname */
    ID_BIRTH_DATE, /* YYYY-MM-DD */
    ID_SEX,        /* F, M, X */
    ID_ADDRESS,
    ID_CITY,
    ID_ZIP,
    ID_PHONE,
    ID_EMAIL,
    ID_ROLE_COUNT
} IdentityRole;

/* "sasid", "ssn", "local_id", "local_id_org", "last_name", "first_name", "middle_name", "suffix", "other_last_name",
 * "birth_date", "sex", "address", "city", "postal_code", "phone", "email": what contracts write. */
const char *identity_role_name(IdentityRole role);
MUST_USE Status identity_role_parse(Slice name, IdentityRole *out, Error *err);

typedef struct RecordTag {
    uint8_t bytes[16];
} RecordTag;

typedef struct IdentityValues {
    Slice at[ID_ROLE_COUNT]; /* empty slice: missing */
} IdentityValues;

typedef struct Vault Vault;

MUST_USE Status vault_open(Home *home, Vault **out, Error *err);
void vault_close(Vault *v);

/* --- writing: ingest --- */

/* Makes tags; thread-safe to use one per thread. The source's name is part of the message. */
typedef struct Tagger Tagger;
MUST_USE Status tagger_new(Home *home, Slice source, Tagger **out, Error *err);
MUST_USE Status tagger_tag(Tagger *t, const IdentityValues *values, RecordTag *out, Error *err);
/* And the values in the form the vault keeps (README.md, "values"), which the tag is made of; valid until the next tag.
 */
MUST_USE Status tagger_tag_packed(Tagger *t, const IdentityValues *values, RecordTag *out, Slice *packed, Error *err);
void tagger_free(Tagger *t);
/* Keyed pseudonym of an employer account under "employer-pseudonym" (20 CFR 603.4: the employer is confidential too).
 */
typedef struct EmployerTagger EmployerTagger;
MUST_USE Status employer_tagger_new(Home *home, EmployerTagger **out, Error *err);
MUST_USE Status employer_tag(EmployerTagger *t, Slice account, uint8_t out[16], Error *err);
void employer_tagger_free(EmployerTagger *t);

/* One transaction for one load: all of it or nothing. Adding a tag that is there already is a no-op. */
MUST_USE Status vault_begin(Vault *v, Error *err);
MUST_USE Status vault_add_record(
    Vault *v, Slice source, const RecordTag *tag, const IdentityValues *values, Error *err);
/* The rejected row as received, boxed. Replaces a row of the same load and number. */
MUST_USE Status vault_add_quarantine(Vault *v, Slice load, uint64_t row, Slice raw, Error *err);
MUST_USE Status vault_commit(Vault *v, Error *err);
void vault_rollback(Vault *v);
/* Records with distinct tags that wait to be written, kept by the first bits of these. One thread at a time. */
typedef struct NewRecords NewRecords;
/* expected: about how many will come; less or more costs time only. */
MUST_USE Status new_records_new(uint64_t expected, NewRecords **out, Error *err);
void new_records_free(NewRecords *n); /* wipes the values */
/* packed: what tagger_tag_packed gave, copied. */
MUST_USE Status new_records_add(NewRecords *n, const RecordTag *tag, Slice packed, Error *err);
/* Forgets those for which leave_out says true. */
void new_records_leave_out(NewRecords *n, bool (*leave_out)(const RecordTag *tag, void *ctx), void *ctx);
/* As vault_add_record, for tags of one source that were claimed (below) and found new. Written at once. */
MUST_USE Status vault_add_claimed(Vault *v, Slice source, const NewRecords *n, Error *err);

/* The tags of a source. Read at the first use, then kept until another source's are asked for, so that the files of a
 * source share them. known_tags_release ends the caller's share; a set that the vault has forgotten lives until
 * then. */
typedef struct KnownTags KnownTags;
MUST_USE Status vault_known_tags(Vault *v, Slice source, KnownTags **out, Error *err);
KnownTags *known_tags_share(KnownTags *known); /* one more; NULL is fine here and below */
void known_tags_release(KnownTags *known);
/* was_new[i]: tags[i] was not known, and is now: whoever is told so must add it or, if that fails or is not wanted any
 * more, have all forgotten. From any number of threads at once. */
MUST_USE Status known_tags_claim(KnownTags *known, const RecordTag *tags, size_t count, bool *was_new, Error *err);
/* Claims that came to nothing go too: the next use reads the tags anew. vault_rollback does it as well. */
void vault_forget_tags(Vault *v);
/* All tags known of a source, in no order: calls fn for each. */
MUST_USE Status vault_each_tag(
    Vault *v, Slice source, Status (*fn)(const RecordTag *tag, void *ctx, Error *err), void *ctx, Error *err);

/* --- reading: identity and record rooms only --- */

typedef struct VaultPurpose {
    const char *purpose;   /* "link", "review", "subject access" */
    const char *agreement; /* agreement id or legal basis */
    Slice who;             /* the person who looks; empty: a program */
} VaultPurpose;

typedef struct VaultRecord {
    RecordTag tag;
    Slice source;
    IdentityValues values; /* valid during the callback only */
} VaultRecord;

/* Decrypts every record, in order of tag, some thousand of them ahead of fn on another thread where the home allows
 * several. fn is never called twice at a time, but may be from different threads; it must not ask the vault. */
MUST_USE Status vault_each_record(Vault *v, const VaultPurpose *purpose,
    Status (*fn)(const VaultRecord *record, void *ctx, Error *err), void *ctx, Error *err);
MUST_USE Status vault_get_record(
    Vault *v, const VaultPurpose *purpose, const RecordTag *tag, Arena *arena, VaultRecord *out, Error *err);
/* Several at once, in the order of `tags`; one ledger entry names them all. ERR_NOT_FOUND when one is missing. */
MUST_USE Status vault_get_records(Vault *v, const VaultPurpose *purpose, const RecordTag *tags, size_t count,
    Arena *arena, VaultRecord *out, Error *err);
MUST_USE Status vault_get_quarantine(
    Vault *v, const VaultPurpose *purpose, Slice load, uint64_t row, Buf *out, Error *err);
/* Is there such a record? Decrypts nothing. */
MUST_USE Status vault_has_record(Vault *v, const RecordTag *tag, bool *out, Error *err);
MUST_USE Status vault_count(Vault *v, uint64_t *records, uint64_t *persons, uint64_t *quarantined, Error *err);

/* --- persons --- */

typedef uint64_t PersonId; /* stable for ever; 1, 2, ...; never reused. Who is who stands in store/linkage.h. */

/* Pseudonym of a person in the warehouse: first 8 bytes of HMAC-SHA-256 under "person-pseudonym", big-endian. */
typedef struct Pseudonymiser Pseudonymiser;
MUST_USE Status pseudonymiser_new(Home *home, Pseudonymiser **out, Error *err);
MUST_USE Status pseudonym_of(Pseudonymiser *p, PersonId person, uint64_t *out, Error *err);
void pseudonymiser_free(Pseudonymiser *p);

/* Re-boxes about `limit` records (whole bundles) that are not under the newest "record-box" key; *done counts them. */
MUST_USE Status vault_rebox(Vault *v, uint64_t limit, uint64_t *done, Error *err);
/* Decrypts everything to prove it opens. ERR_CORRUPT counts what does not. */
MUST_USE Status vault_verify(Vault *v, uint64_t *checked, Error *err);

#endif
