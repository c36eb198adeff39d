/*
 * See identities.h.
 *
 * The set of tags is split by the tag's last byte into shards with a lock each;
 * within a shard it is an open-addressing table of the 16-byte tags themselves:
 * they are uniformly distributed keyed hashes, so eight of their bytes are the
 * hash. Taggers are kept in a pool, because a tagger serves one thread at a
 * time and DuckDB does not say which thread calls.
 */
#include "ingest/identities.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define SHARD_COUNT 64
#define PREFETCH_AHEAD 6

/* An identity met for the first time. */
typedef struct NewIdentity {
    RecordTag tag;
    const char *packed; /* per field of the contract: u32 length, bytes */
} NewIdentity;

typedef struct TagSet {
    RecordTag *slots; /* all zero: free. A tag of 128 zero bits does not occur */
    size_t slot_count;
    size_t used;
} TagSet;

typedef struct Shard {
    pthread_mutex_t lock;
    TagSet known;
    VEC(NewIdentity) news;
    Arena arena;
} Shard;

/* Tokens are tags under a source of this name, which no contract can have, with one value only. */
#define TOKEN_SOURCE SLICE("*")

typedef VEC(Tagger *) Taggers;
typedef VEC(EmployerTagger *) EmployerTaggers;

/* What the SQL function ingest_token_i needs to know. */
typedef struct TokenField {
    Identities *ids;
    IdentityRole role;
} TokenField;

struct Identities {
    Home *home;
    Slice source;
    const Field *fields[ID_ROLE_COUNT];
    IdentityRole roles[ID_ROLE_COUNT];
    TokenField tokens[ID_ROLE_COUNT];
    size_t count;
    bool employer;
    Shard shards[SHARD_COUNT];
    TagSet dropped;
    pthread_mutex_t pool_lock; /* guards what follows */
    Taggers taggers;
    Taggers token_taggers;
    EmployerTaggers employers;
    Status status;
    Error error;
};

/* --- tags known ---------------------------------------------------------------------------------------------- */

static size_t shard_number(const uint8_t tag[16])
{
    return tag[15] % SHARD_COUNT;
}

static Shard *shard_of(Identities *ids, const RecordTag *tag)
{
    return &ids->shards[shard_number(tag->bytes)];
}

static bool is_free(const RecordTag *slot)
{
    static const RecordTag zero;
    return memcmp(slot, &zero, sizeof zero) == 0;
}

/* Not by the first bytes: the vault gives its tags in order, and a table filled in the order of its hash clusters. */
static size_t home_slot(size_t slot_count, const uint8_t tag[16])
{
    uint64_t hash;
    memcpy(&hash, tag + 6, sizeof hash);
    return (size_t)hash & (slot_count - 1);
}

static RecordTag *find_slot(RecordTag *slots, size_t slot_count, const RecordTag *tag)
{
    size_t i = home_slot(slot_count, tag->bytes);
    while (!is_free(&slots[i]) && memcmp(&slots[i], tag, sizeof *tag) != 0)
        i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

static Status grow(TagSet *s, Error *err)
{
    size_t count = s->slot_count ? s->slot_count * 2 : 256;
    RecordTag *slots = NULL;
    TRY(mem_zalloc(count, sizeof *slots, (void **)&slots, err));
    for (size_t i = 0; i < s->slot_count; i++)
        if (!is_free(&s->slots[i]))
            *find_slot(slots, count, &s->slots[i]) = s->slots[i];
    mem_free(s->slots);
    s->slots = slots;
    s->slot_count = count;
    return OK;
}

static Status insert_tag(TagSet *s, const RecordTag *tag, bool *was_new, Error *err)
{
    if (s->used * 4 >= s->slot_count * 3)
        TRY(grow(s, err));
    RecordTag *slot = find_slot(s->slots, s->slot_count, tag);
    *was_new = is_free(slot);
    if (*was_new) {
        *slot = *tag;
        s->used++;
    }
    return OK;
}

static Status know_tag(const RecordTag *tag, void *ctx, Error *err)
{
    bool was_new;
    return insert_tag(&shard_of(ctx, tag)->known, tag, &was_new, err);
}

/* --- making -------------------------------------------------------------------------------------------------- */

static Status collect_fields(Identities *ids, const Contract *c, Error *err)
{
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        IdentityRole role;
        if (f->identity.len == 0)
            continue;
        if (slice_eq_z(f->identity, "employer")) {
            ids->employer = true;
            continue;
        }
        TRY(identity_role_parse(f->identity, &role, err));
        for (size_t k = 0; k < ids->count; k++)
            if (ids->roles[k] == role)
                return error_set(err, ERR_INVALID, "contract %.*s: two fields have the identity role %.*s",
                SLICE_ARG(c->name),
                    SLICE_ARG(f->identity));
        ids->roles[ids->count] = role;
        ids->fields[ids->count++] = f;
    }
    return OK;
}

