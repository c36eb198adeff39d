/*
 * Cells to rows. One unit after the other: its groups, the best of them, then each group against the reference; at the
 * end the false discovery rate over everything that was compared.
 */
#include "equity/equity_parts.h"

#include <math.h>

typedef struct Build {
    const CellSet *cells;
    EquityTable *t;
    Labels labels;
    Map totals;       /* unit to index of its cell of split "all" */
    Map state_groups; /* group to index of its cell of the state */
    const Cell *state_all;
    MissedMeaning missed;
    const Cell *all;                /* of the unit at work */
    const Cell *groups[GROUPS_MAX]; /* of the unit at work */
    size_t group_count;
    size_t best; /* index in groups; group_count: none */
} Build;

/* --- the parts of a row --- */

/* Who was spared, where the measure counts something to avoid. */
static Count success(const EquityTable *t, Count c)
{
    return t->adverse ? (Count){c.n - c.hits, c.n} : c;
}

static Interval percent(Interval i)
{
    return (Interval){i.low * 100, i.high * 100};
}

static bool is_rate(const EquityTable *t)
{
    return t->info.kind == MEASURE_RATE;
}

static double cell_value(const EquityTable *t, const Cell *c)
{
    return is_rate(t) ? 100 * count_rate(cell_count(c)) : c->value;
}

static LinkCounts links_of(const Cell *c)
{
    return (LinkCounts){.pairs = c->link_pairs,
        .correct = c->link_correct,
        .missed = c->link_missed,
        .base = c->base,
        .covered = c->covered};
}

static LinkCounts links_others(LinkCounts all, LinkCounts part)
{
    return (LinkCounts){.pairs = all.pairs - part.pairs,
        .correct = all.correct - part.correct,
        .missed = all.missed - part.missed,
        .base = all.base - part.base,
        .covered = all.covered - part.covered};
}

static void row_links(const Build *b, const Cell *c, EquityRow *r)
{
    LinkCounts own = links_of(c), rest = links_others(links_of(b->all), own);
    r->coverage = c->base > 0 ? (double)c->covered / (double)c->base : NAN;
    r->precision = link_precision(&own);
    r->recall = link_recall(&own);
    if (!is_rate(b->t))
        return;
    Interval mine = rate_link_bounds(cell_count(c), &own, b->missed);
    Interval others = rate_link_bounds(count_others(cell_count(b->all), cell_count(c)), &rest, b->missed);
    r->gap_linkage = percent((Interval){mine.low - others.high, mine.high - others.low});
    r->linkage_explains = r->gap_linkage.low <= 0 && r->gap_linkage.high >= 0;
}

static void row_flags(const Build *b, const Cell *c, EquityRow *r)
{
    const EquityTable *t = b->t;
    const EquityRules *rules = &t->rules;
    Count all = cell_count(b->all), mine = r->count, others = count_others(all, mine);
    Count good = success(t, mine), good_others = success(t, others);
    r->ppg = 100 * gap_points(mine, others);
    r->ppg_margin = 100 * gap_ppg1_margin(mine, &rules->ppg);
    r->ppg_flag = gap_ppg1(good, good_others, &rules->ppg);
    r->need_parity = gap_students_parity(good, good_others);
    r->need_unflag = gap_students_unflag(good, good_others, &rules->ppg);
    r->representation = gap_ratio(good, success(t, all));
    r->representation_flag = gap_representation(good, success(t, all), rules->representation);
    if (b->best < b->group_count) {
        Count best = success(t, cell_count(b->groups[b->best]));
        r->eighty = gap_ratio(good, best);
        r->eighty_flag = gap_eighty(good, best, all.n, &rules->eighty);
    }
    Count state_others = {0, 0}, comparison;
    uint64_t at;
    if (b->state_all && map_get(&b->state_groups, c->grp, &at))
        state_others = count_others(cell_count(b->state_all), cell_count(&b->cells->cells[at]));
    r->risk_basis = gap_risk(mine, others, state_others, &rules->risk, &comparison, &r->risk_flag);
    /* The rule speaks of what is to be avoided: a high rate of something good is no finding. */
    if (!t->adverse && r->risk_flag == FLAG_RAISED)
        r->risk_flag = FLAG_CLEAR;
    if (r->risk_basis != RISK_NONE) {
        r->risk = gap_ratio(mine, comparison);
        r->risk_katz = interval_katz(mine, comparison, rules->z);
        r->risk_koopman = interval_koopman(mine, comparison, rules->z);
    }
}

