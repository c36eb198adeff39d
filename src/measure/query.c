/*
 * Figures of one measure: any level, up to three splits crossed, years or units pooled.
 *
 * Pooling puts persons together, never figures: a pooled median is the median of all of them. Versions of a definition
 * are pooled by themselves, because a sum over two rules answers no question.
 */
#include "measure/measure_parts.h"

typedef struct Answer {
    const MeasureQuery *query;
    Question q;
    AskedList asked;
    Arena *arena;
    Cells cells;
    MeasureLevel level;
} Answer;

typedef struct YearRange {
    int32_t first, last;
} YearRange;

/* Of the rows that are asked for; first > last when there are none. */
static YearRange year_range(const MeasureQuery *query, const MeasureRows *rows)
{
    YearRange r = {INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < rows->count; i++) {
        if (!query_in_years(query, rows->year[i]))
            continue;
        r.first = rows->year[i] < r.first ? rows->year[i] : r.first;
        r.last = rows->year[i] > r.last ? rows->year[i] : r.last;
    }
    return r;
}

static Status fold_named(const CellNaming *naming, const FoldSpec *spec, Cells *out, Error *err)
{
    CellNaming n = *naming;
    Folded folded = {0};
    n.spec = spec;
    Status st = fold_rows(n.rows, n.units, spec, &folded, err);
    if (st == OK)
        st = cells_name(&n, &folded, out, NULL, err);
    folded_free(&folded);
    return st;
}

static Status years_text(Arena *arena, int32_t from, int32_t to, Slice *out, Error *err)
{
    const char *text;
    *out = SLICE("");
    if (from >= to)
        return OK;
    TRY(arena_printf(arena, &text, err, "%" PRId32 "-%" PRId32, from, to));
    *out = slice_of(text);
    return OK;
}

/* Whole windows, or single years. */
static Status answer_windows(Answer *a, const CellNaming *naming, FoldSpec spec, YearRange years, Error *err)
{
    size_t before = a->cells.len;
    spec.window = (int32_t)a->query->pool.years;
    spec.latest_year = years.last;
    TRY(fold_named(naming, &spec, &a->cells, err));
    for (size_t i = before; spec.window > 1 && i < a->cells.len; i++) {
        int32_t from = a->cells.at[i].year - spec.window + 1;
        TRY(years_text(
            a->arena, from < years.first ? years.first : from, a->cells.at[i].year, &a->cells.at[i].pooled, err));
    }
    return OK;
}

static Status cell_key(const Cell *c, Buf *out, Error *err)
{
    buf_reset(out);
    buf_addf(out, "%.*s|%.*s|%.*s|%.*s", SLICE_ARG(c->parent), SLICE_ARG(c->unit), SLICE_ARG(c->grp),
        SLICE_ARG(c->category));
    return buf_status(out, err);
}

typedef struct Widening { /* of one year's figures */
    Answer *a;
    Map places; /* key of a figure to its place in a->cells */
    Buf key;
    size_t first, small;
} Widening;

/* A wider window's figures take the place of those that were too small. */
static Status take_wider(Widening *w, const Cells *wider, Slice pooled, Error *err)
{
    w->small = 0;
    for (size_t i = 0; i < wider->len; i++) {
        uint64_t at;
        TRY(cell_key(&wider->at[i], &w->key, err));
        if (!map_get(&w->places, buf_slice(&w->key), &at) || !w->a->cells.at[at].small)
            continue;
        w->a->cells.at[at] = wider->at[i];
        w->a->cells.at[at].pooled = pooled;
        w->small += wider->at[i].small != 0;
    }
    return OK;
}

static Status start_year(Widening *w, Error *err)
{
    w->small = 0;
    for (size_t i = w->first; i < w->a->cells.len; i++) {
        TRY(cell_key(&w->a->cells.at[i], &w->key, err));
        TRY(map_put(&w->places, buf_slice(&w->key), i, NULL, err));
        w->small += w->a->cells.at[i].small != 0;
    }
    return OK;
}

/* Only what is too small is pooled, over as few years as it takes, at most pool.years. */
static Status answer_year(
    Answer *a, const CellNaming *naming, FoldSpec spec, int32_t year, int32_t first_year, Error *err)
{
    Widening w = {.a = a, .first = a->cells.len};
    Cells wider = {0};
    Status st = OK;
    buf_init(&w.key, 0);
    TRY_OUT(map_init(&w.places, err));
    spec.only_end = year;
    spec.window = 1;
    TRY_OUT(fold_named(naming, &spec, &a->cells, err));
    TRY_OUT(start_year(&w, err));
    while (w.small > 0 && spec.window < a->query->pool.years && year - spec.window >= first_year) {
        Slice pooled;
        spec.window++;
        wider.len = 0;
        TRY_OUT(years_text(a->arena, year - spec.window + 1, year, &pooled, err));
        TRY_OUT(fold_named(naming, &spec, &wider, err));
        TRY_OUT(take_wider(&w, &wider, pooled, err));
    }
out:
    vec_free(&wider);
    map_free(&w.places);
    buf_free(&w.key);
    return st;
}

/* Members of pooled units, after years that are pooled. */
static Status note_units(
    Answer *a, const FoldUnits *units, Slice *members, size_t before, const CellNaming *naming, Error *err)
{
    for (size_t u = 0; u < units->units.len; u++) {
        if (!units->units.at[u].pooled)
            continue;
        const FoldUnit *parent = &units->units.at[units->units.at[u].parent];
        Slice parent_name = parent->level == LEVEL_STATE    ? naming->rows->frame->state
                            : parent->level == LEVEL_COUNTY ? naming->names->counties[parent->path >> 40 & 0xffff]
                                                            : naming->names->districts[parent->path >> 20 & 0xfffff];
        for (size_t i = before; i < a->cells.len; i++) {
            Cell *c = &a->cells.at[i];
            const char *text;
            if (!slice_eq(c->parent, parent_name) || !slice_ends(c->unit, SLICE("-POOLED")))
                continue;
            TRY(arena_printf(a->arena, &text, err, "%.*s%s%.*s", SLICE_ARG(c->pooled), c->pooled.len ? "; " : "",
                SLICE_ARG(members[u])));
            c->pooled = slice_of(text);
        }
    }
    return OK;
}

