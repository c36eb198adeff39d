/*
 * Rows out: a cursor over a result's chunks, one cell at a time.
 *
 * DuckDB hands out columns of up to 2,048 values; the pointers of the current
 * chunk are looked up once, so that a cell costs a switch and a load. The
 * result is complete before the first row (DuckDB's streaming calls are marked
 * as deprecated), hence the connection may be used meanwhile.
 */
#include "store/db_impl.h"

#include <math.h>

typedef struct Column {
    const char *name; /* owned by the result */
    DbType type;
    const void *data;
    uint64_t *validity; /* NULL: no nulls in this chunk */
} Column;

struct DbRows {
    duckdb_result result;
    duckdb_data_chunk chunk;
    size_t row; /* in the chunk */
    size_t chunk_rows;
    size_t column_count;
    Column *columns;
};

DbType db_type_of(duckdb_logical_type type)
{
    DbType t = {.type = duckdb_get_type_id(type)};
    t.storage = t.type;
    if (t.type == DUCKDB_TYPE_DECIMAL) {
        t.storage = duckdb_decimal_internal_type(type);
        t.scale = duckdb_decimal_scale(type);
    } else if (t.type == DUCKDB_TYPE_ENUM) {
        t.storage = duckdb_enum_internal_type(type);
    }
    return t;
}

void db_uuid_unpack(duckdb_hugeint v, uint8_t out[16])
{
    uint64_t high = (uint64_t)v.upper ^ (UINT64_C(1) << 63);
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)(high >> (56 - 8 * i));
        out[8 + i] = (uint8_t)(v.lower >> (56 - 8 * i));
    }
}

/* --- the cursor ---------------------------------------------------------------------------------------------- */

static Status describe_columns(DbRows *rows, Error *err)
{
    rows->column_count = duckdb_column_count(&rows->result);
    TRY(mem_zalloc(rows->column_count, sizeof *rows->columns, (void **)&rows->columns, err));
    for (size_t i = 0; i < rows->column_count; i++) {
        duckdb_logical_type type = duckdb_column_logical_type(&rows->result, i);
        rows->columns[i].type = db_type_of(type);
        rows->columns[i].name = duckdb_column_name(&rows->result, i);
        duckdb_destroy_logical_type(&type);
    }
    return OK;
}

Status db_query(Db *db, const char *sql, DbRows **out, Error *err)
{
    DbRows *rows = NULL;
    TRY(mem_zalloc(1, sizeof *rows, (void **)&rows, err));
    Status st = OK;
    if (duckdb_query(db->connection, sql, &rows->result) != DuckDBSuccess)
        st = db_failed(duckdb_result_error_type(&rows->result), duckdb_result_error(&rows->result), err);
    else
        st = describe_columns(rows, err);
    if (st != OK) {
        db_rows_free(rows);
        return st;
    }
    *out = rows;
    return OK;
}

/* The two callers share the va_list form. */
static Status PRINTF_LIKE(3, 0) query_args(Db *db, DbRows **out, const char *fmt, va_list args, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    Status st = db_format(&sql, fmt, args, err);
    if (st == OK)
        st = db_query(db, buf_z(&sql), out, err);
    buf_free(&sql);
    return st;
}

Status db_queryf(Db *db, DbRows **out, Error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    Status st = query_args(db, out, fmt, args, err);
    va_end(args);
    return st;
}

static Status next_chunk(DbRows *rows, bool *more, Error *err)
{
    *more = false;
    do {
        if (rows->chunk)
            duckdb_destroy_data_chunk(&rows->chunk);
        rows->chunk = duckdb_fetch_chunk(rows->result);
        if (!rows->chunk) {
            const char *text = duckdb_result_error(&rows->result);
            rows->chunk_rows = 0;
            return text ? db_failed(duckdb_result_error_type(&rows->result), text, err) : OK;
        }
        rows->chunk_rows = duckdb_data_chunk_get_size(rows->chunk);
    } while (rows->chunk_rows == 0);
    rows->row = 0;
    for (size_t i = 0; i < rows->column_count; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(rows->chunk, i);
        rows->columns[i].data = duckdb_vector_get_data(vector);
        rows->columns[i].validity = duckdb_vector_get_validity(vector);
    }
    *more = true;
    return OK;
}

