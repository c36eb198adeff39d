/*
 * Private to publish: charts as SVG, drawn here so that they need no script, print, and can be compared as text.
 *
 * All are 360 units wide: about a phone, so that their letters are readable there and grow on larger screens.
 * Coordinates are tenths in integers, printed as decimals: the same bytes everywhere. Colours come from the style
 * sheet by class; every shape that carries a value also carries it as words (title, or a label beside it).
 */
#ifndef CAIRN_PUBLISH_SVG_H
#define CAIRN_PUBLISH_SVG_H

#include "publish/html.h"

typedef struct SvgPoint {
    Slice label; /* "2024" */
    double value;
    Slice shown; /* "84.2%" */
    bool missing;
} SvgPoint;

typedef struct SvgBar {
    Slice label;
    double value;
    Slice shown;
    bool is_reference; /* everybody: the first one, its end is marked at all bars */
    bool has_interval; /* drawn as a line through the bar's end */
    double low, high;
} SvgBar;

typedef struct SvgArea {
    Slice name;
    Slice path;
    int64_t x, y; /* label's place, tenths */
    int shade;    /* 1 to 5; 0: no figure */
    bool pooled;  /* shown together with others */
    Slice shown;  /* "84.2%" */
    Slice words;  /* for the title */
} SvgArea;

/* id: unique on the page, for aria-labelledby; desc says in words what the chart shows. is_share: percent, axis within
 * 0-100. */
void svg_line(Buf *out, const char *id, Slice title, Slice desc, const SvgPoint *points, size_t count, bool is_share);
/* A small line without axes. */
void svg_spark(Buf *out, const SvgPoint *points, size_t count);
void svg_bars(Buf *out, const char *id, Slice title, Slice desc, const SvgBar *bars, size_t count, bool is_share);
void svg_map(Buf *out, const char *id, Slice title, Slice desc, const SvgArea *areas, size_t count);
/* The five shades and the hatch of pooled areas, with the ranges' words. */
void svg_legend(Buf *out, const Slice *ranges, size_t count);

/* Shared by the charts: tenths as a decimal number. */
void svg_number(Buf *out, int64_t tenths);
/* <svg ...><title><desc> */
void svg_open(Buf *out, const char *id, Slice title, Slice desc, int64_t height, const char *kind);

#endif
