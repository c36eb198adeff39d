/* Two places or two years: is it the groups' rates or the mix of groups? And how gaps move over the years. */
#include "equity/equity_parts.h"

#include <math.h>

static const SheetColumn part_columns[] = {
    {"group", NULL},
    {"group_title", "who"},
    {"n", "persons here"},
    {"rate", "rate here"},
    {"n_against", "persons there"},
    {"rate_against", "rate there"},
    {"rate_part", "by rate"},
    {"composition_part", "by mix"},
    {"refused", "why not"},
};

static const SheetColumn trend_columns[] = {
    {"unit", NULL},
    {"unit_title", "place"},
    {"group", NULL},
    {"group_title", "who"},
    {"years", "years"},
    {"slope", "slope a year"},
    {"slope_low", "low"},
    {"slope_high", "high"},
    {"gap_slope", "gap's slope"},
    {"gap_slope_low", "gap low"},
    {"gap_slope_high", "gap high"},
};

typedef struct Sides {
    Slice groups[GROUPS_MAX];
    Count a[GROUPS_MAX], b[GROUPS_MAX];
    size_t count;
    bool overlapping;
} Sides;

static Status side_group(Sides *s, Slice grp, size_t *at, Error *err)
{
    for (*at = 0; *at < s->count; ++*at)
        if (slice_eq(s->groups[*at], grp))
            return OK;
    if (s->count == GROUPS_MAX)
        return error_set(err, ERR_LIMIT, "the split has more than %d groups", GROUPS_MAX);
    s->groups[s->count++] = grp;
    return OK;
}

/* First the groups of one side, then those that only the other has: the order of the cells. */
static Status fill_sides(const CellSet *cells, const CellQuery *a, const CellQuery *b, Sides *s, Error *err)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < cells->count; i++) {
            const Cell *c = &cells->cells[i];
            size_t at;
            if (!cell_matches(c, side == 0 ? a : b))
                continue;
            TRY(side_group(s, c->grp, &at, err));
            s->overlapping |= !c->additive;
            if (side == 0)
                s->a[at] = cell_count(c);
            else
                s->b[at] = cell_count(c);
        }
    return OK;
}

static int64_t persons(const Count *c, size_t count)
{
    int64_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += c[i].n;
    return n;
}

static void write_parts(const Sides *s, Slice split, const Labels *labels, Sheet *out)
{
    KitagawaPart parts[GROUPS_MAX];
    char gap[32], rate[32], mix[32];
    const KitagawaPart sum = kitagawa(s->a, s->b, s->count, parts);
    sheet_table(
        out, "parts", SLICE("Parts of the difference, percentage points"), part_columns, COUNT_OF(part_columns));
    for (size_t i = 0; i < s->count; i++) {
        sheet_words(out, s->groups[i]);
        sheet_words(out, labels_group(labels, split, s->groups[i]));
        sheet_int(out, s->a[i].n);
        sheet_num(out, 100 * count_rate(s->a[i]), 1);
        sheet_int(out, s->b[i].n);
        sheet_num(out, 100 * count_rate(s->b[i]), 1);
        sheet_num(out, s->overlapping ? NAN : 100 * parts[i].rate, 3);
        sheet_num(out, s->overlapping ? NAN : 100 * parts[i].composition, 3);
        sheet_words(out, slice_of(s->overlapping ? overlap_reason : ""));
    }
    if (s->overlapping) {
        overlap_note(out);
        return;
    }
    sheet_finding(out,
        "Of the difference of %s points, %s come from the groups' rates and %s from who is there (the mix of groups).",
        number_text(100 * (sum.rate + sum.composition), 2, gap), number_text(100 * sum.rate, 2, rate),
        number_text(100 * sum.composition, 2, mix));
}

/* What is together in a side's figures; nothing where each year and unit stands alone. */
static void pooled_fact(const CellSet *cells, const char *key, const CellQuery *side, Sheet *out)
{
    Slice pooled = cells_pooled(cells, side);
    if (pooled.len > 0)
        sheet_fact(out, key, "%.*s", SLICE_ARG(pooled));
}

