/* Bars by group: the label above each bar, so that long names need no small print on a phone. */
#include "publish/svg.h"

#include <math.h>

#define ROW 400
#define WIDTH 3560

void svg_bars(Buf *out, const char *id, Slice title, Slice desc, const SvgBar *bars, size_t count, bool is_share)
{
    double full = is_share ? 100 : 0;
    for (size_t i = 0; i < count; i++)
        full = fmax(full, bars[i].value);
    int64_t height = (int64_t)count * ROW;
    svg_open(out, id, title, desc, height / 10 + 4, "bars");
    for (size_t i = 0; i < count; i++) {
        int64_t top = (int64_t)i * ROW;
        int64_t wide = full > 0 ? (int64_t)llround(bars[i].value * WIDTH / full) : 0;
        buf_adds(out, "<text class=\"label\" x=\"0\" y=\"");
        svg_number(out, top + 160);
        buf_adds(out, "\">");
        html_text(out, bars[i].label);
        buf_adds(out, "</text><text class=\"value\" text-anchor=\"end\" x=\"356\" y=\"");
        svg_number(out, top + 160);
        buf_adds(out, "\">");
        html_text(out, bars[i].shown);
        buf_adds(out, "</text>\n<rect class=\"track\" x=\"0\" width=\"356\" height=\"12\" y=\"");
        svg_number(out, top + 220);
        buf_addf(out, "\"/><rect class=\"%s\" x=\"0\" height=\"12\" y=\"", bars[i].is_reference ? "bar bar-all" : "bar");
        svg_number(out, top + 220);
        buf_adds(out, "\" width=\"");
        svg_number(out, wide);
        buf_adds(out, "\"/>\n");
    }
    for (size_t i = 0; i < count && full > 0; i++) {
        if (!bars[i].is_reference)
            continue;
        buf_adds(out, "<line class=\"reference\" y1=\"");
        svg_number(out, (int64_t)i * ROW + 180);
        buf_adds(out, "\" y2=\"");
        svg_number(out, height);
        for (int side = 1; side <= 2; side++) {
            buf_addf(out, "\" x%d=\"", side);
            svg_number(out, (int64_t)llround(bars[i].value * WIDTH / full));
        }
        buf_adds(out, "\"/>\n");
    }
    buf_adds(out, "</svg>\n");
}
