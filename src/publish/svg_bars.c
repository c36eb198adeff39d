/* Bars by group: the label above each bar, so that long names need no small print on a phone. */
#include "publish/svg.h"

#include <math.h>

#define ROW 400
#define LINE 160 /* a second line of the label */
#define WIDTH 3560
#define LABEL_CHARS 40

/* Where a label breaks: at the last blank that leaves room for the value beside the first line; its length when it
 * fits. */
static size_t break_of(Slice label)
{
    if (label.len <= LABEL_CHARS)
        return label.len;
    size_t at = LABEL_CHARS;
    while (at > 0 && label.ptr[at] != ' ')
        at--;
    return at > 0 ? at : label.len;
}

static void label_line(Buf *out, Slice text, int64_t y)
{
    buf_adds(out, "<text class=\"label\" x=\"0\" y=\"");
    svg_number(out, y);
    buf_adds(out, "\">");
    html_text(out, text);
    buf_adds(out, "</text>");
}

static int64_t place(double value, double unit)
{
    return (int64_t)llround(fmin(fmax(value, 0) * unit, WIDTH));
}

static void across(Buf *out, const char *class, int64_t from, int64_t to, int64_t y)
{
    buf_addf(out, "<line class=\"%s\" x1=\"", class);
    svg_number(out, from);
    buf_adds(out, "\" x2=\"");
    svg_number(out, to);
    for (int side = 1; side <= 2; side++) {
        buf_addf(out, "\" y%d=\"", side);
        svg_number(out, y);
    }
    buf_adds(out, "\"/>\n");
}

/* reference: where everybody's bar ends; negative: nowhere. */
static void bar(Buf *out, const SvgBar *b, int64_t top, double unit, int64_t reference)
{
    size_t cut = break_of(b->label);
    label_line(out, slice_sub(b->label, 0, cut), top + 160);
    if (cut < b->label.len) {
        top += LINE;
        label_line(out, slice_sub(b->label, cut + 1, b->label.len), top + 160);
    }
    buf_adds(out, "<text class=\"value\" text-anchor=\"end\" x=\"356\" y=\"");
    svg_number(out, top + 160);
    buf_adds(out, "\">");
    html_text(out, b->shown);
    buf_adds(out, "</text>\n<rect class=\"track\" x=\"0\" width=\"356\" height=\"12\" y=\"");
    svg_number(out, top + 220);
    buf_addf(out, "\"/><rect class=\"%s\" x=\"0\" height=\"12\" y=\"", b->is_reference ? "bar bar-all" : "bar");
    svg_number(out, top + 220);
    buf_adds(out, "\" width=\"");
    svg_number(out, place(b->value, unit));
    buf_adds(out, "\"/>\n");
    if (b->has_interval)
        across(out, "whisker", place(b->low, unit), place(b->high, unit), top + 280);
    if (reference < 0)
        return;
    buf_adds(out, "<line class=\"reference\" y1=\"");
    svg_number(out, top + 190);
    buf_adds(out, "\" y2=\"");
    svg_number(out, top + 370);
    for (int side = 1; side <= 2; side++) {
        buf_addf(out, "\" x%d=\"", side);
        svg_number(out, reference);
    }
    buf_adds(out, "\"/>\n");
}

void svg_bars(Buf *out, const char *id, Slice title, Slice desc, const SvgBar *bars, size_t count, bool is_share)
{
    double full = is_share ? 100 : 0;
    int64_t height = 0;
    for (size_t i = 0; i < count; i++) {
        full = fmax(full, bars[i].has_interval ? fmax(bars[i].value, bars[i].high) : bars[i].value);
        height += ROW + (break_of(bars[i].label) < bars[i].label.len ? LINE : 0);
    }
    svg_open(out, id, title, desc, height / 10 + 4, "bars");
    double unit = full > 0 ? WIDTH / full : 0;
    int64_t top = 0, reference = count > 0 && bars[0].is_reference ? place(bars[0].value, unit) : -1;
    for (size_t i = 0; i < count; i++) {
        bar(out, &bars[i], top, unit, reference);
        top += ROW + (break_of(bars[i].label) < bars[i].label.len ? LINE : 0);
    }
    buf_adds(out, "</svg>\n");
}