static const Cell *group_named(const Build *b, Slice grp)
{
    for (size_t i = 0; i < b->group_count; i++)
        if (slice_eq(b->groups[i]->grp, grp))
            return b->groups[i];
    return NULL;
}

static void row_reference(const Build *b, const Cell *c, EquityRow *r)
{
    const EquityTable *t = b->t;
    Slice word = t->query.reference;
    const Cell *other = b->all;
    Count all = cell_count(b->all), others = count_others(all, r->count);
    Interval to_others = percent(interval_newcombe(r->count, others, t->rules.z));
    if (slice_eq_z(word, "highest"))
        other = b->best < b->group_count ? b->groups[b->best] : NULL;
    else if (!slice_eq_z(word, "overall") && !slice_eq_z(word, "others"))
        other = group_named(b, word);
    if (slice_eq_z(word, "others")) {
        r->reference = is_rate(t) ? 100 * count_rate(others) : NAN;
        r->gap_interval = to_others;
    } else if (other == b->all) {
        /* The whole holds the group: p - P = (p - p_others) (N - n) / N, and so for the interval. */
        double scale = all.n > 0 ? (double)others.n / (double)all.n : NAN;
        r->reference = cell_value(t, b->all);
        r->gap_interval = (Interval){to_others.low * scale, to_others.high * scale};
    } else if (other && other != c) {
        r->reference = cell_value(t, other);
        r->gap_interval = percent(interval_newcombe(r->count, cell_count(other), t->rules.z));
    } else {
        r->reference = other == c && other ? r->value : NAN;
        r->gap_interval = (Interval){other ? 0 : NAN, other ? 0 : NAN};
    }
    if (!is_rate(t))
        r->gap_interval = (Interval){NAN, NAN};
    r->gap = r->value - r->reference;
}

static EquityRow empty_row(void)
{
    const Interval none = {NAN, NAN};
    return (EquityRow){.value = NAN,
        .interval = none,
        .exact = none,
        .reference = NAN,
        .gap = NAN,
        .gap_interval = none,
        .p = NAN,
        .p_adjusted = NAN,
        .ppg = NAN,
        .ppg_margin = NAN,
        .ppg_flag = FLAG_INSUFFICIENT,
        .eighty = NAN,
        .representation = NAN,
        .eighty_flag = FLAG_INSUFFICIENT,
        .representation_flag = FLAG_INSUFFICIENT,
        .risk = NAN,
        .risk_katz = none,
        .risk_koopman = none,
        .risk_flag = FLAG_INSUFFICIENT,
        .coverage = NAN,
        .precision = NAN,
        .recall = NAN,
        .gap_linkage = none};
}

static bool is_compared(const Cell *c)
{
    return c->denominator > 0 && !is_unknown_group(c->grp);
}

static Status add_row(Build *b, const Cell *c, Error *err)
{
    EquityTable *t = b->t;
    EquityRow r = empty_row();
    r.grp = c->grp;
    TRY(arena_dup(&t->arena, c->grp, &r.grp, err));
    r.title = labels_group(&b->labels, t->query.split, r.grp);
    r.compared = is_compared(c);
    r.count = cell_count(c);
    r.value = cell_value(t, c);
    row_links(b, c, &r);
    if (c->denominator > 0)
        row_reference(b, c, &r);
    if (is_rate(t) && c->denominator > 0) {
        r.interval = percent(interval_wilson(r.count, t->rules.z));
        r.exact = percent(interval_clopper_pearson(r.count, t->rules.confidence));
        r.reliability = rate_reliability(r.count, &t->rules.nchs);
        row_flags(b, c, &r);
        if (r.compared)
            r.p = stats_two_rates(r.count, count_others(cell_count(b->all), r.count));
    } else {
        r.reliability = c->denominator < t->rules.nchs.min_n ? UNRELIABLE : RELIABLE;
    }
    return vec_push(&t->rows, r, err);
}

/* --- a unit --- */

/* Of the groups large enough to be compared at all; the first in order where two are equal. */
static void find_best(Build *b)
{
    const EquityTable *t = b->t;
    b->best = b->group_count;
    for (size_t i = 0; i < b->group_count; i++) {
        const Cell *c = b->groups[i];
        if (!is_compared(c) || !group_is_large(cell_count(c), b->all->denominator, &t->rules.eighty))
            continue;
        double now = cell_value(t, c);
        double was = b->best < b->group_count ? cell_value(t, b->groups[b->best]) : NAN;
        if (isnan(was) || (t->adverse ? now < was : now > was))
            b->best = i;
    }
}

