/*
 * The HTTP server on libmicrohttpd: strict level 1, epoll, one thread.
 *
 * One thread answers about a hundred thousand small requests a second, more
 * than the site needs, and lets everything above it do without locks. The
 * library's own percent-decoding is switched off (it ends strings at %00);
 * http_path.c does it. Requests that the library itself refuses (broken request
 * lines, too large headers) get the library's fixed error texts, without our
 * security headers: there is no hook.
 */
#include "serve/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "serve/http_guard.h"

#define LOGGED_PATH_MAX 200
#define DRAIN_STEP_US 10000
#define BACKLOG 256
#define LIBRARY_CONNECTIONS (HTTP_MAX_CONNECTIONS + 64) /* never reached, see accept_or_close */

struct HttpServer {
    struct MHD_Daemon *daemon;
    HttpHandler handler;
    void *ctx;
    const Log *log;
    HttpMethods methods;
    const char *content_policy; /* NULL: the site's */
    uint16_t port;
    unsigned connections; /* the library's thread only */
    atomic_uint in_flight;
    atomic_bool stopping;
};

/* One request, from its headers until its last byte is out. */
typedef struct Exchange {
    HttpServer *server;
    double begun;
    int status;    /* 0 until answered */
    uint64_t size; /* of the content sent */
    bool quiet;
    bool post, too_large;
    Buf body; /* of a POST */
    char method[8];
    char path[LOGGED_PATH_MAX + 1];
} Exchange;

/* --- listening ----------------------------------------------------------------------------------------------- */

typedef union SocketAddress {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} SocketAddress;

static Status parse_address(const char *text, uint16_t port, SocketAddress *out, socklen_t *size, Error *err)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *size = sizeof out->v4;
        return OK;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *size = sizeof out->v6;
        return OK;
    }
    return error_set(err, ERR_USAGE, "%s is not a numeric IPv4 or IPv6 address", text);
}

static Status bind_and_listen(
    int fd, const HttpOptions *o, SocketAddress address, socklen_t size, uint16_t *port, Error *err)
{
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return error_errno(err, "could not prepare a socket");
    if (bind(fd, &address.any, size) != 0) {
        if (errno == EADDRINUSE) {
            error_set(err, ERR_BUSY, "port %u of %s is taken by another process", o->port, o->address);
            error_hint(err, "Choose another port, or 0 for any free one.");
            return ERR_BUSY;
        }
        return error_errno(err, "could not take port %u of %s", o->port, o->address);
    }
    if (listen(fd, BACKLOG) != 0 || getsockname(fd, &address.any, &size) != 0)
        return error_errno(err, "could not listen on port %u of %s", o->port, o->address);
    *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return OK;
}

static Status open_listener(const HttpOptions *o, int *out, uint16_t *port, Error *err)
{
    SocketAddress address;
    socklen_t size = 0;
    TRY(parse_address(o->address, o->port, &address, &size, err));
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, "could not make a socket");
    Status st = bind_and_listen(fd, o, address, size, port, err);
    if (st != OK) {
        close(fd);
        return st;
    }
    *out = fd;
    return OK;
}

/* --- answering ----------------------------------------------------------------------------------------------- */

/* Takes the body or the file out of r. NULL when there is no memory. */
static struct MHD_Response *make_response(HttpResponse *r)
{
    struct MHD_Response *out;
    if (r->fd >= 0) {
        out = MHD_create_response_from_fd64(r->size, r->fd);
        if (out)
            r->fd = -1;
    } else if (r->body.len > 0) {
        out = MHD_create_response_from_buffer_with_free_callback(r->body.len, r->body.ptr, mem_free);
        if (out)
            r->body = (Buf){0};
    } else {
        out = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    return out;
}

static bool add_headers(struct MHD_Response *out, const HttpResponse *r, const HttpServer *server)
{
    bool ok = true;
    for (size_t i = 0; i < http_security_header_count; i++) {
        const HttpHeader *h = &http_security_headers[i];
        bool replaced = server->content_policy && strcmp(h->name, "Content-Security-Policy") == 0;
        ok = ok && MHD_add_response_header(out, h->name, replaced ? server->content_policy : h->value);
    }
    ok = ok && MHD_add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL, http_cache_control(r->cache));
    if (r->content_type)
        ok = ok && MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
    if (r->etag[0])
        ok = ok && MHD_add_response_header(out, MHD_HTTP_HEADER_ETAG, r->etag);
    if (r->location[0])
        ok = ok && MHD_add_response_header(out, MHD_HTTP_HEADER_LOCATION, r->location);
    if (r->allow)
        ok = ok && MHD_add_response_header(
                       out, MHD_HTTP_HEADER_ALLOW, server->methods == HTTP_FORMS ? "GET, HEAD, POST" : "GET, HEAD");
    if (r->close || atomic_load(&server->stopping))
        ok = ok && MHD_add_response_header(out, MHD_HTTP_HEADER_CONNECTION, "close");
    return ok;
}

