/* Private to the Parquet writer: one column of the row group being filled, and what the footer says of those that are.
 */
#ifndef CAIRN_INGEST_PARQUET_PARTS_H
#define CAIRN_INGEST_PARQUET_PARTS_H

#include "ingest/parquet_writer.h"

typedef enum ParquetEncoding {
    ENCODING_PLAIN = 0,
    ENCODING_RLE = 3,
    ENCODING_DELTA = 5,
    ENCODING_DELTA_LENGTH = 6,
    ENCODING_DICTIONARY = 8,
} ParquetEncoding;

/* --- one column of one row group (parquet_column.c) ----------------------------------------------------------- */

/*
 * Values are numbered by a dictionary while that pays; when it does not they
 * are written out as they are, those numbered before too. Integers, decimals
 * and dates are 8 bytes each here, a UUID 16, text has its length beside it;
 * booleans are numbers 0 and 1 without a dictionary.
 */
typedef struct ColumnFill {
    const ParquetColumn *column;
    uint64_t hash_key;
    size_t rows;        /* NULLs too */
    size_t values;      /* the others */
    size_t text_bytes;  /* of all texts, numbered or not */
    size_t room;        /* rows that there, codes and lengths have room for */
    bool has_nulls;     /* among the rows; without any, `there` is not kept */
    uint32_t *there;    /* a row: 1, or 0 for NULL */
    bool numbered;      /* by the dictionary, or a boolean */
    uint32_t *codes;    /* a value, while numbered */
    Buf plain;          /* values, when not */
    int64_t *lengths;   /* of text, when not */
    Buf entries;        /* of the dictionary */
    VEC(uint32_t) ends; /* of its texts in entries */
    uint32_t entry_count;
    uint32_t *slots; /* entry + 1; 0: free */
    size_t slot_count;
    uint32_t last; /* code of the value before */
} ColumnFill;

void column_init(ColumnFill *c, const ParquetColumn *column, uint64_t hash_key);
void column_free(ColumnFill *c);
/* How many of the rows at[0 .. count), from the first, may be added before the texts come to more than `most` bytes. */
size_t column_fits(const ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count, size_t most);
MUST_USE Status column_add(ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count, Error *err);

/* Where a column's pages are in the file and what they hold. */
typedef struct ColumnPages {
    uint64_t dictionary_at; /* 0: none */
    uint64_t data_at;
    uint64_t bytes; /* both, headers too */
    uint64_t rows;
    uint64_t nulls;
    ParquetEncoding encoding;
    bool has_range;
    Slice least, most; /* PLAIN, in the arena of column_end */
} ColumnPages;

/* Memory that the columns of a file take turns with: one page, and the pages of a column. */
typedef struct PageBufs {
    Buf page;
    Buf out;
} PageBufs;

/* Makes the pages, in bufs->out, of which the first byte will lie at file offset `offset`, and forgets the rows. */
MUST_USE Status column_end(
    ColumnFill *c, uint64_t offset, Arena *arena, PageBufs *bufs, ColumnPages *pages, Error *err);

/* --- what the file says of itself (parquet_footer.c) ---------------------------------------------------------- */

typedef struct RowGroup {
    uint64_t rows;
    ColumnPages *columns; /* one a column */
} RowGroup;
typedef VEC(RowGroup) RowGroups;

/* PageHeader of a dictionary, or of a data page with encoding `encoding`. */
void footer_dictionary_page(uint32_t entries, size_t bytes, Buf *out);
void footer_data_page(uint64_t rows, ParquetEncoding encoding, size_t bytes, Buf *out);
/* FileMetaData. */
void footer_file(const ParquetColumn *columns, size_t count, const RowGroups *groups, Buf *out);

#endif
