/*
 * The review page on loopback.
 *
 * What keeps others out: the address listens on 127.0.0.1; every path begins with
 * 128 random bits that are printed once at the start (other users of the machine
 * do not know them); Host must be this server's own (a web page that rebinds its
 * name to 127.0.0.1 fails here); forms carry a token that only our own pages
 * hold, and must not say that another site sent them. Scripts and styles come from
 * this server only. The log never holds a path, because the secret is in it.
 */
#include "review/review_impl.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "serve/http.h"

#define SECRET_HEX 33
#define POLL_US 200000

static const char content_policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

typedef struct ReviewSite {
    ReviewContext ctx;
    char secret[SECRET_HEX], csrf[SECRET_HEX];
    char root[SECRET_HEX + 2], blind[SECRET_HEX + 8];
    uint16_t port;
} ReviewSite;

/* Secrets are compared in time that does not depend on where they differ. */
static bool same_secret(Slice given, const char *secret)
{
    unsigned char differ = given.len == strlen(secret) ? 0 : 1;
    for (size_t i = 0; i < given.len && secret[i % (SECRET_HEX - 1)]; i++)
        differ |= (unsigned char)(given.ptr[i] ^ secret[i % (SECRET_HEX - 1)]);
    return differ == 0;
}

static bool is_own_host(const ReviewSite *site, Slice host)
{
    char own[2][40];
    snprintf(own[0], sizeof own[0], "127.0.0.1:%u", site->port);
    snprintf(own[1], sizeof own[1], "localhost:%u", site->port);
    return slice_eq_z(host, own[0]) || slice_eq_z(host, own[1]);
}

/* A browser tells who sent a form; one that does not is held to the token alone. */
static bool is_own_form(const ReviewSite *site, const HttpRequest *r)
{
    char own[2][48];
    snprintf(own[0], sizeof own[0], "http://127.0.0.1:%u", site->port);
    snprintf(own[1], sizeof own[1], "http://localhost:%u", site->port);
    bool origin = r->origin.len == 0 || slice_eq_z(r->origin, "null") || slice_eq_z(r->origin, own[0]) ||
                  slice_eq_z(r->origin, own[1]);
    bool fetch = r->fetch_site.len == 0 || slice_eq_z(r->fetch_site, "same-origin");
    return origin && fetch && slice_starts(r->content_type, SLICE("application/x-www-form-urlencoded"));
}

/* The value of a name in a form; our own values need no decoding, anything encoded is not ours. */
Slice form_value(Slice body, const char *name)
{
    while (body.ptr) {
        Slice part = slice_cut(&body, '&'), key = slice_cut(&part, '=');
        if (slice_eq_z(key, name))
            return part.ptr ? part : (Slice){"", 0};
    }
    return (Slice){"", 0};
}

static void ok_page(HttpResponse *r)
{
    r->content_type = "text/html; charset=utf-8";
    r->cache = HTTP_CACHE_NEVER;
}

static PageFrame frame_of(const ReviewSite *site, ReviewSight sight)
{
    return (PageFrame){.base = sight == REVIEW_BLIND ? site->blind : site->root,
        .root = site->root,
        .csrf = site->csrf,
        .reviewer = site->ctx.reviewer,
        .sight = sight,
        .set = site->ctx.set};
}

static Status show_list(const ReviewSite *site, ReviewSight sight, HttpResponse *r, Error *err)
{
    ReviewList list;
    PageFrame frame = frame_of(site, sight);
    TRY(review_list(&site->ctx, &list, err));
    page_list(&frame, &list, &r->body);
    review_list_free(&list);
    ok_page(r);
    return OK;
}

static Status show_pair(
    const ReviewSite *site, ReviewSight sight, const ReviewWord *pair, Slice message, HttpResponse *r, Error *err)
{
    Arena arena;
    ReviewList list = {0};
    ReviewEntry entry;
    PairView *view;
    PageFrame frame = frame_of(site, sight);
    Status st;
    arena_init(&arena, 0);
    TRY_OUT(pair_entry(&site->ctx, &pair->a, &pair->b, &arena, &entry, err));
    TRY_OUT(arena_new(&arena, PairView, 1, &view, err));
    TRY_OUT(pair_view(&site->ctx, &entry, sight, &arena, view, err));
    TRY_OUT(review_list(&site->ctx, &list, err));
    page_pair(&frame, &list, view, message, &r->body);
    ok_page(r);
out:
    review_list_free(&list);
    arena_free(&arena);
    return st;
}

/* Where to go after a decision: the next pair that this reviewer has not decided; the list when there is none. */
static Status next_address(
    const ReviewSite *site, ReviewSight sight, const ReviewWord *done, HttpResponse *r, Error *err)
{
    ReviewList list;
    PageFrame frame = frame_of(site, sight);
    TRY(review_list(&site->ctx, &list, err));
    snprintf(r->location, sizeof r->location, "%s/", frame.base);
    for (size_t i = 0; i < list.at.len; i++) {
        char pair[PAIR_TEXT_SIZE];
        const ReviewEntry *e = &list.at.at[i];
        if (e->mine || (tag_cmp(&e->a, &done->a) == 0 && tag_cmp(&e->b, &done->b) == 0))
            continue;
        review_pair_print(&e->a, &e->b, pair);
        snprintf(r->location, sizeof r->location, "%s/pair/%s", frame.base, pair);
        break;
    }
    review_list_free(&list);
    r->status = 303;
    r->cache = HTTP_CACHE_NEVER;
    return OK;
}