/* The groups that indices are made of, in the split's order where it has one. */
static size_t index_groups(const Build *b, Count *out, bool *ordered)
{
    const Toml *order = rules_order(&b->t->rules, b->t->query.split);
    size_t n = 0, compared = 0;
    *ordered = order != NULL;
    for (size_t i = 0; i < b->group_count; i++)
        compared += is_compared(b->groups[i]);
    for (const Toml *e = order ? order->first : NULL; e; e = e->next) {
        const Cell *c = e->type == TOML_STRING ? group_named(b, e->string) : NULL;
        if (c && is_compared(c))
            out[n++] = cell_count(c);
    }
    /* A group outside the order makes no rank: then there is none. */
    if (n == compared)
        return n;
    *ordered = false;
    n = 0;
    for (size_t i = 0; i < b->group_count; i++)
        if (is_compared(b->groups[i]))
            out[n++] = cell_count(b->groups[i]);
    return n;
}

static void unit_disparity(Build *b, EquityUnit *u)
{
    Count groups[GROUPS_MAX];
    bool ordered;
    size_t n = index_groups(b, groups, &ordered);
    b->t->ordered = b->t->ordered || ordered;
    for (Disparity d = 0; d < DISPARITY_COUNT; d++) {
        bool needs_order = d == DISPARITY_SLOPE || d == DISPARITY_CONCENTRATION;
        u->disparity[d] = (Estimate){NAN, NAN, {NAN, NAN}};
        /* Groups that overlap have no shares that add up to one. */
        bool refused = u->overlapping && disparity_needs_shares(d);
        if (is_rate(b->t) && n >= 2 && !refused && (ordered || !needs_order))
            u->disparity[d] = disparity_estimate(d, groups, n, b->t->rules.z);
    }
}

/* A pooled unit is named by those it is made of. */
static Status title_of(const Build *b, const Cell *c, Slice *out, Error *err)
{
    Slice years, units;
    cell_pooled(c, &years, &units);
    if (units.len > 0)
        return arena_format(&b->t->arena, out, err, "%.*s together", SLICE_ARG(units));
    return arena_dup(&b->t->arena, labels_unit(&b->labels, b->t->query.level, c->unit), out, err);
}

static Status add_unit(Build *b, Error *err)
{
    EquityTable *t = b->t;
    EquityUnit u = {.first = t->rows.len, .count = b->group_count, .overlapping = !b->groups[0]->additive};
    const Cell *c = b->groups[0];
    uint64_t at;
    if (!map_get(&b->totals, c->unit, &at))
        return error_set(err, ERR_NOT_FOUND, "unit %.*s has groups but no total", SLICE_ARG(c->unit));
    b->all = &b->cells->cells[at];
    TRY(arena_dup(&t->arena, c->unit, &u.unit, err));
    TRY(arena_dup(&t->arena, c->parent, &u.parent, err));
    TRY(title_of(b, b->groups[0], &u.title, err));
    u.all = cell_count(b->all);
    u.value = cell_value(t, b->all);
    find_best(b);
    for (size_t i = 0; i < b->group_count; i++)
        TRY(add_row(b, b->groups[i], err));
    unit_disparity(b, &u);
    return vec_push(&t->units, u, err);
}

/* --- all units --- */

static Status index_totals(Build *b, Error *err)
{
    const EquityQuery *q = &b->t->query;
    CellQuery total = {.measure = q->measure, .split = SLICE("all"), .level = q->level, .year = q->year};
    CellQuery state = {.measure = q->measure, .split = q->split, .level = SLICE("state"), .year = q->year};
    CellQuery state_total = {.measure = q->measure, .split = SLICE("all"), .level = SLICE("state"), .year = q->year};
    for (size_t i = 0; i < b->cells->count; i++) {
        const Cell *c = &b->cells->cells[i];
        if (cell_matches(c, &total))
            TRY(map_put(&b->totals, c->unit, i, NULL, err));
        if (cell_matches(c, &state))
            TRY(map_put(&b->state_groups, c->grp, i, NULL, err));
        if (cell_matches(c, &state_total))
            b->state_all = c;
    }
    return OK;
}

