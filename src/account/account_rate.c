/*
 * Counts to lines, lines to points, points to a plan type. Everything is a whole number: counts, and decimals in
 * millionths; each percentage is rounded half up as the framework says before anything is decided with it.
 */
#include "account/account_parts.h"

#include <stdlib.h>

__extension__ typedef unsigned __int128 Wide;

#define KEY_SEP '\x1f'

/* Half up: floor(x / unit + 1/2), with x = above / below kept whole. */
static int64_t divide_wide(Wide above, Wide below, int64_t decimals)
{
    Wide unit = 1, result;
    for (int64_t i = decimals; i < 6; i++)
        unit *= 10;
    result = (above * 2 + below * unit) / (below * unit * 2) * unit;
    ASSERT(result <= (Wide)INT64_MAX);
    return (int64_t)result;
}

int64_t decimal_divide(int64_t numerator, int64_t denominator, int64_t scale, int64_t decimals)
{
    ASSERT(numerator >= 0 && denominator > 0 && scale >= 0 && decimals >= 0 && decimals <= 6);
    return divide_wide((Wide)numerator * (Wide)scale, (Wide)denominator, decimals);
}

/* --- finding counts --- */

typedef struct Index {
    const CellSet *cells;
    Map at;       /* measure, year, unit, split, grp */
    Map measures; /* measures that have any figures of the level */
    Map units;
} Index;

static Status index_key(Slice measure, int32_t year, Slice unit, Slice split, Slice grp, Buf *key, Error *err)
{
    buf_reset(key);
    buf_add(key, measure);
    buf_addc(key, KEY_SEP);
    buf_add_i64(key, year);
    const Slice rest[] = {unit, split, grp};
    for (size_t i = 0; i < COUNT_OF(rest); i++) {
        buf_addc(key, KEY_SEP);
        buf_add(key, rest[i]);
    }
    return buf_status(key, err);
}

static bool is_candidate(const Framework *f, Slice measure)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[m];
                for (size_t c = 0; c < one->candidate_count; c++)
                    if (slice_eq(one->candidates[c].measure, measure))
                        return true;
            }
    return false;
}

/* Persons whose district or school is not known belong to no unit that is rated. */
static bool is_unit(Slice unit)
{
    return !slice_eq_z(unit, "OTHER") && !slice_ends(unit, SLICE("-OTHER"));
}

static Status index_build(const Framework *f, const CellSet *cells, int32_t year, Index *x, Error *err)
{
    Buf key;
    Status st = OK;
    buf_init(&key, 0);
    x->cells = cells;
    TRY_OUT(map_init(&x->at, err));
    TRY_OUT(map_init(&x->measures, err));
    TRY_OUT(map_init(&x->units, err));
    for (size_t i = 0; i < cells->count; i++) {
        const Cell *c = &cells->cells[i];
        /* The longest lag and the longest pool reach twenty years back. */
        if (!slice_eq(c->level, f->level) || c->year > year || c->year < year - 20 || !is_candidate(f, c->measure))
            continue;
        TRY_OUT(index_key(c->measure, c->year, c->unit, c->split, c->grp, &key, err));
        TRY_OUT(map_put(&x->at, buf_slice(&key), i, NULL, err));
        TRY_OUT(map_put(&x->measures, c->measure, 1, NULL, err));
        if (is_unit(c->unit))
            TRY_OUT(map_put(&x->units, c->unit, 1, NULL, err));
    }
out:
    buf_free(&key);
    return st;
}

static void index_free(Index *x)
{
    map_free(&x->at);
    map_free(&x->measures);
    map_free(&x->units);
}

static Status count_of(
    const Index *x, Slice measure, int32_t year, Slice unit, const GroupDef *group, Buf *key, Count *out, Error *err)
{
    static const Slice everybody[] = {SLICE_INIT("all")};
    const Slice *codes = group ? group->codes : everybody;
    size_t count = group ? group->code_count : 1;
    Slice split = group ? group->split : everybody[0];
    *out = (Count){0, 0};
    for (size_t i = 0; i < count; i++) {
        uint64_t at;
        TRY(index_key(measure, year, unit, split, codes[i], key, err));
        if (!map_get(&x->at, buf_slice(key), &at))
            continue;
        /* Groups that overlap would count a person twice. */
        if (count > 1 && !x->cells->cells[at].additive)
            return error_set(err, ERR_INVALID, "group %.*s adds up groups of split %.*s, which overlap",
                SLICE_ARG(group->name), SLICE_ARG(split));
        out->hits += x->cells->cells[at].numerator;
        out->n += x->cells->cells[at].denominator;
    }
    return OK;
}

