/* See row_sink.h. */
#include "ingest/row_sink.h"

#include <duckdb.h>
#include <stdio.h>

#include "ingest/value_hash.h"

enum { LEAD_ROW, LEAD_LINE, LEAD_AT, LEAD_OK, LEAD_PROBLEMS, LEAD_TAG, LEAD_COUNT };

/* row_no and record_tag come first in rows.parquet */
enum { PARQUET_LEADING = 2 };

#define ROWS_NAME "rows.parquet"

typedef struct KeyHash {
    uint64_t at[2];
} KeyHash;
typedef VEC(KeyHash) KeyHashes;

/* Texts of a column that comes in numbers: a digit more than fit into one of DuckDB's own must lie somewhere. */
typedef struct NumberTexts {
    duckdb_string_t *texts; /* of a call */
    char (*digits)[24];
} NumberTexts;

/* What the function of one part works with and has found. */
typedef struct SinkPart {
    RowSink *sink;
    ParquetWriter *writer;
    DbVector *vectors;    /* as called */
    DbVector *written;    /* of these, what goes into rows.parquet */
    uint32_t *good;       /* rows of the call */
    NumberTexts *numbers; /* a column; empty for most */
    uint64_t rows;
    uint64_t good_rows;
    Arena arena; /* of the codes */
    Troubles troubles;
    VEC(RowPlace) places;       /* good rows */
    KeyHashes *keys;            /* good rows, a key */
    const RowNumbers *left_out; /* row_sink_leave_out: these */
    size_t next_left_out;
    Status status;
    Error error;
} SinkPart;

struct RowSink {
    Arena arena;
    SinkColumn *columns;
    size_t column_count;
    SinkKey *keys;
    size_t key_count;
    bool places;
    bool later;
    const char *folder;
    const char *mark;
    ParquetColumn *written;
    size_t written_count;
    uint64_t seeds[2];
    SinkPart *parts;
    size_t part_count;
    SinkPart again; /* row_sink_leave_out's */
};

/* --- keys ------------------------------------------------------------------------------------------------------ */

/* A NULL is unlike any value and like any other NULL. */
static void hash_null(const RowSink *s, KeyHash *h)
{
    for (size_t k = 0; k < 2; k++)
        h->at[k] = hash_word(s->seeds[k], ~h->at[k], 0x6E756C6C);
}

static void hash_words(const RowSink *s, KeyHash *h, uint64_t word, uint64_t second)
{
    for (size_t k = 0; k < 2; k++)
        h->at[k] = hash_word(s->seeds[k], hash_word(s->seeds[k], h->at[k], word), second);
}

static void hash_text(const RowSink *s, KeyHash *h, const duckdb_string_t *text)
{
    uint32_t len = text->value.inlined.length;
    const char *ptr = len <= sizeof text->value.inlined.inlined ? text->value.inlined.inlined : text->value.pointer.ptr;
    for (size_t k = 0; k < 2; k++)
        h->at[k] = hash_bytes(s->seeds[k], h->at[k], ptr, len);
}

static void hash_value(const RowSink *s, ParquetType type, const void *data, size_t row, KeyHash *h)
{
    switch (type) {
    case PARQUET_INTEGER:
    case PARQUET_DECIMAL:
        hash_words(s, h, (uint64_t)((const int64_t *)data)[row], 1);
        break;
    case PARQUET_DATE:
        hash_words(s, h, (uint64_t)((const int32_t *)data)[row], 2);
        break;
    case PARQUET_BOOLEAN:
        hash_words(s, h, ((const bool *)data)[row], 3);
        break;
    case PARQUET_TEXT:
        hash_text(s, h, (const duckdb_string_t *)data + row);
        break;
    case PARQUET_UUID: {
        duckdb_hugeint v = ((const duckdb_hugeint *)data)[row];
        hash_words(s, h, v.lower, (uint64_t)v.upper);
    }
    }
}

