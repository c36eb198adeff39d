/* Which table takes which lane, and what a lane may be asked. */
#include "protectfile/lanes.h"

Status lanes_read(
    const ProtectOptions *options, Slice file, Arena *arena, Lane *out, char sha256[SHA256_HEX_SIZE], Error *err)
{
    Slice text;
    const char *path;
    if (!options->lane_load)
        return error_set(err, ERR_INVALID, "lane files cannot be read here: %.*s", SLICE_ARG(file));
    TRY(options->lane_load(options->lane_ctx, file, arena, &text, err));
    TRY(arena_printf(arena, &path, err, "%.*s", SLICE_ARG(file)));
    TRY(lane_parse(text, path, arena, out, err));
    return sha256_hex(text, sha256, err);
}

/* either: two kinds of lane that are wanted here, or the same twice. */
static Status use(
    ProtectJob *job, const ProtectOptions *options, Slice file, const LaneKind either[2], uint32_t *out, Error *err)
{
    ProtectLanes *l = job->lanes;
    for (*out = 0; *out < l->used_count && !slice_eq(l->used[*out].file, file); ++*out)
        continue;
    UsedLane *u = &l->used[*out];
    if (*out == l->used_count) {
        u->file = file;
        TRY(lanes_read(options, file, &job->arena, &u->lane, u->sha256, err));
        l->used_count++;
    }
    if (u->lane.kind != either[0] && u->lane.kind != either[1])
        return error_set(err, ERR_INVALID, "%.*s is a file of the lane %s; here %s%s%s is wanted", SLICE_ARG(file),
            lane_name(u->lane.kind), lane_name(either[0]), either[0] == either[1] ? "" : " or ",
            either[0] == either[1] ? "" : lane_name(either[1]));
    return OK;
}

bool lanes_is_private(const Lane *lane)
{
    return lane->kind == LANE_DP_COUNTS || lane->kind == LANE_DP_TREE;
}

static bool changes_totals(const Lane *lane)
{
    return lane->kind == LANE_CELL_KEY && lane->magnitude_per_mille > 0;
}

/* The noise of a total is measured by its largest contribution, and keyed by its contributors. */
static Status check_total(const TablesTable *t, const TablesColumn *c, Error *err)
{
    if (c->top_count > 0 && t->contributions)
        return OK;
    return error_set(err, ERR_INVALID,
        "table %.*s: the noise of %.*s needs its largest contribution (top) and who contributes (contributions)",
        SLICE_ARG(t->name), SLICE_ARG(c->name));
}

static Status check_columns(const ProtectJob *job, uint32_t t, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    const Lane *lane = &job->lanes->used[job->lanes->of_table[t]].lane;
    bool is_noisy = lanes_is_private(lane);
    uint32_t counts = 0;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const TablesColumn *column = &table->columns[c];
        bool median = column->kind == TABLES_MEDIAN && job->lanes->median_of[t] != LANES_NONE;
        counts += column->kind == TABLES_COUNT;
        if (column->kind == TABLES_TOTAL && changes_totals(lane)) {
            TRY(check_total(table, column, err));
            continue;
        }
        if (column->kind == TABLES_COUNT || column->kind == TABLES_RATE || column->kind == TABLES_HELPER || median)
            continue;
        return error_set(err, ERR_INVALID,
            "table %.*s: its lane has no figure for %.*s, only for counts, rates of them, medians by median_file, and "
            "totals by cell keys with magnitude_per_mille",
            SLICE_ARG(table->name), SLICE_ARG(column->name));
    }
    if (is_noisy && counts != 1)
        return error_set(err, ERR_INVALID,
            "table %.*s: differential privacy is for tables of one count, since a person in two counts twice; give "
            "each "
            "count a table and people of its own",
            SLICE_ARG(table->name));
    return OK;
}

static Status choose(ProtectJob *job, const ProtectOptions *options, uint32_t t, Error *err)
{
    static const LaneKind fuzzy[] = {LANE_FUZZY, LANE_FUZZY}, private[] = {LANE_DP_QUANTILES, LANE_DP_QUANTILES};
    static const LaneKind kinds[][2] = {{LANE_ROUNDING, LANE_ROUNDING}, {LANE_ROUNDING, LANE_ROUNDING},
        {LANE_CELL_KEY, LANE_CELL_KEY}, {LANE_DP_COUNTS, LANE_DP_TREE}};
    const TablesTable *table = &job->set.tables[t];
    ProtectionLane lane;
    ProtectLanes *l = job->lanes;
    l->of_table[t] = l->median_of[t] = LANES_NONE;
    TRY(protection_lane(job->policy, table->name, &lane, err));
    bool has_median = false;
    for (uint32_t c = 0; c < table->column_count; c++)
        has_median = has_median || table->columns[c].kind == TABLES_MEDIAN;
    if (has_median && lane.median_file.len > 0 && !table->released)
        TRY(use(job, options, lane.median_file, lane.kind == PROTECTION_DP ? private : fuzzy, &l->median_of[t], err));
    if (lane.kind == PROTECTION_SUPPRESS)
        return OK;
    if (table->released)
        return error_set(err, ERR_INVALID,
            "table %.*s was published before, with exact figures: beside them only suppression can be attacked",
            SLICE_ARG(table->name));
    if (options->has_history)
        return error_set(err, ERR_INVALID,
            "table %.*s: a history is attacked with exact figures; it takes only tables that are suppressed",
            SLICE_ARG(table->name));
    TRY(use(job, options, lane.file, kinds[lane.kind], &l->of_table[t], err));
    return check_columns(job, t, err);
}