/* One year, and the years before it while there are too few persons. */
static Status fill_candidate(const Index *x, const RatingLine *line, size_t which, Slice unit, int32_t year, Buf *key,
    LineCandidate *out, Error *err)
{
    const FrameworkMeasure *m = line->measure;
    const Candidate *c = &m->candidates[which];
    *out = (LineCandidate){.status = LINE_NOT_HELD, .rate = -1};
    uint64_t any;
    if (!map_get(&x->measures, c->measure, &any))
        return OK;
    out->last_year = year - (int32_t)c->lag;
    out->first_year = out->last_year;
    TRY(count_of(x, c->measure, out->last_year, unit, line->group, key, &out->count, err));
    for (int64_t back = 1; back < m->pool_years && out->count.n < m->minimum_n; back++) {
        Count earlier;
        int32_t before = out->last_year - (int32_t)back;
        TRY(count_of(x, c->measure, before, unit, line->group, key, &earlier, err));
        if (earlier.n > 0)
            out->first_year = before;
        out->count.hits += earlier.hits;
        out->count.n += earlier.n;
    }
    out->status = LINE_NO_DATA;
    return OK;
}

/* --- points --- */

static bool is_better(const FrameworkMeasure *m, int64_t a, int64_t b)
{
    return m->better == BETTER_HIGHER ? a > b : a < b;
}

static const CutPoint *cut_of(const PointScale *s, Better better, int64_t rate)
{
    for (size_t i = 0; i + 1 < s->count; i++)
        if (better == BETTER_HIGHER ? rate >= s->cuts[i].limit : rate <= s->cuts[i].limit)
            return &s->cuts[i];
    return &s->cuts[s->count - 1];
}

static void decide_candidate(const FrameworkMeasure *m, LineCandidate *c)
{
    if (c->status == LINE_NOT_HELD)
        return;
    c->rate = -1;
    c->status = c->count.n == 0 ? LINE_NO_DATA : c->count.n < m->minimum_n ? LINE_TOO_FEW : LINE_RATED;
    if (c->count.n > 0)
        c->rate = decimal_divide(c->count.hits, c->count.n, PERCENT, m->decimals);
}

static void decide_line(RatingLine *line)
{
    const FrameworkMeasure *m = line->measure;
    const PointScale *scale = line->group ? &m->each : &m->all;
    line->status = LINE_NOT_HELD;
    line->cut = NULL;
    line->earned = line->possible = 0;
    for (size_t i = 0; i < m->candidate_count; i++) {
        LineCandidate *c = &line->candidates[i];
        decide_candidate(m, c);
        /* RATED is the lowest word: the most that can be said of any candidate is said of the line. */
        bool first = c->status < line->status;
        if (first || (c->status == LINE_RATED && is_better(m, c->rate, line->candidates[line->chosen].rate))) {
            line->status = c->status;
            line->chosen = i;
        }
    }
    if (line->status != LINE_RATED)
        return;
    line->cut = cut_of(scale, m->better, line->candidates[line->chosen].rate);
    line->earned = line->cut->points;
    line->possible = scale->cuts[0].points;
}

static void percent_of(const Framework *f, Points *p)
{
    p->percent = p->possible > 0 ? decimal_divide(p->earned, p->possible, PERCENT, f->decimals) : -1;
}

typedef struct Weighted { /* sum of weight times percent over what has one */
    int64_t weights;
    Wide sum;
} Weighted;

static void add_weighted(Weighted *w, int64_t weight, int64_t percent)
{
    if (percent < 0 || weight == 0)
        return;
    w->weights += weight;
    w->sum += (Wide)weight * (Wide)percent;
}

static int64_t weighted_percent(const Framework *f, const Weighted *w)
{
    return w->weights > 0 ? divide_wide(w->sum, (Wide)w->weights, f->decimals) : -1;
}

static void decide_indicator(const Framework *f, Rating *r, size_t i, size_t first_part)
{
    const Indicator *in = &f->indicators[i];
    Points *own = &r->indicators[i];
    Weighted w = {0, 0};
    if (!in->held) {
        percent_of(f, own);
        return;
    }
    *own = (Points){.percent = -1};
    for (size_t p = 0; p < in->part_count; p++) {
        Points *part = &r->parts[first_part + p];
        *part = (Points){.percent = -1};
        for (size_t k = 0; k < r->line_count; k++)
            if (r->lines[k].indicator == i && r->lines[k].part == p) {
                part->earned += r->lines[k].earned;
                part->possible += r->lines[k].possible;
            }
        percent_of(f, part);
        add_weighted(&w, in->parts[p].weight, part->percent);
        own->earned += part->earned;
        own->possible += part->possible;
    }
    own->percent = in->part_count == 1 ? r->parts[first_part].percent : weighted_percent(f, &w);
}

static void decide_plan(const Framework *f, Rating *r)
{
    r->by_points = r->plan = NULL;
    if (r->total < 0)
        return;
    size_t at = 0;
    while (at + 1 < f->plan_count && r->total < f->plans[at].at_least)
        at++;
    r->by_points = &f->plans[at];
    if (f->participation.tests > 0 && r->tests_below >= f->participation.tests)
        at += (size_t)f->participation.lowers;
    r->plan = &f->plans[at < f->plan_count ? at : f->plan_count - 1];
}

