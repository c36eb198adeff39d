/*
 * From the vault's boxed identities to the engine's table. Columns are the roles
 * that contracts give; an organisation's own id means something only together
 * with the organisation, so the two become one value. The engine numbers records
 * by their contents, so that nothing decided later depends on tags (which differ
 * between homes) or on the order in which files came.
 */
#include "identity/context_share.h"
#include "identity/identity_impl.h"

#include <stdlib.h>

/* A fixed key on purpose: the order must be the same in every home. */
static const uint64_t CONTENT_KEY[2] = {UINT64_C(0x636169726e2d6964), UINT64_C(0x656e746974792d31)};

/* A newcomer's place among the records that share context; a table has fewer rows. */
#define NEWCOMER (UINT32_C(1) << 31)

typedef struct LoadArg {
    Records *records;
    Linkage *linkage;
    RecordsMode mode;
    IdentityRole roles[MATCH_COLUMNS_MAX]; /* ID_ROLE_COUNT: a column of the context alone */
    ContextColumn *contexts[MATCH_COLUMNS_MAX];
    char months[MATCH_COLUMNS_MAX][CONTEXT_TEXT_SIZE];
    Context context;
    Sharing sharing; /* records: places in the table, newcomers' from NEWCOMER on */
    Map sources;
    size_t link_at;    /* in old_links */
    VEC(uint32_t) old; /* of each record added to the table, in that order */
    Progress *progress;
    Buf local;
} LoadArg;

