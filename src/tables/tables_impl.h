/* Private to tables: the parts of reading. */
#ifndef CAIRN_TABLES_IMPL_H
#define CAIRN_TABLES_IMPL_H

#include "tables/tables.h"

typedef struct TablesReader {
    TablesSet *set;
    const char *name; /* the header's, for messages */
    TablesLoad load;
    void *ctx;
    TablesReading reading;
} TablesReader;

/* Loads a file and notes its digest. */
MUST_USE Status tables_fetch(TablesReader *r, Slice file, Slice *text, Error *err);
/* tables_codes.c: one [[dimension]]. */
MUST_USE Status tables_dimension(TablesReader *r, const Toml *t, TablesDimension *out, Error *err);
/* A code of an open dimension, made when new; of others ERR_NOT_FOUND. */
MUST_USE Status tables_code(TablesSet *set, TablesDimension *d, Slice code, uint32_t *out, Error *err);
/* After the last row: the sums of an open dimension. */
MUST_USE Status tables_dimension_close(TablesReader *r, TablesDimension *d, Error *err);
/* tables_columns.c: the columns and dimensions of one [[table]], before its file is read. */
MUST_USE Status tables_columns(TablesReader *r, const Toml *t, TablesTable *table, Error *err);
/* tables_rows.c: reads the table's file; columns are found by name. */
MUST_USE Status tables_rows(TablesReader *r, const Toml *t, TablesTable *table, Error *err);

/* Finds or makes a quantity; name is NAME or PEOPLE.NAME. */
MUST_USE Status tables_quantity(TablesSet *set, Slice people, Slice name, bool is_total, uint32_t *out, Error *err);
/* Index of a dimension by name, or TABLES_NONE. */
uint32_t tables_dimension_named(const TablesSet *set, Slice name);
/* ERR_INVALID at a line of the header. */
Status tables_refuse(const TablesReader *r, const Toml *t, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
