/*
 * Private to serve: HTTP as the site sees it, a request in and a response out,
 * so that the library behind it (libmicrohttpd today) can be replaced by
 * rewriting http_mhd.c alone.
 *
 * The public site reads GET and HEAD without a body and nothing else. A server
 * that is started with HTTP_FORMS (the review page, which is another room's) also
 * takes POST with a small body of known length. Everything ambiguous is refused
 * before the handler sees it (http_guard.h).
 */
#ifndef CAIRN_SERVE_HTTP_H
#define CAIRN_SERVE_HTTP_H

#include "base/base.h"

/* Limits; the measurements and reasons are in README.md. */
#define HTTP_MAX_CONNECTIONS 512
#define HTTP_IDLE_SECONDS 15
#define HTTP_REQUEST_MEMORY ((size_t)16 << 10) /* request line and headers together */
#define HTTP_DRAIN_MS 5000                     /* how long a stop waits for requests in flight */
#define HTTP_BODY_MAX ((size_t)16 << 10)       /* of a form */

/* A quoted SHA-256 in hex. */
#define HTTP_ETAG_SIZE (SHA256_HEX_SIZE + 2)

typedef struct HttpRequest {
    Slice path;          /* raw, percent-encoded, without the query */
    Slice if_none_match; /* empty when absent */
    bool post;           /* with HTTP_FORMS only */
    Slice content_type;  /* of the body */
    Slice body;          /* of a POST */
    Slice host;          /* what the client thinks this server is called */
    Slice origin;        /* Origin and Sec-Fetch-Site: which page sent the form; empty when absent */
    Slice fetch_site;
} HttpRequest;

typedef enum HttpCache {
    HTTP_CACHE_REVALIDATE, /* may be kept, must be asked for again each time */
    HTTP_CACHE_FOREVER,    /* the address will never show other content */
    HTTP_CACHE_NEVER,
} HttpCache;

typedef struct HttpResponse {
    int status;
    const char *content_type; /* static; NULL: none */
    HttpCache cache;
    char etag[HTTP_ETAG_SIZE]; /* empty: none */
    char location[160];        /* empty: none */
    Buf body;                  /* used when fd is -1 */
    int fd;                    /* -1, or an open file that is sent from its beginning */
    uint64_t size;             /* of that file */
    bool quiet;                /* keep out of the access log */
    bool close;                /* end the connection after this response */
    bool allow;                /* say which methods there are */
} HttpResponse;

void http_response_init(HttpResponse *r);
/* Closes the file and frees the body. */
void http_response_free(HttpResponse *r);
/* Makes r an error without any of its former content: JSON for paths of the API, a small page for others. */
void http_error(HttpResponse *r, int status, Slice path);
/* ETag from a digest. A 200 becomes a 304 when the client has the content already; the content stays in r, because
 * Content-Length speaks of it (RFC 9110 section 8.6), but is not sent. */
void http_validate(HttpResponse *r, const HttpRequest *request, const uint8_t digest[SHA256_SIZE]);
/* RFC 9110 section 13.1.2: a list of entity tags or '*', compared weakly. */
bool http_etag_matches(Slice if_none_match, const char *etag);
const char *http_cache_control(HttpCache cache);

typedef struct HttpHeader {
    const char *name;
    const char *value;
} HttpHeader;

/* On every response, errors included. */
extern const HttpHeader http_security_headers[];
extern const size_t http_security_header_count;

/* Fills *response (initialised). Called on one thread, one request at a time. */
typedef void (*HttpHandler)(void *ctx, const HttpRequest *request, HttpResponse *response);

typedef enum HttpMethods { HTTP_READ_ONLY, HTTP_FORMS } HttpMethods;

typedef struct HttpOptions {
    HttpMethods methods;
    const char *content_policy; /* Content-Security-Policy instead of the site's; NULL: the site's */
    const char *address;        /* IPv4 or IPv6, numeric */
    uint16_t port;              /* 0: any free port */
    HttpHandler handler;
    void *ctx;
    const Log *log;
} HttpOptions;

typedef struct HttpServer HttpServer;
/* Listens and answers on a thread of its own. ERR_BUSY when the port is taken, ERR_USAGE for a bad address. */
MUST_USE Status http_start(const HttpOptions *options, HttpServer **out, Error *err);
uint16_t http_port(const HttpServer *server);
/* Takes no more connections, waits for the requests in flight (at most HTTP_DRAIN_MS), ends, frees. NULL is fine. */
void http_stop(HttpServer *server);

#endif
