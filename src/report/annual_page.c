/* The page of the yearly report: sections and words from policy, figures from the release, in the release's printing.
 */
#include "report/report_parts.h"

#include "publish/paper.h"
#include "publish/svg.h"

#include "report/report_templates.h"

#include <jansson.h>
#include <math.h>

typedef VEC(TmplAnnualSections) Sections;
typedef VEC(TmplAnnualEquity) Equities;
typedef VEC(PaperSection) Contents;

static Slice word(const Toml *t, const char *key)
{
    const Toml *v = toml_get(t, key);
    return v && v->type == TOML_STRING ? v->string : (Slice){"", 0};
}

static bool is_percent(const ReleasedTable *t)
{
    return slice_eq_z(t->unit, "percent");
}

/* The numbers of the release's data files with the signs that its pages print: "84.2%", "$9,300". */
static Status grouped(Arena *arena, int64_t v, Slice *out, Error *err)
{
    Slice head;
    if (v < 1000)
        return arena_format(arena, out, err, "%" PRId64, v);
    TRY(grouped(arena, v / 1000, &head, err));
    return arena_format(arena, out, err, "%.*s,%03" PRId64, SLICE_ARG(head), v % 1000);
}

static Status value_text(Arena *arena, const ReleasedTable *t, double v, Slice *out, Error *err)
{
    Slice whole;
    if (isnan(v)) {
        *out = SLICE("not given");
        return OK;
    }
    bool is_whole = fabs(v - floor(v)) < 1e-9;
    if (is_percent(t))
        return arena_format(arena, out, err, is_whole ? "%.0f%%" : "%.1f%%", v);
    if (!is_whole || v < 0)
        return arena_format(arena, out, err, "%.1f", v);
    TRY(grouped(arena, (int64_t)v, &whole, err));
    bool dollars = slice_starts(t->unit, SLICE("dollars"));
    return arena_format(arena, out, err, "%s%.*s", dollars ? "$" : "", SLICE_ARG(whole));
}

static Status people_text(Arena *arena, Slice people, Slice *out, Error *err)
{
    int64_t n;
    *out = people;
    return parse_i64(people, &n, NULL) == OK && n >= 0 ? grouped(arena, n, out, err) : OK;
}

/* --- charts ----------------------------------------------------------------------------------------------------- */

/* A chart carries its own style: what prints the page does not look into the page's for drawings. */
static const char CHART_STYLE[] =
    "<style>text{font:13px \"Public Sans\",\"Source Sans 3\",Arial,sans-serif;fill:#1b1b1b}"
    ".tick{font-size:11.5px;fill:#565c65}.value{font-weight:700}.grid{stroke:#dfe1e2;stroke-width:1}"
    ".line{fill:none;stroke:#005ea2;stroke-width:2.5}.dot{fill:#005ea2}.track{fill:#edeff0}.bar{fill:#005ea2}"
    ".bar-all{fill:#565c65}.reference{stroke:#1b1b1b;stroke-width:1.5;stroke-dasharray:3 3}</style>";

static Status styled(Arena *arena, Buf *svg, Html *out, Error *err)
{
    Slice all = buf_slice(svg), text = {"", 0};
    size_t open = slice_find(all, SLICE(">"));
    Status st = buf_status(svg, err);
    if (st == OK && open < all.len)
        st = arena_format(arena, &text, err, "%.*s%s%.*s", (int)open + 1, all.ptr, CHART_STYLE,
            (int)(all.len - open - 1), all.ptr + open + 1);
    buf_free(svg);
    out->s = text;
    return st;
}

static Status trend_chart(Arena *arena, const ReleasedTable *t, const TmplAnnualSectionsMeasuresRows *rows,
    const double *values, size_t count, Html *out, Error *err)
{
    Slice id, desc;
    SvgPoint *points;
    Buf svg;
    TRY(arena_new(arena, SvgPoint, count, &points, err));
    for (size_t i = 0; i < count; i++)
        points[i] = (SvgPoint){.label = rows[i].year,
            .value = isnan(values[i]) ? 0 : values[i],
            .shown = rows[i].value,
            .missing = isnan(values[i])};
    TRY(arena_format(arena, &id, err, "trend-%.*s", SLICE_ARG(t->measure)));
    TRY(arena_format(arena, &desc, err, "Statewide figures from %.*s to %.*s; the table beside has the same numbers.",
        SLICE_ARG(rows[0].year), SLICE_ARG(rows[count - 1].year)));
    buf_init(&svg, 0);
    svg_line(&svg, id.ptr, t->title, desc, points, count, is_percent(t));
    return styled(arena, &svg, out, err);
}

