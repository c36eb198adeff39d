/* The measured figures of published measures, without what protection has no use for. */
#include "publish/release_input.h"

#include "publish/release.h"
#include "store/warehouse.h"

/* Counts, means, ratios and distributions are for inside: no protection rule takes them yet. */
static void keep_publishable(MeasureInfos *measures)
{
    size_t kept = 0;
    for (size_t i = 0; i < measures->len; i++)
        if (measures->at[i].kind == MEASURE_RATE || measures->at[i].kind == MEASURE_MEDIAN)
            measures->at[kept++] = measures->at[i];
    measures->len = kept;
}

static const MeasureInfo *measure_named(const ReleaseInput *m, Slice name)
{
    for (size_t k = 0; k < m->measures.len; k++)
        if (slice_eq(m->measures.at[k].name, name))
            return &m->measures.at[k];
    return NULL;
}

/* Of the published measures only: they are a fraction of the catalogue, and a figure takes some hundred bytes. */
static Status read_figures(const ReleaseContext *ctx, ReleaseInput *m, Error *err)
{
    Slice *names;
    TRY(warehouse_current(ctx->home, &m->generation, err));
    TRY(measure_list(ctx->policy, &m->arena, &m->measures, err));
    TRY(release_keep_published(ctx->policy, &m->measures, err));
    keep_publishable(&m->measures);
    TRY(arena_new(&m->arena, Slice, m->measures.len, &names, err));
    for (size_t i = 0; i < m->measures.len; i++)
        names[i] = m->measures.at[i].name;
    return cells_read(ctx->home, m->generation, names, m->measures.len, &m->cells, err);
}

static Status read_cells(const ReleaseContext *ctx, ReleaseInput *m, Error *err)
{
    TRY(read_figures(ctx, m, err));
    TRY(arena_new(&m->arena, ProtectCell, m->cells.count, &m->input, err));
    for (size_t i = 0; i < m->cells.count; i++) {
        const Cell *c = &m->cells.cells[i];
        const MeasureInfo *info = measure_named(m, c->measure);
        ASSERT(info);
        bool is_median = info->kind == MEASURE_MEDIAN;
        m->input[m->count++] = (ProtectCell){.table = c->measure,
            .year = c->year,
            .level = c->level,
            .unit = c->unit,
            .parent = c->parent,
            .split = c->split,
            .grp = c->grp,
            .denominator = c->denominator,
            .numerator = is_median ? 0 : c->numerator,
            .is_median = is_median,
            .value = c->value,
            .fuzzy = c->fuzzy,
            .covered = c->covered,
            .base = c->base,
            .strong = c->strong,
            .link_pairs = c->link_pairs,
            .link_correct = c->link_correct,
            .link_missed = c->link_missed,
            .employers = c->employers,
            .top_employer = c->top_employer};
    }
    return OK;
}

Status release_input_read(const ReleaseContext *ctx, ReleaseInput *out, Error *err)
{
    *out = (ReleaseInput){0};
    arena_init(&out->arena, 0);
    return read_cells(ctx, out, err);
}

void release_input_free(ReleaseInput *in)
{
    vec_free(&in->measures);
    cells_free(&in->cells);
    arena_free(&in->arena);
    *in = (ReleaseInput){0};
}
