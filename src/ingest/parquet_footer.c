/*
 * What a Parquet file says of itself, in Thrift's compact protocol: the
 * structures of parquet.thrift (apache/parquet-format), as far as this writer
 * needs them. Numbers in the calls are the field numbers there.
 */
#include "ingest/parquet_encode.h"
#include "ingest/parquet_parts.h"

/* --- Thrift's compact protocol -------------------------------------------------------------------------------- */

enum {
    THRIFT_TRUE = 1,
    THRIFT_BYTE = 3,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_STRUCT = 12
};

#define DEPTH_MAX 8

typedef struct Thrift {
    Buf *out;
    int last[DEPTH_MAX]; /* number of the field written last, a structure */
    int depth;
} Thrift;

static void field(Thrift *t, int number, int type)
{
    int step = number - t->last[t->depth];
    ASSERT(step > 0 && step <= 15);
    buf_addc(t->out, (char)(step << 4 | type));
    t->last[t->depth] = number;
}

static void i32(Thrift *t, int number, int64_t v)
{
    field(t, number, THRIFT_I32);
    parquet_zigzag(t->out, v);
}

static void i64(Thrift *t, int number, uint64_t v)
{
    field(t, number, THRIFT_I64);
    parquet_zigzag(t->out, (int64_t)v);
}

static void bytes(Thrift *t, Slice s)
{
    parquet_varint(t->out, s.len);
    buf_add(t->out, s);
}

static void binary(Thrift *t, int number, Slice s)
{
    field(t, number, THRIFT_BINARY);
    bytes(t, s);
}

static void enter(Thrift *t)
{
    ASSERT(t->depth + 1 < DEPTH_MAX);
    t->last[++t->depth] = 0;
}

static void begin_struct(Thrift *t, int number)
{
    field(t, number, THRIFT_STRUCT);
    enter(t);
}

static void end_struct(Thrift *t)
{
    buf_addc(t->out, '\0');
    t->depth--;
}

static void list(Thrift *t, int number, int type, size_t count)
{
    field(t, number, THRIFT_LIST);
    if (count < 15) {
        buf_addc(t->out, (char)(count << 4 | (size_t)type));
    } else {
        buf_addc(t->out, (char)(0xF0 | type));
        parquet_varint(t->out, count);
    }
}

/* --- types ---------------------------------------------------------------------------------------------------- */

typedef struct TypeNames {
    int physical;  /* Type */
    int converted; /* ConvertedType; -1: none */
    int logical;   /* field of the union LogicalType; 0: none */
} TypeNames;

enum { PHYSICAL_BOOLEAN = 0, PHYSICAL_INT32 = 1, PHYSICAL_INT64 = 2, PHYSICAL_BYTES = 6, PHYSICAL_FIXED = 7 };
enum { LOGICAL_STRING = 1, LOGICAL_DECIMAL = 5, LOGICAL_DATE = 6, LOGICAL_INTEGER = 10, LOGICAL_UUID = 14 };

static const TypeNames type_names[] = {
    [PARQUET_INTEGER] = {PHYSICAL_INT64, 18, LOGICAL_INTEGER},
    [PARQUET_DECIMAL] = {PHYSICAL_INT64, 5, LOGICAL_DECIMAL},
    [PARQUET_DATE] = {PHYSICAL_INT32, 6, LOGICAL_DATE},
    [PARQUET_BOOLEAN] = {PHYSICAL_BOOLEAN, -1, 0},
    [PARQUET_TEXT] = {PHYSICAL_BYTES, 0, LOGICAL_STRING},
    [PARQUET_UUID] = {PHYSICAL_FIXED, -1, LOGICAL_UUID},
};

#define DECIMAL_DIGITS 18

static void logical_type(Thrift *t, const ParquetColumn *c, int logical)
{
    begin_struct(t, 10);
    begin_struct(t, logical);
    if (logical == LOGICAL_DECIMAL) {
        i32(t, 1, c->scale);
        i32(t, 2, DECIMAL_DIGITS);
    } else if (logical == LOGICAL_INTEGER) {
        field(t, 1, THRIFT_BYTE);
        buf_addc(t->out, 64);
        field(t, 2, THRIFT_TRUE); /* signed */
    }
    end_struct(t);
    end_struct(t);
}

static void schema_element(Thrift *t, const ParquetColumn *c)
{
    const TypeNames *names = &type_names[c->type];
    enter(t);
    i32(t, 1, names->physical);
    if (names->physical == PHYSICAL_FIXED)
        i32(t, 2, 16);
    i32(t, 3, 1); /* optional */
    binary(t, 4, c->name);
    if (names->converted >= 0)
        i32(t, 6, names->converted);
    if (c->type == PARQUET_DECIMAL) {
        i32(t, 7, c->scale);
        i32(t, 8, DECIMAL_DIGITS);
    }
    if (names->logical > 0)
        logical_type(t, c, names->logical);
    end_struct(t);
}

