/*
 * From the vault's boxed identities to compact records the resolver can hold by
 * the million: 72 bytes each, names as numbers. Sorted by a hash of their
 * contents, so that no result depends on tags (which differ between homes) or on
 * the order in which files came.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

/* A fixed key on purpose: the order must be the same in every home. */
static const uint64_t CONTENT_KEY[2] = {UINT64_C(0x636169726e2d6964), UINT64_C(0x656e746974792d31)};

typedef struct LoadArg {
    Records *records;
    Map sources;
    Progress *progress;
    Buf scratch;
} LoadArg;

static uint64_t hash_parts(Buf *scratch, Slice a, Slice b)
{
    buf_reset(scratch);
    buf_add(scratch, a);
    buf_addc(scratch, '\x1f');
    buf_add(scratch, b);
    uint64_t h = siphash13(CONTENT_KEY, scratch->ptr, scratch->len);
    return h ? h : 1;
}

static uint64_t content_hash(Buf *scratch, Slice source, const IdentityValues *v)
{
    buf_reset(scratch);
    buf_add(scratch, source);
    for (size_t i = 0; i < ID_ROLE_COUNT; i++) {
        buf_addc(scratch, '\x1f');
        buf_add(scratch, v->at[i]);
    }
    return siphash13(CONTENT_KEY, scratch->ptr, scratch->len);
}

static char initial_of(const NameTable *t, uint32_t name)
{
    return name ? t->names.at[name].text.ptr[0] : '\0';
}

static Status source_number(LoadArg *a, Slice source, uint16_t *out, Error *err)
{
    uint64_t n;
    if (map_get(&a->sources, source, &n)) {
        *out = (uint16_t)n;
        return OK;
    }
    Slice copy;
    TRY(arena_dup(&a->records->arena, source, &copy, err));
    n = a->records->sources.len;
    if (n > UINT16_MAX)
        return error_set(err, ERR_LIMIT, "more than %d sources", UINT16_MAX);
    TRY(vec_push(&a->records->sources, copy, err));
    *out = (uint16_t)n;
    return map_put(&a->sources, copy, n, NULL, err);
}

static Status take_record(const VaultRecord *in, void *ctx, Error *err)
{
    LoadArg *a = ctx;
    Records *r = a->records;
    const IdentityValues *v = &in->values;
    Rec rec = {
        .tag = in->tag, .birth = standard_birth_date(v->at[ID_BIRTH_DATE]), .sasid = standard_sasid(v->at[ID_SASID])};
    char ssn[10];
    uint32_t middle;
    uint64_t number;
    TRY(source_number(a, in->source, &rec.source, err));
    TRY(standard_ssn(v->at[ID_SSN], ssn, err));
    if (ssn[0] && parse_u64(slice_of(ssn), &number, NULL) == OK)
        rec.ssn = (uint32_t)number;
    TRY(names_add(&r->names, v->at[ID_FIRST], &rec.first, err));
    TRY(names_add(&r->names, v->at[ID_LAST], &rec.last, err));
    TRY(names_add(&r->names, v->at[ID_OTHER_LAST], &rec.other_last, err));
    TRY(names_add(&r->names, v->at[ID_MIDDLE], &middle, err));
    rec.middle = initial_of(&r->names, middle);
    rec.sex = v->at[ID_SEX].len ? v->at[ID_SEX].ptr[0] : '\0';
    if (v->at[ID_LOCAL].len)
        rec.local_key =
            hash_parts(&a->scratch, v->at[ID_LOCAL_ORG].len ? v->at[ID_LOCAL_ORG] : in->source, v->at[ID_LOCAL]);
    if (v->at[ID_ZIP].len >= 5)
        rec.zip_key = hash_parts(&a->scratch, SLICE("zip"), slice_sub(v->at[ID_ZIP], 0, 5));
    rec.content = content_hash(&a->scratch, in->source, v);
    progress_add(a->progress, 1);
    return vec_push(&r->at, rec, err);
}

static int by_content(const void *x, const void *y)
{
    const Rec *a = x, *b = y;
    if (a->content != b->content)
        return a->content < b->content ? -1 : 1;
    return memcmp(a->tag.bytes, b->tag.bytes, sizeof a->tag.bytes);
}

Status records_load(const LinkContext *ctx, Vault *vault, const Params *params, Records *out, Error *err)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    TRY(names_init(&out->names, params->nickname_csv, params->nickname_path, err));
    LoadArg arg = {.records = out};
    buf_init(&arg.scratch, 0);
    uint64_t count = 0, persons, quarantined;
    Status st;
    TRY_OUT(map_init(&arg.sources, err));
    TRY_OUT(vault_count(vault, &count, &persons, &quarantined, err));
    TRY_OUT(vec_reserve(&out->at, count, err));
    TRY_OUT(progress_new(ctx->progress, "reading identities", count, "records", &arg.progress, err));
    const VaultPurpose purpose = {.purpose = "link", .agreement = params->authority};
    st = vault_each_record(vault, &purpose, take_record, &arg, err);
    progress_done(arg.progress);
    if (st == OK && out->at.len)
        qsort(out->at.at, out->at.len, sizeof *out->at.at, by_content);
out:
    map_free(&arg.sources);
    buf_free(&arg.scratch);
    return st;
}

void records_free(Records *r)
{
    vec_free(&r->at);
    vec_free(&r->sources);
    names_free(&r->names);
    arena_free(&r->arena);
}