static Status keep_keys(SinkPart *p, size_t good, Error *err)
{
    const RowSink *s = p->sink;
    for (size_t k = 0; k < s->key_count; k++) {
        KeyHashes *hashes = &p->keys[k];
        TRY(vec_reserve(hashes, hashes->len + good, err));
        KeyHash *to = hashes->at + hashes->len;
        for (size_t i = 0; i < good; i++)
            to[i] = (KeyHash){{s->seeds[1], s->seeds[0]}};
        for (size_t c = 0; c < s->keys[k].count; c++) {
            size_t column = s->keys[k].columns[c];
            const DbVector *v = &p->vectors[LEAD_COUNT + column];
            for (size_t i = 0; i < good; i++) {
                if (db_vector_has(v, p->good[i]))
                    hash_value(s, s->columns[column].as.type, v->data, p->good[i], &to[i]);
                else
                    hash_null(s, &to[i]);
            }
        }
        hashes->len += good;
    }
    return OK;
}

/* --- one call -------------------------------------------------------------------------------------------------- */

static RowPlace place_of(const SinkPart *p, size_t i)
{
    return (RowPlace){
        .row = ((const uint64_t *)p->vectors[LEAD_ROW].data)[i],
        .line = ((const uint64_t *)p->vectors[LEAD_LINE].data)[i],
        .at = ((const uint64_t *)p->vectors[LEAD_AT].data)[i],
    };
}

static Status keep_troubles(SinkPart *p, size_t rows, Error *err)
{
    const DbVector *problems = &p->vectors[LEAD_PROBLEMS];
    const bool *ok = p->vectors[LEAD_OK].data;
    for (size_t i = 0; i < rows; i++) {
        if (!db_vector_has(problems, i))
            continue;
        Trouble t = {.place = place_of(p, i), .rejected = !ok[i]};
        TRY(arena_dup(&p->arena, db_vector_str(problems, i), &t.codes, err));
        TRY(vec_push(&p->troubles, t, err));
    }
    return OK;
}

static size_t find_good(SinkPart *p, size_t rows)
{
    const bool *ok = p->vectors[LEAD_OK].data;
    size_t good = 0;
    for (size_t i = 0; i < rows; i++) {
        p->good[good] = (uint32_t)i;
        good += ok[i];
    }
    return good;
}

static Status keep_places(SinkPart *p, size_t good, Error *err)
{
    TRY(vec_reserve(&p->places, p->places.len + good, err));
    for (size_t i = 0; i < good; i++)
        p->places.at[p->places.len++] = place_of(p, p->good[i]);
    return OK;
}

static duckdb_string_t number_text(int64_t v, char digits[24])
{
    duckdb_string_t text = {0};
    size_t n = (size_t)snprintf(digits, 24, "%" PRId64, v);
    text.value.inlined.length = (uint32_t)n;
    if (n <= sizeof text.value.inlined.inlined) {
        memcpy(text.value.inlined.inlined, digits, n);
    } else {
        memcpy(text.value.pointer.prefix, digits, sizeof text.value.pointer.prefix);
        text.value.pointer.ptr = digits;
    }
    return text;
}

/* A scope is the same in nearly every row of a file. */
static void write_numbers(const NumberTexts *to, DbVector *v, size_t rows)
{
    const int64_t *numbers = v->data;
    for (size_t i = 0; i < rows; i++) {
        if (i > 0 && numbers[i] == numbers[i - 1])
            to->texts[i] = to->texts[i - 1];
        else
            to->texts[i] = number_text(numbers[i], to->digits[i]);
    }
    v->data = to->texts;
}

static Status take_rows(SinkPart *p, size_t rows, Error *err)
{
    const RowSink *s = p->sink;
    for (size_t i = 0; i < s->column_count; i++)
        if (s->columns[i].number)
            write_numbers(&p->numbers[i], &p->vectors[LEAD_COUNT + i], rows);
    TRY(keep_troubles(p, rows, err));
    size_t good = find_good(p, rows);
    if (s->places)
        TRY(keep_places(p, good, err));
    TRY(keep_keys(p, good, err));
    p->written[0] = p->vectors[LEAD_ROW];
    p->written[1] = p->vectors[LEAD_TAG];
    for (size_t i = 0, n = PARQUET_LEADING; i < s->column_count; i++)
        if (s->columns[i].content)
            p->written[n++] = p->vectors[LEAD_COUNT + i];
    p->rows += rows;
    p->good_rows += good;
    return parquet_add(p->writer, p->written, p->good, good, err);
}

