/*
 * Serve: published releases over HTTP on loopback (libmicrohttpd in strict mode
 * behind a guard that refuses ambiguous requests; nginx goes in front in production).
 * Knows no SQL: it reads release folders only.
 *
 *   /                          the current release's page
 *   /releases                  list;  /releases/ID/...  files of a release
 *   /api/v1/releases           JSON list;  /api/v1/releases/ID/tables/NAME.json|csv
 *   /healthz
 */
#ifndef CAIRN_SERVE_SERVE_H
#define CAIRN_SERVE_SERVE_H

#include "base/base.h"
#include "store/home.h"

typedef struct ServeOptions {
    const char *address;                                   /* "127.0.0.1" */
    uint16_t port;                                         /* 0: any free port */
    Status (*ready)(uint16_t port, void *arg, Error *err); /* called once it listens; may be NULL */
    void *arg;
    const Log *log;
} ServeOptions;

/* Blocks until SIGINT or SIGTERM (cancel_asked). ERR_BUSY when the port is taken. */
MUST_USE Status serve_run(Home *home, const ServeOptions *options, Error *err);

#endif
