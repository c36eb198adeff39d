/* Rounding, cell keys and fuzzy percentiles: from true values to figures. */
#include "protectfile/lanes.h"

#define DOMAIN "count"
#define TOTAL_DOMAIN "total" /* a total must not share noise with the count of its people */

/* --- rounding ------------------------------------------------------------------------------------------------------
 */

/* The part of the system that belongs to one lane; whose cells are map[0 ..]. */
static Status part_of_system(const ProtectJob *job, uint32_t u, SdcProblem *out, uint32_t *map, Error *err)
{
    const SdcProblem *p = &job->problem;
    uint32_t cells = 0, rows = 0, entries = 0, *at;
    TRY(mem_zalloc((size_t)p->cell_count + 1, sizeof *at, (void **)&at, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (job->lanes->of_cell[i] == u) {
            map[cells] = i;
            at[i] = cells++;
        }
    for (uint32_t r = 0; r < p->row_count; r++)
        if (p->start[r + 1] > p->start[r] && job->lanes->of_cell[p->cell[p->start[r]]] == u) {
            rows++;
            entries += p->start[r + 1] - p->start[r];
        }
    Status st = sdc_new(cells, rows, entries, out, err);
    if (st == OK)
        st = arena_new(&out->arena, Slice, (size_t)cells + 1, &out->names, err);
    for (uint32_t i = 0; i < cells && st == OK; i++) {
        const SdcCell *c = &p->cells[map[i]];
        out->cells[i] = (SdcCell){.value = c->value, .lower = c->lower, .upper = c->upper};
        if (p->names)
            out->names[i] = p->names[map[i]];
    }
    if (st == OK && !p->names)
        out->names = NULL;
    rows = entries = 0;
    for (uint32_t r = 0; r < p->row_count && st == OK; r++) {
        if (p->start[r + 1] == p->start[r] || job->lanes->of_cell[p->cell[p->start[r]]] != u)
            continue;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
            out->cell[entries] = at[p->cell[k]];
            out->coef[entries++] = p->coef[k];
        }
        out->rhs[rows] = p->rhs[r];
        out->start[++rows] = entries;
    }
    mem_free(at);
    return st;
}

static Status round_part(ProtectJob *job, uint32_t u, Slice secret, uint32_t *map, int64_t *figure, Error *err)
{
    ProtectLanes *l = job->lanes;
    SdcProblem part = {0};
    RoundingReport report;
    RoundingOptions o = l->used[u].lane.rounding;
    o.key = secret;
    o.name = job->set.name;
    Status st = part_of_system(job, u, &part, map, err);
    if (st == OK)
        st = rounding_table(&part, &o, figure, &report, err);
    for (uint32_t i = 0; i < part.cell_count && st == OK; i++) {
        l->figure[map[i]] = figure[i];
        l->shown[map[i]] = true;
    }
    sdc_free(&part);
    TRY(st);
    l->used[u].steps = report.steps;
    for (uint32_t t = 0; t < job->set.table_count; t++)
        if (l->of_table[t] == u) {
            job->set.tables[t].is_rounded = true;
            job->set.tables[t].reach = (int64_t)(report.steps + 1) * o.base - 1;
        }
    return OK;
}

static Status round_lane(ProtectJob *job, uint32_t u, Slice secret, Error *err)
{
    uint32_t *map;
    int64_t *figure;
    TRY(arena_new(&job->arena, uint32_t, (size_t)job->system.cell_count + 1, &map, err));
    TRY(arena_new(&job->arena, int64_t, (size_t)job->system.cell_count + 1, &figure, err));
    return round_part(job, u, secret, map, figure, err);
}

/* --- cell keys ------------------------------------------------------------------------------------------------------
 */

static Status key_column(const TablesTable *t, uint32_t row, uint32_t c, uint64_t *out, Error *err)
{
    uint8_t bytes[8];
    uint32_t position = t->columns[c].key_position;
    Slice text = slice_trim(t->csv.cells[t->csv_row[row] * t->csv.columns + position]);
    *out = 0;
    if (text.len != 16 || hex_decode(text, bytes, sizeof bytes, NULL) != OK) {
        error_set(err, ERR_INVALID, "a cell key is 16 hex digits: the sum of its records' keys modulo 2^64");
        error_at(err, t->file.ptr, t->csv_row[row] + 2, NULL);
        return ERR_INVALID;
    }
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | bytes[i];
    return OK;
}

static Status no_keys(const TablesTable *t, uint32_t c, Error *err)
{
    error_set(err, ERR_INVALID, "table %.*s: the lane cell_key needs the record keys behind %.*s", SLICE_ARG(t->name),
        SLICE_ARG(t->columns[c].name));
    error_hint(err, "Name a file of contributors (contributions) or a column of cell keys (cell_key) in the header.");
    return ERR_INVALID;
}

/* Sums of the keys of the persons of a count column, a row. */
static Status person_keys(const ProtectJob *job, uint32_t t, uint32_t c, CellKeys *keys, uint64_t *out, Error *err)
{
    const TablesContributions *p = &job->lanes->people[t];
    for (size_t i = 0; i < p->pairs; i++) {
        uint64_t key;
        if (!p->member[c][p->who[i]])
            continue;
        TRY(cellkeys_record(keys, p->person[p->who[i]], &key, err));
        out[p->row[i]] += key;
    }
    return OK;
}

/* Keys of one count column: a row its sum. */
static Status column_keys(const ProtectJob *job, uint32_t t, uint32_t c, CellKeys *keys, uint64_t *out, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    if (table->columns[c].key_position != TABLES_NONE) {
        for (uint32_t row = 0; row < table->row_count; row++)
            TRY(key_column(table, row, c, &out[row], err));
        return OK;
    }
    return table->contributions ? person_keys(job, t, c, keys, out, err) : no_keys(table, c, err);
}

static Status take_figure(ProtectJob *job, uint32_t t, uint32_t cell, int64_t figure, Error *err)
{
    ProtectLanes *l = job->lanes;
    if (l->shown[cell] && l->figure[cell] != figure)
        return error_set(err, ERR_INVALID, "two tables have different keys for the same people, one of them %.*s",
            SLICE_ARG(job->set.tables[t].name));
    l->figure[cell] = figure;
    l->shown[cell] = true;
    return OK;
}

static Status change_column(ProtectJob *job, uint32_t t, uint32_t c, CellKeys *keys, const PTable *ptable, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    uint64_t *sums;
    TRY(arena_new(&job->arena, uint64_t, (size_t)table->row_count + 1, &sums, err));
    TRY(column_keys(job, t, c, keys, sums, err));
    for (uint32_t row = 0; row < table->row_count; row++) {
        uint32_t cell = table->cell[(size_t)row * table->column_count + c];
        if (cell == TABLES_NONE)
            continue;
        TRY(take_figure(job, t, cell, cellkey_count(ptable, job->problem.cells[cell].value, sums[row]), err));
    }
    return OK;
}

/* Totals: noise in steps of the largest contribution, keyed by those who contribute. In hundredths. */
static Status change_totals(ProtectJob *job, uint32_t t, uint32_t c, CellKeys *keys, const PTable *ptable, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    const TablesColumn *column = &table->columns[c];
    uint32_t per_mille = job->lanes->used[job->lanes->of_table[t]].lane.magnitude_per_mille;
    uint64_t *sums;
    TRY(arena_new(&job->arena, uint64_t, (size_t)table->row_count + 1, &sums, err));
    TRY(person_keys(job, t, column->denominator, keys, sums, err));
    for (uint32_t row = 0; row < table->row_count; row++) {
        const TablesValue *top = &table->values[(size_t)row * table->column_count + column->top[0]];
        uint32_t cell = table->cell[(size_t)row * table->column_count + c];
        int64_t figure;
        if (cell == TABLES_NONE)
            continue;
        Status st = top->mark == TABLES_EXACT
                        ? cellkey_magnitude(
                              ptable, job->problem.cells[cell].value, top->low, per_mille, sums[row], &figure, err)
                        : error_set(err, ERR_INVALID, "a total without its largest contribution has no noise");
        if (st != OK)
            return error_at(err, table->file.ptr, table->csv_row[row] + 2, NULL), st;
        TRY(take_figure(job, t, cell, figure, err));
    }
    return OK;
}

static Status total_lane(ProtectJob *job, uint32_t u, Slice secret, Error *err)
{
    CellKeys *keys = NULL;
    PTable *ptable = NULL;
    PTableOptions o = job->lanes->used[u].lane.ptable;
    o.forbidden = 0; /* of counts; a total may be anything */
    Status st = cellkeys_new(secret, TOTAL_DOMAIN, &keys, err);
    if (st == OK)
        st = ptable_new(&o, &ptable, err);
    for (uint32_t t = 0; t < job->set.table_count && st == OK; t++)
        for (uint32_t c = 0; c < job->set.tables[t].column_count && st == OK; c++)
            if (job->lanes->of_table[t] == u && job->set.tables[t].columns[c].kind == TABLES_TOTAL)
                st = change_totals(job, t, c, keys, ptable, err);
    cellkeys_free(keys);
    ptable_free(ptable);
    return st;
}

static Status key_lane(ProtectJob *job, uint32_t u, Slice secret, Error *err)
{
    CellKeys *keys = NULL;
    PTable *ptable = NULL;
    Status st = cellkeys_new(secret, DOMAIN, &keys, err);
    if (st == OK)
        st = ptable_new(&job->lanes->used[u].lane.ptable, &ptable, err);
    for (uint32_t t = 0; t < job->set.table_count && st == OK; t++)
        for (uint32_t c = 0; c < job->set.tables[t].column_count && st == OK; c++)
            if (job->lanes->of_table[t] == u && job->set.tables[t].columns[c].kind == TABLES_COUNT)
                st = change_column(job, t, c, keys, ptable, err);
    cellkeys_free(keys);
    ptable_free(ptable);
    return st;
}

/* --- percentiles -----------------------------------------------------------------------------------------------------
 */

/* Values and employers of the people of a median's row, those in its count. */
static Status fuzzy_row(const ProtectJob *job, uint32_t t, uint32_t c, size_t *pair, uint32_t row, int64_t *values,
    uint64_t *employers, FuzzyFigure *out, Error *err)
{
    const TablesContributions *p = &job->lanes->people[t];
    const FuzzyOptions *o = &job->lanes->used[job->lanes->median_of[t]].lane.fuzzy;
    uint32_t people = job->set.tables[t].columns[c].denominator;
    size_t n = 0;
    for (; *pair < p->pairs && p->row[*pair] == row; ++*pair) {
        uint32_t who = p->who[*pair];
        uint8_t digest[SHA256_SIZE];
        if (!p->member[people][who])
            continue;
        values[n] = p->value[who];
        if (p->employer)
            TRY(sha256_of(p->employer[who], digest, err));
        employers[n] = 0;
        for (int i = 0; i < 8 && p->employer; i++)
            employers[n] = employers[n] << 8 | digest[i];
        n++;
    }
    return fuzzy_percentile(o, values, p->employer ? employers : NULL, n, &out->verdict, &out->value, err);
}

static Status fuzzy_column(ProtectJob *job, uint32_t t, uint32_t c, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    int64_t *values;
    uint64_t *employers;
    size_t pair = 0, most = job->lanes->people[t].persons + 1;
    TRY(arena_new(&job->arena, int64_t, most, &values, err));
    TRY(arena_new(&job->arena, uint64_t, most, &employers, err));
    for (uint32_t row = 0; row < table->row_count; row++)
        TRY(fuzzy_row(job, t, c, &pair, row, values, employers,
            &job->lanes->fuzzy[t][(size_t)row * table->column_count + c], err));
    return OK;
}

static Status fuzzy_table(ProtectJob *job, uint32_t t, Error *err)
{
    const TablesTable *table = &job->set.tables[t];
    const FuzzyOptions *o = &job->lanes->used[job->lanes->median_of[t]].lane.fuzzy;
    const TablesContributions *p = &job->lanes->people[t];
    if (!p->value)
        return error_set(err, ERR_INVALID, "table %.*s: fuzzy medians need contributions with a value of each person",
            SLICE_ARG(table->name));
    if (!p->employer && (o->min_employers > 0 || o->top_employer_max < 100))
        return error_set(err, ERR_INVALID, "table %.*s: the fuzzy lane looks at employers, the contributions name none",
            SLICE_ARG(table->name));
    TRY(arena_new(
        &job->arena, FuzzyFigure, (size_t)table->row_count * table->column_count + 1, &job->lanes->fuzzy[t], err));
    for (uint32_t c = 0; c < table->column_count; c++)
        if (table->columns[c].kind == TABLES_MEDIAN)
            TRY(fuzzy_column(job, t, c, err));
    return OK;
}

Status lanes_change(ProtectJob *job, const ProtectOptions *options, Error *err)
{
    for (uint32_t u = 0; job->lanes && u < job->lanes->used_count; u++) {
        LaneKind kind = job->lanes->used[u].lane.kind;
        bool needs_key = kind == LANE_ROUNDING || kind == LANE_CELL_KEY;
        if (needs_key && options->secret.len < 16)
            return error_set(err, ERR_INVALID, "the lane %s needs a key of at least 16 bytes", lane_name(kind));
        if (kind == LANE_ROUNDING)
            TRY(round_lane(job, u, options->secret, err));
        else if (kind == LANE_CELL_KEY)
            TRY(key_lane(job, u, options->secret, err));
        if (kind == LANE_CELL_KEY && job->lanes->used[u].lane.magnitude_per_mille > 0)
            TRY(total_lane(job, u, options->secret, err));
        for (uint32_t t = 0; t < job->set.table_count; t++)
            job->set.tables[t].is_noisy |= job->lanes->of_table[t] == u && kind != LANE_ROUNDING;
    }
    for (uint32_t t = 0; job->lanes && t < job->set.table_count; t++)
        if (lanes_of_medians(job, t) && lanes_of_medians(job, t)->kind == LANE_FUZZY)
            TRY(fuzzy_table(job, t, err));
    return OK;
}
