/*
 * Private to serve: the shelf, the folder of releases as the server sees it.
 *
 * Another process may put a release beside the others and rename CURRENT at
 * any time; so CURRENT and the list are read at each question. A release
 * itself never changes: what its manifest says is remembered.
 *
 * Not for several threads at once.
 */
#ifndef CAIRN_SERVE_SHELF_H
#define CAIRN_SERVE_SHELF_H

#include "base/base.h"

#define RELEASE_ID_LEN 12

typedef struct Shelf Shelf;

typedef struct ReleaseFile {
    int fd; /* file_close */
    uint64_t size;
    uint8_t digest[SHA256_SIZE]; /* of its content */
} ReleaseFile;

/* dir: home/releases; need not exist yet. */
MUST_USE Status shelf_new(const char *dir, const Log *log, Shelf **out, Error *err);
void shelf_free(Shelf *shelf);

bool is_release_id(Slice s); /* 12 lower-case hex digits */
/* ERR_NOT_FOUND when nothing has been released; ERR_CORRUPT when CURRENT names no release. */
MUST_USE Status shelf_current(Shelf *shelf, char id[RELEASE_ID_LEN + 1], Error *err);
/* Ids of the releases, sorted; strings in arena, the list is the caller's to vec_free. */
MUST_USE Status shelf_releases(Shelf *shelf, Arena *arena, PathList *out, Error *err);
/* Names that have a data/NAME.csv or data/NAME.json in the release, sorted, each once. */
MUST_USE Status shelf_tables(Shelf *shelf, const char *id, Arena *arena, PathList *out, Error *err);
/* relative: plain names with '/' between (http_path.h). ERR_NOT_FOUND for whatever is not a regular file of the
 * release. */
MUST_USE Status shelf_open(Shelf *shelf, Slice id, Slice relative, ReleaseFile *out, Error *err);

#endif
