/*
 * Where the rows of the checking statement go: an SQL function that takes all
 * columns of every row, one such function a part of the file.
 *
 *   good rows     content columns into rows.parquet, their keys as hashes into memory
 *   other rows    what is wrong with them, and good rows with a warning, into memory
 *
 * So no row ever is in a table of DuckDB's: what is asked of all rows together is
 * asked of rows.parquet, which reads as fast, and identity values that a rule over
 * many rows names go into a table of their own (load_check.c).
 */
#ifndef CAIRN_INGEST_ROW_SINK_H
#define CAIRN_INGEST_ROW_SINK_H

#include "ingest/parquet_writer.h"
#include "store/db.h"

/* A column of the statement after the leading ones (SINK_LEADING). */
typedef struct SinkColumn {
    ParquetColumn as;
    bool content; /* goes into rows.parquet */
    bool later;   /* identity that a rule over many rows names in SQL */
    bool number;  /* text that the statement gives as a BIGINT: the sink writes it out, as a cast does, once a change */
} SinkColumn;
typedef VEC(SinkColumn) SinkColumns;

/* Positions of a key's columns among SinkColumns. */
typedef struct SinkKey {
    const size_t *columns;
    size_t count;
} SinkKey;

/* Where a row is in the file. */
typedef struct RowPlace {
    uint64_t row, line, at;
} RowPlace;

/* A row that something is to be said about. */
typedef struct Trouble {
    RowPlace place;
    bool rejected;
    Slice codes; /* row_check.c has the list */
} Trouble;
typedef VEC(Trouble) Troubles;
typedef VEC(uint64_t) RowNumbers;

typedef struct RowSink RowSink;

typedef struct SinkOptions {
    const SinkColumn *columns;
    size_t column_count;
    const SinkKey *keys;
    size_t key_count;
    size_t parts;
    bool places;        /* row_sink_place will be asked */
    const char *folder; /* rows.parquet is made there */
    const char *mark;   /* appended to the functions' names */
} SinkOptions;

/* The columns that come first: ~row, ~line, ~at BIGINT, ~ok BOOLEAN, ~problems VARCHAR, ~tag UUID. */
#define SINK_LEADING "\"~row\", \"~line\", \"~at\", \"~ok\", \"~problems\", \"~tag\""

/* Registers ingest_rows_N(SINK_LEADING, columns ...) -> BOOLEAN for N = 0 .. parts - 1; each may be called by one
 * thread at a time, with rows in the file's order. True for good rows when some column is wanted later, else false: a
 * WHERE keeps what has to be kept. What options points to is copied but for names; the sink must outlive every
 * statement that calls them. */
MUST_USE Status row_sink_register(Db *db, const SinkOptions *options, RowSink **out, Error *err);
void row_sink_free(RowSink *s);
/* The first failure inside the functions. */
MUST_USE Status row_sink_status(const RowSink *s, Error *err);
/* After the statement of a part, on its thread. */
MUST_USE Status row_sink_end_part(RowSink *s, size_t part, Error *err);
/* After all of them: rows.parquet is complete. */
MUST_USE Status row_sink_end(RowSink *s, Error *err);

uint64_t row_sink_read(const RowSink *s); /* rows */
uint64_t row_sink_good(const RowSink *s);
/* The rows that have problems, in order; texts are the sink's. */
MUST_USE Status row_sink_troubles(const RowSink *s, Troubles *out, Error *err);
/* Good rows whose key (a position in options.keys) an earlier good row has, in order. By hashes of 128 bits: that two
 * keys share one is less likely than that the machine errs. */
MUST_USE Status row_sink_repeated(const RowSink *s, size_t key, RowNumbers *out, Error *err);
/* Place of a good row. */
RowPlace row_sink_place(const RowSink *s, uint64_t row);

/* Writes rows.parquet again without some good rows, given in order. db is the one it was registered with. */
MUST_USE Status row_sink_leave_out(RowSink *s, Db *db, const RowNumbers *rows, Error *err);

#endif