static Status take_again(SinkPart *p, size_t rows, Error *err)
{
    const uint64_t *row = p->vectors[0].data;
    size_t good = 0;
    for (size_t i = 0; i < rows; i++) {
        while (p->next_left_out < p->left_out->len && p->left_out->at[p->next_left_out] < row[i])
            p->next_left_out++;
        p->good[good] = (uint32_t)i;
        good += p->next_left_out >= p->left_out->len || p->left_out->at[p->next_left_out] != row[i];
    }
    return parquet_add(p->writer, p->vectors, p->good, good, err);
}

static void sink_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    SinkPart *p = duckdb_scalar_function_get_extra_info(info);
    const RowSink *s = p->sink;
    size_t rows = duckdb_data_chunk_get_size(input);
    idx_t count = duckdb_data_chunk_get_column_count(input);
    bool *keep = duckdb_vector_get_data(output);
    for (idx_t i = 0; i < count; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(input, i);
        p->vectors[i] = (DbVector){duckdb_vector_get_data(v), duckdb_vector_get_validity(v)};
    }
    if (p->status == OK)
        p->status = p->left_out ? take_again(p, rows, &p->error) : take_rows(p, rows, &p->error);
    if (p->status != OK)
        duckdb_scalar_function_set_error(info, "the rows could not be kept");
    const bool *ok = p->vectors[LEAD_OK].data;
    for (size_t i = 0; i < rows; i++)
        keep[i] = s->later && !p->left_out && ok[i];
}

/* --- making ---------------------------------------------------------------------------------------------------- */

static duckdb_logical_type type_of(const ParquetColumn *c)
{
    switch (c->type) {
    case PARQUET_INTEGER:
        return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case PARQUET_DECIMAL:
        return duckdb_create_decimal_type(18, (uint8_t)c->scale);
    case PARQUET_DATE:
        return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case PARQUET_BOOLEAN:
        return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case PARQUET_UUID:
        return duckdb_create_logical_type(DUCKDB_TYPE_UUID);
    case PARQUET_TEXT:
        break;
    }
    return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
}

static void add_parameter(duckdb_scalar_function function, const ParquetColumn *c)
{
    duckdb_logical_type type = type_of(c);
    duckdb_scalar_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
}

static const ParquetColumn leading[LEAD_COUNT] = {
    [LEAD_ROW] = {.type = PARQUET_INTEGER},
    [LEAD_LINE] = {.type = PARQUET_INTEGER},
    [LEAD_AT] = {.type = PARQUET_INTEGER},
    [LEAD_OK] = {.type = PARQUET_BOOLEAN},
    [LEAD_PROBLEMS] = {.type = PARQUET_TEXT},
    [LEAD_TAG] = {.type = PARQUET_UUID},
};

/* Volatile: it is called for what it does. */
static Status end_register(Db *db, duckdb_scalar_function function, SinkPart *p, Error *err)
{
    duckdb_logical_type yes_or_no = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_return_type(function, yes_or_no);
    duckdb_destroy_logical_type(&yes_or_no);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_function(function, sink_rows);
    duckdb_scalar_function_set_extra_info(function, p, NULL);
    duckdb_state state = duckdb_register_scalar_function(db_raw_connection(db), function);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess ? OK : error_set(err, ERR_INTERNAL, "the sink of rows could not be registered");
}

