/*
 * measure: the whole catalogue into results (the pipeline's step), or one question at a time. What a question shows is
 * unprotected: a role must allow it, the ledger says who asked what, why and under which agreement before anything is
 * shown, and files are readable by nobody else.
 */
#include "cli/answer.h"
#include "cli/inside.h"
#include "cli/pipeline.h"
#include "protect/protect.h"
#include "publish/svg.h"

#include <math.h>

static const Option MEASURE_OPTIONS[] = {
    {"force", 'f', NULL, "all measures: do it even when nothing has changed"},
    {"policy", 0, "DIR",
        "list, explain, test: the state's policy folder (default: CAIRN_POLICY, then the installed Colorado)"},
    {"by", 'b', "SPLITS", "up to three splits, crossed, with commas between: race_ethnicity,sex"},
    {"level", 'l', "LEVEL", "state (default), county, district or school"},
    {"years", 'y', "YEARS", "one year or FIRST-LAST (default: all)"},
    {"definition", 'd', "NAME", "which rule of the measure's family (default: the measure's own)"},
    {"pool", 0, "WHAT", "years=N, small=N or units, with commas between: see below"},
    {"minimum", 0, "N", "persons below which a figure is small, in place of the definition's"},
    {"as-known-on", 0, "DATE", "as it was known at the end of that day (YYYY-MM-DD)"},
    {"who", 0, "STATUS",
        "the persons instead of figures: excluded, uncounted, missed, hit, counted, not_found, "
        "out_of_coverage, blocked"},
    {"format", 0, "FORMAT", "table (default), csv, json or parquet"},
    {"out", 'o', "FILE", "write there (mode 0600); parquet needs it"},
    {"chart", 0, "FILE", "also draw the figures as SVG (mode 0600)"},
    {"answer-to", 0, "USER",
        "protect the figures for this asker, who is outside: suppressed, audited together with all releases in force "
        "and "
        "all he was told before; comes as CSV, or JSON with --json"},
    {"purpose", 0, "TEXT", "why you ask; goes into the ledger"},
    {"agreement", 0, "ID", "the agreement you ask under; goes into the ledger"},
    {"role", 0, "NAME", "the role you ask in (default: the first that allows it)"},
};

/* --- list, explain, test ---------------------------------------------------------------------------------------- */

static void list_json(Cli *cli, const MeasureInfos *infos)
{
    Json j;
    cli_json(cli, &j);
    json_key(&j, "measures");
    json_open_array(&j);
    for (size_t i = 0; i < infos->len; i++) {
        const MeasureInfo *m = &infos->at[i];
        json_open_object(&j);
        json_kstr(&j, "name", m->name);
        json_kstr(&j, "title", m->title);
        json_kstr(&j, "question", m->question);
        json_kstr(&j, "unit", m->unit);
        json_kstr(&j, "family", m->family);
        json_kstr(&j, "definition", m->definition);
        json_kint(&j, "minimum_n", m->minimum_n);
        json_kstr(&j, "status", m->file->status);
        json_kstr(&j, "source", m->file->source);
        json_end(&j);
    }
    json_end(&j);
    cli_json_end(cli, &j);
}

static Status do_list(Cli *cli, Policy *policy, Error *err)
{
    MeasureInfos infos = {0};
    DefinitionInfos definitions = {0};
    Status st = measure_list(policy, &cli->arena, &infos, err);
    if (st == OK)
        st = definition_list(policy, &cli->arena, &definitions, err);
    if (st == OK && cli->format == CLI_JSON) {
        list_json(cli, &infos);
    } else if (st == OK) {
        for (size_t i = 0; i < infos.len; i++)
            cli_say(cli, "%-32.*s %.*s\n", SLICE_ARG(infos.at[i].name), SLICE_ARG(infos.at[i].title));
        for (size_t i = 0; i < definitions.len; i++)
            cli_say(cli, "%-32.*s %.*s\n", SLICE_ARG(definitions.at[i].name), SLICE_ARG(definitions.at[i].employed));
    }
    vec_free(&infos);
    vec_free(&definitions);
    return st;
}

