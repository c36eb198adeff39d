/* One question at a time: which versions of a definition answer it, opened over the generation and read. */
#include "measure/asked_persons.h"

/* Which rules: those of the day's build where the home has them. */
static Status find_rules(Question *q, Date day, Error *err)
{
    q->policy = q->ctx->policy;
    q->known.current = true;
    if (day == DATE_NONE)
        return OK;
    TRY(known_on_find(q->db, day, &q->arena, &q->known, err));
    TRY(known_on_policy(q->ctx->home, &q->known, &q->then, err));
    if (q->then)
        q->policy = q->then;
    log_line(q->ctx->log, q->then ? LOG_INFO : LOG_WARN, "event=known generation=%" PRIu32 " built=%.*s rules=%s",
        q->known.generation, SLICE_ARG(q->known.began),
        q->then ? "of-then" : "today's: the policy of that build was not kept");
    return OK;
}

Status question_open(const MeasureContext *ctx, Date day, Question *out, Error *err)
{
    *out = (Question){.ctx = ctx, .finest = LEVEL_SCHOOL};
    arena_init(&out->arena, 0);
    TRY(warehouse_open(ctx->home, &out->generation, &out->db, err));
    TRY(find_rules(out, day, err));
    TRY(measure_frame_read(out->policy, &out->arena, &out->frame, err));
    TRY(measure_defs_read(out->policy, &out->frame, &out->arena, &out->defs, err));
    return outcome_defs_read(out->policy, &out->arena, &out->outcomes, err);
}

void question_close(Question *q)
{
    measure_units_free(&q->units);
    db_close(q->db);
    asked_persons_free(q->asked);
    vec_free(&q->defs);
    vec_free(&q->outcomes);
    policy_close(q->then);
    arena_free(&q->arena);
    *q = (Question){0};
}

static Status find_split(const Question *q, Slice name, const SplitDef **out, Error *err)
{
    *out = measure_split(&q->frame, name);
    if (*out)
        return OK;
    NearNames near = {0};
    Buf text;
    for (size_t i = 0; i < q->frame.split_count; i++)
        near_offer(&near, name, q->frame.splits[i].name);
    buf_init(&text, 0);
    near_list(&near, &text);
    error_set(err, ERR_INVALID, "there is no split %.*s", SLICE_ARG(name));
    error_hint(err, "%s%s%sthe splits are those of %s", near.count ? "near it are " : "",
        near.count ? buf_z(&text) : "", near.count ? "; " : "", q->frame.file->path);
    buf_free(&text);
    return ERR_INVALID;
}

MeasureBy query_by(const MeasureQuery *query, size_t i)
{
    MeasureBy by = {.count = query->by_count};
    if (query->each)
        return query->each[i];
    memcpy(by.names, query->by, sizeof by.names);
    return by;
}

size_t query_by_count(const MeasureQuery *query)
{
    return query->each ? query->each_count : 1;
}

/* Adds a crossing's splits to those that are read, each once. */
static Status add_splits(const Question *q, const MeasureBy *by, const SplitDef **out, size_t *count, Error *err)
{
    for (size_t i = 0; i < by->count; i++) {
        const SplitDef *split;
        size_t k = 0;
        TRY(find_split(q, by->names[i], &split, err));
        for (size_t n = 0; n < i; n++)
            if (slice_eq(by->names[n], by->names[i]))
                return error_set(err, ERR_INVALID, "split %.*s is named twice", SLICE_ARG(by->names[i]));
        while (k < *count && out[k] != split)
            k++;
        out[k] = split;
        *count += k == *count;
    }
    return OK;
}

static Status read_splits(Question *q, const MeasureQuery *query, const SplitDef ***out, size_t *count, Error *err)
{
    size_t sets = query_by_count(query);
    *count = 0;
    TRY(arena_array_(&q->arena, sets * BY_MAX + 1, sizeof(const SplitDef *), (void **)out, err));
    for (size_t i = 0; i < sets; i++) {
        const MeasureBy by = query_by(query, i);
        if (by.count > BY_MAX)
            return error_set(err, ERR_INVALID, "at most %d splits can be crossed", BY_MAX);
        TRY(add_splits(q, &by, *out, count, err));
    }
    return OK;
}

/* Today's rules stand in for those of a day that were not kept: without what was dated later. */
static bool was_dated(const Question *q, const MeasureQuery *query, const PolicyFile *file)
{
    return query->as_known_on == DATE_NONE || q->then || file->effective_from <= query->as_known_on;
}

static Status add_version(Question *q, const MeasureQuery *query, const RowWish *wish, AskedList *out, Error *err)
{
    const MeasureDef *def = wish->def;
    Slice name = query->definition.len > 0 ? query->definition : def->definition;
    if (def->family.len == 0 && query->definition.len > 0)
        return error_set(
            err, ERR_INVALID, "measure %.*s has no family of definitions to choose from", SLICE_ARG(def->name));
    if (def->family.len == 0)
        return vec_push(out, ((Asked){.wish = *wish}), err);
    for (size_t i = 0; i < q->outcomes.len; i++) {
        const OutcomeDef *o = &q->outcomes.at[i];
        if (slice_eq(o->family, def->family) && slice_eq(o->name, name) && was_dated(q, query, o->file))
            TRY(vec_push(out,
                ((Asked){.wish = {.def = def,
                             .outcome = o,
                             .splits = wish->splits,
                             .split_count = wish->split_count,
                             .year_from = wish->year_from,
                             .year_to = wish->year_to}}),
                err));
    }
    if (out->len > 0)
        return OK;
    error_set(err, ERR_NOT_FOUND, "family %.*s has no definition %.*s", SLICE_ARG(def->family), SLICE_ARG(name));
    outcome_hint_names(&q->outcomes, def->family, err);
    return ERR_NOT_FOUND;
}

