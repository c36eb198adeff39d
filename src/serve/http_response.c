/*
 * What every response shares: security headers, error bodies, validators.
 *
 * The content policy allows style sheets, images and fonts of this server and
 * nothing else: no script runs, nothing is framed, no form is sent. Error
 * bodies carry the status only; causes go to the log.
 */
#include "serve/http.h"

#include <stdio.h>

const HttpHeader http_security_headers[] = {
    {"Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; "
                                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"},
};
const size_t http_security_header_count = COUNT_OF(http_security_headers);

void http_response_init(HttpResponse *r)
{
    *r = (HttpResponse){.status = 200, .fd = -1};
    buf_init(&r->body, 0);
}

void http_response_free(HttpResponse *r)
{
    file_close(r->fd);
    r->fd = -1;
    buf_free(&r->body);
}

const char *http_cache_control(HttpCache cache)
{
    switch (cache) {
    case HTTP_CACHE_FOREVER:
        return "public, max-age=31536000, immutable";
    case HTTP_CACHE_REVALIDATE:
        return "no-cache";
    case HTTP_CACHE_NEVER:
        break;
    }
    return "no-store";
}

/* --- errors -------------------------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    switch (status) {
    case 400:
        return "This request cannot be read in one way only";
    case 403:
        return "This form was not sent by this server's own page";
    case 404:
        return "Nothing is published under this address";
    case 405:
        return "Only GET and HEAD are answered here";
    case 413:
        return "This form is too large";
    case 414:
        return "This address is too long";
    case 505:
        return "Only HTTP/1.0 and HTTP/1.1 are spoken here";
    default:
        return "The server could not answer this request";
    }
}

static void write_error_json(Buf *out, int status)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_key(&j, "error");
    json_open_object(&j);
    json_kint(&j, "status", status);
    json_kstr(&j, "message", slice_of(reason_of(status)));
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
}

static void write_error_page(Buf *out, int status)
{
    buf_addf(out,
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>%d</title></head>\n"
        "<body><main><h1>%d</h1><p>%s.</p><p><a href=\"/\">Current release</a></p></main></body>\n</html>\n",
        status, status, reason_of(status));
}

void http_error(HttpResponse *r, int status, Slice path)
{
    HttpResponse old = *r;
    bool api = slice_eq(path, SLICE("/api")) || slice_starts(path, SLICE("/api/"));
    http_response_free(&old);
    http_response_init(r);
    r->status = status;
    r->cache = HTTP_CACHE_NEVER;
    r->quiet = old.quiet;
    r->allow = status == 405;
    r->content_type = api ? "application/json" : "text/html; charset=utf-8";
    if (api)
        write_error_json(&r->body, status);
    else
        write_error_page(&r->body, status);
}

/* --- validators ---------------------------------------------------------------------------------------------- */

bool http_etag_matches(Slice list, const char *etag)
{
    list = slice_trim(list);
    if (slice_eq_z(list, "*"))
        return true;
    while (list.ptr) {
        /* our own tags hold no comma, so cutting at commas finds each of them */
        Slice tag = slice_trim(slice_cut(&list, ','));
        if (slice_starts(tag, SLICE("W/")))
            tag = slice_sub(tag, 2, tag.len);
        if (slice_eq_z(tag, etag))
            return true;
    }
    return false;
}

void http_validate(HttpResponse *r, const HttpRequest *request, const uint8_t digest[SHA256_SIZE])
{
    char hex[SHA256_HEX_SIZE];
    hex_encode(digest, SHA256_SIZE, hex);
    snprintf(r->etag, sizeof r->etag, "\"%s\"", hex);
    if (r->status == 200 && request->if_none_match.len > 0 && http_etag_matches(request->if_none_match, r->etag))
        r->status = 304;
}