static Status do_explain(Cli *cli, Policy *policy, Error *err)
{
    Buf text;
    if (cli->positional_count != 2)
        return error_set(err, ERR_USAGE, "measure explain takes the name of a measure");
    buf_init(&text, 0);
    Status st =
        measure_explain(policy, slice_of(cli->positional[1]), slice_of(cli_value(cli, "definition")), &text, err);
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "measure", slice_of(cli->positional[1]));
        json_kstr(&j, "text", buf_slice(&text));
        cli_json_end(cli, &j);
    } else if (st == OK) {
        buf_add(&cli->out, buf_slice(&text));
    }
    buf_free(&text);
    return st;
}

typedef struct TestTally {
    uint64_t measures, definitions, vectors;
} TestTally;

typedef struct TestTelling {
    Cli *cli;
    TestTally *tally;
} TestTelling;

static void tell_measure(void *ctx, Slice name, uint64_t vectors)
{
    const TestTelling *t = ctx;
    if (t->cli->format == CLI_TEXT)
        cli_say(t->cli, "ok  %-32.*s %" PRIu64 " vectors\n", SLICE_ARG(name), vectors);
    t->tally->measures++;
    t->tally->vectors += vectors;
}

static Status test_definitions(Cli *cli, Policy *policy, Slice only, TestTally *out, Error *err)
{
    DefinitionInfos infos = {0};
    Status st = definition_list(policy, &cli->arena, &infos, err);
    for (size_t i = 0; st == OK && i < infos.len; i++) {
        if (only.len && !slice_eq(infos.at[i].name, only))
            continue;
        uint64_t vectors = 0;
        st = definition_test(policy, infos.at[i].name, &vectors, err);
        if (st == OK && cli->format == CLI_TEXT)
            cli_say(cli, "ok  %-32.*s %" PRIu64 " vectors\n", SLICE_ARG(infos.at[i].name), vectors);
        out->definitions++;
        out->vectors += vectors;
    }
    vec_free(&infos);
    return st;
}

static Status do_test(Cli *cli, Policy *policy, Error *err)
{
    TestTally tally = {0};
    Slice only = slice_of(cli->positional_count > 1 ? cli->positional[1] : NULL);
    TRY(measure_test(policy, only, tell_measure, &(TestTelling){cli, &tally}, err));
    TRY(test_definitions(cli, policy, only, &tally, err));
    if (only.len && tally.measures + tally.definitions == 0)
        return error_set(err, ERR_NOT_FOUND, "no measure or definition \"%.*s\"", SLICE_ARG(only));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "measures", (int64_t)tally.measures);
        json_kint(&j, "definitions", (int64_t)tally.definitions);
        json_kint(&j, "vectors", (int64_t)tally.vectors);
        cli_json_end(cli, &j);
    }
    return OK;
}

static Status with_policy(Cli *cli, Status (*fn)(Cli *cli, Policy *policy, Error *err), Error *err)
{
    const char *dir;
    Policy *policy;
    TRY(cli_policy_dir(cli, &dir, err));
    TRY(policy_open(dir, &policy, err));
    Status st = fn(cli, policy, err);
    policy_close(policy);
    return st;
}

/* --- the question ----------------------------------------------------------------------------------------------- */

static Status parse_number(Slice text, const char *what, int64_t *out, Error *err)
{
    uint64_t n;
    if (parse_u64(text, &n, NULL) != OK || n > 9999)
        return error_set(err, ERR_USAGE, "%s must be a whole number: \"%.*s\"", what, SLICE_ARG(text));
    *out = (int64_t)n;
    return OK;
}

static Status parse_years(Slice text, MeasureQuery *q, Error *err)
{
    int64_t from = 0, to;
    if (text.len == 0)
        return OK;
    Slice rest = text, first = slice_cut(&rest, '-');
    TRY(parse_number(first, "a year", &from, err));
    to = from;
    if (rest.ptr)
        TRY(parse_number(rest, "a year", &to, err));
    if (from == 0 || to < from)
        return error_set(err, ERR_USAGE, "years must be one year or FIRST-LAST: \"%.*s\"", SLICE_ARG(text));
    q->year_from = (int32_t)from;
    q->year_to = (int32_t)to;
    return OK;
}

static Status parse_pool(Slice text, MeasurePool *pool, Error *err)
{
    while (text.len > 0 && text.ptr) {
        Slice part = slice_cut(&text, ',');
        bool small = slice_starts(part, SLICE("small="));
        if (slice_eq_z(part, "units")) {
            pool->units = true;
            continue;
        }
        if ((!small && !slice_starts(part, SLICE("years="))) || pool->years > 0)
            return error_set(
                err, ERR_USAGE, "--pool takes years=N or small=N, and units, not \"%.*s\"", SLICE_ARG(part));
        TRY(parse_number(slice_sub(part, 6, part.len), "the years to pool", &pool->years, err));
        pool->small_only = small;
    }
    return OK;
}