static Status add_units(Build *b, Error *err)
{
    const EquityQuery *q = &b->t->query;
    const CellQuery want = {
        .measure = q->measure, .split = q->split, .level = q->level, .unit = q->unit, .year = q->year};
    for (size_t i = 0; i < b->cells->count; i++) {
        const Cell *c = &b->cells->cells[i];
        if (!cell_matches(c, &want))
            continue;
        if (b->group_count > 0 && !slice_eq(b->groups[0]->unit, c->unit)) {
            TRY(add_unit(b, err));
            b->group_count = 0;
        }
        if (b->group_count == GROUPS_MAX)
            return error_set(err, ERR_LIMIT, "split %.*s has more than %d groups", SLICE_ARG(q->split), GROUPS_MAX);
        b->groups[b->group_count++] = c;
    }
    return b->group_count > 0 ? add_unit(b, err) : OK;
}

static Status adjust(EquityTable *t, Error *err)
{
    double *p = NULL, *adjusted = NULL;
    Status st = OK;
    TRY_OUT(mem_zalloc(t->rows.len, sizeof *p, (void **)&p, err));
    TRY_OUT(mem_zalloc(t->rows.len, sizeof *adjusted, (void **)&adjusted, err));
    for (size_t i = 0; i < t->rows.len; i++)
        p[i] = t->rows.at[i].p;
    TRY_OUT(stats_benjamini_hochberg(p, t->rows.len, adjusted, err));
    for (size_t i = 0; i < t->rows.len; i++)
        t->rows.at[i].p_adjusted = adjusted[i];
out:
    mem_free(p);
    mem_free(adjusted);
    return st;
}

/* The newest year with figures before `year`; 0: none. */
static int32_t year_before(const CellSet *cells, const CellQuery *any, int32_t year)
{
    int32_t found = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const Cell *c = &cells->cells[i];
        if (cell_matches(c, any) && c->year < year && c->year > found)
            found = c->year;
    }
    return found;
}

/* Years that are pooled have one name: not every year between the first and the last has figures. */
static void hint_years(const CellSet *cells, const EquityQuery *q, Error *err)
{
    const CellQuery any = {.measure = q->measure, .split = SLICE("all"), .level = q->level};
    Buf years;
    buf_init(&years, 0);
    for (int32_t y = year_before(cells, &any, INT32_MAX); y > 0; y = year_before(cells, &any, y))
        buf_addf(&years, "%s%" PRId32, years.len > 0 ? ", " : "", y);
    if (years.len > 0)
        error_hint(err, "There are figures of %s.", buf_z(&years));
    else
        error_hint(err, "The measure's file says which levels are measured (\"cairn measure explain %.*s\").",
            SLICE_ARG(q->measure));
    buf_free(&years);
}

/* Why no figure answers: the split is none, the unit is none, the year or the level has none. */
static void hint_figures(const CellSet *cells, Policy *policy, const EquityQuery *q, Error *err)
{
    Arena arena;
    Labels labels = {0};
    arena_init(&arena, 0);
    bool known = labels_open(policy, &arena, &labels, NULL) == OK;
    if (known && !labels_has_split(&labels, q->split))
        labels_hint_splits(&labels, q->split, err);
    else if (q->unit.len > 0)
        cells_hint_units(cells, q->level, q->unit, err);
    else
        hint_years(cells, q, err);
    labels_free(&labels);
    arena_free(&arena);
}

/* Year and reference are filled in; the caller's texts need not outlive the table. */
static Status settle_query(const CellSet *cells, Policy *policy, const EquityQuery *asked, EquityTable *t, Error *err)
{
    EquityQuery *q = &t->query;
    TRY(arena_dup(&t->arena, asked->measure, &q->measure, err));
    TRY(arena_dup(&t->arena, asked->split, &q->split, err));
    TRY(arena_dup(&t->arena, asked->level, &q->level, err));
    TRY(arena_dup(&t->arena, asked->unit, &q->unit, err));
    TRY(arena_dup(&t->arena, asked->reference.len ? asked->reference : SLICE("others"), &q->reference, err));
    const CellQuery any = {.measure = q->measure, .split = q->split, .level = q->level, .unit = q->unit};
    TRY(arena_dup(&t->arena, asked->definition, &q->definition, err));
    q->pool_years = asked->pool_years;
    q->pool_units = asked->pool_units;
    q->as_known_on = asked->as_known_on;
    q->year = asked->year ? asked->year : cells_latest(cells, &any);
    if (q->year == 0 || cells_latest(cells, &(CellQuery){any.measure, any.split, any.level, any.unit, q->year}) == 0) {
        error_set(err, ERR_NOT_FOUND, "no figures of %.*s by %.*s at level %.*s%s%.*s%s", SLICE_ARG(q->measure),
            SLICE_ARG(q->split), SLICE_ARG(q->level), q->unit.len ? " for unit " : "", SLICE_ARG(q->unit),
            q->year ? " in that year" : "");
        hint_figures(cells, policy, q, err);
        return ERR_NOT_FOUND;
    }
    return OK;
}

