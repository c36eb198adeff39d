/*
 * Rows into a Parquet file, straight from DuckDB's vectors.
 *
 * DuckDB's own writer costs 0.37 us a wage row (it hashes every value for its
 * statistics and compresses bytes that are random), needs the rows in a table
 * first, and cuts row groups by what each thread happened to have. This one
 * writes what was added in the order it was added, so that several writers on
 * several threads, joined in the file's order, give the same bytes whatever the
 * thread count.
 *
 * The format is Apache Parquet's (README.md, Encodings.md and parquet.thrift of
 * apache/parquet-format), with what every reader knows: dictionaries where they
 * pay, else DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY or PLAIN; one data page
 * a column and row group; no compression, because what is left over is hashes
 * and packed numbers.
 */
#ifndef CAIRN_INGEST_PARQUET_WRITER_H
#define CAIRN_INGEST_PARQUET_WRITER_H

#include "store/db.h"

/* As DuckDB has them: BIGINT, DECIMAL(18,scale), DATE, BOOLEAN, VARCHAR, UUID. */
typedef enum ParquetType {
    PARQUET_INTEGER,
    PARQUET_DECIMAL,
    PARQUET_DATE,
    PARQUET_BOOLEAN,
    PARQUET_TEXT,
    PARQUET_UUID,
} ParquetType;

typedef struct ParquetColumn {
    Slice name;
    ParquetType type;
    uint32_t scale; /* decimals */
    bool distinct;  /* nearly no value comes twice: no dictionary is tried */
} ParquetColumn;

typedef struct ParquetWriter ParquetWriter;

/* A new file, mode 0600. columns are borrowed until the writer is freed. Used by one thread at a time. */
MUST_USE Status parquet_open(
    const char *path, const ParquetColumn *columns, size_t count, ParquetWriter **out, Error *err);
/* Appends the rows at[0 .. count) of the vectors, one a column. Not more than a vector's 2,048 at once. */
MUST_USE Status parquet_add(ParquetWriter *w, const DbVector *vectors, const uint32_t *at, size_t count, Error *err);
/* No further rows; what is in memory goes to the file, which is no Parquet file yet. */
MUST_USE Status parquet_end_rows(ParquetWriter *w, Error *err);
/* Appends what another writer of the same columns has, and removes its file. Both have ended their rows. */
MUST_USE Status parquet_join(ParquetWriter *w, ParquetWriter *other, Error *err);
/* The footer; the file is complete, not synced. Free the writer in any case. */
MUST_USE Status parquet_close(ParquetWriter *w, Error *err);
/* Removes the file unless it is complete. NULL is fine. */
void parquet_free(ParquetWriter *w);

#endif
