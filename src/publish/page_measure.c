/*
 * One page a measure: the answer, how it changed, for whom it differs, where, what exactly is counted, what is missing.
 * Every chart has its table beside or under it.
 */
#include "publish/svg.h"
#include "publish/view.h"

#include "publish/templates.h"

#include <math.h>
#include <stdio.h>

typedef struct Page {
    Release *r;
    Arena *arena;
    const MeasureInfo *m;
    CellRange table;
    int32_t *years;
    size_t year_count;
    int32_t year; /* the newest */
    TmplPageMeasure v;
} Page;

static Status keep_html(Page *p, Buf *b, Html *out, Error *err)
{
    Status st = buf_status(b, err);
    if (st == OK)
        st = arena_dup(p->arena, buf_slice(b), &out->s, err);
    buf_free(b);
    return st;
}

static Status trend(Page *p, Error *err)
{
    SvgPoint *points;
    TmplPageMeasureYears *rows;
    TRY(arena_new(p->arena, SvgPoint, p->year_count, &points, err));
    TRY(arena_new(p->arena, TmplPageMeasureYears, p->year_count, &rows, err));
    for (size_t i = 0; i < p->year_count; i++) {
        const PublishedCell *c = view_state(p->table, p->years[i]);
        TRY(view_printf(p->r, &rows[i].year, err, "%d", (int)p->years[i]));
        TRY(view_value(p->arena, c, &rows[i].value, err));
        points[i] = (SvgPoint){.label = rows[i].year, .value = view_number(c), .shown = rows[i].value};
        points[i].missing = isnan(points[i].value);
        if (c) {
            rows[i].n = view_people(c);
            rows[i].covered = c->shown_seen;
            rows[i].strong = c->shown_linked;
        }
    }
    p->v.years = rows;
    p->v.years_count = p->year_count;
    Slice desc;
    TRY(view_printf(p->r, &desc, err, "Line from %d to %d; the values are in the table beside it.", (int)p->years[0],
        (int)p->year));
    Buf b;
    buf_init(&b, 0);
    svg_line(&b, "trend", p->m->title, desc, points, p->year_count, p->m->kind == MEASURE_RATE);
    return keep_html(p, &b, &p->v.trend, err);
}

/* --- groups ---------------------------------------------------------------------------------------------------- */

static Status split_chart(Page *p, Slice split, const TmplPageMeasureSplitsRows *rows, const double *values,
    size_t count, Html *out, Error *err)
{
    SvgBar *bars;
    TRY(arena_new(p->arena, SvgBar, count, &bars, err));
    size_t drawn = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            bars[drawn++] =
                (SvgBar){.label = rows[i].label, .value = values[i], .shown = rows[i].value, .is_reference = i == 0};
    Slice title;
    const char *id;
    TRY(view_printf(p->r, &title, err, "%.*s by %.*s, %d", SLICE_ARG(p->m->title),
        SLICE_ARG(words_split(&p->r->words, split)), (int)p->year));
    TRY(arena_printf(p->arena, &id, err, "by-%.*s", SLICE_ARG(split)));
    Buf b;
    buf_init(&b, 0);
    svg_bars(&b, id, title, SLICE("One bar a group, everybody first; the values are in the table beside it."), bars,
        drawn, p->m->kind == MEASURE_RATE);
    return keep_html(p, &b, out, err);
}

static Status split_row(Page *p, const PublishedCell *c, const PublishedCell *all, TmplPageMeasureSplitsRows *row,
    double *value, Error *err)
{
    TRY(words_group(&p->r->words, c->cell.split, c->cell.grp, c->groups, &row->label, err));
    TRY(view_value(p->arena, c, &row->value, err));
    row->n = view_people(c);
    if (c != all)
        TRY(view_gap(p->arena, c, all, &row->gap, err));
    row->behind = slice_starts(row->gap, SLICE("\xe2\x88\x92"));
    *value = view_number(c);
    row->covered = c->shown_seen;
    row->strong = c->shown_linked;
    return OK;
}

