/*
 * The figures a question is asked of: those that were measured with the generation, and, where its split is none of
 * those the measure stores, what the persons say. Splits whose groups overlap, crossings, pooled years and units,
 * definitions that are not the measure's own and what was known on another day are stored of no measure.
 */
#include "equity/equity_parts.h"

static bool has_cells(const CellSet *cells, const EquityQuery *q, Slice split, Slice level)
{
    const CellQuery any = {.measure = q->measure, .split = split, .level = level};
    return cells_latest(cells, &any) != 0;
}

static Status split_exists(const MeasureContext *ctx, Slice split, bool *out, Error *err)
{
    Arena arena;
    Labels labels = {0};
    arena_init(&arena, 0);
    Status st = labels_open(ctx->policy, &arena, &labels, err);
    *out = st == OK && labels_has_split(&labels, split);
    labels_free(&labels);
    arena_free(&arena);
    return st;
}

/* The splits of "a,b,c". */
static Status cut_splits(Slice splits, MeasureBy *out, Error *err)
{
    *out = (MeasureBy){0};
    while (splits.ptr) {
        if (out->count == COUNT_OF(out->names))
            return error_set(err, ERR_USAGE, "at most %zu splits can be crossed", COUNT_OF(out->names));
        out->names[out->count++] = slice_cut(&splits, ',');
    }
    return OK;
}

/* Nothing that is stored answers: everybody is asked for as the groups are. */
static bool asks_anew(const EquityQuery *q)
{
    return q->pool_years > 1 || q->pool_units || q->definition.len > 0 || q->as_known_on != DATE_NONE;
}

static Status ask_level(
    const MeasureContext *ctx, const CellSet *stored, const EquityQuery *q, Slice level, CellSet *out, Error *err)
{
    MeasureQuery want = MEASURE_QUERY_INIT;
    MeasureBy by[2] = {{.count = 0}};
    uint32_t generation;
    bool anew = asks_anew(q), all = slice_eq_z(q->split, "all");
    /* Of a level without totals the measure says nothing at all. */
    if (!has_cells(stored, q, SLICE("all"), level) || (!anew && has_cells(stored, q, q->split, level)))
        return OK;
    if (!all)
        TRY(cut_splits(q->split, &by[1], err));
    want.name = q->measure;
    want.definition = q->definition;
    want.as_known_on = q->as_known_on;
    want.each = anew ? by : by + 1;
    want.each_count = anew && !all ? 2 : 1;
    want.level = level;
    want.pool.years = q->pool_years > 1 ? q->pool_years : 0;
    want.pool.units = q->pool_units && !slice_eq_z(level, "state");
    return measure_query(ctx, &want, out, &generation, err);
}

static Status join(const CellSet *stored, const EquityQuery *q, EquityFigures *f, Error *err)
{
    size_t room = f->at_level.count + f->of_state.count;
    size_t kept = asks_anew(q) ? 0 : stored->count;
    for (size_t i = 0; i < kept; i++)
        room += slice_eq(stored->cells[i].measure, q->measure);
    TRY(arena_new(&f->cells.arena, Cell, room, &f->cells.cells, err));
    for (size_t i = 0; i < kept; i++)
        if (slice_eq(stored->cells[i].measure, q->measure))
            f->cells.cells[f->cells.count++] = stored->cells[i];
    const CellSet *const asked[] = {&f->of_state, &f->at_level};
    for (size_t k = 0; k < COUNT_OF(asked); k++)
        for (size_t i = 0; i < asked[k]->count; i++)
            f->cells.cells[f->cells.count++] = asked[k]->cells[i];
    return OK;
}

Status equity_figures(
    const MeasureContext *ctx, const CellSet *stored, const EquityQuery *query, EquityFigures *out, Error *err)
{
    bool exists = false;
    Status st = OK;
    *out = (EquityFigures){0};
    arena_init(&out->cells.arena, 0);
    TRY_OUT(split_exists(ctx, query->split, &exists, err));
    if (exists || (asks_anew(query) && slice_eq_z(query->split, "all"))) {
        TRY_OUT(ask_level(ctx, stored, query, query->level, &out->at_level, err));
        /* A group too small in its place is compared with the state's. */
        if (!slice_eq_z(query->level, "state"))
            TRY_OUT(ask_level(ctx, stored, query, SLICE("state"), &out->of_state, err));
    }
    TRY_OUT(join(stored, query, out, err));
    return OK;
out:
    equity_figures_free(out);
    return st;
}

void equity_figures_free(EquityFigures *f)
{
    cells_free(&f->cells);
    cells_free(&f->at_level);
    cells_free(&f->of_state);
}
