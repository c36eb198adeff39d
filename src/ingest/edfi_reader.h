/*
 * Ed-Fi interchange XML (Data Standard 5.2 and the older shapes) as rows:
 * one row an element, fields by path below it.
 *
 * libxml2's streaming reader without network, DTD and entity substitution; a
 * document type declaration refuses the file, and so does anything that is not
 * well-formed. Names are compared without namespace prefix. A descriptor URI
 * (uri://ed-fi.org/GradeLevelDescriptor#Ninth grade) is cut to what follows the
 * '#'; a CodeValue element, the older way to write descriptors, counts as its
 * parent's text. Repeated elements are joined by a semicolon.
 */
#ifndef CAIRN_INGEST_EDFI_READER_H
#define CAIRN_INGEST_EDFI_READER_H

#include "ingest/reader.h"

#define EDFI_DEPTH_MAX 32

/* Bytes of the document; *got 0 at the end. */
typedef Status (*EdfiReadFn)(void *ctx, char *out, size_t size, size_t *got, Error *err);

typedef struct EdfiOptions {
    Slice row_element;    /* one name, or several separated by '|' */
    const Slice *paths;   /* one a field: "A/B", alternatives separated by '|', the first present wins; empty: never */
    size_t path_count;
    EdfiReadFn read;
    void *read_ctx;
    bool want_raw;        /* keep each row's XML for edfi_raw */
} EdfiOptions;

typedef struct EdfiReader EdfiReader;

MUST_USE Status edfi_open(const EdfiOptions *options, EdfiReader **out, Error *err);
void edfi_close(EdfiReader *r);
/* The next row; cells (path_count of them, NULL ptr where the path is absent) are valid until the next call. *more is
 * false at the end, and when the document is refused: ask edfi_refusal. */
MUST_USE Status edfi_next(EdfiReader *r, Record *record, bool *more, Error *err);
const Refusal *edfi_refusal(const EdfiReader *r);
/* With want_raw: the row as XML text, valid until the next call. */
Slice edfi_raw(const EdfiReader *r);

#endif