/* Hands r to the library and frees it. MHD_NO ends the connection. */
static enum MHD_Result send_response(Exchange *x, struct MHD_Connection *connection, HttpResponse *r)
{
    enum MHD_Result result = MHD_NO;
    bool content_sent = r->status != 304 && strcmp(x->method, "HEAD") != 0;
    uint64_t size = r->fd >= 0 ? r->size : r->body.len;
    struct MHD_Response *out = buf_status(&r->body, NULL) == OK ? make_response(r) : NULL;
    if (out && add_headers(out, r, x->server)) {
        x->status = r->status;
        x->quiet = r->quiet;
        x->size = content_sent ? size : 0;
        result = MHD_queue_response(connection, (unsigned)r->status, out);
    }
    if (out)
        MHD_destroy_response(out);
    http_response_free(r);
    return result;
}

static enum MHD_Result refuse(Exchange *x, struct MHD_Connection *connection, int status, Slice path)
{
    HttpResponse r;
    http_response_init(&r);
    http_error(&r, status, path);
    r.close = true;
    return send_response(x, connection, &r);
}

static Slice header_of(struct MHD_Connection *connection, const char *name)
{
    return slice_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static enum MHD_Result answer(Exchange *x, struct MHD_Connection *connection, Slice path)
{
    HttpRequest request = {.path = path,
        .if_none_match = header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .post = x->post,
        .content_type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .body = buf_slice(&x->body),
        .host = header_of(connection, MHD_HTTP_HEADER_HOST),
        .origin = header_of(connection, MHD_HTTP_HEADER_ORIGIN),
        .fetch_site = header_of(connection, "Sec-Fetch-Site")};
    HttpResponse r;
    http_response_init(&r);
    if (x->too_large || buf_status(&x->body, NULL) != OK) {
        http_error(&r, 413, path);
        r.close = true;
    } else {
        x->server->handler(x->server->ctx, &request, &r);
    }
    return send_response(x, connection, &r);
}

/* What is beyond the limit is read and forgotten: the answer can be given at the end only. */
static enum MHD_Result take_body(Exchange *x, const char *upload, size_t *size)
{
    if (!x->post)
        return MHD_NO;
    x->too_large = x->too_large || *size > HTTP_BODY_MAX - x->body.len;
    if (!x->too_large)
        buf_add(&x->body, (Slice){upload, *size});
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    UNUSED(kind);
    guard_header(arg, slice_of(name), slice_of(value));
    return MHD_YES;
}

/* Visible ASCII only: a request cannot forge fields of the log line. */
static void keep_printable(char *out, size_t size, const char *in)
{
    size_t i = 0;
    for (; in[i] && i + 1 < size; i++)
        out[i] = in[i] > 0x20 && in[i] < 0x7F ? in[i] : '?';
    out[i] = '\0';
}

static Exchange *begin_exchange(HttpServer *server, const char *method, const char *path)
{
    Exchange *x = NULL;
    if (mem_zalloc(1, sizeof *x, (void **)&x, NULL) != OK)
        return NULL;
    x->server = server;
    buf_init(&x->body, HTTP_BODY_MAX + 1);
    x->begun = clock_monotonic();
    keep_printable(x->method, sizeof x->method, method);
    keep_printable(x->path, sizeof x->path, path);
    atomic_fetch_add(&server->in_flight, 1);
    return x;
}

/* The library calls first when the headers are in, and again when the (refused, so empty) body is. A response given at
 * the first call ends the connection, at the second it may stay. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **state)
{
    HttpServer *server = cls;
    Slice path = slice_of(url);
    if (*state)
        return *upload_size > 0 ? take_body(*state, upload, upload_size) : answer(*state, connection, path);
    Guard guard = {.forms = server->methods == HTTP_FORMS};
    Exchange *x = begin_exchange(server, method, url);
    if (!x)
        return MHD_NO;
    *state = x;
    x->post = guard.forms && strcmp(method, "POST") == 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &guard);
    int status = guard_verdict(&guard, slice_of(method), path, slice_of(version));
    return status == 0 ? MHD_YES : refuse(x, connection, status, path);
}

static void on_completed(
    void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    HttpServer *server = cls;
    Exchange *x = *state;
    UNUSED(connection);
    if (!x)
        return;
    bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    log_line(server->log, x->quiet ? LOG_DEBUG : LOG_INFO,
        "event=request method=%s path=%s status=%d bytes=%" PRIu64 " ms=%.1f whole=%s", x->method, x->path, x->status,
        x->size, (clock_monotonic() - x->begun) * 1000, whole ? "yes" : "no");
    *state = NULL;
    if (x->body.ptr)
        mem_wipe(x->body.ptr, x->body.cap);
    buf_free(&x->body);
    mem_free(x);
    atomic_fetch_sub(&server->in_flight, 1);
}

static void on_connection(
    void *cls, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
    HttpServer *server = cls;
    UNUSED(connection);
    UNUSED(state);
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        server->connections++;
    else
        server->connections--;
}

/* Our own limit closes what is above it at once. The library's (0.9.75, epoll) takes the listener out of its set when
 * the last place is given and now and then sleeps through everything after that, until the idle time is over. */
static enum MHD_Result accept_or_close(void *cls, const struct sockaddr *address, socklen_t size)
{
    const HttpServer *server = cls;
    UNUSED(address);
    UNUSED(size);
    return server->connections < HTTP_MAX_CONNECTIONS ? MHD_YES : MHD_NO;
}

static size_t keep_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
    UNUSED(cls);
    UNUSED(connection);
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_library_log(void *cls, const char *fmt, va_list args)
{
    HttpServer *server = cls;
    char text[300];
    vsnprintf(text, sizeof text, fmt, args);
    log_line(server->log, LOG_DEBUG, "event=library text=%s", text);
}

/* --- life ---------------------------------------------------------------------------------------------------- */

static Status start_daemon(HttpServer *server, int listener, Error *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    /* The logger comes first, so that it hears of the others. */
    /* clang-format off */
    server->daemon = MHD_start_daemon(flags, 0, accept_or_close, server, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_library_log, server,
        MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_REQUEST_MEMORY,
        MHD_OPTION_END);
    /* clang-format on */
    if (!server->daemon)
        return error_set(err, ERR_INTERNAL, "could not start the http library");
    return OK;
}

Status http_start(const HttpOptions *options, HttpServer **out, Error *err)
{
    HttpServer *server = NULL;
    int listener = -1;
    TRY(mem_zalloc(1, sizeof *server, (void **)&server, err));
    server->handler = options->handler;
    server->ctx = options->ctx;
    server->log = options->log;
    server->methods = options->methods;
    server->content_policy = options->content_policy;
    Status st = open_listener(options, &listener, &server->port, err);
    if (st == OK)
        st = start_daemon(server, listener, err);
    if (st != OK) {
        if (listener >= 0)
            close(listener);
        mem_free(server);
        return st;
    }
    *out = server;
    return OK;
}

uint16_t http_port(const HttpServer *server)
{
    return server->port;
}

void http_stop(HttpServer *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    int listener = MHD_quiesce_daemon(server->daemon);
    double end = clock_monotonic() + HTTP_DRAIN_MS / 1000.0;
    while (atomic_load(&server->in_flight) > 0 && clock_monotonic() < end)
        usleep(DRAIN_STEP_US);
    MHD_stop_daemon(server->daemon);
    /* only now may nobody be using it any more */
    if (listener >= 0)
        close(listener);
    mem_free(server);
}
