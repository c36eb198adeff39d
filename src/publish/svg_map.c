/*
 * A map of areas in five shades. Each shade has a pattern beside its colour and each large area its value in figures,
 * so that neither colour vision nor a colour printer is needed; areas that are shown together are hatched.
 */
#include "publish/svg.h"

/* Denser dots with each shade; drawn over the colour. */
static void patterns(Buf *out)
{
    static const char *const shape[6] = {"", "", "<circle cx=\"2\" cy=\"2\" r=\".5\"/>",
        "<circle cx=\"2\" cy=\"2\" r=\".5\"/><circle cx=\"6\" cy=\"6\" r=\".5\"/>",
        "<circle cx=\"2\" cy=\"2\" r=\".7\"/><circle cx=\"6\" cy=\"6\" r=\".7\"/><circle cx=\"2\" cy=\"6\" r=\".7\"/>",
        "<path d=\"M0,2h8M0,6h8\"/>"};
    buf_adds(out, "<defs>\n");
    for (int i = 2; i <= 5; i++)
        buf_addf(out,
            "<pattern id=\"dots%d\" class=\"dots\" width=\"8\" height=\"8\" "
            "patternUnits=\"userSpaceOnUse\">%s</pattern>\n",
            i, shape[i]);
    buf_adds(out, "<pattern id=\"hatch\" class=\"hatching\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
                  "<path d=\"M-1,1l2,-2M0,5l5,-5M4,6l2,-2\"/></pattern>\n</defs>\n");
}

static void area(Buf *out, const SvgArea *a)
{
    buf_addf(out, "<g><title>");
    html_text(out, a->words);
    buf_addf(out, "</title><path class=\"area shade%d\" d=\"", a->shade);
    html_attribute(out, a->path);
    buf_adds(out, "\"/>");
    if (a->pooled || a->shade >= 2) {
        buf_addf(out, "<path class=\"over\" fill=\"url(#%s", a->pooled ? "hatch" : "dots");
        if (!a->pooled)
            buf_addf(out, "%d", a->shade);
        buf_adds(out, ")\" d=\"");
        html_attribute(out, a->path);
        buf_adds(out, "\"/>");
    }
    if (!a->pooled && a->shade > 0) {
        buf_addf(out, "<text class=\"area-value on%d\" text-anchor=\"middle\" x=\"", a->shade);
        svg_number(out, a->x);
        buf_adds(out, "\" y=\"");
        svg_number(out, a->y + 25);
        buf_adds(out, "\">");
        html_text(out, a->shown);
        buf_adds(out, "</text>");
    }
    buf_adds(out, "</g>\n");
}

void svg_map(Buf *out, const char *id, Slice title, Slice desc, const SvgArea *areas, size_t count)
{
    svg_open(out, id, title, desc, 263, "map");
    patterns(out);
    for (size_t i = 0; i < count; i++)
        area(out, &areas[i]);
    buf_adds(out, "</svg>\n");
}

static void legend_row(Buf *out, int shade, const char *over, Slice words)
{
    buf_addf(out,
        "<li><svg class=\"key\" viewBox=\"0 0 24 16\" aria-hidden=\"true\" focusable=\"false\">"
        "<rect class=\"area shade%d\" width=\"24\" height=\"16\"/>",
        shade);
    if (over[0] != '\0')
        buf_addf(out, "<rect class=\"over\" fill=\"url(#%s)\" width=\"24\" height=\"16\"/>", over);
    buf_adds(out, "</svg> ");
    html_text(out, words);
    buf_adds(out, "</li>\n");
}

void svg_legend(Buf *out, const Slice *ranges, size_t count)
{
    static const char *const over[6] = {"", "", "dots2", "dots3", "dots4", "dots5"};
    buf_adds(out, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < count && i < 5; i++)
        legend_row(out, (int)i + 1, over[i + 1], ranges[i]);
    legend_row(out, 2, "hatch", SLICE("places shown together"));
    buf_adds(out, "</ul>\n");
}