Status db_next(DbRows *rows, bool *more, Error *err)
{
    if (rows->row + 1 < rows->chunk_rows) {
        rows->row++;
        *more = true;
        return OK;
    }
    return next_chunk(rows, more, err);
}

Status db_next_chunk(DbRows *rows, size_t *count, Error *err)
{
    bool more;
    Status st = next_chunk(rows, &more, err);
    *count = st == OK && more ? rows->chunk_rows : 0;
    return st;
}

void db_rows_free(DbRows *rows)
{
    if (!rows)
        return;
    if (rows->chunk)
        duckdb_destroy_data_chunk(&rows->chunk);
    duckdb_destroy_result(&rows->result);
    mem_free(rows->columns);
    mem_free(rows);
}

size_t db_columns(const DbRows *rows)
{
    return rows->column_count;
}

const char *db_column_name(const DbRows *rows, size_t column)
{
    ASSERT(column < rows->column_count);
    return rows->columns[column].name;
}

/* --- cells --------------------------------------------------------------------------------------------------- */

static const Column *column_at(const DbRows *rows, size_t column)
{
    ASSERT(column < rows->column_count && rows->row < rows->chunk_rows);
    return &rows->columns[column];
}

static bool is_null(const Column *c, size_t row)
{
    return c->validity && !(c->validity[row / 64] >> (row % 64) & 1);
}

bool db_is_null(const DbRows *rows, size_t column)
{
    return is_null(column_at(rows, column), rows->row);
}

/* A sum of BIGINT is a HUGEINT in DuckDB. What lies beyond 64 bits is clamped, which no count or money sum reaches. */
static int64_t clamp_hugeint(duckdb_hugeint v)
{
    if (v.upper == 0 && v.lower <= INT64_MAX)
        return (int64_t)v.lower;
    if (v.upper == -1 && v.lower > INT64_MAX)
        return (int64_t)v.lower;
    return v.upper < 0 ? INT64_MIN : INT64_MAX;
}

int64_t db_i64(const DbRows *rows, size_t column)
{
    const Column *c = column_at(rows, column);
    size_t k = rows->row;
    if (is_null(c, k))
        return 0;
    switch (c->type.storage) {
    case DUCKDB_TYPE_BOOLEAN:
        return ((const bool *)c->data)[k];
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)c->data)[k];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)c->data)[k];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)c->data)[k];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)c->data)[k];
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return ((const int32_t *)c->data)[k];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)c->data)[k];
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return ((const int64_t *)c->data)[k];
    case DUCKDB_TYPE_UBIGINT: {
        uint64_t v = ((const uint64_t *)c->data)[k];
        return v > INT64_MAX ? INT64_MAX : (int64_t)v;
    }
    case DUCKDB_TYPE_HUGEINT:
        return clamp_hugeint(((const duckdb_hugeint *)c->data)[k]);
    default:
        ASSERT(false); /* the caller's SQL gives a column that is no integer */
    }
    return 0;
}

uint64_t db_u64(const DbRows *rows, size_t column)
{
    const Column *c = column_at(rows, column);
    if (c->type.storage == DUCKDB_TYPE_UBIGINT)
        return is_null(c, rows->row) ? 0 : ((const uint64_t *)c->data)[rows->row];
    int64_t v = db_i64(rows, column);
    return v < 0 ? 0 : (uint64_t)v;
}

