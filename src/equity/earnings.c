/*
 * What only persons can say of a median measure: the interval of a median by order statistics, the mean, and how much
 * of the inequality of earnings lies between groups and how much within them.
 */
#include "equity/equity_parts.h"
#include "measure/values.h"

#include <math.h>

static const SheetColumn columns[] = {
    {"unit", NULL},
    {"unit_title", "place"},
    {"group", NULL},
    {"group_title", "who"},
    {"n", "persons"},
    {"median", "median"},
    {"median_low", "low"},
    {"median_high", "high"},
    {"mean", "mean"},
    {"share_of_persons", "of persons"},
    {"share_of_earnings", "of earnings"},
    {"theil_within", "Theil T"},
};

static const SheetColumn sum_columns[] = {
    {"unit", NULL},
    {"unit_title", "place"},
    {"theil_total", "Theil T"},
    {"theil_between", "between groups"},
    {"theil_within", "within groups"},
    {"between_share", "between, %"},
    {"refused", "why not"},
};

typedef struct Group {
    Slice grp;
    EarningsSum sum;
    size_t first, count; /* in the sorted values */
} Group;

static double dollars(int64_t cents)
{
    return (double)cents / 100;
}

/* Ranks n/2 -+ z sqrt(n)/2, outwards (Conover 1999, Practical Nonparametric Statistics, 3.2). */
static Interval median_interval(const MeasureValue *p, size_t n, double z)
{
    double half = z * sqrt((double)n) / 2, middle = (double)n / 2;
    double low = floor(middle - half), high = ceil(middle + half);
    if (low < 1 || high + 1 > (double)n)
        return (Interval){NAN, NAN};
    return (Interval){dollars(p[(size_t)low - 1].value), dollars(p[(size_t)high].value)};
}

static double median_of(const MeasureValue *p, size_t n)
{
    return (dollars(p[(n - 1) / 2].value) + dollars(p[n / 2].value)) / 2;
}

static void group_row(const Labels *l, const EquityQuery *q, const MeasureValue *p, const Group *g, double theil,
    const EarningsSum *all, double z, Sheet *s)
{
    const MeasureValue *own = p + g->first;
    Interval i = median_interval(own, g->count, z);
    sheet_words(s, own->unit);
    sheet_words(s, labels_unit(l, q->level, own->unit));
    sheet_words(s, g->grp);
    sheet_words(s, labels_group(l, q->split, g->grp));
    sheet_int(s, g->sum.n);
    sheet_num(s, median_of(own, g->count), 2);
    sheet_num(s, i.low, 2);
    sheet_num(s, i.high, 2);
    sheet_num(s, g->sum.total / (double)g->sum.n, 2);
    sheet_num(s, (double)g->sum.n / (double)all->n, 4);
    sheet_num(s, all->total > 0 ? g->sum.total / all->total : NAN, 4);
    sheet_num(s, theil, 5);
}

typedef struct UnitResult {
    Slice unit;
    TheilParts theil;
    bool overlapping; /* the groups: no parts */
} UnitResult;
typedef VEC(UnitResult) UnitResults;

static void add_value(EarningsSum *sum, const MeasureValue *v)
{
    double y = dollars(v->value);
    sum->n++;
    sum->total += y;
    sum->ylny += y > 0 ? y * log(y) : 0;
}

/* Of everybody in the unit once, where groups overlap. */
static EarningsSum whole_of(const MeasureValues *whole, Slice unit)
{
    EarningsSum sum = {0};
    for (size_t i = 0; i < whole->count; i++)
        if (slice_eq(whole->at[i].unit, unit))
            add_value(&sum, &whole->at[i]);
    return sum;
}

/* Values of one unit, sorted; whole: every value once, NULL where the groups are a partition. */
static Status unit_rows(const Labels *l, const EquityQuery *q, const MeasureValue *p, size_t n,
    const MeasureValues *whole, double z, Sheet *s, UnitResults *results, Error *err)
{
    Group groups[GROUPS_MAX];
    EarningsSum sums[GROUPS_MAX] = {{0}}, all = {0};
    double within[GROUPS_MAX], own;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (count == 0 || !slice_eq(groups[count - 1].grp, p[i].grp)) {
            if (count == GROUPS_MAX)
                return error_set(err, ERR_LIMIT, "the split has more than %d groups", GROUPS_MAX);
            groups[count++] = (Group){.grp = p[i].grp, .first = i};
        }
        Group *g = &groups[count - 1];
        g->count++;
        add_value(&g->sum, &p[i]);
    }
    for (size_t i = 0; i < count; i++) {
        sums[i] = groups[i].sum;
        all.n += sums[i].n;
        all.total += sums[i].total;
    }
    UnitResult r = {p->unit, theil_decompose(sums, count, within), whole != NULL};
    if (whole) {
        all = whole_of(whole, p->unit);
        r.theil = (TheilParts){theil_decompose(&all, 1, &own).total, NAN, NAN};
    }
    for (size_t i = 0; i < count; i++)
        group_row(l, q, p, &groups[i], within[i], &all, z, s);
    return vec_push(results, r, err);
}

