/* What the db*.c files share; nobody else includes it. */
#ifndef CAIRN_STORE_DB_IMPL_H
#define CAIRN_STORE_DB_IMPL_H

#include "store/db.h"

#include <duckdb.h>

struct Db {
    duckdb_database database;
    duckdb_connection connection;
    bool beside; /* the database is another's */
};

/* Turns DuckDB's error into ours: its text quotes data, so that it goes to detail, and the message is a sentence of our
 * own; errors of the parser, binder and catalog quote SQL only and are passed on, for whoever wrote the policy file. */
Status db_failed(duckdb_error_type type, const char *text, Error *err);

/* Appends formatted SQL text. */
MUST_USE Status db_format(Buf *out, const char *fmt, va_list args, Error *err) PRINTF_LIKE(2, 0);

/* The aggregate main_part(key, amount, place); once a database. */
MUST_USE Status db_register_main_part(Db *db, Error *err);

/* What a column's values look like in memory. */
typedef struct DbType {
    duckdb_type type;    /* as declared */
    duckdb_type storage; /* DECIMAL and ENUM: the integer that holds it; otherwise type */
    uint8_t scale;       /* DECIMAL: digits after the point */
} DbType;
DbType db_type_of(duckdb_logical_type type);

/* DuckDB keeps a UUID as a signed 128-bit number whose order is that of the text form: the top bit is inverted. */
duckdb_hugeint db_uuid_pack(const uint8_t id[16]);
void db_uuid_unpack(duckdb_hugeint v, uint8_t out[16]);

#endif