Status identities_new(Home *home, Vault *vault, const Contract *c, Identities **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    Identities *ids = *out;
    ids->home = home;
    ids->source = c->name;
    ASSERT(pthread_mutex_init(&ids->pool_lock, NULL) == 0);
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        ASSERT(pthread_mutex_init(&ids->shards[i].lock, NULL) == 0);
        arena_init(&ids->shards[i].arena, 0);
    }
    TRY(collect_fields(ids, c, err));
    return ids->count > 0 ? vault_each_tag(vault, c->name, know_tag, ids, err) : OK;
}

void identities_free(Identities *ids)
{
    if (!ids)
        return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        Shard *s = &ids->shards[i];
        mem_free(s->known.slots);
        vec_free(&s->news);
        arena_free(&s->arena);
        pthread_mutex_destroy(&s->lock);
    }
    mem_free(ids->dropped.slots);
    for (size_t i = 0; i < ids->taggers.len; i++)
        tagger_free(ids->taggers.at[i]);
    for (size_t i = 0; i < ids->token_taggers.len; i++)
        tagger_free(ids->token_taggers.at[i]);
    for (size_t i = 0; i < ids->employers.len; i++)
        employer_tagger_free(ids->employers.at[i]);
    vec_free(&ids->taggers);
    vec_free(&ids->token_taggers);
    vec_free(&ids->employers);
    pthread_mutex_destroy(&ids->pool_lock);
    mem_free(ids);
}

bool identities_any(const Identities *ids)
{
    return ids->count > 0;
}

size_t identities_count(const Identities *ids)
{
    return ids->count;
}

const Field *identities_field(const Identities *ids, size_t i)
{
    return ids->fields[i];
}

bool identities_names_somebody(const Identities *ids, size_t i)
{
    switch (ids->roles[i]) {
    case ID_SASID:
    case ID_SSN:
    case ID_LOCAL:
    case ID_LAST:
    case ID_FIRST:
    case ID_OTHER_LAST:
    case ID_PHONE:
    case ID_EMAIL:
        return true;
    default:
        return false;
    }
}

/* --- the SQL functions --------------------------------------------------------------------------------------- */

static void note_failure(Identities *ids, Status st, const Error *error)
{
    pthread_mutex_lock(&ids->pool_lock);
    if (ids->status == OK) {
        ids->status = st;
        ids->error = *error;
    }
    pthread_mutex_unlock(&ids->pool_lock);
}

Status identities_status(const Identities *ids, Error *err)
{
    if (ids->status != OK && err)
        *err = ids->error;
    return ids->status;
}

static Status take_tagger(Identities *ids, Taggers *pool, Tagger **out, Error *err)
{
    *out = NULL;
    pthread_mutex_lock(&ids->pool_lock);
    if (pool->len > 0)
        *out = pool->at[--pool->len];
    pthread_mutex_unlock(&ids->pool_lock);
    return *out ? OK : tagger_new(ids->home, pool == &ids->taggers ? ids->source : TOKEN_SOURCE, out, err);
}

static void give_tagger(Identities *ids, Taggers *pool, Tagger *t)
{
    pthread_mutex_lock(&ids->pool_lock);
    Status st = vec_push(pool, t, NULL);
    pthread_mutex_unlock(&ids->pool_lock);
    if (st != OK)
        tagger_free(t);
}

static Status pack(const Identities *ids, Arena *arena, size_t row, const Slice *const *args, const char **out,
    Error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < ids->count; i++)
        size += sizeof(uint32_t) + args[i][row].len;
    char *to = NULL;
    TRY(arena_alloc(arena, size, (void **)&to, err));
    *out = to;
    for (size_t i = 0; i < ids->count; i++) {
        uint32_t len = (uint32_t)args[i][row].len;
        memcpy(to, &len, sizeof len);
        to += sizeof len;
        if (len > 0)
            memcpy(to, args[i][row].ptr, len);
        to += len;
    }
    return OK;
}

static void unpack(const Identities *ids, const char *packed, IdentityValues *values)
{
    *values = (IdentityValues){0};
    for (size_t i = 0; i < ids->count; i++) {
        uint32_t len;
        memcpy(&len, packed, sizeof len);
        values->at[ids->roles[i]] = (Slice){packed + sizeof len, len};
        packed += sizeof len + len;
    }
}