static Status parse_by(Slice text, MeasureQuery *q, Error *err)
{
    while (text.len > 0 && text.ptr) {
        Slice part = slice_trim(slice_cut(&text, ','));
        if (slice_eq_z(part, "county") || slice_eq_z(part, "district") || slice_eq_z(part, "school")) {
            /* places are levels: asked for as a split they are the level of the answer */
            if (q->level.len > 0)
                return error_set(err, ERR_USAGE, "there can be one level only: %.*s", SLICE_ARG(part));
            q->level = part;
            continue;
        }
        if (q->by_count == COUNT_OF(q->by))
            return error_set(err, ERR_USAGE, "at most %zu splits can be crossed", COUNT_OF(q->by));
        q->by[q->by_count++] = part;
    }
    return OK;
}

static Status parse_query(const Cli *cli, MeasureQuery *q, Error *err)
{
    uint64_t minimum;
    *q = (MeasureQuery)MEASURE_QUERY_INIT;
    q->name = slice_of(cli->positional[0]);
    q->definition = slice_of(cli_value(cli, "definition"));
    q->level = slice_of(cli_value(cli, "level"));
    TRY(parse_by(slice_of(cli_value(cli, "by")), q, err));
    TRY(parse_years(slice_of(cli_value(cli, "years")), q, err));
    TRY(parse_pool(slice_of(cli_value(cli, "pool")), &q->pool, err));
    TRY(cli_number(cli, "minimum", 0, 1, 1000000, &minimum, err));
    q->pool.minimum = (int64_t)minimum;
    const char *day = cli_value(cli, "as-known-on");
    if (day && date_parse(slice_of(day), DATE_ISO, &q->as_known_on, NULL) != OK)
        return error_set(err, ERR_USAGE, "--as-known-on takes a day as YYYY-MM-DD, not \"%s\"", day);
    return OK;
}

/* NAME or NAME@DEFINITION. */
static void parse_side(const char *text, const MeasureQuery *common, MeasureQuery *out)
{
    Slice rest = slice_of(text);
    *out = *common;
    out->name = slice_cut(&rest, '@');
    out->definition = rest.ptr ? rest : (Slice){0};
}

/* --- who may ask ------------------------------------------------------------------------------------------------ */

static Status allow(Cli *cli, const Workplace *w, const char *act, Error *err)
{
    return inside_allow(cli, w, act, "measure.asked", slice_of(cli->positional[0]), err);
}

/* An option that the question at hand does not read would be asked for and not answered. */
static Status refuse_options(const Cli *cli, const char *question, const char *const *options, Error *err)
{
    for (; *options; options++)
        if (cli_flag(cli, *options))
            return error_set(err, ERR_USAGE, "%s takes no --%s", question, *options);
    return OK;
}

static const char BANNER[] = "unprotected figures, for inside only: what leaves goes through \"cairn release\"";

/* Text to --out or to standard output. */
static Status deliver(Cli *cli, Slice text, Error *err)
{
    const char *out = cli_value(cli, "out");
    if (!out) {
        buf_add(&cli->out, text);
        return OK;
    }
    TRY(file_write(out, text, MODE_PRIVATE, err));
    cli_answer(cli, "file", slice_of(out), "%s", out);
    return OK;
}

/* --- figures ---------------------------------------------------------------------------------------------------- */

static Status read_format(const Cli *cli, CellFormat *out, Error *err)
{
    static const char *const names[] = {"csv", "json", "table", "parquet"};
    const char *text = cli_value(cli, "format");
    *out = cli->format == CLI_JSON ? CELLS_JSON : CELLS_TABLE;
    for (size_t i = 0; text && i < COUNT_OF(names); i++) {
        if (slice_eq_z(slice_of(text), names[i])) {
            *out = (CellFormat)i;
            text = NULL;
        }
    }
    if (text)
        return error_set(err, ERR_USAGE, "--format takes table, csv, json or parquet, not \"%s\"", text);
    if (*out == CELLS_PARQUET && !cli_flag(cli, "out"))
        return error_set(err, ERR_USAGE, "--format parquet needs --out FILE");
    return OK;
}

