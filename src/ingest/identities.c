/*
 * See identities.h.
 *
 * Which tags are new is asked of the vault's set of the source's tags, which
 * lasts from file to file. Taggers are kept in a pool, because a tagger serves
 * one thread at a time and DuckDB does not say which thread calls.
 */
#include "ingest/identities.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* What one call of the tag function works with; kept in a pool, as is what it has collected. */
typedef struct Worker {
    Tagger *tagger;
    RecordTag *tags; /* of a call: made anew, */
    size_t *ends;    /* their values in `packed`, */
    bool *was_new;   /* and whether they are new */
    size_t rows;     /* that the three have room for */
    Buf packed;
} Worker;

/* Tokens are tags under a source of this name, which no contract can have, with one value only. */
#define TOKEN_SOURCE SLICE("*")

typedef VEC(Tagger *) Taggers;
typedef VEC(Worker *) Workers;
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
    Vault *vault;
    KnownTags *known;          /* the vault's; NULL: nothing is tagged */
    bool stored;               /* what was claimed of known is in the vault */
    VEC(RecordTag) dropped;    /* sorted, when it is used */
    pthread_mutex_t pool_lock; /* guards what follows */
    NewRecords *news;          /* met for the first time; none before identities_expect */
    Workers workers;           /* all of them */
    Workers idle;
    Taggers token_taggers;
    EmployerTaggers employers;
    Status status;
    Error error;
};

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
                    SLICE_ARG(c->name), SLICE_ARG(f->identity));
        ids->roles[ids->count] = role;
        ids->fields[ids->count++] = f;
    }
    return OK;
}

static Status make(Home *home, Vault *vault, const Contract *c, Identities **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    Identities *ids = *out;
    ids->home = home;
    ids->source = c->name;
    ASSERT(pthread_mutex_init(&ids->pool_lock, NULL) == 0);
    ids->vault = vault;
    return collect_fields(ids, c, err);
}

Status identities_new(Home *home, Vault *vault, const Contract *c, Identities **out, Error *err)
{
    TRY(make(home, vault, c, out, err));
    return (*out)->count > 0 ? vault_known_tags(vault, c->name, &(*out)->known, err) : OK;
}

Status identities_after(const Identities *before, const Contract *c, Identities **out, Error *err)
{
    TRY(make(before->home, before->vault, c, out, err));
    ASSERT((before->known != NULL) == ((*out)->count > 0));
    (*out)->known = known_tags_share(before->known);
    return OK;
}

static void worker_free(Worker *w)
{
    if (!w)
        return;
    tagger_free(w->tagger);
    if (w->packed.ptr)
        mem_wipe(w->packed.ptr, w->packed.cap);
    buf_free(&w->packed);
    mem_free(w->ends);
    mem_free(w->tags);
    mem_free(w->was_new);
    mem_free(w);
}

