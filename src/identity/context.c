/*
 * Evidence from the rest of a row, by queries that the policy states.
 *
 * The queries run in a database of their own, in memory, over the Parquet files of
 * the current loads; these hold record tags and content, no identity. Only this
 * room puts the two together. A load is read as it was accepted, so a query sees
 * the columns of the contract the load came under.
 */
#include "identity/context.h"
#include "store/linkage.h"
#include "store/load_view.h"

#include <stdio.h>

#define SHARES_MAX UINT16_MAX /* a shared value has 16 bits for its query */

/* A table made of sources: their rows, or what a query says of them. */
typedef struct MadeTable {
    Slice name;
    bool any; /* one of them has a load; of a query, all of them */
} MadeTable;

/* A query of the policy whose sources have loads. */
typedef struct Query {
    const Toml *at;
    Slice column, sql;
    uint32_t share; /* as in ContextValue */
} Query;

typedef struct ContextRun {
    const LinkContext *ctx;
    const PolicyFile *file;
    Db *db, *beside; /* the same database twice: one query is asked while the rows of another are taken */
    Loads loads;
    Arena arena; /* of this run */
    VEC(MadeTable) made;
    VEC(Query) queries;
    size_t next;     /* the query whose rows are to be taken */
    DbRows *rows[2]; /* of queries with even and with odd numbers */
    Context *out;
} ContextRun;

/* A view of the source's name over the current loads, or the table of that name; false when there is no load. */
static Status make_source(ContextRun *r, Slice source, bool *found, Error *err)
{
    const char *dir;
    for (size_t i = 0; i < r->made.len; i++)
        if (slice_eq(r->made.at[i].name, source)) {
            *found = r->made.at[i].any;
            return OK;
        }
    TRY(home_file(r->ctx->home, &r->arena, "loads", &dir, err));
    return load_view(r->db, dir, &r->loads, source, source, found, err);
}

static Status source_name(const ContextRun *r, const Toml *t, Error *err)
{
    if (t->type != TOML_STRING)
        return error_set(err, ERR_INVALID, "%s:%u: a source is named by a string", r->file->path, t->line);
    return OK;
}

/* false: some source has no load. */
static Status make_sources(ContextRun *r, const Toml *sources, bool *complete, Error *err)
{
    *complete = true;
    for (const Toml *s = sources ? sources->first : NULL; s && *complete; s = s->next) {
        TRY(source_name(r, s, err));
        TRY(make_source(r, s->string, complete, err));
    }
    return OK;
}

/* "sources" of a table without a query: the rows of all that have a load. */
static Status join_sources(ContextRun *r, Slice name, const Toml *sources, Error *err)
{
    MadeTable joined = {.name = name};
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE VIEW ");
    sql_ident(&sql, name);
    buf_adds(&sql, " AS ");
    for (const Toml *s = sources->first; s; s = s->next) {
        bool found;
        TRY_OUT(source_name(r, s, err));
        TRY_OUT(make_source(r, s->string, &found, err));
        if (!found)
            continue;
        buf_adds(&sql, joined.any ? " UNION ALL BY NAME SELECT * FROM " : "SELECT * FROM ");
        sql_ident(&sql, s->string);
        joined.any = true;
    }
    TRY_OUT(buf_status(&sql, err));
    if (joined.any)
        TRY_OUT(db_exec(r->db, buf_z(&sql), err));
    st = vec_push(&r->made, joined, err);
out:
    buf_free(&sql);
    return st;
}

/* "sql" of a table: asked once, for all queries that ask of the table. */
static Status derive_table(ContextRun *r, const Toml *t, Slice name, const Toml *sources, Slice query, Error *err)
{
    MadeTable derived = {.name = name};
    Buf sql;
    TRY(make_sources(r, sources, &derived.any, err));
    if (!derived.any)
        return vec_push(&r->made, derived, err);
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TABLE ");
    sql_ident(&sql, name);
    buf_adds(&sql, " AS ");
    buf_add(&sql, query);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(r->db, buf_z(&sql), err);
    buf_free(&sql);
    if (st == OK)
        return vec_push(&r->made, derived, err);
    error_at(err, r->file->path, t->line, "sql");
    return st;
}