typedef struct Chart {
    SvgBar *bars;
    SvgPoint *points;
    size_t count;
    bool is_share;
} Chart;

static Status figure_text(Cli *cli, const Cell *c, Slice *out, Error *err)
{
    const char *text;
    TRY(arena_printf(&cli->arena, &text, err, "%.1f", c->value));
    *out = isnan(c->value) ? SLICE("no figure") : slice_of(text);
    return OK;
}

/* One figure a year is a line; else the newest year's figures are bars. */
static Status chart_points(Cli *cli, const CellSet *cells, Chart *chart, Error *err)
{
    for (size_t i = 0; i < cells->count; i++) {
        const char *label;
        const Cell *c = &cells->cells[i];
        TRY(arena_printf(&cli->arena, &label, err, "%" PRId32, c->year));
        SvgPoint *p = &chart->points[chart->count++];
        *p = (SvgPoint){.label = slice_of(label), .value = isnan(c->value) ? 0 : c->value, .missing = isnan(c->value)};
        TRY(figure_text(cli, c, &p->shown, err));
    }
    return OK;
}

enum { BARS_MAX = 60 };

static Status chart_bars(Cli *cli, const CellSet *cells, Chart *chart, Error *err)
{
    int32_t newest = cells->count ? cells->cells[cells->count - 1].year : 0;
    for (size_t i = 0; i < cells->count && chart->count < BARS_MAX; i++) {
        const char *label;
        const Cell *c = &cells->cells[i];
        if (c->year != newest || isnan(c->value))
            continue;
        bool place = !slice_eq_z(c->level, "state");
        TRY(arena_printf(&cli->arena, &label, err, "%.*s%s%.*s%s%.*s", SLICE_ARG(place ? c->unit : SLICE("")),
            place ? " " : "", SLICE_ARG(c->grp), c->category.len ? " " : "", SLICE_ARG(c->category)));
        SvgBar *b = &chart->bars[chart->count++];
        *b = (SvgBar){.label = slice_of(label), .value = c->value};
        TRY(figure_text(cli, c, &b->shown, err));
    }
    return OK;
}

/* The pages' charts get their colours from a style sheet; a file of its own brings them along. */
static const char CHART_STYLE[] =
    "<style>text{font:13px sans-serif;fill:#1b1b1b}.tick,.desc{fill:#565c65;font-size:11.5px}.value{font-weight:700}"
    ".bar,.dot{fill:#005ea2}.bar-all{fill:#565c65}.track{fill:#dfe1e2}.line{fill:none;stroke:#005ea2;stroke-width:2}"
    ".grid,.axis,.reference{stroke:#a9aeb1}</style>\n";

static Status write_chart(const char *path, Slice svg, Error *err)
{
    Buf file;
    Slice open = SLICE("<svg ");
    size_t end = slice_find(svg, SLICE(">")) + 1;
    ASSERT(slice_starts(svg, open) && end <= svg.len);
    buf_init(&file, 0);
    buf_adds(&file, "<svg xmlns=\"http://www.w3.org/2000/svg\" ");
    buf_add(&file, slice_sub(svg, open.len, end));
    buf_addc(&file, '\n');
    buf_adds(&file, CHART_STYLE);
    buf_add(&file, slice_sub(svg, end, svg.len));
    Status st = buf_status(&file, err);
    if (st == OK)
        st = file_write(path, buf_slice(&file), MODE_PRIVATE, err);
    buf_free(&file);
    return st;
}

static Status draw(Cli *cli, const CellSet *cells, Error *err)
{
    const char *path = cli_value(cli, "chart");
    Chart chart = {0};
    Buf svg;
    if (!path)
        return OK;
    TRY(arena_new(&cli->arena, SvgBar, BARS_MAX, &chart.bars, err));
    TRY(arena_new(&cli->arena, SvgPoint, cells->count + 1, &chart.points, err));
    bool line = cells->count > 1;
    for (size_t i = 1; i < cells->count; i++)
        line &= cells->cells[i].year != cells->cells[i - 1].year;
    for (size_t i = 0; i < cells->count; i++)
        chart.is_share = slice_eq_z(cells->cells[i].kind, "rate") || slice_eq_z(cells->cells[i].kind, "distribution");
    Slice title = slice_of(cli->positional[0]);
    buf_init(&svg, 0);
    Status st = line ? chart_points(cli, cells, &chart, err) : chart_bars(cli, cells, &chart, err);
    if (st == OK && line)
        svg_line(&svg, "chart", title, slice_of(BANNER), chart.points, chart.count, chart.is_share);
    else if (st == OK)
        svg_bars(&svg, "chart", title, slice_of(BANNER), chart.bars, chart.count, chart.is_share);
    if (st == OK)
        st = buf_status(&svg, err);
    if (st == OK)
        st = write_chart(path, buf_slice(&svg), err);
    buf_free(&svg);
    return st;
}

