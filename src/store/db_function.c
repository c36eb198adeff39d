/*
 * SQL functions of our own. DuckDB calls them with whole column vectors, from
 * several threads at once, which costs nothing worth naming against a function
 * of its own (measured with Jaro-Winkler over 20 M pairs).
 */
#include "store/db_impl.h"

typedef struct UuidFunction {
    DbUuidFn fn;
    void *ctx;
    size_t arg_count;
} UuidFunction;

/* Everything one call needs, in one piece of memory. */
typedef struct Scratch {
    uint8_t (*out)[16];
    Slice *cells;       /* arg_count * rows */
    const Slice **args; /* arg_count */
    bool *out_null;
} Scratch;

static Status scratch_make(size_t rows, size_t arg_count, void **memory, Scratch *s, Error *err)
{
    size_t row_bytes = 16 + sizeof(bool) + arg_count * sizeof(Slice);
    size_t size;
    if (CKD_MUL(&size, rows, row_bytes) || CKD_ADD(&size, size, arg_count * sizeof(Slice *)))
        return error_nomem(err);
    TRY(mem_alloc(size, memory, err));
    /* widest alignment first */
    s->out = *memory;
    s->cells = (Slice *)(void *)(s->out + rows);
    s->args = (const Slice **)(void *)(s->cells + arg_count * rows);
    s->out_null = (bool *)(void *)(s->args + arg_count);
    return OK;
}

static void read_argument(duckdb_vector vector, size_t rows, Slice *cells)
{
    DbVector v = {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
    for (size_t k = 0; k < rows; k++)
        cells[k] = db_vector_has(&v, k) ? db_vector_str(&v, k) : (Slice){0};
}

static void write_result(duckdb_vector vector, size_t rows, const Scratch *s)
{
    duckdb_hugeint *data = duckdb_vector_get_data(vector);
    uint64_t *validity = NULL;
    for (size_t k = 0; k < rows; k++) {
        data[k] = db_uuid_pack(s->out[k]);
        if (!s->out_null[k])
            continue;
        if (!validity) {
            duckdb_vector_ensure_validity_writable(vector);
            validity = duckdb_vector_get_validity(vector);
        }
        validity[k / 64] &= ~(UINT64_C(1) << (k % 64));
    }
}

static void call_uuid(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const UuidFunction *f = duckdb_scalar_function_get_extra_info(info);
    size_t rows = duckdb_data_chunk_get_size(input);
    void *memory = NULL;
    Scratch s = {0};
    if (scratch_make(rows, f->arg_count, &memory, &s, NULL) != OK) {
        duckdb_scalar_function_set_error(info, "out of memory");
        return;
    }
    for (size_t i = 0; i < f->arg_count; i++) {
        s.args[i] = s.cells + i * rows;
        read_argument(duckdb_data_chunk_get_vector(input, i), rows, s.cells + i * rows);
    }
    memset(s.out, 0, rows * sizeof *s.out);
    memset(s.out_null, 0, rows * sizeof *s.out_null);
    f->fn(f->ctx, rows, f->arg_count, s.args, s.out, s.out_null);
    write_result(output, rows, &s);
    mem_free(memory);
}

Status db_register_uuid_fn(Db *db, const char *name, size_t arg_count, DbUuidFn fn, void *ctx, Error *err)
{
    UuidFunction *f = NULL;
    TRY(mem_zalloc(1, sizeof *f, (void **)&f, err));
    *f = (UuidFunction){.fn = fn, .ctx = ctx, .arg_count = arg_count};
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type uuid = duckdb_create_logical_type(DUCKDB_TYPE_UUID);
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name);
    for (size_t i = 0; i < arg_count; i++)
        duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_set_return_type(function, uuid);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_function(function, call_uuid);
    duckdb_scalar_function_set_extra_info(function, f, mem_free);
    duckdb_state state = duckdb_register_scalar_function(db->connection, function);
    duckdb_destroy_scalar_function(&function);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&uuid);
    if (state != DuckDBSuccess)
        return error_set(err, ERR_INTERNAL, "the SQL function %s could not be registered", name);
    return OK;
}
