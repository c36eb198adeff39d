/* One question at a time: which versions of a definition answer it, opened over the generation and read. */
#include "measure/measure_parts.h"

Status question_open(const MeasureContext *ctx, Question *out, Error *err)
{
    *out = (Question){.ctx = ctx, .finest = LEVEL_SCHOOL};
    arena_init(&out->arena, 0);
    TRY(measure_frame_read(ctx->policy, &out->arena, &out->frame, err));
    TRY(measure_defs_read(ctx->policy, &out->frame, &out->arena, &out->defs, err));
    TRY(outcome_defs_read(ctx->policy, &out->arena, &out->outcomes, err));
    return warehouse_open(ctx->home, &out->generation, &out->db, err);
}

void question_close(Question *q)
{
    measure_units_free(&q->units);
    db_close(q->db);
    vec_free(&q->defs);
    vec_free(&q->outcomes);
    arena_free(&q->arena);
    *q = (Question){0};
}

static Status find_split(const Question *q, Slice name, const SplitDef **out, Error *err)
{
    *out = measure_split(&q->frame, name);
    if (*out)
        return OK;
    error_set(err, ERR_INVALID, "there is no split %.*s", SLICE_ARG(name));
    error_hint(err, "the splits are those of %s", q->frame.file->path);
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
        if (slice_eq(o->family, def->family) && slice_eq(o->name, name))
            TRY(vec_push(out,
                ((Asked){.wish = {.def = def, .outcome = o, .splits = wish->splits, .split_count = wish->split_count}}),
                err));
    }
    if (out->len == 0)
        return error_set(
            err, ERR_NOT_FOUND, "family %.*s has no definition %.*s", SLICE_ARG(def->family), SLICE_ARG(name));
    return OK;
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

Status question_wishes(Question *q, const MeasureQuery *query, AskedList *out, Error *err)
{
    const SplitDef **splits;
    size_t count;
    TRY(read_splits(q, query, &splits, &count, err));
    if (query->own)
        TRY(take_own(q, query, err));
    for (size_t i = 0; i < q->defs.len; i++) {
        MeasureDef *def = &q->defs.at[i];
        if (!slice_eq(def->name, query->name))
            continue;
        if (query->pool.minimum > 0)
            def->minimum_n = query->pool.minimum;
        TRY(add_version(q, query, &(RowWish){.def = def, .splits = splits, .split_count = count}, out, err));
    }
    if (out->len == 0)
        return error_set(err, ERR_NOT_FOUND, "there is no measure %.*s", SLICE_ARG(query->name));
    return OK;
}

Status question_known_on(Question *q, Date day, const AskedList *asked, Error *err)
{
    RowWish *wishes;
    if (day == DATE_NONE)
        return OK;
    TRY(arena_new(&q->arena, RowWish, asked->len, &wishes, err));
    for (size_t i = 0; i < asked->len; i++)
        wishes[i] = asked->at[i].wish;
    TRY(known_on_prepare(q->db, q->ctx->policy, day, wishes, asked->len, err));
    return OK;
}

Status question_read(Question *q, AskedList *asked, Error *err)
{
    const RowSource source = {.db = q->db, .frame = &q->frame, .units = &q->units};
    const RowWish *first = &asked->at[0].wish; /* all are asked by the same splits */
    if (!q->units.counties)
        TRY(measure_units_read(q->db, &q->frame, first->splits, first->split_count, q->finest, &q->units, err));
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
    if (rows->reason[row])
        return rows->def->reasons[rows->reason[row] - 1].code;
    if (rows->clause[row])
        return rows->outcome->clauses[rows->clause[row] - 1].code;
    return SLICE("");
}