static Status register_part(RowSink *s, Db *db, size_t n, Error *err)
{
    char name[60];
    snprintf(name, sizeof name, "ingest_rows_%zu%s", n, s->mark);
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name);
    for (size_t i = 0; i < LEAD_COUNT; i++)
        add_parameter(function, &leading[i]);
    for (size_t i = 0; i < s->column_count; i++)
        add_parameter(function, s->columns[i].number ? &leading[LEAD_ROW] : &s->columns[i].as);
    return end_register(db, function, &s->parts[n], err);
}

static Status copy_options(RowSink *s, const SinkOptions *o, Error *err)
{
    TRY(arena_new(&s->arena, SinkColumn, o->column_count, &s->columns, err));
    TRY(arena_new(&s->arena, SinkKey, o->key_count, &s->keys, err));
    TRY(arena_new(&s->arena, ParquetColumn, o->column_count + PARQUET_LEADING, &s->written, err));
    TRY(arena_printf(&s->arena, &s->folder, err, "%s", o->folder));
    TRY(arena_printf(&s->arena, &s->mark, err, "%s", o->mark));
    s->written[0] = (ParquetColumn){.name = SLICE("row_no"), .type = PARQUET_INTEGER, .distinct = true};
    s->written[1] = (ParquetColumn){.name = SLICE("record_tag"), .type = PARQUET_UUID, .distinct = true};
    s->written_count = PARQUET_LEADING;
    s->column_count = o->column_count;
    s->places = o->places;
    for (size_t i = 0; i < o->column_count; i++) {
        s->columns[i] = o->columns[i];
        s->later = s->later || o->columns[i].later;
        if (o->columns[i].content)
            s->written[s->written_count++] = o->columns[i].as;
    }
    for (s->key_count = 0; s->key_count < o->key_count; s->key_count++) {
        const SinkKey *from = &o->keys[s->key_count];
        size_t *columns = NULL;
        TRY(arena_new(&s->arena, size_t, from->count, &columns, err));
        for (size_t i = 0; i < from->count; i++)
            columns[i] = from->columns[i];
        s->keys[s->key_count] = (SinkKey){columns, from->count};
    }
    return random_bytes(s->seeds, sizeof s->seeds, err);
}

/* Part 0 begins the file that all end in. */
static Status part_path(RowSink *s, size_t n, const char **out, Error *err)
{
    if (n == 0)
        return path_join(&s->arena, s->folder, ROWS_NAME, out, err);
    return arena_printf(&s->arena, out, err, "%s/part-%zu", s->folder, n);
}

static Status make_numbers(RowSink *s, SinkPart *p, Error *err)
{
    size_t rows = duckdb_vector_size();
    TRY(arena_new(&s->arena, NumberTexts, s->column_count, &p->numbers, err));
    for (size_t i = 0; i < s->column_count; i++) {
        if (!s->columns[i].number)
            continue;
        TRY(arena_new(&s->arena, duckdb_string_t, rows, &p->numbers[i].texts, err));
        TRY(arena_array_(&s->arena, rows, sizeof *p->numbers[i].digits, (void **)&p->numbers[i].digits, err));
    }
    return OK;
}

static Status part_init(RowSink *s, SinkPart *p, const char *path, Error *err)
{
    p->sink = s;
    arena_init(&p->arena, 0);
    TRY(arena_new(&s->arena, DbVector, LEAD_COUNT + s->column_count, &p->vectors, err));
    TRY(arena_new(&s->arena, DbVector, s->written_count, &p->written, err));
    TRY(arena_new(&s->arena, uint32_t, duckdb_vector_size() + 1, &p->good, err));
    TRY(arena_new(&s->arena, KeyHashes, s->key_count, &p->keys, err));
    TRY(make_numbers(s, p, err));
    return parquet_open(path, s->written, s->written_count, &p->writer, err);
}

Status row_sink_register(Db *db, const SinkOptions *options, RowSink **out, Error *err)
{
    RowSink *s = NULL;
    TRY(mem_zalloc(1, sizeof *s, (void **)&s, err));
    *out = s; /* freed by the caller, whatever happens */
    arena_init(&s->arena, 0);
    TRY(copy_options(s, options, err));
    TRY(arena_new(&s->arena, SinkPart, options->parts, &s->parts, err));
    for (size_t i = 0; i < options->parts; i++) {
        const char *path;
        TRY(part_path(s, i, &path, err));
        s->part_count = i + 1;
        TRY(part_init(s, &s->parts[i], path, err));
        TRY(register_part(s, db, i, err));
    }
    return OK;
}

