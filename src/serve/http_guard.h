/*
 * Private to serve: refuses requests that two servers could read differently
 * (request smuggling, CWE-444; RFC 9112 sections 5, 6 and 11.2). libmicrohttpd
 * 0.9.75 lets five of nine such requests through even in strict mode.
 *
 * Fed with what the library has parsed, so it cannot see bare line feeds, nor
 * folded headers unless they hide a body's length (0.9.75 glues the folded text
 * to the header's name). Because a body is accepted on a server for forms only,
 * which listens on loopback for one person, and there with exactly one length,
 * what stays unseen cannot move the border between two requests of the public
 * site; in production nginx refuses folded headers.
 */
#ifndef CAIRN_SERVE_HTTP_GUARD_H
#define CAIRN_SERVE_HTTP_GUARD_H

#include "base/base.h"

typedef struct Guard {
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    bool has_body; /* a Content-Length above zero */
    bool bad;      /* some header or the target is malformed */
    bool forms;    /* POST is taken: with one Content-Length, and without any Transfer-Encoding */
} Guard;

/* Once a header, in any order; g starts zeroed, but for `forms`. */
void guard_header(Guard *g, Slice name, Slice value);
/* After the last header: 0 to go on, otherwise the status to answer with before closing the connection. */
int guard_verdict(const Guard *g, Slice method, Slice target, Slice version);

#endif