/* Under the shard's lock. */
static Status keep_if_new(Identities *ids, Shard *s, const RecordTag *tag, size_t row, const Slice *const *args,
    Error *err)
{
    bool was_new = false;
    NewIdentity identity = {.tag = *tag};
    TRY(insert_tag(&s->known, tag, &was_new, err));
    if (!was_new)
        return OK;
    TRY(pack(ids, &s->arena, row, args, &identity.packed, err));
    return vec_push(&s->news, identity, err);
}

/* Rows whose tag was made anew, sorted by shard: one lock a shard and vector instead of one a row, and neighbours in
 * memory. */
static Status keep_new(Identities *ids, const uint32_t *made, size_t count, uint8_t (*tags)[16],
    const Slice *const *args,
    Error *err)
{
    size_t ends[SHARD_COUNT + 1] = {0};
    uint32_t *sorted = NULL;
    Status st = OK;
    TRY(mem_alloc((count + 1) * sizeof *sorted, (void **)&sorted, err));
    for (size_t k = 0; k < count; k++)
        ends[shard_number(tags[made[k]]) + 1]++;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        ends[i + 1] += ends[i];
    for (size_t k = count; k > 0; k--) {
        size_t shard = shard_number(tags[made[k - 1]]);
        sorted[--ends[shard + 1]] = made[k - 1];
    }
    /* now ends[i + 1] is where shard i begins */
    for (size_t i = 0; st == OK && i < SHARD_COUNT; i++) {
        size_t end = i + 1 < SHARD_COUNT ? ends[i + 2] : count;
        Shard *s = &ids->shards[i];
        pthread_mutex_lock(&s->lock);
        for (size_t k = ends[i + 1]; st == OK && k < end; k++) {
            RecordTag tag;
            if (k + PREFETCH_AHEAD < end && s->known.slot_count > 0)
                __builtin_prefetch(&s->known.slots[home_slot(s->known.slot_count, tags[sorted[k + PREFETCH_AHEAD]])]);
            memcpy(tag.bytes, tags[sorted[k]], sizeof tag.bytes);
            st = keep_if_new(ids, s, &tag, sorted[k], args, err);
        }
        pthread_mutex_unlock(&s->lock);
    }
    mem_free(sorted);
    return st;
}

static bool same_as_previous(const Identities *ids, size_t row, const Slice *const *args)
{
    for (size_t i = 0; i < ids->count; i++)
        if (!slice_eq(args[i][row], args[i][row - 1]))
            return false;
    return true;
}

static bool all_missing(const Identities *ids, size_t row, const Slice *const *args)
{
    for (size_t i = 0; i < ids->count; i++)
        if (args[i][row].len > 0)
            return false;
    return true;
}

static Status make_tags(Identities *ids, Tagger *t, size_t rows, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null,
    uint32_t *made, size_t *made_count, Error *err)
{
    for (size_t k = 0; k < rows; k++) {
        RecordTag tag;
        IdentityValues values = {0};
        out_null[k] = all_missing(ids, k, args);
        if (out_null[k])
            continue;
        /* wage and enrollment files have a person's rows one after another */
        if (k > 0 && same_as_previous(ids, k, args)) {
            memcpy(out[k], out[k - 1], 16);
            continue;
        }
        for (size_t i = 0; i < ids->count; i++)
            values.at[ids->roles[i]] = args[i][k];
        TRY(tagger_tag(t, &values, &tag, err));
        memcpy(out[k], tag.bytes, 16);
        made[(*made_count)++] = (uint32_t)k;
    }
    return OK;
}

static Status tag_rows(Identities *ids, Tagger *t, size_t rows, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null,
    Error *err)
{
    uint32_t *made = NULL;
    size_t count = 0;
    TRY(mem_alloc((rows + 1) * sizeof *made, (void **)&made, err));
    Status st = make_tags(ids, t, rows, args, out, out_null, made, &count, err);
    if (st == OK)
        st = keep_new(ids, made, count, out, args, err);
    mem_free(made);
    return st;
}

static void tag_vector(void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null)
{
    Identities *ids = ctx;
    Error err = ERROR_INIT;
    Tagger *t = NULL;
    ASSERT(arg_count == ids->count);
    Status st = take_tagger(ids, &ids->taggers, &t, &err);
    if (st == OK) {
        st = tag_rows(ids, t, rows, args, out, out_null, &err);
        give_tagger(ids, &ids->taggers, t);
    }
    if (st != OK)
        note_failure(ids, st, &err);
}

static Status token_rows(Tagger *t, IdentityRole role, size_t rows, const Slice *value, uint8_t (*out)[16],
    bool *out_null,
    Error *err)
{
    for (size_t k = 0; k < rows; k++) {
        RecordTag tag;
        IdentityValues values = {0};
        out_null[k] = value[k].len == 0;
        if (out_null[k])
            continue;
        values.at[role] = value[k];
        TRY(tagger_tag(t, &values, &tag, err));
        memcpy(out[k], tag.bytes, 16);
    }
    return OK;
}