/* --- topics ----------------------------------------------------------------------------------------------------- */

static Status measure_part(const AnnualPage *p, const ReleasedTable *t, TmplAnnualSectionsMeasures *out, Error *err)
{
    Arena *arena = p->released->arena;
    TmplAnnualSectionsMeasuresRows *rows;
    double *values;
    size_t count = 0;
    TRY(arena_new(arena, TmplAnnualSectionsMeasuresRows, t->cell_count, &rows, err));
    TRY(arena_new(arena, double, t->cell_count, &values, err));
    for (size_t i = 0; i < t->cell_count; i++) {
        const ReleasedCell *c = &t->cells[i];
        if (!slice_eq_z(c->split, "all") || c->year > p->year)
            continue;
        values[count] = c->value;
        TRY(arena_format(arena, &rows[count].year, err, "%" PRId32, c->year));
        TRY(value_text(arena, t, c->value, &rows[count].value, err));
        TRY(people_text(arena, c->people, &rows[count].people, err));
        count++;
    }
    ASSERT(count > 0); /* released_latest found one */
    *out = (TmplAnnualSectionsMeasures){.title = t->title,
        .question = t->question,
        .note = t->note,
        .assumed = slice_eq_z(t->rule_status, "assumed"),
        .rows = rows,
        .rows_count = count};
    TRY(arena_format(
        arena, &out->answer, err, "%.*s in %.*s.", SLICE_ARG(rows[count - 1].value), SLICE_ARG(rows[count - 1].year)));
    return trend_chart(arena, t, rows, values, count, &out->chart, err);
}

static Status section_part(AnnualPage *p, const Toml *section, size_t number, TmplAnnualSections *out, Error *err)
{
    Arena *arena = p->released->arena;
    const Toml *names;
    TmplAnnualSectionsMeasures *measures;
    TRY(toml_array(section, p->plan->path, "measures", &names, err));
    *out = (TmplAnnualSections){0};
    TRY(toml_str(section, p->plan->path, "title", &out->title, err));
    TRY(toml_str(section, p->plan->path, "text", &out->text, err));
    TRY(arena_format(arena, &out->anchor, err, "topic-%zu", number));
    TRY(arena_new(arena, TmplAnnualSectionsMeasures, names->count, &measures, err));
    for (const Toml *n = names->first; n; n = n->next) {
        const ReleasedTable *t = released_table(p->released, n->string);
        if (t && released_latest(t, p->year) > 0)
            TRY(measure_part(p, t, &measures[out->measures_count++], err));
    }
    out->measures = measures;
    p->shown += out->measures_count;
    return OK;
}

static Status add_sections(AnnualPage *p, Sections *out, Contents *contents, Error *err)
{
    const Toml *list;
    size_t number = 0;
    TRY(toml_array(p->plan->toml, p->plan->path, "section", &list, err));
    for (const Toml *s = list->first; s; s = s->next) {
        TmplAnnualSections section;
        TRY(section_part(p, s, ++number, &section, err));
        if (section.measures_count == 0)
            continue;
        const PaperSection entry = {.anchor = section.anchor, .title = section.title};
        TRY(vec_push(out, section, err));
        TRY(vec_push(contents, entry, err));
    }
    return OK;
}

/* --- groups ----------------------------------------------------------------------------------------------------- */

static Status gap_text(Arena *arena, const ReleasedTable *t, double value, double all, Slice *out, Error *err)
{
    *out = (Slice){"", 0};
    if (isnan(value) || isnan(all))
        return OK;
    double gap = value - all;
    const char *sign = gap > 0 ? "+" : gap < 0 ? "\xe2\x88\x92" : "";
    return arena_format(arena, out, err, is_percent(t) ? "%s%.1f points" : "%s%.0f", sign, fabs(gap));
}