static void part_free(SinkPart *p, size_t keys)
{
    parquet_free(p->writer);
    vec_free(&p->troubles);
    vec_free(&p->places);
    for (size_t k = 0; p->keys && k < keys; k++)
        vec_free(&p->keys[k]);
    arena_free(&p->arena);
}

void row_sink_free(RowSink *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->part_count; i++)
        part_free(&s->parts[i], s->key_count);
    part_free(&s->again, s->key_count);
    arena_free(&s->arena);
    mem_free(s);
}

/* --- afterwards ------------------------------------------------------------------------------------------------ */

static Status part_status(const SinkPart *p, Error *err)
{
    if (p->status != OK && err)
        *err = p->error;
    return p->status;
}

Status row_sink_status(const RowSink *s, Error *err)
{
    for (size_t i = 0; i < s->part_count; i++)
        TRY(part_status(&s->parts[i], err));
    return part_status(&s->again, err);
}

Status row_sink_end_part(RowSink *s, size_t part, Error *err)
{
    return parquet_end_rows(s->parts[part].writer, err);
}

Status row_sink_end(RowSink *s, Error *err)
{
    ParquetWriter *first = s->parts[0].writer;
    for (size_t i = 1; i < s->part_count; i++)
        TRY(parquet_join(first, s->parts[i].writer, err));
    return parquet_close(first, err);
}

uint64_t row_sink_read(const RowSink *s)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < s->part_count; i++)
        rows += s->parts[i].rows;
    return rows;
}

uint64_t row_sink_good(const RowSink *s)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < s->part_count; i++)
        rows += s->parts[i].good_rows;
    return rows;
}

Status row_sink_troubles(const RowSink *s, Troubles *out, Error *err)
{
    for (size_t i = 0; i < s->part_count; i++) {
        const Troubles *from = &s->parts[i].troubles;
        if (from->len == 0)
            continue;
        TRY(vec_reserve(out, out->len + from->len, err));
        memcpy(out->at + out->len, from->at, from->len * sizeof *from->at);
        out->len += from->len;
    }
    return OK;
}

RowPlace row_sink_place(const RowSink *s, uint64_t row)
{
    for (size_t i = 0; i < s->part_count; i++) {
        const SinkPart *p = &s->parts[i];
        if (p->places.len == 0 || row > vec_last(&p->places).row)
            continue;
        size_t low = 0;
        size_t high = p->places.len;
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (p->places.at[middle].row <= row)
                low = middle;
            else
                high = middle;
        }
        return p->places.at[low];
    }
    return (RowPlace){.row = row};
}

/* --- repeated keys --------------------------------------------------------------------------------------------- */

#define PREFETCH_AHEAD 8

/* Open addressing: half of the hash tells the place, some of the other half stands in the slot beside the row's index,
 * so that the hashes of other rows are seldom looked at. */
typedef struct KeyTable {
    const KeyHash *at; /* of all good rows */
    uint64_t *slots;   /* upper half: of the hash; lower half: index + 1 */
    size_t mask;
} KeyTable;

static bool find_or_put(KeyTable *t, size_t index)
{
    const KeyHash *h = &t->at[index];
    uint64_t upper = h->at[1] >> 32 << 32;
    size_t i = h->at[0] & t->mask;
    for (; t->slots[i] != 0; i = (i + 1) & t->mask) {
        uint64_t slot = t->slots[i];
        if (slot >> 32 << 32 == upper && memcmp(&t->at[(uint32_t)slot - 1], h, sizeof *h) == 0)
            return true;
    }
    t->slots[i] = upper | (uint32_t)(index + 1);
    return false;
}

