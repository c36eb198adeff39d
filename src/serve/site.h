/* Private to serve: which address shows what (the table stands in README.md). */
#ifndef CAIRN_SERVE_SITE_H
#define CAIRN_SERVE_SITE_H

#include "serve/http.h"
#include "serve/shelf.h"

typedef struct Site {
    Shelf *shelf;
    const Log *log;
} Site;

/* An HttpHandler; ctx is a Site. Failures become error responses, their causes log lines. */
void site_answer(void *ctx, const HttpRequest *request, HttpResponse *response);

/* The list of releases, as JSON and as a page. */
MUST_USE Status site_list_json(Site *site, Buf *out, Error *err);
MUST_USE Status site_list_page(Site *site, Buf *out, Error *err);

#endif
