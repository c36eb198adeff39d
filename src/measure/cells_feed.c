/*
 * Rows of C structures straight into a Parquet file: a table function over them, behind one COPY on a thread of its own
 * that takes what it is handed and waits for more.
 *
 * A table in between, filled by the appender, cost more than the file: DuckDB compresses a table without a file at
 * every commit, and each row was copied once more before the first byte was written. Row groups fill up across
 * hand-overs, so that the bytes do not tell where one ended.
 */
#include "measure/measure_parts.h"

#include <duckdb.h>
#include <pthread.h>

struct CellsFeed {
    const CellShape *shape;
    Db *db;
    Buf sql;
    pthread_t writer;
    bool writing;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    const char *rows; /* handed over, borrowed until at == count */
    const uint32_t *order;
    size_t count, at;
    bool ended;   /* no more will come */
    bool dropped; /* the file is not wanted any more */
    bool done;    /* the COPY returned */
    Status status;
    Error error; /* of the COPY */
};

/* --- rows to columns --- */

static const duckdb_type column_types[] = {
    DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_DOUBLE};

typedef struct Rows { /* of the hand-over, from `at` on */
    const CellsFeed *feed;
    size_t offset; /* of the column */
} Rows;

static const void *value_at(const Rows *r, size_t k)
{
    const CellsFeed *f = r->feed;
    size_t row = f->order ? f->order[f->at + k] : f->at + k;
    return f->rows + row * f->shape->size + r->offset;
}

/* Neighbours mostly carry the same text, one copy of it: the vector keeps it once. */
static void fill_texts(duckdb_vector vector, const Rows *rows, size_t to, size_t count)
{
    duckdb_string_t *data = duckdb_vector_get_data(vector);
    Slice before = {0};
    for (size_t k = 0; k < count; k++) {
        Slice s = *(const Slice *)value_at(rows, k);
        if (k > 0 && s.ptr == before.ptr && s.len == before.len)
            data[to + k] = data[to + k - 1];
        else
            duckdb_vector_assign_string_element_len(vector, to + k, s.len ? s.ptr : "", s.len);
        before = s;
    }
}

#define FILL(type_) \
    do { \
        type_ *data_ = duckdb_vector_get_data(vector); \
        for (size_t k = 0; k < count; k++) \
            data_[to + k] = *(const type_ *)value_at(&rows, k); \
    } while (0)

/* count rows of the hand-over into rows to .. of the chunk. */
static void fill_rows(const CellsFeed *f, duckdb_data_chunk chunk, size_t to, size_t count)
{
    const CellShape *s = f->shape;
    for (size_t i = 0; i < s->count; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
        const Rows rows = {f, s->columns[i].offset};
        switch (s->columns[i].type) {
        case CELL_TEXT:
            fill_texts(vector, &rows, to, count);
            break;
        case CELL_INT:
            FILL(int64_t);
            break;
        case CELL_YEAR:
            FILL(int32_t);
            break;
        case CELL_DOUBLE:
            FILL(double);
            break;
        }
    }
}

/* --- the table function --- */

static void feed_bind(duckdb_bind_info info)
{
    const CellsFeed *f = duckdb_bind_get_extra_info(info);
    for (size_t i = 0; i < f->shape->count; i++) {
        duckdb_logical_type type = duckdb_create_logical_type(column_types[f->shape->columns[i].type]);
        duckdb_bind_add_result_column(info, f->shape->columns[i].name, type);
        duckdb_destroy_logical_type(&type);
    }
}

/* One thread reads: the order of rows is the order of hand-overs. */
static void feed_init(duckdb_init_info info)
{
    duckdb_init_set_max_threads(info, 1);
}