/* A copy of `like` under the name; of NULL: the first trait, and it may hold duplicates. */
static Status new_source(LoadArg *a, Slice name, const SourceSpec *like, uint64_t *out, Error *err)
{
    MatchConfig *config = &a->linkage->match;
    SourceSpec source = like ? *like : (SourceSpec){.dedupe = true};
    if (config->source_count == MATCH_SOURCES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
    TRY(arena_dup(&a->linkage->arena, name, &source.name, err));
    *out = config->source_count++;
    config->sources[*out] = source;
    return map_put(&a->sources, source.name, *out, NULL, err);
}

/* "B" and "B." */
static bool is_initial(Slice name)
{
    name = slice_trim(name);
    return name.len == 1 || (name.len == 2 && name.ptr[1] == '.');
}

/* The source of those records of source n whose name is an initial. */
static Status initials_source(LoadArg *a, uint64_t n, uint64_t *out, Error *err)
{
    SourceSpec like = a->linkage->match.sources[n];
    buf_reset(&a->local);
    buf_add(&a->local, like.name);
    buf_adds(&a->local, ", initials");
    TRY(buf_status(&a->local, err));
    if (map_get(&a->sources, buf_slice(&a->local), out))
        return OK;
    like.trait = a->linkage->initials.as;
    return new_source(a, buf_slice(&a->local), &like, out, err);
}

/* Sources in the policy's order, and those of their initials behind them before a record is read: records come in order
 * of tags, which differ between homes, and the engine draws its pairs by the sources' numbers. */
static Status number_sources(LoadArg *a, Error *err)
{
    const InitialsPolicy *initials = &a->linkage->initials;
    const MatchConfig *config = &a->linkage->match;
    uint32_t named = config->source_count;
    uint64_t cut;
    TRY(map_init(&a->sources, err));
    for (uint32_t i = 0; i < named; i++)
        TRY(map_put(&a->sources, config->sources[i].name, i, NULL, err));
    for (uint32_t i = 0; i < named; i++)
        if (initials->set && config->sources[i].trait == initials->trait)
            TRY(initials_source(a, i, &cut, err));
    return OK;
}

/* Sources that the policy does not name share the first trait. */
static Status source_number(LoadArg *a, const VaultRecord *in, uint32_t *out, Error *err)
{
    const InitialsPolicy *initials = &a->linkage->initials;
    uint64_t n;
    if (!map_get(&a->sources, in->source, &n))
        TRY(new_source(a, in->source, NULL, &n, err));
    if (initials->set && a->linkage->match.sources[n].trait == initials->trait &&
        is_initial(in->values.at[initials->role]))
        TRY(initials_source(a, n, &n, err));
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

/* Of a column that has what comes after the most of another. */
static Status next_value(LoadArg *a, const VaultRecord *in, uint32_t column, uint32_t record, Error *err)
{
    const ContextValue *values;
    ContextColumn *of = &a->context.columns.at[a->contexts[column]->next_of - 1];
    for (uint32_t c = 0; c < a->linkage->match.column_count; c++) {
        const SharedNext next = {c, a->contexts[column]->rank, column};
        if (a->contexts[c] == of && context_next(of, &in->tag, &values) > 0)
            return sharing_add_next(&a->sharing, &a->context, &next, record, values, &in->tag, &in->values, err);
    }
    return OK;
}

/* The rest of the rows' value; shared ones are known when all records are. */
static Status context_value(LoadArg *a, const VaultRecord *in, uint32_t column, uint32_t record, Slice *out, Error *err)
{
    const ContextValue *values;
    ContextColumn *from = a->contexts[column];
    *out = (Slice){0};
    if (!from)
        return OK;
    if (from->next_of)
        return next_value(a, in, column, record, err);
    size_t n = context_next(from, &in->tag, &values);
    if (n > 0 && values->share)
        return sharing_add(&a->sharing, &a->context, column, record, values, n, &in->tag, &in->values, err);
    *out = n > 0 ? a->context.texts.at[values->text] : context_own(from, &in->values, a->months[column]);
    return OK;
}

/* What the record says itself goes before what the rest of its rows says. */
static Status column_values(LoadArg *a, const VaultRecord *in, uint32_t record, Slice *out, Error *err)
{
    const MatchConfig *config = &a->linkage->match;
    for (uint32_t c = 0; c < config->column_count; c++) {
        out[c] = a->roles[c] == ID_ROLE_COUNT ? (Slice){0} : in->values.at[a->roles[c]];
        if (out[c].len == 0)
            TRY(context_value(a, in, c, record, &out[c], err));
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
    TRY(arena_new(&r->arena, Slice, columns, &copies, err));
    for (uint32_t c = 0; c < columns; c++)
        TRY(arena_dup(&r->arena, values[c], &copies[c], err));
    return vec_push(&r->newcomers, ((Newcomer){.tag = in->tag, .source = source, .values = copies}), err);
}

static Status hash_newcomer(const LoadArg *a, Newcomer *n, Buf *content, Error *err)
{
    const MatchConfig *config = &a->linkage->match;
    buf_reset(content);
    buf_add(content, config->sources[n->source].name);
    for (uint32_t c = 0; c < config->column_count; c++) {
        buf_addc(content, '\x1f');
        buf_add(content, n->values[c]);
    }
    TRY(buf_status(content, err));
    n->content = siphash13(CONTENT_KEY, content->ptr, content->len);
    return OK;
}

/* When nothing of them is missing any more. */
static Status hash_newcomers(LoadArg *a, Error *err)
{
    Records *r = a->records;
    Buf content;
    Status st = OK;
    buf_init(&content, 0);
    for (size_t i = 0; i < r->newcomers.len && st == OK; i++)
        st = hash_newcomer(a, &r->newcomers.at[i], &content, err);
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
    TRY(source_number(a, in, &source, err));
    uint32_t old = next_old_link(a, &in->tag);
    bool apart = old == NO_LINK && a->mode == RECORDS_NEW_APART;
    uint32_t record = apart ? NEWCOMER + (uint32_t)r->newcomers.len : (uint32_t)a->old.len;
    TRY(column_values(a, in, record, values, err));
    r->linked += old != NO_LINK;
    progress_add(a->progress, 1);
    if (apart)
        return keep_newcomer(a, in, source, values, err);
    TRY(vec_push(&a->old, old, err));
    return match_table_add(r->table, source, (Slice){(const char *)in->tag.bytes, sizeof in->tag.bytes}, values, err);
}

static Status fill_cell(void *ctx, const SharedCell *cell, Slice text, Error *err)
{
    LoadArg *a = ctx;
    if (cell->record < NEWCOMER)
        return match_table_fill(a->records->table, cell->record, cell->column, text, err);
    Slice *values = a->records->newcomers.at[cell->record - NEWCOMER].values;
    return arena_dup(&a->records->arena, text, &values[cell->column], err);
}

/* Equal contents are settled by the tag: the two are alike in everything that decides. */
static int by_content(const void *x, const void *y)
{
    const Newcomer *a = x, *b = y;
    if (a->content != b->content)
        return a->content < b->content ? -1 : 1;
    return tag_cmp(&a->tag, &b->tag);
}

#define RECORDS_AHEAD 16 /* ids lie in the order of adding */
#define RECORDS_AT_ONCE ((uint32_t)1 << 16)

static Status number_item(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    const LoadArg *a = ctx;
    Records *r = a->records;
    uint32_t from = (uint32_t)item * RECORDS_AT_ONCE;
    uint32_t end = r->in_table - from < RECORDS_AT_ONCE ? r->in_table : from + RECORDS_AT_ONCE;
    for (uint32_t i = from; i < end; i++) {
        if (i + RECORDS_AHEAD < end) {
            __builtin_prefetch(match_record_id(r->table, i + RECORDS_AHEAD).ptr);
            __builtin_prefetch(&a->old.at[match_record_added(r->table, i + RECORDS_AHEAD)]);
        }
        Slice id = match_record_id(r->table, i);
        ASSERT(id.len == sizeof r->tags[i].bytes);
        memcpy(r->tags[i].bytes, id.ptr, id.len);
        r->old[i] = a->old.at[match_record_added(r->table, i)];
    }
    return OK;
}

/* Tags and former links in the order of record numbers; newcomers follow in theirs. */
static Status number_records(LoadArg *a, unsigned threads, Error *err)
{
    Records *r = a->records;
    if (r->newcomers.len > 1)
        qsort(r->newcomers.at, r->newcomers.len, sizeof *r->newcomers.at, by_content);
    r->in_table = match_record_count(r->table);
    r->count = r->in_table + (uint32_t)r->newcomers.len;
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *r->tags, (void **)&r->tags, err));
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *r->old, (void **)&r->old, err));
    size_t items = ((size_t)r->in_table + RECORDS_AT_ONCE - 1) / RECORDS_AT_ONCE;
    TRY(parallel_for(items, threads, number_item, a, err));
    if (a->mode == RECORDS_ALL) /* tags say as much */
        match_table_forget(r->table);
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
    TRY(number_sources(a, err));
    TRY(match_table_new(config, &r->table, err));
    TRY(match_table_threads(r->table, home_settings(ctx->home)->threads, err));
    TRY(vault_count(vault, &count, &persons, &quarantined, err));
    if (count >= NEWCOMER)
        return error_set(err, ERR_LIMIT, "the vault holds %" PRIu32 " records or more", NEWCOMER);
    TRY(vault_links(vault, &r->old_links, err));
    TRY(progress_new(ctx->progress, "reading identities", count, "records", &a->progress, err));
    const VaultPurpose why = {.purpose = purpose, .agreement = a->linkage->authority};
    TRY(vault_each_record(vault, &why, take_record, a, err));
    TRY(sharing_settle(&a->sharing, &a->context, home_settings(ctx->home)->threads, fill_cell, a, err));
    sharing_free(&a->sharing); /* sealing wants room */
    context_free(&a->context);
    TRY(hash_newcomers(a, err));
    TRY(match_table_seal(r->table, home_settings(ctx->home)->threads, err));
    TRY(number_records(a, home_settings(ctx->home)->threads, err));
    mem_give_back(); /* what the vault's pages, spellings and context were, among which pieces live on */
    return OK;
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
    sharing_free(&arg.sharing);
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
