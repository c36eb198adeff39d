/* serve_run: the site on an HTTP server, until somebody asks to stop. */
#include "serve/serve.h"

#include <signal.h>
#include <unistd.h>

#include "serve/http.h"
#include "serve/site.h"

#define POLL_US 200000
#define LOOPBACK "127.0.0.1"

/* A client that goes away in the middle of a response must not end the server. */
static void ignore_broken_pipes(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    ASSERT(sigaction(SIGPIPE, &action, NULL) == 0);
}

static bool is_loopback(const char *address)
{
    return slice_starts(slice_of(address), SLICE("127.")) || strcmp(address, "::1") == 0;
}

static Status run_until_cancelled(const HttpOptions *http, const ServeOptions *options, Error *err)
{
    HttpServer *server = NULL;
    Status st = http_start(http, &server, err);
    if (st == OK) {
        log_line(options->log, LOG_INFO, "event=listening address=%s port=%u", http->address, http_port(server));
        if (options->ready)
            st = options->ready(http_port(server), options->arg, err);
        while (st == OK && !cancel_asked())
            usleep(POLL_US);
        log_line(options->log, LOG_INFO, "event=stopping");
    }
    http_stop(server);
    return st;
}

Status serve_run(Home *home, const ServeOptions *options, Error *err)
{
    Arena arena;
    const char *dir = NULL;
    Site site = {.log = options->log};
    HttpOptions http = {
        .address = options->address ? options->address : LOOPBACK,
        .port = options->port,
        .handler = site_answer,
        .ctx = &site,
        .log = options->log,
    };
    ignore_broken_pipes();
    if (!is_loopback(http.address))
        log_line(options->log, LOG_WARN, "event=exposed address=%s reason=put a proxy in front of a public address",
            http.address);
    arena_init(&arena, 0);
    Status st = home_file(home, &arena, "releases", &dir, err);
    if (st == OK)
        st = shelf_new(dir, options->log, &site.shelf, err);
    if (st == OK)
        st = run_until_cancelled(&http, options, err);
    shelf_free(site.shelf);
    arena_free(&arena);
    return st;
}
