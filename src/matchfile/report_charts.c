/*
 * The report's charts: SVG drawn here, in whole units, so that they need no script and are the same bytes everywhere.
 * Each stands over a table of the same figures.
 */
#include <math.h>

#include "matchfile/report.h"

#define WIDE 360
#define LABEL 104 /* of it for the names of levels */
#define VALUE 38  /* and for the figures behind the bars */

/* Weights of the levels: to the right evidence for one person, to the left against. */
void chart_weights(Buf *out, const char *id, Slice title, const LevelView *levels, uint32_t count)
{
    double most = 1;
    for (uint32_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)levels[i].weight));
    svg_open(out, id, title, SLICE("Weights of the levels as bars; the table below has the figures."), 20 * count + 6,
        "weights");
    int bars = WIDE - LABEL - VALUE, middle = LABEL + bars / 2;
    for (uint32_t i = 0; i < count; i++) {
        unsigned y = 20 * i;
        int wide = (int)lround(fabs((double)levels[i].weight) / most * (bars / 2.0 - 4));
        bool against = levels[i].weight < 0;
        buf_addf(out, "<text x=\"0\" y=\"%u\">", y + 15);
        html_text(out, slice_sub(levels[i].name, 0, 18));
        buf_addf(out, "</text><rect class=\"%s\" x=\"%d\" y=\"%u\" width=\"%d\" height=\"12\"/>",
            against ? "against" : "for", against ? middle - wide : middle, y + 5, wide);
        buf_addf(out, "<text text-anchor=\"end\" x=\"%d\" y=\"%u\">", WIDE, y + 15);
        add_tenths(out, levels[i].weight);
        buf_adds(out, "</text>\n");
    }
    buf_addf(
        out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"2\" y2=\"%u\"/></svg>\n", middle, middle, 20 * count + 4);
}

/* Pairs by band of odds; the first band that is a match is drawn in the other colour. Heights are logarithmic: a few
 * pairs near the threshold matter as much as a million beyond it. */
void chart_bands(Buf *out, const Band *bands, uint32_t count)
{
    double most = 1;
    for (uint32_t i = 0; i < count; i++)
        most = fmax(most, log10(1 + (double)bands[i].pairs));
    svg_open(out, "scores-chart", SLICE("Kept pairs by odds"),
        SLICE("Bars on a logarithmic scale; the table below has the figures."), 150, "bands");
    int wide = count ? (WIDE - 2) / (int)count : WIDE;
    for (uint32_t i = 0; i < count; i++) {
        int high = (int)lround(log10(1 + (double)bands[i].pairs) / most * 120);
        buf_addf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
            bands[i].match ? "for" : "against", 1 + wide * (int)i, 126 - high, wide > 2 ? wide - 1 : wide, high);
        if (i % (count / 8 + 1) == 0)
            buf_addf(out, "<text class=\"soft\" x=\"%d\" y=\"142\">%d</text>", 1 + wide * (int)i, bands[i].from);
    }
    buf_addf(out, "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"126\" y2=\"126\"/></svg>\n", WIDE);
}

/* Stated against right: on the broken line the two are equal. */
void chart_calibration(Buf *out, const CalibrationBin *bins, uint32_t count)
{
    svg_open(out, "calibration-chart", SLICE("Stated probability against share right"),
        SLICE("Points on the broken line are calibrated; the table below has the figures."), 232, "calibration");
    buf_adds(out,
        "<line class=\"axis\" x1=\"40\" x2=\"240\" y1=\"205\" y2=\"205\"/>"
        "<line class=\"axis\" x1=\"40\" x2=\"40\" y1=\"5\" y2=\"205\"/>"
        "<line class=\"even\" x1=\"40\" x2=\"240\" y1=\"205\" y2=\"5\"/>"
        "<text class=\"soft\" x=\"36\" y=\"222\">0</text><text class=\"soft\" x=\"226\" y=\"222\">stated 1</text>"
        "<text class=\"soft\" x=\"0\" y=\"14\">right 1</text>\n");
    for (uint32_t i = 0; i < count; i++) {
        if (bins[i].pairs == 0)
            continue;
        double right = (double)bins[i].right / (double)bins[i].pairs;
        int size = 3 + (int)lround(log10((double)bins[i].pairs));
        buf_addf(out, "<circle class=\"for\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>", 40 + (int)lround(bins[i].stated * 200),
            205 - (int)lround(right * 200), size);
    }
    buf_adds(out, "</svg>\n");
}
