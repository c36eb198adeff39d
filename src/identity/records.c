/*
 * From the vault's boxed identities to compact records the resolver can hold by
 * the million: 72 bytes each, names as numbers. Sorted by a hash of their
 * contents, so that no result depends on tags (which differ between homes) or on
 * the order in which files came.
 */
#include "identity/identity_impl.h"

/* A fixed key on purpose: the order must be the same in every home. */
static const uint64_t CONTENT_KEY[2] = {UINT64_C(0x636169726e2d6964), UINT64_C(0x656e746974792d31)};

typedef struct LoadArg {
    Records *records;
    Map sources;
    size_t link_at; /* in old_links */
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

uint64_t standard_sasid(Slice raw)
{
    uint64_t v;
    if (raw.len != 10 || parse_u64(raw, &v, NULL) != OK)
        return 0;
    return v;
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

/* Records and former links both come in order of tag, so one walk joins them. */
static uint32_t next_old_link(LoadArg *a, const RecordTag *tag)
{
    const Links *links = &a->records->old_links;
    while (a->link_at < links->len && memcmp(links->at[a->link_at].tag.bytes, tag->bytes, sizeof tag->bytes) < 0)
        a->link_at++;
    bool known = a->link_at < links->len && memcmp(links->at[a->link_at].tag.bytes, tag->bytes, sizeof tag->bytes) == 0;
    return known ? (uint32_t)a->link_at : NO_LINK;
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
    rec.old_link = next_old_link(a, &in->tag);
    progress_add(a->progress, 1);
    return vec_push(&r->at, rec, err);
}

/* Equal hashes of different contents are settled by the tag; there will hardly ever be one. */
static void order_ties(Records *r)
{
    Rec *at = r->at.at;
    for (size_t i = 1; i < r->at.len; i++) {
        Rec rec = at[i];
        size_t k = i;
        for (; k > 0 && at[k - 1].content == rec.content && memcmp(at[k - 1].tag.bytes, rec.tag.bytes, 16) > 0; k--)
            at[k] = at[k - 1];
        at[k] = rec;
    }
}

/* In place, along the cycles of the permutation: a second copy of the records would double the room's memory. */
static void permute(Records *r, Keys *order)
{
    for (uint32_t i = 0; i < order->len; i++) {
        Rec first = r->at.at[i];
        uint32_t hole = i;
        while (order->at[hole].record != i) {
            uint32_t from = order->at[hole].record;
            r->at.at[hole] = r->at.at[from];
            order->at[hole].record = hole;
            hole = from;
        }
        r->at.at[hole] = first;
        order->at[hole].record = hole;
    }
}

static Status sort_by_content(Records *r, Error *err)
{
    Keys order = {0};
    Status st = vec_reserve(&order, r->at.len ? r->at.len : 1, err);
    for (uint32_t i = 0; st == OK && i < r->at.len; i++)
        order.at[order.len++] = (Keyed){r->at.at[i].content, i};
    if (st == OK)
        st = keyed_sort(&order, err);
    if (st == OK) {
        permute(r, &order);
        order_ties(r);
    }
    vec_free(&order);
    return st;
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
    if (count > UINT32_MAX - 1) {
        st = error_set(err, ERR_LIMIT, "the vault holds more than %" PRIu32 " records", UINT32_MAX - 1);
        goto out;
    }
    TRY_OUT(vec_reserve(&out->at, count, err));
    TRY_OUT(vault_links(vault, &out->old_links, err));
    TRY_OUT(progress_new(ctx->progress, "reading identities", count, "records", &arg.progress, err));
    const VaultPurpose purpose = {.purpose = "link", .agreement = params->authority};
    st = vault_each_record(vault, &purpose, take_record, &arg, err);
    progress_done(arg.progress);
    if (st == OK)
        st = sort_by_content(out, err);
out:
    map_free(&arg.sources);
    buf_free(&arg.scratch);
    return st;
}

void records_free(Records *r)
{
    vec_free(&r->at);
    vec_free(&r->old_links);
    vec_free(&r->sources);
    names_free(&r->names);
    arena_free(&r->arena);
}
