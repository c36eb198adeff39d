/*
 * From the vault's boxed identities to the engine's table. Columns are the roles
 * that contracts give; an organisation's own id means something only together
 * with the organisation, so the two become one value. The engine numbers records
 * by their contents, so that nothing decided later depends on tags (which differ
 * between homes) or on the order in which files came.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

/* A fixed key on purpose: the order must be the same in every home. */
static const uint64_t CONTENT_KEY[2] = {UINT64_C(0x636169726e2d6964), UINT64_C(0x656e746974792d31)};

typedef struct LoadArg {
    Records *records;
    Linkage *linkage;
    RecordsMode mode;
    IdentityRole roles[MATCH_COLUMNS_MAX]; /* ID_ROLE_COUNT: a column of the context alone */
    ContextColumn *contexts[MATCH_COLUMNS_MAX];
    char months[MATCH_COLUMNS_MAX][CONTEXT_TEXT_SIZE];
    Context context;
    Map sources;
    size_t link_at;    /* in old_links */
    VEC(uint32_t) old; /* of each record added to the table, in that order */
    Progress *progress;
    Buf local;
} LoadArg;

/* Sources that the policy does not name share the first trait, and may hold duplicates. */
static Status source_number(LoadArg *a, Slice name, uint32_t *out, Error *err)
{
    MatchConfig *config = &a->linkage->match;
    uint64_t n;
    if (!map_get(&a->sources, name, &n)) {
        Slice copy;
        if (config->source_count == MATCH_SOURCES_MAX)
            return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
        TRY(arena_dup(&a->linkage->arena, name, &copy, err));
        n = config->source_count++;
        config->sources[n] = (SourceSpec){.name = copy, .dedupe = true};
        TRY(map_put(&a->sources, copy, n, NULL, err));
    }
    *out = (uint32_t)n;
    return OK;
}

/* Records and former links both come in order of tag, so one walk joins them. */
static uint32_t next_old_link(LoadArg *a, const RecordTag *tag)
{
    const Links *links = &a->records->old_links;
    while (a->link_at < links->len && tag_cmp(&links->at[a->link_at].tag, tag) < 0)
        a->link_at++;
    return a->link_at < links->len && tag_cmp(&links->at[a->link_at].tag, tag) == 0 ? (uint32_t)a->link_at : NO_LINK;
}

/* What the record says itself goes before what the rest of its rows says. */
static Status column_values(LoadArg *a, const VaultRecord *in, Slice *out, Error *err)
{
    const MatchConfig *config = &a->linkage->match;
    for (uint32_t c = 0; c < config->column_count; c++) {
        Slice around = {0};
        if (a->contexts[c])
            around = context_next(&a->context, a->contexts[c], &in->tag, &in->values, a->months[c]);
        out[c] = a->roles[c] == ID_ROLE_COUNT ? (Slice){0} : in->values.at[a->roles[c]];
        if (out[c].len == 0)
            out[c] = around;
        if (a->roles[c] != ID_LOCAL || out[c].len == 0)
            continue;
        Slice org = in->values.at[ID_LOCAL_ORG];
        buf_reset(&a->local);
        buf_add(&a->local, org.len ? org : in->source);
        buf_addc(&a->local, ' ');
        buf_add(&a->local, out[c]);
        TRY(buf_status(&a->local, err));
        out[c] = buf_slice(&a->local);
    }
    return OK;
}

static Status keep_newcomer(LoadArg *a, const VaultRecord *in, uint32_t source, const Slice *values, Error *err)
{
    Records *r = a->records;
    uint32_t columns = a->linkage->match.column_count;
    Slice *copies;
    Buf content;
    TRY(arena_new(&r->arena, Slice, columns, &copies, err));
    buf_init(&content, 0);
    buf_add(&content, in->source);
    Status st = OK;
    for (uint32_t c = 0; c < columns && st == OK; c++) {
        buf_addc(&content, '\x1f');
        buf_add(&content, values[c]);
        st = arena_dup(&r->arena, values[c], &copies[c], err);
    }
    if (st == OK)
        st = buf_status(&content, err);
    if (st == OK)
        st = vec_push(&r->newcomers,
            ((Newcomer){.tag = in->tag,
                .source = source,
                .content = siphash13(CONTENT_KEY, content.ptr, content.len),
                .values = copies}),
            err);
    if (content.ptr)
        mem_wipe(content.ptr, content.cap);
    buf_free(&content);
    return st;
}

