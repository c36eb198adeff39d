/*
 * Db: one DuckDB database with one connection, behind the few calls Cairn needs.
 *
 * Only the v1 C API is used (the 2.x library keeps it). Everything that leaves
 * this header is either a Status or a value; no DuckDB type crosses it except
 * through db_raw(), which the ingest room uses to register its table functions.
 *
 * Thread rule: a Db is used by one thread at a time; DuckDB itself runs a
 * statement on `threads` threads. Results do not depend on that number as long
 * as statements order what they return.
 */
#ifndef CAIRN_STORE_DB_H
#define CAIRN_STORE_DB_H

#include "base/base.h"

typedef struct Db Db;
typedef struct DbRows DbRows;

typedef enum DbAccess {
    DB_READ_WRITE,
    DB_READ_ONLY, /* external access off, configuration locked: for published generations */
} DbAccess;

typedef struct DbOptions {
    const char *path;     /* NULL: in memory */
    const char *temp_dir; /* spill folder; NULL: spilling off */
    DbAccess access;
    unsigned threads;   /* 0: one a core */
    uint64_t memory_mb; /* 0: 60 % of the machine */
} DbOptions;

#define DB_OPTIONS_INIT \
    { \
        .path = NULL, .temp_dir = NULL, .access = DB_READ_WRITE, .threads = 0, .memory_mb = 0 \
    }

/* ERR_BUSY when another process has the file; ERR_CORRUPT when it is not a database. Close with db_close. */
MUST_USE Status db_open(const DbOptions *options, Db **out, Error *err);
void db_close(Db *db); /* NULL is fine */
/* A second connection to the same database, to run a statement beside another on a thread of its own. Close it before
 * the one that db_open gave; db may itself be one of these. */
MUST_USE Status db_beside(Db *db, Db **out, Error *err);

/* Runs one or several statements, throwing results away. The message of a failure never quotes data:
 * DuckDB's own text goes to Error.detail. */
MUST_USE Status db_exec(Db *db, const char *sql, Error *err);
MUST_USE Status db_execf(Db *db, Error *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A cursor over the rows of one SELECT; free with db_rows_free before the next call on db.
 * Cell access is by column number, 0-based, valid until the next db_next. */
MUST_USE Status db_query(Db *db, const char *sql, DbRows **out, Error *err);
MUST_USE Status db_queryf(Db *db, DbRows **out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* *more is false after the last row. */
MUST_USE Status db_next(DbRows *rows, bool *more, Error *err);
void db_rows_free(DbRows *rows);
size_t db_columns(const DbRows *rows);
const char *db_column_name(const DbRows *rows, size_t column);
bool db_is_null(const DbRows *rows, size_t column);
/* Integers of any width up to 64 bits (BOOLEAN as 0/1, DATE as days since 1970-01-01, DECIMAL as its unscaled integer);
 * 0 for NULL. */
int64_t db_i64(const DbRows *rows, size_t column);
uint64_t db_u64(const DbRows *rows, size_t column);
/* FLOAT, DOUBLE, DECIMAL or an integer as double; 0 for NULL. */
double db_f64(const DbRows *rows, size_t column);
/* VARCHAR and BLOB; an empty slice for NULL. */
Slice db_str(const DbRows *rows, size_t column);
/* UUID as 16 bytes in the order of its text form. */
void db_uuid(const DbRows *rows, size_t column, uint8_t out[16]);

/* For readers of millions of rows: the next chunk's columns as DuckDB lays them out, instead of db_next. *rows is 0
 * after the last one. */
typedef struct DbVector {
    const void *data;
    const uint64_t *valid; /* a bit a row; NULL: no row is NULL */
} DbVector;
MUST_USE Status db_next_chunk(DbRows *rows, size_t *count, Error *err);
DbVector db_vector(const DbRows *rows, size_t column);
static inline bool db_vector_has(const DbVector *v, size_t row)
{
    return !v->valid || (v->valid[row / 64] >> (row % 64) & 1);
}
/* The 16 bytes of db_uuid, of a vector's element. */
void db_vector_uuid(const DbVector *v, size_t row, uint8_t out[16]);
Slice db_vector_str(const DbVector *v, size_t row);
/* Of a VARCHAR's vector: false may also be said of two equal texts of more than twelve bytes. */
bool db_vector_same_str(const DbVector *v, size_t a, size_t b);

/* One-row conveniences: ERR_NOT_FOUND when the query returns no row. */
MUST_USE Status db_value_i64(Db *db, int64_t *out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
MUST_USE Status db_value_str(Db *db, Buf *out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Safe SQL text: 'literal' with quotes doubled, and "identifier". */
void sql_literal(Buf *out, Slice s);
void sql_ident(Buf *out, Slice s);

/*
 * Bulk append by chunks (the fast way in: measured 6-10 M rows/s a core).
 * Call one setter per column for the current row, then db_append_row.
 */
typedef struct DbAppender DbAppender;
MUST_USE Status db_appender_open(Db *db, const char *table, DbAppender **out, Error *err);
void db_append_null(DbAppender *a, size_t column);
void db_append_i64(
    DbAppender *a, size_t column, int64_t v); /* any integer, BOOLEAN, DATE or DECIMAL (unscaled) column */
void db_append_f64(DbAppender *a, size_t column, double v);
void db_append_str(DbAppender *a, size_t column, Slice s); /* VARCHAR or BLOB; copied */
void db_append_uuid(DbAppender *a, size_t column, const uint8_t id[16]);
MUST_USE Status db_append_row(DbAppender *a, Error *err);
/* Flushes and frees, also on failure. */
MUST_USE Status db_appender_close(DbAppender *a, Error *err);
void db_appender_abandon(DbAppender *a);

/*
 * Scalar SQL functions of our own, on whole vectors. Called from DuckDB's
 * threads at once, so fn must be thread-safe with its ctx.
 *   args[i][k]: argument i of row k; NULL pointer in .ptr means SQL NULL.
 */
typedef void (*DbUuidFn)(
    void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16], bool *out_null);
/* name(VARCHAR, ... arg_count times) -> UUID. NULL arguments are passed through, not short-circuited. */
MUST_USE Status db_register_uuid_fn(Db *db, const char *name, size_t arg_count, DbUuidFn fn, void *ctx, Error *err);

/* The raw handles (duckdb_connection, duckdb_database) for rooms that register table functions: include duckdb.h
 * yourself. */
void *db_raw_connection(Db *db);
void *db_raw_database(Db *db);
/* Asks a running statement of another thread to stop. */
void db_interrupt(Db *db);

#endif
