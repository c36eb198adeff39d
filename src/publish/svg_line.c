/* Lines over years: a trend with axes, and the small one of the front page. */
#include "publish/svg.h"

#include <math.h>

void svg_number(Buf *out, int64_t tenths)
{
    if (tenths < 0) {
        buf_addc(out, '-');
        tenths = -tenths;
    }
    buf_add_i64(out, tenths / 10);
    if (tenths % 10 != 0) {
        buf_addc(out, '.');
        buf_add_i64(out, tenths % 10);
    }
}

void svg_open(Buf *out, const char *id, Slice title, Slice desc, int64_t height, const char *kind)
{
    buf_addf(out,
        "<svg class=\"chart chart-%s\" viewBox=\"0 0 360 %lld\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n", kind,
        (long long)height, id, id);
    buf_addf(out, "<title id=\"%s-t\">", id);
    html_text(out, title);
    buf_addf(out, "</title>\n<desc id=\"%s-d\">", id);
    html_text(out, desc);
    buf_adds(out, "</desc>\n");
}

typedef struct Scale {
    int64_t low, high, step;
} Scale;

/* Round bounds around the values, at least two steps apart. */
static Scale scale_of(const SvgPoint *points, size_t count, bool is_share)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++)
        if (!points[i].missing) {
            low = fmin(low, points[i].value);
            high = fmax(high, points[i].value);
        }
    if (!(low <= high))
        low = high = 0;
    static const int64_t dollars[] = {500, 1000, 2000, 5000, 10000, 20000, 50000};
    Scale s = {.step = 10};
    for (size_t i = 0; !is_share && i < COUNT_OF(dollars); i++) {
        s.step = dollars[i];
        if ((high - low) / (double)s.step <= 4)
            break;
    }
    s.low = (int64_t)floor(low / (double)s.step) * s.step;
    s.high = (int64_t)ceil(high / (double)s.step) * s.step;
    while (s.high - s.low < 2 * s.step) {
        if (s.low >= s.step && (!is_share || s.high >= 100 || low - (double)s.low < (double)s.high - high))
            s.low -= s.step;
        else
            s.high += s.step;
    }
    return s;
}

#define LEFT 480
#define RIGHT 3460
#define TOP 240
#define BOTTOM 1740
#define MARGIN 180 /* half of the widest value above a point, "$12,500", less what the frame leaves */

static int64_t x_of(size_t i, size_t count)
{
    return count < 2 ? (LEFT + RIGHT) / 2
                     : LEFT + MARGIN + (int64_t)i * (RIGHT - LEFT - 2 * MARGIN) / (int64_t)(count - 1);
}

static int64_t y_of(const Scale *s, double v)
{
    return BOTTOM - (int64_t)llround((v - (double)s->low) * (BOTTOM - TOP) / (double)(s->high - s->low));
}

static void axis(Buf *out, const Scale *s, bool is_share)
{
    int64_t steps = (s->high - s->low) / s->step;
    int64_t every = steps > 5 ? 2 : 1;
    for (int64_t i = 0; i <= steps; i += every) {
        int64_t v = s->low + i * s->step, y = y_of(s, (double)v);
        buf_adds(out, "<line class=\"grid\" x1=\"48\" x2=\"352\" y1=\"");
        svg_number(out, y);
        buf_adds(out, "\" y2=\"");
        svg_number(out, y);
        buf_adds(out, "\"/><text class=\"tick\" text-anchor=\"end\" x=\"42\" y=\"");
        svg_number(out, y + 40);
        buf_adds(out, "\">");
        if (is_share)
            buf_addf(out, "%lld%%", (long long)v);
        else if (v % 1000 == 0)
            buf_addf(out, "$%lldk", (long long)(v / 1000));
        else
            buf_addf(out, "$%lld.%lldk", (long long)(v / 1000), (long long)(v % 1000 / 100));
        buf_adds(out, "</text>\n");
    }
}

