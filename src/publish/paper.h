/*
 * Private to publish and the rooms that write papers: one page that stands alone. Its style is in it, it loads nothing
 * and runs no script, so that it can be mailed, filed and printed.
 */
#ifndef CAIRN_PUBLISH_PAPER_H
#define CAIRN_PUBLISH_PAPER_H

#include "publish/html.h"

typedef struct PaperSection {
    Slice anchor; /* id of the section's heading in the body */
    Slice title;
} PaperSection;

typedef struct Paper {
    Slice language; /* "en" */
    Slice site;     /* whose paper it is */
    Slice kicker;   /* the line above the title */
    Slice title;
    Slice lead;
    bool is_inside; /* search engines keep out */
    const PaperSection *sections;
    size_t section_count;
    Html body;
    Slice foot;
} Paper;

/* Appends the whole document. All is borrowed. */
MUST_USE Status paper_write(const Paper *p, Buf *out, Error *err);

#endif