static Status find_repeated(const RowSink *s, KeyTable *t, size_t count, RowNumbers *out, Error *err)
{
    size_t part = 0;
    size_t first = 0; /* index of the part's first */
    for (size_t i = 0; i < count; i++) {
        if (i + PREFETCH_AHEAD < count)
            __builtin_prefetch(&t->slots[t->at[i + PREFETCH_AHEAD].at[0] & t->mask]);
        if (!find_or_put(t, i))
            continue;
        while (i - first >= s->parts[part].places.len)
            first += s->parts[part++].places.len;
        TRY(vec_push(out, s->parts[part].places.at[i - first].row, err));
    }
    return OK;
}

/* Of one part they are in place. */
static Status all_hashes(const RowSink *s, size_t key, KeyHash **own, const KeyHash **out, size_t *count, Error *err)
{
    *own = NULL;
    *count = (size_t)row_sink_good(s);
    *out = s->parts[0].keys[key].at;
    if (s->part_count == 1)
        return OK;
    TRY(mem_alloc((*count + 1) * sizeof **own, (void **)own, err));
    *out = *own;
    for (size_t i = 0, n = 0; i < s->part_count; i++) {
        const KeyHashes *from = &s->parts[i].keys[key];
        if (from->len > 0)
            memcpy(*own + n, from->at, from->len * sizeof *from->at);
        n += from->len;
    }
    return OK;
}

Status row_sink_repeated(const RowSink *s, size_t key, RowNumbers *out, Error *err)
{
    KeyHash *own;
    size_t count;
    KeyTable t = {0};
    ASSERT(s->places);
    TRY(all_hashes(s, key, &own, &t.at, &count, err));
    size_t slots = 64;
    while (slots < count * 2)
        slots *= 2;
    t.mask = slots - 1;
    Status st = count < UINT32_MAX ? OK : error_set(err, ERR_LIMIT, "the file has too many rows for a key");
    if (st == OK)
        st = mem_zalloc(slots, sizeof *t.slots, (void **)&t.slots, err);
    if (st == OK)
        st = find_repeated(s, &t, count, out, err);
    mem_free(t.slots);
    mem_free(own);
    return st;
}

/* --- once more without some ------------------------------------------------------------------------------------ */

static Status register_again(RowSink *s, Db *db, Error *err)
{
    char name[60];
    snprintf(name, sizeof name, "ingest_rows_again%s", s->mark);
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name);
    for (size_t i = 0; i < s->written_count; i++)
        add_parameter(function, &s->written[i]);
    return end_register(db, function, &s->again, err);
}

static Status read_again(RowSink *s, Db *db, const char *path, Error *err)
{
    Db *beside = NULL;
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "PRAGMA disable_optimizer; SELECT count(*) FROM read_parquet(");
    sql_literal(&sql, slice_of(path));
    buf_addf(&sql, ") WHERE ingest_rows_again%s(", s->mark);
    for (size_t i = 0; i < s->written_count; i++) {
        buf_adds(&sql, i ? ", " : "");
        sql_ident(&sql, s->written[i].name);
    }
    buf_adds(&sql, ")");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_beside(db, &beside, err);
    if (st == OK)
        st = db_exec(beside, buf_z(&sql), err);
    db_close(beside);
    buf_free(&sql);
    return st;
}

Status row_sink_leave_out(RowSink *s, Db *db, const RowNumbers *rows, Error *err)
{
    const char *path;
    const char *fresh;
    TRY(part_path(s, 0, &path, err));
    TRY(path_join(&s->arena, s->folder, "part-0", &fresh, err));
    s->again.left_out = rows;
    TRY(part_init(s, &s->again, fresh, err));
    TRY(register_again(s, db, err));
    /* the rows come in order on one thread only */
    TRY(db_exec(db, "SET threads = 1", err));
    Status st = read_again(s, db, path, err);
    TRY(row_sink_status(s, err));
    TRY(st);
    TRY(parquet_close(s->again.writer, err));
    return file_rename(fresh, path, err);
}