void rating_decide(const Framework *f, Rating *r)
{
    Weighted all = {0, 0};
    int64_t held = 0, weights = 0;
    for (size_t k = 0; k < r->line_count; k++)
        decide_line(&r->lines[k]);
    for (size_t i = 0, part = 0; i < f->indicator_count; part += f->indicators[i++].part_count) {
        decide_indicator(f, r, i, part);
        add_weighted(&all, f->indicators[i].weight, r->indicators[i].percent);
        weights += f->indicators[i].weight;
        held += r->indicators[i].percent >= 0 ? f->indicators[i].weight : 0;
    }
    r->weight_held = decimal_divide(held, weights, MILLION, 6);
    r->total = weighted_percent(f, &all);
    decide_plan(f, r);
}

/* --- a unit --- */

static size_t lines_of(const Framework *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++)
                n += 1 + f->indicators[i].parts[p].measures[m].group_count;
    return n;
}

static void list_lines(const Framework *f, Rating *r)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[m];
                for (size_t g = 0; g <= one->group_count; g++)
                    r->lines[r->line_count++] = (RatingLine){
                        .indicator = i, .part = p, .measure = one, .group = g == 0 ? NULL : one->groups[g - 1]};
            }
}

static void use_reference(const Framework *f, const Reference *reference, Rating *r)
{
    for (size_t k = 0; k < reference->len; k++) {
        const ReferenceRow *row = &reference->at[k];
        if (!slice_eq(row->unit, r->unit))
            continue;
        if (slice_eq_z(row->kind, "participation"))
            r->tests_below += f->participation.tests > 0 && row->value < f->participation.below;
        for (size_t i = 0; slice_eq_z(row->kind, "points") && i < f->indicator_count; i++)
            if (!f->indicators[i].held && slice_eq(f->indicators[i].name, row->name))
                r->indicators[i] = (Points){.earned = row->value, .possible = row->possible, .from_reference = true};
    }
}

static Status rate_unit(const Framework *f, const Index *x, const Reference *reference, Slice unit, int32_t year,
    Arena *arena, Rating *r, Error *err)
{
    size_t parts = 0;
    Buf key;
    Status st = OK;
    buf_init(&key, 0);
    *r = (Rating){.year = year};
    for (size_t i = 0; i < f->indicator_count; i++)
        parts += f->indicators[i].part_count;
    TRY_OUT(arena_dup(arena, unit, &r->unit, err));
    TRY_OUT(arena_new(arena, RatingLine, lines_of(f), &r->lines, err));
    TRY_OUT(arena_new(arena, Points, parts, &r->parts, err));
    TRY_OUT(arena_new(arena, Points, f->indicator_count, &r->indicators, err));
    list_lines(f, r);
    for (size_t k = 0; k < r->line_count; k++)
        for (size_t c = 0; c < r->lines[k].measure->candidate_count; c++)
            TRY_OUT(fill_candidate(x, &r->lines[k], c, unit, year, &key, &r->lines[k].candidates[c], err));
    use_reference(f, reference, r);
    rating_decide(f, r);
out:
    buf_free(&key);
    return st;
}

static int by_text(const void *x, const void *y)
{
    return slice_cmp(*(const Slice *)x, *(const Slice *)y);
}

static Status sorted_units(const Index *x, Slice only, Arena *arena, Slice **out, size_t *count, Error *err)
{
    *count = 0;
    TRY(arena_new(arena, Slice, x->units.len, out, err));
    for (size_t i = 0; i < x->units.len; i++)
        if (only.len == 0 || slice_eq(x->units.entries[i].key, only))
            (*out)[(*count)++] = x->units.entries[i].key;
    if (*count > 0)
        qsort(*out, *count, sizeof **out, by_text);
    return OK;
}

Status ratings_compute(const Framework *f, const CellSet *cells, const Reference *reference, int32_t year, Slice unit,
    Arena *arena, Ratings *out, Error *err)
{
    Index x = {0};
    Slice *units;
    size_t count;
    Status st = OK;
    TRY_OUT(index_build(f, cells, year, &x, err));
    TRY_OUT(sorted_units(&x, unit, arena, &units, &count, err));
    for (size_t i = 0; i < count; i++) {
        Rating r;
        TRY_OUT(rate_unit(f, &x, reference, units[i], year, arena, &r, err));
        TRY_OUT(vec_push(out, r, err));
    }
    if (unit.len > 0 && count == 0) {
        st = error_set(err, ERR_NOT_FOUND, "%.*s %.*s has no figures that framework %.*s uses for %" PRId32,
            SLICE_ARG(f->level), SLICE_ARG(unit), SLICE_ARG(f->file->name), year);
        cells_hint_units(cells, f->level, unit, err);
    } else if (count == 0) {
        st = error_set(err, ERR_NOT_FOUND, "no %.*s has figures that framework %.*s uses for %" PRId32,
            SLICE_ARG(f->level), SLICE_ARG(f->file->name), year);
    }
out:
    index_free(&x);
    return st;
}
