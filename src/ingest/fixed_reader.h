/*
 * Fixed-width files: one record a line (LF or CRLF), or records of one length
 * without any line ends, as mainframes write them.
 *
 * Positions count bytes. Records whose first bytes are not the contract's
 * `select` are passed over (ICESA has A, B, E, S, T, F records in one file).
 */
#ifndef CAIRN_INGEST_FIXED_READER_H
#define CAIRN_INGEST_FIXED_READER_H

#include "ingest/reader.h"

typedef struct FixedColumn {
    uint32_t start;  /* 0-based */
    uint32_t length;
} FixedColumn;

typedef struct FixedLayout {
    uint32_t record_length; /* 0: not checked */
    bool unbroken;          /* no line ends; record_length is then set */
    Slice select;           /* first bytes of a row; empty: every record */
    const FixedColumn *columns;
    size_t column_count;
} FixedLayout;

/* True when the first bytes of a file show records without line ends. */
bool fixed_is_unbroken(Slice head, uint32_t record_length);

typedef struct FixedScanner {
    const FixedLayout *layout;
    uint64_t point_every;
    uint64_t offset;
    uint64_t record_start;
    char head[16];   /* the record's first bytes, for `select` */
    size_t head_len;
    bool ends_in_cr;
    uint64_t rows;
    uint64_t lines;  /* records so far */
    uint64_t next_point;
    ScanPoints points;
    Refusal refusal;
} FixedScanner;

/* The layout must outlive the scanner; select has at most 16 bytes. */
void fixed_scanner_init(FixedScanner *s, const FixedLayout *layout, ScanPoint at, uint64_t point_every);
MUST_USE Status fixed_scanner_feed(FixedScanner *s, Slice bytes, Error *err);
/* A last record that is shorter than record_length and has no line end: the file was cut off, which refuses it. */
MUST_USE Status fixed_scanner_end(FixedScanner *s, Error *err);
void fixed_scanner_free(FixedScanner *s);

typedef struct FixedCursor {
    const FixedLayout *layout;
    const char *at;
    const char *end;
    ScanPoint place;
} FixedCursor;

/* Cuts the next selected record into column_count cells, blanks kept. A cell that lies behind the record's end is
 * empty or short. False at the end. */
bool fixed_split(FixedCursor *c, Slice *cells, Record *record);

#endif