static Status bars_chart(Arena *arena, const ReleasedTable *t, Slice split, Slice caption,
    const TmplAnnualEquitySplitsRows *rows, const double *values, size_t count, Html *out, Error *err)
{
    Slice id;
    SvgBar *bars;
    size_t n = 0;
    Buf svg;
    TRY(arena_new(arena, SvgBar, count, &bars, err));
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            bars[n++] =
                (SvgBar){.label = rows[i].name, .value = values[i], .shown = rows[i].value, .is_reference = i == 0};
    TRY(arena_format(arena, &id, err, "bars-%.*s-%.*s", SLICE_ARG(t->measure), SLICE_ARG(split)));
    buf_init(&svg, 0);
    svg_bars(&svg, id.ptr, caption, SLICE("The table beside has the same numbers."), bars, n, is_percent(t));
    return styled(arena, &svg, out, err);
}

static Status group_row(Arena *arena, const ReleasedTable *t, const ReleasedCell *c, double all, bool is_all,
    TmplAnnualEquitySplitsRows *out, Error *err)
{
    *out = (TmplAnnualEquitySplitsRows){.name = is_all ? SLICE("Everybody") : c->group_name, .gap = {"", 0}};
    TRY(value_text(arena, t, c->value, &out->value, err));
    if (!is_all)
        TRY(gap_text(arena, t, c->value, all, &out->gap, err));
    return people_text(arena, c->people, &out->people, err);
}

static Slice split_title(const AnnualPage *p, Slice split)
{
    PolicyFiles files = {0};
    Slice title = split;
    if (policy_list(p->released->policy, "measures", &files, NULL) == OK)
        for (size_t i = 0; i < files.len; i++) {
            const Toml *list = slice_eq_z(files.at[i]->name, "splits") ? toml_get(files.at[i]->toml, "split") : NULL;
            for (const Toml *s = list ? list->first : NULL; s; s = s->next)
                if (slice_eq(word(s, "name"), split) && word(s, "title").len > 0)
                    title = word(s, "title");
        }
    vec_free(&files);
    return title;
}

/* count 0: the release has no group of it. */
static Status split_part(
    const AnnualPage *p, const ReleasedTable *t, Slice split, int32_t year, TmplAnnualEquitySplits *out, Error *err)
{
    Arena *arena = p->released->arena;
    const ReleasedCell *all = released_everybody(t, year);
    TmplAnnualEquitySplitsRows *rows;
    double *values;
    size_t count = 1;
    *out = (TmplAnnualEquitySplits){.title = split_title(p, split)};
    TRY(arena_new(arena, TmplAnnualEquitySplitsRows, t->cell_count + 1, &rows, err));
    TRY(arena_new(arena, double, t->cell_count + 1, &values, err));
    values[0] = all->value;
    TRY(group_row(arena, t, all, all->value, true, &rows[0], err));
    for (size_t i = 0; i < t->cell_count; i++) {
        const ReleasedCell *c = &t->cells[i];
        if (c->year != year || !slice_eq(c->split, split))
            continue;
        values[count] = c->value;
        TRY(group_row(arena, t, c, all->value, false, &rows[count++], err));
    }
    if (count == 1)
        return OK;
    out->rows = rows;
    out->rows_count = count;
    TRY(arena_format(
        arena, &out->caption, err, "%.*s: %.*s, %" PRId32, SLICE_ARG(t->title), SLICE_ARG(out->title), year));
    return bars_chart(arena, t, split, out->caption, rows, values, count, &out->chart, err);
}

static Status add_equity(const AnnualPage *p, const Toml *equity, Equities *out, Error *err)
{
    const Toml *names, *splits;
    TRY(toml_array(equity, p->plan->path, "measures", &names, err));
    TRY(toml_array(equity, p->plan->path, "splits", &splits, err));
    for (const Toml *n = names->first; n; n = n->next) {
        const ReleasedTable *t = released_table(p->released, n->string);
        int32_t year = t ? released_latest(t, p->year) : 0;
        TmplAnnualEquitySplits *parts;
        TmplAnnualEquity entry = {.splits_count = 0};
        if (year == 0)
            continue;
        entry.title = t->title;
        TRY(arena_new(p->released->arena, TmplAnnualEquitySplits, splits->count, &parts, err));
        for (const Toml *s = splits->first; s; s = s->next) {
            TRY(split_part(p, t, s->string, year, &parts[entry.splits_count], err));
            entry.splits_count += parts[entry.splits_count].rows_count > 0;
        }
        entry.splits = parts;
        if (entry.splits_count > 0)
            TRY(vec_push(out, entry, err));
    }
    return OK;
}