static Status make_table(ContextRun *r, const Toml *t, Error *err)
{
    static const char *const allowed[] = {"name", "file", "sources", "sql", NULL};
    Slice name, file, text, query;
    const Toml *sources;
    const char *path;
    Buf sql;
    TRY(toml_only(t, r->file->path, allowed, err));
    TRY(toml_str(t, r->file->path, "name", &name, err));
    TRY(toml_array(t, r->file->path, "sources", &sources, err));
    TRY(toml_str_or(t, r->file->path, "sql", (Slice){0}, &query, err));
    if (sources)
        return query.len ? derive_table(r, t, name, sources, query, err) : join_sources(r, name, sources, err);
    if (query.len > 0)
        return error_set(err, ERR_INVALID, "%s:%u: a table by \"sql\" names its \"sources\"", r->file->path, t->line);
    TRY(toml_str(t, r->file->path, "file", &file, err));
    TRY(policy_data(r->ctx->policy, file.ptr, &text, &path, err));
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TABLE ");
    sql_ident(&sql, name);
    buf_adds(&sql, " AS SELECT * FROM read_csv(");
    sql_literal(&sql, slice_of(path));
    buf_adds(&sql, ", header = true, all_varchar = true, comment = '#')");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(r->db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status intern(Context *c, Slice text, uint32_t *out, Error *err)
{
    uint64_t number;
    if (map_get(&c->text_numbers, text, &number)) {
        *out = (uint32_t)number;
        return OK;
    }
    Slice copy;
    TRY(arena_dup(&c->arena, text, &copy, err));
    *out = (uint32_t)c->texts.len;
    TRY(map_put(&c->text_numbers, copy, c->texts.len, NULL, err));
    return vec_push(&c->texts, copy, err);
}

static Status column_of(Context *c, Slice name, ContextColumn **out, Error *err)
{
    *out = context_column(c, name);
    if (*out)
        return OK;
    ContextColumn fresh = {.month_of = ID_ROLE_COUNT};
    TRY(arena_dup(&c->arena, name, &fresh.name, err));
    TRY(vec_push(&c->columns, fresh, err));
    *out = &vec_last(&c->columns);
    return OK;
}

static Status next_and_own(const ContextRun *r, Slice column, Error *err)
{
    return error_set(err, ERR_INVALID, "%s: \"%.*s\" is next of a column and has values of its own", r->file->path,
        SLICE_ARG(column));
}

/* The column of the values that come after the most of `column`. */
static Status pair_columns(ContextRun *r, Slice column, Slice next, uint32_t rank, Error *err)
{
    ContextColumn *of, *to;
    TRY(column_of(r->out, column, &of, err));
    size_t number = (size_t)(of - r->out->columns.at) + 1;
    TRY(column_of(r->out, next, &to, err));
    if (to->asked || to->month_of != ID_ROLE_COUNT || (to->next_of && (to->next_of != number || to->rank != rank)))
        return next_and_own(r, next, err);
    to->next_of = number;
    to->rank = rank;
    return OK;
}

/* Queries take turns on the two connections. */
static Status ask_query(ContextRun *r, size_t number, Error *err)
{
    const Query *q = &r->queries.at[number];
    Buf text;
    buf_init(&text, 0);
    buf_addf(&text, "SELECT record_tag, value%s FROM (", q->share ? ", weight::BIGINT" : "");
    buf_add(&text, q->sql);
    buf_adds(&text, ") WHERE record_tag IS NOT NULL AND value IS NOT NULL");
    Status st = buf_status(&text, err);
    if (st == OK)
        st = db_query(number % 2 ? r->beside : r->db, buf_z(&text), &r->rows[number % 2], err);
    buf_free(&text);
    if (st != OK)
        error_at(err, r->file->path, q->at->line, "sql");
    return st;
}

static Status read_rows(ContextRun *r, const Query *q, DbRows *rows, Error *err)
{
    ContextColumn *to = context_column(r->out, q->column);
    for (;;) {
        bool more;
        ContextValue v = {.share = q->share};
        TRY(db_next(rows, &more, err));
        if (!more)
            return OK;
        db_uuid(rows, 0, v.tag.bytes);
        TRY(intern(r->out, db_str(rows, 1), &v.text, err));
        v.weight = q->share ? db_i64(rows, 2) : 0;
        TRY(vec_push(&to->at, v, err));
    }
}

static Status take_rows(ContextRun *r, size_t number, Error *err)
{
    const Query *q = &r->queries.at[number];
    DbRows **rows = &r->rows[number % 2];
    Status st = read_rows(r, q, *rows, err);
    db_rows_free(*rows);
    *rows = NULL;
    if (st != OK)
        error_at(err, r->file->path, q->at->line, "sql");
    return st;
}

/* What goes wrong with the query that came first is told first. */
enum { TASK_TAKE, TASK_ASK, TASKS };

static Status query_task(size_t task, void *ctx, Error *err)
{
    ContextRun *r = ctx;
    if (task == TASK_TAKE)
        return take_rows(r, r->next, err);
    return r->next + 1 < r->queries.len ? ask_query(r, r->next + 1, err) : OK;
}

/* Texts are numbered in the order of queries and rows, whoever asks meanwhile. */
static Status run_queries(ContextRun *r, Error *err)
{
    if (r->queries.len == 0)
        return OK;
    TRY(db_beside(r->db, &r->beside, err));
    TRY(ask_query(r, 0, err));
    for (r->next = 0; r->next < r->queries.len; r->next++)
        TRY(parallel_for(TASKS, home_settings(r->ctx->home)->threads, query_task, r, err));
    return OK;
}

/* "month_of": counted in months, so that ages are differences. */
static Status take_month_of(ContextRun *r, const Toml *t, Slice name, Slice role, Error *err)
{
    static const char *const allowed[] = {"column", "month_of", NULL};
    ContextColumn *column;
    TRY(toml_only(t, r->file->path, allowed, err));
    TRY(column_of(r->out, name, &column, err));
    return column->next_of ? next_and_own(r, name, err) : identity_role_parse(role, &column->month_of, err);
}

/* "across", "take" and "next": *share is 0 when the values are each record's own. */
static Status take_share(ContextRun *r, const Toml *t, uint32_t next, uint32_t *share, Error *err)
{
    static const char *const takes[] = {"most", "least", "count"}; /* in the order of ContextTake */
    Slice across, take;
    ContextShare s = {.next = next};
    *share = 0;
    TRY(toml_str_or(t, r->file->path, "across", (Slice){0}, &across, err));
    TRY(toml_str_or(t, r->file->path, "take", (Slice){0}, &take, err));
    if (across.len == 0 && take.len == 0 && next == 0)
        return OK;
    TRY(identity_role_parse(across, &s.across, err));
    uint32_t way = 0;
    while (way < COUNT_OF(takes) && !slice_eq_z(take, takes[way]))
        way++;
    if (way == COUNT_OF(takes))
        return error_set(
            err, ERR_INVALID, "%s:%u: \"take\" must be \"most\", \"least\" or \"count\"", r->file->path, t->line);
    s.take = (ContextTake)way;
    if (next > 0 && s.take != TAKE_MOST)
        return error_set(err, ERR_INVALID, "%s:%u: \"next\" goes with \"most\" only", r->file->path, t->line);
    TRY(vec_push(&r->out->shares, s, err));
    *share = (uint32_t)r->out->shares.len;
    return *share < SHARES_MAX ? OK : error_set(err, ERR_LIMIT, "%s: too many queries", r->file->path);
}

/* "next": the columns of what comes after the most, one or several. */
static Status list_next(const ContextRun *r, const Toml *t, Slice next[CONTEXT_NEXT_MAX], uint32_t *count, Error *err)
{
    const Toml *value = toml_get(t, "next");
    *count = 0;
    if (!value)
        return OK;
    if (value->type == TOML_STRING) {
        next[(*count)++] = value->string;
        return OK;
    }
    for (const Toml *s = value->type == TOML_ARRAY ? value->first : NULL; s; s = s->next) {
        if (s->type != TOML_STRING || *count == CONTEXT_NEXT_MAX) {
            *count = 0;
            break;
        }
        next[(*count)++] = s->string;
    }
    return *count ? OK
                  : error_set(err, ERR_INVALID, "%s:%u: \"next\" must be a column or a list of up to %d of them",
                        r->file->path, value->line, CONTEXT_NEXT_MAX);
}

/* Lists the query of a value whose sources have loads. */
static Status plan_value(ContextRun *r, const Toml *t, Error *err)
{
    static const char *const allowed[] = {"column", "sources", "sql", "across", "take", "next", NULL};
    uint32_t share, nexts;
    Slice column, next[CONTEXT_NEXT_MAX], sql, role;
    const Toml *sources;
    bool complete;
    TRY(toml_str(t, r->file->path, "column", &column, err));
    TRY(toml_str_or(t, r->file->path, "month_of", (Slice){0}, &role, err));
    if (role.len > 0)
        return take_month_of(r, t, column, role, err);
    TRY(toml_only(t, r->file->path, allowed, err));
    TRY(list_next(r, t, next, &nexts, err));
    TRY(take_share(r, t, nexts, &share, err));
    TRY(toml_str(t, r->file->path, "sql", &sql, err));
    TRY(toml_array(t, r->file->path, "sources", &sources, err));
    TRY(make_sources(r, sources, &complete, err));
    if (!complete)
        return OK;
    for (uint32_t i = 0; i < nexts; i++)
        TRY(pair_columns(r, column, next[i], i + 1, err));
    ContextColumn *to;
    TRY(column_of(r->out, column, &to, err));
    if (to->next_of)
        return next_and_own(r, column, err);
    to->asked = true;
    return vec_push(&r->queries, ((Query){t, column, sql, share}), err);
}

static bool same_tag(const ContextValue *a, const ContextValue *b)
{
    return memcmp(a->tag.bytes, b->tag.bytes, sizeof a->tag.bytes) == 0;
}

/* By tag, and those of one record, which are few, by text. */
static Status sort_by_tag(ContextColumn *c, Error *err)
{
    const size_t n = c->at.len;
    TagPlaces places;
    ContextColumn sorted = {.month_of = ID_ROLE_COUNT};
    TRY(tag_places_new(&c->at.at[0].tag, sizeof *c->at.at, n, &places, err));
    Status st = vec_reserve(&sorted.at, n, err);
    for (size_t i = 0; st == OK && i < n; i++) {
        ContextValue v = c->at.at[places.order[i]];
        size_t k = i;
        for (; k > 0 && sorted.at.at[k - 1].text > v.text && same_tag(&sorted.at.at[k - 1], &v); k--)
            sorted.at.at[k] = sorted.at.at[k - 1];
        sorted.at.at[k] = v;
    }
    tag_places_free(&places);
    if (st != OK)
        return st;
    vec_free(&c->at);
    c->at = sorted.at;
    c->at.len = n;
    return OK;
}

/* One holder's values come from several queries: all of a column are taken in one way, and those across one number
 * fill the same columns next to it. */
static Status check_takes(const ContextRun *r, const ContextColumn *c, Error *err)
{
    const ContextShare *any = NULL, *of[ID_ROLE_COUNT] = {NULL};
    for (size_t i = 0; i < c->at.len; i++) {
        if (c->at.at[i].share == 0)
            continue;
        const ContextShare *share = &r->out->shares.at[c->at.at[i].share - 1], *like = of[share->across];
        if ((any && share->take != any->take) || (like && share->next != like->next))
            return error_set(err, ERR_INVALID, "%s: the queries of \"%.*s\" take in more than one way", r->file->path,
                SLICE_ARG(c->name));
        any = any ? any : share;
        of[share->across] = share;
    }
    return OK;
}

/* In order of tag; two values of one record are a query's fault, unless they are shared. */
static Status settle(const ContextRun *r, ContextColumn *c, Error *err)
{
    if (!c->at.len)
        return OK;
    TRY(sort_by_tag(c, err));
    for (size_t i = 1; i < c->at.len; i++)
        if (same_tag(&c->at.at[i], &c->at.at[i - 1]) &&
            (c->at.at[i].share == 0 || c->at.at[i].share != c->at.at[i - 1].share))
            return error_set(err, ERR_INVALID, "%s: the queries give a record two values of \"%.*s\"", r->file->path,
                SLICE_ARG(c->name));
    return check_takes(r, c, err);
}

static Status settle_item(size_t column, void *ctx, Error *err)
{
    const ContextRun *r = ctx;
    return settle(r, &r->out->columns.at[column], err);
}

static Status run_all(ContextRun *r, Error *err)
{
    const Toml *tables, *values;
    TRY(toml_array(r->file->toml, r->file->path, "table", &tables, err));
    TRY(toml_array(r->file->toml, r->file->path, "value", &values, err));
    for (const Toml *t = tables ? tables->first : NULL; t; t = t->next)
        TRY(make_table(r, t, err));
    for (const Toml *v = values ? values->first : NULL; v; v = v->next)
        TRY(plan_value(r, v, err));
    TRY(run_queries(r, err));
    return parallel_for(r->out->columns.len, home_settings(r->ctx->home)->threads, settle_item, r, err);
}

Status context_read(const LinkContext *ctx, Date on, Context *out, Error *err)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    TRY(map_init(&out->text_numbers, err));
    ContextRun r = {.ctx = ctx, .out = out};
    DbOptions options = DB_OPTIONS_INIT;
    const HomeSettings *settings = home_settings(ctx->home);
    Status st = policy_get(ctx->policy, "identity", SLICE("context"), on, &r.file, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    arena_init(&r.arena, 0);
    TRY_OUT(st);
    options.threads = settings->threads;
    options.memory_mb = settings->memory_mb;
    TRY_OUT(home_file(ctx->home, &r.arena, "tmp", &options.temp_dir, err));
    TRY_OUT(db_open(&options, &r.db, err));
    TRY_OUT(ledger_loads(ctx->ledger, &r.arena, &r.loads, err));
    st = run_all(&r, err);
out:
    for (size_t i = 0; i < COUNT_OF(r.rows); i++)
        db_rows_free(r.rows[i]);
    db_close(r.beside);
    db_close(r.db);
    vec_free(&r.loads);
    vec_free(&r.made);
    vec_free(&r.queries);
    arena_free(&r.arena);
    return st;
}

void context_free(Context *c)
{
    for (size_t i = 0; i < c->columns.len; i++)
        vec_free(&c->columns.at[i].at);
    vec_free(&c->columns);
    vec_free(&c->shares);
    vec_free(&c->texts);
    map_free(&c->text_numbers);
    arena_free(&c->arena);
}

ContextColumn *context_column(Context *c, Slice name)
{
    for (size_t i = 0; i < c->columns.len; i++)
        if (slice_eq(c->columns.at[i].name, name))
            return &c->columns.at[i];
    return NULL;
}

/* "24053" for a day of May 2004: months since the beginning of the calendar, months counted from 0; empty: no day. */
static Slice month_text(Slice iso, char text[CONTEXT_TEXT_SIZE])
{
    Date day;
    int year, month, day_of_month;
    if (date_parse(iso, DATE_ISO, &day, NULL) != OK)
        return (Slice){0};
    date_civil(day, &year, &month, &day_of_month);
    int n = snprintf(text, CONTEXT_TEXT_SIZE, "%d", year * 12 + month - 1);
    return (Slice){text, n > 0 && n < CONTEXT_TEXT_SIZE ? (size_t)n : 0};
}

size_t context_next(ContextColumn *column, const RecordTag *tag, const ContextValue **out)
{
    size_t n = 0, from;
    while (column->walk < column->at.len && tag_cmp(&column->at.at[column->walk].tag, tag) < 0)
        column->walk++;
    from = column->walk;
    while (from + n < column->at.len && memcmp(column->at.at[from + n].tag.bytes, tag->bytes, sizeof tag->bytes) == 0)
        n++;
    *out = n ? &column->at.at[from] : NULL;
    return n;
}

Slice context_own(const ContextColumn *column, const IdentityValues *values, char text[CONTEXT_TEXT_SIZE])
{
    if (column->month_of < ID_ROLE_COUNT)
        return month_text(values->at[column->month_of], text);
    return (Slice){0};
}