static Status show_cells(Cli *cli, const CellSet *cells, CellFormat format, Error *err)
{
    Buf text;
    const char *out = cli_value(cli, "out");
    TRY(draw(cli, cells, err));
    if (format == CELLS_PARQUET) {
        TRY(cells_to_parquet(cells->cells, cells->count, out, err));
        cli_answer(cli, "file", slice_of(out), "%s", out);
        return OK;
    }
    buf_init(&text, 0);
    if (format == CELLS_TABLE)
        buf_addf(&text, "%s\n", BANNER);
    Status st = cells_print(cells->cells, cells->count, format, &text, err);
    if (format == CELLS_TABLE && cells->count == 0)
        buf_adds(&text, "no figures: nobody is in the measure for those years, or nothing was known on that day\n");
    if (st == OK)
        st = buf_status(&text, err);
    if (st == OK)
        st = deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    return st;
}

static Status ask_cells(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    CellSet cells;
    CellFormat format;
    uint32_t generation;
    TRY(read_format(cli, &format, err));
    TRY(allow(cli, w, "cells", err));
    TRY(measure_query(ctx, q, &cells, &generation, err));
    Status st = show_cells(cli, &cells, format, err);
    cells_free(&cells);
    return st;
}

/* --- answers that leave ------------------------------------------------------------------------------------------ */

static void answer_json(const Answer *a, const MeasureQuery *q, Json *j)
{
    json_kstr(j, "measure", q->name);
    json_kint(j, "earlier", (int64_t)a->report.earlier);
    json_kbool(j, "known", a->report.known);
    json_kint(j, "suppressed", (int64_t)a->report.stats.suppressed);
    json_key(j, "figures");
    json_open_array(j);
    for (size_t i = 0; i < a->count; i++) {
        const Cell *c = a->figures[i].cell;
        json_open_object(j);
        json_kint(j, "year", c->year);
        json_kstr(j, "level", c->level);
        json_kstr(j, "unit", c->unit);
        json_kstr(j, "parent", c->parent);
        json_kstr(j, "split", c->split);
        json_kstr(j, "group", c->grp);
        json_kstr(j, "people", a->figures[i].people);
        json_kstr(j, "value", a->figures[i].value);
        json_end(j);
    }
    json_end(j);
}

static Status tell_answer(Cli *cli, const Answer *a, const MeasureQuery *q, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = OK;
    if (cli->format == CLI_JSON) {
        Json j;
        json_begin(&j, &text, JSON_PRETTY);
        json_open_object(&j);
        answer_json(a, q, &j);
        json_end(&j);
        buf_addc(&text, '\n');
        st = buf_status(&text, err);
    } else {
        st = answer_csv(a, &text, err);
    }
    if (st == OK)
        st = deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    return st;
}

static Status ask_answer(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    static const char *const unread[] = {
        "definition", "pool", "minimum", "as-known-on", "who", "format", "chart", NULL};
    CellSet cells;
    Answer answer = {0};
    uint32_t generation;
    bool named;
    TRY(refuse_options(cli, "--answer-to", unread, err));
    TRY(protect_publishes(w->policy, clock_today(), q->name, &named, err));
    if (!named)
        return error_set(
            err, ERR_DENIED, "no family of the release policy names %.*s: its figures stay inside", SLICE_ARG(q->name));
    TRY(allow(cli, w, "cells", err));
    TRY(measure_query(ctx, q, &cells, &generation, err));
    const AnswerAsk ask = {.user = cli_value(cli, "answer-to"),
        .people = q->name,
        .cells = cells.cells,
        .count = cells.count,
        .released = true,
        .threads = home_settings(w->home)->threads};
    Status st = answer_give(cli, w, &ask, &answer, err);
    if (st == OK)
        st = tell_answer(cli, &answer, q, err);
    answer_free(&answer);
    cells_free(&cells);
    return st;
}