static Status need_rate(const MeasureInfo *info, Error *err)
{
    if (info->kind == MEASURE_RATE)
        return OK;
    return error_set(err, ERR_USAGE, "%.*s is no rate; this question is for rates", SLICE_ARG(info->name));
}

static Status against_sheet(const CellSet *cells, Policy *policy, const EquityQuery *query,
    const EquityAgainst *against, const Labels *labels, Sheet *out, Error *err)
{
    Sides sides = {.count = 0};
    EquityRules rules;
    MeasureInfo info;
    CellQuery a = {.measure = query->measure, .split = query->split, .level = query->level, .unit = query->unit};
    TRY(measure_info(policy, query->measure, &out->arena, &info, err));
    TRY(need_rate(&info, err));
    a.year = query->year ? query->year : cells_latest(cells, &a);
    const CellQuery b = {a.measure, a.split, a.level, against->unit.len ? against->unit : a.unit,
        against->year ? against->year : a.year};
    TRY(equity_rules(policy, a.year ? a.year : 2000, &rules, err));
    TRY(fill_sides(cells, &a, &b, &sides, err));
    if (persons(sides.a, sides.count) == 0 || persons(sides.b, sides.count) == 0) {
        Slice missing = persons(sides.a, sides.count) == 0 ? a.unit : b.unit;
        error_set(err, ERR_NOT_FOUND, "no figures of %.*s by %.*s for one of the two sides", SLICE_ARG(query->measure),
            SLICE_ARG(query->split));
        if (missing.len > 0)
            cells_hint_units(cells, query->level, missing, err);
        return ERR_NOT_FOUND;
    }
    sheet_fact(out, "measure", "%.*s", SLICE_ARG(query->measure));
    equity_asked_facts(query, out);
    sheet_fact(out, "split", "%.*s", SLICE_ARG(query->split));
    sheet_fact(out, "here", "%.*s %.*s %" PRId32, SLICE_ARG(a.level), SLICE_ARG(a.unit), a.year);
    sheet_fact(out, "there", "%.*s %.*s %" PRId32, SLICE_ARG(b.level), SLICE_ARG(b.unit), b.year);
    pooled_fact(cells, "pooled_here", &a, out);
    pooled_fact(cells, "pooled_there", &b, out);
    write_parts(&sides, query->split, labels, out);
    sheet_note(out, "Kitagawa 1955. The parts describe; they do not say why a group's rate differs.");
    equity_notes(&rules, &info, out);
    return sheet_status(out, err);
}

Status equity_against(const CellSet *cells, Policy *policy, const EquityQuery *query, const EquityAgainst *against,
    Sheet *out, Error *err)
{
    Labels labels = {0};
    if (query->unit.len == 0 && !slice_eq_z(query->level, "state"))
        return error_set(err, ERR_USAGE, "a decomposition needs one unit: --unit");
    Status st = labels_open(policy, &out->arena, &labels, err);
    if (st == OK)
        st = against_sheet(cells, policy, query, against, &labels, out, err);
    labels_free(&labels);
    return st;
}

/* --- trends --- */

#define YEARS_MAX 64

typedef struct Series {
    TrendPoint value[YEARS_MAX], gap[YEARS_MAX];
    size_t count;
} Series;

static void add_point(Series *s, const MeasureInfo *info, const Cell *c, const Cell *all)
{
    bool rate = info->kind == MEASURE_RATE;
    Count mine = cell_count(c), others = count_others(cell_count(all), mine);
    if (s->count == YEARS_MAX || c->denominator == 0)
        return;
    s->value[s->count] = (TrendPoint){
        c->year, rate ? 100 * count_rate(mine) : c->value, rate ? 10000 * count_variance(mine) : (double)NAN};
    s->gap[s->count] = (TrendPoint){c->year, rate ? 100 * gap_points(mine, others) : c->value - all->value,
        rate ? 10000 * (count_variance(mine) + count_variance(others)) : (double)NAN};
    s->count += rate ? others.n > 0 : 1;
}

