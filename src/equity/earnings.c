/*
 * What only persons can say of a median measure: the interval of a median by order statistics, the mean, and how much of
 * the inequality of earnings lies between groups and how much within them.
 */
#include "equity/equity_parts.h"
#include "measure/persons.h"

#include <math.h>
#include <stdlib.h>

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
};

typedef struct Group {
    Slice grp;
    EarningsSum sum;
    size_t first, count; /* in the sorted persons */
} Group;

static int by_group_and_value(const void *x, const void *y)
{
    const MeasurePerson *a = x, *b = y;
    int c = slice_cmp(a->unit, b->unit);
    if (c == 0)
        c = slice_cmp(a->grp, b->grp);
    if (c == 0)
        c = (a->cents > b->cents) - (a->cents < b->cents);
    return c != 0 ? c : (a->person > b->person) - (a->person < b->person);
}

static double dollars(int64_t cents)
{
    return (double)cents / 100;
}

/* Ranks n/2 -+ z sqrt(n)/2, outwards (Conover 1999, Practical Nonparametric Statistics, 3.2). */
static Interval median_interval(const MeasurePerson *p, size_t n, double z)
{
    double half = z * sqrt((double)n) / 2, middle = (double)n / 2;
    double low = floor(middle - half), high = ceil(middle + half);
    if (low < 1 || high + 1 > (double)n)
        return (Interval){NAN, NAN};
    return (Interval){dollars(p[(size_t)low - 1].cents), dollars(p[(size_t)high].cents)};
}

static double median_of(const MeasurePerson *p, size_t n)
{
    return (dollars(p[(n - 1) / 2].cents) + dollars(p[n / 2].cents)) / 2;
}

static void group_row(const Labels *l, const EquityQuery *q, const MeasurePerson *p, const Group *g, double theil,
    const EarningsSum *all, double z, Sheet *s)
{
    const MeasurePerson *own = p + g->first;
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
} UnitResult;
typedef VEC(UnitResult) UnitResults;

/* Persons of one unit, sorted. */
static Status unit_rows(const Labels *l, const EquityQuery *q, const MeasurePerson *p, size_t n, double z, Sheet *s,
    UnitResults *results, Error *err)
{
    Group groups[GROUPS_MAX];
    EarningsSum sums[GROUPS_MAX], all = {0};
    double within[GROUPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (count == 0 || !slice_eq(groups[count - 1].grp, p[i].grp)) {
            if (count == GROUPS_MAX)
                return error_set(err, ERR_LIMIT, "the split has more than %d groups", GROUPS_MAX);
            groups[count++] = (Group){.grp = p[i].grp, .first = i};
        }
        Group *g = &groups[count - 1];
        double y = dollars(p[i].cents);
        g->count++;
        g->sum.n++;
        g->sum.total += y;
        g->sum.ylny += y > 0 ? y * log(y) : 0;
    }
    for (size_t i = 0; i < count; i++) {
        sums[i] = groups[i].sum;
        all.n += sums[i].n;
        all.total += sums[i].total;
    }
    UnitResult r = {p->unit, theil_decompose(sums, count, within)};
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
        if (isfinite(between))
            sheet_finding(s, "%.*s: of the inequality of earnings (Theil T %s), %s %% lies between the groups, the rest "
                             "within them.",
                SLICE_ARG(title), number_text(r->theil.total, 3, total), number_text(between, 1, share));
    }
}

static Status all_units(
    const Labels *l, const EquityQuery *q, MeasurePersons *persons, double z, Sheet *s, Error *err)
{
    UnitResults results = {0};
    Status st = OK;
    size_t kept = 0;
    for (size_t i = 0; i < persons->len; i++)
        if (persons->at[i].counted && persons->at[i].reason.len == 0 && persons->at[i].has_value)
            persons->at[kept++] = persons->at[i];
    if (kept == 0)
        return error_set(err, ERR_NOT_FOUND, "no earnings of %.*s for that year and place", SLICE_ARG(q->measure));
    qsort(persons->at, kept, sizeof *persons->at, by_group_and_value);
    sheet_table(s, "earnings", SLICE("Earnings by group"), columns, COUNT_OF(columns));
    for (size_t i = 0, next; i < kept; i = next) {
        for (next = i; next < kept && slice_eq(persons->at[next].unit, persons->at[i].unit);)
            next++;
        TRY_OUT(unit_rows(l, q, persons->at + i, next - i, z, s, &results, err));
    }
    write_sums(l, q, &results, s);
out:
    vec_free(&results);
    return st;
}

Status equity_earnings(Db *db, Policy *policy, const EquityQuery *query, Sheet *out, Error *err)
{
    const PersonsQuery want = {.measure = query->measure,
        .level = query->level,
        .unit = query->unit,
        .split = query->split,
        .year = query->year};
    MeasurePersons persons = {0};
    MeasureInfo info;
    EquityRules rules;
    Labels labels = {0};
    Status st = OK;
    TRY(equity_measure(policy, query->measure, &out->arena, &info, err));
    if (info.kind != MEASURE_MEDIAN)
        return error_set(err, ERR_USAGE, "%.*s is no measure of earnings", SLICE_ARG(query->measure));
    TRY_OUT(equity_rules(policy, query->year, &rules, err));
    TRY_OUT(labels_open(policy, &out->arena, &labels, err));
    TRY_OUT(measure_persons(db, policy, &want, &out->arena, &persons, err));
    sheet_fact(out, "measure", "%.*s", SLICE_ARG(query->measure));
    sheet_fact(out, "year", "%" PRId32, query->year);
    sheet_fact(out, "level", "%.*s", SLICE_ARG(query->level));
    sheet_fact(out, "split", "%.*s", SLICE_ARG(query->split));
    TRY_OUT(all_units(&labels, query, &persons, rules.z, out, err));
    equity_notes(&rules, &info, out);
    TRY_OUT(sheet_status(out, err));
out:
    vec_free(&persons);
    labels_free(&labels);
    return st;
}