/* --- the same people, one lane ------------------------------------------------------------------------------------ */

#define UNSEEN (UINT32_MAX - 1)

static Status join(const ProtectJob *job, uint32_t *lane, uint32_t q, uint32_t other, bool *changed, Error *err)
{
    if (lane[q] == UNSEEN && other != UNSEEN) {
        lane[q] = other;
        *changed = true;
    }
    if (lane[q] == other || other == UNSEEN)
        return OK;
    return error_set(err, ERR_INVALID,
        "two lanes would tell of the same people (%.*s): what one hides, the other would help to find",
        SLICE_ARG(job->set.quantities[q].name));
}

static Status join_parts(const ProtectJob *job, uint32_t *lane, bool *changed, Error *err)
{
    *changed = false;
    for (uint32_t q = 0; q < job->set.quantity_count; q++) {
        const TablesQuantity *quantity = &job->set.quantities[q];
        const uint32_t others[] = {quantity->part_of, quantity->complement};
        for (size_t i = 0; i < COUNT_OF(others); i++) {
            if (others[i] == TABLES_NONE)
                continue;
            TRY(join(job, lane, q, lane[others[i]], changed, err));
            TRY(join(job, lane, others[i], lane[q], changed, err));
        }
    }
    return OK;
}

static Status assign_cells(ProtectJob *job, Error *err)
{
    uint32_t *lane;
    bool changed = true;
    TRY(arena_new(&job->arena, uint32_t, job->set.quantity_count + 1, &lane, err));
    for (uint32_t q = 0; q < job->set.quantity_count; q++)
        lane[q] = UNSEEN;
    for (uint32_t t = 0; t < job->set.table_count; t++)
        for (uint32_t c = 0; c < job->set.tables[t].column_count; c++)
            if (job->set.tables[t].columns[c].kind == TABLES_COUNT ||
                job->set.tables[t].columns[c].kind == TABLES_TOTAL)
                TRY(join(job, lane, job->set.tables[t].columns[c].quantity, job->lanes->of_table[t], &changed, err));
    while (changed)
        TRY(join_parts(job, lane, &changed, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        uint32_t of = lane[job->system.cells[i].quantity];
        job->lanes->of_cell[i] = of == UNSEEN ? LANES_NONE : of;
    }
    return OK;
}

static Status read_people(ProtectJob *job, TablesLoad load, void *ctx, Error *err)
{
    const ProtectLanes *l = job->lanes;
    for (uint32_t t = 0; t < job->set.table_count; t++)
        if (job->set.tables[t].contributions && (l->of_table[t] != LANES_NONE || l->median_of[t] != LANES_NONE))
            TRY(tables_contributions(&job->set, t, load, ctx, &job->lanes->people[t], err));
    return OK;
}

Status lanes_prepare(ProtectJob *job, TablesLoad load, void *ctx, const ProtectOptions *options, Error *err)
{
    size_t tables = (size_t)job->set.table_count + 1, cells = (size_t)job->system.cell_count + 1;
    if (options->suppress_only)
        return OK;
    TRY(arena_new(&job->arena, ProtectLanes, 1, &job->lanes, err));
    ProtectLanes *l = job->lanes;
    TRY(arena_new(&job->arena, UsedLane, 2 * tables, &l->used, err));
    TRY(arena_new(&job->arena, uint32_t, tables, &l->of_table, err));
    TRY(arena_new(&job->arena, uint32_t, tables, &l->median_of, err));
    for (uint32_t t = 0; t < job->set.table_count; t++)
        TRY(choose(job, options, t, err));
    if (l->used_count == 0) {
        job->lanes = NULL;
        return OK;
    }
    TRY(arena_new(&job->arena, uint32_t, cells, &l->of_cell, err));
    TRY(arena_new(&job->arena, int64_t, cells, &l->figure, err));
    TRY(arena_new(&job->arena, int64_t, cells, &l->half_width, err));
    TRY(arena_new(&job->arena, bool, cells, &l->shown, err));
    TRY(arena_new(&job->arena, TablesContributions, tables, &l->people, err));
    TRY(arena_new(&job->arena, FuzzyFigure *, tables, &l->fuzzy, err));
    TRY(assign_cells(job, err));
    return read_people(job, load, ctx, err);
}

void lanes_unmark(ProtectJob *job)
{
    for (uint32_t i = 0; job->lanes && i < job->system.cell_count; i++) {
        SdcCell *c = &job->problem.cells[i];
        if (job->lanes->of_cell[i] == LANES_NONE)
            continue;
        job->cells[i] = (ProtectedCell){.protects = TABLES_NONE};
        c->lpl = c->upl = c->spl = 0;
        if (c->status == SDC_SENSITIVE)
            c->status = SDC_OPEN;
    }
}

/* --- asking --------------------------------------------------------------------------------------------------------
 */

bool lanes_changes(const ProtectJob *job, uint32_t table)
{
    return job->lanes && job->lanes->of_table[table] != LANES_NONE;
}

const Lane *lanes_of_medians(const ProtectJob *job, uint32_t table)
{
    uint32_t of = job->lanes ? job->lanes->median_of[table] : LANES_NONE;
    return of == LANES_NONE ? NULL : &job->lanes->used[of].lane;
}

bool lanes_figure(const ProtectJob *job, uint32_t cell, int64_t *out)
{
    if (cell == TABLES_NONE || !job->lanes->shown[cell])
        return false;
    *out = job->lanes->figure[cell];
    return true;
}

LanesMedian lanes_median(const ProtectJob *job, uint32_t table, uint32_t row, uint32_t column, int64_t *cents)
{
    if (!job->lanes || !job->lanes->fuzzy[table])
        return LANES_NO_MEDIAN;
    const FuzzyFigure *f = &job->lanes->fuzzy[table][(size_t)row * job->set.tables[table].column_count + column];
    *cents = f->value;
    return f->verdict == FUZZY_SHOWN ? LANES_SHOWN : LANES_HIDDEN;
}

bool lanes_guards(const ProtectJob *job, uint32_t cell)
{
    uint32_t of = job->lanes ? job->lanes->of_cell[cell] : LANES_NONE;
    int64_t v = job->problem.cells[cell].value;
    return of != LANES_NONE && job->lanes->used[of].lane.kind == LANE_ROUNDING && v > 0 && v < job->policy->rules.min_n;
}

void lanes_json(const ProtectJob *job, Json *j)
{
    json_open_array(j);
    for (uint32_t u = 0; job->lanes && u < job->lanes->used_count; u++) {
        const UsedLane *used = &job->lanes->used[u];
        json_open_object(j);
        json_key(j, "tables");
        json_open_array(j);
        for (uint32_t t = 0; t < job->set.table_count; t++)
            if (job->lanes->of_table[t] == u || job->lanes->median_of[t] == u)
                json_str(j, job->set.tables[t].name);
        json_end(j);
        if (used->lane.kind != LANE_CELL_KEY)
            json_kstr(j, "policy_sha256", slice_of(used->sha256));
        if (used->lane.kind == LANE_ROUNDING)
            json_kint(j, "further_steps", used->steps);
        if (used->query.len > 0) {
            json_kstr(j, "query", used->query);
            json_kstr(j, "paid_by", slice_of(used->paid));
        }
        json_key(j, "label");
        lane_json(&used->lane, j);
        json_end(j);
    }
    json_end(j);
}

static void error_row(const ProtectJob *job, uint32_t cell, const char *what, int64_t figure, int64_t half, Buf *out)
{
    const TablesCell *c = &job->system.cells[cell];
    Buf words;
    buf_init(&words, 1 << 16);
    if (out->len == 0)
        buf_adds(out, "table,row,cell,figure,half_width_95\n");
    csv_cell(out, job->set.tables[c->table].name);
    buf_addf(out, ",%u,", job->set.tables[c->table].csv_row[c->row] + 2);
    buf_adds(&words, what);
    tables_cell_words(&job->system, cell, &words);
    csv_cell(out, buf_slice(&words));
    buf_addf(out, ",%lld,%lld\n", (long long)figure, (long long)half);
    buf_free(&words);
}

/* Medians in whole units of money, their bars rounded up. */
static void median_errors(const ProtectJob *job, uint32_t t, Buf *out)
{
    const TablesTable *table = &job->set.tables[t];
    const FuzzyFigure *figures = job->lanes->fuzzy[t];
    for (uint32_t row = 0; figures && row < table->row_count; row++)
        for (uint32_t c = 0; c < table->column_count; c++) {
            const FuzzyFigure *f = &figures[(size_t)row * table->column_count + c];
            if (table->columns[c].kind != TABLES_MEDIAN || f->verdict != FUZZY_SHOWN || f->half_width <= 0)
                continue;
            uint32_t cell = table->cell[(size_t)row * table->column_count + table->columns[c].denominator];
            error_row(job, cell, "median of ", f->value / 100, (f->half_width + 99) / 100, out);
        }
}

Status protect_errors_csv(const ProtectJob *job, Buf *out, Error *err)
{
    const ProtectLanes *l = job->lanes;
    for (uint32_t i = 0; l && i < job->system.cell_count; i++)
        if (l->shown[i] && l->half_width[i] > 0 && job->system.cells[i].table != TABLES_NONE)
            error_row(job, i, "", l->figure[i], l->half_width[i], out);
    for (uint32_t t = 0; l && t < job->set.table_count; t++)
        median_errors(job, t, out);
    return buf_status(out, err);
}