static void trend_row(const EquityTable *t, const EquityUnit *u, const EquityRow *r, const Series *s, Sheet *out)
{
    Estimate value = trend_slope(s->value, s->count, t->rules.confidence);
    Estimate gap = trend_slope(s->gap, s->count, t->rules.confidence);
    char text[32], low[32], high[32];
    sheet_words(out, u->unit);
    sheet_words(out, u->title);
    sheet_words(out, r->grp);
    sheet_words(out, r->title);
    sheet_int(out, (int64_t)s->count);
    sheet_num(out, value.value, 3);
    sheet_num(out, value.interval.low, 3);
    sheet_num(out, value.interval.high, 3);
    sheet_num(out, gap.value, 3);
    sheet_num(out, gap.interval.low, 3);
    sheet_num(out, gap.interval.high, 3);
    if (r->compared && (gap.interval.low > 0 || gap.interval.high < 0))
        sheet_finding(out, "%.*s, %.*s: the gap to all others moves by %s a year (%s to %s).", SLICE_ARG(u->title),
            SLICE_ARG(r->title), number_text(gap.value, 2, text), number_text(gap.interval.low, 2, low),
            number_text(gap.interval.high, 2, high));
}

static Status trend_series(const CellSet *cells, const EquityTable *t, const EquityUnit *u, const EquityRow *r,
    int32_t since, Series *s, Error *err)
{
    const CellQuery want = {
        .measure = t->query.measure, .split = t->query.split, .level = t->query.level, .unit = u->unit};
    s->count = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const Cell *c = &cells->cells[i];
        if (!cell_matches(c, &want) || c->year < since || c->year > t->query.year || !slice_eq(c->grp, r->grp))
            continue;
        const CellQuery whole = {want.measure, SLICE("all"), want.level, want.unit, c->year};
        const Cell *all = cells_find(cells, &whole, SLICE("all"));
        if (!all)
            return error_set(err, ERR_NOT_FOUND, "unit %.*s has groups but no total", SLICE_ARG(u->unit));
        add_point(s, &t->info, c, all);
    }
    return OK;
}

Status equity_trend(
    const CellSet *cells, Policy *policy, const EquityQuery *query, int32_t since, Sheet *out, Error *err)
{
    EquityTable t;
    Series *series = NULL;
    Status st = OK;
    TRY_OUT(equity_table(cells, policy, query, &t, err));
    TRY_OUT(mem_zalloc(1, sizeof *series, (void **)&series, err));
    sheet_fact(out, "measure", "%.*s", SLICE_ARG(t.query.measure));
    equity_asked_facts(&t.query, out);
    sheet_fact(out, "split", "%.*s", SLICE_ARG(t.query.split));
    sheet_fact(out, "level", "%.*s", SLICE_ARG(t.query.level));
    sheet_fact(out, "last_year", "%" PRId32, t.query.year);
    if (t.pooled.len > 0)
        sheet_fact(out, "pooled", "%.*s", SLICE_ARG(t.pooled));
    if (t.query.pool_years > 1)
        sheet_note(out, "Each point is %" PRId64 " years together, or what there is of them, at the last of them.",
            t.query.pool_years);
    sheet_table(out, "trends", t.split_title, trend_columns, COUNT_OF(trend_columns));
    for (size_t k = 0; k < t.units.len; k++)
        for (size_t i = 0; i < t.units.at[k].count; i++) {
            const EquityRow *r = &t.rows.at[t.units.at[k].first + i];
            TRY_OUT(trend_series(cells, &t, &t.units.at[k], r, since, series, err));
            trend_row(&t, &t.units.at[k], r, series, out);
        }
    sheet_note(out,
        t.info.kind == MEASURE_RATE
            ? "Slope in points a year, years weighted by the rate's variance; interval of sampling alone."
            : "Slope a year by ordinary least squares with Student's t; gaps of medians and means are to everybody.");
    if (t.units.at[0].overlapping)
        overlap_note(out);
    equity_notes(&t.rules, &t.info, out);
    TRY_OUT(sheet_status(out, err));
out:
    mem_free(series);
    equity_table_free(&t);
    return st;
}