static void token_vector(void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null)
{
    const TokenField *field = ctx;
    Identities *ids = field->ids;
    Error err = ERROR_INIT;
    Tagger *t = NULL;
    ASSERT(arg_count == 1);
    Status st = take_tagger(ids, &ids->token_taggers, &t, &err);
    if (st == OK) {
        st = token_rows(t, field->role, rows, args[0], out, out_null, &err);
        give_tagger(ids, &ids->token_taggers, t);
    }
    if (st != OK)
        note_failure(ids, st, &err);
}

static Status take_employer(Identities *ids, EmployerTagger **out, Error *err)
{
    *out = NULL;
    pthread_mutex_lock(&ids->pool_lock);
    if (ids->employers.len > 0)
        *out = ids->employers.at[--ids->employers.len];
    pthread_mutex_unlock(&ids->pool_lock);
    return *out ? OK : employer_tagger_new(ids->home, out, err);
}

static void give_employer(Identities *ids, EmployerTagger *t)
{
    pthread_mutex_lock(&ids->pool_lock);
    Status st = vec_push(&ids->employers, t, NULL);
    pthread_mutex_unlock(&ids->pool_lock);
    if (st != OK)
        employer_tagger_free(t);
}

static Status employer_rows(EmployerTagger *t, size_t rows, const Slice *account, uint8_t (*out)[16], bool *out_null,
    Error *err)
{
    for (size_t k = 0; k < rows; k++) {
        out_null[k] = account[k].len == 0;
        if (out_null[k])
            continue;
        if (k > 0 && slice_eq(account[k], account[k - 1]))
            memcpy(out[k], out[k - 1], 16);
        else
            TRY(employer_tag(t, account[k], out[k], err));
    }
    return OK;
}

static void employer_vector(void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null)
{
    Identities *ids = ctx;
    Error err = ERROR_INIT;
    EmployerTagger *t = NULL;
    ASSERT(arg_count == 1);
    Status st = take_employer(ids, &t, &err);
    if (st == OK) {
        st = employer_rows(t, rows, args[0], out, out_null, &err);
        give_employer(ids, t);
    }
    if (st != OK)
        note_failure(ids, st, &err);
}

Status identities_register(Identities *ids, Db *db, Error *err)
{
    if (ids->count > 0)
        TRY(db_register_uuid_fn(db, "ingest_tag", ids->count, tag_vector, ids, err));
    for (size_t i = 0; i < ids->count; i++) {
        char name[40];
        snprintf(name, sizeof name, "ingest_token_%zu", i);
        ids->tokens[i] = (TokenField){.ids = ids, .role = ids->roles[i]};
        TRY(db_register_uuid_fn(db, name, 1, token_vector, &ids->tokens[i], err));
    }
    return ids->employer ? db_register_uuid_fn(db, "ingest_employer", 1, employer_vector, ids, err) : OK;
}

/* --- into the vault ------------------------------------------------------------------------------------------ */

Status identities_drop(Identities *ids, const RecordTag *tag, Error *err)
{
    bool was_new;
    return insert_tag(&ids->dropped, tag, &was_new, err);
}

static bool is_dropped(const Identities *ids, const RecordTag *tag)
{
    return ids->dropped.used > 0 && !is_free(find_slot(ids->dropped.slots, ids->dropped.slot_count, tag));
}

static int by_tag(const void *a, const void *b)
{
    const NewIdentity *const *x = a;
    const NewIdentity *const *y = b;
    return memcmp(&(*x)->tag, &(*y)->tag, sizeof(RecordTag));
}

static Status add_sorted(const Identities *ids, Vault *vault, Slice source, const NewIdentity **all, size_t count,
    Error *err)
{
    if (count > 0)
        qsort(all, count, sizeof *all, by_tag);
    for (size_t i = 0; i < count; i++) {
        IdentityValues values;
        unpack(ids, all[i]->packed, &values);
        TRY(vault_add_record(vault, source, &all[i]->tag, &values, err));
    }
    return OK;
}

Status identities_store(Identities *ids, Vault *vault, Slice source, uint64_t *added, Error *err)
{
    const NewIdentity **all = NULL;
    size_t count = 0;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        count += ids->shards[i].news.len;
    TRY(mem_zalloc(count + 1, sizeof *all, (void **)&all, err));
    count = 0;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        for (size_t k = 0; k < ids->shards[i].news.len; k++)
            if (!is_dropped(ids, &ids->shards[i].news.at[k].tag))
                all[count++] = &ids->shards[i].news.at[k];
    Status st = add_sorted(ids, vault, source, all, count, err);
    mem_free(all);
    *added = count;
    return st;
}
