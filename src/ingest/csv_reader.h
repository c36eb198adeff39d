/*
 * CSV as RFC 4180 has it, with LF or CRLF line ends and any one-byte delimiter.
 *
 * A quoted cell begins with a quote as the very first byte of the cell; inside,
 * two quotes are one and line ends are data. A quote anywhere else is data and
 * a defect of the row. Lines without any byte are no records.
 *
 * Two machines share these rules and are tested against each other and a naive
 * oracle: the scanner finds only where records begin (the first pass over the
 * file, at memory speed), the splitter cuts one record into cells.
 */
#ifndef CAIRN_INGEST_CSV_READER_H
#define CAIRN_INGEST_CSV_READER_H

#include "ingest/reader.h"

typedef enum CsvState { CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_IN_QUOTED } CsvState;

typedef struct CsvScanner {
    char delimiter;
    uint64_t point_every; /* bytes between scan points, at least */
    CsvState state;
    char previous;        /* byte before the next one fed; '\n' at the start */
    char first;           /* first byte of the record */
    uint64_t offset;      /* of the next byte fed */
    uint64_t record_start;
    uint64_t record_line; /* line the record begins on */
    uint64_t rows;        /* complete records so far */
    uint64_t lines;       /* line ends so far */
    uint64_t next_point;
    bool open_end;        /* after csv_scanner_end: the last record has no line end */
    ScanPoints points;    /* freed by csv_scanner_free */
    Refusal refusal;
} CsvScanner;

/* Begins at a line start with `at.lines` line ends before it; rows are counted from at.rows. */
void csv_scanner_init(CsvScanner *s, char delimiter, ScanPoint at, uint64_t point_every);
/* The next bytes, in pieces of any size. */
MUST_USE Status csv_scanner_feed(CsvScanner *s, Slice bytes, Error *err);
/* At the end of the file: counts a last record without a line end; an open quote refuses the file. */
MUST_USE Status csv_scanner_end(CsvScanner *s, Error *err);
void csv_scanner_free(CsvScanner *s);

typedef struct CsvCursor {
    char *at;         /* mutable: quoted cells are unfolded in place */
    char *end;        /* *end must be writable: a line end is put there as a sentinel */
    ScanPoint place;  /* of `at` */
    uint8_t classes[256];
} CsvCursor;

/* bytes[size] must be writable. Begins at a line start. */
void csv_cursor_init(CsvCursor *c, char *bytes, size_t size, char delimiter, ScanPoint place);
/* Cuts the next record; cells point into the cursor's bytes. False at the end. cells holds cell_max; further cells
 * are counted in record->cell_count but not kept. */
bool csv_split(CsvCursor *c, Slice *cells, size_t cell_max, Record *record);

/* Lower case without blanks, underscores and punctuation: "Record_Found_Y/N" is "recordfoundyn". */
void csv_header_key(Slice header, Buf *out);

#endif
