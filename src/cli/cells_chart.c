/*
 * Figures as an SVG file of its own: the pages' charts (publish) with the words, colours and background that a page
 * would give them.
 */
#include "cli/cells_out.h"
#include "equity/equity.h"
#include "publish/svg.h"
#include "publish/words.h"

#include <math.h>

enum { BARS_MAX = 60 };

typedef struct Chart {
    SvgBar *bars;
    SvgPoint *points;
    size_t count, left_out; /* bars drawn, and those that would be too many */
    int32_t year;           /* of the bars */
    bool is_share, has_intervals;
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

/* "Female, Hispanic or Latino"; with its split where the group does not speak for itself. */
static Status add_groups(const Words *words, const Cell *c, bool name_split, Buf *out, Error *err)
{
    Slice splits = c->split, groups = c->grp;
    for (const char *between = ""; groups.len > 0; between = ", ") {
        Slice split = slice_cut(&splits, ','), group = slice_cut(&groups, ','), name;
        TRY(words_group(words, split, group, (Slice){0}, &name, err));
        /* "Not reported", or a group without a title, tells nobody of what. */
        bool bare = slice_eq_z(group, "unknown") || slice_eq(name, group);
        buf_adds(out, between);
        if (!slice_eq_z(split, "all") && (name_split || bare))
            buf_addf(out, "%.*s: ", SLICE_ARG(words_split(words, split)));
        buf_add(out, name);
    }
    return OK;
}

/* Place, group, category, and how many persons there are. */
static Status bar_label(Cli *cli, const Words *words, const Cell *c, bool name_split, Slice *out, Error *err)
{
    Buf text;
    Slice place;
    bool everybody = slice_eq_z(c->split, "all"), placed = !slice_eq_z(c->level, "state");
    TRY(words_unit(words, c->level, c->unit, (Slice){0}, 0, &place, err));
    buf_init(&text, 0);
    if (placed)
        buf_addf(&text, "%.*s, ", SLICE_ARG(place));
    Status st = OK;
    if (!everybody || (!placed && c->category.len == 0)) {
        st = add_groups(words, c, name_split, &text, err);
        buf_adds(&text, ", ");
    }
    if (c->category.len > 0)
        buf_addf(&text, "%.*s, ", SLICE_ARG(c->category));
    buf_addf(&text, "n\u00a0%" PRId64, c->denominator);
    if (st == OK)
        st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(&cli->arena, buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

/* Of a rate: Wilson's interval at 95 percent. */
static void bar_interval(const Cell *c, SvgBar *b)
{
    if (!slice_eq_z(c->kind, "rate") || c->denominator == 0)
        return;
    Interval i = interval_wilson((Count){c->numerator, c->denominator}, stats_normal_z(0.95));
    b->has_interval = true;
    b->low = 100 * i.low;
    b->high = 100 * i.high;
}

/* More than one way to divide people, everybody apart. */
static bool has_several_splits(const CellSet *cells)
{
    Slice first = {0};
    for (size_t i = 0; i < cells->count; i++) {
        Slice split = cells->cells[i].split;
        if (slice_eq_z(split, "all"))
            continue;
        if (first.ptr && !slice_eq(first, split))
            return true;
        first = split;
    }
    return false;
}

static Status add_bar(Cli *cli, const Words *words, const Cell *c, bool name_split, Chart *chart, Error *err)
{
    if (chart->count == BARS_MAX) {
        chart->left_out++;
        return OK;
    }
    SvgBar *b = &chart->bars[chart->count++];
    *b = (SvgBar){.value = c->value};
    TRY(bar_label(cli, words, c, name_split, &b->label, err));
    TRY(figure_text(cli, c, &b->shown, err));
    bar_interval(c, b);
    chart->has_intervals |= b->has_interval;
    return OK;
}

static Status chart_bars(Cli *cli, const Words *words, const CellSet *cells, Chart *chart, Error *err)
{
    bool several = has_several_splits(cells);
    for (size_t i = 0; i < cells->count; i++)
        chart->year = cells->cells[i].year > chart->year ? cells->cells[i].year : chart->year;
    for (size_t i = 0; i < cells->count; i++)
        if (cells->cells[i].year == chart->year && !isnan(cells->cells[i].value))
            TRY(add_bar(cli, words, &cells->cells[i], several, chart, err));
    return OK;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static const char CHART_STYLE[] =
    "<style>text{font:13px sans-serif;fill:#1b1b1b}.tick,.desc{fill:#565c65;font-size:11.5px}.title,.value{font-weight:"
    "700}.ground{fill:#fff}.bar,.dot{fill:#005ea2}.bar-all{fill:#565c65}.track{fill:#dfe1e2}.line{fill:none;stroke:"
    "#005ea2;stroke-width:2}.grid,.axis,.reference{stroke:#a9aeb1}.whisker{stroke:#1b1b1b;stroke-width:2}</style>\n";

enum { MARGIN = 8, LINE_HEIGHT = 17, TITLE_CHARS = 46, WORDS_CHARS = 58 };

/* Lines of at most `chars` bytes, broken at blanks; returns where the next line stands. */
static int64_t add_lines(Buf *out, const char *class, Slice text, size_t chars, int64_t y)
{
    while (text.len > 0) {
        size_t cut = text.len;
        for (size_t i = 0; i < text.len && (i <= chars || cut == text.len); i++)
            if (text.ptr[i] == ' ' && text.len > chars)
                cut = i;
        buf_addf(out, "<text class=\"%s\" x=\"0\" y=\"%" PRId64 "\">", class, y);
        html_text(out, slice_sub(text, 0, cut));
        buf_adds(out, "</text>\n");
        text = slice_sub(text, cut + 1, text.len);
        y += LINE_HEIGHT;
    }
    return y;
}

static void chart_words(const Chart *chart, Buf *out)
{
    if (chart->year == 0)
        return;
    buf_addf(out, "%" PRId32 "; n: persons", chart->year);
    if (chart->has_intervals)
        buf_adds(out, "; lines: Wilson's interval at 95 percent");
    if (chart->left_out > 0)
        buf_addf(out, "; the first %d of %zu figures", BARS_MAX, BARS_MAX + chart->left_out);
}

/* Height of a chart as svg_open wrote it. */
static int64_t height_of(Slice svg)
{
    Slice head = SLICE("viewBox=\"0 0 360 ");
    Slice rest = slice_sub(svg, slice_find(svg, head) + head.len, svg.len);
    int64_t height = 0;
    ASSERT(parse_i64(slice_cut(&rest, '"'), &height, NULL) == OK);
    return height;
}

static Status write_chart(const char *path, Slice title, const Chart *chart, Slice svg, Error *err)
{
    Buf file, head, words;
    Slice open = SLICE("<svg ");
    ASSERT(slice_starts(svg, open));
    buf_init(&file, 0);
    buf_init(&head, 0);
    buf_init(&words, 0);
    chart_words(chart, &words);
    int64_t y = add_lines(&head, "title", title, TITLE_CHARS, 2 * MARGIN);
    y = add_lines(&head, "desc", buf_slice(&words), WORDS_CHARS, y);
    y = add_lines(&head, "desc", slice_of(cells_banner), WORDS_CHARS, y);
    int64_t height = height_of(svg);
    buf_addf(&file,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-%d 0 %d %" PRId64
        "\">\n%s<rect class=\"ground\" x=\"-%d\" width=\"%d\" height=\"%" PRId64 "\"/>\n",
        MARGIN, 360 + 2 * MARGIN, y + height + MARGIN, CHART_STYLE, MARGIN, 360 + 2 * MARGIN, y + height + MARGIN);
    buf_add(&file, buf_slice(&head));
    buf_addf(&file, "<svg y=\"%" PRId64 "\" width=\"360\" height=\"%" PRId64 "\" ", y, height);
    buf_add(&file, slice_sub(svg, open.len, svg.len));
    buf_adds(&file, "</svg>\n");
    Status st = buf_status(&head, err);
    if (st == OK)
        st = buf_status(&words, err);
    if (st == OK)
        st = buf_status(&file, err);
    if (st == OK)
        st = file_write(path, buf_slice(&file), MODE_PRIVATE, err);
    buf_free(&file);
    buf_free(&head);
    buf_free(&words);
    return st;
}

/* One figure a year, and several years. */
static bool is_line(const CellSet *cells)
{
    bool line = cells->count > 1;
    for (size_t i = 1; i < cells->count; i++)
        line &= cells->cells[i].year > cells->cells[i - 1].year;
    return line;
}

static Status draw(Cli *cli, const Words *words, const CellSet *cells, const char *path, Slice title, Error *err)
{
    Chart chart = {0};
    Buf svg;
    TRY(arena_new(&cli->arena, SvgBar, BARS_MAX, &chart.bars, err));
    TRY(arena_new(&cli->arena, SvgPoint, cells->count + 1, &chart.points, err));
    bool line = is_line(cells);
    for (size_t i = 0; i < cells->count; i++)
        chart.is_share = slice_eq_z(cells->cells[i].kind, "rate") || slice_eq_z(cells->cells[i].kind, "distribution");
    buf_init(&svg, 0);
    Status st = line ? chart_points(cli, cells, &chart, err) : chart_bars(cli, words, cells, &chart, err);
    if (st == OK && line)
        svg_line(&svg, "chart", title, slice_of(cells_banner), chart.points, chart.count, chart.is_share);
    else if (st == OK)
        svg_bars(&svg, "chart", title, slice_of(cells_banner), chart.bars, chart.count, chart.is_share);
    if (st == OK)
        st = buf_status(&svg, err);
    if (st == OK)
        st = write_chart(path, title, &chart, buf_slice(&svg), err);
    buf_free(&svg);
    return st;
}

Status cells_draw(Cli *cli, const CellSet *cells, const char *path, const CellsHead *head, Error *err)
{
    Words words;
    Status st = words_open(head->policy, clock_today(), &cli->arena, &words, err);
    if (st == OK)
        st = draw(cli, &words, cells, path, head->title, err);
    words_free(&words);
    return st;
}