/* --- persons ---------------------------------------------------------------------------------------------------- */

static void print_persons(const MeasurePersons *set, Buf *out)
{
    buf_adds(out, "person,year,county,district,school,status,reason,gap,value\n");
    for (size_t i = 0; i < set->count; i++) {
        const MeasurePerson *p = &set->at[i];
        const Slice texts[] = {p->county, p->district, p->school, p->status, p->reason, p->gap};
        buf_addf(out, "%016" PRIx64 ",%" PRId32, p->person, p->year);
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            buf_addc(out, ',');
            csv_cell(out, texts[k]);
        }
        if (p->has_value)
            buf_addf(out, ",%s%" PRIu64 ".%02" PRIu64 "\n", p->value < 0 ? "-" : "",
                (uint64_t)(p->value < 0 ? -p->value : p->value) / 100,
                (uint64_t)(p->value < 0 ? -p->value : p->value) % 100);
        else
            buf_adds(out, ",\n");
    }
}

static Status ask_who(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    MeasurePersons set;
    Buf text;
    static const char *const unread[] = {"by", "level", "pool", "minimum", "chart", NULL};
    const char *format = cli_value(cli, "format");
    if (cli->format == CLI_JSON || (format && !slice_eq_z(slice_of(format), "csv")))
        return error_set(err, ERR_USAGE, "persons come as CSV only");
    TRY(refuse_options(cli, "--who", unread, err));
    TRY(allow(cli, w, "persons", err));
    TRY(measure_who(ctx, q, slice_of(cli_value(cli, "who")), &set, err));
    buf_init(&text, 0);
    print_persons(&set, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_persons_free(&set);
    return st;
}

/* --- compare ---------------------------------------------------------------------------------------------------- */

static void compare_side(Buf *out, const Cell *c)
{
    if (!c)
        buf_addf(out, "  %9s %12s", "-", "-");
    else if (isnan(c->value))
        buf_addf(out, "  %9" PRId64 " %12s", c->denominator, "-");
    else
        buf_addf(out, "  %9" PRId64 " %12.2f", c->denominator, c->value);
}

/* Years of either side, both in order. */
static void compare_years(const MeasureComparison *c, Buf *out)
{
    for (size_t a = 0, b = 0; a < c->a_count || b < c->b_count;) {
        bool has_a = a < c->a_count && (b == c->b_count || c->a[a].year <= c->b[b].year);
        bool has_b = b < c->b_count && (a == c->a_count || c->b[b].year <= c->a[a].year);
        buf_addf(out, "%" PRId32, has_a ? c->a[a].year : c->b[b].year);
        compare_side(out, has_a ? &c->a[a] : NULL);
        compare_side(out, has_b ? &c->b[b] : NULL);
        buf_addc(out, '\n');
        a += has_a;
        b += has_b;
    }
}

static void compare_text(const Cli *cli, const MeasureComparison *c, Buf *out)
{
    buf_addf(out, "%s\na: %s\nb: %s\n\nyear  persons a      value a  persons b      value b\n", BANNER,
        cli->positional[1], cli->positional[2]);
    compare_years(c, out);
    buf_adds(out,
        "\njudged differently, by the clause that made the difference:\nyear   persons  a                     "
        "         b\n");
    for (size_t i = 0; i < c->row_count; i++) {
        const CompareRow *r = &c->rows[i];
        bool same = slice_eq(r->status_a, r->status_b);
        int64_t n = same ? r->other_value : r->persons;
        if (n == 0)
            continue;
        buf_addf(out, "%" PRId32 " %9" PRId64 "  %-10.*s%-20.*s  %.*s%s%.*s%s\n", r->year, n, SLICE_ARG(r->status_a),
            SLICE_ARG(r->clause_a), SLICE_ARG(r->status_b), r->clause_b.len ? " " : "", SLICE_ARG(r->clause_b),
            same ? " (another value)" : "");
    }
}

static void side_json(Json *j, const char *key, const Cell *cells, size_t count)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < count; i++) {
        json_open_object(j);
        json_kint(j, "year", cells[i].year);
        json_kint(j, "denominator", cells[i].denominator);
        json_kint(j, "numerator", cells[i].numerator);
        json_key(j, "value");
        json_num(j, cells[i].value);
        json_kint(j, "excluded", cells[i].excluded);
        json_end(j);
    }
    json_end(j);
}