static void schema(Thrift *t, const ParquetColumn *columns, size_t count)
{
    list(t, 2, THRIFT_STRUCT, count + 1);
    enter(t);
    binary(t, 4, SLICE("rows"));
    i32(t, 5, (int64_t)count);
    end_struct(t);
    for (size_t i = 0; i < count; i++)
        schema_element(t, &columns[i]);
}

/* --- row groups ----------------------------------------------------------------------------------------------- */

static void statistics(Thrift *t, const ColumnPages *p)
{
    begin_struct(t, 12);
    i64(t, 3, p->nulls);
    if (p->has_range) {
        binary(t, 5, p->most);
        binary(t, 6, p->least);
    }
    end_struct(t);
}

static void column_chunk(Thrift *t, const ParquetColumn *c, const ColumnPages *p)
{
    uint64_t at = p->dictionary_at ? p->dictionary_at : p->data_at;
    enter(t);
    i64(t, 2, at);
    begin_struct(t, 3);
    i32(t, 1, type_names[c->type].physical);
    bool plain_too = p->dictionary_at && p->encoding != ENCODING_PLAIN; /* the dictionary itself */
    list(t, 2, THRIFT_I32, plain_too ? 3 : 2);
    parquet_zigzag(t->out, ENCODING_RLE); /* which rows are NULL */
    parquet_zigzag(t->out, p->encoding);
    if (plain_too)
        parquet_zigzag(t->out, ENCODING_PLAIN);
    list(t, 3, THRIFT_BINARY, 1);
    bytes(t, c->name);
    i32(t, 4, 0); /* not compressed */
    i64(t, 5, p->rows);
    i64(t, 6, p->bytes);
    i64(t, 7, p->bytes);
    i64(t, 9, p->data_at);
    if (p->dictionary_at)
        i64(t, 11, p->dictionary_at);
    statistics(t, p);
    end_struct(t);
    end_struct(t);
}

static void row_group(Thrift *t, const ParquetColumn *columns, size_t count, const RowGroup *g)
{
    uint64_t total = 0;
    enter(t);
    list(t, 1, THRIFT_STRUCT, count);
    for (size_t i = 0; i < count; i++) {
        column_chunk(t, &columns[i], &g->columns[i]);
        total += g->columns[i].bytes;
    }
    i64(t, 2, total);
    i64(t, 3, g->rows);
    end_struct(t);
}

/* Least and most are by the order of the column's type. */
static void column_orders(Thrift *t, size_t count)
{
    list(t, 7, THRIFT_STRUCT, count);
    for (size_t i = 0; i < count; i++) {
        enter(t);
        begin_struct(t, 1);
        end_struct(t);
        end_struct(t);
    }
}

void footer_file(const ParquetColumn *columns, size_t count, const RowGroups *groups, Buf *out)
{
    Thrift t = {.out = out};
    uint64_t rows = 0;
    for (size_t i = 0; i < groups->len; i++)
        rows += groups->at[i].rows;
    i32(&t, 1, 2); /* version */
    schema(&t, columns, count);
    i64(&t, 3, rows);
    list(&t, 4, THRIFT_STRUCT, groups->len);
    for (size_t i = 0; i < groups->len; i++)
        row_group(&t, columns, count, &groups->at[i]);
    binary(&t, 6, SLICE("cairn"));
    column_orders(&t, count);
    buf_addc(out, '\0');
}

/* --- pages ---------------------------------------------------------------------------------------------------- */

static void page(Thrift *t, int type, size_t size)
{
    i32(t, 1, type);
    i32(t, 2, (int64_t)size);
    i32(t, 3, (int64_t)size);
}

void footer_data_page(uint64_t rows, ParquetEncoding encoding, size_t size, Buf *out)
{
    Thrift t = {.out = out};
    page(&t, 0, size);
    begin_struct(&t, 5);
    i32(&t, 1, (int64_t)rows);
    i32(&t, 2, encoding);
    i32(&t, 3, ENCODING_RLE);
    i32(&t, 4, ENCODING_RLE);
    end_struct(&t);
    buf_addc(out, '\0');
}

void footer_dictionary_page(uint32_t entries, size_t size, Buf *out)
{
    Thrift t = {.out = out};
    page(&t, 2, size);
    begin_struct(&t, 7);
    i32(&t, 1, entries);
    i32(&t, 2, ENCODING_PLAIN);
    end_struct(&t);
    buf_addc(out, '\0');
}
