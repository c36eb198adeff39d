/*
 * Medians under differential privacy: a noisy histogram for each row of a table (dp_quantiles). A person is in the row
 * of her finest cell and in those of its totals; that she is in no more than cells_per_person says is counted, since
 * the contributions name her once.
 */
#include "protectfile/lanes.h"

static Status find_column(const ProtectJob *job, uint32_t lane, LaneMedians *out, Error *err)
{
    uint32_t found = 0;
    for (uint32_t t = 0; t < job->set.table_count; t++)
        for (uint32_t c = 0; c < job->set.tables[t].column_count && job->lanes->median_of[t] == lane; c++)
            if (job->set.tables[t].columns[c].kind == TABLES_MEDIAN) {
                out->table = t;
                out->column = c;
                found++;
            }
    return found == 1 ? OK
                      : error_set(err, ERR_INVALID, "%.*s is paid for one median column; %" PRIu32 " would be of it",
                            SLICE_ARG(job->lanes->used[lane].file), found);
}

/* The median, or the only percentile there is. */
static Status find_percent(const UsedLane *u, LaneMedians *out, Error *err)
{
    const DpQuantileOptions *q = &u->lane.quantiles;
    for (out->percent = 0; out->percent < q->percent_count; out->percent++)
        if (q->percents[out->percent] == 50)
            return OK;
    out->percent = 0;
    return q->percent_count == 1
               ? OK
               : error_set(err, ERR_INVALID, "%.*s: of several percents one must be 50, which a median column prints",
                     SLICE_ARG(u->file));
}

static Status count_rows(const TablesContributions *p, const Lane *lane, Slice table, Error *err)
{
    uint32_t *rows, most = 0;
    TRY(mem_zalloc(p->persons + 1, sizeof *rows, (void **)&rows, err));
    for (size_t i = 0; i < p->pairs; i++)
        if (++rows[p->who[i]] > most)
            most = rows[p->who[i]];
    mem_free(rows);
    if (most <= lane->privacy.cells_per_person)
        return OK;
    return error_set(err, ERR_INVALID,
        "table %.*s: a person is in %" PRIu32 " rows, totals among them; the lane's cells_per_person says %" PRIu32,
        SLICE_ARG(table), most, lane->privacy.cells_per_person);
}

Status lanes_medians(ProtectJob *job, uint32_t lane, LaneMedians *out, Error *err)
{
    const UsedLane *u = &job->lanes->used[lane];
    *out = (LaneMedians){0};
    TRY(find_column(job, lane, out, err));
    TRY(find_percent(u, out, err));
    const TablesTable *table = &job->set.tables[out->table];
    const TablesContributions *p = &job->lanes->people[out->table];
    if (!p->value)
        return error_set(err, ERR_INVALID, "table %.*s: private medians need contributions with a value of each person",
            SLICE_ARG(table->name));
    TRY(count_rows(p, &u->lane, table->name, err));
    TRY(arena_new(&job->arena, int64_t, p->pairs + 1, &out->value, err));
    TRY(arena_new(&job->arena, uint32_t, p->pairs + 1, &out->group, err));
    const uint8_t *member = p->member[table->columns[out->column].denominator];
    for (size_t i = 0; i < p->pairs; i++) {
        if (!member[p->who[i]])
            continue;
        out->value[out->count] = p->value[p->who[i]];
        out->group[out->count++] = p->row[i];
    }
    return OK;
}

static int64_t wider_side(const DpQuantile *q)
{
    int64_t below = q->value - q->low, above = q->high - q->value;
    return below > above ? below : above;
}

Status lanes_draw_medians(ProtectJob *job, const LaneMedians *m, const Lane *lane, BudgetPermit *permit, Error *err)
{
    const TablesTable *table = &job->set.tables[m->table];
    uint32_t percents = lane->quantiles.percent_count;
    int64_t *noisy;
    DpQuantile *out;
    FuzzyFigure **figures = &job->lanes->fuzzy[m->table];
    TRY(arena_new(&job->arena, int64_t, (size_t)table->row_count + 1, &noisy, err));
    TRY(arena_new(&job->arena, DpQuantile, (size_t)table->row_count * percents + 1, &out, err));
    TRY(arena_new(&job->arena, FuzzyFigure, (size_t)table->row_count * table->column_count + 1, figures, err));
    TRY(dp_quantiles(
        permit, &lane->privacy, &lane->quantiles, m->value, m->group, m->count, table->row_count, noisy, out, err));
    for (uint32_t row = 0; row < table->row_count; row++) {
        const DpQuantile *q = &out[(size_t)row * percents + m->percent];
        (*figures)[(size_t)row * table->column_count + m->column] =
            (FuzzyFigure){.verdict = q->shown ? FUZZY_SHOWN : FUZZY_FEW_PEOPLE,
                .value = q->value,
                .half_width = q->shown ? wider_side(q) : 0};
    }
    return OK;
}