static Status take_record(const VaultRecord *in, void *ctx, Error *err)
{
    LoadArg *a = ctx;
    Records *r = a->records;
    Slice values[MATCH_COLUMNS_MAX];
    uint32_t source = 0;
    TRY(source_number(a, in->source, &source, err));
    TRY(column_values(a, in, values, err));
    uint32_t old = next_old_link(a, &in->tag);
    r->linked += old != NO_LINK;
    progress_add(a->progress, 1);
    if (old == NO_LINK && a->mode == RECORDS_NEW_APART)
        return keep_newcomer(a, in, source, values, err);
    TRY(vec_push(&a->old, old, err));
    return match_table_add(r->table, source, (Slice){(const char *)in->tag.bytes, sizeof in->tag.bytes}, values, err);
}

/* Equal contents are settled by the tag: the two are alike in everything that decides. */
static int by_content(const void *x, const void *y)
{
    const Newcomer *a = x, *b = y;
    if (a->content != b->content)
        return a->content < b->content ? -1 : 1;
    return tag_cmp(&a->tag, &b->tag);
}

/* Tags and former links in the order of record numbers; newcomers follow in theirs. */
static Status number_records(LoadArg *a, Error *err)
{
    Records *r = a->records;
    if (r->newcomers.len > 1)
        qsort(r->newcomers.at, r->newcomers.len, sizeof *r->newcomers.at, by_content);
    r->in_table = match_record_count(r->table);
    r->count = r->in_table + (uint32_t)r->newcomers.len;
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *r->tags, (void **)&r->tags, err));
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *r->old, (void **)&r->old, err));
    for (uint32_t i = 0; i < r->in_table; i++) {
        Slice id = match_record_id(r->table, i);
        ASSERT(id.len == sizeof r->tags[i].bytes);
        memcpy(r->tags[i].bytes, id.ptr, id.len);
        r->old[i] = a->old.at[match_record_added(r->table, i)];
    }
    for (size_t k = 0; k < r->newcomers.len; k++) {
        r->tags[r->in_table + k] = r->newcomers.at[k].tag;
        r->old[r->in_table + k] = NO_LINK;
    }
    return OK;
}

static Status load(const LinkContext *ctx, Vault *vault, const char *purpose, LoadArg *a, Error *err)
{
    Records *r = a->records;
    MatchConfig *config = &a->linkage->match;
    uint64_t count = 0, persons, quarantined;
    TRY(context_read(ctx, clock_today(), &a->context, err));
    for (uint32_t c = 0; c < config->column_count; c++) {
        if (identity_role_parse(config->columns[c], &a->roles[c], NULL) != OK)
            a->roles[c] = ID_ROLE_COUNT;
        a->contexts[c] = context_column(&a->context, config->columns[c]);
    }
    TRY(map_init(&a->sources, err));
    for (uint32_t i = 0; i < config->source_count; i++)
        TRY(map_put(&a->sources, config->sources[i].name, i, NULL, err));
    TRY(match_table_new(config, &r->table, err));
    TRY(vault_count(vault, &count, &persons, &quarantined, err));
    if (count > UINT32_MAX - 1)
        return error_set(err, ERR_LIMIT, "the vault holds more than %" PRIu32 " records", UINT32_MAX - 1);
    TRY(vault_links(vault, &r->old_links, err));
    TRY(progress_new(ctx->progress, "reading identities", count, "records", &a->progress, err));
    const VaultPurpose why = {.purpose = purpose, .agreement = a->linkage->authority};
    TRY(vault_each_record(vault, &why, take_record, a, err));
    TRY(match_table_seal(r->table, home_settings(ctx->home)->threads, err));
    return number_records(a, err);
}

Status records_load(const LinkContext *ctx, Vault *vault, Linkage *linkage, RecordsMode mode, const char *purpose,
    Records *out, Error *err)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    out->linkage = linkage;
    LoadArg arg = {.records = out, .linkage = linkage, .mode = mode};
    buf_init(&arg.local, 0);
    Status st = load(ctx, vault, purpose, &arg, err);
    progress_done(arg.progress);
    map_free(&arg.sources);
    vec_free(&arg.old);
    context_free(&arg.context);
    buf_free(&arg.local);
    return st;
}

void records_free(Records *r)
{
    match_table_free(r->table);
    mem_free(r->tags);
    mem_free(r->old);
    vec_free(&r->old_links);
    vec_free(&r->newcomers);
    arena_free(&r->arena);
}