static void polyline(Buf *out, const Scale *s, const SvgPoint *points, size_t count)
{
    bool open = false;
    for (size_t i = 0; i < count; i++) {
        if (points[i].missing) {
            if (open)
                buf_adds(out, "\"/>\n");
            open = false;
            continue;
        }
        buf_adds(out, open ? " " : "<polyline class=\"line\" points=\"");
        svg_number(out, x_of(i, count));
        buf_addc(out, ',');
        svg_number(out, y_of(s, points[i].value));
        open = true;
    }
    if (open)
        buf_adds(out, "\"/>\n");
}

static void marks(Buf *out, const Scale *s, const SvgPoint *points, size_t count)
{
    size_t every = count > 8 ? 2 : 1;
    for (size_t i = 0; i < count; i++) {
        int64_t x = x_of(i, count);
        if ((count - 1 - i) % every == 0) {
            buf_adds(out, "<text class=\"tick\" text-anchor=\"middle\" y=\"194\" x=\"");
            svg_number(out, x);
            buf_adds(out, "\">");
            html_text(out, points[i].label);
            buf_adds(out, "</text>\n");
        }
        if (points[i].missing)
            continue;
        int64_t y = y_of(s, points[i].value);
        buf_adds(out, "<circle class=\"dot\" r=\"4\" cx=\"");
        svg_number(out, x);
        buf_adds(out, "\" cy=\"");
        svg_number(out, y);
        buf_adds(out, "\"><title>");
        html_text(out, points[i].label);
        buf_adds(out, ": ");
        html_text(out, points[i].shown);
        buf_adds(out, "</title></circle>\n");
        if (count > 6 && i != 0 && i + 1 != count)
            continue;
        buf_adds(out, "<text class=\"value\" text-anchor=\"middle\" x=\"");
        svg_number(out, x);
        buf_adds(out, "\" y=\"");
        svg_number(out, y - 100);
        buf_adds(out, "\">");
        html_text(out, points[i].shown);
        buf_adds(out, "</text>\n");
    }
}

void svg_line(Buf *out, const char *id, Slice title, Slice desc, const SvgPoint *points, size_t count, bool is_share)
{
    Scale s = scale_of(points, count, is_share);
    svg_open(out, id, title, desc, 204, "line");
    axis(out, &s, is_share);
    polyline(out, &s, points, count);
    marks(out, &s, points, count);
    buf_adds(out, "</svg>\n");
}

/* Decoration beside the figures it repeats: hidden from screen readers. */
void svg_spark(Buf *out, const SvgPoint *points, size_t count)
{
    double low = INFINITY, high = -INFINITY;
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!points[i].missing) {
            low = fmin(low, points[i].value);
            high = fmax(high, points[i].value);
            known++;
        }
    if (known < 2)
        return;
    double span = fmax(high - low, fabs(high) / 10);
    double base = (high + low - span) / 2;
    buf_adds(out, "<svg class=\"spark\" viewBox=\"0 0 120 36\" aria-hidden=\"true\" focusable=\"false\"><polyline "
                  "class=\"line\" points=\"");
    int64_t x = 0, y = 0;
    for (size_t i = 0; i < count; i++) {
        if (points[i].missing)
            continue;
        x = 40 + (int64_t)i * 1110 / (int64_t)(count - 1);
        y = 310 - (int64_t)llround((points[i].value - base) / (span > 0 ? span : 1) * 260);
        svg_number(out, x);
        buf_addc(out, ',');
        svg_number(out, y);
        buf_addc(out, i + 1 < count ? ' ' : '"');
    }
    if (points[count - 1].missing)
        buf_addc(out, '"');
    buf_adds(out, "/><circle class=\"dot\" r=\"3\" cx=\"");
    svg_number(out, x);
    buf_adds(out, "\" cy=\"");
    svg_number(out, y);
    buf_adds(out, "\"/></svg>");
}