/* Numbers of a crossing's splits among those that were read. */
static void find_by(const MeasureRows *rows, const MeasureBy *by, size_t out[BY_MAX])
{
    for (size_t i = 0; i < by->count; i++)
        for (size_t k = 0; k < rows->split_count; k++)
            if (slice_eq(rows->splits[k]->name, by->names[i]))
                out[i] = k;
}

static Status answer_version(Answer *a, const MeasureRows *rows, const MeasureBy *crossing, Error *err)
{
    size_t by[BY_MAX] = {0};
    FoldUnits units = {0};
    Slice *members = NULL;
    size_t before = a->cells.len;
    YearRange years = year_range(a->query, rows);
    const MeasurePool *pool = &a->query->pool;
    FoldSpec spec = {.by = by,
        .by_count = crossing->count,
        .coarsest = a->level,
        .finest = a->level,
        .year_from = a->query->year_from,
        .year_to = a->query->year_to};
    CellNaming naming = {.rows = rows, .units = &units, .names = &a->q.units, .arena = a->arena};
    Status st = OK;
    find_by(rows, crossing, by);
    if (years.first > years.last)
        return OK;
    TRY_OUT(fold_units_make(rows, &units, err));
    if (pool->units)
        TRY_OUT(pool_units(rows, &units, &a->q.units, &spec, rows->def->minimum_n, a->arena, &members, err));
    TRY_OUT(cells_texts(&naming, err));
    if (!pool->small_only)
        TRY_OUT(answer_windows(a, &naming, spec, years, err));
    for (int32_t y = years.first; pool->small_only && y <= years.last; y++)
        TRY_OUT(answer_year(a, &naming, spec, y, years.first, err));
    if (members)
        TRY_OUT(note_units(a, &units, members, before, &naming, err));
out:
    fold_units_free(&units);
    return st;
}

static Status answer_crossing(Answer *a, size_t number, Error *err)
{
    const MeasureBy by = query_by(a->query, number);
    size_t before = a->cells.len;
    for (size_t i = 0; i < a->asked.len; i++)
        TRY(answer_version(a, &a->asked.at[i].rows, &by, err));
    return a->cells.len > before ? cells_sort(a->cells.at + before, a->cells.len - before, err) : OK;
}

static Status check_query(Answer *a, Error *err)
{
    const MeasureQuery *query = a->query;
    if (query->level.len > 0 && !measure_level_find(query->level, &a->level))
        return error_set(err, ERR_INVALID, "%.*s is none of state, county, district, school", SLICE_ARG(query->level));
    for (size_t i = 0; i < a->asked.len; i++) {
        const MeasureDef *def = a->asked.at[i].wish.def;
        if (a->level > def->finest)
            return error_set(err, ERR_INVALID, "measure %.*s is not defined by %s", SLICE_ARG(def->name),
                measure_level_names[a->level]);
        if ((query->pool.units || query->pool.small_only) && def->minimum_n == 0)
            return error_set(err, ERR_INVALID, "measure %.*s names no minimum_n, so that nothing is too small to stand",
                SLICE_ARG(def->name));
    }
    if (query->pool.units && a->level == LEVEL_STATE)
        return error_set(err, ERR_INVALID, "the state has no sibling to be pooled with");
    if (query->pool.years < 0 || query->pool.years > 50)
        return error_set(err, ERR_INVALID, "at most 50 years can be pooled");
    return OK;
}

/* Definitions' texts die with the question; figures live on in their own arena. */
static Status keep_texts(Answer *a, CellSet *out, Error *err)
{
    TRY(arena_new(&out->arena, Cell, a->cells.len, &out->cells, err));
    for (size_t i = 0; i < a->cells.len; i++) {
        Cell *c = &out->cells[i];
        *c = a->cells.at[i];
        for (size_t k = 0; k < cell_column_count; k++) {
            if (cell_columns[k].type != CELL_TEXT)
                continue;
            Slice *text = (Slice *)((char *)c + cell_columns[k].offset);
            TRY(arena_dup(&out->arena, *text, text, err));
        }
    }
    out->count = a->cells.len;
    return OK;
}

Status measure_query(
    const MeasureContext *ctx, const MeasureQuery *query, CellSet *out, uint32_t *generation, Error *err)
{
    Answer a = {.query = query};
    Status st = OK;
    *out = (CellSet){0};
    arena_init(&out->arena, 0);
    TRY_OUT(question_open(ctx, query->as_known_on, &a.q, err));
    a.arena = &a.q.arena;
    TRY_OUT(question_wishes(&a.q, query, &a.asked, err));
    TRY_OUT(check_query(&a, err));
    a.q.finest = a.level;
    TRY_OUT(question_known_on(&a.q, &a.asked, err));
    TRY_OUT(question_read(&a.q, &a.asked, err));
    for (size_t i = 0; i < query_by_count(query); i++)
        TRY_OUT(answer_crossing(&a, i, err));
    TRY_OUT(keep_texts(&a, out, err));
    *generation = a.q.generation;
out:
    vec_free(&a.cells);
    asked_free(&a.asked);
    question_close(&a.q);
    if (st != OK)
        cells_free(out);
    return st;
}