/* --- method, log, sources --------------------------------------------------------------------------------------- */

static Status add_method(const AnnualPage *p, TmplAnnual *v, Error *err)
{
    const Released *r = p->released;
    TmplAnnualParameters *parameters;
    TmplAnnualDefinitions *definitions;
    TmplAnnualQuality *quality;
    TRY(arena_format(r->arena, &v->audit, err,
        "An independent check attacked all %" PRId64 " published figures before they left and found nobody; %" PRId64
        " tables or groups were withheld or shown together with others.",
        r->audited, r->withheld));
    TRY(arena_new(r->arena, TmplAnnualParameters, r->parameters.len, &parameters, err));
    TRY(arena_new(r->arena, TmplAnnualDefinitions, r->tables.len, &definitions, err));
    TRY(arena_new(r->arena, TmplAnnualQuality, r->tables.len, &quality, err));
    for (size_t i = 0; i < r->parameters.len; i++) {
        parameters[i].name = r->parameters.at[i].name;
        TRY(arena_format(r->arena, &parameters[i].value, err, "%" PRId64, r->parameters.at[i].value));
    }
    for (size_t i = 0; i < r->tables.len; i++) {
        const ReleasedTable *t = &r->tables.at[i];
        const ReleasedCell *c = released_everybody(t, released_latest(t, p->year));
        if (!c)
            continue;
        definitions[v->definitions_count] = (TmplAnnualDefinitions){.title = t->title,
            .population = t->population,
            .numerator = t->numerator,
            .denominator = t->denominator,
            .source = t->rule_source,
            .assumed = slice_eq_z(t->rule_status, "assumed")};
        TRY(arena_format(r->arena, &definitions[v->definitions_count++].rule, err, "%.*s, version %.*s",
            SLICE_ARG(t->rule), SLICE_ARG(t->rule_version)));
        quality[v->quality_count] = (TmplAnnualQuality){
            .title = t->title, .seen = c->seen, .linked = c->linked, .precision = c->precision, .recall = c->recall};
        TRY(arena_format(r->arena, &quality[v->quality_count++].year, err, "%" PRId32, c->year));
    }
    v->protection = r->protection;
    v->protection_file = r->protection_file;
    v->parameters = parameters;
    v->parameters_count = r->parameters.len;
    v->definitions = definitions;
    v->quality = quality;
    return OK;
}

static Status log_row(const AnnualPage *p, const LedgerEntry *e, TmplAnnualReleases *out, Error *err)
{
    Arena *arena = p->released->arena;
    char at[21];
    clock_print(e->at, at);
    *out = (TmplAnnualReleases){.id = e->subject, .current = slice_eq(e->subject, p->released->id)};
    TRY(arena_format(arena, &out->day, err, "%.10s", at));
    json_t *body = json_loadb(e->body.ptr, e->body.len, 0, NULL);
    const json_t *cells = json_object_get(body, "cells");
    Status st = slice_eq_z(e->kind, "release.withdrawn") ? arena_format(arena, &out->what, err, "withdrawn")
                : json_is_integer(cells)
                    ? arena_format(arena, &out->what, err, "published, %" JSON_INTEGER_FORMAT " figures checked",
                          json_integer_value(cells))
                    : arena_format(arena, &out->what, err, "published");
    json_decref(body);
    return st;
}

static Status add_log(const AnnualPage *p, TmplAnnual *v, Error *err)
{
    TmplAnnualReleases *rows;
    TRY(arena_new(p->released->arena, TmplAnnualReleases, p->published->len, &rows, err));
    for (size_t i = 0; i < p->published->len; i++) {
        const LedgerEntry *e = &p->published->at[i];
        if (slice_eq_z(e->kind, "release.published") || slice_eq_z(e->kind, "release.withdrawn"))
            TRY(log_row(p, e, &rows[v->releases_count++], err));
    }
    v->releases = rows;
    return OK;
}

