/*
 * CSV out (RFC 4180, LF line ends) and a small strict CSV reader for policy
 * tables and reference lists. Agency files go through the ingest room's
 * readers, which keep positions and never trust their input.
 */
#ifndef CAIRN_BASE_CSV_H
#define CAIRN_BASE_CSV_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* One cell, quoted when needed; the caller writes commas and line ends. A row of one empty cell is an empty line. */
void csv_cell(Buf *out, Slice s);

typedef struct CsvTable {
    size_t columns;
    size_t rows;   /* without the header */
    Slice *header; /* columns */
    Slice *cells;  /* rows * columns, row-major */
} CsvTable;

/* Whole table with a header row into the arena. ERR_PARSE names file and line on ragged rows, bad quotes or bad UTF-8.
 * Lines that begin with '#' before the header are comments. LF and CRLF end a record; a byte order mark is skipped.
 * Column names must differ. Each cell ends in a NUL. Limits: 2000 columns, in csv_read 256 MiB. */
MUST_USE Status csv_parse(Slice text, const char *name, Arena *arena, CsvTable *out, Error *err);
MUST_USE Status csv_read(const char *path, Arena *arena, CsvTable *out, Error *err);
/* Column index by header name; ERR_NOT_FOUND otherwise. */
MUST_USE Status csv_column(const CsvTable *t, const char *name, size_t *out, Error *err);

#endif
