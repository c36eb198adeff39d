/*
 * Routes. Each takes the parsed path and fills the response, or says what
 * failed; site_answer turns a failure into an error response, which carries no
 * cause, and a log line, which does.
 */
#include "serve/site.h"

#include <stdio.h>

#include "serve/http_path.h"

/* Only these leave the house; anything else in a release folder does not exist. */
static const char *content_type_of(Slice name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".csv", "text/csv; charset=utf-8"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".sig", "application/octet-stream"},
        {".woff2", "font/woff2"},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (slice_ends(name, slice_of(types[i].ending)))
            return types[i].type;
    return NULL;
}

static bool at(const HttpPath *p, size_t i, const char *name)
{
    return i < p->count && slice_eq_z(p->names[i], name);
}

static Status not_here(Error *err)
{
    return error_set(err, ERR_NOT_FOUND, "nothing is published under this path");
}

/* --- responses ----------------------------------------------------------------------------------------------- */

static Status send_file(Site *site, const HttpRequest *request, Slice id, Slice relative, HttpResponse *r, Error *err)
{
    ReleaseFile file;
    const char *type = content_type_of(relative);
    if (!type)
        return not_here(err);
    TRY(shelf_open(site->shelf, id, relative, &file, err));
    r->content_type = type;
    r->cache = HTTP_CACHE_FOREVER;
    r->fd = file.fd;
    r->size = file.size;
    http_validate(r, request, file.digest);
    return OK;
}

/* Ends a response whose body has been written. */
static Status finish_text(const HttpRequest *request, const char *type, HttpResponse *r, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    TRY(buf_status(&r->body, err));
    TRY(sha256_of(buf_slice(&r->body), digest, err));
    r->content_type = type;
    r->cache = HTTP_CACHE_REVALIDATE;
    http_validate(r, request, digest);
    return OK;
}

static void redirect(HttpResponse *r, int status, Slice id)
{
    r->status = status;
    r->cache = HTTP_CACHE_REVALIDATE;
    snprintf(r->location, sizeof r->location, "/releases/%.*s/", SLICE_ARG(id));
}

/* --- routes -------------------------------------------------------------------------------------------------- */

/* A redirect instead of the page itself, so that the page's relative links and its address agree on the release. */
static Status route_home(Site *site, HttpResponse *r, Error *err)
{
    char id[RELEASE_ID_LEN + 1];
    TRY(shelf_current(site->shelf, id, err));
    redirect(r, 302, slice_of(id));
    return OK;
}

static Status route_releases(Site *site, const HttpRequest *request, const HttpPath *p, HttpResponse *r, Error *err)
{
    if (p->count == 1) {
        TRY(site_list_page(site, &r->body, err));
        return finish_text(request, "text/html; charset=utf-8", r, err);
    }
    if (p->count == 2 && p->folder)
        return send_file(site, request, p->names[1], SLICE("index.html"), r, err);
    if (p->folder)
        return not_here(err);
    if (p->count > 2)
        return send_file(site, request, p->names[1], http_path_rest(p, 2), r, err);
    if (!is_release_id(p->names[1]))
        return not_here(err);
    redirect(r, 301, p->names[1]);
    return OK;
}

/* /api/v1/releases/ID/tables/NAME.json|csv is the release's data/NAME.json|csv. */
static Status route_api(Site *site, const HttpRequest *request, const HttpPath *p, HttpResponse *r, Error *err)
{
    char relative[sizeof "data/" + HTTP_NAME_MAX];
    if (p->folder || !at(p, 1, "v1") || !at(p, 2, "releases"))
        return not_here(err);
    if (p->count == 3) {
        TRY(site_list_json(site, &r->body, err));
        return finish_text(request, "application/json", r, err);
    }
    if (p->count != 6 || !at(p, 4, "tables"))
        return not_here(err);
    Slice name = p->names[5];
    if (!slice_ends(name, SLICE(".json")) && !slice_ends(name, SLICE(".csv")))
        return not_here(err);
    snprintf(relative, sizeof relative, "data/%.*s", SLICE_ARG(name));
    return send_file(site, request, p->names[3], slice_of(relative), r, err);
}

static void route_health(HttpResponse *r)
{
    r->content_type = "text/plain; charset=utf-8";
    r->cache = HTTP_CACHE_NEVER;
    r->quiet = true;
    buf_adds(&r->body, "ok");
}

static Status route(Site *site, const HttpRequest *request, const HttpPath *p, HttpResponse *r, Error *err)
{
    if (p->count == 0)
        return route_home(site, r, err);
    if (at(p, 0, "releases"))
        return route_releases(site, request, p, r, err);
    if (at(p, 0, "api"))
        return route_api(site, request, p, r, err);
    if (p->count > 1 || p->folder)
        return not_here(err);
    if (at(p, 0, "healthz")) {
        route_health(r);
        return OK;
    }
    /* browsers ask for it unbidden */
    r->quiet = at(p, 0, "favicon.ico");
    return not_here(err);
}

static int status_of_bad_path(Status st)
{
    return st == ERR_PARSE ? 400 : st == ERR_LIMIT ? 414 : 404;
}

void site_answer(void *ctx, const HttpRequest *request, HttpResponse *response)
{
    Site *site = ctx;
    HttpPath path;
    Error err = ERROR_INIT;
    Status st = http_path_parse(request->path, &path, &err);
    if (st != OK) {
        http_error(response, status_of_bad_path(st), request->path);
        return;
    }
    st = route(site, request, &path, response, &err);
    if (st == OK)
        return;
    if (st != ERR_NOT_FOUND)
        log_line(site->log, LOG_ERROR, "event=failure reason=%s", err.message);
    http_error(response, st == ERR_NOT_FOUND ? 404 : 500, request->path);
}