static Status add_sources(const AnnualPage *p, TmplAnnual *v, Error *err)
{
    const Released *r = p->released;
    TmplAnnualSources *rows;
    TRY(arena_new(r->arena, TmplAnnualSources, r->sources.len, &rows, err));
    for (size_t i = 0; i < r->sources.len; i++) {
        const ReleasedSource *s = &r->sources.at[i];
        rows[i] = (TmplAnnualSources){.title = s->title, .name = s->name};
        TRY(grouped(r->arena, (int64_t)s->files, &rows[i].files, err));
        TRY(grouped(r->arena, (int64_t)s->rows, &rows[i].rows, err));
    }
    v->sources = rows;
    v->sources_count = r->sources.len;
    return OK;
}

static Status missing_text(const AnnualPage *p, Slice *out, Error *err)
{
    const Released *r = p->released;
    *out = (Slice){"", 0};
    for (size_t i = 0; i < r->missing.len; i++)
        TRY(arena_format(
            r->arena, out, err, "%.*s%s%.*s", SLICE_ARG(*out), i ? ", " : "", SLICE_ARG(r->missing.at[i])));
    for (size_t i = 0; i < r->tables.len; i++)
        if (released_latest(&r->tables.at[i], p->year) == 0)
            TRY(arena_format(r->arena, out, err, "%.*s%s%.*s", SLICE_ARG(*out), out->len ? ", " : "",
                SLICE_ARG(r->tables.at[i].title)));
    return OK;
}

/* --- the page --------------------------------------------------------------------------------------------------- */

static Status write_paper(const AnnualPage *p, const Contents *contents, const Buf *body, Buf *out, Error *err)
{
    Slice title, foot;
    Arena *arena = p->released->arena;
    TRY(arena_format(arena, &title, err, "%.*s, %" PRId32, SLICE_ARG(p->plan->title), p->year));
    TRY(arena_format(arena, &foot, err,
        "All figures are those of release %.*s, as they were printed there: none stands for a single person or a small "
        "group.",
        SLICE_ARG(p->released->id)));
    const Paper paper = {.language = word(p->words->toml, "language"),
        .site = word(p->words->toml, "site"),
        .kicker = word(p->plan->toml, "kicker"),
        .title = title,
        .lead = word(p->plan->toml, "lead"),
        .sections = contents->at,
        .section_count = contents->len,
        .body = html_of(body),
        .foot = foot};
    return paper_write(&paper, out, err);
}

static Status add_rest(Contents *contents, bool has_equity, Slice equity_title, Error *err)
{
    const PaperSection rest[] = {
        {SLICE("equity"), equity_title},
        {SLICE("method"), SLICE("Method")},
        {SLICE("releases"), SLICE("Release log")},
        {SLICE("sources"), SLICE("Data sources")},
    };
    for (size_t i = has_equity ? 0 : 1; i < COUNT_OF(rest); i++)
        TRY(vec_push(contents, rest[i], err));
    return OK;
}

Status annual_page(AnnualPage *p, Buf *out, Error *err)
{
    const Toml *equity = toml_get(p->plan->toml, "equity");
    Sections sections = {0};
    Equities groups = {0};
    Contents contents = {0};
    TmplAnnual v = {.equity_title = word(equity, "title"), .equity_text = word(equity, "text")};
    Buf body;
    buf_init(&body, 0);
    Status st;
    TRY_OUT(add_sections(p, &sections, &contents, err));
    if (equity)
        TRY_OUT(add_equity(p, equity, &groups, err));
    TRY_OUT(add_method(p, &v, err));
    TRY_OUT(add_log(p, &v, err));
    TRY_OUT(add_sources(p, &v, err));
    TRY_OUT(missing_text(p, &v.missing, err));
    TRY_OUT(add_rest(&contents, groups.len > 0, v.equity_title, err));
    v.sections = sections.at;
    v.sections_count = sections.len;
    v.has_equity = groups.len > 0;
    v.equity = groups.at;
    v.equity_count = groups.len;
    tmpl_annual(&body, &v);
    TRY_OUT(buf_status(&body, err));
    st = write_paper(p, &contents, &body, out, err);
out:
    vec_free(&sections);
    vec_free(&groups);
    vec_free(&contents);
    buf_free(&body);
    return st;
}