double db_f64(const DbRows *rows, size_t column)
{
    const Column *c = column_at(rows, column);
    size_t k = rows->row;
    if (is_null(c, k))
        return 0;
    double v;
    switch (c->type.storage) {
    case DUCKDB_TYPE_FLOAT:
        return (double)((const float *)c->data)[k];
    case DUCKDB_TYPE_DOUBLE:
        return ((const double *)c->data)[k];
    case DUCKDB_TYPE_UBIGINT:
        v = (double)((const uint64_t *)c->data)[k];
        break;
    case DUCKDB_TYPE_HUGEINT:
        v = duckdb_hugeint_to_double(((const duckdb_hugeint *)c->data)[k]);
        break;
    default:
        v = (double)db_i64(rows, column);
    }
    return c->type.scale ? v / pow(10, c->type.scale) : v;
}

/* An inlined text lies in the vector itself, behind its length (duckdb.h). */
static Slice text_at(const void *data, size_t row)
{
    const duckdb_string_t *s = (const duckdb_string_t *)data + row;
    size_t len = s->value.inlined.length;
    return (Slice){len <= sizeof s->value.inlined.inlined ? s->value.inlined.inlined : s->value.pointer.ptr, len};
}

Slice db_str(const DbRows *rows, size_t column)
{
    const Column *c = column_at(rows, column);
    if (is_null(c, rows->row))
        return (Slice){0};
    ASSERT(c->type.storage == DUCKDB_TYPE_VARCHAR || c->type.storage == DUCKDB_TYPE_BLOB);
    return text_at(c->data, rows->row);
}

void db_uuid(const DbRows *rows, size_t column, uint8_t out[16])
{
    const Column *c = column_at(rows, column);
    ASSERT(c->type.storage == DUCKDB_TYPE_UUID);
    if (is_null(c, rows->row))
        memset(out, 0, 16);
    else
        db_uuid_unpack(((const duckdb_hugeint *)c->data)[rows->row], out);
}

DbVector db_vector(const DbRows *rows, size_t column)
{
    ASSERT(column < rows->column_count);
    return (DbVector){rows->columns[column].data, rows->columns[column].validity};
}

bool db_vector_same_str(const DbVector *v, size_t a, size_t b)
{
    const duckdb_string_t *s = v->data;
    bool has_a = db_vector_has(v, a), has_b = db_vector_has(v, b);
    /* a short text lies in the element itself, filled up with zeros; of a long one its length, beginning and place */
    return has_a == has_b && (!has_a || memcmp(&s[a], &s[b], sizeof *s) == 0);
}

Slice db_vector_str(const DbVector *v, size_t row)
{
    return text_at(v->data, row);
}

void db_vector_uuid(const DbVector *v, size_t row, uint8_t out[16])
{
    db_uuid_unpack(((const duckdb_hugeint *)v->data)[row], out);
}

/* --- one value ----------------------------------------------------------------------------------------------- */

static Status first_row(DbRows *rows, Error *err)
{
    bool more = false;
    TRY(db_next(rows, &more, err));
    return more ? OK : error_set(err, ERR_NOT_FOUND, "the query returned no row");
}

Status db_value_i64(Db *db, int64_t *out, Error *err, const char *fmt, ...)
{
    DbRows *rows = NULL;
    va_list args;
    va_start(args, fmt);
    Status st = query_args(db, &rows, fmt, args, err);
    va_end(args);
    if (st == OK)
        st = first_row(rows, err);
    if (st == OK)
        *out = db_i64(rows, 0);
    db_rows_free(rows);
    return st;
}

Status db_value_str(Db *db, Buf *out, Error *err, const char *fmt, ...)
{
    DbRows *rows = NULL;
    va_list args;
    va_start(args, fmt);
    Status st = query_args(db, &rows, fmt, args, err);
    va_end(args);
    if (st == OK)
        st = first_row(rows, err);
    if (st == OK) {
        buf_add(out, db_str(rows, 0));
        st = buf_status(out, err);
    }
    db_rows_free(rows);
    return st;
}
