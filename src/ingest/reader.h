/*
 * What the readers of agency files have in common: a record with its place in
 * the file, and what can be wrong with its bytes.
 *
 * Readers never trust their input. They say where a record is and cut it into
 * cells; what a cell means is the business of field_value.h and the SQL made
 * from the contract. A defect spoils one record; what spoils the whole file
 * (a quote that never ends, a last record cut short) is a refusal.
 */
#ifndef CAIRN_INGEST_READER_H
#define CAIRN_INGEST_READER_H

#include "base/base.h"

/* A longer record is taken for a broken file (an opened quote that nobody closes). */
#define RECORD_MAX_BYTES ((size_t)1 << 20)
#define FIELD_MAX_BYTES ((size_t)1 << 16)
#define CELL_MAX_COUNT 4096

typedef enum Defect {
    DEFECT_NONE,
    DEFECT_CELLS_MISSING,   /* fewer cells than the header */
    DEFECT_CELLS_EXTRA,     /* more cells than the header */
    DEFECT_QUOTE_INSIDE,    /* a quote inside a cell that does not begin with one */
    DEFECT_AFTER_QUOTE,     /* text between a closing quote and the next delimiter */
    DEFECT_NUL,             /* a NUL byte */
    DEFECT_ENCODING,        /* bytes that the encoding does not have */
    DEFECT_CELL_LONG,       /* a cell longer than FIELD_MAX_BYTES */
    DEFECT_LENGTH,          /* fixed width: not the contract's record length */
    DEFECT_COUNT
} Defect;

/* Stable name ("cells-missing") and a sentence for the sender. */
const char *defect_name(Defect d);
const char *defect_message(Defect d);

typedef struct Record {
    uint64_t number; /* 1-based among the file's rows */
    uint64_t line;   /* 1-based physical line it begins on */
    uint64_t offset; /* of its first byte in the file; 0 for XML */
    Slice *cells;
    size_t cell_count;
    bool ascii;          /* no byte above 127 */
    Defect defect;       /* the first one met */
    size_t defect_cell;  /* cell it was met in */
} Record;

/* Where scanning may begin: always the first byte of a line outside quotes. */
typedef struct ScanPoint {
    uint64_t offset;
    uint64_t rows;  /* rows before it */
    uint64_t lines; /* line ends before it */
} ScanPoint;
typedef VEC(ScanPoint) ScanPoints;

/* A file nobody can load: the reason as the sender reads it, without any value. */
typedef struct Refusal {
    bool refused;
    uint64_t line; /* 0: none */
    char reason[300];
} Refusal;

/* The first refusal stays. */
void refuse(Refusal *r, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