static Status add_split(Page *p, Slice split, TmplPageMeasureSplits *out, Error *err)
{
    const PublishedCell *all = view_state(p->table, p->year), **groups;
    size_t count;
    TRY(view_groups(p->r, p->table, p->year, split, &groups, &count, err));
    *out = (TmplPageMeasureSplits){.title = words_split(&p->r->words, split)};
    if (count == 0)
        return OK;
    count++;
    TmplPageMeasureSplitsRows *rows;
    double *values;
    TRY(arena_new(p->arena, TmplPageMeasureSplitsRows, count, &rows, err));
    TRY(arena_new(p->arena, double, count, &values, err));
    TRY(split_row(p, all, all, &rows[0], &values[0], err));
    bool joined = false, hides = false;
    for (size_t i = 1; i < count; i++) {
        TRY(split_row(p, groups[i - 1], all, &rows[i], &values[i], err));
        joined = joined || groups[i - 1]->groups.len > 0;
        hides = hides || groups[i - 1]->hiding != PROTECT_SHOWN;
    }
    out->rows = rows;
    out->rows_count = count;
    if (joined)
        out->note = SLICE("Groups named together are too small to be shown apart.");
    if (hides)
        out->note =
            SLICE("Hidden: few people stand behind the figure, or it would help to work out another of few people.");
    return split_chart(p, split, rows, values, count, &out->chart, err);
}

static Status groups(Page *p, Error *err)
{
    size_t count = 0, defined = 0;
    TmplPageMeasureSplits *splits;
    while (words_split_name(&p->r->words, defined).ptr)
        defined++;
    TRY(arena_new(p->arena, TmplPageMeasureSplits, defined, &splits, err));
    for (size_t i = 0; i < defined; i++) {
        TRY(add_split(p, words_split_name(&p->r->words, i), &splits[count], err));
        count += splits[count].rows_count > 0;
    }
    p->v.splits = splits;
    p->v.splits_count = count;
    p->v.has_groups = count > 0;
    p->v.gap_unit = p->m->kind == MEASURE_RATE ? SLICE("in percentage points") : SLICE("in dollars");
    return OK;
}

/* --- map ------------------------------------------------------------------------------------------------------- */

/* The published cell in which a unit is counted: its own, or the pool that names it. */
static const PublishedCell *cell_of_unit(const Page *p, Slice level, Slice unit)
{
    CellQuery q = {.year = p->year, .level = level, .split = SLICE("all")};
    const PublishedCell *c;
    for (size_t at = 0; (c = view_next(p->table, &q, &at));) {
        if (slice_eq(c->cell.unit, unit))
            return c;
        for (Slice list = c->members; c->members.len > 0 && list.ptr;)
            if (slice_eq(slice_cut(&list, ' '), unit))
                return c;
    }
    return NULL;
}

typedef struct Ranges {
    double low, step;
    Slice words[5];
} Ranges;