void identities_free(Identities *ids)
{
    if (!ids)
        return;
    /* claimed, but not there: whoever sends them next must find them new */
    if (ids->known && !ids->stored)
        vault_forget_tags(ids->vault);
    known_tags_release(ids->known);
    for (size_t i = 0; i < ids->workers.len; i++)
        worker_free(ids->workers.at[i]);
    new_records_free(ids->news);
    vec_free(&ids->workers);
    vec_free(&ids->idle);
    vec_free(&ids->dropped);
    for (size_t i = 0; i < ids->token_taggers.len; i++)
        tagger_free(ids->token_taggers.at[i]);
    for (size_t i = 0; i < ids->employers.len; i++)
        employer_tagger_free(ids->employers.at[i]);
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

Status identities_expect(Identities *ids, uint64_t rows, Error *err)
{
    if (ids->count == 0)
        return OK;
    TRY(known_tags_expect(ids->known, rows, err));
    return new_records_new(rows, &ids->news, err);
}

static Status take_tagger(Identities *ids, Taggers *pool, Tagger **out, Error *err)
{
    *out = NULL;
    pthread_mutex_lock(&ids->pool_lock);
    if (pool->len > 0)
        *out = pool->at[--pool->len];
    pthread_mutex_unlock(&ids->pool_lock);
    return *out ? OK : tagger_new(ids->home, TOKEN_SOURCE, out, err);
}

static void give_tagger(Identities *ids, Taggers *pool, Tagger *t)
{
    pthread_mutex_lock(&ids->pool_lock);
    Status st = vec_push(pool, t, NULL);
    pthread_mutex_unlock(&ids->pool_lock);
    if (st != OK)
        tagger_free(t);
}

static Status worker_new(Identities *ids, Worker **out, Error *err)
{
    Worker *w = NULL;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    buf_init(&w->packed, 0);
    Status st = tagger_new(ids->home, ids->source, &w->tagger, err);
    if (st == OK) {
        pthread_mutex_lock(&ids->pool_lock);
        /* room in both, so that giving it back cannot fail */
        st = vec_reserve(&ids->idle, ids->workers.len + 1, err);
        if (st == OK)
            st = vec_push(&ids->workers, w, err);
        pthread_mutex_unlock(&ids->pool_lock);
    }
    if (st != OK) {
        worker_free(w);
        return st;
    }
    *out = w;
    return OK;
}

static Status take_worker(Identities *ids, Worker **out, Error *err)
{
    *out = NULL;
    pthread_mutex_lock(&ids->pool_lock);
    if (ids->idle.len > 0)
        *out = ids->idle.at[--ids->idle.len];
    pthread_mutex_unlock(&ids->pool_lock);
    return *out ? OK : worker_new(ids, out, err);
}

static void give_worker(Identities *ids, Worker *w)
{
    pthread_mutex_lock(&ids->pool_lock);
    ASSERT(ids->idle.len < ids->idle.cap);
    ids->idle.at[ids->idle.len++] = w;
    pthread_mutex_unlock(&ids->pool_lock);
}

static Status make_room(Worker *w, size_t rows, Error *err)
{
    if (rows <= w->rows)
        return OK;
    w->rows = 0;
    TRY(mem_resize((void **)&w->ends, rows, sizeof *w->ends, err));
    TRY(mem_resize((void **)&w->tags, rows, sizeof *w->tags, err));
    TRY(mem_resize((void **)&w->was_new, rows, sizeof *w->was_new, err));
    w->rows = rows;
    return OK;
}

static Status keep_new(Identities *ids, Worker *w, size_t made, Error *err)
{
    TRY(known_tags_claim(ids->known, w->tags, made, w->was_new, err));
    Status st = OK;
    pthread_mutex_lock(&ids->pool_lock);
    for (size_t k = 0; st == OK && k < made; k++)
        if (w->was_new[k])
            st = new_records_add(
                ids->news, &w->tags[k], slice_sub(buf_slice(&w->packed), k > 0 ? w->ends[k - 1] : 0, w->ends[k]), err);
    pthread_mutex_unlock(&ids->pool_lock);
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

static Status make_tags(Identities *ids, Worker *w, size_t rows, const Slice *const *args, uint8_t (*out)[16],
    bool *out_null, size_t *made, Error *err)
{
    for (size_t k = 0; k < rows; k++) {
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
        Slice packed;
        RecordTag *tag = &w->tags[*made];
        TRY(tagger_tag_packed(w->tagger, &values, tag, &packed, err));
        memcpy(out[k], tag->bytes, 16);
        buf_add(&w->packed, packed);
        w->ends[(*made)++] = w->packed.len;
    }
    return buf_status(&w->packed, err);
}

static Status tag_rows(
    Identities *ids, Worker *w, size_t rows, const Slice *const *args, uint8_t (*out)[16], bool *out_null, Error *err)
{
    size_t made = 0;
    TRY(make_room(w, rows, err));
    buf_reset(&w->packed);
    TRY(make_tags(ids, w, rows, args, out, out_null, &made, err));
    return keep_new(ids, w, made, err);
}

static void tag_vector(
    void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16], bool *out_null)
{
    Identities *ids = ctx;
    Error err = ERROR_INIT;
    Worker *w = NULL;
    ASSERT(arg_count == ids->count);
    Status st = take_worker(ids, &w, &err);
    if (st == OK) {
        st = tag_rows(ids, w, rows, args, out, out_null, &err);
        give_worker(ids, w);
    }
    if (st != OK)
        note_failure(ids, st, &err);
}

static Status token_rows(
    Tagger *t, IdentityRole role, size_t rows, const Slice *value, uint8_t (*out)[16], bool *out_null, Error *err)
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

static void token_vector(
    void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16], bool *out_null)
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

static Status employer_rows(
    EmployerTagger *t, size_t rows, const Slice *account, uint8_t (*out)[16], bool *out_null, Error *err)
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

static void employer_vector(
    void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16], bool *out_null)
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

Status identities_register(Identities *ids, Db *db, const char *mark, Error *err)
{
    char name[60];
    snprintf(name, sizeof name, "ingest_tag%s", mark);
    if (ids->count > 0)
        TRY(db_register_uuid_fn(db, name, ids->count, tag_vector, ids, err));
    for (size_t i = 0; i < ids->count; i++) {
        snprintf(name, sizeof name, "ingest_token_%zu%s", i, mark);
        ids->tokens[i] = (TokenField){.ids = ids, .role = ids->roles[i]};
        TRY(db_register_uuid_fn(db, name, 1, token_vector, &ids->tokens[i], err));
    }
    snprintf(name, sizeof name, "ingest_employer%s", mark);
    return ids->employer ? db_register_uuid_fn(db, name, 1, employer_vector, ids, err) : OK;
}

/* --- into the vault ------------------------------------------------------------------------------------------ */

Status identities_drop(Identities *ids, const RecordTag *tag, Error *err)
{
    return vec_push(&ids->dropped, *tag, err);
}

bool identities_final(const Identities *ids)
{
    return ids->dropped.len == 0;
}

static int compare_tags(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(RecordTag));
}

static bool is_dropped(const RecordTag *tag, void *ctx)
{
    const Identities *ids = ctx;
    return bsearch(tag, ids->dropped.at, ids->dropped.len, sizeof *ids->dropped.at, compare_tags) != NULL;
}

Status identities_store(Identities *ids, Vault *vault, Slice source, Error *err)
{
    if (ids->dropped.len > 0) {
        qsort(ids->dropped.at, ids->dropped.len, sizeof *ids->dropped.at, compare_tags);
        new_records_leave_out(ids->news, is_dropped, ids);
    }
    if (ids->news)
        TRY(vault_add_claimed(vault, source, ids->news, err));
    /* the dropped were claimed too */
    ids->stored = ids->dropped.len == 0;
    return OK;
}