static void compare_json(const MeasureComparison *c, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "note", slice_of(BANNER));
    side_json(&j, "a", c->a, c->a_count);
    side_json(&j, "b", c->b, c->b_count);
    json_key(&j, "persons");
    json_open_array(&j);
    for (size_t i = 0; i < c->row_count; i++) {
        const CompareRow *r = &c->rows[i];
        json_open_object(&j);
        json_kint(&j, "year", r->year);
        json_kstr(&j, "status_a", r->status_a);
        json_kstr(&j, "status_b", r->status_b);
        json_kstr(&j, "clause_a", r->clause_a);
        json_kstr(&j, "clause_b", r->clause_b);
        json_kint(&j, "persons", r->persons);
        json_kint(&j, "other_value", r->other_value);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
}

static Status ask_compare(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    MeasureQuery a, b;
    MeasureComparison c;
    Buf text;
    TRY(allow(cli, w, "cells", err));
    parse_side(cli->positional[1], q, &a);
    parse_side(cli->positional[2], q, &b);
    TRY(measure_compare(ctx, &a, &b, &c, err));
    buf_init(&text, 0);
    if (cli->format == CLI_JSON)
        compare_json(&c, &text);
    else
        compare_text(cli, &c, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_comparison_free(&c);
    return st;
}

/* --- the state's own figures ------------------------------------------------------------------------------------- */

static void beside_text(Buf *out, int64_t persons, double value)
{
    if (persons < 0)
        buf_adds(out, "          -");
    else
        buf_addf(out, " %10" PRId64, persons);
    if (isnan(value))
        buf_adds(out, "        -");
    else
        buf_addf(out, " %8.1f", value);
}

static void published_text(const MeasurePublished *p, Buf *out)
{
    Slice source = {0};
    for (size_t i = 0; i < p->count; i++) {
        const PublishedRow *r = &p->rows[i];
        if (!slice_eq(source, r->source))
            buf_addf(out, "%.*s\n%-4s %-8s %-10s %-42s %10s %8s %10s %8s\n", SLICE_ARG(r->source), "year", "level",
                "unit", "group", "published", "value", "ours", "value");
        source = r->source;
        buf_addf(out, "%4" PRId32 " %-8.*s %-10.*s %-26.*s %-15.*s", r->year, SLICE_ARG(r->level), SLICE_ARG(r->unit),
            SLICE_ARG(r->split), SLICE_ARG(r->grp));
        beside_text(out, r->persons, r->value);
        beside_text(out, r->ours_persons, r->ours_value);
        buf_addc(out, '\n');
    }
}

/* What is not known has no key. */
static void beside_json(Json *j, const char *persons_key, int64_t persons, const char *value_key, double value)
{
    if (persons >= 0)
        json_kint(j, persons_key, persons);
    if (isnan(value))
        return;
    json_key(j, value_key);
    json_num(j, value);
}

static void published_json(const MeasurePublished *p, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "note", slice_of(BANNER));
    json_key(&j, "figures");
    json_open_array(&j);
    for (size_t i = 0; i < p->count; i++) {
        const PublishedRow *r = &p->rows[i];
        json_open_object(&j);
        json_kstr(&j, "source", r->source);
        json_kint(&j, "year", r->year);
        json_kstr(&j, "level", r->level);
        json_kstr(&j, "unit", r->unit);
        json_kstr(&j, "split", r->split);
        json_kstr(&j, "group", r->grp);
        beside_json(&j, "published_persons", r->persons, "published_value", r->value);
        beside_json(&j, "persons", r->ours_persons, "value", r->ours_value);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
}

static Status ask_published(Cli *cli, const Workplace *w, const MeasureContext *ctx, Error *err)
{
    MeasurePublished p;
    Buf text;
    TRY(allow(cli, w, "cells", err));
    TRY(measure_published(ctx, slice_of(cli->positional[1]), &p, err));
    buf_init(&text, 0);
    if (cli->format == CLI_JSON)
        published_json(&p, &text);
    else
        published_text(&p, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_published_free(&p);
    return st;
}

static Status run_published(Cli *cli, Error *err)
{
    static const char *const unread[] = {"by", "level", "years", "definition", "pool", "minimum", "as-known-on", "who",
        "format", "chart", "answer-to", NULL};
    Workplace w;
    if (cli->positional_count != 2)
        return error_set(err, ERR_USAGE, "measure published takes the name of a measure");
    TRY(refuse_options(cli, "measure published", unread, err));
    TRY(workplace_open(cli, HOME_READ, &w, err));
    const MeasureContext ctx = {.home = w.home, .policy = w.policy, .log = &cli->log, .progress = cli->progress};
    Status st = ask_published(cli, &w, &ctx, err);
    workplace_close(&w);
    return st;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static Status run_question(Cli *cli, bool compare, Error *err)
{
    static const char *const unread[] = {
        "by", "level", "definition", "pool", "minimum", "who", "format", "chart", "answer-to", NULL};
    Workplace w;
    MeasureQuery q;
    if (compare ? cli->positional_count != 3 : cli->positional_count != 1)
        return error_set(err, ERR_USAGE, "measure %s", compare ? "compare takes two definitions" : "takes one name");
    if (compare)
        TRY(refuse_options(cli, "measure compare", unread, err));
    TRY(parse_query(cli, &q, err));
    TRY(workplace_open(cli, cli_flag(cli, "answer-to") ? HOME_WRITE : HOME_READ, &w, err));
    const MeasureContext ctx = {.home = w.home, .policy = w.policy, .log = &cli->log, .progress = cli->progress};
    Status st = compare                      ? ask_compare(cli, &w, &ctx, &q, err)
                : cli_flag(cli, "answer-to") ? ask_answer(cli, &w, &ctx, &q, err)
                : cli_flag(cli, "who")       ? ask_who(cli, &w, &ctx, &q, err)
                                             : ask_cells(cli, &w, &ctx, &q, err);
    workplace_close(&w);
    return st;
}

static Status run_measure(Cli *cli, Error *err)
{
    if (cli->positional_count == 0)
        return pipeline_run_one(cli, pipeline_measure, err);
    Slice word = slice_of(cli->positional[0]);
    if (slice_eq_z(word, "list"))
        return with_policy(cli, do_list, err);
    if (slice_eq_z(word, "explain"))
        return with_policy(cli, do_explain, err);
    if (slice_eq_z(word, "test"))
        return with_policy(cli, do_test, err);
    if (slice_eq_z(word, "published"))
        return run_published(cli, err);
    return run_question(cli, slice_eq_z(word, "compare"), err);
}

const Command CMD_MEASURE = {
    .name = "measure",
    .synopsis = "[list|explain NAME|test [NAME]|compare A B|published NAME|NAME]",
    .summary = "compute all measures, or ask one",
    .text =
        "Without a word, computes every measure of the policy over the current generation, each under its own "
        "definition; the results stay in the home.\n\n"
        "\"list\" names measures and outcome definitions, \"explain\" tells what one says, \"test\" runs their test "
        "vectors.\n\n"
        "NAME computes one measure, for any level and up to three splits crossed. \"compare A B\" puts two definitions "
        "side by side, each NAME or NAME@DEFINITION: both numbers, and how many persons they judge differently by "
        "which "
        "clause. --who lists the persons behind a figure under their pseudonyms.\n\n"
        "\"published NAME\" puts the state's own published figures of a measure beside ours, where the public files "
        "are "
        "in the home.\n\n"
        "--pool years=3 joins whole windows of three years, counted back from the latest; small=3 joins only figures "
        "below the minimum, over as few years as it takes; units joins places below the minimum with their smallest "
        "siblings. The output says what was pooled.\n\n"
        "--answer-to USER is for an answer that leaves the house: the cells pass the release rule's minimums by "
        "suppression, and the audit together with all releases in force and with everything USER was told before. The "
        "answer becomes an entry of USER's history and of the ledger (query.answered). Exit code 7, and nothing "
        "written, "
        "when no pattern protects every cell.\n\n"
        "All other figures are unprotected and stay inside: a role of the policy's access folder must allow the "
        "question, "
        "--purpose and --agreement are needed, and each question is an entry of the ledger. Exit code 7 when it is "
        "denied.",
    .options = MEASURE_OPTIONS,
    .option_count = COUNT_OF(MEASURE_OPTIONS),
    .positional_max = 3,
    .run = run_measure,
};