static Status keep_pooled(const CellSet *cells, EquityTable *t, Error *err)
{
    const EquityQuery *q = &t->query;
    const CellQuery any = {.measure = q->measure, .split = q->split, .level = q->level, .year = q->year};
    Slice years = {0}, units;
    for (size_t i = 0; i < cells->count && years.len == 0; i++)
        if (cell_matches(&cells->cells[i], &any))
            cell_pooled(&cells->cells[i], &years, &units);
    return arena_dup(&t->arena, years, &t->pooled, err);
}

static Status check_reference(const EquityTable *t, const CellSet *cells, Error *err)
{
    static const char *const words[] = {"overall", "others", "highest"};
    const EquityQuery *q = &t->query;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_eq_z(q->reference, words[i]))
            return OK;
    const CellQuery any = {.measure = q->measure, .split = q->split, .level = q->level, .year = q->year};
    if (cells_find(cells, &any, q->reference))
        return OK;
    error_set(
        err, ERR_NOT_FOUND, "split %.*s has no group \"%.*s\" here", SLICE_ARG(q->split), SLICE_ARG(q->reference));
    error_hint(err, "A reference is overall, others, highest, or one of the split's groups.");
    return ERR_NOT_FOUND;
}

static Status check_kind(const MeasureInfo *info, Error *err)
{
    if (info->kind != MEASURE_COUNT && info->kind != MEASURE_DISTRIBUTION)
        return OK;
    return error_set(err, ERR_USAGE, "%.*s is a %s: there is no rate or value whose groups could be compared",
        SLICE_ARG(info->name), info->kind == MEASURE_COUNT ? "count" : "distribution");
}

/* What a value is in is the definition's to say: dollars a quarter, dollars a year. */
static Status take_unit(Policy *policy, const EquityQuery *query, EquityTable *t, Error *err)
{
    DefinitionInfos all = {0};
    if (query->definition.len == 0 || t->info.kind == MEASURE_RATE)
        return OK;
    Status st = definition_list(policy, &t->arena, &all, err);
    for (size_t i = 0; i < all.len; i++)
        if (slice_eq(all.at[i].name, query->definition) && slice_eq(all.at[i].family, t->info.family))
            t->info.unit = all.at[i].unit;
    vec_free(&all);
    return st;
}

Status equity_table(const CellSet *cells, Policy *policy, const EquityQuery *query, EquityTable *out, Error *err)
{
    Build b = {.cells = cells, .t = out};
    bool missed_is_hit;
    Status st = OK;
    *out = (EquityTable){0};
    arena_init(&out->arena, 0);
    TRY_OUT(measure_info(policy, query->measure, &out->arena, &out->info, err));
    TRY_OUT(check_kind(&out->info, err));
    TRY_OUT(take_unit(policy, query, out, err));
    TRY_OUT(settle_query(cells, policy, query, out, err));
    TRY_OUT(check_reference(out, cells, err));
    TRY_OUT(equity_rules(policy, out->query.year, &out->rules, err));
    TRY_OUT(labels_open(policy, &out->arena, &b.labels, err));
    TRY_OUT(rules_list_has(out->rules.file, "lower_is_better", out->query.measure, &out->adverse, err));
    TRY_OUT(rules_list_has(out->rules.file, "missed_link_is_hit", out->query.measure, &missed_is_hit, err));
    b.missed = missed_is_hit ? MISSED_IS_HIT : MISSED_IS_NO_HIT;
    TRY_OUT(keep_pooled(cells, out, err));
    out->split_title = labels_split(&b.labels, out->query.split);
    TRY_OUT(map_init(&b.totals, err));
    TRY_OUT(map_init(&b.state_groups, err));
    TRY_OUT(index_totals(&b, err));
    TRY_OUT(add_units(&b, err));
    TRY_OUT(adjust(out, err));
out:
    labels_free(&b.labels);
    map_free(&b.totals);
    map_free(&b.state_groups);
    return st;
}

void equity_table_free(EquityTable *t)
{
    vec_free(&t->rows);
    vec_free(&t->units);
    arena_free(&t->arena);
    *t = (EquityTable){0};
}