/* The versions that the caller brings along, in place of the policy's of that name. */
static Status take_own(Question *q, const MeasureQuery *query, Error *err)
{
    q->defs.len = 0;
    for (size_t i = 0; i < query->own_count; i++) {
        MeasureDef def;
        TRY(measure_def_own(&q->frame, query->name, &query->own[i], &q->arena, &def, err));
        TRY(vec_push(&q->defs, def, err));
    }
    return OK;
}

static Status no_measure(const Question *q, Slice name, Error *err)
{
    NearNames near = {0};
    Buf text;
    for (size_t i = 0; i < q->defs.len; i++)
        near_offer(&near, name, q->defs.at[i].name);
    buf_init(&text, 0);
    near_list(&near, &text);
    error_set(err, ERR_NOT_FOUND, "there is no measure %.*s", SLICE_ARG(name));
    if (near.count > 0)
        error_hint(err, "near it are %s", buf_z(&text));
    buf_free(&text);
    return ERR_NOT_FOUND;
}

Status question_wishes(Question *q, const MeasureQuery *query, AskedList *out, Error *err)
{
    const SplitDef **splits;
    size_t count;
    TRY(read_splits(q, query, &splits, &count, err));
    if (query->own)
        TRY(take_own(q, query, err));
    for (size_t i = 0; i < q->defs.len; i++) {
        MeasureDef *def = &q->defs.at[i];
        if (!slice_eq(def->name, query->name) || (!query->own && !was_dated(q, query, def->file)))
            continue;
        if (query->pool.minimum > 0)
            def->minimum_n = query->pool.minimum;
        RowWish wish = {.def = def, .splits = splits, .split_count = count};
        if (def->years <= 0) { /* else which years are the latest is decided by all rows */
            wish.year_from = query->year_from;
            wish.year_to = query->year_to;
        }
        TRY(add_version(q, query, &wish, out, err));
    }
    return out->len > 0 ? OK : no_measure(q, query->name, err);
}

bool query_in_years(const MeasureQuery *query, int32_t year)
{
    return (!query->year_from || year >= query->year_from) && (!query->year_to || year <= query->year_to);
}

Status question_known_on(Question *q, const AskedList *asked, Error *err)
{
    RowWish *wishes;
    if (q->known.current) /* its own policy made its tables */
        return OK;
    TRY(arena_new(&q->arena, RowWish, asked->len, &wishes, err));
    for (size_t i = 0; i < asked->len; i++)
        wishes[i] = asked->at[i].wish;
    return known_on_prepare(q->db, q->policy, q->then != NULL, &q->known, wishes, asked->len, err);
}

Status question_read(Question *q, AskedList *asked, Error *err)
{
    const RowWish *first = &asked->at[0].wish; /* all are asked by the same splits */
    RowWish **wishes;
    if (!q->units.counties)
        TRY(measure_units_read(q->db, &q->frame, first->splits, first->split_count, q->finest, &q->units, err));
    if (!q->asked)
        TRY(asked_persons_new(q->db, &q->asked, err));
    TRY(arena_array_(&q->arena, asked->len, sizeof *wishes, (void **)&wishes, err));
    for (size_t i = 0; i < asked->len; i++)
        wishes[i] = &asked->at[i].wish;
    TRY(subjects_ask(q->db, &q->frame, wishes, asked->len, q->known.current ? WAGES_AFTER_TOO : WAGES_ALONE, err));
    const RowSource source = {.db = q->db, .frame = &q->frame, .units = &q->units, .asked = q->asked};
    for (size_t i = 0; i < asked->len; i++)
        TRY(measure_rows_read(&source, &asked->at[i].wish, &asked->at[i].rows, err));
    return OK;
}

void asked_free(AskedList *list)
{
    for (size_t i = 0; i < list->len; i++)
        measure_rows_free(&list->at[i].rows);
    vec_free(list);
}

Slice row_status(const MeasureRows *rows, size_t row)
{
    uint8_t flags = rows->flags[row];
    if (flags & ROW_EXCLUDED)
        return SLICE("excluded");
    if (!(flags & ROW_COUNTED))
        return SLICE("uncounted");
    if (rows->def->kind != MEASURE_RATE)
        return SLICE("counted");
    return flags & ROW_HIT ? SLICE("hit") : SLICE("missed");
}

Slice row_clause(const MeasureRows *rows, size_t row)
{
    uint8_t reason = row_reason(rows, row), clause = row_clause_number(rows, row);
    if (reason)
        return rows->def->reasons[reason - 1].code;
    if (clause)
        return rows->outcome->clauses[clause - 1].code;
    return SLICE("");
}