static Status take_decision(const ReviewSite *site, ReviewSight sight, ReviewWord *word, const HttpRequest *request,
    HttpResponse *r, Error *err)
{
    PairState state;
    if (!is_own_form(site, request) || !same_secret(form_value(request->body, "csrf"), site->csrf)) {
        http_error(r, 403, SLICE("/"));
        return OK;
    }
    if (review_verdict_parse(form_value(request->body, "verdict"), &word->verdict, err) != OK) {
        error_clear(err);
        http_error(r, 400, SLICE("/"));
        return OK;
    }
    word->blind = sight == REVIEW_BLIND;
    Status st = review_decide(&site->ctx, word, &state, err);
    if (st == ERR_BUSY) {
        error_clear(err);
        st = show_pair(site, sight, word,
            SLICE("Another process is writing to the data home. Nothing was saved: try again."), r, err);
        r->status = 503;
        return st;
    }
    return st == OK ? next_address(site, sight, word, r, err) : st;
}

static void asset(HttpResponse *r, const char *text, const char *type)
{
    buf_adds(&r->body, text);
    r->content_type = type;
    r->cache = HTTP_CACHE_NEVER;
}

/* path: what stands after the secret, without its first slash. */
static Status route(const ReviewSite *site, Slice path, const HttpRequest *request, HttpResponse *r, Error *err)
{
    ReviewSight sight = REVIEW_OPEN_EYED;
    ReviewWord word = {0};
    if (slice_eq_z(path, "review.css") || slice_eq_z(path, "review.js")) {
        bool css = slice_ends(path, SLICE("css"));
        asset(r, css ? review_css : review_js, css ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8");
        return OK;
    }
    if (slice_eq_z(path, "blind") || slice_starts(path, SLICE("blind/"))) {
        sight = REVIEW_BLIND;
        path = slice_sub(path, 6, path.len);
    }
    if (path.len == 0 && !request->post)
        return show_list(site, sight, r, err);
    if (slice_starts(path, SLICE("pair/")) &&
        review_pair_parse(slice_sub(path, 5, path.len), &word.a, &word.b, NULL) == OK)
        return request->post ? take_decision(site, sight, &word, request, r, err)
                             : show_pair(site, sight, &word, (Slice){"", 0}, r, err);
    http_error(r, 404, SLICE("/"));
    return OK;
}

static void answer(void *arg, const HttpRequest *request, HttpResponse *r)
{
    const ReviewSite *site = arg;
    Error err = ERROR_INIT;
    Slice rest = slice_sub(request->path, 1, request->path.len), secret = slice_cut(&rest, '/');
    r->quiet = true;
    if (!is_own_host(site, request->host) || !same_secret(secret, site->secret) || !rest.ptr) {
        http_error(r, 404, SLICE("/"));
        r->quiet = true;
        return;
    }
    Status st = route(site, rest, request, r, &err);
    if (st != OK) {
        log_line(site->ctx.log, LOG_ERROR, "event=review error=%s reason=%s", status_name(st), err.message);
        http_error(r, st == ERR_NOT_FOUND ? 404 : 500, SLICE("/"));
    }
    r->quiet = true;
}

static Status make_secret(char out[SECRET_HEX], Error *err)
{
    uint8_t bytes[(SECRET_HEX - 1) / 2];
    TRY(random_bytes(bytes, sizeof bytes, err));
    hex_encode(bytes, sizeof bytes, out);
    return OK;
}

static Status serve_until_cancelled(ReviewSite *site, const ReviewServe *options, Error *err)
{
    /* the library's own log would name paths: only its errors are of interest, and they name none */
    Log log = {.level = LOG_ERROR, .fd = site->ctx.log ? site->ctx.log->fd : 2};
    HttpServer *server = NULL;
    char url[120];
    const HttpOptions http = {.address = "127.0.0.1",
        .port = options->port,
        .methods = HTTP_FORMS,
        .content_policy = content_policy,
        .handler = answer,
        .ctx = site,
        .log = &log};
    TRY(http_start(&http, &server, err));
    site->port = http_port(server);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s/", site->port, site->root);
    Status st = options->ready ? options->ready(url, options->arg, err) : OK;
    while (st == OK && !cancel_asked())
        usleep(POLL_US);
    http_stop(server);
    return st;
}

Status review_serve(const ReviewContext *ctx, const ReviewServe *options, Error *err)
{
    ReviewSite site = {.ctx = *ctx};
    struct sigaction action = {.sa_handler = SIG_IGN};
    if (ctx->reviewer.len == 0)
        return error_set(err, ERR_USAGE, "a reviewer must be named");
    sigemptyset(&action.sa_mask);
    ASSERT(sigaction(SIGPIPE, &action, NULL) == 0);
    TRY(make_secret(site.secret, err));
    TRY(make_secret(site.csrf, err));
    snprintf(site.root, sizeof site.root, "/%s", site.secret);
    snprintf(site.blind, sizeof site.blind, "/%s/blind", site.secret);
    return serve_until_cancelled(&site, options, err);
}
