/*
 * Groups as points with their intervals, the unit's own rate as a line. Self-contained (its few styles are inside), 360
 * units wide like the other charts; tenths in integers, so that the same table gives the same bytes.
 */
#include "equity/equity_parts.h"
#include "publish/svg.h"

#include <math.h>

#define ROW 400
#define LEFT 0
#define WIDTH 3560
#define TOP 40

static int64_t place(double value)
{
    return LEFT + (int64_t)llround(fmin(100, fmax(0, value)) * WIDTH / 100);
}

static void number_attribute(Buf *out, const char *name, int64_t tenths)
{
    buf_addf(out, " %s=\"", name);
    svg_number(out, tenths);
    buf_addc(out, '"');
}

static void line(Buf *out, const char *class, const int64_t from[2], const int64_t to[2])
{
    buf_addf(out, "<line class=\"%s\"", class);
    number_attribute(out, "x1", from[0]);
    number_attribute(out, "y1", from[1]);
    number_attribute(out, "x2", to[0]);
    number_attribute(out, "y2", to[1]);
    buf_adds(out, "/>\n");
}

static void group_row(Buf *out, const EquityRow *r, int64_t top)
{
    char value[32];
    const int64_t low[2] = {place(r->interval.low), top + 280}, high[2] = {place(r->interval.high), top + 280};
    buf_adds(out, "<text class=\"label\" x=\"0\"");
    number_attribute(out, "y", top + 150);
    buf_addc(out, '>');
    html_text(out, r->title);
    buf_adds(out, "</text><text class=\"value\" text-anchor=\"end\" x=\"356\"");
    number_attribute(out, "y", top + 150);
    buf_addf(out, ">%s%%</text>\n", number_text(r->value, 1, value));
    line(out, "whisker", low, high);
    buf_addf(out, "<circle class=\"%s\" r=\"4\"", r->ppg_flag == FLAG_RAISED ? "dot flagged" : "dot");
    number_attribute(out, "cx", place(r->value));
    number_attribute(out, "cy", top + 280);
    buf_adds(out, "/>\n");
}

/* With its namespace, unlike the pages' charts: this one is a file of its own too. */
static void open_chart(Buf *out, Slice title, Slice desc, int64_t height)
{
    buf_addf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart chart-intervals\" viewBox=\"0 0 360 %" PRId64
        "\" role=\"img\" aria-labelledby=\"equity-t equity-d\">\n<title id=\"equity-t\">",
        height);
    html_text(out, title);
    buf_adds(out, "</title>\n<desc id=\"equity-d\">");
    html_text(out, desc);
    buf_adds(out, "</desc>\n");
}

void equity_chart(const EquityTable *t, const EquityUnit *u, Buf *out)
{
    size_t rows = 0;
    Buf title, desc;
    char all[32];
    for (size_t i = 0; i < u->count; i++)
        rows += t->rows.at[u->first + i].count.n > 0;
    int64_t height = TOP + (int64_t)rows * ROW, top = TOP;
    buf_init(&title, 0);
    buf_init(&desc, 0);
    buf_addf(&title, "%.*s, %.*s, %" PRId32, SLICE_ARG(t->info.title), SLICE_ARG(u->title), t->query.year);
    buf_addf(&desc, "%.*s: each group's rate with its interval; the line is everybody, %s percent.",
        SLICE_ARG(t->split_title), number_text(u->value, 1, all));
    open_chart(out, buf_slice(&title), buf_slice(&desc), height / 10 + 4);
    buf_adds(out, "<style>.label,.value{font:11px sans-serif}.whisker{stroke:#1b1b1b;stroke-width:2}"
                  ".dot{fill:#005ea2}.flagged{fill:#b50909}.reference{stroke:#71767a;stroke-dasharray:3 2}</style>\n");
    const int64_t from[2] = {place(u->value), TOP}, to[2] = {place(u->value), height};
    line(out, "reference", from, to);
    for (size_t i = 0; i < u->count; i++) {
        if (t->rows.at[u->first + i].count.n == 0)
            continue;
        group_row(out, &t->rows.at[u->first + i], top);
        top += ROW;
    }
    buf_adds(out, "</svg>\n");
    buf_free(&title);
    buf_free(&desc);
}