/* Five equal, round ranges over the values of the level. */
static Status ranges_of(Page *p, Slice level, Ranges *out, Error *err)
{
    static const double rate_steps[] = {1, 2, 5, 10, 20}, dollar_steps[] = {100, 200, 500, 1000, 2000, 5000, 10000};
    bool rate = p->m->kind == MEASURE_RATE;
    const double *steps = rate ? rate_steps : dollar_steps;
    size_t step_count = rate ? COUNT_OF(rate_steps) : COUNT_OF(dollar_steps);
    double low = INFINITY, high = -INFINITY;
    CellQuery q = {.year = p->year, .level = level, .split = SLICE("all")};
    const PublishedCell *c;
    for (size_t at = 0; (c = view_next(p->table, &q, &at));) {
        double v = view_number(c);
        if (isnan(v))
            continue;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    *out = (Ranges){0};
    if (!(low <= high))
        return OK;
    for (size_t i = 0; i < step_count; i++) {
        out->step = steps[i];
        out->low = floor(low / out->step) * out->step;
        if (out->low + 5 * out->step > high)
            break;
    }
    for (int i = 0; i < 5; i++) {
        int64_t from = (int64_t)(out->low + i * out->step), to = (int64_t)(out->low + (i + 1) * out->step);
        Slice least, under;
        if (rate) {
            TRY(view_printf(p->r, &out->words[i], err, "%lld%% to under %lld%%", (long long)from, (long long)to));
            continue;
        }
        TRY(view_dollars(p->arena, from, &least, err));
        TRY(view_dollars(p->arena, to, &under, err));
        TRY(view_printf(p->r, &out->words[i], err, "%.*s to under %.*s", SLICE_ARG(least), SLICE_ARG(under)));
    }
    return OK;
}

static int shade_of(const Ranges *ranges, double v)
{
    if (isnan(v) || ranges->step <= 0)
        return 0;
    int shade = 1 + (int)((v - ranges->low) / ranges->step);
    return shade < 1 ? 1 : shade > 5 ? 5 : shade;
}

static Status map_area(Page *p, Slice level, const Ranges *ranges, Slice unit, SvgArea *a, Error *err)
{
    const PublishedCell *c = cell_of_unit(p, level, unit);
    Slice full;
    TRY(words_unit(&p->r->words, level, unit, (Slice){"", 0}, 1, &full, err));
    if (!c)
        return view_printf(p->r, &a->words, err, "%.*s: no figure", SLICE_ARG(full));
    if (c->hiding == PROTECT_HIDDEN)
        return view_printf(p->r, &a->words, err,
            "%.*s: hidden, because few people stand behind it or it would help to work out a figure of few",
            SLICE_ARG(full));
    if (c->hiding == PROTECT_HIDDEN_VALUE)
        return view_printf(
            p->r, &a->words, err, "%.*s: hidden, because an employer could be known by it", SLICE_ARG(full));
    TRY(view_value(p->arena, c, &a->shown, err));
    a->pooled = c->unit_count > 1;
    a->shade = shade_of(ranges, view_number(c));
    Slice value = a->shown;
    /* On the map there is room for whole percents. */
    if (p->m->kind == MEASURE_RATE && a->shade > 0)
        TRY(view_printf(p->r, &a->shown, err, "%lld", (long long)floor(view_number(c) + 0.5)));
    else if (a->shade > 0)
        TRY(view_printf(p->r, &a->shown, err, "%.1fk", floor(view_number(c) / 100 + 0.5) / 10));
    if (!a->pooled)
        return view_printf(p->r, &a->words, err, "%.*s: %.*s of %.*s people", SLICE_ARG(full), SLICE_ARG(value),
            SLICE_ARG(c->shown_denominator));
    return view_printf(p->r, &a->words, err, "%.*s is too small to be shown alone; with %u others: %.*s of %.*s people",
        SLICE_ARG(full), c->unit_count - 1, SLICE_ARG(value), SLICE_ARG(c->shown_denominator));
}

static Status draw_map(Page *p, const Toml *map, Slice level, Error *err)
{
    Slice text, code = words_in(map, "code"), file = words_in(map, "file");
    const char *path;
    CsvTable t;
    size_t columns[5];
    const char *const names[5] = {code.ptr, "name", "x", "y", "path"};
    TRY(policy_data(p->r->plan->policy, file.ptr, &text, &path, err));
    TRY(csv_parse(text, file.ptr, p->arena, &t, err));
    for (size_t i = 0; i < 5; i++)
        TRY(csv_column(&t, names[i], &columns[i], err));
    Ranges ranges;
    TRY(ranges_of(p, level, &ranges, err));
    SvgArea *areas;
    TRY(arena_new(p->arena, SvgArea, t.rows, &areas, err));
    for (size_t r = 0; r < t.rows; r++) {
        const Slice *row = &t.cells[r * t.columns];
        double x, y;
        TRY(parse_f64(row[columns[2]], &x, err));
        TRY(parse_f64(row[columns[3]], &y, err));
        areas[r] = (SvgArea){.name = row[columns[1]], .path = row[columns[4]]};
        areas[r].x = (int64_t)floor(x * 10 + 0.5);
        areas[r].y = (int64_t)floor(y * 10 + 0.5);
        TRY(map_area(p, level, &ranges, row[columns[0]], &areas[r], err));
    }
    Slice title;
    TRY(view_printf(p->r, &title, err, "%.*s by %.*s, %d", SLICE_ARG(p->m->title),
        SLICE_ARG(words_level(&p->r->words, level, "one")), (int)p->year));
    Buf b;
    buf_init(&b, 0);
    svg_map(&b, "map", title, SLICE("A map; each area's value is in the table under it."), areas, t.rows);
    TRY(keep_html(p, &b, &p->v.map, err));
    buf_init(&b, 0);
    svg_legend(&b, ranges.words, ranges.step > 0 ? 5 : 0, p->v.suppresses ? SVG_NONE_HIDDEN : SVG_NONE_POOLED);
    return keep_html(p, &b, &p->v.legend, err);
}

static Status area_rows(Page *p, Slice level, Error *err)
{
    CellQuery q = {.year = p->year, .level = level, .split = SLICE("all")};
    const PublishedCell *c;
    size_t count = 0;
    for (size_t at = 0; view_next(p->table, &q, &at);)
        count++;
    TmplPageMeasureAreas *rows;
    TmplPageMeasurePools *pools;
    TRY(arena_new(p->arena, TmplPageMeasureAreas, count, &rows, err));
    TRY(arena_new(p->arena, TmplPageMeasurePools, count, &pools, err));
    p->v.areas = rows;
    p->v.pools = pools;
    for (size_t at = 0; (c = view_next(p->table, &q, &at));) {
        TmplPageMeasureAreas *row = &rows[p->v.areas_count++];
        TRY(view_unit(p->r, c, &row->name, err));
        TRY(view_value(p->arena, c, &row->value, err));
        row->n = view_people(c);
        row->covered = c->shown_seen;
        row->strong = c->shown_linked;
        if (c->unit_count > 1) {
            TmplPageMeasurePools *pool = &pools[p->v.pools_count++];
            pool->name = row->name;
            TRY(view_members(p->r, c, &pool->members, err));
        }
    }
    return view_printf(p->r, &p->v.areas_caption, err, "%.*s by %.*s, %d", SLICE_ARG(p->m->title),
        SLICE_ARG(words_level(&p->r->words, level, "one")), (int)p->year);
}

static Status places(Page *p, Error *err)
{
    const Toml *map = toml_get(p->r->words.file->toml, "map");
    Slice level = words_in(map, "level");
    CellQuery q = {.year = p->year, .level = level, .split = SLICE("all")};
    size_t at = 0;
    if (!map || !view_next(p->table, &q, &at))
        return OK;
    TRY(area_rows(p, level, err));
    TRY(draw_map(p, map, level, err));
    return view_href(p->r, p->m->name, "-places.html", &p->v.places_href, err);
}

/* --- words ----------------------------------------------------------------------------------------------------- */

static Status sentences(Page *p, Error *err)
{
    const PublishedCell *now = view_state(p->table, p->year), *then = view_state(p->table, p->years[0]);
    TmplPageMeasureSentences *s;
    TRY(arena_new(p->arena, TmplPageMeasureSentences, 4, &s, err));
    size_t n = 0;
    if (now->hiding == PROTECT_HIDDEN)
        TRY(view_printf(p->r, &s[n++].text, err,
            "The figure of %d is hidden: few people stand behind it, or it would help to work out another of few "
            "people.",
            (int)p->year));
    else if (p->m->kind == MEASURE_RATE)
        TRY(view_printf(p->r, &s[n++].text, err, "%.*s of %.*s people counted for %d.", SLICE_ARG(p->v.value),
            SLICE_ARG(now->shown_denominator), (int)p->year));
    else
        TRY(view_printf(p->r, &s[n++].text, err, "The middle of %.*s people, in %.*s: half earn more, half less.",
            SLICE_ARG(now->shown_denominator), SLICE_ARG(p->m->unit)));
    Slice gap;
    TRY(view_gap(p->arena, now, then, &gap, err));
    if (then && then != now && gap.len > 0)
        TRY(view_printf(p->r, &s[n++].text, err, "Since %d: %.*s%s.", (int)p->years[0], SLICE_ARG(gap),
            p->m->kind == MEASURE_RATE ? " percentage points" : ""));
    if (now->shown_seen.len > 0 && now->shown_linked.len > 0)
        TRY(view_printf(p->r, &s[n++].text, err,
            "Of 100 of these people, at least %.*s could have been seen in %.*s, and at least %.*s are safely linked "
            "between agencies.",
            SLICE_ARG(now->shown_seen), SLICE_ARG(p->v.seen_source), SLICE_ARG(now->shown_linked)));
    Slice right, found;
    TRY(view_link_quality(p->arena, now, &right, &found, err));
    if (right.len > 0 && found.len > 0)
        TRY(view_printf(p->r, &s[n++].text, err,
            "Of 100 pairs of their records that were joined, about %.*s are expected to be right; of 100 that should "
            "have "
            "been, about %.*s were.",
            SLICE_ARG(right), SLICE_ARG(found)));
    p->v.sentences = s;
    p->v.sentences_count = n;
    return OK;
}

static Status withheld(Page *p, Error *err)
{
    const Protected *f = p->r->plan->figures;
    size_t count = 0;
    TmplPageMeasureWithheld *rows;
    TRY(arena_new(p->arena, TmplPageMeasureWithheld, f->withheld_count, &rows, err));
    for (size_t i = 0; i < f->withheld_count; i++) {
        const WithheldTable *w = &f->withheld[i];
        if (!slice_eq(w->table, p->m->name) || (w->year != p->year && p->year != 0))
            continue;
        Slice split = slice_eq_z(w->split, "all") ? SLICE("everybody") : words_split(&p->r->words, w->split);
        TRY(view_printf(p->r, &rows[count].what, err, "%d, %.*s, %.*s", (int)w->year, SLICE_ARG(split),
            SLICE_ARG(words_level(&p->r->words, w->level, "many"))));
        rows[count++].why = w->reason;
    }
    p->v.withheld = rows;
    p->v.withheld_count = count;
    return OK;
}

/* --- what can be seen ------------------------------------------------------------------------------------------- */

static Status seen_level(Page *p, Slice level, TmplPageMeasureLevels *rows, Error *err)
{
    uint64_t alone = 0, other = 0;
    for (size_t i = 0; i < p->table.count; i++) {
        const PublishedCell *c = &p->table.at[i];
        if (!slice_eq(c->cell.level, level))
            continue;
        if (c->hiding != PROTECT_SHOWN || c->members.len > 0 || c->groups.len > 0)
            other++;
        else
            alone++;
    }
    if (alone + other == 0)
        return OK;
    TmplPageMeasureLevels *row = &rows[p->v.levels_count++];
    row->name = words_level(&p->r->words, level, "many");
    TRY(view_count(p->r, alone, &row->alone, err));
    return view_count(p->r, other, &row->other, err);
}

/* Numbers of figures, as anybody counts them in the data file, and none of people: a share of the people shown rests
 * on hidden counts, and with the people that are printed even a rounded one bounds how many are in the hidden groups.
 */
static Status seen_levels(Page *p, Error *err)
{
    const Toml *list = toml_get(p->r->plan->figures->policy->toml, "hierarchy");
    TmplPageMeasureLevels *rows;
    size_t count = 0;
    for (const Toml *l = list ? list->first : NULL; l; l = l->next)
        count++;
    TRY(arena_new(p->arena, TmplPageMeasureLevels, count, &rows, err));
    p->v.levels = rows;
    for (const Toml *l = list ? list->first : NULL; l; l = l->next)
        TRY(seen_level(p, l->string, rows, err));
    ProtectLane lane;
    TRY(view_lane(p->r, p->m->name, &lane, err));
    p->v.pools_lane = lane == PROTECT_POOL_LANE;
    p->v.suppresses = !p->v.pools_lane;
    return OK;
}

static Status definition(Page *p, Error *err)
{
    const MeasureInfo *m = p->m;
    const Toml *seen = view_seen(p->r, m->name);
    p->v.question = m->question;
    p->v.title = m->title;
    p->v.population = m->population;
    p->v.numerator = m->numerator;
    p->v.denominator = m->denominator;
    p->v.note = m->note;
    p->v.rule_source = m->file->source;
    p->v.rule_version = m->file->version;
    p->v.rule_path = slice_of(m->file->path);
    p->v.verified = slice_eq_z(m->file->status, "verified");
    p->v.assumed = !p->v.verified;
    p->v.people = SLICE("People");
    p->v.seen = words_in(seen, "text");
    p->v.seen_source = seen ? words_in(seen, "source") : SLICE("the records used");
    TRY(view_printf(p->r, &p->v.csv_href, err, "data/%.*s.csv", SLICE_ARG(m->name)));
    return view_printf(p->r, &p->v.json_href, err, "data/%.*s.json", SLICE_ARG(m->name));
}

static Status figures(Page *p, Error *err)
{
    p->year = p->year_count > 0 ? p->years[p->year_count - 1] : 0;
    const PublishedCell *now = p->year_count > 0 ? view_state(p->table, p->year) : NULL;
    TRY(withheld(p, err));
    if (!now) {
        p->v.value = SLICE("Not shown");
        return OK;
    }
    TRY(view_printf(p->r, &p->v.year, err, "%d", (int)p->year));
    TRY(view_value(p->arena, now, &p->v.value, err));
    TRY(view_printf(p->r, &p->v.value_year, err, "%d", (int)p->year));
    TRY(sentences(p, err));
    TRY(trend(p, err));
    TRY(groups(p, err));
    return places(p, err);
}

Status page_measure_write(Release *r, const MeasureInfo *m, Error *err)
{
    Page p = {.r = r, .arena = r->words.arena, .m = m, .table = view_table(r, m->name)};
    Slice path;
    TRY(view_years(p.table, p.arena, &p.years, &p.year_count, err));
    TRY(definition(&p, err));
    TRY(seen_levels(&p, err));
    TRY(figures(&p, err));
    TRY(view_href(r, m->name, ".html", &path, err));
    Buf body;
    buf_init(&body, 0);
    tmpl_page_measure(&body, &p.v);
    Status st = page_write(r, path.ptr, m->title, m->question, &body, err);
    buf_free(&body);
    return st;
}
