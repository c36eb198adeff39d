/*
 * Private to publish: text on its way into HTML.
 *
 * Html is a type of its own: only the functions below and the compiled templates make one, so that nothing reaches a
 * page unescaped by accident.
 */
#ifndef CAIRN_PUBLISH_HTML_H
#define CAIRN_PUBLISH_HTML_H

#include "base/base.h"

typedef struct Html {
    Slice s;
} Html;

void html_text(Buf *out, Slice s);
/* For a value in double quotes. */
void html_attribute(Buf *out, Slice s);
/* As html_attribute; a scheme other than http, https and mailto becomes "#". */
void html_url(Buf *out, Slice s);
void html_raw(Buf *out, Html h);
/* What a template or chart wrote; borrowed from b. */
Html html_of(const Buf *b);

#endif