static void write_sums(const Labels *l, const EquityQuery *q, const UnitResults *results, Sheet *s)
{
    char share[32], total[32];
    sheet_table(s, "inequality", SLICE("Inequality of earnings, Theil T"), sum_columns, COUNT_OF(sum_columns));
    for (size_t i = 0; i < results->len; i++) {
        const UnitResult *r = &results->at[i];
        double between = r->theil.total > 0 ? 100 * r->theil.between / r->theil.total : NAN;
        Slice title = labels_unit(l, q->level, r->unit);
        sheet_words(s, r->unit);
        sheet_words(s, title);
        sheet_num(s, r->theil.total, 5);
        sheet_num(s, r->theil.between, 5);
        sheet_num(s, r->theil.within, 5);
        sheet_num(s, between, 1);
        sheet_words(s, slice_of(r->overlapping ? overlap_reason : ""));
        if (isfinite(between))
            sheet_finding(s,
                "%.*s: of the inequality of earnings (Theil T %s), %s %% lies between the groups, the rest "
                "within them.",
                SLICE_ARG(title), number_text(r->theil.total, 3, total), number_text(between, 1, share));
    }
}

static Status all_units(const Labels *l, const EquityQuery *q, const MeasureValues *values, const MeasureValues *whole,
    double z, Sheet *s, Error *err)
{
    UnitResults results = {0};
    Status st = OK;
    if (values->count == 0)
        return error_set(err, ERR_NOT_FOUND, "no values of %.*s for that year and place", SLICE_ARG(q->measure));
    sheet_table(s, "earnings", SLICE("Earnings by group"), columns, COUNT_OF(columns));
    for (size_t i = 0, next; i < values->count; i = next) {
        const MeasureValue *first = &values->at[i];
        for (next = i; next < values->count && slice_eq(values->at[next].unit, first->unit);)
            next++;
        if (q->unit.len == 0 || slice_eq(first->unit, q->unit))
            TRY_OUT(unit_rows(l, q, first, next - i, whole, z, s, &results, err));
    }
    if (results.len == 0)
        TRY_OUT(error_set(err, ERR_NOT_FOUND, "no values of unit %.*s", SLICE_ARG(q->unit)));
    write_sums(l, q, &results, s);
out:
    vec_free(&results);
    return st;
}

static Status earnings_sheet(const MeasureContext *ctx, const EquityQuery *query, const MeasureInfo *info,
    const Labels *labels, Sheet *out, Error *err)
{
    MeasureQuery want = MEASURE_QUERY_INIT;
    MeasureValues values = {0}, whole = {0};
    bool overlapping = labels_split_overlaps(labels, query->split);
    EquityRules rules;
    Status st = OK;
    want.name = query->measure;
    want.level = query->level;
    for (Slice rest = query->split; rest.ptr && !slice_eq_z(query->split, "all");) {
        if (want.by_count == COUNT_OF(want.by))
            return error_set(err, ERR_USAGE, "at most %zu splits can be crossed", COUNT_OF(want.by));
        want.by[want.by_count++] = slice_cut(&rest, ',');
    }
    want.year_from = want.year_to = query->year;
    want.definition = query->definition;
    want.as_known_on = query->as_known_on;
    TRY(equity_rules(ctx->policy, query->year, &rules, err));
    TRY(measure_values(ctx, &want, &values, err));
    want.by_count = 0;
    if (overlapping)
        TRY_OUT(measure_values(ctx, &want, &whole, err));
    sheet_fact(out, "measure", "%.*s", SLICE_ARG(query->measure));
    equity_asked_facts(query, out);
    sheet_fact(out, "year", "%" PRId32, query->year);
    sheet_fact(out, "level", "%.*s", SLICE_ARG(query->level));
    sheet_fact(out, "split", "%.*s", SLICE_ARG(query->split));
    TRY_OUT(all_units(labels, query, &values, overlapping ? &whole : NULL, rules.z, out, err));
    if (overlapping)
        overlap_note(out);
    equity_notes(&rules, info, out);
    TRY_OUT(sheet_status(out, err));
out:
    measure_values_free(&values);
    measure_values_free(&whole);
    return st;
}

Status equity_earnings(const MeasureContext *ctx, const EquityQuery *query, Sheet *out, Error *err)
{
    MeasureInfo info;
    Labels labels = {0};
    TRY(measure_info(ctx->policy, query->measure, &out->arena, &info, err));
    if (info.kind != MEASURE_MEDIAN)
        return error_set(err, ERR_USAGE, "%.*s is no median of earnings", SLICE_ARG(query->measure));
    Status st = labels_open(ctx->policy, &out->arena, &labels, err);
    if (st == OK)
        st = earnings_sheet(ctx, query, &info, &labels, out, err);
    labels_free(&labels);
    return st;
}
