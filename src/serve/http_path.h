/*
 * Private to serve: a request's path as plain names.
 *
 * Percent-decoding happens once and strictly (CWE-172, CWE-174: what is decoded
 * twice is checked once). A name is 1 to HTTP_NAME_MAX of A-Z a-z 0-9 . _ - and does
 * not begin with a dot, so that dot segments, hidden files, separators and
 * bytes that file systems treat oddly cannot be expressed.
 */
#ifndef CAIRN_SERVE_HTTP_PATH_H
#define CAIRN_SERVE_HTTP_PATH_H

#include "base/base.h"

#define HTTP_PATH_MAX 512 /* encoded */
#define HTTP_NAME_MAX 100
#define HTTP_NAMES_MAX 8

typedef struct HttpPath {
    char text[HTTP_PATH_MAX + 1]; /* decoded: names joined by '/', no slash at either end */
    Slice names[HTTP_NAMES_MAX];  /* into text */
    size_t count;
    bool folder; /* the path ended in '/' */
} HttpPath;

/* ERR_PARSE: broken encoding. ERR_LIMIT: longer than HTTP_PATH_MAX. ERR_NOT_FOUND: well-formed, but not made of names.
 * *out points into itself and must not be copied. */
MUST_USE Status http_path_parse(Slice raw, HttpPath *out, Error *err);
/* The names from the given one on, joined; empty when there are none. */
Slice http_path_rest(const HttpPath *path, size_t from);

#endif