/* Whoever hands over waits until its rows are taken, so that they are read under the lock. */
static void feed_scan(duckdb_function_info info, duckdb_data_chunk chunk)
{
    CellsFeed *f = duckdb_function_get_extra_info(info);
    size_t filled = 0, wanted = duckdb_vector_size();
    pthread_mutex_lock(&f->lock);
    while (filled < wanted) {
        while (f->at == f->count && !f->ended && !f->dropped)
            pthread_cond_wait(&f->changed, &f->lock);
        if (f->dropped) {
            duckdb_function_set_error(info, "the file is not wanted any more");
            break;
        }
        size_t take = f->count - f->at < wanted - filled ? f->count - f->at : wanted - filled;
        if (take == 0)
            break;
        fill_rows(f, chunk, filled, take);
        filled += take;
        f->at += take;
        if (f->at == f->count)
            pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->lock);
    duckdb_data_chunk_set_size(chunk, filled);
}

static Status register_feed(CellsFeed *f, Error *err)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "cells_feed");
    duckdb_table_function_set_extra_info(function, f, NULL);
    duckdb_table_function_set_bind(function, feed_bind);
    duckdb_table_function_set_init(function, feed_init);
    duckdb_table_function_set_function(function, feed_scan);
    duckdb_state state = duckdb_register_table_function(db_raw_connection(f->db), function);
    duckdb_destroy_table_function(&function);
    return state == DuckDBSuccess
               ? OK
               : error_set(err, ERR_INTERNAL, "the reader of figures could not be registered with the database");
}

/* --- the file --- */

static void *write_file(void *arg)
{
    CellsFeed *f = arg;
    Error error = ERROR_INIT;
    Status st = db_exec(f->db, buf_z(&f->sql), &error);
    pthread_mutex_lock(&f->lock);
    f->status = st;
    f->error = error;
    f->done = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

static Status copy_failed(const CellsFeed *f, Error *err)
{
    if (f->status != OK && err)
        *err = f->error;
    return f->status;
}

Status cells_feed_open(const CellShape *shape, const char *path, CellsFeed **out, Error *err)
{
    CellsFeed *f;
    DbOptions options = DB_OPTIONS_INIT;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *f, (void **)&f, err));
    f->shape = shape;
    buf_init(&f->sql, 0);
    ASSERT(pthread_mutex_init(&f->lock, NULL) == 0 && pthread_cond_init(&f->changed, NULL) == 0);
    options.threads = 1;
    options.memory_mb = 1024;
    TRY_OUT(db_open(&options, &f->db, err));
    TRY_OUT(register_feed(f, err));
    buf_adds(&f->sql, "COPY (SELECT * FROM cells_feed()) TO ");
    sql_literal(&f->sql, slice_of(path));
    buf_adds(&f->sql, " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)");
    TRY_OUT(buf_status(&f->sql, err));
    TRY_OUT(file_write(path, SLICE(""), MODE_PRIVATE, err)); /* what COPY makes anew would be readable for others */
    if (pthread_create(&f->writer, NULL, write_file, f) != 0)
        TRY_OUT(error_set(err, ERR_LIMIT, "no thread to write the figures with"));
    f->writing = true;
    *out = f;
    f = NULL;
out:
    cells_feed_drop(f);
    return st;
}

Status cells_feed_add(CellsFeed *f, const void *rows, const uint32_t *order, size_t count, Error *err)
{
    pthread_mutex_lock(&f->lock);
    f->rows = rows;
    f->order = order;
    f->count = count;
    f->at = 0;
    pthread_cond_broadcast(&f->changed);
    while (f->at < f->count && !f->done)
        pthread_cond_wait(&f->changed, &f->lock);
    f->at = f->count = 0;
    Status st = f->done ? copy_failed(f, err) : OK;
    pthread_mutex_unlock(&f->lock);
    return st;
}

static void stop(CellsFeed *f, bool *how)
{
    if (!f->writing)
        return;
    pthread_mutex_lock(&f->lock);
    *how = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    ASSERT(pthread_join(f->writer, NULL) == 0);
    f->writing = false;
}

Status cells_feed_close(CellsFeed *f, Error *err)
{
    stop(f, &f->ended);
    Status st = copy_failed(f, err);
    cells_feed_drop(f);
    return st;
}

void cells_feed_drop(CellsFeed *f)
{
    if (!f)
        return;
    stop(f, &f->dropped);
    db_close(f->db);
    buf_free(&f->sql);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}
